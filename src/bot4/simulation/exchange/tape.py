# SPDX-License-Identifier: Apache-2.0
"""The trades of one symbol, and what is made of them: last and average price, klines, aggregated trades.

The newest trades are kept one by one, everything by the minute: a kline of a minute or
more is made of minutes, one of a second of trades.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

from bot4.simulation.exchange.events import PublicTrade
from bot4.simulation.exchange.rules import quote_of

MINUTE_MS: Final = 60_000
KEPT: Final = 200_000
"""How many trades are kept one by one; a query for older ones finds none."""


@final
@dataclass(slots=True)
class Candle:
    """Gather trades of one interval from ``open_ms`` on."""

    open_ms: int
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

    def add(self, other: "Candle") -> None:
        """Take in what happened next."""
        self.high = max(self.high, other.high)
        self.low = min(self.low, other.low)
        self.close = other.close
        self.volume += other.volume
        self.quote_volume += other.quote_volume
        self.trades += other.trades
        self.taker_buy_volume += other.taker_buy_volume
        self.taker_buy_quote += other.taker_buy_quote
        self.last_trade_id = other.last_trade_id


def candle_of(trade: PublicTrade, open_ms: int) -> Candle:
    """Return the candle of a single trade."""
    quote = quote_of(trade.price, trade.quantity)
    taker_buys = not trade.is_buyer_maker
    return Candle(
        open_ms,
        trade.price,
        trade.price,
        trade.price,
        trade.price,
        trade.quantity,
        quote,
        1,
        trade.quantity if taker_buys else 0,
        quote if taker_buys else 0,
        trade.trade_id,
        trade.trade_id,
    )


@final
class Tape:
    """Hold the trades of one symbol, each with the sums of quantity and quote before it."""

    __slots__ = ("aggregates", "last_trade_id", "minutes", "next_aggregate", "sums", "times", "trades")

    def __init__(self) -> None:
        self.trades: list[PublicTrade] = []
        self.times: list[int] = []
        self.sums: list[tuple[int, int]] = [(0, 0)]
        self.minutes: list[Candle] = []
        self.aggregates: list[int] = []
        self.next_aggregate = 0
        self.last_trade_id = 0

    def add(self, trade: PublicTrade) -> None:
        """Print a trade; times never step back."""
        self.last_trade_id = trade.trade_id
        self.aggregates.append(self._aggregate_of(trade))
        self.trades.append(trade)
        self.times.append(trade.at_ms)
        quantity, quote = self.sums[-1]
        self.sums.append((quantity + trade.quantity, quote + quote_of(trade.price, trade.quantity)))
        candle = candle_of(trade, trade.at_ms - trade.at_ms % MINUTE_MS)
        if self.minutes and self.minutes[-1].open_ms == candle.open_ms:
            self.minutes[-1].add(candle)
        else:
            self.minutes.append(candle)
        if len(self.trades) >= 2 * KEPT:
            del self.trades[:KEPT], self.times[:KEPT], self.sums[:KEPT], self.aggregates[:KEPT]

    def remember(self, candles: Sequence[Candle]) -> None:
        """Take what traded before anyone was here, one candle an interval from the oldest on; klines show it.

        Each candle stands in its first minute, so that intervals of its own length or longer are exact.
        """
        assert not self.trades and not self.minutes, "the past comes before the first trade"
        self.minutes = list(candles)

    def _aggregate_of(self, trade: PublicTrade) -> int:
        """Return which aggregate a trade belongs to: the last one if taker and price are the same."""
        if self.trades:
            last = self.trades[-1]
            if last.taker_order_id == trade.taker_order_id and last.price == trade.price:
                return self.next_aggregate - 1
        self.next_aggregate += 1
        return self.next_aggregate - 1

    def last_price(self) -> int:
        """Return the price of the last trade, that of the past before the first, 0 where there is neither."""
        if self.trades:
            return self.trades[-1].price
        return self.minutes[-1].close if self.minutes else 0

    def average_price(self, at_ms: int, minutes: int) -> int:
        """Return quote over quantity of the last minutes, rounded down; the last price where nothing traded."""
        first = bisect_left(self.times, at_ms - minutes * MINUTE_MS + 1) if minutes else len(self.times)
        if first == len(self.times):
            return self.last_price()
        quantity = self.sums[-1][0] - self.sums[first][0]
        quote = self.sums[-1][1] - self.sums[first][1]
        return quote * 100_000_000 // quantity

    def span(self, start_ms: int, end_ms: int) -> range:
        """Return the places of the trades of a closed span of time."""
        return range(bisect_left(self.times, start_ms), bisect_right(self.times, end_ms))
