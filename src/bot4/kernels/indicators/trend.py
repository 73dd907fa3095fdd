# SPDX-License-Identifier: Apache-2.0
"""Where the market is going: exponential and adaptive means, directional movement, trailing stops.

Recursive means forget their start, so rounding does not pile up in them and they need no fresh start.
"""

from typing import Final

from bot4.kernels.indicators.layout import FAMILY, TREND
from bot4.kernels.jit import Floats, fused

EMA: Final = TREND * FAMILY + 0
DIRECTION: Final = TREND * FAMILY + 1
DX: Final = TREND * FAMILY + 2
ADX: Final = TREND * FAMILY + 3
EFFICIENCY: Final = TREND * FAMILY + 4
KAMA: Final = TREND * FAMILY + 5
SAR: Final = TREND * FAMILY + 6
SUPERTREND: Final = TREND * FAMILY + 7

EMA_SIZE: Final = 2  # weight of the newest, mean (while it is seeded: sum)
DIRECTION_SIZE: Final = 3  # smoothed rise, smoothed fall, smoothed range
SAR_SIZE: Final = 6  # acceleration, its maximum; then is long, extreme point, stop, factor
SUPERTREND_SIZE: Final = 3  # upper band, lower band, side
SLOWEST: Final = 2.0 / 31.0  # of an adaptive mean: as an exponential mean of 30, where the market goes nowhere
FASTEST: Final = 2.0 / 3.0  # and of 2, where it goes straight


@fused
def ema(s: Floats, at: int, o: int, k: int, n: int, a: int, b: int, x: int) -> None:
    """Write the exponential mean with the weight at `at`, seeded by the plain mean of the first `b` values; O(1).

    Results from the `a`-th value on.
    """
    part = s[at]
    keep = 1.0 - part
    mean = s[at + 1]
    seeding = min(n, max(0, max(a, b + 1) - k))
    for i in range(seeding):
        if k + i > b:
            mean = keep * mean + part * s[x + i]
        else:
            mean += s[x + i]
            if k + i == b:
                mean /= b
        if k + i >= a:
            s[o + i] = mean
    for i in range(seeding, n):
        mean = keep * mean + part * s[x + i]
        s[o + i] = mean
    s[at + 1] = mean


@fused
def direction(s: Floats, at: int, o: int, p: int, q: int, k: int, n: int, a: int, x: int, y: int, z: int) -> None:
    """Write Wilder's smoothed rise (`o`), fall (`p`) and range (`q`) from the (a - 1)-th value on; O(1).

    x ring of highs, y ring of lows, z true range. Wilder, "New Concepts in Technical Trading Systems" (1978), p. 35-47,
    with TA-Lib's seeds: the first a - 1 movements are summed, then smoothing begins.
    """
    keep = 1.0 - 1.0 / a
    up = s[at]
    down = s[at + 1]
    extent = s[at + 2]
    for i in range(n):
        rise = s[x + i] - s[x + i - 1]
        fall = s[y + i - 1] - s[y + i]
        plus = rise if rise > 0.0 and rise > fall else 0.0
        minus = fall if fall > 0.0 and fall > rise else 0.0
        carried = 1.0 if k + i < a else keep
        up = up * carried + plus
        down = down * carried + minus
        extent = extent * carried + s[z + i]
        if k + i >= a - 1:
            s[o + i] = up
            s[p + i] = down
            s[q + i] = extent
    s[at] = up
    s[at + 1] = down
    s[at + 2] = extent


@fused
def directional_index(s: Floats, at: int, o: int, p: int, n: int, x: int, y: int, z: int) -> None:
    """Write Wilder's dx (`o`), the last one where nothing moved, and again (`p`) with -1 there.

    x smoothed rise, y fall, z range. The range is positive wherever anything moved.
    """
    last = s[at]
    for i in range(n):
        moved = s[x + i] + s[y + i]
        known = moved > 0.0 and s[z + i] > 0.0
        index = 100.0 * (abs(s[y + i] - s[x + i]) / moved) if known else -1.0
        last = index if known else last
        s[o + i] = last
        s[p + i] = index
    s[at] = last


@fused
def adx(s: Floats, at: int, o: int, k: int, n: int, a: int, x: int) -> None:
    """Write Wilder's mean of dx, seeded by the mean of the first `a`; x dx, -1 where nothing moved: adx then stays."""
    mean = s[at]
    for i in range(n):
        index = s[x + i]
        if k + i <= a:
            mean += max(index, 0.0)
            if k + i == a:
                mean /= a
        elif index >= 0.0:
            mean = (mean * (a - 1) + index) / a
        if k + i >= a:
            s[o + i] = mean
    s[at] = mean


