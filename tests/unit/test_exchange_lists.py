# SPDX-License-Identifier: Apache-2.0
"""Lists of orders at the exchange: which of them work, which wait, and what the end of one means to the others."""

from typing import Any

import pytest

from bot4.simulation.exchange.events import ExecutionReport
from bot4.simulation.exchange.orders import ListReply, OrderReply
from bot4.simulation.exchange.refusals import Refusal
from bot4.simulation.exchange.requests import Amend, Cancel, CancelList
from bot4.simulation.exchange.rules import ONE
from tests.property.exchange_floor import rules_of
from tests.unit.exchange_desk import Desk, units, wish

pytestmark = pytest.mark.requirement("P2-2", "ORDER_001")

TAKE = wish("SELL", "LIMIT_MAKER", price=110)
STOP = wish("SELL", "STOP_LOSS", stop_price=90)
ENTRY = wish("BUY", "LIMIT", price=100)


def desk_at(price: int = 100, **rules: Any) -> Desk:
    """A desk whose last trade was at a price."""
    desk = Desk(**rules)
    desk.trade_at(price)
    desk.exchange.take_events()
    return desk


def test_a_pair_of_sales_locks_its_quantity_once() -> None:
    """Only one of the two can sell."""
    desk = desk_at()
    desk.joined("ann", "OCO", TAKE, STOP)
    assert desk.balance("ann", "BTC") == (units(99), units(1))


def test_a_pair_of_purchases_locks_the_dearer_one() -> None:
    """Of a stop at 120 and a limit at 90 the first may cost more; when it goes, so does the difference."""
    desk = desk_at()
    desk.joined("ann", "OCO", wish("BUY", "STOP_LOSS", stop_price=120), wish("BUY", "LIMIT_MAKER", price=90))
    assert desk.balance("ann", "USDT") == (units(99_880), units(120))
    desk.place("bob", "SELL", price=90, quantity="0.25")
    assert desk.balance("ann", "USDT") == (units(100_000 - 90), units("67.5"))


def test_the_first_fill_of_one_expires_the_other_before_it_is_told() -> None:
    """Even a part of it; the rest of the survivor works on, and the list is done with it."""
    desk = desk_at()
    take, stop = desk.joined("ann", "OCO", TAKE, STOP)
    assert desk.told("ann") == ["list EXEC_STARTED EXECUTING", f"{take.order_id} NEW NEW", f"{stop.order_id} NEW NEW"]
    desk.place("bob", "BUY", price=110, quantity="0.4")
    assert desk.told("ann") == [f"{stop.order_id} EXPIRED EXPIRED", f"{take.order_id} TRADE PARTIALLY_FILLED"]
    assert desk.reasons([stop]) == ["OCO_TRIGGER"]
    assert desk.balance("ann", "BTC") == (units(99), units("0.6"))
    desk.place("bob", "BUY", price=110, quantity="0.6")
    assert desk.told("ann") == [f"{take.order_id} TRADE FILLED", "list ALL_DONE ALL_DONE"]


def test_the_trigger_of_one_expires_the_other_before_it_works() -> None:
    """The stop at 90 is reached, the limit at 110 is gone, then the stop sells to the next bid."""
    desk = desk_at()
    take, stop = desk.joined("ann", "OCO", TAKE, STOP)
    desk.told("ann")
    desk.place("bob", "BUY", price=89)
    desk.trade_at(90)
    assert desk.told("ann") == [
        f"{take.order_id} EXPIRED EXPIRED",
        f"{stop.order_id} NEW NEW",
        f"{stop.order_id} TRADE FILLED",
        "list ALL_DONE ALL_DONE",
    ]
    assert desk.balance("ann", "BTC") == (units(99), 0)


