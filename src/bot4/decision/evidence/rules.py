# SPDX-License-Identifier: Apache-2.0
"""The rules of the gate: what a shadow record must show before a signal may pass.

All figures are those of daily net returns, annualised by the square root of 365.
Every rule must hold; the first that fails is the one that is named.
"""

from typing import final

from bot4.domain.signal import EvidenceFigures
from bot4.domain.verdict import Check


@final
class Thresholds:
    """Hold the bounds of the rules.

    Parameters
    ----------
    p_value_max : float
        One-sided HAC p-value of the mean must be below this.
    sharpe_excess_min : float
        Sharpe ratio less the expected maximum of as many skill-less trials must be above this.
    deflated_min : float
        Deflated Sharpe ratio (a probability) must be at least this.
    confidence_min : float
        Bootstrap probability of a positive mean must be above this.
    days_min, closed_trades_min : int
        The shortest record that is judged at all.
    """

    __slots__ = (
        "p_value_max",
        "sharpe_excess_min",
        "deflated_min",
        "confidence_min",
        "days_min",
        "closed_trades_min",
    )

    def __init__(
        self,
        *,
        p_value_max: float,
        sharpe_excess_min: float,
        deflated_min: float,
        confidence_min: float,
        days_min: int,
        closed_trades_min: int,
    ) -> None:
        self.p_value_max = p_value_max
        self.sharpe_excess_min = sharpe_excess_min
        self.deflated_min = deflated_min
        self.confidence_min = confidence_min
        self.days_min = days_min
        self.closed_trades_min = closed_trades_min


def first_failing(figures: EvidenceFigures, bounds: Thresholds) -> Check | None:
    """Return the first rule that does not hold, or None if all do. A NaN never holds."""
    days = float(figures.days)
    trades = float(figures.closed_trades)
    if not days >= bounds.days_min:
        return Check("evidence.days", days, float(bounds.days_min))
    if not trades >= bounds.closed_trades_min:
        return Check("evidence.closed_trades", trades, float(bounds.closed_trades_min))
    if not figures.mean > 0.0:
        return Check("evidence.mean", figures.mean, 0.0)
    if not figures.p_value < bounds.p_value_max:
        return Check("evidence.p_value", figures.p_value, bounds.p_value_max)
    if not figures.sharpe_excess > bounds.sharpe_excess_min:
        return Check("evidence.sharpe_excess", figures.sharpe_excess, bounds.sharpe_excess_min)
    if not figures.deflated >= bounds.deflated_min:
        return Check("evidence.deflated", figures.deflated, bounds.deflated_min)
    if not figures.confidence > bounds.confidence_min:
        return Check("evidence.confidence", figures.confidence, bounds.confidence_min)
    if not days >= figures.track_days_min:
        return Check("evidence.track_length", days, figures.track_days_min)
    return None
