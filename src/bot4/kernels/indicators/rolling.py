# SPDX-License-Identifier: Apache-2.0
"""Moving windows over a ring: sums, moments and extremes that every family builds on.

Here `s` is the state vector, `x` the index of the newest value of a ring (older ones lie before it), `window` a
number of bars, `k` how many values the ring has received, `at` the private memory of the caller. A window that has
just filled and a window that is due for a fresh sum take the same way, so warm-up needs no code of its own.

Incremental sums lose digits when large values leave the window (a spike, a crash of the volume). Two remedies, both
functions of the values alone and therefore equal in streaming and batch: a fresh sum every 256 bars, and one at once
when the sum falls far below the largest it has been since the last fresh one.
"""

from typing import Final

from bot4.kernels.indicators.layout import REANCHOR_MASK
from bot4.kernels.jit import Floats, fused

SUM_SIZE: Final = 2  # sum, largest sum since it was last fresh
MOMENTS_SIZE: Final = 3  # anchor, mean above the anchor, largest m2 since it was last fresh
SUM_LOSS: Final = 1e-3  # three of sixteen digits may go before a fresh sum
MOMENT_LOSS: Final = 1e-4


@fused
def window_sum(s: Floats, x: int, window: int) -> float:
    """Add up the last `window` values, oldest first; O(window)."""
    total = 0.0
    for i in range(x - window + 1, x + 1):
        total += s[i]
    return total


@fused
def rolling_sum(s: Floats, at: int, k: int, x: int, window: int) -> float:
    """Return the sum of the last `window` values for k >= window; keeps SUM_SIZE floats at `at`; O(1)."""
    if (k - window) & REANCHOR_MASK == 0:
        total = window_sum(s, x, window)
        s[at + 1] = abs(total)
    else:
        total = s[at] + (s[x] - s[x - window])
        size = abs(total)
        if size > s[at + 1]:
            s[at + 1] = size
        elif size < SUM_LOSS * s[at + 1]:
            total = window_sum(s, x, window)
            s[at + 1] = abs(total)
    s[at] = total
    return float(total)


@fused
def fresh_moments(s: Floats, at: int, x: int, window: int) -> None:
    """Write mean (`at`), sum of squared deviations (`at` + 1) and the private memory anew, in two passes; O(window)."""
    mean = window_sum(s, x, window) / window
    rest = 0.0
    m2 = 0.0
    for i in range(x - window + 1, x + 1):
        away = s[i] - mean
        rest += away
        m2 += away * away
    above = rest / window  # what rounding left of the mean: the second pass of the corrected two-pass algorithm
    m2 -= rest * above
    s[at] = mean + above
    s[at + 1] = max(m2, 0.0)
    s[at + 2] = mean
    s[at + 3] = above
    s[at + 4] = s[at + 1]


@fused
def rolling_moments(s: Floats, at: int, k: int, x: int, window: int) -> None:
    """Keep mean (`at`) and sum of squared deviations (`at` + 1) of the last `window` values, for k >= window; O(1).

    Chan, Golub, LeVeque, "Algorithms for computing the sample variance", Am. Stat. 37 (1983), with one value replaced
    per step. Values are measured from the mean at the last fresh start: at 1e9 with a spread of 1, plain sums of
    squares keep no digit. Private memory: MOMENTS_SIZE floats at `at` + 2.
    """
    if (k - window) & REANCHOR_MASK == 0:
        fresh_moments(s, at, x, window)
        return
    anchor = s[at + 2]
    new = s[x] - anchor
    old = s[x - window] - anchor
    change = new - old
    before = s[at + 3]
    after = before + change / window
    m2 = s[at + 1] + change * ((new - after) + (old - before))
    if m2 < MOMENT_LOSS * s[at + 4]:
        fresh_moments(s, at, x, window)
        return
    m2 = max(m2, 0.0)
    s[at] = anchor + after
    s[at + 1] = m2
    s[at + 3] = after
    if m2 > s[at + 4]:
        s[at + 4] = m2


@fused
def rolling_highest(s: Floats, at: int, k: int, x: int, window: int) -> None:
    """Keep the highest of the last `window` values (`at`) and its age in bars (`at` + 1), the newest of equals.

    O(1) until the highest leaves the window, then one scan: O(window) only while a market falls without a pause. A
    monotonic queue is O(1) on average as well, but costs more per bar at the windows in use (10 to 50).
    """
    age = s[at + 1] + 1.0
    if k == window or (k > window and age >= window):
        best = s[x - window + 1]
        age = window - 1.0
        for i in range(x - window + 2, x + 1):
            if s[i] >= best:
                best = s[i]
                age = float(x - i)
        s[at] = best
        s[at + 1] = age
    elif k > window:
        if s[x] >= s[at]:
            s[at] = s[x]
            age = 0.0
        s[at + 1] = age


@fused
def rolling_lowest(s: Floats, at: int, k: int, x: int, window: int) -> None:
    """Keep the lowest of the last `window` values (`at`) and its age (`at` + 1); as `rolling_highest`, and as dear."""
    age = s[at + 1] + 1.0
    if k == window or (k > window and age >= window):
        best = s[x - window + 1]
        age = window - 1.0
        for i in range(x - window + 2, x + 1):
            if s[i] <= best:
                best = s[i]
                age = float(x - i)
        s[at] = best
        s[at + 1] = age
    elif k > window:
        if s[x] <= s[at]:
            s[at] = s[x]
            age = 0.0
        s[at + 1] = age


@fused
def mean_distance(s: Floats, x: int, window: int, centre: float) -> float:
    """Return the mean absolute distance of the last `window` values from `centre`.

    O(window): each term changes whenever the centre moves, so there is nothing to carry over. Four partial sums keep
    the additions from waiting for each other (25 to 8 ns at 20 bars) and stand in a fixed order.
    """
    first = x - window + 1
    stop = first + (window & ~3)
    a = 0.0
    b = 0.0
    c = 0.0
    d = 0.0
    for i in range(first, stop, 4):
        a += abs(s[i] - centre)
        b += abs(s[i + 1] - centre)
        c += abs(s[i + 2] - centre)
        d += abs(s[i + 3] - centre)
    for i in range(stop, x + 1):
        a += abs(s[i] - centre)
    return float(((a + b) + (c + d)) / window)
