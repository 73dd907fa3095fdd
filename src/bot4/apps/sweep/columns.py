# SPDX-License-Identifier: Apache-2.0
"""Validated bars as memory-mapped columns: written once, read by every process, held by none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import final

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from bot4.adapters.stores.history import BarHistory, Survey
from bot4.domain.instrument import SPOT, Instrument
from bot4.domain.values import MONEY_ONE
from bot4.kernels.sweep import Series
from bot4.market.bars import BLOCK_ROWS, SOURCE, BarBlock

Ints = NDArray[np.int64]


@final
@dataclass(frozen=True, slots=True)
class InstrumentFacts:
    """What an instrument is made of: an instrument itself is a compiled object and stays in its process."""

    symbol: str
    base: str
    quote: str
    tick_size: Decimal
    lot_size: Decimal
    min_lots: int
    max_lots: int
    min_notional: Decimal
    instrument_type: int
    as_of: str

    def instrument(self, index: int) -> Instrument:
        """Return the instrument again."""
        return Instrument(
            index,
            self.symbol,
            base=self.base,
            quote=self.quote,
            tick_size=self.tick_size,
            lot_size=self.lot_size,
            min_lots=self.min_lots,
            max_lots=self.max_lots,
            min_notional=self.min_notional,
            instrument_type=self.instrument_type,
            as_of=self.as_of,
        )


def facts_of(one: Instrument) -> InstrumentFacts:
    """Return what an instrument is made of."""
    return InstrumentFacts(
        one.symbol,
        one.base,
        one.quote,
        one.tick_size,
        one.lot_size,
        int(one.min_lots),
        int(one.max_lots),
        Decimal(int(one.min_notional)) / MONEY_ONE,
        int(one.instrument_type),
        one.as_of,
    )


@final
@dataclass(frozen=True, slots=True)
class MappedBars:
    """The bars of one instrument in a file of columns: a history that any process may open."""

    path: Path
    facts: InstrumentFacts
    index: int
    interval_ns: int

    @property
    def symbol(self) -> str:
        """The symbol of the run."""
        return self.facts.symbol

    def columns(self) -> Ints:
        """Return the columns of `market.bars`, shape (6, bars), mapped read-only."""
        mapped: Ints = np.load(self.path, mmap_mode="r")
        return mapped

    def blocks(self) -> Iterator[BarBlock]:
        """Return the blocks from the first on, as the files gave them."""
        columns = self.columns()
        for begin in range(0, columns.shape[1], BLOCK_ROWS):
            yield BarBlock(self.index, self.interval_ns, columns[:, begin : begin + BLOCK_ROWS])

    def series(self) -> Series:
        """Return the bars as the screen reads them."""
        instrument = self.facts.instrument(self.index)
        stamps, opens, highs, lows, closes, volumes = self.columns()
        return Series(
            open_ns=stamps,
            open=opens,
            high=highs,
            low=lows,
            close=closes,
            volume=volumes,
            tick=instrument.tick,
            lot=instrument.lot,
            interval_ns=self.interval_ns,
            is_spot=self.facts.instrument_type == SPOT,
        )


def map_bars(histories: Sequence[BarHistory], surveys: Sequence[Survey], folder: Path) -> tuple[MappedBars, ...]:
    """Write each history's bars into a file of columns below `folder`, block by block, and return them mapped."""
    mapped: list[MappedBars] = []
    for index, (history, survey) in enumerate(zip(histories, surveys, strict=True)):
        path = folder / f"bars-{index}.npy"
        columns = open_memmap(path, mode="w+", dtype=np.int64, shape=(SOURCE, survey.bars))
        at = 0
        for block in history.blocks():
            columns[:, at : at + len(block)] = block.columns()
            at += len(block)
        columns.flush()
        mapped.append(MappedBars(path, facts_of(history.instrument), index, history.interval_ns))
    return tuple(mapped)
