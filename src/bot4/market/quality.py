# SPDX-License-Identifier: Apache-2.0
"""How good a feed is: what became of each of its messages, what was wrong, how late it runs.

:class:`Fates` counts the messages of any reading, recorded or live; one
:class:`FeedQuality` belongs to one instrument on one feed, and :class:`QualityBoard`
holds them all. Counting only: what a fault means is said by the checks.
"""

from collections import Counter
from typing import Final, final

from bot4.market.faults import FaultKind

APPLIED: Final = "applied"

MARKET_KINDS: Final = ("trade", "quote", "snapshot", "delta", "bar")

LAG_EDGES_NS: Final = tuple(int(1_000_000 * 2.0**step) for step in range(-3, 15))
"""Upper edges of the buckets of lateness: 0.125 ms, doubled up to 16.4 s."""


@final
class Fates:
    """Count what became of each message: ``(kind of message, fate)``; every message has one fate."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()

    def add(self, kind: str, fate: str, count: int = 1) -> None:
        """Count one message, or several of one fate."""
        self.counts[kind, fate] += count

    def total(self) -> int:
        """Return how many messages were counted."""
        return sum(self.counts.values())

    def table(self) -> dict[str, dict[str, int]]:
        """Return the counts by kind, then fate, both in alphabetical order."""
        out: dict[str, dict[str, int]] = {}
        for kind, fate in sorted(self.counts):
            out.setdefault(kind, {})[fate] = self.counts[kind, fate]
        return out


@final
class FeedQuality:
    """Count what one feed sends of one instrument.

    Attributes
    ----------
    applied : dict
        How many messages of each kind were used.
    faults : dict
        How often each fault was found, by name; a message may have several, or be used in spite of one.
    gaps, resyncs : int
        How often the book was lost, and how often it was whole again.
    resync_ns_max : int
        The longest time from a loss to a whole book.
    lag_ns_max : int
        The latest that a stamped message was.
    """

    def __init__(self, symbol: str, feed: str) -> None:
        self.symbol = symbol
        self.feed = feed
        self.applied: dict[str, int] = dict.fromkeys(MARKET_KINDS, 0)
        self.faults: dict[str, int] = {}
        self.gaps = 0
        self.resyncs = 0
        self.resync_ns_max = 0
        self.lag_ns_max = 0
        self._lost_ns = -1
        self._aside = Fates()
        self._lags = [0] * (len(LAG_EDGES_NS) + 1)

    def aside(self, what: str, kind: FaultKind) -> None:
        """Count one message that is not used, and why."""
        self._aside.add(what, kind.name)
        self.fault(kind)

    def fates(self) -> Fates:
        """Return what became of every message, each counted once."""
        fates = Fates()
        for what, count in self.applied.items():
            if count:
                fates.add(what, APPLIED, count)
        fates.counts.update(self._aside.counts)
        return fates

    def fault(self, kind: FaultKind) -> None:
        """Count one fault: of a message that is used all the same, or is not."""
        self.faults[kind.name] = self.faults.get(kind.name, 0) + 1

    def lag(self, lag_ns: int) -> None:
        """Count how late one message was; below zero counts as zero."""
        if lag_ns > self.lag_ns_max:
            self.lag_ns_max = lag_ns
        self._lags[(max(lag_ns, 0) // LAG_EDGES_NS[0]).bit_length() if lag_ns < LAG_EDGES_NS[-1] else -1] += 1

    def lag_ns(self, fraction: float) -> int:
        """Return a bound that at least this fraction of the messages kept, 0 without messages.

        The upper edge of a bucket, or the largest of all where they reach beyond the last edge.
        """
        wanted = fraction * sum(self._lags)
        if wanted <= 0:
            return 0
        passed = 0
        for count, edge in zip(self._lags, LAG_EDGES_NS, strict=False):
            passed += count
            if passed >= wanted:
                return edge
        return self.lag_ns_max

    def lost(self, now_ns: int) -> None:
        """Note that the book was lost; one that is lost already stays so since then."""
        if self._lost_ns < 0:
            self._lost_ns = now_ns
            self.gaps += 1

    def whole(self, now_ns: int) -> None:
        """Note that the book is whole."""
        if self._lost_ns >= 0:
            self.resyncs += 1
            self.resync_ns_max = max(self.resync_ns_max, now_ns - self._lost_ns)
            self._lost_ns = -1

    def figures(self) -> dict[str, object]:
        """Return everything counted, for a report or a metric."""
        fates = self.fates()
        return {
            "symbol": self.symbol,
            "feed": self.feed,
            "messages": fates.total(),
            "fates": fates.table(),
            "faults": dict(sorted(self.faults.items())),
            "gaps": self.gaps,
            "resyncs": self.resyncs,
            "resync_ns_max": self.resync_ns_max,
            "lag_p50_ns": self.lag_ns(0.5),
            "lag_p99_ns": self.lag_ns(0.99),
            "lag_max_ns": self.lag_ns_max,
        }


@final
class QualityBoard:
    """Hold the quality of every instrument on every feed."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], FeedQuality] = {}

    def of(self, symbol: str, feed: str) -> FeedQuality:
        """Return the counters of one instrument on one feed, made at the first call."""
        found = self._held.get((symbol, feed))
        if found is None:
            found = self._held[symbol, feed] = FeedQuality(symbol, feed)
        return found

    def all(self) -> list[FeedQuality]:
        """Return all counters, in the order of symbol and feed."""
        return [self._held[place] for place in sorted(self._held)]

    def figures(self) -> list[dict[str, object]]:
        """Return the figures of all, in the order of symbol and feed."""
        return [one.figures() for one in self.all()]
