# SPDX-License-Identifier: Apache-2.0
"""The crossing of two moving averages: the oldest rule of trend following, kept as the common yardstick.

Every backtester can run it, so it is what speed is compared on. As an opinion on
a market it is weak: Brock, Lakonishok and LeBaron, "Simple Technical Trading
Rules" (1992), found it in daily stock indices before costs; costs eat it.
"""

from typing import final

import numpy as np
from numpy.typing import NDArray

from bot4.decision.strategies.protocol import Columns, Strategy, View
from bot4.domain.signal import NEVER, Signal


@final
class SmaCross(Strategy):
    """Hold long while the fast mean is above the slow one, short while it is below; on spot flat instead.

    Parameters
    ----------
    fast, slow : int
        Bars of the two simple moving averages of the close; ``fast`` is less than ``slow``.

    Raises
    ------
    ValueError
        If ``fast`` is not less than ``slow``.
    """

    def __init__(self, fast: int = 10, slow: int = 50) -> None:
        if fast >= slow:
            raise ValueError(f"fast {fast} is not less than slow {slow}")
        self.name = "sma_cross"
        self.fast = f"sma_{fast}"
        self.slow = f"sma_{slow}"
        self.features = (self.fast, self.slow)

    def on_bar(self, view: View) -> Signal | None:
        """Return a signal when the means have crossed; it stands until they cross again."""
        fast = view[self.fast]
        slow = view[self.slow]
        held = view.position
        if fast > slow:
            return None if held > 0.0 else Signal(1.0, "fast mean above slow", NEVER)
        if fast < slow:
            return None if held < 0.0 else Signal(-1.0, "fast mean below slow", NEVER)
        return None

    def may_speak(self, columns: Columns, position: float) -> NDArray[np.bool_] | None:
        """Say where the means stand against the position."""
        fast = columns[self.fast]
        slow = columns[self.slow]
        if position > 0.0:
            return fast < slow
        return fast > slow if position < 0.0 else fast != slow
