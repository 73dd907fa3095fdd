# SPDX-License-Identifier: Apache-2.0
"""A venue under test: a fresh one on the loopback, an adapter that speaks to it, and the ledger that tells the truth.

A new adapter joins the suite with one entry of ``ADAPTERS``, and what opens it at a venue that speaks its protocol. No
case names an adapter; each asks the port and looks at the ledger. A case that needs what an adapter declares not to
have becomes the proof that it is refused: nothing is skipped.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from bot4.adapters.net.endpoints import allowed
from bot4.adapters.net.http import HttpClient, HttpSettings
from bot4.adapters.venues.binance.orders.order_entry import BinanceOrderEntry
from bot4.adapters.venues.binance.orders.venue_reads import BinanceReads
from bot4.adapters.venues.binance.wire.rest import BinanceRest
from bot4.adapters.venues.binance.wire.socket_door import BinanceSocket
from bot4.adapters.venues.ccxt.door import CcxtDoor
from bot4.adapters.venues.ccxt.offered import OFFERED, CcxtVenue
from bot4.adapters.venues.ccxt.order_entry import CcxtOrderEntry
from bot4.adapters.venues.ccxt.venue_reads import CcxtReads
from bot4.adapters.venues.kit.allowance import Allowance
from bot4.adapters.venues.kit.answers import is_proof
from bot4.adapters.venues.kit.clock import ClockOffset
from bot4.adapters.venues.kit.drift import Drift
from bot4.adapters.venues.kit.limiter import Limiter
from bot4.adapters.venues.kit.order_entry import Capability, OrderEntry, OrderSeen, Replaced, VenueReads, cannot
from bot4.adapters.venues.kit.secret import Secret
from bot4.apps.venue_server.faults.schedule import parse_rules
from bot4.apps.venue_server.listing import Listed, listed
from bot4.apps.venue_server.serve import MEMBER, VenueServer
from bot4.domain.instrument import Instrument
from bot4.domain.order import ENTER, FILL_OR_KILL, IMMEDIATE_OR_CANCEL, LIMIT, POST_ONLY, STOP, Submit
from bot4.domain.values import BUY, SELL, Lots, Nanos, Ticks
from bot4.market.ingest.backoff import Backoff, BackoffPolicy
from bot4.runtime.clocks import SystemClock
from bot4.simulation.exchange.accounts import Balance, Terms
from bot4.simulation.exchange.orders import Fill, OrderState
from bot4.simulation.exchange.requests import PlaceOrder
from tests.contract.gateway.bench import SIGNER, dialer
from tests.contract.orders.life import RUN
from tests.contract.venue_server.running import KEY, ONE, SECRET, asked

PATIENCE_S = 2.0
MS = 1_000_000
LOT = 1_000
TICK = 1_000_000
LAST = 50_000
SLOT = 3
NEVER_PLACED = 99
BTCUSDT = Instrument(0, "BTCUSDT", base="BTC", quote="USDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.00001"))
CCXT = {f"ccxt-{name}": one for name, one in OFFERED.items()}
ADAPTERS = ("binance-rest", "binance-socket", *CCXT)
every_adapter = pytest.mark.parametrize("adapter", ADAPTERS)


def ticks(price: float) -> Ticks:
    """Return a price in ticks."""
    return Ticks(round(price * 100))


def order(order_id: int, **more: Any) -> Submit:
    """Return an order: to buy a hundredth at 40,000, unless told otherwise."""
    given: dict[str, Any] = {
        "order_id": order_id, "intent_id": 1, "slot": SLOT, "instrument": 0, "purpose": ENTER, "order_type": LIMIT,
        "side": BUY, "lots": Lots(1_000), "limit": ticks(40_000), "trigger": Ticks(0), "sibling_id": 0,
        "reduce_only": False,
    }  # fmt: skip
    return Submit(Nanos(0), **(given | more))


class Gap(Exception):
    """Say what a case needs and the adapter declares not to have."""

    def __init__(self, missing: list[Capability]) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing


class VenueUnderTest:
    """Hold the adapter and the venue's own truth."""

    def __init__(self, server: VenueServer, entry: OrderEntry, reads: VenueReads) -> None:
        self.server = server
        self.entry = entry
        self.reads = reads

    def need(self, *capabilities: Capability) -> None:
        """End a case that needs what the adapter does not have; what it asks for must then be refused."""
        missing = sorted(set(capabilities) - self.entry.supports)
        if missing:
            raise Gap(missing)

    def orders(self) -> dict[int, OrderState]:
        """Return our orders in the venue's ledger, by our number; the latest of a number."""
        held = self.server.exchange.ledger(MEMBER).orders
        return {int(one.client_order_id.rpartition("-")[2]): one for one in held}

    def states(self) -> dict[int, str]:
        """Return the state of each of our orders in the ledger."""
        return {number: one.status for number, one in self.orders().items()}

    def count(self) -> int:
        """Return how many orders the ledger holds: a duplicate would show."""
        return len(self.server.exchange.ledger(MEMBER).orders)

    def fills(self) -> list[Fill]:
        """Return our fills in the ledger, by id."""
        return sorted(self.server.exchange.ledger(MEMBER).fills, key=lambda fill: fill.trade_id)

    def held(self, asset: str) -> Balance:
        """Return what the ledger holds of an asset."""
        return self.server.exchange.ledger(MEMBER).balances.get(asset, Balance())

    def other(self, side: str, price: int, quantity: str = "0.01", *, name: str = "") -> None:
        """Let another member offer or wish; each side is a member of its own."""
        wanted = PlaceOrder(
            "BTCUSDT", side, "LIMIT", int(Decimal(quantity) * ONE), price=price * ONE, time_in_force="GTC"
        )
        now_ms = self.server.clock.now_ms()
        reply = self.server.exchange.place(name or side, wanted, now_ms)
        assert not hasattr(reply, "code"), reply
        self.server.venue.publish(now_ms)

    async def seen(self, order_id: int) -> OrderSeen:
        """Return an order that the venue must know."""
        found = await self.entry.query(order_id, 0)
        assert isinstance(found, OrderSeen), found
        return found


