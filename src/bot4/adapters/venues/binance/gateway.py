# SPDX-License-Identifier: Apache-2.0
"""The gateway to Binance spot: each durable command becomes one request, and what came of it the reports of it.

A command is sent once. What proves that the order lives or does not becomes the venue's report; everything else
becomes a loss (``submit_lost``, ``cancel_lost``, ``inquiry_lost``), and the engine asks. A request that the limiter
keeps back waits its turn; one that is no use any more when its turn comes is refused in our own words, for it never
left. A cancel does not overtake its submit; an inquiry waits for nobody, and nobody for it.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, final

from bot4.adapters.venues.binance.lookup import ENDED, About, Lookup, reason_of
from bot4.adapters.venues.binance.replies import MyTrade, OrderReply
from bot4.adapters.venues.binance.reports import MS_NS
from bot4.adapters.venues.binance.requests import cancel_order, place_order
from bot4.adapters.venues.binance.rest import Told
from bot4.adapters.venues.binance.tickets import ticket, urgency_of
from bot4.adapters.venues.kit.answers import Answer, Outcome, Remedy
from bot4.adapters.venues.kit.limiter import Hold, Urgency
from bot4.domain.errors import OurFault
from bot4.domain.event import Event
from bot4.domain.ids import client_order_id
from bot4.domain.order import (
    Inquire,
    OrderWord,
    Submit,
    accepted,
    cancel_lost,
    cancel_rejected,
    canceled,
    rejected,
    submit_lost,
)
from bot4.domain.ports import Gateway
from bot4.domain.values import Nanos

REMEMBERED_MAX: Final = 1 << 16
"""So many of the latest orders are known by slot, so that memory does not grow with a run."""


@final
class BinanceGateway(Gateway):
    """Carry commands to the venue and its words back.

    Parameters
    ----------
    lookup : Lookup
        Asks the venue and delivers what it says, never from within :meth:`send`.
    run : str
        The run's identity: part of each client order id.

    Attributes
    ----------
    sent : int
        Commands taken.
    faults : list of BaseException
        What broke first while a command was carried: a bug of ours, upon which trading must end.
    """

    def __init__(self, lookup: Lookup, run: str) -> None:
        self.sent = 0
        self.faults: list[BaseException] = []
        self._lookup = lookup
        self._run = run
        self._slots: dict[int, int] = {}
        self._last: dict[int, asyncio.Task[None]] = {}
        self._inquiries: set[asyncio.Task[None]] = set()

    def send(self, command: Event, now: Nanos) -> None:
        """Send one command, once; its answer is delivered later, whatever it is.

        Raises
        ------
        OurFault
            If the event is no command.
        """
        if isinstance(command, Submit):
            self._remember(int(command.order_id), int(command.slot))
            self._begin(int(command.order_id), self._submit(command))
        elif isinstance(command, Inquire):
            self._remember(int(command.order_id), int(command.slot))
            task = asyncio.get_running_loop().create_task(self._inquire(command))
            self._inquiries.add(task)
            task.add_done_callback(self._inquired)
        elif isinstance(command, OrderWord):
            self._begin(int(command.order_id), self._cancel(command))
        else:
            raise OurFault(f"event kind {int(command.kind)} is no command")
        self.sent += 1

    async def drained(self) -> None:
        """Wait until every command sent so far, and what its answer made the engine send, has been answered."""
        while self._last or self._inquiries:
            await asyncio.wait([*self._last.values(), *self._inquiries])

    def _remember(self, order_id: int, slot: int) -> None:
        """Keep the slot of an order, which is part of its name at the venue."""
        self._slots[order_id] = slot
        if len(self._slots) > REMEMBERED_MAX:
            del self._slots[next(iter(self._slots))]

    def _begin(self, order_id: int, work: Coroutine[Any, Any, None]) -> None:
        """Let one command follow the one before about the same order."""
        task = asyncio.get_running_loop().create_task(follow(self._last.get(order_id), work))
        self._last[order_id] = task
        task.add_done_callback(lambda done: self._end(order_id, done))

    def _inquired(self, done: asyncio.Task[None]) -> None:
        """Forget an inquiry that has had its answer."""
        self._inquiries.discard(done)
        self._keep_fault(done)

    def _keep_fault(self, done: asyncio.Task[None]) -> None:
        """Keep what broke while a command was carried, the first of it: the rest follows from it."""
        fault = None if done.cancelled() else done.exception()
        if fault is not None and not self.faults:
            self.faults.append(fault)

    def _end(self, order_id: int, done: asyncio.Task[None]) -> None:
        """Forget a command that has had its answer."""
        self._keep_fault(done)
        if self._last.get(order_id) is done:
            del self._last[order_id]

    async def _submit(self, command: Submit) -> None:
        """Place one order."""
        about = (int(command.order_id), int(command.instrument))
        urgency = urgency_of(command)
        name = self._name(about[0])
        params = ticket(command, self._lookup.instruments[about[1]], name)
        told = await self._lookup.ask(place_order(params, urgency=urgency), OrderReply, urgency)
        if isinstance(told, Hold):
            self._lookup.say(rejected, about, f"not sent: {told.rule}")
        elif is_done(told, name):
            assert told.value is not None, "what is done has a reply"
            self._tell_placed(told.value, about)
        elif is_proof(told.answer):
            self._lookup.say(rejected, about, reason_of(told.answer))
        else:
            self._lookup.say(submit_lost, about, reason_of(told.answer))

    async def _cancel(self, command: OrderWord) -> None:
        """Cancel one order; that the venue does not know it proves nothing: it may have filled, or not arrived yet."""
        about = (int(command.order_id), int(command.instrument))
        name = self._name(about[0])
        request = cancel_order(self._lookup.instruments[about[1]].symbol, name)
        told = await self._lookup.ask(request, OrderReply, Urgency.PROTECTIVE)
        if isinstance(told, Hold):
            self._lookup.say(cancel_rejected, about, f"not sent: {told.rule}")
        elif is_done(told, name):
            self._lookup.say(canceled, about, command.reason)
        elif is_proof(told.answer):
            self._lookup.say(cancel_rejected, about, reason_of(told.answer))
        else:
            self._lookup.say(cancel_lost, about, reason_of(told.answer))

    async def _inquire(self, command: Inquire) -> None:
        """Ask what became of an order, once it is time."""
        wait_ns = int(command.due_ns) - int(self._lookup.clock.now_ns())
        if wait_ns > 0:
            await asyncio.sleep(wait_ns / 1e9)
        order_id = int(command.order_id)
        await self._lookup.inquire(self._name(order_id), (order_id, int(command.instrument)))

    def _tell_placed(self, reply: OrderReply, about: About) -> None:
        """Deliver what the reply to a placed order says: that it lives, what it has traded, that it has ended."""
        now = self._lookup.clock.now_ns()
        self._lookup.deliver(accepted(Nanos(reply.transact_time * MS_NS), now, *about))
        for one in self._lookup.executions(fills_of(reply), about):
            self._lookup.deliver(one)
        if reply.status in ENDED:
            self._lookup.say(ENDED[reply.status], about, reply.status.lower())

    def _name(self, order_id: int) -> str:
        """Return the id under which the venue knows an order."""
        return client_order_id(self._run, self._slots[order_id], order_id)


async def follow(before: asyncio.Task[None] | None, work: Coroutine[Any, Any, None]) -> None:
    """Do one thing once another is done, however that ended."""
    if before is not None and not before.done():
        await asyncio.wait((before,))
    await work


def is_done(told: Told[Any], name: str) -> bool:
    """Say whether a command was carried out: a success, told about the order that was meant."""
    return told.answer.outcome is Outcome.ACCEPTED and told.value is not None and told.value.own_id() == name


def is_proof(answer: Answer) -> bool:
    """Say whether a refusal proves that nothing was done, and nothing is left to look up."""
    return answer.outcome is Outcome.REJECTED and answer.remedy is not Remedy.LOOK_UP


def fills_of(reply: OrderReply) -> list[MyTrade]:
    """Return the executions that came with the reply to a placed order, all of them taken from the book."""
    return [
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
