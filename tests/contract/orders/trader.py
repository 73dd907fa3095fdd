# SPDX-License-Identifier: Apache-2.0
"""A trader at a troubled venue: the trading stage in the engine, Binance's gateway over real sockets, random wishes.

The engine is the real one and its journal keeps every event; what risk would approve is drawn from a seed. What is
tried is the way from an approved request to the venue's ledger and back, through the deaths of the process between.
"""

import asyncio
import random
from collections.abc import Callable

from mypy_extensions import i64

from bot4.adapters.venues.binance.account.feed import FeedPace
from bot4.adapters.venues.binance.account.mark import Mark
from bot4.adapters.venues.kit.limiter import Limiter
from bot4.apps.venue_server.serve import MEMBER, VenueServer
from bot4.domain.event import Event
from bot4.domain.order import (
    ENTER,
    EXIT,
    LIMIT,
    MARKET,
    ORDER_STATES,
    Fill,
    OrderRequest,
    OrderUpdate,
)
from bot4.domain.ports import Gateway, Journal
from bot4.domain.values import BUY, SELL, Lots, Nanos, Ticks
from bot4.domain.verdict import NORMAL, PAUSED, Approved, Mode
from bot4.runtime.clocks import SteadyClock
from bot4.runtime.engine import Engine
from bot4.trading.execution import Trading
from bot4.trading.fates import FateRules
from bot4.trading.lost_answers import lost_answers
from tests.contract.orders.checker import Ours, Sent, Theirs, Trade
from tests.contract.orders.life import BTCUSDT, PACE, PATIENCE_S, RUN, Life

MS = 1_000_000
TAKEN_BACK = 0.3
SETTLED_S = 20.0
"""A loaded machine may take so long until all is heard; the books agree long before."""


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
    """Stand where the gateway will be: the engine is built before it, and outlives it."""

    def __init__(self) -> None:
        self.to: Gateway | None = None

    def send(self, command: Event, now: Nanos) -> None:
        """Pass one command on; while there is no process nobody sends."""
        if self.to is not None:
            self.to.send(command, now)


