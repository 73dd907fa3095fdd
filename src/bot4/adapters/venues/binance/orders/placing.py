# SPDX-License-Identifier: Apache-2.0
"""Placing orders: one alone, or a stop with its target as one list of the venue's, and what the reply tells of each.

A pair leaves as one request, so that the venue locks the balance once and ends one leg when the other fills. Where the
venue refuses the pair (its target would be taken at once, or it has no lists here), the refusal is the target's, and
the stop is placed alone: protection comes first.
"""

from typing import Any, Final, final

from bot4.adapters.venues.binance.orders.holding import CALLED_BACK, NeverLeft, PatientDoor, Recall
from bot4.adapters.venues.binance.orders.lookup import About, Lookup, reason_of
from bot4.adapters.venues.binance.orders.pairing import Pair
from bot4.adapters.venues.binance.orders.reports import MS_NS
from bot4.adapters.venues.binance.orders.states import ENDED, FILLED, OPEN
from bot4.adapters.venues.binance.orders.tickets import oco_ticket, ticket
from bot4.adapters.venues.binance.wire.replies import MyTrade, OrderListReply, OrderReply, by_name
from bot4.adapters.venues.binance.wire.requests import place_list, place_order
from bot4.adapters.venues.binance.wire.rest import Told
from bot4.adapters.venues.kit.answers import Outcome, is_proof
from bot4.adapters.venues.kit.decimals import exact
from bot4.adapters.venues.kit.limiter import urgency_of
from bot4.adapters.venues.kit.names import OrderNames
from bot4.domain.order import Submit, accepted, canceled, rejected, submit_lost
from bot4.domain.values import Nanos

UNTOLD: Final = "its executions are not all there yet"


@final
class Placing:
    """Place orders and tell what came of it.

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

    async def one(self, command: Submit, recall: Recall) -> None:
        """Place one order."""
        about, name = about_of(command), self._name(command)
        params = ticket(command, self._lookup.instruments[about[1]], name)
        request = place_order(params, urgency=urgency_of(command))
        told = await self._door.ask(request, "order", OrderReply, recall)
        if isinstance(told, NeverLeft):
            self._kept(told, about)
        elif (reply := reply_about(told, name)) is not None:
            await self._placed(reply, about)
        elif is_proof(told.answer):
            self._lookup.say(rejected, about, reason_of(told.answer))
        else:
            self._lookup.say(submit_lost, about, reason_of(told.answer))

    async def pair(self, pair: Pair, recall: Recall) -> None:
        """Place a stop and its target as one list; the stop alone where the venue does not take both."""
        stop, target = about_of(pair.stop), about_of(pair.target)
        list_id = self._names.list_name(stop[0])
        assert list_id is not None, "a leg's slot was learnt before"
        names = self._name(pair.stop), self._name(pair.target)
        instrument = self._lookup.instruments[stop[1]]
        params = oco_ticket(pair.target, pair.stop, instrument, list_id=list_id, target_id=names[1], stop_id=names[0])
        request = place_list("oco", params, urgency=urgency_of(pair.stop))
        told = await self._door.ask(request, "list", OrderListReply, recall)
        if isinstance(told, NeverLeft):
            self._kept(told, stop)
            self._kept(told, target)
        elif reports := reports_of(told, list_id, names):
            for name, about in zip(names, (stop, target), strict=True):
                await self._placed(reports[name], about)
        elif is_proof(told.answer):
            self._names.part(stop[0], target[0])
            self._lookup.say(rejected, target, f"no pair: {reason_of(told.answer)}")
            await self.one(pair.stop, recall)
        else:
            self._lookup.say(submit_lost, stop, reason_of(told.answer))
            self._lookup.say(submit_lost, target, reason_of(told.answer))

    def _name(self, command: Submit) -> str:
        """Return the id under which the venue will know an order."""
        name = self._names.of(int(command.order_id))
        assert name is not None, "an order's slot was learnt before it is placed"
        return name

    def _kept(self, kept: NeverLeft, about: About) -> None:
        """Deliver that an order was given up before it left: called back, or too old."""
        self._lookup.say(canceled if kept.rule == CALLED_BACK else rejected, about, kept.reason())

    async def _placed(self, reply: OrderReply, about: About) -> None:
        """Deliver what the reply to a placed order says: that it lives, what it has traded, that it has ended.

        Where its executions did not all come with it they are looked up, before anything is told.
        """
        lookup = self._lookup
        executions = lookup.executions(fills_of(reply), about)
        filled = exact(reply.executed_qty, lookup.instruments[about[1]].lot_size)
        came = sum(int(one.execution.lots) for one in executions)
        is_told = came == filled and reply.status in (*OPEN, *ENDED, FILLED)
        if not is_told:
            if not await lookup.tell(reply, about):
                lookup.say(submit_lost, about, UNTOLD)
            elif reply.status in OPEN:
                self._accept(reply, about)
            return
        self._accept(reply, about)
        lookup.deliver_all(executions)
        if reply.status in ENDED:
            lookup.say(ENDED[reply.status], about, reply.status.lower())

    def _accept(self, reply: OrderReply, about: About) -> None:
        """Deliver that an order lives."""
        self._lookup.deliver(accepted(Nanos(reply.transact_time * MS_NS), self._lookup.clock.now_ns(), *about))


def about_of(command: Submit) -> About:
    """Return which order a submit is about, and its instrument."""
    return int(command.order_id), int(command.instrument)


def reply_about(told: Told[Any], name: str) -> OrderReply | None:
    """Return the reply to an order that was placed: a success, told about the order that was meant; None for others."""
    reply: OrderReply | None = told.value if told.answer.outcome is Outcome.ACCEPTED else None
    return reply if reply is not None and reply.own_id() == name else None


def reports_of(told: Told[Any], list_id: str, names: tuple[str, str]) -> dict[str, OrderReply]:
    """Return the reports of a list that was placed, by client id; none unless both legs of the list meant are there."""
    reply: OrderListReply | None = told.value if told.answer.outcome is Outcome.ACCEPTED else None
    if reply is None or reply.list_client_order_id != list_id:
        return {}
    reports = by_name(reply.orders, reply.order_reports)
    return reports if set(reports) == set(names) else {}


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
