# SPDX-License-Identifier: Apache-2.0
"""Where normalised messages of one instrument go: the port between a venue's dialect and what judges its messages.

Two stand behind it: :class:`bot4.market.tick_validation.TickCheck` puts a recording
in order, :class:`bot4.market.live.LiveCheck` hands a feed on as it comes.
"""

from abc import abstractmethod

from mypy_extensions import mypyc_attr

from bot4.market.books.rules import Change
from bot4.market.faults import OTHER_STREAM, FaultKind


@mypyc_attr(allow_interpreted_subclasses=True)
class TickSink:
    """Take one instrument's messages, in ticks and lots."""

    @abstractmethod
    def fault(self, kind: FaultKind, source: int, at_ns: int, value: str) -> None:
        """Count one fault of a message that is used all the same."""

    @abstractmethod
    def aside(self, what: str, kind: FaultKind, source: int, at_ns: int, value: str) -> None:
        """Set one message aside, and count it."""

    @abstractmethod
    def trade(self, source: int, at_ns: int, known_ns: int, *, trade_id: int, side: int, price: int, lots: int) -> None:
        """Take a trade; ``trade_id`` is -1 where there is none."""

    @abstractmethod
    def quote(
        self, source: int, at_ns: int, known_ns: int, *, last_id: int, bid: tuple[int, int], ask: tuple[int, int]
    ) -> None:
        """Take a quote: price in ticks and lots of either side."""

    @abstractmethod
    def snapshot(self, change: Change) -> None:
        """Take a snapshot of the book."""

    @abstractmethod
    def delta(self, change: Change) -> None:
        """Take a change of the book."""

    @abstractmethod
    def broken(self, what: str, kind: FaultKind, change: Change, value: str) -> None:
        """Set aside a message about the book that cannot be represented: the book is not known after it."""

    def bar(self, source: int, open_ns: int, known_ns: int, *, prices: tuple[int, int, int, int], lots: int) -> None:
        """Take a finished bar of the venue's: open, high, low, close. Set aside where bars are built of trades."""
        self.aside("bar", OTHER_STREAM, source, open_ns, "a bar of the venue's own")

    def settle(self, now_ns: int) -> None:
        """Hand on what was held back long enough, at a moment."""
