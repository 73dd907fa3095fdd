# SPDX-License-Identifier: Apache-2.0
"""The drive: recorded bars and a simulated venue, moment by moment, into the engine.

A bar has two moments. At its open the venue trades what was working by then; at
its end the venue trades what the bar's range allowed, and only then is the bar
known and shown to the engine. Moments of several streams are merged by time, then
ends before opens, then by the order of the streams, so that a fill at an open is
never told before what was known earlier, and never after what became known later.

The engine sees fills, reports and finished bars; no bar before its end.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol, final

from librt.strings import read_i64_le
from mypy_extensions import i64

from bot4.domain.event import Event
from bot4.domain.marketdata import Bar
from bot4.domain.ports import Gateway
from bot4.domain.values import Lots, Nanos, Ticks
from bot4.insight.features import FeatureStage
from bot4.market.bars import BarBlock
from bot4.runtime.foresight import Foresight
from bot4.runtime.wiring import Wired
from bot4.simulation.venue import SimulatedVenue

PROGRESS_ROWS: Final = 8192
"""How often the caller hears how far the run is, and may stop it."""

END: Final = 0
BEGIN: Final = 1


class Stream(Protocol):
    """Give the validated bars of one instrument, block by block."""

    def blocks(self) -> Iterator[BarBlock]:
        """Return the blocks from the first on."""
        ...


def never(_rows: int) -> bool:
    """Go on to the end: the default answer to "stop after this many rows?"."""
    return False


@final
class Head:
    """Read one stream bar by bar, computing features a block ahead where asked.

    ``data`` holds the block under way: its six columns of little-endian int64 one
    after the other, each ``column`` bytes long, read up to byte ``at``.
    """

    __slots__ = ("blocks", "features", "ahead", "block", "instrument", "interval_ns", "data", "column", "at")

    def __init__(self, stream: Stream, features: FeatureStage, ahead: bool) -> None:
        self.blocks = stream.blocks()
        self.features = features
        self.ahead = ahead
        self.block: BarBlock | None = None
        self.instrument: i64 = 0
        self.interval_ns: i64 = 0
        self.data = b""
        self.column: i64 = 0
        self.at: i64 = 0

    def next(self) -> Bar | None:
        """Return the next bar, or None at the end.

        The bar before must have been handled: its block may be the last of its features.
        """
        if self.at == self.column and not self._load():
            return None
        data = self.data
        column = self.column
        at = self.at
        self.at = at + 8
        open_ns = read_i64_le(data, at)
        return Bar(
            Nanos(open_ns + self.interval_ns),
            self.instrument,
            Nanos(open_ns),
            Ticks(read_i64_le(data, at + column)),
            Ticks(read_i64_le(data, at + 2 * column)),
            Ticks(read_i64_le(data, at + 3 * column)),
            Ticks(read_i64_le(data, at + 4 * column)),
            Lots(read_i64_le(data, at + 5 * column)),
        )

    def skip(self, bars: i64) -> None:
        """Pass over bars of the block under way, and over their features."""
        self.at += 8 * bars
        self.features.skip(int(self.instrument), bars)

    def _load(self) -> bool:
        """Take up the next block that holds bars, and have its features computed; False at the end."""
        block = next(self.blocks, None)
        while block is not None and len(block) == 0:
            block = next(self.blocks, None)
        if block is None:
            return False
        if self.ahead:
            self.features.prepare(block.instrument, block.columns())
        self.block = block
        self.instrument = block.instrument
        self.interval_ns = block.interval_ns
        self.data = block.tobytes()
        self.column = 8 * len(block)
        self.at = 0
        return True


@final
class Drive:
    """Feed an engine from recorded bars, with a simulated venue on the other side.

    Parameters
    ----------
    wired : Wired
        The engine that is driven, and its stages.
    venue : SimulatedVenue
        Where its commands go, and whose reports come back.
    ahead : bool
        Compute features a block at a time (a backtest) or bar by bar (paper).
    every_bar : bool
        Carry every bar through every stage. Where false, bars of a single stream
        that were computed ahead and provably cause nothing are passed over.
    stop : callable
        Asked every ``PROGRESS_ROWS`` rows with the rows so far; True ends the run
        cleanly after the current bar.

    Attributes
    ----------
    row : int
        Rows consumed, those passed over included.
    carried : int
        Rows that were carried through every stage.
    """

    __slots__ = ("engine", "venue", "features", "foresight", "ahead", "stop", "row", "carried", "stopped")

    def __init__(
        self,
        wired: Wired,
        venue: SimulatedVenue,
        *,
        ahead: bool,
        every_bar: bool = False,
        stop: Callable[[int], bool] = never,
    ) -> None:
        self.engine = wired.engine
        self.venue = venue
        self.features = wired.features
        self.foresight: Foresight | None = None
        if ahead and not every_bar:
            self.foresight = Foresight(wired.engine, venue, wired.features, wired.strategies)
        self.ahead = ahead
        self.stop = stop
        self.row: i64 = 0
        self.carried: i64 = 0
        self.stopped = False

    def run(self, streams: Sequence[Stream]) -> None:
        """Feed every bar of every stream, in the order in which it became known."""
        heads = [Head(stream, self.features, self.ahead) for stream in streams]
        if len(heads) == 1 and self.foresight is not None:
            self._run_foreseen(heads[0], self.foresight)
        elif len(heads) == 1:
            self._run_one(heads[0])
        else:
            self._run_merged(heads)
        self.stop(int(self.row))

    def _run_one(self, head: Head) -> None:
        """Feed one stream: its moments are in order already."""
        bar = head.next()
        while bar is not None and not self.stopped:
            self._begin(bar)
            self._end(bar)
            bar = head.next()

    def _run_foreseen(self, head: Head, foresight: Foresight) -> None:
        """Feed one stream, passing over all but the last of each row of bars that cause nothing."""
        ends_calm = False
        bar = head.next()
        while bar is not None and not self.stopped:
            self._begin(bar)
            self._end(bar)
            block = head.block
            if ends_calm or block is None or self.venue.has_news:
                ends_calm = False  # the next bar is one that may cause something
            else:
                calm = foresight.calm_bars(block, head.at // 8)
                asked = (
                    PROGRESS_ROWS - self.row % PROGRESS_ROWS
                )  # whether to stop, at the same rows as without foresight
                if calm > asked:
                    calm = asked
                ends_calm = calm > 0
                if calm > 1:
                    head.skip(calm - 1)
                    self.row += calm - 1
            bar = head.next()

    def _run_merged(self, heads: Sequence[Head]) -> None:
        """Feed several streams, merged by moment."""
        moments: list[tuple[int, int, int]] = []
        bars: list[Bar | None] = [head.next() for head in heads]
        for i, bar in enumerate(bars):
            if bar is not None:
                heapq.heappush(moments, (int(bar.open_ns), BEGIN, i))
        while moments and not self.stopped:
            _, phase, i = heapq.heappop(moments)
            bar = bars[i]
            assert bar is not None, "a moment without its bar"
            if phase == BEGIN:
                self._begin(bar)
                heapq.heappush(moments, (int(bar.ts_known_ns), END, i))
                continue
            self._end(bar)
            bar = bars[i] = heads[i].next()
            if bar is not None:
                heapq.heappush(moments, (int(bar.open_ns), BEGIN, i))

    def _begin(self, bar: Bar) -> None:
        """Let the venue trade at the open."""
        venue = self.venue
        if venue.busy:
            at = bar.open_ns if bar.open_ns > self.engine.now else self.engine.now
            if venue.has_news:
                self._settle(at)
            venue.open_bar(bar)
            if venue.has_news:
                self._settle(at)

    def _end(self, bar: Bar) -> None:
        """Let the venue trade within the bar, then show the bar to the engine."""
        venue = self.venue
        now = bar.ts_known_ns
        if venue.busy:
            venue.trade_bar(bar)  # delivers what arrived before the end by itself, and nothing that arrives at it
            if venue.has_news:
                self._settle(now)
        row = self.row
        self.row = row + 1
        self.carried += 1
        self.engine.feed(bar, row, now)
        if venue.has_news:
            self._settle(now)
        if self.row % PROGRESS_ROWS == 0 and self.stop(int(self.row)):
            self.stopped = True

    def _settle(self, now: Nanos) -> None:
        """Carry commands that arrived and reports that came back, until neither is left."""
        venue = self.venue
        venue.advance(now)
        report: Event | None = venue.next_report()
        while report is not None:
            at = report.ts_known_ns if report.ts_known_ns > self.engine.now else self.engine.now
            self.engine.process(report, at)
            venue.advance(now)
            report = venue.next_report()


@final
class NoGateway(Gateway):
    """Drop every command: where a journal is replayed its reports come from the journal."""

    def send(self, command: Event, now: Nanos) -> None:
        """Drop one command; it was sent when the journal was written."""
