# SPDX-License-Identifier: Apache-2.0
"""Rolling statistics of a ring: mean, moments, extremes, slope, rank, quantile."""

import math
from typing import Final

from bot4.kernels.indicators.layout import FAMILY, REANCHOR_MASK, STATISTICS
from bot4.kernels.indicators.rolling import (
    MOMENT_LOSS,
    extreme_age,
    mean_distance,
    rolling_extreme,
    rolling_mean,
    rolling_moments,
)
from bot4.kernels.jit import Floats, fused

MEAN: Final = STATISTICS * FAMILY + 0
MOMENTS: Final = STATISTICS * FAMILY + 1
DEVIATION: Final = STATISTICS * FAMILY + 2
ZSCORE: Final = STATISTICS * FAMILY + 3
TOP_AGE: Final = STATISTICS * FAMILY + 4
BOTTOM_AGE: Final = STATISTICS * FAMILY + 5
SLOPE: Final = STATISTICS * FAMILY + 6
SHAPE: Final = STATISTICS * FAMILY + 7
RANK: Final = STATISTICS * FAMILY + 8
QUANTILE: Final = STATISTICS * FAMILY + 9
DISTANCE: Final = STATISTICS * FAMILY + 10
ENTROPY: Final = STATISTICS * FAMILY + 11
TOP: Final = STATISTICS * FAMILY + 12
BOTTOM: Final = STATISTICS * FAMILY + 13

SLOPE_SIZE: Final = 4  # anchor, sum and weighted sum above it, the largest size of the weighted sum since it was fresh
LOG_2: Final = math.log(2.0)


@fused
def zscore(s: Floats, o: int, n: int, x: int, y: int, z: int) -> None:
    """Write (x - mean) / deviation; y mean, z deviation; 0 where nothing moved, for the value then is the mean."""
    for i in range(n):
        s[o + i] = (s[x + i] - s[y + i]) / s[z + i] if s[z + i] > 0.0 else 0.0


@fused
def slope(s: Floats, at: int, o: int, p: int, k: int, n: int, x: int, window: int) -> None:
    """Write the slope of the least squares line through the last `window` values (`o`) and their mean (`p`); O(1).

    The weighted sum has the weights 1 - window, 3 - window .. window - 1, so that a constant adds nothing; a step makes
    each value two lighter, and the one that leaves brings its weight back. Values are measured from the window's mean
    at the last fresh start, every 256 bars, once a large sum has shrunk, or once that mean is far above this one;
    SLOPE_SIZE floats at `at`.
    """
    anchor = s[at]
    total = s[at + 1]
    weighted = s[at + 2]
    largest = s[at + 3]
    scale = 6.0 / (window * (window * float(window) - 1.0))
    for i in range(max(0, window - k), n):
        j = x + i
        is_fresh = (k + i - window) & REANCHOR_MASK == 0
        if not is_fresh:
            new = s[j] - anchor
            old = s[j - window] - anchor
            weighted += (window - 1) * new + (window + 1) * old - 2.0 * total
            total += new - old
            size = abs(weighted) + abs(total)
            is_fresh = size < MOMENT_LOSS * largest or abs(anchor + total / window) < MOMENT_LOSS * abs(anchor)
            largest = max(largest, size)
        if is_fresh:
            anchor = 0.0
            for m in range(j - window + 1, j + 1):
                anchor += s[m]
            anchor /= window
            total = 0.0
            weighted = 0.0
            for m in range(window):
                away = s[j - window + 1 + m] - anchor
                total += away
                weighted += (2 * m + 1 - window) * away
            largest = abs(weighted) + abs(total)
        s[o + i] = weighted * scale
        s[p + i] = anchor + total / window
    s[at] = anchor
    s[at + 1] = total
    s[at + 2] = weighted
    s[at + 3] = largest


@fused
def shape(s: Floats, o: int, p: int, n: int, x: int, y: int, window: int) -> None:
    """Write skewness (`o`) and excess kurtosis (`p`) of the last `window` values, population moments; y their mean.

    O(window): carried third and fourth powers lose all digits where a window grows calm. 0 where nothing moved.
    """
    for i in range(n):
        mean = s[y + i]
        m2 = 0.0
        m3 = 0.0
        m4 = 0.0
        for m in range(x + i - window + 1, x + i + 1):
            away = s[m] - mean
            square = away * away
            m2 += square
            m3 += square * away
            m4 += square * square
        m2 /= window
        moved = m2 > 0.0
        s[o + i] = m3 / window / (m2 * math.sqrt(m2)) if moved else 0.0
        s[p + i] = m4 / window / (m2 * m2) - 3.0 if moved else 0.0


