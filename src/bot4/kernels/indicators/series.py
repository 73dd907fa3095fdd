# SPDX-License-Identifier: Apache-2.0
"""Values made of the values of one bar, or of two: sums, ratios, logarithms, parts of a range. Nothing is carried over.

A value some bars old is a ring read late, so a change is a difference of `x` and a late `x`. `RECORD`, which copies a
register into a ring, is part of the machine itself.
"""

import math
from typing import Final

from bot4.kernels.indicators.layout import FAMILY, SERIES
from bot4.kernels.jit import Floats, fused

RECORD: Final = SERIES * FAMILY + 0
TYPICAL: Final = SERIES * FAMILY + 1
TRUE_RANGE: Final = SERIES * FAMILY + 2
MONEY_FLOW: Final = SERIES * FAMILY + 3
COMBINE: Final = SERIES * FAMILY + 4
PLACE: Final = SERIES * FAMILY + 5
# Of one value.
ABSOLUTE: Final = SERIES * FAMILY + 6
ROOT: Final = SERIES * FAMILY + 7
LOG: Final = SERIES * FAMILY + 8
ANGLE: Final = SERIES * FAMILY + 9
LATE: Final = SERIES * FAMILY + 10
LAST_OF_ONE: Final = LATE
# Of two values.
PRODUCT: Final = SERIES * FAMILY + 11
DIFFERENCE: Final = SERIES * FAMILY + 12
RATIO: Final = SERIES * FAMILY + 13
LOG_RATIO: Final = SERIES * FAMILY + 14
RELATIVE: Final = SERIES * FAMILY + 15
LESSER: Final = SERIES * FAMILY + 16
RISEN: Final = SERIES * FAMILY + 17

COMBINE_SIZE: Final = 4  # factors of x, y and z, and what is added
SAME: Final = 1e-15  # relative; one tick in 2^40, the finest price bot4 takes, is a thousand times as much


@fused
def true_range(s: Floats, o: int, n: int, x: int, y: int, z: int) -> None:
    """Write the greatest of high - low and the ways from the last close to both; x high, y low, z last close."""
    for i in range(n):
        high = s[x + i]
        low = s[y + i]
        before = s[z + i]
        s[o + i] = max(high - low, abs(before - high), abs(before - low))


@fused
def money_flow(s: Floats, o: int, n: int, x: int, y: int) -> None:
    """Write typical price * volume, signed by the change of the typical price; x ring of typical prices, y volume.

    Two bars with one typical price on paper may differ in its last bit, since a sum of three prices rounds: seen in the
    recordings, 27652.070000000003 after 27652.069999999996. Such a change is none.
    """
    for i in range(n):
        price = s[x + i]
        change = price - s[x + i - 1]
        flow = price * s[y + i]
        s[o + i] = flow if change > SAME * price else -flow if change < -SAME * price else 0.0


@fused
def ratio(s: Floats, o: int, n: int, b: int, x: int, y: int) -> None:
    """Write x / y; where y is 0 that is NaN, or 0 if `b` is 1."""
    missing = 0.0 if b == 1 else math.nan
    for i in range(n):
        s[o + i] = s[x + i] / s[y + i] if s[y + i] != 0.0 else missing


@fused
def combine(s: Floats, at: int, o: int, n: int, x: int, y: int, z: int) -> None:
    """Write the sum of three values with their factors, and a constant: COMBINE_SIZE floats at `at` + 1."""
    p = s[at + 1]
    q = s[at + 2]
    r = s[at + 3]
    constant = s[at + 4]
    for i in range(n):
        s[o + i] = p * s[x + i] + q * s[y + i] + r * s[z + i] + constant


@fused
def relative(s: Floats, at: int, o: int, n: int, x: int, y: int) -> None:
    """Write how far x lies above y, in parts of y, times the factor at `at` + 1."""
    factor = s[at + 1]
    for i in range(n):
        s[o + i] = (s[x + i] - s[y + i]) / s[y + i] * factor


@fused
def place(s: Floats, at: int, o: int, n: int, x: int, y: int, z: int) -> None:
    """Write where x lies between z (0) and y (1), times the factor at `at` + 1; 0 where y is not above z."""
    factor = s[at + 1]
    for i in range(n):
        width = s[y + i] - s[z + i]
        s[o + i] = (s[x + i] - s[z + i]) / width * factor if width > 0.0 else 0.0


@fused
def risen(s: Floats, o: int, n: int, x: int, y: int) -> None:
    """Write 1 where x lies above y, 0 elsewhere."""
    for i in range(n):
        s[o + i] = 1.0 if s[x + i] > s[y + i] else 0.0


@fused
def step_two(operation: int, s: Floats, at: int, o: int, n: int, b: int, x: int, y: int) -> None:
    """Run the operations on two values."""
    if operation == DIFFERENCE:
        for i in range(n):
            s[o + i] = s[x + i] - s[y + i]
    elif operation == PRODUCT:
        for i in range(n):
            s[o + i] = s[x + i] * s[y + i]
    elif operation == RATIO:
        ratio(s, o, n, b, x, y)
    elif operation == LOG_RATIO:
        for i in range(n):
            s[o + i] = math.log(s[x + i] / s[y + i])
    elif operation == RELATIVE:
        relative(s, at, o, n, x, y)
    elif operation == LESSER:
        for i in range(n):
            s[o + i] = min(s[x + i], s[y + i])
    elif operation == RISEN:
        risen(s, o, n, x, y)


@fused
def step_one(operation: int, s: Floats, o: int, n: int, x: int) -> None:
    """Run the operations on one value."""
    if operation == ABSOLUTE:
        for i in range(n):
            s[o + i] = abs(s[x + i])
    elif operation == ROOT:
        for i in range(n):
            s[o + i] = math.sqrt(max(s[x + i], 0.0))
    elif operation == LOG:
        for i in range(n):
            s[o + i] = math.log(s[x + i])
    elif operation == ANGLE:
        for i in range(n):
            s[o + i] = math.degrees(math.atan(s[x + i]))
    elif operation == LATE:
        for i in range(n):
            s[o + i] = s[x + i]


@fused
def step_series(operation: int, s: Floats, at: int, o: int, k: int, n: int, b: int, x: int, y: int, z: int) -> None:
    """Run one operation of this family over `n` bars, the first of them the `k`-th that counts."""
    if operation == COMBINE:
        combine(s, at, o, n, x, y, z)
    elif operation == TYPICAL:
        for i in range(n):
            s[o + i] = (s[x + i] + s[y + i] + s[z + i]) / 3.0
    elif operation == TRUE_RANGE:
        true_range(s, o, n, x, y, z)
    elif operation == PLACE:
        place(s, at, o, n, x, y, z)
    elif operation == MONEY_FLOW:
        first = 1 if k == 1 else 0  # the first bar has none before it
        money_flow(s, o + first, n - first, x + first, y + first)
    elif operation <= LAST_OF_ONE:
        step_one(operation, s, o, n, x)
    else:
        step_two(operation, s, at, o, n, b, x, y)
