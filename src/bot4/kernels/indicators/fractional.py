# SPDX-License-Identifier: Apache-2.0
"""Fractional differencing of a ring by weights that the program's memory holds."""

import math
from typing import Final

from bot4.kernels.indicators.layout import FAMILY, FRACTIONAL
from bot4.kernels.jit import Floats, fused, kernel

LOGARITHM: Final = FRACTIONAL * FAMILY + 0
FRACDIFF: Final = FRACTIONAL * FAMILY + 1


@fused
def weighted_sum(s: Floats, weights: int, x: int, window: int) -> float:
    """Return the sum of weights (newest first, at `weights`) times the last `window` values of the ring.

    O(window): each lag has its own weight and a fixed width has no recurrence, so there is nothing to carry over. Four
    partial sums keep the additions from waiting for each other and stand in a fixed order.
    """
    stop = window & ~3
    a = 0.0
    b = 0.0
    c = 0.0
    d = 0.0
    for i in range(0, stop, 4):
        a += s[weights + i] * s[x - i]
        b += s[weights + i + 1] * s[x - i - 1]
        c += s[weights + i + 2] * s[x - i - 2]
        d += s[weights + i + 3] * s[x - i - 3]
    for i in range(stop, window):
        a += s[weights + i] * s[x - i]
    return float((a + b) + (c + d))


@kernel
def step_fractional(operation: int, s: Floats, at: int, k: int, a: int, x: int) -> None:
    """Run one operation of this family; `a` is the window, the weights are the memory behind the result."""
    if operation == LOGARITHM:
        s[at] = math.log(s[x])
    elif k >= a:
        s[at] = weighted_sum(s, at + 1, x, a)
