# SPDX-License-Identifier: Apache-2.0
"""The venue's time: true whatever the network does, and after any jump again within one sample."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.adapters.venues.kit.clock import KEPT_MAX, MS, SECOND, ClockOffset, ClockSample, Taken

LATENCY = st.integers(0, 2_000 * MS)
GAPS = st.integers(0, 120 * SECOND)
START = 1_000 * SECOND
EPOCH = 1_700_000_000 * SECOND


def asked(at: int, there: int, back: int, offset: int, ppm: int = 0) -> ClockSample:
    """Return a sample of a venue whose clock is the local one plus an offset that drifts, cut to ms."""
    read = at + there
    server = read + offset + (read - START) * ppm // 1_000_000
    return ClockSample(at, read + back, server // MS)


@pytest.mark.requirement("P-13", "P2-4")
@given(
    offset=st.integers(-(10**12), EPOCH),
    ppm=st.integers(-400, 400),
    trips=st.lists(st.tuples(GAPS, LATENCY, LATENCY), min_size=1, max_size=3 * KEPT_MAX),
    later=GAPS,
)
def test_the_true_offset_is_always_inside(offset: int, ppm: int, trips: list[tuple[int, int, int]], later: int) -> None:
    """However lopsided the trips, and with drift below the allowance, the truth is inside and nothing jumps."""
    clock, at = ClockOffset(), START
    for gap, there, back in trips:
        at += gap
        sample = asked(at, there, back, offset, ppm)
        at = sample.received_ns
        assert clock.take(sample) is Taken.KEPT
        low, high = clock.bounds(at) or (0, 0)
        assert low <= offset + (at - START) * ppm // 1_000_000 <= high
        assert high - low <= there + back + 2 * MS + 2 * ((there + back) * 500 // 1_000_000 + 1)
    at += later
    true_ns = at + offset + (at - START) * ppm // 1_000_000
    stamp = clock.stamp_ms(at) or 0
    assert stamp * MS < true_ns + 1_000 * MS
    assert clock.jumps == 0


@pytest.mark.requirement("P-13")
@given(
    offset=st.integers(0, EPOCH),
    jump=st.integers(10 * SECOND, 3600 * SECOND) | st.integers(-3600 * SECOND, -10 * SECOND),
    trips=st.lists(st.tuples(LATENCY, LATENCY), min_size=1, max_size=10),
)
def test_a_jump_is_seen_by_the_next_sample(offset: int, jump: int, trips: list[tuple[int, int]]) -> None:
    """After ten seconds to an hour either way, one sample shows it and is believed alone."""
    clock, at = ClockOffset(), START
    for there, back in trips:
        clock.take(asked(at, there, back, offset))
        at += there + back + MS
    there, back = trips[0]
    sample = asked(at, there, back, offset + jump)
    assert clock.take(sample) is Taken.JUMPED
    low, high = clock.bounds(sample.received_ns) or (0, 0)
    assert low <= offset + jump <= high
    assert clock.jumps == 1


@given(fast=st.integers(0, 5 * MS), slow=st.lists(LATENCY, min_size=1, max_size=8))
def test_the_quickest_trip_decides(fast: int, slow: list[int]) -> None:
    """One quick reply among slow ones bounds the error by its own round trip."""
    clock, at = ClockOffset(), START
    for number, back in enumerate([*slow, 0]):
        there = fast if number == len(slow) // 2 else 50 * MS
        sample = asked(at, there, 0 if there == fast else back, EPOCH)
        at = sample.received_ns
        clock.take(sample)
    low, high = clock.bounds(at) or (0, 0)
    assert high - low <= fast + MS + 2 * (20 * SECOND * 500 // 1_000_000)


@pytest.mark.requirement("P-13")
@pytest.mark.parametrize(
    ("wall_off", "words"),
    [
        (0, ""),
        (SECOND - 2 * MS, ""),
        (-SECOND + 2 * MS, ""),
        (SECOND + 2 * MS, "1.0 s ahead of"),
        (-SECOND - 2 * MS, "1.0 s behind"),
        (3600 * SECOND, "3600.0 s ahead of"),
        (-3600 * SECOND, "3600.0 s behind"),
    ],
)
def test_a_machine_more_than_a_second_off_does_not_start(wall_off: int, words: str) -> None:
    """The refusal says how far, which way, and what to do; a stamp is right all the same."""
    clock = ClockOffset()
    clock.take(asked(START, MS // 4, MS // 4, EPOCH))
    now = START + MS
    objection = clock.objection(now + EPOCH + wall_off, now)
    assert (objection is None) == (words == "")
    if objection is not None:
        assert words in objection.value
        assert "NTP" in objection.mend
    assert abs((clock.stamp_ms(now) or 0) - (now + EPOCH) // MS) <= 2


def test_without_a_sample_nothing_is_claimed() -> None:
    """No stamp, no time, a refusal to start; a reply before its request, or an older one, is of no use."""
    clock = ClockOffset()
    assert clock.stamp_ms(START) is clock.server_ns(START) is clock.drift_ppm(START) is None
    objection = clock.objection(EPOCH, START)
    assert objection is not None and objection.code == "clock_unknown"
    assert clock.is_due(START)
    assert clock.take(ClockSample(START, START - 1, 0)) is Taken.USELESS
    clock.take(asked(START, MS, MS, EPOCH))
    assert clock.take(asked(START - SECOND, 0, 0, EPOCH)) is Taken.USELESS
    clock.doubt()
    assert clock.bounds(START) is None


def test_time_is_asked_in_a_burst_then_each_minute_and_sooner_while_unsure() -> None:
    """Five samples at first; then one a minute, or after five seconds while the interval is wide."""
    clock = ClockOffset()
    at = START
    for _ in range(5):
        assert clock.is_due(at)
        clock.take(asked(at, MS, MS, EPOCH))
        at += 2 * MS
    assert not clock.is_due(at)
    assert clock.is_due(at + 60 * SECOND)
    unsure = ClockOffset()
    for step in range(5):
        unsure.take(asked(START + step, 700 * MS, 700 * MS, EPOCH))
    assert not unsure.is_due(START + 2 * SECOND)
    assert unsure.is_due(START + 7 * SECOND)


def test_a_steady_drift_is_measured() -> None:
    """Ten minutes of a clock 100 ppm fast read as 100 ppm, to the accuracy of whole milliseconds."""
    clock = ClockOffset()
    for minute in range(10):
        clock.take(asked(START + minute * 60 * SECOND, MS, MS, EPOCH, 100))
    drift = clock.drift_ppm(START + 600 * SECOND)
    assert drift is not None and abs(drift - 100) < 5
