# SPDX-License-Identifier: Apache-2.0
"""What may be asked of the exchange: pages of orders and fills, depth, averages, klines, and what is forgotten."""

from itertools import pairwise

import pytest

from bot4.domain.errors import BadInput
from bot4.simulation.exchange import tape
from bot4.simulation.exchange.accounts import Terms
from bot4.simulation.exchange.events import BalanceUpdate
from bot4.simulation.exchange.market import INTERVALS
from bot4.simulation.exchange.orders import ListReply, OrderState
from bot4.simulation.exchange.refusals import Refusal
from bot4.simulation.exchange.requests import Cancel, PlaceOrder
from bot4.simulation.exchange.rules import ONE
from bot4.simulation.exchange.venue import Exchange
from tests.property.exchange_floor import rules_of
from tests.unit.exchange_desk import Desk, units, wish

pytestmark = pytest.mark.requirement("ORDER_001", "DATA_001")

SYMBOL = "BTCUSDT"
MINUTE = 60_000


def test_fills_are_paged_by_number_time_and_order() -> None:
    """From a number forwards, within a closed span, of one order; without a bound the newest."""
    desk = Desk()
    orders = [desk.place("ann", "BUY", price=100, quantity=2) for _ in range(3)]
    for _ in range(6):
        desk.place("bob", "SELL", price=100)
    fills, ask = desk.exchange.ledger("ann").fills, desk.exchange.queries.fills
    times = [fill.at_ms for fill in fills]
    assert [fill.trade_id for fill in ask("ann", SYMBOL)] == [1, 2, 3, 4, 5, 6]
    assert [fill.trade_id for fill in ask("ann", SYMBOL, limit=2)] == [5, 6]
    assert [fill.trade_id for fill in ask("ann", SYMBOL, from_id=3, limit=2)] == [3, 4]
    assert [fill.trade_id for fill in ask("ann", SYMBOL, start_ms=times[1], end_ms=times[2])] == [2, 3]
    assert [fill.trade_id for fill in ask("ann", SYMBOL, start_ms=times[1], limit=1)] == [2]
    assert [fill.trade_id for fill in ask("ann", SYMBOL, order_id=orders[1].order_id)] == [3, 4]
    assert ask("zoe", SYMBOL) == []


def test_orders_are_paged_by_number_and_time() -> None:
    """From a number forwards, by time of creation, the newest without a bound; open ones apart."""
    desk = Desk()
    orders = [desk.place("ann", "BUY", price=price) for price in (1, 2, 3, 4)]
    desk.exchange.cancel("ann", Cancel(SYMBOL, 2), desk.now)
    queries = desk.exchange.queries
    assert [each.order_id for each in queries.all_orders("ann", SYMBOL, limit=3)] == [2, 3, 4]
    assert [each.order_id for each in queries.all_orders("ann", SYMBOL, from_id=2, limit=2)] == [2, 3]
    span = queries.all_orders("ann", SYMBOL, start_ms=orders[1].created_ms, end_ms=orders[2].created_ms)
    assert [each.order_id for each in span] == [2, 3]
    assert [each.order_id for each in queries.open_orders("ann")] == [1, 3, 4]
    assert queries.open_orders("ann", "ETHUSDT") == queries.open_orders("bob") == []


def test_an_order_is_found_by_number_name_or_both() -> None:
    """The two must agree, and what is not there does not exist."""
    desk = Desk()
    order = desk.place("ann", "BUY", price=1, client_order_id="mine")
    ask = desk.exchange.queries.order
    none = Refusal(-2013, "Order does not exist.")
    assert ask("ann", SYMBOL, order_id=1) == ask("ann", SYMBOL, client_order_id="mine") == order
    assert ask("ann", SYMBOL, order_id=1, client_order_id="other") == none
    assert ask("ann", SYMBOL, order_id=2) == ask("bob", SYMBOL, order_id=1) == none


