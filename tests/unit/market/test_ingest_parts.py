# SPDX-License-Identifier: Apache-2.0
"""The parts of a session one by one: life, waits, budgets, pace and silence, splices, queues."""

from collections import deque
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot4.domain.errors import OurFault
from bot4.domain.values import HOUR_NS, MINUTE_NS, SECOND_NS
from bot4.market.ingest.backoff import CAP_NS, Backoff, BackoffPolicy
from bot4.market.ingest.budget import TokenBucket
from bot4.market.ingest.life import BACKING_OFF, CONNECTING, DRAINING, ENDED, HAPPENINGS, OPEN, STATES, after
from bot4.market.ingest.pace import ACTIVE_NS_MAX, CEILING_NS, FLOOR_NS, PATIENCE_MAX, TIMES, Pace
from bot4.market.ingest.queues import DISPLACED, FULL, REPLACED, TAKEN, Conflate, DropOldest, NeverDrop
from bot4.market.ingest.session import TICK_NS
from bot4.market.ingest.silence import REPLACE_AT_TRY, Silence
from bot4.market.ingest.splice import HELD_MAX, UNNUMBERED, Splice
from bot4.market.ingest.steps import SILENT, Told
from bot4.market.ingest.subscriptions import ACKNOWLEDGED, Link, Seat, Topic

pytestmark = pytest.mark.requirement("WS_001")
SEEDS = st.integers(0, 2**32 - 1)


def chance(seed: int) -> np.random.Generator:
    """Return a generator of one seed."""
    return np.random.Generator(np.random.PCG64(seed))


# --- life -----------------------------------------------------------------------------------------------------------


def test_the_table_of_a_life_is_whole() -> None:
    """What may not follow is exactly this; the end is the end; only an open connection is replaced."""
    missing = {(state, happening) for state in STATES for happening in HAPPENINGS if after(state, happening) is None}
    assert missing == {
        (BACKING_OFF, "opened"),
        (BACKING_OFF, "replaced"),
        (CONNECTING, "dialed"),
        (CONNECTING, "replaced"),
        (OPEN, "dialed"),
        (OPEN, "opened"),
        (DRAINING, "dialed"),
        (DRAINING, "opened"),
        (DRAINING, "replaced"),
    }
    assert {after(ENDED, happening) for happening in HAPPENINGS} == {ENDED}
    assert [state for state in STATES if after(state, "replaced") == DRAINING] == [OPEN]
    assert after(DRAINING, "lost") == ENDED


# --- waits and budgets ------------------------------------------------------------------------------------------------


