# SPDX-License-Identifier: Apache-2.0
"""What anyone may ask about the market: rules, depth, trades, klines, average and best prices.

Symbols are those the exchange was built with; a server refuses others before it asks.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, final

from bot4.simulation.exchange.events import BestPrices, PublicTrade
from bot4.simulation.exchange.klines import (
    LENGTHS_MS,
    candles,
    last_opens,
    next_open,
    open_of,
    opens_between,
)
from bot4.simulation.exchange.listing import Listing
from bot4.simulation.exchange.rules import SymbolRules
from bot4.simulation.exchange.tape import Candle, Tape

INTERVALS: Final = tuple(LENGTHS_MS)


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
    """Answer questions about the market; nothing here changes it but the past that it may be given."""

    __slots__ = ("_listings",)

    def __init__(self, listings: dict[str, Listing]) -> None:
        self._listings = listings

    def remember(self, symbol: str, candles: Sequence[Candle]) -> None:
        """Give a symbol a past: what traded before the exchange opened, from the oldest on."""
        self._listings[symbol].tape.remember(candles)

    def rules(self) -> list[SymbolRules]:
        """Return the rules of every symbol, in the order they were given."""
        return [listing.rules for listing in self._listings.values()]

    def depth(self, symbol: str, limit: int = 100) -> Depth:
        """Return the best ``limit`` levels of each side."""
        book = self._listings[symbol].book
        return Depth(book.last_update_id, book.bids.top(limit), book.asks.top(limit))

    def best(self, symbol: str, at_ms: int) -> BestPrices:
        """Return the best bid and ask."""
        return self._listings[symbol].book.best(at_ms)

    def last_price(self, symbol: str) -> int:
        """Return the price of the last trade, 0 before the first."""
        return self._listings[symbol].tape.last_price()

    def average_price(self, symbol: str, at_ms: int, minutes: int = 5) -> int:
        """Return the volume-weighted price of the last minutes, the last price where nothing traded, 0 before that."""
        return self._listings[symbol].tape.average_price(at_ms, minutes)

    def trades(self, symbol: str, *, from_id: int = -1, limit: int = 500) -> list[PublicTrade]:
        """Return public trades from a number on, else the newest ``limit``; old ones are forgotten."""
        trades = self._listings[symbol].tape.trades
        if from_id < 0:
            return trades[max(0, len(trades) - limit) :]
        first = bisect_left(trades, from_id, key=_trade_id)
        return trades[first : first + limit]

    def aggregate_trades(
        self, symbol: str, *, from_id: int = -1, start_ms: int = -1, end_ms: int = -1, limit: int = 500
    ) -> list[AggregateTrade]:
        """Return aggregated trades from a number on, or by time, else the newest ``limit``."""
        tape = self._listings[symbol].tape
        if from_id >= 0:
            places = range(bisect_left(tape.aggregates, from_id), len(tape.trades))
        elif start_ms >= 0 or end_ms >= 0:
            places = tape.span(max(start_ms, 0), end_ms if end_ms >= 0 else _FOREVER)
        else:
            newest = tape.aggregates[-1] - limit + 1 if tape.aggregates else 0
            places = range(bisect_left(tape.aggregates, newest), len(tape.trades))
        return _aggregated(tape, places, limit)

    def klines(
        self, symbol: str, interval: str, at_ms: int, *, start_ms: int = -1, end_ms: int = -1, limit: int = 500
    ) -> list[Kline]:
        """Return klines up to the one that ``at_ms`` lies in, from the first trade on, gaps filled flat.

        With a start the first ``limit`` that begin from there on, else the last ``limit``.
        """
        tape = self._listings[symbol].tape
        if not tape.minutes or limit < 1:
            return []
        latest = min(at_ms, end_ms) if end_ms >= 0 else at_ms
        if LENGTHS_MS[interval] < LENGTHS_MS["1m"] and not tape.times:
            return []
        earliest = tape.minutes[0].open_ms if LENGTHS_MS[interval] >= LENGTHS_MS["1m"] else tape.times[0]
        earliest = open_of(interval, earliest)
        if start_ms >= 0:
            begin = open_of(interval, max(start_ms, earliest))
            begin = begin if begin >= start_ms else next_open(interval, begin)
            last = min(latest, begin + LENGTHS_MS[interval] * limit)
            opens = opens_between(interval, begin, last)[:limit]
        else:
            opens = last_opens(interval, latest, earliest_ms=earliest, limit=limit)
        return [
            Kline(
                candle.open_ms,
                next_open(interval, candle.open_ms) - 1,
                candle.open,
                candle.high,
                candle.low,
                candle.close,
                candle.volume,
                candle.quote_volume,
                candle.trades,
                candle.taker_buy_volume,
                candle.taker_buy_quote,
                candle.first_trade_id,
                candle.last_trade_id,
            )
            for candle in candles(tape, interval, opens)
        ]


_FOREVER: Final = 1 << 62


def _trade_id(trade: PublicTrade) -> int:
    """Return a trade's number."""
    return trade.trade_id


def _aggregated(tape: Tape, places: range, limit: int) -> list[AggregateTrade]:
    """Return the trades at these places joined, as many as are wanted.

    A span of time may cut an aggregate; it is then shown as far as it lies inside.
    """
    joined: list[AggregateTrade] = []
    for place in places:
        trade, number = tape.trades[place], tape.aggregates[place]
        last = joined[-1] if joined else None
        if last is not None and last.aggregate_id == number:
            quantity = last.quantity + trade.quantity
            joined[-1] = replace(last, quantity=quantity, last_trade_id=trade.trade_id)
        elif len(joined) == limit:
            break
        else:
            joined.append(
                AggregateTrade(
                    number,
                    trade.price,
                    trade.quantity,
                    trade.trade_id,
                    trade.trade_id,
                    trade.at_ms,
                    trade.is_buyer_maker,
                )
            )
    return joined
