# SPDX-License-Identifier: Apache-2.0
"""What a running loop tells a person, and the engine of itself: what is heard, what is not, and what happens now."""

from collections.abc import Sequence
from typing import final

from bot4.apps.live.observers import Observers
from bot4.apps.live.view import View
from bot4.domain.ports import Clock
from bot4.domain.readiness import MARKET_STALE, RECONCILING, WARMING
from bot4.runtime.live import LiveLoop


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

    def note(self, line: str) -> None:
        """Tell what happens now; an empty line ends it."""
        self._line = line
        self._view.say(line)

    def show(self, observers: Observers) -> None:
        """Show how it goes."""
        vitals = observers.vitals(
            now_ns=int(self._clock.now_ns()),
            market="fresh" if not self._stale else "stale: " + "; ".join(self._stale.values()),
            account=self._account,
            note=self._line,
        )
        self._view.show(vitals, int(self._machine.monotonic_ns()))

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
        now_ns = int(self._clock.now_ns())
        loop.readiness(MARKET_STALE, now_ns, ready=is_fresh, instrument=index, note=why)

    def account(self, loop: LiveLoop, is_ready: bool, why: str) -> None:
        """Take a change between books that are equal and books that are not known to be."""
        self._account = "books equal" if is_ready else why
        loop.readiness(RECONCILING, int(self._clock.now_ns()), ready=is_ready, note=why)

    def end(self) -> None:
        """Leave the screen as it is."""
        self._view.end()
