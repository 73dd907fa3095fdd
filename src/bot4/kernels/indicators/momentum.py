# SPDX-License-Identifier: Apache-2.0
"""How fast the market goes and how far it has stretched: oscillators that are no plain arithmetic of other rows."""

from typing import Final

from bot4.kernels.indicators.layout import FAMILY, MOMENTUM
from bot4.kernels.jit import Floats, fused

GAINS: Final = MOMENTUM * FAMILY + 0
CCI: Final = MOMENTUM * FAMILY + 1
STREAK: Final = MOMENTUM * FAMILY + 2

GAINS_SIZE: Final = 2  # mean gain, mean loss


@fused
def gains(s: Floats, at: int, o: int, p: int, k: int, n: int, a: int, x: int) -> None:
    """Write Wilder's relative strength, 0..100 (`o`), and Chande's momentum, -100..100 (`p`), for k > a; O(1).

    x ring of values; 0 where nothing moved, as TA-Lib. Wilder (1978), p. 63-70: the means of gains and losses start as
    plain means of the first `a` changes. Chande and Kroll, "The New Technical Trader" (1994), smoothed the same way.
    """
    part = 1.0 / a
    keep = 1.0 - part
    gain = s[at]
    loss = s[at + 1]
    for i in range(1 if k == 1 else 0, n):
        change = s[x + i] - s[x + i - 1]
        is_seed = k + i <= a + 1
        carried = 1.0 if is_seed else keep
        gain = gain * carried + part * max(0.0, change)
        loss = loss * carried + part * max(0.0, -change)
        if k + i > a:
            moved = gain + loss
            share = 100.0 / moved if moved > 0.0 else 0.0
            s[o + i] = gain * share
            s[p + i] = (gain - loss) * share
    s[at] = gain
    s[at + 1] = loss


@fused
def cci(s: Floats, o: int, n: int, x: int, y: int, z: int) -> None:
    """Write Lambert's commodity channel index; x typical price, y its mean, z mean distance; 0 where nothing moved.

    Lambert, "Commodities" (Oct. 1980).
    """
    for i in range(n):
        away = s[x + i] - s[y + i]
        spread = s[z + i]
        s[o + i] = away / (0.015 * spread) if away != 0.0 and spread > 0.0 else 0.0


@fused
def streak(s: Floats, at: int, o: int, n: int, x: int) -> None:
    """Write how many bars in a row rose (positive) or fell (negative), 0 after a bar that did not move; x change."""
    run = s[at]
    for i in range(n):
        if s[x + i] > 0.0:
            run = max(run, 0.0) + 1.0
        elif s[x + i] < 0.0:
            run = min(run, 0.0) - 1.0
        else:
            run = 0.0
        s[o + i] = run
    s[at] = run


@fused
def step_momentum(
    operation: int, s: Floats, at: int, o: int, p: int, k: int, n: int, a: int, x: int, y: int, z: int
) -> None:
    """Run one operation of this family over `n` bars, the first of them the `k`-th that counts; `a` is the window."""
    if operation == GAINS:
        gains(s, at + 2, o, p, k, n, a, x)
    elif operation == CCI:
        cci(s, o, n, x, y, z)
    elif operation == STREAK:
        streak(s, at + 1, o, n, x)
