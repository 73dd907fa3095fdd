# SPDX-License-Identifier: Apache-2.0
"""What bot4 sends to Binance and what it reads: the shapes in ``tests/golden/binance`` may not change by accident.

``requests.json`` holds each request as it is built; ``replies.json`` each documented reply with what is read of it.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot4.adapters.venues.binance.orders.tickets import bracket_ticket, guarded_ticket, oco_ticket, ticket
from bot4.adapters.venues.binance.wire import replies, requests
from bot4.adapters.venues.binance.wire.replies import Reply
from bot4.adapters.venues.binance.wire.requests import Request
from bot4.adapters.venues.kit.drift import Drift, Malformed
from bot4.adapters.venues.kit.limiter import urgency_of
from bot4.domain.order import (
    ENTER,
    EXIT,
    IMMEDIATE_OR_CANCEL,
    LIMIT,
    MARKET,
    POST_ONLY,
    PROTECT_STOP,
    PROTECT_TARGET,
    STOP,
    STOP_LIMIT,
    Submit,
)
from bot4.domain.values import BUY, SELL, Lots, Nanos, Ticks
from tests.unit.adapters.venues.binance.test_instruments import btcusdt, read

GOLDEN = Path(__file__).parent / "binance"
BTC = read(btcusdt()).find("BTCUSDT").instrument
CLIENT_ID = "b4" + "0123456789abcdef" + "-1-42"


def submit(order_type: int, side: int, *, limit: int = 0, trigger: int = 0, purpose: int = ENTER) -> Submit:
    """Return a command for 0.12345 BTC."""
    return Submit(
        Nanos(0), order_id=42, intent_id=7, slot=1, instrument=0, purpose=purpose, order_type=order_type, side=side,
        lots=Lots(12_345), limit=Ticks(limit), trigger=Ticks(trigger), sibling_id=0, reduce_only=False,
    )  # fmt: skip


def placed(command: Submit) -> Request:
    """Return the request that places a command."""
    params = ticket(command, BTC, CLIENT_ID)
    return requests.place_order(params, urgency=urgency_of(command))


def built() -> dict[str, Request]:
    """Return every request that bot4 can make."""
    stop = submit(STOP_LIMIT, SELL, limit=4_990_000, trigger=5_000_000, purpose=PROTECT_STOP)
    target = submit(LIMIT, SELL, limit=6_000_001, purpose=PROTECT_TARGET)
    plain_stop = submit(STOP, BUY, trigger=5_500_000, purpose=PROTECT_STOP)
    buy_target = submit(LIMIT, BUY, limit=4_000_000, purpose=PROTECT_TARGET)
    ids = {"list_id": "L", "target_id": "T", "stop_id": "S"}
    limit_order = submit(LIMIT, BUY, limit=5_123_456)
    return {
        "time": requests.server_time(),
        "exchange info": requests.exchange_info(("BTCUSDT", "ETHUSDT")),
        "exchange info of all": requests.exchange_info(),
        "depth": requests.depth("BTCUSDT", limit=5000),
        "klines": requests.klines("BTCUSDT", "1m", start_ms=1, end_ms=2),
        "aggregated trades": requests.agg_trades("BTCUSDT", from_id=0),
        "market": placed(submit(MARKET, SELL, purpose=EXIT)),
        "limit": placed(limit_order),
        "limit at once": placed(submit(IMMEDIATE_OR_CANCEL, BUY, limit=5_123_456)),
        "post only": placed(submit(POST_ONLY, BUY, limit=5_123_456)),
        "stop": placed(plain_stop),
        "stop limit": placed(stop),
        "cancel": requests.cancel_order("BTCUSDT", CLIENT_ID),
        "cancel all": requests.cancel_open_orders("BTCUSDT"),
        "cancel and replace": requests.cancel_replace(
            ticket(stop, BTC, CLIENT_ID), "old", stop_on_failure=True, urgency=urgency_of(stop)
        ),
        "query": requests.query_order("BTCUSDT", CLIENT_ID),
        "open orders": requests.open_orders("BTCUSDT"),
        "open orders of all": requests.open_orders(),
        "all orders": requests.all_orders("BTCUSDT", from_order_id=0, limit=500),
        "my trades": requests.my_trades("BTCUSDT", from_id=17),
        "my trades of an order": requests.my_trades("BTCUSDT", order_id=28),
        "account": requests.account(),
        "commission": requests.commission("BTCUSDT"),
        "order counts": requests.order_counts(),
        "pair that sells": requests.place_list("oco", oco_ticket(target, stop, BTC, **ids), urgency=urgency_of(stop)),
        "pair that buys": requests.place_list(
            "oco", oco_ticket(buy_target, plain_stop, BTC, **ids), urgency=urgency_of(stop)
        ),
        "bracket": requests.place_list(
            "otoco",
            bracket_ticket(limit_order, target, stop, BTC, list_id="L", ids=("E", "T", "S")),
            urgency=urgency_of(limit_order),
        ),
        "guarded entry": requests.place_list(
            "oto", guarded_ticket(limit_order, stop, BTC, list_id="L", ids=("E", "S")), urgency=urgency_of(limit_order)
        ),
        "cancel list": requests.cancel_list("BTCUSDT", "L"),
        "query list": requests.query_list("L"),
        "rights of the key": requests.api_restrictions(),
    }


def golden(name: str) -> Any:
    """Return a golden file's content."""
    return json.loads((GOLDEN / name).read_text(encoding="utf-8"))


