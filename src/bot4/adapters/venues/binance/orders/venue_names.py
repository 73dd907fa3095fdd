# SPDX-License-Identifier: Apache-2.0
"""Which client order id stands behind which of the venue's order numbers: trades tell only the number.

Learnt from every reply and report that names both. Numbers are unique within a symbol; the memory is bounded, and what
it has forgotten is asked for again.
"""

from collections import OrderedDict
from typing import Final, final

from bot4.adapters.venues.binance.wire.replies import OrderReply

NAMES_MAX: Final = 1 << 16


@final
class VenueNames:
    """Remember the latest orders of an account, ours and others'."""

    __slots__ = ("_names", "_heard")

    def __init__(self) -> None:
        self._names: OrderedDict[tuple[str, int], str] = OrderedDict()
        self._heard: OrderedDict[str, None] = OrderedDict()

    def note(self, symbol: str, number: int, client_id: str) -> None:
        """Remember one order."""
        self._names[symbol, number] = client_id
        if len(self._names) > NAMES_MAX:
            self._names.popitem(last=False)
        self.hear_of(client_id)

    def hear_of(self, client_id: str) -> None:
        """Remember that the venue has told of an order, under whatever number."""
        self._heard[client_id] = None
        if len(self._heard) > NAMES_MAX:
            self._heard.popitem(last=False)

    def note_reply(self, order: OrderReply) -> None:
        """Remember the order that a reply tells of."""
        self.note(order.symbol, order.order_id, order.own_id())

    def client_id(self, symbol: str, number: int) -> str | None:
        """Return the id given by whoever placed the order, None where nobody has told."""
        return self._names.get((symbol, number))

    def is_heard_of(self, client_id: str) -> bool:
        """Say whether the venue has ever told of an order with this id."""
        return client_id in self._heard
