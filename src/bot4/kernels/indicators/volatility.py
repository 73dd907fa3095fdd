# SPDX-License-Identifier: Apache-2.0
"""How far the market moves in a bar: Wilder's mean of the true range, and bands around a mean."""

from typing import Final

from bot4.kernels.indicators.layout import FAMILY, VOLATILITY
from bot4.kernels.jit import Floats, fused

WILDER: Final = VOLATILITY * FAMILY + 0
PERCENT: Final = VOLATILITY * FAMILY + 1
BAND: Final = VOLATILITY * FAMILY + 2


@fused
def wilder(s: Floats, at: int, k: int, a: int, x: int) -> None:
    """Write Wilder's mean, weight 1 / a, seeded by the plain mean of the first `a` values; O(1).

    Wilder (1978), p. 21-26.
    """
    if k < a:
        s[at + 1] += s[x]
    elif k == a:
        s[at] = (s[at + 1] + s[x]) / a
    else:
        s[at] = (s[at] * (a - 1) + s[x]) / a


@fused
def step_volatility(operation: int, s: Floats, at: int, k: int, a: int, x: int, y: int) -> None:
    """Run one operation of this family; `a` is the window; BAND keeps its width in deviations at `at` + 1."""
    if operation == WILDER:
        wilder(s, at, k, a, x)
    elif operation == PERCENT:
        s[at] = s[x] / s[y] * 100.0
    elif operation == BAND:
        s[at] = s[x] + s[at + 1] * s[y]
