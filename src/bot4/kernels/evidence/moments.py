# SPDX-License-Identifier: Apache-2.0
"""Mean, moments and autocovariances of a column, as plain loops: array expressions take a second each to compile."""

import math

from bot4.kernels.jit import Floats, kernel


@kernel
def mean_of(values: Floats) -> float:
    """Return the mean, summed in order; NaN for no values."""
    total = 0.0
    for i in range(values.shape[0]):
        total += values[i]
    return total / values.shape[0] if values.shape[0] > 0 else math.nan


@kernel
def autocovariance(values: Floats, mean: float, lag: int) -> float:
    """Return the autocovariance at a distance of `lag`, over n."""
    total = 0.0
    for i in range(lag, values.shape[0]):
        total += (values[i] - mean) * (values[i - lag] - mean)
    return float(total / values.shape[0])


@kernel
def shape_of(returns: Floats) -> tuple[float, float, float, float]:
    """Return mean, sample deviation (n - 1), skewness and kurtosis (3 for a normal), the latter two from plain moments.

    NaN where there are too few days or no variance.
    """
    n = returns.shape[0]
    if n < 1:
        return math.nan, math.nan, math.nan, math.nan
    mean = mean_of(returns)
    m2 = 0.0
    m3 = 0.0
    m4 = 0.0
    for i in range(n):
        away = returns[i] - mean
        square = away * away
        m2 += square
        m3 += square * away
        m4 += square * square
    if n < 2 or not m2 > (1e-15 * mean) ** 2 * n:  # a constant series leaves only rounding
        return mean, 0.0 if n > 1 else math.nan, math.nan, math.nan
    m2 /= n
    return mean, math.sqrt(m2 * n / (n - 1)), (m3 / n) / m2**1.5, (m4 / n) / (m2 * m2)
