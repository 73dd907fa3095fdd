# SPDX-License-Identifier: Apache-2.0
"""Price-time matching: an order's way through the other side, walked once in thought and then in deed.

The way is known before the first trade (``plan``): makers are fully covered by their
holds and nothing joins the book meanwhile. So fill-or-kill, the cost of a market
purchase and the quantity that a quote amount buys are read off the plan, and a
fill-or-kill that does not fill leaves everything as it was, its own makers included.

The taker's mode decides what becomes of a match with oneself. Orders set off by the
trades, stops and pending ones, wait until the taker is done.
"""

from dataclasses import dataclass
from typing import final

from bot4.simulation.exchange.endings import Endings
from bot4.simulation.exchange.events import PublicTrade
from bot4.simulation.exchange.fees import BNB, commission_in_bnb, commission_of
from bot4.simulation.exchange.listing import Listing
from bot4.simulation.exchange.orders import (
    NO_LIQUIDITY,
    UNFILLED_FOK,
    UNFILLED_IOC,
    Fill,
    PreventedMatch,
)
from bot4.simulation.exchange.register import Match
from bot4.simulation.exchange.rules import (
    DECREMENT,
    EXPIRE_BOTH,
    EXPIRE_MAKER,
    EXPIRE_TAKER,
    FOK,
    IOC,
    NONE,
    ONE,
    quote_of,
)
from bot4.simulation.exchange.working import Order


@dataclass(frozen=True, slots=True)
class Step:
    """Say what happens with one maker: a trade, or what of the two is prevented."""

    maker: Order
    price: int
    quantity: int
    taker_prevented: int = 0
    maker_prevented: int = 0

    @property
    def is_prevented(self) -> bool:
        """Say whether no trade comes of it."""
        return not self.quantity


@dataclass(frozen=True, slots=True)
class Plan:
    """Hold an order's way through the book; ``is_dry`` says that the other side was used up."""

    steps: tuple[Step, ...]
    is_dry: bool

    def quantity(self) -> int:
        """Return what would trade."""
        return sum(step.quantity for step in self.steps)

    def prevented(self) -> int:
        """Return what of the taker would be prevented."""
        return sum(step.taker_prevented for step in self.steps)

    def quote(self) -> int:
        """Return what the trades would cost."""
        return sum(quote_of(step.price, step.quantity) for step in self.steps)


def plan(order: Order, listing: Listing) -> Plan:
    """Return the way of an order through the other side as it stands.

    An order for a quote amount takes whole steps while it can pay for one more.
    """
    steps: list[Step] = []
    left = order.leaves
    budget = order.request.quote_quantity
    for price, level in listing.book.far_side(order).walk():
        if not order.is_market and (price > order.request.price if order.is_buy else price < order.request.price):
            return Plan(tuple(steps), is_dry=False)
        for maker in level.orders.values():
            if budget:
                left = whole_steps(budget, price, listing.rules.lot_size.step)
            if not left:
                return Plan(tuple(steps), is_dry=False)
            step = meeting(order, maker, left)
            steps.append(step)
            left -= step.quantity + step.taker_prevented
            budget -= quote_of(price, step.quantity + step.taker_prevented) if budget else 0
            if step.taker_prevented and ends_taker(order):
                return Plan(tuple(steps), is_dry=False)
    return Plan(tuple(steps), is_dry=left > 0 or budget > 0)


def whole_steps(budget: int, price: int, step: int) -> int:
    """Return the greatest quantity of whole steps that a quote amount pays for."""
    return budget * ONE // price // step * step


def meeting(taker: Order, maker: Order, left: int) -> Step:
    """Return what comes of two orders that meet."""
    price = maker.request.price
    both = min(left, maker.leaves)
    if taker.stp_mode == NONE or not taker.account.is_one_with(maker.account):
        return Step(maker, price, both)
    if taker.stp_mode == DECREMENT:
        return Step(maker, price, 0, both, both)
    if taker.stp_mode == EXPIRE_MAKER:
        return Step(maker, price, 0, 0, maker.leaves)
    return Step(maker, price, 0, left, maker.leaves if taker.stp_mode == EXPIRE_BOTH else 0)


def ends_taker(order: Order) -> bool:
    """Say whether meeting oneself ends the order."""
    return order.stp_mode in (EXPIRE_TAKER, EXPIRE_BOTH)


