# SPDX-License-Identifier: Apache-2.0
"""Orders through faults over real sockets: none lost, none twice, and books that equal the venue's to the last unit."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import pytest

from bot4.apps.venue_server.faults.schedule import parse_rules
from bot4.apps.venue_server.serve import VenueServer
from bot4.simulation.exchange.fees import Commission
from tests.contract.orders.checker import Ours, Sent, Theirs, Trade, differences
from tests.contract.orders.trader import Trader
from tests.contract.venue_server.running import ONE, asked

FAULTS = (
    "N05", "N06", "N07", "N08", "N09", "N11", "N13", "R01", "R06", "R07", "R08", "R09", "R10", "R12", "R13", "R14",
    "R15", "V01", "V02", "W09", "W10", "W15", "W16", "W17",
)  # fmt: skip
OF_THE_STREAM = ("W09", "W10", "W15", "W16", "W17")
LOSING = ("W16", "W17")
"""What is lost to the stream has to be asked for."""

RACES = ("V01", "V02", "V04", "V15", "W09", "W10", "R13", "W16", "W17")
"""Strike only where an order lives, is canceled before it trades, or trades at once: not in every run."""

RATES, MANY, LOW_RATES = (0.02, 0.1, 0.3), 3, (0.02, 0.05, 0.1)
"""Where there are many kinds at once each is rarer, so that orders reach the venue between them."""

RUNS = 2_000 if os.environ.get("BOT4_FULL") else 200
QUICK = 40
PER_TEST = 10
RACE_RUNS = 60
"""At most: whether two things race is a matter of moments."""
FIRSTS = [pytest.param(first, marks=pytest.mark.slow if first >= QUICK else ()) for first in range(0, RUNS, PER_TEST)]
WISHES = 12
ORDERS_MIN = 2
WISHES_MAX = 200
"""There are more wishes until some orders, of those not held for a doubt, reached the venue, and each fault struck."""

SETTLED_S = 90.0
"""The books agree within seconds, unless the questions of a troubled minute have used up the venue's limit for it."""

LATE_S = 0.6
SPIKE_S = 1.8
"""A latency spike takes up to twice ``LATE_S``; with a margin that is how late a request may be taken."""

BALANCES = (
    ({"USDT": 1_000_000 * ONE, "BTC": 100 * ONE}, Commission()),
    ({"USDT": 1_000_000 * ONE, "BNB": 100 * ONE}, Commission(pays_in_bnb=True)),
    ({"USDT": 1_000_000 * ONE}, Commission()),
)
"""A rich member, and two who own nothing that they could sell before they have bought it.

The fees of the second are paid in BNB; those of the third are taken out of what he bought, so that he has less of it.
"""


@dataclass(frozen=True)
class Troubles:
    """What a seed does to a run: a random subset of faults at random rates, each at its first opportunity as well."""

    kinds: tuple[str, ...]
    rules: str
    balances: dict[str, int]
    commission: Commission
    deaths: int

    @staticmethod
    def of(seed: int) -> "Troubles":
        """Draw them."""
        rng = random.Random(seed)
        kinds = tuple(rng.sample(FAULTS, rng.randrange(1, 9)))
        rates = RATES if len(kinds) <= MANY else LOW_RATES
        rules = ",".join(f"{kind}:{rng.choice(rates)},{kind}@{rng.randrange(1, 4)}" for kind in kinds)
        balances, commission = BALANCES[seed % 3]
        return Troubles(kinds, rules, dict(balances), commission, rng.choice((0, 0, 1, 2)))

    @property
    def late_s(self) -> float:
        """How late the venue may take a request."""
        return SPIKE_S if "N11" in self.kinds else 0.0


def idle(kinds: Iterable[str], struck: Mapping[str, int]) -> list[str]:
    """Return the faults that have not struck; races are left to chance."""
    return sorted(kind for kind in kinds if kind not in RACES and not struck.get(kind))


async def one_run(seed: int, troubles: Troubles) -> Trader:
    """Trade through faults and deaths, then with a healthy venue until both books agree."""
    server = VenueServer(
        asked(
            "BTCUSDT",
            "BNBUSDT",
            faults=tuple(parse_rules(troubles.rules)),
            seed=seed,
            has_flow=True,
            late_s=LATE_S,
            balances=troubles.balances,
            commission=troubles.commission,
        )
    )
    ready = await server.open()
    hears_alone = not troubles.deaths and not set(LOSING) & set(troubles.kinds)
    try:
        trader = Trader(server, ready, seed, late_s=troubles.late_s, compares=not hears_alone)
        if hears_alone:
            await trader.is_heard(lambda: trader.life.feed.is_ready)
        deaths = set(trader.rng.sample(range(1, WISHES), troubles.deaths))
        for wishes in range(WISHES_MAX):
            if (
                wishes >= WISHES
                and len(trader.theirs().orders) >= ORDERS_MIN
                and not idle(troubles.kinds, server.schedule.struck)
            ):
                break
            if wishes in deaths:
                await trader.die()
            trader.wish()
            await asyncio.sleep(trader.rng.uniform(0.0, 0.03))
        server.schedule.cease()
        await trader.life.gateway.drained()
        if hears_alone and trader.life.feed.sessions == 1:
            await agreed(trader)  # by the stream and the replies alone: nothing was asked that nobody was in doubt of
        await agreed(trader, asks=True)
        assert trader.life.gateway.faults == []
        await trader.life.end()
        return trader
    finally:
        await server.close()


