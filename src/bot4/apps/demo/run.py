# SPDX-License-Identifier: Apache-2.0
"""One demonstration, from nothing to its report: venue, sockets, warm-up, orders, fills, both books compared.

The market is synthetic and is called so wherever it appears. Its one edge is stated, so the
evidence gate lets the momentum strategy through once its record suffices; what it makes of
the others is shown as it comes. Everything else is a live run: the code of ``bot4 live``
speaks to the venue server over loopback sockets, in this process. Days pass quickly there:
the venue's clock races, and ours with it.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import process_time_ns
from typing import Final

from mypy_extensions import i64

from bot4.account.portfolio import Portfolio
from bot4.adapters.venues.kit.secret import Secret
from bot4.adapters.venues.kit.signing import HmacSigner
from bot4.apps.demo.market import BEGAN_MS, INTERVAL, INTERVAL_MS, PAST_BARS, PLANTED, SYMBOLS, DemoMarket
from bot4.apps.live.imagined_time import imagined_clock
from bot4.apps.live.request import LiveRequest, addresses_of
from bot4.apps.live.run import LiveRun
from bot4.apps.live.view import View
from bot4.apps.outcome import Outcome
from bot4.apps.output import RUNS
from bot4.apps.venue_server.serve import MEMBER, ServeRequest, VenueServer
from bot4.domain.errors import BadInput
from bot4.domain.instrument import Instrument
from bot4.domain.values import SECOND_NS
from bot4.runtime.clocks import SystemClock
from bot4.runtime.feature_wiring import compiled_features
from bot4.runtime.settings import Settings, StrategySettings
from bot4.runtime.strategy_loader import recruit
from bot4.runtime.venue_settings import VenueSettings
from bot4.runtime.warm_up import warm_up
from bot4.simulation.exchange.rules import ONE
from bot4.simulation.exchange.venue import AccountLedger

QUOTE: Final = "USDT"
SPEED: Final = 600.0
"""Seconds of the venue in one of ours. A signed request lives sixty of them at most: a tenth of a second."""

SPEED_MIN: Final = 100.0
SHARE_USUAL: Final = 0.8
"""What part of the time a machine that has nothing else to do works for us while all is made ready."""

SECONDS: Final = 15.0
"""How long it trades, unless told; less, but not below half of it, where the start has taken longer than usual."""

START_USUAL_S: Final = 35.0
FIRST_TRADE_S: Final = 45.0
"""How much longer at most, where nothing was traded by then."""

SECONDS_MIN: Final = 1.0
SECONDS_MAX: Final = 600.0
START_S: Final = 300.0
"""For so long the market goes on besides, so that a slow machine may take its time to start."""

SEED_MAX: Final = 1 << 53
SETTLE_S: Final = 5.0
"""How long after the market's close both books may take to become equal."""

