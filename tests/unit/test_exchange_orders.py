# SPDX-License-Identifier: Apache-2.0
"""Orders at the exchange, one rule at a time: types, times in force, triggers, funds, names, events."""

from typing import Any

import pytest

from bot4.simulation.exchange.events import AccountPosition, BestPrices, DepthUpdate, ExecutionReport, PublicTrade
from bot4.simulation.exchange.orders import OrderReply
from bot4.simulation.exchange.requests import Cancel
from bot4.simulation.exchange.rules import ONE
from tests.property.exchange_floor import rules_of
from tests.unit.exchange_desk import Desk, units, wish

pytestmark = pytest.mark.requirement("ORDER_001", "EXEC_001")


def test_the_taker_gets_the_makers_price_and_the_first_at_a_price_goes_first() -> None:
    """A purchase up to 102 sweeps 100 (in order of arrival), then 101; the rest rests at its own price."""
    desk = Desk()
    late = desk.place("bob", "SELL", price=101)
    first = desk.place("bob", "SELL", price=100)
    second = desk.place("bob", "SELL", price=100)
    reply = desk.ask("ann", "BUY", "LIMIT", price=102, quantity=4)
    assert isinstance(reply, OrderReply)
    assert [(fill.price, fill.quantity) for fill in reply.fills] == [
        (100 * ONE, ONE),
        (100 * ONE, ONE),
        (101 * ONE, ONE),
    ]
    assert [fill.order_id for fill in desk.exchange.ledger("bob").fills] == [
        first.order_id,
        second.order_id,
        late.order_id,
    ]
    assert reply.state.status == "PARTIALLY_FILLED"
    assert desk.exchange.market.depth("BTCUSDT").bids == ((102 * ONE, ONE),)
    assert desk.balance("ann", "USDT") == (units(100_000 - 301 - 102), units(102))


def test_a_limit_within_the_spread_rests_and_locks() -> None:
    """A purchase locks price times quantity, a sale its quantity; a cancel frees both."""
    desk = Desk()
    bought, sold = desk.place("ann", "BUY", price=100, quantity=2), desk.place("ann", "SELL", price=101, quantity=3)
    assert desk.balance("ann", "USDT") == (units(99_800), units(200))
    assert desk.balance("ann", "BTC") == (units(97), units(3))
    for order in (bought, sold):
        desk.exchange.cancel("ann", Cancel("BTCUSDT", order.order_id), desk.now)
    assert desk.balance("ann", "USDT") == (units(100_000), 0)
    assert desk.balance("ann", "BTC") == (units(100), 0)


@pytest.mark.parametrize(
    ("time", "quantity", "status", "executed", "reason"),
    [
        ("IOC", 1, "FILLED", 1, ""),
        ("IOC", 3, "EXPIRED", 2, "UNFILLED_IOC_QUANTITY_EXPIRED"),
        ("FOK", 2, "FILLED", 2, ""),
        ("FOK", 3, "EXPIRED", 0, "UNFILLED_FOK_ORDER_EXPIRED"),
        ("GTC", 3, "PARTIALLY_FILLED", 2, ""),
    ],
)
def test_the_time_in_force_says_what_becomes_of_the_rest(
    time: str, quantity: int, status: str, executed: int, reason: str
) -> None:
    """Two are offered: IOC takes what is there, FOK all or nothing, GTC waits for more."""
    desk = Desk()
    desk.place("bob", "SELL", price=100)
    desk.place("bob", "SELL", price=101)
    order = desk.place("ann", "BUY", price=101, quantity=quantity, time_in_force=time)
    assert (order.status, order.executed_quantity, order.expiry_reason) == (status, executed * ONE, reason)
    assert desk.balance("ann", "USDT")[1] == (units(101) if status == "PARTIALLY_FILLED" else 0)


def test_a_post_only_order_that_would_take_is_refused() -> None:
    """At the best price of the other side it would take, one tick away it would not."""
    desk = Desk()
    desk.place("bob", "SELL", price=100)
    text = "Order would immediately match and take."
    assert desk.refusal("ann", "BUY", "LIMIT_MAKER", price=100) == (-2010, text)
    assert desk.place("ann", "BUY", "LIMIT_MAKER", price="99.99").status == "NEW"


