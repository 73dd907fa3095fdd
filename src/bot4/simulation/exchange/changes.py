# SPDX-License-Identifier: Apache-2.0
"""What members do to orders that are already there: cancel, cancel all, cancel a list, lower a quantity."""

from dataclasses import replace
from typing import final

from bot4.simulation.exchange.accounts import Account
from bot4.simulation.exchange.filters import in_lots, in_notional
from bot4.simulation.exchange.floor import Floor
from bot4.simulation.exchange.listing import Listing
from bot4.simulation.exchange.orders import NEW, PARTIALLY_FILLED, ListReply, OrderReply
from bot4.simulation.exchange.refusals import (
    CLOSED,
    DUPLICATE,
    NO_AMENDS,
    NO_CHANGE,
    NO_INCREASE,
    RESTRICTED,
    UNKNOWN_ORDER,
    WHICH_LIST,
    WHICH_ORDER,
    WRONG_RESTRICTION,
    Refusal,
    bad_characters,
    filter_failure,
    missing,
    not_amended,
    not_canceled,
)
from bot4.simulation.exchange.register import is_on_book
from bot4.simulation.exchange.requests import ONLY_NEW, ONLY_PARTIALLY_FILLED, Amend, Cancel, CancelList
from bot4.simulation.exchange.rules import CANCEL_ONLY, TRADING
from bot4.simulation.exchange.shape import CLIENT_ID
from bot4.simulation.exchange.working import Order


