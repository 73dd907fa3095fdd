# SPDX-License-Identifier: Apache-2.0
"""The trading stage: approved requests in, commands out; reports in, order updates and fills out.

It takes nothing but :class:`~bot4.domain.verdict.Approved` from risk and the
reports of a venue. A report is applied to its order once; then the desk of that
instrument settles. Not in it: which state follows (``orders``), what to do about
it (``desk``), how long to doubt (``fates``).

An order that the venue proves to know nothing of has expired: the time in which its
submit could be taken is over. It was not refused, so that a stop may be sent again.

A fee that cash did not pay waits for its execution and is applied with it (``fees``).

A report that cannot be true (for an order nobody sent or everybody forgot, on the
wrong side, for more than was asked, a state that cannot follow) changes nothing,
stops nothing, and is answered with a ``Refused`` of no intent whose rule begins with
``trading.contradiction``, with the order's id as what was measured. The outside is
then to be reconciled; the engine goes on.

With the :class:`~bot4.trading.conditions.Conditions` of a real venue it also looks at
the market, so that each desk knows what the venue compares an order with.
"""

from collections.abc import Sequence
from typing import Final, final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.domain.event import (
    ABSENT,
    ACCEPTED,
    APPROVED,
    BOOK_DELTA,
    BOOK_SNAPSHOT,
    CANCEL_LOST,
    FOUND,
    INQUIRY_LOST,
    MODE,
    QUOTE,
    READINESS,
    REJECTED,
    REPORTS,
    SUBMIT_LOST,
    TRADE,
    Event,
)
from bot4.domain.fee import NO_PAYER, FeeTaken, PaidInKind
from bot4.domain.marketdata import BookLevels, Quote, Trade
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
from bot4.domain.readiness import ALL_INSTRUMENTS, MARKET_STALE, Readiness
from bot4.domain.stage import Outbox, Stage
from bot4.domain.unsent import NEVER_LEFT
from bot4.domain.values import PRODUCT_MAX, Lots, Nanos
from bot4.domain.verdict import PAUSED, Approved, Mode, Refused
from bot4.trading.book import CANCELS_MAX, CLOSED_MAX, CLOSED_MIN, OrderTable
from bot4.trading.conditions import Conditions
from bot4.trading.desk import Desk, refuse, take_fee
from bot4.trading.fates import FateRules, Fates
from bot4.trading.fees import WaitingFees
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

IN_KIND: Final = -1
"""Opens the part of the state that tells of fees in kind: no order has this id."""
MARKET_DATA: Final = (TRADE, QUOTE, BOOK_SNAPSHOT, BOOK_DELTA)
"""What is looked at where the venue has conditions."""


