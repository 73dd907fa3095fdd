# SPDX-License-Identifier: Apache-2.0
"""The engine: one event in, and everything it causes carried through every stage in order.

Single writer, synchronous, deterministic. Written before it is obeyed: each
event is in the journal before a stage sees it, and commands leave for the venue
only after the journal has committed them. Nothing here knows whether the world
is recorded, replayed or live, and no time is read: ``now`` is an argument.
"""

from collections.abc import Sequence
from typing import Final, final

from mypy_extensions import i64

from bot4.domain.errors import EventStorm, OurFault
from bot4.domain.event import CANCEL, FILL, INQUIRE, JOURNALED_FROM, KINDS, ORDER_UPDATE, POSITION, SUBMIT, Event
from bot4.domain.order import Inquire, OrderWord, Submit, cancel_rejected, inquiry_lost, rejected
from bot4.domain.ports import Gateway, Journal
from bot4.domain.stage import Outbox, Stage
from bot4.domain.unsent import NOT_SENT
from bot4.domain.values import Nanos
from bot4.domain.verdict import PAUSED, Mode

FACTS = (FILL, ORDER_UPDATE, POSITION)
"""Kinds that tell what has happened; no storm may lose them."""

COMMANDS: Final = (SUBMIT, CANCEL, INQUIRE)
"""Kinds that go to the venue: whoever put one waits for its answer."""

UNKNOWN_MODE = -1
"""The safety mode before a storm: the engine does not know it."""

EVENTS_MAX = 4096
"""How many events one cause may have before the engine calls it a storm."""


@final
class Route:
    """Link one stage into the list of those that consume a kind."""

    __slots__ = ("stage", "next")

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.next: Route | None = None


@final
class Entry:
    """Hold the first link of one kind; native attribute reads need no type check."""

    __slots__ = ("first",)

    def __init__(self) -> None:
        self.first: Route | None = None


def routes(stages: Sequence[Stage]) -> list[Entry]:
    """Build the routing table: for each kind, its stages in wired order."""
    table = [Entry() for _ in range(KINDS + 1)]
    for kind, entry in enumerate(table):
        last: Route | None = None
        for stage in stages:
            if kind not in stage.consumes:
                continue
            link = Route(stage)
            if last is None:
                entry.first = link
            else:
                last.next = link
            last = link
    return table


