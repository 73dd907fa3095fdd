# SPDX-License-Identifier: Apache-2.0
"""The levels of a book and the machine that says when it may be believed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.market.books import sync
from bot4.market.books.levels import STALE_HEAP, Book, BookHalf
from bot4.market.books.rules import FUTURES_RULE, PLAIN_RULE, SPOT_RULE, Change, JoinRule
from bot4.market.books.sync import ASK_AGAIN_NS, HELD_MAX, REPEATS_MAX, BookSync

pytestmark = pytest.mark.requirement("DATA_001/validation")

LEVELS = ([1, -1], [99, 101], [5, 5])


def message(ids: tuple[int, int, int], levels: tuple[list[int], list[int], list[int]] = LEVELS) -> Change:
    """A message about a book: first, last and previous id."""
    return Change(0, (0, 0), ids, levels)


def machine(rule: JoinRule = SPOT_RULE, snapshot_id: int = 10) -> BookSync:
    """A machine whose book is known."""
    made = BookSync(rule)
    assert made.snapshot(message((snapshot_id, snapshot_id, -1))) == sync.BEGUN
    return made


@given(
    st.lists(st.tuples(st.sampled_from([1, -1]), st.integers(1, 60), st.integers(0, 3)), max_size=200),
    st.integers(2, 12),
)
def test_a_side_holds_exactly_what_is_within_its_horizon(puts: list[tuple[int, int, int]], bound: int) -> None:
    """Equal to a plain dict cut at the horizon, the best first, and never deeper than its bound."""
    book = Book(bound, max(1, bound // 2))
    plain: dict[int, dict[int, int]] = {1: {}, -1: {}}
    for side, distance, lots in puts:
        price = 1_000 - side * distance
        book.set([side], [price], [lots])
        plain[side].pop(price, None)
        if lots:
            plain[side][price] = lots
    for half in (book.bids, book.asks):
        seen = {p: q for p, q in plain[half.sign].items() if not half.horizon or half.sign * (p - half.horizon) >= 0}
        assert half.levels == seen
        assert len(seen) <= bound
        ordered = sorted(seen, key=lambda price: -half.sign * price)
        assert half.top(5) == [(price, seen[price]) for price in ordered[:5]]
        assert half.best() == (ordered[0] if ordered else 0)
    again = Book()
    again.set(*book.columns())
    assert again.bids.levels == book.bids.levels and again.asks.levels == book.asks.levels


def test_levels_that_come_and_go_leave_nothing_behind() -> None:
    """A level in the depth that appears and disappears a hundred thousand times costs no memory."""
    half = BookHalf(1)
    half.put(1_000, 1)
    for _ in range(100_000):
        half.put(900, 1)
        half.put(900, 0)
    assert len(half._heap) <= 2 * 2 + STALE_HEAP + 1
    assert half.best() == 1_000


def test_a_repetition_is_passed_over_and_an_overlap_is_taken() -> None:
    """Spot quantities are absolute: two connections may cut the same stream at other places."""
    made = machine()
    assert made.change(message((9, 12, -1))) == sync.APPLIED
    assert made.change(message((9, 12, -1))) == sync.REPEATED
    assert made.change(message((11, 14, -1))) == sync.APPLIED
    assert made.last_id == 14
    assert made.change(message((14, 14, -1))) == sync.REPEATED
    assert made.is_known


def test_futures_must_name_the_change_before() -> None:
    """An overlap is a gap there, since the venue says so itself; a repetition is none."""
    made = machine(FUTURES_RULE)
    assert made.change(message((8, 12, 7))) == sync.APPLIED
    assert made.change(message((8, 12, 7))) == sync.REPEATED
    assert made.change(message((20, 25, 12))) == sync.APPLIED
    assert made.change(message((26, 30, 24))) == sync.GAP
    assert not made.is_known


def test_repetitions_without_end_are_a_venue_that_counts_anew() -> None:
    """Else the book would stand still for ever and be believed."""
    made = machine(snapshot_id=1_000_000)
    assert made.change(message((1_000_001, 1_000_001, -1))) == sync.APPLIED
    answers = [made.change(message((n, n, -1))) for n in range(1, REPEATS_MAX + 2)]
    assert answers == [sync.REPEATED] * REPEATS_MAX + [sync.GAP]
    assert made.snapshot(message((REPEATS_MAX + 5, REPEATS_MAX + 5, -1))) == sync.BEGUN


def test_a_snapshot_older_than_the_book_is_not_taken() -> None:
    """It is an answer that came late; where snapshots are the venue's own word, it is."""
    made = machine(snapshot_id=10)
    assert made.change(message((11, 15, -1))) == sync.APPLIED
    assert made.snapshot(message((12, 12, -1))) == sync.REWOUND
    assert made.last_id == 15
    plain = machine(PLAIN_RULE)
    assert plain.snapshot(message((1, 1, -1))) == sync.BEGUN
    assert plain.change(message((2, 2, -1))) == sync.APPLIED


def test_a_venue_that_restarts_takes_its_own_snapshot() -> None:
    """Changes of the count before it are let go, not taken for a gap after it."""
    made = machine(PLAIN_RULE, snapshot_id=500)
    assert made.change(message((502, 502, -1))) == sync.GAP
    assert made.change(message((503, 503, -1))) == sync.HELD
    assert made.snapshot(message((1, 1, -1))) == sync.BEGUN
    assert made.release() == []
    assert [one.first_id for one in made.overflow()] == [502, 503]
    assert made.change(message((2, 2, -1))) == sync.APPLIED


def test_a_snapshot_is_due_once_something_is_held_and_not_too_often() -> None:
    """Asked for earlier it might not reach the first change; asked for at each change it would cost a ban."""
    made = BookSync(SPOT_RULE)
    assert not made.is_due(0)
    assert made.change(message((5, 6, -1))) == sync.HELD
    assert made.is_due(0)
    made.asked(0)
    assert not made.is_due(ASK_AGAIN_NS - 1)
    assert made.is_due(ASK_AGAIN_NS)
    assert made.snapshot(message((5, 5, -1))) == sync.BEGUN
    assert not made.is_due(10 * ASK_AGAIN_NS)


def test_what_is_held_is_bounded_and_what_is_let_go_is_told() -> None:
    """The oldest go first."""
    made = BookSync(SPOT_RULE)
    for n in range(HELD_MAX + 3):
        made.change(message((n, n, -1)))
    assert made.held_count == HELD_MAX
    assert [one.first_id for one in made.overflow()] == [0, 1, 2]
    assert made.overflow() == []


def test_a_book_that_crosses_is_lost() -> None:
    """By a change or by a snapshot."""
    made = machine()
    assert made.change(message((11, 11, -1), ([1], [101], [1]))) == sync.CROSSED
    assert not made.is_known and not made.book.bids.levels
    assert made.snapshot(message((20, 20, -1), ([1, -1], [102, 101], [1, 1]))) == sync.CROSSED


def test_changes_held_are_given_back_in_their_order() -> None:
    """Whatever order they came in."""
    made = BookSync(SPOT_RULE)
    numbers = np.random.default_rng(1).permutation(50).tolist()
    for n in numbers:
        made.change(message((n, n, -1)))
    assert [one.last_id for one in made.release()] == sorted(numbers)
