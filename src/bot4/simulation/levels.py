# SPDX-License-Identifier: Apache-2.0
"""Our own orders by price: what an event costs depends on the orders it can reach, not on how many are open.

A price stands once in a sorted list; its orders stand in order of arrival in a
dict, from which any one is taken without a search.
"""

from bisect import bisect_left, bisect_right
from typing import final

from mypy_extensions import i64, mypyc_attr

from bot4.domain.values import TICKS_MAX, Ticks
from bot4.simulation.orders import VenueOrder


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class OrderLevel:
    """Hold the orders at one price in order of arrival.

    ``traded`` and ``displayed`` belong to whoever models a queue: lots printed here
    since the book last spoke of this price, and those shown before a snapshot.
    """

    __slots__ = ("orders", "traded", "displayed")

    def __init__(self) -> None:
        self.orders: dict[int, VenueOrder] = {}
        self.traded: i64 = 0
        self.displayed: i64 = 0


@final
class OrderLevels:
    """Hold orders of one kind by price: the limits, or the triggers, of one side of one instrument.

    Parameters
    ----------
    rank : int
        +1 where the highest price acts first (purchase limits, sale stops), -1 where the lowest does.
    """

    __slots__ = ("rank", "prices", "levels", "lowest", "highest")

    def __init__(self, rank: i64) -> None:
        self.rank: i64 = rank
        self.prices: list[int] = []
        self.levels: dict[int, OrderLevel] = {}
        # The ends of the list, at hand for the question that every market event asks: nothing between where empty.
        self.lowest = Ticks(TICKS_MAX)
        self.highest = Ticks(0)

    def add(self, price: Ticks, order: VenueOrder) -> None:
        """Put an order behind the others at its price."""
        key = int(price)
        level = self.levels.get(key)
        if level is None:
            level = OrderLevel()
            self.levels[key] = level
            self.prices.insert(bisect_left(self.prices, key), key)
            self.lowest = min(self.lowest, price)
            self.highest = max(self.highest, price)
        level.orders[int(order.sequence)] = order

    def remove(self, price: Ticks, order: VenueOrder) -> None:
        """Take an order out; it is there."""
        key = int(price)
        level = self.levels[key]
        del level.orders[int(order.sequence)]
        if not level.orders:
            del self.levels[key]
            prices = self.prices
            del prices[bisect_left(prices, key)]
            self.lowest = Ticks(i64(prices[0])) if prices else Ticks(TICKS_MAX)
            self.highest = Ticks(i64(prices[-1])) if prices else Ticks(0)

    def level(self, price: Ticks) -> OrderLevel | None:
        """Return the level at a price, or None."""
        if price < self.lowest or price > self.highest:
            return None
        return self.levels.get(int(price))

    def best(self) -> Ticks:
        """Return the price that acts first, 0 where there is none."""
        if self.rank > 0:
            return self.highest
        return self.lowest if self.highest != 0 else Ticks(0)

    def after(self, price: Ticks) -> Ticks:
        """Return the next price to act, 0 where there is none."""
        if self.rank > 0:
            place = bisect_left(self.prices, int(price)) - 1
        else:
            place = bisect_right(self.prices, int(price))
        return Ticks(i64(self.prices[place])) if 0 <= place < len(self.prices) else Ticks(0)

    def add_reached(self, price: i64, found: list[VenueOrder]) -> None:
        """Add the orders whose price is this one or acts before it to those found, by price and then by arrival."""
        if self.rank > 0:
            if price > self.highest:
                return
            prices = self.prices[bisect_left(self.prices, int(price)) :]
            prices.reverse()
        else:
            if price < self.lowest:
                return
            prices = self.prices[: bisect_right(self.prices, int(price))]
        for each in prices:
            found.extend(self.levels[each].orders.values())