Case = Callable[[VenueUnderTest], Awaitable[None]]


def at(adapter: str, case: Case, faults: str = "", **more: Any) -> None:
    """Run one case at a venue of its own."""

    async def run() -> None:
        async with venue(adapter, faults, **more) as under_test:
            try:
                await case(under_test)
            except Gap as gap:
                for capability in gap.missing:
                    await refused(under_test, capability)

    asyncio.run(run())


def btcusdt(**changes: Any) -> tuple[Listed, ...]:
    """Return the one symbol with some rules changed."""
    found = listed("BTCUSDT")
    return (Listed(replace(found.rules, **changes), found.price),)


async def refused(venue: VenueUnderTest, capability: Capability) -> None:
    """Check that what an adapter declares not to have is refused as such, and nothing done in its place."""
    was = venue.states(), venue.held("USDT"), venue.held("BTC")
    entry, target = order(11, limit=ticks(40_000)), order(12, side=SELL, limit=ticks(60_000))
    stop = order(13, side=SELL, order_type=STOP, limit=0, trigger=ticks(39_000))
    attempts: dict[Capability, list[Callable[[], Awaitable[Any]]]] = {
        Capability.PAIRS: [lambda: venue.entry.place_pair(target, stop), lambda: venue.entry.cancel_list(1, 0)],
        Capability.BRACKETS: [
            lambda: venue.entry.place_guarded(entry, stop),
            lambda: venue.entry.place_bracket(entry, target, stop),
        ],
        Capability.REPLACE: [lambda: venue.entry.replace(1, entry)],
        Capability.CANCEL_ALL: [lambda: venue.entry.cancel_all(0)],
        Capability.STOPS: [lambda: venue.entry.place(stop)],
        Capability.POST_ONLY: [lambda: venue.entry.place(order(14, order_type=POST_ONLY))],
        Capability.IMMEDIATE_OR_CANCEL: [lambda: venue.entry.place(order(14, order_type=IMMEDIATE_OR_CANCEL))],
        Capability.FILL_OR_KILL: [lambda: venue.entry.place(order(14, order_type=FILL_OR_KILL))],
    }
    for attempt in attempts[capability]:  # what has no attempt here cannot be declared a gap
        answer = await attempt()
        assert (answer.whole if isinstance(answer, Replaced) else answer) == cannot(capability)
        assert answer.placed is answer.canceled is None if isinstance(answer, Replaced) else is_proof(answer)
    assert (venue.states(), venue.held("USDT"), venue.held("BTC")) == was


