# SPDX-License-Identifier: Apache-2.0
"""What members do to orders that are there: cancel, cancel all, replace, amend; and what every door refuses alike."""

from dataclasses import replace

import pytest

from bot4.simulation.exchange.events import ExecutionReport
from bot4.simulation.exchange.orders import OrderReply
from bot4.simulation.exchange.refusals import Refusal
from bot4.simulation.exchange.requests import Amend, Cancel, CancelList, CancelReplace, PlaceList
from bot4.simulation.exchange.rules import ONE, Notional
from tests.property.exchange_floor import rules_of
from tests.unit.exchange_desk import Desk, units, wish

pytestmark = pytest.mark.requirement("ORDER_001", "EXEC_001")


def test_a_cancel_finds_its_order_by_number_or_name() -> None:
    """Both must agree where both are sent; the report carries the cancel's name and the order's own."""
    desk = Desk()
    order = desk.place("ann", "BUY", price=100, client_order_id="mine")
    unknown = Refusal(-2011, "Unknown order sent.")
    cancel = desk.exchange.cancel
    assert cancel("ann", Cancel("BTCUSDT", order.order_id, "other"), desk.now) == unknown
    assert cancel("ann", Cancel("BTCUSDT", 999), desk.now) == unknown
    assert cancel("bob", Cancel("BTCUSDT", order.order_id), desk.now) == unknown
    nothing = cancel("ann", Cancel("BTCUSDT"), desk.now)
    assert isinstance(nothing, Refusal) and nothing.code == -1102
    desk.exchange.take_events()
    reply = cancel("ann", Cancel("BTCUSDT", order.order_id, "mine", "bye"), desk.now)
    assert isinstance(reply, OrderReply)
    assert (reply.state.status, reply.state.client_order_id, reply.canceled_by) == ("CANCELED", "mine", "bye")
    report = desk.exchange.take_events()[0]
    assert isinstance(report, ExecutionReport)
    assert (report.client_order_id, report.original_client_order_id) == ("bye", "mine")
    assert cancel("ann", Cancel("BTCUSDT", order.order_id), desk.now) == unknown


def test_a_cancel_may_be_restricted_to_a_status() -> None:
    """ONLY_NEW spares what has traded, ONLY_PARTIALLY_FILLED what has not; another word is -1145."""
    desk = Desk()
    order = desk.place("ann", "BUY", price=100, quantity=2)
    spared = Refusal(-2011, "Order was not canceled due to cancel restrictions.")
    cancel = desk.exchange.cancel

    def restricted(word: str) -> Cancel:
        return Cancel("BTCUSDT", order.order_id, restriction=word)

    assert cancel("ann", restricted("ONLY_PARTIALLY_FILLED"), desk.now) == spared
    desk.place("bob", "SELL", price=100)
    assert cancel("ann", restricted("ONLY_NEW"), desk.now) == spared
    wrong = cancel("ann", restricted("ONLY_OLD"), desk.now)
    assert isinstance(wrong, Refusal) and wrong.code == -1145
    assert isinstance(cancel("ann", restricted("ONLY_PARTIALLY_FILLED"), desk.now), OrderReply)


def test_all_orders_of_a_symbol_are_canceled_lists_as_one() -> None:
    """Two orders and a pair give three answers and free everything; a second time there is nothing to cancel."""
    desk = Desk()
    desk.place("ann", "BUY", price=90)
    desk.joined("ann", "OCO", wish("SELL", "LIMIT_MAKER", price=110), wish("SELL", "STOP_LOSS", stop_price=95))
    desk.place("ann", "BUY", price=91)
    replies = desk.exchange.cancel_all("ann", "BTCUSDT", desk.now)
    assert isinstance(replies, list)
    assert [type(reply).__name__ for reply in replies] == ["OrderReply", "ListReply", "OrderReply"]
    assert desk.balance("ann", "BTC")[1] == desk.balance("ann", "USDT")[1] == 0
    assert desk.exchange.cancel_all("ann", "BTCUSDT", desk.now) == Refusal(-2011, "Unknown order sent.")


REPLACEMENTS = [
    ("STOP_ON_FAILURE", True, True, None),
    ("STOP_ON_FAILURE", True, False, -2021),
    ("STOP_ON_FAILURE", False, True, -2022),
    ("ALLOW_FAILURE", False, True, -2021),
    ("ALLOW_FAILURE", False, False, -2022),
]


