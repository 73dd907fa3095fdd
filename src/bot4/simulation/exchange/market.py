# SPDX-License-Identifier: Apache-2.0
"""What anyone may ask about the market: rules, depth, trades, klines, average and best prices.

Symbols are those the exchange was built with; a server refuses others before it asks.
"""

from dataclasses import dataclass
from typing import Final, final

from bot4.simulation.exchange.events import BestPrices, PublicTrade
from bot4.simulation.exchange.rules import SymbolRules

INTERVALS: Final = (
    "1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Depth:
    """Show the book: (price, quantity) from the best on, as of an update id."""

    last_update_id: int
    bids: tuple[tuple[int, int], ...]
    asks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Kline:
    """Show one interval of trades; trade ids are -1 where nothing traded."""

    open_ms: int
    close_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    quote_volume: int
    trades: int
    taker_buy_volume: int
    taker_buy_quote: int
    first_trade_id: int
    last_trade_id: int


@dataclass(frozen=True, slots=True)
class AggregateTrade:
    """Show the prints of one taker at one price together."""

    aggregate_id: int
    price: int
    quantity: int
    first_trade_id: int
    last_trade_id: int
    at_ms: int
    is_buyer_maker: bool


@final
class Market:
    """Answer questions about the market; nothing here changes anything."""

    def rules(self) -> list[SymbolRules]:
        """Return the rules of every symbol, in the order they were given."""
        return []

    def depth(self, symbol: str, limit: int = 100) -> Depth:
        """Return the best ``limit`` levels of each side."""
        return Depth(0, (), ())

    def best(self, symbol: str, at_ms: int) -> BestPrices:
        """Return the best bid and ask."""
        return BestPrices(symbol, at_ms, 0, 0, 0, 0, 0)

    def last_price(self, symbol: str) -> int:
        """Return the price of the last trade, 0 before the first."""
        return 0

    def average_price(self, symbol: str, at_ms: int, minutes: int = 5) -> int:
        """Return the volume-weighted price of the last minutes, the last price where nothing traded, 0 before that."""
        return 0

    def trades(self, symbol: str, *, from_id: int = -1, limit: int = 500) -> list[PublicTrade]:
        """Return public trades from a number on, else the newest ``limit``."""
        return []

    def aggregate_trades(
        self, symbol: str, *, from_id: int = -1, start_ms: int = -1, end_ms: int = -1, limit: int = 500
    ) -> list[AggregateTrade]:
        """Return aggregated trades from a number on, or by time, else the newest ``limit``."""
        return []

    def klines(
        self, symbol: str, interval: str, at_ms: int, *, start_ms: int = -1, end_ms: int = -1, limit: int = 500
    ) -> list[Kline]:
        """Return klines up to the one that ``at_ms`` lies in, from the first trade on, gaps filled flat.

        With a start the first ``limit`` from there, else the last ``limit``.
        """
        return []
