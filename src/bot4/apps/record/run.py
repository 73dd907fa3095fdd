# SPDX-License-Identifier: Apache-2.0
"""Record a venue's market streams until told to stop: sockets, snapshots and files around one pipeline.

Every frame is written before it is judged, in the order it is judged, so that a replay
of the files sees what was seen here. Snapshots of books and marks of time are frames too.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, final

import msgspec
import numpy as np

from bot4.adapters.net.ending import Ending
from bot4.adapters.net.endpoints import Endpoint
from bot4.adapters.net.http import HttpClient, HttpSettings
from bot4.adapters.net.pool import Pool
from bot4.adapters.net.tls import verified
from bot4.adapters.net.websocket import Listener, Wire, dial
from bot4.adapters.stores.raw_traffic import TrafficWriter, traffic_files
from bot4.adapters.venues.binance.market.dialect import BOOKS, COMBINED_PATH, MarketFeed, usual_gap_ns
from bot4.adapters.venues.binance.market.feed import SETTLE, snapshot_frame
from bot4.adapters.venues.binance.wire.instruments import listings
from bot4.adapters.venues.binance.wire.replies import DepthReply, ExchangeInfo
from bot4.adapters.venues.binance.wire.requests import depth, exchange_info
from bot4.adapters.venues.binance.wire.rest import BinanceRest
from bot4.adapters.venues.kit.allowance import Allowance, Limit, Unit
from bot4.adapters.venues.kit.clock import ClockOffset
from bot4.adapters.venues.kit.drift import Drift
from bot4.adapters.venues.kit.limiter import Hold, Limiter
from bot4.apps.record.pipeline import FEED, TrafficPipeline
from bot4.apps.record.replay import rules_path
from bot4.domain.errors import BadInput, OutsideFault
from bot4.market.ingest.session import Session
from bot4.market.ingest.spread import Limits
from bot4.market.live.book import Receiver
from bot4.record.counts import count_text
from bot4.runtime.clocks import SystemClock

BEAT_S: Final = 0.25
FLUSH_BEATS: Final = 20
SNAPSHOT_LEVELS: Final = 1_000
WEIGHT: Final = Limit(Unit.WEIGHT, 60_000, 6_000)
BAD_SYMBOL: Final = -1121


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRequest:
    """Hold what is recorded, from where, and to which folder; ``seconds`` 0 for without end."""

    symbols: tuple[str, ...]
    streams: tuple[str, ...]
    folder: Path
    ws: Endpoint
    rest: Endpoint
    seconds: float = 0.0
    files_max: int = 64


@final
class Recorder:
    """Record until stopped.

    Parameters
    ----------
    request : RecordRequest
        What and where.
    say : callable
        Takes a line about how it goes, once a second.
    receiver : callable
        Takes the events; by default nobody.
    """

    def __init__(
        self, request: RecordRequest, say: Callable[[str], object], receiver: Receiver = lambda _event: None
    ) -> None:
        self.request = request
        self.frames: Counter[str] = Counter()
        self.bytes = 0
        self.tries = 0
        self.connections = 0
        self.pipeline: TrafficPipeline | None = None
        self.pool: Pool | None = None
        self._say = say
        self._receiver = receiver
        self._clock = SystemClock()
        self._writer: TrafficWriter | None = None
        self._asking: set[asyncio.Task[None]] = set()
        tls = verified() if request.rest.is_secure else None
        self._rest = BinanceRest(
            HttpClient(request.rest, tls=tls, settings=HttpSettings(total_s=5.0)),
            clock=self._clock,
            offset=ClockOffset(),
            limiter=Limiter(Allowance((WEIGHT,)), Allowance(())),
            signer=None,
            drift=Drift(),
        )
        stream_tls = verified() if request.ws.is_secure else None
        self._dial = partial(dial, request.ws, path=COMBINED_PATH, tls=stream_tls)
        self._feed = MarketFeed(self._take, self._clock)

    async def run(self, stop: asyncio.Event) -> dict[str, object]:
        """Record until the event is set or the time is over; return the summary.

        Raises
        ------
        BadInput
            If the venue does not know a symbol.
        OutsideFault
            If the venue was never reached, or the disk refuses.
        """
        task = asyncio.create_task(self._record())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait(
                [task, stopping], timeout=self.request.seconds or None, return_when=asyncio.FIRST_COMPLETED
            )
            if task.done():
                task.result()
        finally:
            for one in (task, stopping, *self._asking):
                one.cancel()
            await asyncio.gather(task, stopping, *self._asking, return_exceptions=True)
            await self._rest.close()
            if self._writer is not None:
                self._writer.close()
        if not self.frames:
            mend = "Check the network and the addresses, then repeat."
            raise OutsideFault(
                self.request.ws.url,
                f"never reached ({count_text(self.tries, 'try', 'tries')})",
                "a venue",
                mend,
                "unreachable",
            )
        return self.summary()

    def summary(self) -> dict[str, object]:
        """Return everything counted."""
        assert self.pipeline is not None and self.pool is not None, "something came"
        writer = self._writer
        files = traffic_files(self.request.folder, FEED)
        return {
            "venue": FEED,
            "frames": dict(sorted(self.frames.items())),
            "fates": self.pipeline.fates(),
            **self.pipeline.sums(),
            "connections": self.connections,
            "told": dict(self._feed.told),
            "refused_topics": dict(self._feed.refused),
            "bytes": self.bytes,
            "frames_too_long": writer.refused if writer is not None else 0,
            "files_dropped": writer.dropped if writer is not None else 0,
            "files": [str(path) for path in files],
        }

    async def _record(self) -> None:
        """Learn the instruments, then listen."""
        info = await self._rules()
        request = self.request
        found = listings(info, wanted=request.symbols)
        instruments = {symbol: found.find(symbol).instrument for symbol in request.symbols}
        self.pipeline = TrafficPipeline(instruments, self._receiver)
        self._writer = TrafficWriter(request.folder, FEED, files_max=request.files_max)
        rules_path(request.folder).write_bytes(msgspec.json.encode(info))
        session = Session(Limits(), np.random.default_rng())
        self.pool = Pool(session, self._feed, connect=self._connect, clock=self._clock)
        for symbol in request.symbols:
            for stream in request.streams:
                named = BOOKS if stream == "depth" else stream
                self.pool.want(f"{symbol.lower()}@{named}", usual_gap_ns=usual_gap_ns(named))
        tasks = [asyncio.create_task(self.pool.run()), asyncio.create_task(self._beat())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
        finally:
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _connect(self, listener: Listener) -> Wire | Ending:
        """Open one connection to the streams, and count it."""
        made = await self._dial(listener)
        self.connections += isinstance(made, Wire)
        return made

    async def _rules(self) -> ExchangeInfo:
        """Ask for the instruments until the venue answers."""
        while True:
            self.tries += 1
            told = await self._rest.ask(exchange_info(self.request.symbols), "exchangeInfo", ExchangeInfo)
            if not isinstance(told, Hold):
                if told.value is not None:
                    return told.value
                if told.error is not None and told.error.code == BAD_SYMBOL:
                    symbols = ",".join(self.request.symbols)
                    raise BadInput(
                        "--symbols", symbols, "symbols of the venue", "Correct the symbols.", "symbol_unknown"
                    )
            self._say(f"{self.request.rest.url} does not answer (try {self.tries}); trying again")
            await asyncio.sleep(1.0)

    async def _beat(self) -> None:
        """Mark the time, ask for the snapshots that are due, flush and tell."""
        beats, before = 0, 0
        while True:
            await asyncio.sleep(BEAT_S)
            beats += 1
            if self.frames:
                self._put(int(self._clock.now_ns()), SETTLE)
            self._ask_snapshots()
            if beats % 4 == 0:
                count = sum(self.frames.values())
                self._say(self._line(count - before))
                before = count
            if beats % FLUSH_BEATS == 0 and self._writer is not None:
                self._writer.flush()

    def _line(self, rate: int) -> str:
        """Return how it goes in one line."""
        assert self.pipeline is not None
        if not self.frames:
            return f"{self.request.ws.url}: nothing came yet; trying"
        sums = self.pipeline.sums()
        silent = f", silent: {' '.join(sorted(self._feed.silent))}" if self._feed.silent else ""
        return f"{rate} frames/s, {count_text(sums['gaps'], 'gap')}, {count_text(sums['resyncs'], 'resync')}{silent}"

    def _take(self, received_ns: int, frame: bytes) -> None:
        """Take one frame from a socket, and ask for a book that it has shown to be missing."""
        head = frame[:64].partition(b'"stream":"')[2].partition(b'"')[0].decode(errors="replace")
        self.frames[head if "@" in head else "control"] += 1
        self._put(received_ns, frame)
        self._ask_snapshots()

    def _put(self, received_ns: int, frame: bytes) -> None:
        """Write a frame, then judge it."""
        assert self._writer is not None and self.pipeline is not None
        if self._writer.write(received_ns, frame):
            self.bytes += len(frame)
            self.pipeline.take(received_ns, frame)

    def _ask_snapshots(self) -> None:
        """Begin to fetch every snapshot that is due."""
        assert self.pipeline is not None
        for symbol in self.pipeline.due(int(self._clock.monotonic_ns())):
            self._begin(self._snapshot(symbol))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Start a task and hold it until it ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _snapshot(self, symbol: str) -> None:
        """Fetch one book; a failure leaves it due again."""
        told = await self._rest.ask(depth(symbol, limit=SNAPSHOT_LEVELS), "depth", DepthReply)
        if not isinstance(told, Hold) and told.value is not None:
            self.frames["snapshot"] += 1
            self._put(int(self._clock.now_ns()), snapshot_frame(symbol, msgspec.json.encode(told.value)))
