# SPDX-License-Identifier: Apache-2.0
"""Values derived from one bar and the one before: what other rows then smooth, sum or remember.

Each operation writes its newest value to register `at`; `x`, `y`, `z` are indices of its inputs, `k` counts its valid
inputs. RECORD, which copies a register into a ring, is part of the machine itself.
"""

import math
from typing import Final

from bot4.kernels.indicators.layout import FAMILY, SERIES
from bot4.kernels.jit import Floats, fused

RECORD: Final = SERIES * FAMILY + 0
TYPICAL: Final = SERIES * FAMILY + 1
LOG_RETURN: Final = SERIES * FAMILY + 2
TRUE_RANGE: Final = SERIES * FAMILY + 3
MONEY_FLOW: Final = SERIES * FAMILY + 4
PRODUCT: Final = SERIES * FAMILY + 5
DIFFERENCE: Final = SERIES * FAMILY + 6
RATIO: Final = SERIES * FAMILY + 7

SAME: Final = 1e-15  # relative; one tick in 2^40, the finest price bot4 takes, is a thousand times as much


@fused
def true_range(s: Floats, at: int, x: int, y: int, z: int) -> None:
    """Write the greatest of high - low and the ways from the last close to both; x high, y low, z ring of closes."""
    high = s[x]
    low = s[y]
    before = s[z - 1]
    s[at] = max(high - low, abs(before - high), abs(before - low))


@fused
def money_flow(s: Floats, at: int, x: int, y: int) -> None:
    """Write typical price * volume, signed by the change of the typical price; x ring of typical prices, y volume.

    Two bars with one typical price on paper may differ in its last bit, since a sum of three prices rounds: seen in the
    recordings, 27652.070000000003 after 27652.069999999996. Such a change is none.
    """
    change = s[x] - s[x - 1]
    if change > SAME * s[x]:
        s[at] = s[x] * s[y]
    elif change < -SAME * s[x]:
        s[at] = -(s[x] * s[y])
    else:
        s[at] = 0.0


@fused
def step_series(operation: int, s: Floats, at: int, k: int, x: int, y: int, z: int) -> None:
    """Run one operation of this family."""
    if operation == TYPICAL:
        s[at] = (s[x] + s[y] + s[z]) / 3.0
    elif operation == DIFFERENCE:
        s[at] = s[x] - s[y]
    elif operation == PRODUCT:
        s[at] = s[x] * s[y]
    elif operation == RATIO:
        s[at] = s[x] / s[y] if s[y] != 0.0 else math.nan
    elif k < 2:  # the others compare with the bar before
        return
    elif operation == LOG_RETURN:
        s[at] = math.log(s[x] / s[x - 1])
    elif operation == TRUE_RANGE:
        true_range(s, at, x, y, z)
    elif operation == MONEY_FLOW:
        money_flow(s, at, x, y)
