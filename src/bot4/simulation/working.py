# SPDX-License-Identifier: Apache-2.0
"""The orders of one instrument as bars meet them: by price, so that a bar costs what it can set off.

Two prices between which none of them can act let a quiet bar pass with two
comparisons, however many orders rest.
"""

from typing import final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.domain.instrument import Instrument
from bot4.domain.marketdata import Bar
from bot4.domain.order import LIMIT, MARKET, STOP
from bot4.domain.values import BUY, RATE_ONE, TICKS_MAX, Lots
from bot4.simulation.levels import OrderLevels
from bot4.simulation.orders import Shelf, VenueOrder


@final
class WorkingOrders(Shelf):
    """Hold the orders of one instrument in order of arrival, and what is left of a bar's volume.

    No order can act on a price above ``below`` and under ``above``: both are
    over-approximations and a price inside may still cause nothing.
    """

    __slots__ = (
        "instrument",
        "orders",
        "markets",
        "buys",
        "sales",
        "buy_stops",
        "sale_stops",
        "below",
        "above",
        "open_ns",
        "left",
    )

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.orders: dict[int, VenueOrder] = {}
        self.markets: dict[int, VenueOrder] = {}
        self.buys = OrderLevels(1)
        self.sales = OrderLevels(-1)
        self.buy_stops = OrderLevels(-1)
        self.sale_stops = OrderLevels(1)
        self.below: i64 = 0
        self.above: i64 = TICKS_MAX
        self.open_ns: i64 = -1
        self.left: i64 = 0

    def add(self, order: VenueOrder) -> None:
        """Let an order work."""
        self.orders[int(order.sequence)] = order
        self._place(order)
        self._refresh()

    def remove(self, order: VenueOrder) -> None:
        """End an order: nothing of it is open any more."""
        order.leaves = Lots(0)
        del self.orders[int(order.sequence)]
        self._unplace(order)
        self._refresh()

    def trigger(self, order: VenueOrder) -> None:
        """Turn a stop into a market order, a stop-limit into a limit order."""
        self._unplace(order)
        order.order_type = MARKET if order.order_type == STOP else LIMIT
        self._place(order)
        self._refresh()

    def rest(self, order: VenueOrder) -> None:
        """Let an order whose manner was tried against a price rest at its limit."""
        self._unplace(order)
        order.is_fresh = False
        self._place(order)
        self._refresh()

    def begin(self, bar: Bar, participation: i64) -> None:
        """Allot the share of a bar's volume once; open and intrabar trading draw on the same share."""
        if self.open_ns != bar.open_ns:
            self.open_ns = bar.open_ns
            self.left = i64(int(bar.volume) * int(participation) // RATE_ONE)

    def at_open(self, bar: Bar) -> list[VenueOrder]:
        """Return the orders that a bar's open can set off, and those that wait for any price, by arrival."""
        found = list(self.markets.values())
        self.buys.add_reached(bar.open + 1, found)
        self.sales.add_reached(bar.open - 1, found)
        self.buy_stops.add_reached(bar.open, found)
        self.sale_stops.add_reached(bar.open, found)
        return by_arrival(found)

    def stops_inside(self, bar: Bar) -> list[VenueOrder]:
        """Return the stops that a bar's range reaches, by arrival."""
        found: list[VenueOrder] = []
        self.buy_stops.add_reached(bar.high, found)
        self.sale_stops.add_reached(bar.low, found)
        return by_arrival(found)

    def limits_inside(self, bar: Bar) -> list[VenueOrder]:
        """Return the limit orders that a bar trades through, by arrival."""
        found: list[VenueOrder] = []
        self.buys.add_reached(bar.low + 1, found)
        self.sales.add_reached(bar.high - 1, found)
        return by_arrival(found)

    def write_state(self, out: BytesWriter) -> None:
        """Write the number of orders and each of them, then the bar under way and what is left of its share."""
        write_i64_le(out, len(self.orders))
        for order in self.orders.values():
            order.write_state(out)
        write_i64_le(out, self.open_ns)
        write_i64_le(out, self.left)

    def _levels(self, order: VenueOrder) -> OrderLevels:
        """Return where an order that is no market order stands."""
        if order.order_type == LIMIT:
            return self.buys if order.side == BUY else self.sales
        return self.buy_stops if order.side == BUY else self.sale_stops

    def _place(self, order: VenueOrder) -> None:
        if order.order_type == MARKET or order.is_fresh:
            self.markets[int(order.sequence)] = order
        else:
            self._levels(order).add(order.limit if order.order_type == LIMIT else order.trigger, order)

    def _unplace(self, order: VenueOrder) -> None:
        if order.order_type == MARKET or order.is_fresh:
            del self.markets[int(order.sequence)]
        else:
            self._levels(order).remove(order.limit if order.order_type == LIMIT else order.trigger, order)

    def _refresh(self) -> None:
        """Find the two prices again."""
        if self.markets:
            self.below = TICKS_MAX
        else:
            self.below = max(self.buys.best(), self.sale_stops.best())
        sale = self.sales.best()
        stop = self.buy_stops.best()
        self.above = TICKS_MAX if sale == 0 else sale
        if stop != 0 and stop < self.above:
            self.above = stop


def by_arrival(orders: list[VenueOrder]) -> list[VenueOrder]:
    """Return the same list, its orders in order of arrival."""
    if len(orders) > 1:
        orders.sort(key=_sequence_of)
    return orders


def _sequence_of(order: VenueOrder) -> int:
    return int(order.sequence)
