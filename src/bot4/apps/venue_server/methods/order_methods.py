# SPDX-License-Identifier: Apache-2.0
"""Orders: placing, testing, canceling, replacing, amending."""

from typing import Final

from bot4.apps.venue_server.gate.parameters import Parameters
from bot4.apps.venue_server.methods.account_methods import commission_shape
from bot4.apps.venue_server.methods.asking import Answer, Ask, Desk, Outcome, finish
from bot4.apps.venue_server.methods.order_shapes import (
    ACK,
    FULL,
    RESPONSE_TYPES,
    amended_shape,
    canceled_list_shape,
    canceled_shape,
    placed_shape,
    refusal_shape,
)
from bot4.simulation.exchange.events import ExecutionReport
from bot4.simulation.exchange.orders import ListReply, OrderReply
from bot4.simulation.exchange.refusals import (
    INVALID_SIDE,
    INVALID_TIME_IN_FORCE,
    INVALID_TYPE,
    WRONG_RESTRICTION,
    Refusal,
    missing,
)
from bot4.simulation.exchange.requests import (
    ALLOW_FAILURE,
    ONLY_NEW,
    ONLY_PARTIALLY_FILLED,
    STOP_ON_FAILURE,
    Amend,
    Cancel,
    CancelReplace,
    PlaceOrder,
)
from bot4.simulation.exchange.rules import LIMIT, MARKET, ORDER_TYPES, SIDES, STP_MODES, TIMES_IN_FORCE

PARTLY: Final = -2021
CONFLICT: Final = 409


def place(desk: Desk, ask: Ask) -> Outcome:
    """Place an order."""
    order = read_order(desk, ask)
    response_type = read_response_type(ask.parameters, order.type)
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    reply = desk.exchange.place(ask.account, order, ask.now_ms)
    return reply if isinstance(reply, Refusal) else Answer(placed_shape(reply, response_type), orders=1)


def test_order(desk: Desk, ask: Ask) -> Outcome:
    """Say whether an order would be taken, without placing it."""
    order = read_order(desk, ask)
    read_response_type(ask.parameters, order.type)
    wants_rates = ask.parameters.flag("computeCommissionRates")
    refusal = finish(ask)
    if refusal is None:
        refusal = desk.exchange.judge(ask.account, order, ask.now_ms)
    if refusal is not None:
        return refusal
    return Answer(commission_shape(desk, ask.account, order.symbol, is_for_order=True) if wants_rates else {})


def test_weight(parameters: Parameters) -> int:
    """Return what a test costs."""
    return 20 if parameters.flag("computeCommissionRates") else 1


def cancel(desk: Desk, ask: Ask) -> Outcome:
    """Cancel an order, with its list where it is in one."""
    request = Cancel(
        desk.listed(ask),
        client_order_id=ask.parameters.client_id("newClientOrderId"),
        restriction=_read_restriction(ask.parameters),
        order_id=ask.parameters.whole("orderId"),
        original_client_order_id=ask.parameters.client_id("origClientOrderId"),
    )
    need_id(ask.parameters, request.order_id, request.original_client_order_id, "origClientOrderId")
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    reply = desk.exchange.cancel(ask.account, request, ask.now_ms)
    if isinstance(reply, Refusal):
        return reply
    found = _list_of(desk, ask, reply)
    return Answer(canceled_shape(reply) if found is None else _canceled_with_list(found, reply))


def cancel_all(desk: Desk, ask: Ask) -> Outcome:
    """Cancel every open order of a symbol."""
    symbol = desk.listed(ask)
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    replies = desk.exchange.cancel_all(ask.account, symbol, ask.now_ms)
    if isinstance(replies, Refusal):
        return replies
    return Answer([canceled_list_shape(one) if isinstance(one, ListReply) else canceled_shape(one) for one in replies])


def cancel_replace(desk: Desk, ask: Ask) -> Outcome:
    """Cancel an order and place another: 200 for both, 409 for one, 400 for none."""
    parameters = ask.parameters
    order = read_order(desk, ask)
    response_type = read_response_type(parameters, order.type)
    mode = parameters.choice("cancelReplaceMode", (STOP_ON_FAILURE, ALLOW_FAILURE), required=True)
    parameters.choice("orderRateLimitExceededMode", ("DO_NOTHING", "CANCEL_ONLY"))
    ended = Cancel(
        order.symbol,
        order_id=parameters.whole("cancelOrderId"),
        original_client_order_id=parameters.client_id("cancelOrigClientOrderId"),
        client_order_id=parameters.client_id("cancelNewClientOrderId"),
        restriction=_read_restriction(parameters),
    )
    need_id(parameters, ended.order_id, ended.original_client_order_id, "cancelOrigClientOrderId")
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    reply = desk.exchange.cancel_replace(ask.account, CancelReplace(ended, order, mode), ask.now_ms)
    if isinstance(reply, Refusal):
        return reply
    placed = isinstance(reply.order, OrderReply)
    halves = {
        "cancelResult": "SUCCESS" if isinstance(reply.cancel, OrderReply) else "FAILURE",
        "newOrderResult": "SUCCESS" if placed else "NOT_ATTEMPTED" if reply.order is None else "FAILURE",
        "cancelResponse": (
            canceled_shape(reply.cancel) if isinstance(reply.cancel, OrderReply) else refusal_shape(reply.cancel)
        ),
        "newOrderResponse": _half(reply.order, response_type),
    }
    if reply.refusal is None:
        return Answer(halves, orders=1)
    status = CONFLICT if reply.refusal.code == PARTLY else 400
    return Answer(refusal_shape(reply.refusal) | {"data": halves}, status, orders=int(placed))


