# SPDX-License-Identifier: Apache-2.0
"""What is traded: tick, lot, the money factor, and the venue's filters for our orders.

Decimals enter here and become integers; nothing further in knows them. Filters
apply to our orders only: recorded history is rounded to the tick, never refused.
"""

from decimal import Decimal
from typing import Final, final

from mypy_extensions import i64

from bot4.domain.errors import BadInput
from bot4.domain.values import (
    LOTS_MAX,
    MONEY_ONE,
    PRODUCT_MAX,
    TICKS_MAX,
    VALUE_MAX,
    Lots,
    Money,
    Ticks,
    divide_half_even,
)

SPOT: Final = 0
LINEAR_PERPETUAL: Final = 1
INSTRUMENT_TYPES: Final = ("spot", "linear_perpetual")

FACTOR_NUM_MAX: Final = 1 << 20
FACTOR_DEN_MAX: Final = 1 << 12
"""Bounds of the money factor: with them no product below leaves int64."""


@final
class Instrument:
    """Describe one traded thing of one venue.

    Parameters
    ----------
    index : int
        Its place in the run's instrument table; events refer to it by this number.
    symbol : str
        The venue's own string, such as ``BTCUSDT``.
    base, quote : str
        What is bought, and what it is paid in.
    tick_size, lot_size : Decimal
        The smallest steps of price and quantity, in quote and base units; positive.
    min_lots, max_lots : int
        Quantity filter for one order.
    min_notional : Decimal
        Smallest order in quote units.
    instrument_type : int
        ``SPOT`` (long or flat) or ``LINEAR_PERPETUAL`` (may be short).
    as_of : str
        The date this description was true, ``"default"`` where none is known.

    Attributes
    ----------
    lot_units : int
        One lot in 1e-8 of the base asset; 0 where that is no whole number, and no fee in the base can be counted.

    Raises
    ------
    BadInput
        If a step or a filter is not positive, or the money factor is no ratio
        of integers that fits.
    """

    __slots__ = (
        "index",
        "symbol",
        "base",
        "quote",
        "tick_size",
        "lot_size",
        "factor_num",
        "factor_den",
        "min_lots",
        "max_lots",
        "min_notional",
        "instrument_type",
        "as_of",
        "lot_units",
        "tick",
        "lot",
        "factor",
    )

    def __init__(
        self,
        index: int,
        symbol: str,
        *,
        base: str,
        quote: str,
        tick_size: Decimal,
        lot_size: Decimal,
        min_lots: int = 1,
        max_lots: int = 1 << 40,
        min_notional: Decimal = Decimal(0),
        instrument_type: int = SPOT,
        as_of: str = "default",
    ) -> None:
        place = f"instrument {symbol}"
        if not tick_size > 0 or not lot_size > 0:
            raise BadInput(
                place, f"tick {tick_size}, lot {lot_size}", "steps above 0", "Correct tick_size and lot_size."
            )
        if not 0 < min_lots <= max_lots <= LOTS_MAX or not 0 <= min_notional <= Decimal(PRODUCT_MAX) / MONEY_ONE:
            raise BadInput(
                place,
                f"min_lots {min_lots}, max_lots {max_lots}, min_notional {min_notional}",
                f"0 < min_lots <= max_lots <= {LOTS_MAX}, min_notional from 0 to {PRODUCT_MAX // MONEY_ONE}",
                "Correct the filters.",
            )
        numerator, denominator = (tick_size * lot_size * MONEY_ONE).as_integer_ratio()
        if numerator > FACTOR_NUM_MAX or denominator > FACTOR_DEN_MAX:
            raise BadInput(
                place,
                f"one tick of one lot is {tick_size * lot_size} {quote}",
                f"{1 / (MONEY_ONE * FACTOR_DEN_MAX):.1e} to {FACTOR_NUM_MAX / MONEY_ONE:g}, in few decimals",
                "Choose a coarser or finer tick or lot.",
            )
        self.index: i64 = index
        self.symbol = symbol
        self.base = base
        self.quote = quote
        self.tick_size = tick_size
        self.lot_size = lot_size
        self.factor_num: i64 = numerator
        self.factor_den: i64 = denominator
        self.min_lots = Lots(min_lots)
        self.max_lots = Lots(max_lots)
        self.min_notional = Money(int(min_notional * MONEY_ONE))
        self.instrument_type: i64 = instrument_type
        self.as_of = as_of
        units = lot_size * MONEY_ONE
        self.lot_units: i64 = int(units) if units == int(units) and units <= LOTS_MAX else 0
        self.tick = float(tick_size)
        self.lot = float(lot_size)
        self.factor = float(numerator)

    def notional(self, price: Ticks, lots: Lots) -> Money:
        """Return price times quantity in money, rounded half to even; the sign is that of ``lots``.

        Raises
        ------
        BadInput
            If it leaves int64, as where a price rises far beyond the one that a quantity was bought at.
        """
        product = float(price) * float(lots) * self.factor  # the test of counts(), without its call
        if not -VALUE_MAX < product < VALUE_MAX:
            raise BadInput(
                f"instrument {self.symbol}",
                f"{int(lots)} lots at a price of {int(price)} ticks",
                f"ticks times lots times {int(self.factor_num)} below 2**61",
                "Set a coarser tick_size or lot_size for this instrument, or correct the prices.",
                "value_bounds",
            )
        return Money(divide_half_even(price * lots * self.factor_num, self.factor_den))

    def fits(self, price: Ticks, lots: Lots) -> bool:
        """Say whether a price and a quantity stay inside the proven bounds of int64.

        Division keeps the test itself from overflowing.
        """
        if not 0 < price < TICKS_MAX or lots < 0:
            return False
        return lots <= PRODUCT_MAX // (price * self.factor_num)

    def counts(self, price: Ticks, lots: Lots) -> bool:
        """Say whether the worth of a quantity at a price is below ``VALUE_MAX``, whatever price and quantity are.

        In floating point, which cannot wrap: it is exact to 1 in 2**50, and int64 holds four times the bound.
        """
        product = float(price) * float(lots) * self.factor
        return -VALUE_MAX < product < VALUE_MAX

    def lots_for(self, notional: Money, price: Ticks) -> Lots:
        """Return the largest quantity whose notional is not above ``notional``, at most ``max_lots``.

        Plain ints here: the products may leave int64, and they stay exact in both builds.
        """
        if notional <= 0:
            return Lots(0)
        exact = int(notional) * int(self.factor_den) // (int(price) * int(self.factor_num))
        return Lots(min(exact, int(self.max_lots)))

    def price_text(self, price: Ticks) -> str:
        """Return a price in quote units, exactly."""
        return f"{int(price) * self.tick_size:f}"

    def quantity_text(self, lots: Lots) -> str:
        """Return a quantity in base units, exactly."""
        return f"{int(lots) * self.lot_size:f}"
