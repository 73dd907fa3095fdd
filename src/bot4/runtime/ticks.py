# SPDX-License-Identifier: Apache-2.0
"""The tick drive: the venue lives on the exchange's clock, the engine on ours, and moments merge the two.

Every message of the merged stream has two moments. At ``ts_event_ns`` the venue
observes it; at its known time, later by the feed's latency, the engine is fed it. A
report of the venue has one: when we know it. Commands travel the other way, delayed
by the venue itself. Moments are taken in the order of time; at one instant first what
the engine hears (reports, then messages), then the exchange's messages, then the
commands that arrive. So with no latency at all an order meets the first message after
the instant of the one that caused it.

Known times never step back: a message that was overtaken is known when the one
before it is. They are a function of the stream, the latency model and its seed alone;
a replay draws the same.
"""

from collections.abc import Callable, Iterator
from typing import Final, Protocol, final

from mypy_extensions import i64

from bot4.domain.event import Event
from bot4.domain.stage import NOTHING, Cell
from bot4.domain.values import Nanos
from bot4.market.ticks import TickBlock
from bot4.runtime.drive import PROGRESS_ROWS, never
from bot4.runtime.engine import Engine
from bot4.simulation.book.draws import Distribution
from bot4.simulation.book.latency import FEED, Line
from bot4.simulation.book.venue import TickVenue

# Plain numbers: compiled code would look up anything else by its name each time.
NO_MOMENT: Final = (1 << 63) - 1
"""The moment of what does not happen."""

UNKNOWN_FIRST: Final = 1024
"""Room for messages that happened and are not yet known; it doubles when needed."""

AT_LAST: Final = 1 << 62
"""A moment after everything: whatever is still under way at the end of the stream arrives by it."""


class TickStream(Protocol):
    """Give the merged tick stream of a run, block by block."""

    def blocks(self) -> Iterator[TickBlock]:
        """Return the blocks from the first on."""
        ...


@final
class TickFeed:
    """Read a tick stream message by message, each with the moment at which we know it.

    Parameters
    ----------
    stream : TickStream
        The stream.
    latency : Distribution or None
        Drawn once for each message; None for the recorder's own known times.
    seed : int
        Of the draws.
    """

    __slots__ = ("blocks", "line", "block", "size", "k", "known_ns")

    def __init__(self, stream: TickStream, latency: Distribution | None, seed: int) -> None:
        self.blocks = stream.blocks()
        self.line = None if latency is None else Line(latency, seed, FEED)
        self.block: TickBlock | None = None
        self.size: i64 = 0
        self.k: i64 = 0
        self.known_ns = Nanos(0)

    def next_ns(self) -> Nanos:
        """Return the exchange's stamp of the next message, ``NO_MOMENT`` at the end."""
        if self.k == self.size and not self._load():
            return Nanos(NO_MOMENT)
        block = self.block
        assert block is not None, "a message without its block"
        return block.at_ns(self.k)

    def next(self) -> Event | None:
        """Return the next message, or None at the end."""
        if self.k == self.size and not self._load():
            return None
        block = self.block
        assert block is not None, "a message without its block"
        k = self.k
        line = self.line
        if line is not None:
            known = line.carry(block.at_ns(k))
        else:
            known = block.recorded_ns(k)
            if known < self.known_ns:
                known = self.known_ns
            self.known_ns = known
        self.k = k + 1
        return block.event(k, known)

    def _load(self) -> bool:
        """Take up the next block that holds messages; False at the end."""
        block = next(self.blocks, None)
        while block is not None and block.size == 0:
            block = next(self.blocks, None)
        if block is None:
            return False
        self.block = block
        self.size = block.size
        self.k = 0
        return True


