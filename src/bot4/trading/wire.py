# SPDX-License-Identifier: Apache-2.0
"""The last look at an order before it leaves: the venue's filters, what taking would cost, whether it could be undone.

One :class:`Wire` an instrument. It knows the market only by what was told: trades bound the venue's average, quotes
and books say what taking costs. It answers with a measured value and its limit, and what follows is the desk's
affair. An entry has the most to show: itself within every filter, its stop placeable, its exit sellable.
"""

from typing import Final, final

from librt.strings import BytesWriter
from mypy_extensions import i64

from bot4.domain.event import Event
from bot4.domain.instrument import Instrument
from bot4.domain.marketdata import BookLevels, Quote, Trade
from bot4.domain.order import (
    ENTER,
    IMMEDIATE_OR_CANCEL,
    MARKET,
    POST_ONLY,
    PROTECT_STOP,
    PROTECT_TARGET,
    STOP,
    OrderRequest,
    Submit,
)
from bot4.domain.order_prices import names_limit, names_trigger
from bot4.domain.values import BUY, RATE_ONE, Lots, Nanos, Ticks
from bot4.domain.verdict import Check
from bot4.trading.averages import PriceRange
from bot4.trading.book import OrderTable
from bot4.trading.conditions import Conditions
from bot4.trading.depth import Depth
from bot4.trading.filters import Surroundings, exit_objection, objection, refused, whole_lots

SLIPPAGE: Final = "execution.slippage"
TOO_SMALL: Final = ("filters.lots_min", "filters.market_min", "filters.notional_min")
"""Objections that more lots would lift."""