def test_lists_are_found_and_paged() -> None:
    """By number or name, the open ones apart, all of them from a number on."""
    desk = Desk()
    pair = (wish("SELL", "LIMIT_MAKER", price=110), wish("SELL", "STOP_LOSS", stop_price=90))
    for name in ("a", "b", "c"):
        desk.join("ann", "OCO", *pair, client_id=name)
    queries = desk.exchange.queries
    found = queries.order_list("ann", list_client_order_id="b")
    assert isinstance(found, ListReply) and found == queries.order_list("ann", list_id=2)
    desk.exchange.cancel("ann", Cancel(SYMBOL, found.orders[0].state.order_id), desk.now)
    assert [each.list_id for each in queries.open_lists("ann")] == [1, 3]
    assert [each.list_id for each in queries.all_lists("ann", from_id=2, limit=1)] == [2]
    assert [each.list_id for each in queries.all_lists("ann", limit=2)] == [2, 3]
    assert queries.order_list("bob", list_id=1) == Refusal(-2013, "Order does not exist.")


def test_depth_shows_the_best_levels_as_of_the_last_update() -> None:
    """As many levels as asked for, summed by price, with the number of the last update told."""
    desk = Desk()
    for price in (98, 99, 97, 99):
        desk.place("ann", "BUY", price=price)
    for price in (101, 103, 102):
        desk.place("ann", "SELL", price=price)
    depth = desk.exchange.market.depth(SYMBOL, 2)
    assert depth.bids == ((99 * ONE, 2 * ONE), (98 * ONE, ONE))
    assert depth.asks == ((101 * ONE, ONE), (102 * ONE, ONE))
    assert depth.last_update_id == 7
    best = desk.exchange.market.best(SYMBOL, 5)
    assert (best.bid, best.bid_quantity, best.ask, best.ask_quantity) == (99 * ONE, 2 * ONE, 101 * ONE, ONE)


class Printer:
    """Prints trades at chosen times and prices."""

    def __init__(self) -> None:
        self.exchange = Exchange([rules_of()])
        for name in ("ann", "bob"):
            self.exchange.open_account(name, Terms(keeps_history=False), {"USDT": 10**15, "BTC": 10**15}, 0)

    def trade(self, at_ms: int, price: int, quantity: str = "1", *, taker: str = "BUY") -> None:
        """Let ann rest and bob take."""
        other = "SELL" if taker == "BUY" else "BUY"
        self.exchange.place("ann", wish(other, "LIMIT", price=price, quantity=quantity), at_ms)
        self.exchange.place("bob", wish(taker, "LIMIT", price=price, quantity=quantity), at_ms)


def test_the_average_weighs_by_quantity_and_forgets_after_its_minutes() -> None:
    """1 at 100 and 3 at 104 are 103 on average; five minutes later the last price is all there is."""
    printer = Printer()
    ask = printer.exchange.market.average_price
    assert ask(SYMBOL, 1) == 0
    printer.trade(1_000, 100)
    printer.trade(2_000, 104, "3")
    assert ask(SYMBOL, 2_000) == ask(SYMBOL, 1_000 + 5 * MINUTE - 1) == 103 * ONE
    assert ask(SYMBOL, 1_000 + 5 * MINUTE) == ask(SYMBOL, 10**9) == 104 * ONE
    assert ask(SYMBOL, 2_000, 0) == 104 * ONE


