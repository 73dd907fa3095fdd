# SPDX-License-Identifier: Apache-2.0
"""The WebSocket API's book of requests: ids, deadlines, late replies, and what a broken socket leaves open."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.adapters.venues.binance.wire import requests
from bot4.adapters.venues.binance.wire.ws_api import (
    OUTSTANDING_MAX,
    SUBSCRIBE_SIGNED,
    Late,
    Replied,
    RequestBook,
    UserEvent,
    entry_params,
    one_off_params,
    session_params,
    typed,
)
from bot4.adapters.venues.kit.allowance import Limit, Unit
from bot4.adapters.venues.kit.answers import Outcome, Remedy
from bot4.adapters.venues.kit.drift import Drift, Malformed
from bot4.adapters.venues.kit.limiter import Urgency
from bot4.adapters.venues.kit.secret import Secret
from bot4.adapters.venues.kit.signing import HmacSigner

NOW = 1_700_000_000_000
PLACE = requests.place_order((("symbol", "BTCUSDT"), ("quantity", "1.00")), urgency=Urgency.ORDINARY)
QUERY = requests.query_order("BTCUSDT", "mine")
SIGNER = HmacSigner("key", Secret(b"secret"))


def book() -> RequestBook:
    """Return an empty book."""
    return RequestBook("s1", Drift())


def sent(of: RequestBook, request: requests.Request = PLACE, *, now: int = NOW, wait: int = 5_000) -> str:
    """Send a request and return its id."""
    made = of.send(request, session_params(request, now), now_ms=now, wait_ms=wait)
    assert made is not None
    frame = json.loads(made[1])
    assert (frame["id"], frame["method"]) == (made[0], request.name)
    return made[0]


def reply(request_id: str | None, status: int = 200, **parts: Any) -> bytes:
    """Return a frame of the venue."""
    return json.dumps({"id": request_id, "status": status, **parts}).encode()


@pytest.mark.requirement("ORDER_001")
def test_a_reply_finds_its_request_in_any_order() -> None:
    """Result, meaning and the venue's own counts come back with the request they belong to."""
    open_ = book()
    first, second = sent(open_), sent(open_, QUERY)
    limit = {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 50, "count": 3}
    told = open_.read(reply(second, result={"orderId": 1}, rateLimits=[limit]), NOW + 5)
    assert isinstance(told, Replied)
    assert (told.pending.request, told.answer.outcome, json.loads(told.result)) == (
        QUERY,
        Outcome.FOUND,
        {"orderId": 1},
    )
    assert told.told == {Limit(Unit.ORDERS, 10_000, 50): 3}
    told = open_.read(reply(first, 400, error={"code": -2010, "msg": "Account has insufficient balance"}), NOW + 6)
    assert isinstance(told, Replied)
    assert (told.answer.outcome, told.answer.rule) == (Outcome.REJECTED, "insufficient_balance")
    assert open_.outstanding() == 0


@pytest.mark.requirement("P-03", "P-04")
def test_silence_and_a_broken_socket_leave_a_fate_unknown() -> None:
    """A command is to be looked up, a question may be asked again; what comes after all is late."""
    open_ = book()
    slow, asked = sent(open_, wait=1_000), sent(open_, QUERY, wait=9_000)
    assert open_.overdue(NOW + 999) == []
    ((pending, answer),) = open_.overdue(NOW + 1_000)
    assert (pending.request_id, answer.outcome, answer.remedy) == (slow, Outcome.UNKNOWN, Remedy.LOOK_UP)
    assert open_.read(reply(slow, result={}), NOW + 1_001) == Late(slow)
    ((pending, answer),) = open_.lost(NOW + 2_000)
    assert (pending.request_id, answer.outcome, answer.remedy) == (asked, Outcome.UNKNOWN, Remedy.RETRY_LATER)
    assert open_.outstanding() == 0
    assert open_.read(reply(asked, result={}), NOW) == Late(asked)


