# SPDX-License-Identifier: Apache-2.0
"""Orders whose answer was lost: asked about one inquiry at a time, given up on proof only, never sent twice."""

import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from bot4.domain.order import (
    CANCEL_UNKNOWN,
    ORDER_EXPIRED,
    SUBMIT_UNKNOWN,
    WORKING,
    Inquire,
    OrderWord,
    absent,
    cancel_lost,
    found,
    inquiry_lost,
    submit_lost,
)
from bot4.domain.values import BUY, SELL, Nanos
from bot4.trading.execution import Trading
from bot4.trading.fates import Fate, FateRules, Fates
from tests.unit.trading.walk import NOW, Walk, line

pytestmark = pytest.mark.requirement("ORDER_001", "P-03", "P-04")

SECOND = 1_000_000_000
Word = Callable[[Nanos, Nanos, int, int, str], OrderWord]


def hear(walk: Walk, word: Word, order_id: int = 1) -> list[str]:
    """One word about an order, with a reason."""
    return [line(event) for event in walk.hear(word(walk.now, walk.now, order_id, 0, "timeout"))]


def doubting() -> Walk:
    """An entry whose submit got no answer: order 1."""
    walk = Walk()
    walk.enter(1, BUY, 10)
    hear(walk, submit_lost)
    return walk


def state_of(walk: Walk, order_id: int = 1) -> int:
    """The state of an order that is known."""
    order = walk.trading.table.find(order_id)
    assert order is not None
    return int(order.state)


def test_a_lost_submit_is_asked_about_at_once() -> None:
    """It stays open for all it may fill, and an inquiry goes out."""
    walk = Walk()
    walk.enter(1, BUY, 10)
    assert hear(walk, submit_lost) == [
        "order 1: submit_unknown, filled 0, open 10",
        "inquire 1: attempt 1, in 0 ms",
    ]


def test_no_entry_is_made_beside_one_of_unknown_fate() -> None:
    """The desk is busy as long as nobody knows."""
    assert doubting().enter(2, BUY, 5) == ["refused 2: trading.busy (2 against 1)"]


def test_found_it_works_and_can_be_canceled_again() -> None:
    """What the venue has is an order like any other."""
    walk = doubting()
    walk.hear(found(NOW, NOW, 1, 0))
    assert state_of(walk) == WORKING
    assert walk.exit(2, SELL, 10) == ["cancel 1: exit"]


def test_an_execution_ends_the_doubt_and_the_inquiry_under_way_changes_nothing() -> None:
    """Whoever hears first is right; the late answer is ignored."""
    walk = doubting()
    walk.fill(1, 10, 100)
    ignored = int(walk.trading.ignored)
    assert hear(walk, absent) == []
    assert walk.trading.ignored == ignored + 1
    assert walk.held() == 10


