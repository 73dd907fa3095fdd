# SPDX-License-Identifier: Apache-2.0
"""The stage and its outbox: one verb, a bounded queue, nothing allocated per event.

The outbox *is* the engine's queue: a ring of final cells that is filled by
``put`` and drained by the engine in the same order. The bound is the answer to
"what if an event causes events without end": the engine stops, it does not spin.
"""

from abc import abstractmethod
from typing import Final, final

from librt.strings import BytesWriter
from mypy_extensions import i64, mypyc_attr

from bot4.domain.calm import Calm
from bot4.domain.errors import EventStorm
from bot4.domain.event import KINDS, Event
from bot4.domain.values import Nanos

NOTHING: Final = Event(KINDS, Nanos(0), Nanos(0))
"""What an empty cell holds: an event of no kind."""


@final
class Cell:
    """Hold one queued event; final, so that compiled reads need no type walk."""

    __slots__ = ("event",)

    def __init__(self) -> None:
        self.event: Event = NOTHING


@final
class Outbox:
    """Queue events first in, first out, up to a bound.

    Parameters
    ----------
    size : int
        How many events one cause may have.
    """

    __slots__ = ("size", "tail", "cells", "nothing")

    def __init__(self, size: int) -> None:
        self.size: i64 = size
        self.tail: i64 = 0
        self.cells = [Cell() for _ in range(size)]
        self.nothing = NOTHING

    def put(self, event: Event) -> None:
        """Queue one event.

        Raises
        ------
        EventStorm
            If the bound is reached.
        """
        tail = self.tail
        if tail == self.size:
            raise EventStorm(f"more than {int(self.size)} events from one cause")
        self.cells[tail].event = event
        self.tail = tail + 1


@mypyc_attr(allow_interpreted_subclasses=True)
class Stage:
    """Consume events of some kinds and emit others.

    Parameters
    ----------
    consumes : tuple of int
        The kinds this stage is handed, in the order wired.
    """

    def __init__(self, consumes: tuple[int, ...]) -> None:
        self.consumes = consumes

    @abstractmethod
    def handle(self, event: Event, now: Nanos, out: Outbox) -> None:
        """Take one event at a time that is given, and put what follows from it."""

    def stays_calm(self, instrument: i64, calm: Calm) -> bool:
        """Narrow the bounds within which bars of an instrument change nothing here but the last one known.

        Only stages that are handed bars, features or equity are asked. Within the
        bounds, handling the last bar alone must leave the stage as handling all of
        them would, and cause as little. False, the default, has every bar handled.
        """
        return False

    @abstractmethod
    def write_state(self, out: BytesWriter) -> None:
        """Write everything that later decisions depend on, in a fixed order, for the state hash."""
