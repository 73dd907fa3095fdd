# SPDX-License-Identifier: Apache-2.0
"""Self-trade prevention at the exchange: what each mode does to the taker and to the makers, and what is entered."""

import pytest

from bot4.simulation.exchange.events import ExecutionReport
from bot4.simulation.exchange.orders import OrderReply
from bot4.simulation.exchange.rules import ONE
from tests.unit.exchange_desk import Desk, units

pytestmark = pytest.mark.requirement("prod_002")

Outcome = tuple[list[str], list[float], str, float]

# Bids of 1.2, 1.3 and 8.1 at 1.2, 1.1 and 1 are met by an own sale of 3 at 1, as in the venue's own examples.
MODES: dict[str, Outcome] = {
    "NONE": (["FILLED", "FILLED", "PARTIALLY_FILLED"], [0, 0, 0], "FILLED", 0),
    "EXPIRE_MAKER": (["EXPIRED_IN_MATCH"] * 3, [1.2, 1.3, 8.1], "NEW", 0),
    "EXPIRE_TAKER": (["NEW"] * 3, [0, 0, 0], "EXPIRED_IN_MATCH", 3),
    "EXPIRE_BOTH": (["EXPIRED_IN_MATCH", "NEW", "NEW"], [1.2, 0, 0], "EXPIRED_IN_MATCH", 3),
    "DECREMENT": (["EXPIRED_IN_MATCH", "EXPIRED_IN_MATCH", "NEW"], [1.2, 1.3, 0.5], "EXPIRED_IN_MATCH", 3),
}


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_ends_what_it_says(mode: str) -> None:
    """Statuses and prevented quantities of three makers and the taker; what is not open is not locked."""
    desk = Desk()
    sizes = ((1.2, 1.2), (1.1, 1.3), (1, 8.1))
    makers = [desk.place("ann", "BUY", price=price, quantity=size, stp_mode="NONE") for price, size in sizes]
    taker = desk.place("ann", "SELL", price=1, quantity=3, stp_mode=mode)
    statuses, prevented, end, taken = MODES[mode]
    assert desk.statuses(makers) == statuses
    assert [desk.state(maker).prevented_quantity for maker in makers] == [units(each) for each in prevented]
    assert (taker.status, taker.prevented_quantity) == (end, units(taken))
    still = sum(
        (maker.price * (state.quantity - state.executed_quantity - state.prevented_quantity)) // ONE
        for maker in makers
        if (state := desk.state(maker)).status in {"NEW", "PARTIALLY_FILLED"}
    )
    assert desk.balance("ann", "USDT") == (units(100_000) - still, still)
    assert desk.balance("ann", "BTC")[1] == (units(3) if taker.status == "NEW" else 0)


def test_a_prevented_match_is_entered_and_told_to_both() -> None:
    """Who, at what price, how much of each; the reports carry the other order and what would have traded."""
    desk = Desk()
    maker = desk.place("ann", "BUY", price=100, quantity=5)
    desk.exchange.take_events()
    reply = desk.ask("ann", "SELL", "LIMIT", price=100, quantity=2, stp_mode="EXPIRE_BOTH")
    assert isinstance(reply, OrderReply)
    (match,) = reply.prevented
    assert (match.taker_order_id, match.maker_order_id) == (reply.state.order_id, maker.order_id)
    assert (match.taker_prevented_quantity, match.maker_prevented_quantity) == (2 * ONE, 5 * ONE)
    assert desk.exchange.queries.prevented_matches("ann", "BTCUSDT", order_id=maker.order_id) == [match]
    reports = [event for event in desk.exchange.take_events() if isinstance(event, ExecutionReport)]
    assert [each.execution_type for each in reports] == ["NEW", "TRADE_PREVENTION", "TRADE_PREVENTION"]
    told, taking = reports[1], reports[2]
    assert (told.counter_order_id, taking.counter_order_id) == (taking.order_id, told.order_id)
    assert (told.last_prevented_quantity, told.prevented_quantity) == (5 * ONE, 5 * ONE)
    assert (told.prevented_execution_quantity, told.prevented_execution_price) == (2 * ONE, 100 * ONE)
    assert told.prevented_execution_quote == 200 * ONE
    assert (told.prevented_match_id, told.last_quantity, told.last_price, told.trade_id) == (match.match_id, 0, 0, -1)


def test_a_lessened_order_works_on_with_what_is_left() -> None:
    """DECREMENT takes 2 of the maker's 5; 3 stay at its place and fill, and the order ends expired in match."""
    desk = Desk()
    maker = desk.place("ann", "BUY", price=100, quantity=5)
    desk.place("ann", "SELL", price=100, quantity=2, stp_mode="DECREMENT")
    assert desk.exchange.market.depth("BTCUSDT").bids == ((100 * ONE, 3 * ONE),)
    desk.place("bob", "SELL", price=100, quantity=3)
    state = desk.state(maker)
    assert (state.status, state.executed_quantity, state.prevented_quantity) == ("EXPIRED_IN_MATCH", 3 * ONE, 2 * ONE)


def test_accounts_of_one_trade_group_are_one() -> None:
    """Two accounts with the group 7 do not meet, a third without a group trades with either."""
    desk = Desk()
    desk.open("cid", trade_group=7)
    desk.open("dan", trade_group=7)
    desk.place("cid", "SELL", price=100)
    order = desk.place("dan", "BUY", price=100, stp_mode="EXPIRE_TAKER")
    assert (order.status, order.trade_group_id) == ("EXPIRED_IN_MATCH", 7)
    assert desk.place("ann", "BUY", price=100, stp_mode="EXPIRE_TAKER").status == "FILLED"


def test_strangers_without_a_group_are_strangers() -> None:
    """The missing group (-1) that two accounts share is no group."""
    desk = Desk()
    desk.place("bob", "SELL", price=100)
    assert desk.place("ann", "BUY", price=100, stp_mode="EXPIRE_TAKER").status == "FILLED"


def test_the_symbols_own_mode_holds_where_none_is_named() -> None:
    """exchangeInfo's default is what the order then carries."""
    desk = Desk(default_stp_mode="EXPIRE_TAKER")
    maker = desk.place("ann", "SELL", price=100)
    order = desk.place("ann", "BUY", price=100)
    assert (order.stp_mode, order.status, desk.state(maker).status) == ("EXPIRE_TAKER", "EXPIRED_IN_MATCH", "NEW")


def test_fill_or_kill_counts_only_what_would_trade() -> None:
    """Of 3 wanted 2 are a stranger's and 1 is one's own: it is killed, and the own maker is left alone."""
    desk = Desk()
    own = desk.place("ann", "SELL", price=100)
    desk.place("bob", "SELL", price=101, quantity=2)
    order = desk.place("ann", "BUY", price=101, quantity=3, time_in_force="FOK", stp_mode="EXPIRE_MAKER")
    assert (order.status, order.expiry_reason) == ("EXPIRED", "UNFILLED_FOK_ORDER_EXPIRED")
    assert desk.state(own).status == "NEW"


def test_a_market_order_pays_only_for_what_it_may_take() -> None:
    """The dear own offer in front is expired, not paid: 100 is enough for the stranger's at 100."""
    desk = Desk()
    desk.open("cid", usdt=100, btc=1)
    desk.place("cid", "SELL", price=99)
    desk.place("bob", "SELL", price=100)
    order = desk.place("cid", "BUY", "MARKET", stp_mode="EXPIRE_MAKER")
    assert (order.status, order.executed_quote) == ("FILLED", units(100))
    assert desk.balance("cid", "BTC") == (units(2), 0)
