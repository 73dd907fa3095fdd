# SPDX-License-Identifier: Apache-2.0
"""Features of recorded bars, computed block by block into a Parquet file.

The bars are those that a run would see, checked and rounded in the same way, and
the kernel is the one of a run. A reference counts as soon as it is known: a bar
that ends at the very moment included.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from bot4.adapters.stores.feature_table import FeatureTable
from bot4.adapters.stores.history import BarHistory, Survey
from bot4.adapters.stores.paths import group_paths
from bot4.apps.progress import Progress
from bot4.apps.session import RunRequest, open_histories, survey
from bot4.insight.features import check_references
from bot4.kernels.crossasset import KnownClose
from bot4.kernels.features import DEFAULT_FEATURES, FeatureProgram, compile_features
from bot4.kernels.jit import Floats, Ints
from bot4.market.bars import BarBlock
from bot4.runtime.clocks import SystemClock
from bot4.runtime.feature_wiring import check_timeframes, named, refuse_flow
from bot4.runtime.warm_up import warm_up_features

Piece = tuple[Ints, Floats, str]
"""Opens of bars in UTC nanoseconds, shape (n,), their features, shape (n, features), and whose they are."""


@dataclass(frozen=True, slots=True)
class Column:
    """Tell of one feature: how many of its values are numbers, and what it waits for.

    ``warm_up`` counts bars of its own timeframe, or the trades or quotes that update it.
    """

    name: str
    warm_up: int
    known: int


@dataclass(frozen=True, slots=True)
class Computed:
    """Tell what was computed.

    Attributes
    ----------
    rows, refused : int
        Rows written; those of them whose bar the kernel refused, all NULL.
    ticks_refused : int
        Trades and quotes that the kernel refused, where features of them were asked for.
    """

    out: Path
    rows: int
    refused: int
    columns: tuple[Column, ...]
    surveys: tuple[Survey, ...]
    elapsed_s: float
    ticks_refused: int = 0


def compute(request: RunRequest, features: Sequence[str], out: Path, progress: Progress) -> Computed:
    """Compute features of every symbol's bars and write them into one file.

    Parameters
    ----------
    request : RunRequest
        Whose bars, symbols, interval and strictness count.
    features : sequence of str
        Their names; the default set if none.
    out : Path
        The Parquet file; replaced if it is there, in one step at the end.

    Raises
    ------
    BadInput
        If the bars, a feature, its timeframe or its reference cannot be used.
    """
    refuse_flow(features, "--features")
    program = named(compile_features, features or DEFAULT_FEATURES, "--features")
    histories = open_histories(request, group_paths(request.bars, request.symbols))
    check_references(program.references, [history.symbol for history in histories])
    for history in histories:
        check_timeframes(program, history.interval_ns, "--features")
    load_kernels(program, progress)
    clock = SystemClock()
    began = int(clock.monotonic_ns())
    surveys = tuple(survey(history, progress) for history in histories)
    bars = BarFeatures(program, histories)
    told = dict(zip(program.names, program.warm_up, strict=True))
    pieces = bars.pieces(surveys, progress)
    rows, columns = write(out, pieces, progress, told=told, with_symbol=len(histories) > 1)
    return Computed(
        out=out,
        rows=rows,
        refused=bars.refused,
        columns=columns,
        surveys=surveys,
        elapsed_s=(int(clock.monotonic_ns()) - began) / 1e9,
    )


def write(
    out: Path, pieces: Iterable[Piece], progress: Progress, *, told: Mapping[str, int], with_symbol: bool
) -> tuple[int, tuple[Column, ...]]:
    """Write features, piece by piece, into one file that is either whole or not there.

    Returns how many rows it has, and what is to be told of each column.

    Parameters
    ----------
    out : Path
        The Parquet file.
    pieces : iterable of Piece
        The rows in order; begun once the file is.
    told : mapping of str to int
        What each feature waits for, in the order of the columns.
    with_symbol : bool
        Whether rows tell their symbol.

    Raises
    ------
    BadInput
        If ``out`` is a folder.
    KeyboardInterrupt
        If the user asked to stop.
    """
    names = tuple(told)
    known = np.zeros(len(names), dtype=np.int64)
    with FeatureTable(out, names, with_symbol=with_symbol) as table:
        for open_ns, values, symbol in pieces:
            known += np.count_nonzero(np.isfinite(values), axis=0)
            table.append(open_ns, values, symbol)
            stop_if_asked(progress)
        progress.begin(None, "writing")
        table.finish()
        progress.end()
    return table.rows, tuple(map(Column, names, told.values(), known.tolist()))


def load_kernels(program: FeatureProgram, progress: Progress) -> None:
    """Compile the kernels or load them, and say so: no rate should count it, and the first time it takes long."""
    progress.begin(None, "kernels (compiled on the first run)")
    warm_up_features(program)
    progress.end()


def computed(
    program: FeatureProgram, state: Floats, history: BarHistory, block: BarBlock, known: Floats
) -> tuple[Floats, int]:
    """Return the features of a block, shape (bars, features), and how many bars were refused; changes the state."""
    tick, lot = history.instrument.tick, history.instrument.lot
    o, h, low, c = (
        np.multiply(one, tick, dtype=np.float64) for one in (block.open, block.high, block.low, block.close)
    )
    volumes = np.multiply(block.volume, lot, dtype=np.float64)
    out = np.empty((len(block), program.size))
    refused = program.run(state, block.open_ns, o, h, low, c, volumes, out, references=known)
    return out, refused


def stop_if_asked(progress: Progress) -> None:
    """End here if the user asked for it: what was begun is removed on the way out.

    Raises
    ------
    KeyboardInterrupt
        If so.
    """
    if progress.should_stop():
        raise KeyboardInterrupt


@final
class BarFeatures:
    """Compute features of recorded bars, symbol by symbol.

    Attributes
    ----------
    refused : int
        Bars that the kernel refused so far.
    """

    def __init__(self, program: FeatureProgram, histories: Sequence[BarHistory]) -> None:
        self._program = program
        self._histories = histories
        self._states = [program.new_state(history.interval_ns) for history in histories]
        self.refused = 0

    def pieces(self, surveys: Sequence[Survey], progress: Progress) -> Iterator[Piece]:
        """Yield the features of each block of bars."""
        program = self._program
        for history, state, told in zip(self._histories, self._states, surveys, strict=True):
            known = References(program.references, self._histories)
            progress.begin(told.bars, f"computing {history.symbol}")
            done = 0
            for block in history.blocks():
                values, bad = computed(program, state, history, block, known.at(block.open_ns + block.interval_ns))
                self.refused += bad
                yield block.open_ns, values, history.symbol
                done += len(block)
                progress.advance(done)
            progress.end()


@final
class References:
    """Read the references' bars beside those of a series, no further than the series has come."""

    def __init__(self, symbols: Sequence[str], histories: Sequence[BarHistory]) -> None:
        by_symbol: Mapping[str, BarHistory] = {history.symbol: history for history in histories}
        self._histories = [by_symbol[symbol] for symbol in symbols]
        self._blocks: list[Iterator[BarBlock]] = [history.blocks() for history in self._histories]
        self._known = [KnownClose() for _ in symbols]

    def at(self, now_ns: Ints) -> Floats:
        """Return the closes known at each moment, shape (moments, references)."""
        out = np.empty((len(now_ns), len(self._known)))
        for column, known in enumerate(self._known):
            while known.wants(int(now_ns[-1])) and (block := next(self._blocks[column], None)) is not None:
                tick = self._histories[column].instrument.tick
                known.push(block.open_ns + block.interval_ns, np.multiply(block.close, tick, dtype=np.float64))
            out[:, column] = known.at(now_ns)
        return out
