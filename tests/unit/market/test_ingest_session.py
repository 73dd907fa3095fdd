# SPDX-License-Identifier: Apache-2.0
"""The session logic against an imagined venue in simulated time: reconnects, rollovers, silence, limits."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot4.domain.errors import OurFault
from bot4.domain.values import MINUTE_NS, SECOND_NS
from bot4.market.ingest.life import DRAINING
from bot4.market.ingest.session import TICK_NS, Session
from bot4.market.ingest.spread import Limits
from bot4.market.ingest.steps import INTERRUPTED, REFUSED, RESUMED, SILENT, Ask, Cut, Dial, Told
from tests.unit.market.streaming_venue import MS, StreamingVenue

pytestmark = pytest.mark.requirement("WS_001")
QUICK = Limits(
    life_ns=60 * SECOND_NS,
    rollover_ns=20 * SECOND_NS,
    drain_ns=10 * SECOND_NS,
    links_max=4,
    topics_per_link=20,
)
FOUND_NS = 2 * SECOND_NS
BACK_NS = 5 * SECOND_NS
SEEDS = st.integers(0, 2**32 - 1)


def session(limits: Limits | None = None, seed: int = 7) -> Session:
    """Return a session whose chance is fixed."""
    return Session(limits or Limits(), np.random.Generator(np.random.PCG64(seed)))


def poisson(seed: int, mean_ns: float) -> Callable[[], int]:
    """Return a source of gaps between arrivals at random."""
    generator = np.random.Generator(np.random.PCG64(seed))
    return lambda: 1 + int(generator.exponential(mean_ns))


def busy(venue: StreamingVenue, *names: str, gap_ms: float = 50, seed: int = 3) -> None:
    """Want topics that speak at random, and let time pass until their pace is known."""
    venue.want(*names, usual_gap_ns=int(gap_ms * MS))
    for at, name in enumerate(names):
        venue.publish_every(name, poisson(seed + at, gap_ms * MS))
    venue.run(20 * SECOND_NS)


def check_whole(venue: StreamingVenue) -> None:
    """Check that each topic was delivered without a gap, a repeat or a step back, from its first message on."""
    for name, numbers in venue.delivered.items():
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), name


def test_the_first_try_is_at_once_and_everything_is_asked_for() -> None:
    """Wanting a topic dials, opening asks, data flows; the book of subscriptions says so."""
    venue = StreamingVenue(session())
    venue.want("a")
    assert venue.dials == [venue.now]
    venue.publish_every("a", poisson(1, 50 * MS))
    venue.run(31 * MS)
    assert venue.session.states() == {"wanted": 0, "sent": 1, "acknowledged": 0, "live": 0, "silent": 0}
    venue.run(SECOND_NS)
    assert venue.session.states()["live"] == 1
    assert venue.delivered["a"]
    check_whole(venue)


@pytest.mark.requirement("WS_001", "I-13")
@given(seed=SEEDS, lived_s=st.floats(0.1, 30), outage_s=st.floats(0, 200), links=st.integers(1, 8))
@settings(max_examples=20)
def test_a_venue_that_is_up_again_is_connected_within_five_seconds(
    seed: int, lived_s: float, outage_s: float, links: int
) -> None:
    """After an outage of any length every connection is open again in time, and the venue never had to ban us."""
    venue = StreamingVenue(session(Limits(topics_per_link=1, links_max=8), seed))
    names = [f"t{at}" for at in range(links)]
    venue.want(*names, usual_gap_ns=MINUTE_NS)  # so that no silence of theirs means anything here
    venue.run(int(lived_s * SECOND_NS))
    venue.is_up = False
    for link in list(venue.wires):
        venue.lose(link)
    venue.run(int(outage_s * SECOND_NS))
    venue.is_up = True
    up = venue.now
    venue.run(BACK_NS)
    assert len(venue.wires) == links
    assert all(at - up <= BACK_NS for at in venue.opened[-links:])
    assert venue.breaches == []
    assert [venue.whats(name).count(INTERRUPTED) for name in names] == [1] * links


def test_a_connection_that_lasted_is_dialed_again_at_once() -> None:
    """No wait before the first try, and a venue's own word to stay away is kept."""
    venue = StreamingVenue(session())
    busy(venue, "a")
    venue.lose(1)
    venue.run(1)
    assert venue.dials[-1] == venue.now - 1
    venue.run(20 * SECOND_NS)
    del venue.wires[1]
    venue.obey(venue.session.lost(1, venue.now, hold_ns=30 * SECOND_NS))
    at = venue.now
    venue.run(40 * SECOND_NS)
    assert 30 * SECOND_NS <= venue.dials[-1] - at <= 31 * SECOND_NS


