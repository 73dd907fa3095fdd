# SPDX-License-Identifier: Apache-2.0
"""Requests of Binance spot: what to send, what it costs, and what its answer will decide. Pure builders.

One request serves both doors: ``method`` and ``path`` over REST, ``name`` over the WebSocket API. Time
stamp, receive window, key and signature are put on by the door. The cost is the documented one of a failure; a
successful order costs no weight, which the venue's own count then tells.
"""

from dataclasses import dataclass
from typing import Final

from bot4.adapters.venues.kit.allowance import Cost
from bot4.adapters.venues.kit.answers import Call
from bot4.adapters.venues.kit.limiter import Urgency

DEPTH_WEIGHTS: Final = ((100, 5), (500, 25), (1000, 50), (5000, 250))
DEPTH_MAX: Final = 5000
KLINES_MAX: Final = 1000
TRADES_MAX: Final = 1000
ORDERS_MAX: Final = 1000
PROTECTIVE: Final = Urgency.PROTECTIVE

ONE: Final = Cost()
RECV_WINDOW_MS: Final = 5_000
"""How long after its time stamp the venue may still take a signed request, by either door."""

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """Hold one request.

    Parameters
    ----------
    name : str
        The WebSocket API's method, empty where REST alone has it.
    method, path : str
        The HTTP method and path.
    params : tuple of (name, value)
        In the order in which they are sent and signed.
    call : Call
        What an answer to it decides.
    cost : Cost
        What it may cost.
    signed : bool
        Whether it needs the key, a time stamp and a signature.
    urgency : Urgency
        Whether it may use what is kept for cancels and stops.
    """

    name: str
    method: str
    path: str
    params: Pairs = ()
    call: Call = Call.READ
    cost: Cost = ONE
    signed: bool = False
    urgency: Urgency = Urgency.ORDINARY


def server_time() -> Request:
    """Ask for the venue's time."""
    return Request("time", "GET", "/api/v3/time", urgency=PROTECTIVE)


def exchange_info(symbols: tuple[str, ...] = ()) -> Request:
    """Ask for rules and filters, of some symbols or of all."""
    named = "[" + ",".join(f'"{symbol}"' for symbol in symbols) + "]"
    return Request(
        "exchangeInfo", "GET", "/api/v3/exchangeInfo", present(symbols=named if symbols else ""), cost=Cost(20)
    )


def depth(symbol: str, *, limit: int = 100) -> Request:
    """Ask for a snapshot of the book, at most 5,000 levels a side."""
    assert 0 < limit <= DEPTH_MAX, "the venue tells at most 5000 levels"
    weight = next(weight for most, weight in DEPTH_WEIGHTS if limit <= most)
    return Request("depth", "GET", "/api/v3/depth", present(symbol=symbol, limit=limit), cost=Cost(weight))


def klines(symbol: str, interval: str, *, start_ms: int = 0, end_ms: int = 0, limit: int = KLINES_MAX) -> Request:
    """Ask for bars of an interval such as ``1m``, oldest first."""
    params = present(symbol=symbol, interval=interval, startTime=start_ms, endTime=end_ms, limit=limit)
    return Request("klines", "GET", "/api/v3/klines", params, cost=Cost(2))


def agg_trades(
    symbol: str, *, from_id: int | None = None, start_ms: int = 0, end_ms: int = 0, limit: int = TRADES_MAX
) -> Request:
    """Ask for aggregated prints, from an id or of a span of time."""
    params = present(symbol=symbol, fromId=from_id, startTime=start_ms, endTime=end_ms, limit=limit)
    return Request("trades.aggregate", "GET", "/api/v3/aggTrades", params, cost=Cost(4))


def place_order(params: Pairs, *, urgency: Urgency) -> Request:
    """Place one order; its parameters come from :mod:`~bot4.adapters.venues.binance.orders.tickets`."""
    return Request("order.place", "POST", "/api/v3/order", params, Call.PLACE, Cost(1, 1), True, urgency)


def cancel_order(symbol: str, client_id: str) -> Request:
    """Cancel an order by the id we gave it."""
    params = present(symbol=symbol, origClientOrderId=client_id)
    return Request("order.cancel", "DELETE", "/api/v3/order", params, Call.CANCEL, Cost(1), True, PROTECTIVE)


def cancel_open_orders(symbol: str) -> Request:
    """Cancel every open order of a symbol, those of other hands included."""
    params = present(symbol=symbol)
    return Request(
        "openOrders.cancelAll", "DELETE", "/api/v3/openOrders", params, Call.CANCEL, Cost(1), True, PROTECTIVE
    )


