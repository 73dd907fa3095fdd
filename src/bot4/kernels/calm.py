# SPDX-License-Identifier: Apache-2.0
"""How many bars in a row stay within bounds: one pass over integer columns, ended by the first that does not."""

from typing import final

import numpy as np
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from bot4.kernels.jit import kernel, pointer


@final
class Spoken:
    """Hold after which bars of a block someone may speak, and where that stands in memory."""

    __slots__ = ("mask", "address")

    def __init__(self, mask: NDArray[np.bool_]) -> None:
        self.mask = mask
        self.address = int(mask.ctypes.data)


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


@kernel
def count_calm_at(
    rows: int,
    bars: int,
    spoken: int,
    first: int,
    open_until: int,
    below: int,
    above: int,
    close_min: int,
    close_max: int,
) -> int:
    """Return what :func:`count_calm` does, of contiguous columns of `bars` bars that are given by their addresses.

    Asked after every order: two arrays would cost more to hand over than most rows of calm bars to count.
    """
    return int(
        count_calm(
            carray(pointer(rows), (6, bars), np.int64),
            carray(pointer(spoken), (bars,), np.bool_),
            first,
            open_until,
            below,
            above,
            close_min,
            close_max,
        )
    )
