# SPDX-License-Identifier: Apache-2.0
"""All connections to one venue's streams as one deterministic thing: told what happened, it says what to do.

It owns the connections' lives (:mod:`~bot4.market.ingest.life`), the book of
subscriptions, the venue's limits and the judgement of silence. It opens nothing,
waits for nothing and reads no message: whoever holds the sockets obeys its steps,
calls :meth:`Session.advance` every ``TICK_NS``, and shows it each message's topic.

What is promised: a lost connection is dialed again at once; a connection is
replaced before the venue ends it, the old one staying until the new one carries
every topic; each topic is delivered in order, across that change too; and a topic
that was acknowledged and stays silent is told of within the bound of its pace.
"""

from collections.abc import Iterator
from typing import Final, final

import numpy as np

from bot4.domain.values import SECOND_NS
from bot4.market.ingest.backoff import Backoff, BackoffPolicy
from bot4.market.ingest.budget import TokenBucket
from bot4.market.ingest.handover import is_carried, is_catching_up, joined
from bot4.market.ingest.life import BACKING_OFF, CONNECTING, CUT, DIALED, DRAINING, ENDED, LOST, OPENED, REPLACED
from bot4.market.ingest.pace import GAP_NS_DEFAULT, Pace
from bot4.market.ingest.requests import Requests
from bot4.market.ingest.silence import REPLACE_AT_TRY, Silence
from bot4.market.ingest.splice import Splice
from bot4.market.ingest.spread import JITTER_SHARE, Limits, place
from bot4.market.ingest.steps import INTERRUPTED, REFUSED, SILENT, Cut, Deliver, Dial, Step, Told
from bot4.market.ingest.subscriptions import ACKNOWLEDGED, SENT, SPEAKING, WANTED, Link, Topic

TICK_NS: Final = SECOND_NS // 10
"""How often time must be told."""