@final
class Unknown:
    """Queue messages that have happened and are not yet known, first in first out, without a bound."""

    __slots__ = ("cells", "mask", "head", "tail", "nothing")

    def __init__(self) -> None:
        self.nothing = NOTHING
        self.cells = [Cell() for _ in range(UNKNOWN_FIRST)]
        self.mask: i64 = UNKNOWN_FIRST - 1
        self.head: i64 = 0
        self.tail: i64 = 0

    def put(self, event: Event) -> None:
        """Queue one message."""
        if self.tail - self.head > self.mask:
            self._grow()
        self.cells[self.tail & self.mask].event = event
        self.tail += 1

    def take(self) -> Event:
        """Return the oldest message, of which there must be one."""
        cell = self.cells[self.head & self.mask]
        event = cell.event
        cell.event = self.nothing
        self.head += 1
        return event

    def known_ns(self) -> Nanos:
        """Return when the oldest is known; ``NO_MOMENT`` where there is none."""
        if self.head == self.tail:
            return Nanos(NO_MOMENT)
        return self.cells[self.head & self.mask].event.ts_known_ns

    def _grow(self) -> None:
        """Double the room."""
        waiting = [self.cells[k & self.mask] for k in range(self.head, self.tail)]
        self.cells = waiting + [Cell() for _ in range(len(waiting))]
        self.mask = 2 * self.mask + 1
        self.tail -= self.head
        self.head = 0


@final
class TickDrive:
    """Feed an engine from ticks, with a simulated venue on the other side.

    Parameters
    ----------
    engine : Engine
        What is driven.
    venue : TickVenue
        Where its commands go, and whose reports come back.
    feed : TickFeed
        The run's ticks.
    stop : callable
        Asked every ``PROGRESS_ROWS`` messages with the messages so far; True ends
        the run cleanly.

    Attributes
    ----------
    row : int
        Messages the engine was fed.
    """

    __slots__ = ("engine", "venue", "feed", "stop", "row", "stopped", "unknown")

    def __init__(
        self, engine: Engine, venue: TickVenue, feed: TickFeed, *, stop: Callable[[int], bool] = never
    ) -> None:
        self.engine = engine
        self.venue = venue
        self.feed = feed
        self.stop = stop
        self.row: i64 = 0
        self.stopped = False
        self.unknown = Unknown()

    def run(self) -> None:
        """Feed every message, then what is still under way: commands, their reports, messages not yet known."""
        feed = self.feed
        venue = self.venue
        unknown = self.unknown
        event = feed.next()
        while event is not None and not self.stopped:
            venue.observe(event)
            at = feed.next_ns()
            if venue.busy or unknown.head != unknown.tail or event.ts_known_ns > at:
                unknown.put(event)
            else:
                self._feed(event)  # the usual case: known before anything else happens
            event = None  # let go before the next is made: the free list gets it back
            if venue.busy or unknown.head != unknown.tail:
                self._hear(at if at < AT_LAST else Nanos(AT_LAST))
            event = feed.next()
        self._hear(Nanos(AT_LAST))  # where the run was stopped, the moment before is not the last
        self.stop(int(self.row))

    def _hear(self, until: Nanos) -> None:
        """Bring the engine everything it knows by a moment, and the exchange every command that arrives by it."""
        venue = self.venue
        unknown = self.unknown
        while True:
            at = unknown.known_ns()
            if at > until:
                at = until
            if venue.busy:
                # Commands do not overtake each other: none that is sent later arrives before these.
                venue.advance(at if at < until else Nanos(until - 1))
                report = venue.next_report(at)
                if report is not None:
                    now = self.engine.now
                    self.engine.process(report, report.ts_known_ns if report.ts_known_ns > now else now)
                    continue
            if unknown.known_ns() > until:
                return
            self._feed(unknown.take())

    def _feed(self, event: Event) -> None:
        """Feed the engine one message, and ask now and then whether to stop."""
        row = self.row
        self.row = row + 1
        self.engine.feed(event, row, event.ts_known_ns)
        if self.row % PROGRESS_ROWS == 0 and self.stop(int(self.row)):
            self.stopped = True
