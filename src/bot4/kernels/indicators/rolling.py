# SPDX-License-Identifier: Apache-2.0
"""Moving windows over a ring: sums, moments and extremes that every family builds on.

Here `s` is the state, `x` the index of a ring's value of the first bar (older ones lie before it, those of the bars
that follow behind it), `window` a number of bars, `k` how many values the ring has received with the first bar, `n` the
bars to do, `at` the private memory, `o` where the results go. What is carried over stands in local variables between
the bars and in the memory between the calls. A window that has just filled and one that is due for a fresh sum take the
same way, so warm-up needs no code of its own.

Incremental sums lose digits when large values leave the window (a spike, a crash of the volume). Two remedies, both
functions of the values alone and therefore equal in streaming and batch: a fresh sum every 256 bars, and one at once
when the sum falls far below the largest it has been since the last fresh one.
"""

import math
from typing import Final

from bot4.kernels.indicators.layout import REANCHOR_MASK
from bot4.kernels.jit import Floats, fused

SUM_SIZE: Final = 2  # sum, largest sum since it was last fresh
MOMENTS_SIZE: Final = 5  # anchor, mean above the anchor, m2, its largest since it was last fresh, its limit
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
def rolling_mean(s: Floats, at: int, o: int, k: int, n: int, x: int, window: int) -> None:
    """Write the mean of the last `window` values from the bar on that fills them; SUM_SIZE floats at `at`; O(1).

    The sums of `rolling_sum`, to the bit; they stay in local variables over the bars, which halves the time.
    """
    total = s[at]
    largest = s[at + 1]
    for i in range(max(0, window - k), n):
        j = x + i
        if (k + i - window) & REANCHOR_MASK == 0:
            total = window_sum(s, j, window)
            largest = abs(total)
        else:
            total += s[j] - s[j - window]
            size = abs(total)
            if size > largest:
                largest = size
            elif size < SUM_LOSS * largest:
                total = window_sum(s, j, window)
                largest = abs(total)
        s[o + i] = total / window
    s[at] = total
    s[at + 1] = largest


@fused
def fresh_moments(s: Floats, x: int, window: int) -> tuple[float, float, float]:
    """Return mean, what is left above it and the sum of squared deviations, in two passes; O(window)."""
    mean = window_sum(s, x, window) / window
    rest = 0.0
    m2 = 0.0
    for i in range(x - window + 1, x + 1):
        away = s[i] - mean
        rest += away
        m2 += away * away
    above = rest / window  # what rounding left of the mean: the second pass of the corrected two-pass algorithm
    return mean, above, max(m2 - rest * above, 0.0)


@fused
def rolling_moments(s: Floats, at: int, o: int, p: int, k: int, n: int, x: int, window: int) -> None:
    """Write mean (`o`) and sum of squared deviations (`p`) of the last `window` values, for k >= window; O(1).

    Chan, Golub, LeVeque, "Algorithms for computing the sample variance", Am. Stat. 37 (1983), with one value replaced
    per step. Values are measured from the mean at the last fresh start: at 1e9 with a spread of 1, plain sums of
    squares keep no digit. Private memory: MOMENTS_SIZE floats at `at`.
    """
    anchor = s[at]
    above = s[at + 1]
    m2 = s[at + 2]
    largest = s[at + 3]
    share = 1.0 / window
    for i in range(max(0, window - k), n):
        j = x + i
        is_fresh = (k + i - window) & REANCHOR_MASK == 0
        if not is_fresh:
            new = s[j] - anchor
            old = s[j - window] - anchor
            change = new - old
            before = above
            above = before + change * share
            m2 += change * ((new - above) + (old - before))
            is_fresh = m2 < MOMENT_LOSS * largest
        if is_fresh:
            anchor, above, m2 = fresh_moments(s, j, window)
            largest = m2
        m2 = max(m2, 0.0)
        largest = max(largest, m2)
        s[o + i] = anchor + above
        s[p + i] = m2
    s[at] = anchor
    s[at + 1] = above
    s[at + 2] = m2
    s[at + 3] = largest


@fused
def newest_extreme(s: Floats, x: int, window: int, sign: float) -> int:
    """Return the place of the highest (`sign` 1) or lowest (-1) of the last `window` values, the newest of equals."""
    newest = x - window + 1
    for i in range(x - window + 2, x + 1):
        if sign * s[i] >= sign * s[newest]:
            newest = i
    return newest


@fused
def extreme_age(s: Floats, at: int, o: int, k: int, n: int, x: int, window: int, sign: float) -> None:
    """Write the age in bars of the highest (`sign` 1) or lowest (-1) of the last `window` values, for k >= window.

    O(1) until the extreme leaves the window, then one scan: O(window) only while a market falls without a pause. A
    monotonic queue is O(1) on average as well, but costs more per bar at the windows in use (10 to 50). The age is kept
    at `at`.
    """
    age = int(s[at])
    for i in range(max(0, window - k), n):
        j = x + i
        age += 1
        if k + i == window or age >= window:
            age = j - newest_extreme(s, j, window, sign)
        elif sign * s[j] >= sign * s[j - age]:
            age = 0
        s[o + i] = float(age)
    s[at] = float(age)


@fused
def rolling_extreme(s: Floats, at: int, o: int, k: int, n: int, x: int, window: int, sign: float) -> None:
    """Write the highest (`sign` 1) or the lowest (-1) of the last `window` values, for k >= window; O(1), no search.

    The values are cut into pieces of `window`. A window is the end of a piece and the begin of the next: the extreme of
    the begin is carried on, those of all ends are made when a piece is full, `window` comparisons every `window` bars.
    van Herk, Pattern Recognition Letters 13 (1992). Memory at `at`: place in the piece, extreme of its begin, then the
    extremes of the ends of the piece before, one for each place and one more.
    """
    place = int(s[at])
    begin = s[at + 1]
    ends = at + 2
    for i in range(n):
        value = sign * s[x + i]
        if place == 0:
            best = -math.inf
            s[ends + window] = best
            for m in range(window if k + i > window else 0):
                best = max(best, sign * s[x + i - 1 - m])
                s[ends + window - 1 - m] = best
            begin = value
        else:
            begin = max(begin, value)
        place += 1
        if k + i >= window:
            s[o + i] = sign * max(begin, s[ends + place])
        if place == window:
            place = 0
    s[at] = float(place)
    s[at + 1] = begin


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
