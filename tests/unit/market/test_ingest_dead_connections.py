# SPDX-License-Identifier: Apache-2.0
"""Connections that acknowledge everything and say nothing, many in a row; and markets where nobody speaks at all."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot4.adapters.venues.binance.market.dialect import usual_gap_ns
from bot4.domain.values import MINUTE_NS, SECOND_NS
from bot4.market.ingest.session import Session
from bot4.market.ingest.silence import PATIENCE_CAP_NS
from bot4.market.ingest.spread import Limits
from tests.unit.market.streaming_venue import DIALS_IN_FIVE_MINUTES, MS, StreamingVenue

pytestmark = pytest.mark.requirement("WS_001", "P-07", "I-13")
FOUND_NS = 2 * SECOND_NS
HEALED_NS = 30 * SECOND_NS
DIALS_FOR_SILENCE = DIALS_IN_FIVE_MINUTES // 4
"""What a market where nobody speaks may cost in any five minutes, however wrong the guess at its pace was."""

SEEDS = st.integers(0, 2**32 - 1)
EVERY = 1_000_000


def venue_of(seed: int, limits: Limits | None = None) -> StreamingVenue:
    """Return a venue with a session of fixed chance."""
    return StreamingVenue(Session(limits or Limits(), np.random.Generator(np.random.PCG64(seed))))


def poisson(seed: int, mean_ns: float) -> Callable[[], int]:
    """Return a source of gaps between arrivals at random."""
    generator = np.random.Generator(np.random.PCG64(seed))
    return lambda: 1 + int(generator.exponential(mean_ns))


def speak(venue: StreamingVenue, gaps_ns: dict[str, float], seed: int) -> None:
    """Let topics speak at random for ever."""
    for at, (name, gap_ns) in enumerate(gaps_ns.items()):
        venue.publish_every(name, poisson(seed + at, gap_ns))


def most_dials(venue: StreamingVenue) -> int:
    """Return the most dials of any five minutes."""
    dials = np.array(venue.dials)
    return max(int(((dials >= at) & (dials < at + 5 * MINUTE_NS)).sum()) for at in dials)


@pytest.mark.requirement("I-11")
@given(
    seed=SEEDS,
    gap_ms=st.floats(4, 60),
    topics=st.integers(1, 4),
    in_a_row=st.integers(1, 9),
    primed_s=st.sampled_from([0, 20]),
)
@example(seed=1, gap_ms=50, topics=2, in_a_row=3, primed_s=0)
@example(seed=1, gap_ms=50, topics=1, in_a_row=9, primed_s=20)
@settings(max_examples=20)
def test_active_topics_are_found_silent_in_time_on_each_of_many_dead_connections(
    seed: int, gap_ms: float, topics: int, in_a_row: int, primed_s: int
) -> None:
    """The ninth in a row as soon as the first, its pace known or only guessed; the tenth, alive, follows in time."""
    venue = venue_of(seed)
    names = [f"t{at}" for at in range(topics)]
    speak(venue, dict.fromkeys(names, gap_ms * MS), seed)
    if primed_s:
        venue.want(*names, usual_gap_ns=int(gap_ms * MS))
        venue.run(primed_s * SECOND_NS)
        venue.lose(1)
    venue.dead_to_come = in_a_row
    if not primed_s:
        venue.want(*names, usual_gap_ns=int(gap_ms * MS))
    checked = len(venue.opened)
    for _ in range(in_a_row):
        while len(venue.opened) == checked:
            venue.run(10 * MS)
        checked += 1
        opened = venue.opened[-1]
        venue.run(opened + FOUND_NS - venue.now)
        was_cut = any(at >= opened for at, cut in venue.cuts if cut.reason == "silent")
        assert was_cut or venue.session.states()["silent"] == topics
    venue.run(venue.opened[-1] + HEALED_NS - venue.now)
    assert venue.dead_to_come == 0
    assert venue.session.states()["live"] == topics
    assert venue.breaches == []


@given(
    seed=SEEDS,
    symbols=st.integers(1, 3),
    fault_s=st.floats(1, 400),
    activity=st.sampled_from([0.01, 0.1, 1.0]),
    is_primed=st.booleans(),
)
@settings(max_examples=15)
def test_a_market_is_healed_within_thirty_seconds_after_its_faults_stop(
    seed: int, symbols: int, fault_s: float, activity: float, is_primed: bool
) -> None:
    """Every connection made during the fault stays dead; of the streams of a run, one after it carries them all."""
    venue = venue_of(seed)
    streams = ("bookTicker", "depth@100ms", "trade", "kline_1m")
    usual = {f"s{at}@{stream}": usual_gap_ns(stream) for at in range(symbols) for stream in streams}
    speak(venue, {name: activity * gap for name, gap in usual.items()}, seed)
    venue.dead_to_come = 0 if is_primed else EVERY
    for name, gap_ns in usual.items():
        venue.want(name, usual_gap_ns=gap_ns)
    if is_primed:
        venue.run(MINUTE_NS)
        venue.dead_to_come = EVERY
        venue.lose(1)
    venue.run(int(fault_s * SECOND_NS))
    venue.dead_to_come = 0
    venue.run(HEALED_NS)
    assert len(venue.wires) == 1
    assert not next(iter(venue.wires.values())).is_dead
    assert venue.breaches == []


@pytest.mark.requirement("P-14")
@given(
    seed=SEEDS,
    topics=st.integers(1, 30),
    guess_ms=st.sampled_from([50, 500, 2_000, 15_000]),
    mean_s=st.sampled_from([0.0, 1.0, 10.0, 60.0, 600.0]),
)
@example(seed=1, topics=1, guess_ms=50, mean_s=0.0)
@example(seed=1, topics=30, guess_ms=50, mean_s=600.0)
@settings(max_examples=12)
def test_a_quiet_market_is_not_flooded_with_dials(seed: int, topics: int, guess_ms: int, mean_s: float) -> None:
    """Taken for a busy one by a guess, speaking seldom or never: a quarter of what the venue allows at the most."""
    venue = venue_of(seed)
    names = [f"t{at}" for at in range(topics)]
    venue.want(*names, usual_gap_ns=guess_ms * MS)
    if mean_s:
        speak(venue, dict.fromkeys(names, mean_s * SECOND_NS), seed)
    venue.run(20 * MINUTE_NS)
    assert most_dials(venue) <= DIALS_FOR_SILENCE
    assert venue.breaches == []


@pytest.mark.requirement("P-14")
@pytest.mark.parametrize("links", [1, 8])
def test_where_nobody_speaks_each_connection_is_dialed_at_most_six_times_a_minute(links: int) -> None:
    """Once its patience has grown; all connections together stay within what the venue allows."""
    venue = venue_of(links, Limits(topics_per_link=2, links_max=8))
    venue.want(*[f"t{at}" for at in range(2 * links)], usual_gap_ns=50 * MS)
    venue.run(30 * MINUTE_NS)
    late = [at for at in venue.dials if at >= venue.dials[0] + MINUTE_NS]
    assert 0 < len(late) <= links * 29 * MINUTE_NS / (PATIENCE_CAP_NS // 2)
    assert venue.breaches == []


def test_a_connection_that_has_spoken_is_cut_at_once_whatever_came_before() -> None:
    """After five dead ones in a row a good one; when that falls silent, patience begins anew."""
    venue = venue_of(7)
    names = ["a", "b", "c"]
    speak(venue, dict.fromkeys(names, 20 * MS), 7)
    venue.dead_to_come = 5
    venue.want(*names, usual_gap_ns=20 * MS)
    venue.run(2 * MINUTE_NS)
    assert venue.session.states()["live"] == 3
    (link,) = venue.wires
    assert venue.session.links[link].vain == 5
    venue.wires[link].is_dead = True
    since = venue.now
    venue.run(FOUND_NS)
    assert [cut.reason for at, cut in venue.cuts if at > since] == ["silent"]
    assert venue.session.links[link].vain == 0
    venue.run(3 * SECOND_NS)
    assert venue.session.states()["live"] == 3
