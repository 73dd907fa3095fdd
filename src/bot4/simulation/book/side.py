# SPDX-License-Identifier: Apache-2.0
"""The ladder: one side of a book, lots by price, the best always at hand.

Prices near the best lie in a ring of int64 that slides with the market: slot
``key & mask`` holds the lots at ``key``, so that moving the window copies nothing
but what leaves or enters it. What is further from the market lies in a dict. A
count per block of 64 slots lets the search for the next level skip emptiness.

Inside, a price is a *key*: itself on the bid side, negated on the ask side, so
that the best is the highest key on either. Always: the best is inside the window,
and every key outside lies under it.
"""

from bisect import bisect_left
from typing import Final, final

from librt.strings import BytesWriter, read_i64_le, write_i64_le
from librt.vecs import vec
from mypy_extensions import i64

from bot4.domain.values import Lots, Ticks

WINDOW: Final = 1 << 14
"""Ticks that the ring covers: 131 kB a side."""

BLOCK: Final = 64
BLOCK_BITS: Final = 6
NONE: Final = -(1 << 62)
"""The key of no level; below every real one."""


@final
class BookSide:
    """Hold one side of a book.

    Parameters
    ----------
    side : int
        +1 for bids, -1 for asks.
    window : int
        Ticks covered by the ring; a power of two, at least 128.
    """

    __slots__ = ("side", "size", "mask", "ring", "counts", "base", "best", "levels", "far", "ranked", "is_ranked")

    def __init__(self, side: i64, window: i64 = WINDOW) -> None:
        self.side = side
        self.size: i64 = window
        self.mask: i64 = window - 1
        self.ring: vec[i64] = vec[i64]([0] * int(window))
        self.counts: vec[i64] = vec[i64]([0] * int(window >> BLOCK_BITS))
        self.base: i64 = NONE
        self.best: i64 = NONE
        self.levels: i64 = 0
        self.far: dict[int, int] = {}
        # The far keys in order, made when a walk or a fall of the best needs them.
        self.ranked: list[int] = []
        self.is_ranked = True

    def best_price(self) -> Ticks:
        """Return the best price, 0 where the side is empty."""
        return Ticks(0) if self.best == NONE else Ticks(self.side * self.best)

    def lots_at(self, price: Ticks) -> Lots:
        """Return the lots at a price, 0 where there is no level."""
        key = self.side * price
        base = self.base
        if base <= key < base + self.size:
            return Lots(self.ring[key & self.mask])
        return Lots(self.far.get(int(key), 0))

    def put(self, price: Ticks, lots: Lots) -> Lots:
        """Set the lots at a price, 0 to remove the level, and return those that were there."""
        key = self.side * price
        base = self.base
        if not base <= key < base + self.size:
            return self._put_far(key, lots)
        ring = self.ring
        slot = key & self.mask
        before = ring[slot]
        ring[slot] = lots
        if lots == 0:
            if before != 0:
                self._count(slot, -1)
                if key == self.best:
                    self._fall(key)
        elif before == 0:
            self._count(slot, 1)
            if key > self.best:
                self.best = key
        return Lots(before)

    def after(self, price: Ticks) -> Ticks:
        """Return the next worse price that has lots, 0 where there is none."""
        key = self._next(self.side * price)
        return Ticks(0) if key == NONE else Ticks(self.side * key)

    def clear(self) -> None:
        """Forget every level."""
        if self.base != NONE:
            self._evict(self.base, self.base + self.size)
        self.far.clear()
        self._far_changed()
        self.base = NONE
        self.best = NONE
        self.levels = 0

    def write_state(self, out: BytesWriter) -> None:
        """Write the number of levels, then price and lots of each, best first."""
        write_i64_le(out, self.levels)
        key = self.best
        while key != NONE:
            price = Ticks(self.side * key)
            write_i64_le(out, price)
            write_i64_le(out, self.lots_at(price))
            key = self._next(key)

    def _count(self, slot: i64, change: i64) -> None:
        self.counts[slot >> BLOCK_BITS] += change
        self.levels += change

    def _put_far(self, key: i64, lots: Lots) -> Lots:
        """Set a level outside the window; a new best pulls the window to it."""
        if lots != 0 and key > self.best:
            self._slide(key)
            slot = key & self.mask
            self.ring[slot] = lots
            self._count(slot, 1)
            self.best = key
            return Lots(0)
        before = self.far.get(int(key), 0)
        if lots != 0:
            self.far[int(key)] = int(lots)
            if before == 0:
                self.levels += 1
                self._far_changed()
        elif before != 0:
            del self.far[int(key)]
            self.levels -= 1
            self._far_changed()
        return Lots(before)

    def _fall(self, key: i64) -> None:
        """Find the best under ``key``, which was it; where it sank to the window's foot, let the window follow."""
        self.best = self._next(key)
        if self.best == NONE:
            return
        if self.far and self.best < self.base + self.size // 8:
            self._slide(self.best)

    def _next(self, key: i64) -> i64:
        """Return the highest key with lots under ``key``, or ``NONE``."""
        at = min(key, self.base + self.size) - 1
        ring = self.ring
        counts = self.counts
        base = self.base
        while at >= base and base != NONE:
            slot = at & self.mask
            if counts[slot >> BLOCK_BITS] == 0:
                at -= (slot & (BLOCK - 1)) + 1
            elif ring[slot] != 0:
                return at
            else:
                at -= 1
        if not self.far:
            return NONE
        ranked = self._far_ranked()
        place = bisect_left(ranked, int(key))
        return i64(ranked[place - 1]) if place else NONE

    def _slide(self, key: i64) -> None:
        """Move the window so that ``key`` lies three quarters up, above it room for a rise."""
        base = key - self.size // 4 * 3
        old = self.base
        if old != NONE:
            self._evict(old, min(base, old + self.size))
            self._evict(max(base + self.size, old), old + self.size)
        self.base = base
        entering = [far for far in self.far if base <= far]
        for far in entering:
            slot = i64(far) & self.mask
            self.ring[slot] = i64(self.far[far])
            self.counts[slot >> BLOCK_BITS] += 1
            del self.far[far]
        self._far_changed()

    def _evict(self, begin: i64, end: i64) -> None:
        """Carry the levels of a stretch of the window into the far ones."""
        at = begin
        while at < end:
            slot = at & self.mask
            if self.counts[slot >> BLOCK_BITS] == 0:
                at += BLOCK - (slot & (BLOCK - 1))
                continue
            lots = self.ring[slot]
            if lots != 0:
                self.far[int(at)] = int(lots)
                self.ring[slot] = 0
                self.counts[slot >> BLOCK_BITS] -= 1
            at += 1

    def _far_changed(self) -> None:
        self.is_ranked = False

    def _far_ranked(self) -> list[int]:
        """Return the far keys in order, sorted again only after they changed."""
        if not self.is_ranked:
            self.ranked = sorted(self.far)
            self.is_ranked = True
        return self.ranked


def change_sides(
    bids: BookSide, asks: BookSide, sides: bytes, prices: bytes, sizes: bytes, begin: i64, end: i64
) -> None:
    """Set the levels of a delta on both sides: what :meth:`BookSide.put` does row by row, in one loop."""
    for place in range(8 * begin, 8 * end, 8):
        ladder = bids if read_i64_le(sides, place) > 0 else asks
        price = Ticks(read_i64_le(prices, place))
        lots = Lots(read_i64_le(sizes, place))
        key = ladder.side * price
        base = ladder.base
        slot = key & ladder.mask
        # A level that stays and only changes its lots, the most frequent row, touches nothing else.
        if lots != 0 and base <= key < base + ladder.size and ladder.ring[slot] != 0:
            ladder.ring[slot] = lots
        else:
            ladder.put(price, lots)
