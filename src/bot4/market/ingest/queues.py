# SPDX-License-Identifier: Apache-2.0
"""Bounded queues, one policy for each class of message, everything lost counted.

| class | policy | when full |
|---|---|---|
| orders, fills, audit | :class:`NeverDrop` | refuses: the producer stops reading its socket |
| books | :class:`Conflate` | cannot be: the newest state of an instrument replaces the one that waits |
| quotes, trades to look at | :class:`DropOldest` | the oldest goes, the newest is what matters |

The way of a message in the engine has no queue at all; these stand before whatever
is slower than the market: a screen, a file, another process.
"""

from collections import OrderedDict, deque
from typing import Final, Generic, TypeVar, final

from bot4.domain.errors import OurFault

TAKEN: Final = "taken"
REPLACED: Final = "replaced"
DISPLACED: Final = "displaced"
FULL: Final = "full"

T = TypeVar("T")
K = TypeVar("K")


@final
class NeverDrop(Generic[T]):
    """Keep every message; refuse the next one when full, and say when there is room to go on reading.

    Parameters
    ----------
    capacity : int
        At least 2. Above it ``offer`` refuses; reading goes on once half of it is free.

    Attributes
    ----------
    refused : int
        Offers that were answered ``FULL``; the producer still has those messages.
    """

    __slots__ = ("refused", "is_pressed", "highest", "_capacity", "_waiting")

    def __init__(self, capacity: int) -> None:
        self._capacity = checked(capacity)
        self._waiting: deque[T] = deque()
        self.refused = 0
        self.highest = 0
        self.is_pressed = False

    def __len__(self) -> int:
        return len(self._waiting)

    def offer(self, message: T) -> str:
        """Return ``TAKEN`` or ``FULL``; from the last that fits on the queue is pressed."""
        if len(self._waiting) >= self._capacity:
            self.refused += 1
            return FULL
        self._waiting.append(message)
        self.highest = max(self.highest, len(self._waiting))
        self.is_pressed = self.is_pressed or len(self._waiting) >= self._capacity
        return TAKEN

    def take(self) -> T | None:
        """Return the oldest message, or None; at half its capacity the queue is pressed no more."""
        if not self._waiting:
            return None
        message = self._waiting.popleft()
        if len(self._waiting) <= self._capacity // 2:
            self.is_pressed = False
        return message


@final
class DropOldest(Generic[T]):
    """Keep the newest messages, in order.

    Parameters
    ----------
    capacity : int
        At least 2.

    Attributes
    ----------
    dropped : int
        Messages that gave way to newer ones.
    """

    __slots__ = ("dropped", "highest", "_capacity", "_waiting")

    def __init__(self, capacity: int) -> None:
        self._capacity = checked(capacity)
        self._waiting: deque[T] = deque()
        self.dropped = 0
        self.highest = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def offer(self, message: T) -> str:
        """Return ``TAKEN``, or ``DISPLACED`` where the oldest gave way."""
        displaced = len(self._waiting) >= self._capacity
        if displaced:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append(message)
        self.highest = max(self.highest, len(self._waiting))
        return DISPLACED if displaced else TAKEN

    def take(self) -> T | None:
        """Return the oldest message, or None."""
        return self._waiting.popleft() if self._waiting else None


@final
class Conflate(Generic[K, T]):
    """Keep the newest state of each key; a key that waits keeps its place in the line.

    Only for states that stand for themselves (a whole book, a best quote): a change
    that needs the one before it must not be conflated.

    Parameters
    ----------
    capacity : int
        How many keys there can be, at least 2.

    Attributes
    ----------
    replaced : int
        States that were replaced before anyone took them.
    """

    __slots__ = ("replaced", "highest", "_capacity", "_waiting")

    def __init__(self, capacity: int) -> None:
        self._capacity = checked(capacity)
        self._waiting: OrderedDict[K, T] = OrderedDict()
        self.replaced = 0
        self.highest = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def offer(self, key: K, state: T) -> str:
        """Return ``TAKEN``, or ``REPLACED`` where an older state of this key was waiting.

        Raises
        ------
        OurFault
            If there are more keys than was said there could be.
        """
        replaced = key in self._waiting
        if not replaced and len(self._waiting) >= self._capacity:
            raise OurFault(f"more than {self._capacity} keys in a queue made for so many")
        self._waiting[key] = state
        self.replaced += replaced
        self.highest = max(self.highest, len(self._waiting))
        return REPLACED if replaced else TAKEN

    def take(self) -> tuple[K, T] | None:
        """Return the key that waits longest with its newest state, or None."""
        return self._waiting.popitem(last=False) if self._waiting else None


def checked(capacity: int) -> int:
    """Return a capacity that can work.

    Raises
    ------
    OurFault
        If it is below 2.
    """
    if capacity < 2:
        raise OurFault(f"a queue of {capacity}")
    return capacity
