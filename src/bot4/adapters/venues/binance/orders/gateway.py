# SPDX-License-Identifier: Apache-2.0
"""The gateway to Binance spot: durable commands become requests, and what came of them the reports of them.

A command is sent once. What proves that the order lives or does not becomes the venue's report; everything else
becomes a loss (``submit_lost``, ``cancel_lost``, ``inquiry_lost``), and the engine asks. So does a bug of ours on the
way, which is kept besides. A cancel does not overtake its submit, but calls it back while it waits; an inquiry waits
for nobody, and nobody for it. Not in it: what a reply means (``placing``, ``canceling``), how long a command may wait
(``holding``), which of them leave together (``pairing``).
"""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any, final

from bot4.adapters.venues.binance.orders.canceling import Canceling, about_word
from bot4.adapters.venues.binance.orders.holding import PatientDoor, Recall
from bot4.adapters.venues.binance.orders.lookup import About, Lookup, Word
from bot4.adapters.venues.binance.orders.pairing import Together, pair_of
from bot4.adapters.venues.binance.orders.placing import Placing, about_of
from bot4.adapters.venues.kit.names import OrderNames
from bot4.domain.errors import OurFault
from bot4.domain.event import CANCEL, Event
from bot4.domain.order import Inquire, OrderWord, Submit, cancel_lost, inquiry_lost, submit_lost
from bot4.domain.ports import Gateway
from bot4.domain.values import Nanos


