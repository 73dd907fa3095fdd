# SPDX-License-Identifier: Apache-2.0
"""A book kept only to see whether it is whole: in sequence, and not crossed.

How a snapshot and the changes around it are joined differs by venue. Changes that
come while the book is not known are held, for the next snapshot may be older than
they are. The rules, by the venues' own manuals:

========  =======================================  ==========================================
venue     the first change after snapshot ``s``    each change after that
========  =======================================  ==========================================
spot      ``first <= s + 1 <= last``               ``first == last of the one before + 1``
futures   ``first <= s <= last``                   ``previous == last of the one before``
plain     ``first == s + 1``                       ``first == last of the one before + 1``
========  =======================================  ==========================================

A change whose ``last`` the snapshot already has (below ``s`` for futures, up to
``s`` for the others) is covered and left out.
"""

from collections import deque
from heapq import heappop, heappush
from typing import Final, final

SPOT_RULE: Final = "spot"
FUTURES_RULE: Final = "futures"
PLAIN_RULE: Final = "plain"

HELD_MAX: Final = 4096
"""Changes held for a snapshot; older ones are let go, and counted."""


@final
class Change:
    """Hold one message about a book: levels side by side, in ticks and lots.

    ``ids`` are its first, last and previous number, the last of them -1 where the
    venue does not tell it; ``source`` says where the message stands.
    """

    __slots__ = ("source", "at_ns", "known_ns", "first_id", "last_id", "previous_id", "sides", "prices", "lots")

    def __init__(
        self,
        source: int,
        clocks: tuple[int, int],
        ids: tuple[int, int, int],
        levels: tuple[list[int], list[int], list[int]],
    ) -> None:
        self.source = source
        self.at_ns, self.known_ns = clocks
        self.first_id, self.last_id, self.previous_id = ids
        self.sides, self.prices, self.lots = levels


@final
class BookHalf:
    """Keep the quantities of one side by price, and the best price: the sign turns asks into bids."""

    __slots__ = ("sign", "levels", "_heap")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.levels: dict[int, int] = {}
        self._heap: list[int] = []

    def put(self, price: int, lots: int) -> None:
        """Set a level; no lots remove it."""
        if lots == 0:
            self.levels.pop(price, None)
            return
        if price not in self.levels:
            heappush(self._heap, -self.sign * price)
        self.levels[price] = lots

    def best(self) -> int:
        """Return the best price, 0 where the side is empty."""
        heap = self._heap
        while heap:
            price = -self.sign * heap[0]
            if price in self.levels:
                return price
            heappop(heap)
        return 0

    def clear(self) -> None:
        """Forget every level."""
        self.levels.clear()
        self._heap.clear()


@final
class Sequence:
    """Judge which changes continue a book, and whether it is crossed after them.

    Parameters
    ----------
    rule : str
        One of the rules at the head of this module.
    """

    def __init__(self, rule: str) -> None:
        self.rule = rule
        self.is_known = False
        self.snapshot_id = -1
        self.last_id = -1
        self.held: deque[Change] = deque()
        self.bids = BookHalf(1)
        self.asks = BookHalf(-1)

    def begin(self, snapshot: Change) -> None:
        """Take a snapshot as the book."""
        self.bids.clear()
        self.asks.clear()
        self.snapshot_id = snapshot.last_id
        self.last_id = -1
        self.is_known = True
        self.apply(snapshot)

    def lose(self) -> None:
        """Take the book for not known."""
        self.is_known = False
        self.bids.clear()
        self.asks.clear()

    def covers(self, change: Change) -> bool:
        """Say whether the snapshot already has a change."""
        if self.rule == FUTURES_RULE:
            return change.last_id < self.snapshot_id
        return change.last_id <= self.snapshot_id

    def continues(self, change: Change) -> bool:
        """Say whether a change follows what was applied last."""
        if self.last_id >= 0:
            if self.rule == FUTURES_RULE:
                return change.previous_id == self.last_id
            return change.first_id == self.last_id + 1
        if self.rule == FUTURES_RULE:
            return change.first_id <= self.snapshot_id <= change.last_id
        if self.rule == SPOT_RULE:
            return change.first_id <= self.snapshot_id + 1 <= change.last_id
        return change.first_id == self.snapshot_id + 1

    def apply(self, change: Change) -> None:
        """Set the levels of a change."""
        for side, price, lots in zip(change.sides, change.prices, change.lots, strict=True):
            (self.bids if side > 0 else self.asks).put(price, lots)

    def follow(self, change: Change) -> None:
        """Apply a change that continues the book."""
        self.apply(change)
        self.last_id = change.last_id

    def is_crossed(self) -> bool:
        """Say whether the best bid is not below the best ask."""
        bid, ask = self.bids.best(), self.asks.best()
        return bid > 0 and ask > 0 and bid >= ask
