# SPDX-License-Identifier: Apache-2.0
"""What the traded volume says: balance of volume and of money, over all time or a window."""

from typing import Final

from bot4.kernels.indicators.layout import FAMILY, REANCHOR_MASK, VOLUMES
from bot4.kernels.indicators.rolling import SUM_LOSS
from bot4.kernels.jit import Floats, fused

BALANCE: Final = VOLUMES * FAMILY + 0
MONEY_INDEX: Final = VOLUMES * FAMILY + 1

BALANCE_SIZE: Final = 2  # sum, what rounding took from it
MONEY_INDEX_SIZE: Final = 4  # inflow, outflow, the largest of each since they were last fresh


@fused
def balance(s: Floats, at: int, k: int, x: int, y: int) -> None:
    """Write on-balance volume, which starts as the first bar's volume; x ring of closes, y volume; O(1).

    Granville, "New Key to Stock Market Profits" (1963). There is no window to take a fresh sum from, so the running sum
    is compensated: Neumaier, Zeitschrift f. Angew. Math. Mech. 54 (1974).
    """
    if k == 1 or s[x] > s[x - 1]:
        flow = s[y]
    elif s[x] < s[x - 1]:
        flow = -s[y]
    else:
        flow = 0.0
    total = s[at + 1] + flow
    if abs(s[at + 1]) >= abs(flow):
        s[at + 2] += (s[at + 1] - total) + flow
    else:
        s[at + 2] += (flow - total) + s[at + 1]
    s[at + 1] = total
    s[at] = total + s[at + 2]


@fused
def fresh_flows(s: Floats, at: int, a: int, x: int) -> None:
    """Take inflow and outflow of the window anew; O(window)."""
    inflow = 0.0
    outflow = 0.0
    for i in range(x - a + 1, x + 1):
        if s[i] > 0.0:
            inflow += s[i]
        else:
            outflow -= s[i]
    s[at + 1] = inflow
    s[at + 2] = outflow
    s[at + 3] = inflow
    s[at + 4] = outflow


@fused
def money_index(s: Floats, at: int, k: int, a: int, x: int) -> None:
    """Write the money flow index, 0..100, for k >= a; x ring of signed money flows; 0 where nothing flowed; O(1)."""
    if k < a:
        return
    if (k - a) & REANCHOR_MASK == 0:
        fresh_flows(s, at, a, x)
    else:
        new = s[x]
        old = s[x - a]
        s[at + 1] += max(new, 0.0) - max(old, 0.0)
        s[at + 2] += max(-new, 0.0) - max(-old, 0.0)
        s[at + 3] = max(s[at + 3], s[at + 1])
        s[at + 4] = max(s[at + 4], s[at + 2])
        if s[at + 1] < SUM_LOSS * s[at + 3] or s[at + 2] < SUM_LOSS * s[at + 4]:
            fresh_flows(s, at, a, x)
    flow = s[at + 1] + s[at + 2]
    s[at] = 100.0 * (s[at + 1] / flow) if flow > 0.0 else 0.0


@fused
def step_volume(operation: int, s: Floats, at: int, k: int, a: int, x: int, y: int) -> None:
    """Run one operation of this family; `a` is the window."""
    if operation == BALANCE:
        balance(s, at, k, x, y)
    elif operation == MONEY_INDEX:
        money_index(s, at, k, a, x)
