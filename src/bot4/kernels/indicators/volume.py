# SPDX-License-Identifier: Apache-2.0
"""What the traded volume says: balance of volume and of money, over all time or a window."""

from typing import Final

from bot4.kernels.indicators.layout import FAMILY, REANCHOR_MASK, VOLUMES
from bot4.kernels.indicators.rolling import SUM_LOSS
from bot4.kernels.jit import Floats, fused

ACCUMULATE: Final = VOLUMES * FAMILY + 0
MONEY_INDEX: Final = VOLUMES * FAMILY + 1
SIDED: Final = VOLUMES * FAMILY + 2
CLOSE_PLACE: Final = VOLUMES * FAMILY + 3
GATED: Final = VOLUMES * FAMILY + 4
EASE: Final = VOLUMES * FAMILY + 5

ACCUMULATE_SIZE: Final = 2  # sum, what rounding took from it
MONEY_INDEX_SIZE: Final = 4  # inflow, outflow, the largest of each since they were last fresh
GATED_SIZE: Final = 1  # the index


@fused
def accumulate(s: Floats, at: int, o: int, n: int, x: int) -> None:
    """Write the sum of all values so far; O(1).

    There is no window to take a fresh sum from, so the running sum is compensated: Neumaier, Zeitschrift f. Angew.
    Math. Mech. 54 (1974).
    """
    total = s[at]
    lost = s[at + 1]
    for i in range(n):
        flow = s[x + i]
        after = total + flow
        lost += (total - after) + flow if abs(total) >= abs(flow) else (flow - after) + total
        total = after
        s[o + i] = total + lost
    s[at] = total
    s[at + 1] = lost


@fused
def sided(s: Floats, o: int, k: int, n: int, x: int, y: int) -> None:
    """Write a bar's volume (y), negated where the close (x, a ring) fell, 0 where it stood; the first bar's as it is.

    Granville, "New Key to Stock Market Profits" (1963), with TA-Lib's start.
    """
    if k == 1:
        s[o] = s[y]
    for i in range(1 if k == 1 else 0, n):
        change = s[x + i] - s[x + i - 1]
        s[o + i] = s[y + i] if change > 0.0 else -s[y + i] if change < 0.0 else 0.0


@fused
def money_index(s: Floats, at: int, o: int, k: int, n: int, a: int, x: int) -> None:
    """Write the money flow index, 0..100, for k >= a; x ring of signed money flows; 0 where nothing flowed; O(1)."""
    inflow = s[at]
    outflow = s[at + 1]
    most_in = s[at + 2]
    most_out = s[at + 3]
    for i in range(max(0, a - k), n):
        j = x + i
        is_fresh = (k + i - a) & REANCHOR_MASK == 0
        if not is_fresh:
            inflow += max(s[j], 0.0) - max(s[j - a], 0.0)
            outflow += max(-s[j], 0.0) - max(-s[j - a], 0.0)
            most_in = max(most_in, inflow)
            most_out = max(most_out, outflow)
            is_fresh = inflow < SUM_LOSS * most_in or outflow < SUM_LOSS * most_out
        if is_fresh:
            inflow = 0.0
            outflow = 0.0
            for m in range(j - a + 1, j + 1):
                inflow += max(s[m], 0.0)
                outflow += max(-s[m], 0.0)
            most_in = inflow
            most_out = outflow
        flow = inflow + outflow
        s[o + i] = 100.0 * (inflow / flow) if flow > 0.0 else 0.0
    s[at] = inflow
    s[at + 1] = outflow
    s[at + 2] = most_in
    s[at + 3] = most_out


@fused
def close_place(s: Floats, o: int, n: int, x: int, y: int, z: int) -> None:
    """Write where the close (z) lies between high (x, 1) and low (y, -1); 0 where the range is empty."""
    for i in range(n):
        width = s[x + i] - s[y + i]
        s[o + i] = ((s[z + i] - s[y + i]) - (s[x + i] - s[z + i])) / width if width > 0.0 else 0.0


@fused
def gated(s: Floats, at: int, o: int, n: int, b: int, x: int, y: int) -> None:
    """Write an index that follows the relative change (x) of bars whose volume rose (b 1) or fell (b 0); y its change.

    Fosback, "Stock Market Logic" (1976).
    """
    index = s[at]
    for i in range(n):
        is_open = s[y + i] > 0.0 if b == 1 else s[y + i] < 0.0
        if is_open:
            index += index * s[x + i]
        s[o + i] = index
    s[at] = index


@fused
def ease(s: Floats, o: int, n: int, x: int, y: int, z: int) -> None:
    """Write the change of the middle (x) times the range (y) over the volume (z); 0 where none was traded."""
    for i in range(n):
        s[o + i] = s[x + i] * s[y + i] / s[z + i] if s[z + i] > 0.0 else 0.0


@fused
def step_volume(
    operation: int, s: Floats, at: int, o: int, k: int, n: int, a: int, b: int, x: int, y: int, z: int
) -> None:
    """Run one operation of this family over `n` bars, the first of them the `k`-th that counts; `a` is the window."""
    if operation == ACCUMULATE:
        accumulate(s, at + 1, o, n, x)
    elif operation == MONEY_INDEX:
        money_index(s, at + 1, o, k, n, a, x)
    elif operation == SIDED:
        sided(s, o, k, n, x, y)
    elif operation == CLOSE_PLACE:
        close_place(s, o, n, x, y, z)
    elif operation == GATED:
        gated(s, at + 1, o, n, b, x, y)
    elif operation == EASE:
        ease(s, o, n, x, y, z)
