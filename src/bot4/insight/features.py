# SPDX-License-Identifier: Apache-2.0
"""Features of every bar, from the one kernel, streaming or computed ahead.

Live, each bar is one kernel call. In a backtest the runtime hands over a block of
bars before it feeds them, and the same kernel runs over the block in one pass;
``handle`` then only looks the row up. Both forms carry the same state through the
same arithmetic, so values, journal and state hash are equal to the bit, wherever
a run is cut.
"""

from collections.abc import Sequence
from typing import final

import numpy as np
from librt.strings import BytesWriter
from mypy_extensions import i64
from numpy.typing import NDArray

from bot4.domain.calm import Calm
from bot4.domain.errors import BadInput
from bot4.domain.event import BAR, Event
from bot4.domain.instrument import Instrument
from bot4.domain.marketdata import Bar, Features
from bot4.domain.stage import Outbox, Stage
from bot4.domain.values import Nanos
from bot4.kernels.features import FeatureProgram

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Columns = tuple[Ints, Floats, Floats, Floats, Floats, Floats]


@final
class Lane:
    """Hold one instrument's kernel state and the rows computed ahead for it.

    ``before`` is the state at the head of the block, from which the state after
    any row of it can be had again; ``values`` and ``rows`` are the outputs of the
    bars up to ``end``, ``width`` bytes a bar.
    """

    __slots__ = (
        "program",
        "tick",
        "lot",
        "stream",
        "state",
        "before",
        "columns",
        "values",
        "rows",
        "width",
        "cursor",
        "end",
    )

    def __init__(self, program: FeatureProgram, instrument: Instrument, interval_ns: int) -> None:
        self.program = program
        self.tick = instrument.tick
        self.lot = instrument.lot
        self.state = program.new_state(interval_ns)
        self.stream = program.stream(self.state)
        self.before = self.state
        self.columns: Columns | None = None
        self.values: Floats = np.empty((0, program.size))
        self.rows = b""
        self.width: i64 = 8 * program.size
        self.cursor: i64 = 0
        self.end: i64 = 0

    def compute(self, columns: tuple[Ints, Ints, Ints, Ints, Ints, Ints]) -> None:
        """Run the kernel over a block of integer columns: open time, open, high, low, close, volume."""
        open_ns, opens, highs, lows, closes, volumes = columns
        o, h, low, c = (np.multiply(column, self.tick, dtype=np.float64) for column in (opens, highs, lows, closes))
        v = np.multiply(volumes, self.lot, dtype=np.float64)
        self.values = np.empty((len(opens), self.program.size), dtype=np.float64)
        self.columns = (open_ns, o, h, low, c, v)
        self.before = self.state.copy()
        self.program.run(self.state, open_ns, o, h, low, c, v, self.values)
        self.rows = self.values.tobytes()
        self.cursor = 0
        self.end = len(opens)

    def step(self, bar: Bar) -> bytes:
        """Run the kernel over one bar."""
        tick = self.tick
        self.stream.step(
            int(bar.open_ns),
            float(bar.open) * tick,
            float(bar.high) * tick,
            float(bar.low) * tick,
            float(bar.close) * tick,
            float(bar.volume) * self.lot,
        )
        return self.stream.values.tobytes()

    def state_now(self) -> Floats:
        """Return the kernel state after the last bar handled, whatever was computed ahead."""
        if self.columns is None or self.cursor >= self.end:
            return self.state
        state = self.before.copy()
        done = int(self.cursor)
        open_ns, o, h, low, c, v = self.columns
        out = np.empty((done, self.program.size), dtype=np.float64)
        self.program.run(state, open_ns[:done], o[:done], h[:done], low[:done], c[:done], v[:done], out)
        return state


@final
class FeatureStage(Stage):
    """Answer every bar with its features.

    Parameters
    ----------
    program : FeatureProgram
        The compiled set: all of it is computed for every bar, and only what is read is told.
    read : sequence of str
        The features that someone reads, in the order of ``Features.value``.
    instruments : sequence of Instrument
        In the order of their index.
    intervals_ns : sequence of Nanos
        The length of each instrument's bars, which features of larger bars want
        to know; without them those take a bar longer to learn that one is finished.

    Raises
    ------
    BadInput
        With code ``reference_missing``, if a feature compares with a symbol that
        the run has not; ``timeframe``, if bars do not add up to those of a feature.

    Notes
    -----
    A feature such as ``beta_60~BTCUSDT`` takes the last close of the reference
    that was handled: where bars of one moment follow each other, the reference's
    counts only if it comes before. It is computed bar by bar, never ahead, since
    a block of one instrument knows nothing of the others.
    """

    def __init__(
        self,
        program: FeatureProgram,
        read: Sequence[str],
        instruments: Sequence[Instrument],
        intervals_ns: Sequence[Nanos] = (),
    ) -> None:
        super().__init__((BAR,))
        told = program.narrowed(read)
        lengths = [int(one) for one in intervals_ns] or [0] * len(instruments)
        symbols = [instrument.symbol for instrument in instruments]
        check_references(program.references, symbols)
        try:
            self.lanes = [Lane(told, *one) for one in zip(instruments, lengths, strict=True)]
        except ValueError as error:
            raise BadInput("features", str(error), "a multiple of the bars", "Choose another.", "timeframe") from None
        self.compares = bool(program.references)
        self.columns = [program.references.index(one) if one in program.references else -1 for one in symbols]

    def prepare(self, instrument: int, columns: tuple[Ints, Ints, Ints, Ints, Ints, Ints]) -> None:
        """Compute a block ahead; its bars must be handled before the next block is prepared."""
        if not self.compares:
            self.lanes[instrument].compute(columns)

    def handle(self, event: Event, now: Nanos, out: Outbox) -> None:
        """Put the features of one bar."""
        if isinstance(event, Bar):
            lane = self.lanes[event.instrument]
            if self.compares and self.columns[event.instrument] >= 0:
                self._refer(self.columns[event.instrument], float(event.close) * lane.tick)
            cursor = lane.cursor
            if cursor < lane.end:
                lane.cursor = cursor + 1
                out.put(Features(event, lane.rows, cursor * lane.width))
            else:
                out.put(Features(event, lane.step(event), 0))

    def stays_calm(self, instrument: i64, calm: Calm) -> bool:
        """Only count bars whose features were computed ahead."""
        lane = self.lanes[instrument]
        return lane.cursor < lane.end

    def ahead(self, instrument: int) -> Floats:
        """Return what is read of the bars computed ahead, shape (n, read): one row a bar of the block prepared last."""
        return self.lanes[instrument].values

    def skip(self, instrument: int, bars: i64) -> None:
        """Pass over bars of the block that nobody is shown."""
        lane = self.lanes[instrument]
        lane.cursor += bars

    def write_state(self, out: BytesWriter) -> None:
        """Write the kernel state of each instrument."""
        for lane in self.lanes:
            out.write(lane.state_now().tobytes())

    def _refer(self, column: int, close: float) -> None:
        """Tell every instrument the newest close of a reference."""
        for lane in self.lanes:
            lane.stream.references[column] = close


def check_references(references: Sequence[str], symbols: Sequence[str], *, option: str = "--bars") -> None:
    """Refuse a feature that compares with a symbol whose bars are not there; ``option`` is how its data is given.

    Raises
    ------
    BadInput
        With code ``reference_missing``.
    """
    for reference in references:
        if reference not in symbols:
            raise BadInput(
                "features",
                f"compared with {reference}, which has no bars here",
                f"a reference among {', '.join(symbols)}",
                f"Add {option} {reference}=PATH before the others.",
                "reference_missing",
            )
