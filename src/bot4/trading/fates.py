# SPDX-License-Identifier: Apache-2.0
"""Orders of unknown fate: whom to ask about, when to ask again, when silence has become proof.

An answer that did not come proves nothing: the order may live, be dead, or arrive
yet. So it is asked about, one inquiry at a time, until an answer is definitive; it
is never sent again, least of all under another id. That the venue knows no such
order is an answer only after it was given ``absences_min`` times in a row over at
least ``window_ns``: as long as a request that is still on its way may be taken, its
absence is none. Not in it: what an order becomes (``orders``), who asks (a gateway).
"""

from typing import Final, final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.domain.event import write_flag
from bot4.domain.order import Inquire
from bot4.domain.stage import Outbox
from bot4.domain.values import Nanos
from bot4.trading.orders import Order

DOUBLINGS_MAX: Final = 16
"""The wait between two inquiries is doubled at most so often, whatever its bound says."""


@final
class FateRules:
    """Say how long doubt lasts.

    Parameters
    ----------
    absences_min : int
        So many absences in a row are proof, if they span the window.
    window_ns : int
        How long after it was sent a request may still be taken: the venue's receive
        window, how far ahead a stamp may be, and a margin. Default 6.5 s.
    wait_min_ns, wait_max_ns : int
        The first wait before asking again, and the longest; each is twice the one before.
        Default 0.25 s and 5 s.
    """

    __slots__ = ("absences_min", "window_ns", "wait_min_ns", "wait_max_ns")

    def __init__(
        self,
        *,
        absences_min: i64 = 3,
        window_ns: i64 = 6_500_000_000,
        wait_min_ns: i64 = 250_000_000,
        wait_max_ns: i64 = 5_000_000_000,
    ) -> None:
        assert absences_min > 0 and window_ns >= 0 and 0 < wait_min_ns <= wait_max_ns, "doubt has bounds"
        self.absences_min: i64 = absences_min
        self.window_ns: i64 = window_ns
        self.wait_min_ns: i64 = wait_min_ns
        self.wait_max_ns: i64 = wait_max_ns


@final
class Fate:
    """Hold what was asked about one order.

    Attributes
    ----------
    asking : bool
        Whether an inquiry is out; there is never a second one beside it.
    attempt : int
        Inquiries sent since the doubt began.
    absences : int
        How often in a row the venue knew nothing of it,
    absent_ns : int
        and since when.
    """

    __slots__ = ("asking", "attempt", "absences", "absent_ns")

    def __init__(self) -> None:
        self.asking = False
        self.attempt: i64 = 0
        self.absences: i64 = 0
        self.absent_ns = Nanos(0)


@final
class Fates:
    """Keep the orders in doubt, by id, and put the inquiries about them."""

    __slots__ = ("rules", "fates")

    def __init__(self, rules: FateRules) -> None:
        self.rules = rules
        self.fates: dict[int, Fate] = {}

    def doubt(self, order: Order, now: Nanos, out: Outbox) -> None:
        """Begin to ask about an order, or begin anew where its fate was known in between."""
        fate = self.fates.get(order.order_id)
        if fate is None:
            fate = Fate()
            self.fates[order.order_id] = fate
        fate.absences = 0
        fate.attempt = 0
        if not fate.asking:
            self._ask(order, fate, now, out)

    def expect(self, order: Order) -> bool:
        """Take note that somebody else asks about an order; return whether he may: there is one inquiry at a time."""
        fate = self.fates.get(order.order_id)
        if fate is not None and fate.asking:
            return False
        fate = Fate()
        fate.asking = True
        self.fates[order.order_id] = fate
        return True

    def absent(self, order: Order, now: Nanos) -> bool:
        """Count an absence; return whether it is proof by now."""
        fate = self.fates[order.order_id]
        fate.asking = False
        if fate.absences == 0:
            fate.absent_ns = now
        fate.absences += 1
        return fate.absences >= self.rules.absences_min and now - fate.absent_ns >= self.rules.window_ns

    def lost(self, order: Order) -> None:
        """Take note that an inquiry brought nothing: absences before it no longer follow one another."""
        fate = self.fates[order.order_id]
        fate.asking = False
        fate.absences = 0

    def ask_again(self, order: Order, now: Nanos, out: Outbox) -> None:
        """Ask once more, later each time."""
        self._ask(order, self.fates[order.order_id], now, out)

    def forget(self, order: Order) -> None:
        """Forget an order that is known of again, its inquiry answered, or that has ended."""
        if order.order_id in self.fates:
            del self.fates[order.order_id]

    def _ask(self, order: Order, fate: Fate, now: Nanos, out: Outbox) -> None:
        """Put the next inquiry: at once the first time, then after twice the wait before."""
        rules = self.rules
        wait: i64 = 0
        if fate.attempt > 0:
            doublings = fate.attempt - 1 if fate.attempt <= DOUBLINGS_MAX else DOUBLINGS_MAX
            wait = rules.wait_min_ns << doublings
            if wait > rules.wait_max_ns:
                wait = rules.wait_max_ns
        fate.attempt += 1
        fate.asking = True
        out.put(
            Inquire(
                now,
                order_id=order.order_id,
                slot=order.slot,
                instrument=order.instrument,
                due_ns=Nanos(now + wait),
                attempt=fate.attempt,
            )
        )

    def write_state(self, out: BytesWriter) -> None:
        """Write each order in doubt, in the order in which the doubt began; nothing where there is none.

        These rows must stay the last that a stage writes.
        """
        # No count is needed to tell two states apart: a row is five int64, the state hash frames a stage's bytes by
        # their length, and all that is written before has a length of its own telling. So what is left behind it are
        # the rows, and how many follows. A count would have changed the hash of every run that was never in doubt.
        for order_id, fate in self.fates.items():
            write_i64_le(out, order_id)
            write_flag(out, fate.asking)
            write_i64_le(out, fate.attempt)
            write_i64_le(out, fate.absences)
            write_i64_le(out, fate.absent_ns)
