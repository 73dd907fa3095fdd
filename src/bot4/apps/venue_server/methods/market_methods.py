# SPDX-License-Identifier: Apache-2.0
"""What anyone may ask: the time, the symbols, the book, trades, klines and prices."""

from collections.abc import Callable
from typing import Final

import msgspec

from bot4.apps.venue_server.gate.amounts import text_of
from bot4.apps.venue_server.gate.parameters import Parameters, illegal
from bot4.apps.venue_server.methods.asking import Answer, Ask, Desk, Outcome, finish
from bot4.apps.venue_server.methods.market_shapes import (
    aggregate_shape,
    book_ticker_shape,
    depth_shape,
    kline_shape,
    public_trade_shape,
    symbol_shape,
)
from bot4.simulation.exchange.market import INTERVALS, Kline
from bot4.simulation.exchange.refusals import INVALID_SYMBOL, Refusal
from bot4.simulation.exchange.rules import STATUSES, SymbolRules

DEPTH_MAX: Final = 5000
DEPTH_WEIGHTS: Final = ((100, 5), (500, 25), (1000, 50), (DEPTH_MAX, 250))
BAD_COMBINATION: Final = Refusal(-1128, "Combination of optional parameters invalid.")
INVALID_INTERVAL: Final = Refusal(-1120, "Invalid interval.")
DAY_MS: Final = 86_400_000
LEGAL_SYMBOLS: Final = r'^\["[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}\]$'


def depth_weight(parameters: Parameters) -> int:
    """Return what a book costs: by how deep it is; a limit that cannot be read is refused on the way."""
    limit = parameters.limit(default=100, highest=DEPTH_MAX)
    return next((weight for highest, weight in DEPTH_WEIGHTS if limit <= highest), DEPTH_WEIGHTS[-1][1])


def one_or_all(one: int, every: int) -> Callable[[Parameters], int]:
    """Return a weight that differs for one symbol and for all of them."""

    def weigh(parameters: Parameters) -> int:
        return one if parameters.has("symbol") else every

    return weigh


def ping(_desk: Desk, ask: Ask) -> Outcome:
    """Answer that the venue is there."""
    return finish(ask) or Answer({})


def server_time(_desk: Desk, ask: Ask) -> Outcome:
    """Answer the time."""
    return finish(ask) or Answer({"serverTime": ask.now_ms})


def exchange_info(desk: Desk, ask: Ask) -> Outcome:
    """Answer the symbols, their filters, and the limits."""
    parameters = ask.parameters
    status = parameters.choice("symbolStatus", STATUSES)
    parameters.text("permissions")
    parameters.flag("showPermissionSets", default=True)
    chosen = _chosen(desk, ask)
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    body = {
        "timezone": "UTC",
        "serverTime": ask.now_ms,
        "rateLimits": [window.shape() for window in desk.limits.figures.told()],
        "exchangeFilters": [],
        "symbols": [symbol_shape(rules) for rules in chosen if status in ("", rules.status)],
    }
    return Answer(body)


def depth(desk: Desk, ask: Ask) -> Outcome:
    """Answer the book."""
    symbol = desk.listed(ask)
    limit = ask.parameters.limit(default=100, highest=DEPTH_MAX)
    return finish(ask) or Answer(depth_shape(desk.exchange.market.depth(symbol, limit)))


def recent_trades(desk: Desk, ask: Ask) -> Outcome:
    """Answer the newest trades, or those from a number on."""
    symbol = desk.listed(ask)
    limit = ask.parameters.limit()
    from_id = ask.parameters.whole("fromId")
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    trades = desk.exchange.market.trades(symbol, from_id=from_id, limit=limit)
    return Answer([public_trade_shape(trade) for trade in trades])


def aggregate_trades(desk: Desk, ask: Ask) -> Outcome:
    """Answer trades, those of one taker at one price together."""
    symbol = desk.listed(ask)
    parameters = ask.parameters
    limit, from_id = parameters.limit(), parameters.whole("fromId")
    start_ms, end_ms = parameters.moment("startTime"), parameters.moment("endTime")
    if from_id >= 0 and (start_ms >= 0 or end_ms >= 0):
        parameters.refuse(BAD_COMBINATION)
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    found = desk.exchange.market.aggregate_trades(
        symbol, from_id=from_id, start_ms=start_ms, end_ms=end_ms, limit=limit
    )
    return Answer([aggregate_shape(trade) for trade in found])


def klines(desk: Desk, ask: Ask) -> Outcome:
    """Answer klines."""
    symbol = desk.listed(ask)
    parameters = ask.parameters
    interval = parameters.choice("interval", INTERVALS, refusal=INVALID_INTERVAL, required=True)
    start_ms, end_ms = parameters.moment("startTime"), parameters.moment("endTime")
    limit = parameters.limit()
    parameters.text("timeZone")
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    found = desk.exchange.market.klines(symbol, interval, ask.now_ms, start_ms=start_ms, end_ms=end_ms, limit=limit)
    return Answer([kline_shape(kline) for kline in found])


