# SPDX-License-Identifier: Apache-2.0
"""Faults that happen in the market itself: won races, orders that the venue ends or forgets, halts, dearer fees.

A stranger with an account of its own trades against the order that is to be hit; the
exchange does the rest by its own rules, so that its ledger stays true.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, final

from bot4.apps.venue_server.faults.catalogue import Place
from bot4.apps.venue_server.faults.schedule import Schedule
from bot4.simulation.exchange.accounts import Terms
from bot4.simulation.exchange.fees import Commission, Rates
from bot4.simulation.exchange.orders import OrderReply, OrderState
from bot4.simulation.exchange.refusals import Refusal
from bot4.simulation.exchange.requests import Cancel, PlaceOrder
from bot4.simulation.exchange.rules import (
    BUY,
    EXPIRE_BOTH,
    HALT,
    IOC,
    LIMIT,
    ONE,
    SELL,
    TRADING,
    PriceFilter,
    SymbolRules,
)
from bot4.simulation.exchange.venue import Exchange

STRANGER: Final = "stranger"
WEALTH: Final = 10**12 * ONE
LASTS_MS: Final = 10_000
GIFT: Final = ONE
RACES: Final = {
    "order.cancel": ("V01", "V02"),
    "order.cancelReplace": ("V03",),
    "order.amend.keepPriority": ("V03",),
}
"""Which fills may win a race against which methods."""


@dataclass(frozen=True, slots=True)
class Undo:
    """Hold rules to be put back and when."""

    at_ms: int
    rules: SymbolRules


@final
class Interference:
    """Interfere with orders and symbols when the schedule says so."""

    def __init__(self, exchange: Exchange, schedule: Schedule, now_ms: int) -> None:
        self._exchange = exchange
        self._schedule = schedule
        self._undo: list[Undo] = []
        self._first: dict[str, Commission] = {}
        self._barred_until_ms = 0
        assets = sorted({asset for rules in exchange.market.rules() for asset in (rules.base, rules.quote)})
        terms = Terms(keeps_history=False)
        exchange.open_account(STRANGER, terms, dict.fromkeys(assets, WEALTH), now_ms)

    def before_change(self, method: str, target: OrderState | None, now_ms: int) -> None:
        """Let an order be filled, wholly or in part, just before it is canceled, replaced or amended."""
        if target is None:
            return
        for code in RACES.get(method, ()):
            if self._schedule.strikes(code):
                self._hit(target, now_ms, share=2 if code == "V01" else 1)

    def refuses_replacement(self, method: str) -> bool:
        """Say whether the new half of this cancel-replace is to be refused."""
        return method == "order.cancelReplace" and self._schedule.strikes("R03")

    def after_placing(self, order: OrderState, now_ms: int) -> None:
        """Cancel an accepted order at once, as the venue may, or let it meet one of the same account."""
        if self._schedule.strikes("R13"):
            self._exchange.cancel(order.account, Cancel(order.symbol, order_id=order.order_id), now_ms)
        elif not order.is_working:
            self._jam([order])
        elif self._schedule.strikes("V04"):
            self._meet_itself(order, now_ms)

    def after_listing(self, orders: Sequence[OrderState], now_ms: int) -> None:
        """Reject one order of an accepted list, or let a trigger fire for nothing."""
        if self._schedule.strikes("V14"):
            gone = orders[int(self._schedule.latest_draw("V14") * len(orders))]
            self._exchange.misdeeds.drop(gone.account, gone.symbol, gone.order_id, now_ms)
            orders = [one for one in orders if one is not gone]
        self._jam([one for one in orders if not one.is_working])

    def second(self, member: str, now_ms: int) -> list[str]:
        """Let a second pass: end what has lasted long enough, begin what strikes; return what the doors must do."""
        for undo in [one for one in self._undo if one.at_ms <= now_ms]:
            self._exchange.set_rules(undo.rules)
            self._undo.remove(undo)
        if 0 < self._barred_until_ms <= now_ms:
            self._barred_until_ms = 0
            self._change_terms(member, replace(self._terms(member), can_trade=True), now_ms)
        struck = self._schedule.at(Place.SECOND)
        for code in struck:
            if code == "V10":
                self._change(lambda rules: replace(rules, status=HALT), code, now_ms)
            elif code == "V09":
                self._change(with_coarser_tick, code, now_ms)
            elif code == "V08":
                self._change_commission(member, now_ms)
            elif code == "V11":
                self._barred_until_ms = now_ms + LASTS_MS
                self._change_terms(member, replace(self._terms(member), can_trade=False), now_ms)
            elif code == "V13":
                quote = self._exchange.market.rules()[0].quote
                self._exchange.open_account(member, self._terms(member), {quote: GIFT}, now_ms)
        return [code for code in struck if code[0] != "V"]

    def _change_commission(self, member: str, now_ms: int) -> None:
        """Let a member pay twice what it paid first, or what it paid first again."""
        terms = self._terms(member)
        first = self._first.setdefault(member, terms.commission)
        commission = with_twice_the_standard(first) if terms.commission == first else first
        self._change_terms(member, replace(terms, commission=commission), now_ms)

    def _terms(self, member: str) -> Terms:
        """Return on what terms a member trades now."""
        return self._exchange.queries.account(member).terms

    def _change_terms(self, member: str, terms: Terms, now_ms: int) -> None:
        """Let a member trade on other terms from here on."""
        self._exchange.open_account(member, terms, {}, now_ms)

    def _jam(self, waiting: Sequence[OrderState]) -> None:
        """Let some of the orders that wait for a trigger find nobody when it fires."""
        for order in waiting:
            if self._schedule.strikes("V15"):
                self._exchange.misdeeds.jam(order.account, order.symbol, order.order_id)

    def _meet_itself(self, order: OrderState, now_ms: int) -> None:
        """Let the account's other hand take what is best on the book, which is this order: neither trades."""
        ahead = self._ahead(order)
        if ahead:
            self._exchange.place(STRANGER, against(order, ahead), now_ms)
        left = order.quantity - order.executed_quantity
        self._exchange.place(order.account, replace(against(order, left), stp_mode=EXPIRE_BOTH), now_ms)

    def _change(self, change: Callable[[SymbolRules], SymbolRules], code: str, now_ms: int) -> None:
        """Change the rules of a symbol that is trading and untouched, for a while."""
        changed = {undo.rules.symbol for undo in self._undo}
        free = [one for one in self._exchange.market.rules() if one.symbol not in changed and one.status == TRADING]
        if not free:
            return
        rules = free[int(self._schedule.latest_draw(code) * len(free))]
        self._undo.append(Undo(now_ms + LASTS_MS, rules))
        self._exchange.set_rules(change(rules))

    def _hit(self, target: OrderState, now_ms: int, *, share: int) -> OrderReply | Refusal:
        """Trade against an order: through everything before it, then through the whole or a part of what is left."""
        rules = next(one for one in self._exchange.market.rules() if one.symbol == target.symbol)
        quantity = self._ahead(target) + (target.quantity - target.executed_quantity) // share
        whole = max(quantity - quantity % rules.lot_size.step, rules.lot_size.lowest)
        return self._exchange.place(STRANGER, against(target, whole), now_ms)

    def _ahead(self, target: OrderState) -> int:
        """Return how much rests at the price of an order or a better one, the order itself apart."""
        depth = self._exchange.market.depth(target.symbol, 5000)
        side = depth.bids if target.side == BUY else depth.asks
        sign = 1 if target.side == BUY else -1
        resting = sum(amount for price, amount in side if sign * price >= sign * target.price)
        return resting - (target.quantity - target.executed_quantity)


def against(target: OrderState, quantity: int) -> PlaceOrder:
    """Return an order that takes so much at the price of another, at once or not at all."""
    return PlaceOrder(
        target.symbol,
        side=SELL if target.side == BUY else BUY,
        type=LIMIT,
        quantity=quantity,
        price=target.price,
        time_in_force=IOC,
    )


def with_coarser_tick(rules: SymbolRules) -> SymbolRules:
    """Return rules whose tick is ten times as large."""
    price = rules.price
    return replace(rules, price=PriceFilter(price.lowest, price.highest, price.tick * 10))


def with_twice_the_standard(commission: Commission) -> Commission:
    """Return a commission whose standard part is twice as large."""
    paid = commission.standard
    return replace(
        commission, standard=Rates(2 * paid.maker, 2 * paid.taker, buyer=2 * paid.buyer, seller=2 * paid.seller)
    )
