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

import numpy as np
from librt.strings import read_i64_le
from mypy_extensions import i64

from bot4.decision.strategies.ticks import TickStrategies
from bot4.domain.event import BOOK_DELTA, BOOK_SNAPSHOT, KINDS, QUOTE, TRADE, Event
from bot4.domain.tick_block import TickBlock
from bot4.domain.values import Nanos
from bot4.market.bar_builder import BarBuilder
from bot4.runtime.drive import PROGRESS_ROWS, never
from bot4.runtime.engine import Engine
from bot4.simulation.book.draws import Distribution
from bot4.simulation.book.latency import FEED, Line
from bot4.simulation.book.venue import TickVenue

# Plain numbers: compiled code would look up anything else by its name each time.
NO_MOMENT: Final = (1 << 63) - 1
"""The moment of what does not happen."""

AT_LAST: Final = 1 << 62
"""A moment after everything: whatever is still under way at the end of the stream arrives by it."""


LEAP_MESSAGES: Final = 256
"""So far the drive looks ahead for a message that the venue may answer: what it finds holds until the next command."""

TICKS: Final = (TRADE, QUOTE, BOOK_SNAPSHOT, BOOK_DELTA)
"""The kinds of messages."""


class TickStream(Protocol):
    """Give the merged tick stream of a run, block by block."""

    def blocks(self) -> Iterator[TickBlock]:
        """Return the blocks from the first on."""
        ...


@final
class Page:
    """Hold a block that is not empty, with the moments at which we know its messages.

    ``known_ns`` is a column of little-endian int64 in bytes; ``first`` counts the
    messages before the block; ``next`` is the page after it, once that was read.
    """

    __slots__ = ("block", "size", "known_ns", "first", "next")

    def __init__(self, block: TickBlock, known_ns: bytes, first: i64) -> None:
        self.block = block
        self.size: i64 = block.size
        self.known_ns = known_ns
        self.first: i64 = first
        self.next: Page | None = None

    def known(self, k: i64) -> Nanos:
        """Return when we know message ``k`` of the block."""
        return Nanos(read_i64_le(self.known_ns, 8 * k))

    def known_by(self, at: i64, begin: i64, end: i64) -> i64:
        """Return the first message of a stretch that is known after a moment, ``end`` where all are known by it."""
        while begin < end:
            middle = (begin + end) // 2
            if read_i64_le(self.known_ns, 8 * middle) <= at:
                begin = middle + 1
            else:
                end = middle
        return begin


@final
class TickFeed:
    """Read a tick stream page by page, each message with the moment at which we know it.

    Parameters
    ----------
    stream : TickStream
        The stream.
    latency : Distribution or None
        Drawn once for each message; None for the recorder's own known times.
    seed : int
        Of the draws.
    """

    __slots__ = ("blocks", "line", "rows", "known_ns")

    def __init__(self, stream: TickStream, latency: Distribution | None, seed: int) -> None:
        self.blocks = stream.blocks()
        self.line = None if latency is None else Line(latency, seed, FEED)
        self.rows: i64 = 0
        self.known_ns = 0

    def next(self) -> Page | None:
        """Return the next page, or None at the end."""
        block = next(self.blocks, None)
        while block is not None and block.size == 0:
            block = next(self.blocks, None)
        if block is None:
            return None
        line = self.line
        if line is not None:
            known = line.carry_all(np.frombuffer(block.event_ns, dtype="<i8"))
        else:
            known = np.maximum.accumulate(np.frombuffer(block.known_ns, dtype="<i8"))
            np.maximum(known, self.known_ns, out=known)
            self.known_ns = int(known[-1])
        page = Page(block, known.astype("<i8").tobytes(), self.rows)
        self.rows += block.size
        return page

    def events(self) -> Iterator[Event]:
        """Yield every message, in the order in which they become known."""
        page = self.next()
        while page is not None:
            for k in range(page.size):
                yield page.block.event(k, page.known(k))
            page = self.next()


@final
class CloseListeners:
    """Hold the stages that market data goes to in most runs: they take it from the block itself."""

    __slots__ = ("builder", "strategies")

    def __init__(self, builder: BarBuilder, strategies: TickStrategies) -> None:
        self.builder = builder
        self.strategies = strategies