class Trader:
    """Wish, send, hear, die, and compare.

    Parameters
    ----------
    server, ready : VenueServer, dict
        The venue, and what its ready line says.
    seed : int
        Of the wishes.
    late_s : float
        How late the venue may take a request, beyond our patience.
    compares : bool
        Whether the account feed compares books; otherwise stream and replies have to suffice.
    """

    def __init__(
        self,
        server: VenueServer,
        ready: dict[str, object],
        seed: int,
        *,
        late_s: float,
        compares: bool,
        pace: FeedPace = PACE,
    ) -> None:
        self.server = server
        self.ready = ready
        self.seed = seed
        self.compares = compares
        self.pace = pace
        self.clock = SteadyClock()
        self.journal = Kept()
        rules = FateRules(window_ns=int((late_s or PATIENCE_S) * 1e3) * MS, wait_min_ns=10 * MS, wait_max_ns=100 * MS)
        self.trading = Trading(1, rules, lot_units=[int(BTCUSDT.lot_units)])
        self.switch = Switch()
        self.engine = Engine([self.trading], self.journal, self.switch)
        self.rng = random.Random(seed)
        self.intents = 0
        self.deaths = 0
        self.life: Life
        self.live(None)

    def limiter(self) -> Limiter | None:
        """The limits that are kept: the venue's."""
        return None

    def live(self, mark: Mark | None) -> None:
        """Begin a life of the process, from where the last one was known to be equal."""
        self.life = Life(
            self.ready,
            self.hear,
            trading=self.trading,
            clock=self.clock,
            seed=self.seed,
            mark=mark,
            compares=self.compares,
            pace=self.pace,
            limiter=self.limiter(),
        )
        self.switch.to = self.life.gateway

    async def die(self) -> None:
        """Be killed, and start again from what the journal would give back."""
        self.deaths += 1
        self.switch.to = None
        mark = self.life.reconciler.mark()
        await self.life.kill()
        for fault in self.life.gateway.faults:
            raise fault
        self.live(mark)
        now = self.now()
        for word in lost_answers(self.trading.open_orders(), now, "killed"):
            self.hear(word)

    def now(self) -> Nanos:
        """The time, never before the engine's."""
        return Nanos(max(int(self.clock.now_ns()), int(self.engine.now)))

    def hear(self, event: Event) -> None:
        """Let the engine have one report."""
        now = self.now()
        event.ts_known_ns = now
        self.engine.process(event, now)

    async def is_heard(self, happened: Callable[[], bool]) -> None:
        """Wait until something has happened."""
        async with asyncio.timeout(SETTLED_S):
            while not happened():
                await asyncio.sleep(0.005)

    def wish(self) -> None:
        """Have one random request approved, or what rests of the last entry taken back."""
        now = self.now()
        if self.rng.random() < TAKEN_BACK and self.trading.open_orders():
            self.engine.process(Mode(now, PAUSED, NORMAL, rule="drawn", measured=0.0, limit=0.0), now)
            return
        self.intents += 1
        price = self.price()
        leave = self.trading.position(0) > 0 and self.rng.random() < 0.5
        is_limit = not leave and self.rng.random() < 0.5
        self.approve(
            purpose=EXIT if leave else ENTER,
            lots=self.rng.randrange(100, 5_000),
            price=price,
            limit=int(price * self.rng.uniform(0.999, 1.001)) if is_limit else 0,
            stop=int(price * self.rng.choice((0.95, 0.9999))),
        )

    def wish_for(self, *, lots: int, is_market: bool = True) -> None:
        """Have one entry approved: taken from the book, or resting far below it; its stop is far below too."""
        self.intents += 1
        price = self.price()
        self.approve(purpose=ENTER, lots=lots, price=price, limit=0 if is_market else price // 2, stop=price // 3)

    def approve(self, *, purpose: int, lots: int, price: int, limit: int, stop: int) -> None:
        """Have one request approved; without a limit it is a market order."""
        now = self.now()
        request = OrderRequest(
            intent_id=self.intents,
            instrument=0,
            slot=0,
            purpose=purpose,
            order_type=LIMIT if limit else MARKET,
            side=SELL if purpose == EXIT else BUY,
            lots=Lots(lots),
            reference=Ticks(price),
            limit=Ticks(limit),
            trigger=Ticks(0),
            stop=Ticks(stop),
            target=self.target(price),
        )
        self.engine.process(Approved(now, request, NORMAL, []), now)

    def target(self, price: int) -> Ticks:
        """The target of an entry: none, as long as the gateway cannot place a pair."""
        return Ticks(0 * price)

    def price(self) -> int:
        """The best ask in ticks, or a fair guess where nobody offers."""
        book = self.server.exchange.market.depth("BTCUSDT", 1)
        asks = getattr(book, "asks", ())
        return int(asks[0][0]) // 1_000_000 if asks else 6_000_000

    def ours(self) -> Ours:
        """What the journal and the stage say."""
        events = self.journal.events
        fills = [event for event in events if isinstance(event, Fill)]
        return Ours(
            sent=[Sent.of(event) for event in events if Sent.is_one(event)],
            states={int(order.order_id): int(order.filled) for order in self.trading.open_orders()},
            trades={
                int(one.trade_id): Trade(
                    int(one.order_id), int(one.lots) * (1 if one.side == BUY else -1), int(one.price), int(one.fee)
                )
                for one in fills
            },
            position=int(self.trading.position(0)) * int(BTCUSDT.lot_units) + int(self.trading.dust(0)),
            ends={
                int(one.order_id): (ORDER_STATES[one.state], int(one.filled))
                for one in events
                if isinstance(one, OrderUpdate)
            },
            balances=self.life.holdings.expected() if self.life.holdings.is_begun else None,
        )

    def theirs(self) -> Theirs:
        """What the venue's ledger says."""
        return Theirs.of(self.server.exchange.ledger(MEMBER), f"b4{RUN[:16]}-")
