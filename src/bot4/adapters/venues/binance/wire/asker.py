# SPDX-License-Identifier: Apache-2.0
"""One question to a venue until it is answered: holds and bans are waited out, silence is met by asking again.

Every wait of a second or more is told. A stop is heard within a tenth of a second of waiting. What waiting
cannot mend ends in an error that says what a person can do; what was fetched before is kept.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeVar, final

from bot4.adapters.venues.binance.wire.requests import Request
from bot4.adapters.venues.binance.wire.rest import BinanceRest
from bot4.adapters.venues.kit.answers import Answer, Remedy
from bot4.adapters.venues.kit.clock import MS, ClockOffset
from bot4.adapters.venues.kit.limiter import Hold
from bot4.domain.errors import BadInput, OutsideFault
from bot4.domain.ports import Clock

TRIES_MAX: Final = 5
WAIT_MS_MAX: Final = 3_600_000
TOLD_FROM_MS: Final = 1_000
SLICE_S: Final = 0.1

T = TypeVar("T")


class Stopped(Exception):
    """Say that the user asked to stop while there was nothing to do but wait."""


@final
class Asker:
    """Ask and wait.

    Parameters
    ----------
    rest : BinanceRest
        Where to ask.
    clock, offset : Clock, ClockOffset
        The venue's time, as far as it is known.
    tell : callable
        Takes a line about a wait.
    should_stop : callable
        Says whether the user asked to stop.
    mend : str
        What to do after an error, put at the end of its message.
    """

    def __init__(
        self,
        rest: BinanceRest,
        *,
        clock: Clock,
        offset: ClockOffset,
        tell: Callable[[str], object],
        should_stop: Callable[[], bool],
        mend: str = "then repeat the command; it goes on where it stands.",
    ) -> None:
        self._rest = rest
        self._clock = clock
        self._offset = offset
        self._tell = tell
        self._should_stop = should_stop
        self._mend = mend

    async def ask(self, request: Request, shape: str, kind: type[T]) -> T:
        """Return the answer to a question.

        Raises
        ------
        BadInput
            If the venue does not know the symbol.
        OutsideFault
            If it refuses, stays silent, or wants to be left alone for more than an hour.
        Stopped
            If the user asked to stop meanwhile.
        """
        tries = 0
        while True:
            if self._should_stop():
                raise Stopped
            told = await self._rest.ask(request, shape, kind)
            if isinstance(told, Hold):
                await self._wait(told.until_ms, told.rule)
                continue
            if told.value is not None:
                return told.value
            answer = told.answer
            if answer.remedy is Remedy.BACK_OFF:
                await self._wait(answer.until_ms, f"{answer.rule}: {answer.text}")
                continue
            tries += 1
            if answer.remedy is not Remedy.RETRY_LATER or tries >= TRIES_MAX:
                raise self._refused(request, answer)
            await self._wait(answer.until_ms, answer.rule)

    async def _wait(self, until_ms: int, why: str) -> None:
        """Wait for a moment of the venue's."""
        wait_ms = until_ms - self._venue_ms()
        if wait_ms > WAIT_MS_MAX:
            mend = f"Wait for that, {self._mend}"
            raise OutsideFault(
                "the venue", f"{why}, until {utc_text(min(until_ms, 1 << 45))}", "an answer", mend, "held"
            )
        if wait_ms >= TOLD_FROM_MS:
            self._tell(f"waiting {wait_ms / 1000:.0f} s for the venue ({why})")
        while (left_ms := until_ms - self._venue_ms()) > 0:
            if self._should_stop():
                raise Stopped
            await asyncio.sleep(min(SLICE_S, left_ms / 1_000))

    def _refused(self, request: Request, answer: Answer) -> BadInput | OutsideFault:
        """Return the error for an answer that waiting does not mend."""
        if answer.rule == "symbol":
            symbol = dict(request.params).get("symbol") or dict(request.params).get("symbols", "")
            mend = "Correct it; the venue lists its symbols at /api/v3/exchangeInfo."
            return BadInput("--symbol", symbol.strip('[]"'), "a symbol that the venue lists", mend, "symbol_unknown")
        value = " ".join(f"{answer.rule} {answer.code or ''} {answer.text}".split())
        if answer.remedy is Remedy.RETRY_LATER:
            mend = f"Look at the network and at the address of REST, {self._mend}"
            return OutsideFault("the venue", f"{value}, {TRIES_MAX} times", "an answer", mend, "venue_unreachable")
        mend = f"Correct what it names, {self._mend}"
        return OutsideFault("the venue", value, "an answer", mend, "venue_refused")

    def _venue_ms(self) -> int:
        """Return the venue's time as far as it is known, the machine's before."""
        known = self._offset.server_ns(int(self._clock.monotonic_ns()))
        return (int(self._clock.now_ns()) if known is None else known) // MS


def utc_text(at_ms: int) -> str:
    """Return a moment as UTC text to the second."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