@final
class Changes:
    """Change or end open orders."""

    __slots__ = ("floor", "register")

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.register = floor.register

    def cancel(self, account: Account, request: Cancel, at_ms: int) -> OrderReply | Refusal:
        """End an open order, with its list where it is in one."""
        order = self._cancelable(account, request)
        if isinstance(order, Refusal):
            return order
        by = request.client_order_id or self.register.generated_id()
        self.floor.endings.cancel(order, at_ms, by=by)
        return self.register.reply(order, canceled_by=by)

    def cancel_all(self, account: Account, listing: Listing, at_ms: int) -> list[OrderReply | ListReply] | Refusal:
        """End every open order of a symbol; a list is answered as one."""
        if listing.rules.status not in (TRADING, CANCEL_ONLY):
            return not_canceled(CLOSED)
        is_open = list(self.register.file(account.name, listing.rules.symbol).open.values())
        if not is_open:
            return UNKNOWN_ORDER
        replies: list[OrderReply | ListReply] = []
        for order in is_open:
            if order.is_open:
                by = self.register.generated_id()
                self.floor.endings.cancel(order, at_ms, by=by)
                listed = order.list
                replies.append(
                    self.register.list_reply(listed, by) if listed else self.register.reply(order, canceled_by=by)
                )
        return replies

    def cancel_list(self, account: Account, request: CancelList, at_ms: int) -> ListReply | Refusal:
        """End a list with all its orders."""
        if request.list_id < 0 and not request.list_client_order_id:
            return WHICH_LIST
        if request.client_order_id and not CLIENT_ID.fullmatch(request.client_order_id):
            return bad_characters("newClientOrderId")
        if self.floor.listings[request.symbol].rules.status not in (TRADING, CANCEL_ONLY):
            return not_canceled(CLOSED)
        for owner, listed in self.register.open_lists.values():
            is_meant = request.list_id in (-1, listed.list_id) and request.list_client_order_id in (
                "",
                listed.client_order_id,
            )
            is_here = owner is account and listed.orders[0].request.symbol == request.symbol
            if is_meant and is_here:
                by = request.client_order_id or self.register.generated_id()
                first = next(order for order in listed.orders if order.is_open)
                self.floor.endings.cancel(first, at_ms, by=by)
                return self.register.list_reply(listed, by)
        return UNKNOWN_ORDER

    def amend(self, account: Account, request: Amend, at_ms: int) -> OrderReply | Refusal:
        """Lower an order's quantity, that of a pair together; each keeps its place."""
        listing = self.floor.listings[request.symbol]
        order = self._amendable(account, request, at_ms)
        if isinstance(order, Refusal):
            return order
        was = order.client_order_id
        name = request.client_order_id or self.register.generated_id()
        file = self.register.file(account.name, request.symbol)
        file.amends[order.order_id] = file.amends.get(order.order_id, 0) + 1
        file.by_client_id[name] = file.by_client_id.pop(was)
        order.client_order_id = name
        listed = order.list
        sibling = listed.sibling(order) if listed else None
        for each in (order, sibling) if sibling else (order,):
            lowered = each.quantity - request.quantity
            each.quantity = request.quantity
            if is_on_book(each):
                listing.book.own_side(each).reduce(each, lowered)
        order.hold.settle()
        self.register.tell(order, "REPLACED", at_ms, was=was)
        if sibling:
            self.register.tell(sibling, "REPLACED", at_ms, was=sibling.client_order_id)
        if listed and was != name:
            self.register.tell_list(listed, at_ms, "UPDATED")
        return self.register.reply(order, was=was)

    def find(self, account: Account, symbol: str, order_id: int, client_order_id: str) -> Order | None:
        """Return the open order meant by number, client id, or both; None where there is none."""
        file = self.register.file(account.name, symbol)
        order = file.open.get(order_id) if order_id >= 0 else file.by_client_id.get(client_order_id)
        if order is None or not order.is_open:
            return None
        return order if client_order_id in ("", order.client_order_id) else None

    def _cancelable(self, account: Account, request: Cancel) -> Order | Refusal:
        """Return the order that a cancel means, or why it may not be canceled."""
        if request.order_id < 0 and not request.original_client_order_id:
            return WHICH_ORDER
        if request.client_order_id and not CLIENT_ID.fullmatch(request.client_order_id):
            return bad_characters("newClientOrderId")
        if request.restriction not in ("", ONLY_NEW, ONLY_PARTIALLY_FILLED):
            return WRONG_RESTRICTION
        if self.floor.listings[request.symbol].rules.status not in (TRADING, CANCEL_ONLY):
            return not_canceled(CLOSED)
        order = self.find(account, request.symbol, request.order_id, request.original_client_order_id)
        if order is None:
            return UNKNOWN_ORDER
        wanted = {ONLY_NEW: NEW, ONLY_PARTIALLY_FILLED: PARTIALLY_FILLED}.get(request.restriction, order.status)
        return order if order.status == wanted else RESTRICTED

    def _amendable(self, account: Account, request: Amend, at_ms: int) -> Order | Refusal:
        """Return the order that an amendment means, or why it may not be amended."""
        listing = self.floor.listings[request.symbol]
        rules = listing.rules
        if request.order_id < 0 and not request.original_client_order_id:
            return WHICH_ORDER
        if request.quantity <= 0:
            return missing("newQty")
        if request.client_order_id and not CLIENT_ID.fullmatch(request.client_order_id):
            return bad_characters("newClientOrderId")
        if not rules.allows_amend:
            return NO_AMENDS
        if rules.status != TRADING:
            return not_amended(CLOSED)
        order = self.find(account, request.symbol, request.order_id, request.original_client_order_id)
        if order is None:
            return not_amended(UNKNOWN_ORDER.message)
        return self._quantity_refusal(request, order, listing, at_ms=at_ms) or order

    def _quantity_refusal(self, request: Amend, order: Order, listing: Listing, *, at_ms: int) -> Refusal | None:
        """Return why an order may not have this quantity or this name."""
        rules = listing.rules
        file = self.register.file(order.account.name, request.symbol)
        if not in_lots(request.quantity, rules.lot_size):
            return filter_failure("LOT_SIZE")
        average = listing.tape.average_price(at_ms, rules.notional.average_minutes)
        if not in_notional(replace(order.request, quantity=request.quantity), rules, average):
            return filter_failure("NOTIONAL")
        if rules.max_amends and file.amends.get(order.order_id, 0) >= rules.max_amends:
            return not_amended(filter_failure("MAX_NUM_ORDER_AMENDS").message)
        if request.quantity > order.quantity:
            return NO_INCREASE
        if request.quantity == order.quantity or order.leaves - (order.quantity - request.quantity) <= 0:
            return NO_CHANGE
        known = file.by_client_id.get(request.client_order_id)
        return DUPLICATE if known is not None and known is not order and known.is_open else None
