# SPDX-License-Identifier: Apache-2.0
"""How orders end, and what an end means to the list that the order stands in.

The rules of lists, all of them:

- the first fill or the trigger of one of a pair (OCO) expires the other, before anything else happens;
- a cancel of any order of a list cancels all of it;
- a working order (OTO, OTOCO) that fills wholly sets its pending orders off, one that ends otherwise expires them;
- one of a pair that ends without a fill, as by self-trade prevention, expires the other.

What is set off waits in ``todo`` until the order at hand is done with the book.
"""

from collections import deque
from typing import final

from bot4.simulation.exchange.listing import Listing
from bot4.simulation.exchange.orders import (
    CANCELED,
    EXPIRED,
    FILLED,
    OCO_TRIGGER,
    OTO_PHASE_ONE_EXPIRED,
    REJECTED_LATER,
)
from bot4.simulation.exchange.register import Register
from bot4.simulation.exchange.working import Order


@final
class Endings:
    """End orders and let their lists follow."""

    __slots__ = ("listings", "register", "todo")

    def __init__(self, register: Register, listings: dict[str, Listing]) -> None:
        self.register = register
        self.listings = listings
        self.todo: deque[Order] = deque()

    def expire(self, order: Order, at_ms: int, *, reason: str) -> None:
        """Expire an order for a reason."""
        self._withdraw(order)
        order.status = EXPIRED
        order.expiry_reason = reason
        order.hold.settle()
        self.register.tell(order, "EXPIRED", at_ms)
        self.ended(order, at_ms)

    def cancel(self, order: Order, at_ms: int, *, by: str) -> None:
        """Cancel an order; ``by`` is the client id of the cancel."""
        self._withdraw(order)
        order.status = CANCELED
        order.hold.settle()
        self.register.tell(order, "CANCELED", at_ms, renamed=by, was=order.client_order_id)
        self.ended(order, at_ms, by=by)

    def drop(self, order: Order, at_ms: int) -> None:
        """End an order of a list and leave the others as they are: what a venue should not do, and may."""
        if order.list is not None:
            order.list.pair = []
        self.expire(order, at_ms, reason=REJECTED_LATER)

    def begun(self, order: Order, at_ms: int) -> None:
        """Expire the other of a pair, once one of it has traded or been set off."""
        listed = order.list
        sibling = listed.sibling(order) if listed else None
        if listed and sibling:
            listed.pair = []
            self.expire(sibling, at_ms, reason=OCO_TRIGGER)

    def ended(self, order: Order, at_ms: int, *, by: str = "") -> None:
        """Close an order that has ended, and do to its list what follows from it."""
        self.register.close(order)
        listed = order.list
        if listed is None or listed.is_done:
            return
        sibling = listed.sibling(order)
        if order.status == CANCELED:
            listed.pair = []
            for other in listed.orders:
                if other.is_open:
                    self.cancel(other, at_ms, by=by)
        elif order.status == FILLED and order is listed.working:
            self.todo.extend(listed.pending)
        elif order is listed.working:
            listed.pair = []
            for other in listed.pending:
                if other.is_open:
                    self.expire(other, at_ms, reason=OTO_PHASE_ONE_EXPIRED)
        elif sibling is not None and sibling.is_open:
            listed.pair = []
            self.expire(sibling, at_ms, reason=OCO_TRIGGER)
        if listed.list_id in self.register.open_lists and not any(each.is_open for each in listed.orders):
            self.register.close_list(listed, at_ms)

    def _withdraw(self, order: Order) -> None:
        """Take an order out of wherever it waits or rests."""
        self.listings[order.request.symbol].withdraw(order)
