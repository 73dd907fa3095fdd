# SPDX-License-Identifier: Apache-2.0
"""The book of one instrument on one feed, live: joined, counted, and handed on message by message.

Where it breaks, an *empty snapshot* is handed on, so that nothing trades by it until
it is whole again; a snapshot that was asked for makes it whole.
"""

from array import array
from collections.abc import Callable
from typing import Final, final

from bot4.domain.event import Event
from bot4.domain.marketdata import BookDelta, BookSnapshot
from bot4.domain.values import TICKS_MAX, Nanos
from bot4.market.books import sync
from bot4.market.books.rules import Change, JoinRule
from bot4.market.faults import (
    BAD_LEVEL,
    COVERED,
    CROSSED_BOOK,
    NO_BOOK,
    REPEATED_CHANGE,
    SEQUENCE_GAP,
    STALE_SNAPSHOT,
    STAMP_BACKWARD,
    FaultKind,
)
from bot4.market.live.arrivals import Arrivals, credible

LOTS_MAX: Final = 1 << 53

Receiver = Callable[[Event], object]
"""Takes each event, in a direct call."""


@final
class LiveBook:
    """Join snapshots and changes as they come.

    Parameters
    ----------
    instrument : int
        Its index in the run.
    rule : JoinRule
        How its book is joined.
    arrivals : Arrivals
        The feed's receive clock.
    receiver : callable
        Takes the events.
    """

    def __init__(self, instrument: int, rule: JoinRule, arrivals: Arrivals, receiver: Receiver) -> None:
        self.sync = sync.BookSync(rule)
        self._instrument = instrument
        self._arrivals = arrivals
        self._quality = arrivals.quality
        self._receiver = receiver
        self._book_ns = -1

    def snapshot(self, change: Change) -> None:
        """Take a snapshot, then every held change that it does not cover."""
        if self._is_bad("snapshot", change):
            return
        known_ns = self._arrivals.heard(change.known_ns)
        was_known = self.sync.is_known
        answer = self.sync.snapshot(change)
        if answer == sync.CROSSED:
            self._quality.aside("snapshot", CROSSED_BOOK)
            if was_known:
                self._say_lost(change, known_ns)
        elif answer == sync.BEGUN:
            self._quality.applied["snapshot"] += 1
            self._hand_on(change, known_ns, is_snapshot=True)
            for one in self.sync.release():
                self._apply(one, known_ns)
            if self.sync.is_known:
                self._quality.whole(known_ns)
        else:
            self._quality.aside("snapshot", STALE_SNAPSHOT)
        self._count_overflow()

    def change(self, change: Change) -> None:
        """Take a change of the book."""
        if not self._is_bad("delta", change):
            self._apply(change, self._arrivals.received(change.at_ns, change.known_ns))

    def broken(self, what: str, kind: FaultKind, change: Change) -> None:
        """Set aside a message that cannot be represented: the book is not known after it."""
        self._quality.aside(what, kind)
        was_known = self.sync.is_known
        self.sync.lose()
        if was_known:
            self._say_lost(change, self._arrivals.heard(change.known_ns))

    def show(self, now_ns: int) -> None:
        """Hand on the whole book as it is: for a receiver that has not seen it grow."""
        levels = self.sync.book.columns() if self.sync.is_known else ([], [], [])
        ids = (self.sync.last_id, self.sync.last_id, -1)
        self._hand_on(Change(0, (now_ns, now_ns), ids, levels), now_ns, is_snapshot=True)

    def _apply(self, change: Change, known_ns: int) -> None:
        """Join a change to the book."""
        answer = self.sync.change(change)
        if answer == sync.APPLIED:
            self._quality.applied["delta"] += 1
            self._hand_on(change, known_ns, is_snapshot=False)
        elif answer == sync.HELD:
            self._count_overflow()
        elif answer == sync.COVERED:
            self._quality.aside("delta", COVERED)
        elif answer == sync.REPEATED:
            self._quality.aside("delta", REPEATED_CHANGE)
        elif answer == sync.GAP:
            self._quality.fault(SEQUENCE_GAP)
            self._say_lost(change, known_ns)
        else:
            self._quality.aside("delta", CROSSED_BOOK)
            self._say_lost(change, known_ns)

    def _count_overflow(self) -> None:
        """Count the changes for which no snapshot came in time."""
        for _ in self.sync.overflow():
            self._quality.aside("delta", NO_BOOK)

    def _is_bad(self, what: str, change: Change) -> bool:
        """Break the book over levels that cannot be."""
        prices, lots = change.prices, change.lots
        if not prices or (min(prices) > 0 and max(prices) < TICKS_MAX and min(lots) >= 0 and max(lots) < LOTS_MAX):
            return False
        self.broken(what, BAD_LEVEL, change)
        return True

    def _say_lost(self, change: Change, known_ns: int) -> None:
        """Hand on an empty snapshot: there is no book."""
        self._quality.lost(known_ns)
        ids = (change.first_id, change.last_id, -1)
        self._hand_on(Change(change.source, (change.at_ns, known_ns), ids, ([], [], [])), known_ns, is_snapshot=True)

    def _hand_on(self, change: Change, known_ns: int, *, is_snapshot: bool) -> None:
        """Hand on a message about the book, stamped not before the one before it."""
        at_ns = credible(change.at_ns, known_ns)
        if at_ns < self._book_ns:
            if not is_snapshot:  # an answer to a question of ours may well be older than what was told meanwhile
                self._quality.fault(STAMP_BACKWARD)
            at_ns = self._book_ns
        self._book_ns = at_ns
        shape = BookSnapshot if is_snapshot else BookDelta
        self._receiver(
            shape(
                Nanos(at_ns),
                Nanos(max(known_ns, at_ns)),
                self._instrument,
                change.first_id,
                change.last_id,
                0,
                len(change.prices),
                array("q", change.sides).tobytes(),
                array("q", change.prices).tobytes(),
                array("q", change.lots).tobytes(),
            )
        )