def test_one_sweep_that_reaches_both_executes_only_one() -> None:
    """A sale prints at 121, where the stop purchase would go off, and at 99 fills the limit: the stop has expired."""
    desk = desk_at()
    above, below = desk.joined(
        "ann", "OCO", wish("BUY", "STOP_LOSS", stop_price=120), wish("BUY", "LIMIT_MAKER", price=99)
    )
    desk.place("bob", "BUY", price=121)
    desk.place("bob", "SELL", price=200)
    desk.open("eve")
    desk.place("eve", "SELL", "MARKET", quantity=2)
    assert desk.statuses([above, below]) == ["EXPIRED", "FILLED"]
    assert [fill.order_id for fill in desk.exchange.ledger("ann").fills] == [below.order_id]


def test_canceling_one_cancels_its_list() -> None:
    """By either order, or by the list's number or name; everything locked is free again."""
    desk = desk_at()
    for way in range(4):
        reply = desk.join("ann", "OCO", TAKE, STOP, client_id=f"pair{way}")
        assert isinstance(reply, ListReply)
        orders = [each.state for each in reply.orders]
        desk.told("ann")
        if way < 2:
            answer: Any = desk.exchange.cancel("ann", Cancel("BTCUSDT", orders[way].order_id), desk.now)
        else:
            numbers = {"list_id": reply.list_id} if way == 2 else {"list_client_order_id": f"pair{way}"}
            answer = desk.exchange.cancel_list("ann", CancelList("BTCUSDT", **numbers), desk.now)
            assert answer.order_status == "ALL_DONE"
        assert not isinstance(answer, Refusal)
        assert desk.statuses(orders) == ["CANCELED", "CANCELED"]
        assert desk.told("ann")[-1] == "list ALL_DONE ALL_DONE"
        assert desk.balance("ann", "BTC") == (units(100), 0)


def test_an_unknown_list_is_not_canceled() -> None:
    """Nor another member's, nor one that is done; without a number or a name nothing is looked for."""
    desk = desk_at()
    reply = desk.join("ann", "OCO", TAKE, STOP)
    assert isinstance(reply, ListReply)
    cancel = CancelList("BTCUSDT", reply.list_id)
    unknown = Refusal(-2011, "Unknown order sent.")
    assert desk.exchange.cancel_list("bob", cancel, desk.now) == unknown
    assert desk.exchange.cancel_list("ann", CancelList("BTCUSDT", 99), desk.now) == unknown
    assert isinstance(desk.exchange.cancel_list("ann", cancel, desk.now), ListReply)
    assert desk.exchange.cancel_list("ann", cancel, desk.now) == unknown
    answer = desk.exchange.cancel_list("ann", CancelList("BTCUSDT"), desk.now)
    assert isinstance(answer, Refusal) and answer.code == -1102


def test_a_working_order_that_fills_lets_the_pending_one_begin() -> None:
    """Until then it is PENDING_NEW, locks nothing and does not trade; a part of a fill does not let it."""
    desk = desk_at()
    entry, exit_ = desk.joined("ann", "OTO", ENTRY, wish("SELL", "LIMIT", price=105))
    assert exit_.status == "PENDING_NEW"
    assert desk.balance("ann", "BTC") == (units(100), 0)
    desk.place("bob", "SELL", price=100, quantity="0.5")
    assert desk.statuses([entry, exit_]) == ["PARTIALLY_FILLED", "PENDING_NEW"]
    desk.told("ann")
    desk.place("bob", "SELL", price=100, quantity="0.5")
    assert desk.told("ann") == [f"{entry.order_id} TRADE FILLED", f"{exit_.order_id} NEW NEW"]
    assert desk.balance("ann", "BTC") == (units(100), units(1))
    desk.place("bob", "BUY", price=105)
    assert desk.told("ann") == [f"{exit_.order_id} TRADE FILLED", "list ALL_DONE ALL_DONE"]


