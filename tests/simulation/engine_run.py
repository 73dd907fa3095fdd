# SPDX-License-Identifier: Apache-2.0
"""Whole runs in memory: bars made from a seed, through the real wiring and the imagined venue, into a journal."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot4.domain.event import EXECUTION
from bot4.domain.instrument import SPOT, Instrument
from bot4.domain.stage import Outbox, Stage
from bot4.domain.values import HOUR_NS, Nanos
from bot4.market.bars import BLOCK_ROWS, BarBlock
from bot4.record.decode import decode
from bot4.record.format import GROUP, HEADER, RUN_END, Record
from bot4.record.header import JournalHeader, header_record
from bot4.record.journal import ByteSink, JournalWriter
from bot4.record.reader import read_records
from bot4.record.schema import kind_name
from bot4.runtime.drive import Drive, never
from bot4.runtime.engine import EVENTS_MAX
from bot4.runtime.settings import CostSettings, Settings, StrategySettings
from bot4.runtime.state import state_hash
from bot4.runtime.strategy_loader import Recruit, recruit
from bot4.runtime.wiring import Wired, imagined_venue, wire
from bot4.simulation.venue import SimulatedVenue

START_NS = 1_600_000_000_000_000_000 // HOUR_NS * HOUR_NS

Table = NDArray[np.int64]
"""Shape (6, n): open time, open, high, low, close, volume, as in a block of bars."""

LIVELY = (
    StrategySettings(kind="momentum", parameters={"lookback": 6, "enter": 0.8, "hold_bars_max": 12}),
    StrategySettings(
        kind="mean_reversion", parameters={"window": 10, "enter": 1.2, "trend_max": 100, "hold_bars_max": 6}
    ),
    StrategySettings(kind="breakout", parameters={"entry": 10, "leave": 5, "hold_bars_max": 20}),
)
"""The shipped strategies with short windows, so that a few hundred bars hold many trades."""


def lively(**changes: Any) -> Settings:
    """Settings under which the gate looks on and much is traded."""
    return Settings(**({"gate": "observe", "strategies": LIVELY} | changes))


def coin(index: int = 0, *, instrument_type: int = SPOT, symbol: str = "AAAUSDT", **changes: Any) -> Instrument:
    """An instrument at about 1,000.00 whose lot of 0.0001 is worth about 0.10."""
    fields: dict[str, Any] = {
        "base": symbol[:3],
        "quote": "USDT",
        "tick_size": Decimal("0.01"),
        "lot_size": Decimal("0.0001"),
        "min_notional": Decimal(5),
    }
    return Instrument(index, symbol, instrument_type=instrument_type, **(fields | changes))


def walk(
    seed: int, bars: int, *, interval_ns: int = HOUR_NS, volume: int = 400_000, gaps: float = 0.01, noise: float = 0.006
) -> Table:
    """Bars of a random walk with spells of drift, jumps, missing bars and bars without volume."""
    chance = np.random.Generator(np.random.PCG64(seed))
    drift = np.repeat(chance.normal(0, noise / 3, bars // 24 + 1), 24)[:bars]
    steps = drift + chance.normal(0, noise, bars) + (chance.random(bars) < 0.01) * chance.normal(0, 8 * noise, bars)
    closes = 100_000 * np.exp(np.cumsum(steps))
    opens = np.concatenate(([100_000.0], closes[:-1])) * np.exp(chance.normal(0, noise / 10, bars))
    highs = np.maximum(opens, closes) * np.exp(np.abs(chance.normal(0, noise / 2, bars)))
    lows = np.minimum(opens, closes) * np.exp(-np.abs(chance.normal(0, noise / 2, bars)))
    volumes = chance.integers(0, 2 * volume, bars) * (chance.random(bars) > 0.02)
    stamps = START_NS + interval_ns * np.arange(bars, dtype=np.int64)
    prices = [np.floor(lows), np.ceil(highs), np.rint(opens), np.rint(closes)]
    low, high, open_, close = (np.maximum(column, 1.0).astype(np.int64) for column in prices)
    table = np.stack([stamps, open_, high, low, close, volumes.astype(np.int64)])
    keep = chance.random(bars) >= gaps
    return table[:, keep]


class Recorded:
    """Gives one table as blocks of at most ``chunk`` rows."""

    def __init__(
        self, table: Table, *, instrument: int = 0, interval_ns: int = HOUR_NS, chunk: int = BLOCK_ROWS
    ) -> None:
        self.table = table
        self.instrument = instrument
        self.interval_ns = interval_ns
        self.chunk = chunk

    def blocks(self) -> Iterator[BarBlock]:
        """Yield the blocks from the first on."""
        for begin in range(0, self.table.shape[1], self.chunk):
            yield BarBlock(self.instrument, self.interval_ns, self.table[:, begin : begin + self.chunk])


class BytesJournal(ByteSink):
    """Keeps a journal's bytes in memory."""

    def __init__(self, durable: bool = False) -> None:
        super().__init__(durable)
        self.data = bytearray()

    def write(self, data: bytes) -> None:
        """Keep the bytes."""
        self.data += data

    def sync(self) -> None:
        """Do nothing: memory is as durable as this test."""

    def close(self) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class Word:
    """One record of a journal, in words."""

    kind: str
    known_ns: int
    row: int
    values: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        """Return a field of the payload."""
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(name) from None


