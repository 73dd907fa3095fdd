# SPDX-License-Identifier: Apache-2.0
"""Mean reversion in a range: buy far below the average, but only where no trend is measured.

The range filter is Wilder's ADX ("New Concepts in Technical Trading Systems",
1978): reversion against a trend is how this idea loses its money.
"""

from typing import final

import numpy as np
from numpy.typing import NDArray

from bot4.decision.strategies.protocol import Columns, Strategy, View
from bot4.domain.signal import Signal


@final
class MeanReversion(Strategy):
    """Fade moves away from a moving average while ADX is low.

    Parameters
    ----------
    window : int
        Bars of the average and its standard deviation.
    enter : float
        Standard deviations away from the average at which to fade; positive.
    trend_max : float
        ADX at or above which there is no range, in [0, 100].
    hold_bars_max : int
        Time stop in bars.
    """

    def __init__(self, window: int = 20, enter: float = 2.0, trend_max: float = 20.0, hold_bars_max: int = 40) -> None:
        self.name = "mean_reversion"
        self.zscore = f"zscore_{window}"
        self.features = (self.zscore, "adx_14")
        self.enter = enter
        self.trend_max = trend_max
        self.hold_bars_max = hold_bars_max

    def on_bar(self, view: View) -> Signal | None:
        """Return a signal when price is stretched in a range, or back at its average."""
        stretch = view[self.zscore]
        held = view.position
        if stretch != stretch:  # NaN until warm
            return None
        if held == 0.0:
            if -self.enter < stretch < self.enter or not view["adx_14"] < self.trend_max:
                return None
            direction = 1.0 if stretch < 0.0 else -1.0
            return Signal(direction, f"{stretch:.2f} sigma from the mean in a range", view.after(self.hold_bars_max))
        if held * stretch >= 0.0:
            return Signal(0.0, "back at the mean", view.after(1))
        return None

    def may_speak(self, columns: Columns, position: float) -> NDArray[np.bool_] | None:
        """Say where price is stretched in a range, or back at its average."""
        stretch = columns[self.zscore]
        if position != 0.0:
            return position * stretch >= 0.0
        return (np.abs(stretch) >= self.enter) & (columns["adx_14"] < self.trend_max)
