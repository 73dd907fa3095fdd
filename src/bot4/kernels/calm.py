# SPDX-License-Identifier: Apache-2.0
"""How many bars in a row stay within bounds: one pass over integer columns, ended by the first that does not."""

import numpy as np
from numpy.typing import NDArray

from bot4.kernels.jit import kernel


@kernel
def count_calm(
    rows: NDArray[np.int64],
    spoken: NDArray[np.bool_],
    first: int,
    open_until: int,
    below: int,
    above: int,
    close_min: int,
    close_max: int,
) -> int:
    """Return how many bars from `first` on keep to all the bounds; 0 where the first does not.

    `rows` has shape (6, n): open time in nanoseconds, open, high, low, close in ticks, volume, which is not read;
    `spoken` has shape (n,). A bar keeps to them if `spoken` is false, it opens no later than `open_until`, its open,
    high and low lie strictly between `below` and `above`, and its close lies from `close_min` to `close_max`.
    """
    bars = rows.shape[1]
    k = first
    while (
        k < bars
        and not spoken[k]
        and rows[0, k] <= open_until
        and below < rows[1, k] < above
        and rows[2, k] < above
        and rows[3, k] > below
        and close_min <= rows[4, k] <= close_max
    ):
        k += 1
    return k - first
