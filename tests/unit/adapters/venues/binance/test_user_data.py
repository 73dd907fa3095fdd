# SPDX-License-Identifier: Apache-2.0
"""The user data stream as domain reports: each documented event, and what must never become a report."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.adapters.venues.binance.account.user_data import (
    BalanceMoved,
    BalanceNews,
    ListStatus,
    OrderNews,
    StreamEnded,
    UserDataReader,
    UserNews,
)
from bot4.adapters.venues.binance.orders.reports import FeeAssets, fee_assets, traded
from bot4.adapters.venues.binance.wire.replies import MyTrade
from bot4.adapters.venues.kit.decimals import eighths, exact
from bot4.adapters.venues.kit.drift import Drift, Malformed
from bot4.domain.event import ACCEPTED, CANCELED, EXPIRED, REJECTED, Event
from bot4.domain.external import MANUAL, OTHER_RUN, External
from bot4.domain.fee import NO_PAYER, FeeTaken
from bot4.domain.ids import client_order_id
from bot4.domain.order import Execution, OrderWord
from bot4.domain.values import BUY, SELL, Nanos, Ticks
from tests.unit.adapters.venues.binance.test_instruments import btcusdt, read

RUN = "0123456789abcdef" * 4
OURS = client_order_id(RUN, 3, 77)
BTC = read(btcusdt()).find("BTCUSDT").instrument
NOW = Nanos(1_700_000_000_123_456_789)
REPORT: dict[str, Any] = {
    "e": "executionReport", "E": 1499405658658, "s": "BTCUSDT", "c": OURS, "S": "BUY", "o": "LIMIT", "f": "GTC",
    "q": "1.00000000", "p": "50000.01000000", "P": "0.00000000", "F": "0.00000000", "g": -1, "C": "", "x": "NEW",
    "X": "NEW", "r": "NONE", "i": 4293153, "l": "0.00000000", "z": "0.00000000", "L": "0.00000000", "n": "0",
    "N": None, "T": 1499405658657, "t": -1, "I": 8641984, "w": True, "m": False, "M": False, "O": 1499405658657,
    "Z": "0.00000000", "Y": "0.00000000", "Q": "0.00000000", "W": 1499405658657, "V": "NONE",
}  # fmt: skip
TRADED = {"x": "TRADE", "X": "PARTIALLY_FILLED", "l": "0.25000000", "L": "50000.01000000", "z": "0.75000000", "t": 91,
          "n": "0.00025000", "N": "BTC", "m": True}  # fmt: skip


def heard(event: dict[str, Any], drift: Drift | None = None) -> UserNews:
    """Return what a wrapped event is read as."""
    assets = fee_assets([BTC], {"BNB": Decimal("625.0125")})
    reader = UserDataReader(RUN, {"BTCUSDT": BTC}, drift or Drift(), assets)
    return reader.read(json.dumps({"subscriptionId": 0, "event": event}).encode(), NOW)


def order(**changed: Any) -> OrderNews:
    """Return the news of an execution report; none of its documented fields is drift."""
    drift = Drift()
    news = heard(REPORT | changed, drift)
    assert isinstance(news, OrderNews)
    assert drift.unknown == {}
    return news


@pytest.mark.requirement("ORDER_001")
@pytest.mark.parametrize(
    ("changed", "kind", "reason"),
    [
        ({}, ACCEPTED, ""),
        ({"X": "PENDING_NEW"}, ACCEPTED, ""),
        ({"x": "CANCELED", "X": "CANCELED", "C": OURS, "c": "web_cancel"}, CANCELED, ""),
        ({"x": "REJECTED", "X": "REJECTED", "r": "INSUFFICIENT_BALANCE"}, REJECTED, "INSUFFICIENT_BALANCE"),
        ({"x": "EXPIRED", "X": "EXPIRED", "eR": "OCO_TRIGGER"}, EXPIRED, "OCO_TRIGGER"),
        ({"x": "EXPIRED", "X": "EXPIRED_IN_MATCH"}, EXPIRED, "self_trade_prevention"),
        ({"x": "TRADE_PREVENTION", "X": "EXPIRED_IN_MATCH", "v": 3, "A": "1", "B": "1", "u": 1, "U": 37, "Cs": "X",
          "pl": "1", "pL": "1", "pY": "1"}, EXPIRED, "self_trade_prevention"),
    ],
)  # fmt: skip
def test_an_order_begins_and_ends(changed: dict[str, Any], kind: int, reason: str) -> None:
    """Each execution type is one word; after a cancel the order's own id stands in the other field."""
    news = order(**changed)
    report = news.report
    assert isinstance(report, OrderWord)
    assert (report.kind, report.order_id, report.instrument, report.reason) == (kind, 77, 0, reason)
    assert (int(report.ts_event_ns), int(report.ts_known_ns)) == (1499405658657 * 1_000_000, int(NOW))
    assert (news.client_id, news.venue_order_id, news.rule, news.alert) == (OURS, 4293153, "", False)
    assert news.name is not None and (news.name.slot, news.name.order_id) == (3, 77)


