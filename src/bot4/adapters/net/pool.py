# SPDX-License-Identifier: Apache-2.0
"""Sockets under a session: its steps are obeyed here, and what the sockets do is told to it; nothing is decided.

A message takes one way: socket callback → :meth:`Feed.read` → the session's
bookkeeping → :meth:`Feed.deliver`, all before the callback returns.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Protocol, final

from bot4.adapters.net.ending import Ending
from bot4.adapters.net.websocket import Listener, Payload, Wire
from bot4.domain.ports import Clock
from bot4.domain.values import SECOND_NS
from bot4.market.ingest.session import TICK_NS, Session
from bot4.market.ingest.steps import Ask, Cut, Dial, Step, Told


@dataclass(slots=True)
class Message:
    """Hold one decoded message of a topic; ``sequence`` as :meth:`Session.admit` wants it."""

    topic: str
    sequence: int
    body: object


@dataclass(frozen=True, slots=True)
class Reply:
    """Hold the venue's answer to a request; ``refusal`` is empty where it was granted."""

    request: int
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Farewell:
    """Hold the venue's word that it will close this connection."""


class Feed(Protocol):
    """Speak a venue's dialect, and take what comes: all that differs between venues."""

    def read(self, payload: Payload) -> Message | Reply | Farewell | None:
        """Decode one message; None where it is nothing of ours (counted by the feed). The bytes are gone afterwards."""
        ...

    def deliver(self, message: Message) -> None:
        """Take a message of a topic, in order."""
        ...

    def tell(self, told: Told) -> None:
        """Take what the session says about a topic."""
        ...

    def ask(self, ask: Ask) -> str:
        """Return the text of a request."""
        ...


OUTCOMES_MAX: Final = 64
PARTING_S: Final = 1.0
"""How long a closed socket may take to send what is left."""

Connect = Callable[[Listener], Coroutine[Any, Any, Wire | Ending]]
"""Dials the venue: :func:`bot4.adapters.net.websocket.dial` with everything but the listener filled in."""


