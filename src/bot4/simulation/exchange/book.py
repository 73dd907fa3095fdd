# SPDX-License-Identifier: Apache-2.0
"""The book of one symbol: resting orders by price, then by arrival, and which levels changed since last told.

Each changed level takes an update id of its own; ``take_changes`` hands them out once
a request is done, so that every diff begins where the one before ended.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import final

from bot4.simulation.exchange.events import BestPrices, DepthUpdate
from bot4.simulation.exchange.working import Order


@final
class Level:
    """Hold the orders at one price in order of arrival and what they still want together."""

    __slots__ = ("orders", "quantity")

    def __init__(self) -> None:
        self.orders: dict[int, Order] = {}
        self.quantity = 0


@final
class BookSide:
    """Hold one side; its prices stand ascending, whichever end is the best."""

    __slots__ = ("changed", "is_bid", "levels", "prices")

    def __init__(self, *, is_bid: bool) -> None:
        self.is_bid = is_bid
        self.prices: list[int] = []
        self.levels: dict[int, Level] = {}
        self.changed: dict[int, None] = {}

    def best(self) -> int:
        """Return the best price, 0 where the side is empty."""
        if not self.prices:
            return 0
        return self.prices[-1] if self.is_bid else self.prices[0]

    def quantity_at(self, price: int) -> int:
        """Return what stands at a price."""
        level = self.levels.get(price)
        return level.quantity if level else 0

    def walk(self) -> Iterator[tuple[int, Level]]:
        """Yield the levels from the best on; the side must not change meanwhile."""
        for price in reversed(self.prices) if self.is_bid else self.prices:
            yield price, self.levels[price]

    def top(self, limit: int) -> tuple[tuple[int, int], ...]:
        """Return (price, quantity) of the best ``limit`` levels."""
        prices = self.prices[-limit:][::-1] if self.is_bid else self.prices[:limit]
        return tuple((price, self.levels[price].quantity) for price in prices)

    def add(self, order: Order) -> None:
        """Put an order behind all others at its price."""
        price = order.request.price
        level = self.levels.get(price)
        if level is None:
            level = self.levels[price] = Level()
            insort(self.prices, price)
        level.orders[order.order_id] = order
        level.quantity += order.leaves
        self.changed[price] = None

    def reduce(self, order: Order, quantity: int) -> None:
        """Take a quantity off an order that stays, or was just done."""
        self.levels[order.request.price].quantity -= quantity
        self.changed[order.request.price] = None
        if not order.leaves:
            self._drop(order)

    def remove(self, order: Order) -> None:
        """Take an order out with all it still wants; one that is not there is left alone."""
        level = self.levels.get(order.request.price)
        if level is None or order.order_id not in level.orders:
            return
        level.quantity -= order.leaves
        self.changed[order.request.price] = None
        self._drop(order)

    def _drop(self, order: Order) -> None:
        """Forget an order, and its level with the last one."""
        price = order.request.price
        level = self.levels[price]
        del level.orders[order.order_id]
        if not level.orders:
            assert level.quantity == 0, (price, level.quantity)
            del self.levels[price]
            del self.prices[bisect_left(self.prices, price)]

    def take_changes(self) -> tuple[tuple[int, int], ...]:
        """Return the levels that changed since the last call, with what is left at each."""
        changes = tuple((price, self.quantity_at(price)) for price in self.changed)
        self.changed.clear()
        return changes


@final
class Book:
    """Hold both sides of one symbol and number its changes."""

    __slots__ = ("asks", "bids", "last_update_id", "symbol", "told")

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.bids = BookSide(is_bid=True)
        self.asks = BookSide(is_bid=False)
        self.last_update_id = 0
        self.told = (0, 0, 0, 0)

    def own_side(self, order: Order) -> BookSide:
        """Return the side an order rests on."""
        return self.bids if order.is_buy else self.asks

    def far_side(self, order: Order) -> BookSide:
        """Return the side an order takes from."""
        return self.asks if order.is_buy else self.bids

    def would_cross(self, *, is_buy: bool, price: int) -> bool:
        """Say whether an order at this price would meet the other side."""
        best = self.asks.best() if is_buy else self.bids.best()
        return best != 0 and (price >= best if is_buy else price <= best)

    def best(self, at_ms: int) -> BestPrices:
        """Return the best bid and ask."""
        bid, ask = self.bids.best(), self.asks.best()
        return BestPrices(
            self.symbol, at_ms, self.last_update_id, bid, self.bids.quantity_at(bid), ask, self.asks.quantity_at(ask)
        )

    def take_changes(self, at_ms: int) -> list[DepthUpdate | BestPrices]:
        """Return what changed since the last call: the levels, and the best prices where those did."""
        bids, asks = self.bids.take_changes(), self.asks.take_changes()
        if not bids and not asks:
            return []
        first = self.last_update_id + 1
        self.last_update_id += len(bids) + len(asks)
        news: list[DepthUpdate | BestPrices] = [DepthUpdate(self.symbol, at_ms, first, self.last_update_id, bids, asks)]
        best = self.best(at_ms)
        seen = (best.bid, best.bid_quantity, best.ask, best.ask_quantity)
        if seen != self.told:
            self.told = seen
            news.append(best)
        return news
