# SPDX-License-Identifier: Apache-2.0
"""Which symbols the venue lists, on which grid and where their price begins, unless told otherwise.

The grids are the real venue's of 2026-07 for the symbols of the table; any other has a
fine default grid and costs 100 of its quote.
"""

from dataclasses import dataclass
from typing import Final

from bot4.apps.venue_server.gate.amounts import amount_of, is_too_fine
from bot4.domain.errors import BadInput
from bot4.simulation.exchange.rules import ONE, LotSize, Notional, PercentPriceBySide, PriceFilter, SymbolRules

QUOTES: Final = ("FDUSD", "USDT", "USDC", "TUSD", "EUR", "TRY", "BTC", "ETH", "BNB")
MARKET_SHARE: Final = 100
"""A market order may be at most this part of what a limit order may be."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Hold a symbol and where its price begins, in 1e-8 of the quote."""

    rules: SymbolRules
    price: int


GRIDS: Final = {
    "BTCUSDT": ("0.01", "0.00001", "60000"),
    "ETHUSDT": ("0.01", "0.0001", "3000"),
    "BNBUSDT": ("0.01", "0.001", "600"),
    "SOLUSDT": ("0.01", "0.001", "150"),
    "XRPUSDT": ("0.0001", "0.1", "0.6"),
    "LTCUSDT": ("0.01", "0.001", "80"),
    "ETHBTC": ("0.00001", "0.001", "0.05"),
    "BNBBTC": ("0.000001", "0.01", "0.01"),
}
"""Tick, step and first price."""
DEFAULT_GRID: Final = ("0.0001", "0.01", "100")


def listed(symbol: str) -> Listed:
    """Return a symbol with its rules and first price.

    Raises
    ------
    BadInput
        If base and quote cannot be told apart.
    """
    quote = next((one for one in QUOTES if symbol.endswith(one) and symbol != one), "")
    if not quote or not symbol.isalnum() or symbol != symbol.upper():
        allowed = f"capitals that end in one of {' '.join(QUOTES)}"
        raise BadInput("--symbols", symbol, allowed, "Name symbols as the venue does, such as BTCUSDT.")
    tick, step, price = (amount_of(text) or 0 for text in GRIDS.get(symbol, DEFAULT_GRID))
    is_of_coin = quote in ("BTC", "ETH", "BNB")
    rules = SymbolRules(
        symbol,
        symbol.removesuffix(quote),
        quote,
        price=PriceFilter(tick, 1_000_000 * ONE - 1_000_000 * ONE % tick, tick),
        lot_size=LotSize(step, 9_000_000 * ONE - 9_000_000 * ONE % step, step),
        market_lot_size=LotSize(0, 9_000_000 * ONE // MARKET_SHARE, 0),
        notional=Notional(ONE // 10_000 if is_of_coin else 5 * ONE),
        percent_price=PercentPriceBySide(5 * ONE, ONE // 5, 5 * ONE, ONE // 5),
    )
    return Listed(rules, price)


def parse_balance(text: str) -> tuple[str, int]:
    """Return asset and amount (1e-8) of ``USDT=100000``.

    Raises
    ------
    BadInput
        If it is not that.
    """
    asset, _, amount = text.partition("=")
    value = amount_of(amount)
    if not asset.isalnum() or asset != asset.upper() or value is None or is_too_fine(amount):
        allowed = "ASSET=AMOUNT with at most eight decimals, such as USDT=100000"
        raise BadInput("--balance", text, allowed, "Correct the balance.")
    return asset, value
