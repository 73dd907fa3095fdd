# SPDX-License-Identifier: Apache-2.0
"""A live run in this process at a venue of its own, with doors between the two, while something is done to either."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot4.adapters.venues.kit.secret import Secret
from bot4.adapters.venues.kit.signing import HmacSigner
from bot4.apps.live.request import LiveRequest, addresses_of
from bot4.apps.live.run import LiveRun
from bot4.apps.live.view import NoView
from bot4.apps.outcome import Outcome
from bot4.apps.venue_server.serve import MEMBER, VenueServer
from bot4.apps.venue_server.streams.life import Pace
from bot4.domain.values import Nanos
from bot4.market.ingest.spread import Limits
from bot4.runtime.clocks import RacingClock, SystemClock
from bot4.runtime.settings import Settings, StrategySettings
from bot4.runtime.venue_settings import VenueSettings
from bot4.simulation.exchange.accounts import Terms
from bot4.simulation.exchange.venue import AccountLedger
from tests.contract.live.gate import Gate
from tests.contract.live.wave import INTERVAL, KEY, PAST_BARS, SECRET, SPEED, STRATEGY, SYMBOL, wave
from tests.contract.venue_server.running import until


@dataclass
class Run:
    """A run that goes on, its venue, and what stands between the two; ``kept`` is for whoever troubles it."""

    server: VenueServer
    live: LiveRun
    gates: tuple[Gate, Gate, Gate]
    folder: Path
    kept: dict[str, int] = field(default_factory=dict)

    async def trades(self, orders: int) -> None:
        """Wait until the venue has so many more orders."""
        before = self.orders
        await until_late(lambda: self.orders >= before + orders)

    @property
    def ledger(self) -> AccountLedger:
        """What the venue has of the account."""
        return self.server.exchange.ledger(MEMBER)

    @property
    def orders(self) -> int:
        """How many orders the venue has."""
        return len(self.ledger.orders)

    @property
    def sessions(self) -> int:
        """How often the account's stream was subscribed."""
        return 0 if self.live.account is None else self.live.account.feed.sessions

    @property
    def is_covered(self) -> bool:
        """Say whether a stop stands at the venue now."""
        return any(one.type == "STOP_LOSS" and one.status == "NEW" for one in self.ledger.orders)

    @property
    def terms(self) -> Terms:
        """On what terms the account trades."""
        return self.server.exchange.queries.account(MEMBER).terms

    def change_terms(self, terms: Terms) -> None:
        """Let the account trade on other terms from here on."""
        self.server.exchange.open_account(MEMBER, terms, {}, self.server.clock.now_ms())


async def until_late(happened: Callable[[], bool]) -> None:
    """Wait as long as a loaded machine may take to start and to trade."""
    for _ in range(4):
        try:
            await until(happened)
        except AssertionError:
            continue
        return
    raise AssertionError("it did not happen")


@dataclass(frozen=True)
class Ended:
    """What came of a run, what the venue's ledger holds then, and what was kept."""

    outcome: Outcome
    ledger: AccountLedger
    kept: dict[str, int]


def tended(
    folder: Path,
    trouble: Callable[[Run], Awaitable[None]],
    *,
    pace: Pace | None = None,
    limits: Limits | None = None,
    before: Callable[[VenueServer], None] = lambda _server: None,
) -> Ended:
    """Run through trouble, stop, and return what came of it; nothing but the end of the trouble may end the run."""

    async def go() -> Ended:
        server = VenueServer(replace(wave(), pace=pace or Pace()))
        ready = await server.open()
        before(server)
        gates = Gate(str(ready["rest"])), Gate(str(ready["ws"])), Gate(str(ready["ws_api"]))
        for gate in gates:
            await gate.open()
        (folder / "rider.py").write_text(STRATEGY)
        venue = VenueSettings(
            symbols=(SYMBOL,),
            interval=INTERVAL,
            warm_up_bars=PAST_BARS,
            rest=gates[0].address,
            ws=gates[1].address,
            ws_api=gates[2].address,
            speed=SPEED,
        )
        request = LiveRequest(
            command="live",
            config=Settings(strategies=(StrategySettings(kind="rider.py:Rider"),)),
            config_folder=folder,
            venue=venue,
            addresses=addresses_of(venue),
            signer=HmacSigner(KEY, Secret(SECRET.encode())),
            out=folder / "runs",
            report=False,
        )
        clock = RacingClock(SystemClock(), SPEED, Nanos(server.clock.now_ns()))
        live = LiveRun(request, NoView(), clock, limits=limits)
        stop = asyncio.Event()
        run = Run(server, live, gates, folder)
        running = asyncio.ensure_future(live.run(stop))
        troubling = asyncio.ensure_future(trouble(run))
        try:
            await asyncio.wait([running, troubling], return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
            assert not running.done(), "nothing ends an unattended run"
            troubling.result()
            stop.set()
            return Ended(await running, run.ledger, run.kept)
        finally:
            for one in (running, troubling):
                one.cancel()
            await asyncio.gather(running, troubling, return_exceptions=True)
            for gate in gates:
                await gate.shut()
            await server.close()

    return asyncio.run(go())
