# SPDX-License-Identifier: Apache-2.0
"""A whole spot venue in memory: many members, one book a symbol, nothing but integers.

Every request comes with its time and is done when its method returns; what it caused
is told by ``take_events`` in the order it happened: reports, lists and prints as they
came, then what changed in the book, then the balances that moved. The same requests
and seed give the same events. A refusal is a value and changes nothing.

What it assumes where the venue's papers are silent:

- a purchase at any price that waits for its trigger locks trigger times quantity;
- a cancel needs a symbol that is ``TRADING`` or ``CANCEL_ONLY``;
- a client order id is unique among one account's open orders of one symbol;
- a refused order leaves no trace, no number and no report, except where it was to
  replace one that is gone: that is reported as ``REJECTED``;
- the answer to a request shows what its own match did; what it set off is told by events.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

from bot4.domain.errors import BadInput
from bot4.simulation.exchange.accounts import Account, Balance, Terms
from bot4.simulation.exchange.admission import list_objection, objection
from bot4.simulation.exchange.changes import Changes
from bot4.simulation.exchange.events import AccountPosition, BalanceUpdate, Event
from bot4.simulation.exchange.floor import Floor
from bot4.simulation.exchange.listing import Listing
from bot4.simulation.exchange.market import Market
from bot4.simulation.exchange.misdeeds import Misdeeds
from bot4.simulation.exchange.orders import Fill, ListReply, OrderReply, OrderState, ReplaceReply
from bot4.simulation.exchange.queries import Queries
from bot4.simulation.exchange.refusals import (
    INVALID_SYMBOL,
    NO_REPLACING,
    REPLACED_HALF,
    REPLACED_NOTHING,
    Refusal,
    missing,
)
from bot4.simulation.exchange.register import Register
from bot4.simulation.exchange.requests import (
    ALLOW_FAILURE,
    STOP_ON_FAILURE,
    Amend,
    Cancel,
    CancelList,
    CancelReplace,
    PlaceList,
    PlaceOrder,
)
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

    ``queries`` answers about a member, ``market`` about the market, ``misdeeds`` does to orders
    what no venue should, ``fees`` is what the venue has taken, by asset. An account that was
    never opened is the caller's mistake (KeyError), a symbol that was never listed a refusal.
    A time before the last one counts as that one.

    Parameters
    ----------
    symbols : sequence of SymbolRules
        What is traded.
    seed : int
        What the venue's own client order ids are made from.
    """

    def __init__(self, symbols: Sequence[SymbolRules], seed: int = 0) -> None:
        self._register = Register(seed)
        self._listings = {rules.symbol: Listing(rules) for rules in symbols}
        self._floor = Floor(self._register, self._listings)
        self._changes = Changes(self._floor)
        self._now_ms = 0
        self.queries = Queries(self._register)
        self.market = Market(self._listings)
        self.misdeeds = Misdeeds(self._floor, self._begin, self._finish)
        self.fees = self._register.fees

    def open_account(self, account: str, terms: Terms, balances: Mapping[str, int], at_ms: int) -> None:
        """Open an account, or give an open one new terms, and pay in balances (1e-8; negative takes out).

        Raises
        ------
        BadInput
            If more would be taken out than is free.
        """
        at_ms = self._begin(at_ms)
        member = self._register.accounts.get(account)
        for asset, amount in balances.items():
            free = member.balance(asset).free if member else 0
            if free + amount < 0:
                raise BadInput(f"{account} {asset}", str(amount), f"at least {-free}", "Take out less.")
        if member is None:
            member = self._register.accounts[account] = Account(account, len(self._register.accounts), terms)
        member.terms = terms
        for asset, amount in balances.items():
            member.move(asset, free=amount)
            member.deposits[asset] = member.deposits.get(asset, 0) + amount
            self._register.events.append(BalanceUpdate(account, at_ms, asset, amount))
        self._finish(at_ms)

    def ledger(self, account: str) -> AccountLedger:
        """Return an account's orders, fills, deposits and balances."""
        member = self._register.accounts[account]
        files = [file for (owner, _), file in self._register.files.items() if owner == account]
        return AccountLedger(
            tuple(order.state() for file in files for order in file.orders),
            tuple(fill for file in files for fill in file.fills),
            dict(member.deposits),
            {asset: replace(balance) for asset, balance in member.balances.items()},
        )

    def set_rules(self, rules: SymbolRules) -> None:
        """List a symbol, or change the rules or the status of a listed one; open orders stay as they are."""
        listing = self._listings.get(rules.symbol)
        if listing is None:
            self._listings[rules.symbol] = Listing(rules)
        else:
            listing.rules = rules

    def place(self, account: str, order: PlaceOrder, at_ms: int) -> OrderReply | Refusal:
        """Judge an order, match it, and let what is left work."""
        at_ms = self._begin(at_ms)
        refusal = self.judge(account, order, at_ms)
        return refusal or self._place(account, order, at_ms)

    def judge(self, account: str, order: PlaceOrder, at_ms: int) -> Refusal | None:
        """Return why an order would be refused before the engine, without placing it (``order/test``)."""
        member = self._register.accounts[account]
        listing = self._listings.get(order.symbol)
        if listing is None:
            return INVALID_SYMBOL
        return objection([order], member, listing, self._register, at_ms)

    def cancel(self, account: str, cancel: Cancel, at_ms: int) -> OrderReply | Refusal:
        """End an open order, with its list where it is in one."""
        at_ms = self._begin(at_ms)
        if cancel.symbol not in self._listings:
            return INVALID_SYMBOL
        reply = self._changes.cancel(self._register.accounts[account], cancel, at_ms)
        self._finish(at_ms)
        return reply

    def cancel_all(self, account: str, symbol: str, at_ms: int) -> list[OrderReply | ListReply] | Refusal:
        """End every open order of a symbol; none is a refusal."""
        at_ms = self._begin(at_ms)
        if symbol not in self._listings:
            return INVALID_SYMBOL
        replies = self._changes.cancel_all(self._register.accounts[account], self._listings[symbol], at_ms)
        self._finish(at_ms)
        return replies

    def cancel_replace(self, account: str, request: CancelReplace, at_ms: int) -> ReplaceReply | Refusal:
        """End an order and place another, with nothing in between; the new one is judged before either."""
        at_ms = self._begin(at_ms)
        if request.cancel.symbol != request.order.symbol or request.order.symbol not in self._listings:
            return INVALID_SYMBOL
        if request.mode not in (STOP_ON_FAILURE, ALLOW_FAILURE):
            return missing("cancelReplaceMode")
        if not self._listings[request.order.symbol].rules.allows_cancel_replace:
            return NO_REPLACING
        refusal = self.judge(account, request.order, at_ms)
        if refusal:
            return refusal
        canceled = self._changes.cancel(self._register.accounts[account], request.cancel, at_ms)
        if isinstance(canceled, Refusal) and request.mode == STOP_ON_FAILURE:
            return ReplaceReply(canceled, None, REPLACED_NOTHING)
        member = self._register.accounts[account]
        placed = self._floor.begin_order(request.order, member, at_ms)
        if isinstance(placed, Refusal) and not isinstance(canceled, Refusal):
            self._floor.report_refused(request.order, member, placed, at_ms=at_ms)
        self._finish(at_ms)
        failures = isinstance(canceled, Refusal) + isinstance(placed, Refusal)
        return ReplaceReply(canceled, placed, (None, REPLACED_HALF, REPLACED_NOTHING)[failures])

    def amend(self, account: str, amend: Amend, at_ms: int) -> OrderReply | Refusal:
        """Lower an order's quantity; it keeps its place."""
        at_ms = self._begin(at_ms)
        if amend.symbol not in self._listings:
            return INVALID_SYMBOL
        reply = self._changes.amend(self._register.accounts[account], amend, at_ms)
        self._finish(at_ms)
        return reply

    def place_list(self, account: str, request: PlaceList, at_ms: int) -> ListReply | Refusal:
        """Judge a list of orders and let it begin."""
        at_ms = self._begin(at_ms)
        member = self._register.accounts[account]
        listing = self._listings.get(request.orders[0].symbol) if request.orders else None
        if listing is None:
            return INVALID_SYMBOL
        refusal = objection(request.orders, member, listing, self._register, at_ms) or list_objection(request, listing)
        if refusal:
            return refusal
        reply = self._floor.begin_list(request, member, at_ms)
        self._finish(at_ms)
        return reply

    def cancel_list(self, account: str, cancel: CancelList, at_ms: int) -> ListReply | Refusal:
        """End a list with all its orders."""
        at_ms = self._begin(at_ms)
        if cancel.symbol not in self._listings:
            return INVALID_SYMBOL
        reply = self._changes.cancel_list(self._register.accounts[account], cancel, at_ms)
        self._finish(at_ms)
        return reply

    def take_events(self) -> list[Event]:
        """Return what happened since the last call, in order."""
        events = list(self._register.events)
        self._register.events.clear()
        return events

    def _place(self, account: str, order: PlaceOrder, at_ms: int) -> OrderReply | Refusal:
        """Take a judged order to the engine and tell what changed."""
        placed = self._floor.begin_order(order, self._register.accounts[account], at_ms)
        self._finish(at_ms)
        return placed

    def _begin(self, at_ms: int) -> int:
        """Begin a request: nothing filled by it yet, and no time before the last."""
        self._now_ms = max(self._now_ms, at_ms)
        self._register.fills.clear()
        self._register.prevented.clear()
        return self._now_ms

    def _finish(self, at_ms: int) -> None:
        """Tell what a request changed in the books and in the balances."""
        for listing in self._listings.values():
            self._register.events.extend(listing.book.take_changes(at_ms))
        for member in self._register.accounts.values():
            if member.touched:
                moved = ((asset, member.balance(asset)) for asset in member.touched)
                balances = tuple((asset, balance.free, balance.locked) for asset, balance in moved)
                self._register.events.append(AccountPosition(member.name, at_ms, balances))
                member.touched.clear()
                member.updated_ms = at_ms