@pytest.mark.requirement("P-26")
@pytest.mark.parametrize("name", list(built()))
def test_a_request_is_what_it_was(name: str) -> None:
    """Method, path, parameters in their order, cost and urgency; none is left out of the file."""
    assert json.loads(msgspec.json.encode(built()[name])) == golden("requests.json")[name]
    assert list(golden("requests.json")) == list(built())


@pytest.mark.requirement("P-26")
@pytest.mark.parametrize("row", golden("replies.json"), ids=lambda row: f"{row['kind']}: {row['name']}")
def test_a_documented_reply_is_read_without_drift(row: dict[str, Any]) -> None:
    """Each documented shape is read whole: no field is unknown, and the values are those of the file."""
    kind: type[Any] = getattr(replies, row["kind"])
    drift = Drift()
    value = drift.read(row["name"], list[kind] if row["many"] else kind, json.dumps(row["said"]).encode())  # type: ignore[valid-type]
    assert not isinstance(value, Malformed)
    assert drift.unknown == {}
    assert json.loads(msgspec.json.encode(value)) == row["read"]


@pytest.mark.requirement("P-26")
def test_every_reply_has_a_golden_row() -> None:
    """A shape that no row shows could change unseen."""
    parts = {
        "Reply", "SymbolInfo", "FillReply", "ListLeg", "LegReport", "Balance", "CommissionRates", "Discount",
        "RateLimit",
    }  # fmt: skip
    kinds = {name for name, kind in vars(replies).items() if isinstance(kind, type) and issubclass(kind, Reply)}
    assert kinds - parts <= {row["kind"] for row in golden("replies.json")}


SINGLE = [row for row in golden("replies.json") if not row["many"]]


@pytest.mark.requirement("P-26")
@pytest.mark.parametrize("row", SINGLE, ids=lambda row: f"{row['kind']}: {row['name']}")
def test_drift_is_counted_and_told_once(row: dict[str, Any]) -> None:
    """A new field is counted and read past; a missing or mistyped one that is needed makes the reply malformed."""
    kind: type[Any] = getattr(replies, row["kind"])
    drift = Drift()
    for _ in range(2):
        grown = json.dumps(row["said"] | {"brandNew": 1}).encode()
        assert not isinstance(drift.read("shape", kind, grown), Malformed)
    assert drift.unknown == {"shape.brandNew": 2}
    assert drift.news() == ["shape.brandNew"]
    assert drift.news() == []
    for field in msgspec.structs.fields(kind):
        if field.required:
            less = {name: value for name, value in row["said"].items() if name != field.encode_name}
            broken = drift.read("shape", kind, json.dumps(less).encode())
            assert isinstance(broken, Malformed) and field.encode_name in broken.why
            mistyped = json.dumps(less | {field.encode_name: [None]}).encode()
            assert field.type is msgspec.Raw or isinstance(drift.read("shape", kind, mistyped), Malformed)
    assert isinstance(drift.read("shape", kind, b"<html>"), Malformed)
    assert drift.broken["shape: no JSON"] == 1
