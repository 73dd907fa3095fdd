# SPDX-License-Identifier: Apache-2.0
"""Two commands that leave as one request: the legs of a pair, put in the same release, each with the other's id.

Whoever has a sibling waits for it, but only until the release is over: what is then still alone leaves alone.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from bot4.domain.order import LIMIT, STOP, STOP_LIMIT, Submit

STOPS: Final = (STOP, STOP_LIMIT)

T = TypeVar("T")


class Together(Generic[T]):
    """Let commands wait for their siblings within one release.

    Parameters
    ----------
    alone, both : callable
        Take a command that has found no sibling, or the two of a pair in the order in which they were put.
    """

    __slots__ = ("_alone", "_both", "_waiting")

    def __init__(self, alone: Callable[[T], None], both: Callable[[T, T], None]) -> None:
        self._alone = alone
        self._both = both
        self._waiting: dict[int, T] = {}

    def put(self, order_id: int, sibling_id: int, command: T) -> None:
        """Take a command about an order; ``sibling_id`` is 0 where it waits for nobody."""
        other = self._waiting.pop(sibling_id, None) if sibling_id else None
        if other is not None:
            self._both(other, command)
        elif sibling_id:
            self._waiting[order_id] = command
            asyncio.get_running_loop().call_soon(self.release)
        else:
            self._alone(command)

    def release(self) -> None:
        """End the release: nobody waits any longer."""
        waiting, self._waiting = self._waiting, {}
        for command in waiting.values():
            self._alone(command)


@dataclass(frozen=True, slots=True)
class Pair:
    """Hold the submits of a stop and of the target that it cancels, or is canceled by."""

    stop: Submit
    target: Submit


def pair_of(one: Submit, other: Submit) -> Pair | None:
    """Return two submits as a pair that the venue can link, None where they are none."""
    stop, target = (one, other) if one.order_type in STOPS else (other, one)
    is_pair = (
        stop.order_type in STOPS
        and target.order_type == LIMIT
        and (stop.sibling_id, target.sibling_id) == (target.order_id, stop.order_id)
        and (stop.instrument, stop.side, stop.lots) == (target.instrument, target.side, target.lots)
    )
    return Pair(stop, target) if is_pair else None