@final
class Pool:
    """Drive a session over real sockets until it is shut.

    Parameters
    ----------
    session : Session
        Decides.
    feed : Feed
        Reads and takes the messages.
    connect : callable
        Dials.
    clock : Clock
        Its monotonic time is the session's.

    Attributes
    ----------
    outcomes : deque of Ending
        How the latest connections and tries ended, the newest last; at most ``OUTCOMES_MAX``.
    opened : int
        Connections that were made.
    """

    def __init__(self, session: Session, feed: Feed, *, connect: Connect, clock: Clock) -> None:
        self.session = session
        self.feed = feed
        self.outcomes: deque[Ending] = deque(maxlen=OUTCOMES_MAX)
        self.opened = 0
        self._connect = connect
        self._clock = clock
        self._lines: dict[int, Line] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._fault: asyncio.Future[None] | None = None
        self._is_paused = False

    async def run(self) -> None:
        """Drive the session until it is canceled; an error of a feed, a bug of ours, ends it."""
        fault = self._fault = asyncio.get_running_loop().create_future()
        try:
            while not fault.done():
                self.obey(self.session.advance(self.now()))
                await asyncio.wait([fault], timeout=TICK_NS / SECOND_NS)
            fault.result()
        finally:
            self.obey(self.session.shut(self.now()))
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=PARTING_S)
            for task in list(self._tasks):
                task.cancel()

    def now(self) -> int:
        """Return the session's time."""
        return int(self._clock.monotonic_ns())

    def want(self, name: str, *, weight: float = 1.0, usual_gap_ns: int | None = None) -> None:
        """Ask for a topic."""
        given = {} if usual_gap_ns is None else {"usual_gap_ns": usual_gap_ns}
        self.obey(self.session.want(name, self.now(), weight=weight, **given))

    def unwant(self, name: str) -> None:
        """Give a topic up."""
        self.obey(self.session.unwant(name, self.now()))

    def pause(self) -> None:
        """Stop reading every connection, because whoever takes the messages has no room; nothing is lost by it."""
        self._is_paused = True
        for line in self._lines.values():
            line.pause()

    def resume(self) -> None:
        """Go on reading."""
        self._is_paused = False
        for line in self._lines.values():
            line.resume()

    def obey(self, steps: list[Step]) -> None:
        """Do what the session says."""
        for step in steps:
            if isinstance(step, Dial):
                line = self._lines[step.link] = Line(self, step.link)
                task = asyncio.get_running_loop().create_task(self._live(line))
                self._tasks.add(task)
                task.add_done_callback(self._done)
                line.task = task
            elif isinstance(step, Ask):
                self._lines[step.link].send(self.feed.ask(step))
            elif isinstance(step, Cut):
                line_cut = self._lines.pop(step.link, None)
                if line_cut is not None:
                    line_cut.cut()
            elif isinstance(step, Told):
                self.feed.tell(step)
            else:
                for message in step.messages:
                    self.feed.deliver(message)  # type: ignore[arg-type]  # what was given in comes out

    def take(self, number: int, payload: Payload) -> None:
        """Take one message of a connection: called from the socket's callback."""
        session, feed = self.session, self.feed
        read = feed.read(payload)
        if type(read) is Message:
            for message in session.admit(number, read.topic, read.sequence, read, self.now()):
                feed.deliver(message)  # type: ignore[arg-type]  # what is given in comes out
        elif type(read) is Reply:
            self.obey(session.replied(number, read.request, self.now(), refusal=read.refusal))
        elif type(read) is Farewell:
            self.obey(session.retire(number))

    async def _live(self, line: "Line") -> None:
        """Live through one connection: dial, tell, wait for its end, tell."""
        wire = await self._connect(line)
        if isinstance(wire, Ending):
            outcome = wire
        else:
            line.opened(wire)
            self.opened += 1
            if self._is_paused:
                line.pause()
            if not line.is_cut:
                self.obey(self.session.opened(line.number, self.now()))
            outcome = await wire.ended()
        self.outcomes.append(outcome)
        if not line.is_cut:
            line.is_cut = True
            del self._lines[line.number]
            hold_ns = int(outcome.retry_after_s * SECOND_NS)
            self.obey(self.session.lost(line.number, self.now(), hold_ns=hold_ns))

    def _done(self, task: asyncio.Task[None]) -> None:
        """Let an error of ours, raised in a listener, end the run."""
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and self._fault is not None and not self._fault.done():
            self._fault.set_exception(error)


@final
class Line:
    """Join one connection of the session with its socket; after it is cut, nothing it says is heard."""

    def __init__(self, pool: Pool, number: int) -> None:
        self.number = number
        self.is_cut = False
        self.task: asyncio.Task[None] | None = None
        self._pool = pool
        self._wire: Wire | None = None

    def on_message(self, payload: Payload) -> None:
        """Hand a message on."""
        if not self.is_cut:
            self._pool.take(self.number, payload)

    def opened(self, wire: Wire) -> None:
        """Take the open socket; if it comes too late it is closed."""
        self._wire = wire
        if self.is_cut:
            wire.abort()

    def send(self, text: str) -> None:
        """Send a request; on a socket that is gone it goes nowhere, which its end will tell."""
        if self._wire is not None:
            self._wire.send(text)

    def pause(self) -> None:
        """Stop reading."""
        if self._wire is not None:
            self._wire.pause()

    def resume(self) -> None:
        """Go on reading."""
        if self._wire is not None:
            self._wire.resume()

    def cut(self) -> None:
        """Close the socket, politely for a second; give up dialing where there is none yet."""
        self.is_cut = True
        if self._wire is not None:
            self._wire.close()
            asyncio.get_running_loop().call_later(PARTING_S, self._wire.abort)
        elif self.task is not None:
            self.task.cancel()
