# SPDX-License-Identifier: Apache-2.0
"""The orders of one instrument as the tick venue meets them: waiting, resting by limit, asleep by trigger."""

from typing import final

from librt.strings import BytesWriter, read_i64_le, write_i64_le
from mypy_extensions import i64

from bot4.domain.event import TRADE
from bot4.domain.order import LIMIT, MARKET, STOP
from bot4.domain.tick_block import TickBlock
from bot4.domain.values import BUY, Lots, Ticks
from bot4.simulation.book.market import Market
from bot4.simulation.levels import OrderLevels
from bot4.simulation.orders import Shelf, VenueOrder


@final
class BookOrders(Shelf):
    """Hold the open orders of one instrument.

    Market orders that found no liquidity wait by side; limit orders rest by price,
    each with its place in the queue; stops sleep by trigger.

    Attributes
    ----------
    awake : int
        How many of the orders are no sleeping stops.
    """

    __slots__ = (
        "market",
        "orders",
        "waiting_buys",
        "waiting_sales",
        "buys",
        "sales",
        "buy_stops",
        "sale_stops",
        "awake",
    )

    def __init__(self, market: Market) -> None:
        self.market = market
        self.orders: dict[int, VenueOrder] = {}
        self.waiting_buys: dict[int, VenueOrder] = {}
        self.waiting_sales: dict[int, VenueOrder] = {}
        self.buys = OrderLevels(1)
        self.sales = OrderLevels(-1)
        self.buy_stops = OrderLevels(-1)
        self.sale_stops = OrderLevels(1)
        self.awake: i64 = 0

    def add(self, order: VenueOrder) -> None:
        """Let an order work; a limit order joins the queue at its price."""
        self.orders[int(order.sequence)] = order
        self._place(order)

    def remove(self, order: VenueOrder) -> None:
        """End an order: nothing of it is open any more."""
        order.leaves = Lots(0)
        del self.orders[int(order.sequence)]
        self._unplace(order)

    def trigger(self, order: VenueOrder) -> None:
        """Turn a stop into a market order, a stop-limit into a limit order at the end of its queue."""
        self._unplace(order)
        order.order_type = MARKET if order.order_type == STOP else LIMIT
        self._place(order)

    def sleeps(self) -> bool:
        """Say whether books and quotes pass the orders by: all are stops, and these heed trades once there was one."""
        return self.awake == 0 and (self.market.last != 0 or not self.orders)

    def sleeps_at(self, price: Ticks) -> bool:
        """Say whether a trade at a price passes the orders by: all are stops that it does not reach."""
        return self.awake == 0 and self.sale_stops.highest < price < self.buy_stops.lowest

    def write_state(self, out: BytesWriter) -> None:
        """Write the number of orders and each with its place, then what printed at each limit since the book spoke."""
        write_i64_le(out, len(self.orders))
        for order in self.orders.values():
            order.write_state(out)
            write_i64_le(out, order.ahead)
        for levels in (self.buys, self.sales):
            for price in levels.prices:
                write_i64_le(out, levels.levels[price].traded)

    def _place(self, order: VenueOrder) -> None:
        is_buy = order.side == BUY
        if order.order_type == MARKET:
            self.awake += 1
            waiting = self.waiting_buys if is_buy else self.waiting_sales
            waiting[int(order.sequence)] = order
        elif order.order_type == LIMIT:
            self.awake += 1
            order.ahead = self.market.own(order.side).ahead_at(order.limit)
            limits = self.buys if is_buy else self.sales
            limits.add(order.limit, order)
        else:
            stops = self.buy_stops if is_buy else self.sale_stops
            stops.add(order.trigger, order)

    def _unplace(self, order: VenueOrder) -> None:
        is_buy = order.side == BUY
        if order.order_type == MARKET:
            self.awake -= 1
            waiting = self.waiting_buys if is_buy else self.waiting_sales
            del waiting[int(order.sequence)]
        elif order.order_type == LIMIT:
            self.awake -= 1
            limits = self.buys if is_buy else self.sales
            limits.remove(order.limit, order)
        else:
            stops = self.buy_stops if is_buy else self.sale_stops
            stops.remove(order.trigger, order)


def first_met(shelves: list[BookOrders], block: TickBlock, begin: i64, end: i64) -> i64:
    """Return the first message of a stretch of a block that some order may meet, ``end`` where none can."""
    if not any(shelf.orders for shelf in shelves):
        return end
    kinds, instruments, ends, prices = block.kinds, block.instruments, block.ends, block.prices
    one: i64 = 0
    shelf = shelves[0]
    for k in range(begin, end):
        instrument = read_i64_le(instruments, 8 * k)
        if instrument != one:
            one = instrument
            shelf = shelves[one]
        if read_i64_le(kinds, 8 * k) != TRADE:
            if not shelf.sleeps():
                return k
        elif not shelf.sleeps_at(Ticks(read_i64_le(prices, 8 * read_i64_le(ends, 8 * k) - 8))):
            return k
    return end
