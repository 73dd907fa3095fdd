# SPDX-License-Identifier: Apache-2.0
"""How much: a share of equity scaled down by volatility, never above the cap, or "untradable".

The share is ``strength * min(cap, target / daily volatility)``: each position is
meant to move equity by about the same amount a day (volatility targeting, as in
Moskowitz, Ooi and Pedersen, 2012), and the cap holds where a market is so calm
that the ratio would ask for more. Fractions are float64, the quantity is cut down
to whole lots: rounding never increases risk.
"""

from math import sqrt
from typing import final

from mypy_extensions import i64

from bot4.domain.instrument import Instrument
from bot4.domain.values import DAY_NS, Lots, Money, Nanos, Ticks


@final
class Sizing:
    """Hold the two numbers of the rule.

    Parameters
    ----------
    cap : float
        Largest notional of one position as a fraction of equity.
    volatility_target : float
        Wanted standard deviation of one position's daily profit and loss, as a
        fraction of equity.
    """

    __slots__ = ("cap", "volatility_target")

    def __init__(self, cap: float, volatility_target: float) -> None:
        self.cap = cap
        self.volatility_target = volatility_target

    def fraction(self, strength: float, bar_volatility: float, interval_ns: Nanos) -> float:
        """Return the share of equity to hold, in [0, cap]; 0 where volatility is not known.

        ``bar_volatility`` is the standard deviation of one bar's log return.
        """
        if not bar_volatility > 0.0:
            return 0.0
        daily = bar_volatility * sqrt(float(DAY_NS) / float(interval_ns))
        return min(self.cap, self.volatility_target / daily) * min(abs(strength), 1.0)


def lots_for_fraction(instrument: Instrument, equity: Money, fraction: float, price: Ticks) -> Lots:
    """Return whole lots worth at most ``fraction`` of ``equity`` at ``price``; 0 for an equity that is gone."""
    if equity <= 0:
        return Lots(0)
    return instrument.lots_for(Money(i64(int(float(equity) * fraction))), price)


def smallest_lots(instrument: Instrument, price: Ticks) -> Lots:
    """Return the smallest quantity the venue takes at this price: its lot and notional filters together.

    One more than ``max_lots`` where even that is not enough.
    """
    lots = int(instrument.min_lots)
    if instrument.min_notional > 0:
        per_lot = int(price) * int(instrument.factor_num)
        by_notional = -(-int(instrument.min_notional) * int(instrument.factor_den) // per_lot)
        lots = min(max(lots, by_notional), int(instrument.max_lots) + 1)
    return Lots(lots)