@pytest.mark.requirement("EXEC_001", "FEE_001")
@pytest.mark.parametrize(
    ("side", "asset", "fee", "worth"),
    [
        ("BUY", "BTC", "0.00025000", 1250000250),
        ("BUY", "BTC", "0.00000001", 50001),
        ("SELL", "BNB", "0.01000000", 625012500),
        ("SELL", "XYZ", "0.01000000", 0),
    ],
)
def test_a_fee_that_cash_does_not_pay_comes_before_its_execution(side: str, asset: str, fee: str, worth: int) -> None:
    """Base is worth what the fill paid, a third asset its last known price, rounded up; one without a price nothing."""
    news = order(**(TRADED | {"S": side, "n": fee, "N": asset}))
    taken, report = news.events()
    assert isinstance(report, Execution) and isinstance(taken, FeeTaken)
    assert (report.order_id, report.trade_id, report.side) == (77, 91, BUY if side == "BUY" else SELL)
    assert (int(report.lots), int(report.price), report.is_maker, int(report.fee)) == (25_000, 5_000_001, True, 0)
    assert news.filled == 75_000
    assert (taken.order_id, taken.trade_id, taken.instrument) == (77, 91, report.instrument)
    assert (taken.asset, int(taken.amount), int(taken.worth)) == (asset, eighths(fee), worth)
    assert taken.payer == (report.instrument if asset == "BTC" else NO_PAYER)
    assert (taken.ts_event_ns, taken.ts_known_ns) == (report.ts_event_ns, report.ts_known_ns)


@pytest.mark.requirement("EXEC_001", "FEE_001")
@pytest.mark.parametrize(
    ("asset", "fee", "paid"), [("USDT", "12.50000001", 1250000001), (None, "0", 0), ("BTC", "0", 0)]
)
def test_a_fee_in_cash_or_none_is_part_of_the_execution(asset: str | None, fee: str, paid: int) -> None:
    """One report, as ever."""
    (report,) = order(**(TRADED | {"S": "SELL", "n": fee, "N": asset})).events()
    assert isinstance(report, Execution)
    assert report.fee == paid


@pytest.mark.requirement("FEE_001")
def test_a_fee_in_the_base_of_another_instrument_is_paid_by_that_one() -> None:
    """Who trades BNB and pays fees in it sells less of it."""
    assets = FeeAssets({"BTC": 0, "BNB": 4}, {"BNB": Decimal(600)})
    told = traded(trade(commission="0.01", commission_asset="BNB"), 77, BTC, known_ns=NOW, assets=assets)
    assert not isinstance(told, str) and told.fee is not None
    assert (int(told.fee.payer), int(told.fee.amount), int(told.fee.worth)) == (4, 1_000_000, 600_000_000)


