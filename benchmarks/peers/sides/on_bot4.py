# SPDX-License-Identifier: Apache-2.0
"""The works on bot4: the production wiring, every stage in it, and the journal written to a file."""

import tempfile
from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec
import numpy as np
from benchmarks.indicators import NAMES, STREAMED, WARM
from benchmarks.peers.sides.serve import Answer, Side, serve
from benchmarks.workload import CASH, FEE, LOT_SIZE, MINUTE_NS, SWEEP_FAST, SWEEP_SLOW, TICK_SIZE

from bot4 import __version__
from bot4.account.attribution import Attribution
from bot4.adapters.stores.tick_history import MergedTicks
from bot4.apps.bench.features import hundred
from bot4.apps.collector import quiet_collector
from bot4.apps.execute import check_books
from bot4.apps.progress import Silent
from bot4.apps.recording import recording
from bot4.apps.session import RunRequest, prepare
from bot4.domain.tick_block import TickBlock
from bot4.domain.values import MONEY_ONE, Money
from bot4.kernels.features import DEFAULT_FEATURES, compile_features
from bot4.kernels.sweep import Series, plan_of, screen
from bot4.market.bars import BarBlock
from bot4.record.curve import CurveRecorder
from bot4.record.tally import Tally
from bot4.runtime.build import build_info
from bot4.runtime.config_file import load_settings
from bot4.runtime.drive import Drive
from bot4.runtime.feature_wiring import compiled_features
from bot4.runtime.tick_wiring import imagined_tick_venue, tick_feed
from bot4.runtime.ticks import TickDrive
from bot4.runtime.warm_up import warm_up
from bot4.runtime.wiring import imagined_venue, wire
from bot4.simulation.book.venue import TickVenue
from bot4.simulation.venue import SimulatedVenue

SYMBOL: Final = "BTCUSDT"
HERE: Final = Path(__file__).parents[1]

B = TypeVar("B")


class Loaded(Generic[B]):
    """Give blocks that are in memory already."""

    def __init__(self, blocks: Iterator[B]) -> None:
        self.held = list(blocks)

    def blocks(self) -> Iterator[B]:
        """Return the blocks from the first on."""
        return iter(self.held)


class Run(Side):
    """Run a configuration through the whole engine: what is measured is the drive alone, as arrays are for others."""

    drive: Drive | TickDrive
    venue: SimulatedVenue | TickVenue

    def __init__(self, request: RunRequest) -> None:
        self.settings = request.config
        self.prepared = prepare(request, Silent())
        warm_up(compiled_features(self.settings, self.prepared.recruits))

    def prepare(self) -> None:
        """Start anew."""
        prepared, instruments = self.prepared, self.prepared.instruments
        self.folder = tempfile.TemporaryDirectory(prefix="bot4-bench-")
        self.recording = recording(Path(self.folder.name), prepared.header, durable=False, resume=False, key=None)
        self.journal = self.recording.__enter__()
        self.tally = Tally(len(prepared.recruits))
        survey = prepared.surveys[0]
        span_ns = survey.last_known_ns - survey.first_open_ns
        curve = CurveRecorder(instruments, Money(CASH * MONEY_ONE), span_ns=span_ns)
        attribution = Attribution(instruments, slots=len(prepared.recruits))
        self.venue = self.imagined()
        self.wired = wire(
            self.settings,
            instruments,
            prepared.intervals_ns(),
            prepared.recruits,
            journal=self.journal,
            gateway=self.venue,
            observers=(attribution, curve, self.tally),
            ticks=bool(prepared.ticks),
        )

    @abstractmethod
    def imagined(self) -> SimulatedVenue | TickVenue:
        """Return a fresh venue."""

    def answer(self) -> Answer:
        """Return what came of the last run."""
        self.journal.close(int(self.drive.row), b"\0" * 32, False)
        self.recording.__exit__(None, None, None)
        self.folder.cleanup()
        check_books(self.wired, self.venue.statement(), self.prepared.instruments)
        return {"orders": float(self.tally.fills), "final_equity": int(self.wired.portfolio.equity) / MONEY_ONE}


class SmaCross(Run):
    """Cross two averages of closes."""

    features: tuple[str, ...] | None = None
    """What is computed besides what the strategy reads, None for what the configuration says."""

    every_bar = False
    """Whether bars that provably cause nothing are carried too."""

    def __init__(self, folder: Path) -> None:
        settings = load_settings(HERE / "sma_cross.toml").settings
        if self.features is not None:
            settings = msgspec.structs.replace(settings, features=self.features)
        bars = f"{SYMBOL}={folder / 'bars.parquet'}"
        super().__init__(RunRequest(command="backtest", config=settings, bars=(bars,)))
        self.streams = [Loaded[BarBlock](history.blocks()) for history in self.prepared.histories]

    def prepare(self) -> None:
        """Start anew."""
        super().prepare()
        assert isinstance(self.venue, SimulatedVenue), "bars meet the venue of bars"
        self.bars = self.drive = Drive(self.wired, self.venue, ahead=True, every_bar=self.every_bar)

    def imagined(self) -> SimulatedVenue | TickVenue:
        """Return a fresh venue."""
        return imagined_venue(self.settings, self.prepared.instruments)

    def run(self) -> None:
        """Do the work once."""
        with quiet_collector():
            self.bars.run(self.streams)