def test_a_market_order_takes_what_there_is_and_expires() -> None:
    """Without enough on the other side the rest expires, without anything all of it."""
    desk = Desk()
    desk.place("bob", "SELL", price=100)
    order = desk.place("ann", "BUY", "MARKET", quantity=3)
    assert (order.status, order.executed_quantity, order.expiry_reason) == ("EXPIRED", ONE, "INSUFFICIENT_LIQUIDITY")
    assert desk.place("ann", "BUY", "MARKET").executed_quantity == 0
    assert desk.balance("ann", "USDT") == (units(99_900), 0)


def test_a_quote_amount_buys_whole_steps_and_not_one_more() -> None:
    """100.15 buys 1 at 100 and 0.001 at 101; the 0.049 left buys nothing."""
    desk = Desk()
    desk.place("bob", "SELL", price=100)
    desk.place("bob", "SELL", price=101)
    order = desk.place("ann", "BUY", "MARKET", quote_quantity="100.15")
    assert (order.status, order.quantity, order.executed_quote) == ("FILLED", units("1.001"), units("100.101"))


def test_a_quote_amount_sells_no_more_than_asked_for() -> None:
    """150 wanted from a bid of 100 sells 1.5."""
    desk = Desk()
    desk.place("bob", "BUY", price=100, quantity=9)
    order = desk.place("ann", "SELL", "MARKET", quote_quantity=150)
    assert (order.executed_quantity, order.executed_quote) == (units("1.5"), units(150))