@final
class Engine:
    """Carry events through stages.

    Parameters
    ----------
    stages : sequence of Stage
        In the order of the way: what is happening, what it may mean, what we want,
        may we, what we do, what we own.
    journal : Journal
        Every event of a journaled kind is appended before any stage handles it.
    gateway : Gateway
        Where committed commands go.
    events_max : int
        The bound on events from one cause.
    """

    __slots__ = ("table", "stages", "journal", "gateway", "out", "commands", "now", "events", "storms", "draining")

    def __init__(
        self, stages: Sequence[Stage], journal: Journal, gateway: Gateway, events_max: int = EVENTS_MAX
    ) -> None:
        self.stages = list(stages)
        self.table = routes(stages)
        self.journal = journal
        self.gateway = gateway
        self.out = Outbox(events_max)
        self.commands: list[Event] = []
        self.now = Nanos(0)
        self.events: i64 = 0
        self.storms: i64 = 0
        self.draining = False

    def hears(self, kind: i64) -> bool:
        """Say whether any stage consumes a kind; one that none does need not be fed, only passed over."""
        return self.table[kind].first is not None

    def pass_over(self, rows: i64, row: i64, now: Nanos) -> None:
        """Count market data that no stage consumes, as if each piece had been fed.

        Parameters
        ----------
        rows : int
            How many pieces.
        row : int
            The last of them.
        now : Nanos
            When the last of them became known.

        Raises
        ------
        OurFault
            As :meth:`process`.
        """
        if self.draining or now < self.now:
            raise OurFault(f"pass_over() at {int(now)} after {int(self.now)}, draining {self.draining}")
        self.journal.consumed(row)
        self.now = now
        self.events += rows

    def feed(self, first: Event, row: i64, now: Nanos) -> None:
        """Carry one piece of market data, the journal noting that the merged stream was consumed up to ``row``.

        Raises
        ------
        OurFault
            As :meth:`process`.
        """
        self.journal.consumed(row)
        self.process(first, now)

    def proceed(self, row: i64, now: Nanos) -> None:
        """Carry what stages put about one piece of market data that they were handed directly, as if it had been fed.

        They put it behind the place of the piece itself: ``out.tail`` was 1 before.

        Raises
        ------
        OurFault
            As :meth:`process`.
        """
        if self.draining or now < self.now:
            raise OurFault(f"proceed() at {int(now)} after {int(self.now)}, draining {self.draining}")
        self.journal.consumed(row)
        self._follow(None, now)

    def process(self, first: Event, now: Nanos) -> None:
        """Carry one input, and all that it causes, through every stage.

        Raises
        ------
        OurFault
            If time steps back, or a stage or gateway calls back into the engine.
        """
        if self.draining or now < self.now:
            raise OurFault(f"process() at {int(now)} after {int(self.now)}, draining {self.draining}")
        self.out.tail = 1  # the place of ``first``, which need not wait in it
        self._follow(first, now)

    def _follow(self, first: Event | None, now: Nanos) -> None:
        """Carry an input that was not handed to the stages yet, and all that it causes."""
        self.now = now
        self.draining = True
        out = self.out
        try:
            if first is not None:
                self._carry(first, now)
            if out.tail > 1:
                self._drain(now, 1)
            self.events += out.tail
        except EventStorm:
            self._calm(now)
        finally:
            out.tail = 0
            self.draining = False
        if self.commands:
            self._release(now)

    def _drain(self, now: Nanos, k: i64) -> None:
        """Carry what is queued from cell ``k`` on, and what it causes, through the stages: first in, first out."""
        out = self.out
        cells = out.cells
        nothing = out.nothing
        while k < out.tail:
            cell = cells[k]
            event = cell.event
            cell.event = nothing  # let go at once: the free list gets it back
            k += 1
            self._carry(event, now)

    def _carry(self, event: Event, now: Nanos) -> None:
        """Carry one event through the stages that consume its kind."""
        kind = event.kind
        if kind >= JOURNALED_FROM:
            self.journal.append(event)  # written before it is obeyed
            if kind == SUBMIT or kind == CANCEL or kind == INQUIRE:
                self.commands.append(event)
        out = self.out
        route = self.table[kind].first
        while route is not None:
            route.stage.handle(event, now, out)
            route = route.next

    def _release(self, now: Nanos) -> None:
        """Send the commands of this drain once they are durable."""
        self.draining = True  # an answer of the venue is a later event, never a call from within send
        try:
            self.journal.commit()
            commands = self.commands
            self.commands = []
            for command in commands:
                self.gateway.send(command, now)
        finally:
            self.draining = False

    def _calm(self, now: Nanos) -> None:
        """Drop the wishes a storm queued, send none of its commands, and pause trading.

        What already happened is carried on: fills, positions and order updates that
        were queued reach the account and everyone else.
        An order whose submit is not sent, be it written or still queued, is
        definitively not at the venue: trading hears so, or it would wait for an answer
        that cannot come. A cancel that is not sent is refused in the same way, an
        inquiry is lost. A storm while calming down is a fault that stops the run.
        """
        self.storms += 1
        out = self.out
        facts = [cell.event for cell in out.cells if cell.event.kind in FACTS]
        unsent = self.commands + [cell.event for cell in out.cells if cell.event.kind in COMMANDS]
        self.commands = []
        for cell in out.cells:
            cell.event = out.nothing
        out.tail = 0
        bound = float(out.size)
        out.put(Mode(now, PAUSED, UNKNOWN_MODE, rule="engine.storm", measured=bound + 1.0, limit=bound))
        for event in facts:
            out.put(event)
        for command in unsent:
            if isinstance(command, Submit):
                out.put(rejected(now, now, command.order_id, command.instrument, NOT_SENT))
            elif isinstance(command, OrderWord):
                out.put(cancel_rejected(now, now, command.order_id, command.instrument, NOT_SENT))
            elif isinstance(command, Inquire):
                out.put(inquiry_lost(now, now, command.order_id, command.instrument, NOT_SENT))
        self._drain(now, 0)
        self.events += out.tail
