# SPDX-License-Identifier: Apache-2.0
"""A whole spot venue in memory: many members, one book a symbol, nothing but integers.

Every request comes with its time and is done when its method returns; what it caused
is told by ``take_events`` in the order it happened. The same requests and seed
give the same events. A refusal is a value and changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from bot4.simulation.exchange.accounts import Balance, Terms
from bot4.simulation.exchange.events import Event
from bot4.simulation.exchange.market import Market
from bot4.simulation.exchange.orders import Fill, ListReply, OrderReply, OrderState, ReplaceReply
from bot4.simulation.exchange.queries import Queries
from bot4.simulation.exchange.refusals import NO_SUCH_ORDER, Refusal
from bot4.simulation.exchange.requests import Amend, Cancel, CancelList, CancelReplace, NewList, NewOrder
from bot4.simulation.exchange.rules import SymbolRules


@dataclass(frozen=True, slots=True)
class AccountLedger:
    """Show everything that a checker needs to recompute an account from nothing."""

    orders: tuple[OrderState, ...]
    fills: tuple[Fill, ...]
    deposits: dict[str, int]
    balances: dict[str, Balance]


@final
class Exchange:
    """Take requests of members and tell what they caused.

    ``queries`` answers about a member, ``market`` about the market. An account that was
    never opened is a caller's mistake (KeyError), a symbol that was never listed a refusal.

    Parameters
    ----------
    symbols : sequence of SymbolRules
        What is traded.
    seed : int
        What the venue's own client order ids are made from.
    """

    def __init__(self, symbols: Sequence[SymbolRules], seed: int = 0) -> None:
        self.queries = Queries()
        self.market = Market()

    def open_account(self, account: str, terms: Terms, balances: Mapping[str, int], at_ms: int) -> None:
        """Open an account, or give an open one new terms, and pay in balances (1e-8; negative takes out)."""

    def ledger(self, account: str) -> AccountLedger:
        """Return an account's orders, fills, deposits and balances."""
        return AccountLedger((), (), {}, {})

    def collected_fees(self) -> dict[str, int]:
        """Return what the venue has taken, by asset."""
        return {}

    def set_rules(self, rules: SymbolRules) -> None:
        """List a symbol, or change the rules or the status of a listed one; open orders stay as they are."""

    def place(self, account: str, order: NewOrder, at_ms: int) -> OrderReply | Refusal:
        """Judge an order, match it, and let what is left work."""
        return NO_SUCH_ORDER

    def judge(self, account: str, order: NewOrder, at_ms: int) -> Refusal | None:
        """Return why an order would be refused, without placing it (``order/test``)."""
        return None

    def cancel(self, account: str, cancel: Cancel, at_ms: int) -> OrderReply | Refusal:
        """End an open order, with its list where it is in one."""
        return NO_SUCH_ORDER

    def cancel_all(self, account: str, symbol: str, at_ms: int) -> list[OrderReply | ListReply] | Refusal:
        """End every open order of a symbol; none is a refusal."""
        return NO_SUCH_ORDER

    def cancel_replace(self, account: str, request: CancelReplace, at_ms: int) -> ReplaceReply:
        """End an order and place another, with nothing in between."""
        return ReplaceReply(NO_SUCH_ORDER, None, NO_SUCH_ORDER)

    def amend(self, account: str, amend: Amend, at_ms: int) -> OrderReply | Refusal:
        """Lower an order's quantity; it keeps its place."""
        return NO_SUCH_ORDER

    def place_list(self, account: str, request: NewList, at_ms: int) -> ListReply | Refusal:
        """Judge a list of orders and let it begin."""
        return NO_SUCH_ORDER

    def cancel_list(self, account: str, cancel: CancelList, at_ms: int) -> ListReply | Refusal:
        """End a list with all its orders."""
        return NO_SUCH_ORDER

    def take_events(self) -> list[Event]:
        """Return what happened since the last call, in order."""
        return []
