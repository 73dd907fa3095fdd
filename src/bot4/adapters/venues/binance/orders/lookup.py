# SPDX-License-Identifier: Apache-2.0
"""What the venue has of an order, looked up and told as reports: its executions first, then what it is now.

Everything told here may have been told before, by a reply or by the user stream: the engine applies an execution
once, by its trade id, and a state that it knows already changes nothing.

That an order is absent is said only where three sources agree: asked by its name the venue knows none, it is not
among the open ones, and no trade since the last one accounted for belongs to it. An order that the venue has told of
before is never called absent: then the venue contradicts itself, and is asked again.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, final

from bot4.adapters.venues.binance.orders.history import TradeHistory
from bot4.adapters.venues.binance.orders.reports import FeeAssets, TradeReport, fee_assets, traded
from bot4.adapters.venues.binance.orders.states import ENDED, FILLED, OPEN
from bot4.adapters.venues.binance.orders.venue_names import VenueNames
from bot4.adapters.venues.binance.wire.replies import CancelReply, MyTrade, OrderListReply, OrderReply
from bot4.adapters.venues.binance.wire.requests import (
    Request,
    my_trades,
    open_orders,
    query_order,
    query_order_number,
)
from bot4.adapters.venues.binance.wire.rest import Told
from bot4.adapters.venues.kit.allowance import NEVER
from bot4.adapters.venues.kit.answers import Answer, Outcome
from bot4.adapters.venues.kit.decimals import exact
from bot4.adapters.venues.kit.limiter import Hold, Urgency
from bot4.domain.event import Event
from bot4.domain.ids import RUN_PREFIX, OrderName, order_name
from bot4.domain.instrument import Instrument
from bot4.domain.order import OrderWord, absent, expired, found, inquiry_lost
from bot4.domain.ports import Clock
from bot4.domain.values import Nanos

ARCHIVED: Final = "archived"
HOLD_MAX_MS: Final = 2_000
"""A request of no urgency that would have to wait longer for the limiter is given up."""

Word = Callable[[Nanos, Nanos, int, int, str], OrderWord]
About = tuple[int, int]
"""An order's id and its instrument."""


class Door(Protocol):
    """Ask the venue one thing, over REST (``rest``) or over the WebSocket API (``socket_door``)."""

    async def ask(self, request: Request, shape: str, kind: type[Any]) -> Told[Any] | Hold:
        """Send one request and return what came of it, or until when it is held back."""
        ...


