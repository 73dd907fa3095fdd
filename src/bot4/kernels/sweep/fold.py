# SPDX-License-Identifier: Apache-2.0
"""Daily gains into figures: each day is taken once and forgotten, so a record of any length costs the same memory."""

import math
from typing import Final

import numpy as np

from bot4.kernels.evidence import DAYS_PER_YEAR
from bot4.kernels.jit import Floats, kernel

# Columns of the running sums.
DAYS: Final = 0
SUM: Final = 1
SQUARES: Final = 2
HIGHEST: Final = 3  # of 1 + the sum of returns so far; 1 at the start
DEEPEST: Final = 4
SUM_COLUMNS: Final = 5


def new_sums(sets: int) -> Floats:
    """Return the sums before the first day, shape (sets, SUM_COLUMNS)."""
    sums = np.zeros((sets, SUM_COLUMNS))
    sums[:, HIGHEST] = 1.0
    return sums


@kernel
def fold(gains: Floats, days: int, share: float, sums: Floats) -> None:
    """Take the first `days` columns of gains, shape (sets, at least days), times `share`, into the sums."""
    for c in range(gains.shape[0]):
        total = sums[c, SUM]
        squares = sums[c, SQUARES]
        highest = sums[c, HIGHEST]
        deepest = sums[c, DEEPEST]
        for d in range(days):
            gain = gains[c, d] * share
            total += gain
            squares += gain * gain
            highest = max(highest, 1.0 + total)
            deepest = max(deepest, (highest - 1.0 - total) / highest)
        sums[c, DAYS] += days
        sums[c, SUM] = total
        sums[c, SQUARES] = squares
        sums[c, HIGHEST] = highest
        sums[c, DEEPEST] = deepest


def figures_of(sums: Floats) -> Floats:
    """Return mean and deviation a day, annual Sharpe ratio, greatest drawdown and total return, shape (sets, 5).

    Of daily net returns on a constant notional of 1: the total is their sum, the drawdown that of 1 plus their sum.
    The deviation is the sample's (n - 1), from sums of squares: daily means are far smaller than deviations. NaN where
    there are no two days, and a Sharpe ratio of NaN without deviation.
    """
    days = sums[:, DAYS]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = sums[:, SUM] / days
        variance = (sums[:, SQUARES] - days * mean * mean) / (days - 1.0)
        deviation = np.sqrt(np.where(days > 1.0, np.maximum(variance, 0.0), math.nan))
        sharpe = np.where(deviation > 0.0, mean / deviation, math.nan) * math.sqrt(DAYS_PER_YEAR)
    return np.column_stack((mean, deviation, sharpe, sums[:, DEEPEST], sums[:, SUM]))
