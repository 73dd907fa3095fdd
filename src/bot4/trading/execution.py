# SPDX-License-Identifier: Apache-2.0
"""The trading stage: approved requests in, commands out; reports in, order updates and fills out.

It takes nothing but :class:`~bot4.domain.verdict.Approved` from risk and the
reports of a venue. A report is applied to its order once; then the desk of that
instrument settles. Not in it: which state follows (``orders``), what to do about
it (``desk``), how long to doubt (``fates``).

An order that the venue proves to know nothing of has expired: the time in which its
submit could be taken is over. It was not refused, so that a stop may be sent again.

A report that cannot be true (for an order nobody sent or everybody forgot, on the
wrong side, for more than was asked, a state that cannot follow) changes nothing,
stops nothing, and is answered with a ``Refused`` of no intent whose rule begins with
``trading.contradiction``, with the order's id as what was measured. The outside is
then to be reconciled; the engine goes on.
"""

from typing import Final, final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.domain.event import (
    ABSENT,
    ACCEPTED,
    APPROVED,
    CANCEL_LOST,
    FOUND,
    INQUIRY_LOST,
    MODE,
    REPORTS,
    SUBMIT_LOST,
    Event,
)
from bot4.domain.order import (
    ENTER,
    EXIT,
    ORDER_STATES,
    SUBMIT_UNKNOWN,
    Execution,
    Fill,
    OrderUpdate,
    OrderWord,
)
from bot4.domain.stage import Outbox, Stage
from bot4.domain.values import Lots, Nanos
from bot4.domain.verdict import PAUSED, Approved, Mode, Refused
from bot4.trading.book import CANCELS_MAX, OrderTable
from bot4.trading.desk import Desk, refuse
from bot4.trading.fates import FateRules, Fates
from bot4.trading.orders import (
    ACCEPT,
    APPLIED,
    CANCEL_REJECT,
    EVENT_NAMES,
    EXPIRE,
    IGNORED,
    LOSE_CANCEL,
    LOSE_SUBMIT,
    Order,
)

CONTRADICTION: Final = "trading.contradiction."