@final
class Wire:
    """Look at the orders of one instrument before they leave.

    Parameters
    ----------
    index : int
        The instrument's.
    conditions : Conditions
        Of the venue.
    table : OrderTable
        Where our open orders are found.
    """

    __slots__ = ("index", "conditions", "instrument", "filters", "table", "range", "depth")

    def __init__(self, index: i64, conditions: Conditions, table: OrderTable) -> None:
        self.index = index
        self.conditions = conditions
        self.instrument: Instrument = conditions.instruments[index]
        self.filters = conditions.filters[index]
        self.table = table
        self.range = PriceRange()
        self.depth = Depth()

    def see(self, event: Event) -> None:
        """Take in a trade, a quote or a book."""
        if isinstance(event, Trade):
            self.range.trade(event.price, event.ts_known_ns)
        elif isinstance(event, Quote):
            self.depth.quote(event)
        elif isinstance(event, BookLevels):
            self.depth.book(event)

    def fitting(self, lots: Lots, order_type: i64) -> Lots:
        """Return the most of a quantity that one order may have, 0 where that is less than the venue takes."""
        return whole_lots(lots, order_type, self.filters)

    def entry(self, request: OrderRequest, lots: Lots, position: Lots, now: Nanos) -> Check | None:
        """Return why an entry of so many fitting lots may not leave, None where it may."""
        after = Lots(lots + (position if position > 0 else -position))
        if lots == 0:
            return self.too_few(request.lots, request.order_type)
        if after > self.filters.lots_max:
            return refused("exit_lots_max", int(after), int(self.filters.lots_max))
        found = self.order(request, lots, position, now)
        if found is None:
            beside = 2 if request.target > 0 else 1
            found = self.order(self._stop_of(request), after, position, now, beside=beside)
        if found is None and request.target > 0:
            found = self._lists()
        if found is None:
            worst = self._worst(request)
            fee = self.conditions.fee_in_base if request.side == BUY else 0
            found = exit_objection(after, worst, self.instrument, self.filters, fee_rate_in_base=fee)
        return found if found is not None else self._slippage(request, lots)

    def exit(self, request: OrderRequest, lots: Lots, position: Lots, now: Nanos) -> Check | None:
        """Return why an exit of what fits of so many lots may not leave, None where it may."""
        fitting = self.fitting(lots, request.order_type)
        if fitting == 0:
            return self.too_few(lots, request.order_type)
        return self.order(request, fitting, position, now)

    def order(self, request: OrderRequest, lots: Lots, position: Lots, now: Nanos, *, beside: i64 = 0) -> Check | None:
        """Return why an order may not leave, None where it may.

        Parameters
        ----------
        beside : int
            Orders that leave together with it and are not in the table yet.
        """
        probe = Submit(
            now,
            order_id=self.table.next_id,
            intent_id=request.intent_id,
            slot=request.slot,
            instrument=request.instrument,
            purpose=request.purpose,
            order_type=request.order_type,
            side=request.side,
            lots=lots,
            limit=request.limit,
            trigger=request.trigger,
            sibling_id=0,
            reduce_only=request.purpose != ENTER,
        )
        return objection(probe, self.instrument, self.filters, self._surroundings(position, now, beside))

    def too_few(self, lots: Lots, order_type: i64) -> Check:
        """Return the objection to a quantity of which nothing fits."""
        filters = self.filters
        if order_type == MARKET and filters.market_min > filters.lots_min:
            return refused("market_min", int(lots), int(filters.market_min))
        return refused("lots_min", int(lots), int(filters.lots_min))

    def banded(self, request: OrderRequest) -> OrderRequest:
        """Return an exit that takes what is there within the band around the last price, the exit itself without one.

        Rounded towards the market: it fills no later for that.
        """
        last = self.range.last
        if last == 0 or IMMEDIATE_OR_CANCEL not in self.filters.order_types:
            return request
        part = int(last) * int(self.conditions.band)
        limit = int(last) * RATE_ONE + int(request.side) * part
        request.order_type = IMMEDIATE_OR_CANCEL
        request.limit = Ticks(-(-limit // RATE_ONE) if request.side == BUY else limit // RATE_ONE)
        return request

    def _stop_of(self, request: OrderRequest) -> OrderRequest:
        """Return the stop that an entry will ask for."""
        return OrderRequest(
            intent_id=request.intent_id,
            instrument=request.instrument,
            slot=request.slot,
            purpose=PROTECT_STOP,
            order_type=STOP,
            side=-request.side,
            lots=request.lots,
            reference=request.stop,
            limit=Ticks(0),
            trigger=request.stop,
            stop=Ticks(0),
            target=Ticks(0),
        )

    def _lists(self) -> Check | None:
        """Return whether the pair that an entry will ask for might be one list too many."""
        lists = 1
        for order in self.table.open.values():
            if order.instrument != self.index:
                continue
            # A list stands until its target is done; an entry that waits will ask for one.
            lists += order.purpose == PROTECT_TARGET or (order.purpose == ENTER and order.target > 0)
        if lists > self.filters.lists_max:
            return refused("lists_max", int(lists), int(self.filters.lists_max))
        return None

    def _worst(self, request: OrderRequest) -> Ticks:
        """Return the lowest price at which what an entry opens must still be allowed to end."""
        if request.side != BUY:
            price = request.target if request.target > 0 else request.reference
            return Ticks(int(price) * (RATE_ONE - int(self.conditions.exit_slip)) // RATE_ONE)
        return Ticks(int(request.stop) * (RATE_ONE - int(self.conditions.exit_slip)) // RATE_ONE)

    def _slippage(self, request: OrderRequest, lots: Lots) -> Check | None:
        """Return whether an entry that takes would cost too much, as far as anyone knows."""
        most = self.conditions.slippage_max
        if most == 0 or request.order_type == POST_ONLY or names_trigger(request.order_type):
            return None
        limit = request.limit if names_limit(request.order_type) else Ticks(0)
        cost = self.depth.slippage(request.side, lots, limit)
        return Check(SLIPPAGE, float(cost) / RATE_ONE, float(most) / RATE_ONE) if cost > most else None

    def _surroundings(self, position: Lots, now: Nanos, beside: i64) -> Surroundings:
        """Return what the venue compares an order with, as far as we know: all of ours counts that may be open."""
        orders, stops, coming = int(beside), 0, 0
        for order in self.table.open.values():
            if order.instrument != self.index:
                continue
            orders += 1
            stops += names_trigger(order.order_type)
            coming += int(order.leaves) if order.side == BUY else 0
        return Surroundings(
            reference_low=self.range.low(now),
            reference_high=self.range.high(now),
            open_orders=orders,
            open_stops=stops,
            held=max(int(position), 0) + coming,
        )

    def write_state(self, out: BytesWriter) -> None:
        """Write what is known of the market."""
        self.range.write_state(out)
        self.depth.write_state(out)


def is_too_small(check: Check) -> bool:
    """Say whether an objection is to too little of something, which more lots would mend."""
    return check.rule in TOO_SMALL