@pytest.mark.requirement("WS_001", "prod_005")
@given(
    seed=SEEDS,
    delays=st.lists(st.integers(1, 400), min_size=2, max_size=7),
    mean_ms=st.floats(20, 3_000),
    topics=st.integers(1, 30),
)
@example(seed=148648, delays=[1, 107, 32], mean_ms=1913.0, topics=20)
@settings(max_examples=12)
def test_rollover_loses_nothing_and_keeps_the_order(seed: int, delays: list[int], mean_ms: float, topics: int) -> None:
    """Connections are replaced before the venue cuts them, each message comes once and in order, quick or slow."""
    venue = StreamingVenue(session(QUICK, seed), delays_ms=delays, life_ns=QUICK.life_ns)
    names = [f"t{at}" for at in range(topics)]
    venue.want(*names, usual_gap_ns=int(mean_ms * MS))
    for at, name in enumerate(names):
        venue.publish_every(name, poisson(seed + at, mean_ms * (1 + at % 3) * MS))
    venue.run(130 * SECOND_NS)
    check_whole(venue)
    assert [told for _, told in venue.told if told.what == INTERRUPTED] == []
    assert len(venue.opened) >= 3 * -(-topics // QUICK.topics_per_link)
    assert {cut.reason for _, cut in venue.cuts} == {"replaced"}
    assert venue.breaches == []
    for name in names:
        assert not venue.delivered[name] or len(venue.sent[name]) - venue.delivered[name][-1] <= 1_000


def test_an_old_connection_that_is_cut_early_is_told_of() -> None:
    """Where the venue cuts before the successor has caught up, the gap is not hidden."""
    venue = StreamingVenue(session(QUICK), delays_ms=(5, 900), life_ns=0)
    busy(venue, "a")
    venue.obey(venue.session.retire(1))
    venue.run(TICK_NS + 940 * MS)
    assert venue.session.links[1].state == DRAINING
    venue.lose(1)
    venue.run(10 * SECOND_NS)
    assert venue.whats("a") == [INTERRUPTED]
    assert venue.delivered["a"] == sorted(set(venue.delivered["a"]))
    assert len(venue.session.links) == 1


def test_a_successor_that_is_lost_leaves_the_old_one_speaking() -> None:
    """The new connection breaks while the old one still speaks: nothing is missed, and it is replaced after all."""
    venue = StreamingVenue(session(QUICK), delays_ms=(5, 900, 900, 5))
    busy(venue, "a", "b")
    venue.obey(venue.session.retire(1))
    venue.run(1_500 * MS)
    assert sorted(venue.wires) == [1, 2]
    venue.lose(2)
    venue.run(30 * SECOND_NS)
    check_whole(venue)
    assert list(venue.session.links) == [2]
    assert venue.told == []


def test_a_venue_that_says_it_will_close_is_left_at_once() -> None:
    """The successor is dialed with the next tick."""
    venue = StreamingVenue(session())
    busy(venue, "a")
    venue.obey(venue.session.retire(1))
    venue.run(TICK_NS)
    assert len(venue.dials) == 2
    venue.run(5 * SECOND_NS)
    check_whole(venue)
    assert list(venue.session.links) == [2]


@pytest.mark.requirement("P-07", "I-11")
@given(seed=SEEDS, gap_ms=st.floats(4, 60), others=st.integers(0, 3), begun=st.booleans())
@settings(max_examples=15)
def test_an_active_subscription_that_falls_silent_is_found_within_two_seconds(
    seed: int, gap_ms: float, others: int, begun: bool
) -> None:
    """Acknowledged, and the venue has forgotten it, from the start or later: told in time, asked for anew, healed."""
    venue = StreamingVenue(session(seed=seed))
    names = ["a", *(f"b{at}" for at in range(others))]
    if begun:
        busy(venue, *names, gap_ms=gap_ms, seed=seed)
        since = venue.now
    else:
        venue.forgotten.add((1, "a"))
        venue.want(*names, usual_gap_ns=int(gap_ms * MS))
        for at, name in enumerate(names):
            venue.publish_every(name, poisson(seed + at, gap_ms * MS))
        venue.run(40 * MS)
        since = venue.now
    venue.forgotten.add((1, "a"))
    venue.run(10 * SECOND_NS)
    (found, told), *_ = [(at, one) for at, one in venue.told if one.topic == "a"]
    assert told.what == SILENT
    assert found - since <= FOUND_NS
    assert told.silent_ns > told.bound_ns
    assert venue.whats("a") == [SILENT, RESUMED]
    assert venue.session.states()["live"] == 1 + others
    assert not any(name in names[1:] for name in (one.topic for _, one in venue.told))
    assert venue.breaches == []


@pytest.mark.requirement("P-07")
def test_a_subscription_that_only_a_fresh_connection_heals_gets_one() -> None:
    """Asked for anew in vain, the connection is replaced; the other topics miss nothing by it."""
    venue = StreamingVenue(session())
    busy(venue, "a", "b", "c")
    venue.mute.add("a")
    venue.run(9 * SECOND_NS)
    assert venue.whats("a") == [SILENT]
    assert list(venue.session.links) == [2]
    venue.mute.clear()
    venue.run(SECOND_NS)
    assert venue.whats("a") == [SILENT, RESUMED]
    del venue.delivered["a"]
    check_whole(venue)


@pytest.mark.requirement("P-07", "P-14")
def test_a_topic_that_stays_silent_costs_little() -> None:
    """A symbol that is no longer traded is asked for ever more seldom, and its connection is replaced once."""
    venue = StreamingVenue(session())
    busy(venue, "a", "b", "c")
    venue.mute.add("a")
    venue.run(60 * MINUTE_NS)
    assert venue.whats("a")[0] == SILENT
    assert len(venue.opened) == 2
    assert venue.breaches == []
    assert venue.whats("b") == venue.whats("c") == []


@pytest.mark.requirement("P-07")
def test_a_half_open_connection_is_cut_by_its_busy_topics() -> None:
    """Everything is silent at once: the connection is given up without waiting for each topic."""
    venue = StreamingVenue(session())
    busy(venue, *"abcd")
    for name in "abcd":
        venue.forgotten.add((1, name))
    since = venue.now
    venue.run(FOUND_NS)
    (at, cut), *_ = venue.cuts
    assert cut.reason == "silent"
    assert at - since <= FOUND_NS
    venue.forgotten.clear()
    venue.run(BACK_NS)
    assert venue.session.states()["live"] == 4


@pytest.mark.requirement("P-07", "I-11")
def test_our_own_pause_is_not_their_silence() -> None:
    """A blocked loop or a sleeping machine proves nothing: no topic is suspected for it."""
    venue = StreamingVenue(session())
    busy(venue, *"abcd")
    venue.now += 10 * MINUTE_NS
    venue._later = [(due + 10 * MINUTE_NS, at, call) for due, at, call in venue._later]
    venue.run(10 * SECOND_NS)
    assert venue.told == []
    assert venue.session.silence.pauses == 1


def test_the_culprit_of_a_refused_request_is_found() -> None:
    """One unknown symbol among many: it alone is refused, the rest is live, within the venue's rate."""
    venue = StreamingVenue(session(Limits(topics_per_ask=10)))
    names = [f"t{at}" for at in range(35)]
    venue.refuses = {"t7"}
    for at, name in enumerate(names):
        venue.publish_every(name, poisson(at, 100 * MS))
    venue.want(*names)
    venue.run(30 * SECOND_NS)
    assert [(told.topic, told.what, told.detail) for _, told in venue.told] == [("t7", REFUSED, "unknown symbol")]
    assert venue.session.states()["live"] == 34
    assert venue.breaches == []
    venue.refuses = set()
    venue.want("t7")
    venue.run(3 * SECOND_NS)
    assert venue.session.states()["live"] == 35


def test_a_topic_that_is_refused_while_its_connection_is_replaced_is_gone() -> None:
    """Delisted between two connections: it leaves the old one too, and the rest moves on whole."""
    venue = StreamingVenue(session(Limits(topics_per_ask=10)))
    busy(venue, "a", "b", "c")
    venue.refuses = {"b"}
    venue.obey(venue.session.retire(1))
    venue.run(10 * SECOND_NS)
    assert venue.whats("b") == [REFUSED]
    assert venue.whats("a") == venue.whats("c") == []
    assert list(venue.session.topics) == ["a", "c"]
    assert venue.session.states()["live"] == 2
    check_whole(venue)


def test_topics_are_spread_by_weight_and_refused_where_there_is_no_room() -> None:
    """Heavy topics get connections of their own, light ones the lightest; beyond the last place a topic is refused."""
    live = session(Limits(links_max=3, topics_per_link=4, weight_per_link=10.0))
    for name, weight in [("big", 9.0), ("huge", 20.0), *((f"s{at}", 1.0) for at in range(6))]:
        live.want(name, 0, weight=weight)
    by_link = {number: sorted(link.seats) for number, link in live.links.items()}
    assert (
        by_link == {1: ["big", "s0", "s4", "s5"], 2: ["huge"], 3: ["s1", "s2", "s3"]}
        or sum(map(len, by_link.values())) == 8
    )
    assert max(len(topics) for topics in by_link.values()) <= 4
    assert "big" not in by_link[next(number for number, topics in by_link.items() if "huge" in topics)]
    for at in range(4):
        assert not any(isinstance(step, Told) for step in live.want(f"u{at}", 0))
    (refused,) = live.want("one more", 0)
    assert isinstance(refused, Told)
    assert (refused.what, refused.detail) == (REFUSED, "no room: 3 connections of 4 topics")
    assert "one more" not in live.topics


def test_a_request_without_a_reply_ends_the_connection() -> None:
    """A socket that takes our requests and answers nothing is half open."""
    live = session()
    live.want("a", 0)
    steps = live.opened(1, 0)
    assert [type(step) for step in steps] == [Ask]
    assert live.advance(Limits().reply_ns - 1) == []
    assert [type(step) for step in live.advance(Limits().reply_ns)] == [Cut, Told]
    assert any(isinstance(step, Dial) for step in live.advance(Limits().reply_ns + SECOND_NS))


@pytest.mark.requirement("I-9", "P-08", "P-15")
def test_a_thousand_resubscribes_leave_nothing_behind() -> None:
    """Topics that come and go leave no place, no request and no weight."""
    venue = StreamingVenue(session())
    busy(venue, "stays")
    for at in range(1_000):
        name = f"t{at % 7}"
        venue.want(name)
        venue.run(300 * MS)
        venue.obey(venue.session.unwant(name, venue.now))
        venue.run(700 * MS)
    link = venue.session.links[1]
    assert list(venue.session.topics) == list(link.seats) == ["stays"]
    assert link.weight == pytest.approx(1.0)
    assert not link.asked
    assert not link.leaving
    assert not link.wanting
    assert list(venue.wires[1].topics) == ["stays"]
    assert venue.breaches == []
    check_whole(venue)


def test_giving_everything_up_closes_the_connections() -> None:
    """What nobody wants is closed, at any moment of its life; after the end nothing is dialed."""
    venue = StreamingVenue(session(QUICK))
    venue.want("a")
    venue.obey(venue.session.unwant("a", venue.now))
    venue.run(SECOND_NS)
    assert (venue.session.links, venue.wires) == ({}, {})
    busy(venue, "a", "b")
    venue.obey(venue.session.retire(2))
    venue.run(TICK_NS)
    assert len(venue.session.links) == 2
    venue.obey(venue.session.shut(venue.now))
    assert venue.session.links == {}
    assert venue.session.want("c", venue.now) == []
    dials = len(venue.dials)
    venue.run(10 * SECOND_NS)
    assert (len(venue.dials), venue.wires) == (dials, {})


CALLS = st.lists(
    st.tuples(
        st.sampled_from(["want", "unwant", "opened", "lost", "replied", "refused", "retire", "data", "advance"]),
        st.integers(1, 6),
        st.integers(0, 5 * SECOND_NS),
    ),
    max_size=120,
)


@given(calls=CALLS, seed=SEEDS)
@settings(max_examples=150)
def test_no_order_of_happenings_breaks_the_book(calls: list[tuple[str, int, int]], seed: int) -> None:
    """Late, repeated and senseless reports are taken; places, weights and connections always agree."""
    live = session(QUICK, seed)
    now = 0
    for call, number, passed in calls:
        now += passed
        name = f"t{number}"
        match call:
            case "want":
                live.want(name, now)
            case "unwant":
                live.unwant(name, now)
            case "opened":
                live.opened(number, now)
            case "lost":
                live.lost(number, now)
            case "replied" | "refused":
                link = live.links.get(number)
                request = next(iter(link.asked), 99) if link else 99
                live.replied(number, request, now, refusal="no" if call == "refused" else "")
            case "retire":
                live.retire(number)
            case "data":
                assert len(live.admit(number, name, now, now, now)) <= 1 + passed
            case "advance":
                live.advance(now)
        check_book(live)


def check_book(live: Session) -> None:
    """Check that topics, places and connections are one story."""
    for name, topic in live.topics.items():
        assert 1 <= len(topic.seats) <= 2
        for seat in topic.seats:
            assert live.links[seat.link.number].seats[name] is seat
    for link in live.links.values():
        assert link.seats
        assert link.weight == pytest.approx(sum(seat.topic.weight for seat in link.seats.values()))
        assert set(link.wanting) <= set(link.seats)
        assert all(live.topics[name].seats for name in link.seats)
    assert sum(link.state != DRAINING for link in live.links.values()) <= QUICK.links_max


def test_limits_that_contradict_each_other_are_our_fault() -> None:
    """A connection that would be replaced after its end, or that carries nothing, is refused."""
    with pytest.raises(OurFault, match="before its life ends"):
        Limits(life_ns=MINUTE_NS)
    with pytest.raises(OurFault, match="no topic"):
        Limits(topics_per_link=0)
