# SPDX-License-Identifier: Apache-2.0
"""Is the mean above zero by more than luck: a t statistic that allows for days that resemble their neighbours."""

import math

from bot4.kernels.evidence.moments import autocovariance, mean_of
from bot4.kernels.evidence.normal import normal_cdf
from bot4.kernels.jit import Floats, kernel


@kernel
def hac_lag(days: int) -> int:
    """Return how many autocovariances to use, floor(4 (n / 100)^(2 / 9)): Newey and West, Rev. Ec. St. 61 (1994)."""
    return int(4.0 * (days / 100.0) ** (2.0 / 9.0))


@kernel
def hac_t(returns: Floats) -> float:
    """Return the t statistic of the mean with Newey-West (HAC) variance; NaN for fewer than 2 days or without variance.

    Variance of the mean = (g0 + 2 sum (1 - l / (L + 1)) g_l) / n with g_l = sum of products at distance l over n
    (Bartlett weights, no small-sample correction): Newey and West, "A simple, positive semi-definite ... covariance
    matrix", Econometrica 55 (1987), eq. 5. O(n * lag).
    """
    n = returns.shape[0]
    if n < 2:
        return math.nan
    mean = mean_of(returns)
    lag = min(hac_lag(n), n - 1)
    variance = autocovariance(returns, mean, 0)
    for j in range(1, lag + 1):
        variance += 2.0 * (1.0 - j / (lag + 1.0)) * autocovariance(returns, mean, j)
    if not variance > (1e-15 * mean) ** 2:  # a constant series leaves only rounding
        return math.nan
    return float(mean / math.sqrt(variance / n))


@kernel
def p_value_above_zero(t: float) -> float:
    """Return the one-sided p-value of a t statistic, normal in large samples: how often luck alone reaches it."""
    return float(normal_cdf(-t))