def book_ticker(desk: Desk, ask: Ask) -> Outcome:
    """Answer the best prices of one symbol, or of several."""
    is_single = ask.parameters.has("symbol")
    chosen = _chosen(desk, ask)
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    found = [book_ticker_shape(desk.exchange.market.best(rules.symbol, ask.now_ms)) for rules in chosen]
    return Answer(found[0] if is_single else found)


def last_price(desk: Desk, ask: Ask) -> Outcome:
    """Answer the last price of one symbol, or of several."""
    is_single = ask.parameters.has("symbol")
    chosen = _chosen(desk, ask)
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    market = desk.exchange.market
    found = [{"symbol": rules.symbol, "price": text_of(market.last_price(rules.symbol))} for rules in chosen]
    return Answer(found[0] if is_single else found)


def day_ticker(desk: Desk, ask: Ask) -> Outcome:
    """Answer the last 24 hours of one symbol, or of several."""
    is_single = ask.parameters.has("symbol")
    chosen = _chosen(desk, ask)
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    found = [day_shape(desk, rules.symbol, ask.now_ms) for rules in chosen]
    return Answer(found[0] if is_single else found)


def average_price(desk: Desk, ask: Ask) -> Outcome:
    """Answer the average price of five minutes."""
    symbol = desk.listed(ask)
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    price = desk.exchange.market.average_price(symbol, ask.now_ms)
    trades = desk.exchange.market.trades(symbol, limit=1)
    closed_ms = trades[0].at_ms if trades else ask.now_ms
    return Answer({"mins": 5, "price": text_of(price), "closeTime": closed_ms})


def day_of(desk: Desk, symbol: str, now_ms: int) -> Kline:
    """Return the last 24 hours as one kline."""
    empty = Kline(now_ms - DAY_MS, now_ms, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1)
    rows = desk.exchange.market.klines(symbol, "1h", now_ms, start_ms=now_ms - DAY_MS, limit=25)
    rows = [row for row in rows if row.trades]
    if not rows:
        return empty
    return Kline(
        open_ms=empty.open_ms,
        close_ms=empty.close_ms,
        open=rows[0].open,
        high=max(row.high for row in rows),
        low=min(row.low for row in rows),
        close=rows[-1].close,
        volume=sum(row.volume for row in rows),
        quote_volume=sum(row.quote_volume for row in rows),
        trades=sum(row.trades for row in rows),
        taker_buy_volume=sum(row.taker_buy_volume for row in rows),
        taker_buy_quote=sum(row.taker_buy_quote for row in rows),
        first_trade_id=rows[0].first_trade_id,
        last_trade_id=rows[-1].last_trade_id,
    )


def day_shape(desk: Desk, symbol: str, now_ms: int) -> dict[str, object]:
    """Return the statistics of the last 24 hours."""
    day = day_of(desk, symbol, now_ms)
    best = desk.exchange.market.best(symbol, now_ms)
    percent = 100 * (day.close - day.open) / day.open if day.open else 0.0
    return {
        "symbol": symbol,
        "priceChange": text_of(day.close - day.open),
        "priceChangePercent": f"{percent:.3f}",
        "weightedAvgPrice": text_of(day.quote_volume * 10**8 // day.volume if day.volume else 0),
        "prevClosePrice": text_of(day.open),
        "lastPrice": text_of(day.close),
        "lastQty": text_of(0),
        "bidPrice": text_of(best.bid),
        "bidQty": text_of(best.bid_quantity),
        "askPrice": text_of(best.ask),
        "askQty": text_of(best.ask_quantity),
        "openPrice": text_of(day.open),
        "highPrice": text_of(day.high),
        "lowPrice": text_of(day.low),
        "volume": text_of(day.volume),
        "quoteVolume": text_of(day.quote_volume),
        "openTime": day.open_ms,
        "closeTime": day.close_ms,
        "firstId": day.first_trade_id,
        "lastId": day.last_trade_id,
        "count": day.trades,
    }


def _chosen(desk: Desk, ask: Ask) -> list[SymbolRules]:
    """Return the symbols that a request is about: one, a JSON array of several, or all."""
    parameters = ask.parameters
    every = desk.exchange.market.rules()
    if parameters.has("symbol") and parameters.has("symbols"):
        parameters.refuse(BAD_COMBINATION)
    if parameters.has("symbol"):
        symbol = desk.listed(ask)
        return [rules for rules in every if rules.symbol == symbol]
    text = parameters.text("symbols")
    if not text:
        return every
    try:
        names = msgspec.json.decode(text, type=list[str])
    except msgspec.DecodeError:
        parameters.refuse(illegal("symbols", LEGAL_SYMBOLS))
        return []
    found = [rules for rules in every if rules.symbol in names]
    if len(found) != len(names):
        parameters.refuse(INVALID_SYMBOL)
    return found