def test_a_pending_market_order_trades_as_soon_as_it_may() -> None:
    """Bought at 100, sold at once to the bid at 99; the answer to the request still shows it pending."""
    desk = desk_at()
    desk.place("bob", "BUY", price=99)
    desk.place("bob", "SELL", price=100)
    orders = desk.joined("ann", "OTO", ENTRY, wish("SELL", "MARKET"))
    assert [order.status for order in orders] == ["FILLED", "PENDING_NEW"]
    assert desk.statuses(orders) == ["FILLED", "FILLED"]


def test_a_working_order_that_does_not_fill_expires_the_pending_ones() -> None:
    """IOC with nothing to take: phase one has failed, nothing was locked, nothing stays."""
    desk = desk_at()
    orders = desk.joined("ann", "OTOCO", wish("BUY", "LIMIT", price=100, time_in_force="IOC"), TAKE, STOP)
    assert [order.status for order in orders] == ["EXPIRED"] * 3
    assert desk.reasons(orders)[1:] == ["OTO_PHASE_ONE_EXPIRED"] * 2
    assert desk.told("ann")[-1] == "list ALL_DONE ALL_DONE"


def test_a_cancel_before_the_fill_cancels_the_pending_ones() -> None:
    """By the working or by a pending order."""
    desk = desk_at()
    for place in range(3):
        orders = desk.joined("ann", "OTOCO", ENTRY, TAKE, STOP)
        desk.exchange.cancel("ann", Cancel("BTCUSDT", orders[place].order_id), desk.now)
        assert desk.statuses(orders) == ["CANCELED"] * 3
    assert desk.balance("ann", "USDT") == (units(100_000), 0)


def test_an_entry_with_two_exits_ends_in_one_of_them() -> None:
    """OTOCO: bought, then protected by a pair with one lock; the stop goes off and the target is gone."""
    desk = desk_at()
    entry, take, stop = desk.joined("ann", "OTOCO", ENTRY, TAKE, STOP)
    assert [entry.status, take.status, stop.status] == ["NEW", "PENDING_NEW", "PENDING_NEW"]
    desk.place("bob", "SELL", price=100)
    assert desk.statuses([entry, take, stop]) == ["FILLED", "NEW", "NEW"]
    assert desk.balance("ann", "BTC") == (units(100), units(1))
    desk.place("bob", "BUY", price=80)
    desk.trade_at(85)
    assert desk.statuses([take, stop]) == ["EXPIRED", "FILLED"]
    assert desk.balance("ann", "BTC") == (units(100), 0)


@pytest.mark.parametrize(
    ("exits", "word"),
    [
        ((TAKE, wish("SELL", "STOP_LOSS", stop_price=101)), "STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY"),
        (
            (wish("SELL", "LIMIT_MAKER", price=95), wish("SELL", "STOP_LOSS", stop_price=90)),
            "WOULD_MATCH_IMMEDIATELY",
        ),
    ],
)
def test_exits_that_cannot_begin_expire_together(exits: tuple[Any, Any], word: str) -> None:
    """A stop that is reached already, or a limit that would take: what the engine refuses now ends as rejected."""
    desk = desk_at()
    desk.place("bob", "BUY", price=99)
    entry, *rest = desk.joined("ann", "OTOCO", ENTRY, *exits)
    desk.place("bob", "SELL", price=100)
    assert desk.statuses([entry, *rest]) == ["FILLED", "EXPIRED", "EXPIRED"]
    assert desk.reasons(rest) == ["REJECTED", "REJECTED"]
    reports = [event for event in desk.exchange.take_events() if isinstance(event, ExecutionReport)]
    assert [each.reject_reason for each in reports if each.execution_type == "EXPIRED"] == [word, word]
    assert desk.balance("ann", "BTC") == (units(101), 0)


def test_a_pending_order_that_cannot_be_paid_expires() -> None:
    """The exit is larger than what its owner has by then."""
    desk = desk_at()
    desk.open("cid", usdt=1_000, btc=0)
    entry, exit_ = desk.joined("cid", "OTO", ENTRY, wish("SELL", "LIMIT", price=105, quantity="1.001"))
    desk.place("bob", "SELL", price=100)
    assert desk.statuses([entry, exit_]) == ["FILLED", "EXPIRED"]
    assert desk.balance("cid", "BTC") == (units(1), 0)


