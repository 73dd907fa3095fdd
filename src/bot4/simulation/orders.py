# SPDX-License-Identifier: Apache-2.0
"""What works at the venue: one order, and the orders of one instrument.

The orders of an instrument carry the two prices between which none of them can
act, so that a quiet bar costs two comparisons however many orders rest.
"""

from typing import final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.domain.event import Event, write_flag
from bot4.domain.instrument import Instrument
from bot4.domain.marketdata import Bar
from bot4.domain.order import LIMIT, MARKET, STOP, Submit
from bot4.domain.values import BUY, RATE_ONE, TICKS_MAX, Lots, Nanos


@final
class InFlight:
    """Hold a command on its way, with the moment it arrives."""

    __slots__ = ("arrives_ns", "command")

    def __init__(self, arrives_ns: Nanos, command: Event) -> None:
        self.arrives_ns = arrives_ns
        self.command = command


@final
class VenueOrder:
    """Hold one accepted order as the venue sees it.

    ``order_type`` changes when a stop triggers: to ``MARKET``, or to ``LIMIT``
    for a stop-limit. ``leaves`` is what is still open; 0 ends it. ``is_judged``
    is false until the filters that need a price have been applied.
    """

    __slots__ = (
        "order_id",
        "instrument",
        "order_type",
        "side",
        "lots",
        "leaves",
        "limit",
        "trigger",
        "sibling_id",
        "reduce_only",
        "arrived_ns",
        "is_judged",
    )

    def __init__(self, command: Submit, arrived_ns: Nanos) -> None:
        self.order_id = command.order_id
        self.instrument = command.instrument
        self.order_type = command.order_type
        self.side = command.side
        self.lots = command.lots
        self.leaves = command.lots
        self.limit = command.limit
        self.trigger = command.trigger
        self.sibling_id = command.sibling_id
        self.reduce_only = command.reduce_only
        self.arrived_ns = arrived_ns
        self.is_judged = command.order_type != MARKET

    def write_state(self, out: BytesWriter) -> None:
        """Write everything, fields in the order of the slots."""
        write_i64_le(out, self.order_id)
        write_i64_le(out, self.instrument)
        write_i64_le(out, self.order_type)
        write_i64_le(out, self.side)
        write_i64_le(out, self.lots)
        write_i64_le(out, self.leaves)
        write_i64_le(out, self.limit)
        write_i64_le(out, self.trigger)
        write_i64_le(out, self.sibling_id)
        write_flag(out, self.reduce_only)
        write_i64_le(out, self.arrived_ns)
        write_flag(out, self.is_judged)


@final
class WorkingOrders:
    """Hold the orders of one instrument in order of arrival, and what is left of a bar's volume.

    No order can act on a price above ``below`` and under ``above``: both are
    over-approximations and a price inside may still cause nothing.
    """

    __slots__ = ("instrument", "orders", "below", "above", "open_ns", "left")

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.orders: list[VenueOrder] = []
        self.below: i64 = 0
        self.above: i64 = TICKS_MAX
        self.open_ns: i64 = -1
        self.left: i64 = 0

    def add(self, order: VenueOrder) -> None:
        """Let an order work."""
        self.orders.append(order)
        self.refresh()

    def remove(self, order: VenueOrder) -> None:
        """End an order: nothing of it is open any more."""
        order.leaves = Lots(0)
        self.orders.remove(order)
        self.refresh()

    def trigger(self, order: VenueOrder) -> None:
        """Turn a stop into a market order, a stop-limit into a limit order."""
        order.order_type = MARKET if order.order_type == STOP else LIMIT
        self.refresh()

    def begin(self, bar: Bar, participation: i64) -> None:
        """Allot the share of a bar's volume once; open and intrabar trading draw on the same share."""
        if self.open_ns != bar.open_ns:
            self.open_ns = bar.open_ns
            self.left = i64(int(bar.volume) * int(participation) // RATE_ONE)

    def refresh(self) -> None:
        """Find the two prices again."""
        below: i64 = 0
        above: i64 = TICKS_MAX
        for order in self.orders:
            if order.order_type == MARKET:
                below = TICKS_MAX
            elif order.order_type == LIMIT:
                if order.side == BUY:
                    below = max(below, order.limit)
                else:
                    above = min(above, order.limit)
            elif order.side == BUY:
                above = min(above, order.trigger)
            else:
                below = max(below, order.trigger)
        self.below = below
        self.above = above

    def write_state(self, out: BytesWriter) -> None:
        """Write the number of orders and each of them, then the bar under way and what is left of its share."""
        write_i64_le(out, len(self.orders))
        for order in self.orders:
            order.write_state(out)
        write_i64_le(out, self.open_ns)
        write_i64_le(out, self.left)