@final
class Lookup:
    """Ask the venue about orders and tell what it says.

    Parameters
    ----------
    door : Door
        Through which requests leave.
    run : str
        The run whose orders are ours.
    instruments : sequence of Instrument
        The run's instrument table.
    clock : Clock
        Stamps what we know.
    deliver : callable
        Takes each report.
    assets : FeeAssets, optional
        What the assets of fees are to the run; without it those of third assets have no worth.

    Attributes
    ----------
    names : VenueNames
        Whose the venue's order numbers are.
    history : TradeHistory
        The account's trades, and which of them are accounted for.
    """

    __slots__ = ("instruments", "clock", "deliver", "names", "history", "door", "_run", "_assets")

    def __init__(
        self,
        door: Door,
        *,
        run: str,
        instruments: Sequence[Instrument],
        clock: Clock,
        deliver: Callable[[Event], None],
        assets: FeeAssets | None = None,
    ) -> None:
        self.instruments = list(instruments)
        self.clock = clock
        self.deliver = deliver
        self.names = VenueNames()
        self.history = TradeHistory(self.ask, self.names)
        self.door = door
        self._run = run
        self._assets = assets or fee_assets(instruments)

    async def ask(self, request: Request, kind: type[Any], urgency: Urgency) -> Told[Any] | Hold:
        """Ask once the limiter lets us; give up where that takes longer than the request is worth."""
        shape = "order" if kind is OrderReply else "list"
        while True:
            told = await self.door.ask(request, shape, kind)
            if not isinstance(told, Hold):
                self.note(told.value)
                return told
            if told.until_ms >= NEVER or (urgency is Urgency.ORDINARY and told.wait_ms > HOLD_MAX_MS):
                return told
            await asyncio.sleep(max(told.wait_ms, 1) / 1e3)

    def note(self, said: object) -> None:
        """Remember the orders that a reply tells of, by the venue's numbers."""
        if isinstance(said, OrderListReply | CancelReply) and said.orders:
            for leg in said.orders:
                self.names.note(leg.symbol, leg.order_id, leg.client_order_id)
        elif isinstance(said, OrderReply):
            self.names.note_reply(said)

    def own(self, client_id: str) -> OrderName | None:
        """Return the name of an order of this run, None for one of other hands."""
        name = order_name(client_id)
        return name if name is not None and name.run_prefix == self._run[:RUN_PREFIX] else None

    async def inquire(self, name: str, about: About) -> None:
        """Tell what became of an order: asked by its name, and where that is unknown sought in all that is known."""
        symbol = self.instruments[about[1]].symbol
        was_heard_of = self.names.is_heard_of(name)
        told = await self.ask(query_order(symbol, name), OrderReply, Urgency.ORDINARY)
        if isinstance(told, Hold) or told.answer.outcome not in (Outcome.FOUND, Outcome.NOT_FOUND):
            self.say(inquiry_lost, about, told.rule if isinstance(told, Hold) else reason_of(told.answer))
            return
        if told.answer.rule == ARCHIVED:
            self.say(expired, about, ARCHIVED)  # older than 90 days, and never filled
            return
        order: OrderReply | None = told.value
        if order is not None and order.own_id() != name:
            self.say(inquiry_lost, about, f"the reply is about {order.own_id()}")
            return
        if order is None and told.answer.outcome is Outcome.FOUND:
            self.say(expired, about, reason_of(told.answer))  # archived: it ended long ago, and nothing of it traded
            return
        sought = order or await self.seek(name, symbol)
        if isinstance(sought, str):
            self.say(inquiry_lost, about, sought)
        elif sought is None and was_heard_of:
            self.say(inquiry_lost, about, "the venue has told of it before, and knows nothing of it now")
        elif sought is None:
            self.say(absent, about, "unknown to the venue")
        elif not await self.tell(sought, about):
            self.say(inquiry_lost, about, "its executions are not all there yet")

    async def seek(self, name: str, symbol: str) -> OrderReply | str | None:
        """Return an order that the venue does not know by name: an open one, or one that has traded.

        None where it is nowhere; a text where that could not be found out.
        """
        orders = await self.open_orders(symbol)
        if orders is None:
            return "the open orders did not come"
        for order in orders:
            if order.own_id() == name:
                return order
        trades = await self.history.fresh(symbol)
        if trades is None:
            return "the trades did not come"
        unknown = await self.history.unknown_owner(symbol, trades)
        if unknown is not None:
            return f"nobody told whose order {unknown} is"
        for number in dict.fromkeys(trade.order_id for trade in trades):
            if self.names.client_id(symbol, number) == name:
                told = await self.ask(query_order_number(symbol, number), OrderReply, Urgency.ORDINARY)
                found_order: OrderReply | None = None if isinstance(told, Hold) else told.value
                is_it = found_order is not None and found_order.own_id() == name
                return found_order if is_it else f"order {number} did not come"
        return None

    async def open_orders(self, symbol: str) -> list[OrderReply] | None:
        """Return the open orders of a symbol, ours and others'; None where they did not come."""
        told = await self.ask(open_orders(symbol), list[OrderReply], Urgency.ORDINARY)
        orders: list[OrderReply] | None = None if isinstance(told, Hold) else told.value
        if orders is None or any(order.symbol != symbol or order.status not in OPEN for order in orders):
            return None
        for order in orders:
            self.names.note_reply(order)
        return orders

    async def tell(self, order: OrderReply, about: About) -> bool:
        """Deliver the executions of an order, then what it is now; False, and nothing told, where that is not whole."""
        instrument = self.instruments[about[1]]
        filled = exact(order.executed_qty, instrument.lot_size)
        is_filled = order.status == FILLED and order.executed_qty == order.orig_qty
        if filled is None or not (is_filled or order.status in OPEN or order.status in ENDED):
            return False
        executions: list[TradeReport] = []
        if filled > 0:
            request = my_trades(instrument.symbol, order_id=order.order_id)
            told = await self.ask(request, list[MyTrade], Urgency.ORDINARY)
            if not isinstance(told, Hold):
                its = [one for one in told.value or () if (one.symbol, one.order_id) == (order.symbol, order.order_id)]
                executions = self.executions(its, about)
        if sum(int(one.execution.lots) for one in executions) != filled:
            return False
        self.deliver_all(executions)
        if order.status in OPEN:
            now = self.clock.now_ns()
            self.deliver(found(now, now, *about))
        elif order.status in ENDED:
            self.say(ENDED[order.status], about, order.status.lower())
        return True

    def tell_trade(self, trade: MyTrade, about: About) -> int:
        """Deliver one trade of ours and return its lots; 0, and nothing told, where it cannot be read."""
        told = self.executions([trade], about)
        self.deliver_all(told)
        return sum(int(one.execution.lots) for one in told)

    def executions(self, trades: Sequence[MyTrade], about: About) -> list[TradeReport]:
        """Return executions as reports; one that cannot be read is left out, and so missed where they are counted."""
        known, instrument = self.clock.now_ns(), self.instruments[about[1]]
        read = [traded(trade, about[0], instrument, known_ns=known, assets=self._assets) for trade in trades]
        return [one for one in read if not isinstance(one, str)]

    def deliver_all(self, trades: Sequence[TradeReport]) -> None:
        """Deliver executions, each right after the fee that cash did not pay for it."""
        for trade in trades:
            for event in trade.events():
                self.deliver(event)

    def say(self, word: Word, about: About, reason: str) -> None:
        """Deliver one short report."""
        now = self.clock.now_ns()
        self.deliver(word(now, now, *about, reason))


def reason_of(answer: Answer) -> str:
    """Return an answer's reason: our word for it, and the venue's own."""
    return f"{answer.rule}: {answer.text}" if answer.text else answer.rule
