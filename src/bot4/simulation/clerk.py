# SPDX-License-Identifier: Apache-2.0
"""The venue's desk: orders admitted or rejected, executions booked, orders ended, and every report written.

Both venues stand on it, the one that matches against bars and the one that
matches against books: it knows what an account may do, and nothing of prices.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final, final

from mypy_extensions import i64

from bot4.domain.event import Event
from bot4.domain.instrument import SPOT, Instrument
from bot4.domain.order import (
    Execution,
    OrderWord,
    Submit,
    accepted,
    cancel_rejected,
    canceled,
    expired,
    rejected,
)
from bot4.domain.values import BUY, SELL, Lots, Money, Nanos, Ticks
from bot4.simulation.claims import Claims
from bot4.simulation.filters import INSUFFICIENT, UNCOUNTABLE, objection, size_objection
from bot4.simulation.ledger import VenueLedger, VenueStatement
from bot4.simulation.orders import Shelf, VenueOrder
from bot4.simulation.rounding import affordable, fee_of, notional_of

SIBLING: Final = "sibling"
NOTHING_TO_REDUCE: Final = "nothing to reduce"
WOULD_TAKE: Final = "would take"
NOT_AT_ONCE: Final = "not at once"

REMEMBERED_MAX: Final = 1 << 16
"""So many orders that ended are remembered by id, so that memory does not grow with a run."""


@final
class Clerk:
    """Keep the open orders of all instruments, and answer for each.

    Parameters
    ----------
    instruments : sequence of Instrument
        The run's instrument table.
    shelves : sequence of Shelf
        Where the matcher keeps the orders of each instrument.
    ledger : VenueLedger
        Booked at each execution.
    slippage : int
        What a stop may cost beyond its trigger, in 1 / ``RATE_ONE``.
    """

    __slots__ = (
        "instruments",
        "shelves",
        "ledger",
        "claims",
        "sequence",
        "traded",
        "remembered",
        "remembered_max",
        "reports",
    )

    def __init__(
        self, instruments: Sequence[Instrument], shelves: Sequence[Shelf], ledger: VenueLedger, *, slippage: i64
    ) -> None:
        self.instruments = list(instruments)
        self.shelves = list(shelves)
        self.ledger = ledger
        self.claims = Claims(instruments, slippage)
        self.sequence: i64 = 0
        # The orders taken, and whether each triggered or traded: duplicates and late siblings are told by it.
        self.traded: dict[int, bool] = {}
        self.remembered: deque[int] = deque()
        self.remembered_max: i64 = REMEMBERED_MAX
        self.reports: deque[Event] = deque()

    def admit(self, command: Submit, at: Nanos) -> VenueOrder | None:
        """Accept an order and shelve it, or reject it with the reason and return None."""
        reason = self._objection(command, at)
        if reason:
            self.reports.append(rejected(at, at, command.order_id, command.instrument, reason))
            return None
        self.sequence += 1
        order = VenueOrder(command, at, self.sequence)
        self._remember(int(order.order_id))
        self.claims.add(order)
        self.shelves[order.instrument].add(order)
        self.reports.append(accepted(at, at, order.order_id, order.instrument))
        return order

    def expire(self, order: VenueOrder, at: Nanos, reason: str) -> None:
        """End an order whose time is over, as it was sent."""
        self._end(order)
        self.reports.append(expired(at, at, order.order_id, order.instrument, reason))

    def take_cancel(self, command: OrderWord, at: Nanos) -> None:
        """Cancel an open order, or say that there is none."""
        order = self.claims.open.get(int(command.order_id))
        if order is None:
            reason = "order has ended" if int(command.order_id) in self.traded else "unknown order"
            self.reports.append(cancel_rejected(at, at, command.order_id, command.instrument, reason))
        else:
            self._cancel(order, at, command.reason)

    def set_off(self, order: VenueOrder, at: Nanos) -> None:
        """Turn a stop into what it becomes, and cancel its sibling."""
        self.shelves[order.instrument].trigger(order)
        self.claims.change(order)
        self._spend_siblings(order, at)

    def trade(self, order: VenueOrder, price: Ticks, *, lots: Lots, is_maker: bool, at: Nanos) -> Lots:
        """Trade at most so many lots of an open order, as position and balance allow; end what they forbid.

        Returns
        -------
        Lots
            What traded. Less than was offered: the order has ended, or was filled.
        """
        instrument = self.instruments[order.instrument]
        if not order.is_judged:
            order.is_judged = True
            reason = size_objection(instrument, price, lots=order.lots, reduce_only=order.reduce_only)
            if reason:
                self._cancel(order, at, reason)
                return Lots(0)
        held = self.ledger.lots[order.instrument]
        if order.reduce_only and order.side * held >= 0:
            self._cancel(order, at, NOTHING_TO_REDUCE)
            return Lots(0)
        lots = min(order.leaves, lots)
        if lots == 0:
            return Lots(0)
        if order.reduce_only:
            lots = min(lots, Lots(-order.side * held))
        if not instrument.counts(price, lots):
            self._cancel(order, at, UNCOUNTABLE)
            return Lots(0)
        rate = self.ledger.rate(at, is_maker=is_maker)
        funded = self._funded(order, instrument, price, lots=lots, rate=rate)
        if funded > 0:
            self._execute(order, instrument, price, lots=funded, rate=rate, is_maker=is_maker, at=at)
        if order.leaves == 0:
            return funded
        if funded < lots:
            self._cancel(order, at, INSUFFICIENT)
        elif order.reduce_only and self.ledger.lots[order.instrument] == 0:
            self._cancel(order, at, NOTHING_TO_REDUCE)
        return funded

    def statement(self) -> VenueStatement:
        """Return what the venue holds to be true now."""
        return VenueStatement(
            cash=Money(self.ledger.cash),
            lots=[Lots(lots) for lots in self.ledger.lots],
            fees=Money(self.ledger.fees),
            executions=self.ledger.executions,
            open_orders=[
                (int(order.order_id), int(order.instrument), int(order.side), int(order.leaves))
                for shelf in self.shelves
                for order in shelf.orders.values()
            ],
        )

    def _remember(self, order_id: int) -> None:
        """Remember an id, and forget the oldest of an order that has ended where there are too many."""
        self.traded[order_id] = False
        self.remembered.append(order_id)
        if len(self.remembered) > self.remembered_max:
            oldest = self.remembered.popleft()
            if oldest in self.claims.open:
                self.remembered.append(oldest)
            else:
                del self.traded[oldest]

    def _objection(self, command: Submit, at: Nanos) -> str:
        """Return why an order is rejected on arrival, or nothing."""
        if not 0 <= command.instrument < len(self.instruments):
            return "unknown instrument"
        if command.order_id < 1:
            return "order id below 1"
        if int(command.order_id) in self.traded:
            return "duplicate order id"
        if self.traded.get(int(command.sibling_id), False):
            return SIBLING
        instrument = self.instruments[command.instrument]
        reason = objection(command, instrument)
        if reason or command.reduce_only or instrument.instrument_type != SPOT:
            return reason
        if command.side == SELL:
            paired = self.claims.open.get(int(command.sibling_id))
            free = self.ledger.lots[command.instrument] - self.claims.lots[command.instrument]
            if paired is not None and paired.instrument == command.instrument:
                free += paired.lots_claim
            return INSUFFICIENT if command.lots > free else ""
        rate = self.ledger.rate(at, is_maker=False)
        return INSUFFICIENT if self.claims.cash_beside(VenueOrder(command, at), rate) > int(self.ledger.cash) else ""

    def _spend_siblings(self, order: VenueOrder, at: Nanos) -> None:
        """Cancel the other leg at the first sign of this one, whichever of the two named the other."""
        if self.traded[int(order.order_id)]:
            return
        self.traded[int(order.order_id)] = True
        for other in self.claims.siblings_of(order):
            self._cancel(other, at, SIBLING)

    def _funded(self, order: VenueOrder, instrument: Instrument, price: Ticks, *, lots: Lots, rate: i64) -> Lots:
        """Return how many of these lots the balance covers."""
        if instrument.instrument_type != SPOT:
            return lots
        if order.side == BUY:
            return Lots(affordable(instrument, price, lots=int(lots), cash=int(self.ledger.cash), rate=rate))
        return min(lots, Lots(self.ledger.lots[order.instrument]))

    def _execute(
        self,
        order: VenueOrder,
        instrument: Instrument,
        price: Ticks,
        *,
        lots: Lots,
        rate: i64,
        is_maker: bool,
        at: Nanos,
    ) -> None:
        """Book one execution, report it, and cancel the sibling at the first."""
        notional = notional_of(instrument, price, lots)
        fee = fee_of(notional, rate)
        trade_id = self.ledger.apply(order.instrument, side=order.side, lots=lots, notional=notional, fee=fee)
        order.leaves = Lots(order.leaves - lots)
        self.reports.append(
            Execution(
                at,
                at,
                order_id=order.order_id,
                trade_id=trade_id,
                instrument=order.instrument,
                side=order.side,
                lots=lots,
                price=price,
                fee=Money(fee),
                is_maker=is_maker,
            )
        )
        if order.leaves == 0:
            self._end(order)
        else:
            self.claims.change(order)
        self._spend_siblings(order, at)

    def _cancel(self, order: VenueOrder, at: Nanos, reason: str) -> None:
        self._end(order)
        self.reports.append(canceled(at, at, order.order_id, order.instrument, reason))

    def _end(self, order: VenueOrder) -> None:
        self.shelves[order.instrument].remove(order)
        self.claims.remove(order)