QUIET_S: Final = 0.2
MOMENTUM: Final = StrategySettings(
    kind="momentum", parameters={"lookback": 3, "enter": 1.6, "leave": 0.0, "hold_bars_max": 40}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoRequest:
    """Ask for a demonstration: where to, how long it trades (None: so that all is over in a minute), which seed."""

    out: Path = RUNS
    report: bool = True
    seconds: float | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Ready:
    """Hold a demonstration that has everything but a venue; ``began_ns`` is the machine's monotonic time."""

    request: DemoRequest
    config: Settings
    market: DemoMarket
    began_ns: int
    speed: float

    def seconds(self) -> float:
        """Return how long to trade, asked when it begins."""
        if self.request.seconds is not None:
            return self.request.seconds
        late_s = (int(SystemClock().monotonic_ns()) - self.began_ns) / SECOND_NS - START_USUAL_S
        return min(SECONDS, max(SECONDS / 2, SECONDS - late_s))


@dataclass(frozen=True, slots=True)
class Demonstrated:
    """Hold what came of it: the run, and on what its books differ from the venue's ledger, empty if on nothing."""

    outcome: Outcome
    differences: tuple[str, ...]


def make_ready(request: DemoRequest, tell: Callable[[str], object]) -> Ready:
    """Generate the market and compile the kernels: before the venue's clock starts to race.

    Raises
    ------
    BadInput
        If it is to last too short or too long, or the seed is out of range.
    """
    machine = SystemClock()
    began_ns, worked_ns = int(machine.monotonic_ns()), process_time_ns()
    longest_s = SECONDS if request.seconds is None else request.seconds
    if not SECONDS_MIN <= longest_s <= SECONDS_MAX:
        allowed = f"{SECONDS_MIN:g}s to {SECONDS_MAX / 60:g}m"
        raise BadInput("--for", f"{longest_s:g}s", allowed, f"Leave it out for {SECONDS:g} s.")
    if not 0 <= request.seed <= SEED_MAX:
        raise BadInput("--seed", str(request.seed), f"0 to {SEED_MAX}", "Leave it out for 0.")
    kinds = (MOMENTUM, StrategySettings(kind="mean_reversion"), StrategySettings(kind="breakout"))
    config = Settings(seed=request.seed, gate="enforce", strategies=kinds)
    tell("generating a market")
    market = DemoMarket(request.seed, int((longest_s + START_S) * SPEED * 1000) // INTERVAL_MS)
    tell("compiling the kernels, once on a machine")
    warm_up(compiled_features(config, recruit(config.strategies, Path())))
    share = (process_time_ns() - worked_ns) / max(int(machine.monotonic_ns()) - began_ns, 1)
    return Ready(request, config, market, began_ns, speed_of(share))


def speed_of(share: float) -> float:
    """Return how fast the venue's days may pass on a machine that gave us a share of the time.

    One that is busy answers late, and what is signed is stale by then: its venue races less.
    """
    return max(SPEED_MIN, SPEED * min(1.0, share / SHARE_USUAL))


async def demonstrate(ready: Ready, view: View, stop: asyncio.Event) -> Demonstrated:
    """Open a venue and trade at it until the time is over or a person stops it; return what came of it.

    Raises
    ------
    OutsideFault
        If the disk refuses, or no port is to be had.
    """
    key, secret = secrets.token_hex(16), secrets.token_hex(16)
    server = VenueServer(
        ServeRequest(
            symbols=ready.market.symbols,
            api_key=key,
            api_secret=secret,
            balances={QUOTE: ready.config.account.cash * ONE},
            speed=ready.speed,
            began_ns=BEGAN_MS * 1_000_000,
            past=ready.market.past(),
            prints=ready.market.prints(),
        )
    )
    doors = await server.open()
    try:
        asked = live_request(ready, doors, HmacSigner(key, Secret(secret.encode())))
        run = LiveRun(asked, view, await imagined_clock(asked))
        over = asyncio.Event()
        ending = asyncio.create_task(end_in_time(ready, run, server, stop=stop, over=over))
        try:
            outcome = await run.run(over)
            await ending
        finally:
            ending.cancel()
        return Demonstrated(outcome, tuple(differences_of(run, server)))
    finally:
        await server.close()


def live_request(ready: Ready, doors: dict[str, object], signer: HmacSigner) -> LiveRequest:
    """Return what the live loop is asked for: the venue that was just opened, with its throw-away key."""
    request = ready.request
    venue = VenueSettings(
        symbols=SYMBOLS,
        interval=INTERVAL,
        warm_up_bars=PAST_BARS,
        speed=ready.speed,
        rest=str(doors["rest"]),
        ws=str(doors["ws"]),
        ws_api=str(doors["ws_api"]),
    )
    return LiveRequest(
        command="demo",
        config=ready.config,
        venue=venue,
        addresses=addresses_of(venue),
        signer=signer,
        out=request.out,
        report=request.report,
        data_note=PLANTED,
        typed=f"bot4 demo --seed {request.seed}",
    )


async def end_in_time(
    ready: Ready, run: LiveRun, server: VenueServer, *, stop: asyncio.Event, over: asyncio.Event
) -> None:
    """Close the market after the time it was given, or when a person stops it; then end the run.

    Between the two lies what it takes both books to become equal: a venue that went on trading
    would fill a stop behind the back of a run that no longer listens.
    """
    begun = asyncio.create_task(run.hearing.wait())
    stopped = asyncio.create_task(stop.wait())
    traded = asyncio.create_task(first_trade(run))
    try:
        await asyncio.wait((begun, stopped), return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait((stopped,), timeout=ready.seconds())
        if ready.request.seconds is None and begun.done():
            await asyncio.wait((stopped, traded), timeout=FIRST_TRADE_S, return_when=asyncio.FIRST_COMPLETED)
        ready.market.close()
        if begun.done():
            with suppress(TimeoutError):
                await asyncio.wait_for(settled(run, server), SETTLE_S)
    finally:
        for task in (begun, stopped, traded):
            task.cancel()
        over.set()


async def first_trade(run: LiveRun) -> None:
    """Wait for the first fill: a demonstration without one would show nothing."""
    await run.hearing.wait()
    while not run.wired.portfolio.executions:
        await asyncio.sleep(QUIET_S)


async def settled(run: LiveRun, server: VenueServer) -> None:
    """Wait until both books have been equal for a moment."""
    was_equal = False
    while True:
        await asyncio.sleep(QUIET_S)
        is_equal = not differences_of(run, server)
        if is_equal and was_equal:
            return
        was_equal = is_equal


def differences_of(run: LiveRun, server: VenueServer) -> list[str]:
    """Return on what the run's books and the venue's ledger differ."""
    instruments = [one.instrument for one in run.doors.listed] if run.doors is not None else []
    return differences(run.wired.portfolio, server.exchange.ledger(MEMBER), instruments)


def differences(portfolio: Portfolio, ledger: AccountLedger, instruments: Sequence[Instrument]) -> list[str]:
    """Compare money, coins and the number of trades to the last unit; an empty list means equal."""
    balances = {asset: one.free + one.locked for asset, one in ledger.balances.items()}
    pairs = [
        (QUOTE, int(portfolio.cash), balances.get(QUOTE, 0)),
        ("trades", int(portfolio.executions), len(ledger.fills)),
    ]
    pairs += [(one.base, portfolio.units(i64(int(one.index))), balances.get(one.base, 0)) for one in instruments]
    return [f"{what}: ours {ours}, the venue's {theirs}" for what, ours, theirs in pairs if ours != theirs]
