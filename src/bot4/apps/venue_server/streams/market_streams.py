# SPDX-License-Identifier: Apache-2.0
"""What market streams say and when: prints at once, depth ten times a second, klines and tickers by the second.

Depth is gathered from the first moment, heard or not, so that the update ids of a
stream follow each other for whoever begins to listen. Time is an argument.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, final

from bot4.apps.venue_server.methods.asking import Desk
from bot4.apps.venue_server.methods.market_methods import day_shape
from bot4.apps.venue_server.methods.market_shapes import levels_shape
from bot4.apps.venue_server.streams.market_messages import (
    Gathered,
    aggregate_message,
    average_message,
    best_message,
    depth_message,
    kline_message,
    mini_message,
    ticker_message,
    trade_message,
)
from bot4.apps.venue_server.streams.names import FAST_MS, SECOND_MS, TICKERS, Stream, parse_stream
from bot4.simulation.exchange.events import BestPrices, DepthUpdate, Event, PublicTrade
from bot4.simulation.exchange.market import Kline

Told = tuple[str, dict[str, object]]
"""The name of a stream, and a message of it."""

KLINE_EVERY_MS: Final = 2 * SECOND_MS
KLINES_AT_ONCE: Final = 1000


@final
class MarketStreams:
    """Say what each stream that somebody wants has to tell.

    Parameters
    ----------
    desk : Desk
        Behind which the exchange is asked.
    now_ms : int
        From when on the streams run.
    """

    def __init__(self, desk: Desk, now_ms: int) -> None:
        self._desk = desk
        self._wanted: dict[str, int] = {}
        self._streams: dict[str, Stream] = {}
        self._gathered: dict[tuple[str, int], Gathered] = {}
        self._last_aggregate: dict[str, int] = {}
        self._last_kline: dict[str, Kline] = {}
        self._last_partial: dict[str, int] = {}
        self._beats = {every_ms: now_ms // every_ms for every_ms in (FAST_MS, SECOND_MS, KLINE_EVERY_MS)}

    def want(self, name: str) -> None:
        """Note that one more connection wants a stream; a name that is none of this venue's is never told."""
        self._wanted[name] = self._wanted.get(name, 0) + 1
        stream = parse_stream(name)
        if stream is not None and (not stream.symbol or self._desk.rules(stream.symbol) is not None):
            self._streams[name] = stream

    def leave(self, name: str) -> None:
        """Note that one connection less wants a stream."""
        self._wanted[name] -= 1
        if self._wanted[name] == 0:
            del self._wanted[name]
            self._streams.pop(name, None)
            self._last_partial.pop(name, None)
            self._last_kline.pop(name, None)

    def hear(self, events: Iterable[Event], now_ms: int) -> list[Told]:
        """Take events and return what is told at once."""
        told: list[Told] = []
        traded: dict[str, None] = {}
        for event in events:
            if isinstance(event, DepthUpdate):
                for every_ms in (FAST_MS, SECOND_MS):
                    self._gathered.setdefault((event.symbol, every_ms), Gathered()).add(event)
            elif isinstance(event, PublicTrade):
                traded[event.symbol] = None
                told += self._at_once(event.symbol, "trade", partial(trade_message, event, now_ms))
            elif isinstance(event, BestPrices):
                told += self._at_once(event.symbol, "bookTicker", partial(best_message, event))
        for symbol in traded:
            told += self._aggregates(symbol, now_ms)
        return told

    def beat(self, now_ms: int) -> list[Told]:
        """Let time pass and return what is due."""
        told: list[Told] = []
        for every_ms, last in self._beats.items():
            if now_ms // every_ms == last:
                continue
            self._beats[every_ms] = now_ms // every_ms
            told += self._due(every_ms, now_ms)
        return told

    def _at_once(self, symbol: str, kind: str, message: Callable[[], dict[str, object]]) -> list[Told]:
        """Return a message of a stream that somebody wants."""
        name = f"{symbol.lower()}@{kind}"
        return [(name, message())] if name in self._streams else []

    def _aggregates(self, symbol: str, now_ms: int) -> list[Told]:
        """Return what ``aggTrade`` has to tell since the last time."""
        name = f"{symbol.lower()}@aggTrade"
        market = self._desk.exchange.market
        newest = market.aggregate_trades(symbol, limit=1)
        if not newest:
            return []
        last = self._last_aggregate.get(symbol, -1)
        self._last_aggregate[symbol] = newest[0].aggregate_id
        if name not in self._streams:
            return []
        fresh = market.aggregate_trades(symbol, from_id=last + 1, limit=1000)
        return [(name, aggregate_message(trade, symbol, now_ms)) for trade in fresh]

    def _due(self, every_ms: int, now_ms: int) -> list[Told]:
        """Return what streams of one pace have to tell."""
        told: list[Told] = []
        for name, stream in self._streams.items():
            if stream.kind == "depth" and stream.every_ms == every_ms:
                told += self._depth(name, stream, now_ms)
            elif stream.kind == "partial" and stream.every_ms == every_ms:
                told += self._partial(name, stream)
            elif stream.kind == "kline" and every_ms == (SECOND_MS if stream.interval == "1s" else KLINE_EVERY_MS):
                told += self._kline(name, stream, now_ms)
            elif every_ms == SECOND_MS:
                told += self._second(name, stream, now_ms)
        for symbol, pace in self._gathered:
            if pace == every_ms:
                self._gathered[symbol, pace] = Gathered()
        return told

    def _depth(self, name: str, stream: Stream, now_ms: int) -> list[Told]:
        """Return what changed in a book."""
        gathered = self._gathered.get((stream.symbol, stream.every_ms))
        if gathered is None or not gathered.last_id:
            return []
        return [(name, depth_message(stream.symbol, gathered, now_ms))]

    def _partial(self, name: str, stream: Stream) -> list[Told]:
        """Return the best levels of a book that changed."""
        depth = self._desk.exchange.market.depth(stream.symbol, stream.levels)
        if self._last_partial.get(name) == depth.last_update_id:
            return []
        self._last_partial[name] = depth.last_update_id
        message: dict[str, object] = {
            "lastUpdateId": depth.last_update_id,
            "bids": levels_shape(depth.bids),
            "asks": levels_shape(depth.asks),
        }
        return [(name, message)]

    def _kline(self, name: str, stream: Stream, now_ms: int) -> list[Told]:
        """Return the kline that goes on, after the ends of those that were not told yet."""
        last = self._last_kline.get(name)
        market = self._desk.exchange.market
        if last is None:
            rows = market.klines(stream.symbol, stream.interval, now_ms, limit=1)
        else:
            rows = market.klines(stream.symbol, stream.interval, now_ms, start_ms=last.open_ms, limit=KLINES_AT_ONCE)
        told = []
        for row in rows:
            is_over = row.close_ms < now_ms
            if row != last or is_over:
                told.append((name, kline_message(row, stream, now_ms, is_over=is_over)))
        if rows:
            self._last_kline[name] = rows[-1]
        return told

    def _second(self, name: str, stream: Stream, now_ms: int) -> list[Told]:
        """Return what is told every second."""
        if stream.kind == "avgPrice":
            price = self._desk.exchange.market.average_price(stream.symbol, now_ms)
            return [(name, average_message(stream.symbol, price, now_ms))]
        if stream.kind == "miniTicker":
            return [(name, self._mini(stream.symbol, now_ms))]
        if stream.kind == "ticker":
            return [(name, ticker_message(day_shape(self._desk, stream.symbol, now_ms), now_ms))]
        if stream.kind == TICKERS:
            every = [self._mini(rules.symbol, now_ms) for rules in self._desk.exchange.market.rules()]
            return [(name, every)]  # type: ignore[list-item]  # the one stream whose messages are arrays
        return []

    def _mini(self, symbol: str, now_ms: int) -> dict[str, object]:
        """Return the last day in short."""
        return mini_message(day_shape(self._desk, symbol, now_ms), now_ms)