@pytest.mark.parametrize(("mode", "cancels", "places", "code"), REPLACEMENTS)
def test_a_replacement_says_which_half_went_well(mode: str, cancels: bool, places: bool, code: int | None) -> None:
    """Whether the new order is attempted after a failed cancel is the mode's to say."""
    desk = Desk()
    order = desk.place("ann", "BUY", price=100, quantity=900)
    cancel = Cancel("BTCUSDT", order.order_id if cancels else 999)
    wanted = wish("BUY", "LIMIT", price=100, quantity=(950 if cancels else 50) if places else 9_000)
    reply = desk.exchange.cancel_replace("ann", CancelReplace(cancel, wanted, mode), desk.now)
    assert not isinstance(reply, Refusal)
    assert isinstance(reply.cancel, OrderReply) == cancels
    if mode == "STOP_ON_FAILURE" and not cancels:
        assert reply.order is None
    else:
        assert isinstance(reply.order, OrderReply) == places
    assert (reply.refusal.code if reply.refusal else None) == code
    assert (desk.state(order).status == "CANCELED") == cancels


def test_a_refused_replacement_of_a_canceled_order_is_reported() -> None:
    """The old order is gone, so its owner is told that the new one is not there either, and why."""
    desk = Desk()
    order = desk.place("ann", "BUY", price=100)
    desk.exchange.take_events()
    wanted = wish("BUY", "LIMIT", price=100, quantity=9_000, client_order_id="late")
    desk.exchange.cancel_replace("ann", CancelReplace(Cancel("BTCUSDT", order.order_id), wanted), desk.now)
    canceled, rejected, *_ = desk.exchange.take_events()
    assert isinstance(canceled, ExecutionReport) and isinstance(rejected, ExecutionReport)
    assert (canceled.execution_type, rejected.execution_type) == ("CANCELED", "REJECTED")
    assert (rejected.status, rejected.client_order_id) == ("REJECTED", "late")
    assert rejected.reject_reason == "INSUFFICIENT_BALANCES"
    assert not rejected.is_on_book
    assert not desk.exchange.queries.open_orders("ann")


def test_a_replacement_that_fails_a_filter_cancels_nothing() -> None:
    """The new order is judged before the old one is touched; an unknown mode is not read at all."""
    desk = Desk()
    order = desk.place("ann", "BUY", price=100)
    request = CancelReplace(Cancel("BTCUSDT", order.order_id), wish("BUY", "LIMIT", price="1.001"))
    answer = desk.exchange.cancel_replace("ann", request, desk.now)
    assert answer == Refusal(-1013, "Filter failure: PRICE_FILTER")
    wrong = CancelReplace(request.cancel, wish("BUY", "LIMIT", price=1), "PERHAPS")
    answer = desk.exchange.cancel_replace("ann", wrong, desk.now)
    assert isinstance(answer, Refusal) and answer.code == -1102
    desk.exchange.set_rules(rules_of(allows_cancel_replace=False))
    answer = desk.exchange.cancel_replace("ann", request, desk.now)
    assert isinstance(answer, Refusal) and answer.code == -1013
    assert desk.state(order).status == "NEW"


def test_an_amended_order_is_smaller_and_keeps_its_place() -> None:
    """Of two at one price the first, made smaller, still trades first; its owner is told REPLACED."""
    desk = Desk()
    first, second = (desk.place("ann", "BUY", price=100, quantity=2) for _ in range(2))
    desk.exchange.take_events()
    amend = Amend("BTCUSDT", ONE, first.order_id, client_order_id="smaller")
    reply = desk.exchange.amend("ann", amend, desk.now)
    assert isinstance(reply, OrderReply)
    assert (reply.state.quantity, reply.state.client_order_id, reply.was) == (ONE, "smaller", first.client_order_id)
    assert desk.told("ann") == [f"{first.order_id} REPLACED NEW"]
    assert desk.balance("ann", "USDT")[1] == units(300)
    assert desk.exchange.market.depth("BTCUSDT").bids == ((100 * ONE, 3 * ONE),)
    desk.place("bob", "SELL", price=100)
    assert desk.statuses([first, second]) == ["FILLED", "NEW"]


@pytest.mark.parametrize(
    ("quantity", "code", "text"),
    [
        ("5", -2038, "Order amend (quantity increase) is not supported."),
        ("4", -2038, "The requested action would change no state; rejecting."),
        ("1", -2038, "The requested action would change no state; rejecting."),
        ("3.0005", -1013, "Filter failure: LOT_SIZE"),
        ("0", -1102, "Mandatory parameter 'newQty' was not sent, was empty/null, or malformed."),
    ],
)
def test_an_amendment_may_only_lower_to_more_than_has_traded(quantity: str, code: int, text: str) -> None:
    """Of 4 with 1 traded: 5 is an increase, 4 no change, 1 leaves nothing open."""
    desk = Desk()
    order = desk.place("ann", "BUY", price=100, quantity=4)
    desk.place("bob", "SELL", price=100)
    amend = Amend("BTCUSDT", units(quantity), order.order_id)
    assert desk.exchange.amend("ann", amend, desk.now) == Refusal(code, text)
    assert desk.state(order).quantity == 4 * ONE