@final
class Trading(Stage):
    """Carry out approved requests and keep the truth about our orders.

    Parameters
    ----------
    instruments : int
        How many instruments the run has.
    rules : FateRules, optional
        How long an order of unknown fate is asked about.
    lot_units : sequence of int, optional
        One lot of each instrument in 1e-8 of its base asset: without it no fee in the base is counted.
    least : sequence of Lots, optional
        The smallest quantity that can be sold of each instrument; 1 where it is not said.

    conditions : Conditions, optional
        Of a real venue; None has every order leave as it was approved.

    Attributes
    ----------
    ignored, contradictions : int
        Reports that said nothing new, and reports that could not be true.
    """

    def __init__(
        self,
        instruments: int,
        rules: FateRules | None = None,
        *,
        lot_units: Sequence[int] = (),
        least: Sequence[int] = (),
        conditions: Conditions | None = None,
    ) -> None:
        super().__init__((APPROVED, MODE, READINESS, *REPORTS, *(MARKET_DATA if conditions is not None else ())))
        self.table = OrderTable(CLOSED_MIN if conditions is None else CLOSED_MAX)
        self.fates = Fates(rules or FateRules())
        self.fees = WaitingFees()
        units, smallest = list(lot_units) or [0] * instruments, list(least) or [1] * instruments
        self.desks = [
            Desk(i, self.table, self.fates, lot_units=units[i], least=Lots(smallest[i]), conditions=conditions)
            for i in range(instruments)
        ]
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
            order = self.table.find(event.order_id)
            if order is not None:
                self.desks[order.instrument].answered(event, now, out)
        elif isinstance(event, Approved):
            self._approved(event, now, out)
        elif isinstance(event, FeeTaken):
            self._fee(event, now, out)
        else:
            self._around(event, now, out)

    def _around(self, event: Event, now: Nanos, out: Outbox) -> None:
        """Take in what is so around the orders: the safety mode, our readiness, the market."""
        if isinstance(event, Mode) and event.mode >= PAUSED:
            for desk in self.desks:
                desk.end_entry("paused", now, out)
        elif isinstance(event, Trade):
            self._see(event, event.instrument)
            self.desks[event.instrument].see(event.price, now, out)
        elif isinstance(event, Quote | BookLevels):
            self._see(event, event.instrument)
        elif isinstance(event, Readiness) and not event.ready and event.reason == MARKET_STALE:
            for desk in self.desks:  # an entry rests on data; where that is too old it is not to fill any more
                if event.instrument == desk.instrument or event.instrument == ALL_INSTRUMENTS:
                    desk.end_entry("market stale", now, out)

    def _see(self, event: Event, instrument: i64) -> None:
        """Let a desk know of its market."""
        wire = self.desks[instrument].wire
        if wire is not None:
            wire.see(event)

    def position(self, instrument: i64) -> Lots:
        """Return the signed lots held by our own count of fills."""
        return self.desks[instrument].position

    def dust(self, instrument: i64) -> i64:
        """Return what is held beside the lots, in 1e-8 of the base asset."""
        return self.desks[instrument].dust.units

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
            never_left = event.kind == REJECTED and event.reason.startswith(NEVER_LEFT)
            self._step(order, step, now, out, never_left=never_left)

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

    def _step(self, order: Order, step: i64, now: Nanos, out: Outbox, *, never_left: bool = False) -> None:
        """Let one thing happen to an order, and see to what follows."""
        before = order.state
        outcome = order.step(step)
        if outcome == APPLIED:
            if step == CANCEL_REJECT and order.cancels >= CANCELS_MAX:
                self._say(order.order_id, order.instrument, "trading.cancel_refused", now, out)
                waits = self.desks[order.instrument].waits
                if waits is not None:
                    waits.wait_to_cancel(order, now, out)
            if step == LOSE_CANCEL and order.cancels > 0:
                order.cancels -= 1  # it was not refused, and may be asked again
            self._applied(order, now, out, never_left=never_left)
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
        fee = self.fees.take(event.order_id, event.trade_id)
        outcome = order.fill(event.trade_id, event.lots, event.price)
        if outcome == APPLIED:
            self.desks[order.instrument].filled(order, event.lots)
            in_kind = None if fee is None else self._pay(fee)
            fill = Fill(event, intent_id=order.intent_id, slot=order.slot, purpose=order.purpose, in_kind=in_kind)
            out.put(fill)
            self._applied(order, now, out)
            if in_kind is not None and in_kind.lots > 0 and in_kind.taken.payer != order.instrument:
                self.desks[in_kind.taken.payer].settle(now, out)
        elif outcome == IGNORED:
            self.ignored += 1
        else:
            self._contradict(event.order_id, event.instrument, ORDER_STATES[order.state] + ".overfill", now, out)

    def _fee(self, event: FeeTaken, now: Nanos, out: Outbox) -> None:
        """Let a fee in kind wait for its execution; one that comes after it was told before."""
        order = self.table.find(event.order_id)
        if order is None or order.instrument != event.instrument:
            self._contradict(event.order_id, event.instrument, "unknown_order.fee", now, out)
        elif not self._can_pay(event):
            self._contradict(event.order_id, event.instrument, "fee.uncountable", now, out)
        elif order.has_seen(event.trade_id) or not self.fees.keep(event):
            self.ignored += 1

    def _can_pay(self, fee: FeeTaken) -> bool:
        """Say whether a fee is one that can be counted, by an instrument that there is."""
        if not 0 < fee.amount < PRODUCT_MAX or not 0 <= fee.worth < PRODUCT_MAX:
            return False
        if fee.payer == NO_PAYER:
            return True
        return 0 <= fee.payer < len(self.desks) and self.desks[fee.payer].dust.can_pay(fee.amount)

    def _pay(self, fee: FeeTaken) -> PaidInKind:
        """Take a fee from the position whose asset paid it."""
        lots = Lots(0) if fee.payer == NO_PAYER else take_fee(self.desks[fee.payer], fee.amount)
        return PaidInKind(fee, lots)

    def _applied(self, order: Order, now: Nanos, out: Outbox, *, never_left: bool = False) -> None:
        """Tell everyone what an order has become, and let its desk act on it."""
        desk = self.desks[order.instrument]
        self.table.settle(order, now)
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
        if not order.is_open():
            desk.ended(order, now, out, never_left=never_left)
            self.fates.forget(order)
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
        """Write the order table, each desk by instrument, the two counts, the orders in doubt, and fees in kind."""
        self.table.write_state(out)
        for desk in self.desks:
            desk.write_state(out)
        write_i64_le(out, self.ignored)
        write_i64_le(out, self.contradictions)
        self.fates.write_state(out)
        if self.fees.waiting or any(desk.dust.units != 0 for desk in self.desks):
            write_i64_le(out, IN_KIND)
            self.fees.write_state(out)
            for desk in self.desks:
                write_i64_le(out, desk.dust.units)