def words_of(journal: Iterable[Record]) -> list[Word]:
    """Return all records but header and groups; ``row`` is that of the last bar consumed before each."""
    words: list[Word] = []
    row = -1
    for record in journal:
        if record.kind in (HEADER, GROUP):
            continue
        values: dict[str, Any] = decode(record)
        if kind_name(record.kind) == "watermark":
            row = int(values["row"])
            continue
        words.append(Word(kind_name(record.kind), record.ts_known_ns, row, values))
    return words


@dataclass(frozen=True)
class Ran:
    """What a run left behind."""

    journal: bytes
    state: bytes
    rows: int
    wired: Wired
    venue: SimulatedVenue
    drive: Drive

    def words(self) -> list[Word]:
        """Return every record in words."""
        return words_of(records(self.journal))

    def of(self, *kinds: str) -> list[Word]:
        """Return the records of some kinds."""
        return [word for word in self.words() if word.kind in kinds]

    def raws(self, *kinds: str, before_ns: int = 1 << 62) -> list[bytes]:
        """Return the bytes of records known before a moment: of some kinds, or of all but groups and the end."""
        return [
            record.raw
            for record in records(self.journal)
            if record.ts_known_ns < before_ns
            and (kind_name(record.kind) in kinds if kinds else record.kind not in (HEADER, GROUP, RUN_END))
        ]

    def decided(self) -> bytes:
        """Return the bytes before the run's end was written: whatever was decided."""
        return self.journal[: next(record.offset for record in records(self.journal) if record.kind == RUN_END)]

    def fills(self) -> int:
        """Return how many executions there were."""
        return sum(record.kind == EXECUTION for record in records(self.journal))


def records(journal: bytes) -> list[Record]:
    """Return every record of a journal."""
    return list(read_records([journal], "journal"))


def run(
    tables: Table | Sequence[Table],
    settings: Settings,
    *,
    instruments: Sequence[Instrument] | None = None,
    intervals_ns: Sequence[int] | None = None,
    recruits: Sequence[Recruit] | None = None,
    chunk: int = BLOCK_ROWS,
    ahead: bool = True,
    every_bar: bool = False,
    observers: Sequence[Stage] = (),
    stop: Callable[[int], bool] = never,
    events_max: int = EVENTS_MAX,
) -> Ran:
    """Run tables of bars, one an instrument, through the wiring of a backtest."""
    listed = [tables] if isinstance(tables, np.ndarray) else list(tables)
    table_of = instruments or [coin(i, symbol=f"{chr(65 + i) * 3}USDT") for i in range(len(listed))]
    intervals = list(intervals_ns or [HOUR_NS] * len(listed))
    sink = BytesJournal()
    header = JournalHeader(run="0" * 64, command="backtest", config={})
    writer = JournalWriter(sink, header_record(header))
    venue = imagined_venue(settings, table_of)
    wired = wire(
        settings,
        table_of,
        [Nanos(interval) for interval in intervals],
        recruits or recruit(settings.strategies, Path()),
        journal=writer,
        gateway=venue,
        observers=observers,
    )
    wired.engine.out = Outbox(events_max)
    drive = Drive(wired, venue, ahead=ahead, every_bar=every_bar, stop=stop)
    drive.run(
        [
            Recorded(table, instrument=i, interval_ns=interval, chunk=chunk)
            for i, (table, interval) in enumerate(zip(listed, intervals, strict=True))
        ]
    )
    digest = state_hash(wired.decisive)
    writer.close(int(drive.row), digest, drive.stopped)
    return Ran(bytes(sink.data), digest, int(drive.row), wired, venue, drive)


def costs(**changes: Any) -> CostSettings:
    """Costs with some of them changed."""
    return CostSettings(**changes)
