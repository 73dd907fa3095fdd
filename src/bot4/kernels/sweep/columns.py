# SPDX-License-Identifier: Apache-2.0
"""The columns of a block: closes, the indicators that rules read, and scores made of them.

Indicators come from the indicator machine, one program for all of them. Plain means, of which a search over crossings
has dozens and nothing else, take a shorter way: the machine's own rolling sum, called for a whole block of one window
at a time, in two thirds of the machine's time; without it a screening of crossings runs at two thirds of its rate. A
test holds the two equal to the bit.
"""

import re
from typing import Final, final

import numpy as np

from bot4.kernels.features import FeatureProgram, compile_features
from bot4.kernels.indicators.rolling import SUM_SIZE, rolling_sum
from bot4.kernels.jit import Floats, Ints, kernel
from bot4.kernels.sweep.rules import Plan

MEAN: Final = re.compile(r"sma_([1-9][0-9]*)")
TILE: Final = 64


@kernel
def roll_means(
    closes: Floats, begin: int, bars: int, before: int, windows: Ints, places: Ints, columns: Floats
) -> None:
    """Write the plain means of many windows for one block, window by window (bar by bar takes a fifth longer).

    Parameters
    ----------
    closes : array of float64, shape (SUM_SIZE * means + longest window + block,)
        The rolling sums, carried from block to block; the closes before the block; the block's, from `begin` on.
    begin, bars, before : int
        Where the block begins, how many bars it has, how many came before it.
    windows, places : arrays of int64, shape (means,)
        Their lengths in bars, and the columns they are written to.
    columns : array of float64, shape (columns, at least bars)
        Written: NaN before a window is full.
    """
    for w in range(windows.shape[0]):
        window = windows[w]
        out = columns[places[w]]
        warm = min(max(window - 1 - before, 0), bars)
        for i in range(warm):
            out[i] = np.nan
        for i in range(warm, bars):
            out[i] = rolling_sum(closes, w * SUM_SIZE, before + i + 1, begin + i, window) / window


@kernel
def spread(rows: Floats, places: Ints, columns: Floats) -> None:
    """Turn features by bar, shape (bars, features), into the columns at `places`, in tiles that stay in cache."""
    bars = rows.shape[0]
    for begin in range(0, bars, TILE):
        for f in range(rows.shape[1]):
            for i in range(begin, min(begin + TILE, bars)):
                columns[places[f], i] = rows[i, f]


@kernel
def write_score(change: Floats, noise: Floats, scale: float, out: Floats) -> None:
    """Write change / (noise * scale), NaN where that is not above 0; arrays of one length."""
    for i in range(out.shape[0]):
        scaled = noise[i] * scale
        out[i] = change[i] / scaled if scaled > 0.0 else np.nan


@final
class Columns:
    """Make the columns of one instrument's blocks, one after the other; `values` (columns, bars) holds the newest."""

    def __init__(self, plan: Plan, rows: int) -> None:
        means = {name: found for name in plan.features if (found := MEAN.fullmatch(name))}
        others = [name for name in plan.features if name not in means]
        self.values = np.full((plan.column_count, rows), np.nan)
        self.plan = plan
        self._count = 0
        self._windows = np.array([int(found[1]) for found in means.values()], dtype=np.int64)
        self._mean_places = _places(plan, list(means))
        self._sums = SUM_SIZE * len(means)
        self._begin = self._sums + int(self._windows.max(initial=0))
        self._closes = np.zeros(self._begin + rows)
        self._program: FeatureProgram | None = compile_features(others) if others else None
        self._state = np.zeros(0) if self._program is None else self._program.new_state()
        self._places = _places(plan, others)

    def load(self, open_ns: Ints, bars: tuple[Floats, Floats, Floats, Floats, Floats]) -> None:
        """Take the next block: when each bar opened; opens, highs, lows, closes and volumes in quote and base.

        The bars are validated ones: their prices are finite and above 0.
        """
        closes = bars[3]
        count = len(closes)
        self.values[0, :count] = closes
        if len(self._windows):
            self._roll(closes)
        if self._program is not None:
            out = np.empty((count, self._program.size))
            self._program.run(self._state, open_ns, *bars, out)
            spread(out, self._places, self.values)
        first = 1 + len(self.plan.features)
        for s, score in enumerate(self.plan.scores):
            write_score(self.values[score.change], self.values[score.noise], score.scale, self.values[first + s])

    def _roll(self, closes: Floats) -> None:
        """Write the means of the next block, and keep as many closes as the longest window wants to see again."""
        held, begin, count = self._closes, self._begin, len(closes)
        held[begin : begin + count] = closes
        roll_means(held, begin, count, self._count, self._windows, self._mean_places, self.values)
        held[self._sums : begin] = held[self._sums + count : begin + count].copy()
        self._count += count


def _places(plan: Plan, names: list[str]) -> Ints:
    """Return the columns of features."""
    return np.array([plan.column(name) for name in names], dtype=np.int64)
