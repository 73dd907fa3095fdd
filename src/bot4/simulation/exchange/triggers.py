# SPDX-License-Identifier: Apache-2.0
"""The orders of one symbol that wait for a trade at their trigger: nearest first, then by arrival."""

from bisect import bisect_left, insort
from typing import final

from bot4.simulation.exchange.working import Order


@final
class Triggers:
    """Hold waiting orders sorted by how soon a move of the price reaches them.

    One list holds those that a rise sets off, the other those that a fall does, by
    negated trigger: the first of each is the next to go.
    """

    __slots__ = ("fall", "rise", "waiting")

    def __init__(self) -> None:
        self.rise: list[tuple[int, int]] = []
        self.fall: list[tuple[int, int]] = []
        self.waiting: dict[int, Order] = {}

    def add(self, order: Order) -> None:
        """Let an order wait."""
        self.waiting[order.order_id] = order
        insort(self._queue(order), self._key(order))

    def remove(self, order: Order) -> None:
        """Let an order wait no more; one that does not is left alone."""
        if self.waiting.pop(order.order_id, None) is not None:
            queue = self._queue(order)
            del queue[bisect_left(queue, self._key(order))]

    def next_reached(self, price: int) -> Order | None:
        """Return the first order that a trade at this price sets off; it keeps waiting until removed."""
        if self.rise and self.rise[0][0] <= price:
            return self.waiting[self.rise[0][1]]
        if self.fall and -self.fall[0][0] >= price:
            return self.waiting[self.fall[0][1]]
        return None

    def _queue(self, order: Order) -> list[tuple[int, int]]:
        return self.rise if order.triggers_upwards else self.fall

    def _key(self, order: Order) -> tuple[int, int]:
        stop = order.request.stop_price
        return (stop if order.triggers_upwards else -stop, order.order_id)