@pytest.mark.requirement("prod_004", "P-26", "P-05")
@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"x": "TRADE_BUSTED"}, "unknown execution type TRADE_BUSTED"),
        ({"X": "HALF_FILLED"}, "unknown state HALF_FILLED"),
        ({"s": "ETHUSDT"}, "unknown symbol ETHUSDT"),
        (TRADED | {"L": "50000.015"}, "off step: 0.25000000 at 50000.015"),
        (TRADED | {"l": "0.000000001"}, "off step: 0.000000001 at 50000.01000000"),
        (TRADED | {"l": "0"}, "off step: 0 at 50000.01000000"),
        (TRADED | {"t": -1}, "trade -1 of side BUY"),
        (TRADED | {"S": "BOTH"}, "trade 91 of side BOTH"),
        (TRADED | {"n": "much"}, "fee much"),
        (TRADED | {"n": "-0.1"}, "fee -0.1"),
        (TRADED | {"n": "0.000000001"}, "fee 0.000000001"),
        (TRADED | {"N": None}, "fee 0.00025000"),
    ],
)
def test_what_cannot_be_read_is_told_and_is_no_report(changed: dict[str, Any], rule: str) -> None:
    """An alert with the order's name, so that it can be looked up; nothing is rounded or guessed."""
    news = order(**changed)
    assert (news.report, news.rule, news.alert) == (None, rule, True)
    assert news.name is not None


@pytest.mark.requirement("ORDER_001")
@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"c": "web_123", "s": "ETHUSDT"}, "external"),
        ({"c": "web_123", "p": "0.001"}, "external"),
        ({"x": "REPLACED"}, "replaced"),
        ({"x": "TRADE_PREVENTION", "X": "PARTIALLY_FILLED"}, "prevented"),
    ],
)
def test_what_is_not_for_the_engine_has_a_rule(changed: dict[str, Any], rule: str) -> None:
    """What other hands do in a symbol that is none of ours is named; no report, no alarm."""
    news = order(**changed)
    assert (news.report, news.rule, news.alert) == (None, rule, False)


@pytest.mark.requirement("ORDER_001", "P-10")
@pytest.mark.parametrize(
    ("changed", "rule", "reason", "amounts"),
    [
        ({"c": "web_123"}, "external", MANUAL, (-1, 100_000, 5_000_001)),
        (TRADED | {"c": "and_456"}, "external", MANUAL, (91, 25_000, 5_000_001)),
        ({"c": client_order_id("f" * 64, 0, 1)}, "other_run", OTHER_RUN, (-1, 100_000, 5_000_001)),
    ],
)
def test_what_other_hands_do_is_told_as_theirs(
    changed: dict[str, Any], rule: str, reason: str, amounts: tuple[int, int, int]
) -> None:
    """An order, or a trade of it, with the venue's numbers; never under a number of ours."""
    news = order(**changed)
    report = news.report
    assert isinstance(report, External)
    assert (int(report.trade_id), int(report.lots), int(report.price)) == amounts
    assert (report.reason, report.venue_order_id, report.side) == (reason, 4293153, BUY)
    assert (news.rule, news.alert, news.symbol) == (rule, False, "BTCUSDT")


def test_balances_lists_and_the_streams_end_are_read() -> None:
    """The other documented events."""
    position = {"e": "outboundAccountPosition", "E": 1564034571105, "u": 1564034571073,
                "B": [{"a": "ETH", "f": "10000.000000", "l": "0.00000001"}]}  # fmt: skip
    assert heard(position) == BalanceNews(1564034571073, {"ETH": (1_000_000_000_000, 1)})
    moved = {"e": "balanceUpdate", "E": 1573200697110, "a": "BTC", "d": "-100.00000000", "T": 1573200697068}
    assert heard(moved) == BalanceMoved(1573200697068, "BTC", -10_000_000_000, False)
    assert heard(moved | {"e": "externalLockUpdate"}) == BalanceMoved(1573200697068, "BTC", -10_000_000_000, True)
    listed = {"e": "listStatus", "E": 1564035303637, "s": "ETHBTC", "g": 2, "c": "OCO", "l": "EXEC_STARTED",
              "L": "EXECUTING", "r": "NONE", "C": "F4QN", "T": 1564035303625,
              "O": [{"s": "ETHBTC", "i": 17, "c": "AJYs"}]}  # fmt: skip
    news = heard(listed)
    assert isinstance(news, ListStatus)
    assert (news.list_id, news.state, news.orders[0].order_id) == (2, "EXECUTING", 17)
    assert isinstance(heard({"e": "eventStreamTerminated", "E": 1728973001334}), StreamEnded)
    assert isinstance(heard({"e": "serverShutdown", "E": 1728973001334}), StreamEnded)
    assert isinstance(heard(position | {"B": [{"a": "ETH", "f": "x", "l": "0"}]}), Malformed)
    assert isinstance(heard(moved | {"d": "NaN"}), Malformed)


