# SPDX-License-Identifier: Apache-2.0
"""The symbol's filters, which judge an order before the engine sees it.

Which price a filter measures against: the average over its minutes, the last price
where nothing traded in them or the minutes are 0; before the first trade there is
nothing to measure and the filter lets pass.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot4.simulation.exchange.refusals import Refusal, filter_failure
from bot4.simulation.exchange.requests import PlaceOrder
from bot4.simulation.exchange.rules import (
    ALGO_TYPES,
    BUY,
    MARKET,
    STOP_LOSS,
    TAKE_PROFIT,
    LotSize,
    PriceFilter,
    SymbolRules,
)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Hold what the filters measure against: two average prices, and what the account has open on the symbol.

    ``position`` is free and locked base plus the quantity of open purchases.
    """

    notional_price: int
    percent_price: int
    position: int
    open_orders: int
    open_algo_orders: int
    open_lists: int


def judge_order(order: PlaceOrder, rules: SymbolRules, seen: Circumstances) -> Refusal | None:
    """Return the first filter that an order fails, judged by itself."""
    for price in (order.price, order.stop_price):
        if price and not on_grid(price, rules.price):
            return filter_failure("PRICE_FILTER")
    if order.price and not in_percent_price(order, rules, seen.percent_price):
        return filter_failure("PERCENT_PRICE_BY_SIDE")
    if order.quantity and not in_lots(order.quantity, rules.lot_size):
        return filter_failure("LOT_SIZE")
    market_lots = rules.market_lot_size if order.type == MARKET else None
    if order.quantity and market_lots is not None and not in_lots(order.quantity, market_lots):
        return filter_failure("MARKET_LOT_SIZE")
    if not in_notional(order, rules, seen.notional_price):
        return filter_failure("NOTIONAL")
    if rules.max_position and order.side == BUY and seen.position + order.quantity > rules.max_position:
        return filter_failure("MAX_POSITION")
    return None


def judge_counts(orders: Sequence[PlaceOrder], rules: SymbolRules, seen: Circumstances) -> Refusal | None:
    """Return the first count that orders, placed together, would bring over its limit."""
    algo = sum(order.type in ALGO_TYPES for order in orders)
    if rules.max_orders and seen.open_orders + len(orders) > rules.max_orders:
        return filter_failure("MAX_NUM_ORDERS")
    if algo and rules.max_algo_orders and seen.open_algo_orders + algo > rules.max_algo_orders:
        return filter_failure("MAX_NUM_ALGO_ORDERS")
    if len(orders) > 1 and rules.max_order_lists and seen.open_lists + 1 > rules.max_order_lists:
        return filter_failure("MAX_NUM_ORDER_LISTS")
    return None


def on_grid(price: int, bounds: PriceFilter) -> bool:
    """Say whether a price lies within the bounds and on a tick."""
    if price < bounds.lowest or (bounds.highest and price > bounds.highest):
        return False
    return price % bounds.tick == 0


def in_lots(quantity: int, bounds: LotSize) -> bool:
    """Say whether a quantity lies within the bounds and is of whole steps."""
    if quantity < bounds.lowest or quantity > bounds.highest:
        return False
    return not bounds.step or quantity % bounds.step == 0


def in_percent_price(order: PlaceOrder, rules: SymbolRules, average: int) -> bool:
    """Say whether a price is near enough to the average; products compared, nothing rounded."""
    bounds = rules.percent_price
    if bounds is None or not average:
        return True
    up, down = (bounds.bid_up, bounds.bid_down) if order.side == BUY else (bounds.ask_up, bounds.ask_down)
    scaled = order.price * 100_000_000
    return average * down <= scaled <= average * up


def in_notional(order: PlaceOrder, rules: SymbolRules, average: int) -> bool:
    """Say whether price times quantity lies within the bounds; what trades at any price is measured at the average."""
    bounds = rules.notional
    takes_any_price = order.type in (MARKET, STOP_LOSS, TAKE_PROFIT)
    price = average if takes_any_price else order.price
    if order.quote_quantity:
        worth = order.quote_quantity * 100_000_000
    elif price:
        worth = price * order.quantity
    else:
        return True
    if worth < bounds.lowest * 100_000_000 and (bounds.applies_lowest_to_market or not takes_any_price):
        return False
    has_highest = bounds.highest and (bounds.applies_highest_to_market or not takes_any_price)
    return not (has_highest and worth > bounds.highest * 100_000_000)
