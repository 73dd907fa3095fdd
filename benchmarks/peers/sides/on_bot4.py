# SPDX-License-Identifier: Apache-2.0
"""The works on bot4: the production wiring, every stage in it, and the journal written to a file."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from benchmarks.indicators import NAMES, STREAMED, WARM
from benchmarks.peers.sides.serve import Answer, Side, serve
from benchmarks.workload import CASH

from bot4 import __version__
from bot4.account.attribution import Attribution
from bot4.apps.collector import quiet_collector
from bot4.apps.execute import check_books
from bot4.apps.progress import Silent
from bot4.apps.recording import recording
from bot4.apps.session import Prepared, RunRequest, prepare
from bot4.domain.values import MONEY_ONE, Money
from bot4.kernels.features import DEFAULT_FEATURES, compile_features
from bot4.market.bars import BarBlock
from bot4.record.curve import CurveRecorder
from bot4.record.tally import Tally
from bot4.runtime.build import build_info
from bot4.runtime.config_file import load_settings
from bot4.runtime.drive import Drive
from bot4.runtime.warm_up import warm_up
from bot4.runtime.wiring import compiled_features, imagined_venue, wire

SYMBOL: Final = "BTCUSDT"
CONFIG: Final = Path(__file__).parents[1] / "sma_cross.toml"


class Loaded:
    """Give blocks that are in memory already."""

    def __init__(self, blocks: Iterator[BarBlock]) -> None:
        self.held = list(blocks)

    def blocks(self) -> Iterator[BarBlock]:
        """Return the blocks from the first on."""
        return iter(self.held)


class SmaCross(Side):
    """Cross two averages through the whole engine: what is measured is the drive alone, as arrays are for others."""

    features: tuple[str, ...] | None = None
    """What is computed besides what the strategy reads, None for what the configuration says."""

    def __init__(self, folder: Path) -> None:
        settings = load_settings(CONFIG).settings
        self.settings = settings if self.features is None else msgspec.structs.replace(settings, features=self.features)
        request = RunRequest(command="backtest", config=self.settings, bars=(f"{SYMBOL}={folder / 'bars.parquet'}",))
        self.prepared: Prepared = prepare(request, Silent())
        self.streams = [Loaded(history.blocks()) for history in self.prepared.histories]
        warm_up(compiled_features(self.settings, self.prepared.recruits))

    def prepare(self) -> None:
        prepared, instruments = self.prepared, self.prepared.instruments
        self.folder = tempfile.TemporaryDirectory(prefix="bot4-bench-")
        self.recording = recording(Path(self.folder.name), prepared.header, durable=False, resume=False, key=None)
        journal = self.recording.__enter__()
        self.journal = journal
        self.venue = imagined_venue(self.settings, instruments)
        self.tally = Tally(len(prepared.recruits))
        curve = CurveRecorder(instruments, Money(CASH * MONEY_ONE))
        attribution = Attribution(instruments, slots=len(prepared.recruits))
        self.wired = wire(
            self.settings,
            instruments,
            prepared.intervals_ns(),
            prepared.recruits,
            journal=journal,
            gateway=self.venue,
            observers=(attribution, curve, self.tally),
        )
        self.drive = Drive(self.wired.engine, self.venue, self.wired.features, ahead=True)

    def run(self) -> None:
        with quiet_collector():
            self.drive.run(self.streams)

    def answer(self) -> Answer:
        self.journal.close(int(self.drive.row), b"\0" * 32, False)
        self.recording.__exit__(None, None, None)
        self.folder.cleanup()
        check_books(self.wired, self.venue.statement(), self.prepared.instruments)
        return {"orders": float(self.tally.fills), "final_equity": int(self.wired.portfolio.equity) / MONEY_ONE}


class SmaCrossFeatures(SmaCross):
    """The same with every indicator that is computed by default."""

    features = DEFAULT_FEATURES


class IndicatorsBatch(Side):
    """Compute whole columns in one call."""

    def __init__(self, folder: Path) -> None:
        with np.load(folder / "bars.npz") as bars:
            self.open_ns = bars["open_ns"]
            self.bars = [bars[name] for name in ("open", "high", "low", "close", "volume")]
        self.program = compile_features(NAMES)

    def run(self) -> None:
        opens, highs, lows, closes, volumes = self.bars
        self.out = np.empty((len(closes), self.program.size))
        self.program.run(self.program.new_state(), self.open_ns, opens, highs, lows, closes, volumes, self.out)

    def answer(self) -> Answer:
        return {name: float(value) for name, value in zip(NAMES, self.out[-1], strict=True)}


class IndicatorsStream(Side):
    """Take one bar a call."""

    def __init__(self, folder: Path) -> None:
        with np.load(folder / "bars.npz") as bars:
            names = ("open_ns", "open", "high", "low", "close", "volume")
            self.bars = list(zip(*(bars[name][:STREAMED].tolist() for name in names), strict=True))

    def prepare(self) -> None:
        self.stream = compile_features(NAMES).stream()
        self.take(self.bars[:WARM])

    def take(self, bars: list[tuple[int, float, float, float, float, float]]) -> None:
        """Take bars one by one."""
        step = self.stream.step
        for open_ns, opened, high, low, close, volume in bars:
            step(open_ns, opened, high, low, close, volume)

    def run(self) -> None:
        self.take(self.bars[WARM:])

    def answer(self) -> Answer:
        return {name: float(value) for name, value in zip(NAMES, self.stream.values, strict=True)}


if __name__ == "__main__":
    serve(
        f"{__version__} {build_info().mode}",
        {
            "sma_cross": SmaCross,
            "sma_cross_features": SmaCrossFeatures,
            "indicators_batch": IndicatorsBatch,
            "indicators_stream": IndicatorsStream,
        },
    )
