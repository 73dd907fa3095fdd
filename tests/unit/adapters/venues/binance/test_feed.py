# SPDX-License-Identifier: Apache-2.0
"""Frames reach the check of their instrument, in ticks and lots; what belongs to none is counted among the strays."""

import json
from decimal import Decimal

import pytest

from bot4.adapters.venues.binance.market.feed import AGG_TRADES, SETTLE, TRADES, snapshot_frame
from bot4.adapters.venues.binance.market.messages import RefusalMessage, ReplyMessage, ShutdownMessage
from bot4.domain.instrument import Instrument
from bot4.domain.marketdata import Bar, BookDelta, BookLevels, BookSnapshot, Quote, Trade
from bot4.market.books.rules import FUTURES_RULE, SPOT_RULE, JoinRule
from bot4.market.live.outliers import HOLD_NS
from tests.unit.adapters.venues.binance.recorded import RecordedFeed
from tests.unit.market.live_feeds import columns, ints

pytestmark = pytest.mark.requirement("DATA_001/format_normalization", "FLOW_001")

MS = 1_000_000
T0 = 1_700_000_000_000


def listed(index: int, symbol: str) -> Instrument:
    """An instrument with a tick of 0.01 and a lot of 0.001."""
    tick, lot = Decimal("0.01"), Decimal("0.001")
    return Instrument(index, symbol, base=symbol[:3], quote="USDT", tick_size=tick, lot_size=lot)


class Shown(RecordedFeed):
    """A feed of one or two instruments, and short words for frames."""

    def __init__(self, *symbols: str, prints: str = TRADES, rule: JoinRule = SPOT_RULE) -> None:
        super().__init__({symbol: listed(n, symbol) for n, symbol in enumerate(symbols)}, rule, prints)

    def show(self, stream: str, at: int = 5, **data: object) -> object:
        """Show one message in its envelope, received some ms after the start."""
        return self.show_body(stream, data, at)

    def show_body(self, stream: str, data: dict[str, object], at: int = 5) -> object:
        """Show one message in its envelope."""
        return self.feed.take(json.dumps({"stream": stream, "data": data}).encode(), (T0 + at) * MS)

    def trade(self, symbol: str = "AAAUSDT", price: str = "10.01", ms: int = 5, **more: object) -> None:
        """Show a trade."""
        body: dict[str, object] = {
            "e": "trade",
            "E": T0,
            "s": symbol,
            "t": ms,
            "p": price,
            "q": "0.5",
            "T": T0 + ms - 1,
        }
        self.show(f"{symbol.lower()}@trade", ms, **(body | {"m": True} | more))


def depth(first: int, last: int, bids: list[list[str]], asks: list[list[str]]) -> dict[str, object]:
    """The body of a change of the book."""
    return {"e": "depthUpdate", "E": T0, "s": "AAAUSDT", "U": first, "u": last, "b": bids, "a": asks}


def test_prices_and_quantities_come_out_in_ticks_and_lots_with_both_clocks() -> None:
    """Exactly, from the venue's text."""
    feed = Shown("AAAUSDT", "BBBUSDT")
    feed.trade("BBBUSDT")
    feed.show("aaausdt@bookTicker", 7, u=1, s="AAAUSDT", b="9.99", B="1.5", a="10.02", A="0.001")
    trade, quote = feed.events
    assert isinstance(trade, Trade) and isinstance(quote, Quote)
    assert ints(trade.instrument, trade.trade_id, trade.side, trade.price, trade.lots) == (1, 5, -1, 1_001, 500)
    assert ints(trade.ts_event_ns, trade.ts_known_ns) == ((T0 + 4) * MS, (T0 + 5) * MS)
    assert ints(quote.instrument, quote.bid, quote.bid_lots, quote.ask, quote.ask_lots) == (0, 999, 1_500, 1_002, 1)
    assert quote.ts_event_ns == quote.ts_known_ns == (T0 + 7) * MS, "spot sends no time with a quote"