def test_klines_gather_trades_and_fill_gaps_flat() -> None:
    """Two trades in one minute, none in the next, one in the third."""
    printer = Printer()
    start = 10 * MINUTE
    printer.trade(start + 1, 100, "2")
    printer.trade(start + MINUTE - 1, 90, "1", taker="SELL")
    printer.trade(start + 2 * MINUTE, 95)
    first, flat, last = printer.exchange.market.klines(SYMBOL, "1m", start + 2 * MINUTE)
    assert (first.open_ms, first.close_ms) == (start, start + MINUTE - 1)
    assert [price // ONE for price in (first.open, first.high, first.low, first.close)] == [100, 100, 90, 90]
    assert (first.volume, first.quote_volume, first.trades) == (3 * ONE, 290 * ONE, 2)
    assert (first.taker_buy_volume, first.taker_buy_quote) == (2 * ONE, 200 * ONE)
    assert (first.first_trade_id, first.last_trade_id) == (1, 2)
    assert (flat.open, flat.high, flat.low, flat.close) == (90 * ONE,) * 4
    assert (flat.volume, flat.trades, flat.first_trade_id) == (0, 0, -1)
    assert (last.open_ms, last.close) == (start + 2 * MINUTE, 95 * ONE)


@pytest.mark.parametrize("interval", INTERVALS)
def test_klines_of_every_interval_add_up_to_all_trades(interval: str) -> None:
    """Adjacent, in order, every trade in exactly one of them: that which its time lies in."""
    printer = Printer()
    times = [1_700_000_000_000 + gap for gap in (0, 999, 1_000, 59_000, 61_000, 250_000)]
    for number, at_ms in enumerate(times):
        printer.trade(at_ms, 100 + number)
    klines = printer.exchange.market.klines(SYMBOL, interval, times[-1], limit=1_000)
    assert sum(kline.trades for kline in klines) == len(times)
    assert all(kline.open_ms <= kline.close_ms for kline in klines)
    for before, after in pairwise(klines):
        assert after.open_ms == before.close_ms + 1
        assert after.open == before.close or after.trades
    for at_ms in times:
        assert sum(kline.open_ms <= at_ms <= kline.close_ms for kline in klines) == 1


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    """2023-11-14 lies in the week of Monday the 13th and in November."""
    printer = Printer()
    printer.trade(1_700_000_000_000, 100)
    (week,) = printer.exchange.market.klines(SYMBOL, "1w", 1_700_000_000_000)
    (month,) = printer.exchange.market.klines(SYMBOL, "1M", 1_700_000_000_000)
    assert (week.open_ms, week.close_ms) == (1_699_833_600_000, 1_700_438_399_999)
    assert (month.open_ms, month.close_ms) == (1_698_796_800_000, 1_701_388_799_999)


def test_klines_are_paged() -> None:
    """With a start the first that begin from there on, with an end none after it, else the last ones."""
    printer = Printer()
    for minute in range(6):
        printer.trade(minute * MINUTE, 100)
    ask, now = printer.exchange.market.klines, 5 * MINUTE

    def opens(**bounds: int) -> list[int]:
        return [kline.open_ms // MINUTE for kline in ask(SYMBOL, "1m", now, **bounds)]

    assert opens() == [0, 1, 2, 3, 4, 5]
    assert opens(limit=2) == [4, 5]
    assert opens(start_ms=MINUTE, limit=2) == [1, 2]
    assert opens(start_ms=MINUTE + 1, end_ms=3 * MINUTE) == [2, 3]
    assert opens(end_ms=3 * MINUTE + 5, limit=2) == [2, 3]
    assert opens(start_ms=9 * MINUTE) == opens(limit=0) == []


def test_prints_of_one_taker_at_one_price_are_one_aggregate() -> None:
    """Two makers at 100 and one at 101 swept at once are two aggregates; the next taker's is its own."""
    desk = Desk()
    for price in (100, 100, 101, 101):
        desk.place("bob", "SELL", price=price)
    desk.place("ann", "BUY", price=101, quantity=3)
    desk.place("ann", "BUY", price=101)
    market = desk.exchange.market
    found = market.aggregate_trades(SYMBOL)
    assert [(each.aggregate_id, each.price // ONE, each.quantity // ONE) for each in found] == [
        (0, 100, 2),
        (1, 101, 1),
        (2, 101, 1),
    ]
    assert [(each.first_trade_id, each.last_trade_id) for each in found] == [(1, 2), (3, 3), (4, 4)]
    assert market.aggregate_trades(SYMBOL, limit=1) == found[2:]
    assert market.aggregate_trades(SYMBOL, from_id=1, limit=1) == found[1:2]
    assert market.aggregate_trades(SYMBOL, start_ms=desk.now) == found[2:]
    assert [trade.trade_id for trade in market.trades(SYMBOL, limit=2)] == [3, 4]
    assert [trade.trade_id for trade in market.trades(SYMBOL, from_id=2, limit=2)] == [2, 3]


def test_an_account_without_history_leaves_nothing_behind() -> None:
    """Background flow may trade for ever: ended orders and fills are forgotten, open ones and balances are not."""
    exchange = Exchange([rules_of()])
    for name in ("ann", "flow"):
        exchange.open_account(name, Terms(keeps_history=name == "ann"), {"USDT": 10**15, "BTC": 10**15}, 0)
    for number in range(20):
        exchange.place("flow", wish("SELL", "LIMIT", price=100, client_order_id=f"f{number}"), number)
        exchange.place("ann", wish("BUY", "LIMIT", price=100), number)
    exchange.place("flow", wish("SELL", "LIMIT", price=100), 20)
    ledger = exchange.ledger("flow")
    assert not ledger.orders
    assert not ledger.fills
    assert len(exchange.queries.open_orders("flow")) == 1
    assert exchange.queries.order("flow", SYMBOL, client_order_id="f3") == Refusal(-2013, "Order does not exist.")
    assert len(exchange.ledger("ann").fills) == 20


def test_deposits_are_told_and_withdrawals_bounded() -> None:
    """Money comes and goes with a balance update; more than is free cannot leave."""
    desk = Desk()
    desk.place("ann", "BUY", price=100)
    desk.exchange.take_events()
    terms = desk.exchange.queries.account("ann").terms
    desk.exchange.open_account("ann", terms, {"USDT": -units(99_900), "ETH": 5}, desk.now)
    updates = [event for event in desk.exchange.take_events() if isinstance(event, BalanceUpdate)]
    assert [(each.asset, each.delta) for each in updates] == [("USDT", -units(99_900)), ("ETH", 5)]
    assert desk.balance("ann", "USDT") == (0, units(100))
    with pytest.raises(BadInput, match="Take out less"):
        desk.exchange.open_account("ann", terms, {"USDT": -1}, desk.now)


def test_a_symbol_can_be_listed_later() -> None:
    """It trades at once, beside the others."""
    desk = Desk()
    order = PlaceOrder("ETHUSDT", "BUY", "LIMIT", ONE, price=ONE, time_in_force="GTC")
    assert desk.exchange.place("ann", order, 5) == Refusal(-1121, "Invalid symbol.")
    desk.exchange.set_rules(rules_of("ETH"))
    assert not isinstance(desk.exchange.place("ann", order, 5), Refusal)
    assert [rules.symbol for rules in desk.exchange.market.rules()] == [SYMBOL, "ETHUSDT"]
    found = desk.exchange.queries.order("ann", "ETHUSDT", order_id=1)
    assert isinstance(found, OrderState)


def test_the_tape_forgets_old_trades_and_nothing_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for few, the newest are there with their numbers, and averages and klines are as they would be."""
    monkeypatch.setattr(tape, "KEPT", 5)
    printer, market_times = Printer(), range(1_000, 24_000, 1_000)
    for number, at_ms in enumerate(market_times):
        printer.trade(at_ms, 100 + number)
    market = printer.exchange.market
    assert [trade.trade_id for trade in market.trades(SYMBOL, limit=3)] == [21, 22, 23]
    assert market.trades(SYMBOL, from_id=1)[0].trade_id > 1
    assert len(market.trades(SYMBOL, limit=1_000)) < 10
    assert market.aggregate_trades(SYMBOL, limit=1)[0].aggregate_id == 22
    (kline,) = market.klines(SYMBOL, "1m", 23_000)
    assert (kline.trades, kline.open, kline.close) == (23, 100 * ONE, 122 * ONE)
    seconds = market.klines(SYMBOL, "1s", 23_000, limit=2)
    assert [second.close // ONE for second in seconds] == [121, 122]


def test_matches_that_were_prevented_are_found() -> None:
    """By their own number, of an order, from a number on, as many as asked for."""
    desk = Desk()
    makers = [desk.place("ann", "BUY", price=price) for price in (100, 99, 98)]
    desk.place("ann", "SELL", price=98, quantity=3, stp_mode="EXPIRE_MAKER")
    ask = desk.exchange.queries.prevented_matches
    assert [match.match_id for match in ask("ann", SYMBOL)] == [1, 2, 3]
    assert [match.maker_order_id for match in ask("ann", SYMBOL, match_id=2)] == [makers[1].order_id]
    assert [match.match_id for match in ask("ann", SYMBOL, from_id=2, limit=1)] == [2]
    assert [match.match_id for match in ask("ann", SYMBOL, order_id=makers[2].order_id)] == [3]
    assert ask("bob", SYMBOL) == []
