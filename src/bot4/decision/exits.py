# SPDX-License-Identifier: Apache-2.0
"""Where it ends: the protective stop and the target of an entry, in multiples of the average true range.

Both are set when the wish is made, from what is known then, and travel with it:
an entry without a stop is refused by risk.
"""

from math import ceil, floor
from typing import final

from bot4.domain.values import BUY, Ticks


@final
class Exits:
    """Hold the distances of stop and target.

    Parameters
    ----------
    stop_atr : float
        Distance of the stop in average true ranges; positive.
    target_atr : float
        Distance of the target; 0 for none.
    """

    __slots__ = ("stop_atr", "target_atr")

    def __init__(self, stop_atr: float, target_atr: float) -> None:
        self.stop_atr = stop_atr
        self.target_atr = target_atr

    def stop(self, side: int, reference: Ticks, atr_ticks: float) -> Ticks:
        """Return the stop price: at least one tick on the losing side, nearer rather than farther.

        0 where no such price exists (a stop below the first tick).
        """
        distance = max(1, floor(self.stop_atr * atr_ticks))
        price = int(reference) - distance if side == BUY else int(reference) + distance
        return Ticks(max(price, 0))

    def target(self, side: int, reference: Ticks, atr_ticks: float) -> Ticks:
        """Return the target price on the winning side, 0 for none."""
        if self.target_atr <= 0.0:
            return Ticks(0)
        distance = max(1, ceil(self.target_atr * atr_ticks))
        price = int(reference) + distance if side == BUY else int(reference) - distance
        return Ticks(max(price, 0))
