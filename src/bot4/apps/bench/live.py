# SPDX-License-Identifier: Apache-2.0
"""One live bar: features, strategies, gate, risk, orders, account and journal in one call; and what it leaves behind.

The wiring is that of a run. Each bar is one call of the engine with its features
computed in it, as in live trading; what the imagined venue does meanwhile is not
measured. A live engine runs with the cyclic garbage collector off; the row with
it on says what that is worth.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, final

import numpy as np

from bot4.apps.bench.features import hundred
from bot4.apps.bench.harness import Bench, Case, Measurement, Row, Several, Subject
from bot4.apps.bench.paths import NOW, instruments, journal_writer
from bot4.apps.collector import quiet_collector
from bot4.domain.marketdata import Bar
from bot4.domain.values import MINUTE_NS, Nanos
from bot4.kernels.features import DEFAULT_FEATURES
from bot4.kernels.synthetic import SyntheticConfig, generate
from bot4.market.bars import BLOCK_ROWS, BarBlock
from bot4.runtime.drive import Head
from bot4.runtime.feature_wiring import compiled_features
from bot4.runtime.settings import Settings, StrategySettings
from bot4.runtime.strategy_loader import recruit
from bot4.runtime.warm_up import warm_up
from bot4.runtime.wiring import imagined_venue, wire

P99_US: Final = 60.0
BUSY: Final = Settings(
    gate="observe",
    strategies=(StrategySettings(kind="sma_cross", parameters={"fast": 2, "slow": 4}),),
)
"""Trades so often that bounded stores are soon full."""

REMEMBERED: Final = 1_024
FILLING: Final = 16_384
COUNTED: Final = 24_576
BLOCKS_MAX: Final = 5.0
""""None" for a count that moves by what is in flight at its two ends; one object kept a bar would be 1,000."""


def cases() -> list[Measurement]:
    """Return the rows of a live bar."""
    name = f"live bar to journal, {len(DEFAULT_FEATURES)} indicators"
    found: list[Measurement] = [
        Case(suite="events", name=name, make=live_bar, p99_us=P99_US),
        Case(suite="events", name=f"{name}, collector on", make=live_bar, collector=True),
        Several(suite="events", name="memory blocks that live on", rows_of=blocks_left),
    ]
    if names := hundred():
        settings = Settings(gate="observe", features=names)
        found.append(
            Case(
                suite="events",
                name=f"live bar to journal, {len(names)} indicators",
                make=lambda bench: live_bar(bench, settings),
                p99_us=P99_US,
            )
        )
    return found


@final
class Minutes:
    """Give a generated market of minutes, block by block, without end.

    Parameters
    ----------
    block : int
        Bars in each block.
    """

    def __init__(self, block: int = BLOCK_ROWS) -> None:
        self.block = block

    def blocks(self) -> Iterator[BarBlock]:
        """Yield the blocks; each goes through the market of one seed, forwards and backwards in turn."""
        market = generate(self.block, 1, SyntheticConfig(interval_s=60.0))
        ticks = [np.rint(column * 100.0) for column in market[:4]]
        columns = np.stack([*ticks, np.rint(market.volumes * 100_000.0)]).astype(np.int64)
        turned = columns[[3, 1, 2, 0, 4], ::-1]
        stamps = int(NOW) // MINUTE_NS * MINUTE_NS + np.arange(self.block, dtype=np.int64) * MINUTE_NS
        while True:
            for table in (columns, turned):
                yield BarBlock(0, MINUTE_NS, np.vstack([stamps, table]))
                stamps = stamps + self.block * MINUTE_NS


@final
class Live:
    """Hold an engine as a live run has it, and show it one bar after the other."""

    def __init__(self, bench: Bench, settings: Settings) -> None:
        listed = instruments(1)
        recruits = recruit(settings.strategies, Path())
        warm_up(compiled_features(settings, recruits))
        self.venue = imagined_venue(settings, listed)
        self.wired = wire(
            settings,
            listed,
            [Nanos(MINUTE_NS)],
            recruits,
            journal=journal_writer(bench, durable=False),
            gateway=self.venue,
        )
        self.engine = self.wired.engine
        self.head = Head(Minutes(), self.wired.features, ahead=False)
        self.bar: Bar | None = None
        self.row = 0

    def trade(self) -> None:
        """Take the next bar, and let the venue trade in it what it may."""
        bar = self.head.next()
        assert bar is not None, "the market has no end"
        self.bar = bar
        if self.venue.busy:
            self.settle(bar.open_ns)
            self.venue.open_bar(bar)
            self.settle(bar.open_ns)
            self.venue.trade_bar(bar)
            self.settle(bar.ts_known_ns)

    def settle(self, now: Nanos) -> None:
        """Carry what the venue reports back into the engine."""
        self.venue.advance(now)
        report = self.venue.next_report()
        while report is not None:
            self.engine.process(report, now)
            self.venue.advance(now)
            report = self.venue.next_report()

    def show(self) -> None:
        """Show the engine the bar."""
        bar = self.bar
        assert bar is not None, "no bar was taken"
        self.engine.feed(bar, self.row, bar.ts_known_ns)
        self.row += 1


def live_bar(bench: Bench, settings: Settings | None = None) -> Subject:
    """Show a bar to a whole engine whose strategies trade on what they see."""
    live = Live(bench, settings or Settings(gate="observe"))
    return Subject(live.show, live.trade)


def blocks_left(bench: Bench, filling: int = FILLING, counted: int = COUNTED) -> list[Row]:
    """Return how many memory blocks live on for each 1,000 bars, orders and all, once every bounded store is full."""
    live = Live(bench, BUSY)
    live.venue.matcher.clerk.remembered_max = REMEMBERED
    with quiet_collector():
        before = block_count(live, filling)
        after = block_count(live, counted)
    assert live.venue.ledger.executions > REMEMBERED, "the bench counts once every bounded store is full"
    grown = (after - before) / counted * 1_000
    row = Row(
        suite="events",
        name="memory blocks that live on",
        figure=round(grown, 3),
        unit="blocks a 1,000 bars",
        floor_us=bench.floor_us,
        budget=f"{BLOCKS_MAX:g}",
        met=grown <= BLOCKS_MAX,
    )
    return [row]


def block_count(live: Live, bars: int) -> int:
    """Return how many memory blocks the interpreter holds after so many more bars."""
    for _ in range(bars):
        live.trade()
        live.show()
    return sys.getallocatedblocks()