def test_a_book_is_joined_from_the_stream_and_the_answer_of_a_request() -> None:
    """The answer goes through the same door as every frame, under the symbol that was asked for."""
    feed = Shown("AAAUSDT", "BBBUSDT")
    feed.show_body("aaausdt@depth@100ms", depth(9, 11, [["9.90", "1"]], []))
    body = b'{"lastUpdateId":10,"bids":[["9.99","1.000"]],"asks":[["10.01","2.000"]]}'
    feed.feed.take(snapshot_frame("AAAUSDT", body), (T0 + 9) * MS)
    feed.show_body("aaausdt@depth@100ms", depth(12, 12, [["9.99", "0"]], []))
    kinds = [type(event) for event in feed.events]
    assert kinds == [BookSnapshot, BookDelta, BookDelta]
    assert all(isinstance(event, BookLevels) and event.instrument == 0 for event in feed.events)
    assert columns(feed.events[0]) == ([1, -1], [999, 1_001], [1_000, 2_000])  # type: ignore[arg-type]
    assert feed.checks["AAAUSDT"].book.sync.book.bids.levels == {990: 1_000}


def test_an_answer_that_names_no_symbol_is_taken_by_a_feed_of_one() -> None:
    """As the recordings have it; among several it belongs to nobody, and a broken one is told."""
    body = b'{"lastUpdateId":10,"bids":[["9.99","1"]],"asks":[["10.01","2"]]}'
    one, two = Shown("AAAUSDT"), Shown("AAAUSDT", "BBBUSDT")
    for feed in (one, two):
        feed.feed.take(body, T0 * MS)
        feed.feed.take(snapshot_frame("AAAUSDT", b'{"code":-1121,"msg":"Invalid symbol."}'), T0 * MS)
        feed.feed.take(snapshot_frame("AAAUSDT", b"<html>"), T0 * MS)
    assert one.fates()["snapshot"] == {"applied": 1}
    assert two.fates()["snapshot"] == {"no_instrument": 1}
    assert two.fates()["line"] == {"not_json": 1}
    assert two.fates()["refusal"] == {"control": 1}


def test_a_partial_book_is_another_streams_and_never_the_book() -> None:
    """Its twenty levels would replace a thousand."""
    feed = Shown("AAAUSDT")
    feed.show("aaausdt@depth20@100ms", lastUpdateId=1, bids=[["9.99", "1"]], asks=[])
    feed.show("bbbusdt@depth5", lastUpdateId=1, bids=[["9.99", "1"]], asks=[])
    assert feed.fates() == {"partial_book": {"other_stream": 2}}
    assert feed.events == []


def test_prints_come_from_one_stream_only() -> None:
    """The other tells the same ones again."""
    merged: dict[str, object] = {"e": "aggTrade", "E": T0, "s": "AAAUSDT", "a": 3, "p": "10", "q": "1"}
    merged |= {"f": 1, "l": 2, "T": T0, "m": False}
    for prints, ids in ((TRADES, [5]), (AGG_TRADES, [3])):
        feed = Shown("AAAUSDT", prints=prints)
        feed.trade()
        feed.show_body("aaausdt@aggTrade", merged)
        assert [int(one.trade_id) for one in feed.events if isinstance(one, Trade)] == ids
        assert sum(row.get("other_stream", 0) for row in feed.fates().values()) == 1


def test_trades_beside_the_market_are_set_aside() -> None:
    """A block trade, and the futures' trades of the insurance fund."""
    feed = Shown("AAAUSDT")
    feed.trade(X="INSURANCE_FUND")
    feed.trade(e="blockTrade")
    assert feed.fates() == {"block_trade": {"no_market_trade": 1}, "trade": {"no_market_trade": 1}}


def test_only_a_bar_that_is_finished_comes_out() -> None:
    """Its prices may still change before."""
    feed = Shown("AAAUSDT")
    bar = {"t": T0, "T": T0 + 59_999, "i": "1m", "f": 1, "L": 2, "n": 2, "q": "7"}
    bar |= {"o": "10.00", "h": "10.20", "l": "9.90", "c": "10.10", "v": "3.5"}
    for closed in (False, True):
        feed.show("aaausdt@kline_1m", 60_000, e="kline", E=T0, s="AAAUSDT", k=bar | {"x": closed})
    (told,) = feed.events
    assert isinstance(told, Bar)
    assert ints(told.open_ns, told.open, told.high, told.low, told.close, told.volume) == (
        T0 * MS, 1_000, 1_020, 990, 1_010, 3_500,
    )  # fmt: skip
    assert feed.fates() == {"bar": {"applied": 1, "unfinished_bar": 1}}


