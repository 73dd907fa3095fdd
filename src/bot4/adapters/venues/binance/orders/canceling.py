# SPDX-License-Identifier: Apache-2.0
"""Canceling orders: one, or the two of a list at once, and what the reply tells of each order that it ended.

The venue cancels the whole list with any leg, so that a cancel may end an order which nobody named. That the venue
does not know an order proves nothing: it may have filled, or not have arrived yet. An order that has traded is told
as ended only behind its executions.
"""

from typing import Any, Final, final

from bot4.adapters.venues.binance.orders.holding import NeverLeft, PatientDoor, Recall
from bot4.adapters.venues.binance.orders.lookup import ARCHIVED, About, Lookup, reason_of
from bot4.adapters.venues.binance.orders.placing import UNTOLD
from bot4.adapters.venues.binance.orders.states import ENDED, FILLED
from bot4.adapters.venues.binance.wire.replies import CancelReply, OrderReply
from bot4.adapters.venues.binance.wire.requests import Request, cancel_list, cancel_order
from bot4.adapters.venues.binance.wire.rest import Told
from bot4.adapters.venues.kit.answers import Outcome, is_proof
from bot4.adapters.venues.kit.decimals import exact
from bot4.adapters.venues.kit.names import OrderNames
from bot4.domain.order import OrderWord, cancel_lost, cancel_rejected, expired

NAMELESS: Final = "its name at the venue is not known"


@final
class Canceling:
    """Cancel orders and tell what came of it.

    Parameters
    ----------
    lookup : Lookup
        Tells reports, and looks up what a reply leaves open.
    names : OrderNames
        What the venue calls our orders.
    door : PatientDoor
        Through which commands leave.
    """

    __slots__ = ("_lookup", "_names", "_door")

    def __init__(self, lookup: Lookup, names: OrderNames, door: PatientDoor) -> None:
        self._lookup = lookup
        self._names = names
        self._door = door

    async def one(self, command: OrderWord, recall: Recall | None) -> None:
        """Cancel one order; ``recall`` is that of its submit, if that was on its way."""
        if recall is not None and recall.is_over:
            return  # it never left, and this was told
        name = self._names.of(int(command.order_id))
        if name is None:
            self._lookup.say(cancel_lost, about_word(command), NAMELESS)  # the inquiry that follows brings it
            return
        symbol = self._lookup.instruments[int(command.instrument)].symbol
        await self._end((command,), cancel_order(symbol, name))

    async def both(self, first: OrderWord, second: OrderWord, recall: Recall | None) -> None:
        """Cancel the list that two orders stand in."""
        is_list = self._names.sibling(int(first.order_id)) == second.order_id
        name = self._names.list_name(int(first.order_id)) if is_list else None
        if name is None:  # the venue did not take them as a list
            await self.one(first, recall)
            await self.one(second, recall)
            return
        if recall is not None and recall.is_over:
            return
        symbol = self._lookup.instruments[int(first.instrument)].symbol
        await self._end((first, second), cancel_list(symbol, name))

    async def _end(self, commands: tuple[OrderWord, ...], request: Request) -> None:
        """Ask for the end of orders, and tell what became of each."""
        told = await self._door.ask(request, "cancel", CancelReply)
        ended = {} if isinstance(told, NeverLeft) else self._ended(told)
        if any(int(command.order_id) in ended for command in commands):
            await self._tell(commands, ended)
            return
        word, reason = cancel_lost, "the reply is about another order"
        if isinstance(told, NeverLeft):
            word, reason = cancel_rejected, told.reason()
        elif told.answer.rule == ARCHIVED:
            word, reason = expired, ARCHIVED
        elif is_proof(told.answer):
            word, reason = cancel_rejected, reason_of(told.answer)
        elif told.answer.outcome is not Outcome.ACCEPTED:
            reason = reason_of(told.answer)
        for command in commands:
            self._lookup.say(word, about_word(command), reason)

    def _ended(self, told: Told[Any]) -> dict[int, OrderReply]:
        """Return what a reply tells of orders of ours, by their numbers; nothing where nothing was ended."""
        if told.answer.outcome is not Outcome.ACCEPTED or told.value is None:
            return {}
        numbered = [(self._names.number(name), report) for name, report in told.value.ended().items()]
        return {number: report for number, report in numbered if number is not None}

    async def _tell(self, commands: tuple[OrderWord, ...], ended: dict[int, OrderReply]) -> None:
        """Deliver the end of every order in a reply, and look up those that ended with it."""
        first = commands[0]
        reason, instrument = first.reason, int(first.instrument)
        with_them = {int(command.order_id) for command in commands} | {self._names.sibling(int(first.order_id))}
        for number, report in ended.items():
            await self._tell_end(report, (number, instrument), reason)
        for number in sorted(with_them - {0} - set(ended)):
            name = self._names.of(number)
            if name is not None:
                await self._lookup.inquire(name, (number, instrument))

    async def _tell_end(self, report: OrderReply, about: About, reason: str) -> None:
        """Deliver the end of one order: at once where it has not traded, else behind its executions."""
        lookup = self._lookup
        filled = exact(report.executed_qty, lookup.instruments[about[1]].lot_size)
        if filled == 0 and report.status in ENDED:
            lookup.say(ENDED[report.status], about, reason)
        elif report.status not in (*ENDED, FILLED) or not await lookup.tell(report, about):
            lookup.say(cancel_lost, about, UNTOLD)


def about_word(command: OrderWord) -> About:
    """Return which order a cancel is about, and its instrument."""
    return int(command.order_id), int(command.instrument)
