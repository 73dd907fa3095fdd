# SPDX-License-Identifier: Apache-2.0
"""Weights of fractional differencing: between a series (order 0) and its changes (order 1).

Order d applies (1 - B)^d, B the lag: weights w_0 = 1, w_k = -w_{k-1} (d - k + 1) / k, cut to a fixed width, so that
each value has the same memory. Lopez de Prado, Advances in Financial Machine Learning (2018), ch. 5.4-5.5.
"""

from typing import Final

import numpy as np

from bot4.kernels.jit import Floats

WIDTH_MAX: Final = 100_000


def weights(order: float, width: int) -> Floats:
    """Return the weights of lags 0 .. width - 1, the newest first, shape (width,).

    Exact for whole orders: 1 at lag 0 for order 0; 1, -1 for order 1; 1, -2, 1 for order 2.

    Raises
    ------
    ValueError
        When the order is not in [0, 2] or the width not in 1 .. 100,000.
    """
    if not (0.0 <= order <= 2.0 and 1 <= width <= WIDTH_MAX):
        raise ValueError(f"fractional weights want an order in [0, 2] and a width in 1..{WIDTH_MAX}")
    out = np.zeros(width)
    out[0] = 1.0
    for k in range(1, width):
        out[k] = -out[k - 1] * (order - k + 1.0) / k
    return out + 0.0  # no negative zeros: whole orders end in them


def width_for(order: float, threshold: float, *, most: int = WIDTH_MAX) -> int:
    """Return how many weights there are before the first below `threshold` in size, at most `most`.

    From order 1 on the sizes no longer fall from the start (order 1.9: 1, 1.9, 0.855): the first is counted from where
    all later ones are smaller.

    Raises
    ------
    ValueError
        When the threshold is not in (0, 1), or as `weights`.
    """
    if not 0.0 < threshold < 1.0:
        raise ValueError(f"a threshold of weights lies in (0, 1), was {threshold}")
    large = np.flatnonzero(np.abs(weights(order, most)) >= threshold)
    return int(large[-1]) + 1
