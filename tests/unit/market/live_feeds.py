# SPDX-License-Identifier: Apache-2.0
"""Live feeds for tests: an instrument's check with what came out of it, and a venue that tells a book by changes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bot4.domain.event import Event
from bot4.domain.instrument import Instrument
from bot4.domain.marketdata import BookLevels, BookSnapshot
from bot4.market.books.rules import SPOT_RULE, Change, JoinRule
from bot4.market.live.check import LiveCheck
from bot4.market.quality import FeedQuality
from tests.unit.market.recorded import bitcoin

START = 1_700_000_000_000_000_000
MS = 1_000_000

Levels = dict[int, dict[int, int]]
"""Lots by price, by side: the plainest book there is."""


class Watched:
    """A live check, its quality, and the events that came out."""

    def __init__(self, rule: JoinRule = SPOT_RULE, instrument: Instrument | None = None) -> None:
        listed = instrument or bitcoin()
        self.quality = FeedQuality(listed.symbol, "a")
        self.events: list[Event] = []
        self.check = LiveCheck(listed, rule, self.quality, self.events.append)

    def fates(self) -> dict[str, dict[str, int]]:
        """What became of each message."""
        return self.quality.fates().table()


def ints(*values: Any) -> tuple[int, ...]:
    """Values of the types that are machine integers when compiled, as plain ones."""
    return tuple(int(value) for value in values)


def columns(event: BookLevels) -> tuple[list[int], list[int], list[int]]:
    """The levels of an event about a book: sides, prices, lots."""
    sides, prices, lots = (
        np.frombuffer(one, dtype="<i8")[event.begin : event.end].tolist()
        for one in (event.sides, event.prices, event.lots)
    )
    return sides, prices, lots


def empty() -> Levels:
    """A plain book without levels."""
    return {1: {}, -1: {}}


def put(book: Levels, levels: tuple[Sequence[int], Sequence[int], Sequence[int]]) -> None:
    """Set levels of a plain book; no lots remove one."""
    for side, price, lots in zip(*levels, strict=True):
        if lots:
            book[side][price] = lots
        else:
            book[side].pop(price, None)


def follow(book: Levels, event: Event) -> Levels:
    """Return a plain book after an event: what a receiver that keeps its own would hold."""
    if isinstance(event, BookSnapshot):
        book = empty()
    if isinstance(event, BookLevels):
        put(book, columns(event))
    return book


@dataclass
class BookVenue:
    """A venue with one book that never crosses, told as changes that are numbered as Binance numbers them."""

    draw: np.random.Generator
    is_futures: bool = False
    middle: int = 10_000
    last_id: int = 100
    book: Levels = field(default_factory=empty)
    states: dict[int, Levels] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for step in range(1, 8):
            self.book[1][self.middle - step] = step
            self.book[-1][self.middle + step] = step
        self._keep()

    def change(self, at_ns: int) -> Change:
        """Change some levels; return the message that tells them."""
        sides, prices, lots = [], [], []
        for _ in range(int(self.draw.integers(1, 5))):
            side = 1 if self.draw.random() < 0.5 else -1
            sides.append(side)
            prices.append(self.middle - side * int(self.draw.integers(1, 30)))
            lots.append(int(self.draw.integers(0, 4)))
        before = self.last_id
        first = before + 1 + (int(self.draw.integers(0, 4)) if self.is_futures else 0)
        self.last_id = first + int(self.draw.integers(0, 5))
        put(self.book, (sides, prices, lots))
        self._keep()
        ids = (first, self.last_id, before if self.is_futures else -1)
        return Change(self.last_id, (at_ns, at_ns + MS), ids, (sides, prices, lots))

    def snapshot(self, at_ns: int, last_id: int = -1) -> Change:
        """The whole book, as it is or as it was after a change."""
        last_id = self.last_id if last_id < 0 else last_id
        levels = [(side, p, q) for side in (1, -1) for p, q in self.states[last_id][side].items()]
        parts = ([s for s, _, _ in levels], [p for _, p, _ in levels], [q for _, _, q in levels])
        return Change(0, (at_ns, at_ns + MS), (last_id, last_id, -1), parts)

    def _keep(self) -> None:
        """Remember how the book was after each change."""
        self.states[self.last_id] = {side: dict(self.book[side]) for side in (1, -1)}
