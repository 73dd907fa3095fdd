# SPDX-License-Identifier: Apache-2.0
"""The venue's time, by our clock and the measured offset: what market messages are stamped with on arrival.

The offset is learnt against the injected clock, so that a clock that runs with an
accelerated venue is corrected like the machine's. Durations stay the machine's own.
"""

from typing import Final, final

from bot4.adapters.venues.binance.wire.asker import Asker
from bot4.adapters.venues.binance.wire.replies import ServerTime
from bot4.adapters.venues.binance.wire.requests import server_time
from bot4.adapters.venues.kit.clock import ClockOffset, ClockSample
from bot4.domain.errors import OutsideFault
from bot4.domain.ports import Clock
from bot4.domain.values import Nanos

SAMPLES: Final = 3


@final
class VenueTime(Clock):
    """Tell the venue's time; it never steps back.

    Parameters
    ----------
    clock : Clock
        Its UTC time is corrected, its monotonic time is told as it is.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset = ClockOffset()
        self._shift_ns = 0
        self._last_ns = 0

    def now_ns(self) -> Nanos:
        """Return the venue's UTC time in nanoseconds since 1970."""
        now_ns = int(self._clock.now_ns()) + self._shift_ns
        if now_ns > self._last_ns:
            self._last_ns = now_ns
        return Nanos(self._last_ns)

    def monotonic_ns(self) -> Nanos:
        """Return a time that never steps back, for measuring durations."""
        return self._clock.monotonic_ns()

    def not_before(self, at_ns: int) -> None:
        """Tell no time before this from here on: something of the venue's has ended then."""
        self._last_ns = max(self._last_ns, at_ns)

    @property
    def is_due(self) -> bool:
        """Say whether to learn it, at first or again."""
        return self._offset.is_due(int(self._clock.now_ns()))

    async def learn(self, asker: Asker, samples: int = SAMPLES) -> None:
        """Ask the venue for its time, a few times over.

        Raises
        ------
        BadInput, OutsideFault
            As :meth:`Asker.ask`.
        """
        for _ in range(samples):
            sent_ns = int(self._clock.now_ns())
            told = await asker.ask(server_time(), "time", ServerTime)
            self._offset.take(ClockSample(sent_ns, int(self._clock.now_ns()), told.server_time))
        now_ns = int(self._clock.now_ns())
        known_ns = self._offset.server_ns(now_ns)
        self._shift_ns = 0 if known_ns is None else known_ns - now_ns

    def objection(self) -> OutsideFault | None:
        """Return why trading must not start by our clock, None where it agrees with the venue's to a second."""
        now_ns = int(self._clock.now_ns())
        return self._offset.objection(now_ns, now_ns)
