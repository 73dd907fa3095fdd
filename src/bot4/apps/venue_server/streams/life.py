# SPDX-License-Identifier: Apache-2.0
"""The life of one WebSocket: pings and the pongs they want, the end after a day, and how fast a client may talk.

Time is an argument, in ms that never step back.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final, final

SECOND_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class Pace:
    """Hold the figures of a connection; ``messages`` is how many a client may send in a second."""

    ping_ms: int = 20_000
    pong_ms: int = 60_000
    life_ms: int = 86_400_000
    messages: int = 5


class Step(Enum):
    """Say what is due on a connection."""

    NOTHING = "nothing"
    PING = "a ping"
    NO_PONG = "the cut of a client that answers no ping"
    OLD_AGE = "the cut after the longest life"


@final
class Life:
    """Follow one connection."""

    def __init__(self, pace: Pace, now_ms: int) -> None:
        self._pace = pace
        self._born_ms = now_ms
        self._pinged_ms = now_ms
        self._waiting: dict[bytes, int] = {}
        self._window = (-1, 0)

    def beat(self, now_ms: int) -> Step:
        """Return what is due; after a ping :meth:`pinged` must be called."""
        if now_ms - self._born_ms >= self._pace.life_ms:
            return Step.OLD_AGE
        if self._waiting and now_ms - min(self._waiting.values()) >= self._pace.pong_ms:
            return Step.NO_PONG
        return Step.PING if now_ms - self._pinged_ms >= self._pace.ping_ms else Step.NOTHING

    def pinged(self, payload: bytes, now_ms: int) -> None:
        """Note that a ping went out."""
        self._pinged_ms = now_ms
        self._waiting[payload] = now_ms

    def skip_ping(self, now_ms: int) -> None:
        """Note that a ping that was due was left out."""
        self._pinged_ms = now_ms

    def ponged(self, payload: bytes) -> None:
        """Note a pong: it answers the ping of the same payload and every one before it; an unasked one nothing."""
        sent_ms = self._waiting.get(payload)
        if sent_ms is not None:
            self._waiting = {one: at_ms for one, at_ms in self._waiting.items() if at_ms > sent_ms}

    def spoke(self, now_ms: int) -> bool:
        """Count a message of the client, pings and pongs too, and say whether it may go on."""
        second = now_ms // SECOND_MS
        number, count = self._window
        count = count + 1 if number == second else 1
        self._window = (second, count)
        return count <= self._pace.messages