def cancel_replace(params: Pairs, cancel_id: str, *, stop_on_failure: bool, urgency: Urgency) -> Request:
    """Cancel one order and place another; with ``stop_on_failure`` nothing is placed unless the cancel happened."""
    mode = "STOP_ON_FAILURE" if stop_on_failure else "ALLOW_FAILURE"
    both = (*params, *present(cancelReplaceMode=mode, cancelOrigClientOrderId=cancel_id))
    path = "/api/v3/order/cancelReplace"
    return Request("order.cancelReplace", "POST", path, both, Call.REPLACE, Cost(1, 1), True, urgency)


def query_order(symbol: str, client_id: str) -> Request:
    """Ask what became of an order, by the id we gave it."""
    params = present(symbol=symbol, origClientOrderId=client_id)
    return Request("order.status", "GET", "/api/v3/order", params, Call.QUERY, Cost(4), True)


def query_order_number(symbol: str, number: int) -> Request:
    """Ask what became of an order, by the venue's number: a trade names no other."""
    params = present(symbol=symbol, orderId=number)
    return Request("order.status", "GET", "/api/v3/order", params, Call.QUERY, Cost(4), True)


def open_orders(symbol: str = "") -> Request:
    """Ask for the open orders of a symbol, or of the whole account."""
    params = present(symbol=symbol)
    return Request(
        "openOrders.status", "GET", "/api/v3/openOrders", params, cost=Cost(6 if symbol else 80), signed=True
    )


def all_orders(symbol: str, *, from_order_id: int | None = None, limit: int = ORDERS_MAX) -> Request:
    """Ask for orders of a symbol, ended ones included, from a venue order id on."""
    params = present(symbol=symbol, orderId=from_order_id, limit=limit)
    return Request("allOrders", "GET", "/api/v3/allOrders", params, cost=Cost(20), signed=True)


def my_trades(
    symbol: str, *, from_id: int | None = None, order_id: int | None = None, limit: int = TRADES_MAX
) -> Request:
    """Ask for our own executions, from a trade id on, or those of one order."""
    params = present(symbol=symbol, orderId=order_id, fromId=from_id, limit=limit)
    cost = Cost(5 if order_id is not None else 20)
    return Request("myTrades", "GET", "/api/v3/myTrades", params, cost=cost, signed=True)


def account(*, with_zeros: bool = False) -> Request:
    """Ask for balances and permissions."""
    params = () if with_zeros else present(omitZeroBalances="true")
    return Request("account.status", "GET", "/api/v3/account", params, cost=Cost(20), signed=True)


def commission(symbol: str) -> Request:
    """Ask for the account's real fee rates of a symbol."""
    params = present(symbol=symbol)
    return Request("account.commission", "GET", "/api/v3/account/commission", params, cost=Cost(20), signed=True)


def order_counts() -> Request:
    """Ask how many unfilled orders the venue has counted."""
    return Request("account.rateLimits.orders", "GET", "/api/v3/rateLimit/order", cost=Cost(40), signed=True)


def place_list(kind: str, params: Pairs, *, urgency: Urgency) -> Request:
    """Place an order list: ``oco`` and ``oto`` count two orders, ``otoco`` three."""
    orders = {"oco": 2, "oto": 2, "otoco": 3}[kind]
    path = f"/api/v3/orderList/{kind}"
    return Request(f"orderList.place.{kind}", "POST", path, params, Call.PLACE, Cost(1, orders), True, urgency)


def cancel_list(symbol: str, list_client_id: str) -> Request:
    """Cancel an order list with all its legs."""
    params = present(symbol=symbol, listClientOrderId=list_client_id)
    return Request("orderList.cancel", "DELETE", "/api/v3/orderList", params, Call.CANCEL, Cost(1), True, PROTECTIVE)


def query_list(list_client_id: str) -> Request:
    """Ask what became of an order list."""
    params = present(origClientOrderId=list_client_id)
    return Request("orderList.status", "GET", "/api/v3/orderList", params, Call.QUERY, Cost(4), True)


def api_restrictions() -> Request:
    """Ask what the key may do; REST alone, and not on test networks."""
    return Request("", "GET", "/sapi/v1/account/apiRestrictions", signed=True)


def present(**values: str | int | None) -> Pairs:
    """Return the parameters that have a value, as texts: None, an empty text and a time of 0 are left out."""
    unset = {"startTime": 0, "endTime": 0}
    return tuple(
        (name, str(value))
        for name, value in values.items()
        if value is not None and value != "" and unset.get(name) != value
    )
