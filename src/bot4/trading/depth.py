# SPDX-License-Identifier: Apache-2.0
"""What taking would cost: the market as last told, walked as far as an order reaches.

The cost is that of the average price beyond the middle between best bid and ask. Of a quote, half the spread is all
that is known. Of a book, each level is taken in turn; what it does not offer has no price, and costs everything.
Nobody is charged for what he cannot know: without bid and ask there is no figure.
"""

from typing import Final, final

from librt.strings import BytesWriter, read_i64_le, write_i64_le
from mypy_extensions import i64

from bot4.domain.event import BOOK_SNAPSHOT
from bot4.domain.marketdata import BookLevels, Quote
from bot4.domain.values import BUY, RATE_ONE, Lots, Ticks

UNKNOWN: Final = -1


@final
class Depth:
    """Keep the last quote of one instrument, or its book where the feed has one."""

    __slots__ = ("bid", "ask", "bids", "asks", "has_book")

    def __init__(self) -> None:
        self.bid = Ticks(0)
        self.ask = Ticks(0)
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}
        self.has_book = False

    def quote(self, event: Quote) -> None:
        """Take in the best bid and ask; they say nothing that a book does not."""
        self.bid = event.bid
        self.ask = event.ask

    def book(self, event: BookLevels) -> None:
        """Take in a snapshot, or the levels of a delta."""
        if event.kind == BOOK_SNAPSHOT:
            self.bids.clear()
            self.asks.clear()
        self.has_book = True
        for place in range(8 * event.begin, 8 * event.end, 8):
            levels = self.bids if read_i64_le(event.sides, place) > 0 else self.asks
            price, lots = int(read_i64_le(event.prices, place)), int(read_i64_le(event.lots, place))
            if lots:
                levels[price] = lots
            else:
                levels.pop(price, None)

    def slippage(self, side: i64, lots: Lots, limit: Ticks) -> i64:
        """Return what taking so many lots would cost beyond the middle, in 1 / ``RATE_ONE`` of it, rounded up.

        Parameters
        ----------
        side : int
            Of who takes.
        lots : Lots
            How many; positive.
        limit : Ticks
            Takes nothing at a worse price; 0 for none.

        Returns
        -------
        int
            ``UNKNOWN`` where no bid or no ask is known, 0 where the limit lets it take nothing.
        """
        bid, ask = int(self.bid), int(self.ask)
        if self.has_book:
            bid = max(self.bids) if self.bids else 0
            ask = min(self.asks) if self.asks else 0
        if not 0 < bid < ask:
            return UNKNOWN
        levels = self.asks if side == BUY else self.bids
        ways = [(ask if side == BUY else bid, int(lots))]
        if self.has_book:
            ways = sorted(levels.items(), reverse=side != BUY)
        taken, cost = 0, 0
        for price, size in ways:
            if taken == int(lots) or (limit > 0 and int(side) * (int(limit) - price) < 0):
                break
            part = min(size, int(lots) - taken)
            taken += part
            cost += part * price
        if taken < int(lots) and limit == 0:
            return RATE_ONE
        beyond = int(side) * (2 * cost - taken * (bid + ask)) * RATE_ONE
        return i64(-(-beyond // (taken * (bid + ask)))) if taken else 0

    def write_state(self, out: BytesWriter) -> None:
        """Write the quote, then each side of the book by price."""
        write_i64_le(out, self.bid)
        write_i64_le(out, self.ask)
        for levels in (self.bids, self.asks):
            write_i64_le(out, len(levels))
            for price in sorted(levels):
                write_i64_le(out, i64(price))
                write_i64_le(out, i64(levels[price]))
