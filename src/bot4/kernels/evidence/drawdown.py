# SPDX-License-Identifier: Apache-2.0
"""How deep a curve fell below its highest point so far."""

from bot4.kernels.jit import Floats, kernel


@kernel
def max_drawdown(equity: Floats) -> float:
    """Return the greatest fall from a peak as a fraction of that peak, 0 for a curve that never falls or is empty.

    `equity` in money, above 0 at the start; a fall below zero gives more than 1.
    """
    peak = 0.0
    deepest = 0.0
    for i in range(equity.shape[0]):
        if equity[i] > peak:
            peak = equity[i]
        elif peak > 0.0:
            deepest = max(deepest, (peak - equity[i]) / peak)
    return deepest
