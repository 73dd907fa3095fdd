# SPDX-License-Identifier: Apache-2.0
"""How the venue shows orders, fills and lists in its answers; field names are the venue's, spelling included."""

from typing import Final

from bot4.apps.venue_server.gate.amounts import text_of
from bot4.simulation.exchange.orders import Fill, ListReply, OrderReply, OrderState, PreventedMatch
from bot4.simulation.exchange.refusals import Refusal

ACK: Final = "ACK"
RESULT: Final = "RESULT"
FULL: Final = "FULL"
RESPONSE_TYPES: Final = (ACK, RESULT, FULL)


def refusal_shape(refusal: Refusal) -> dict[str, object]:
    """Return an error."""
    return {"code": refusal.code, "msg": refusal.message}


def placed_shape(reply: OrderReply, response_type: str) -> dict[str, object]:
    """Return an order just placed: acknowledged only, with its result, or with its fills too."""
    state = reply.state
    shape: dict[str, object] = {
        "symbol": state.symbol,
        "orderId": state.order_id,
        "orderListId": state.order_list_id,
        "clientOrderId": state.client_order_id,
        "transactTime": state.updated_ms,
    }
    if response_type == ACK:
        return shape
    shape |= _result(state)
    if response_type == FULL:
        shape["fills"] = [_fill(fill) for fill in reply.fills]
    return shape


def canceled_shape(reply: OrderReply) -> dict[str, object]:
    """Return an order just canceled: its own id is the original one, the cancel's is ``clientOrderId``."""
    state = reply.state
    shape: dict[str, object] = {
        "symbol": state.symbol,
        "origClientOrderId": state.client_order_id,
        "orderId": state.order_id,
        "orderListId": state.order_list_id,
        "clientOrderId": reply.canceled_by,
        "transactTime": state.updated_ms,
    }
    return shape | _result(state)


def queried_shape(state: OrderState) -> dict[str, object]:
    """Return an order as a query shows it."""
    shape: dict[str, object] = {
        "symbol": state.symbol,
        "orderId": state.order_id,
        "orderListId": state.order_list_id,
        "clientOrderId": state.client_order_id,
    }
    shape |= _result(state)
    return shape | {
        "stopPrice": text_of(state.stop_price),
        "icebergQty": text_of(0),
        "time": state.created_ms,
        "updateTime": state.updated_ms,
        "isWorking": state.is_working,
    }


def amended_shape(reply: OrderReply, execution_id: int, order_list: ListReply | None) -> dict[str, object]:
    """Return an order whose quantity was lowered, with its list where it is in one."""
    state = reply.state
    amended: dict[str, object] = {
        "symbol": state.symbol,
        "orderId": state.order_id,
        "orderListId": state.order_list_id,
        "origClientOrderId": reply.was or state.client_order_id,
        "clientOrderId": state.client_order_id,
        "price": text_of(state.price),
        "qty": text_of(state.quantity),
        "executedQty": text_of(state.executed_quantity),
        "preventedQty": text_of(state.prevented_quantity),
        "quoteOrderQty": text_of(state.quote_quantity),
        "cumulativeQuoteQty": text_of(state.executed_quote),
        "status": state.status,
        "timeInForce": state.time_in_force or "GTC",
        "type": state.type,
        "side": state.side,
        "workingTime": state.working_ms,
        "selfTradePreventionMode": state.stp_mode,
    }
    shape: dict[str, object] = {
        "transactTime": state.updated_ms,
        "executionId": execution_id,
        "amendedOrder": amended,
    }
    if order_list is not None:
        status = list_shape(order_list)
        del status["transactionTime"]
        shape["listStatus"] = status
    return shape


def list_shape(reply: ListReply) -> dict[str, object]:
    """Return a list of orders as a query shows it."""
    return {
        "orderListId": reply.list_id,
        "contingencyType": reply.contingency,
        "listStatusType": reply.status_type,
        "listOrderStatus": reply.order_status,
        "listClientOrderId": reply.list_client_order_id,
        "transactionTime": reply.at_ms,
        "symbol": reply.symbol,
        "orders": [
            {
                "symbol": one.state.symbol,
                "orderId": one.state.order_id,
                "clientOrderId": one.state.client_order_id,
            }
            for one in reply.orders
        ],
    }


def placed_list_shape(reply: ListReply, response_type: str) -> dict[str, object]:
    """Return a list just placed, with a report of each order."""
    return list_shape(reply) | {"orderReports": [placed_shape(one, response_type) for one in reply.orders]}


def canceled_list_shape(reply: ListReply) -> dict[str, object]:
    """Return a list just canceled, with a report of each order."""
    return list_shape(reply) | {"orderReports": [canceled_shape(one) for one in reply.orders]}


def trade_shape(fill: Fill) -> dict[str, object]:
    """Return a row of ``myTrades``."""
    return {
        "symbol": fill.symbol,
        "id": fill.trade_id,
        "orderId": fill.order_id,
        "orderListId": fill.order_list_id,
        "price": text_of(fill.price),
        "qty": text_of(fill.quantity),
        "quoteQty": text_of(fill.quote),
        "commission": text_of(fill.commission),
        "commissionAsset": fill.commission_asset,
        "time": fill.at_ms,
        "isBuyer": fill.is_buyer,
        "isMaker": fill.is_maker,
        "isBestMatch": True,
    }


def prevented_shape(match: PreventedMatch) -> dict[str, object]:
    """Return a row of ``myPreventedMatches``."""
    return {
        "symbol": match.symbol,
        "preventedMatchId": match.match_id,
        "takerOrderId": match.taker_order_id,
        "makerSymbol": match.symbol,
        "makerOrderId": match.maker_order_id,
        "tradeGroupId": match.trade_group_id,
        "selfTradePreventionMode": match.stp_mode,
        "price": text_of(match.price),
        "takerPreventedQuantity": text_of(match.taker_prevented_quantity),
        "makerPreventedQuantity": text_of(match.maker_prevented_quantity),
        "transactTime": match.at_ms,
    }


def _result(state: OrderState) -> dict[str, object]:
    """Return the fields that every full report of an order shares, and those that only some orders have."""
    shape: dict[str, object] = {
        "price": text_of(state.price),
        "origQty": text_of(state.quantity),
        "executedQty": text_of(state.executed_quantity),
        "origQuoteOrderQty": text_of(state.quote_quantity),
        "cummulativeQuoteQty": text_of(state.executed_quote),
        "status": state.status,
        "timeInForce": state.time_in_force or "GTC",
        "type": state.type,
        "side": state.side,
        "workingTime": state.working_ms,
        "selfTradePreventionMode": state.stp_mode,
    }
    if state.stop_price:
        shape["stopPrice"] = text_of(state.stop_price)
    numbers = (
        ("strategyId", state.strategy_id),
        ("strategyType", state.strategy_type),
        ("preventedMatchId", state.prevented_match_id),
    )
    shape |= {name: value for name, value in numbers if value >= 0}
    if state.prevented_quantity:
        shape["preventedQuantity"] = text_of(state.prevented_quantity)
    if state.expiry_reason:
        shape["expiryReason"] = state.expiry_reason
    return shape


def _fill(fill: Fill) -> dict[str, object]:
    """Return one of an order's fills in the answer to its placing."""
    return {
        "price": text_of(fill.price),
        "qty": text_of(fill.quantity),
        "commission": text_of(fill.commission),
        "commissionAsset": fill.commission_asset,
        "tradeId": fill.trade_id,
    }
