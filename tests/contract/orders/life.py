# SPDX-License-Identifier: Apache-2.0
"""One life of the process that trades: its sockets, gateway and account feed. It can be ended as by ``kill -9``.

What outlives it is what a journal would give back: the engine with its stages, and up to where books were compared.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np

from bot4.adapters.net.ending import Ending
from bot4.adapters.net.endpoints import allowed
from bot4.adapters.net.http import HttpClient, HttpSettings
from bot4.adapters.net.websocket import Listener, Wire, dial
from bot4.adapters.venues.binance.account.feed import AccountFeed, FeedPace
from bot4.adapters.venues.binance.account.hearing import Hearing
from bot4.adapters.venues.binance.account.mark import Mark
from bot4.adapters.venues.binance.account.reconcile import Equality, Reconciler
from bot4.adapters.venues.binance.account.user_data import UserDataReader
from bot4.adapters.venues.binance.orders.gateway import BinanceGateway
from bot4.adapters.venues.binance.orders.lookup import Door, Lookup
from bot4.adapters.venues.binance.orders.restart import recall
from bot4.adapters.venues.binance.wire.instruments import limits
from bot4.adapters.venues.binance.wire.replies import RateLimit
from bot4.adapters.venues.binance.wire.requests import Request
from bot4.adapters.venues.binance.wire.rest import BinanceRest
from bot4.adapters.venues.kit.allowance import Allowance, Unit
from bot4.adapters.venues.kit.clock import ClockOffset
from bot4.adapters.venues.kit.drift import Drift
from bot4.adapters.venues.kit.holdings import Holdings
from bot4.adapters.venues.kit.limiter import Limiter
from bot4.adapters.venues.kit.secret import Secret
from bot4.adapters.venues.kit.signing import HmacSigner
from bot4.apps.venue_server.gate.limits import Figures
from bot4.domain.event import Event
from bot4.domain.instrument import Instrument
from bot4.domain.ports import Clock
from bot4.market.ingest.backoff import BackoffPolicy
from bot4.trading.execution import Trading
from tests.contract.venue_server.running import KEY, SECRET

RUN = "0123456789abcdef" * 4
PATIENCE_S = 0.4
PACE = FeedPace(
    reply_s=PATIENCE_S,
    period_s=600.0,
    again_s=0.02,
    grace_s=1.0,
    owed_s=0.3,
    tick_s=0.01,
    backoff=BackoffPolicy(first_ns=10_000_000, cap_ns=50_000_000),
)
"""Nothing is compared only because time passes, so that what is heard by itself can be told apart."""

BTCUSDT = Instrument(0, "BTCUSDT", base="BTC", quote="USDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.00001"))


class Mortal:
    """A door that ends whoever asks, or waits for an answer, once the process was killed."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.is_dead = False
        self.asking: set[asyncio.Task[Any]] = set()
        self.asked: Counter[str] = Counter()

    async def ask(self, request: Request, shape: str, kind: type[Any]) -> Any:
        """Ask."""
        if not self.is_dead:
            self.asked[request.path] += 1
            task = asyncio.get_running_loop().create_task(self.door.ask(request, shape, kind))
            self.asking.add(task)
            task.add_done_callback(self.asking.discard)
            await asyncio.wait((task,))
            if not self.is_dead:
                return task.result()
        raise asyncio.CancelledError


async def as_if_equal() -> Equality:
    """Compare nothing, so that only the stream and the replies are heard."""
    return Equality()


class Life:
    """Connect, send, hear."""

    def __init__(
        self,
        ready: dict[str, object],
        deliver: Callable[[Event], None],
        *,
        trading: Trading,
        clock: Clock,
        seed: int,
        mark: Mark | None = None,
        compares: bool = True,
        pace: FeedPace = PACE,
        limiter: Limiter | None = None,
    ) -> None:
        self.is_dead = False
        self.states: list[tuple[bool, str]] = []
        self.deliver = deliver
        http = HttpClient(allowed(str(ready["rest"]), ["127.0.0.1"]), settings=HttpSettings(total_s=PATIENCE_S))
        self.offset = ClockOffset()
        signer = HmacSigner(KEY, Secret(SECRET.encode()))
        self.door = BinanceRest(
            http, clock=clock, offset=self.offset, limiter=limiter or real_limiter(), signer=signer, drift=Drift()
        )
        self.mortal = Mortal(self.door)
        self.holdings = Holdings()
        self.lookup = Lookup(self.mortal, run=RUN, instruments=[BTCUSDT], clock=clock, deliver=self._by_reply)
        self.hearing = Hearing(self._heard, names=self.lookup.names, holdings=self.holdings, clock=clock)
        self.gateway = BinanceGateway(self.lookup, RUN)
        for order in trading.open_orders():
            self.gateway.recall(int(order.order_id), int(order.slot))
        recall(trading.open_orders(), RUN, self.lookup.names)
        self.reconciler = Reconciler(self.lookup, run=RUN, books=trading, holdings=self.holdings, mark=mark)
        self.feed = AccountFeed(
            connect=self._connect,
            signer=signer,
            offset=self.offset,
            learn_time=self.door.learn_time,
            clock=clock,
            reader=UserDataReader(RUN, {"BTCUSDT": BTCUSDT}, Drift()),
            hearing=self.hearing,
            reconcile=self.reconciler.reconcile if compares else as_if_equal,
            on_state=lambda is_ready, why: self.states.append((is_ready, why)),
            generator=np.random.default_rng(seed),
            pace=pace,
        )
        self._ws_api = allowed(str(ready["ws_api"]), ["127.0.0.1"])
        self.hears = asyncio.get_running_loop().create_task(self.feed.run())

    async def kill(self) -> None:
        """End at once: nothing that comes from now on is heard, what was on its way is on its way."""
        self.is_dead = self.mortal.is_dead = True
        self.hears.cancel()
        for task in list(self.mortal.asking):
            task.cancel()
        await asyncio.wait((self.hears,))
        await self.door.close()

    async def end(self) -> None:
        """End in order."""
        self.hears.cancel()
        await asyncio.wait((self.hears,))
        if not self.hears.cancelled():
            self.hears.result()
        await self.door.close()

    def _by_reply(self, event: Event) -> None:
        """Hand on what a reply brought."""
        self.hearing.by_reply(event)

    def _heard(self, event: Event) -> None:
        """Hand one report to the engine, as long as there is one."""
        if not self.is_dead:
            self.deliver(event)

    async def _connect(self, listener: Listener) -> Wire | Ending:
        """Dial the WebSocket API."""
        return await dial(self._ws_api, listener)


def real_limiter() -> Limiter:
    """The limits that the venue tells, between its address and its account."""
    told = [
        RateLimit(rate_limit_type=window.kind, interval=window.interval, interval_num=window.count, limit=window.limit)
        for window in Figures().told()
    ]
    kept = limits(told)
    orders = [one for one in kept if one.unit is Unit.ORDERS]
    return Limiter(Allowance([one for one in kept if one.unit is not Unit.ORDERS]), Allowance(orders))