@pytest.mark.requirement("P-26")
@given(
    data=st.binary(max_size=40) | st.dictionaries(st.text(max_size=3), st.integers()).map(json.dumps).map(str.encode)
)
def test_noise_is_malformed_and_nothing_raises(data: bytes) -> None:
    """Whatever a frame holds, it is read as a value and counted."""
    drift = Drift()
    assert isinstance(UserDataReader(RUN, {}, drift).read(data, NOW), Malformed)
    assert sum(drift.broken.values()) == 1


@pytest.mark.requirement("P-26")
@given(field=st.sampled_from([name for name in REPORT if name not in {"F", "w", "M", "O", "Y", "Q", "W", "V"}]))
def test_a_report_without_a_needed_field_is_malformed(field: str) -> None:
    """Each field that is read is needed; the reason names it."""
    said = {name: value for name, value in REPORT.items() if name != field}
    news = heard(said)
    assert isinstance(news, Malformed)
    assert f"`{field}`" in news.why or field == "e"


def test_a_new_field_is_counted_and_read_past() -> None:
    """The report still stands."""
    drift = Drift()
    news = heard(REPORT | {"zz": 1}, drift)
    assert isinstance(news, OrderNews) and news.report is not None
    assert drift.unknown == {"executionReport.zz": 1}


@pytest.mark.requirement("P-05")
@given(
    price=st.integers(1, 10**9), lots=st.integers(1, 10**9), fee=st.integers(0, 10**9),
    asset=st.sampled_from(["BTC", "USDT", "BNB"]), buyer=st.booleans(),
)  # fmt: skip
def test_a_trade_asked_for_is_the_event_of_the_stream(price: int, lots: int, fee: int, asset: str, buyer: bool) -> None:
    """What REST tells of a trade and what the stream told are equal in every field but when we knew."""
    texts = {"price": BTC.price_text(Ticks(price)), "quantity": f"{lots * BTC.lot_size:f}", "fee": f"{fee}e-8"}
    said = order(**(TRADED | {"L": texts["price"], "l": texts["quantity"], "n": texts["fee"], "N": asset,
                              "S": "BUY" if buyer else "SELL"}))  # fmt: skip
    one = trade(price=texts["price"], qty=texts["quantity"], commission=texts["fee"], commission_asset=asset,
                is_buyer=buyer)  # fmt: skip
    asked = traded(one, 77, BTC, known_ns=Nanos(5), assets=fee_assets([BTC], {"BNB": Decimal("625.0125")}))
    assert not isinstance(asked, str)
    assert [fields(event) for event in asked.events()] == [fields(event) for event in said.events()]


def trade(**changed: Any) -> MyTrade:
    """Return one of our trades, as a question would tell it."""
    words: dict[str, Any] = {
        "symbol": "BTCUSDT", "id": 91, "order_id": 4293153, "price": "50000.01", "qty": "0.25", "quote_qty": "0",
        "commission": "0", "commission_asset": "BTC", "time": 1499405658657, "is_buyer": True, "is_maker": True,
    }  # fmt: skip
    return MyTrade(**(words | changed))


def fields(event: Event) -> dict[str, Any]:
    """Return what an event says, but for when we knew."""
    names = [name for kind in type(event).__mro__ for name in getattr(kind, "__slots__", ())]
    return {name: getattr(event, name) for name in names if name != "ts_known_ns"}


def test_amounts_are_exact_or_nothing() -> None:
    """No rounding on the way in."""
    assert exact("0.02", BTC.tick_size) == 2
    assert exact("0.025", BTC.tick_size) is exact("x", BTC.tick_size) is exact("Infinity", BTC.tick_size) is None
    assert (eighths("0.00000001"), eighths("0.000000001")) == (1, None)