@final
class BinanceGateway(Gateway):
    """Carry commands to the venue and its words back.

    Parameters
    ----------
    lookup : Lookup
        Asks the venue and delivers what it says, never from within :meth:`send`.
    run : str
        The run's identity: part of each client order id.
    known : mapping of int to int, optional
        The slot of each order that was open at the start, from the journal. Without it the first cancel of such an
        order is told as lost, and goes out after the inquiry, which says the slot.

    Attributes
    ----------
    sent : int
        Commands taken.
    faults : list of BaseException
        What broke first while a command was carried: a bug of ours, upon which trading must end.
    door : PatientDoor
        Through which commands leave; counts the answers that no table knows.
    """

    def __init__(self, lookup: Lookup, run: str, known: Mapping[int, int] | None = None) -> None:
        self.sent = 0
        self.faults: list[BaseException] = []
        self.door = PatientDoor(lookup)
        self._lookup = lookup
        self._names = OrderNames(run, known or {})
        self._placing = Placing(lookup, self._names, self.door)
        self._canceling = Canceling(lookup, self._names, self.door)
        self._submits: Together[Submit] = Together(self._submit, self._submit_both)
        self._cancels: Together[OrderWord] = Together(self._cancel, self._cancel_both)
        self._recalls: dict[int, Recall] = {}
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
            self._names.learn(int(command.order_id), int(command.slot))
            self._submits.put(int(command.order_id), int(command.sibling_id), command)
        elif isinstance(command, Inquire):
            self._names.learn(int(command.order_id), int(command.slot))
            self._ask(command)
        elif isinstance(command, OrderWord) and command.kind == CANCEL:
            self._submits.release()
            self._cancels.put(int(command.order_id), self._names.sibling(int(command.order_id)), command)
        else:
            raise OurFault(f"event kind {int(command.kind)} is no command")
        self.sent += 1

    def recall(self, order_id: int, slot: int) -> None:
        """Know an order that was sent before this process began: what is still to be said of it needs its name."""
        self._names.learn(order_id, slot)

    async def drained(self) -> None:
        """Wait until every command sent so far, and what its answer made the engine send, has been answered."""
        self._submits.release()
        self._cancels.release()
        while self._last or self._inquiries:
            await asyncio.wait([*self._last.values(), *self._inquiries])
            self._submits.release()
            self._cancels.release()

    async def cease(self) -> None:
        """Carry nothing any more and report nothing: whoever goes on with the run asks what became of the rest."""
        left = {*self._last.values(), *self._inquiries}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _submit(self, command: Submit) -> None:
        """Let one submit follow."""
        recall = Recall()
        self._begin((about_of(command),), submit_lost, self._placing.one(command, recall), recall)

    def _submit_both(self, first: Submit, second: Submit) -> None:
        """Let the legs of a pair follow as one list, or each alone where they are no pair of the venue's."""
        pair = pair_of(first, second)
        if pair is None:
            self._submit(first)
            self._submit(second)
            return
        recall = Recall()
        legs = about_of(pair.stop), about_of(pair.target)
        self._names.join(legs[0][0], legs[1][0])
        self._begin(legs, submit_lost, self._placing.pair(pair, recall), recall)

    def _cancel(self, command: OrderWord) -> None:
        """Let one cancel follow, and call its submit back."""
        about = about_word(command)
        self._begin((about,), cancel_lost, self._canceling.one(command, self._call_back(about[0])))

    def _cancel_both(self, first: OrderWord, second: OrderWord) -> None:
        """Let the cancel of a list follow, and call its submit back."""
        legs = about_word(first), about_word(second)
        recall = self._call_back(legs[0][0])
        self._begin(legs, cancel_lost, self._canceling.both(first, second, recall))

    def _call_back(self, order_id: int) -> Recall | None:
        """Call a submit back that may not have left yet."""
        recall = self._recalls.get(order_id)
        if recall is not None:
            recall.asked.set()
        return recall

    def _ask(self, command: Inquire) -> None:
        """Let an inquiry begin."""
        about = int(command.order_id), int(command.instrument)
        task = asyncio.get_running_loop().create_task(self._inquire(command, about))
        self._inquiries.add(task)
        task.add_done_callback(self._inquiries.discard)
        task.add_done_callback(lambda done: self._keep_fault(done, (about,), inquiry_lost))

    async def _inquire(self, command: Inquire, about: About) -> None:
        """Ask what became of an order, once it is time."""
        wait_ns = int(command.due_ns) - int(self._lookup.clock.now_ns())
        if wait_ns > 0:
            await asyncio.sleep(wait_ns / 1e9)
        name = self._names.of(about[0])
        assert name is not None, "an inquiry says the slot"
        await self._lookup.inquire(name, about)

    def _begin(
        self, abouts: tuple[About, ...], lost: Word, work: Coroutine[Any, Any, None], recall: Recall | None = None
    ) -> None:
        """Let one command follow those before about the same orders."""
        numbers = [number for number, _ in abouts]
        before = [task for number in numbers if (task := self._last.get(number)) is not None]
        task = asyncio.get_running_loop().create_task(follow(before, work))
        for number in numbers:
            self._last[number] = task
            if recall is not None:
                self._recalls[number] = recall
        task.add_done_callback(lambda done: self._end(abouts, lost, done, recall))

    def _end(self, abouts: tuple[About, ...], lost: Word, done: asyncio.Task[None], recall: Recall | None) -> None:
        """Forget a command that has had its answer."""
        for number, _ in abouts:
            if self._last.get(number) is done:
                del self._last[number]
            if recall is not None and self._recalls.get(number) is recall:
                del self._recalls[number]
        self._keep_fault(done, abouts, lost)

    def _keep_fault(self, done: asyncio.Task[None], abouts: tuple[About, ...], lost: Word) -> None:
        """Keep what broke while a command was carried, the first of it, and have the engine ask about the orders."""
        fault = None if done.cancelled() else done.exception()
        if fault is None:
            return
        if not self.faults:
            self.faults.append(fault)
        for about in abouts:
            self._lookup.say(lost, about, f"fault: {type(fault).__name__}")


async def follow(before: list[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> None:
    """Do one thing once others are done, however those ended."""
    is_open = [task for task in before if not task.done()]
    if is_open:
        await asyncio.wait(is_open)
    await work
