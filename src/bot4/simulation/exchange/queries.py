# SPDX-License-Identifier: Apache-2.0
"""What a member may ask about himself: orders, lists, fills, prevented matches, balances.

Spans are closed, times in ms, answers oldest first; a bound of -1 is not asked for.
"""

from typing import final

from bot4.simulation.exchange.accounts import Account
from bot4.simulation.exchange.orders import Fill, ListReply, OrderState, PreventedMatch
from bot4.simulation.exchange.refusals import NO_SUCH_ORDER, Refusal


@final
class Queries:
    """Answer questions about one member's account; nothing here changes anything."""

    def account(self, account: str) -> Account:
        """Return the account with its terms and balances."""
        return Account(account, 0, None)  # type: ignore[arg-type]

    def order(
        self, account: str, symbol: str, *, order_id: int = -1, client_order_id: str = ""
    ) -> OrderState | Refusal:
        """Return an order by number or client id (the last one that had it), or ``NO_SUCH_ORDER``."""
        return NO_SUCH_ORDER

    def open_orders(self, account: str, symbol: str = "") -> list[OrderState]:
        """Return what is open, of one symbol or of all."""
        return []

    def all_orders(
        self, account: str, symbol: str, *, from_id: int = -1, start_ms: int = -1, end_ms: int = -1, limit: int = 500
    ) -> list[OrderState]:
        """Return orders of a symbol from a number on, or by creation time; without a bound the newest ``limit``."""
        return []

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
        return []

    def prevented_matches(
        self, account: str, symbol: str, *, match_id: int = -1, order_id: int = -1, from_id: int = -1, limit: int = 500
    ) -> list[PreventedMatch]:
        """Return matches that were prevented, by number, or of an order from a number on."""
        return []

    def order_list(self, account: str, *, list_id: int = -1, list_client_order_id: str = "") -> ListReply | Refusal:
        """Return a list by number or client id, or ``NO_SUCH_ORDER``."""
        return NO_SUCH_ORDER

    def open_lists(self, account: str) -> list[ListReply]:
        """Return the lists that are still executing."""
        return []

    def all_lists(
        self, account: str, *, from_id: int = -1, start_ms: int = -1, end_ms: int = -1, limit: int = 500
    ) -> list[ListReply]:
        """Return lists from a number on, or by time, else the newest ``limit``."""
        return []
