# SPDX-License-Identifier: Apache-2.0
"""Where admitted orders begin: funds are locked, the order works or waits, and what it sets off takes its turn.

What a request causes is done to the end before the next one: first the order itself,
then, in the order they were caused, pending orders whose working order has filled and
waiting orders that a trade has reached. A waiting order is shown each trade after the
taker that made it is done; so where one sweep would fill one of a pair and reach the
trigger of the other, the fill comes first and the other expires.
"""

from typing import final

from bot4.simulation.exchange.accounts import Account
from bot4.simulation.exchange.admission import engine_objection, market_objection
from bot4.simulation.exchange.endings import Endings
from bot4.simulation.exchange.listing import Listing
from bot4.simulation.exchange.matching import Matcher, plan
from bot4.simulation.exchange.orders import NEW, PENDING_NEW, REJECTED, REJECTED_LATER, ListReply, OrderReply
from bot4.simulation.exchange.refusals import (
    DUPLICATE,
    INSUFFICIENT,
    LITTLE_ON_BOOK,
    NOTHING_ON_BOOK,
    Refusal,
    filter_failure,
    reject_reason,
)
from bot4.simulation.exchange.register import Register
from bot4.simulation.exchange.requests import OCO, PlaceList, PlaceOrder
from bot4.simulation.exchange.working import Hold, Order, OrderList