@final
class Trading(Stage):
    """Carry out approved requests and keep the truth about our orders.

    Parameters
    ----------
    instruments : int
        How many instruments the run has.
    rules : FateRules, optional
        How long an order of unknown fate is asked about.

    Attributes
    ----------
    ignored, contradictions : int
        Reports that said nothing new, and reports that could not be true.
    """

    def __init__(self, instruments: int, rules: FateRules | None = None) -> None:
        super().__init__((APPROVED, MODE, *REPORTS))
        self.table = OrderTable()
        self.fates = Fates(rules or FateRules())
        self.desks = [Desk(i, self.table) for i in range(instruments)]
        self.ignored: i64 = 0
        self.contradictions: i64 = 0

    def handle(self, event: Event, now: Nanos, out: Outbox) -> None:
        """Apply one report, or begin one approved request."""
        if isinstance(event, Execution):
            self._execution(event, now, out)
        elif isinstance(event, OrderWord):
            if event.kind >= SUBMIT_LOST:
                self._doubtful(event, now, out)
            else:
                self._word(event, now, out)
        elif isinstance(event, Approved):
            self._approved(event, now, out)
        elif isinstance(event, Mode) and event.mode >= PAUSED:
            for desk in self.desks:
                desk.end_entry(now, out)

    def position(self, instrument: i64) -> Lots:
        """Return the signed lots held by our own count of fills."""
        return self.desks[instrument].position

    def open_orders(self) -> list[Order]:
        """Return the orders that may still trade, in the order sent; to be read, not changed."""
        return list(self.table.open.values())

    def _approved(self, event: Approved, now: Nanos, out: Outbox) -> None:
        """Hand a request to its desk; each intent is carried out at most once."""
        request = event.request
        desk = self.desks[request.instrument]
        served_by = self.table.intents.get(request.intent_id)
        if served_by is not None:
            out.put(refuse(now, request, "trading.intent_repeated", served_by, 0))
        elif request.purpose == ENTER:
            desk.request_enter(request, now, out)
        elif request.purpose == EXIT:
            desk.request_exit(request, now, out)
        else:
            out.put(refuse(now, request, "trading.purpose", request.purpose, EXIT))
        desk.ask_again()
        desk.settle(now, out)

    def _word(self, event: OrderWord, now: Nanos, out: Outbox) -> None:
        """Apply a report that is not an execution."""
        step = event.kind - ACCEPTED
        order = self.table.find(event.order_id)
        if order is None or order.instrument != event.instrument:
            self._contradict(event.order_id, event.instrument, "unknown_order." + EVENT_NAMES[step], now, out)
        else:
            self._step(order, step, now, out)

    def _doubtful(self, event: OrderWord, now: Nanos, out: Outbox) -> None:
        """Apply the loss of an answer, or what an inquiry brought that is no report of its own."""
        kind = event.kind
        order = self.table.find(event.order_id)
        if order is None or order.instrument != event.instrument:
            self._contradict(event.order_id, event.instrument, "unknown_order.doubt", now, out)
        elif kind == SUBMIT_LOST or kind == CANCEL_LOST:
            self._step(order, LOSE_SUBMIT if kind == SUBMIT_LOST else LOSE_CANCEL, now, out)
        elif not order.is_in_doubt():
            self.fates.forget(order)
            self.ignored += 1
        elif kind == FOUND:
            self.fates.forget(order)
            if order.state == SUBMIT_UNKNOWN:
                order.cancels = 0  # a cancel asked before may have been lost on the same way
                self._step(order, ACCEPT, now, out)
            else:
                self._step(order, CANCEL_REJECT, now, out)
        elif kind == ABSENT and self.fates.absent(order, now):
            self._step(order, EXPIRE, now, out)
        else:
            if kind == INQUIRY_LOST:
                self.fates.lost(order)
            self.fates.ask_again(order, now, out)

    def _step(self, order: Order, step: i64, now: Nanos, out: Outbox) -> None:
        """Let one thing happen to an order, and see to what follows."""
        before = order.state
        outcome = order.step(step)
        if outcome == APPLIED:
            if step == CANCEL_REJECT and order.cancels >= CANCELS_MAX:
                self._say(order.order_id, order.instrument, "trading.cancel_refused", now, out)
            if step == LOSE_CANCEL and order.cancels > 0:
                order.cancels -= 1  # it was not refused, and may be asked again
            self._applied(order, now, out)
            if step >= LOSE_SUBMIT:
                self.fates.doubt(order, now, out)
        elif outcome == IGNORED:
            self.ignored += 1
        else:
            rule = ORDER_STATES[before] + "." + EVENT_NAMES[step]
            self._contradict(order.order_id, order.instrument, rule, now, out)

    def _execution(self, event: Execution, now: Nanos, out: Outbox) -> None:
        """Apply an execution to its order and our position, once."""
        order = self.table.find(event.order_id)
        if order is None or order.instrument != event.instrument:
            self._contradict(event.order_id, event.instrument, "unknown_order.fill", now, out)
            return
        if order.side != event.side:
            self._contradict(event.order_id, event.instrument, "wrong_side.fill", now, out)
            return
        outcome = order.fill(event.trade_id, event.lots, event.price)
        if outcome == APPLIED:
            self.desks[order.instrument].filled(order, event.lots)
            out.put(Fill(event, intent_id=order.intent_id, slot=order.slot, purpose=order.purpose))
            self._applied(order, now, out)
        elif outcome == IGNORED:
            self.ignored += 1
        else:
            self._contradict(event.order_id, event.instrument, ORDER_STATES[order.state] + ".overfill", now, out)

    def _applied(self, order: Order, now: Nanos, out: Outbox) -> None:
        """Tell everyone what an order has become, and let its desk act on it."""
        desk = self.desks[order.instrument]
        self.table.settle(order)
        if not order.is_open():
            desk.ended(order)
            self.fates.forget(order)
        out.put(
            OrderUpdate(
                now,
                order_id=order.order_id,
                intent_id=order.intent_id,
                instrument=order.instrument,
                purpose=order.purpose,
                side=order.side,
                state=order.state,
                filled=order.filled,
                leaves=order.leaves,
                price=order.average(),
            )
        )
        desk.settle(now, out)

    def _contradict(self, order_id: i64, instrument: i64, what: str, now: Nanos, out: Outbox) -> None:
        """Count and report something that cannot be true."""
        self.contradictions += 1
        self._say(order_id, instrument, CONTRADICTION + what, now, out)

    def _say(self, order_id: i64, instrument: i64, rule: str, now: Nanos, out: Outbox) -> None:
        """Report a fault about an order as a value that ends no intent."""
        measured = float(order_id)
        out.put(Refused(now, intent_id=-1, slot=-1, instrument=instrument, rule=rule, measured=measured, limit=0.0))

    def write_state(self, out: BytesWriter) -> None:
        """Write the order table, each desk in the order of instruments, the two counts, and the orders in doubt."""
        self.table.write_state(out)
        for desk in self.desks:
            desk.write_state(out)
        write_i64_le(out, self.ignored)
        write_i64_le(out, self.contradictions)
        self.fates.write_state(out)
