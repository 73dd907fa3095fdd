# SPDX-License-Identifier: Apache-2.0
"""The account's trades of each symbol behind the last one accounted for, and the orders that they belong to."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, final

from bot4.adapters.venues.binance.orders.paging import TradesCursor
from bot4.adapters.venues.binance.orders.venue_names import VenueNames
from bot4.adapters.venues.binance.wire.replies import MyTrade, OrderReply
from bot4.adapters.venues.binance.wire.requests import Request, all_orders, my_trades, query_order_number
from bot4.adapters.venues.binance.wire.rest import Told
from bot4.adapters.venues.kit.limiter import Hold, Urgency

SINGLES_MAX: Final = 5
"""So many orders asked for one by one cost as much as a page of them."""

Ask = Callable[[Request, type[Any], Urgency], Awaitable[Told[Any] | Hold]]


@final
class TradeHistory:
    """Walk through the account's own trades.

    Parameters
    ----------
    ask : callable
        Asks the venue.
    names : VenueNames
        Whose an order number is, as far as it was told.

    Attributes
    ----------
    last_ids : dict
        The highest trade id accounted for, by symbol: everything up to it was told.
    """

    __slots__ = ("last_ids", "_ask", "_names")

    def __init__(self, ask: Ask, names: VenueNames) -> None:
        self.last_ids: dict[str, int] = {}
        self._ask = ask
        self._names = names

    async def begin(self, symbol: str) -> bool:
        """Begin with the newest trade, for an account with a past that is none of ours; say whether it is known."""
        if symbol in self.last_ids:
            return True
        told = await self._ask(my_trades(symbol, limit=1), list[MyTrade], Urgency.ORDINARY)
        page = None if isinstance(told, Hold) else told.value
        if page is None or any(trade.symbol != symbol for trade in page):
            return False
        self.last_ids[symbol] = max((trade.id for trade in page), default=-1)
        return True

    async def fresh(self, symbol: str) -> list[MyTrade] | None:
        """Return every trade not accounted for yet, oldest first, page by page; None where they did not all come."""
        cursor = TradesCursor(symbol, last_id=self.last_ids.get(symbol, -1))
        found: list[MyTrade] = []
        while not cursor.is_done:
            told = await self._ask(cursor.request(), list[MyTrade], Urgency.ORDINARY)
            page = None if isinstance(told, Hold) else told.value
            if page is None or any(trade.symbol != symbol for trade in page):
                return None
            found += cursor.take(page)
        return found

    async def unknown_owner(self, symbol: str, trades: Sequence[MyTrade]) -> int | None:
        """Learn whose each trade's order is; return the number of one that the venue did not tell, None for none.

        Many are asked for by the page of a thousand, a few one by one: both cost the least that way.
        """
        missing = self._missing(symbol, trades)
        while len(missing) > SINGLES_MAX:
            request = all_orders(symbol, from_order_id=missing[0])
            told = await self._ask(request, list[OrderReply], Urgency.ORDINARY)
            page: Sequence[OrderReply] = () if isinstance(told, Hold) else told.value or ()
            for order in page:
                if order.symbol == symbol:
                    self._names.note_reply(order)
            left = self._missing(symbol, trades)
            if len(left) == len(missing):
                return missing[0]
            missing = left
        for number in missing:
            if await self.owner(symbol, number) is None:
                return number
        return None

    def _missing(self, symbol: str, trades: Sequence[MyTrade]) -> list[int]:
        """Return the numbers of orders that nobody has told of, in order."""
        numbers = dict.fromkeys(trade.order_id for trade in trades)
        return sorted(number for number in numbers if self._names.client_id(symbol, number) is None)

    async def owner(self, symbol: str, number: int) -> str | None:
        """Return the client id of the order with a number; None where the venue did not tell."""
        known = self._names.client_id(symbol, number)
        if known is not None:
            return known
        told = await self._ask(query_order_number(symbol, number), OrderReply, Urgency.ORDINARY)
        order: OrderReply | None = None if isinstance(told, Hold) else told.value
        if order is None or (order.symbol, order.order_id) != (symbol, number):
            return None
        return order.own_id()
