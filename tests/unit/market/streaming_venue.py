# SPDX-License-Identifier: Apache-2.0
"""A venue's streams and the sockets to them, imagined: connections, replies, numbered messages, limits checked.

Everything happens in steps of a simulated clock. It keeps count of what a venue would ban for, and can be
unreachable, cut connections, forget a topic it has acknowledged, or refuse one. A number of connections to come may
be dead: they acknowledge everything and say nothing.
"""

import heapq
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bot4.domain.values import MINUTE_NS, SECOND_NS
from bot4.market.ingest.session import TICK_NS, Session
from bot4.market.ingest.steps import Ask, Cut, Deliver, Dial, Step, Told

MS = SECOND_NS // 1_000
ASKS_A_SECOND = 5
DIALS_IN_FIVE_MINUTES = 300


@dataclass
class Wire:
    """One connection as the venue sees it."""

    opened_ns: int
    delay_ns: int
    is_dead: bool = False
    topics: dict[str, int] = field(default_factory=dict)
    asked: deque[int] = field(default_factory=deque)


class StreamingVenue:
    """Carry a session through simulated time, and keep what was delivered and told."""

    def __init__(self, session: Session, *, delays_ms: Iterable[int] = (5,), life_ns: int = 0) -> None:
        self.session = session
        self.now = MINUTE_NS
        self.delays = deque(int(delay * MS) for delay in delays_ms)
        self.life_ns = life_ns
        self.is_up = True
        self.mute: set[str] = set()
        self.forgotten: set[tuple[int, str]] = set()
        self.dead_to_come = 0
        self.refuses: set[str] = set()
        self.wires: dict[int, Wire] = {}
        self.sent: dict[str, list[int]] = defaultdict(list)
        self.delivered: dict[str, list[int]] = defaultdict(list)
        self.told: list[tuple[int, Told]] = []
        self.cuts: list[tuple[int, Cut]] = []
        self.dials: list[int] = []
        self.opened: list[int] = []
        self.breaches: list[str] = []
        self._later: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self.later(0, self._tick)

    def later(self, delay_ns: int, call: Callable[[], None]) -> None:
        """Let something happen after a while; what is due together happens in the order in which it was said."""
        self._count += 1
        heapq.heappush(self._later, (self.now + delay_ns, self._count, call))

    def run(self, duration_ns: int) -> None:
        """Let time pass."""
        until = self.now + duration_ns
        while self._later and self._later[0][0] <= until:
            self.now, _, call = heapq.heappop(self._later)
            call()
        self.now = until

    def obey(self, steps: list[Step]) -> None:
        """Do what the session says."""
        for step in steps:
            match step:
                case Dial():
                    self._dial(step.link)
                case Ask():
                    self._ask(step)
                case Cut():
                    self.cuts.append((self.now, step))
                    self.wires.pop(step.link, None)
                case Told():
                    self.told.append((self.now, step))
                case Deliver():
                    self.delivered[step.topic] += [int(str(message)) for message in step.messages]

    def want(self, *names: str, usual_gap_ns: int = 100 * MS, weight: float = 1.0) -> None:
        """Want topics."""
        for name in names:
            self.obey(self.session.want(name, self.now, usual_gap_ns=usual_gap_ns, weight=weight))

    def publish(self, name: str) -> None:
        """Send the next message of a topic to every connection that has it."""
        number = len(self.sent[name])
        self.sent[name].append(number)
        if name in self.mute:
            return
        for link, wire in self.wires.items():
            if name in wire.topics and not wire.is_dead and (link, name) not in self.forgotten:
                self.later(wire.delay_ns, lambda link=link, wire=wire: self._arrive(link, wire, name, number))  # type: ignore[misc]

    def publish_every(self, name: str, gaps: Callable[[], int]) -> None:
        """Publish a topic for ever, the next message after each gap."""

        def again() -> None:
            self.publish(name)
            self.later(gaps(), again)

        self.later(gaps(), again)

    def lose(self, link: int, delay_ns: int = 0) -> None:
        """Cut a connection from the venue's side."""
        wire = self.wires.pop(link, None)
        if wire is not None:
            self.later(delay_ns, lambda: self.obey(self.session.lost(link, self.now)))

    def whats(self, topic: str) -> list[str]:
        """Return what was told of a topic, in order."""
        return [told.what for _, told in self.told if told.topic == topic]

    def _arrive(self, link: int, wire: Wire, name: str, number: int) -> None:
        if self.wires.get(link) is wire:
            self.delivered[name] += [int(str(one)) for one in self.session.admit(link, name, number, number, self.now)]

    def _tick(self) -> None:
        self.obey(self.session.advance(self.now))
        self.later(TICK_NS, self._tick)

    def _dial(self, link: int) -> None:
        self.dials.append(self.now)
        latest = self.dials[-DIALS_IN_FIVE_MINUTES - 1 :]
        if sum(self.now - at < 5 * MINUTE_NS for at in latest) > DIALS_IN_FIVE_MINUTES:
            self.breaches.append("dials")
        self.later(30 * MS, lambda: self._answer(link))

    def _answer(self, link: int) -> None:
        if link not in self.session.links:
            return  # cut while it was being dialed
        if not self.is_up:
            self.obey(self.session.lost(link, self.now))
            return
        delay = self.delays[0]
        self.delays.rotate(-1)
        self.wires[link] = Wire(self.now, delay, is_dead=self.dead_to_come > 0)
        self.dead_to_come = max(0, self.dead_to_come - 1)
        self.opened.append(self.now)
        if self.life_ns:
            wire = self.wires[link]
            self.later(self.life_ns, lambda: self.lose(link) if self.wires.get(link) is wire else None)
        self.obey(self.session.opened(link, self.now))

    def _ask(self, ask: Ask) -> None:
        wire = self.wires.get(ask.link)
        assert wire is not None, "asked over a connection that is not open"
        wire.asked.append(self.now)
        while wire.asked[0] <= self.now - SECOND_NS:
            wire.asked.popleft()
        if len(wire.asked) > ASKS_A_SECOND:
            self.breaches.append("asks")
        self.later(wire.delay_ns, lambda: self._hear_ask(wire, ask))

    def _hear_ask(self, wire: Wire, ask: Ask) -> None:
        if self.wires.get(ask.link) is not wire:
            return
        refused = self.refuses & set(ask.topics)
        if ask.subscribe and not refused:
            wire.topics |= dict.fromkeys(ask.topics, self.now)
            self.forgotten -= {(ask.link, name) for name in ask.topics}
        elif not ask.subscribe:
            for name in ask.topics:
                wire.topics.pop(name, None)
        refusal = "unknown symbol" if ask.subscribe and refused else ""

        def reply() -> None:
            if self.wires.get(ask.link) is wire:
                self.obey(self.session.replied(ask.link, ask.request, self.now, refusal=refusal))

        self.later(wire.delay_ns, reply)
