# SPDX-License-Identifier: Apache-2.0
"""A trader at a troubled venue: the trading stage in the engine, Binance's gateway over real sockets, random wishes.

The engine is the real one and its journal keeps every event; what risk would approve is drawn from a seed. What is
tried is the way from an approved request to the venue's ledger and back.
"""

import asyncio
import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mypy_extensions import i64
from picows import WSFrame, WSMsgType, WSTransport, ws_connect

from bot4.adapters.net.endpoints import allowed
from bot4.adapters.net.http import HttpClient, HttpSettings
from bot4.adapters.venues.binance.gateway import BinanceGateway
from bot4.adapters.venues.binance.lookup import Lookup
from bot4.adapters.venues.binance.rest import BinanceRest
from bot4.adapters.venues.binance.user_data import OrderNews, UserDataReader
from bot4.adapters.venues.kit.allowance import Allowance
from bot4.adapters.venues.kit.clock import ClockOffset
from bot4.adapters.venues.kit.drift import Drift
from bot4.adapters.venues.kit.limiter import Limiter
from bot4.adapters.venues.kit.secret import Secret
from bot4.adapters.venues.kit.signing import HmacSigner
from bot4.apps.venue_server.serve import MEMBER, VenueServer
from bot4.domain.event import Event
from bot4.domain.instrument import Instrument
from bot4.domain.order import ENTER, EXIT, LIMIT, MARKET, OrderRequest
from bot4.domain.ports import Gateway, Journal
from bot4.domain.values import BUY, SELL, Lots, Nanos, Ticks
from bot4.domain.verdict import NORMAL, Approved
from bot4.runtime.clocks import SystemClock
from bot4.runtime.engine import Engine
from bot4.trading.execution import Trading
from bot4.trading.fates import FateRules
from tests.contract.orders.checker import Ours, Sent, Theirs
from tests.contract.venue_server.running import KEY, SECRET, Heard, SocketClient

RUN = "0123456789abcdef" * 4
MS = 1_000_000
PATIENCE_S = 0.4
RULES = FateRules(window_ns=400 * MS, wait_min_ns=10 * MS, wait_max_ns=100 * MS)
"""A window as short as the patience, since this venue takes no request later than that."""

BTCUSDT = Instrument(0, "BTCUSDT", base="BTC", quote="USDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.00001"))


class Kept(Journal):
    """A journal that keeps the events themselves."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def append(self, event: Event) -> None:
        """Keep one."""
        self.events.append(event)

    def consumed(self, row: i64) -> None:
        """Nothing is consumed here."""

    def commit(self) -> None:
        """It is kept already."""


class Switch(Gateway):
    """Stand where the gateway will be: the engine is built before it."""

    def __init__(self) -> None:
        self.to: Gateway | None = None

    def send(self, command: Event, now: Nanos) -> None:
        """Pass one command on."""
        assert self.to is not None
        self.to.send(command, now)


@dataclass
class News(Heard):
    """What the user stream says, read and told at once."""

    trader: "Trader | None" = field(default=None)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Tell the trader of an order's report."""
        if self.trader is not None and frame.msg_type == WSMsgType.TEXT:
            news = self.trader.reader.read(frame.get_payload_as_bytes(), self.trader.clock.now_ns())
            if isinstance(news, OrderNews) and news.report is not None:
                self.trader.hear(news.report)


class Trader:
    """Wish, send, hear, and compare."""

    def __init__(self, server: VenueServer, rest: str, seed: int) -> None:
        self.server = server
        self.clock = SystemClock()
        self.journal = Kept()
        self.trading = Trading(1, RULES)
        switch = Switch()
        self.engine = Engine([self.trading], self.journal, switch)
        http = HttpClient(allowed(rest, ["127.0.0.1"]), settings=HttpSettings(total_s=PATIENCE_S))
        self.door = BinanceRest(
            http,
            clock=self.clock,
            offset=ClockOffset(),
            limiter=Limiter(Allowance(()), Allowance(())),
            signer=HmacSigner(KEY, Secret(SECRET.encode())),
            drift=Drift(),
        )
        self.lookup = Lookup(self.door, run=RUN, instruments=[BTCUSDT], clock=self.clock, deliver=self.hear)
        self.gateway = BinanceGateway(self.lookup, RUN)
        switch.to = self.gateway
        self.reader = UserDataReader(RUN, {"BTCUSDT": BTCUSDT}, Drift())
        self.rng = random.Random(seed)
        self.intents = 0

    def now(self) -> Nanos:
        """The machine's time, never before the engine's."""
        return Nanos(max(int(self.clock.now_ns()), int(self.engine.now)))

    def hear(self, event: Event) -> None:
        """Let the engine have one report."""
        now = self.now()
        event.ts_known_ns = now
        self.engine.process(event, now)

    async def subscribe(self, ws_api: str) -> None:
        """Hear of our orders from the user stream."""

        def make() -> News:
            return News(trader=self)  # picows would hand the request and the response to the class itself

        transport, news = await ws_connect(make, ws_api)
        assert isinstance(news, Heard)
        SocketClient(transport, news).call("userDataStream.subscribe.signature")

    def wish(self) -> None:
        """Have one random request approved."""
        self.intents += 1
        price = self.price()
        leave = self.trading.position(0) > 0 and self.rng.random() < 0.5
        is_limit = not leave and self.rng.random() < 0.5
        request = OrderRequest(
            intent_id=self.intents,
            instrument=0,
            slot=0,
            purpose=EXIT if leave else ENTER,
            order_type=LIMIT if is_limit else MARKET,
            side=SELL if leave else BUY,
            lots=Lots(self.rng.randrange(100, 5_000)),
            reference=Ticks(price),
            limit=Ticks(int(price * self.rng.uniform(0.999, 1.001))) if is_limit else Ticks(0),
            trigger=Ticks(0),
            stop=Ticks(int(price * self.rng.choice((0.95, 0.9999)))),
            target=Ticks(0),
        )
        now = self.now()
        self.engine.process(Approved(now, request, NORMAL, []), now)

    def price(self) -> int:
        """The best ask in ticks, or a fair guess where nobody offers."""
        book = self.server.exchange.market.depth("BTCUSDT", 1)
        asks = getattr(book, "asks", ())
        return int(asks[0][0]) // 1_000_000 if asks else 6_000_000

    def ours(self) -> Ours:
        """What the journal and the stage say."""
        return Ours(
            sent=[Sent.of(event) for event in self.journal.events if Sent.is_one(event)],
            states={int(order.order_id): int(order.filled) for order in self.trading.open_orders()},
            trades={int(e.trade_id): int(e.lots) for e in self.journal.events if type(e).__name__ == "Fill"},  # type: ignore[attr-defined]
            position=int(self.trading.position(0)),
        )

    def theirs(self) -> Theirs:
        """What the venue's ledger says."""
        return Theirs.of(self.server.exchange.ledger(MEMBER))

    async def settle(self, differ: Any) -> None:
        """Wait for every answer, catch up, and compare until equal: at the latest some seconds after the faults."""
        last: list[str] = ["never compared"]
        for _ in range(60):
            await self.gateway.drained()
            if await self.lookup.catch_up(BTCUSDT):
                await self.gateway.drained()
                last = differ(self.ours(), self.theirs())
                if not last:
                    return
            await asyncio.sleep(0.05)
        raise AssertionError(last)
