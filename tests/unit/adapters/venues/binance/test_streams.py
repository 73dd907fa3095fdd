# SPDX-License-Identifier: Apache-2.0
"""Frames of Binance become typed messages, or values that say why not; whatever bytes come, nothing is raised."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.adapters.venues.binance.market.messages import (
    AggTradeMessage,
    AveragePriceMessage,
    BlockTradeMessage,
    DepthMessage,
    KlineMessage,
    LiquidationMessage,
    MarkPriceMessage,
    MiniTickerMessage,
    QuoteMessage,
    ReferencePriceMessage,
    RefusalMessage,
    ReplyMessage,
    ShutdownMessage,
    SnapshotMessage,
    TickerMessage,
    TradeMessage,
)
from bot4.adapters.venues.binance.market.streams import STREAMS, USER_EVENTS, StreamDecoder, Unread
from bot4.market.faults import FIELD_MISSING, FIELD_TYPE, NOT_JSON, OTHER_STREAM, USER_DATA

pytestmark = pytest.mark.requirement("DATA_001/format_normalization", "FLOW_001")

DAY = {"o": "1", "h": "2", "l": "1", "c": "2", "v": "10", "q": "15"}
KLINE = {"t": 1, "T": 2, "s": "A", "i": "1m", "f": 1, "L": 2, "n": 2, "x": False, "V": "5", "Q": "7", "B": "0"} | DAY
TRADE = {"e": "trade", "E": 3, "s": "BNBBTC", "t": 12, "p": "0.001", "q": "100", "T": 2, "m": True}
PRINT = {"e": "aggTrade", "E": 3, "s": "BNBBTC", "a": 12, "p": "0.001", "q": "1", "f": 1, "l": 5, "T": 2, "m": False}
DEPTH = {"e": "depthUpdate", "E": 3, "s": "BNBBTC", "U": 157, "u": 160, "b": [["0.0024", "10"]], "a": []}
STATISTICS = {"p": "1", "P": "2", "w": "1.5", "O": 1, "C": 2, "F": 1, "L": 2, "n": 2} | DAY
FORCED = {"s": "BTCUSDT", "S": "SELL", "q": "0.014", "p": "9910", "ap": "9910", "X": "FILLED", "T": 3}

MESSAGES: list[tuple[str, dict[str, Any], type]] = [
    ("bnbbtc@trade", TRADE, TradeMessage),
    ("bnbbtc@blockTrade", TRADE | {"e": "blockTrade"}, BlockTradeMessage),
    ("bnbbtc@aggTrade", PRINT, AggTradeMessage),
    ("bnbbtc@kline_1m", {"e": "kline", "E": 3, "s": "BNBBTC", "k": KLINE}, KlineMessage),
    ("bnbusdt@bookTicker", {"u": 4, "s": "BNBUSDT", "b": "25.35", "B": "31", "a": "25.36", "A": "40"}, QuoteMessage),
    ("bnbbtc@depth@100ms", DEPTH, DepthMessage),
    ("bnbbtc@depth5", {"lastUpdateId": 160, "bids": [["1", "2"]], "asks": [["3", "4"]]}, SnapshotMessage),
    ("bnbbtc@miniTicker", {"e": "24hrMiniTicker", "E": 3, "s": "BNBBTC"} | DAY, MiniTickerMessage),
    ("bnbbtc@ticker", {"e": "24hrTicker", "E": 3, "s": "BNBBTC"} | STATISTICS, TickerMessage),
    ("a@avgPrice", {"e": "avgPrice", "E": 3, "s": "A", "i": "5m", "w": "25776.86", "T": 2}, AveragePriceMessage),
    ("a@referencePrice", {"e": "referencePrice", "s": "A", "r": None, "t": 2}, ReferencePriceMessage),
    ("a@markPrice", {"e": "markPriceUpdate", "E": 3, "s": "A", "p": "1", "T": 9}, MarkPriceMessage),
    ("a@forceOrder", {"e": "forceOrder", "E": 3, "o": FORCED}, LiquidationMessage),
    ("!serverShutdown", {"e": "serverShutdown", "E": 1770123456789}, ShutdownMessage),
]
NAMES = [kind.__name__ for _, _, kind in MESSAGES]
LISTS = ("b", "a", "bids", "asks")
OPTIONAL = {("SnapshotMessage", name) for name in ("E", "T", "symbol")} | {("KlineMessage", name) for name in "sVQB"}


def frame(stream: str, body: object) -> bytes:
    """A message as a combined stream sends it."""
    return json.dumps({"stream": stream, "data": body}).encode()


def read(data: bytes | str) -> object:
    """What a frame is."""
    return StreamDecoder().decode(data)[0]


@pytest.mark.parametrize(("stream", "body", "kind"), MESSAGES, ids=NAMES)
def test_every_message_is_read_with_and_without_its_envelope(stream: str, body: dict[str, Any], kind: type) -> None:
    """The same message either way, as text or bytes, and fields that nobody knows yet change nothing."""
    enveloped, name = StreamDecoder().decode(frame(stream, body))
    bare = read(json.dumps(body).encode())
    grown = read(json.dumps({"zz": {"deep": [1, None]}, **body, "st": 1, "ps": "x"}))
    assert type(enveloped) is kind
    assert enveloped == bare == grown
    assert name == stream


def parts(body: dict[str, Any], path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The places of all fields of a body, those of its inner bodies too."""
    out: list[tuple[str, ...]] = []
    for name, value in body.items():
        out.append((*path, name))
        if isinstance(value, dict):
            out += parts(value, (*path, name))
    return out