def test_absence_is_proof_only_after_three_in_a_row_over_the_window() -> None:
    """Two seconds and ten answers are not enough; nor is one answer after a day."""
    walk = doubting()
    for attempt in range(2, 12):
        walk.now = Nanos(walk.now + SECOND // 5)
        assert hear(walk, absent)[-1].startswith(f"inquire 1: attempt {attempt}")
    assert state_of(walk) == SUBMIT_UNKNOWN
    walk.now = Nanos(walk.now + 7 * SECOND)
    assert hear(walk, absent) == ["order 1: expired, filled 0, open 0"]
    other = doubting()
    hear(other, absent)
    other.now = Nanos(other.now + 86_400 * SECOND)
    hear(other, absent)
    assert state_of(other) == SUBMIT_UNKNOWN


def test_an_inquiry_that_is_lost_begins_the_count_anew() -> None:
    """Absences before it no longer follow one another."""
    walk = doubting()
    hear(walk, absent)
    walk.now = Nanos(walk.now + 10 * SECOND)
    hear(walk, absent)
    hear(walk, inquiry_lost)
    hear(walk, absent)
    assert state_of(walk) == SUBMIT_UNKNOWN


def test_the_wait_between_inquiries_doubles_up_to_its_bound() -> None:
    """0.25, 0.5, 1, 2, 4, then 5 seconds for as long as it takes."""
    walk = doubting()
    waits: list[int] = []
    for _ in range(30):
        inquiry = walk.hear(inquiry_lost(NOW, NOW, 1, 0, "timeout"))[-1]
        assert isinstance(inquiry, Inquire)
        waits.append((inquiry.due_ns - walk.now) // 1_000_000)
    assert waits == [250, 500, 1000, 2000, 4000] + 25 * [5000]


def test_a_stop_that_never_arrived_is_sent_again_under_another_id() -> None:
    """It was not refused: the position must not be sold because a line was cut."""
    walk = Walk()
    walk.enter(1, BUY, 10)
    walk.fill(1, 10, 100)
    hear(walk, submit_lost, 2)
    hear(walk, absent, 2)
    hear(walk, absent, 2)
    walk.now = Nanos(walk.now + 7 * SECOND)
    assert hear(walk, absent, 2) == [
        "order 2: expired, filled 0, open 0",
        "submit 3: stop stop sell 10 at 90 reduce-only",
    ]
    assert state_of(walk, 2) == ORDER_EXPIRED


def test_a_cancel_whose_answer_is_lost_is_asked_again_as_often_as_it_takes() -> None:
    """A lost answer is no refusal, of which three would be enough."""
    walk = Walk()
    walk.enter(1, BUY, 10)
    walk.accept(1)
    assert walk.exit(2, SELL, 10) == ["cancel 1: exit"]
    for _ in range(10):
        assert hear(walk, cancel_lost)[0] == "order 1: cancel_unknown, filled 0, open 10"
        assert state_of(walk) == CANCEL_UNKNOWN
        said = [line(event) for event in walk.hear(found(walk.now, walk.now, 1, 0))]
        assert said == ["order 1: working, filled 0, open 10", "cancel 1: exit"]


def test_a_count_of_cancels_never_runs_below_none() -> None:
    """A fill in between has begun the count anew; the loss of the cancel takes nothing more from it."""
    walk = Walk()
    walk.enter(1, BUY, 10)
    walk.accept(1)
    walk.exit(2, SELL, 10)
    walk.fill(1, 3, 100)
    hear(walk, cancel_lost)
    order = walk.trading.table.find(1)
    assert order is not None and order.cancels == 0


def test_a_cancel_lost_with_its_submit_does_not_count_once_the_order_is_found() -> None:
    """Both went the same way: what is found may be canceled as often as any other order."""
    walk = Walk()
    walk.enter(1, BUY, 10)
    walk.exit(2, SELL, 10)
    hear(walk, submit_lost)
    hear(walk, cancel_lost)
    said = [line(event) for event in walk.hear(found(NOW, NOW, 1, 0))]
    assert said == ["order 1: working, filled 0, open 10", "cancel 1: exit"]
    order = walk.trading.table.find(1)
    assert order is not None and order.cancels == 1


def test_doubt_is_part_of_the_state_and_leaves_no_trace_in_it() -> None:
    """In doubt the state differs; once the order is known and gone, nothing of the doubt is kept."""
    walk, calm = doubting(), Walk()
    calm.enter(1, BUY, 10)
    assert len(walk.state()) > len(calm.state())
    walk.reject(1)
    calm.reject(1)
    assert walk.state() == calm.state()


@st.composite
def doubts(draw: st.DrawFn) -> Fates:
    """Any orders in doubt, by distinct ids."""
    fates = Fates(FateRules())
    for order_id in draw(st.lists(st.integers(0, 2), unique=True, max_size=3)):
        fate = fates.fates[order_id] = Fate()
        fate.asking = draw(st.booleans())
        fate.attempt, fate.absences = (draw(st.integers(0, 1)) for _ in range(2))
        fate.absent_ns = Nanos(draw(st.integers(0, 1)))
    return fates


def rows_of(fates: Fates) -> list[tuple[int, ...]]:
    """What is known of each order in doubt, in order."""
    return [
        (key, int(one.asking), int(one.attempt), int(one.absences), int(one.absent_ns))
        for key, one in fates.fates.items()
    ]


@given(doubts(), doubts(), st.integers(0, 2), st.integers(0, 2))
def test_two_states_of_doubt_never_write_the_same_bytes(one: Fates, other: Fates, ignored: int, others: int) -> None:
    """The bytes are read back to the row without a count, and no field before them can be taken for one of theirs."""
    written: list[bytes] = []
    for fates, count in ((one, ignored), (other, others)):
        stage = Trading(1)
        stage.fates = fates
        stage.ignored = count
        out = BytesWriter()
        stage.write_state(out)
        written.append(out.getvalue())
    calm = len(written[0]) - 40 * len(one.fates)
    assert list(struct.iter_unpack("<5q", written[0][calm:])) == rows_of(one)
    assert (written[0] == written[1]) == (rows_of(one) == rows_of(other) and ignored == others)


@pytest.mark.parametrize("word", [submit_lost, cancel_lost, absent, inquiry_lost])
def test_a_word_about_an_order_nobody_sent_is_a_contradiction(word: Word) -> None:
    """It is counted and told, and moves nothing."""
    walk = Walk()
    assert hear(walk, word, 7) == ["refused -1: trading.contradiction.unknown_order.doubt (7 against 0)"]


def test_the_rules_are_stated() -> None:
    """The venue's window of 5 s, a second ahead, and a margin."""
    rules = FateRules()
    assert (rules.absences_min, rules.window_ns) == (3, 6_500_000_000)
