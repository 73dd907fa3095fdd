# SPDX-License-Identifier: Apache-2.0
"""The exchange's matching against a naive list of orders: the same trades, in the same order, at the same prices."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from bot4.simulation.exchange.accounts import Terms
from bot4.simulation.exchange.events import PublicTrade
from bot4.simulation.exchange.orders import OrderReply, OrderState
from bot4.simulation.exchange.refusals import Refusal
from bot4.simulation.exchange.requests import Cancel, PlaceOrder
from bot4.simulation.exchange.rules import ONE
from bot4.simulation.exchange.venue import Exchange
from tests.property.exchange_floor import STEP, TICK, rules_of
from tests.property.naive_exchange import NaiveExchange

pytestmark = pytest.mark.requirement("ORDER_001", "P2-6", "prod_002")

RICH = 10**9 * ONE
TIMES = ("GTC", "GTC", "GTC", "GTC", "IOC", "FOK")
MODES = ("NONE", "NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT")
KINDS = ("LIMIT", "LIMIT", "LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")
TEXTS = {
    "would take": "Order would immediately match and take.",
    "would trigger": "Order would trigger immediately.",
}


def wish(dice: random.Random) -> dict[str, Any]:
    """One order near a price of 100 in few sizes and at few prices, so that queues and ties are common."""
    kind = dice.choice(KINDS)
    has_price = kind != "MARKET"
    return {
        "side": dice.choice(("BUY", "SELL")),
        "type": kind,
        "quantity": dice.randint(1, 12) * STEP,
        "price": dice.randint(9_990, 10_010) * TICK if has_price else 0,
        "stop": dice.randint(9_985, 10_015) * TICK if kind.endswith("_LIMIT") else 0,
        "time": dice.choice(TIMES) if kind.endswith("LIMIT") else "",
        "mode": dice.choice(MODES),
    }


def placed(exchange: Exchange, owner: str, order: dict[str, Any], now: int) -> OrderReply | Refusal:
    """Ask the exchange for the same order."""
    request = PlaceOrder(
        "BTCUSDT",
        order["side"],
        order["type"],
        order["quantity"],
        price=order["price"],
        stop_price=order["stop"],
        time_in_force=order["time"],
        stp_mode=order["mode"],
    )
    return exchange.place(owner, request, now)


@pytest.mark.parametrize("seed", range(4))
def test_trades_and_book_equal_those_of_a_naive_list(seed: int, rounds: Callable[..., int]) -> None:
    """After each of many thousand requests: same answer, same trades by price, size and partners, same levels."""
    dice = random.Random(seed)
    exchange = Exchange([rules_of(max_algo_orders=0, max_orders=0)])
    for owner in "abcd":
        exchange.open_account(owner, Terms(), {"USDT": RICH, "BTC": RICH}, 0)
    naive = NaiveExchange()
    for now in range(rounds(6_000, full=50_000)):
        owner = dice.choice("abcd")
        if naive.orders and dice.random() < 0.3:
            number = dice.randint(max(1, len(naive.orders) - 60), len(naive.orders))
            answer: Any = exchange.cancel(naive.orders[number - 1].owner, Cancel("BTCUSDT", number), now)
            assert isinstance(answer, OrderReply) == naive.cancel(number)
            expected: list[Any] = []
        else:
            order, before = wish(dice), len(naive.trades)
            objection = naive.place(owner, order)
            answer = placed(exchange, owner, order, now)
            assert (answer.message if isinstance(answer, Refusal) else "") == TEXTS.get(objection, "")
            expected = naive.trades[before:]
        prints = [event for event in exchange.take_events() if isinstance(event, PublicTrade)]
        assert [(each.price, each.quantity, each.taker_order_id) for each in prints] == [each[:3] for each in expected]
        depth = exchange.market.depth("BTCUSDT", 1_000)
        assert (depth.bids, depth.asks) == (naive.levels("BUY"), naive.levels("SELL"))
    compare_lives(exchange, naive)
    assert len(naive.trades) > 1_000


def compare_lives(exchange: Exchange, naive: NaiveExchange) -> None:
    """Check that every order ended alike and that every fill had the same partner."""
    states = {order.order_id: order for owner in "abcd" for order in exchange.ledger(owner).orders}
    assert len(states) == len(naive.orders)
    for order in naive.orders:
        state: OrderState = states[order.number]
        assert (state.status, state.executed_quantity) == (order.state, order.done), order
        assert state.prevented_quantity == order.prevented
    for is_maker, place in ((True, 3), (False, 2)):
        fills = [fill for owner in "abcd" for fill in exchange.ledger(owner).fills if fill.is_maker == is_maker]
        fills.sort(key=lambda fill: fill.trade_id)
        assert [fill.order_id for fill in fills] == [trade[place] for trade in naive.trades]
