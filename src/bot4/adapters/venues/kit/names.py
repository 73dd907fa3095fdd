# SPDX-License-Identifier: Apache-2.0
"""What the venue calls our orders and their lists, and which orders stand in one list.

A cancel command does not say its order's slot, which is part of the name: the slot is learnt from the order's submit
or inquiry, or given at the start for orders that were open before it. So the journal holds it once, and no two
commands can name one order differently.
"""

from collections.abc import Mapping
from typing import Final, final

from bot4.domain.ids import RUN_PREFIX, client_order_id, order_name

REMEMBERED_MAX: Final = 1 << 16
"""So many of the latest orders are known, so that memory does not grow with a run."""

LIST_MARK: Final = "L"
"""Ends the name of a list: with it no order of ours can be meant, and it is 36 characters at most."""


@final
class OrderNames:
    """Know the names of a run's orders.

    Parameters
    ----------
    run : str
        The run's identity.
    known : mapping of int to int
        The slot of each order that was open at the start.
    """

    __slots__ = ("_run", "_slots", "_siblings")

    def __init__(self, run: str, known: Mapping[int, int]) -> None:
        self._run = run
        self._slots = dict(known)
        self._siblings: dict[int, int] = {}

    def learn(self, order_id: int, slot: int) -> None:
        """Keep the slot of an order."""
        self._slots[order_id] = slot
        if len(self._slots) > REMEMBERED_MAX:
            oldest = next(iter(self._slots))
            del self._slots[oldest]
            self._siblings.pop(oldest, None)

    def of(self, order_id: int) -> str | None:
        """Return the client id of an order, None where its slot is not known."""
        slot = self._slots.get(order_id)
        return None if slot is None else client_order_id(self._run, slot, order_id)

    def number(self, client_id: str) -> int | None:
        """Return the number of an order of this run by its client id, None for any other."""
        name = order_name(client_id)
        return int(name.order_id) if name is not None and name.run_prefix == self._run[:RUN_PREFIX] else None

    def join(self, stop_id: int, target_id: int) -> None:
        """Note that two orders leave as one list, once their slots are known."""
        self._siblings[stop_id] = target_id
        self._siblings[target_id] = stop_id

    def part(self, stop_id: int, target_id: int) -> None:
        """Note that there is no such list."""
        self._siblings.pop(stop_id, None)
        self._siblings.pop(target_id, None)

    def sibling(self, order_id: int) -> int:
        """Return the order in the same list, 0 for none."""
        return self._siblings.get(order_id, 0)

    def list_name(self, order_id: int) -> str | None:
        """Return the client id of the list that an order stands in, made of its older leg's; None where unknown."""
        name = self.of(min(order_id, self.sibling(order_id)))
        return None if name is None else name + LIST_MARK
