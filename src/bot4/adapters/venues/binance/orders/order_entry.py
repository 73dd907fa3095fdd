# SPDX-License-Identifier: Apache-2.0
"""Binance spot behind the kit's order entry, over either door: one call is one request, and nothing is kept but names.

The gateway drives the same requests and tickets with patience and lookups; this is the plain way, for whoever asks one
thing and takes the answer as it is. A reply about another order, or off the tick, is of unknown fate.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar, final

from bot4.adapters.venues.binance.orders.lookup import Door
from bot4.adapters.venues.binance.orders.tickets import bracket_ticket, guarded_ticket, oco_ticket, ticket
from bot4.adapters.venues.binance.wire import requests
from bot4.adapters.venues.binance.wire.errors import refused_replace, replace_halves
from bot4.adapters.venues.binance.wire.replies import (
    CancelReplaceReply,
    CancelReply,
    OrderListReply,
    OrderReply,
)
from bot4.adapters.venues.binance.wire.rest import Told
from bot4.adapters.venues.kit.answers import NAMELESS, UNREADABLE, Answer, Call, Outcome, Remedy, unanswered, whole
from bot4.adapters.venues.kit.decimals import eighths, exact
from bot4.adapters.venues.kit.limiter import Hold, urgency_of
from bot4.adapters.venues.kit.names import LIST_MARK, OrderNames
from bot4.adapters.venues.kit.order_entry import (
    Capability,
    OrderSeen,
    Replaced,
)
from bot4.domain.instrument import Instrument
from bot4.domain.order import (
    FILLED,
    ORDER_CANCELED,
    ORDER_EXPIRED,
    ORDER_REJECTED,
    PART_FILLED,
    SUBMITTED,
    WORKING,
    Submit,
)
from bot4.domain.values import BUY, SELL

STATES: Final = {
    "NEW": WORKING, "PARTIALLY_FILLED": PART_FILLED, "PENDING_NEW": SUBMITTED, "FILLED": FILLED,
    "CANCELED": ORDER_CANCELED, "REJECTED": ORDER_REJECTED, "EXPIRED": ORDER_EXPIRED,
    "EXPIRED_IN_MATCH": ORDER_EXPIRED,
}  # fmt: skip
"""Our state of an order by the venue's; one that waits for its list is submitted, not working."""

SIDES: Final = {"BUY": BUY, "SELL": SELL}
T = TypeVar("T")


