# SPDX-License-Identifier: Apache-2.0
"""A stop whose price was reached and which does not fill: the venue owes us a trade, and we wait only so long.

Whether a stop was triggered is told by the market's own trades, since not every venue reports it. What to do about
one that is overdue is the desk's affair.
"""

from typing import final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.domain.order import PART_FILLED, WORKING
from bot4.domain.values import Nanos, Ticks
from bot4.trading.orders import Order


@final
class Overdue:
    """Watch the stop of one instrument.

    Parameters
    ----------
    bound_ns : int
        How long after its price was reached it may go without a fill.
    """

    __slots__ = ("bound_ns", "order_id", "filled", "since_ns")

    def __init__(self, bound_ns: i64) -> None:
        self.bound_ns: i64 = bound_ns
        self.order_id: i64 = 0
        self.filled: i64 = 0
        self.since_ns = Nanos(0)

    def see(self, stop: Order | None, price: Ticks, now: Nanos) -> None:
        """Take in a trade: the first one at the stop's price, since it last filled, begins the wait."""
        if stop is None or not works(stop) or self.is_reached(stop) or stop.side * (price - stop.trigger) < 0:
            return
        self.order_id = stop.order_id
        self.filled = stop.filled
        self.since_ns = now

    def is_reached(self, stop: Order) -> bool:
        """Say whether a stop that works was reached and has not filled since."""
        return works(stop) and stop.order_id == self.order_id and stop.filled == self.filled

    def is_over(self, now: Nanos) -> bool:
        """Say whether the stop that was reached should have filled by now, once in each bound."""
        if now - self.since_ns < self.bound_ns:
            return False
        self.since_ns = now
        return True

    def due_ns(self) -> Nanos:
        """Return when the stop that was reached is overdue."""
        return Nanos(self.since_ns + self.bound_ns)

    def write_state(self, out: BytesWriter) -> None:
        """Write the stop that was reached, what it had filled, and since when."""
        write_i64_le(out, self.order_id)
        write_i64_le(out, self.filled)
        write_i64_le(out, self.since_ns)


def works(stop: Order) -> bool:
    """Say whether a stop is at the venue, and nothing was asked of it since."""
    return stop.state == WORKING or stop.state == PART_FILLED
