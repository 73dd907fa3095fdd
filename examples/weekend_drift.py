# SPDX-License-Identifier: Apache-2.0
"""A strategy of one's own: long over the weekend if the week was up. No claim that it works: the gate will say.

Run it over your bars::

    bot4 backtest examples/weekend_drift.toml --bars BTCUSDT=btc_1h.parquet --gate observe
"""

from bot4.decision.strategies import Strategy, View
from bot4.domain.signal import Signal

DAY_NS = 86_400 * 1_000_000_000
SATURDAY, MONDAY = 2, 4  # 1970-01-01 was a Thursday: day 0


class WeekendDrift(Strategy):
    """Buy at the end of Friday if the last week of hourly bars rose, sell at the end of Sunday."""

    def __init__(self, week_bars: int = 168, weekend_bars: int = 48) -> None:
        self.name = "weekend_drift"
        self.change = f"roc_{week_bars}"
        self.features = (self.change,)
        self.weekend_bars = weekend_bars

    def on_bar(self, view: View) -> Signal | None:
        """Return a signal at the two moments of the week that matter."""
        day, rest = divmod(int(view.now_ns), DAY_NS)
        if rest == 0 and day % 7 == SATURDAY and view[self.change] > 0.0:
            return Signal(1.0, "the week was up", view.after(self.weekend_bars))
        if view.position > 0.0 and rest == 0 and day % 7 == MONDAY:
            return Signal(0.0, "the weekend is over", view.after(1))
        return None
