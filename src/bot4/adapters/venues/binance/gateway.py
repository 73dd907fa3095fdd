# SPDX-License-Identifier: Apache-2.0
"""The gateway to Binance spot: each durable command becomes one request, and what came of it the reports of it.

A command is sent once. What proves that the order lives or does not becomes the venue's report; everything else
becomes a loss (``submit_lost``, ``cancel_lost``, ``inquiry_lost``), and the engine asks. A request that the limiter
keeps back waits its turn; one that is no use any more when its turn comes is refused in our own words, for it never
left. Commands about one order follow each other: a cancel does not overtake its submit.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final, Protocol, final

from bot4.adapters.venues.binance.replies import MyTrade, OrderReply
from bot4.adapters.venues.binance.reports import MS_NS, exact, execution
from bot4.adapters.venues.binance.requests import (
    Request,
    all_orders,
    cancel_order,
    my_trades,
    place_order,
    query_order,
)
from bot4.adapters.venues.binance.rest import Told
from bot4.adapters.venues.binance.tickets import ticket, urgency_of
from bot4.adapters.venues.kit.allowance import NEVER
from bot4.adapters.venues.kit.answers import Answer, Outcome, Remedy
from bot4.adapters.venues.kit.limiter import Hold, Urgency
from bot4.domain.errors import OurFault
from bot4.domain.event import Event
from bot4.domain.ids import client_order_id
from bot4.domain.instrument import Instrument
from bot4.domain.order import (
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
from bot4.domain.ports import Clock, Gateway
from bot4.domain.values import Nanos

ENDED: Final = {
    "CANCELED": canceled,
    "EXPIRED": expired,
    "EXPIRED_IN_MATCH": expired,
    "REJECTED": rejected,
}
"""The venue's states of an order that has ended without being filled whole, and our word for each."""

OPEN: Final = ("NEW", "PARTIALLY_FILLED", "PENDING_NEW")
HOLD_MAX_MS: Final = 2_000
"""An entry that would have to wait longer for the limiter is not sent: what it was decided on is no longer so."""

Word = Callable[[Nanos, Nanos, int, int, str], OrderWord]


class Door(Protocol):
    """Ask the venue one thing: :class:`~bot4.adapters.venues.binance.rest.BinanceRest`."""

    async def ask(self, request: Request, shape: str, kind: type[Any]) -> Told[Any] | Hold:
        """Send one request and return what came of it, or until when it is held back."""
        ...