def amend(desk: Desk, ask: Ask) -> Outcome:
    """Lower the quantity of an open order."""
    parameters = ask.parameters
    request = Amend(
        desk.listed(ask),
        parameters.amount("newQty"),
        order_id=parameters.whole("orderId"),
        original_client_order_id=parameters.client_id("origClientOrderId"),
        client_order_id=parameters.client_id("newClientOrderId"),
    )
    if not request.quantity:
        parameters.refuse(missing("newQty"))
    need_id(parameters, request.order_id, request.original_client_order_id, "origClientOrderId")
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    reply = desk.exchange.amend(ask.account, request, ask.now_ms)
    if isinstance(reply, Refusal):
        return reply
    reports = [one for one in desk.collect() if isinstance(one, ExecutionReport) and one.execution_type == "REPLACED"]
    execution_id = reports[-1].execution_id if reports else -1
    return Answer(amended_shape(reply, execution_id, _list_of(desk, ask, reply)))


def read_order(desk: Desk, ask: Ask, *, prefix: str = "", given: PlaceOrder | None = None) -> PlaceOrder:
    """Read an order from a request.

    In a list each order's parameters have a prefix (``abovePrice``); what its orders
    share, symbol, side and quantity, is given.
    """
    parameters = ask.parameters

    def name(word: str) -> str:
        return prefix + word[0].upper() + word[1:] if prefix else word

    symbol = given.symbol if given is not None else desk.listed(ask)
    own_id = name("clientOrderId") if prefix else "newClientOrderId"
    stp = parameters.choice("selfTradePreventionMode", STP_MODES) if given is None else given.stp_mode
    return PlaceOrder(
        symbol,
        side=(given.side if given is not None else "")
        or parameters.choice(name("side"), SIDES, refusal=INVALID_SIDE, required=True),
        type=parameters.choice(name("type"), ORDER_TYPES, refusal=INVALID_TYPE, required=True),
        quantity=(given.quantity if given is not None else 0) or parameters.amount(name("quantity")),
        quote_quantity=0 if prefix else parameters.amount("quoteOrderQty"),
        price=parameters.amount(name("price")),
        stop_price=parameters.amount(name("stopPrice")),
        time_in_force=parameters.choice(name("timeInForce"), TIMES_IN_FORCE, refusal=INVALID_TIME_IN_FORCE),
        client_order_id=parameters.client_id(own_id),
        stp_mode=stp,
        iceberg_quantity=parameters.amount(name("icebergQty")),
        trailing_delta=parameters.whole(name("trailingDelta"), default=0),
        strategy_id=parameters.whole(name("strategyId")),
        strategy_type=parameters.whole(name("strategyType"), lowest=1_000_000),
    )


def read_response_type(parameters: Parameters, kind: str) -> str:
    """Return how much of an order is answered: everything for LIMIT and MARKET unless told otherwise."""
    default = FULL if kind in (LIMIT, MARKET) else ACK
    return parameters.choice("newOrderRespType", RESPONSE_TYPES, default=default)


def need_id(parameters: Parameters, number: int, own_id: str, name: str) -> None:
    """Refuse a request that names no order."""
    if number < 0 and not own_id:
        text = f"Param '{name}' or its number must be sent, but both were empty/null!"
        parameters.refuse(Refusal(-1102, text))


def _read_restriction(parameters: Parameters) -> str:
    """Return which orders may be canceled."""
    return parameters.choice("cancelRestrictions", (ONLY_NEW, ONLY_PARTIALLY_FILLED), refusal=WRONG_RESTRICTION)


def _half(reply: OrderReply | Refusal | None, response_type: str) -> dict[str, object] | None:
    """Return the new order of a cancel-replace."""
    if reply is None:
        return None
    return refusal_shape(reply) if isinstance(reply, Refusal) else placed_shape(reply, response_type)


def _list_of(desk: Desk, ask: Ask, reply: OrderReply) -> ListReply | None:
    """Return the list that an order is in."""
    if reply.state.order_list_id < 0:
        return None
    found = desk.exchange.queries.order_list(ask.account, list_id=reply.state.order_list_id)
    return None if isinstance(found, Refusal) else found


def _canceled_with_list(found: ListReply, reply: OrderReply) -> dict[str, object]:
    """Return a list that ended because one of its orders was canceled."""
    shape = canceled_list_shape(found)
    shape["orderReports"] = [
        canceled_shape(OrderReply(one.state, canceled_by=one.canceled_by or reply.canceled_by)) for one in found.orders
    ]
    return shape
