# SPDX-License-Identifier: Apache-2.0
"""What faults make of the messages of one WebSocket: lost, twice, swapped, or silent from now on.

Each connection has one of each; the messages come in as they should have been sent and
leave as they are to be sent.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import final

from bot4.apps.venue_server.faults.schedule import Schedule

Message = Mapping[str, object]


@final
class MarketDistortion:
    """Distort the market messages of one connection, known by the name of their stream."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._silent: set[str] = set()
        self._is_silent = False
        self._held: list[tuple[str, Message]] = []

    def subscribe(self, name: str) -> None:
        """Take note of a subscription; one may be acknowledged and never served."""
        if self._schedule.strikes("W13"):
            self._silent.add(name)

    def pass_on(self, name: str, message: Message) -> list[tuple[str, Message]]:
        """Return what to send now, in this order."""
        if not self._is_silent and self._schedule.strikes("W01"):
            self._is_silent = True
        if self._schedule.strikes("W02"):
            self._silent.add(name)
        if self._is_silent or name in self._silent or self._schedule.strikes("W06"):
            return []
        if not self._held and self._schedule.strikes("W05"):
            self._held.append((name, message))
            return []
        sent = [(name, message), *self._held]
        self._held.clear()
        if self._schedule.strikes("W04"):
            sent.append((name, message))
        return sent


@dataclass(frozen=True, slots=True)
class Passed:
    """Hold the user events to send now, and whether the subscription ends after them."""

    events: list[Message]
    ends: bool = False


@final
class UserDistortion:
    """Distort the user events of one subscription, a batch at a time."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    def pass_on(self, events: Iterable[Message]) -> Passed:
        """Return what to send now, in this order."""
        events = list(events)
        self._swap("W09", events, first="NEW", then="TRADE")
        self._swap("W10", events, first="TRADE", then="CANCELED")
        sent: list[Message] = []
        for event in events:
            if self._schedule.strikes("W16"):
                continue
            sent.append(event)
            if self._schedule.strikes("W15"):
                sent.append(event)
        return Passed(sent, ends=bool(events) and self._schedule.strikes("W17"))

    def _swap(self, code: str, events: list[Message], *, first: str, then: str) -> None:
        """Put the second of two reports before the first, where a batch has both."""
        kinds = [event.get("x") for event in events]
        if first not in kinds or then not in kinds[kinds.index(first) :] or not self._schedule.strikes(code):
            return
        one = kinds.index(first)
        other = kinds.index(then, one)
        events[one], events[other] = events[other], events[one]
