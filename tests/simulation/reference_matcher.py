# SPDX-License-Identifier: Apache-2.0
"""The tick venue once more, naively: written from the assumptions in its docstring, with plain lists and full scans.

Nothing of ``bot4.simulation`` enters. Every question is answered by looking at
everything; every number is a Python int or a fraction.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import ceil
from typing import Any

from bot4.domain.event import ACCEPTED, CANCEL_REJECTED, CANCELED, REJECTED
from bot4.domain.instrument import SPOT, Instrument
from bot4.domain.order import LIMIT, MARKET, STOP, STOP_LIMIT

RATE = Fraction(1, 1000)
ONE = 100_000_000
AheadAfter = Callable[[int, int, int, int], int]


def risk_averse(ahead: int, before: int, after: int, traded: int) -> int:
    """Whoever cancels stood behind."""
    return min(ahead, after)


def power(exponent: int) -> AheadAfter:
    """Cancellations ahead in proportion to f(front) = front^exponent, rounded down, exactly."""

    def ahead_after(ahead: int, before: int, after: int, traded: int) -> int:
        standing = before - traded
        canceled = standing - after
        if canceled > 0 and ahead > 0:
            back = max(0, standing - ahead)
            share = Fraction(ahead**exponent, ahead**exponent + back**exponent)
            ahead = max(0, ahead - max(int(canceled * share), canceled - back))
        return min(ahead, after)

    return ahead_after


class Order:
    """One accepted order."""

    def __init__(self, command: Any, joined: int) -> None:
        self.id = int(command.order_id)
        self.instrument = int(command.instrument)
        self.type = int(command.order_type)
        self.side = int(command.side)
        self.lots = self.leaves = int(command.lots)
        self.limit = int(command.limit)
        self.trigger = int(command.trigger)
        self.sibling = int(command.sibling_id)
        self.reduce_only = bool(command.reduce_only)
        self.arrived = self.joined = joined
        self.judged = self.type != MARKET
        self.ahead: int | None = None


class Book:
    """The market of one instrument as it was told, and what we took of it."""

    def __init__(self) -> None:
        self.levels: dict[int, dict[int, int]] = {1: {}, -1: {}}
        self.taken: dict[int, dict[int, int]] = {1: {}, -1: {}}
        self.covered: dict[int, int | None] = {1: None, -1: None}
        self.traded_here: dict[tuple[int, int], int] = {}
        self.prints_since: list[tuple[int, int, int]] = []
        self.source = "trades"
        self.last = 0
        self.volume = 0

    def best(self, side: int) -> int:
        """The best displayed price of a side, 0 where there is none."""
        return (max if side > 0 else min)(self.levels[side], default=0)

    def crossed(self) -> bool:
        """Best bid at or above best ask."""
        return bool(self.levels[1]) and bool(self.levels[-1]) and self.best(1) >= self.best(-1)

    def left(self, side: int, price: int) -> int:
        """What can be taken of a displayed level."""
        lots = self.levels[side].get(price, 0) - self.taken[side].get(price, 0)
        met = [(at, size) for at, size, aggressor in self.prints_since if aggressor != side]
        if met:
            worst = min(side * at for at, _ in met) * side
            if side * price > side * worst:
                return 0
            if price == worst:
                lots -= sum(size for at, size in met if at == worst)
        return max(0, lots)

    def offers(self, side: int) -> list[int]:
        """The prices at which a side offers something, best first."""
        if self.crossed():
            return []
        return [price for price in sorted(self.levels[side], reverse=side > 0) if self.left(side, price)]

    def shown(self, side: int, price: int, lots: int) -> None:
        """The feed says what a level displays: we cannot have taken more of it than that."""
        if lots:
            self.levels[side][price] = lots
        else:
            self.levels[side].pop(price, None)
        if price in self.taken[side]:
            self.taken[side][price] = min(self.taken[side][price], lots)


class Reference:
    """Take commands and market events in the order of the exchange; keep fills and words."""

    def __init__(
        self,
        instruments: list[Instrument],
        cash: int,
        *,
        queue: AheadAfter,
        counts: Iterator[int],
        shares: Iterator[int],
        slippage: int,
    ) -> None:
        self.instruments = instruments
        self.books = [Book() for _ in instruments]
        self.orders: list[Order] = []
        self.known: dict[int, bool] = {}
        self.queue, self.counts, self.shares = queue, counts, shares
        self.slippage = Fraction(slippage, ONE)
        self.cash = cash
        self.held = [0] * len(instruments)
        self.joined = 0
        self.fills: list[tuple[int, int, int, int, int, int, bool]] = []
        self.words: list[tuple[int, int, int, str]] = []

    # -- commands -----------------------------------------------------------------------------------------------------

    def submit(self, command: Any, at: int) -> None:
        """Accept or reject, then let it meet the market."""
        reason = self.objection(command)
        if reason:
            self.words.append((at, REJECTED, int(command.order_id), reason))
            return
        self.joined += 1
        order = Order(command, self.joined)
        self.orders.append(order)
        self.known[order.id] = False
        self.words.append((at, ACCEPTED, order.id, ""))
        book = self.books[order.instrument]
        if order.type in (STOP, STOP_LIMIT):
            price = book.last or self.price_for(book, order.side)
            if price and order.side * (price - order.trigger) >= 0:
                self.set_off(order, at)
            return
        if order.type == LIMIT:
            self.join(order)
        self.take(order, at, maker=False)

    def cancel(self, order_id: int, at: int) -> None:
        """Cancel, or say that there is nothing to cancel."""
        for order in self.orders:
            if order.id == order_id:
                self.end(order, at, "asked")
                return
        reason = "order has ended" if order_id in self.known else "unknown order"
        self.words.append((at, CANCEL_REJECTED, order_id, reason))

    def objection(self, command: Any) -> str:
        """Why an order is rejected: identity, size, then what the account can pay for."""
        if int(command.order_id) in self.known:
            return "duplicate order id"
        if self.known.get(int(command.sibling_id), False):
            return "sibling"
        instrument = self.instruments[command.instrument]
        if command.reduce_only or instrument.instrument_type != SPOT:
            return ""
        order = Order(command, 0)
        if order.side < 0:
            free = self.held[order.instrument]
            seen: list[int] = []
            for other in self.orders:
                if other.instrument != order.instrument:
                    continue
                counts = other.side < 0 and not other.reduce_only and other.sibling not in seen
                if counts and other.id != order.sibling:
                    free -= other.leaves
                seen.append(other.id)
            return "insufficient balance" if order.lots > free else ""
        claim = self.claim(order)
        if claim:
            claim += sum(
                self.claim(other) for other in self.orders if other.id != order.sibling and other.sibling != order.id
            )
        return "insufficient balance" if claim > self.cash else ""

    def claim(self, order: Order) -> int:
        """The cash that an order's own prices may take."""
        instrument = self.instruments[order.instrument]
        if order.side < 0 or order.reduce_only or instrument.instrument_type != SPOT or order.type == MARKET:
            return 0
        price = order.trigger if order.type == STOP else order.limit
        if order.type == STOP:
            price = ceil(price * (1 + self.slippage))
        return self.cost(order.instrument, price, order.leaves)

    def notional(self, index: int, price: int, lots: int) -> int:
        """Price times quantity in money, half to even."""
        instrument = self.instruments[index]
        return round(Fraction(price * lots * int(instrument.factor_num), int(instrument.factor_den)))

    def cost(self, index: int, price: int, lots: int) -> int:
        """Notional and fee, the fee rounded up."""
        notional = self.notional(index, price, lots)
        return notional + ceil(notional * RATE)

    # -- market events ------------------------------------------------------------------------------------------------

    def snapshot(self, index: int, bids: Any, asks: Any, at: int) -> None:
        """Replace the book; the queues learn what differs as deep as it reaches."""
        book = self.books[index]
        book.source = "book"
        for side, levels in ((1, bids), (-1, asks)):
            before = dict(book.levels[side])
            book.levels[side] = {}
            for price, lots in levels:
                book.levels[side][price] = lots
            book.covered[side] = min((side * price for price, _ in levels), default=None)
            for price in book.taken[side]:
                book.taken[side][price] = min(book.taken[side][price], book.levels[side].get(price, 0))
            for price in sorted({order.limit for order in self.resting(index, side)}):
                if self.is_covered(book, side, price):
                    self.requeue(index, side, price, before.get(price, 0), book.levels[side].get(price, 0))
        self.meet(index, at)

    def delta(self, index: int, bids: Any, asks: Any, at: int) -> None:
        """Change the levels named."""
        book = self.books[index]
        if book.source != "book":
            book.source = "book"
            book.levels = {1: {}, -1: {}}
        for side, levels in ((1, bids), (-1, asks)):
            for price, lots in levels:
                before = book.levels[side].get(price, 0)
                book.shown(side, price, lots)
                self.requeue(index, side, price, before, lots)
        self.meet(index, at)

    def quote(self, index: int, bid: int, bid_lots: int, ask: int, ask_lots: int, at: int) -> None:
        """One level a side, unless there is a book."""
        book = self.books[index]
        if book.source == "book":
            return
        book.source = "quote"
        for side, price, lots in ((1, bid, bid_lots), (-1, ask, ask_lots)):
            book.taken[side] = {p: t for p, t in book.taken[side].items() if side * p <= side * price}
            book.levels[side] = {}
            book.shown(side, price, lots)
            here = book.traded_here.get((side, price), 0)
            self.requeue(index, side, price, lots + here, lots)
        self.meet(index, at)

    def trade(self, index: int, price: int, lots: int, aggressor: int, at: int) -> None:
        """Resting orders, then stops, then those who wait where only trades are known."""
        book = self.books[index]
        book.last, book.volume = price, lots
        book.prints_since.append((price, lots, aggressor))
        for side in (1, -1):
            if aggressor != side:
                self.print_to(index, side, price, lots, at)
        for side in (1, -1):
            self.wake(index, side, price, at)
        if book.source == "trades":
            self.serve(index, at)

    def print_to(self, index: int, side: int, price: int, lots: int, at: int) -> None:
        """Fill what rested better than the print, then serve the queue at it."""
        book = self.books[index]
        for order in self.resting(index, side):
            if side * order.limit > side * price:
                self.fill(order, at)
        here = [order for order in self.resting(index, side) if order.limit == price]
        if not here or not book.volume:
            return
        book.traded_here[side, price] = book.traded_here.get((side, price), 0) + lots
        alone = bool(book.levels[side]) and side * price > side * book.best(side)
        gone = 0
        for order in here:
            if alone:
                order.ahead = 0
            others = book.volume if order.ahead is None else min(book.volume, max(0, order.ahead - gone))
            gone += others
            book.volume -= others
            if not book.volume:
                break
            self.fill(order, at)
        for order in here:
            if order.ahead is not None:
                order.ahead = max(0, order.ahead - gone)
        self.forget(index, side, price)

    def fill(self, order: Order, at: int) -> None:
        """Let an order have of the print what the pieces allow."""
        book = self.books[order.instrument]
        if not order.leaves or not book.volume:
            return
        for _ in range(next(self.counts)):
            if not order.leaves or not book.volume:
                return
            wanted = max(1, order.leaves * next(self.shares) // ONE)
            book.volume -= self.execute(order, order.limit, min(wanted, book.volume), at, maker=True)

    def meet(self, index: int, at: int) -> None:
        """The feed spoke of the book: whoever can trade with it now does."""
        book = self.books[index]
        book.prints_since = []
        self.serve(index, at)
        for side in (1, -1):
            for order in self.resting(index, side):
                self.take(order, at, maker=True)
        if not book.last:
            for side in (1, -1):
                price = self.price_for(book, side)
                if price:
                    self.wake(index, side, price, at)

    def serve(self, index: int, at: int) -> None:
        """Market orders that wait, purchases first, in order of joining."""
        for side in (1, -1):
            waiting = [o for o in self.orders if (o.instrument, o.side, o.type) == (index, side, MARKET)]
            for order in sorted(waiting, key=lambda o: o.joined):
                self.take(order, at, maker=False)

    def wake(self, index: int, side: int, price: int, at: int) -> None:
        """Set off the stops that a price reaches, the nearest trigger first."""
        while True:
            reached = [
                order
                for order in self.orders
                if order.instrument == index
                and order.side == side
                and order.type in (STOP, STOP_LIMIT)
                and side * (price - order.trigger) >= 0
            ]
            if not reached:
                return
            self.set_off(min(reached, key=lambda order: (side * order.trigger, order.arrived)), at)

    # -- orders -------------------------------------------------------------------------------------------------------

    def resting(self, index: int, side: int) -> list[Order]:
        """Limit orders of one side, best price first, then by joining."""
        found = [o for o in self.orders if o.type == LIMIT and o.side == side and o.instrument == index]
        found.sort(key=lambda o: (-side * o.limit, o.joined))
        return found

    def is_covered(self, book: Book, side: int, price: int) -> bool:
        """A snapshot reached this deep."""
        covered = book.covered[side]
        return book.source == "book" and covered is not None and side * price >= covered

    def join(self, order: Order) -> None:
        """Stand behind all that is displayed; None ahead means that nobody can tell."""
        book = self.books[order.instrument]
        shown = book.levels[order.side]
        if order.limit in shown:
            order.ahead = shown[order.limit]
        elif shown and (
            order.side * order.limit > order.side * book.best(order.side)
            or self.is_covered(book, order.side, order.limit)
        ):
            order.ahead = 0
        else:
            order.ahead = None

    def requeue(self, index: int, side: int, price: int, before: int, after: int) -> None:
        """The display at a price changed: each order of ours there moves."""
        book = self.books[index]
        traded = book.traded_here.pop((side, price), 0)
        for order in self.orders:
            if (order.instrument, order.side, order.type, order.limit) == (index, side, LIMIT, price):
                ahead = 1 << 60 if order.ahead is None else order.ahead
                order.ahead = self.queue(ahead, before, after, traded)

    def forget(self, index: int, side: int, price: int) -> None:
        """Nothing is remembered of a level where we have no order."""
        if not any(order.limit == price for order in self.resting(index, side)):
            self.books[index].traded_here.pop((side, price), None)

    def set_off(self, order: Order, at: int) -> None:
        """A stop becomes a market or a limit order and its sibling ends."""
        self.joined += 1
        order.joined = self.joined
        order.type = MARKET if order.type == STOP else LIMIT
        if order.type == LIMIT:
            self.join(order)
        self.spend(order, at)
        if order in self.orders:
            self.take(order, at, maker=False)

    def price_for(self, book: Book, side: int) -> int:
        """What a taker of this side would get now, 0 where there is nothing."""
        if book.source != "trades":
            offers = book.offers(-side)
            return offers[0] if offers else 0
        if not book.last or not book.volume:
            return 0
        moved = book.last * (1 + side * self.slippage)
        return ceil(moved) if side > 0 else max(1, int(moved))

    def price_within(self, order: Order) -> int:
        """The same within the order's limit."""
        book = self.books[order.instrument]
        price = self.price_for(book, order.side)
        if not price or order.type != LIMIT:
            return price
        if book.source != "trades":
            return price if order.side * price <= order.side * order.limit else 0
        if order.side * order.limit <= order.side * book.last:
            return 0
        return order.side * min(order.side * price, order.side * order.limit)

    def take(self, order: Order, at: int, *, maker: bool) -> None:
        """Take what is offered, level by level, in pieces."""
        book = self.books[order.instrument]
        if not order.leaves or not self.price_within(order):
            return
        for _ in range(next(self.counts)):
            if not order.leaves or not self.price_within(order):
                return
            wanted = max(1, order.leaves * next(self.shares) // ONE)
            while wanted and order.leaves and (price := self.price_within(order)):
                left = book.volume if book.source == "trades" else book.left(-order.side, price)
                lots = self.execute(order, order.limit if maker else price, min(wanted, left), at, maker=maker)
                wanted -= lots
                if book.source == "trades":
                    book.volume -= lots
                else:
                    taken = book.taken[-order.side]
                    taken[price] = taken.get(price, 0) + lots

    def execute(self, order: Order, price: int, lots: int, at: int, *, maker: bool) -> int:
        """Book what the position and the balance allow of a trade; end the order where they forbid the rest."""
        instrument = self.instruments[order.instrument]
        held = self.held[order.instrument]
        if order.reduce_only and order.side * held >= 0:
            self.end(order, at, "nothing to reduce")
            return 0
        lots = min(lots, order.leaves, abs(held)) if order.reduce_only else min(lots, order.leaves)
        done = lots
        if instrument.instrument_type == SPOT:
            if order.side < 0:
                done = min(lots, held)
            else:
                while done and self.cost(order.instrument, price, done) > self.cash:
                    done -= 1
        if done:
            notional = self.notional(order.instrument, price, done)
            fee = ceil(notional * RATE)
            self.cash -= order.side * notional + fee
            self.held[order.instrument] += order.side * done
            order.leaves -= done
            self.fills.append((at, order.id, order.side, done, price, fee, maker))
            if not order.leaves:
                self.drop(order)
            self.spend(order, at)
        if order.leaves and order in self.orders:
            if done < lots:
                self.end(order, at, "insufficient balance")
            elif order.reduce_only and not self.held[order.instrument]:
                self.end(order, at, "nothing to reduce")
        return done

    def spend(self, order: Order, at: int) -> None:
        """One cancels the other, at the first sign."""
        if self.known[order.id]:
            return
        self.known[order.id] = True
        for other in list(self.orders):
            if other is not order and (other.sibling == order.id or other.id == order.sibling):
                self.end(other, at, "sibling")

    def end(self, order: Order, at: int, reason: str) -> None:
        """Cancel what is open of an order."""
        self.drop(order)
        self.words.append((at, CANCELED, order.id, reason))

    def drop(self, order: Order) -> None:
        """Take an order out of everything."""
        order.leaves = 0
        self.orders.remove(order)
        if order.type == LIMIT:
            self.forget(order.instrument, order.side, order.limit)
