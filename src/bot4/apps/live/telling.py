# SPDX-License-Identifier: Apache-2.0
"""What a running loop tells a person, and the engine of itself: what is heard, what is not, and what happens now."""

from collections.abc import Sequence
from typing import Final, final

from bot4.adapters.observability.run_log import RunLog
from bot4.apps.live.observers import Observers
from bot4.apps.live.view import View
from bot4.domain.ports import Clock
from bot4.domain.readiness import MARKET_STALE, RECONCILING, WARMING
from bot4.runtime.live import LiveLoop

VITALS_NS: Final = 60_000_000_000
"""How it goes is written down so often, in the machine's time."""


@final
class Telling:
    """Follow the connections: each change begins or ends a hold on new risk, and is shown.

    Parameters
    ----------
    view : View
        Where it is shown.
    clock, machine : Clock
        The venue's time, and the machine's.
    symbols : sequence of str
        Of the instruments, in their order.
    account : str
        How the account is before it has said anything.
    """

    def __init__(self, view: View, clock: Clock, machine: Clock, symbols: Sequence[str], account: str) -> None:
        self._view = view
        self._clock = clock
        self._machine = machine
        self._symbols = list(symbols)
        self._account = account
        self._stale: dict[int, str] = {}
        self._line = ""
        self._next_ns = 0
        self._log: RunLog | None = None

    def log_to(self, log: RunLog) -> None:
        """Write down from here on what is told."""
        self._log = log

    def note(self, line: str) -> None:
        """Tell what happens now; an empty line ends it."""
        self._line = line
        self._view.say(line)
        if line:
            self._write("note", line=line)

    def alert(self, what: str) -> None:
        """Tell what a person should hear of at once."""
        self._view.say(f"alert: {what}")
        self._write("alert", text=what)

    def show(self, observers: Observers) -> None:
        """Show how it goes."""
        vitals = observers.vitals(
            now_ns=int(self._clock.now_ns()),
            market="fresh" if not self._stale else "stale: " + "; ".join(self._stale.values()),
            account=self._account,
            note=self._line,
        )
        monotonic_ns = int(self._machine.monotonic_ns())
        self._view.show(vitals, monotonic_ns)
        if monotonic_ns >= self._next_ns:
            self._next_ns = monotonic_ns + VITALS_NS
            self._write(
                "vitals",
                mode=vitals.mode,
                holds=", ".join(vitals.holds),
                market=vitals.market,
                account=vitals.account,
                orders=vitals.orders,
                open_orders=vitals.open_orders,
                fills=vitals.fills,
                refused=vitals.refused,
                gross=round(vitals.gross, 6),
                unprotected=sum(not one.is_covered for one in vitals.held),
                venue_ns=vitals.now_ns,
            )

    def hold_all(self, loop: LiveLoop, at_ns: int) -> None:
        """Hold new risk until indicators are warm and each market is heard; the past is known before its end."""
        loop.readiness(WARMING, at_ns, ready=False)
        for index, symbol in enumerate(self._symbols):
            self._stale[index] = symbol
            loop.readiness(MARKET_STALE, at_ns, ready=False, instrument=index, note="not heard yet")

    def market(self, loop: LiveLoop, index: int, is_fresh: bool, why: str) -> None:
        """Take a change of one instrument between fresh and stale."""
        if is_fresh:
            self._stale.pop(index, None)
        else:
            self._stale[index] = f"{self._symbols[index]} ({why})"
        self._write("market", instrument=self._symbols[index], ready=is_fresh, text=why)
        now_ns = int(self._clock.now_ns())
        loop.readiness(MARKET_STALE, now_ns, ready=is_fresh, instrument=index, note=why)

    def account(self, loop: LiveLoop, is_ready: bool, why: str) -> None:
        """Take a change between books that are equal and books that are not known to be."""
        self._account = "books equal" if is_ready else why
        self._write("account", ready=is_ready, text=why)
        loop.readiness(RECONCILING, int(self._clock.now_ns()), ready=is_ready, note=why)

    def end(self) -> None:
        """Leave the screen as it is."""
        self._view.end()

    def _write(self, event: str, **fields: object) -> None:
        """Write a line of the log, once there is one."""
        if self._log is not None:
            self._log.say(event, **fields)
