# SPDX-License-Identifier: Apache-2.0
"""Whether the venue takes a request: its form, the symbol's status, the account, the filters, then the engine.

The first objection is the answer, and nothing has changed.
"""

from collections.abc import Sequence

from bot4.simulation.exchange.accounts import Account
from bot4.simulation.exchange.filters import Circumstances, judge_counts, judge_order
from bot4.simulation.exchange.listing import Listing
from bot4.simulation.exchange.refusals import (
    CLOSED,
    DUPLICATE,
    MAY_NOT_TRADE,
    NO_OCO,
    NO_OTO,
    NOT_PERMITTED,
    WOULD_TAKE,
    WOULD_TRIGGER,
    WRONG_PRICES,
    Refusal,
    rejected,
)
from bot4.simulation.exchange.register import Register
from bot4.simulation.exchange.requests import OCO, OTO, PlaceList, PlaceOrder
from bot4.simulation.exchange.rules import ALGO_TYPES, BUY, LIMIT_MAKER, STOP_LOSS, STOP_LOSS_LIMIT, TRADING
from bot4.simulation.exchange.shape import list_fault, order_fault


def objection(
    orders: Sequence[PlaceOrder], account: Account, listing: Listing, register: Register, at_ms: int
) -> Refusal | None:
    """Return why orders are refused before the engine, whatever the account holds."""
    rules = listing.rules
    for order in orders:
        fault = order_fault(order, rules)
        if fault:
            return fault
    if rules.status != TRADING:
        return rejected(CLOSED)
    if not account.terms.can_trade:
        return MAY_NOT_TRADE
    if not all(any(each in account.terms.permissions for each in allowed) for allowed in rules.permission_sets):
        return NOT_PERMITTED
    seen = circumstances(account, listing, register, at_ms)
    for order in orders:
        fault = judge_order(order, rules, seen)
        if fault:
            return fault
    return judge_counts(orders, rules, seen)


def circumstances(account: Account, listing: Listing, register: Register, at_ms: int) -> Circumstances:
    """Return what the filters measure against at a moment."""
    rules, tape = listing.rules, listing.tape
    is_open = register.file(account.name, rules.symbol).open.values()
    purchases = {id(order.hold): order.leaves for order in is_open if order.is_buy}  # of a pair only one can execute
    base = account.balance(rules.base)
    percent = rules.percent_price
    return Circumstances(
        notional_price=tape.average_price(at_ms, rules.notional.average_minutes),
        percent_price=tape.average_price(at_ms, percent.average_minutes) if percent else 0,
        position=base.free + base.locked + sum(purchases.values()),
        open_orders=len(is_open),
        open_algo_orders=sum(order.is_algo for order in is_open),
        open_lists=len({order.list.list_id for order in is_open if order.list}),
    )


def engine_objection(order: PlaceOrder, account: Account, listing: Listing, register: Register) -> Refusal | None:
    """Return why the engine refuses an order as the market stands, funds apart."""
    if order.client_order_id:
        known = register.file(account.name, order.symbol).by_client_id.get(order.client_order_id)
        if known is not None and known.is_open:
            return DUPLICATE
    return market_objection(order, listing)


def market_objection(order: PlaceOrder, listing: Listing) -> Refusal | None:
    """Return why an order cannot begin as the market stands."""
    if order.type == LIMIT_MAKER and listing.book.would_cross(is_buy=order.side == BUY, price=order.price):
        return WOULD_TAKE
    last = listing.tape.last_price()
    if order.type in ALGO_TYPES and last:
        rises = (order.side == BUY) == (order.type in (STOP_LOSS, STOP_LOSS_LIMIT))
        if last >= order.stop_price if rises else last <= order.stop_price:
            return WOULD_TRIGGER
    return None


def list_objection(request: PlaceList, listing: Listing) -> Refusal | None:
    """Return what is wrong with a list as such: its form, its prices against each other and the last trade."""
    fault = list_fault(request)
    if fault:
        return fault
    if request.contingency == OCO and not listing.rules.allows_oco:
        return NO_OCO
    if request.contingency != OCO and not listing.rules.allows_oto:
        return NO_OTO
    if request.contingency == OTO:
        return None
    above, below = (order.price if order.type == LIMIT_MAKER else order.stop_price for order in request.orders[-2:])
    last = listing.tape.last_price() if request.contingency == OCO else 0
    if above <= below or (last and not above > last > below):
        return WRONG_PRICES
    return None
