# SPDX-License-Identifier: Apache-2.0
"""Clocks: the one place that reads the machine's time, one that races ahead of it, and one that is set by hand."""

import time
from typing import Final, final

from bot4.domain.ports import Clock
from bot4.domain.values import Nanos

SLEW_PPM: Final = 500
"""How fast a clock that is off may be led back: as fast as time services do it."""


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
class SteadyClock(Clock):
    """Tell UTC as it was when this clock was made, carried on by the monotonic clock.

    A jump of the machine's wall clock, which somebody sets or a service corrects, makes no wait longer and lets no
    window pass: the difference is made up slowly, by at most ``SLEW_PPM`` of the time that goes by.

    Parameters
    ----------
    source : Clock, optional
        The clock behind it.
    """

    def __init__(self, source: Clock | None = None) -> None:
        self._source = source or SystemClock()
        self._told_ns = int(self._source.now_ns())
        self._at_ns = int(self._source.monotonic_ns())

    def now_ns(self) -> Nanos:
        """Return UTC time in nanoseconds since 1970; it never steps back."""
        at_ns = int(self._source.monotonic_ns())
        passed = at_ns - self._at_ns
        most = passed * SLEW_PPM // 1_000_000
        behind = int(self._source.now_ns()) - self._told_ns - passed
        self._told_ns += passed + max(-most, min(most, behind))
        self._at_ns = at_ns
        return Nanos(self._told_ns)

    def monotonic_ns(self) -> Nanos:
        """Return the time of the monotonic clock."""
        return self._source.monotonic_ns()


@final
class RacingClock(Clock):
    """Tell the time of an imagined venue whose days pass faster than ours, from a moment of its own.

    Parameters
    ----------
    machine : Clock
        Whose monotonic time it races ahead of.
    speed : float
        Its seconds in one second of the machine; above 0.
    began_ns : int
        What it shows when it is made.
    """

    def __init__(self, machine: Clock, speed: float, began_ns: Nanos) -> None:
        self.speed = speed
        self._machine = machine
        self._began_ns = began_ns
        self._started_ns = machine.monotonic_ns()

    def now_ns(self) -> Nanos:
        """Return nanoseconds since 1970 at the venue."""
        return Nanos(int(self._began_ns) + self._passed())

    def monotonic_ns(self) -> Nanos:
        """Return a time that never steps back and passes as fast as the venue's."""
        return Nanos(self._passed())

    def _passed(self) -> int:
        """Return how much of the venue's time has passed."""
        return int((int(self._machine.monotonic_ns()) - int(self._started_ns)) * self.speed)


@final
class PairedClock(Clock):
    """Tell the time of one clock, and measure durations by another: a venue's day, and how long we wait.

    Parameters
    ----------
    day, steady : Clock
        The one and the other.
    """

    def __init__(self, day: Clock, steady: Clock) -> None:
        self._day = day
        self._steady = steady

    def now_ns(self) -> Nanos:
        """Return the time of the first."""
        return self._day.now_ns()

    def monotonic_ns(self) -> Nanos:
        """Return the monotonic time of the second."""
        return self._steady.monotonic_ns()


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
