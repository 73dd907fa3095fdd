# SPDX-License-Identifier: Apache-2.0
"""Where orders become trades: accepted or rejected, matched against bars, ended.

What it assumes stands at the head of ``venue.py``; at what prices, in
``prices.py``. It knows neither latency nor who asks: commands reach it in order
of arrival, with the moment, and its reports queue until they are fetched.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final, final

from mypy_extensions import i64

from bot4.domain.event import Event
from bot4.domain.instrument import SPOT, Instrument
from bot4.domain.marketdata import Bar
from bot4.domain.order import (
    LIMIT,
    STOP,
    STOP_LIMIT,
    Execution,
    OrderWord,
    Submit,
    accepted,
    cancel_rejected,
    canceled,
    rejected,
)
from bot4.domain.values import BUY, SELL, Lots, Money, Nanos, Ticks
from bot4.simulation.filters import INSUFFICIENT, cash_claim, lots_claimed, objection, size_objection
from bot4.simulation.ledger import VenueLedger
from bot4.simulation.orders import VenueOrder, WorkingOrders
from bot4.simulation.prices import (
    NO_TRADE,
    limit_price_in,
    price_at_open,
    reached_in,
    reaches,
    rested_at,
    stop_price_in,
)
from bot4.simulation.rounding import affordable, fee_of, notional_of

SIBLING: Final = "sibling"
NOTHING_TO_REDUCE: Final = "nothing to reduce"

REMEMBERED_MAX: Final = 1 << 16
"""So many orders that ended are remembered by id, so that memory does not grow with a run."""


@final
class Matcher:
    """Keep the open orders of all instruments and trade them against bars.

    Parameters
    ----------
    instruments : sequence of Instrument
        The run's instrument table.
    ledger : VenueLedger
        Booked at each execution.
    slippage, participation : int
        As in the venue, in 1 / ``RATE_ONE``.
    """

    __slots__ = (
        "instruments",
        "ledger",
        "slippage",
        "participation",
        "working",
        "open_orders",
        "traded",
        "remembered",
        "remembered_max",
        "reports",
    )

    def __init__(
        self, instruments: Sequence[Instrument], ledger: VenueLedger, *, slippage: i64, participation: i64
    ) -> None:
        self.instruments = list(instruments)
        self.ledger = ledger
        self.slippage: i64 = slippage
        self.participation: i64 = participation
        self.working = [WorkingOrders(instrument) for instrument in self.instruments]
        self.open_orders: dict[int, VenueOrder] = {}
        # The orders taken, and whether each triggered or traded: duplicates and late siblings are told by it.
        self.traded: dict[int, bool] = {}
        self.remembered: deque[int] = deque()
        self.remembered_max: i64 = REMEMBERED_MAX
        self.reports: deque[Event] = deque()

    def take(self, command: Submit, at: Nanos) -> None:
        """Accept an order, or reject it with the reason."""
        reason = self._objection(command, at)
        if reason:
            self.reports.append(rejected(at, at, command.order_id, command.instrument, reason))
            return
        order = VenueOrder(command, at)
        self._remember(int(order.order_id))
        self.open_orders[int(order.order_id)] = order
        self.working[order.instrument].add(order)
        self.reports.append(accepted(at, at, order.order_id, order.instrument))

    def take_cancel(self, command: OrderWord, at: Nanos) -> None:
        """Cancel an open order, or say that there is none."""
        order = self.open_orders.get(int(command.order_id))
        if order is None:
            reason = "order has ended" if int(command.order_id) in self.traded else "unknown order"
            self.reports.append(cancel_rejected(at, at, command.order_id, command.instrument, reason))
        else:
            self._cancel(order, at, command.reason)

    def trade_open(self, bar: Bar) -> None:
        """Let every order that had arrived by the open meet it."""
        working = self.working[bar.instrument]
        working.begin(bar, self.participation)
        for order in working.orders.copy():
            if order.leaves and order.arrived_ns <= bar.open_ns:
                self._meet_open(order, working, bar)

    def trade_inside(self, bar: Bar) -> None:
        """Let every order that had arrived by the open meet the bar's range: the stops, then the limits."""
        working = self.working[bar.instrument]
        working.begin(bar, self.participation)
        there = [order for order in working.orders if order.arrived_ns <= bar.open_ns]
        limits = [order for order in there if order.order_type == LIMIT]
        for order in there:
            if order.leaves and order.order_type in (STOP, STOP_LIMIT) and reached_in(order, bar):
                self._meet_trigger(order, working, bar)
        for order in limits:
            price = limit_price_in(order, bar) if order.leaves else NO_TRADE
            if price != NO_TRADE:
                self._trade(order, working, price, is_maker=rested_at(order, bar.open), at=bar.ts_known_ns)

    def _remember(self, order_id: int) -> None:
        """Remember an id, and forget the oldest of an order that has ended where there are too many."""
        self.traded[order_id] = False
        self.remembered.append(order_id)
        if len(self.remembered) > self.remembered_max:
            oldest = self.remembered.popleft()
            if oldest in self.open_orders:
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
            paired = self.open_orders.get(int(command.sibling_id))
            free = int(self.ledger.lots[command.instrument]) - lots_claimed(self.working[command.instrument])
            if paired is not None and paired.side == SELL and not paired.reduce_only:
                free += int(paired.leaves)
            return INSUFFICIENT if int(command.lots) > free else ""
        return INSUFFICIENT if self._claims_of(VenueOrder(command, at), at) > int(self.ledger.cash) else ""

    def _claims_of(self, order: VenueOrder, at: Nanos) -> int:
        """Return the cash that an order and those before it may take at worst; a sibling does not count beside it."""
        rate = self.ledger.rate(at, is_maker=False)
        claims = cash_claim(order, self.instruments[order.instrument], rate=rate, slippage=self.slippage)
        if claims == 0:
            return 0
        for other in self.open_orders.values():
            if other.order_id != order.sibling_id and other.sibling_id != order.order_id:
                claims += cash_claim(other, self.instruments[other.instrument], rate=rate, slippage=self.slippage)
        return claims

    def _meet_open(self, order: VenueOrder, working: WorkingOrders, bar: Bar) -> None:
        """Let one order meet the open."""
        at = bar.open_ns
        if order.order_type in (STOP, STOP_LIMIT):
            if not reaches(order, bar.open):
                return
            self._set_off(order, working, at)
        price = price_at_open(order, bar.open, self.slippage)
        if price != NO_TRADE:
            self._trade(order, working, price, is_maker=False, at=at)

    def _meet_trigger(self, order: VenueOrder, working: WorkingOrders, bar: Bar) -> None:
        """Let a stop that was reached inside the bar trade."""
        price = stop_price_in(order, bar, self.slippage)
        self._set_off(order, working, bar.ts_known_ns)
        if price != NO_TRADE:
            self._trade(order, working, price, is_maker=False, at=bar.ts_known_ns)

    def _set_off(self, order: VenueOrder, working: WorkingOrders, at: Nanos) -> None:
        """Turn a stop into what it becomes, and cancel its sibling."""
        working.trigger(order)
        self._spend_siblings(order, at)

    def _spend_siblings(self, order: VenueOrder, at: Nanos) -> None:
        """Cancel the other leg at the first sign of this one, whichever of the two named the other."""
        order_id = order.order_id
        if self.traded[int(order_id)]:
            return
        self.traded[int(order_id)] = True
        for other in list(self.open_orders.values()):
            if other.sibling_id == order_id or other.order_id == order.sibling_id:
                self._cancel(other, at, SIBLING)

    def _trade(self, order: VenueOrder, working: WorkingOrders, price: Ticks, *, is_maker: bool, at: Nanos) -> None:
        """Trade as much of an order at a price as volume, position and balance allow, and end what they forbid."""
        instrument = working.instrument
        if not order.is_judged:
            order.is_judged = True
            reason = size_objection(instrument, price, lots=order.lots, reduce_only=order.reduce_only)
            if reason:
                self._cancel(order, at, reason)
                return
        held = self.ledger.lots[order.instrument]
        if order.reduce_only and order.side * held >= 0:
            self._cancel(order, at, NOTHING_TO_REDUCE)
            return
        lots = min(order.leaves, Lots(working.left))
        if lots == 0:
            return
        if order.reduce_only:
            lots = min(lots, Lots(-order.side * held))
        rate = self.ledger.rate(at, is_maker=is_maker)
        funded = self._funded(order, working, price, lots=lots, rate=rate)
        if funded > 0:
            self._execute(order, working, price, lots=funded, rate=rate, is_maker=is_maker, at=at)
        if order.leaves == 0:
            return
        if funded < lots:
            self._cancel(order, at, INSUFFICIENT)
        elif order.reduce_only and self.ledger.lots[order.instrument] == 0:
            self._cancel(order, at, NOTHING_TO_REDUCE)

    def _funded(self, order: VenueOrder, working: WorkingOrders, price: Ticks, *, lots: Lots, rate: i64) -> Lots:
        """Return how many of these lots the balance covers."""
        instrument = working.instrument
        if instrument.instrument_type != SPOT:
            return lots
        if order.side == BUY:
            return min(lots, Lots(affordable(instrument, price, cash=int(self.ledger.cash), rate=rate)))
        return min(lots, Lots(self.ledger.lots[order.instrument]))

    def _execute(
        self,
        order: VenueOrder,
        working: WorkingOrders,
        price: Ticks,
        *,
        lots: Lots,
        rate: i64,
        is_maker: bool,
        at: Nanos,
    ) -> None:
        """Book one execution, report it, and cancel the sibling at the first."""
        notional = notional_of(working.instrument, price, lots)
        fee = fee_of(notional, rate)
        trade_id = self.ledger.apply(order.instrument, side=order.side, lots=lots, notional=notional, fee=fee)
        working.left -= lots
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
            self._end(order, working)
        self._spend_siblings(order, at)

    def _cancel(self, order: VenueOrder, at: Nanos, reason: str) -> None:
        self._end(order, self.working[order.instrument])
        self.reports.append(canceled(at, at, order.order_id, order.instrument, reason))

    def _end(self, order: VenueOrder, working: WorkingOrders) -> None:
        working.remove(order)
        del self.open_orders[int(order.order_id)]
