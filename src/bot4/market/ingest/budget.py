# SPDX-License-Identifier: Apache-2.0
"""A token bucket: so many at once, so many a second after that, never more in any window than both together."""

from typing import final

from bot4.domain.errors import OurFault
from bot4.domain.values import SECOND_NS


@final
class TokenBucket:
    """Allow at most ``burst + rate_per_s × s`` takings in any ``s`` seconds.

    Parameters
    ----------
    burst : int
        How many may be taken at once; at least 1.
    rate_per_s : float
        How many come back in a second; above 0.

    Raises
    ------
    OurFault
        If either is out of range.
    """

    __slots__ = ("_burst", "_left", "_rate_per_ns", "_seen_ns")

    def __init__(self, burst: int, rate_per_s: float) -> None:
        if burst < 1 or rate_per_s <= 0:
            raise OurFault(f"a bucket of {burst} that fills by {rate_per_s} a second never gives")
        self._burst = float(burst)
        self._left = float(burst)
        self._rate_per_ns = rate_per_s / SECOND_NS
        self._seen_ns: int | None = None

    def take(self, now: int) -> bool:
        """Take one token if there is one; ``now`` in nanoseconds, a step back gives nothing."""
        if self._seen_ns is not None and now > self._seen_ns:
            self._left = min(self._burst, self._left + (now - self._seen_ns) * self._rate_per_ns)
        if self._seen_ns is None or now > self._seen_ns:
            self._seen_ns = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
