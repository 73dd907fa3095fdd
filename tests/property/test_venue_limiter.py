# SPDX-License-Identifier: Apache-2.0
"""The limiter against a model venue that counts in fixed windows and bans: never refused alone, never banned at all."""

import heapq
from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.adapters.venues.kit.allowance import MARGIN_MS, NEVER, Allowance, Cost, Limit, Unit
from bot4.adapters.venues.kit.answers import Answer, Outcome, Remedy
from bot4.adapters.venues.kit.limiter import LAPSE_MS, PROBE_MS, Grant, Hold, Limiter, Urgency, limiter_of

WEIGHT = Limit(Unit.WEIGHT, 60_000, 200)
ORDERS = Limit(Unit.ORDERS, 10_000, 20)
DAY = Limit(Unit.ORDERS, 86_400_000, 400)
RAW = Limit(Unit.REQUESTS, 300_000, 500)
LIMITS = (WEIGHT, ORDERS, DAY, RAW)
START = 1_700_000_000_000


@dataclass
class Venue:
    """Count each request where it lands, refuse what is too much, ban who goes on after a refusal reached him."""

    used: dict[tuple[Limit, int], int] = field(default_factory=dict)
    quiet_from: int = NEVER
    quiet_until: int = 0
    refused: int = 0
    bans: int = 0

    def receive(self, sent: int, now: int, cost: Cost) -> tuple[int, dict[Limit, int]]:
        """Return 0, or until when to wait; and the counts as a header would tell them."""
        self.bans += self.quiet_from < sent < self.quiet_until
        until = 0
        for limit in LIMITS:
            key = (limit, now // limit.interval_ms)
            if cost.of(limit.unit) and self.used.get(key, 0) + cost.of(limit.unit) > limit.most:
                until = max(until, (now // limit.interval_ms + 1) * limit.interval_ms)
            self.used[key] = self.used.get(key, 0) + cost.of(limit.unit)
        self.refused += until > 0
        return until, {limit: self.used[limit, now // limit.interval_ms] for limit in LIMITS}

    def silence(self, now: int, until: int) -> None:
        """Note that a refusal has reached the client, who is to be quiet from now on."""
        self.quiet_from = now if now >= self.quiet_until else min(self.quiet_from, now)
        self.quiet_until = max(self.quiet_until, until)


@dataclass(frozen=True)
class Wish:
    """A request that someone would send: how long after the last, its cost, its way there and back, its header."""

    gap: int
    cost: Cost
    urgency: Urgency
    there: int
    back: int
    says: bool


WISHES = st.builds(
    Wish,
    gap=st.integers(0, 400) | st.integers(0, 9_000),
    cost=st.builds(Cost, weight=st.integers(0, 40), orders=st.integers(0, 2)),
    urgency=st.sampled_from(Urgency),
    there=st.integers(0, 3_000),
    back=st.integers(0, 3_000),
    says=st.booleans(),
)


def drive(
    wishes: list[Wish], *, clock_off: int, others: list[int], orders_first: bool = False
) -> tuple[Venue, Limiter]:
    """Send what the limiter lets through, in the order of arrivals; others spend weight of the same address unseen."""
    venue = Venue()
    limiter = Limiter(Allowance((WEIGHT, RAW)), Allowance((ORDERS, DAY)))
    moments: list[tuple[int, int, str, object]] = []
    order, at = count(), START
    for number, wish in enumerate(wishes):
        at += wish.gap
        heapq.heappush(moments, (at, next(order), "wish", wish))
        if others:
            spent = Cost(weight=others[number % len(others)])
            heapq.heappush(moments, (at, next(order), "other", spent))
    while moments:
        now, _, what, thing = heapq.heappop(moments)
        if what == "other" and isinstance(thing, Cost):
            venue.used[WEIGHT, now // 60_000] = venue.used.get((WEIGHT, now // 60_000), 0) + thing.weight
        elif what == "wish" and isinstance(thing, Wish):
            grant = limiter.ask(now + clock_off, thing.cost, thing.urgency)
            if isinstance(grant, Grant):
                heapq.heappush(moments, (now + thing.there, next(order), "land", (grant, thing, now)))
            else:
                assert grant.until_ms > now + clock_off
        elif what == "land" and isinstance(thing, tuple):
            grant, wish, sent = thing
            until, told = venue.receive(sent, now, wish.cost)
            heapq.heappush(moments, (now + wish.back, next(order), "reply", (grant, wish, until, told)))
        elif isinstance(thing, tuple):
            grant, wish, until, told = thing
            limiter.settle(grant, now + clock_off, told if wish.says else None)
            if until:
                limiter.obey(Answer(Outcome.REJECTED, Remedy.BACK_OFF, "too_much_weight", until_ms=until + clock_off))
                venue.silence(now, until)
    return venue, limiter


@pytest.mark.requirement("P-14")
@given(wishes=st.lists(WISHES, min_size=30, max_size=150), clock_off=st.integers(-MARGIN_MS, MARGIN_MS))
def test_alone_on_its_address_it_is_never_refused(wishes: list[Wish], clock_off: int) -> None:
    """Whatever the latencies, the missing headers and the clock's error: no window of the venue overflows."""
    venue, limiter = drive(wishes, clock_off=clock_off, others=[])
    assert (venue.refused, venue.bans) == (0, 0)
    assert limiter.open_requests() == 0


@pytest.mark.requirement("P-14")
@given(wishes=st.lists(WISHES, min_size=30, max_size=150), others=st.lists(st.integers(0, 60), min_size=1, max_size=9))
def test_beside_others_on_its_address_it_is_refused_but_never_banned(wishes: list[Wish], others: list[int]) -> None:
    """Others may use the address up; after the first refusal nothing leaves until the venue's moment."""
    venue, _ = drive(wishes, clock_off=0, others=others)
    assert venue.bans == 0


def test_the_model_bans_those_who_do_not_listen() -> None:
    """The same traffic without a limiter is refused and banned, so that the tests above can fail."""
    venue = Venue()
    for step in range(400):
        until, _ = venue.receive(START + step, START + step, Cost(weight=1))
        if until:
            venue.silence(START + step, until)
    assert venue.refused > 0 and venue.bans > 0


@pytest.mark.requirement("P-14")
@given(costs=st.lists(st.integers(1, 30), min_size=20, max_size=60))
def test_a_fifth_is_left_for_cancels_and_stops(costs: list[int]) -> None:
    """However much ordinary traffic asks for, protection may still spend what it left, and no more than the limit."""
    limiter = Limiter(Allowance((WEIGHT,)), Allowance(()))
    now = START // 60_000 * 60_000 + 1_000
    spent = 0
    for cost in costs:
        spent += cost if isinstance(limiter.ask(now, Cost(cost)), Grant) else 0
    assert spent <= 160
    left = 0
    while isinstance(limiter.ask(now, Cost(1), Urgency.PROTECTIVE), Grant):
        left += 1
    assert left == 200 - spent >= 40


def test_the_header_is_the_truth() -> None:
    """Successful orders cost nothing: the venue's count says what is left; another's spending shows at once."""
    limiter = Limiter(Allowance((WEIGHT,)), Allowance(()))
    now = START // 60_000 * 60_000 + 1_000
    for step in range(500):
        grant = limiter.ask(now + step, Cost(1))
        assert isinstance(grant, Grant)
        limiter.settle(grant, now + step, {WEIGHT: 3})
    grant = limiter.ask(now + 600, Cost(1))
    assert isinstance(grant, Grant)
    limiter.settle(grant, now + 600, {WEIGHT: 160})
    held = limiter.ask(now + 700, Cost(1))
    assert isinstance(held, Hold)
    assert held.until_ms == now - 1_000 + 60_000 + MARGIN_MS


@pytest.mark.requirement("P-14")
def test_a_ban_stops_all_but_a_slow_try_of_protection() -> None:
    """Ordinary requests wait for its end; a stop or a cancel may try each ten seconds."""
    limiter = Limiter(Allowance((WEIGHT,)), Allowance((ORDERS,)))
    limiter.obey(Answer(Outcome.REJECTED, Remedy.BACK_OFF, "banned", until_ms=START + 100_000))
    assert limiter.ask(START, Cost(1)) == Hold(START + 100_000, "limit.banned", 100_000)
    tries = [
        at
        for at in range(START, START + 100_000, 500)
        if isinstance(limiter.ask(at, Cost(), Urgency.PROTECTIVE), Grant)
    ]
    assert tries == list(range(START, START + 100_000, PROBE_MS))
    assert isinstance(limiter.ask(START + 100_000, Cost(1)), Grant)


def test_too_many_orders_silence_the_account_alone() -> None:
    """Questions go on while orders wait; what is heavier than a whole limit is told at once to be so."""
    limiter = Limiter(Allowance((WEIGHT,)), Allowance((ORDERS,)))
    limiter.obey(Answer(Outcome.REJECTED, Remedy.BACK_OFF, "too_many_orders", until_ms=START + 5_000))
    assert isinstance(limiter.ask(START, Cost(1)), Grant)
    assert limiter.ask(START, Cost(1, orders=1)) == Hold(START + 5_000, "limit.backed_off", 5_000)
    assert limiter.ask(START, Cost(161)) == Hold(NEVER, "limit.address_never", NEVER - START)
    assert limiter.account.told_of_limits == 1


def test_what_is_never_answered_lapses() -> None:
    """A lost reply weighs for two minutes and not for ever; its late reply changes nothing."""
    limiter = Limiter(Allowance((WEIGHT,)), Allowance(()))
    lost = [limiter.ask(START, Cost(40)) for _ in range(4)]
    assert isinstance(limiter.ask(START + 70_000, Cost(40)), Hold)
    now = START + LAPSE_MS + 120_000
    assert isinstance(limiter.ask(now, Cost(1)), Grant)
    assert limiter.open_requests() == 1
    assert isinstance(lost[0], Grant)
    limiter.settle(lost[0], now)
    assert limiter.open_requests() == 1


def test_a_venues_limits_are_held_by_whom_they_bind() -> None:
    """Orders bind the account, weight and requests the address; each of them holds a request back."""
    limiter = limiter_of(LIMITS)
    assert [gauge.limit for gauge in limiter.address.gauges] == [WEIGHT, RAW]
    assert [gauge.limit for gauge in limiter.account.gauges] == [ORDERS, DAY]
    for cost in (Cost(weight=0, orders=1), Cost(weight=10), Cost(weight=0)):
        alone = limiter_of(LIMITS)
        passed = 0
        while isinstance(alone.ask(START, cost), Grant):
            passed += 1
        assert passed == {1: 16, 0: 16 if cost.weight else 400}[cost.orders]


def test_two_connections_share_an_address() -> None:
    """What one spends the other has no more."""
    address = Allowance((WEIGHT,))
    one, other = Limiter(address, Allowance(())), Limiter(address, Allowance(()))
    assert isinstance(one.ask(START, Cost(150)), Grant)
    assert isinstance(other.ask(START, Cost(20)), Hold)
