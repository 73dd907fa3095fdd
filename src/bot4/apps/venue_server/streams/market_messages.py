# SPDX-License-Identifier: Apache-2.0
"""How each message of the market streams looks, letter by letter; when it is sent is decided elsewhere."""

from dataclasses import dataclass, field
from typing import Final

from bot4.apps.venue_server.gate.amounts import text_of
from bot4.apps.venue_server.methods.market_shapes import aggregate_shape, levels_shape
from bot4.apps.venue_server.streams.names import Stream
from bot4.simulation.exchange.events import BestPrices, DepthUpdate, PublicTrade
from bot4.simulation.exchange.market import AggregateTrade, Kline

MINUTES: Final = "5m"


@dataclass(slots=True)
class Gathered:
    """Gather changes of a book until they are told."""

    first_id: int = 0
    last_id: int = 0
    bids: dict[int, int] = field(default_factory=dict)
    asks: dict[int, int] = field(default_factory=dict)

    def add(self, update: DepthUpdate) -> None:
        """Take one change; the latest word on a level is the one that is told."""
        self.first_id = self.first_id or update.first_id
        self.last_id = update.last_id
        self.bids.update(update.bids)
        self.asks.update(update.asks)


def aggregate_message(trade: AggregateTrade, symbol: str, now_ms: int) -> dict[str, object]:
    """Return the prints of one taker at one price."""
    return {"e": "aggTrade", "E": now_ms, "s": symbol} | aggregate_shape(trade)


def depth_message(symbol: str, gathered: Gathered, now_ms: int) -> dict[str, object]:
    """Return what changed in a book, the best prices first."""
    return {
        "e": "depthUpdate",
        "E": now_ms,
        "s": symbol,
        "U": gathered.first_id,
        "u": gathered.last_id,
        "b": levels_shape(tuple(sorted(gathered.bids.items(), reverse=True))),
        "a": levels_shape(tuple(sorted(gathered.asks.items()))),
    }


def average_message(symbol: str, price: int, now_ms: int) -> dict[str, object]:
    """Return the average price."""
    return {"e": "avgPrice", "E": now_ms, "s": symbol, "i": MINUTES, "w": text_of(price), "T": now_ms}


def mini_message(day: dict[str, object], now_ms: int) -> dict[str, object]:
    """Return the last day in short."""
    letters = (("c", "lastPrice"), ("o", "openPrice"), ("h", "highPrice"), ("l", "lowPrice"), ("v", "volume"))
    told = {letter: day[name] for letter, name in (*letters, ("q", "quoteVolume"))}
    return {"e": "24hrMiniTicker", "E": now_ms, "s": day["symbol"]} | told


def trade_message(trade: PublicTrade, now_ms: int) -> dict[str, object]:
    """Return a print."""
    return {
        "e": "trade",
        "E": now_ms,
        "s": trade.symbol,
        "t": trade.trade_id,
        "p": text_of(trade.price),
        "q": text_of(trade.quantity),
        "T": trade.at_ms,
        "m": trade.is_buyer_maker,
        "M": True,
    }


def best_message(best: BestPrices) -> dict[str, object]:
    """Return the best prices."""
    return {
        "u": best.update_id,
        "s": best.symbol,
        "b": text_of(best.bid),
        "B": text_of(best.bid_quantity),
        "a": text_of(best.ask),
        "A": text_of(best.ask_quantity),
    }


def kline_message(kline: Kline, stream: Stream, now_ms: int, *, is_over: bool) -> dict[str, object]:
    """Return a kline, final where it is over."""
    return {
        "e": "kline",
        "E": now_ms,
        "s": stream.symbol,
        "k": {
            "t": kline.open_ms,
            "T": kline.close_ms,
            "s": stream.symbol,
            "i": stream.interval,
            "f": kline.first_trade_id,
            "L": kline.last_trade_id,
            "o": text_of(kline.open),
            "c": text_of(kline.close),
            "h": text_of(kline.high),
            "l": text_of(kline.low),
            "v": text_of(kline.volume),
            "n": kline.trades,
            "x": is_over,
            "q": text_of(kline.quote_volume),
            "V": text_of(kline.taker_buy_volume),
            "Q": text_of(kline.taker_buy_quote),
            "B": "0",
        },
    }


TICKER_FIELDS: Final = (
    ("p", "priceChange"), ("P", "priceChangePercent"), ("w", "weightedAvgPrice"), ("x", "prevClosePrice"),
    ("c", "lastPrice"), ("Q", "lastQty"), ("b", "bidPrice"), ("B", "bidQty"), ("a", "askPrice"), ("A", "askQty"),
    ("o", "openPrice"), ("h", "highPrice"), ("l", "lowPrice"), ("v", "volume"), ("q", "quoteVolume"),
    ("O", "openTime"), ("C", "closeTime"), ("F", "firstId"), ("L", "lastId"), ("n", "count"),
)  # fmt: skip
"""The letters of ``ticker``, and what REST calls them."""


def ticker_message(day: dict[str, object], now_ms: int) -> dict[str, object]:
    """Return the last day."""
    return {"e": "24hrTicker", "E": now_ms, "s": day["symbol"]} | {letter: day[name] for letter, name in TICKER_FIELDS}