@given(seed=SEEDS, tries=st.integers(1, 60))
def test_waits_grow_by_half_to_whole_of_their_bound_up_to_the_cap(seed: int, tries: int) -> None:
    """Each wait lies between half and the whole of twice the bound before; none is above the cap."""
    backoff = Backoff(BackoffPolicy(), chance(seed))
    now = 0
    for at in range(tries):
        backoff.failed(now)
        bound = min(CAP_NS, SECOND_NS // 4 << min(at, 20))
        wait = backoff.not_before_ns - now
        assert bound // 2 <= wait <= bound <= CAP_NS
        assert not backoff.may_dial(now, 0)
        now = backoff.not_before_ns
        assert backoff.may_dial(now, 0)
        assert not backoff.may_dial(now, 1)


def test_the_same_seed_waits_the_same_and_another_does_not() -> None:
    """Jitter is drawn from the seed that is handed in."""

    def waits(seed: int) -> list[int]:
        backoff, found = Backoff(BackoffPolicy(), chance(seed)), []
        for _ in range(5):
            backoff.failed(backoff.not_before_ns)
            found.append(backoff.not_before_ns)
        return found

    assert waits(1) == waits(1) != waits(2)


def test_ten_that_fail_together_are_one_failure() -> None:
    """Only the first lengthens the wait; the venue's own wish is kept if it is longer."""
    backoff = Backoff(BackoffPolicy(), chance(1))
    for _ in range(10):
        backoff.failed(0)
    assert backoff.failures == 1
    assert backoff.not_before_ns <= SECOND_NS // 4
    backoff.failed(0, hold_ns=HOUR_NS)
    assert backoff.not_before_ns == HOUR_NS


@given(
    burst=st.integers(1, 20),
    rate=st.floats(0.1, 100),
    steps=st.lists(st.integers(-SECOND_NS, 3 * SECOND_NS), min_size=1, max_size=200),
)
def test_no_window_sees_more_than_burst_and_rate(burst: int, rate: float, steps: list[int]) -> None:
    """Over any window of the takings that were allowed, a clock that steps back included."""
    bucket, now, taken = TokenBucket(burst, rate), 0, []
    for step in steps:
        now += step
        if bucket.take(now):
            taken.append(now)
    highest = np.maximum.accumulate(np.array(taken))
    for begin in range(len(highest)):
        for end in range(begin, len(highest)):
            assert end - begin + 1 <= burst + rate * (highest[end] - highest[begin]) / SECOND_NS + 1e-6


def test_a_bucket_that_never_gives_is_our_fault() -> None:
    """No burst, or no rate."""
    for burst, rate in ((0, 1.0), (1, 0.0)):
        with pytest.raises(OurFault, match="never gives"):
            TokenBucket(burst, rate)


# --- pace and silence -------------------------------------------------------------------------------------------------


def seated(guess_ns: int) -> tuple[Link, Seat]:
    """Return a connection with one acknowledged topic."""
    link = Link(1, TokenBucket(1, 1.0))
    seat = link.seat(Topic("a", 1.0, Pace(guess_ns)))
    seat.state = ACKNOWLEDGED
    seat.reset(0)
    return link, seat


def listen(seat: Seat, link: Link, arrivals_ns: np.ndarray) -> tuple[Silence, list[int]]:
    """Show arrivals, look every tick; return the judge and when it told of silence."""
    silence, alarms, at, now = Silence(chance(1)), [], 0, 0
    stamps = arrivals_ns.tolist()
    while at < len(stamps):
        now += TICK_NS
        while at < len(stamps) and stamps[at] <= now:
            seat.hear(stamps[at])
            at += 1
        alarms += [now for one in silence.look([link], now) if isinstance(one, Told) and one.what == SILENT]
    return silence, alarms


@pytest.mark.requirement("P-07", "I-11")
@given(seed=SEEDS, mean_s=st.floats(0.002, 20.0))
@settings(max_examples=12)
def test_arrivals_at_random_are_hardly_ever_taken_for_silence(seed: int, mean_s: float) -> None:
    """A fair first guess, thousands of gaps or hours: not one alarm, where the stated bound expects 1e-4 of one."""
    count = int(np.clip(3 * 3_600 / mean_s, 500, 2_000))
    arrivals = np.cumsum(chance(seed).exponential(mean_s * SECOND_NS, count)).astype(np.int64)
    link, seat = seated(int(mean_s * SECOND_NS))
    silence, alarms = listen(seat, link, arrivals)
    assert alarms == []
    assert silence.pauses == 0


@pytest.mark.requirement("P-07")
@given(seed=SEEDS, mean_s=st.floats(0.05, 60.0), wrong=st.floats(0.001, 1.0))
@settings(max_examples=12)
def test_a_first_guess_that_is_far_too_quick_costs_few_alarms(seed: int, mean_s: float, wrong: float) -> None:
    """A quiet topic taken for a busy one is suspected a few times, then known."""
    arrivals = np.cumsum(chance(seed).exponential(mean_s * SECOND_NS, 400)).astype(np.int64)
    link, seat = seated(int(mean_s * wrong * SECOND_NS))
    _, alarms = listen(seat, link, arrivals)
    assert len(alarms) <= 4
    assert not [at for at in alarms if at > arrivals[50]]


@pytest.mark.requirement("P-07", "I-11")
@given(seed=SEEDS, mean_s=st.floats(0.002, 30.0))
@settings(max_examples=12)
def test_silence_is_found_at_the_bound_that_was_stated(seed: int, mean_s: float) -> None:
    """Two seconds for an active topic, the bound of its pace for any other, and a tick."""
    arrivals = np.cumsum(chance(seed).exponential(mean_s * SECOND_NS, 600)).astype(np.int64)
    link, seat = seated(int(mean_s * SECOND_NS))
    silence, _ = listen(seat, link, arrivals)
    pace, last = seat.topic.pace, int(arrivals[-1])
    bound = pace.bound_ns
    if pace.is_active:
        assert bound <= ACTIVE_NS_MAX
        assert bound + TICK_NS < 2 * SECOND_NS
    assert bound <= CEILING_NS
    now = last // TICK_NS * TICK_NS + TICK_NS
    found: list[int] = []
    while not found:
        found = [one.bound_ns for one in silence.look([link], now) if isinstance(one, Told)]
        now += TICK_NS
    assert now - TICK_NS - last <= found[0] + 2 * TICK_NS
    assert found[0] <= bound * 1.1 + TICK_NS


@pytest.mark.requirement("P-07", "I-13")
def test_what_never_spoke_is_asked_anew_and_asked_again_within_its_first_bound() -> None:
    """Silence that nothing ended leaves the bound as it was: asked at one and a half of it, and one later."""
    link, seat = seated(SECOND_NS // 2)
    bound, silence = seat.topic.pace.bound_ns, Silence(chance(1))
    asked = []
    for now in range(0, 3 * bound, TICK_NS):
        list(silence.look([link], now))
        asked += [now for _ in silence.to_ask_anew(link, now)]
    assert seat.topic.pace.bound_ns == bound
    assert [at // TICK_NS for at in asked] == pytest.approx([1.5 * bound / TICK_NS, 2.5 * bound / TICK_NS], abs=2)
    assert seat.topic.tries == REPLACE_AT_TRY


@pytest.mark.requirement("P-07", "I-13")
def test_a_connection_on_which_nothing_ever_spoke_is_dead() -> None:
    """Two quiet topics that never spoke are enough; once one has spoken, only busy ones are evidence."""
    link, first = seated(SECOND_NS)
    second = link.seat(Topic("b", 1.0, Pace(SECOND_NS)))
    silence = Silence(chance(1))
    second.is_silent = True
    assert not silence.is_dead(link), "not acknowledged: nothing is owed"
    second.state = ACKNOWLEDGED
    assert not silence.is_dead(link), "one says nothing of its connection"
    first.is_silent = True
    assert silence.is_dead(link)
    first.hear(SECOND_NS)
    assert not silence.is_dead(link)


def test_a_burst_does_not_make_a_quiet_topic_busy() -> None:
    """A thousand messages in a second, every ten seconds: the pause between bursts is usual."""
    bursts = [burst * 10 * SECOND_NS + at * 1_000_000 for burst in range(60) for at in range(1_000)]
    link, seat = seated(SECOND_NS)
    silence, alarms = listen(seat, link, np.array(bursts))
    assert len(alarms) <= 8
    assert silence.wrongly == len(alarms)


def test_wrong_suspicion_makes_patient_and_is_forgotten() -> None:
    """The bound grows with each, up to a limit, and comes back within some hours."""
    pace = Pace(SECOND_NS // 100)
    before = pace.bound_ns
    assert before == FLOOR_NS
    for _ in range(20):
        pace.was_wrongly_suspected()
    assert pace.bound_ns == before * PATIENCE_MAX
    for _ in range(300):
        pace.learn(6_000, MINUTE_NS, SECOND_NS // 10)
    assert pace.bound_ns < before * 1.1


@given(
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 10 * MINUTE_NS), st.integers(0, HOUR_NS)), max_size=50)
)
def test_the_bound_is_always_within_its_limits(stretches: list[tuple[int, int, int]]) -> None:
    """Whatever is learned, the bound lies between 1.5 s and an hour, and is finite."""
    pace = Pace(1)
    for messages, elapsed, widest in stretches:
        pace.learn(messages, elapsed, widest)
        assert FLOOR_NS <= pace.bound_ns <= CEILING_NS
        assert pace.is_active == (TIMES * pace.usual_gap_ns <= FLOOR_NS)


# --- splices ----------------------------------------------------------------------------------------------------------


@given(
    begun=st.integers(0, 30),
    numbers=st.lists(st.integers(1, 3), min_size=1, max_size=40),
    order=st.lists(st.booleans(), max_size=80),
    old_says=st.integers(0, 40),
)
def test_any_interleaving_of_two_connections_is_one_stream(
    begun: int, numbers: list[int], order: list[bool], old_says: int
) -> None:
    """The new connection begins somewhere, the old one ends later: nothing missing, nothing twice, in order."""
    stream = np.cumsum(numbers).tolist()
    begun = min(begun, len(stream) - 1)
    old, new = deque(stream[: max(old_says, begun + 1)]), deque(stream[begun:])
    splice = Splice()
    got: list[object] = []
    for is_old in order:
        if is_old and old:
            number = old.popleft()
            got += splice.take_old(number, number)
        elif not is_old and new:
            number = new.popleft()
            got += splice.take_new(number, number)
        assert all(int(str(one)) < int(str(other)) for one, other in pairwise(got))
    while old:
        number = old.popleft()
        got += splice.take_old(number, number)
    while new:
        number = new.popleft()
        got += splice.take_new(number, number)
    assert got == stream
    assert splice.is_joined
    assert not splice.is_waiting


def test_messages_that_replace_each_other_change_at_once() -> None:
    """Without numbers the new connection is believed from its first message, and the old one no more."""
    splice = Splice()
    assert splice.take_old(UNNUMBERED, "a") == ("a",)
    assert splice.take_new(UNNUMBERED, "b") == ("b",)
    assert splice.take_old(UNNUMBERED, "c") == ()
    assert splice.take_new(UNNUMBERED, "d") == ("d",)
    assert splice.repeats == 1


def test_what_is_held_is_bounded_and_does_not_wait_for_ever() -> None:
    """One message more than the bound, or too long a wait, and the new connection is believed as it is."""
    splice = Splice()
    splice.take_old(1, 1)
    for number in range(10, 10 + HELD_MAX):
        assert splice.take_new(number, number) == ()
    assert len(splice.take_new(10 + HELD_MAX, 10 + HELD_MAX)) == HELD_MAX + 1
    other = Splice()
    other.take_new(5, "held")
    assert not other.is_stuck(SECOND_NS, SECOND_NS)
    assert not other.is_stuck(2 * SECOND_NS - 1, SECOND_NS)
    assert other.is_stuck(2 * SECOND_NS, SECOND_NS)
    assert other.force() == ("held",)
    assert not other.is_stuck(9 * SECOND_NS, SECOND_NS)


# --- queues -----------------------------------------------------------------------------------------------------------

MOVES = st.lists(st.one_of(st.just(None), st.integers(0, 5)), max_size=300)


@pytest.mark.requirement("prod_007", "I-9")
@given(moves=MOVES, capacity=st.integers(2, 9))
def test_what_must_not_be_dropped_never_is(moves: list[int | None], capacity: int) -> None:
    """Every message taken comes out once, in order; the rest was refused, and the producer knows."""
    queue: NeverDrop[int] = NeverDrop(capacity)
    model: deque[int] = deque()
    for at, move in enumerate(moves):
        if move is None:
            assert queue.take() == (model.popleft() if model else None)
        elif queue.offer(at) == TAKEN:
            model.append(at)
        else:
            assert len(model) == capacity
            assert queue.is_pressed
        assert len(queue) == len(model) <= capacity
        assert queue.is_pressed or len(model) < capacity
        assert not queue.is_pressed or len(model) > capacity // 2
    assert queue.highest <= capacity


@pytest.mark.requirement("prod_007", "I-9")
@given(moves=MOVES, capacity=st.integers(2, 9))
def test_the_newest_stay_and_the_dropped_are_counted(moves: list[int | None], capacity: int) -> None:
    """As a bounded deque; taken plus waiting plus dropped is everything."""
    queue: DropOldest[int] = DropOldest(capacity)
    model: deque[int] = deque(maxlen=capacity)
    offered = taken = 0
    for at, move in enumerate(moves):
        if move is None:
            taken += bool(model)
            assert queue.take() == (model.popleft() if model else None)
        else:
            full = len(model) == capacity
            model.append(at)
            offered += 1
            assert queue.offer(at) == (DISPLACED if full else TAKEN)
        assert len(queue) == len(model)
    assert offered == taken + len(queue) + queue.dropped


@pytest.mark.requirement("prod_007", "I-9")
@given(moves=MOVES)
def test_a_book_that_waits_is_the_newest_of_its_instrument(moves: list[int | None]) -> None:
    """One state a key, the newest, in the order in which the keys began to wait."""
    queue: Conflate[int, int] = Conflate(6)
    model: dict[int, int] = {}
    replaced = 0
    for at, move in enumerate(moves):
        if move is None:
            expected = None
            if model:
                key = next(iter(model))
                expected = (key, model.pop(key))
            assert queue.take() == expected
        else:
            replaced += move in model
            assert queue.offer(move, at) == (REPLACED if move in model else TAKEN)
            model[move] = at
        assert len(queue) == len(model) <= 6
    assert queue.replaced == replaced


def test_queues_that_cannot_work_are_our_fault() -> None:
    """A capacity below two, more keys than were said, and what is full says so."""
    for make in (NeverDrop, DropOldest, Conflate):
        with pytest.raises(OurFault, match="a queue of 1"):
            make(1)
    books: Conflate[str, int] = Conflate(2)
    books.offer("a", 1)
    books.offer("b", 1)
    with pytest.raises(OurFault, match="more than 2 keys"):
        books.offer("c", 1)
    fills: NeverDrop[int] = NeverDrop(2)
    assert [fills.offer(at) for at in range(3)] == [TAKEN, TAKEN, FULL]
    assert fills.refused == 1
