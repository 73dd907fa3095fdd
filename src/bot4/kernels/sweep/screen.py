# SPDX-License-Identifier: Apache-2.0
"""The screen: many parameter sets through one history, block by block, each indicator once.

Memory is that of one block and of what each set carries on, whatever the length of the series; columns may be
memory-mapped files. What comes out for a set is the record its shadow book would have in an engine run by itself, from
the day of the first bar to the last day that ended.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from bot4.kernels.jit import Floats, Ints
from bot4.kernels.sweep import fold, walk
from bot4.kernels.sweep.columns import Columns
from bot4.kernels.sweep.masks import WORD, pack
from bot4.kernels.sweep.rules import Plan

COLUMN_BYTES: Final = 1 << 20
"""What the columns of a block may take: half of a second level of cache. Shorter blocks pay more for each call."""

BLOCK_ROWS_MIN: Final = 1024
BLOCK_ROWS_MAX: Final = 16_384
SPAN_DAYS_MAX: Final = 128
DAY_NS: Final = 86_400 * 1_000_000_000


class Series(NamedTuple):
    """The bars of one instrument: int64 columns of one length, and what their integers mean.

    `open_ns` ascends; prices are in ticks, volumes in lots; `tick` and `lot` are their sizes in quote and base. A bar
    is known when its interval ends.
    """

    open_ns: Ints
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Ints
    tick: float
    lot: float
    interval_ns: int
    is_spot: bool

    def days(self, begin: int, end: int) -> Ints:
        """Return the UTC day to which each bar of [begin, end) belongs: that of its end; midnight ends a day."""
        days: Ints = (self.open_ns[begin:end] + (self.interval_ns - 1)) // DAY_NS
        return days

    def head(self, bars: int) -> "Series":
        """Return the first bars."""
        return self._replace(
            open_ns=self.open_ns[:bars],
            open=self.open[:bars],
            high=self.high[:bars],
            low=self.low[:bars],
            close=self.close[:bars],
            volume=self.volume[:bars],
        )


class Screened(NamedTuple):
    """What came of the sets: figures (sets, 5) as `fold.figures_of`, days of the record, closed trades, fills."""

    figures: Floats
    days: int
    closed_trades: Ints
    fills: Ints


Daily = Callable[[Floats], None]


def silent(_rows: int) -> None:
    """Say nothing: nobody asked how far it is."""


class _Lane:
    """One instrument's part: the columns of a block, what each set carries on."""

    def __init__(self, series: Series, plan: Plan) -> None:
        sets = len(plan.legs)
        self.series = series
        self.carries = np.zeros((sets, walk.CARRY_INTS), dtype=np.int64)
        self.monies = np.zeros((sets, walk.CARRY_FLOATS))
        self.columns = Columns(plan, block_rows(plan))
        self.row = 0

    def cuts(self, day: int) -> Iterator[tuple[int, int]]:
        """Yield the blocks of bars up to the end of the day before `day`, from where the last call ended."""
        one = self.series
        end = int(np.searchsorted(one.open_ns, day * DAY_NS - one.interval_ns, side="right"))
        step = self.columns.values.shape[1]
        for begin in range(self.row, end, step):
            yield begin, min(begin + step, end)
        self.row = end

    def load(self, begin: int, end: int) -> tuple[Floats, Floats]:
        """Fill the columns with the bars [begin, end); returns opens and closes."""
        one = self.series
        given = (one.open, one.high, one.low, one.close)
        opens, highs, lows, closes = (np.multiply(c[begin:end], one.tick, dtype=np.float64) for c in given)
        volumes = np.multiply(one.volume[begin:end], one.lot, dtype=np.float64)
        self.columns.load(np.array(one.open_ns[begin:end]), (opens, highs, lows, closes, volumes))
        return opens, closes

    def segments(self, begin: int, end: int, first_day: int) -> Ints:
        """Return the bars [begin, end) by day, as `walk.book` takes them, days counted from `first_day`."""
        one = self.series
        days = one.days(begin, end)
        ends = np.append(np.flatnonzero(np.diff(days)) + 1, end - begin)
        segments = np.ones((len(ends), walk.SEGMENT_COLUMNS), dtype=np.int64)
        segments[:, walk.END] = ends
        segments[:, walk.DAY] = days[ends - 1] - first_day
        segments[-1, walk.CLOSES] = end == len(one.open_ns) or one.days(end, end + 1)[0] != days[-1]
        return segments