@final
class Session:
    """Keep the wanted topics of one venue flowing over as many connections as they need.

    Parameters
    ----------
    limits : Limits
        What the venue allows.
    generator : numpy.random.Generator
        Draws the jitter of waits and of replacements.
    policy : BackoffPolicy
        How the waits between tries grow.

    Attributes
    ----------
    strays : int
        Messages of topics that nobody wants there any more.
    repeats : int
        Messages that came over two connections, the second time.
    """

    def __init__(self, limits: Limits, generator: np.random.Generator, policy: BackoffPolicy | None = None) -> None:
        self.limits = limits
        self.links: dict[int, Link] = {}
        self.topics: dict[str, Topic] = {}
        self.strays = 0
        self.repeats = 0
        self.backoff = Backoff(policy or BackoffPolicy(), generator)
        self.silence = Silence(generator)
        self._requests = Requests(limits)
        self._dials = TokenBucket(limits.dials_burst, limits.dials_per_s)
        self._generator = generator
        self._next_link = 1
        self._is_shut = False

    # --- what is wanted -----------------------------------------------------------------------------------------

    def want(self, name: str, now: int, *, weight: float = 1.0, usual_gap_ns: int = GAP_NS_DEFAULT) -> list[Step]:
        """Ask for a topic; wanted already, or after the end, nothing changes.

        Parameters
        ----------
        weight : float
            Its share of a connection's load, such as messages a second.
        usual_gap_ns : int
            How often it speaks, as far as is known.
        """
        if name in self.topics or self._is_shut:
            return []
        topic = Topic(name, weight, Pace(usual_gap_ns))
        link = place(self.links.values(), topic, self.limits) or self._new_link()
        if link is None:
            limits = self.limits
            return [Told(name, REFUSED, f"no room: {limits.links_max} connections of {limits.topics_per_link} topics")]
        self.topics[name] = topic
        link.seat(topic)
        return [*self._dial(now), *self._requests.due(link, now)]

    def unwant(self, name: str, now: int) -> list[Step]:
        """Give a topic up; connections that carry nothing else are closed."""
        topic = self.topics.pop(name, None)
        steps: list[Step] = []
        for seat in [] if topic is None else list(topic.seats):
            link = seat.link
            link.unseat(seat)
            if not link.seats:
                steps += self._end(link, "nothing is wanted of it", now)
            else:
                self._requests.leave(link, seat)
                steps += self._requests.due(link, now)
        return steps

    def shut(self, now: int) -> list[Step]:
        """Close everything; nothing is dialed after this."""
        self._is_shut = True
        return [step for link in list(self.links.values()) for step in self._end(link, "shut", now)]

    def states(self) -> dict[str, int]:
        """Return how many topics there are in each state of the book, for a page of health."""
        counts = dict.fromkeys((WANTED, SENT, ACKNOWLEDGED, SPEAKING, SILENT), 0)
        for topic in self.topics.values():
            seat = topic.seats[0]
            counts[SILENT if seat.is_silent else seat.state] += 1
        return counts

    # --- what happened ------------------------------------------------------------------------------------------

    def opened(self, number: int, now: int) -> list[Step]:
        """Note that a dialed connection is open."""
        link = self.links.get(number)
        if link is None or not link.happened(OPENED):
            return [Cut(number, "not wanted any more")]
        self.backoff.opened()
        link.opened_ns = now
        early = int(JITTER_SHARE * self._generator.random() * self.limits.rollover_ns)
        link.retire_ns = now + self.limits.life_ns - self.limits.rollover_ns - early
        return [*self._requests.due(link, now), *self._dial(now)]

    def lost(self, number: int, now: int, *, hold_ns: int = 0) -> list[Step]:
        """Note that a connection could not be made, or is gone; told twice, nothing more happens.

        Parameters
        ----------
        hold_ns : int
            For how long the venue said not to come back.
        """
        link = self.links.get(number)
        if link is None:
            return []
        was = link.state
        if not link.happened(LOST):
            return []
        if was == CONNECTING:
            self.backoff.failed(now, hold_ns)
            return list(self._dial(now))
        self.backoff.lost(now, link.opened_ns, hold_ns)
        steps = self._let_go(link, now) if link.state == ENDED else self._interrupt(link)
        return [*steps, *self._dial(now)]

    def replied(self, number: int, request: int, now: int, *, refusal: str = "") -> list[Step]:
        """Note the venue's reply to a request: done, or refused with its words."""
        link = self.links.get(number)
        if link is None:
            return []
        steps: list[Step] = []
        for seat, why in self._requests.replied(link, request, now, refusal):
            link.unseat(seat)
            steps += self.unwant(seat.topic.name, now)  # where it stands on the connection before, too
            steps.append(Told(seat.topic.name, REFUSED, why))
        if not link.seats:
            steps += self._end(link, "nothing is wanted of it", now)
        return [*steps, *self._requests.due(link, now)]

    def retire(self, number: int) -> list[Step]:
        """Replace a connection soon: the venue has said that it will end it."""
        link = self.links.get(number)
        if link is not None:
            link.retire_ns = min(link.retire_ns, link.opened_ns)
        return []

    def admit(self, number: int, name: str, sequence: int, message: object, now: int) -> tuple[object, ...]:
        """Note a message of a topic, and return what is to be delivered of it, in order: mostly just this.

        Parameters
        ----------
        sequence : int
            A number that never falls within a topic, the same on every connection; ``splice.UNNUMBERED`` where
            messages replace each other.
        """
        topic = self.topics.get(name)
        seat = None if topic is None else topic.seat_on(number)
        if topic is None or seat is None:
            self.strays += 1
            return ()
        seat.hear(now)
        splice = topic.splice
        if splice is None:
            return (message,)
        if seat is not topic.seats[-1]:
            return splice.take_old(sequence, message)
        if len(topic.seats) == 1 and splice.is_over(sequence, now):
            topic.splice = None
            self.repeats += splice.repeats
            return (message,)
        return splice.take_new(sequence, message)

    # --- what time brings ---------------------------------------------------------------------------------------

    def advance(self, now: int) -> list[Step]:
        """Do what is due."""
        steps: list[Step] = []
        for link in list(self.links.values()):
            if link.is_open and now >= link.retire_ns and link.predecessor is None:
                self._replace(link, now)
            elif link.state == DRAINING:
                steps += self._drain(link, now)
            elif link.is_open and self._requests.is_overdue(link, now):
                steps.append(Cut(link.number, "no reply"))
                steps += self.lost(link.number, now)
            if link.is_open:
                steps += self._requests.due(link, now)
        steps += self._judge_silence(now)
        return [*steps, *self._dial(now)]

    def _judge_silence(self, now: int) -> Iterator[Step]:
        """Tell of silent topics; ask for them anew, or take a connection for dead."""
        links = [link for link in self.links.values() if link.is_open or link.state == DRAINING]
        yield from self.silence.look(links, now)
        for link in [link for link in links if link.is_open]:
            if self.silence.is_dead(link):
                if now >= link.spared_ns:
                    self.silence.gave_up(link, now)
                    yield Cut(link.number, "silent")
                    yield from self.lost(link.number, now)
                continue
            for seat in self.silence.to_ask_anew(link, now):
                if seat.topic.tries == REPLACE_AT_TRY:
                    link.retire_ns = now
                self._requests.renew(link, seat)

    def _dial(self, now: int) -> Iterator[Step]:
        """Dial what backs off, as far as the venue's answer and its limits allow."""
        for link in self.links.values():
            if link.state != BACKING_OFF:
                continue
            connecting = sum(other.state == CONNECTING for other in self.links.values())
            if not self.backoff.may_dial(now, connecting) or not self._dials.take(now):
                return
            link.happened(DIALED)
            yield Dial(link.number)

    # --- connections --------------------------------------------------------------------------------------------

    def _new_link(self) -> Link | None:
        """Return a new connection; None where there are as many as may be."""
        if sum(link.state != DRAINING for link in self.links.values()) >= self.limits.links_max:
            return None
        link = Link(self._next_link, TokenBucket(self.limits.asks_burst, self.limits.asks_per_s))
        self._next_link += 1
        self.links[link.number] = link
        return link

    def _replace(self, link: Link, now: int) -> None:
        """Begin to replace a connection: its successor is dialed and subscribed, then it is closed."""
        link.happened(REPLACED)
        successor = self._new_link()
        assert successor is not None, "a draining connection does not count"
        link.successor, successor.predecessor = successor.number, link.number
        link.drained_ns = now + self.limits.rollover_ns
        for seat in list(link.seats.values()):
            topic = seat.topic
            successor.seat(topic)
            topic.splice = topic.splice or Splice()
            topic.splice.restart()

    def _drain(self, link: Link, now: int) -> list[Step]:
        """Close a connection once its successor carries every topic, or has been waited for long enough."""
        successor = self.links.get(link.successor or 0)
        if successor is None:
            return self._end(link, "replaced", now)
        if not successor.is_open:
            return []
        steps: list[Step] = []
        for seat in successor.seats.values():
            splice = seat.topic.splice
            if splice is not None and splice.is_stuck(now, self.limits.settle_ns):
                steps.append(Told(seat.topic.name, INTERRUPTED, "its old connection fell silent while it was replaced"))
                steps.append(Deliver(seat.topic.name, splice.force()))
        waited = now >= link.drained_ns or (
            now - successor.opened_ns >= self.limits.drain_ns and not is_catching_up(successor)
        )
        if waited or all(is_carried(seat, self.limits.settle_ns, now) for seat in successor.seats.values()):
            steps += self._end(link, "replaced", now)
        return steps

    def _end(self, link: Link, reason: str, now: int) -> list[Step]:
        """Close a connection for good."""
        link.happened(CUT)
        return [Cut(link.number, reason), *self._let_go(link, now)]

    def _let_go(self, link: Link, now: int) -> Iterator[Step]:
        """Forget a connection that has ended; what its successor held is delivered."""
        del self.links[link.number]
        successor = self.links.get(link.successor or 0)
        if successor is not None:
            successor.predecessor = None
        predecessor = self.links.get(link.predecessor or 0)
        if predecessor is not None:
            predecessor.successor = None
        for seat in list(link.seats.values()):
            link.unseat(seat)
            topic = seat.topic
            if topic.splice is not None and topic.seats:
                topic.seats[0].inherit(seat)
                yield from joined(topic, topic.splice, self.limits.settle_ns, now)

    def _interrupt(self, link: Link) -> Iterator[Step]:
        """Tell that everything on a lost connection may miss something."""
        for seat in link.seats.values():
            topic = seat.topic
            if len(topic.seats) == 1:
                topic.splice = None
                yield Told(topic.name, INTERRUPTED, "connection lost")
            elif topic.splice is not None:
                topic.splice.restart()
        link.forget_requests()
