# SPDX-License-Identifier: Apache-2.0
"""The levels of a book: quantities by price on two sides, of bounded depth, the best at hand.

A side keeps every level from its best price to its *horizon* and nothing behind it.
Where it grows beyond its bound the worst levels are let go and the horizon moves in;
changes behind the horizon are then not taken, since what stands there is not known.
So what a side shows is always exact, and it says how far it reaches.

Integers only: ticks and lots. No clock, no sequence.
"""

from collections.abc import Iterable
from heapq import heapify, heappop, heappush, nlargest
from typing import Final, final

DEPTH_MAX: Final = 10_000
"""Levels a side keeps at most: twice what the deepest snapshot holds."""

DEPTH_KEPT: Final = 5_000
"""Levels that are left where a side outgrew its bound."""

STALE_HEAP: Final = 64
"""A heap may hold so many prices, and the side's own twice, before those that are gone are cleared away."""


@final
class BookHalf:
    """Keep one side: ``sign`` is 1 for bids, -1 for asks.

    Parameters
    ----------
    sign : int
        Turns asks into bids.
    depth_max, depth_kept : int
        How many levels it may hold, and how many are left of more.
    """

    __slots__ = ("sign", "levels", "horizon", "depth_max", "depth_kept", "_heap")

    def __init__(self, sign: int, depth_max: int = DEPTH_MAX, depth_kept: int = DEPTH_KEPT) -> None:
        self.sign = sign
        self.depth_max = depth_max
        self.depth_kept = depth_kept
        self.levels: dict[int, int] = {}
        self.horizon = 0
        self._heap: list[int] = []

    def put(self, price: int, lots: int) -> None:
        """Set a level; no lots remove it, and to remove what is not there is nothing unusual."""
        levels = self.levels
        if price in levels:
            if lots:
                levels[price] = lots
            else:
                del levels[price]
        elif lots and (self.horizon == 0 or self.sign * price >= self.sign * self.horizon):
            levels[price] = lots
            heappush(self._heap, -self.sign * price)
            if len(self._heap) > 2 * len(levels) + STALE_HEAP:
                self._tidy()
            if len(levels) > self.depth_max:
                self._trim()

    def best(self) -> int:
        """Return the best price, 0 where the side is empty."""
        heap = self._heap
        while heap:
            price = -self.sign * heap[0]
            if price in self.levels:
                return price
            heappop(heap)
        return 0

    def top(self, count: int) -> list[tuple[int, int]]:
        """Return the best levels as price and lots, the best first."""
        prices = nlargest(count, self.levels, key=lambda price: self.sign * price)
        return [(price, self.levels[price]) for price in prices]

    def clear(self) -> None:
        """Forget every level, and the horizon."""
        self.levels.clear()
        self._heap.clear()
        self.horizon = 0

    def _tidy(self) -> None:
        """Clear away prices whose levels are gone: a level that comes and goes leaves one each time."""
        self._heap = [-self.sign * price for price in self.levels]
        heapify(self._heap)

    def _trim(self) -> None:
        """Let go of the worst levels and draw the horizon in."""
        kept = sorted(self.levels, key=lambda price: -self.sign * price)[: self.depth_kept]
        self.horizon = kept[-1]
        self.levels = {price: self.levels[price] for price in kept}
        self._tidy()


@final
class Book:
    """Keep both sides of one instrument's book."""

    __slots__ = ("bids", "asks")

    def __init__(self, depth_max: int = DEPTH_MAX, depth_kept: int = DEPTH_KEPT) -> None:
        self.bids = BookHalf(1, depth_max, depth_kept)
        self.asks = BookHalf(-1, depth_max, depth_kept)

    def set(self, sides: Iterable[int], prices: Iterable[int], lots: Iterable[int]) -> None:
        """Set levels, column by column: the side (+1 bid, -1 ask), ticks, lots."""
        bids, asks = self.bids, self.asks
        for side, price, count in zip(sides, prices, lots, strict=True):
            (bids if side > 0 else asks).put(price, count)

    def clear(self) -> None:
        """Forget every level."""
        self.bids.clear()
        self.asks.clear()

    def is_crossed(self) -> bool:
        """Say whether the best bid is not below the best ask."""
        bid, ask = self.bids.best(), self.asks.best()
        return bid > 0 and ask > 0 and bid >= ask

    def columns(self) -> tuple[list[int], list[int], list[int]]:
        """Return every level as sides, prices and lots: bids from the best on, then asks from the best on."""
        bids = self.bids.top(len(self.bids.levels))
        asks = self.asks.top(len(self.asks.levels))
        levels = [*bids, *asks]
        sides = [1] * len(bids) + [-1] * len(asks)
        return sides, [price for price, _ in levels], [lots for _, lots in levels]
