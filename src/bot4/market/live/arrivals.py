# SPDX-License-Identifier: Apache-2.0
"""When the messages of one feed arrive: a receive clock that never steps back, and whether the feed is fresh."""

from typing import Final, final

from bot4.domain.values import SECOND_NS
from bot4.market.faults import CLOCK_BACKWARD, STALE, STAMP_AHEAD
from bot4.market.quality import FeedQuality

STALE_NS: Final = 500_000_000
"""A message that took longer than this to come is late."""

AHEAD_MAX_NS: Final = SECOND_NS
"""A stamp further ahead of its arrival is no clock's: believed, it would hold back every honest one after it."""


@final
class Arrivals:
    """Follow when one feed's messages of one instrument were received, and how late they were."""

    __slots__ = ("quality", "known_ns", "late_ns")

    def __init__(self, quality: FeedQuality) -> None:
        self.quality = quality
        self.known_ns = -1
        self.late_ns = -1

    def heard(self, known_ns: int) -> int:
        """Return when a message was received, no earlier than the one before it."""
        if known_ns < self.known_ns:
            self.quality.fault(CLOCK_BACKWARD)
            return self.known_ns
        self.known_ns = known_ns
        return known_ns

    def received(self, at_ns: int, known_ns: int) -> int:
        """Return when a message stamped ``at_ns`` was received, and count how late it was.

        One without a stamp of its own has that of its arrival, and tells nothing of lateness.
        """
        if at_ns == known_ns and known_ns >= self.known_ns:
            self.known_ns = known_ns
            return known_ns
        known_ns = self.heard(known_ns)
        lag_ns = known_ns - at_ns
        self.quality.lag(lag_ns)
        if lag_ns > STALE_NS:
            self.quality.fault(STALE)
            self.late_ns = known_ns
        elif lag_ns < 0:
            self.quality.fault(STAMP_AHEAD)
        return known_ns

    def is_fresh(self, now_ns: int, silence_ns: int) -> bool:
        """Say whether the feed may be believed now: something came lately, and what came last came in time.

        ``silence_ns`` is how long this instrument may say nothing, which differs from one to another.
        """
        return self.known_ns > self.late_ns and now_ns - self.known_ns <= silence_ns


def credible(at_ns: int, known_ns: int) -> int:
    """Return a stamp, or the moment of arrival where the stamp is too far ahead of it."""
    return known_ns if at_ns - known_ns > AHEAD_MAX_NS else at_ns
