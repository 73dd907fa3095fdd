# SPDX-License-Identifier: Apache-2.0
"""What the venue may answer and our simulated one does not: a list for a leg's cancel, an archived order."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from bot4.adapters.net.endpoints import allowed
from bot4.adapters.net.http import HttpClient
from bot4.adapters.venues.binance.orders.gateway import BinanceGateway
from bot4.adapters.venues.binance.orders.lookup import Lookup
from bot4.adapters.venues.binance.wire.rest import BinanceRest
from bot4.adapters.venues.kit.allowance import Allowance
from bot4.adapters.venues.kit.clock import ClockOffset
from bot4.adapters.venues.kit.drift import Drift
from bot4.adapters.venues.kit.limiter import Limiter
from bot4.adapters.venues.kit.secret import Secret
from bot4.adapters.venues.kit.signing import HmacSigner
from bot4.domain.event import CANCEL_LOST, CANCELED, EXPIRED
from bot4.domain.ids import client_order_id
from bot4.domain.order import Inquire, cancel_command
from bot4.domain.values import Nanos
from bot4.runtime.clocks import SystemClock
from tests.contract.orders.life import BTCUSDT, RUN
from tests.unit.adapters.venues.loopback_venue import Heard, Said, venue

pytestmark = pytest.mark.requirement("ORDER_001")

LEGS = {1: 10, 2: 11}


def name(order_id: int) -> str:
    """Return the client id of an order."""
    return client_order_id(RUN, 3, order_id)


def report(order_id: int, executed: str = "0.00000000") -> dict[str, Any]:
    """Return what a cancel tells of a leg."""
    return {
        "symbol": "BTCUSDT", "orderId": LEGS[order_id], "orderListId": 7, "clientOrderId": "theirs",
        "origClientOrderId": name(order_id), "transactTime": 1, "origQty": "0.01000000", "executedQty": executed,
        "status": "CANCELED", "side": "SELL", "type": "LIMIT_MAKER",
    }  # fmt: skip


def answered(script: Callable[[Heard], tuple[int, Any]], *commands: Any) -> list[tuple[int, int]]:
    """Return the reports, each as its order and kind, that commands to a scripted venue lead to."""

    def say(heard: Heard) -> Said:
        """Tell the time, and what the script says to everything else."""
        if heard.path == "/api/v3/time":
            return Said(body=json.dumps({"serverTime": int(time.time() * 1000)}).encode())
        status, body = script(heard)
        return Said(status, json.dumps(body).encode())

    async def go() -> list[tuple[int, int]]:
        async with venue(say) as place:
            reports: list[Any] = []
            clock = SystemClock()
            rest = BinanceRest(
                HttpClient(allowed(f"http://127.0.0.1:{place.port}", ["127.0.0.1"])),
                clock=clock,
                offset=ClockOffset(),
                limiter=Limiter(Allowance(()), Allowance(())),
                signer=HmacSigner("key", Secret(b"secret")),
                drift=Drift(),
            )
            lookup = Lookup(rest, run=RUN, instruments=[BTCUSDT], clock=clock, deliver=reports.append)
            gateway = BinanceGateway(lookup, RUN, dict.fromkeys(LEGS, 3))
            for command in commands:
                gateway.send(command, clock.now_ns())
            await gateway.drained()
            await rest.close()
            assert gateway.faults == []
            return [(int(one.order_id), int(one.kind)) for one in reports]

    return asyncio.run(go())


def cancel(order_id: int) -> Any:
    """Return a cancel command."""
    return cancel_command(Nanos(1), order_id, 0, "exit")


def canceled_list(*reports: dict[str, Any]) -> dict[str, Any]:
    """Return a list that was canceled."""
    return {
        "orderListId": 7, "contingencyType": "OCO", "listStatusType": "ALL_DONE", "listOrderStatus": "ALL_DONE",
        "listClientOrderId": "x", "transactionTime": 1, "symbol": "BTCUSDT",
        "orders": [{"symbol": "BTCUSDT", "orderId": LEGS[each], "clientOrderId": name(each)} for each in LEGS],
        "orderReports": list(reports),
    }  # fmt: skip


def test_a_list_that_answers_a_legs_cancel_ends_both_legs() -> None:
    """Also where nobody remembers that they stood in one list, as after a restart."""
    said = canceled_list(report(1), report(2))
    assert answered(lambda _: (200, said), cancel(1)) == [(1, CANCELED), (2, CANCELED)]


def test_a_leg_that_traded_more_than_can_be_looked_up_is_not_told_as_ended() -> None:
    """The venue counts an execution that its list of trades does not have yet: the engine is to ask again."""

    def script(heard: Heard) -> tuple[int, Any]:
        return (200, canceled_list(report(1, "0.00500000"), report(2))) if heard.method == "DELETE" else (200, [])

    assert answered(script, cancel(1)) == [(1, CANCEL_LOST), (2, CANCELED)]


def test_a_cancel_without_what_was_executed_proves_nothing() -> None:
    """A reply that lacks the count is no end of an order that may have traded."""
    said = report(1)
    del said["executedQty"]
    assert answered(lambda _: (200, said), cancel(1)) == [(1, CANCEL_LOST)]


def test_a_reply_about_another_order_proves_nothing() -> None:
    """Nor is the other order's end told by it."""
    assert answered(lambda _: (200, report(2)), cancel(1)) == [(1, CANCEL_LOST)]


def test_an_archived_order_has_ended() -> None:
    """Older than 90 days and never filled: canceled or asked about, it is over."""
    said = (400, {"code": -2026, "msg": "Order was archived."})
    inquiry = Inquire(Nanos(1), order_id=2, slot=3, instrument=0, due_ns=Nanos(1), attempt=1)
    assert answered(lambda _: said, cancel(1)) == [(1, EXPIRED)]
    assert answered(lambda _: said, inquiry) == [(2, EXPIRED)]
