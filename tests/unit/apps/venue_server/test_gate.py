# SPDX-License-Identifier: Apache-2.0
"""What a request passes: numbers as texts, parameters, signatures by the papers' vectors, limits by a naive count."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.apps.venue_server.gate.amounts import amount_of, is_too_fine, text_of
from bot4.apps.venue_server.gate.limits import BAN_MS, BAN_MS_MAX, DAY_MS, Figures, Limits, Window
from bot4.apps.venue_server.gate.parameters import Parameters
from bot4.apps.venue_server.gate.signatures import (
    Key,
    is_encoded,
    is_signed,
    public_key,
    rest_payload,
    socket_payload,
    timing_refusal,
)

PAPER_SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
PAPER_KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"


@given(st.integers(0, 10**26))
def test_an_amount_comes_back_from_its_text(amount: int) -> None:
    """Eight places always, and the same number again."""
    text = text_of(amount)
    assert len(text.partition(".")[2]) == 8
    assert Decimal(text) * 10**8 == amount
    assert amount_of(text) == amount


@pytest.mark.parametrize("text", ["", "1e3", "-1", "+1", ".5", "1.", " 1", "0x1", "1,0", "1" * 21, "NaN"])
def test_what_is_no_plain_number_is_none(text: str) -> None:
    """Nothing is guessed."""
    assert amount_of(text) is None


def test_zeros_behind_the_eighth_place_are_not_too_fine() -> None:
    """Only another digit is."""
    assert not is_too_fine("0.1234567800")
    assert is_too_fine("0.123456781")


def test_the_first_thing_wrong_is_what_is_told() -> None:
    """Whatever is read afterwards, the first refusal stays, and every reader gives a value of its type."""
    parameters = Parameters({"limit": "many", "side": "UP", "price": "x", "id": "a b"})
    assert parameters.limit() == 500
    assert parameters.refusal is not None and "'limit'" in parameters.refusal.message
    assert parameters.choice("side", ("BUY",)) == "UP"
    assert parameters.amount("price") == 0
    assert parameters.client_id("id") == "a b"
    assert "'limit'" in parameters.refusal.message


@pytest.mark.parametrize(
    ("sent", "code"),
    [({"limit": "0"}, -1130), ({"limit": ""}, -1105), ({"limit": "5", "more": "1"}, -1104), ({"limit": "5000"}, None)],
)
def test_a_limit_is_bounded_and_read(sent: dict[str, str], code: int | None) -> None:
    """Nought and nothing are refused, too many give the most there are, an unread one is told."""
    parameters = Parameters(sent)
    assert parameters.limit() <= 1000
    parameters.check_all_read()
    assert (parameters.refusal.code if parameters.refusal else None) == code


@pytest.mark.requirement("P2-4")
def test_the_papers_vectors_are_signed_right() -> None:
    """Both examples of the papers verify, in either case of the hex, and not with one character changed."""
    key = Key(PAPER_KEY, "member", PAPER_SECRET)
    rest = (
        "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
    )
    signature = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
    assert is_signed(key, rest, signature) and is_signed(key, rest, signature.upper())
    assert not is_signed(key, rest + "0", signature)
    words = {
        "symbol": "BTCUSDT",
        "side": "SELL",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.01000000",
        "price": "52000.00",
        "recvWindow": "100",
        "timestamp": "1645423376532",
        "apiKey": PAPER_KEY,
        "signature": "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24",
    }
    assert is_signed(key, socket_payload(words), words["signature"])
    assert not is_signed(Key(PAPER_KEY, "member"), rest, signature)


@pytest.mark.parametrize(
    ("query", "body", "payload"),
    [
        ("a=1&signature=s", "", "a=1"),
        ("signature=s&a=1", "", "a=1"),
        ("a=1", "b=2&signature=s", "a=1b=2"),
        ("a=1&signature=s", "b=2", "a=1b=2"),
        ("", "b=2&signature=s&c=3", "b=2&c=3"),
    ],
)
def test_what_is_signed_is_what_was_sent_without_the_signature(query: str, body: str, payload: str) -> None:
    """Query and body follow each other with nothing between, wherever the signature stood."""
    assert rest_payload(query, body) == (payload, "s")


def test_a_value_that_is_not_percent_encoded_is_seen() -> None:
    """A bare at-sign, bracket or letter beyond ASCII is not encoded; its percent form is."""
    assert is_encoded("symbols=%5B%22BTCUSDT%22%5D&id=a-b_c.d~e")
    assert not any(is_encoded(f"id={character}") for character in ("@", "[", "é", " ", '"', "/"))


@pytest.mark.parametrize(
    ("timestamp", "window", "code"),
    [
        ("1000000", None, None),
        ("995000", None, None),
        ("994999", None, -1021),
        ("1000999", None, None),
        ("1001000", None, -1021),
        ("999900", "99.5", -1021),
        ("999900", "100.125", None),
        ("999900", "60001", -1131),
        ("999900", "60.1234", -1100),
        ("soon", None, -1100),
        ("", None, -1102),
        (None, None, -1102),
    ],
)
def test_a_time_is_good_inside_its_window_only(timestamp: str | None, window: str | None, code: int | None) -> None:
    """At the bound, inside and outside of it; a second ahead is too much."""
    refusal = timing_refusal(timestamp, window, 1_000_000)
    assert (refusal.code if refusal else None) == code


def test_what_is_no_public_key_is_none() -> None:
    """Neither PEM of another kind nor other bytes are taken."""
    assert public_key("AAAA") is None
    assert public_key("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----") is None


@given(st.lists(st.tuples(st.integers(0, 40_000), st.integers(1, 40)), max_size=60))
def test_weight_is_counted_by_whole_minutes(requests: list[tuple[int, int]]) -> None:
    """Against a list of everything that was let in: never above the limit, refused only where it would be."""
    limits = Limits(Figures(weight=Window("REQUEST_WEIGHT", "MINUTE", 1, 100, 60_000), patience=10**9))
    now_ms = 0
    let_in: list[tuple[int, int]] = []
    for step, weight in requests:
        now_ms += step
        used = sum(one for at, one in let_in if at // 60_000 == now_ms // 60_000)
        assert limits.used_weight("a", now_ms) == used
        blocked = limits.admit("a", weight, now_ms)
        assert (blocked is not None) == (used + weight > 100)
        if blocked is None:
            limits.charge("a", weight, now_ms)
            let_in.append((now_ms, weight))
        else:
            assert (blocked.status, blocked.until_ms) == (429, (now_ms // 60_000 + 1) * 60_000)


@pytest.mark.requirement("U-10")
def test_bans_grow_to_three_days_and_end() -> None:
    """Two minutes, four, eight, ... three days; while one lasts everything is 418, after it the door is open."""
    limits = Limits(Figures(weight=Window("REQUEST_WEIGHT", "MINUTE", 1, 10, 60_000), patience=2))
    now_ms, lengths = 0, []
    for _ in range(14):
        answers = [limits.admit("a", 11, now_ms) for _ in range(3)]
        assert [one.status for one in answers if one] == [429, 429, 418]
        assert answers[2] is not None
        lengths.append(answers[2].until_ms - now_ms)
        ban = limits.admit("a", 1, answers[2].until_ms - 1)
        assert ban is not None and ban.status == 418
        assert limits.admit("b", 1, now_ms) is None
        now_ms = answers[2].until_ms
        assert limits.admit("a", 1, now_ms) is None
        now_ms = (now_ms // 60_000 + 1) * 60_000
    assert lengths[:3] == [BAN_MS, 2 * BAN_MS, 4 * BAN_MS]
    assert lengths[-1] == BAN_MS_MAX == 3 * DAY_MS


def test_orders_are_counted_by_account_and_given_back() -> None:
    """The limit binds one account only; a filled order gives its place back, never below none."""
    limits = Limits(Figures(orders_short=Window("ORDERS", "SECOND", 10, 2, 10_000)))
    limits.count_orders("a", 2, 5_000)
    refused = limits.admit_orders("a", 1, 9_999)
    assert refused is not None and (refused.refusal.code, refused.until_ms) == (-1015, 10_000)
    assert limits.admit_orders("b", 2, 9_999) is None
    limits.count_orders("a", -1, 9_999)
    assert limits.admit_orders("a", 1, 9_999) is None
    assert limits.order_counts("a", 10_000) == (0, 1)
    limits.count_orders("a", -9, 10_000)
    assert limits.order_counts("a", 10_000) == (0, 0)
