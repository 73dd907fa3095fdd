# SPDX-License-Identifier: Apache-2.0
"""Each filter of the exchange at its bound, inside and outside, and each form of a request that it will not read."""

from typing import Any

import pytest

from bot4.domain.errors import BadInput
from bot4.simulation.exchange.refusals import Refusal
from bot4.simulation.exchange.requests import PlaceOrder
from bot4.simulation.exchange.rules import ONE, LotSize, Notional, PercentPriceBySide, PriceFilter
from tests.property.exchange_floor import STEP, TICK, rules_of
from tests.unit.exchange_desk import Desk, units, wish

pytestmark = pytest.mark.requirement("P2-5", "ORDER_001")

PRICES = PriceFilter(10 * ONE, 1_000 * ONE, TICK)
LOTS = LotSize(ONE // 100, 5 * ONE, STEP)


def failure(name: str) -> tuple[int, str]:
    """What a filter answers."""
    return (-1013, f"Filter failure: {name}")


@pytest.mark.parametrize("price", ["10", "10.01", "999.99", "1000"])
def test_prices_within_the_bounds_on_a_tick_are_taken(price: str) -> None:
    """The bounds belong to what is allowed, for a price as for a trigger."""
    desk = Desk(price=PRICES)
    assert desk.place("ann", "BUY", price=price).status == "NEW"
    assert desk.place("ann", "BUY", "STOP_LOSS", stop_price=price).status == "NEW"


@pytest.mark.parametrize("price", ["9.99", "1000.01", "100.005"])
def test_prices_out_of_bounds_or_between_ticks_are_refused(price: str) -> None:
    """One tick outside, or half a tick inside: PRICE_FILTER, for a price as for a trigger."""
    desk = Desk(price=PRICES)
    assert desk.refusal("ann", "BUY", price=price) == failure("PRICE_FILTER")
    assert desk.refusal("ann", "BUY", "STOP_LOSS", stop_price=price) == failure("PRICE_FILTER")


def test_price_bounds_of_nothing_are_switched_off() -> None:
    """With 0 as both bounds only the tick is left."""
    desk = Desk(price=PriceFilter(0, 0, TICK))
    assert desk.place("ann", "SELL", price="5000000").status == "NEW"
    assert desk.refusal("ann", "SELL", price="0.001") == failure("PRICE_FILTER")


@pytest.mark.parametrize(("quantity", "is_taken"), [("0.01", True), ("5", True), ("0.009", False), ("5.001", False)])
def test_quantities_have_bounds(quantity: str, is_taken: bool) -> None:
    """LOT_SIZE takes its bounds and nothing outside them, for every type."""
    desk = Desk(lot_size=LOTS)
    for kind, prices in (("LIMIT", {"price": 100}), ("MARKET", {}), ("STOP_LOSS", {"stop_price": 100})):
        if is_taken:
            assert desk.place("ann", "BUY", kind, quantity=quantity, **prices).quantity == units(quantity)
        else:
            assert desk.refusal("ann", "BUY", kind, quantity=quantity, **prices) == failure("LOT_SIZE")


def test_a_quantity_between_steps_is_refused() -> None:
    """Half a step is no step."""
    assert Desk(lot_size=LOTS).refusal("ann", "BUY", price=100, quantity="1.0005") == failure("LOT_SIZE")


def test_market_orders_have_lots_of_their_own() -> None:
    """MARKET_LOT_SIZE binds market orders by quantity, a limit order may be larger; its step may be switched off."""
    desk = Desk(market_lot_size=LotSize(0, 2 * ONE, 0))
    assert desk.place("ann", "BUY", "MARKET", quantity=2).status == "EXPIRED"
    assert desk.refusal("ann", "BUY", "MARKET", quantity="2.001") == failure("MARKET_LOT_SIZE")
    assert desk.place("ann", "BUY", price=100, quantity="2.001").status == "NEW"


def test_the_notional_has_bounds() -> None:
    """Price times quantity at both bounds is taken, one step outside is not."""
    desk = Desk(notional=Notional(5 * ONE, 500 * ONE))
    assert desk.place("ann", "BUY", price=5, quantity=1).status == "NEW"
    assert desk.place("ann", "BUY", price=100, quantity=5).status == "NEW"
    assert desk.refusal("ann", "BUY", price=5, quantity="0.999") == failure("NOTIONAL")
    assert desk.refusal("ann", "BUY", price=100, quantity="5.001") == failure("NOTIONAL")


@pytest.mark.parametrize("is_applied", [True, False])
def test_the_notional_of_a_market_order_is_measured_at_the_average_price(is_applied: bool) -> None:
    """With a last price of 100, 0.05 is worth 5; each bound may be switched off for market orders."""
    bounds = Notional(5 * ONE, 200 * ONE, is_applied, is_applied)
    desk = Desk(notional=bounds, lot_size=LOTS)
    desk.exchange.set_rules(rules_of())
    desk.trade_at(100)
    desk.exchange.set_rules(rules_of(notional=bounds, lot_size=LOTS))
    for quantity in ("0.05", "2"):
        assert desk.place("ann", "SELL", "MARKET", quantity=quantity).status == "EXPIRED"
    for sizes in ({"quantity": "0.049"}, {"quantity": "2.001"}, {"quote_quantity": "4.99"}):
        answer = desk.ask("ann", "SELL", "MARKET", **sizes)
        if is_applied:
            assert answer == Refusal(*failure("NOTIONAL"))
        else:
            assert answer != Refusal(*failure("NOTIONAL"))


def test_prices_stay_near_the_average_by_side() -> None:
    """Of an average of 100: purchases from 50 to 110, sales from 90 to 200, bounds included."""
    desk = Desk()
    desk.trade_at(100)
    desk.exchange.set_rules(
        rules_of(percent_price=PercentPriceBySide(units("1.1"), units("0.5"), 2 * ONE, units("0.9"), 5))
    )
    for side, lowest, highest in (("BUY", 50, 110), ("SELL", 90, 200)):
        for price in (lowest, highest):
            answer = desk.ask("ann", side, "LIMIT_MAKER", price=price, quantity="0.001")
            assert not isinstance(answer, Refusal), (side, price)
            desk.exchange.cancel_all("ann", "BTCUSDT", desk.now)
        for beyond in (lowest - 0.01, highest + 0.01):
            assert desk.refusal("ann", side, price=beyond) == failure("PERCENT_PRICE_BY_SIDE")


def test_before_the_first_trade_no_price_is_too_far() -> None:
    """There is no average to be far from."""
    desk = Desk(percent_price=PercentPriceBySide(ONE, ONE, ONE, ONE, 5))
    assert desk.place("ann", "BUY", price=1).status == "NEW"


def test_open_orders_are_counted_by_account_and_symbol() -> None:
    """The second of two is taken, the third refused, and again taken once one has ended."""
    desk = Desk(max_orders=2)
    first = desk.place("ann", "BUY", price=100)
    desk.place("ann", "BUY", "STOP_LOSS", stop_price=100)
    assert desk.refusal("ann", "BUY", price=100) == failure("MAX_NUM_ORDERS")
    assert desk.place("bob", "BUY", price=99).status == "NEW"
    desk.place("bob", "SELL", price=100)
    assert desk.state(first).status == "FILLED"
    assert desk.place("ann", "BUY", price=90).status == "NEW"


def test_orders_that_wait_for_a_trigger_are_counted_apart() -> None:
    """One may wait; once it has been set off it counts no more, and others are not concerned."""
    desk = Desk(max_algo_orders=1)
    stop = desk.place("ann", "BUY", "STOP_LOSS_LIMIT", stop_price=100, price=50)
    assert desk.refusal("ann", "SELL", "TAKE_PROFIT", stop_price=100) == failure("MAX_NUM_ALGO_ORDERS")
    assert desk.place("ann", "BUY", price=1).status == "NEW"
    desk.trade_at(100)
    assert desk.state(stop).is_working
    assert desk.place("ann", "SELL", "TAKE_PROFIT", stop_price=110).status == "NEW"


def test_open_lists_are_counted() -> None:
    """A second list is one too many, a single order is none."""
    desk = Desk(max_order_lists=1)
    pair = (wish("SELL", "LIMIT_MAKER", price=110), wish("SELL", "STOP_LOSS", stop_price=90))
    desk.joined("ann", "OCO", *pair)
    assert desk.join("ann", "OCO", *pair) == Refusal(*failure("MAX_NUM_ORDER_LISTS"))
    assert desk.place("ann", "SELL", price=200).status == "NEW"


def test_a_position_has_a_limit() -> None:
    """What is owned and what is being bought may reach 103 and no more; a pair buys but once; sales are free."""
    desk = Desk(max_position=103 * ONE)
    desk.joined("ann", "OCO", wish("BUY", "STOP_LOSS", stop_price=120), wish("BUY", "LIMIT_MAKER", price=90))
    desk.place("ann", "BUY", price=80, quantity=2)
    assert desk.refusal("ann", "BUY", price=80, quantity="0.001") == failure("MAX_POSITION")
    assert desk.place("ann", "SELL", price=200, quantity=50).status == "NEW"


def test_numbers_finer_than_the_asset_counts_are_refused() -> None:
    """-1111 names the parameter, before any filter."""
    desk = Desk(base_precision=3, quote_precision=2)
    assert desk.refusal("ann", "BUY", price=100, quantity="0.0001") == (
        -1111,
        "Parameter 'quantity' has too much precision.",
    )
    assert desk.refusal("ann", "BUY", price="1.001")[1] == "Parameter 'price' has too much precision."
    assert desk.refusal("ann", "BUY", "MARKET", quote_quantity="1.001")[0] == -1111
    assert desk.place("ann", "BUY", price="1.01", quantity="0.001").status == "NEW"


MISSING = "Mandatory parameter '{}' was not sent, was empty/null, or malformed."
UNWANTED = "Parameter '{}' sent when not required."
FORMS: list[tuple[dict[str, Any], int, str]] = [
    ({"type": "LIMIT", "price": 1, "time_in_force": ""}, -1102, MISSING.format("timeInForce")),
    ({"type": "LIMIT", "time_in_force": "GTC"}, -1102, MISSING.format("price")),
    ({"type": "LIMIT", "time_in_force": "GTX", "price": TICK}, -1115, "Invalid timeInForce."),
    ({"type": "LIMIT_MAKER", "price": TICK, "time_in_force": "GTC"}, -1106, UNWANTED.format("timeInForce")),
    ({"type": "MARKET", "price": TICK}, -1106, UNWANTED.format("price")),
    ({"type": "MARKET", "quantity": 0}, -1102, MISSING.format("quantity")),
    ({"type": "MARKET", "quote_quantity": ONE}, -1106, UNWANTED.format("quoteOrderQty")),
    ({"type": "STOP_LOSS"}, -1102, MISSING.format("stopPrice")),
    ({"type": "STOP_LOSS", "stop_price": TICK, "price": TICK}, -1106, UNWANTED.format("price")),
    ({"type": "TAKE_PROFIT_LIMIT", "stop_price": TICK, "price": TICK}, -1102, MISSING.format("timeInForce")),
    ({"type": "LIMIT_MAKER", "price": TICK, "stop_price": TICK}, -1106, UNWANTED.format("stopPrice")),
    ({"type": "PEGGED"}, -1116, "Invalid orderType."),
    ({"type": "MARKET", "side": "HOLD"}, -1117, "Invalid side."),
    ({"type": "MARKET", "iceberg_quantity": 1}, -1013, "Iceberg orders are not supported for this symbol."),
    ({"type": "MARKET", "trailing_delta": 1}, -1013, "Trailing stop orders are not supported for this symbol."),
    ({"type": "MARKET", "client_order_id": "ä"}, -1100, "Illegal characters found in parameter 'newClientOrderId'"),
    ({"type": "MARKET", "client_order_id": "x" * 37}, -1100, "Illegal characters found"),
    ({"type": "MARKET", "stp_mode": "TRANSFER"}, -1013, "This symbol does not allow the specified self-trade"),
    ({"type": "MARKET", "symbol": "ETHUSDT"}, -1121, "Invalid symbol."),
]


@pytest.mark.parametrize(("fields", "code", "text"), FORMS, ids=[f"{each[2][:40]}-{n}" for n, each in enumerate(FORMS)])
def test_a_malformed_order_is_named_as_the_venue_names_it(fields: dict[str, Any], code: int, text: str) -> None:
    """Code and text say which parameter is missing, not wanted or not allowed."""
    exchange = Desk().exchange
    order = PlaceOrder(**{"symbol": "BTCUSDT", "side": "BUY", "quantity": ONE, **fields})
    answer = exchange.place("ann", order, 5)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.message[: len(text)]) == (code, text)
    assert exchange.judge("ann", order, 5) == answer


