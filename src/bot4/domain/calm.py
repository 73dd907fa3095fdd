# SPDX-License-Identifier: Apache-2.0
"""The calm: bounds within which the bars of an instrument cause nothing.

A backtest knows the bars ahead. Where every stage can say up to when, and between
which prices, a bar would only become the last one it knows, the bars in between
need not be carried through the house: each stage then takes the last of them, and
stands as it would have stood. The stages narrow these bounds and nothing else;
who looks at the bars themselves is the runtime.

Bounds may be narrower than they must be, which costs time, and never wider.
"""

from typing import final

from mypy_extensions import i64

from bot4.domain.instrument import Instrument
from bot4.domain.signal import NEVER
from bot4.domain.values import TICKS_MAX, Lots, Money, Nanos, Ticks

ROUNDING = 2
"""Units of money by which a worth, rounded twice, may differ from the product of its price."""


@final
class Calm:
    """Hold what a bar must keep to in order to be inert.

    Attributes
    ----------
    until_ns : Nanos
        A bar that ends later is not inert.
    below, above : Ticks
        Every price of an inert bar lies above the one and under the other.
    close_min, close_max : Ticks
        The closes of inert bars, both included.
    """

    __slots__ = (
        "until_ns",
        "below",
        "above",
        "close_min",
        "close_max",
        "_equity",
        "_lots",
        "_price",
        "_instrument",
    )

    def __init__(self) -> None:
        self.until_ns = NEVER
        self.below: i64 = 0
        self.above: i64 = TICKS_MAX
        self.close_min: i64 = 0
        self.close_max: i64 = TICKS_MAX
        self._equity = Money(0)
        self._lots = Lots(0)
        self._price = Ticks(0)
        self._instrument: Instrument | None = None

    def keep_until(self, moment: Nanos) -> None:
        """End the calm with the last bar that ends by this moment."""
        if moment < self.until_ns:
            self.until_ns = moment

    def keep_between(self, below: i64, above: i64) -> None:
        """End the calm before a bar with a price at or outside these, in ticks."""
        if below > self.below:
            self.below = below
        if above < self.above:
            self.above = above

    def value(self, instrument: Instrument, lots: Lots, price: Ticks, equity: Money) -> None:
        """Tell what is held and what the account is worth at a price, so that bounds of equity become closes."""
        self._instrument = instrument
        self._lots = lots
        self._price = price
        self._equity = equity

    def keep_equity(self, above: Money, most: Money) -> bool:
        """End the calm before a close at which equity is not above ``above`` or exceeds ``most``.

        While nothing is held equity does not move, and the calm stays as it is.
        Returns False where nobody told before what is held.
        """
        instrument = self._instrument
        if instrument is None:
            return False
        lots = int(self._lots)
        if lots == 0:
            return True
        scale = int(instrument.factor_den)
        step = abs(lots) * int(instrument.factor_num)
        rise = (int(most) - int(self._equity) - ROUNDING) * scale // step
        fall = (int(self._equity) - int(above) - ROUNDING) * scale // step
        if lots < 0:
            rise, fall = fall, rise
        highest, lowest = int(self._price) + rise, int(self._price) - fall
        if highest < self.close_max:
            self.close_max = max(0, highest)
        if lowest > self.close_min:
            self.close_min = min(int(TICKS_MAX), lowest)
        return True