def changed(body: dict[str, Any], place: tuple[str, ...], value: object) -> dict[str, Any]:
    """A body with another value at a place, or without the field where the value is an ellipsis."""
    copy: dict[str, Any] = json.loads(json.dumps(body))
    inner = copy
    for name in place[:-1]:
        inner = inner[name]
    if value is ...:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return copy


@pytest.mark.parametrize(("stream", "body", "kind"), MESSAGES, ids=NAMES)
def test_a_field_that_is_missing_or_of_another_type_is_named(stream: str, body: dict[str, Any], kind: type) -> None:
    """Each field in turn, with the path to it; nothing is guessed in its stead."""
    for place in parts(body):
        if place[-1] == "e" or (kind.__name__, place[-1]) in OPTIONAL:
            continue
        path = "$." + ".".join(place)
        wrong = read(frame(stream, changed(body, place, {"not": "so"} if place[-1] in LISTS else [5])))
        assert isinstance(wrong, Unread) and wrong.kind is FIELD_TYPE, (place, wrong)
        assert wrong.place == path
        missing = read(frame(stream, changed(body, place, ...)))
        assert isinstance(missing, Unread), (place, missing)
        if missing.what != "other":  # without what it is known by, it is a message of no stream
            assert (missing.kind, missing.place) == (FIELD_MISSING, path)


@pytest.mark.parametrize("field", ["E", "T", "t"])
def test_times_and_numbers_that_cannot_be_are_told(field: str) -> None:
    """Microseconds where milliseconds were asked for, numbers below zero or beyond every count."""
    for value in (-2, 1_700_000_000_000_000 if field != "t" else 1 << 62, 1 << 80):
        told = read(frame("a@trade", TRADE | {field: value}))
        assert isinstance(told, Unread)
        assert (told.kind, told.place) == (FIELD_TYPE, f"$.{field}")


def test_a_level_of_a_book_must_be_two_texts() -> None:
    """The place tells which level."""
    bad = read(frame("a@depth", DEPTH | {"b": [["1", "2"], ["1", 2]]}))
    assert isinstance(bad, Unread)
    assert (bad.kind, bad.place) == (FIELD_TYPE, "$.b[1][1]")


def test_a_stream_is_believed_less_than_the_message() -> None:
    """A message of another kind than its stream's name says is read as what it calls itself."""
    assert type(read(frame("a@trade", PRINT))) is AggTradeMessage
    assert type(read(frame("a@trade", TRADE | {"e": "blockTrade"}))) is BlockTradeMessage
    assert {type(read(frame(f"a@{ending}", body))) for ending in STREAMS for _, body, _ in MESSAGES[:1]} == {
        TradeMessage
    }


def test_what_the_connection_says_of_itself() -> None:
    """Acknowledgements, lists, refusals of both shapes."""
    assert read(b'{"result":null,"id":1}') == ReplyMessage(1, None)
    assert read(b'{"result":["a@trade"],"id":"x"}') == ReplyMessage("x", ["a@trade"])
    for text in (b'{"code":2,"msg":"no"}', b'{"error":{"code":2,"msg":"no"},"id":7}'):
        refusal = read(text)
        assert isinstance(refusal, RefusalMessage) and (refusal.error.code, refusal.error.msg) == (2, "no")


def test_lists_of_tickers() -> None:
    """All symbols in one message, in an envelope or bare; a list of anything else is none."""
    body = MESSAGES[7][1]
    for data in (frame("!miniTicker@arr", [body, body]), json.dumps([body, body]).encode()):
        tickers = read(data)
        assert isinstance(tickers, list) and [type(one) for one in tickers] == [MiniTickerMessage] * 2
    for other in ([TRADE], [body, TRADE], []):
        told = read(json.dumps(other))
        assert isinstance(told, Unread) and told.kind is OTHER_STREAM


@pytest.mark.parametrize("event", sorted(USER_EVENTS))
def test_events_of_an_account_belong_to_another_reader(event: str) -> None:
    """Bare, or wrapped with a subscription."""
    for body in ({"e": event, "E": 1}, {"subscriptionId": 0, "event": {"e": event}}):
        told = read(json.dumps(body))
        assert isinstance(told, Unread) and told.kind is USER_DATA


def test_an_unknown_message_is_told_by_its_name() -> None:
    """A new stream of the venue's does no harm."""
    told = read(frame("a@gossip", {"e": "gossip", "E": 1}))
    assert isinstance(told, Unread)
    assert (told.kind, told.found) == (OTHER_STREAM, "event 'gossip'")


NO_MESSAGES = (
    b"",
    b"null",
    b"1",
    b'"x"',
    b"{",
    b"\xff\xfe",
    b'{"e":1}',
    b'{"e":"trade","p":"\xff"}',
    b'{"stream":"a@trade"}',
    b"[" * 200_000,
    b'{"stream":' * 50_000,
    b'{"stream":"a@trade","data":' + b'{"data":' * 50_000,
)


@pytest.mark.parametrize("data", NO_MESSAGES, ids=lambda data: data[:24].hex())
def test_what_is_no_message_is_a_value(data: bytes) -> None:
    """Broken, binary, or brackets without end."""
    told = read(data)
    assert isinstance(told, Unread)
    assert told.kind in (NOT_JSON, FIELD_TYPE, OTHER_STREAM)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_message_or_a_reason(data: bytes) -> None:
    """Never an exception."""
    assert read(data) is not None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(MESSAGES), st.data())
def test_any_change_of_a_message_gives_a_message_or_a_reason(
    message: tuple[str, dict[str, Any], type], data: Any
) -> None:
    """One field, inner ones too, becomes anything that JSON can say."""
    stream, body, _ = message
    place = data.draw(st.sampled_from(parts(body)))
    told = read(frame(stream, changed(body, place, data.draw(JSON))))
    assert isinstance(told, Unread | list) or type(told).__name__.endswith("Message")
