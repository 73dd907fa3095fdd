# SPDX-License-Identifier: Apache-2.0
"""One instrument that a live market follows: its line of bars, how fresh it is, and what is asked for it."""

from typing import final

from bot4.adapters.venues.binance.market.kline_history import KlineHistory
from bot4.adapters.venues.binance.wire.asker import Asker
from bot4.adapters.venues.binance.wire.instruments import Listing
from bot4.market.live.bar_line import BarLine
from bot4.market.live.failover import FeedPair
from bot4.market.live.freshness import Freshness


@final
class Followed:
    """Hold the state of one instrument.

    Attributes
    ----------
    pair : FeedPair or None
        Chooses between two feeds, where there are two.
    is_hurried : bool
        Something may just have been missed: its next bar is asked for as soon as it has settled.
    is_asking : bool
        A page of its bars is on its way.
    misses : int
        Pages in a row that brought nothing; bounded.
    again_ns : int
        Monotonic time before which nothing is asked for.
    """

    __slots__ = (
        "index", "symbol", "instrument", "listing", "line", "history", "fresh", "pair", "is_hurried", "is_asking",
        "misses", "again_ns",
    )  # fmt: skip

    def __init__(
        self,
        listing: Listing,
        interval_ns: int,
        asker: Asker,
        *,
        feeds: int,
        late_ns: int,
        overdue_ns: int,
    ) -> None:
        self.listing = listing
        self.instrument = listing.instrument
        self.index = int(listing.instrument.index)
        self.symbol = listing.instrument.symbol
        self.line = BarLine(interval_ns)
        self.history = KlineHistory(self.instrument, interval_ns, asker)
        self.fresh = Freshness(feeds, late_ns, overdue_ns)
        self.pair: FeedPair | None = None
        self.is_hurried = True
        self.is_asking = False
        self.misses = 0
        self.again_ns = 0

    def must_ask(self, now_ns: int, monotonic_ns: int, patience_ns: int) -> bool:
        """Say whether to ask for bars now: one is missing, or did not come for so long after its end."""
        if self.is_asking or monotonic_ns < self.again_ns:
            return False
        return self.line.held > 0 or now_ns - self.line.due_ns >= patience_ns

    def span(self, settled_ns: int) -> tuple[int, int]:
        """Return from which open to which to ask: from the last bar handed on, to see whether the venue changed it.

        Up to what has ended by ``settled_ns``, and to the first bar that waits, which the feed calls finished: with
        it the page shows what the venue does not have before it.
        """
        interval_ns = self.line.interval_ns
        end_ns = settled_ns // interval_ns * interval_ns
        if self.line.held:
            end_ns = max(end_ns, self.line.held_ns + interval_ns)
        return self.line.next_ns - interval_ns, end_ns

    def choose(self, now_ns: int, has_book: list[bool]) -> None:
        """Choose which feed's quotes and trades are believed, where there are two; ``has_book`` by feed."""
        if self.pair is not None:
            first, second = (self.fresh.is_heard(feed) and has_book[feed] for feed in range(2))
            self.pair.review(now_ns, (first, second))

    def figures(self) -> dict[str, object]:
        """Return what became of its bars."""
        line = self.line
        return {
            "passed": line.passed,
            "fetched": line.fetched,
            "repeated": line.repeated,
            "revised": line.revised,
            "absent": line.absent,
            "misfit": line.misfit,
            "waiting": line.held,
            "history": self.history.quality.figures(),
        }
