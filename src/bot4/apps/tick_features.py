# SPDX-License-Identifier: Apache-2.0
"""Features over recorded ticks, computed into a Parquet file: what a strategy is told in a run over them.

The stages of a run are fed as a run feeds them, without the rest of the house: bars
are built of the trades, and with each come its features and those of the flow. When
a message becomes known depends on latency, which one comes before which does not,
and nothing else counts here: these are the values of every run over these ticks.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import final

import numpy as np

from bot4.adapters.stores.tick_history import MergedTicks, TickHistory
from bot4.apps.features import Computed, Piece, load_kernels, write
from bot4.apps.progress import Progress
from bot4.apps.session import RunRequest, open_data, survey
from bot4.domain.errors import BadInput
from bot4.domain.marketdata import Features
from bot4.domain.stage import NOTHING, Outbox
from bot4.domain.tick_block import MESSAGES_MAX, TickBlock
from bot4.domain.values import Nanos
from bot4.insight.features import FeatureStage, check_references
from bot4.insight.flow import FlowFeatures
from bot4.kernels.features import DEFAULT_FEATURES, compile_features
from bot4.kernels.jit import Floats, Ints
from bot4.kernels.orderflow import flow_of
from bot4.market.bar_builder import BarBuilder
from bot4.market.intervals import interval_text
from bot4.runtime.clocks import SystemClock
from bot4.runtime.feature_wiring import check_timeframes, compiled_flow, named


def compute(request: RunRequest, features: Sequence[str], out: Path, progress: Progress) -> Computed:
    """Compute features of bars built of ticks, and of the ticks themselves, and write them into one file.

    Parameters
    ----------
    request : RunRequest
        Whose ticks, symbols, interval and strictness count.
    features : sequence of str
        Their names, of bars, trades and quotes; the default set if none.
    out : Path
        The Parquet file; replaced if it is there, in one step at the end.

    Raises
    ------
    BadInput
        If the ticks, a feature, its timeframe or its reference cannot be used, or
        no bar is finished by them.
    """
    asked = tuple(features or DEFAULT_FEATURES)
    told = Told(asked, [one for one in open_data(request)[1] if isinstance(one, TickHistory)])
    load_kernels(told.stage.bars.lanes[0].program, progress)
    clock = SystemClock()
    began = int(clock.monotonic_ns())
    surveys = tuple(survey(history, progress) for history in told.histories)
    warm_up = {name: told.warm_up[name] for name in asked}
    pieces = told.pieces(sum(one.bars for one in surveys), progress)
    rows, columns = write(out, pieces, progress, told=warm_up, with_symbol=len(told.histories) > 1)
    return Computed(
        out=out,
        rows=rows,
        refused=0,
        columns=columns,
        surveys=surveys,
        elapsed_s=(int(clock.monotonic_ns()) - began) / 1e9,
        ticks_refused=int(told.stage.refused),
    )


def no_bars(history: TickHistory) -> BadInput:
    """Return the refusal of ticks that no bar is finished by."""
    return BadInput(
        history.symbol,
        f"no bar of {interval_text(history.interval_ns)}",
        "trades on both sides of a bar's end",
        "Choose a shorter --interval, or add trades: quotes and books make no bars.",
        "no_bars",
    )


@final
class Told:
    """Feed the stages that answer ticks with features, and hold what they answer.

    Parameters
    ----------
    asked : sequence of str
        The features, in the order of the columns.
    histories : sequence of TickHistory
        The symbols, by the index of their instruments.

    Raises
    ------
    BadInput
        If a feature cannot be had of these ticks.
    """

    def __init__(self, asked: Sequence[str], histories: Sequence[TickHistory]) -> None:
        self.histories = histories
        of_bars = named(compile_features, [name for name in asked if not flow_of(name)], "--features")
        trades, quotes = compiled_flow(asked, "--features")
        check_references(of_bars.references, [history.symbol for history in histories], option="--ticks")
        for history in histories:
            check_timeframes(of_bars, history.interval_ns, "--features")
        instruments = [history.instrument for history in histories]
        intervals_ns = [Nanos(history.interval_ns) for history in histories]
        bars = FeatureStage(of_bars, of_bars.names, instruments, intervals_ns)
        self.builder = BarBuilder(intervals_ns)
        self.stage = FlowFeatures(bars, trades, quotes, instruments)
        names = (*of_bars.names, *trades.names, *quotes.names)
        warm_up = (*of_bars.warm_up, *trades.program.warm_up, *quotes.program.warm_up)
        self.warm_up = dict(zip(names, warm_up, strict=True))
        self._order = [names.index(name) for name in asked]
        self._bars = Outbox(1)
        self._answers = Outbox(MESSAGES_MAX)

    def pieces(self, messages: int, progress: Progress) -> Iterator[Piece]:
        """Yield the features of the bars that each block of messages finishes.

        Raises
        ------
        BadInput
            With code ``no_bars``, if none is finished by any.
        """
        progress.begin(messages, "computing")
        done = bars = 0
        for block in MergedTicks(self.histories).blocks():
            self.feed(block)
            for history, (open_ns, values) in zip(self.histories, self.taken(), strict=True):
                bars += len(open_ns)
                yield open_ns, values, history.symbol
            done += len(block)
            progress.advance(done)
        progress.end()
        if bars == 0:
            raise no_bars(self.histories[0])

    def feed(self, block: TickBlock) -> None:
        """Feed a block; each of its messages finishes one bar at most."""
        bars = self._bars
        for k in range(len(block)):
            at = block.at_ns(k)
            event = block.event(k, at)
            self.builder.handle(event, at, bars)
            self.stage.handle(event, at, self._answers)
            if bars.tail:
                self.stage.handle(bars.cells[0].event, at, self._answers)
                bars.tail = 0

    def taken(self) -> list[tuple[Ints, Floats]]:
        """Return what was answered since, by symbol: opens of the bars, and values, shape (bars, features)."""
        opens: list[list[int]] = [[] for _ in self.histories]
        rows: list[list[bytes]] = [[] for _ in self.histories]
        for cell in self._answers.cells[: self._answers.tail]:
            answer = cell.event
            assert isinstance(answer, Features), "nothing else is put here"
            opens[answer.instrument].append(int(answer.bar.open_ns))
            rows[answer.instrument].append(answer.rows)
            cell.event = NOTHING
        self._answers.tail = 0
        return [
            (
                np.array(opens[i], dtype=np.int64),
                np.frombuffer(b"".join(rows[i])).reshape(-1, len(self._order))[:, self._order],
            )
            for i in range(len(opens))
        ]
