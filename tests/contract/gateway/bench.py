# SPDX-License-Identifier: Apache-2.0
"""A gateway at a venue of its own: commands by hand, every report kept, and no others but whom a test lets in."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import numpy as np

from bot4.adapters.net.ending import Ending
from bot4.adapters.net.endpoints import allowed
from bot4.adapters.net.http import HttpClient, HttpSettings
from bot4.adapters.net.websocket import Listener, Wire, dial
from bot4.adapters.venues.binance.orders.gateway import BinanceGateway
from bot4.adapters.venues.binance.orders.lookup import Door, Lookup
from bot4.adapters.venues.binance.wire.rest import BinanceRest
from bot4.adapters.venues.binance.wire.socket_door import BinanceSocket
from bot4.adapters.venues.binance.wire.two_doors import TwoDoors
from bot4.adapters.venues.kit.allowance import Allowance
from bot4.adapters.venues.kit.clock import ClockOffset
from bot4.adapters.venues.kit.drift import Drift
from bot4.adapters.venues.kit.limiter import Limiter
from bot4.adapters.venues.kit.secret import Secret
from bot4.adapters.venues.kit.signing import HmacSigner, Signer
from bot4.apps.venue_server.faults.schedule import parse_rules
from bot4.apps.venue_server.serve import MEMBER, VenueServer
from bot4.domain import event
from bot4.domain.fee import FeeTaken
from bot4.domain.order import (
    ENTER,
    LIMIT,
    MARKET,
    PROTECT_STOP,
    PROTECT_TARGET,
    STOP,
    Execution,
    Inquire,
    OrderWord,
    Submit,
    cancel_command,
)
from bot4.domain.values import BUY, SELL, Lots, Nanos, Ticks
from bot4.market.ingest.backoff import Backoff, BackoffPolicy
from bot4.runtime.clocks import SystemClock
from bot4.simulation.exchange.accounts import Terms
from bot4.simulation.exchange.requests import PlaceOrder
from tests.contract.orders.life import BTCUSDT, PATIENCE_S, RUN
from tests.contract.venue_server.running import KEY, ONE, SECRET, asked

DOORS = ("rest", "both")
LAST = 50_000
LOTS = 1_000
LATE_S = 0.6
MS = 1_000_000
SIGNER = HmacSigner(KEY, Secret(SECRET.encode()))
WORDS = {
    getattr(event, name.upper()): name
    for name in (
        "accepted", "rejected", "canceled", "expired", "cancel_rejected", "submit_lost", "cancel_lost", "found",
        "absent", "inquiry_lost",
    )
}  # fmt: skip


class Bench:
    """A gateway, the venue it speaks to, and what it reported."""

    def __init__(self, server: VenueServer, ready: Mapping[str, object], door: str, signer: Signer) -> None:
        self.server = server
        self.clock = SystemClock()
        self.reports: list[Any] = []
        self.limiter = Limiter(Allowance(()), Allowance(()))
        offset = ClockOffset()
        http = HttpClient(allowed(str(ready["rest"]), ["127.0.0.1"]), settings=HttpSettings(total_s=PATIENCE_S))
        shared: dict[str, Any] = {"clock": self.clock, "offset": offset, "limiter": self.limiter, "signer": signer}
        self.rest = BinanceRest(http, drift=Drift(), **shared)
        self.socket = BinanceSocket(
            dialer(str(ready["ws_api"])),
            learn_time=self.rest.learn_time,
            drift=Drift(),
            backoff=Backoff(BackoffPolicy(first_ns=20 * MS, cap_ns=100 * MS, steady_ns=0), np.random.default_rng(1)),
            reply_ms=int(PATIENCE_S * 1000),
            **shared,
        )
        doors: dict[str, Door] = {"rest": self.rest, "socket": self.socket, "both": TwoDoors(self.socket, self.rest)}
        self.lookup = Lookup(doors[door], run=RUN, instruments=[BTCUSDT], clock=self.clock, deliver=self.reports.append)
        self.gateway = BinanceGateway(self.lookup, RUN)

    def now(self) -> Nanos:
        """The machine's time."""
        return self.clock.now_ns()

    def submit(self, order_id: int, **more: Any) -> None:
        """Send a submit: a market order to buy, unless told otherwise."""
        given: dict[str, Any] = {
            "order_id": order_id, "intent_id": 1, "slot": 3, "instrument": 0, "purpose": ENTER, "order_type": MARKET,
            "side": BUY, "lots": Lots(LOTS), "limit": Ticks(0), "trigger": Ticks(0), "sibling_id": 0,
            "reduce_only": False,
        }  # fmt: skip
        self.gateway.send(Submit(self.now(), **(given | more)), self.now())

    def stop(self, order_id: int = 1, sibling: int = 2, price: int = 40_000) -> None:
        """Send a stop that sells."""
        self.submit(
            order_id, purpose=PROTECT_STOP, order_type=STOP, side=SELL, trigger=Ticks(price * 100), sibling_id=sibling
        )

    def target(self, order_id: int = 2, sibling: int = 1, price: int = 60_000) -> None:
        """Send a target that sells."""
        self.submit(
            order_id, purpose=PROTECT_TARGET, order_type=LIMIT, side=SELL, limit=Ticks(price * 100), sibling_id=sibling
        )

    def bid(self, order_id: int, price: int = 40_000, **more: Any) -> None:
        """Send a limit order to buy."""
        self.submit(order_id, order_type=LIMIT, limit=Ticks(price * 100), **more)

    def cancel(self, *order_ids: int) -> None:
        """Send cancels in one release."""
        for order_id in order_ids:
            self.gateway.send(cancel_command(self.now(), order_id, 0, "exit"), self.now())

    def inquire(self, order_id: int) -> None:
        """Send an inquiry that is due."""
        now = self.now()
        inquiry = Inquire(now, order_id=order_id, slot=3, instrument=0, due_ns=now, attempt=1)
        self.gateway.send(inquiry, now)

    async def told(self) -> list[tuple[int, str]]:
        """Wait for every answer; return the reports since the last time, fees left out, as order and what is said."""
        await self.gateway.drained()
        said, self.reports[:] = [one for one in self.reports if not isinstance(one, FeeTaken)], []
        return [(int(one.order_id), "execution" if isinstance(one, Execution) else WORDS[one.kind]) for one in said]

    def reasons(self) -> dict[int, str]:
        """Return the last reason given for each order."""
        return {int(one.order_id): one.reason for one in self.reports if isinstance(one, OrderWord)}

    def orders(self) -> dict[int, tuple[str, int]]:
        """Return state and list of each of our orders in the venue's ledger, by our number."""
        orders = self.server.exchange.ledger(MEMBER).orders
        return {int(one.client_order_id.rpartition("-")[2]): (one.status, one.order_list_id) for one in orders}

    def locked(self) -> int:
        """Return the lots of BTC that the venue has locked."""
        return self.server.exchange.ledger(MEMBER).balances["BTC"].locked // 1_000

    def trade(self, side: str, price: int, quantity: str = "0.001") -> None:
        """Let another member offer or wish; each side is a member of its own."""
        amount = int(float(quantity) * ONE)
        order = PlaceOrder("BTCUSDT", side, "LIMIT", amount, price=price * ONE, time_in_force="GTC")
        reply = self.server.exchange.place(side, order, self.server.clock.now_ms())
        assert not hasattr(reply, "code"), reply


