# SPDX-License-Identifier: Apache-2.0
"""Whether a request is well formed at all: the parameters its type needs and no others, ids that can be printed.

Nothing here looks at the market or at an account.
"""

import re
from typing import Final

from bot4.simulation.exchange.refusals import (
    BAD_OCO_TYPE,
    BUY_LIMIT_BELOW,
    BUY_PROFIT_BELOW,
    BUY_STOP_ABOVE,
    INVALID_SIDE,
    INVALID_TIME_IN_FORCE,
    INVALID_TYPE,
    NO_CONTINGENT,
    NO_ICEBERGS,
    NO_QUOTE_QUANTITY,
    NO_TRAILING,
    SELL_LIMIT_ABOVE,
    SELL_PROFIT_ABOVE,
    SELL_STOP_BELOW,
    WRONG_COMBINATION,
    WRONG_STP_MODE,
    Refusal,
    bad_characters,
    missing,
    too_precise,
    unwanted,
)
from bot4.simulation.exchange.requests import OCO, OTO, OTOCO, PlaceList, PlaceOrder
from bot4.simulation.exchange.rules import (
    ALGO_TYPES,
    BUY,
    LIMIT,
    LIMIT_MAKER,
    MARKET,
    ORDER_TYPES,
    SIDES,
    STOP_LOSS,
    STOP_LOSS_LIMIT,
    TAKE_PROFIT,
    TAKE_PROFIT_LIMIT,
    TIMES_IN_FORCE,
    SymbolRules,
)

CLIENT_ID: Final = re.compile(r"[a-zA-Z0-9\-_]{1,36}")
LIST_SIZES: Final = {OCO: 2, OTO: 2, OTOCO: 3}

WITH_PRICE: Final = (LIMIT, LIMIT_MAKER, STOP_LOSS_LIMIT, TAKE_PROFIT_LIMIT)
WITH_TIME: Final = (LIMIT, STOP_LOSS_LIMIT, TAKE_PROFIT_LIMIT)
UNSUPPORTED: Final = {
    MARKET: "Market orders",
    LIMIT: "Limit orders",
    LIMIT_MAKER: "Limit maker orders",
    STOP_LOSS: "Stop loss orders",
    STOP_LOSS_LIMIT: "Stop loss limit orders",
    TAKE_PROFIT: "Take profit orders",
    TAKE_PROFIT_LIMIT: "Take profit limit orders",
}


def order_fault(order: PlaceOrder, rules: SymbolRules) -> Refusal | None:
    """Return what is wrong with the form of an order, None where nothing is."""
    if order.side not in SIDES:
        return INVALID_SIDE
    if order.type not in ORDER_TYPES:
        return INVALID_TYPE
    if order.type not in rules.order_types:
        return Refusal(-1013, f"{UNSUPPORTED[order.type]} are not supported for this symbol.")
    if order.iceberg_quantity:
        return NO_ICEBERGS
    if order.trailing_delta:
        return NO_TRAILING
    if order.stp_mode and order.stp_mode not in rules.stp_modes:
        return WRONG_STP_MODE
    if order.client_order_id and not CLIENT_ID.fullmatch(order.client_order_id):
        return bad_characters("newClientOrderId")
    return parameter_fault(order, rules) or precision_fault(order, rules)


def parameter_fault(order: PlaceOrder, rules: SymbolRules) -> Refusal | None:
    """Return which parameter an order's type lacks or has no use for."""
    wanted = {
        "timeInForce": (order.time_in_force, order.type in WITH_TIME),
        "price": (order.price, order.type in WITH_PRICE),
        "stopPrice": (order.stop_price, order.type in ALGO_TYPES),
    }
    for name, (value, is_wanted) in wanted.items():
        if is_wanted and (not value or (isinstance(value, int) and value < 0)):
            return missing(name)
        if value and not is_wanted:
            return unwanted(name)
    if order.time_in_force and order.time_in_force not in TIMES_IN_FORCE:
        return INVALID_TIME_IN_FORCE
    if order.quote_quantity:
        if order.type != MARKET or order.quantity:
            return unwanted("quoteOrderQty")
        if not rules.allows_quote_quantity_market:
            return NO_QUOTE_QUANTITY
        return missing("quoteOrderQty") if order.quote_quantity < 0 else None
    return missing("quantity") if order.quantity <= 0 else None


def precision_fault(order: PlaceOrder, rules: SymbolRules) -> Refusal | None:
    """Return which amount has more digits than its asset counts."""
    for name, value, precision in (
        ("quantity", order.quantity, rules.base_precision),
        ("quoteOrderQty", order.quote_quantity, rules.quote_precision),
        ("price", order.price, rules.quote_precision),
        ("stopPrice", order.stop_price, rules.quote_precision),
    ):
        if value % 10 ** (8 - precision):
            return too_precise(name)
    return None


def list_fault(request: PlaceList) -> Refusal | None:
    """Return what is wrong with the form of a list beyond that of its orders."""
    orders = request.orders
    if LIST_SIZES.get(request.contingency) != len(orders) or len({order.symbol for order in orders}) != 1:
        return WRONG_COMBINATION
    if request.list_client_order_id and not CLIENT_ID.fullmatch(request.list_client_order_id):
        return bad_characters("listClientOrderId")
    if request.contingency != OCO:
        if orders[0].type not in (LIMIT, LIMIT_MAKER):
            return INVALID_TYPE
        if any(order.quote_quantity for order in orders[1:]):
            return WRONG_COMBINATION
    if request.contingency == OTO:
        return None
    return pair_fault(orders[-2], orders[-1])


def pair_fault(above: PlaceOrder, below: PlaceOrder) -> Refusal | None:
    """Return what is wrong with the types of a pair."""
    if (above.side, above.quantity) != (below.side, below.quantity):
        return WRONG_COMBINATION
    if above.type in (LIMIT, MARKET) or below.type in (LIMIT, MARKET):
        return BAD_OCO_TYPE
    if above.type == below.type == LIMIT_MAKER:
        return NO_CONTINGENT
    buys = above.side == BUY
    faults = (
        {LIMIT_MAKER: BUY_LIMIT_BELOW, TAKE_PROFIT: BUY_PROFIT_BELOW, TAKE_PROFIT_LIMIT: BUY_PROFIT_BELOW}
        if buys
        else {STOP_LOSS: SELL_STOP_BELOW, STOP_LOSS_LIMIT: SELL_STOP_BELOW}
    )
    if above.type in faults:
        return faults[above.type]
    faults = (
        {STOP_LOSS: BUY_STOP_ABOVE, STOP_LOSS_LIMIT: BUY_STOP_ABOVE}
        if buys
        else {LIMIT_MAKER: SELL_LIMIT_ABOVE, TAKE_PROFIT: SELL_PROFIT_ABOVE, TAKE_PROFIT_LIMIT: SELL_PROFIT_ABOVE}
    )
    return faults.get(below.type)
