# SPDX-License-Identifier: Apache-2.0
"""Asking what became of an order: when it is absent, when the venue contradicts itself, when nobody can tell."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.adapters.net.endpoints import allowed
from bot4.adapters.net.http import HttpClient
from bot4.adapters.venues.binance.orders.lookup import Lookup
from bot4.adapters.venues.binance.orders.restart import recall
from bot4.adapters.venues.binance.orders.venue_names import VenueNames
from bot4.adapters.venues.binance.wire.replies import ServerTime
from bot4.adapters.venues.binance.wire.requests import server_time
from bot4.adapters.venues.binance.wire.rest import BinanceRest, Told
from bot4.adapters.venues.kit.allowance import Allowance, Limit, Unit
from bot4.adapters.venues.kit.clock import ClockOffset
from bot4.adapters.venues.kit.drift import Drift
from bot4.adapters.venues.kit.limiter import Hold, Limiter, Urgency
from bot4.adapters.venues.kit.secret import Secret
from bot4.adapters.venues.kit.signing import HmacSigner
from bot4.domain.event import ABSENT, CANCEL_LOST, EXECUTION, EXPIRED, FOUND, INQUIRY_LOST, SUBMIT_LOST, Event
from bot4.domain.ids import client_order_id
from bot4.domain.order import CANCEL_PENDING, CANCEL_UNKNOWN, SUBMIT_UNKNOWN, SUBMITTED, OrderRequest
from bot4.domain.ports import Clock
from bot4.domain.values import Lots, Nanos, Ticks
from bot4.runtime.clocks import SystemClock
from bot4.trading.lost_answers import lost_answers
from bot4.trading.orders import Order
from tests.unit.adapters.venues.binance.test_instruments import btcusdt, read
from tests.unit.adapters.venues.loopback_venue import Heard, Said, venue

RUN = "0123456789abcdef" * 4
NAME = client_order_id(RUN, 0, 7)
BTC = read(btcusdt()).find("BTCUSDT").instrument
UNKNOWN = Said(400, b'{"code":-2013,"msg":"Order does not exist."}')
FAILS = Said(500, b"{}")
ORDER = {
    "symbol": "BTCUSDT", "orderId": 31, "clientOrderId": NAME, "status": "NEW", "origQty": "0.01", "side": "BUY",
    "executedQty": "0", "price": "100.00",
}  # fmt: skip
TRADE = {
    "symbol": "BTCUSDT", "id": 5, "orderId": 31, "price": "100.00", "qty": "0.01", "quoteQty": "1.00",
    "commission": "0.001", "commissionAsset": "USDT", "time": 1, "isBuyer": True, "isMaker": False,
}  # fmt: skip
FILLED = ORDER | {"status": "FILLED", "executedQty": "0.01"}


def said(body: object) -> Said:
    """A success."""
    return Said(200, json.dumps(body).encode())


async def asked(script: Mapping[str, Said], *, is_heard_of: bool = False) -> tuple[list[Event], list[Heard]]:
    """Inquire about one order at a venue that answers by path, and by number where it is asked for by number."""
    clock = SystemClock()
    told: list[Event] = []

    def answer(heard: Heard) -> Said:
        if heard.path == "/api/v3/time":
            return said({"serverTime": int(clock.now_ns()) // 10**6})
        by = parse_qs(heard.query)
        key = heard.path.rpartition("/")[2]
        if key == "order" and "orderId" in by:
            key = "number"
        elif key == "myTrades" and "orderId" in by:
            key = "trades"
        return script[key]

    async with venue(answer) as there:
        http = HttpClient(allowed(f"http://127.0.0.1:{there.port}", ["127.0.0.1"]))
        door = BinanceRest(
            http,
            clock=clock,
            offset=ClockOffset(),
            limiter=Limiter(Allowance(()), Allowance(())),
            signer=HmacSigner("key", Secret(b"secret")),
            drift=Drift(),
        )
        lookup = Lookup(door, run=RUN, instruments=[BTC], clock=clock, deliver=told.append)
        if is_heard_of:
            lookup.names.note("BTCUSDT", 31, NAME)
        await lookup.inquire(NAME, (7, 0))
        await door.close()
        return told, there.heard


@pytest.mark.requirement("ORDER_001", "P-04", "P-05", "P2-1")
@pytest.mark.parametrize(
    ("script", "is_heard_of", "kinds"),
    [
        ({"order": said(ORDER)}, False, [FOUND]),
        ({"order": UNKNOWN, "openOrders": said([]), "myTrades": said([])}, False, [ABSENT]),
        ({"order": UNKNOWN, "openOrders": said([]), "myTrades": said([])}, True, [INQUIRY_LOST]),
        ({"order": UNKNOWN, "openOrders": FAILS}, False, [INQUIRY_LOST]),
        ({"order": UNKNOWN, "openOrders": said([]), "myTrades": FAILS}, False, [INQUIRY_LOST]),
        ({"order": UNKNOWN, "openOrders": said([ORDER])}, False, [FOUND]),
        (
            {"order": UNKNOWN, "openOrders": said([]), "myTrades": said([TRADE]), "number": FAILS},
            False,
            [INQUIRY_LOST],
        ),
        (
            {
                "order": UNKNOWN,
                "openOrders": said([]),
                "myTrades": said([TRADE]),
                "number": said(FILLED),
                "trades": said([TRADE]),
            },
            False,
            [EXECUTION],
        ),
        (
            {
                "order": UNKNOWN,
                "openOrders": said([]),
                "myTrades": said([TRADE]),
                "number": said(FILLED | {"clientOrderId": "web_1"}),
            },
            False,
            [ABSENT],
        ),
        ({"order": Said(400, b'{"code":-2026,"msg":"Order was archived."}')}, False, [EXPIRED]),
    ],
    ids=[
        "open",
        "nowhere",
        "nowhere though told before",
        "open orders do not come",
        "trades do not come",
        "among the open ones",
        "behind a trade of nobody knows whom",
        "behind a trade",
        "a trade of other hands",
        "archived",
    ],
)
def test_absence_needs_every_source_to_agree(script: Mapping[str, Said], is_heard_of: bool, kinds: list[int]) -> None:
    """By name, among the open ones, behind the trades; what the venue has told of before is never called absent."""
    told, _ = asyncio.run(asked(script, is_heard_of=is_heard_of))
    assert [event.kind for event in told] == kinds


class Behind(Clock):
    """A machine whose wall clock is a day behind."""

    def now_ns(self) -> Nanos:
        """Return the wrong time."""
        return Nanos(SystemClock().now_ns() - 86_400 * 10**9)

    def monotonic_ns(self) -> Nanos:
        """Return a time that measures all the same."""
        return SystemClock().monotonic_ns()


@pytest.mark.requirement("P-14", "P2-4")
def test_a_wait_is_measured_by_one_clock() -> None:
    """However far the machine's clock is off, a request waits as long as the limiter says and is not given up."""
    limiter = Limiter(Allowance((Limit(Unit.WEIGHT, 200, 10),), margin_ms=0), Allowance(()))
    now = said({"serverTime": int(SystemClock().now_ns()) // 10**6})

    async def live() -> list[Told[Any] | Hold]:
        async with venue(lambda _: now) as there:
            http = HttpClient(allowed(f"http://127.0.0.1:{there.port}", ["127.0.0.1"]))
            door = BinanceRest(http, clock=Behind(), offset=ClockOffset(), limiter=limiter, signer=None, drift=Drift())
            await door.learn_time()
            lookup = Lookup(door, run=RUN, instruments=[BTC], clock=Behind(), deliver=lambda _: None)
            answers = [await lookup.ask(server_time(), ServerTime, Urgency.ORDINARY) for _ in range(30)]
            await door.close()
            return answers

    assert not any(isinstance(answer, Hold) for answer in asyncio.run(live()))


@pytest.mark.requirement("P-04", "ORDER_001")
@given(state=st.sampled_from(range(SUBMITTED, CANCEL_UNKNOWN + 1)), filled=st.integers(0, 9))
def test_a_restart_begins_every_doubt_and_remembers_what_was_proven(state: int, filled: int) -> None:
    """Whatever was on its way is lost; an order that filled, or was seen alive, is never called absent again."""
    order = Order(7, request(), Lots(10), sibling_id=0, reduce_only=False)
    order.state, order.filled = state, Lots(filled)
    words = {
        SUBMITTED: SUBMIT_LOST,
        CANCEL_PENDING: CANCEL_LOST,
        SUBMIT_UNKNOWN: INQUIRY_LOST,
        CANCEL_UNKNOWN: INQUIRY_LOST,
    }
    wanted = [words[state]] if state in words else []
    assert [word.kind for word in lost_answers([order], Nanos(3), "killed")] == wanted
    names = VenueNames()
    recall([order], RUN, names)
    assert names.is_heard_of(NAME) == (filled > 0 or state not in words)


def request() -> OrderRequest:
    """Any request."""
    return OrderRequest(
        intent_id=1,
        instrument=0,
        slot=0,
        purpose=0,
        order_type=0,
        side=1,
        lots=Lots(10),
        reference=Ticks(1),
        limit=Ticks(0),
        trigger=Ticks(0),
        stop=Ticks(1),
        target=Ticks(0),
    )