@final
class BinanceGateway(Gateway):
    """Carry commands to the venue and its words back.

    Parameters
    ----------
    door : Door
        Through which requests leave.
    run : str
        The run's identity: part of each client order id.
    instruments : sequence of Instrument
        The run's instrument table.
    clock : Clock
        Stamps what we know.
    deliver : callable
        Takes each report, never from within :meth:`send`.

    Attributes
    ----------
    sent : int
        Commands taken.
    """

    def __init__(
        self,
        door: Door,
        *,
        run: str,
        instruments: Sequence[Instrument],
        clock: Clock,
        deliver: Callable[[Event], None],
    ) -> None:
        self.sent = 0
        self._door = door
        self._run = run
        self._instruments = list(instruments)
        self._clock = clock
        self._deliver = deliver
        self._slots: dict[int, int] = {}
        self._last: dict[int, asyncio.Task[None]] = {}

    def send(self, command: Event, now: Nanos) -> None:
        """Send one command, once; its answer is delivered later, whatever it is.

        Raises
        ------
        OurFault
            If the event is no command.
        """
        if isinstance(command, Submit):
            self._slots[int(command.order_id)] = int(command.slot)
            self._begin(int(command.order_id), self._submit(command))
        elif isinstance(command, Inquire):
            self._slots[int(command.order_id)] = int(command.slot)
            self._begin(int(command.order_id), self._inquire(command))
        elif isinstance(command, OrderWord):
            self._begin(int(command.order_id), self._cancel(command))
        else:
            raise OurFault(f"event kind {int(command.kind)} is no command")
        self.sent += 1

    async def drained(self) -> None:
        """Wait until every command sent so far has had its answer."""
        while self._last:
            await asyncio.gather(*self._last.values())

    def _begin(self, order_id: int, work: Coroutine[Any, Any, None]) -> None:
        """Let one command follow the one before about the same order."""
        before = self._last.get(order_id)
        task = asyncio.get_running_loop().create_task(self._after(before, work))
        self._last[order_id] = task
        task.add_done_callback(lambda done: self._end(order_id, done))

    async def _after(self, before: asyncio.Task[None] | None, work: Coroutine[Any, Any, None]) -> None:
        """Do one thing after another."""
        if before is not None and not before.done():
            await asyncio.wait((before,))
        await work

    def _end(self, order_id: int, done: asyncio.Task[None]) -> None:
        """Forget a command that has had its answer."""
        if self._last.get(order_id) is done:
            del self._last[order_id]

    async def _submit(self, command: Submit) -> None:
        """Place one order."""
        instrument = self._instruments[command.instrument]
        urgency = urgency_of(command)
        name = self._name(int(command.order_id))
        told = await self._ask(place_order(ticket(command, instrument, name), urgency=urgency), OrderReply, urgency)
        about = (int(command.order_id), int(command.instrument))
        if isinstance(told, Hold):
            self._say(rejected, about, f"not sent: {told.rule}")
        elif told.answer.outcome is Outcome.ACCEPTED:
            assert told.value is not None, "a success has its value"
            self._tell_placed(told.value, about)
        elif told.answer.outcome is Outcome.REJECTED and told.answer.remedy is not Remedy.LOOK_UP:
            self._say(rejected, about, reason_of(told.answer))
        else:
            self._say(submit_lost, about, reason_of(told.answer))

    async def _cancel(self, command: OrderWord) -> None:
        """Cancel one order; that the venue does not know it proves nothing: it may have filled, or not arrived yet."""
        about = (int(command.order_id), int(command.instrument))
        symbol = self._instruments[command.instrument].symbol
        request = cancel_order(symbol, self._name(about[0]))
        told = await self._ask(request, OrderReply, Urgency.PROTECTIVE)
        if isinstance(told, Hold):
            self._say(cancel_rejected, about, f"not sent: {told.rule}")
        elif told.answer.outcome is Outcome.ACCEPTED:
            self._say(canceled, about, command.reason)
        elif told.answer.outcome is Outcome.REJECTED and told.answer.remedy is not Remedy.LOOK_UP:
            self._say(cancel_rejected, about, reason_of(told.answer))
        else:
            self._say(cancel_lost, about, reason_of(told.answer))

    async def _inquire(self, command: Inquire) -> None:
        """Ask what became of an order: by its name, by its executions, and where it is unknown among all orders."""
        about = (int(command.order_id), int(command.instrument))
        wait_ns = int(command.due_ns) - int(self._clock.now_ns())
        if wait_ns > 0:
            await asyncio.sleep(wait_ns / 1e9)
        symbol = self._instruments[command.instrument].symbol
        name = self._name(about[0])
        told = await self._ask(query_order(symbol, name), OrderReply, Urgency.ORDINARY)
        if isinstance(told, Hold) or told.answer.outcome not in (Outcome.FOUND, Outcome.NOT_FOUND):
            self._say(inquiry_lost, about, told.rule if isinstance(told, Hold) else reason_of(told.answer))
            return
        order: OrderReply | None = told.value
        if order is None:
            every = await self._ask(all_orders(symbol), list[OrderReply], Urgency.ORDINARY)
            if isinstance(every, Hold) or every.value is None:
                self._say(inquiry_lost, about, "the list of orders did not come")
                return
            order = next((one for one in every.value if one.own_id() == name), None)
        if order is None:
            self._say(absent, about, "unknown to the venue")
        else:
            await self._tell_found(order, about)

    async def _tell_found(self, order: OrderReply, about: tuple[int, int]) -> None:
        """Deliver the executions of an order that the venue has, then what it is now."""
        instrument = self._instruments[about[1]]
        filled = exact(order.executed_qty, instrument.lot_size)
        events: list[Event] = []
        if filled:
            trades = await self._ask(
                my_trades(instrument.symbol, order_id=order.order_id), list[MyTrade], Urgency.ORDINARY
            )
            events = [] if isinstance(trades, Hold) else self._executions(trades.value or (), about[0], instrument)
        if filled is None or sum(int(getattr(event, "lots", 0)) for event in events) < filled:
            self._say(inquiry_lost, about, "its executions are not all there yet")
            return
        for event in events:
            self._deliver(event)
        if order.status in OPEN:
            now = self._clock.now_ns()
            self._deliver(found(now, now, *about))
        elif order.status in ENDED:
            self._say(ENDED[order.status], about, order.status.lower())

    def _tell_placed(self, reply: OrderReply, about: tuple[int, int]) -> None:
        """Deliver what the reply to a placed order says: that it lives, what it has traded, that it has ended."""
        instrument = self._instruments[about[1]]
        known = self._clock.now_ns()
        self._deliver(accepted(Nanos(reply.transact_time * MS_NS), known, *about))
        trades = [
            MyTrade(
                symbol=reply.symbol,
                id=fill.trade_id,
                order_id=reply.order_id,
                price=fill.price,
                qty=fill.qty,
                quote_qty="",
                commission=fill.commission,
                commission_asset=fill.commission_asset,
                time=reply.transact_time,
                is_buyer=reply.side == "BUY",
                is_maker=False,
            )
            for fill in reply.fills
            if fill.trade_id >= 0
        ]
        for event in self._executions(trades, about[0], instrument):
            self._deliver(event)
        if reply.status in ENDED:
            self._say(ENDED[reply.status], about, reply.status.lower())

    def _executions(self, trades: Sequence[MyTrade], order_id: int, instrument: Instrument) -> list[Event]:
        """Return executions as reports; one that cannot be read is left out, and so missed where they are counted."""
        known = self._clock.now_ns()
        read = [execution(trade, order_id, instrument, known_ns=known) for trade in trades]
        return [one[0] for one in read if one is not None]

    async def _ask(self, request: Request, kind: type[Any], urgency: Urgency) -> Told[Any] | Hold:
        """Ask once the limiter lets us; give up where that takes longer than the request is worth."""
        shape = "orders" if kind is not OrderReply else "order"
        while True:
            told = await self._door.ask(request, shape, kind)
            if not isinstance(told, Hold) or told.until_ms >= NEVER:
                return told
            wait_ms = told.until_ms - int(self._clock.now_ns()) // MS_NS
            if urgency is Urgency.ORDINARY and wait_ms > HOLD_MAX_MS:
                return told
            await asyncio.sleep(max(wait_ms, 1) / 1e3)

    def _name(self, order_id: int) -> str:
        """Return the id under which the venue knows an order."""
        return client_order_id(self._run, self._slots[order_id], order_id)

    def _say(self, word: Word, about: tuple[int, int], reason: str) -> None:
        """Deliver one short report."""
        now = self._clock.now_ns()
        self._deliver(word(now, now, *about, reason))


def reason_of(answer: Answer) -> str:
    """Return an answer's reason: our word for it, and the venue's own."""
    return f"{answer.rule}: {answer.text}" if answer.text else answer.rule