@fused
def rank(s: Floats, o: int, k: int, n: int, x: int, window: int) -> None:
    """Write the share of the other values of the window that lie below the newest, equals counted half.

    O(window): one pass of comparisons, without branches; a sorted window would cost more at the windows in use.
    """
    for i in range(max(0, window - k), n):
        newest = s[x + i]
        below = 0.0
        for m in range(x + i - window + 1, x + i):
            below += (1.0 if s[m] < newest else 0.0) + (0.5 if s[m] == newest else 0.0)
        s[o + i] = below / (window - 1)


@fused
def replace_sorted(s: Floats, first: int, size: int, old: float, new: float) -> None:
    """Take one value out of a sorted row and put another in, in one pass without branches; `old` inf drops the last."""
    before = -math.inf
    last = first + size - 1
    for at in range(first, last):
        left = s[at] if s[at] < old else s[at + 1]  # the row without `old`
        s[at] = max(before, min(left, new))
        before = left
    s[last] = max(before, new)


@fused
def quantile(s: Floats, at: int, o: int, k: int, n: int, x: int, window: int) -> None:
    """Write a quantile of the last `window` values, between two of them in proportion; the share is at `at` + 1.

    O(window): the sorted window behind the share takes one value out and one in each bar.
    """
    first = at + 2
    spot = s[at + 1] * (window - 1)
    low = int(spot)
    high = min(low + 1, window - 1)
    part = spot - low
    for i in range(n):
        j = x + i
        if k + i <= window:
            replace_sorted(s, first, k + i, math.inf, s[j])
        else:
            replace_sorted(s, first, window, s[j - window], s[j])
        if k + i >= window:
            s[o + i] = s[first + low] + (s[first + high] - s[first + low]) * part


@fused
def entropy(s: Floats, o: int, n: int, x: int) -> None:
    """Write the entropy in bits of a coin that shows heads with the share x."""
    for i in range(n):
        heads = min(max(s[x + i], 0.0), 1.0)
        tails = 1.0 - heads
        bits = 0.0
        if heads > 0.0 and tails > 0.0:
            bits = -(heads * math.log(heads) + tails * math.log(tails)) / LOG_2
        s[o + i] = bits


@fused
def step_search(operation: int, s: Floats, at: int, o: int, p: int, k: int, n: int, a: int, x: int, y: int) -> None:
    """Run the operations that look at a window as a whole."""
    if operation in (TOP_AGE, BOTTOM_AGE):
        extreme_age(s, at + 1, o, k, n, x, a, 1.0 if operation == TOP_AGE else -1.0)
    elif operation == SHAPE:
        shape(s, o, p, n, x, y, a)
    elif operation == RANK:
        rank(s, o, k, n, x, a)
    elif operation == QUANTILE:
        quantile(s, at, o, k, n, x, a)
    elif operation == DISTANCE:
        for i in range(n):
            s[o + i] = mean_distance(s, x + i, a, s[y + i])


@fused
def step_statistics(
    operation: int, s: Floats, at: int, o: int, p: int, k: int, n: int, a: int, b: int, x: int, y: int, z: int
) -> None:
    """Run one operation of this family; `a` is the window, `b` the degrees of freedom a deviation gives up."""
    if operation == MEAN:
        rolling_mean(s, at + 1, o, k, n, x, a)
    elif operation == MOMENTS:
        rolling_moments(s, at + 2, o, p, k, n, x, a)
    elif operation == DEVIATION:
        share = 1.0 / (a - b)
        for i in range(n):
            s[o + i] = math.sqrt(s[x + i] * share)
    elif operation == ZSCORE:
        zscore(s, o, n, x, y, z)
    elif operation in (TOP, BOTTOM):
        rolling_extreme(s, at + 1, o, k, n, x, a, 1.0 if operation == TOP else -1.0)
    elif operation == SLOPE:
        slope(s, at + 2, o, p, k, n, x, a)
    elif operation == ENTROPY:
        entropy(s, o, n, x)
    else:
        step_search(operation, s, at, o, p, k, n, a, x, y)