def block_rows(plan: Plan) -> int:
    """Return how many bars a block has: whole words, as many as keep the columns in cache."""
    fitting = COLUMN_BYTES // (8 * plan.column_count) // WORD * WORD
    return min(max(fitting, BLOCK_ROWS_MIN), BLOCK_ROWS_MAX)


def span_days(plan: Plan, history: Sequence[Series]) -> int:
    """Return for how many days gains are kept before they are folded: about one block of the densest instrument."""
    shortest = min(one.interval_ns for one in history)
    return min(max(block_rows(plan) * shortest // DAY_NS, 1), SPAN_DAYS_MAX)


def screen(
    plan: Plan,
    history: Sequence[Series],
    cost: float,
    *,
    on_rows: Callable[[int], None] = silent,
    daily: Daily | None = None,
) -> Screened:
    """Run every set of a plan over the bars of all instruments, equally weighted.

    Parameters
    ----------
    plan : Plan
        The sets.
    history : sequence of Series
        One for each instrument.
    cost : float
        Fee and slippage of a fill, as a fraction of its notional.
    on_rows : callable
        Told after each span of days how many bars, of all instruments, are done.
    daily : callable, optional
        Given the net returns of each span of days, shape (sets, days), in order.
    """
    lanes = [_Lane(one, plan) for one in history]
    sums = fold.new_sums(len(plan.legs))
    first = min(int(one.days(0, 1)[0]) for one in history)
    last = max(int(one.days(len(one.open_ns) - 1, len(one.open_ns))[0]) for one in history)
    span = span_days(plan, history)
    gains = np.zeros((len(plan.legs), span))
    share = 1.0 / len(history)
    blocks = _Blocks(plan, cost)
    for day in range(first, last + 1, span):
        gains[:] = 0.0
        for lane in lanes:
            blocks.run(lane, day, span, gains)
        ended = min(span, last - day)
        fold.fold(gains, ended, share, sums)
        if daily is not None:
            daily(gains[:, :ended] * share)
        on_rows(sum(lane.row for lane in lanes))
    carries = np.sum([lane.carries for lane in lanes], axis=0)
    return Screened(fold.figures_of(sums), last - first, carries[:, walk.CLOSED], carries[:, walk.FILLS])


class _Blocks:
    """The part that all instruments share: programs as arrays, and the bits of one block."""

    def __init__(self, plan: Plan, cost: float) -> None:
        self.legs = plan.leg_rows()
        self.program, self.levels = plan.mask_program()
        self.masks = np.zeros((plan.mask_count, block_rows(plan) // WORD), dtype=np.uint64)
        self.cost = cost

    def run(self, lane: _Lane, day: int, span: int, gains: Floats) -> None:
        """Carry one instrument through a span of days, adding to the gains of each set and day."""
        one = lane.series
        for begin, end in lane.cuts(day + span):
            opens, closes = lane.load(begin, end)
            with np.errstate(over="ignore"):  # the search for a bit multiplies modulo 2^64; only uncompiled would warn
                pack(self.program, self.levels, lane.columns.values, self.masks)
                walk.run_block(
                    self.masks,
                    self.legs,
                    lane.carries,
                    lane.monies,
                    one.open_ns[begin:end] + one.interval_ns,
                    one.interval_ns,
                    opens,
                    closes,
                    lane.segments(begin, end, day),
                    self.cost,
                    one.is_spot,
                    gains,
                )


def opinions(plan: Plan, series: Series) -> tuple[Ints, Ints]:
    """Return the bars on which the first set's opinion changes, and to what (-1, 0, 1): the signals behind a record."""
    lane = _Lane(series, plan)
    program, levels = plan.mask_program()
    legs = plan.leg_rows()
    masks = np.zeros((plan.mask_count, lane.columns.values.shape[1] // WORD), dtype=np.uint64)
    rows = np.empty(lane.columns.values.shape[1], dtype=np.int64)
    wishes = np.empty_like(rows)
    parts: list[tuple[Ints, Ints]] = []
    for begin, end in lane.cuts(int(series.days(len(series.open_ns) - 1, len(series.open_ns))[0]) + 1):
        lane.load(begin, end)
        known = series.open_ns[begin:end] + series.interval_ns
        with np.errstate(over="ignore"):
            pack(program, levels, lane.columns.values, masks)
            walked = (masks, legs[0], lane.carries[0], known, series.interval_ns, end - begin)
            count = walk.walk(*walked, rows, wishes, 0)
        parts.append((rows[:count] + begin, wishes[:count].copy()))
    return np.concatenate([part for part, _ in parts]), np.concatenate([part for _, part in parts])
