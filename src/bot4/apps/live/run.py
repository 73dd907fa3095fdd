# SPDX-License-Identifier: Apache-2.0
"""One run at a venue, from its first request to its report: ``bot4 live``, and ``bot4 paper`` on a live market.

The order of a start: learn the venue's rules, look at the key, open the journal, warm up on
past bars while no new risk may be taken, then hear the market and the account. New risk
waits until both books are equal and prices are fresh, and stops with the run; what is
held then stays protected by its stops at the venue.
"""

import asyncio
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, final

import numpy as np

from bot4.adapters.net.tls import verified
from bot4.adapters.net.websocket import dial
from bot4.adapters.observability.run_log import RunLog
from bot4.adapters.stores.journal_key import load_or_create_key
from bot4.adapters.stores.journal_reader import read_header
from bot4.adapters.venues.binance.market.dialect import COMBINED_PATH
from bot4.adapters.venues.binance.market.live import LiveMarket
from bot4.adapters.venues.binance.market.request import MarketRequest
from bot4.apps.finish import finish
from bot4.apps.live.account import Account
from bot4.apps.live.connections import connections_of
from bot4.apps.live.doors import Doors, open_doors
from bot4.apps.live.observers import Observers
from bot4.apps.live.paper_fills import PaperFills
from bot4.apps.live.request import LiveRequest
from bot4.apps.live.telling import Telling
from bot4.apps.live.view import View
from bot4.apps.live_plan import LivePlan, plan_again, plan_live
from bot4.apps.live_recording import LiveRecording, live_recording
from bot4.apps.outcome import Outcome
from bot4.apps.output import RunFolder, journal_of
from bot4.apps.paper import state_folder
from bot4.domain.books_equal import BooksEqual
from bot4.domain.errors import OurFault
from bot4.domain.event import Event
from bot4.domain.marketdata import Bar
from bot4.domain.ports import Clock
from bot4.domain.readiness import RECONCILING, WARMING
from bot4.domain.values import RATE_ONE
from bot4.market.ingest.spread import Limits
from bot4.market.intervals import parse_interval
from bot4.record.exposure_time import ExposureTime
from bot4.runtime.clocks import PairedClock, RacingClock, SteadyClock, SystemClock
from bot4.runtime.feature_wiring import compiled_features
from bot4.runtime.live import LiveLoop
from bot4.runtime.warm_up import warm_up
from bot4.runtime.wiring import Wired, imagined_venue

VENUE: Final = "binance-spot"
BEAT_S: Final = 0.1
WARM_UP_AT_ONCE: Final = 512
DRAIN_S: Final = 10.0
"""How long the answers to the last commands are waited for at the end."""