def test_what_the_connection_says_is_returned_and_counted() -> None:
    """For whoever keeps the connection."""
    feed = Shown("AAAUSDT")
    told = [
        feed.feed.take(b'{"result":null,"id":4}', T0 * MS),
        feed.feed.take(b'{"code":2,"msg":"no"}', T0 * MS),
        feed.show("!serverShutdown", e="serverShutdown", E=T0),
    ]
    assert [type(one) for one in told] == [ReplyMessage, RefusalMessage, ShutdownMessage]
    assert feed.feed.take(SETTLE, T0 * MS) is None, "our own word is for nobody else"
    assert sum(row["control"] for row in feed.fates().values()) == 4


def test_strangers_and_the_unreadable_are_counted_once_each() -> None:
    """Another symbol, no JSON, a field of another type, an account's event, a stream that is not read here."""
    feed = Shown("AAAUSDT")
    feed.trade("CCCUSDT")
    feed.feed.take(b"\x00\x01", T0 * MS)
    feed.trade(p=5)
    feed.trade(p="many")
    feed.show("x", e="executionReport")
    feed.show("aaausdt@avgPrice", e="avgPrice", E=T0, s="AAAUSDT", i="5m", w="10", T=T0)
    feed.show("!miniTicker@arr", e="gossip")
    assert feed.events == []
    assert feed.fates() == {
        "average_price": {"other_stream": 1},
        "line": {"not_json": 1},
        "other": {"other_stream": 1, "user_data": 1},
        "trade": {"field_type": 1, "unknown_symbol": 1, "unreadable": 1},
    }


def test_prices_off_the_tick_are_rounded_against_the_trader_and_counted() -> None:
    """A trade's to the nearest, a quote's outwards; quantities off the lot down, a trade's at least to one lot."""
    feed = Shown("AAAUSDT")
    feed.trade(price="10.014", q="0.0001")
    feed.show("aaausdt@bookTicker", 7, u=1, s="AAAUSDT", b="9.999", B="1.0009", a="10.001", A="1")
    trade, quote = feed.events
    assert isinstance(trade, Trade) and isinstance(quote, Quote)
    assert ints(trade.price, trade.lots) == (1_001, 1)
    assert ints(quote.bid, quote.bid_lots, quote.ask) == (999, 1_000, 1_001)
    assert (feed.faults()["off_tick"], feed.faults()["off_lot"]) == (2, 1)


def test_levels_older_than_the_tick_are_left_out_and_a_book_of_another_tick_is_none() -> None:
    """A few far from the market are orders from before; a quarter of the book is a wrong instrument."""
    near = [[f"9.{n:02d}", "1"] for n in range(90, 99)]
    for old, known in (([["5.005", "1"]], True), ([[f"5.00{n}", "1"] for n in range(1, 9)], False)):
        feed = Shown("AAAUSDT")
        body = json.dumps({"lastUpdateId": 10, "bids": near + old, "asks": []}).encode()
        feed.feed.take(snapshot_frame("AAAUSDT", body), T0 * MS)
        assert feed.checks["AAAUSDT"].book.sync.is_known == known
        assert feed.faults()["levels_off_tick"] == 1
        assert feed.faults()["book_off_tick"] == (not known)
    feed = Shown("AAAUSDT", rule=FUTURES_RULE)
    feed.feed.take(
        snapshot_frame("AAAUSDT", json.dumps({"lastUpdateId": 10, "bids": near, "asks": []}).encode()), T0 * MS
    )
    feed.show_body("aaausdt@depth", depth(9, 11, [["5.005", "0"], ["9.50", "2"]], []))
    assert feed.checks["AAAUSDT"].book.sync.book.bids.levels[950] == 2_000


def test_time_that_passes_is_a_frame_too() -> None:
    """So a recording gives the same again: what was doubted stands once it was not refuted for long enough."""
    feed = Shown("AAAUSDT")
    feed.trade(price="10.00", ms=5)
    feed.trade(price="7.00", ms=6)
    feed.feed.take(SETTLE, (T0 + 6) * MS + HOLD_NS - 1)
    assert len(feed.events) == 1
    feed.feed.take(SETTLE, (T0 + 6) * MS + HOLD_NS)
    assert [int(one.price) for one in feed.events if isinstance(one, Trade)] == [1_000, 700]
