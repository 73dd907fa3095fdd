# SPDX-License-Identifier: Apache-2.0
"""What a member may ask about himself: orders, lists, fills, prevented matches, balances.

Spans are closed, times in ms, answers oldest first; a bound of -1 is not asked for.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import TypeVar, final

from bot4.simulation.exchange.accounts import Account
from bot4.simulation.exchange.orders import Fill, ListReply, OrderState, PreventedMatch
from bot4.simulation.exchange.refusals import NO_SUCH_ORDER, Refusal
from bot4.simulation.exchange.register import Register

T = TypeVar("T")


@final
class Queries:
    """Answer questions about one member; nothing here changes anything."""

    __slots__ = ("_register",)

    def __init__(self, register: Register) -> None:
        self._register = register

    def account(self, account: str) -> Account:
        """Return the account with its terms and balances, to be read only."""
        return self._register.accounts[account]

    def order(
        self, account: str, symbol: str, *, order_id: int = -1, client_order_id: str = ""
    ) -> OrderState | Refusal:
        """Return an order by number or client id (the last one that had it), or ``NO_SUCH_ORDER``."""
        file = self._register.file(account, symbol)
        found = file.by_id.get(order_id) if order_id >= 0 else file.by_client_id.get(client_order_id)
        if found is None or client_order_id not in ("", found.client_order_id):
            return NO_SUCH_ORDER
        return found.state()

    def open_orders(self, account: str, symbol: str = "") -> list[OrderState]:
        """Return what is open, of one symbol or of all."""
        files = [file for (owner, of), file in self._register.files.items() if owner == account and symbol in ("", of)]
        return [order.state() for file in files for order in file.open.values()]

    def all_orders(
        self, account: str, symbol: str, *, from_id: int = -1, start_ms: int = -1, end_ms: int = -1, limit: int = 500
    ) -> list[OrderState]:
        """Return orders of a symbol from a number on, or by creation time; without a bound the newest ``limit``."""
        orders = self._register.file(account, symbol).orders
        bounds = (from_id, start_ms, end_ms)
        found = _page(orders, lambda order: order.order_id, lambda order: order.created_ms, bounds=bounds)
        return [order.state() for order in _cut(found, limit, bounds=bounds)]

    def fills(
        self,
        account: str,
        symbol: str,
        *,
        order_id: int = -1,
        from_id: int = -1,
        start_ms: int = -1,
        end_ms: int = -1,
        limit: int = 500,
    ) -> list[Fill]:
        """Return fills of a symbol (``myTrades``): from a trade number on, or by time, else the newest ``limit``."""
        fills, bounds = self._register.file(account, symbol).fills, (from_id, start_ms, end_ms)
        found = _page(fills, lambda fill: fill.trade_id, lambda fill: fill.at_ms, bounds=bounds)
        if order_id >= 0:
            found = [fill for fill in found if fill.order_id == order_id]
        return _cut(found, limit, bounds=bounds)

    def prevented_matches(
        self, account: str, symbol: str, *, match_id: int = -1, order_id: int = -1, from_id: int = -1, limit: int = 500
    ) -> list[PreventedMatch]:
        """Return matches that were prevented, by number, or of an order from a number on."""
        found = [
            match
            for match in self._register.file(account, symbol).prevented
            if match_id in (-1, match.match_id) and order_id in (-1, match.taker_order_id, match.maker_order_id)
        ]
        return [match for match in found if match.match_id >= from_id][:limit]

    def order_list(self, account: str, *, list_id: int = -1, list_client_order_id: str = "") -> ListReply | Refusal:
        """Return a list by number or client id (the last one that had it), or ``NO_SUCH_ORDER``."""
        for owner, listed in reversed(self._register.lists):
            is_meant = list_id in (-1, listed.list_id) and list_client_order_id in ("", listed.client_order_id)
            if is_meant and owner.name == account:
                return self._register.list_reply(listed)
        return NO_SUCH_ORDER

    def open_lists(self, account: str) -> list[ListReply]:
        """Return the lists that are still executing."""
        return [
            self._register.list_reply(listed)
            for owner, listed in self._register.open_lists.values()
            if owner.name == account
        ]

    def all_lists(
        self, account: str, *, from_id: int = -1, start_ms: int = -1, end_ms: int = -1, limit: int = 500
    ) -> list[ListReply]:
        """Return lists from a number on, or by time, else the newest ``limit``."""
        lists = [listed for owner, listed in self._register.lists if owner.name == account]
        bounds = (from_id, start_ms, end_ms)
        found = _page(lists, lambda listed: listed.list_id, lambda listed: listed.created_ms, bounds=bounds)
        return [self._register.list_reply(listed) for listed in _cut(found, limit, bounds=bounds)]


def _page(
    all_: Sequence[T], number: Callable[[T], int], time: Callable[[T], int], *, bounds: tuple[int, int, int]
) -> Sequence[T]:
    """Return what lies from a number on and within a closed span; both only ever rise along the sequence."""
    from_id, start_ms, end_ms = bounds
    first = max(bisect_left(all_, from_id, key=number), bisect_left(all_, start_ms, key=time))
    last = bisect_right(all_, end_ms, key=time) if end_ms >= 0 else len(all_)
    return all_[first:last]


def _cut(found: Sequence[T], limit: int, *, bounds: tuple[int, int, int]) -> list[T]:
    """Return the first ``limit`` where a beginning was asked for, else the last ones."""
    is_forward = bounds[0] >= 0 or bounds[1] >= 0
    return list(found[:limit] if is_forward else found[max(0, len(found) - limit) :])
