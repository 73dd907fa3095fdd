# SPDX-License-Identifier: Apache-2.0
"""What a record of daily net returns proves: the figures the gate judges, and the intervals a report shows.

Returns are fractions per UTC day, net of costs, one per calendar day. Nothing here compares with a limit: that is the
gate's.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from bot4.kernels.chance import seed_word
from bot4.kernels.evidence.bootstrap import block_length, resampled_sums, write_circular_prefix
from bot4.kernels.evidence.moments import shape_of
from bot4.kernels.evidence.sharpe import (
    DAYS_PER_YEAR,
    expected_max_sharpe,
    probabilistic_sharpe,
    sharpe,
    track_days_min,
)
from bot4.kernels.evidence.significance import hac_t, p_value_above_zero
from bot4.kernels.jit import Floats, kernel

RESAMPLES: Final = 500
TRACK_CONFIDENCE: Final = 0.95


class Assessment(NamedTuple):
    """The figures of one record; NaN where it is too short or does not vary. Sharpe ratios are annual (365 days).

    `sharpe_max` is what the best of so many skill-less trials would be expected to show; `deflated` the probability
    that the true ratio exceeds it, `probabilistic` that it exceeds 0; `confidence` the share of resamples with a mean
    above 0; `track_days_min` the days needed to show a ratio above 0 at 95 %.
    """

    days: float
    mean: float
    deviation: float
    skew: float
    kurtosis: float
    t: float
    p_value: float
    sharpe: float
    sharpe_max: float
    sharpe_excess: float
    probabilistic: float
    deflated: float
    track_days_min: float
    confidence: float


class Intervals(NamedTuple):
    """Percentile intervals by circular block bootstrap: mean per day, annual Sharpe ratio, compounded total return."""

    mean_low: float
    mean_high: float
    sharpe_low: float
    sharpe_high: float
    total_low: float
    total_high: float
    block_days: int


@kernel
def assess_into(returns: Floats, trials: int, seed: np.uint64, resamples: int, out: Floats) -> None:
    """Write the figures of `Assessment`, in its order, to `out`; for callers that are kernels themselves."""
    n = returns.shape[0]
    mean, deviation, skew, kurtosis = shape_of(returns)
    ratio = sharpe(mean, deviation)
    best = expected_max_sharpe(n, trials)
    year = math.sqrt(DAYS_PER_YEAR)
    t = hac_t(returns)
    out[0] = n
    out[1] = mean
    out[2] = deviation
    out[3] = skew
    out[4] = kurtosis
    out[5] = t
    out[6] = p_value_above_zero(t)
    out[7] = ratio * year
    out[8] = best * year
    out[9] = (ratio - best) * year
    out[10] = probabilistic_sharpe(ratio, 0.0, n, skew, kurtosis)
    out[11] = probabilistic_sharpe(ratio, best, n, skew, kurtosis)
    out[12] = track_days_min(ratio, 0.0, skew, kurtosis, TRACK_CONFIDENCE)
    out[13] = math.nan
    if n > 1 and not returns.any():
        out[13] = 0.0  # every resample of a record of zeros sums to zero: none lies above
    elif n > 1:
        prefixes = np.empty((1, 2 * n + 1))
        sums = np.empty((resamples, 1))
        write_circular_prefix(returns, prefixes[0])
        resampled_sums(prefixes, block_length(returns), seed, sums)
        above = 0
        for r in range(resamples):
            if sums[r, 0] > 0.0:
                above += 1
        out[13] = above / resamples


def assess(returns: Floats, trials: int, seed: int, *, resamples: int = RESAMPLES) -> Assessment:
    """Judge a record of daily returns, shape (days,), of the best of `trials` variants; equal inputs, equal bits.

    O(days * (lag + resamples / block)): about 0.3 ms for 2,300 days.

    Raises
    ------
    ValueError
        For returns that are not one finite column, or counts below 1.
    """
    column = _column(returns)
    if trials < 1 or resamples < 1:
        raise ValueError(f"trials and resamples must be at least 1, were {trials} and {resamples}")
    out = np.empty(len(Assessment._fields))
    with np.errstate(over="ignore"):  # splitmix64 wraps on purpose; only uncompiled kernels would warn
        assess_into(column, trials, seed_word(seed), resamples, out)
    return Assessment(*out.tolist())


def intervals(returns: Floats, seed: int, *, resamples: int = RESAMPLES, level: float = 0.95) -> Intervals:
    """Return percentile intervals at `level` for a record of daily returns, shape (days,), each above -1.

    NaN for fewer than 2 days; the Sharpe interval leaves out resamples without variance.

    Raises
    ------
    ValueError
        For returns that are not one finite column above -1, a level outside (0, 1), or resamples below 1.
    """
    column = _column(returns)
    n = len(column)
    if not 0.0 < level < 1.0 or resamples < 1 or (n and column.min() <= -1.0):
        raise ValueError("intervals want 0 < level < 1, resamples >= 1 and returns above -1")
    if n < 2:
        return Intervals(math.nan, math.nan, math.nan, math.nan, math.nan, math.nan, 1)
    mean = column.mean()
    away = column - mean
    prefixes = np.empty((3, 2 * n + 1))
    for row, values in zip(prefixes, (away, away * away, np.log1p(column)), strict=True):
        write_circular_prefix(values, row)
    block = int(block_length(column))
    sums = np.empty((resamples, 3))
    with np.errstate(over="ignore"):
        resampled_sums(prefixes, block, seed_word(seed), sums)
    shifts = sums[:, 0] / n
    variances = np.maximum(sums[:, 1] / n - shifts**2, 0.0) * (n / (n - 1))
    varied = variances > 0.0
    ratios = (mean + shifts[varied]) / np.sqrt(variances[varied]) * math.sqrt(DAYS_PER_YEAR)
    edges = [(1.0 - level) / 2.0, (1.0 + level) / 2.0]
    mean_low, mean_high = np.quantile(mean + shifts, edges).tolist()
    low, high = np.quantile(ratios, edges).tolist() if len(ratios) else (math.nan, math.nan)
    total_low, total_high = np.expm1(np.quantile(sums[:, 2], edges)).tolist()
    return Intervals(mean_low, mean_high, low, high, total_low, total_high, block)


def _column(returns: Floats) -> Floats:
    column = np.require(returns, dtype=np.float64, requirements=["C", "W"])
    if column.ndim != 1 or not np.isfinite(column).all():
        raise ValueError("returns must be one column of finite numbers")
    return column
