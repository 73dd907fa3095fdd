# SPDX-License-Identifier: Apache-2.0
"""What is asked of the venue over one connection, how often, and what its replies mean for the topics asked for."""

from typing import final

from bot4.market.ingest.spread import Limits
from bot4.market.ingest.steps import Ask, Step
from bot4.market.ingest.subscriptions import ACKNOWLEDGED, SENT, WANTED, Link, Seat


@final
class Requests:
    """Put topics into requests within the venue's rate, and match the replies."""

    __slots__ = ("_limits", "_next")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._next = 1

    def due(self, link: Link, now: int) -> list[Step]:
        """Return the requests that may be sent now; what has to leave goes first, so that it may come back."""
        steps: list[Step] = []
        if not link.is_open:
            return steps
        while (link.leaving or link.wanting) and link.bucket.take(now):
            subscribe = not link.leaving
            if subscribe:
                topics = self._next_wanted(link)
            else:
                topics = tuple(link.leaving[: self._limits.topics_per_ask])
                del link.leaving[: len(topics)]
            link.asked[self._next] = (topics, now, subscribe)
            steps.append(Ask(link.number, self._next, topics, subscribe))
            self._next += 1
        return steps

    def leave(self, link: Link, seat: Seat) -> None:
        """Give up a place that may have been asked for."""
        if seat.state is not WANTED:
            link.leaving.append(seat.topic.name)

    def renew(self, link: Link, seat: Seat) -> None:
        """Unsubscribe and subscribe again: the venue has forgotten a topic that it had acknowledged."""
        link.leaving.append(seat.topic.name)
        link.wanting[seat.topic.name] = seat
        seat.state = WANTED

    def replied(self, link: Link, request: int, now: int, refusal: str) -> list[tuple[Seat, str]]:
        """Take in a reply; return the places that the venue will not give, with its words.

        A refusal of several topics does not say which of them it means: each is asked for by itself.
        """
        topics, _, subscribe = link.asked.pop(request, ((), 0, False))
        if not subscribe:
            return []
        seats = [link.seats[name] for name in topics if name in link.seats]
        refused = []
        for seat in seats:
            if not refusal:
                self._acknowledge(seat, now)
            elif len(topics) > 1:
                seat.alone = True
                seat.state = WANTED
                link.wanting[seat.topic.name] = seat
            else:
                refused.append((seat, refusal))
        return refused

    def is_overdue(self, link: Link, now: int) -> bool:
        """Tell whether the oldest request has waited too long for its reply."""
        oldest = next(iter(link.asked.values()), None)
        return oldest is not None and now - oldest[1] >= self._limits.reply_ns

    def _next_wanted(self, link: Link) -> tuple[str, ...]:
        """Take the topics of the next request: one that must be alone, or as many others as fit."""
        names: list[str] = []
        for name, seat in link.wanting.items():
            if seat.alone and names:
                continue
            names.append(name)
            if seat.alone or len(names) == self._limits.topics_per_ask:
                break
        for name in names:
            link.wanting.pop(name).state = SENT
        return tuple(names)

    def _acknowledge(self, seat: Seat, now: int) -> None:
        """Note that the venue has said yes; from here on data is owed."""
        if seat.state is SENT:
            seat.state = ACKNOWLEDGED
            seat.reset(now)
