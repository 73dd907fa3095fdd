# SPDX-License-Identifier: Apache-2.0
"""Whether a book is whole, and what it needs where it is not: the snapshot and sequence rule as a state machine.

::

             change: HELD, asks for a snapshot
            ┌──────────┐
            ▼          │     snapshot: BEGUN
        not known ─────┴───────────────────────► known ──┐ change: APPLIED, REPEATED
            ▲                                      │  ▲   │
            │  change: GAP (held), CROSSED;        │  └───┘
            └──────────────────────────────────────┘

While the book is not known changes are held, since the snapshot that will come may
be older than they are; a snapshot older than the first change held cannot be joined
and another is asked for (STALE). A book is known only between BEGUN and the next
fault, so nobody can look at one that missed a change.

No clock and no socket: what must be fetched is told by :meth:`BookSync.is_due`, and
the caller fetches. What a crossed or unreadable message is called is the caller's
business too.
"""

from typing import Final, final

from bot4.domain.values import SECOND_NS
from bot4.market.books.levels import DEPTH_KEPT, DEPTH_MAX, Book
from bot4.market.books.rules import Change, JoinRule

HELD_MAX: Final = 4096
"""Changes held for a snapshot; older ones are let go."""

REPEATS_MAX: Final = 256
"""So many repetitions in a row are no repetitions: the venue has begun to count anew."""

ASK_AGAIN_NS: Final = SECOND_NS
"""A book asks for a snapshot at most this often: deep ones cost a 24th of a minute's weight."""

APPLIED: Final = 0
BEGUN: Final = 1
HELD: Final = 2
COVERED: Final = 3
REPEATED: Final = 4
GAP: Final = 5
CROSSED: Final = 6
STALE: Final = 7
REWOUND: Final = 8

ANSWERS: Final = ("applied", "begun", "held", "covered", "repeated", "gap", "crossed", "stale", "rewound")
"""The names of the answers, by number.

``REWOUND`` is a snapshot no newer than the book that is known: not taken.
"""


@final
class BookSync:
    """Join snapshots and changes of one instrument into a book that is whole or not known.

    Parameters
    ----------
    rule : JoinRule
        The venue's rule of joining.
    depth_max, depth_kept : int
        The bounds of each side (:class:`bot4.market.books.levels.BookHalf`).
    """

    def __init__(self, rule: JoinRule, depth_max: int = DEPTH_MAX, depth_kept: int = DEPTH_KEPT) -> None:
        self.rule = rule
        self.book = Book(depth_max, depth_kept)
        self.is_known = False
        self.snapshot_id = -1
        self.last_id = -1
        self._is_joined = False
        self._held: list[Change] = []
        self._let_go: list[Change] = []
        self._repeats = 0
        self._ask_ns = 0

    def change(self, change: Change) -> int:
        """Take a change whose levels are sound; return APPLIED, HELD, COVERED, REPEATED, GAP or CROSSED.

        After GAP the change is held: the next snapshot may be older than it. After CROSSED it is gone.
        """
        if not self.is_known:
            self._hold(change)
            return HELD
        if self._is_joined:
            if change.last_id <= self.last_id:
                return self._repeated(change)
            if not self.rule.follows(self.last_id, change):
                return self._gap(change)
        elif self.rule.covers(self.snapshot_id, change):
            return COVERED
        elif not self.rule.joins(self.snapshot_id, change):
            return self._gap(change)
        self.book.set(change.sides, change.prices, change.lots)
        self.last_id = change.last_id
        self._is_joined = True
        self._repeats = 0
        if self.book.is_crossed():
            self.lose()
            return CROSSED
        return APPLIED

    def snapshot(self, snapshot: Change) -> int:
        """Take a snapshot; return BEGUN, CROSSED, STALE or REWOUND.

        After BEGUN the changes held are to be given again, as :meth:`release` returns them.
        """
        rule = self.rule
        if rule.may_rewind:
            self._forget_earlier_count(snapshot)
        else:
            if (
                self.is_known and snapshot.last_id <= self.last_id
            ):  # at the same number the next change could not join it
                return REWOUND
            if not self.is_known and self._is_before_held(snapshot):
                return STALE
        self.book.clear()
        self.book.set(snapshot.sides, snapshot.prices, snapshot.lots)
        if self.book.is_crossed():
            self.lose()
            return CROSSED
        self.snapshot_id = self.last_id = snapshot.last_id
        self._is_joined = False
        self._repeats = 0
        self.is_known = True
        return BEGUN

    def release(self) -> list[Change]:
        """Return and forget the changes held, in the order of their numbers, whatever order they came in."""
        held = sorted(self._held, key=lambda one: one.last_id)
        self._held = []
        return held

    def overflow(self) -> list[Change]:
        """Return and forget the changes let go because too many were held."""
        gone, self._let_go = self._let_go, []
        return gone

    def lose(self) -> None:
        """Take the book for not known from here on."""
        self.is_known = False
        self.book.clear()

    def is_due(self, now_ns: int) -> bool:
        """Say whether a snapshot should be asked for now.

        Only once a change is held: one that was asked for earlier may not reach the first change that comes.
        """
        return not self.is_known and bool(self._held) and now_ns >= self._ask_ns

    def asked(self, now_ns: int) -> None:
        """Note that a snapshot was asked for; without an answer it is due again ``ASK_AGAIN_NS`` later."""
        self._ask_ns = now_ns + ASK_AGAIN_NS

    @property
    def held_count(self) -> int:
        """Return how many changes wait for a snapshot."""
        return len(self._held)

    def _forget_earlier_count(self, snapshot: Change) -> None:
        """Let go of changes held whose numbers are beyond a snapshot that came after them in the same stream."""
        self._let_go += [one for one in self._held if one.last_id > snapshot.last_id]
        self._held = [one for one in self._held if one.last_id <= snapshot.last_id]

    def _is_before_held(self, snapshot: Change) -> bool:
        """Say whether no change held can follow a snapshot, although there are some that it does not cover."""
        rule, at = self.rule, snapshot.last_id
        fresh = [one for one in self._held if not rule.covers(at, one)]
        return bool(fresh) and not any(rule.joins(at, one) for one in fresh)

    def _repeated(self, change: Change) -> int:
        """Pass over a change the book has, unless there is no end of them."""
        self._repeats += 1
        return self._gap(change) if self._repeats > REPEATS_MAX else REPEATED

    def _gap(self, change: Change) -> int:
        """Lose the book and hold the change that does not continue it."""
        self.lose()
        self._hold(change)
        return GAP

    def _hold(self, change: Change) -> None:
        """Hold a change until a snapshot says whether it counts."""
        self._held.append(change)
        if len(self._held) > HELD_MAX:
            self._let_go.append(self._held.pop(0))
