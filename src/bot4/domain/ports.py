# SPDX-License-Identifier: Apache-2.0
"""The ports that more than one floor needs: the clock, the journal written to, the gateway sent through.

A port is a class with abstract methods, not a bare Protocol: a compiled call through
it is ten times cheaper, and tests may still subclass it. Nor is it an ABC: compiled
ABCs share one memory of past ``isinstance`` answers and take each other's for theirs.
"""

from abc import abstractmethod

from mypy_extensions import i64, mypyc_attr

from bot4.domain.event import Event
from bot4.domain.values import Nanos


@mypyc_attr(allow_interpreted_subclasses=True)
class Clock:
    """Tell the time. Stages never ask: time reaches them as an argument."""

    @abstractmethod
    def now_ns(self) -> Nanos:
        """Return UTC time in nanoseconds since 1970."""

    @abstractmethod
    def monotonic_ns(self) -> Nanos:
        """Return a time that never steps back, for measuring durations."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Journal:
    """Keep every event in order; written before it is obeyed.

    ``append`` is called for each event whose kind is at least ``JOURNALED_FROM``;
    ``consumed`` before market data is taken in, so that the next record can be
    preceded by a watermark.
    """

    @abstractmethod
    def append(self, event: Event) -> None:
        """Append one event's record to the current group."""

    @abstractmethod
    def consumed(self, row: i64) -> None:
        """Note that market data up to this row of the merged stream was taken in."""

    @abstractmethod
    def commit(self) -> None:
        """Return only when everything appended so far is as durable as this run promises."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Gateway:
    """Take commands to a venue. Called only after the journal has committed them."""

    @abstractmethod
    def send(self, command: Event, now: Nanos) -> None:
        """Send one ``Submit``, cancel or ``Inquire``, once. The answer, or that none came, comes back as a report."""