@final
class BinanceOrderEntry:
    """Enter orders for one account.

    Parameters
    ----------
    door : Door
        REST or the WebSocket API.
    run : str
        The run's identity, part of each order's name.
    instruments : sequence of Instrument
        By index.
    known : mapping of int to int
        The slot of each order that was placed before.
    """

    __slots__ = ("_door", "_names", "_instruments")

    def __init__(
        self, door: Door, *, run: str, instruments: Sequence[Instrument], known: Mapping[int, int] | None = None
    ) -> None:
        self._door = door
        self._names = OrderNames(run, known or {})
        self._instruments = {int(one.index): one for one in instruments}

    @property
    def supports(self) -> frozenset[Capability]:
        """Everything that the port can name."""
        return frozenset(Capability)

    async def place(self, submit: Submit) -> Answer:
        """Place one order, once."""
        name, params = self._learn(submit), self._ticket(submit)
        told = await asked(self._door, requests.place_order(params, urgency=urgency_of(submit)), "order", OrderReply)
        return meant(told, told.value is not None and told.value.own_id() == name)

    async def place_pair(self, target: Submit, stop: Submit) -> Answer:
        """Place a target and a stop as one list."""
        names = self._learn(target), self._learn(stop)
        list_id = self._list_name(target, stop)
        params = oco_ticket(target, stop, self._of(target), list_id=list_id, target_id=names[0], stop_id=names[1])
        return await self._place_list("oco", params, stop, list_id)

    async def place_guarded(self, entry: Submit, stop: Submit) -> Answer:
        """Place an entry with its stop as one list."""
        names = self._learn(entry), self._learn(stop)
        list_id = self._list_name(entry, stop)
        params = guarded_ticket(entry, stop, self._of(entry), list_id=list_id, ids=names)
        return await self._place_list("oto", params, entry, list_id)

    async def place_bracket(self, entry: Submit, target: Submit, stop: Submit) -> Answer:
        """Place an entry with its pair as one list."""
        names = self._learn(entry), self._learn(target), self._learn(stop)
        list_id = self._list_name(entry, target, stop)
        params = bracket_ticket(entry, target, stop, self._of(entry), list_id=list_id, ids=names)
        return await self._place_list("otoco", params, entry, list_id)

    async def cancel(self, order_id: int, instrument: int) -> Answer:
        """Cancel one order, and with it the list that it stands in."""
        name = self._names.of(order_id)
        if name is None:
            return NAMELESS
        told = await asked(self._door, requests.cancel_order(self._symbol(instrument), name), "cancel", CancelReply)
        return meant(told, told.value is not None and name in told.value.ended())

    async def cancel_list(self, first_id: int, instrument: int) -> Answer:
        """Cancel the list that is named after an order."""
        name = self._names.of(first_id)
        if name is None:
            return NAMELESS
        request = requests.cancel_list(self._symbol(instrument), name + LIST_MARK)
        told = await asked(self._door, request, "cancel", CancelReply)
        return meant(told, told.value is not None and name in told.value.ended())

    async def cancel_all(self, instrument: int) -> Answer:
        """Cancel every open order of an instrument."""
        request = requests.cancel_open_orders(self._symbol(instrument))
        return (await asked(self._door, request, "cancels", list[CancelReply])).answer

    async def replace(self, order_id: int, submit: Submit) -> Replaced:
        """Cancel one order and place another, unless the cancel fails."""
        old = self._names.of(order_id)
        if old is None:
            return Replaced(NAMELESS)
        self._learn(submit)
        request = requests.cancel_replace(self._ticket(submit), old, stop_on_failure=True, urgency=urgency_of(submit))
        told = await asked(self._door, request, "replace", CancelReplaceReply)
        said = told.value or (refused_replace(told.error) if told.error else None)
        return Replaced(told.answer, *(replace_halves(said, at_ms=0) if said else ()))

    async def query(self, order_id: int, instrument: int) -> OrderSeen | Answer | None:
        """Return an order, None where the venue knows no such order."""
        name = self._names.of(order_id)
        if name is None:
            return NAMELESS
        told = await asked(self._door, requests.query_order(self._symbol(instrument), name), "order", OrderReply)
        if told.answer.outcome is Outcome.NOT_FOUND:
            return None
        if told.value is None:
            return told.answer
        return (self._seen(told.value, instrument) if told.value.own_id() == name else None) or UNREADABLE

    async def open_orders(self, instrument: int) -> tuple[OrderSeen, ...] | Answer:
        """Return the open orders of an instrument."""
        told = await asked(self._door, requests.open_orders(self._symbol(instrument)), "orders", list[OrderReply])
        return told.answer if told.value is None else whole(self._seen(one, instrument) for one in told.value)

    async def _place_list(self, kind: str, params: requests.Pairs, first: Submit, list_id: str) -> Answer:
        """Place a list."""
        request = requests.place_list(kind, params, urgency=urgency_of(first))
        told = await asked(self._door, request, "list", OrderListReply)
        return meant(told, told.value is not None and told.value.list_client_order_id == list_id)

    def _learn(self, submit: Submit) -> str:
        """Return the name of an order that is about to be placed."""
        order_id = int(submit.order_id)
        self._names.learn(order_id, int(submit.slot))
        name = self._names.of(order_id)
        assert name is not None, "its slot was just learnt"
        return name

    def _list_name(self, *orders: Submit) -> str:
        """Return the name of a list: that of its first order, marked."""
        return self._learn(min(orders, key=lambda one: int(one.order_id))) + LIST_MARK

    def _ticket(self, submit: Submit) -> requests.Pairs:
        """Return the parameters of one order."""
        return ticket(submit, self._of(submit), self._learn(submit))

    def _of(self, submit: Submit) -> Instrument:
        """Return an order's instrument."""
        return self._instruments[int(submit.instrument)]

    def _symbol(self, instrument: int) -> str:
        """Return the venue's symbol."""
        return self._instruments[instrument].symbol

    def _seen(self, reply: OrderReply, index: int) -> OrderSeen | None:
        """Return an order in integers, None where it cannot be read."""
        instrument = self._instruments[index]
        lots, filled = (exact(text, instrument.lot_size) for text in (reply.orig_qty, reply.executed_qty))
        limit, trigger = (exact(text, instrument.tick_size) for text in (reply.price, reply.stop_price))
        spent, state, side = eighths(reply.cummulative_quote_qty), STATES.get(reply.status), SIDES.get(reply.side)
        if lots is None or filled is None or spent is None or limit is None or trigger is None:
            return None
        if state is None or side is None or reply.symbol != instrument.symbol:
            return None
        name = reply.own_id()
        return OrderSeen(
            self._names.number(name) or 0, name, index, int(side), lots, filled, spent, limit, trigger, int(state)
        )


async def asked(door: Door, request: requests.Request, shape: str, kind: type[T]) -> Told[T]:
    """Ask once; what our own limiter holds back has not left."""
    told: Told[T] | Hold = await door.ask(request, shape, kind)
    if isinstance(told, Hold):
        return Told(Answer(Outcome.REJECTED, Remedy.RETRY_LATER, told.rule, until_ms=told.until_ms))
    return told


def meant(told: Told[Any], is_meant: bool) -> Answer:
    """Return what a command's reply means; a success about something else proves nothing."""
    if told.answer.outcome is Outcome.ACCEPTED and not is_meant:
        return unanswered(Call.PLACE, "another_order", at_ms=0)
    return told.answer