def close_listeners(engine: Engine) -> CloseListeners | None:
    """Return the bar builder and the tick strategies of an engine, None where any other stage hears ticks too."""
    builder: BarBuilder | None = None
    strategies: TickStrategies | None = None
    for stage in engine.stages:
        if isinstance(stage, BarBuilder):
            builder = stage
        elif isinstance(stage, TickStrategies) and 1 + stage.puts_max() < engine.out.size:
            strategies = stage
        elif any(kind in stage.consumes for kind in TICKS):
            return None
    return None if builder is None or strategies is None else CloseListeners(builder, strategies)


@final
class TickDrive:
    """Feed an engine from ticks, with a simulated venue on the other side.

    Two places in one stream: messages up to the one have happened, those up to the
    other are known, and never more. While no command and no report is under way the
    two do not meddle with each other: all that happens before the engine's next
    message happens in one go, and messages that no stage consumes are only counted.
    Where no message of a stretch can bring a report or end a bar, its trades go to
    the strategies without an event for any, and happen only when one of them spoke
    or the stretch is over.

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
        Messages the engine was fed, or that passed it by.
    """

    __slots__ = (
        "engine",
        "venue",
        "feed",
        "stop",
        "row",
        "stopped",
        "heard",
        "close",
        "here",
        "here_at",
        "there",
        "there_at",
    )

    def __init__(
        self, engine: Engine, venue: TickVenue, feed: TickFeed, *, stop: Callable[[int], bool] = never
    ) -> None:
        self.engine = engine
        self.venue = venue
        self.feed = feed
        self.stop = stop
        self.row: i64 = 0
        self.stopped = False
        # The kinds that a stage consumes, as bits.
        self.heard: i64 = 0
        for kind in range(KINDS):
            if engine.hears(kind):
                self.heard |= i64(1) << kind
        # The next message to become known here, and the next to happen there.
        self.here: Page | None = None
        self.here_at: i64 = 0
        self.there: Page | None = None
        self.there_at: i64 = 0
        self.close = close_listeners(engine)

    def run(self) -> None:
        """Feed every message, then what is still under way: commands, their reports, messages not yet known."""
        self.here = self.there = self.feed.next()
        while self.here is not None and not self.stopped:
            if self.venue.busy:
                self._step()
            else:
                self._glide(self.here)
        self._hear(Nanos(AT_LAST))  # where the run was stopped, the moment before is not the last
        self.stop(int(self.row))

    def _step(self) -> None:
        """Let one message happen, and bring the engine all that it knows by the one after."""
        there = self._happening()
        if there is not None:
            k = self.there_at
            self.there_at = k + 1
            self.venue.observe(there.block.event(k, there.known(k)))
        self._hear(self._next_ns())

    def _glide(self, page: Page) -> None:
        """Bring the engine the rest of a page, as long as nothing is under way between it and the venue."""
        venue = self.venue
        heard = self.heard
        kinds = page.block.kinds
        known_ns = page.known_ns
        first = page.first
        last = page.size - 1
        k = self.here_at
        while k <= last:
            if self.close is not None and page is self.there:
                k = self._leap(page, self.close)
                if venue.busy:
                    break
            begin = k
            while k < last and not (heard >> read_i64_le(kinds, 8 * k)) & 1 and (first + k + 1) % PROGRESS_ROWS != 0:
                k += 1
            if self._happen(first + k, Nanos(read_i64_le(known_ns, 8 * k))):
                self._pass_reported(page)
                break
            if k > begin:  # what passes by is noted with the message that is fed next
                self.row += k - begin
                self.engine.events += k - begin
            self._feed(page, k)
            if venue.busy or self.stopped:
                break
            k += 1
        else:
            return
        self._hear(self._next_ns())

    def _leap(self, page: Page, close: CloseListeners) -> i64:
        """Bring the engine a stretch of a page on which the venue is silent; return the next message for it.

        It ends behind the first message at which a strategy speaks, and before one
        after which the run may be asked to stop, one that ends a bar, or the page's last.
        """
        block = page.block
        begin = self.here_at
        ahead = begin if begin > self.there_at else self.there_at
        heard = self.venue.silent_until(block, self.there_at, min(page.size - 1, ahead + LEAP_MESSAGES))
        # What happens at a later message than this, or at its moment, cannot be known before those that are left.
        end = page.known_by(block.at_ns(heard), begin, min(heard, begin + LEAP_MESSAGES))
        end = min(end, begin + PROGRESS_ROWS - 1 - (page.first + begin) % PROGRESS_ROWS)
        end = close.builder.silent_until(block, begin, end)
        if end <= begin:
            return begin
        out = self.engine.out
        out.tail = 1
        taken = close.strategies.read(block, page.known_ns, begin, end, out)
        close.builder.read(block, begin, taken)
        if out.tail == 1:
            self._pass(page, taken)
            return taken
        if taken - 1 > begin:
            self._pass(page, taken - 1)
        known = page.known(taken - 1)
        has_reported = self._happen(page.first + taken - 1, known)
        assert not has_reported, "a report from messages that were to bring none"
        row = self.row
        self.row = row + 1
        self.here_at = taken
        self.engine.proceed(row, known)
        return taken

    def _happen(self, through: i64, before: Nanos) -> bool:
        """Let all messages up to one happen, and those after it before a moment; True, and no more, after a report."""
        venue = self.venue
        there = self._happening()
        while there is not None:
            k = venue.read(there.block, self.there_at, through=through - there.first, before=before)
            self.there_at = k
            if venue.busy:
                return True
            if k < there.size:
                return False
            there = self._happening()
        return False

    def _hear(self, until: Nanos) -> None:
        """Bring the engine everything it knows by a moment, and the exchange every command that arrives by it."""
        venue = self.venue
        while True:
            known = self._known_ns()
            at = known if known < until else until
            if venue.busy:
                # Commands do not overtake each other: none that is sent later arrives before these.
                venue.advance(at if at < until else Nanos(until - 1))
                report = venue.next_report(at)
                if report is not None:
                    now = self.engine.now
                    self.engine.process(report, report.ts_known_ns if report.ts_known_ns > now else now)
                    continue
            if known > until:
                return
            here = self.here
            assert here is not None, "a message without its page"
            self._feed(here, self.here_at)

    def _feed(self, page: Page, k: i64) -> None:
        """Feed the engine one message, or let it pass by; ask now and then whether to stop."""
        known = page.known(k)
        row = self.row
        self.row = row + 1
        if (self.heard >> read_i64_le(page.block.kinds, 8 * k)) & 1:
            self.engine.feed(page.block.event(k, known), row, known)
        else:
            self.engine.pass_over(1, row, known)
        self.here_at = k + 1
        if k + 1 == page.size:
            self.here = self._after(page)
            self.here_at = 0
        if self.row % PROGRESS_ROWS == 0 and self.stop(int(self.row)):
            self.stopped = True

    def _pass(self, page: Page, end: i64) -> None:
        """Let messages pass by that no stage consumes, the last of a page not among them."""
        rows = end - self.here_at
        self.row += rows
        self.here_at = end
        self.engine.pass_over(rows, self.row - 1, page.known(end - 1))

    def _pass_reported(self, page: Page) -> None:
        """Let pass by what was known before the message with a report happened."""
        there = self.there
        assert there is not None, "a report without its message"
        reported = self.there_at - 1
        at = there.block.at_ns(reported)
        k = self.here_at
        while page.first + k < there.first + reported and page.known(k) <= at:
            k += 1
        if k > self.here_at:
            self._pass(page, k)

    def _known_ns(self) -> Nanos:
        """Return when the next message that happened is known; ``NO_MOMENT`` where there is none."""
        here, there = self.here, self.there
        if here is None or (there is not None and self.row == there.first + self.there_at):
            return Nanos(NO_MOMENT)
        return here.known(self.here_at)

    def _next_ns(self) -> Nanos:
        """Return when the next message happens, ``AT_LAST`` at the end."""
        there = self._happening()
        return Nanos(AT_LAST) if there is None else there.block.at_ns(self.there_at)

    def _happening(self) -> Page | None:
        """Return the page of the next message to happen, None at the end."""
        there = self.there
        if there is not None and self.there_at == there.size:
            there = self.there = self._after(there)
            self.there_at = 0
        return there

    def _after(self, page: Page) -> Page | None:
        """Return the page after one, None at the end."""
        if page.next is None:
            page.next = self.feed.next()
        return page.next
