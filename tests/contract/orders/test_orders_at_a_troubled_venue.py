# SPDX-License-Identifier: Apache-2.0
"""Orders through faults over real sockets: none lost, none twice, and books that equal the venue's to the last lot."""

import asyncio
import os
import random

import pytest

from bot4.apps.venue_server.faults.schedule import parse_rules
from bot4.apps.venue_server.serve import VenueServer
from tests.contract.orders.checker import Ours, Sent, Theirs, differences
from tests.contract.orders.trader import Trader
from tests.contract.venue_server.running import asked

FAULTS = (
    "N05", "N06", "N07", "N08", "N09", "N13", "R01", "R06", "R07", "R08", "R09", "R10", "R12", "R13", "R14", "R15",
    "V01", "V02", "W09", "W10", "W15", "W16",
)  # fmt: skip
RUNS = 2_000 if os.environ.get("BOT4_FULL") else 200
QUICK = 40
PER_TEST = 10
FIRSTS = [pytest.param(first, marks=pytest.mark.slow if first >= QUICK else ()) for first in range(0, RUNS, PER_TEST)]
WISHES = 12
ORDERS_MIN = 2
WISHES_MAX = 200
"""While a doubt lasts, wishes are refused: there are more of them until some orders have reached the venue."""


def troubles(seed: int) -> str:
    """A random subset of faults, at random rates."""
    rng = random.Random(seed)
    return ",".join(f"{kind}:{rng.choice((0.02, 0.1, 0.3))}" for kind in rng.sample(FAULTS, rng.randrange(1, 9)))


async def one_run(seed: int) -> Trader:
    """Trade through faults, then with a healthy venue until both books agree."""
    server = VenueServer(
        asked("BTCUSDT", faults=tuple(parse_rules(troubles(seed))), seed=seed, has_flow=True, late_s=0.6)
    )
    ready = await server.open()
    try:
        trader = Trader(server, str(ready["rest"]), seed)
        await trader.subscribe(str(ready["ws_api"]))
        for wishes in range(WISHES_MAX):
            if wishes >= WISHES and len(trader.theirs().orders) >= ORDERS_MIN:
                break
            trader.wish()
            await asyncio.sleep(trader.rng.uniform(0.0, 0.03))
        server.schedule.cease()
        await trader.settle(differences)
        assert trader.gateway.faults == []
        await trader.door.close()
        return trader
    finally:
        await server.close()


@pytest.mark.requirement("ORDER_001", "P-03", "P-04", "P-05", "P2-1", "P2-2", "U-10")
@pytest.mark.parametrize("first", FIRSTS)
def test_no_order_is_lost_and_none_is_made_twice(first: int) -> None:
    """After the faults every order, trade and lot is the same on both sides."""
    orders = struck = 0
    for seed in range(first, first + PER_TEST):
        trader = asyncio.run(one_run(seed))
        orders += len(trader.theirs().orders)
        struck += sum(trader.server.schedule.struck.values())
    assert orders > PER_TEST, "nothing was traded"
    assert struck > 0, "nothing was troubled"


def test_the_checker_sees_each_kind_of_difference() -> None:
    """A checker that cannot find anything proves nothing."""
    fair = Ours([Sent(1, 5, 1)], {1: 2}, {7: 2}, 2)
    good = Theirs([1], {1: 2}, {7: 2}, 2)
    assert differences(fair, good) == []
    assert differences(Ours([Sent(1, 5, 1)] * 2, {1: 2}, {7: 2}, 2), good)
    assert differences(fair, Theirs([1, 1], {1: 2}, {7: 2}, 2))
    assert differences(fair, Theirs([1, 3], {1: 2}, {7: 2}, 2))
    assert differences(fair, Theirs([1], {1: 3}, {7: 2}, 2))
    assert differences(fair, Theirs([1], {1: 2}, {7: 2, 8: 1}, 2))
    assert differences(fair, Theirs([1], {1: 2}, {7: 2}, 3))
