# SPDX-License-Identifier: Apache-2.0
"""Breakout: enter on a close beyond the channel of past extremes, leave by a shorter one.

Donchian's channel rule as the Turtles traded it (Faith, "Way of the Turtle",
2007). The channel is that of the bars *before* the current one.
"""

from typing import final

import numpy as np
from numpy.typing import NDArray

from bot4.decision.strategies.protocol import Columns, Strategy, View
from bot4.domain.signal import Signal


@final
class Breakout(Strategy):
    """Hold a break of the ``entry``-bar channel until the ``leave``-bar channel breaks the other way.

    Parameters
    ----------
    entry, leave : int
        Bars of the entry and the exit channel; ``leave`` is the shorter.
    hold_bars_max : int
        Time stop in bars.
    """

    def __init__(self, entry: int = 55, leave: int = 20, hold_bars_max: int = 550) -> None:
        self.name = "breakout"
        self.entry_high = f"prior_high_{entry}"
        self.entry_low = f"prior_low_{entry}"
        self.leave_high = f"prior_high_{leave}"
        self.leave_low = f"prior_low_{leave}"
        self.features = (self.entry_high, self.entry_low, self.leave_high, self.leave_low)
        self.hold_bars_max = hold_bars_max

    def on_bar(self, view: View) -> Signal | None:
        """Return a signal when the close leaves the channel of the bars before."""
        close = view.close
        held = view.position
        if held == 0.0:
            if close > view[self.entry_high]:  # never true while NaN
                return Signal(1.0, f"close above {view[self.entry_high]:g}", view.after(self.hold_bars_max))
            if close < view[self.entry_low]:
                return Signal(-1.0, f"close below {view[self.entry_low]:g}", view.after(self.hold_bars_max))
        elif (held > 0.0 and close < view[self.leave_low]) or (held < 0.0 and close > view[self.leave_high]):
            return Signal(0.0, "channel broken the other way", view.after(1))
        return None

    def may_speak(self, columns: Columns, position: float) -> NDArray[np.bool_] | None:
        """Say where the close leaves the channel that counts while this is held."""
        close = columns.close
        if position == 0.0:
            return (close > columns[self.entry_high]) | (close < columns[self.entry_low])
        return close < columns[self.leave_low] if position > 0.0 else close > columns[self.leave_high]