@final
class Matcher:
    """Let orders trade, and settle what they traded."""

    __slots__ = ("endings", "listings", "register")

    def __init__(self, endings: Endings) -> None:
        self.endings = endings
        self.register = endings.register
        self.listings = endings.listings

    def execute(self, order: Order, at_ms: int) -> None:
        """Let an order take what it can, then rest or expire; what it needs is locked already."""
        listing = self.listings[order.request.symbol]
        way = plan(order, listing)
        if order.request.time_in_force == FOK and way.quantity() < order.quantity:
            self.endings.expire(order, at_ms, reason=UNFILLED_FOK)
            return
        for step in way.steps:
            if step.is_prevented:
                self._prevent(order, step, at_ms)
            else:
                self._trade(order, step, at_ms)
        if not order.is_open:
            return
        if order.is_market:
            self.endings.expire(order, at_ms, reason=NO_LIQUIDITY)
        elif order.request.time_in_force == IOC:
            self.endings.expire(order, at_ms, reason=UNFILLED_IOC)
        else:
            listing.book.own_side(order).add(order)

    def _trade(self, taker: Order, step: Step, at_ms: int) -> None:
        """Trade one step: print it, move the money, tell both owners."""
        maker = step.maker
        listing = self.listings[taker.request.symbol]
        trade = PublicTrade(
            taker.request.symbol,
            at_ms,
            listing.tape.last_trade_id + 1,
            step.price,
            step.quantity,
            is_buyer_maker=maker.is_buy,
            taker_order_id=taker.order_id,
        )
        listing.tape.add(trade)
        listing.prints.append(step.price)
        self.register.events.append(trade)
        self.endings.begun(maker, at_ms)
        quote = quote_of(step.price, step.quantity)
        for order in (maker, taker):
            order.executed_quantity += step.quantity
            order.executed_quote += quote
            order.budget -= quote if order.budget else 0
            order.status = order.status_after_match()
            order.hold.pay(quote if order.is_buy else step.quantity)
            order.hold.settle()
        listing.book.own_side(maker).reduce(maker, step.quantity)
        for order in (maker, taker):
            order.account.move(
                order.base if order.is_buy else order.quote, free=step.quantity if order.is_buy else quote
            )
        for order in (maker, taker):
            self._report_trade(order, trade, is_maker=order is maker)
        for order in (maker, taker):
            if not order.is_open:
                self.endings.ended(order, at_ms)

    def _report_trade(self, order: Order, trade: PublicTrade, *, is_maker: bool) -> None:
        """Take the commission, enter the fill, and tell the owner."""
        quote = quote_of(trade.price, trade.quantity)
        commission, asset = self._take_commission(order, trade, is_maker=is_maker)
        self.register.add_fill(
            Fill(
                account=order.account.name,
                symbol=trade.symbol,
                trade_id=trade.trade_id,
                order_id=order.order_id,
                order_list_id=order.list.list_id if order.list else -1,
                price=trade.price,
                quantity=trade.quantity,
                quote=quote,
                commission=commission,
                commission_asset=asset,
                at_ms=trade.at_ms,
                is_buyer=order.is_buy,
                is_maker=is_maker,
            )
        )
        match = Match(
            price=trade.price,
            quantity=trade.quantity,
            quote=quote,
            trade_id=trade.trade_id,
            is_maker=is_maker,
            commission=commission,
            commission_asset=asset,
        )
        self.register.tell(order, "TRADE", trade.at_ms, match=match)

    def _take_commission(self, order: Order, trade: PublicTrade, *, is_maker: bool) -> tuple[int, str]:
        """Take the commission of one side to the venue; return how much and of what."""
        terms = order.account.terms.commission
        quote = quote_of(trade.price, trade.quantity)
        amount, asset = 0, order.base if order.is_buy else order.quote
        bnb_price = self._bnb_price(order, trade.price) if terms.pays_in_bnb else 0
        if bnb_price:
            amount = commission_in_bnb(terms, quote, bnb_price, is_maker=is_maker, is_buyer=order.is_buy)
        if bnb_price and amount <= order.account.balance(BNB).free:
            asset = BNB
        else:
            received = trade.quantity if order.is_buy else quote
            amount = commission_of(terms, received, is_maker=is_maker, is_buyer=order.is_buy)
        order.account.move(asset, free=-amount)
        self.register.fees[asset] = self.register.fees.get(asset, 0) + amount
        return amount, asset

    def _bnb_price(self, order: Order, price: int) -> int:
        """Return what one BNB is worth in the quote of a trade, 0 where nobody knows."""
        if order.quote == BNB:
            return ONE
        if order.base == BNB:
            return price
        listing = self.listings.get(BNB + order.quote)
        return listing.tape.last_price() if listing else 0

    def _prevent(self, taker: Order, step: Step, at_ms: int) -> None:
        """Keep an order from meeting its own owner: enter it, then lessen or expire what the mode says."""
        maker = step.maker
        listing = self.listings[taker.request.symbol]
        listing.last_match_id += 1
        would_trade = min(maker.leaves, step.taker_prevented or taker.leaves)
        self.register.add_prevented(
            PreventedMatch(
                symbol=taker.request.symbol,
                match_id=listing.last_match_id,
                taker_account=taker.account.name,
                maker_account=maker.account.name,
                taker_order_id=taker.order_id,
                maker_order_id=maker.order_id,
                trade_group_id=taker.account.terms.trade_group,
                stp_mode=taker.stp_mode,
                price=step.price,
                taker_prevented_quantity=step.taker_prevented,
                maker_prevented_quantity=step.maker_prevented,
                at_ms=at_ms,
            )
        )
        for order, other, prevented in ((maker, taker, step.maker_prevented), (taker, maker, step.taker_prevented)):
            match = Match(
                price=step.price,
                match_id=listing.last_match_id,
                prevented=prevented,
                prevented_execution=would_trade,
                prevented_quote=quote_of(step.price, would_trade),
                counter_order_id=other.order_id,
            )
            if prevented:
                self._lessen(order, match, at_ms, is_maker=order is maker)

    def _lessen(self, order: Order, match: Match, at_ms: int, *, is_maker: bool) -> None:
        """Take what was prevented from an order, and tell its owner; one with nothing left has ended."""
        order.prevented_quantity += match.prevented
        order.prevented_match_id = match.match_id
        order.status = order.status_after_match()
        order.hold.settle()
        if is_maker:
            self.listings[order.request.symbol].book.own_side(order).reduce(order, match.prevented)
        self.register.tell(order, "TRADE_PREVENTION", at_ms, match=match)
        if not order.is_open:
            self.endings.ended(order, at_ms)