@final
class Floor:
    """Begin orders and lists, and run what they set off."""

    __slots__ = ("endings", "listings", "matcher", "register")

    def __init__(self, register: Register, listings: dict[str, Listing]) -> None:
        self.register = register
        self.listings = listings
        self.endings = Endings(register, listings)
        self.matcher = Matcher(self.endings)

    def begin_order(self, request: PlaceOrder, account: Account, at_ms: int) -> OrderReply | Refusal:
        """Take an admitted order to its end or its place, or refuse it.

        The answer shows the order as its own match left it, before what it set off.
        """
        listing = self.listings[request.symbol]
        refusal = engine_objection(request, account, listing, self.register)
        if refusal:
            return refusal
        order = Order(request, account, listing.rules, listing.last_order_id + 1, at_ms)
        refusal = self._find_size(order, listing)
        if refusal:
            return refusal
        if not order.hold.can_settle():
            return INSUFFICIENT
        self._enter(order, listing)
        order.hold.settle()
        self._work(order, at_ms)
        reply = self.register.reply(order)
        self.run(at_ms)
        return reply

    def begin_list(self, request: PlaceList, account: Account, at_ms: int) -> ListReply | Refusal:
        """Take an admitted list to its beginning, or refuse it; pending orders are answered as pending."""
        listing = self.listings[request.orders[0].symbol]
        refusal = self._list_refusal(request, account, listing)
        if refusal:
            return refusal
        first_id = listing.last_order_id + 1
        orders = [
            Order(each, account, listing.rules, first_id + place, at_ms) for place, each in enumerate(request.orders)
        ]
        listed = joined(request, orders, len(self.register.lists) + 1, at_ms)
        beginning = [listed.working] if listed.working else orders
        if not beginning[0].hold.can_settle():
            return INSUFFICIENT
        listed.client_order_id = listed.client_order_id or self.register.generated_id()
        for order in orders:
            order.list = listed
            self._enter(order, listing)
        self.register.enter_list(account, listed)
        self.register.tell_list(listed, at_ms)
        beginning[0].hold.settle()
        for order in listed.pending:
            self.register.tell(order, NEW, at_ms)
        for order in beginning:
            self._work(order, at_ms)
        reply = self.register.list_reply(listed)
        self.run(at_ms)
        return reply

    def report_refused(self, request: PlaceOrder, account: Account, refusal: Refusal, *, at_ms: int) -> None:
        """Tell a member of the one refusal that is reported: of an order in place of one that has been canceled."""
        listing = self.listings[request.symbol]
        order = Order(request, account, listing.rules, listing.next_order_id(), at_ms)
        order.client_order_id = order.client_order_id or self.register.generated_id()
        order.status = REJECTED
        order.reject_reason = reject_reason(refusal)
        self.register.tell(order, REJECTED, at_ms)

    def run(self, at_ms: int) -> None:
        """Let everything that was set off take its turn."""
        while True:
            for listing in self.listings.values():
                self._show_prints(listing, at_ms)
            if not self.endings.todo:
                return
            order = self.endings.todo.popleft()
            if order.status == PENDING_NEW:
                self._release(order, at_ms)
            elif order.is_open and order.is_algo and order.order_id not in self._listing(order).triggers.waiting:
                self._set_off(order, at_ms)

    def _listing(self, order: Order) -> Listing:
        return self.listings[order.request.symbol]

    def _list_refusal(self, request: PlaceList, account: Account, listing: Listing) -> Refusal | None:
        """Return why the engine refuses a list, funds apart; pending orders are not held against the market yet."""
        names = [order.client_order_id for order in request.orders if order.client_order_id]
        if len(set(names)) < len(names):
            return DUPLICATE
        for owner, listed in self.register.open_lists.values():
            if owner is account and listed.client_order_id == request.list_client_order_id:
                return DUPLICATE
        for place, order in enumerate(request.orders):
            refusal = engine_objection(order, account, listing, self.register)
            if refusal and (refusal is DUPLICATE or request.contingency == OCO or place == 0):
                return refusal
        return None

    def _find_size(self, order: Order, listing: Listing) -> Refusal | None:
        """Read off the book what a market order will cost, and how much a quote amount buys."""
        if not order.is_market or order.is_algo:
            return None
        way = plan(order, listing)
        amount = order.request.quote_quantity
        if amount:
            if not way.steps:
                return NOTHING_ON_BOOK
            order.quantity = way.quantity() + way.prevented()
            if order.quantity < max(listing.rules.lot_size.lowest, 1):
                return LITTLE_ON_BOOK if way.is_dry else filter_failure("LOT_SIZE")
            if order.is_buy and amount > order.account.balance(order.quote).free:
                return INSUFFICIENT
        order.budget = way.quote() if order.is_buy else 0
        return None

    def _enter(self, order: Order, listing: Listing) -> None:
        """Give an order its number and name and enter it."""
        order.order_id = listing.next_order_id()
        order.client_order_id = order.client_order_id or self.register.generated_id()
        self.register.enter(order)

    def _work(self, order: Order, at_ms: int) -> None:
        """Let an order whose funds are locked wait for its trigger, or take and rest."""
        if order.is_algo:
            self.register.tell(order, NEW, at_ms)
            self._listing(order).triggers.add(order)
            return
        order.working_ms = at_ms
        self.register.tell(order, NEW, at_ms)
        self.matcher.execute(order, at_ms)

    def _show_prints(self, listing: Listing, at_ms: int) -> None:
        """Take the orders that the new trades have reached from the waiting ones; each expires its sibling."""
        for price in listing.prints:
            order = listing.triggers.next_reached(price)
            while order is not None:
                listing.triggers.remove(order)
                self.endings.begun(order, at_ms)
                self.endings.todo.append(order)
                order = listing.triggers.next_reached(price)
        listing.prints.clear()

    def _set_off(self, order: Order, at_ms: int) -> None:
        """Let a reached order work; a purchase at any price expires if its owner cannot pay what the book asks."""
        order.is_triggered = True
        order.working_ms = at_ms
        if order.is_market and order.is_buy:
            order.budget = plan(order, self._listing(order)).quote()
        self.register.tell(order, NEW, at_ms)
        if not order.hold.can_settle():
            order.reject_reason = reject_reason(INSUFFICIENT)
            self.endings.expire(order, at_ms, reason=REJECTED_LATER)
            return
        order.hold.settle()
        if not order.is_jammed:
            self.matcher.execute(order, at_ms)

    def _release(self, order: Order, at_ms: int) -> None:
        """Let a pending order begin, with its sibling; what the engine would refuse now expires instead."""
        listed, listing = order.list, self._listing(order)
        group = list(listed.pending) if listed else [order]
        for each in group:
            each.status = NEW
            if each.is_market and each.is_buy and not each.is_algo:
                each.budget = plan(each, listing).quote()
        objections = [market_objection(each.request, listing) for each in group]
        refusal = next(filter(None, objections), None if order.hold.can_settle() else INSUFFICIENT)
        if refusal:
            if listed:
                listed.pair = []  # each of them is rejected for itself
            for each in group:
                each.status = PENDING_NEW
                each.reject_reason = reject_reason(refusal)
            for each in group:
                if each.is_open:
                    self.endings.expire(each, at_ms, reason=REJECTED_LATER)
            return
        order.hold.settle()
        for each in group:
            self._work(each, at_ms)


def joined(request: PlaceList, orders: list[Order], list_id: int, at_ms: int) -> OrderList:
    """Return the list of these orders: who works first, who is pending, which two are a pair with one hold."""
    listed = OrderList(list_id, request.contingency, request.list_client_order_id, orders, at_ms, at_ms)
    if request.contingency != OCO:
        listed.working, listed.pending = orders[0], orders[1:]
        for order in listed.pending:
            order.status = PENDING_NEW
    pair = listed.pending if listed.working else orders
    if len(pair) == 2:
        listed.pair = list(pair)
        hold = Hold(pair[0].account, pair[0].hold.asset, list(pair))
        for order in pair:
            order.hold = hold
    return listed