def test_amending_one_of_a_pair_amends_both() -> None:
    """A pair has one quantity; a new name is told with the list."""
    desk = desk_at()
    take, stop = desk.joined("ann", "OCO", wish("SELL", "LIMIT_MAKER", price=110, quantity=3), sized(STOP, 3))
    desk.told("ann")
    reply = desk.exchange.amend("ann", Amend("BTCUSDT", 2 * ONE, take.order_id), desk.now)
    assert isinstance(reply, OrderReply)
    assert [desk.state(order).quantity for order in (take, stop)] == [2 * ONE, 2 * ONE]
    assert desk.balance("ann", "BTC") == (units(98), units(2))
    assert desk.told("ann") == [
        f"{take.order_id} REPLACED NEW",
        f"{stop.order_id} REPLACED NEW",
        "list UPDATED EXECUTING",
    ]


def sized(order: Any, quantity: int) -> Any:
    """The same order of another quantity."""
    return wish(order.side, order.type, stop_price=order.stop_price / ONE, quantity=quantity)


def test_a_prevented_match_with_one_of_a_pair_ends_both() -> None:
    """The limit expires in match with its owner's own purchase, and the stop is not left alone."""
    desk = desk_at()
    orders = desk.joined("ann", "OCO", TAKE, STOP)
    desk.place("ann", "BUY", price=110, stp_mode="EXPIRE_MAKER")
    assert desk.statuses(orders) == ["EXPIRED_IN_MATCH", "EXPIRED"]
    assert desk.balance("ann", "BTC") == (units(100), 0)


def below(side: str, kind: str, price: int) -> Any:
    """An order of a pair with its price where its type has it."""
    prices: dict[str, Any] = {"price": price} if kind in {"LIMIT", "LIMIT_MAKER"} else {"stop_price": price}
    if kind.endswith("_LIMIT"):
        prices["price"] = price
    return wish(side, kind, **({} if kind == "MARKET" else prices))


WRONG_PAIRS = [
    ("SELL", "LIMIT_MAKER", "LIMIT_MAKER", -1168),
    ("SELL", "STOP_LOSS", "LIMIT_MAKER", -1197),
    ("SELL", "STOP_LOSS_LIMIT", "TAKE_PROFIT", -1197),
    ("SELL", "TAKE_PROFIT", "LIMIT_MAKER", -1166),
    ("SELL", "LIMIT_MAKER", "TAKE_PROFIT_LIMIT", -1199),
    ("BUY", "LIMIT_MAKER", "STOP_LOSS", -1165),
    ("BUY", "TAKE_PROFIT_LIMIT", "LIMIT_MAKER", -1198),
    ("BUY", "STOP_LOSS", "STOP_LOSS_LIMIT", -1196),
    ("SELL", "LIMIT", "STOP_LOSS", -1158),
    ("SELL", "LIMIT_MAKER", "MARKET", -1158),
]


@pytest.mark.parametrize(("side", "upper", "lower", "code"), WRONG_PAIRS)
def test_a_pair_of_wrong_types_is_refused(side: str, upper: str, lower: str, code: int) -> None:
    """Sales take their profit above and stop below, purchases the other way round."""
    answer = desk_at().join("ann", "OCO", below(side, upper, 110), below(side, lower, 90))
    assert isinstance(answer, Refusal)
    assert answer.code == code


