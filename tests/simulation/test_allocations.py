# SPDX-License-Identifier: Apache-2.0
"""What a bar leaves behind: nothing, once every bounded store is full, with orders or without."""

import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from librt.strings import BytesWriter

from bot4.account.attribution import Attribution
from bot4.apps.collector import quiet_collector
from bot4.domain.event import BAR, Event
from bot4.domain.stage import Outbox, Stage
from bot4.domain.values import MONEY_ONE, SECOND_NS, Money, Nanos
from bot4.record.curve import CurveRecorder
from bot4.record.header import JournalHeader, header_record
from bot4.record.journal import ByteSink, JournalWriter
from bot4.record.tally import Tally
from bot4.runtime.drive import Drive
from bot4.runtime.feature_wiring import compiled_features
from bot4.runtime.settings import Settings, StrategySettings
from bot4.runtime.strategy_loader import recruit
from bot4.runtime.warm_up import warm_up
from bot4.runtime.wiring import imagined_venue, wire
from tests.simulation.engine_run import START_NS, Recorded, Table, coin, walk

pytestmark = pytest.mark.requirement("MEM_001")

SLICE = 4_096
"""Bars between two counts: as many as a block, so that nothing computed ahead is counted."""

FEW = 120
"""Blocks that two counts may differ by, for what is under way at each; one a bar would be thousands."""

BUSY = StrategySettings(kind="sma_cross", parameters={"fast": 2, "slow": 4})
QUIET = StrategySettings(kind="momentum", parameters={"enter": 1e9})


class Nowhere(ByteSink):
    """Forgets what it is handed; counts it."""

    def __init__(self) -> None:
        super().__init__(durable=False)
        self.size = 0

    def write(self, data: bytes) -> None:
        """Count."""
        self.size += len(data)

    def sync(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class Hoarder(Stage):
    """Keeps every bar: what these tests must find."""

    def __init__(self) -> None:
        super().__init__((BAR,))
        self.kept: list[Event] = []

    def handle(self, event: Event, now: Nanos, out: Outbox) -> None:
        """Keep it."""
        self.kept.append(event)

    def write_state(self, out: BytesWriter) -> None:
        """Write nothing."""


class Running:
    """A whole run with its report's recorders, fed slice by slice with bars of a second: no day ends meanwhile."""

    def __init__(self, strategy: StrategySettings, *observers: Stage, ahead: bool = True) -> None:
        settings = Settings(gate="observe", strategies=(strategy,))
        listed = [coin()]
        recruits = recruit(settings.strategies, Path())
        warm_up(compiled_features(settings, recruits))
        self.venue = imagined_venue(settings, listed)
        self.venue.matcher.clerk.remembered_max = 256
        self.sink = Nowhere()
        journal = JournalWriter(self.sink, header_record(JournalHeader(run="0" * 64, command="backtest", config={})))
        self.curve = CurveRecorder(listed, Money(settings.account.cash * MONEY_ONE), samples_max=16, marks_max=16)
        watching = (Attribution(listed, slots=1), self.curve, Tally(1), *observers)
        interval = Nanos(SECOND_NS)
        wired = wire(settings, listed, [interval], recruits, journal=journal, gateway=self.venue, observers=watching)
        self.drive = Drive(wired, self.venue, ahead=ahead, every_bar=True)
        self.slices = slices()

    def more(self, count: int = 1) -> int:
        """Feed some slices; return how many blocks the interpreter then holds."""
        for _ in range(count):
            self.drive.run([Recorded(next(self.slices), interval_ns=SECOND_NS, chunk=SLICE)])
        return sys.getallocatedblocks()

    def growth(self, filling: int, counted: int) -> int:
        """Return by how much the blocks grow in ``counted`` slices, after ``filling`` of them."""
        with quiet_collector():
            before = self.more(filling)
            return self.more(counted) - before

    def culprits(self) -> list[str]:
        """Return the files whose memory grows in one more slice, the worst first."""
        tracemalloc.start()
        try:
            self.more()
            before = tracemalloc.take_snapshot()
            self.more()
            grown = tracemalloc.take_snapshot().compare_to(before, "filename")
        finally:
            tracemalloc.stop()
        return [f"{one.traceback[0].filename}: {one.count_diff:+} blocks" for one in grown if one.count_diff > FEW]


def slices() -> Iterator[Table]:
    """Slices of a random walk without holes, one a block: the same prices again and again, time going on."""
    table = walk(7, SLICE, interval_ns=SECOND_NS, gaps=0.0, noise=0.002)
    table = np.concatenate([table, table[[0, 4, 2, 3, 1, 5], ::-1]], axis=1)  # there and back, so that no gap opens
    stamps = START_NS + SECOND_NS * np.arange(SLICE, dtype=np.int64)
    while True:
        for half in (table[:, :SLICE], table[:, SLICE:]):
            yield np.vstack([stamps, half[1:]])
            stamps = stamps + SECOND_NS * SLICE


@pytest.mark.parametrize("ahead", [True, False])
def test_a_quiet_bar_leaves_nothing_behind(ahead: bool) -> None:
    """Bars on which no strategy speaks: after warm-up, as many blocks as before, computed ahead or one by one."""
    running = Running(QUIET, ahead=ahead)
    grown = running.growth(1, 1)
    assert running.venue.ledger.executions == 0
    assert running.curve.bars[0] is not None
    assert grown <= FEW, running.culprits()


@pytest.mark.slow
def test_a_bar_with_orders_leaves_nothing_behind() -> None:
    """Bars full of orders and fills: once the remembered orders are as many as may be, nothing is added."""
    running = Running(BUSY)
    grown = running.growth(4, 4)
    assert running.venue.ledger.executions > 2_000
    assert running.sink.size > 1_000_000
    assert grown <= FEW, running.culprits()


def test_what_is_kept_is_found_and_named() -> None:
    """A stage that keeps its bars shows at once, with its file."""
    running = Running(QUIET, Hoarder())
    assert running.growth(1, 1) >= SLICE - FEW
    named = running.culprits()
    assert any(part in line for line in named for part in ("drive.py", "test_allocations.py")), named
