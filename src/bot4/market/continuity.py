# SPDX-License-Identifier: Apache-2.0
"""Look at ordered bars one after the other: gaps, and jumps far outside recent volatility.

Nothing is changed here. A gap is never filled, and a jump is counted and kept,
because a crash looks like one.
"""

from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from bot4.market.bars import CLOSE, HIGH, LOW, ROW_WIDTH, SOURCE, STAMP, Ints
from bot4.market.faults import OUTLIER, FaultLog

LOOK_BACK: Final = 256
"""Moves before a bar against which its own is judged."""

JUDGED_FROM: Final = 32
"""A bar with fewer moves before it is not judged."""

JUMP_TIMES: Final = 20.0
JUMP_FRAC_MIN: Final = 0.01

MEDIANS_AT_ONCE: Final = 2_048
"""Windows copied for one call: 4 MB."""

Floats = NDArray[np.float64]


@final
class Continuity:
    """Count gaps and outliers over a series given in pieces; what is counted does not depend on the cuts.

    Notes
    -----
    The move of a bar is the larger of ``high / c - 1`` and ``1 - low / c``, c being
    the close before it: its farthest way from where the market stood. A bar is
    an outlier if its move is at least 1 % and more than 20 times the median of
    the latest 256 moves before it (of all there are, if fewer, but at least 32).
    A median does not see a few wild bars among many; bars that did not move at
    all are left out of it, or in a thin market each trade would be an outlier.
    """

    __slots__ = ("_interval_ns", "_log", "_last", "_moves")

    def __init__(self, interval_ns: int, log: FaultLog) -> None:
        self._interval_ns = interval_ns
        self._log = log
        self._last = np.empty((ROW_WIDTH, 0), dtype=np.int64)
        self._moves = np.empty(0)

    def look(self, rows: Ints) -> None:
        """Take the next bars, in order and without repeats."""
        both = np.concatenate([self._last, rows], axis=1)
        self._last = rows[:, -1:]
        if both.shape[1] < 2:
            return
        now = both[:, 1:]
        steps = np.diff(both[STAMP])
        missing = steps // self._interval_ns - 1
        gaps = np.flatnonzero(missing > 0)
        if len(gaps):
            self._log.add_gaps(now[SOURCE, gaps], both[STAMP, gaps] + self._interval_ns, missing[gaps])
        self._look_for_jumps(both[CLOSE, :-1], now)

    def _look_for_jumps(self, before: Ints, now: Ints) -> None:
        """Judge each bar's move against those before it."""
        moves = np.maximum(now[HIGH] - before, before - now[LOW]) / before
        moved = moves > 0
        history = np.concatenate([self._moves, moves[moved]])
        ends = len(self._moves) + np.cumsum(moved) - moved  # moves before each bar
        self._moves = history[-LOOK_BACK:]
        # Few bars move by 1 %: only theirs is the median worth computing.
        asked = np.flatnonzero((moves >= JUMP_FRAC_MIN) & (ends >= JUDGED_FROM))
        for begin in range(0, len(asked), MEDIANS_AT_ONCE):
            some = asked[begin : begin + MEDIANS_AT_ONCE]
            usual = medians_before(history, ends[some])
            for at, median in zip(some, usual, strict=True):
                if moves[at] > JUMP_TIMES * median:
                    self._tell(now[:, at : at + 1], float(moves[at]), float(median))

    def _tell(self, row: Ints, move: float, usual: float) -> None:
        """Count one outlier."""
        self._log.add(OUTLIER, row[SOURCE], row[STAMP], lambda _: f"moved {move:.2%}, the median was {usual:.3%}")


def medians_before(history: Floats, ends: NDArray[np.int64]) -> Floats:
    """Return for each end the median of the ``LOOK_BACK`` values before it, or of all there are.

    Parameters
    ----------
    history : array of float64, shape (n,)
    ends : array of int64, shape (k,)
        Ascending, from 1 to n.
    """
    short = ends < LOOK_BACK
    out = np.empty(len(ends))
    out[short] = [np.median(history[:end]) for end in ends[short]]
    if not short.all():
        windows = np.lib.stride_tricks.sliding_window_view(history, LOOK_BACK)
        out[~short] = np.median(windows[ends[~short] - LOOK_BACK], axis=1)
    return out