@asynccontextmanager
async def venue(adapter: str, faults: str, **more: Any) -> AsyncIterator[VenueUnderTest]:
    """Start a venue where the last trade was at 50,000; its faults begin with the case."""
    server = VenueServer(asked("BTCUSDT", late_s=PATIENCE_S / 2, **more))
    ready = await server.open()
    try:
        async with (through_ccxt if adapter in CCXT else natively)(adapter, ready) as (entry, reads):
            under_test = VenueUnderTest(server, entry, reads)
            for name in ("BUY", "SELL"):
                rich = {"USDT": 10_000_000 * ONE, "BTC": 1_000 * ONE}
                server.exchange.open_account(name, Terms(), rich, server.clock.now_ms())
            for side in ("SELL", "BUY"):
                under_test.other(side, LAST)
            server.schedule.begin(parse_rules(faults) if faults else ())
            yield under_test
    finally:
        await server.close()


@asynccontextmanager
async def natively(adapter: str, ready: Mapping[str, object]) -> AsyncIterator[tuple[OrderEntry, VenueReads]]:
    """Open bot4's own adapter, over either door."""
    clock, offset, limiter = SystemClock(), ClockOffset(), Limiter(Allowance(()), Allowance(()))
    shared: dict[str, Any] = {"clock": clock, "offset": offset, "limiter": limiter, "signer": SIGNER}
    rest = BinanceRest(http_to(str(ready["rest"])), drift=Drift(), **shared)
    door: Any = rest
    running: list[asyncio.Task[None]] = []
    try:
        await rest.learn_time()
        if adapter == "binance-socket":
            pace = BackoffPolicy(first_ns=20 * MS, cap_ns=100 * MS, steady_ns=0)
            backoff = Backoff(pace, np.random.default_rng(1))
            door = BinanceSocket(
                dialer(str(ready["ws_api"])), learn_time=rest.learn_time, drift=Drift(), backoff=backoff,
                reply_ms=int(PATIENCE_S * 1000), **shared,
            )  # fmt: skip
            running.append(asyncio.create_task(door.run()))
            while not door.opened:
                await asyncio.sleep(0.005)
        entry = BinanceOrderEntry(door, run=RUN, instruments=[BTCUSDT], known={NEVER_PLACED: SLOT})
        yield entry, BinanceReads(door, [BTCUSDT])
    finally:
        for task in running:
            task.cancel()
        await rest.close()


@asynccontextmanager
async def through_ccxt(adapter: str, ready: Mapping[str, object]) -> AsyncIterator[tuple[OrderEntry, VenueReads]]:
    """Open ccxt's way: it believes to speak to the real host, and what carries its requests brings them here."""
    pytest.importorskip("ccxt", reason="the extra venues is not installed")
    http = http_to(str(ready["rest"]))
    try:
        door = await ccxt_door(CCXT[adapter], http)
        entry = CcxtOrderEntry(door, run=RUN, instruments=[BTCUSDT], known={NEVER_PLACED: SLOT})
        yield entry, CcxtReads(door, [BTCUSDT])
    finally:
        await http.close()


async def ccxt_door(offered: CcxtVenue, http: HttpClient) -> CcxtDoor:
    """Open a door whose every request goes to one client."""
    secret = Secret(SECRET.encode())
    clients = dict.fromkeys(offered.origins, http)
    return await CcxtDoor.open(offered, clients, api_key=KEY, secret=secret, clock=SystemClock())


def http_to(address: str) -> HttpClient:
    """Return a client of the venue's REST."""
    return HttpClient(allowed(address, ["127.0.0.1"]), settings=HttpSettings(total_s=PATIENCE_S))
