# SPDX-License-Identifier: Apache-2.0
"""Where the market is going: exponential and weighted means, directional movement, age of extremes.

Recursive means forget their start, so rounding does not pile up in them and they need no fresh start.
"""

from typing import Final

from bot4.kernels.indicators.layout import FAMILY, REANCHOR_MASK, TREND
from bot4.kernels.indicators.rolling import SUM_LOSS, window_sum
from bot4.kernels.jit import Floats, fused

EMA: Final = TREND * FAMILY + 0
WMA: Final = TREND * FAMILY + 1
DIRECTION: Final = TREND * FAMILY + 2
FRESHNESS: Final = TREND * FAMILY + 3

WMA_SIZE: Final = 3  # weighted sum, plain sum, largest plain sum since they were last fresh
DIRECTION_SIZE: Final = 4  # smoothed rise, smoothed fall, smoothed range, sum of dx until adx is warm


@fused
def ema(s: Floats, at: int, k: int, a: int, x: int) -> None:
    """Write the exponential mean with weight 2 / (a + 1), seeded by the plain mean of the first `a` values; O(1)."""
    if k < a:
        s[at + 1] += s[x]
    elif k == a:
        s[at] = (s[at + 1] + s[x]) / a
    else:
        s[at] = (s[x] - s[at]) * (2.0 / (a + 1)) + s[at]


@fused
def fresh_wma(s: Floats, at: int, a: int, x: int) -> None:
    """Take both sums of a weighted mean anew; O(window)."""
    weighted = 0.0
    for i in range(a):
        weighted += (i + 1) * s[x - a + 1 + i]
    s[at + 1] = weighted
    s[at + 2] = window_sum(s, x, a)
    s[at + 3] = s[at + 2]


@fused
def wma(s: Floats, at: int, k: int, a: int, x: int) -> None:
    """Write the mean with weights 1 .. a, the newest heaviest; O(1): a step takes the plain sum off the weighted."""
    if k < a:
        return
    if (k - a) & REANCHOR_MASK == 0:
        fresh_wma(s, at, a, x)
    else:
        s[at + 1] += a * s[x] - s[at + 2]
        s[at + 2] += s[x] - s[x - a]
        if s[at + 2] > s[at + 3]:
            s[at + 3] = s[at + 2]
        elif s[at + 2] < SUM_LOSS * s[at + 3]:
            fresh_wma(s, at, a, x)
    s[at] = s[at + 1] / (0.5 * a * (a + 1))


@fused
def write_direction(s: Floats, at: int, k: int, a: int) -> None:
    """Write plus_di, minus_di and adx (`at` .. `at` + 2) from the smoothed movements."""
    plus = 0.0
    minus = 0.0
    if s[at + 5] > 0.0:
        plus = 100.0 * (s[at + 3] / s[at + 5])
        minus = 100.0 * (s[at + 4] / s[at + 5])
    s[at] = plus
    s[at + 1] = minus
    dx = 100.0 * (abs(minus - plus) / (plus + minus)) if plus + minus > 0.0 else -1.0
    if k < 2 * a - 1:
        s[at + 6] += max(dx, 0.0)
    elif k == 2 * a - 1:
        s[at + 2] = (s[at + 6] + max(dx, 0.0)) / a
    elif dx >= 0.0:  # no movement at all says nothing: adx stays
        s[at + 2] = (s[at + 2] * (a - 1) + dx) / a


@fused
def direction(s: Floats, at: int, k: int, a: int, x: int, y: int, z: int) -> None:
    """Write Wilder's directional indices: plus_di, minus_di (k >= a), adx (k >= 2 a - 1); O(1).

    x ring of highs, y ring of lows, z true range. Wilder, "New Concepts in Technical Trading Systems" (1978), p. 35-47,
    with TA-Lib's seeds: the first a - 1 movements are summed, then smoothing begins.
    """
    rise = s[x] - s[x - 1]
    fall = s[y - 1] - s[y]
    plus = rise if rise > 0.0 and rise > fall else 0.0
    minus = fall if fall > 0.0 and fall > rise else 0.0
    if k < a:
        s[at + 3] += plus
        s[at + 4] += minus
        s[at + 5] += s[z]
        return
    s[at + 3] += plus - s[at + 3] / a
    s[at + 4] += minus - s[at + 4] / a
    s[at + 5] += s[z] - s[at + 5] / a
    write_direction(s, at, k, a)


@fused
def step_trend(operation: int, s: Floats, at: int, k: int, a: int, x: int, y: int, z: int) -> None:
    """Run one operation of this family; `a` is the window."""
    if operation == EMA:
        ema(s, at, k, a, x)
    elif operation == WMA:
        wma(s, at, k, a, x)
    elif operation == DIRECTION:
        direction(s, at, k, a, x, y, z)
    elif operation == FRESHNESS:
        s[at] = 100.0 / a * (a - s[x])
