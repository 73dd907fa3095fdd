# SPDX-License-Identifier: Apache-2.0
"""Price-time matching once more, naively: a plain list of orders that is sorted and scanned for every question.

Nothing of ``bot4`` enters. It knows limit, market, post-only and stop-limit orders, the
times in force and the five ways to prevent a self-trade; it knows no money.
"""

from dataclasses import dataclass, field
from typing import Any

Trade = tuple[int, int, int, int]
"""Price, quantity, taker's number, maker's number."""


@dataclass
class NaiveOrder:
    """One order; ``rank`` is when it came to the book."""

    number: int
    owner: str
    side: str
    type: str
    quantity: int
    price: int
    stop: int
    time: str
    mode: str
    rank: int = 0
    done: int = 0
    prevented: int = 0
    state: str = "NEW"

    @property
    def left(self) -> int:
        """What may still trade."""
        return self.quantity - self.done - self.prevented


@dataclass
class NaiveExchange:
    """One symbol: everything that was ever accepted, and the trades."""

    orders: list[NaiveOrder] = field(default_factory=list)
    resting: list[NaiveOrder] = field(default_factory=list)
    waiting: list[NaiveOrder] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    ranks: int = 0

    def place(self, owner: str, wish: dict[str, Any]) -> str:
        """Accept an order and run everything it sets off, or say why not."""
        order = NaiveOrder(len(self.orders) + 1, owner, **wish)
        last = self.trades[-1][0] if self.trades else 0
        if order.type == "LIMIT_MAKER" and self.opposite(order):
            return "would take"
        if order.stop and last and reached(order, last):
            return "would trigger"
        self.orders.append(order)
        printed = len(self.trades)
        if order.stop:
            self.waiting.append(order)
        else:
            self.take(order)
        queue: list[NaiveOrder] = []
        while True:
            for price, _, _, _ in self.trades[printed:]:
                found = sorted((each for each in self.waiting if reached(each, price)), key=urgency)
                self.waiting = [each for each in self.waiting if each not in found]
                queue += found
            printed = len(self.trades)
            if not queue:
                return ""
            self.take(queue.pop(0))

    def cancel(self, number: int) -> bool:
        """End an order; say whether it was open."""
        order = self.orders[number - 1]
        was_open = order in self.resting or order in self.waiting
        self.resting = [each for each in self.resting if each is not order]
        self.waiting = [each for each in self.waiting if each is not order]
        if was_open:
            order.state = "CANCELED"
        return was_open

    def opposite(self, order: NaiveOrder) -> list[NaiveOrder]:
        """The resting orders that this one may trade with, in the order in which it would."""
        sign = 1 if order.side == "BUY" else -1
        found = [
            each
            for each in self.resting
            if each.side != order.side and (order.type == "MARKET" or sign * each.price <= sign * order.price)
        ]
        return sorted(found, key=lambda each: (sign * each.price, each.rank))

    def take(self, order: NaiveOrder) -> None:
        """Trade an order with whom it meets, then rest or end it."""
        makers = self.opposite(order)
        if order.time == "FOK" and self.fillable(order, makers) < order.quantity:
            order.state = "EXPIRED"
            return
        for maker in makers:
            if not order.left:
                break
            both = min(order.left, maker.left)
            if order.mode == "NONE" or order.owner != maker.owner:
                self.trades.append((maker.price, both, order.number, maker.number))
                order.done += both
                maker.done += both
            else:
                self.prevent(order, maker, both)
            self.drop_if_done(maker)
        if not order.left:
            order.state = "FILLED" if order.done == order.quantity else "EXPIRED_IN_MATCH"
        elif order.type == "MARKET" or order.time in {"IOC", "FOK"}:
            order.state = "EXPIRED"
        else:
            self.ranks += 1
            order.rank = self.ranks
            order.state = "PARTIALLY_FILLED" if order.done else "NEW"
            self.resting.append(order)

    @staticmethod
    def fillable(order: NaiveOrder, makers: list[NaiveOrder]) -> int:
        """How much would trade if it were let."""
        left = order.quantity
        traded = 0
        for maker in makers:
            both = min(left, maker.left)
            if order.mode == "NONE" or order.owner != maker.owner:
                traded += both
                left -= both
            elif order.mode in {"EXPIRE_TAKER", "EXPIRE_BOTH"}:
                break
            elif order.mode == "DECREMENT":
                left -= both
        return traded

    @staticmethod
    def prevent(order: NaiveOrder, maker: NaiveOrder, both: int) -> None:
        """Take away what the mode says instead of trading."""
        taken = {
            "DECREMENT": (both, both),
            "EXPIRE_TAKER": (order.left, 0),
            "EXPIRE_MAKER": (0, maker.left),
            "EXPIRE_BOTH": (order.left, maker.left),
        }[order.mode]
        order.prevented += taken[0]
        maker.prevented += taken[1]

    def drop_if_done(self, maker: NaiveOrder) -> None:
        """Take a maker with nothing left from the book."""
        if maker.left:
            maker.state = "PARTIALLY_FILLED" if maker.done else "NEW"
        else:
            maker.state = "FILLED" if maker.done == maker.quantity else "EXPIRED_IN_MATCH"
            self.resting = [each for each in self.resting if each is not maker]

    def levels(self, side: str) -> tuple[tuple[int, int], ...]:
        """Price and quantity of one side, best first."""
        found: dict[int, int] = {}
        for order in self.resting:
            if order.side == side:
                found[order.price] = found.get(order.price, 0) + order.left
        return tuple(sorted(found.items(), reverse=side == "BUY"))


def rises(order: NaiveOrder) -> bool:
    """Whether a rising price sets an order off."""
    return (order.side == "BUY") == order.type.startswith("STOP")


def reached(order: NaiveOrder, price: int) -> bool:
    """Whether a trade at this price sets an order off."""
    return price >= order.stop if rises(order) else price <= order.stop


def urgency(order: NaiveOrder) -> tuple[bool, int, int]:
    """Those that a rise sets off first, then the nearest trigger, then the first to come."""
    return (not rises(order), order.stop if rises(order) else -order.stop, order.number)