@final
class LiveRun:
    """Run once.

    Parameters
    ----------
    request : LiveRequest
        What is asked for.
    view : View
        Shown how it goes.
    clock : RacingClock, optional
        That of a simulated venue whose time runs faster; the machine's if None.
    limits : Limits, optional
        What the venue allows the market's connections; what is documented if None.

    Attributes
    ----------
    unprotected : ExposureTime
        How long positions were without a stop at the venue.
    wired : Wired
        The stages, once they are built.
    hearing : asyncio.Event
        Set once it is warm, and market and account are listened to.
    """

    unprotected: ExposureTime
    wired: Wired

    def __init__(
        self, request: LiveRequest, view: View, clock: RacingClock | None = None, *, limits: Limits | None = None
    ) -> None:
        self.request = request
        self._limits = limits
        self.doors: Doors | None = None
        self.account: Account | None = None
        self.market: LiveMarket | None = None
        self.hearing = asyncio.Event()
        self._machine = SystemClock()
        self._clock: Clock = clock or SteadyClock(self._machine)
        self._speed = 1.0 if clock is None else clock.speed
        account = "none: fills are imagined" if request.signer is None else "connecting"
        self._telling = Telling(view, self._clock, self._machine, request.venue.symbols, account)
        self._run = ""

    async def run(self, stop: asyncio.Event) -> Outcome:
        """Run until asked to stop, or until the time is over, and return what came of it.

        Raises
        ------
        BadInput
            If the configuration, the key or a symbol cannot be used.
        OutsideFault
            If the venue or the disk refuses.
        """
        began_ns = int(self._machine.monotonic_ns())
        self._telling.note("asking the venue for its rules")
        self.doors = await open_doors(self.request, self._clock, self._speed)
        try:
            plan = self._plan(self.doors)
            self._run = plan.header.run
            folder = RunFolder(self.request.out, self.request.command, plan.header.run)
            path = folder.open(resume=self.request.resume is not None)
            try:
                self._telling.note("compiling the kernels, once on a machine")
                warm_up(compiled_features(plan.settings, plan.recruits))
                key = load_or_create_key(state_folder(os.environ))
                is_resumed = self.request.resume is not None
                with (
                    self._log(path, plan) as log,
                    live_recording(path, plan, durable=True, resume=is_resumed, key=key) as recording,
                ):
                    self._telling.log_to(log)
                    observers = Observers(plan, recording)
                    self.unprotected = observers.watch.unprotected
                    digest = await self._trade(recording, observers, stop)
                elapsed_s = (int(self._machine.monotonic_ns()) - began_ns) / 1e9
                prepared = observers.prepared(self.request)
                connections = connections_of(self.doors.rest, self.market, self.account, self._speed)
                return finish(prepared, observers.executed(digest, connections), folder, elapsed_s)
            finally:
                folder.release()
        finally:
            await self.doors.rest.close()

    def _log(self, folder: Path, plan: LivePlan) -> RunLog:
        """Return the log of the run, begun; the name of the key is starred wherever it stands."""
        signer = self.request.signer
        log = RunLog(folder, lambda: int(self._machine.now_ns()), () if signer is None else (signer.api_key,))
        log.say("start", command=self.request.command, run=plan.header.run)
        return log

    def _plan(self, doors: Doors) -> LivePlan:
        """Return the plan of a new run, or that of the run to go on with."""
        request = self.request
        if request.resume is not None:
            journal = journal_of(Path(request.resume))
            return plan_again(read_header(journal), request.config_folder, str(journal))
        is_real = request.signer is not None
        interval_ns = parse_interval(request.venue.interval, "venue.interval")
        return plan_live(
            request.command,
            request.config,
            [one.instrument for one in doors.listed],
            [interval_ns] * len(doors.listed),
            venue=VENUE,
            nonce=request.nonce or secrets.token_hex(8),
            config_folder=request.config_folder,
            filters=[one.filters for one in doors.listed] if is_real else (),
            fees_in_base=doors.fees_in_base if is_real else (),
            slippage_max=round(request.venue.slippage_max * RATE_ONE),
        )

    async def _trade(self, recording: LiveRecording, observers: Observers, stop: asyncio.Event) -> bytes:
        """Warm up, then hear market and account until the end; return the state's hash."""
        loop = recording.loop(observers.stages)
        observers.wired = self.wired = loop.wired
        assert self.doors is not None, "opened before"
        receive = self._receiver(recording, loop, observers)
        self.market = market = self._market(self.doors, loop, receive)
        await market.learn()
        if self.request.resume is None:
            bars = await self._past(market, self.request.venue.warm_up_bars)
            self._telling.hold_all(loop, int(bars[0].ts_known_ns) if bars else self._now())
            await warm(bars, receive, self._telling)
            self._go_live(recording, loop)
        else:
            resumed = recording.repeat(loop)
            self._telling.hold_all(loop, int(loop.engine.now))
            resumed.take_in()
            bars = await self._past(market, self._missed(loop))
            await warm(unheard(bars, loop.last_opens), receive, self._telling)
            resumed.go_live(self._open_account(loop, resumed.again.books).gateway, self._now())
        loop.readiness(WARMING, self._now(), ready=True)
        self.hearing.set()
        await self._hear(loop, observers, stop)
        return loop.finish(recording.journal)

    async def _past(self, market: LiveMarket, count: int) -> list[Bar]:
        """Return the last bars, and tell how far they have come."""
        return await market.warm_up(
            count, lambda done, total: self._telling.note(f"fetching bar {done:,} of {total:,}")
        )

    def _missed(self, loop: LiveLoop) -> int:
        """Return how many bars may have ended since the run was cut, no more than a new one would fetch."""
        venue = self.request.venue
        since_ns = min(loop.last_opens.get(index, 0) for index in range(len(venue.symbols)))
        return min((self._now() - since_ns) // parse_interval(venue.interval), venue.warm_up_bars)

    def _go_live(self, recording: LiveRecording, loop: LiveLoop) -> None:
        """Turn commands to the account, which holds new risk until books are compared; paper needs nothing."""
        if self.request.signer is not None:
            loop.readiness(RECONCILING, self._now(), ready=False, note="starting")
            recording.switch.turn_to(self._open_account(loop).gateway)

    def _open_account(self, loop: LiveLoop, equal: BooksEqual | None = None) -> Account:
        """Return the account, connected to the loop; ``equal`` is where both books were equal before."""
        assert self.doors is not None, "opened before"
        self.account = Account(
            self.request,
            self.doors,
            loop.wired,
            run=self._run,
            clock=self._clock,
            deliver=loop.report,
            on_state=partial(self._telling.account, loop),
            equal=equal,
            speed=self._speed,
        )
        return self.account

    def _receiver(self, recording: LiveRecording, loop: LiveLoop, observers: Observers) -> Callable[[Event], None]:
        """Return what takes market data: the loop, or on paper the imagined venue before it."""
        take = loop.market
        if self.request.signer is None:
            venue = imagined_venue(recording.plan.settings, recording.plan.instruments)
            recording.switch.turn_to(venue)
            take = PaperFills(venue, loop).take

        def receive(event: Event) -> None:
            if isinstance(event, Bar):
                observers.count(event)
            take(event)

        return receive

    def _market(self, doors: Doors, loop: LiveLoop, receiver: Callable[[Event], None]) -> LiveMarket:
        """Return the market of the run's symbols."""
        request = self.request
        return LiveMarket(
            MarketRequest(
                symbols=request.venue.symbols,
                interval=request.venue.interval,
                trades=request.signer is not None,
                time_scale=self._speed,
            ),
            rest=doors.rest,
            connects=[
                partial(dial, one, path=COMBINED_PATH, tls=verified() if one.is_secure else None)
                for one in request.addresses.feeds
            ],
            clock=PairedClock(self._clock, self._machine),
            generator=np.random.default_rng(),
            receiver=receiver,
            on_state=partial(self._telling.market, loop),
            tell=self._telling.note,
            limits=self._limits,
        )

    async def _hear(self, loop: LiveLoop, observers: Observers, stop: asyncio.Event) -> None:
        """Hear market and account until the run is to stop; what breaks ends it at once."""
        assert self.market is not None, "warmed up before"
        works: list[asyncio.Future[object]] = [
            asyncio.ensure_future(self.market.run()),
            asyncio.ensure_future(self._watch(loop, observers)),
        ]
        if self.account is not None:
            works.append(asyncio.ensure_future(self.account.feed.run()))
        if self.doors is not None and self.doors.socket is not None:
            works.append(asyncio.ensure_future(self.doors.socket.run()))
        stopping: asyncio.Future[object] = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait(
                [*works, stopping], timeout=self.request.seconds or None, return_when=asyncio.FIRST_COMPLETED
            )
            for one in works:
                if one.done():
                    one.result()
            if self.account is not None:
                self._telling.note("waiting for the last answers")
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.account.gateway.drained(), DRAIN_S)
        finally:
            for one in (*works, stopping):
                one.cancel()
            await asyncio.gather(*works, stopping, return_exceptions=True)
            if self.account is not None:
                await self.account.gateway.cease()
            self._telling.end()

    async def _watch(self, loop: LiveLoop, observers: Observers) -> None:
        """Show how it goes, tell of what a person must mend, and end the run where a bug of ours broke a command."""
        alerted: set[str] = set()
        while True:
            if self.account is not None and self.account.gateway.faults:
                raise OurFault(f"a command broke: {self.account.gateway.faults[0]!r}") from self.account.gateway.faults[
                    0
                ]
            if self.account is not None:
                for what in self.account.gateway.door.alerts.keys() - alerted:
                    self._telling.alert(what)
                    alerted.add(what)
            self._telling.show(observers)
            await asyncio.sleep(BEAT_S)

    def _now(self) -> int:
        """Return the venue's time."""
        return int(self._clock.now_ns())


async def warm(bars: Sequence[Bar], receive: Callable[[Event], None], telling: Telling) -> None:
    """Feed past bars; sockets and the screen have their turn in between."""
    for place, bar in enumerate(bars):
        receive(bar)
        if place % WARM_UP_AT_ONCE == 0:
            telling.note(f"warming up: bar {place + 1:,} of {len(bars):,}")
            await asyncio.sleep(0)
    telling.note("")


def unheard(bars: Sequence[Bar], last_opens: Mapping[int, int]) -> list[Bar]:
    """Return the bars behind the last one of each instrument, one that ended before the cut and came late included."""
    return [one for one in bars if int(one.open_ns) > last_opens.get(int(one.instrument), -1)]
