# SPDX-License-Identifier: Apache-2.0
"""Sharpe ratios, and how much of one is left after luck, fat tails and the number of trials.

Ratios are per day unless a name says `annual`; a year has 365 days, for crypto markets have no other. Sources: Bailey
and Lopez de Prado, "The Sharpe ratio efficient frontier", J. of Risk 15:2 (2012) [BL12], and "The deflated Sharpe
ratio", J. of Portfolio Management 40:5 (2014) [BL14]; Lo, "The statistics of Sharpe ratios", FAJ 58:4 (2002).
"""

import math
from typing import Final

from bot4.kernels.evidence.normal import normal_cdf, normal_ppf
from bot4.kernels.jit import kernel

DAYS_PER_YEAR: Final = 365.0
EULER: Final = 0.57721566490153286061


@kernel
def sharpe(mean: float, deviation: float) -> float:
    """Return mean over deviation, per day; NaN without deviation."""
    return mean / deviation if deviation > 0.0 else math.nan


@kernel
def sharpe_spread(ratio: float, skew: float, kurtosis: float) -> float:
    """Return sqrt(n - 1) times the standard error of a Sharpe ratio, by its shape: [BL12], eq. 5 (after Mertens)."""
    return math.sqrt(max(1.0 - skew * ratio + 0.25 * (kurtosis - 1.0) * ratio * ratio, 0.0))


@kernel
def expected_max_sharpe(days: int, trials: int) -> float:
    """Return the expected greatest Sharpe ratio, per day, among `trials` without any skill, each `days` long.

    [BL14], eq. 1 and appendix: deviation * ((1 - g) Q(1 - 1 / N) + g Q(1 - 1 / (N e))), g Euler's constant, Q the
    normal quantile. The trials' own deviation is seldom known, so that of a skill-less ratio stands for it: 1 /
    sqrt(days - 1). One trial is no choice: 0. NaN for fewer than 2 days.
    """
    if days < 2:
        return math.nan
    if trials < 2:
        return 0.0
    first = normal_ppf(1.0 - 1.0 / trials)
    second = normal_ppf(1.0 - 1.0 / (trials * math.e))
    return ((1.0 - EULER) * first + EULER * second) / math.sqrt(days - 1.0)


@kernel
def probabilistic_sharpe(ratio: float, benchmark: float, days: int, skew: float, kurtosis: float) -> float:
    """Return the probability that the true Sharpe ratio exceeds `benchmark`, both per day: [BL12], eq. 6.

    With `expected_max_sharpe` as benchmark this is the deflated Sharpe ratio: [BL14], eq. 2.
    """
    spread = sharpe_spread(ratio, skew, kurtosis)
    if days < 2 or not spread > 0.0:
        return math.nan
    return float(normal_cdf((ratio - benchmark) * math.sqrt(days - 1.0) / spread))


@kernel
def track_days_min(ratio: float, benchmark: float, skew: float, kurtosis: float, confidence: float) -> float:
    """Return how many days it takes to show, at `confidence`, that the ratio exceeds `benchmark`: [BL12], eq. 8.

    Infinite when it does not exceed it; NaN when the ratio is.
    """
    if math.isnan(ratio):
        return math.nan
    if ratio <= benchmark:
        return math.inf
    return 1.0 + (sharpe_spread(ratio, skew, kurtosis) * normal_ppf(confidence) / (ratio - benchmark)) ** 2