def test_amendments_are_counted_and_can_be_forbidden() -> None:
    """After the last that the filter allows comes MAX_NUM_ORDER_AMENDS; a symbol may allow none at all."""
    desk = Desk(max_amends=2)
    order = desk.place("ann", "BUY", price=100, quantity=9)
    for left in (8, 7):
        assert isinstance(
            desk.exchange.amend("ann", Amend("BTCUSDT", left * ONE, order.order_id), desk.now), OrderReply
        )
    third = Amend("BTCUSDT", 6 * ONE, order.order_id)
    answer = desk.exchange.amend("ann", third, desk.now)
    assert answer == Refusal(-2038, "Filter failure: MAX_NUM_ORDER_AMENDS")
    desk.exchange.set_rules(rules_of(allows_amend=False))
    answer = desk.exchange.amend("ann", third, desk.now)
    assert answer == Refusal(-1013, "Order amend is not supported for this symbol.")


def test_a_symbol_that_is_not_listed_is_invalid_at_every_door() -> None:
    """Place, judge, cancel, cancel all, cancel a list, replace, amend and place a list answer alike."""
    desk = Desk()
    exchange, now = desk.exchange, desk.now
    order = replace(wish("BUY", "LIMIT", price=1), symbol="NOPE")
    cancel = Cancel("NOPE", 1)
    answers = [
        exchange.place("ann", order, now),
        exchange.judge("ann", order, now),
        exchange.cancel("ann", cancel, now),
        exchange.cancel_all("ann", "NOPE", now),
        exchange.cancel_list("ann", CancelList("NOPE", 1), now),
        exchange.cancel_replace("ann", CancelReplace(cancel, order), now),
        exchange.cancel_replace("ann", CancelReplace(Cancel("BTCUSDT", 1), order), now),
        exchange.amend("ann", Amend("NOPE", ONE, 1), now),
        exchange.place_list("ann", PlaceList("OTO", (order, order)), now),
        exchange.place_list("ann", PlaceList("OTO", ()), now),
    ]
    assert answers == [Refusal(-1121, "Invalid symbol.")] * len(answers)


def test_a_name_that_cannot_be_printed_is_refused_at_every_door() -> None:
    """The name of a cancel, of a cancel of a list, and of an amendment are held to the rule of an order's."""
    desk = Desk()
    order = desk.place("ann", "BUY", price=100, quantity=2)
    answers = [
        desk.exchange.cancel("ann", Cancel("BTCUSDT", order.order_id, client_order_id="a b"), desk.now),
        desk.exchange.cancel_list("ann", CancelList("BTCUSDT", 1, client_order_id="a b"), desk.now),
        desk.exchange.amend("ann", Amend("BTCUSDT", ONE, order.order_id, client_order_id="a b"), desk.now),
    ]
    assert [answer.code for answer in answers if isinstance(answer, Refusal)] == [-1100] * 3
    assert desk.state(order) == order


def test_a_closed_symbol_changes_no_order() -> None:
    """Neither all, nor a list, nor a quantity; an amendment is refused with the code of its own."""
    desk = Desk()
    order = desk.place("ann", "BUY", price=100, quantity=2)
    desk.exchange.set_rules(rules_of(status="HALT"))
    answers = [
        desk.exchange.cancel_all("ann", "BTCUSDT", desk.now),
        desk.exchange.cancel_list("ann", CancelList("BTCUSDT", 1), desk.now),
        desk.exchange.amend("ann", Amend("BTCUSDT", ONE, order.order_id), desk.now),
    ]
    assert answers == [Refusal(code, "Market is closed.") for code in (-2011, -2011, -2038)]
    assert desk.state(order) == order


def test_an_amendment_is_held_to_the_filters_and_to_free_names() -> None:
    """What would be worth too little, a name that another open order has, and no order named at all."""
    desk = Desk()
    desk.place("ann", "BUY", price=90, client_order_id="taken")
    order = desk.place("ann", "BUY", price=100, quantity=2)
    desk.exchange.set_rules(rules_of(notional=Notional(150 * ONE)))
    amend = desk.exchange.amend
    assert amend("ann", Amend("BTCUSDT", ONE, order.order_id), desk.now) == Refusal(-1013, "Filter failure: NOTIONAL")
    desk.exchange.set_rules(rules_of())
    named = Amend("BTCUSDT", ONE, order.order_id, client_order_id="taken")
    assert amend("ann", named, desk.now) == Refusal(-2010, "Duplicate order sent.")
    nobody = amend("ann", Amend("BTCUSDT", ONE), desk.now)
    assert isinstance(nobody, Refusal) and nobody.code == -1102
    assert amend("ann", Amend("BTCUSDT", ONE, 99), desk.now) == Refusal(-2038, "Unknown order sent.")
    kept = Amend("BTCUSDT", ONE, order.order_id, client_order_id=order.client_order_id)
    assert isinstance(amend("ann", kept, desk.now), OrderReply)
