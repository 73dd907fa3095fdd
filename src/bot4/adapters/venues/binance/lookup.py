# SPDX-License-Identifier: Apache-2.0
"""What the venue has of an order, looked up and told as reports: its executions first, then what it is now.

Everything told here may have been told before, by a reply or by the user stream: the engine applies an execution
once, by its trade id, and a state that it knows already changes nothing.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, final

from bot4.adapters.venues.binance.replies import MyTrade, OrderReply
from bot4.adapters.venues.binance.reports import MS_NS, exact, execution
from bot4.adapters.venues.binance.requests import Request, all_orders, my_trades, query_order
from bot4.adapters.venues.binance.rest import Told
from bot4.adapters.venues.kit.allowance import NEVER
from bot4.adapters.venues.kit.answers import Answer, Outcome
from bot4.adapters.venues.kit.limiter import Hold, Urgency
from bot4.domain.event import Event
from bot4.domain.ids import RUN_PREFIX, order_name
from bot4.domain.instrument import Instrument
from bot4.domain.order import Execution, OrderWord, absent, canceled, expired, found, inquiry_lost, rejected
from bot4.domain.ports import Clock
from bot4.domain.values import Nanos

ENDED: Final = {"CANCELED": canceled, "EXPIRED": expired, "EXPIRED_IN_MATCH": expired, "REJECTED": rejected}
"""The venue's states of an order that has ended without being filled whole, and our word for each."""

FILLED: Final = "FILLED"
OPEN: Final = ("NEW", "PARTIALLY_FILLED", "PENDING_NEW")
HOLD_MAX_MS: Final = 2_000
"""A request of no urgency that would have to wait longer for the limiter is given up."""

Word = Callable[[Nanos, Nanos, int, int, str], OrderWord]
About = tuple[int, int]
"""An order's id and its instrument."""


class Door(Protocol):
    """Ask the venue one thing: :class:`~bot4.adapters.venues.binance.rest.BinanceRest`."""

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
    """

    __slots__ = ("instruments", "clock", "deliver", "_door", "_run")

    def __init__(
        self,
        door: Door,
        *,
        run: str,
        instruments: Sequence[Instrument],
        clock: Clock,
        deliver: Callable[[Event], None],
    ) -> None:
        self.instruments = list(instruments)
        self.clock = clock
        self.deliver = deliver
        self._door = door
        self._run = run

    async def ask(self, request: Request, kind: type[Any], urgency: Urgency) -> Told[Any] | Hold:
        """Ask once the limiter lets us; give up where that takes longer than the request is worth."""
        shape = "order" if kind is OrderReply else "list"
        while True:
            told = await self._door.ask(request, shape, kind)
            if not isinstance(told, Hold) or told.until_ms >= NEVER:
                return told
            wait_ms = told.until_ms - int(self.clock.now_ns()) // MS_NS
            if urgency is Urgency.ORDINARY and wait_ms > HOLD_MAX_MS:
                return told
            await asyncio.sleep(max(wait_ms, 1) / 1e3)

    async def inquire(self, name: str, about: About) -> None:
        """Tell what became of an order: asked by its name, and where that is unknown sought among all orders."""
        symbol = self.instruments[about[1]].symbol
        told = await self.ask(query_order(symbol, name), OrderReply, Urgency.ORDINARY)
        if isinstance(told, Hold) or told.answer.outcome not in (Outcome.FOUND, Outcome.NOT_FOUND):
            self.say(inquiry_lost, about, told.rule if isinstance(told, Hold) else reason_of(told.answer))
            return
        order: OrderReply | None = told.value
        if order is not None and order.own_id() != name:
            self.say(inquiry_lost, about, f"the reply is about {order.own_id()}")
            return
        if order is None:
            every = await self.orders(symbol)
            if every is None:
                self.say(inquiry_lost, about, "the list of orders did not come")
                return
            order = next((one for one in every if one.own_id() == name), None)
        if order is None:
            self.say(absent, about, "unknown to the venue")
        elif not await self.tell(order, about):
            self.say(inquiry_lost, about, "its executions are not all there yet")

    async def catch_up(self, instrument: Instrument) -> bool:
        """Tell everything that the venue has of our orders in one instrument; False where it could not be had whole."""
        every = await self.orders(instrument.symbol)
        if every is None:
            return False
        whole = True
        for order in every:
            name = order_name(order.own_id())
            if name is not None and name.run_prefix == self._run[:RUN_PREFIX]:
                whole = await self.tell(order, (int(name.order_id), int(instrument.index))) and whole
        return whole

    async def orders(self, symbol: str) -> list[OrderReply] | None:
        """Return the latest orders of a symbol, ended ones included; None where they did not come."""
        told = await self.ask(all_orders(symbol), list[OrderReply], Urgency.ORDINARY)
        return None if isinstance(told, Hold) else told.value

    async def tell(self, order: OrderReply, about: About) -> bool:
        """Deliver the executions of an order, then what it is now; False, and nothing told, where that is not whole."""
        instrument = self.instruments[about[1]]
        filled = exact(order.executed_qty, instrument.lot_size)
        is_filled = order.status == FILLED and order.executed_qty == order.orig_qty
        if filled is None or not (is_filled or order.status in OPEN or order.status in ENDED):
            return False
        executions: list[Execution] = []
        if filled > 0:
            request = my_trades(instrument.symbol, order_id=order.order_id)
            told = await self.ask(request, list[MyTrade], Urgency.ORDINARY)
            if not isinstance(told, Hold):
                its = [one for one in told.value or () if (one.symbol, one.order_id) == (order.symbol, order.order_id)]
                executions = self.executions(its, about)
        if sum(int(one.lots) for one in executions) != filled:
            return False
        for one in executions:
            self.deliver(one)
        if order.status in OPEN:
            now = self.clock.now_ns()
            self.deliver(found(now, now, *about))
        elif order.status in ENDED:
            self.say(ENDED[order.status], about, order.status.lower())
        return True

    def executions(self, trades: Sequence[MyTrade], about: About) -> list[Execution]:
        """Return executions as reports; one that cannot be read is left out, and so missed where they are counted."""
        known, instrument = self.clock.now_ns(), self.instruments[about[1]]
        read = [execution(trade, about[0], instrument, known_ns=known) for trade in trades]
        return [one[0] for one in read if one is not None]

    def say(self, word: Word, about: About, reason: str) -> None:
        """Deliver one short report."""
        now = self.clock.now_ns()
        self.deliver(word(now, now, *about, reason))


def reason_of(answer: Answer) -> str:
    """Return an answer's reason: our word for it, and the venue's own."""
    return f"{answer.rule}: {answer.text}" if answer.text else answer.rule