async def agreed(trader: Trader, *, asks: bool = False) -> None:
    """Wait until both books agree; where asked for, compare ourselves, less often each time to spare the limits."""
    last: list[str] = []
    pause_s = 0.1
    try:
        async with asyncio.timeout(SETTLED_S):
            while True:
                await trader.life.gateway.drained()
                found = await trader.life.reconciler.reconcile() if asks else None
                last = [found.why] if found is not None and not found.is_equal else []
                last += differences(trader.ours(), trader.theirs())
                if not last:
                    return
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, 2.0)
    except TimeoutError:
        raise AssertionError(last) from None


@pytest.mark.requirement("ORDER_001", "P-03", "P-04", "P-05", "P2-1", "P2-2", "U-10")
@pytest.mark.parametrize("first", FIRSTS)
def test_no_order_is_lost_and_none_is_made_twice(first: int) -> None:
    """After the faults every order, its end, every trade, lot, fee and balance is the same on both sides."""
    orders = deaths = 0
    chosen: Counter[str] = Counter()
    struck: Counter[str] = Counter()
    for seed in range(first, first + PER_TEST):
        trader = asyncio.run(one_run(seed, Troubles.of(seed)))
        orders += len(trader.theirs().orders)
        deaths += trader.deaths
        chosen.update(Troubles.of(seed).kinds)
        struck.update(trader.server.schedule.struck)
    assert orders > PER_TEST, "nothing was traded"
    assert deaths > 0, "nobody died"
    assert idle(chosen, struck) == [], "a fault never struck"


@pytest.mark.slow
@pytest.mark.requirement("ORDER_001", "P-03", "P2-1")
def test_every_race_happens_and_changes_nothing() -> None:
    """Fills that win against cancels, cancels by the venue, news in the wrong order: each strikes, and all is equal."""
    struck: Counter[str] = Counter()
    for seed in range(RACE_RUNS):
        troubles = Troubles.of(seed)
        rules = "V01:0.5,V02:0.2,V04:0.3,V15:0.5,W09:0.3,W10:1,R13:0.2,W16:0.05,W17:0.05"
        raced = asyncio.run(one_run(seed, replace(troubles, kinds=RACES, rules=rules)))
        struck.update(raced.server.schedule.struck)
        if all(struck[kind] for kind in RACES):
            break
    assert sorted(kind for kind in RACES if not struck[kind]) == []


FAIR = Ours([Sent(1, 5, 1)], {1: 2}, {7: Trade(1, 2, 9, 1)}, 2, {1: ("part_filled", 2)}, {"USDT": 4})
GOOD = Theirs([1], {1: 2}, {7: Trade(1, 2, 9, 1)}, 2, {1: ("PARTIALLY_FILLED", 2)}, {"USDT": 4})
WRONGS: tuple[Callable[[], list[str]], ...] = (
    lambda: differences(Ours([Sent(1, 5, 1)] * 2, FAIR.states, FAIR.trades, 2), GOOD),
    lambda: differences(FAIR, Theirs([1, 1], GOOD.alive, GOOD.trades, 2, GOOD.ends, GOOD.balances)),
    lambda: differences(FAIR, Theirs([1, 3], GOOD.alive, GOOD.trades, 2, GOOD.ends, GOOD.balances)),
    lambda: differences(FAIR, Theirs([1], {1: 3}, GOOD.trades, 2, GOOD.ends, GOOD.balances)),
    lambda: differences(FAIR, Theirs([1], GOOD.alive, {7: Trade(1, 2, 8, 1)}, 2, GOOD.ends, GOOD.balances)),
    lambda: differences(FAIR, Theirs([1], GOOD.alive, {7: Trade(1, 2, 9, 2)}, 2, GOOD.ends, GOOD.balances)),
    lambda: differences(FAIR, Theirs([1], GOOD.alive, {}, 2, GOOD.ends, GOOD.balances)),
    lambda: differences(FAIR, Theirs([1], GOOD.alive, GOOD.trades, 3, GOOD.ends, GOOD.balances)),
    lambda: differences(FAIR, Theirs([1], GOOD.alive, GOOD.trades, 2, {1: ("CANCELED", 2)}, GOOD.balances)),
    lambda: differences(FAIR, Theirs([1], GOOD.alive, GOOD.trades, 2, {1: ("PARTIALLY_FILLED", 3)}, GOOD.balances)),
    lambda: differences(FAIR, Theirs([1], GOOD.alive, GOOD.trades, 2, GOOD.ends, {"USDT": 5})),
)


@pytest.mark.parametrize("wrong", WRONGS)
def test_the_checker_sees_each_kind_of_difference(wrong: Callable[[], list[str]]) -> None:
    """A checker that cannot find anything proves nothing."""
    assert differences(FAIR, GOOD) == []
    assert len(wrong()) == 1 or wrong is WRONGS[0]