RIGHT_PAIRS = [
    ("SELL", upper, lower)
    for upper in ("LIMIT_MAKER", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT")
    for lower in ("STOP_LOSS", "STOP_LOSS_LIMIT")
] + [
    ("BUY", upper, lower)
    for upper in ("STOP_LOSS", "STOP_LOSS_LIMIT")
    for lower in ("LIMIT_MAKER", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT")
]


@pytest.mark.parametrize(("side", "upper", "lower"), RIGHT_PAIRS)
def test_a_pair_stands_on_both_sides_of_the_last_price(side: str, upper: str, lower: str) -> None:
    """At the last price neither may stand; on the wrong side neither."""
    desk = desk_at()
    wrong = Refusal(-2010, "The relationship of the prices for the orders is not correct.")
    for prices in ((100, 90), (110, 100), (99, 90), (110, 101), (90, 110)):
        answer = desk.join("ann", "OCO", below(side, upper, prices[0]), below(side, lower, prices[1]))
        assert answer == wrong, prices
    assert isinstance(desk.join("ann", "OCO", below(side, upper, 101), below(side, lower, 99)), ListReply)


@pytest.mark.parametrize(
    ("contingency", "orders", "code"),
    [
        ("OCO", (TAKE,), -1014),
        ("OTO", (wish("BUY", "MARKET"), TAKE), -1116),
        ("OTO", (ENTRY, wish("SELL", "MARKET", quote_quantity=5)), -1014),
        ("OTOCO", (ENTRY, TAKE), -1014),
        ("OCO", (TAKE, wish("SELL", "STOP_LOSS", stop_price=90, quantity=2)), -1014),
        ("OCO", (TAKE, wish("BUY", "STOP_LOSS", stop_price=90)), -1014),
        ("OPO", (ENTRY, TAKE), -1014),
        ("OCO", (wish("SELL", "LIMIT_MAKER", price="110.001"), STOP), -1013),
    ],
)
def test_a_list_that_is_none_is_refused(contingency: str, orders: tuple[Any, ...], code: int) -> None:
    """Too few orders, a working order that cannot rest, a pair of two sizes or sides, a filter."""
    desk = desk_at()
    answer = desk.join("ann", contingency, *orders)
    assert isinstance(answer, Refusal)
    assert answer.code == code
    assert not desk.exchange.queries.open_orders("ann")


def test_lists_have_names_of_their_own_and_may_be_forbidden() -> None:
    """An open list's name is taken, as is an order's within the list; a symbol may allow neither kind."""
    desk = desk_at()
    assert isinstance(desk.join("ann", "OCO", TAKE, STOP, client_id="pair"), ListReply)
    duplicate = Refusal(-2010, "Duplicate order sent.")
    assert desk.join("ann", "OCO", TAKE, STOP, client_id="pair") == duplicate
    named = [wish("SELL", "LIMIT_MAKER", price=110, client_order_id="x"), sized_named(STOP)]
    assert desk.join("ann", "OCO", *named) == duplicate
    answer = desk.join("ann", "OCO", TAKE, STOP, client_id="ü")
    assert isinstance(answer, Refusal) and answer.code == -1100
    desk.exchange.set_rules(rules_of(allows_oco=False, allows_oto=False))
    for contingency, orders in (("OCO", (TAKE, STOP)), ("OTO", (ENTRY, TAKE))):
        answer = desk.join("ann", contingency, *orders)
        assert isinstance(answer, Refusal) and answer.code == -1013


def sized_named(order: Any) -> Any:
    """The stop with the name that the other order has."""
    return wish(order.side, order.type, stop_price=order.stop_price / ONE, client_order_id="x")


def test_a_list_that_cannot_be_paid_is_refused_whole() -> None:
    """One step more than the pair's owner has."""
    desk = desk_at()
    desk.open("cid", usdt=0, btc=1)
    pair = (wish("SELL", "LIMIT_MAKER", price=110, quantity="1.001"), sized(STOP, 1))
    poor = Refusal(-2010, "Account has insufficient balance for requested action.")
    assert desk.join("cid", "OCO", pair[0], wish("SELL", "STOP_LOSS", stop_price=90, quantity="1.001")) == poor
    assert isinstance(desk.join("cid", "OCO", TAKE, STOP), ListReply)