def dialer(address: str) -> Any:
    """Return what dials a venue's WebSocket API."""
    endpoint = allowed(address, ["127.0.0.1"])

    async def connect(listener: Listener) -> Wire | Ending:
        return await dial(endpoint, listener)

    return connect


@asynccontextmanager
async def at_a_bench(
    door: str, faults: str = "", signer: Signer = SIGNER, *, dials: bool = True, **more: Any
) -> AsyncIterator[Bench]:
    """Run a venue where the last trade was at 50,000, and a gateway to it; its faults begin with the first command.

    Without ``dials`` the test itself lets the socket run.
    """
    server = VenueServer(asked("BTCUSDT", late_s=LATE_S, **more))
    ready = await server.open()
    running: asyncio.Task[None] | None = None
    try:
        bench = Bench(server, ready, door, signer)
        rich = {"USDT": 10_000_000 * ONE, "BTC": 1_000 * ONE}
        for name in ("BUY", "SELL"):
            server.exchange.open_account(name, Terms(), rich, server.clock.now_ms())
        bench.trade("SELL", LAST)
        bench.trade("BUY", LAST)
        await bench.rest.learn_time()
        if door != "rest" and dials:
            running = asyncio.create_task(bench.socket.run())
            while not bench.socket.opened:
                await asyncio.sleep(0.01)
        server.schedule.begin(parse_rules(faults) if faults else ())
        yield bench
        if running is not None and running.done():
            running.result()
    finally:
        if running is not None:
            running.cancel()
        await bench.rest.close()
        await server.close()
