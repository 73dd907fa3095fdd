# SPDX-License-Identifier: Apache-2.0
"""Who presses whom: flow at the best quotes, signed volume, volume buckets, and variation with its jumps told apart."""

import math
from typing import Final

from bot4.kernels.indicators.layout import FAMILY, FLOW
from bot4.kernels.jit import Floats, fused, kernel

BID_FLOW: Final = FLOW * FAMILY + 0
ASK_FLOW: Final = FLOW * FAMILY + 1
TOTAL: Final = FLOW * FAMILY + 2
SCALED: Final = FLOW * FAMILY + 3
SIGNED: Final = FLOW * FAMILY + 4
SHARE: Final = FLOW * FAMILY + 5
TRUE_VPIN: Final = FLOW * FAMILY + 6
BULK_VPIN: Final = FLOW * FAMILY + 7
ABSOLUTE_PRODUCT: Final = FLOW * FAMILY + 8
ROOT: Final = FLOW * FAMILY + 9
JUMP_SHARE: Final = FLOW * FAMILY + 10
WEIGHTED: Final = FLOW * FAMILY + 11
BASIS_POINTS: Final = FLOW * FAMILY + 12
SIDE: Final = FLOW * FAMILY + 13
BID_SHARE: Final = FLOW * FAMILY + 14

SIDE_SHIFT: Final = 2.0  # a side of -1, 0 or 1 travels as a number above zero, as every input of a machine must be
BUCKET_SIZE: Final = 5  # volume of a bucket, filled, signed part of it, next place, buckets closed; then the ring
SQRT_2: Final = math.sqrt(2.0)


@fused
def bid_flow(s: Floats, at: int, x: int, y: int) -> None:
    """Write what the best bid gained, in size; x ring of bids, y ring of their sizes."""
    gained = s[y] if s[x] >= s[x - 1] else 0.0
    lost = s[y - 1] if s[x] <= s[x - 1] else 0.0
    s[at] = gained - lost


@fused
def ask_flow(s: Floats, at: int, x: int, y: int) -> None:
    """Write what the best ask lost, in size; x ring of asks, y ring of their sizes."""
    gained = s[y] if s[x] <= s[x - 1] else 0.0
    lost = s[y - 1] if s[x] >= s[x - 1] else 0.0
    s[at] = lost - gained


@fused
def close_bucket(s: Floats, memory: int, buckets: int, imbalance: float) -> None:
    """Put the size of a full bucket's imbalance into the ring."""
    place = int(s[memory + 3])
    s[memory + BUCKET_SIZE + place] = abs(imbalance)
    s[memory + 3] = float((place + 1) % buckets)
    s[memory + 4] += 1.0


@fused
def fill_buckets(s: Floats, at: int, buckets: int, volume: float, share: float) -> None:
    """Pour a volume, of which `share` (-1..1) is bought net, into buckets; write VPIN once `buckets` are full.

    Easley, Lopez de Prado, O'Hara, "Flow Toxicity and Liquidity in a High-frequency World", Rev. Financ. Stud. 25
    (2012). A trade larger than a bucket fills several; more than the ring holds leave no other trace than filling it.
    O(1) within a bucket; the sum is taken anew when one closes, O(buckets), so that no rounding can pile up.
    """
    memory = at + 1
    size = s[memory]
    room = size - s[memory + 1]
    if volume < room:
        s[memory + 1] += volume
        s[memory + 2] += share * volume
        return
    close_bucket(s, memory, buckets, s[memory + 2] + share * room)
    rest = volume - room
    whole = math.floor(rest / size)
    for _ in range(int(min(whole, float(buckets)))):
        close_bucket(s, memory, buckets, share * size)
    rest = min(max(rest - whole * size, 0.0), size)
    s[memory + 1] = rest
    s[memory + 2] = share * rest
    if s[memory + 4] >= buckets:
        total = 0.0
        for i in range(buckets):
            total += s[memory + BUCKET_SIZE + i]
        s[at] = total / (buckets * size)


@fused
def bulk_vpin(s: Floats, at: int, buckets: int, x: int, y: int, z: int) -> None:
    """Pour a bar's volume (z), bought by the normal share of its price change (x) in deviations (y).

    The bulk classification of the same authors, "Discerning information from trade data", J. Financ. Econ. 120 (2016):
    bought = Phi(change / deviation), so bought less sold = erf(change / (deviation sqrt 2)). No move, no imbalance.
    """
    share = math.erf(s[x] / (s[y] * SQRT_2)) if s[y] > 0.0 else 0.0
    fill_buckets(s, at, buckets, s[z], share)


@fused
def step_prices(operation: int, s: Floats, at: int, x: int, y: int, z: int) -> None:
    """Run the operations of this family that make one number of a few, without memory."""
    if operation == TOTAL:
        s[at] = s[x] + s[y]
    elif operation == SIDE:
        s[at] = s[x] - SIDE_SHIFT
    elif operation == SIGNED:
        s[at] = (s[y] - SIDE_SHIFT) * s[x]
    elif operation == SHARE:
        total = s[x] + s[y]
        s[at] = (s[x] - s[y]) / total if total > 0.0 else math.nan
    elif operation == BID_SHARE:
        total = s[x] + s[y]
        s[at] = s[x] / total if total > 0.0 else math.nan
    elif operation == WEIGHTED:
        s[at] = s[x] + (s[y] - s[x]) * s[z]
    elif operation == BASIS_POINTS:
        s[at] = (s[y] - s[x]) / (0.5 * (s[x] + s[y])) * 1e4
    elif operation == JUMP_SHARE:
        s[at] = max(0.0, 1.0 - (s[y] / s[x]) * (s[y] / s[x])) if s[x] > 0.0 else 0.0


@kernel
def step_flow(operation: int, s: Floats, at: int, k: int, a: int, x: int, y: int, z: int) -> None:
    """Run one operation of this family; `a` is a number of buckets, a factor is the memory behind the result."""
    if operation == SCALED:
        s[at] = s[at + 1] * s[x]
    elif operation == ROOT:
        s[at] = math.sqrt(max(s[at + 1] * s[x], 0.0))
    elif operation == TRUE_VPIN:
        fill_buckets(s, at, a, s[x], s[y] - SIDE_SHIFT)
    elif operation == BULK_VPIN:
        bulk_vpin(s, at, a, x, y, z)
    elif operation == BID_FLOW:
        if k >= 2:
            bid_flow(s, at, x, y)
    elif operation == ASK_FLOW:
        if k >= 2:
            ask_flow(s, at, x, y)
    elif operation == ABSOLUTE_PRODUCT:
        if k >= 2:
            s[at] = abs(s[x]) * abs(s[x - 1])
    else:
        step_prices(operation, s, at, x, y, z)
