# SPDX-License-Identifier: Apache-2.0
"""A venue that keeps its books right and its manners bad: late, doubled and reordered reports, races, refusals,
answers and requests that get lost.

What it holds is the truth that trading is compared with; it honours ``sibling_id`` and ``reduce_only``.
"""

from bot4.domain.event import ABSENT, CANCEL, FOUND, INQUIRY_LOST, Event
from bot4.domain.order import (
    Execution,
    Inquire,
    OrderWord,
    Submit,
    absent,
    accepted,
    cancel_lost,
    cancel_rejected,
    canceled,
    expired,
    found,
    inquiry_lost,
    rejected,
    submit_lost,
)
from bot4.domain.values import Lots, Money, Nanos, Ticks

AT = Nanos(1)

ONCE = (FOUND, ABSENT, INQUIRY_LOST)
"""What answers an inquiry comes once: whoever sends inquiries sees to that."""


class Resting:
    """One order as the venue sees it."""

    def __init__(self, command: Submit) -> None:
        self.command = command
        self.leaves = int(command.lots)
        self.accepted = False
        self.alive = True
        self.in_transit = False
        self.end_untold = False
        self.ended = canceled
        self.refusals = 0
        self.executions: list[Execution] = []


class Adversary:
    """Take commands; trade, refuse, cancel on demand; hand out reports in any order, each up to twice."""

    def __init__(self) -> None:
        self.orders: dict[int, Resting] = {}
        self.cancels: list[OrderWord] = []
        self.inquiries: list[Inquire] = []
        self.reports: list[Event] = []
        self.doubled: list[Event] = []
        self.position = 0
        self.executions = 0

    def send(self, command: Event) -> None:
        """Take one command; a cancel waits until it is looked at."""
        if isinstance(command, Submit):
            assert command.order_id not in self.orders, "an order is sent once"
            self.orders[command.order_id] = Resting(command)
        elif isinstance(command, OrderWord) and command.kind == CANCEL:
            self.cancels.append(command)
        elif isinstance(command, Inquire):
            assert all(one.order_id != command.order_id for one in self.inquiries), "one inquiry at a time"
            self.inquiries.append(command)

    def alive(self) -> list[Resting]:
        """Orders that may still trade."""
        return [order for order in self.orders.values() if order.alive]

    def accept(self, order: Resting) -> None:
        """Say yes, once."""
        if not order.accepted:
            order.accepted = True
            self.reports.append(accepted(AT, AT, order.command.order_id, 0))

    def reject(self, order: Resting) -> None:
        """Say no to what was never accepted."""
        if not order.accepted:
            order.alive = False
            order.ended = rejected
            self.reports.append(rejected(AT, AT, order.command.order_id, 0, "no"))

    def end(self, order: Resting, *, by_time: bool) -> None:
        """End an order for a reason of the venue's own."""
        order.alive = False
        order.ended = expired if by_time else canceled
        self.reports.append(order.ended(AT, AT, order.command.order_id, 0, ""))

    def trade(self, order: Resting, lots: int) -> None:
        """Trade up to so many lots; a reduce-only order never opens; a fill cancels the sibling."""
        command = order.command
        if command.reduce_only:
            lots = min(lots, max(0, -self.position * command.side))
        lots = min(lots, order.leaves)
        if lots == 0:
            self.end(order, by_time=False)
            return
        self.accept(order)
        self.executions += 1
        self.position += command.side * lots
        order.leaves -= lots
        order.alive = order.leaves > 0
        report = Execution(
            AT, AT, order_id=command.order_id, trade_id=self.executions, instrument=0, side=command.side,
            lots=Lots(lots), price=Ticks(100), fee=Money(0), is_maker=False,
        )  # fmt: skip
        order.executions.append(report)
        self.reports.append(report)
        sibling = self.orders.get(command.sibling_id)
        if sibling is not None and sibling.alive:
            self.end(sibling, by_time=False)

    def answer_cancel(self, number: int, *, refuse: bool) -> None:
        """Look at a waiting cancel; refuse it where the order is gone, and once out of ill will."""
        command = self.cancels.pop(number)
        order = self.orders[command.order_id]
        if order.alive and not (refuse and order.refusals == 0):
            self.end(order, by_time=False)
            return
        if not order.alive and (order.end_untold or order.in_transit):
            self.reports.append(cancel_lost(AT, AT, command.order_id, 0, "unknown order: to be looked up"))
            return
        order.refusals += 1
        self.reports.append(cancel_rejected(AT, AT, command.order_id, 0, ""))

    def lose_submit(self, order: Resting, *, taken: bool) -> None:
        """Let the answer to a submit get lost; the request itself arrived, or is on its way yet."""
        order.accepted = taken
        order.alive = taken
        order.in_transit = not taken
        self.reports.append(submit_lost(AT, AT, order.command.order_id, 0, "timeout"))

    def arrive(self, order: Resting) -> None:
        """Let a request that was on its way arrive after all, unheard."""
        order.in_transit = False
        order.alive = True
        order.accepted = True

    def lose_cancel(self, number: int, *, taken: bool) -> None:
        """Let the answer to a waiting cancel get lost, and the report of the end with it."""
        command = self.cancels.pop(number)
        order = self.orders[command.order_id]
        if taken and order.alive:
            order.alive = False
            order.end_untold = True
        self.reports.append(cancel_lost(AT, AT, command.order_id, 0, "timeout"))

    def answer_inquiry(self, number: int, *, lost: bool) -> None:
        """Say all that is true of an order, each execution once more, or let the answer get lost."""
        inquiry = self.inquiries.pop(number)
        order = self.orders[inquiry.order_id]
        if lost:
            self.reports.append(inquiry_lost(AT, AT, inquiry.order_id, 0, "timeout"))
        elif order.in_transit:
            self.reports.append(absent(AT, AT, inquiry.order_id, 0, "unknown order"))
        else:
            self.reports.extend(order.executions)
            if order.alive:
                self.reports.append(found(AT, AT, inquiry.order_id, 0))
            elif order.leaves > 0:
                order.end_untold = False
                self.reports.append(order.ended(AT, AT, inquiry.order_id, 0, ""))

    def report(self, number: int, *, again: bool) -> Event:
        """Hand out one report of those waiting, whichever is wanted; keep it for a second time if ``again``."""
        event = self.reports[number]
        if again and event not in self.doubled and event.kind not in ONCE:
            self.doubled.append(event)
        else:
            del self.reports[number]
        return event
