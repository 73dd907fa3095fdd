# SPDX-License-Identifier: Apache-2.0
"""A live market at a simulated venue, both in one loop and by one clock, and everything that came of it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from bot4.adapters.net.endpoints import allowed
from bot4.adapters.net.http import HttpClient, HttpSettings
from bot4.adapters.net.websocket import dial
from bot4.adapters.venues.binance.market.dialect import COMBINED_PATH
from bot4.adapters.venues.binance.market.live import LiveMarket
from bot4.adapters.venues.binance.market.request import MarketRequest
from bot4.adapters.venues.binance.wire.rest import BinanceRest
from bot4.adapters.venues.kit.allowance import Limit, Unit
from bot4.adapters.venues.kit.clock import ClockOffset
from bot4.adapters.venues.kit.drift import Drift
from bot4.adapters.venues.kit.limiter import limiter_of
from bot4.apps.venue_server.faults.schedule import parse_rules
from bot4.apps.venue_server.serve import VenueServer
from bot4.domain.event import Event
from bot4.domain.instrument import Instrument
from bot4.domain.marketdata import Bar
from bot4.domain.ports import Clock
from bot4.domain.values import Nanos
from tests.contract.venue_server.running import asked, at_a_venue

SYMBOLS = ("BTCUSDT", "ETHUSDT")
MS = 1_000_000
E8 = 10**8


class VenueClocked(Clock):
    """The venue's own clock, off by so much; durations are the machine's."""

    def __init__(self, server: VenueServer, off_ns: int = 0) -> None:
        self._server = server
        self._off_ns = off_ns

    def now_ns(self) -> Nanos:
        """The venue's time and the error."""
        return Nanos(self._server.clock.now_ns() + self._off_ns)

    def monotonic_ns(self) -> Nanos:
        """The machine's."""
        return Nanos(time.monotonic_ns())


@dataclass
class Listening:
    """A market, its venue, and what came."""

    server: VenueServer
    market: LiveMarket
    interval: str
    events: list[Event]
    states: list[tuple[int, bool, str]]
    lines: list[str]
    warm: list[Bar] = field(default_factory=list)

    def bars(self, index: int) -> list[Bar]:
        """Every bar of an instrument, in the order in which it came, those of the warm-up first."""
        live = [one for one in self.events if isinstance(one, Bar)]
        return [one for one in (*self.warm, *live) if one.instrument == index]

    def venue_bars(self, index: int, first_ns: int, count: int) -> list[tuple[int, ...]]:
        """The venue's own klines from a moment on, in ticks and lots, by integers alone."""
        one = self.market.followed[index].instrument
        rows = self.server.exchange.market.klines(
            one.symbol, self.interval, self.server.clock.now_ms(), start_ms=first_ns // MS, limit=count
        )
        return [
            (
                row.open_ms * MS,
                *(steps(one, price) for price in (row.open, row.high, row.low, row.close)),
                int(row.volume // int(one.lot_size * E8)),
            )
            for row in rows
        ]

    def assert_the_venues_own(self, index: int, at_least: int) -> None:
        """Each bar once, in order, none left out, each as the venue has it."""
        bars = self.bars(index)
        assert len(bars) >= at_least, f"{len(bars)} bars; {self.market.figures()['bars']} {self.lines}"
        told = [tuple(int(getattr(bar, name)) for name in NAMES) for bar in bars]
        assert told == self.venue_bars(index, int(bars[0].open_ns), len(bars))

    def is_fresh(self) -> list[bool]:
        """The latest word on each instrument."""
        latest = dict.fromkeys(range(len(self.market.followed)), False)
        latest.update({index: fresh for index, fresh, _ in self.states})
        return list(latest.values())


NAMES = ("open_ns", "open", "high", "low", "close", "volume")


def steps(one: Instrument, price: int) -> int:
    """A price of the exchange in ticks."""
    ticks, rest = divmod(price, int(one.tick_size * E8))
    assert rest == 0, "the venue's own prices lie on its tick"
    return ticks


@asynccontextmanager
async def made(
    ready: Any, server: VenueServer, *, interval: str = "1m", feeds: int = 1, off_ns: int = 0, **more: Any
) -> AsyncIterator[Listening]:
    """Make a market at a venue that runs, not begun yet."""
    wanted: dict[str, Any] = {"symbols": SYMBOLS, "interval": interval, "time_scale": server.clock.speed} | more
    clock = VenueClocked(server, off_ns)
    ws, rest = (allowed(ready[name], ["127.0.0.1"]) for name in ("ws", "rest"))
    asks = BinanceRest(
        HttpClient(rest, settings=HttpSettings(total_s=2.0)),
        clock=clock,
        offset=ClockOffset(),
        limiter=limiter_of([Limit(Unit.WEIGHT, 60_000, 6_000)]),
        signer=None,
        drift=Drift(),
    )
    events: list[Event] = []
    states: list[tuple[int, bool, str]] = []
    lines: list[str] = []
    market = LiveMarket(
        MarketRequest(**wanted),
        rest=asks,
        connects=[partial(dial, ws, path=COMBINED_PATH)] * feeds,
        clock=clock,
        generator=np.random.default_rng(1),
        receiver=events.append,
        on_state=lambda index, fresh, why: states.append((index, fresh, why)),
        tell=lines.append,
    )
    try:
        yield Listening(server, market, interval, events, states, lines)
    finally:
        await asks.close()


Visit = Callable[[Listening], Awaitable[None]]


def listen(
    visit: Visit, *, warm: int = 5, faults: str = "", speed: float = 1.0, before_s: float = 0.0, **more: Any
) -> None:
    """Run a venue and a market at it, warmed up, while a visit lasts."""
    venue = more.pop("venue", {})

    async def test(ready: Any, server: VenueServer) -> None:
        if before_s:
            await asyncio.sleep(before_s)
        async with made(ready, server, **more) as listening:
            await listening.market.learn()
            listening.warm = await listening.market.warm_up(warm)
            running = asyncio.ensure_future(listening.market.run())
            visiting = asyncio.ensure_future(visit(listening))
            try:
                await asyncio.wait([running, visiting], return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    running.result()
                await visiting
            finally:
                for task in (running, visiting):
                    task.cancel()
                await asyncio.gather(running, visiting, return_exceptions=True)
            assert not any(listening.is_fresh()), "whoever hears nothing knows nothing"

    request = asked(*SYMBOLS, has_flow=True, speed=speed, faults=tuple(parse_rules(faults)), late_s=3.0, **venue)
    at_a_venue(request, test)


async def until(happened: Callable[[], bool], wait_s: float = 60.0) -> None:
    """Wait until something has happened, for as long as a loaded machine may take."""
    deadline = time.monotonic() + wait_s
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.02)