@fused
def kama(s: Floats, at: int, o: int, k: int, n: int, x: int, y: int) -> None:
    """Write Kaufman's adaptive mean; x ring of closes, y efficiency; the close before the first value is its seed."""
    mean = s[x - 1] if k == 1 else s[at]
    for i in range(n):
        weight = s[y + i] * (FASTEST - SLOWEST) + SLOWEST
        mean += weight * weight * (s[x + i] - mean)
        s[o + i] = mean
    s[at] = mean


@fused
def sar_turn(s: Floats, at: int, high: float, low: float, last_high: float, last_low: float) -> float:
    """Move a parabolic stop by one bar and return where it stood in it.

    The memory at `at` is as SAR_SIZE says; a short side is the long one with both prices negated.
    """
    sign = s[at + 2]
    top = max(sign * high, sign * low)
    bottom = min(sign * high, sign * low)
    last_top = max(sign * last_high, sign * last_low)
    last_bottom = min(sign * last_high, sign * last_low)
    extreme = sign * s[at + 3]
    stop = sign * s[at + 4]
    factor = s[at + 5]
    if bottom <= stop:  # the other side from now on: seen from there, tops are bottoms
        shown = max(extreme, last_top, top)
        s[at + 2] = -sign
        factor = s[at]
        extreme = bottom
        stop = max(shown + factor * (extreme - shown), last_top, top)
    else:
        shown = stop
        if top > extreme:
            extreme = top
            factor = min(factor + s[at], s[at + 1])
        stop = min(stop + factor * (extreme - stop), last_bottom, bottom)
    s[at + 3] = sign * extreme
    s[at + 4] = sign * stop
    s[at + 5] = factor
    return float(sign * shown)


@fused
def sar(s: Floats, at: int, o: int, k: int, n: int, x: int, y: int) -> None:
    """Write Wilder's parabolic stop from the second bar on, with TA-Lib's start; x ring of highs, y ring of lows; O(1).

    Wilder (1978), p. 8-21. It begins long, unless the second bar's low fell further than its high rose.
    """
    for i in range(1 if k == 1 else 0, n):
        high = s[x + i]
        low = s[y + i]
        last_high = s[x + i - 1]
        last_low = s[y + i - 1]
        if k + i == 2:
            fell = last_low - low
            is_short = fell > 0.0 and fell > high - last_high
            s[at + 2] = -1.0 if is_short else 1.0
            s[at + 3] = low if is_short else high
            s[at + 4] = last_high if is_short else last_low
            s[at + 5] = s[at]
            last_high = high
            last_low = low
        s[o + i] = sar_turn(s, at, high, low, last_high, last_low)


@fused
def supertrend(s: Floats, at: int, o: int, p: int, k: int, n: int, x: int, y: int, z: int) -> None:
    """Write the trailing band (`o`) and its side (`p`: 1 below the market, -1 above); O(1).

    x upper band, y lower band, z ring of closes. A band moves only towards the market until the market has closed
    beyond it. It begins below.
    """
    upper = s[at]
    lower = s[at + 1]
    side = s[at + 2]
    for i in range(n):
        if k + i == 1:
            upper = s[x]
            lower = s[y]
            side = 1.0
        else:
            before = s[z + i - 1]
            upper = s[x + i] if s[x + i] < upper or before > upper else upper
            lower = s[y + i] if s[y + i] > lower or before < lower else lower
        close = s[z + i]
        if side > 0.0 and close < lower:
            side = -1.0
        elif side < 0.0 and close > upper:
            side = 1.0
        s[o + i] = lower if side > 0.0 else upper
        s[p + i] = side
    s[at] = upper
    s[at + 1] = lower
    s[at + 2] = side


@fused
def step_trend(
    operation: int, s: Floats, at: int, o: int, p: int, q: int, k: int, n: int, a: int, b: int, x: int, y: int, z: int
) -> None:
    """Run one operation of this family over `n` bars, the first of them the `k`-th that counts; `a` is the window."""
    if operation == EMA:
        ema(s, at + 1, o, k, n, a, b, x)
    elif operation == DIRECTION:
        direction(s, at + 3, o, p, q, k, n, a, x, y, z)
    elif operation == DX:
        directional_index(s, at + 2, o, p, n, x, y, z)
    elif operation == ADX:
        adx(s, at + 1, o, k, n, a, x)
    elif operation == EFFICIENCY:
        for i in range(n):
            path = a * s[y + i]
            s[o + i] = min(abs(s[x + i]) / path, 1.0) if path > 0.0 else 1.0
    elif operation == KAMA:
        kama(s, at + 1, o, k, n, x, y)
    elif operation == SAR:
        sar(s, at + 1, o, k, n, x, y)
    elif operation == SUPERTREND:
        supertrend(s, at + 2, o, p, k, n, x, y, z)
