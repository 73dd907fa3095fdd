# SPDX-License-Identifier: Apache-2.0
"""What one desk waits for: a stop that should fill, a leg that the venue should cancel, the time to ask again.

Stages have no clock and no timer. What they have is the inquiry: a durable command that is sent when it is due and
answered once. So to wait is to ask, later, and the answer says both that the time is over and what the venue knows
by then. Not in it: orders of unknown fate (``fates``), which are asked about for the answer's sake.
"""

from typing import Final, final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.domain.event import FOUND
from bot4.domain.order import Inquire, OrderWord
from bot4.domain.stage import Outbox
from bot4.domain.values import Nanos
from bot4.trading.conditions import Conditions
from bot4.trading.fates import Fates
from bot4.trading.orders import Order
from bot4.trading.overdue import Overdue

UNSENT_MAX: Final = 5
"""So many protective orders that never left, one after the other, before an exit is tried in their place."""

DOUBLINGS_MAX: Final = 16
LONG_OVER: Final = 4
"""Times the longest wait."""


@final
class DeskWaits:
    """Wait on behalf of one desk.

    Attributes
    ----------
    retry_id : int
        The order that never left and whose place waits to be taken, 0 where none does.
    unsent : int
        How many such orders there were, one after the other.
    orphan_id : int
        The leg that the venue should have canceled, 0 where none.
    refused_id : int
        The order whose cancel the venue has refused too often, and that is asked for again later, 0 where none.
    reached_id : int
        The stop whose price was reached and that should fill, 0 where none.
    overdue : Overdue
        Since when it should.
    """

    __slots__ = (
        "conditions",
        "fates",
        "retry_id",
        "unsent",
        "orphan_id",
        "refused_id",
        "reached_id",
        "due_ns",
        "overdue",
    )

    def __init__(self, conditions: Conditions, fates: Fates) -> None:
        self.conditions = conditions
        self.fates = fates
        self.retry_id: i64 = 0
        self.unsent: i64 = 0
        self.orphan_id: i64 = 0
        self.refused_id: i64 = 0
        self.reached_id: i64 = 0
        self.due_ns = Nanos(0)
        self.overdue = Overdue(conditions.overdue_ns)

    def wait_to_send(self, order: Order, now: Nanos, out: Outbox) -> None:
        """Begin to wait before another order takes the place of one that never left; longer each time.

        Where the last wait is long over, orders have left since: the count begins anew.
        """
        if now - self.due_ns > LONG_OVER * self.conditions.retry_max_ns:
            self.unsent = 0
        doublings = self.unsent if self.unsent < DOUBLINGS_MAX else DOUBLINGS_MAX
        wait: i64 = self.conditions.retry_min_ns << doublings
        if wait > self.conditions.retry_max_ns:
            wait = self.conditions.retry_max_ns
        self.unsent += 1
        self.retry_id = order.order_id
        self._ask(order, now, wait, out)

    def wait_for_end(self, orphan: Order, now: Nanos, out: Outbox) -> None:
        """Begin to wait for the end of a leg whose sibling filled; where it is asked about, that answer will do."""
        if self.orphan_id != orphan.order_id:
            self.orphan_id = orphan.order_id
            if self.fates.expect(orphan):
                self._ask(orphan, now, self.conditions.orphan_ns, out)

    def wait_to_cancel(self, order: Order, now: Nanos, out: Outbox) -> None:
        """Begin to wait before a cancel is asked for once more; one wait does for both legs."""
        if self.refused_id == 0:
            self.refused_id = order.order_id
            if self.fates.expect(order):
                self._ask(order, now, self.conditions.retry_max_ns, out)

    def is_overdue(self, stop: Order | None, now: Nanos, out: Outbox) -> bool:
        """Say whether a stop that was reached should have filled by now; until then, see to it that an answer comes."""
        if stop is None or not self.overdue.is_reached(stop):
            return False
        if self.overdue.is_over(now):
            return True
        if self.reached_id != stop.order_id and self.fates.expect(stop):
            self.reached_id = stop.order_id
            self._ask(stop, now, self.overdue.due_ns() - now, out)
        return False

    def is_over(self, word: OrderWord, now: Nanos) -> bool:
        """Say whether a report is the answer that ends a wait, and let go of that."""
        if word.kind < FOUND and now < self.due_ns:
            return False
        if word.order_id == self.retry_id:
            self.retry_id = 0
            return True
        if word.order_id == self.orphan_id:
            self.orphan_id = 0
            return True
        if word.order_id == self.refused_id:
            self.refused_id = 0
            return True
        if word.order_id == self.reached_id:
            self.reached_id = 0
            return True
        return False

    def heard(self) -> None:
        """Start counting again: something left, or was asked for anew."""
        self.retry_id = 0
        self.unsent = 0

    def _ask(self, order: Order, now: Nanos, wait: i64, out: Outbox) -> None:
        """Put the inquiry that will be answered once the time is over."""
        self.due_ns = Nanos(now + wait)
        out.put(
            Inquire(
                now,
                order_id=order.order_id,
                slot=order.slot,
                instrument=order.instrument,
                due_ns=self.due_ns,
                attempt=1,
            )
        )

    def write_state(self, out: BytesWriter) -> None:
        """Write what is waited for, until when, and how many orders never left."""
        write_i64_le(out, self.retry_id)
        write_i64_le(out, self.unsent)
        write_i64_le(out, self.orphan_id)
        write_i64_le(out, self.refused_id)
        write_i64_le(out, self.reached_id)
        write_i64_le(out, self.due_ns)
        self.overdue.write_state(out)