@pytest.mark.requirement("P-14")
@pytest.mark.parametrize("status", [418, 429])
def test_a_limit_names_its_end(status: int) -> None:
    """The moment of the reply's data is obeyed; data of another form is not misread."""
    open_ = book()
    error = {"code": -1003, "msg": "Too much request weight", "data": {"serverTime": NOW, "retryAfter": NOW + 7_777}}
    told = open_.read(reply(sent(open_), status, error=error), NOW)
    assert isinstance(told, Replied)
    assert (told.answer.remedy, told.answer.until_ms) == (Remedy.BACK_OFF, NOW + 7_777)
    told = open_.read(reply(sent(open_), status, error=error | {"data": [1]}), NOW)
    assert isinstance(told, Replied) and told.answer.until_ms == NOW + 60_000


def test_a_server_fault_is_no_answer() -> None:
    """5xx proves nothing, with or without an error's words."""
    open_ = book()
    for parts in ({"error": {"code": -1000, "msg": "?"}}, {}):
        told = open_.read(reply(sent(open_), 503, **parts), NOW)
        assert isinstance(told, Replied) and told.answer.outcome is Outcome.UNKNOWN


def test_user_events_and_strangers_are_told_apart() -> None:
    """An event is handed on whole; a reply nobody waits for, an error without an id, noise: each a value."""
    open_ = book()
    event = b'{"subscriptionId":0,"event":{"e":"eventStreamTerminated","E":1}}'
    assert open_.read(event, NOW) == UserEvent(event)
    assert open_.read(reply("other", result=None), NOW) == Late("other")
    assert open_.read(reply(None, 400, error={"code": -1102, "msg": "id"}), NOW) == Late("None")
    assert isinstance(open_.read(b"<html>", NOW), Malformed)
    assert isinstance(open_.read(b'{"id":"s1-1"}', NOW), Malformed)


def test_the_book_is_bounded() -> None:
    """When too many are on their way nothing more is taken."""
    open_ = book()
    for _ in range(OUTSTANDING_MAX):
        sent(open_)
    assert open_.send(PLACE, {}, now_ms=NOW, wait_ms=1) is None
    assert len(open_.lost(NOW)) == OUTSTANDING_MAX


@given(order=st.permutations(range(8)), twice=st.integers(0, 7))
def test_each_request_is_answered_once(order: list[int], twice: int) -> None:
    """In any order, a repeated reply is late, and ids are never used again."""
    open_ = book()
    ids = [sent(open_) for _ in range(8)]
    told = [open_.read(reply(ids[index], result={"n": index}), NOW) for index in [*order, twice]]
    assert [isinstance(each, Replied) for each in told] == [True] * 8 + [False]
    assert [json.loads(each.result)["n"] for each in told if isinstance(each, Replied)] == list(order)
    assert sent(open_) not in ids


@pytest.mark.requirement("P2-4")
def test_parameters_by_session_and_by_signature() -> None:
    """A session sends a stamp and no key; a request of its own sends both; a public one neither."""
    assert session_params(QUERY, 5) == {
        "symbol": "BTCUSDT", "origClientOrderId": "mine", "recvWindow": 5000, "timestamp": 5,
    }  # fmt: skip
    signed = one_off_params(QUERY, 5, SIGNER)
    assert signed["apiKey"] == "key" and len(signed["signature"]) == 64
    assert one_off_params(requests.depth("BTCUSDT"), 5, SIGNER) == {"symbol": "BTCUSDT", "limit": 100}
    assert set(entry_params(5, SIGNER)) == {"timestamp", "apiKey", "signature"}
    assert SUBSCRIBE_SIGNED.name == "userDataStream.subscribe.signature"
    assert typed((("fromId", "17"), ("symbols", '["A"]'), ("omitZeroBalances", "true"), ("price", "1.50"))) == {
        "fromId": 17, "symbols": ["A"], "omitZeroBalances": True, "price": "1.50",
    }  # fmt: skip