class TickEma(Run):
    """Cross two averages of trade prices, over the full book with latency, and bars built of the trades."""

    def __init__(self, folder: Path) -> None:
        settings = load_settings(HERE / "tick_ema.toml").settings
        ticks = f"{SYMBOL}={folder / 'ticks.parquet'}"
        super().__init__(RunRequest(command="backtest", config=settings, ticks=(ticks,), interval="10s"))
        self.stream = Loaded[TickBlock](MergedTicks(self.prepared.ticks).blocks())

    def prepare(self) -> None:
        """Start anew."""
        super().prepare()
        assert isinstance(self.venue, TickVenue), "ticks meet the venue of ticks"
        feed = tick_feed(self.settings, self.stream)
        self.ticks = self.drive = TickDrive(self.wired.engine, self.venue, feed)

    def imagined(self) -> SimulatedVenue | TickVenue:
        """Return a fresh venue."""
        return imagined_tick_venue(self.settings, self.prepared.instruments)

    def run(self) -> None:
        """Do the work once."""
        with quiet_collector():
            self.ticks.run()


class SmaCrossFeatures(SmaCross):
    """The same with every indicator that is computed by default."""

    features = DEFAULT_FEATURES


class SmaCrossHundred(SmaCross):
    """The same with a hundred indicators."""

    features = hundred()


class SmaCrossEveryBar(SmaCross):
    """The same with every bar carried through every stage."""

    every_bar = True


class Sweep(Side):
    """Screen every pair of averages of a grid: the figures of each set's shadow book, its fills counted."""

    def __init__(self, folder: Path) -> None:
        with np.load(folder / "bars.npz") as bars:
            opens, highs, lows, closes = (
                np.rint(bars[name] / TICK_SIZE).astype(np.int64) for name in ("open", "high", "low", "close")
            )
            volumes = np.rint(bars["volume"] / LOT_SIZE).astype(np.int64)
            stamps = bars["open_ns"]
        self.series = Series(
            open_ns=stamps,
            open=opens,
            high=highs,
            low=lows,
            close=closes,
            volume=volumes,
            tick=TICK_SIZE,
            lot=LOT_SIZE,
            interval_ns=MINUTE_NS,
            is_spot=True,
        )
        self.sets = [{"fast": fast, "slow": slow} for fast in SWEEP_FAST for slow in SWEEP_SLOW]

    def run(self) -> None:
        """Do the work once."""
        self.found = screen(plan_of("sma_cross", self.sets), [self.series], FEE)

    def answer(self) -> Answer:
        """Return what came of the last run."""
        told = zip(self.sets, self.found.fills.tolist(), strict=True)
        return {f"orders_{one['fast']}_{one['slow']}": float(fills) for one, fills in told}


class IndicatorsBatch(Side):
    """Compute whole columns in one call."""

    def __init__(self, folder: Path) -> None:
        with np.load(folder / "bars.npz") as bars:
            self.open_ns = bars["open_ns"]
            self.bars = [bars[name] for name in ("open", "high", "low", "close", "volume")]
        self.program = compile_features(NAMES)

    def run(self) -> None:
        """Do the work once."""
        opens, highs, lows, closes, volumes = self.bars
        self.out = np.empty((len(closes), self.program.size))
        self.program.run(self.program.new_state(), self.open_ns, opens, highs, lows, closes, volumes, self.out)

    def answer(self) -> Answer:
        """Return what came of the last run."""
        return {name: float(value) for name, value in zip(NAMES, self.out[-1], strict=True)}


class IndicatorsStream(Side):
    """Take one bar a call."""

    def __init__(self, folder: Path) -> None:
        with np.load(folder / "bars.npz") as bars:
            names = ("open_ns", "open", "high", "low", "close", "volume")
            self.bars = list(zip(*(bars[name][:STREAMED].tolist() for name in names), strict=True))

    def prepare(self) -> None:
        """Start anew."""
        self.stream = compile_features(NAMES).stream()
        self.take(self.bars[:WARM])

    def take(self, bars: list[tuple[int, float, float, float, float, float]]) -> None:
        """Take bars one by one."""
        step = self.stream.step
        for open_ns, opened, high, low, close, volume in bars:
            step(open_ns, opened, high, low, close, volume)

    def run(self) -> None:
        """Do the work once."""
        self.take(self.bars[WARM:])

    def answer(self) -> Answer:
        """Return what came of the last run."""
        return {name: float(value) for name, value in zip(NAMES, self.stream.values, strict=True)}


if __name__ == "__main__":
    serve(
        f"{__version__} {build_info().mode}",
        {
            "sma_cross": SmaCross,
            "sma_cross_features": SmaCrossFeatures,
            "sma_cross_hundred": SmaCrossHundred,
            "sma_cross_every_bar": SmaCrossEveryBar,
            "tick_ema": TickEma,
            "sweep": Sweep,
            "indicators_batch": IndicatorsBatch,
            "indicators_stream": IndicatorsStream,
        },
    )
