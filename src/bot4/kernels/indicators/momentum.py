# SPDX-License-Identifier: Apache-2.0
"""How fast the market goes and how far it has stretched: rates of change and oscillators."""

from typing import Final

from bot4.kernels.indicators.layout import FAMILY, MOMENTUM
from bot4.kernels.indicators.rolling import mean_distance
from bot4.kernels.jit import Floats, fused

RSI: Final = MOMENTUM * FAMILY + 0
CHANGE: Final = MOMENTUM * FAMILY + 1
CHANGE_PERCENT: Final = MOMENTUM * FAMILY + 2
CCI: Final = MOMENTUM * FAMILY + 3
PLACE_ABOVE_LOW: Final = MOMENTUM * FAMILY + 4
PLACE_BELOW_HIGH: Final = MOMENTUM * FAMILY + 5

RSI_SIZE: Final = 2  # mean gain, mean loss


@fused
def rsi(s: Floats, at: int, k: int, a: int, x: int) -> None:
    """Write Wilder's relative strength index, 0..100, for k > a; 0 where nothing moved, as TA-Lib; O(1).

    x ring of prices. Wilder (1978), p. 63-70: the means of gains and losses start as plain means of the first `a`
    changes.
    """
    if k < 2:
        return
    change = s[x] - s[x - 1]
    gain = max(0.0, change)
    loss = max(0.0, -change)
    if k <= a + 1:
        s[at + 1] += gain
        s[at + 2] += loss
        if k <= a:
            return
        s[at + 1] /= a
        s[at + 2] /= a
    else:
        s[at + 1] = (s[at + 1] * (a - 1) + gain) / a
        s[at + 2] = (s[at + 2] * (a - 1) + loss) / a
    moved = s[at + 1] + s[at + 2]
    s[at] = 100.0 * (s[at + 1] / moved) if moved > 0.0 else 0.0


@fused
def cci(s: Floats, at: int, a: int, x: int, y: int) -> None:
    """Write Lambert's commodity channel index; x ring of typical prices, y their mean; 0 where nothing moved.

    Lambert, "Commodities" (Oct. 1980). O(window), since the distances from a moving mean cannot be carried from bar
    to bar.
    """
    away = s[x] - s[y]
    spread = mean_distance(s, x, a, s[y])
    s[at] = away / (0.015 * spread) if away != 0.0 and spread > 0.0 else 0.0


@fused
def step_momentum(operation: int, s: Floats, at: int, k: int, a: int, x: int, y: int, z: int) -> None:
    """Run one operation of this family; `a` is the window."""
    if operation == RSI:
        rsi(s, at, k, a, x)
    elif operation == CHANGE:
        if k > a:
            s[at] = s[x] - s[x - a]
    elif operation == CHANGE_PERCENT:
        if k > a:
            s[at] = (s[x] / s[x - a] - 1.0) * 100.0
    elif operation == CCI:
        cci(s, at, a, x, y)
    elif operation == PLACE_ABOVE_LOW:
        width = s[y] - s[z]
        s[at] = (s[x] - s[z]) / width * 100.0 if width > 0.0 else 0.0
    elif operation == PLACE_BELOW_HIGH:
        width = s[y] - s[z]
        s[at] = (s[y] - s[x]) / width * -100.0 if width > 0.0 else 0.0
