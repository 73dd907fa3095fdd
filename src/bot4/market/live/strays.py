# SPDX-License-Identifier: Apache-2.0
"""Messages that belong to no instrument of a feed: counted, and nothing else."""

from typing import final

from bot4.market.books.rules import Change
from bot4.market.faults import UNKNOWN_SYMBOL, FaultKind
from bot4.market.quality import FeedQuality
from bot4.market.tick_sink import TickSink


@final
class Strays(TickSink):
    """Count what belongs to no instrument of a feed."""

    def __init__(self, quality: FeedQuality) -> None:
        self.quality = quality

    def fault(self, kind: FaultKind, source: int, at_ns: int, value: str) -> None:
        """Count one fault."""
        self.quality.fault(kind)

    def aside(self, what: str, kind: FaultKind, source: int, at_ns: int, value: str) -> None:
        """Set one message aside, and count it."""
        self.quality.aside(what, kind)

    def trade(self, source: int, at_ns: int, known_ns: int, *, trade_id: int, side: int, price: int, lots: int) -> None:
        """Set a trade aside."""
        self.aside("trade", UNKNOWN_SYMBOL, source, at_ns, "")

    def quote(
        self, source: int, at_ns: int, known_ns: int, *, last_id: int, bid: tuple[int, int], ask: tuple[int, int]
    ) -> None:
        """Set a quote aside."""
        self.aside("quote", UNKNOWN_SYMBOL, source, at_ns, "")

    def snapshot(self, change: Change) -> None:
        """Set a snapshot aside."""
        self.aside("snapshot", UNKNOWN_SYMBOL, change.source, change.at_ns, "")

    def delta(self, change: Change) -> None:
        """Set a change aside."""
        self.aside("delta", UNKNOWN_SYMBOL, change.source, change.at_ns, "")

    def broken(self, what: str, kind: FaultKind, change: Change, value: str) -> None:
        """Set a message about a book aside."""
        self.aside(what, kind, change.source, change.at_ns, value)