def test_a_type_the_symbol_does_not_list_is_not_supported() -> None:
    """exchangeInfo's order types bind, and so does its word on quote quantities."""
    desk = Desk(order_types=("LIMIT", "MARKET"), allows_quote_quantity_market=False)
    assert desk.refusal("ann", "SELL", "STOP_LOSS", stop_price=1) == (
        -1013,
        "Stop loss orders are not supported for this symbol.",
    )
    assert desk.refusal("ann", "SELL", "MARKET", quote_quantity=1)[0] == -1013


def test_a_grid_that_would_round_is_not_listed() -> None:
    """Tick times step must be a whole 1e-8 of the quote."""
    with pytest.raises(BadInput, match="multiple of 1e8"):
        rules_of(price=PriceFilter(1, 100, 1), lot_size=LotSize(1, 100, 1))


def test_a_test_order_is_judged_and_forgotten() -> None:
    """``order/test`` stops before the engine: what only the balance forbids passes, a filter does not."""
    desk = Desk(lot_size=LOTS)
    assert desk.exchange.judge("ann", wish("BUY", "LIMIT", price=900_000, quantity=5), 5) is None
    assert desk.exchange.judge("ann", wish("BUY", "LIMIT", price=1, quantity=6), 5) == Refusal(*failure("LOT_SIZE"))
    assert desk.exchange.queries.open_orders("ann") == []
