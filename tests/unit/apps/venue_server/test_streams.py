# SPDX-License-Identifier: Apache-2.0
"""Names of streams, requests about them, the life of a connection, and times in microseconds: no socket, no clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.apps.venue_server.methods.time_units import answer_in_microseconds, event_in_microseconds
from bot4.apps.venue_server.streams.life import Life, Pace, Step
from bot4.apps.venue_server.streams.names import Stream, parse_stream
from bot4.apps.venue_server.streams.subscriptions import STREAMS_MAX, Subscriptions, parse_path


@pytest.mark.parametrize(
    ("name", "stream"),
    [
        ("btcusdt@trade", Stream("BTCUSDT", "trade")),
        ("btcusdt@depth", Stream("BTCUSDT", "depth", every_ms=1000)),
        ("btcusdt@depth@100ms", Stream("BTCUSDT", "depth", every_ms=100)),
        ("btcusdt@depth10@100ms", Stream("BTCUSDT", "partial", 10, every_ms=100)),
        ("btcusdt@kline_3d", Stream("BTCUSDT", "kline", interval="3d")),
        ("!miniTicker@arr", Stream("", "miniTickers")),
        ("btcusdt@kline_7m", None),
        ("btcusdt@depth7", None),
        ("btcusdt@trade@100ms", None),
        ("btcusdt@trade5", None),
        ("BTCUSDT@trade", None),
        ("!ticker@arr", None),
        ("btcusdt", None),
        ("", None),
    ],
)
def test_a_name_asks_for_a_stream_or_for_nothing(name: str, stream: Stream | None) -> None:
    """Small letters, the documented kinds, levels, intervals and paces; nothing else."""
    assert parse_stream(name) == stream


@given(st.text(max_size=60))
def test_no_name_is_too_odd(name: str) -> None:
    """Any text is a stream or none."""
    found = parse_stream(name)
    assert found is None or found.kind


@pytest.mark.parametrize(
    ("target", "names", "is_combined"),
    [
        ("/ws/btcusdt@trade", ("btcusdt@trade",), False),
        ("/ws/a@trade/b@trade", ("a@trade", "b@trade"), False),
        ("/ws", (), False),
        ("/stream?streams=a@trade/b@trade", ("a@trade", "b@trade"), True),
        ("/stream", (), True),
    ],
)
def test_an_address_says_what_is_listened_to(target: str, names: tuple[str, ...], is_combined: bool) -> None:
    """Raw and combined, none, one or several."""
    path = parse_path(target)
    assert path is not None and (path.names, path.is_combined) == (names, is_combined)
    assert parse_path("/wsx/a@trade") is None and parse_path("/") is None


@pytest.mark.parametrize(
    ("text", "code", "number"),
    [
        (b"{", 3, None),
        (b"[]", 2, None),
        (b'{"id":-1,"method":"SUBSCRIBE"}', 2, None),
        (b'{"id":true,"method":"SUBSCRIBE"}', 2, None),
        (b'{"id":"' + b"x" * 37 + b'","method":"SUBSCRIBE"}', 2, None),
        (b'{"id":1,"method":"subscribe"}', 2, 1),
        (b'{"id":1,"method":"SUBSCRIBE","params":"a"}', 2, 1),
        (b'{"id":1,"method":"SUBSCRIBE","params":[1]}', 2, 1),
        (b'{"id":1,"method":"GET_PROPERTY","params":["other"]}', 0, 1),
        (b'{"id":1,"method":"SET_PROPERTY","params":["combined",1]}', 1, 1),
    ],
)
def test_what_is_no_request_is_told_so(text: bytes, code: int, number: object) -> None:
    """The documented codes, with the id where it could be read."""
    reply = Subscriptions(is_combined=False).request(text).reply
    assert isinstance(reply["error"], dict) and reply["error"]["code"] == code
    assert reply["id"] == number


@given(st.binary(max_size=80))
def test_no_message_is_too_odd(text: bytes) -> None:
    """Any bytes get an answer."""
    assert Subscriptions(is_combined=False).request(text).reply


def test_streams_are_added_once_left_once_and_bounded() -> None:
    """Asking twice adds once; leaving what is not there leaves nothing; one more than the most is too many."""
    subscriptions = Subscriptions(is_combined=False)
    assert subscriptions.request(b'{"id":1,"method":"SUBSCRIBE","params":["a@trade","a@trade"]}').added == ("a@trade",)
    assert subscriptions.request(b'{"id":1,"method":"SUBSCRIBE","params":["a@trade"]}').added == ()
    assert subscriptions.request(b'{"id":1,"method":"UNSUBSCRIBE","params":["a@trade","b@trade"]}').left == ("a@trade",)
    names = [f"s{number}@trade" for number in range(STREAMS_MAX)]
    subscriptions.add(names)
    assert subscriptions.request(b'{"id":1,"method":"SUBSCRIBE","params":["more@trade"]}').is_too_many
    assert subscriptions.request(b'{"id":1,"method":"SET_PROPERTY","params":["combined",true]}').reply["result"] is None
    assert subscriptions.request(b'{"id":1,"method":"GET_PROPERTY","params":["combined"]}').reply["result"] is True


def test_a_connection_is_pinged_and_cut_at_the_papers_times() -> None:
    """A ping every 20 s, the cut a minute after one without answer, the end after a day."""
    life = Life(Pace(), 0)
    assert life.beat(19_999) is Step.NOTHING
    assert life.beat(20_000) is Step.PING
    life.pinged(b"1", 20_000)
    life.ponged(b"another")
    assert life.beat(79_999) is Step.PING
    assert life.beat(80_000) is Step.NO_PONG
    life.pinged(b"2", 40_000)
    life.ponged(b"2")
    assert life.beat(86_399_999) is Step.PING
    assert life.beat(86_400_000) is Step.OLD_AGE


@given(st.lists(st.integers(0, 400), max_size=80))
def test_five_messages_a_second_and_no_more(steps: list[int]) -> None:
    """Against a plain count by whole seconds."""
    life = Life(Pace(), 0)
    now_ms, seen = 0, []
    for step in steps:
        now_ms += step
        seen.append(now_ms // 1000)
        assert life.spoke(now_ms) == (seen.count(now_ms // 1000) <= 5)


def test_times_become_microseconds_and_nothing_else_does() -> None:
    """Answers, klines and events; ids, texts and times that were not stay as they are."""
    kline = [1000, "1", "1", "1", "1", "1", 1999, "1", 3, "1", "1", "0"]
    assert answer_in_microseconds([kline]) == [[1_000_000, *kline[1:6], 1_999_999, *kline[7:]]]
    assert answer_in_microseconds({"orderId": 5, "workingTime": -1, "time": 7, "orders": [{"time": 8}]}) == {
        "orderId": 5,
        "workingTime": -1,
        "time": 7000,
        "orders": [{"time": 8000}],
    }
    assert event_in_microseconds({"e": "depthUpdate", "E": 1, "U": 5, "u": 6}) == {
        "e": "depthUpdate",
        "E": 1000,
        "U": 5,
        "u": 6,
    }
    assert event_in_microseconds({"e": "kline", "E": 1, "k": {"t": 1000, "T": 1999, "n": 4}})["k"] == {
        "t": 1_000_000,
        "T": 1_999_999,
        "n": 4,
    }
    position = event_in_microseconds({"e": "outboundAccountPosition", "E": 1, "u": 2, "B": []})
    assert position["u"] == 2000
    assert event_in_microseconds({"e": "listStatus", "E": 1, "C": "own", "O": []})["C"] == "own"
