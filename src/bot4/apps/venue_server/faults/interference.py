# SPDX-License-Identifier: Apache-2.0
"""Faults that happen in the market itself: won races, cancels by the venue, halts, coarser ticks, dearer fees.

A stranger with an account of its own trades against the order that is to be hit; the
exchange does the rest by its own rules, so that its ledger stays true.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, final

from bot4.apps.venue_server.faults.catalogue import Place
from bot4.apps.venue_server.faults.schedule import Schedule
from bot4.simulation.exchange.accounts import Terms
from bot4.simulation.exchange.fees import Commission, Rates
from bot4.simulation.exchange.orders import OrderReply, OrderState
from bot4.simulation.exchange.refusals import Refusal
from bot4.simulation.exchange.requests import Cancel, PlaceOrder
from bot4.simulation.exchange.rules import BUY, HALT, IOC, LIMIT, ONE, SELL, TRADING, PriceFilter, SymbolRules
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
        self._first_terms: dict[str, Terms] = {}
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

    def after_placing(self, account: str, reply: OrderState, now_ms: int) -> None:
        """Cancel an accepted order at once, as the venue may."""
        if self._schedule.strikes("R13"):
            self._exchange.cancel(account, Cancel(reply.symbol, order_id=reply.order_id), now_ms)

    def second(self, member: str, now_ms: int) -> list[str]:
        """Let a second pass: end what has lasted long enough, begin what strikes; return what the doors must do."""
        for undo in [one for one in self._undo if one.at_ms <= now_ms]:
            self._exchange.set_rules(undo.rules)
            self._undo.remove(undo)
        struck = self._schedule.at(Place.SECOND)
        for code in struck:
            if code == "V10":
                self._change(lambda rules: replace(rules, status=HALT), code, now_ms)
            elif code == "V09":
                self._change(with_coarser_tick, code, now_ms)
            elif code == "V08":
                self._change_commission(member, now_ms)
            elif code == "V13":
                quote = self._exchange.market.rules()[0].quote
                account = self._exchange.queries.account(member)
                self._exchange.open_account(member, account.terms, {quote: GIFT}, now_ms)
        return [code for code in struck if code[0] != "V"]

    def _change_commission(self, member: str, now_ms: int) -> None:
        """Let a member pay twice what it paid first, or what it paid first again."""
        terms = self._exchange.queries.account(member).terms
        first = self._first_terms.setdefault(member, terms)
        dearer = replace(first, commission=with_twice_the_standard(first.commission))
        self._exchange.open_account(member, dearer if terms == first else first, {}, now_ms)

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
        depth = self._exchange.market.depth(target.symbol, 5000)
        side = depth.bids if target.side == BUY else depth.asks
        sign = 1 if target.side == BUY else -1
        left = target.quantity - target.executed_quantity
        rules = next(one for one in self._exchange.market.rules() if one.symbol == target.symbol)
        quantity = sum(amount for price, amount in side if sign * price >= sign * target.price) - left + left // share
        order = PlaceOrder(
            target.symbol,
            side=SELL if target.side == BUY else BUY,
            type=LIMIT,
            quantity=max(quantity - quantity % rules.lot_size.step, rules.lot_size.lowest),
            price=target.price,
            time_in_force=IOC,
        )
        return self._exchange.place(STRANGER, order, now_ms)


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
