# SPDX-License-Identifier: Apache-2.0
"""Time-series momentum: what rose over the look-back, measured in its own noise, keeps rising.

After Moskowitz, Ooi and Pedersen, "Time Series Momentum" (2012): the sign of the
past return is the position. Two thresholds instead of one keep it from flipping
on noise, since each flip pays the spread and two fees.
"""

from math import sqrt
from typing import final

import numpy as np
from numpy.typing import NDArray

from bot4.decision.strategies.protocol import Columns, Strategy, View
from bot4.domain.signal import Signal


@final
class Momentum(Strategy):
    """Hold the direction of the return over ``lookback`` bars.

    Parameters
    ----------
    lookback : int
        Bars of the return, at least 2.
    enter : float
        Enter when the return exceeds this many standard deviations of a
        ``lookback``-bar return.
    leave : float
        Close when it falls below this many; less than ``enter``.
    hold_bars_max : int
        Time stop: the opinion expires after this many bars.
    """

    def __init__(self, lookback: int = 48, enter: float = 1.0, leave: float = 0.0, hold_bars_max: int = 480) -> None:
        self.name = "momentum"
        self.roc = f"roc_{lookback}"
        self.volatility = f"volatility_{lookback}"
        self.features = (self.roc, self.volatility)
        self.scale = sqrt(lookback) * 100.0  # roc is in percent of price
        self.enter = enter
        self.leave = leave
        self.hold_bars_max = hold_bars_max

    def on_bar(self, view: View) -> Signal | None:
        """Return a signal when the look-back return crosses a threshold."""
        noise = view[self.volatility] * self.scale
        change = view[self.roc]
        if not noise > 0.0:  # NaN until warm, and a market that does not move has no trend
            return None
        score = change / noise
        held = view.position
        if held == 0.0:
            if score > self.enter:
                return Signal(1.0, f"return of {score:.2f} sigma", view.after(self.hold_bars_max))
            if score < -self.enter:
                return Signal(-1.0, f"return of {score:.2f} sigma", view.after(self.hold_bars_max))
        elif held * score < self.leave:
            return Signal(0.0, f"trend over at {score:.2f} sigma", view.after(1))
        return None

    def may_speak(self, columns: Columns, position: float) -> NDArray[np.bool_] | None:
        """Say where the score is beyond a threshold."""
        with np.errstate(all="ignore"):  # as plain division of floats: infinite or NaN, and no warning
            noise = columns[self.volatility] * self.scale
            score = columns[self.roc] / noise
        beyond = np.abs(score) > self.enter if position == 0.0 else position * score < self.leave
        return beyond & (noise > 0.0)
