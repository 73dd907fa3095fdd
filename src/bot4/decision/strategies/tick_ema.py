# SPDX-License-Identifier: Apache-2.0
"""The crossing of two exponential averages of trade prices: the yardstick of tick backtests.

It is what other simulators are timed on, not an idea about a market: at the pace of
trades the spread and two fees cost more than such crossings bring.
"""

from typing import final

from bot4.decision.strategies.tick_protocol import TickStrategy, TickView
from bot4.domain.signal import NEVER, Signal


@final
class TickEma(TickStrategy):
    """Hold long while the fast average of trade prices is above the slow one, short below; on spot flat instead.

    ``ema += (price - ema) * 2 / (n + 1)``, begun at the first price and silent for
    ``slow`` trades.

    Parameters
    ----------
    fast, slow : int
        Lengths of the two averages in trades; ``fast`` is less than ``slow``.
    band : float
        How far, as a fraction of the slow average, the fast one must be beyond it
        before the opinion changes: without one, every tick near a crossing trades.

    Raises
    ------
    ValueError
        If ``fast`` is not less than ``slow``, or a value is not positive.
    """

    def __init__(self, fast: int = 50, slow: int = 200, band: float = 0.0) -> None:
        if not 0 < fast < slow or not band >= 0.0:
            raise ValueError(f"fast {fast}, slow {slow}, band {band}; allowed: 0 < fast < slow, band from 0")
        self.name = "tick_ema"
        self.features = ()
        self.fast_share = 2.0 / (fast + 1)
        self.slow_share = 2.0 / (slow + 1)
        self.warm_up = slow
        self.band = band
        self.fast = 0.0
        self.slow = 0.0
        self.trades = 0

    def on_tick(self, view: TickView) -> Signal | None:
        """Return a signal when the averages have crossed by more than the band."""
        price = view.price
        trades = self.trades
        if trades == 0:
            self.fast = price
            self.slow = price
        fast = self.fast + (price - self.fast) * self.fast_share
        slow = self.slow + (price - self.slow) * self.slow_share
        self.fast = fast
        self.slow = slow
        if trades < self.warm_up:
            self.trades = trades + 1
            return None
        held = view.held
        edge = slow * self.band
        if fast > slow + edge:
            return None if held > 0.0 else Signal(1.0, "fast average above slow", NEVER)
        if fast < slow - edge:
            return None if held < 0.0 else Signal(-1.0, "fast average below slow", NEVER)
        return None

    def state(self) -> tuple[float, ...]:
        """Return both averages and the trades counted until warm."""
        return (self.fast, self.slow, float(self.trades))
