# SPDX-License-Identifier: Apache-2.0
"""Every method of the venue in one table: its two names, what it wants to see, what it weighs, who answers it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bot4.apps.venue_server.gate.parameters import Parameters
from bot4.apps.venue_server.methods import account_methods as account
from bot4.apps.venue_server.methods import beside_spot as beside
from bot4.apps.venue_server.methods import list_methods as lists
from bot4.apps.venue_server.methods import market_methods as market
from bot4.apps.venue_server.methods import order_methods as orders
from bot4.apps.venue_server.methods.asking import Handler, Security

API: Final = "/api/v3"
SAPI: Final = "/sapi/v1"


@dataclass(frozen=True, slots=True)
class Method:
    """Hold one method.

    Attributes
    ----------
    rest, socket : str
        What REST and the WebSocket API call it; empty where that door does not have it.
    weight : int or callable
        What it costs; of a method that changes orders only where it fails.
    orders : int
        How many orders it asks for; 0 for one that places none.
    """

    rest: str
    socket: str
    security: Security
    weight: int | Callable[[Parameters], int]
    handler: Handler
    orders: int = 0
    changes_orders: bool = False

    def weigh(self, parameters: Parameters) -> int:
        """Return what a request costs."""
        return self.weight if isinstance(self.weight, int) else self.weight(parameters)


def _public(path: str, socket: str, weight: int | Callable[[Parameters], int], handler: Handler) -> Method:
    """Return a row for anyone."""
    return Method(f"GET {API}{path}", socket, Security.NONE, weight, handler)


def _read(path: str, socket: str, weight: int | Callable[[Parameters], int], handler: Handler) -> Method:
    """Return a row for members."""
    return Method(f"GET {API}{path}", socket, Security.READ, weight, handler)


def _change(rest: str, socket: str, handler: Handler, *, orders: int = 0) -> Method:
    """Return a row that changes orders."""
    verb, path = rest.split()
    return Method(f"{verb} {API}{path}", socket, Security.TRADE, 1, handler, orders, changes_orders=True)


def _trade_weight(parameters: Parameters) -> int:
    """Return what fills cost: less where an order is named."""
    return 5 if parameters.has("orderId") else 20


TABLE: Final = (
    _public("/ping", "ping", 1, market.ping),
    _public("/time", "time", 1, market.server_time),
    _public("/exchangeInfo", "exchangeInfo", 20, market.exchange_info),
    _public("/depth", "depth", market.depth_weight, market.depth),
    _public("/trades", "trades.recent", 25, market.recent_trades),
    _public("/historicalTrades", "trades.historical", 25, market.recent_trades),
    _public("/aggTrades", "trades.aggregate", 4, market.aggregate_trades),
    _public("/klines", "klines", 2, market.klines),
    _public("/avgPrice", "avgPrice", 2, market.average_price),
    _public("/ticker/24hr", "ticker.24hr", market.one_or_all(2, 80), market.day_ticker),
    _public("/ticker/price", "ticker.price", market.one_or_all(2, 4), market.last_price),
    _public("/ticker/bookTicker", "ticker.book", market.one_or_all(2, 4), market.book_ticker),
    _change("POST /order", "order.place", orders.place, orders=1),
    Method(f"POST {API}/order/test", "order.test", Security.TRADE, orders.test_weight, orders.test_order),
    _change("DELETE /order", "order.cancel", orders.cancel),
    _change("POST /order/cancelReplace", "order.cancelReplace", orders.cancel_replace, orders=1),
    Method(f"PUT {API}/order/amend/keepPriority", "order.amend.keepPriority", Security.TRADE, 4, orders.amend),
    _change("DELETE /openOrders", "openOrders.cancelAll", orders.cancel_all),
    _change("POST /orderList/oco", "orderList.place.oco", lists.place_oco, orders=2),
    _change("POST /orderList/oto", "orderList.place.oto", lists.place_oto, orders=2),
    _change("POST /orderList/otoco", "orderList.place.otoco", lists.place_otoco, orders=3),
    _change("DELETE /orderList", "orderList.cancel", lists.cancel_list),
    _read("/orderList", "orderList.status", 4, lists.query_list),
    _read("/openOrderList", "openOrderLists.status", 6, lists.open_lists),
    _read("/allOrderList", "allOrderLists", 20, lists.all_lists),
    _read("/order", "order.status", 4, account.query_order),
    _read("/openOrders", "openOrders.status", market.one_or_all(6, 80), account.open_orders),
    _read("/allOrders", "allOrders", 20, account.all_orders),
    _read("/account", "account.status", 20, account.account),
    _read("/account/commission", "account.commission", 20, account.commission),
    _read("/rateLimit/order", "account.rateLimits.orders", 40, account.order_counts),
    _read("/myTrades", "myTrades", _trade_weight, account.my_trades),
    _read("/myPreventedMatches", "myPreventedMatches", 20, account.prevented_matches),
    Method(f"GET {SAPI}/account/apiRestrictions", "", Security.READ, 1, account.restrictions),
    Method(f"GET {SAPI}/capital/config/getall", "", Security.READ, 10, account.coins),
    Method(f"GET {SAPI}/margin/allPairs", "", Security.NONE, 1, beside.margin_pairs),
    Method(f"GET {SAPI}/margin/isolated/allPairs", "", Security.READ, 10, beside.margin_pairs),
    Method("GET /fapi/v1/exchangeInfo", "", Security.NONE, 1, beside.futures_info),
    Method("GET /dapi/v1/exchangeInfo", "", Security.NONE, 1, beside.futures_info),
    Method("GET /eapi/v1/exchangeInfo", "", Security.NONE, 1, beside.option_info),
)
"""Every row."""

BY_REST: Final = {method.rest: method for method in TABLE}
BY_SOCKET: Final = {method.socket: method for method in TABLE if method.socket}
PATHS: Final = frozenset(rest.split()[1] for rest in BY_REST)