def test_a_quote_amount_needs_liquidity_and_a_whole_lot() -> None:
    """The venue has a text for an empty book, one for a thin one, and a filter for too little money."""
    desk = Desk(lot_size=rules_of().lot_size.__class__(ONE, 9_000 * ONE, ONE // 1000))
    empty = "Order book liquidity is less than symbol minimum quantity."
    assert desk.refusal("ann", "BUY", "MARKET", quote_quantity=50) == (-2010, empty)
    desk.place("bob", "SELL", price=100)
    desk.place("ann", "BUY", "MARKET", quote_quantity=100)
    desk.place("bob", "SELL", price=100)
    assert desk.refusal("ann", "BUY", "MARKET", quote_quantity="99.9") == (-1013, "Filter failure: LOT_SIZE")
    desk.exchange.set_rules(rules_of())
    desk.place("ann", "BUY", price=100, quantity="0.5")
    desk.exchange.set_rules(desk.exchange.market.rules()[0].__class__(**thin()))
    thin_text = "Order book liquidity is less than LOT_SIZE filter minimum quantity."
    assert desk.refusal("ann", "BUY", "MARKET", quote_quantity=1_000) == (-2010, thin_text)


def thin() -> dict[str, Any]:
    """Rules whose smallest lot is 1."""
    rules = rules_of(lot_size=rules_of().lot_size.__class__(ONE, 9_000 * ONE, ONE // 1000))
    return {name: getattr(rules, name) for name in rules.__dataclass_fields__}


POOR = "Account has insufficient balance for requested action."


@pytest.mark.parametrize(
    ("fields", "affordable", "beyond"),
    [
        ({"side": "BUY", "kind": "LIMIT", "price": 100}, 10, "10.001"),
        ({"side": "BUY", "kind": "STOP_LOSS", "stop_price": 100}, 10, "10.001"),
        ({"side": "BUY", "kind": "MARKET"}, 10, "10.001"),
        ({"side": "SELL", "kind": "LIMIT", "price": 200}, 5, "5.001"),
        ({"side": "SELL", "kind": "MARKET"}, 5, "5.001"),
        ({"side": "SELL", "kind": "STOP_LOSS", "stop_price": 1}, 5, "5.001"),
    ],
)
def test_an_order_must_be_payable_to_the_last_unit(fields: dict[str, Any], affordable: Any, beyond: Any) -> None:
    """1,000 quote and 5 base: exactly that much may be asked for, one step more is -2010."""
    desk = Desk()
    desk.place("bob", "SELL", price=100, quantity=50)
    desk.open("cid", usdt=1_000, btc=5)
    assert desk.refusal("cid", quantity=beyond, **fields) == (-2010, POOR)
    assert desk.place("cid", quantity=affordable, **fields).quantity == affordable * ONE


def test_a_client_id_is_unique_among_the_open_orders() -> None:
    """A second open order of the name is a duplicate; after the first has ended the name is free again."""
    desk = Desk()
    desk.place("ann", "BUY", price=100, client_order_id="mine")
    assert desk.refusal("ann", "BUY", price=100, client_order_id="mine") == (-2010, "Duplicate order sent.")
    assert desk.place("bob", "BUY", price=90, client_order_id="mine").status == "NEW"
    desk.exchange.cancel("ann", Cancel("BTCUSDT", original_client_order_id="mine"), desk.now)
    again = desk.place("ann", "BUY", price=100, client_order_id="mine")
    found = desk.exchange.queries.order("ann", "BTCUSDT", client_order_id="mine")
    assert found == again


def test_an_order_without_a_name_is_given_one() -> None:
    """22 letters and digits, another each time."""
    desk = Desk()
    names = [desk.place("ann", "BUY", price=1).client_order_id for _ in range(50)]
    assert len(set(names)) == 50
    assert all(len(name) == 22 and name.isalnum() for name in names)


TRIGGERS = [
    ("BUY", "STOP_LOSS", 101, True),
    ("BUY", "STOP_LOSS_LIMIT", 101, True),
    ("SELL", "TAKE_PROFIT", 101, True),
    ("SELL", "TAKE_PROFIT_LIMIT", 101, True),
    ("SELL", "STOP_LOSS", 99, False),
    ("SELL", "STOP_LOSS_LIMIT", 99, False),
    ("BUY", "TAKE_PROFIT", 99, False),
    ("BUY", "TAKE_PROFIT_LIMIT", 99, False),
]


@pytest.mark.parametrize(("side", "kind", "stop", "is_above"), TRIGGERS)
def test_a_trigger_is_reached_from_its_own_side(side: str, kind: str, stop: int, is_above: bool) -> None:
    """One tick short it waits, at the trigger it works; at or beyond the last price it would trigger at once."""
    desk = Desk()
    desk.trade_at(100)
    limit = {"price": 50 if side == "BUY" else 200} if kind.endswith("LIMIT") else {}
    for reached in (100, 99 if is_above else 101):
        text = "Order would trigger immediately."
        assert desk.refusal("ann", side, kind, stop_price=reached, **limit) == (-2010, text)
    order = desk.place("ann", side, kind, stop_price=stop, **limit)
    assert (order.status, order.is_working, order.working_ms) == ("NEW", False, -1)
    desk.trade_at(stop - 0.01 if is_above else stop + 0.01)
    assert not desk.state(order).is_working
    desk.trade_at(stop)
    assert desk.state(order).is_working
    assert desk.state(order).status == ("NEW" if limit else "EXPIRED")


def test_a_triggered_stop_sells_at_what_is_bid() -> None:
    """The stop at 95 goes off with the trade at 95 and takes the bids below."""
    desk = Desk()
    desk.trade_at(100)
    stop = desk.place("ann", "SELL", "STOP_LOSS", stop_price=95, quantity=2)
    assert desk.balance("ann", "BTC") == (units(98), units(2))
    desk.place("bob", "BUY", price=95)
    desk.place("bob", "BUY", price=90, quantity=5)
    desk.exchange.take_events()
    desk.open("eve")
    desk.place("eve", "SELL", "MARKET")
    assert [fill.price for fill in desk.exchange.ledger("ann").fills] == [90 * ONE]
    assert desk.state(stop).executed_quantity == 2 * ONE
    assert desk.told("ann") == ["2 NEW NEW".replace("2", str(stop.order_id)), f"{stop.order_id} TRADE FILLED"]


def test_one_stop_may_set_off_the_next() -> None:
    """A cascade: each stop's own trade reaches the next trigger."""
    desk = Desk()
    desk.trade_at(100)
    for price in (98, 96, 94):
        desk.place("bob", "BUY", price=price)
    stops = [desk.place("ann", "SELL", "STOP_LOSS", stop_price=price) for price in (97, 98, 95)]
    desk.open("eve")
    desk.place("eve", "SELL", "MARKET")
    assert desk.statuses(stops) == ["FILLED", "FILLED", "EXPIRED"]
    fills = {fill.order_id: fill.price // ONE for fill in desk.exchange.ledger("ann").fills}
    assert fills == {stops[1].order_id: 96, stops[0].order_id: 94}


def test_a_stop_purchase_that_the_book_has_outrun_expires() -> None:
    """It locked trigger times quantity; where the book now asks more than its owner has, it ends as rejected."""
    desk = Desk()
    desk.trade_at(100)
    desk.open("cid", usdt=110, btc=0)
    stop = desk.place("cid", "BUY", "STOP_LOSS", stop_price=110)
    desk.place("bob", "SELL", price=500)
    desk.trade_at(110)
    assert (desk.state(stop).status, desk.state(stop).expiry_reason) == ("EXPIRED", "REJECTED")
    assert desk.balance("cid", "USDT") == (units(110), 0)


def test_an_answer_shows_what_the_order_itself_did() -> None:
    """The rest of a purchase rests; that the stop it set off then sold into it is told by events only."""
    desk = Desk()
    desk.trade_at(100)
    desk.place("bob", "SELL", "TAKE_PROFIT", stop_price=101, quantity=3)
    desk.place("bob", "SELL", price=101)
    reply = desk.ask("ann", "BUY", "LIMIT", price=101, quantity=2)
    assert isinstance(reply, OrderReply)
    assert (reply.state.status, len(reply.fills)) == ("PARTIALLY_FILLED", 1)
    assert desk.state(reply.state).status == "FILLED"
    assert len(desk.exchange.ledger("ann").fills) == 2


@pytest.mark.parametrize("status", ["HALT", "BREAK", "END_OF_DAY", "CANCEL_ONLY"])
def test_a_symbol_that_does_not_trade_takes_no_orders(status: str) -> None:
    """Only CANCEL_ONLY still takes cancels; once it trades again all is as it was."""
    desk = Desk()
    order = desk.place("ann", "BUY", price=100)
    desk.exchange.set_rules(rules_of(status=status))
    assert desk.refusal("ann", "BUY", price=100) == (-2010, "Market is closed.")
    answer = desk.exchange.cancel("ann", Cancel("BTCUSDT", order.order_id), desk.now)
    assert isinstance(answer, OrderReply) == (status == "CANCEL_ONLY")
    desk.exchange.set_rules(rules_of())
    assert desk.place("ann", "BUY", price=100).status == "NEW"


def test_an_account_without_leave_places_nothing() -> None:
    """Neither one that may not trade nor one without the symbol's permission."""
    desk = Desk()
    desk.open("ivy", can_trade=False)
    desk.open("joe", permissions=("MARGIN",))
    assert desk.refusal("ivy", "BUY", price=1) == (-2010, "This account may not place or cancel orders.")
    assert desk.refusal("joe", "BUY", price=1) == (-2010, "This symbol is not permitted for this account.")


def test_events_come_in_the_order_of_what_happened() -> None:
    """Taker's NEW, the print, maker's and taker's TRADE, then the book, then the balances of both."""
    desk = Desk()
    desk.place("bob", "SELL", price=100, quantity=2)
    desk.exchange.take_events()
    desk.place("ann", "BUY", price=100)
    new, trade, sold, bought, depth, best, *positions = desk.exchange.take_events()
    assert isinstance(new, ExecutionReport) and (new.account, new.execution_type) == ("ann", "NEW")
    assert isinstance(trade, PublicTrade) and not trade.is_buyer_maker
    assert isinstance(sold, ExecutionReport) and isinstance(bought, ExecutionReport)
    assert (sold.account, sold.is_maker, sold.status) == ("bob", True, "PARTIALLY_FILLED")
    assert (bought.account, bought.is_maker, bought.status) == ("ann", False, "FILLED")
    assert sold.trade_id == bought.trade_id == trade.trade_id == 1
    assert isinstance(depth, DepthUpdate) and depth.asks == ((100 * ONE, ONE),)
    assert isinstance(best, BestPrices) and best.ask_quantity == ONE
    assert [each.account for each in positions if isinstance(each, AccountPosition)] == ["ann", "bob"]
    assert len(positions) == 2


def test_time_never_steps_back() -> None:
    """A request stamped before the last one counts as made when that was."""
    desk = Desk()
    desk.place("ann", "BUY", price=100)
    reply = desk.exchange.place("bob", wish("SELL", "LIMIT", price=100), 5)
    assert isinstance(reply, OrderReply)
    assert reply.state.created_ms == desk.now
