# SPDX-License-Identifier: Apache-2.0
"""Lists of orders that depend on each other: one cancels the other, one triggers the other, one triggers two."""

from bot4.apps.venue_server.gate.parameters import Parameters
from bot4.apps.venue_server.methods.asking import Answer, Ask, Desk, Outcome, finish
from bot4.apps.venue_server.methods.order_methods import need_id, read_order
from bot4.apps.venue_server.methods.order_shapes import (
    FULL,
    RESPONSE_TYPES,
    canceled_list_shape,
    list_shape,
    placed_list_shape,
)
from bot4.simulation.exchange.refusals import INVALID_SIDE, Refusal
from bot4.simulation.exchange.requests import OCO, OTO, OTOCO, CancelList, PlaceList, PlaceOrder
from bot4.simulation.exchange.rules import SIDES, STP_MODES


def place_oco(desk: Desk, ask: Ask) -> Outcome:
    """Place two orders of which one ends the other."""
    shared = _shared(desk, ask)
    shared = _pair(ask.parameters, shared, side="side", quantity="quantity")
    orders = (
        read_order(desk, ask, prefix="above", given=shared),
        read_order(desk, ask, prefix="below", given=shared),
    )
    return _place(desk, ask, OCO, orders)


def place_oto(desk: Desk, ask: Ask) -> Outcome:
    """Place an order whose fill lets another begin."""
    shared = _shared(desk, ask)
    orders = (
        read_order(desk, ask, prefix="working", given=shared),
        read_order(desk, ask, prefix="pending", given=shared),
    )
    return _place(desk, ask, OTO, orders)


def place_otoco(desk: Desk, ask: Ask) -> Outcome:
    """Place an order whose fill lets two begin, of which one ends the other."""
    shared = _shared(desk, ask)
    working = read_order(desk, ask, prefix="working", given=shared)
    shared = _pair(ask.parameters, shared, side="pendingSide", quantity="pendingQuantity")
    orders = (
        working,
        read_order(desk, ask, prefix="pendingAbove", given=shared),
        read_order(desk, ask, prefix="pendingBelow", given=shared),
    )
    return _place(desk, ask, OTOCO, orders)


def cancel_list(desk: Desk, ask: Ask) -> Outcome:
    """Cancel a list with all its orders."""
    parameters = ask.parameters
    request = CancelList(
        desk.listed(ask),
        list_id=parameters.whole("orderListId"),
        list_client_order_id=parameters.client_id("listClientOrderId"),
        client_order_id=parameters.client_id("newClientOrderId"),
    )
    need_id(parameters, request.list_id, request.list_client_order_id, "listClientOrderId")
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    reply = desk.exchange.cancel_list(ask.account, request, ask.now_ms)
    return reply if isinstance(reply, Refusal) else Answer(canceled_list_shape(reply))


def query_list(desk: Desk, ask: Ask) -> Outcome:
    """Show one list."""
    parameters = ask.parameters
    number, own_id = parameters.whole("orderListId"), parameters.client_id("origClientOrderId")
    need_id(parameters, number, own_id, "origClientOrderId")
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    found = desk.exchange.queries.order_list(ask.account, list_id=number, list_client_order_id=own_id)
    return found if isinstance(found, Refusal) else Answer(list_shape(found))


def open_lists(desk: Desk, ask: Ask) -> Outcome:
    """Show the lists that are still executing."""
    return finish(ask) or Answer([list_shape(one) for one in desk.exchange.queries.open_lists(ask.account)])


def all_lists(desk: Desk, ask: Ask) -> Outcome:
    """Show lists from a number on, or by time."""
    parameters = ask.parameters
    from_id, limit = parameters.whole("fromId"), parameters.limit()
    start_ms, end_ms = parameters.moment("startTime"), parameters.moment("endTime")
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    found = desk.exchange.queries.all_lists(ask.account, from_id=from_id, start_ms=start_ms, end_ms=end_ms, limit=limit)
    return Answer([list_shape(one) for one in found])


def _shared(desk: Desk, ask: Ask) -> PlaceOrder:
    """Read what every order of a list shares."""
    stp = ask.parameters.choice("selfTradePreventionMode", STP_MODES)
    return PlaceOrder(desk.listed(ask), "", "", stp_mode=stp)


def _pair(parameters: Parameters, shared: PlaceOrder, *, side: str, quantity: str) -> PlaceOrder:
    """Read what the two orders of a pair share."""
    return PlaceOrder(
        shared.symbol,
        parameters.choice(side, SIDES, refusal=INVALID_SIDE, required=True),
        "",
        parameters.amount(quantity),
        stp_mode=shared.stp_mode,
    )


def _place(desk: Desk, ask: Ask, contingency: str, orders: tuple[PlaceOrder, ...]) -> Outcome:
    """Place a list; it counts for as many orders as it has."""
    own_id = ask.parameters.client_id("listClientOrderId")
    response_type = ask.parameters.choice("newOrderRespType", RESPONSE_TYPES, default=FULL)
    refusal = finish(ask)
    if refusal is not None:
        return refusal
    reply = desk.exchange.place_list(ask.account, PlaceList(contingency, orders, own_id), ask.now_ms)
    if isinstance(reply, Refusal):
        return reply
    return Answer(placed_list_shape(reply, response_type), orders=len(orders))
