# SPDX-License-Identifier: Apache-2.0
"""Where orders become trades: accepted or rejected, matched against bars, ended.

What it assumes stands at the head of ``venue.py``; at what prices, in
``prices.py``. It knows neither latency nor who asks: commands reach it in order
of arrival, with the moment, and its reports queue until they are fetched.
"""

from collections.abc import Sequence
from typing import final

from mypy_extensions import i64

from bot4.domain.instrument import Instrument
from bot4.domain.marketdata import Bar
from bot4.domain.order import FILL_OR_KILL, POST_ONLY, STOP, STOP_LIMIT, OrderWord, Submit
from bot4.domain.values import Lots, Nanos, Ticks
from bot4.simulation.clerk import NOT_AT_ONCE, WOULD_TAKE, Clerk
from bot4.simulation.ledger import VenueLedger
from bot4.simulation.orders import VenueOrder
from bot4.simulation.prices import (
    NO_TRADE,
    limit_price_in,
    price_at_open,
    rested_at,
    stop_price_in,
)
from bot4.simulation.working import WorkingOrders


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

    __slots__ = ("slippage", "participation", "working", "clerk")

    def __init__(
        self, instruments: Sequence[Instrument], ledger: VenueLedger, *, slippage: i64, participation: i64
    ) -> None:
        self.slippage: i64 = slippage
        self.participation: i64 = participation
        self.working = [WorkingOrders(instrument) for instrument in instruments]
        self.clerk = Clerk(instruments, self.working, ledger, slippage=slippage)

    def take(self, command: Submit, at: Nanos) -> None:
        """Accept an order, or reject it with the reason."""
        self.clerk.admit(command, at)

    def take_cancel(self, command: OrderWord, at: Nanos) -> None:
        """Cancel an open order, or say that there is none."""
        self.clerk.take_cancel(command, at)

    def trade_open(self, bar: Bar) -> None:
        """Let every order that had arrived by the open meet it."""
        working = self.working[bar.instrument]
        working.begin(bar, self.participation)
        for order in working.at_open(bar):
            if order.leaves and order.arrived_ns <= bar.open_ns:
                self._meet_open(order, working, bar)

    def trade_inside(self, bar: Bar) -> None:
        """Let every order that had arrived by the open meet the bar's range: the stops, then the limits."""
        working = self.working[bar.instrument]
        working.begin(bar, self.participation)
        limits = working.limits_inside(bar)  # before a stop-limit joins them: reached inside, it has its own rule
        for order in working.stops_inside(bar):
            if order.leaves and order.arrived_ns <= bar.open_ns:
                self._meet_trigger(order, working, bar)
        for order in limits:
            if order.leaves and order.arrived_ns <= bar.open_ns:
                price = limit_price_in(order, bar)
                is_maker = rested_at(order, bar.open)
                self._trade(order, working, price, is_maker=is_maker, at=bar.ts_known_ns)

    def _meet_open(self, order: VenueOrder, working: WorkingOrders, bar: Bar) -> None:
        """Let one order meet the open."""
        at = bar.open_ns
        if order.manner != 0:
            self._meet_open_in_its_manner(order, working, bar)
            return
        if order.order_type in (STOP, STOP_LIMIT):
            self.clerk.set_off(order, at)
        price = price_at_open(order, bar.open, self.slippage)
        if price != NO_TRADE:
            self._trade(order, working, price, is_maker=False, at=at)

    def _meet_open_in_its_manner(self, order: VenueOrder, working: WorkingOrders, bar: Bar) -> None:
        """Let a limit order that only makes rest, and trade as maker; let one that only takes do it now or never."""
        at = bar.open_ns
        price = price_at_open(order, bar.open, self.slippage)
        if order.manner == POST_ONLY:
            if not order.is_fresh:
                if price != NO_TRADE:
                    self._trade(order, working, order.limit, is_maker=True, at=at)
            elif price != NO_TRADE:
                self.clerk.expire(order, at, WOULD_TAKE)
            else:
                working.rest(order)
            return
        is_enough = order.manner != FILL_OR_KILL or working.left >= order.leaves
        if price != NO_TRADE and is_enough:
            self._trade(order, working, price, is_maker=False, at=at)
        if order.leaves:
            self.clerk.expire(order, at, NOT_AT_ONCE)

    def _meet_trigger(self, order: VenueOrder, working: WorkingOrders, bar: Bar) -> None:
        """Let a stop that was reached inside the bar trade."""
        price = stop_price_in(order, bar, self.slippage)
        self.clerk.set_off(order, bar.ts_known_ns)
        if price != NO_TRADE:
            self._trade(order, working, price, is_maker=False, at=bar.ts_known_ns)

    def _trade(self, order: VenueOrder, working: WorkingOrders, price: Ticks, *, is_maker: bool, at: Nanos) -> None:
        """Trade as much of an order as the share of the bar's volume allows."""
        working.left -= self.clerk.trade(order, price, lots=Lots(working.left), is_maker=is_maker, at=at)
