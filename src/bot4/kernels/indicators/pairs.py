# SPDX-License-Identifier: Apache-2.0
"""Two series side by side: how one moves with the other, with it later, or with it earlier."""

import math
from typing import Final

from bot4.kernels.indicators.layout import FAMILY, PAIRS, REANCHOR_MASK
from bot4.kernels.indicators.rolling import MOMENT_LOSS
from bot4.kernels.jit import Floats, fused, kernel

COMOMENTS: Final = PAIRS * FAMILY + 0
SLOPE: Final = PAIRS * FAMILY + 1
CORRELATION: Final = PAIRS * FAMILY + 2
STRONGER: Final = PAIRS * FAMILY + 3
FIRST_LAG: Final = PAIRS * FAMILY + 4

COMOMENTS_SIZE: Final = 6  # anchors, means above them, largest sums of squares since the last fresh start


@fused
def fresh_comoments(s: Floats, at: int, x: int, y: int, window: int) -> None:
    """Write the sums of products (`at`) and squares (x `at` + 1, y `at` + 2) anew, in two passes; O(window)."""
    mean_x = 0.0
    mean_y = 0.0
    for i in range(1 - window, 1):
        mean_x += s[x + i]
        mean_y += s[y + i]
    mean_x /= window
    mean_y /= window
    rest_x = 0.0
    rest_y = 0.0
    both = 0.0
    square_x = 0.0
    square_y = 0.0
    for i in range(1 - window, 1):
        away_x = s[x + i] - mean_x
        away_y = s[y + i] - mean_y
        rest_x += away_x
        rest_y += away_y
        both += away_x * away_y
        square_x += away_x * away_x
        square_y += away_y * away_y
    s[at] = both - rest_x * (rest_y / window)
    s[at + 1] = max(square_x - rest_x * (rest_x / window), 0.0)
    s[at + 2] = max(square_y - rest_y * (rest_y / window), 0.0)
    s[at + 3] = mean_x
    s[at + 4] = mean_y
    s[at + 5] = rest_x / window
    s[at + 6] = rest_y / window
    s[at + 7] = s[at + 1]
    s[at + 8] = s[at + 2]


@fused
def rolling_comoments(s: Floats, at: int, k: int, x: int, y: int, window: int) -> None:
    """Keep the sums of products and squares of two rings about their means, for k >= window; O(1).

    The update of `rolling.rolling_moments` for pairs: one pair replaced per step, values measured from the means at the
    last fresh start, and a fresh start by count or once a large pair has left the window.
    """
    if (k - window) & REANCHOR_MASK == 0:
        fresh_comoments(s, at, x, y, window)
        return
    new_x = s[x] - s[at + 3]
    new_y = s[y] - s[at + 4]
    old_x = s[x - window] - s[at + 3]
    old_y = s[y - window] - s[at + 4]
    change_x = new_x - old_x
    change_y = new_y - old_y
    before_x = s[at + 5]
    before_y = s[at + 6]
    after_x = before_x + change_x / window
    after_y = before_y + change_y / window
    square_x = s[at + 1] + change_x * ((new_x - after_x) + (old_x - before_x))
    square_y = s[at + 2] + change_y * ((new_y - after_y) + (old_y - before_y))
    if square_x < MOMENT_LOSS * s[at + 7] or square_y < MOMENT_LOSS * s[at + 8]:
        fresh_comoments(s, at, x, y, window)
        return
    s[at] += change_x * (new_y - after_y) + (old_x - before_x) * change_y
    s[at + 1] = max(square_x, 0.0)
    s[at + 2] = max(square_y, 0.0)
    s[at + 5] = after_x
    s[at + 6] = after_y
    s[at + 7] = max(s[at + 7], s[at + 1])
    s[at + 8] = max(s[at + 8], s[at + 2])


@kernel
def step_pairs(operation: int, s: Floats, at: int, k: int, a: int, b: int, x: int, y: int, z: int) -> None:
    """Run one operation of this family; `a` is the window, `b` a lag in bars.

    SLOPE and CORRELATION take the three sums in order; NaN where a series did not move. FIRST_LAG and STRONGER keep the
    largest size of a correlation (`at`) and its lag (`at` + 1, NaN where none is known): x the new one, y and z the
    best before, which ties keep.
    """
    if operation == COMOMENTS:
        if k >= a:
            rolling_comoments(s, at, k, x, y, a)
    elif operation == SLOPE:
        s[at] = s[x] / s[y] if s[y] > 0.0 else math.nan
    elif operation == CORRELATION:
        size = math.sqrt(s[y]) * math.sqrt(s[z])
        s[at] = min(max(s[x] / size, -1.0), 1.0) if size > 0.0 else math.nan
    elif operation == FIRST_LAG:
        is_known = s[x] == s[x]
        s[at] = abs(s[x]) if is_known else -1.0
        s[at + 1] = float(b) if is_known else math.nan
    elif operation == STRONGER:
        is_better = abs(s[x]) > s[y]
        s[at] = abs(s[x]) if is_better else s[y]
        s[at + 1] = float(b) if is_better else s[z]
