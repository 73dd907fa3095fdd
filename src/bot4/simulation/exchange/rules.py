# SPDX-License-Identifier: Apache-2.0
"""What a symbol allows: its assets, precisions, filters, order types and self-trade modes.

Every amount of this package is an integer of 1e-8: prices of the quote for one whole
base, quantities of the base, money of its asset, rates and multipliers of one. A rule is
data; whether an order obeys it is judged in ``filters.py``.
"""

from dataclasses import dataclass
from typing import Final

from bot4.domain.errors import BadInput

ONE: Final = 100_000_000
"""One whole unit of anything, in 1e-8."""

BUY: Final = "BUY"
SELL: Final = "SELL"
SIDES: Final = (BUY, SELL)

LIMIT: Final = "LIMIT"
MARKET: Final = "MARKET"
LIMIT_MAKER: Final = "LIMIT_MAKER"
STOP_LOSS: Final = "STOP_LOSS"
STOP_LOSS_LIMIT: Final = "STOP_LOSS_LIMIT"
TAKE_PROFIT: Final = "TAKE_PROFIT"
TAKE_PROFIT_LIMIT: Final = "TAKE_PROFIT_LIMIT"
ORDER_TYPES: Final = (LIMIT, LIMIT_MAKER, MARKET, STOP_LOSS, STOP_LOSS_LIMIT, TAKE_PROFIT, TAKE_PROFIT_LIMIT)
ALGO_TYPES: Final = (STOP_LOSS, STOP_LOSS_LIMIT, TAKE_PROFIT, TAKE_PROFIT_LIMIT)

GTC: Final = "GTC"
IOC: Final = "IOC"
FOK: Final = "FOK"
TIMES_IN_FORCE: Final = (GTC, IOC, FOK)

TRADING: Final = "TRADING"
HALT: Final = "HALT"
BREAK: Final = "BREAK"
END_OF_DAY: Final = "END_OF_DAY"
CANCEL_ONLY: Final = "CANCEL_ONLY"
STATUSES: Final = (TRADING, END_OF_DAY, HALT, BREAK, CANCEL_ONLY)

NONE: Final = "NONE"
EXPIRE_TAKER: Final = "EXPIRE_TAKER"
EXPIRE_MAKER: Final = "EXPIRE_MAKER"
EXPIRE_BOTH: Final = "EXPIRE_BOTH"
DECREMENT: Final = "DECREMENT"
STP_MODES: Final = (NONE, EXPIRE_TAKER, EXPIRE_MAKER, EXPIRE_BOTH, DECREMENT)


@dataclass(frozen=True, slots=True)
class PriceFilter:
    """Bound prices and stop prices; a bound of 0 is switched off, the tick is always there."""

    lowest: int
    highest: int
    tick: int


@dataclass(frozen=True, slots=True)
class LotSize:
    """Bound quantities; a step of 0 is switched off (``MARKET_LOT_SIZE`` alone has that)."""

    lowest: int
    highest: int
    step: int


@dataclass(frozen=True, slots=True)
class Notional:
    """Bound price times quantity in the quote asset; 0 as the highest is switched off."""

    lowest: int
    highest: int = 0
    applies_lowest_to_market: bool = True
    applies_highest_to_market: bool = False
    average_minutes: int = 5


@dataclass(frozen=True, slots=True)
class PercentPriceBySide:
    """Bound a price by multiples (1e-8) of the average price, for purchases and for sales."""

    bid_up: int
    bid_down: int
    ask_up: int
    ask_down: int
    average_minutes: int = 5


@dataclass(frozen=True, slots=True)
class SymbolRules:
    """Describe a symbol as ``exchangeInfo`` would.

    ``percent_price`` and ``market_lot_size`` may be missing, a count or position of 0 is
    switched off. One tick times one step must be a whole number of 1e-8 of the quote:
    then every notional is exact and nothing in the book is ever rounded.

    Raises
    ------
    BadInput
        If tick times step is finer than the quote asset can count.
    """

    symbol: str
    base: str
    quote: str
    price: PriceFilter
    lot_size: LotSize
    market_lot_size: LotSize | None = None
    notional: Notional = Notional(0)
    percent_price: PercentPriceBySide | None = None
    max_orders: int = 200
    max_algo_orders: int = 5
    max_order_lists: int = 20
    max_amends: int = 10
    max_position: int = 0
    status: str = TRADING
    base_precision: int = 8
    quote_precision: int = 8
    order_types: tuple[str, ...] = ORDER_TYPES
    stp_modes: tuple[str, ...] = STP_MODES
    default_stp_mode: str = EXPIRE_MAKER
    allows_oco: bool = True
    allows_oto: bool = True
    allows_quote_quantity_market: bool = True
    allows_cancel_replace: bool = True
    allows_amend: bool = True
    permission_sets: tuple[tuple[str, ...], ...] = (("SPOT",),)

    def __post_init__(self) -> None:
        """Refuse a grid on which a notional would have to be rounded."""
        if self.price.tick <= 0 or self.lot_size.step <= 0 or self.price.tick * self.lot_size.step % ONE:
            raise BadInput(
                self.symbol,
                f"tick {self.price.tick} and step {self.lot_size.step}",
                "positive, and their product a multiple of 1e8",
                "Take a coarser tick or step.",
            )


def quote_of(price: int, quantity: int) -> int:
    """Return what a quantity costs at a price, in 1e-8 of the quote; exact on the symbol's grid."""
    return price * quantity // ONE
