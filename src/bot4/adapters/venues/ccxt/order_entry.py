# SPDX-License-Identifier: Apache-2.0
"""A venue's order entry through ccxt: one call is one request, and what ccxt has no word for is refused.

Order lists and replacements are refused: ccxt has no reply in which their halves could be told apart. A reply about
another order, or off the tick, is of unknown fate.
"""

from collections.abc import Mapping, Sequence
from typing import Any, final

from bot4.adapters.venues.ccxt.door import CcxtDoor, Said
from bot4.adapters.venues.ccxt.orders import NEEDS, own_name, rounded, seen, wanted
from bot4.adapters.venues.kit.answers import NAMELESS, UNREADABLE, Answer, Call, Outcome, unanswered, whole
from bot4.adapters.venues.kit.limiter import Urgency, urgency_of
from bot4.adapters.venues.kit.names import OrderNames
from bot4.adapters.venues.kit.order_entry import Capability, OrderSeen, Replaced, cannot
from bot4.domain.instrument import Instrument
from bot4.domain.order import Submit


@final
class CcxtOrderEntry:
    """Enter orders for one account.

    Parameters
    ----------
    door : CcxtDoor
        To the venue.
    run : str
        The run's identity, part of each order's name.
    instruments : sequence of Instrument
        By index, with the venue's own symbols.
    known : mapping of int to int
        The slot of each order that was placed before.
    """

    __slots__ = ("_door", "_names", "_instruments")

    def __init__(
        self, door: CcxtDoor, *, run: str, instruments: Sequence[Instrument], known: Mapping[int, int] | None = None
    ) -> None:
        self._door = door
        self._names = OrderNames(run, known or {})
        self._instruments = {int(one.index): one for one in instruments}

    @property
    def supports(self) -> frozenset[Capability]:
        """What was shown to work at this venue."""
        return self._door.venue.supports

    async def place(self, submit: Submit) -> Answer:
        """Place one order, once."""
        need = NEEDS.get(int(submit.order_type))
        if need is not None and need not in self.supports:
            return cannot(need)
        instrument = self._instruments[int(submit.instrument)]
        name = self._learn(submit)
        order = wanted(submit, instrument, self._door.symbol(instrument), name, self._door.venue)
        changed = self._door.look(lambda exchange: rounded(exchange, order))
        if changed is not None:
            return changed
        said = await self._door.ask(Call.PLACE, "create_order", *order.words(), urgency=urgency_of(submit))
        return self._meant(said, name)

    async def place_pair(self, target: Submit, stop: Submit) -> Answer:
        """Refuse: ccxt has no order lists."""
        return cannot(Capability.PAIRS)

    async def place_guarded(self, entry: Submit, stop: Submit) -> Answer:
        """Refuse: ccxt has no order lists."""
        return cannot(Capability.BRACKETS)

    async def place_bracket(self, entry: Submit, target: Submit, stop: Submit) -> Answer:
        """Refuse: ccxt has no order lists."""
        return cannot(Capability.BRACKETS)

    async def cancel(self, order_id: int, instrument: int) -> Answer:
        """Cancel one order."""
        name = self._names.of(order_id)
        if name is None:
            return NAMELESS
        words = None, self._symbol(instrument), {"clientOrderId": name}
        said = await self._door.ask(Call.CANCEL, "cancel_order", *words, urgency=Urgency.PROTECTIVE)
        return self._meant(said, name)

    async def cancel_list(self, first_id: int, instrument: int) -> Answer:
        """Refuse: ccxt has no order lists."""
        return cannot(Capability.PAIRS)

    async def cancel_all(self, instrument: int) -> Answer:
        """Cancel every open order of an instrument."""
        if Capability.CANCEL_ALL not in self.supports:
            return cannot(Capability.CANCEL_ALL)
        symbol = self._symbol(instrument)
        said = await self._door.ask(Call.CANCEL, "cancel_all_orders", symbol, urgency=Urgency.PROTECTIVE)
        if said.value is None:
            return said.answer
        rows = said.rows()
        return said.answer if rows and all(one.get("status") == "canceled" for one in rows) else UNREADABLE

    async def replace(self, order_id: int, submit: Submit) -> Replaced:
        """Refuse: through ccxt the halves of a replacement cannot be told apart."""
        return Replaced(cannot(Capability.REPLACE))

    async def query(self, order_id: int, instrument: int) -> OrderSeen | Answer | None:
        """Return an order, None where the venue knows no such order."""
        name = self._names.of(order_id)
        if name is None:
            return NAMELESS
        words = None, self._symbol(instrument), {"clientOrderId": name}
        said = await self._door.ask(Call.QUERY, "fetch_order", *words)
        if said.answer.outcome is Outcome.NOT_FOUND:
            return None
        if said.value is None:
            return said.answer
        is_meant = own_name(said.value, self._door.venue) == name
        return (self._seen(said.value, instrument) if is_meant else None) or UNREADABLE

    async def open_orders(self, instrument: int) -> tuple[OrderSeen, ...] | Answer:
        """Return the open orders of an instrument."""
        said = await self._door.ask(Call.READ, "fetch_open_orders", self._symbol(instrument))
        if said.value is None:
            return said.answer
        rows = said.rows()
        return UNREADABLE if rows is None else whole(self._seen(one, instrument) for one in rows)

    def _meant(self, said: Said, name: str) -> Answer:
        """Return what a command's reply means; a success about something else proves nothing."""
        if said.value is not None and own_name(said.value, self._door.venue) != name:
            return unanswered(Call.PLACE, "another_order", at_ms=0)
        return said.answer

    def _learn(self, submit: Submit) -> str:
        """Return the name of an order that is about to be placed."""
        order_id = int(submit.order_id)
        self._names.learn(order_id, int(submit.slot))
        name = self._names.of(order_id)
        assert name is not None, "its slot was just learnt"
        return name

    def _symbol(self, instrument: int) -> str:
        """Return ccxt's word for an instrument."""
        return self._door.symbol(self._instruments[instrument])

    def _seen(self, order: Mapping[str, Any], index: int) -> OrderSeen | None:
        """Return an order in integers, None where it cannot be read."""
        instrument = self._instruments[index]
        name = own_name(order, self._door.venue)
        number = self._names.number(name) or 0
        return seen(order, instrument, self._door.symbol(instrument), order_id=number, name=name)
