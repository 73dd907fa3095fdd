# SPDX-License-Identifier: Apache-2.0
"""The table of orders: what was sent, what is open, and a bounded memory of what has ended.

Not in it: why an order was sent. Open orders are found by id. Ended ones are kept
with their trade ids for late reports and repeated intents: each for ``CLOSED_NS``
at least, as long as there are no more than ``closed_max``; the last ``CLOSED_MIN``
whatever their age. An imagined venue reports nothing late, and needs no more. So an
execution that comes again, however late, is either recognised or refused because its
order is forgotten: it is never applied twice.
Each end, and each late change after it, is folded into a running SHA-256; the
state hash covers every order of the run and memory stays flat in its length.
"""

from collections import deque
from hashlib import sha256
from typing import Final, final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.domain.order import EXIT, Submit, cancel_command
from bot4.domain.stage import Outbox
from bot4.domain.values import DAY_NS, Nanos
from bot4.trading.orders import APPLIED, ASK_CANCEL, SEND, Order

CLOSED_MIN: Final = 1 << 10
CLOSED_MAX: Final = 1 << 16
"""So many ended orders are remembered at least and at most, once there were so many."""

CLOSED_NS: Final = DAY_NS
"""And between the two bounds, each for so long."""

CANCELS_MAX: Final = 3
"""How often a refused cancel is asked again before something else must be heard."""

FOLDED_BYTES: Final = 4096
"""Ends are folded into the digest so many bytes at a time; how many changes nothing in it."""


@final
class OrderTable:
    """Keep the orders of one run.

    Parameters
    ----------
    closed_max : int
        How many ended orders are remembered at most.

    Attributes
    ----------
    open : dict
        Orders that may still trade, by id, in the order sent.
    closed : dict
        Those that ended and are remembered, by id.
    intents : dict
        The order that serves each approved intent, as long as that order is remembered.
    """

    __slots__ = ("open", "closed", "intents", "next_id", "ended", "closed_max", "_memory", "_ends", "_digest")

    def __init__(self, closed_max: i64 = CLOSED_MIN) -> None:
        self.open: dict[int, Order] = {}
        self.closed: dict[int, Order] = {}
        self.intents: dict[int, int] = {}
        self.next_id: i64 = 1
        self.ended: i64 = 0
        self.closed_max: i64 = closed_max
        self._memory: deque[Order] = deque()
        self._ends = BytesWriter()
        self._digest = sha256()

    def find(self, order_id: i64) -> Order | None:
        """Return the order with this id, open or remembered; None where it is unknown or forgotten."""
        order = self.open.get(order_id)
        return order if order is not None else self.closed.get(order_id)

    def take_id(self) -> i64:
        """Return the next order id: 1, 2, 3, ..."""
        order_id = self.next_id
        self.next_id = order_id + 1
        return order_id

    def submit(self, order: Order, now: Nanos, out: Outbox) -> None:
        """Keep a new order and put the command that sends it."""
        outcome = order.step(SEND)
        assert outcome == APPLIED, "an order is sent once"
        self.open[order.order_id] = order
        out.put(
            Submit(
                now,
                order_id=order.order_id,
                intent_id=order.intent_id,
                slot=order.slot,
                instrument=order.instrument,
                purpose=order.purpose,
                order_type=order.order_type,
                side=order.side,
                lots=order.lots,
                limit=order.limit,
                trigger=order.trigger,
                sibling_id=order.sibling_id,
                reduce_only=order.reduce_only,
            )
        )

    def cancel(self, order: Order | None, reason: str, now: Nanos, out: Outbox) -> None:
        """Put the command that cancels an order, unless it is none, asked already, unknown or past asking."""
        if order is None or order.cancels >= CANCELS_MAX:
            return
        if order.step(ASK_CANCEL) == APPLIED:
            order.cancels += 1
            out.put(cancel_command(now, order.order_id, order.instrument, reason))

    def settle(self, order: Order, now: Nanos) -> None:
        """Take note that a report was applied: move an order that ended, fold its end into the digest."""
        if order.is_open():
            return
        order_id = order.order_id
        if order_id in self.open:
            del self.open[order_id]
            order.ended_ns = now
            self._memory.append(order)
            self.closed[order_id] = order
            self.ended += 1
            if len(self._memory) > CLOSED_MIN:
                self._forget(now)
        ends = self._ends
        write_i64_le(ends, order_id)
        write_i64_le(ends, order.intent_id)
        write_i64_le(ends, order.state)
        write_i64_le(ends, order.filled)
        write_i64_le(ends, order.cost)
        write_i64_le(ends, order.executions)
        if len(ends) >= FOLDED_BYTES:
            self._fold()

    def _fold(self) -> None:
        """Fold the ends noted since the last time into the digest."""
        self._digest.update(self._ends.getvalue())
        self._ends.truncate(0)

    def _forget(self, now: Nanos) -> None:
        """Drop the longest ended orders that are too old or too many, and the intents they served."""
        memory = self._memory
        while len(memory) > CLOSED_MIN:
            if len(memory) <= self.closed_max and now - memory[0].ended_ns < CLOSED_NS:
                return
            order = memory.popleft()
            del self.closed[order.order_id]
            if order.purpose <= EXIT and self.intents.get(order.intent_id, 0) == order.order_id:
                del self.intents[order.intent_id]

    def write_state(self, out: BytesWriter) -> None:
        """Write the next id, the ended orders' count and digest, then the open orders in the order sent."""
        write_i64_le(out, self.next_id)
        write_i64_le(out, self.ended)
        self._fold()
        out.write(self._digest.digest())
        write_i64_le(out, len(self.open))
        for order in self.open.values():
            order.write(out)
