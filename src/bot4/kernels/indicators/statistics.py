# SPDX-License-Identifier: Apache-2.0
"""Rolling statistics of a ring: mean, moments, deviation, distance from the mean, highest and lowest value."""

import math
from typing import Final

from bot4.kernels.indicators.layout import FAMILY, STATISTICS
from bot4.kernels.indicators.rolling import rolling_highest, rolling_lowest, rolling_moments, rolling_sum
from bot4.kernels.jit import Floats, fused

MEAN: Final = STATISTICS * FAMILY + 0
MOMENTS: Final = STATISTICS * FAMILY + 1
DEVIATION: Final = STATISTICS * FAMILY + 2
ZSCORE: Final = STATISTICS * FAMILY + 3
HIGHEST: Final = STATISTICS * FAMILY + 4
LOWEST: Final = STATISTICS * FAMILY + 5


@fused
def zscore(s: Floats, at: int, x: int, y: int, z: int) -> None:
    """Write (x - mean) / deviation; y mean, z deviation; 0 where nothing moved, for the value then is the mean."""
    s[at] = (s[x] - s[y]) / s[z] if s[z] > 0.0 else 0.0


@fused
def step_statistics(operation: int, s: Floats, at: int, k: int, a: int, b: int, x: int, y: int, z: int) -> None:
    """Run one operation of this family; `a` is the window, `b` the degrees of freedom a deviation gives up."""
    if operation == MEAN:
        if k >= a:
            s[at] = rolling_sum(s, at + 1, k, x, a) / a
    elif operation == MOMENTS:
        if k >= a:
            rolling_moments(s, at, k, x, a)
    elif operation == DEVIATION:
        s[at] = math.sqrt(s[x] / (a - b))
    elif operation == ZSCORE:
        zscore(s, at, x, y, z)
    elif operation == HIGHEST:
        rolling_highest(s, at, k, x, a)
    elif operation == LOWEST:
        rolling_lowest(s, at, k, x, a)
