# SPDX-License-Identifier: Apache-2.0
"""Clocks: the one place that reads the machine's time, and one that is set by hand."""

import time
from typing import final

from bot4.domain.ports import Clock
from bot4.domain.values import Nanos


@final
class SystemClock(Clock):
    """Tell the machine's time."""

    def now_ns(self) -> Nanos:
        """Return UTC time in nanoseconds since 1970."""
        return Nanos(time.time_ns())  # noqa: TID251 - this class is what the ban points to

    def monotonic_ns(self) -> Nanos:
        """Return a time that never steps back."""
        return Nanos(time.monotonic_ns())  # noqa: TID251 - this class is what the ban points to


@final
class SetClock(Clock):
    """Tell the time it was last set to: recorded time in a replay, jumps in a test."""

    def __init__(self, now: Nanos) -> None:
        self.now = now

    def now_ns(self) -> Nanos:
        """Return the time last set."""
        return self.now

    def monotonic_ns(self) -> Nanos:
        """Return the time last set; setting it back is the caller's fault and is shown as such."""
        return self.now
