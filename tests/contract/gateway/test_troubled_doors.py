# SPDX-License-Identifier: Apache-2.0
"""The test of troubled orders once more, over either door and with targets: books equal to the last lot.

Here each entry has a target, so that stop and target leave as one list, are canceled as one, and end each other.
"""

import asyncio

import numpy as np
import pytest

from bot4.adapters.venues.binance.wire.socket_door import BinanceSocket
from bot4.adapters.venues.kit.allowance import Allowance
from bot4.adapters.venues.kit.drift import Drift
from bot4.adapters.venues.kit.limiter import Limiter
from bot4.apps.venue_server.faults.schedule import parse_rules
from bot4.apps.venue_server.serve import MEMBER, VenueServer
from bot4.domain.order import ENTER, EXIT, MARKET, OrderRequest
from bot4.domain.values import BUY, SELL, Lots, Ticks
from bot4.domain.verdict import NORMAL, Approved
from bot4.market.ingest.backoff import Backoff, BackoffPolicy
from tests.contract.gateway.bench import MS, SIGNER, dialer
from tests.contract.orders.life import PATIENCE_S
from tests.contract.orders.test_orders_at_a_troubled_venue import (
    LATE_S,
    ORDERS_MIN,
    WISHES,
    WISHES_MAX,
    Troubles,
    agreed,
)
from tests.contract.orders.trader import Trader
from tests.contract.venue_server.running import asked

PER_TEST = 5
SEEDS = [pytest.param(first, marks=pytest.mark.slow if first else ()) for first in range(0, 60, PER_TEST)]


class PairTrader(Trader):
    """A trader whose entries have targets, some of them so near that they are taken at once."""

    def limiter(self) -> Limiter:
        """None: three orders a wish would soon wait for the next ten seconds' room, and nothing else be tried."""
        return Limiter(Allowance(()), Allowance(()))

    def wish(self) -> None:
        """Have one random request approved."""
        self.intents += 1
        price = self.price()
        leave = self.trading.position(0) > 0 and self.rng.random() < 0.3
        request = OrderRequest(
            intent_id=self.intents,
            instrument=0,
            slot=0,
            purpose=EXIT if leave else ENTER,
            order_type=MARKET,
            side=SELL if leave else BUY,
            lots=Lots(self.rng.randrange(100, 5_000)),
            reference=Ticks(price),
            limit=Ticks(0),
            trigger=Ticks(0),
            stop=Ticks(int(price * self.rng.choice((0.95, 0.9999)))),
            target=Ticks(int(price * self.rng.choice((1.05, 1.0002, 0.999)))),
        )
        now = self.now()
        self.engine.process(Approved(now, request, NORMAL, []), now)


def by_socket(trader: Trader, ws_api: str) -> BinanceSocket:
    """Return a socket door that a trader's requests leave through from now on; it learns the time by REST."""
    life = trader.life
    socket = BinanceSocket(
        dialer(ws_api),
        clock=trader.clock,
        offset=life.offset,
        limiter=Limiter(Allowance(()), Allowance(())),
        signer=SIGNER,
        drift=Drift(),
        learn_time=life.door.learn_time,
        backoff=Backoff(BackoffPolicy(first_ns=20 * MS, cap_ns=100 * MS, steady_ns=0), np.random.default_rng(1)),
        reply_ms=int(PATIENCE_S * 1000),
    )
    life.mortal.door = socket
    return socket


async def one_run(door: str, seed: int) -> Trader:
    """Trade through faults, then with a healthy venue until both books agree."""
    troubles = Troubles.of(seed)
    rules = tuple(parse_rules(troubles.rules))
    server = VenueServer(asked("BTCUSDT", faults=rules, seed=seed, has_flow=True, late_s=LATE_S))
    ready = await server.open()
    trader = PairTrader(server, ready, seed, late_s=troubles.late_s, compares=True)
    running: asyncio.Task[None] | None = None
    if door == "socket":
        running = asyncio.create_task(by_socket(trader, str(ready["ws_api"])).run())
    try:
        for wishes in range(WISHES_MAX):
            if wishes >= WISHES and len(trader.theirs().orders) >= ORDERS_MIN:
                break
            trader.wish()
            await asyncio.sleep(trader.rng.uniform(0.0, 0.03))
        server.schedule.cease()
        await agreed(trader, asks=True)
        assert trader.life.gateway.faults == []
        assert running is None or not running.done(), "the socket's keeper has ended"
        await trader.life.end()
        return trader
    finally:
        if running is not None:
            running.cancel()
        await server.close()


@pytest.mark.requirement("ORDER_001", "P-03", "P-04", "P-05", "P2-1", "P2-2", "U-10")
@pytest.mark.parametrize("door", ["rest", "socket"])
@pytest.mark.parametrize("first", SEEDS)
def test_no_order_is_lost_and_none_is_made_twice(door: str, first: int) -> None:
    """After the faults every order, trade and lot is the same on both sides, and some orders stood in lists."""
    orders = struck = listed = 0
    for seed in range(first, first + PER_TEST):
        trader = asyncio.run(one_run(door, seed))
        orders += len(trader.theirs().orders)
        struck += sum(trader.server.schedule.struck.values())
        listed += sum(order.order_list_id > 0 for order in trader.server.exchange.ledger(MEMBER).orders)
    assert orders > PER_TEST, "nothing was traded"
    assert struck > 0, "nothing was troubled"
    assert listed > 0, "no pair was made"
