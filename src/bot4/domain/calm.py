# SPDX-License-Identifier: Apache-2.0
"""The calm: bounds within which the bars of an instrument cause nothing.

A backtest knows the bars ahead. Where every stage can say up to when, and between
which prices, a bar would only become the last one it knows, the bars in between
need not be carried through the house: each stage then takes the last of them, and
stands as it would have stood. The stages narrow these bounds and nothing else;
who looks at the bars themselves is the runtime.

Bounds may be narrower than they must be, which costs time, and never wider.
"""

from typing import Final, final

from mypy_extensions import i64, mypyc_attr

from bot4.domain.instrument import Instrument
from bot4.domain.signal import NEVER
from bot4.domain.values import TICKS_MAX, Lots, Money, Nanos, Ticks

ROUNDING: Final = 2
"""Units of money by which a worth, rounded twice, may differ from the product of its price."""

ROOM_MAX: Final = 1 << 48
"""More room than this, 2.8 million of a currency, is taken for this much: its product with the factor fits int64."""


@final
@mypyc_attr(free_list_len=1)
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
        Returns False where nobody told before what is held, or where equity lies so far
        outside the two that the closes between them cannot be counted.
        """
        instrument = self._instrument
        if instrument is None:
            return False
        lots = self._lots
        if lots == 0:
            return True
        gain = most - self._equity - ROUNDING
        loss = self._equity - above - ROUNDING
        if gain < -ROOM_MAX or loss < -ROOM_MAX:
            return False
        if gain > ROOM_MAX:
            gain = ROOM_MAX
        if loss > ROOM_MAX:
            loss = ROOM_MAX
        scale = instrument.factor_den
        step = (lots if lots > 0 else -lots) * instrument.factor_num
        rise = (gain if lots > 0 else loss) * scale // step
        fall = (loss if lots > 0 else gain) * scale // step
        highest = self._price + rise
        lowest = self._price - fall
        if highest < self.close_max:
            self.close_max = highest if highest > 0 else 0
        if lowest > self.close_min:
            self.close_min = lowest if lowest < TICKS_MAX else TICKS_MAX
        return True
