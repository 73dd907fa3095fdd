# SPDX-License-Identifier: Apache-2.0
"""How long a command waits that has provably not reached the venue's engine, and what becomes of it then.

A limiter's hold, a network that is down, a 429, a ban, a refused time stamp say nothing about an order. One that
opens a position is soon out of date and given up; one that protects is asked again for :data:`HELD_MAX_NS`. Then it is
told with a reason that begins with :data:`~bot4.domain.unsent.NEVER_LEFT`, so that nobody takes it for the venue's
refusal. A cancel calls back a submit that still waits: it then never leaves at all.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final, final

from bot4.adapters.venues.binance.orders.lookup import Lookup
from bot4.adapters.venues.binance.orders.reports import MS_NS
from bot4.adapters.venues.binance.wire.requests import Request
from bot4.adapters.venues.binance.wire.rest import Told
from bot4.adapters.venues.kit.allowance import NEVER
from bot4.adapters.venues.kit.answers import Answer, Remedy, has_not_left
from bot4.adapters.venues.kit.limiter import Hold, Urgency
from bot4.domain.unsent import NEVER_LEFT
from bot4.domain.values import SECOND_NS

HELD_MAX_NS: Final = {Urgency.ORDINARY: 2 * SECOND_NS, Urgency.PROTECTIVE: 90 * SECOND_NS}
"""The longest age of a command that has not left: protection outlasts a whole window of the venue's limits."""

PAUSE_MS_MIN: Final = 50
PAUSE_MS_MAX: Final = 1_000
"""The limiter is asked again at least each second: what it said may be by a clock that has been set since."""

CALLED_BACK: Final = "canceled before"


@final
class Recall:
    """Join a submit that may still wait with the cancel that would make it needless."""

    __slots__ = ("asked", "is_over")

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.is_over = False


@dataclass(frozen=True, slots=True)
class NeverLeft:
    """Say that a command was given up before the venue took notice of it."""

    rule: str

    def reason(self) -> str:
        """Return the words for a report."""
        return f"{NEVER_LEFT}: {self.rule}"


@final
class PatientDoor:
    """Ask until a command has left, or is too old.

    Parameters
    ----------
    lookup : Lookup
        Whose door and clock are used.

    Attributes
    ----------
    alerts : Counter
        How often each answer came that no table knows, or that only a person can mend.
    """

    __slots__ = ("alerts", "_lookup")

    def __init__(self, lookup: Lookup) -> None:
        self.alerts: Counter[str] = Counter()
        self._lookup = lookup

    async def ask(
        self, request: Request, shape: str, kind: type[Any], recall: Recall | None = None
    ) -> Told[Any] | NeverLeft:
        """Send a command once it can leave.

        Parameters
        ----------
        request : Request
            Its urgency says how long it may wait.
        shape, kind : str, type
            As a door wants them.
        recall : Recall, optional
            What calls it back while it waits.
        """
        clock = self._lookup.clock
        deadline_ns = int(clock.monotonic_ns()) + HELD_MAX_NS[request.urgency]
        while True:
            told = await self._lookup.door.ask(request, shape, kind)
            if not isinstance(told, Hold) and not has_not_left(told.answer):
                self._lookup.note(told.value)
                if told.answer.alert or told.answer.remedy is Remedy.FATAL:
                    self.alerts[alert_words(told.answer)] += 1
                return told
            rule, wait_ms = waits(told, int(clock.now_ns()) // MS_NS)
            left_ms = (deadline_ns - int(clock.monotonic_ns())) // MS_NS
            is_late = request.urgency is Urgency.ORDINARY and wait_ms > left_ms
            if left_ms > 0 and wait_ms < NEVER and not is_late:
                pause_ms = min(max(wait_ms, PAUSE_MS_MIN), PAUSE_MS_MAX, left_ms)
                if not await called_back(recall, pause_ms):
                    continue
                rule = CALLED_BACK
            if recall is not None:
                recall.is_over = True
            return NeverLeft(rule)


def alert_words(answer: Answer) -> str:
    """Return what a person should hear of: the reason and the venue's code, and what to do where we know it."""
    words = f"{answer.rule} {answer.code}"
    return f"{words}: {answer.mend}" if answer.mend else words


def waits(told: Told[Any] | Hold, now_ms: int) -> tuple[str, int]:
    """Return by which rule a command is kept back, and for how long; ``NEVER`` and more is for good."""
    if isinstance(told, Hold):
        return told.rule, NEVER if told.until_ms >= NEVER else told.wait_ms
    answer = told.answer
    return answer.rule, answer.until_ms - now_ms if answer.until_ms else PAUSE_MS_MAX


async def called_back(recall: Recall | None, wait_ms: int) -> bool:
    """Wait, and say whether the command was called back meanwhile."""
    if recall is None:
        await asyncio.sleep(wait_ms / 1e3)
        return False
    try:
        async with asyncio.timeout(wait_ms / 1e3):
            await recall.asked.wait()
    except TimeoutError:
        return False
    return True
