# SPDX-License-Identifier: Apache-2.0
"""What may be traded against: one instrument's market as the feed tells it, less what we took of it.

Three sources, the best one present: a book, else the last quote (a book of one
level a side), else the last trade. Two things keep the venue from giving the same
lots twice or a price that was gone:

- ``taken``: lots we took of a displayed level. They stay taken until the feed's
  own number falls under them, for the lots that remain displayed may be those we
  took. So only what the feed *adds* to a level can be traded again.
- the *stale* mark of a side: trades printed since the feed last spoke of the book
  say what has gone from it. After a sale at 99 no bid above 99 is left, and at 99
  as many lots less as were sold.
"""

from bisect import bisect_left, insort
from typing import Final, final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.domain.values import BUY, TICKS_MAX, Lots, Ticks
from bot4.simulation.book.side import WINDOW, BookSide
from bot4.simulation.rounding import slipped

QUEUE_UNKNOWN: Final = 1 << 60
"""Lots ahead in a queue of which nothing is known: more than ever trades."""


@final
class Offered:
    """Hold what one side of the market offers to a taker: the displayed levels less what is gone or ours.

    Parameters
    ----------
    side : int
        +1 for bids, -1 for asks.
    window : int
        Of the ladder.
    """

    __slots__ = ("ladder", "taken", "ranked", "stale_price", "stale_lots", "deepest")

    def __init__(self, side: i64, window: i64 = WINDOW) -> None:
        self.ladder = BookSide(side, window)
        self.taken: dict[int, int] = {}
        # The keys of the prices taken, the best last: quotes let go of the best ones, however many lie under them.
        self.ranked: list[int] = []
        self.stale_price = Ticks(0)
        self.stale_lots: i64 = 0
        # The worst price the last snapshot covered, as a key of the ladder: up to the best, no level is no lots.
        self.deepest: i64 = TICKS_MAX

    def put(self, price: Ticks, lots: Lots) -> Lots:
        """Set a level as the feed says and return the lots before; what we took is at most what is displayed."""
        if self.ranked:
            self._displayed(int(price), int(lots))
        return self.ladder.put(price, lots)

    def replace(self) -> None:
        """Forget the levels before a snapshot; what we took is kept until :meth:`settle`."""
        self.ladder.clear()
        self.deepest = TICKS_MAX

    def show(self, price: Ticks, lots: Lots) -> None:
        """Set a level of a snapshot: the book is known as deep as it reaches."""
        self.ladder.put(price, lots)
        self.deepest = min(self.deepest, self.ladder.side * price)

    def covers(self, price: Ticks) -> bool:
        """Say whether the last snapshot reached this deep, so that a level not shown is none."""
        return self.ladder.side * price >= self.deepest

    def settle(self) -> None:
        """Let go, after a snapshot, of what we took of levels that are no more."""
        for price in list(self.taken):
            self._displayed(price, int(self.ladder.lots_at(Ticks(price))))

    def quote(self, price: Ticks, lots: Lots) -> None:
        """Show one level only. What we took at worse prices is kept: such levels are hidden, not gone."""
        if self.ranked:
            self._let_go_before(price)
        before = self.ladder.best_price()
        if before != 0 and before != price:
            self.ladder.put(before, Lots(0))
        if price > 0:
            self.put(price, lots)

    def mark_stale(self, price: Ticks, lots: Lots) -> None:
        """Note that lots of this side traded at a price since the feed last spoke of the book."""
        ahead = self.ladder.side * (self.stale_price - price)
        if self.stale_price == 0 or ahead > 0:
            self.stale_price = price
            self.stale_lots = lots
        elif ahead == 0 and self.stale_lots < QUEUE_UNKNOWN:
            self.stale_lots += lots  # under 2**61: more than any level shows, and it cannot wrap

    def left(self, price: Ticks) -> Lots:
        """Return the lots that can be taken at a displayed price."""
        lots = self.ladder.lots_at(price)
        if self.taken:
            lots = Lots(lots - i64(self.taken.get(int(price), 0)))
        if self.stale_price != 0:
            ahead = self.ladder.side * (price - self.stale_price)
            if ahead > 0:
                return Lots(0)
            if ahead == 0:
                lots = Lots(lots - self.stale_lots)
        return lots if lots > 0 else Lots(0)

    def first(self) -> Ticks:
        """Return the best price with lots left, 0 where there is none."""
        price = self.ladder.best_price()
        if not self.taken and self.stale_price == 0:
            return price
        while price != 0 and self.left(price) == 0:
            price = self.ladder.after(price)
        return price

    def take(self, price: Ticks, lots: Lots) -> None:
        """Take lots that are left at a price."""
        if lots == 0:
            return
        before = self.taken.get(int(price), 0)
        if before == 0:
            insort(self.ranked, int(self.ladder.side * price))
        self.taken[int(price)] = before + int(lots)

    def ahead_at(self, price: Ticks) -> Lots:
        """Return the lots a newcomer at a price stands behind, ``QUEUE_UNKNOWN`` where nobody can tell."""
        ladder = self.ladder
        lots = ladder.lots_at(price)
        if lots != 0:
            return lots
        if ladder.levels != 0 and (ladder.side * price > ladder.best or self.covers(price)):
            return Lots(0)
        return Lots(QUEUE_UNKNOWN)

    def write_state(self, out: BytesWriter) -> None:
        """Write the ladder, then what we took by ascending price, then the stale mark and the depth covered."""
        self.ladder.write_state(out)
        write_i64_le(out, len(self.taken))
        for price in sorted(self.taken):
            write_i64_le(out, i64(price))
            write_i64_le(out, i64(self.taken[price]))
        write_i64_le(out, self.stale_price)
        write_i64_le(out, self.stale_lots)
        write_i64_le(out, self.deepest)

    def _let_go_before(self, price: Ticks) -> None:
        """Forget what we took at prices better than a quoted one, 0 for every price."""
        side = int(self.ladder.side)
        while self.ranked and (price == 0 or self.ranked[-1] > side * int(price)):
            del self.taken[side * self.ranked.pop()]

    def _displayed(self, price: int, lots: int) -> None:
        """Let a level's taken lots be at most those displayed."""
        taken = self.taken.get(price, 0)
        if taken > lots:
            if lots:
                self.taken[price] = lots
            else:
                del self.taken[price]
                del self.ranked[bisect_left(self.ranked, int(self.ladder.side) * price)]


@final
class Market:
    """Hold the market of one instrument: both sides, the last trade, and which source counts.

    Parameters
    ----------
    slippage : int
        What a taker loses where only trades are known, in 1 / ``RATE_ONE``.
    window : int
        Of the ladders.
    """

    __slots__ = ("bids", "asks", "has_book", "has_quote", "slippage", "last", "print_left", "crossed")

    def __init__(self, slippage: i64, window: i64 = WINDOW) -> None:
        self.bids = Offered(1, window)
        self.asks = Offered(-1, window)
        self.has_book = False
        self.has_quote = False
        self.slippage: i64 = slippage
        self.last = Ticks(0)
        # Lots of the last print that none of ours traded with.
        self.print_left: i64 = 0
        self.crossed: i64 = 0

    def against(self, side: i64) -> Offered:
        """Return what a taker of this side trades against."""
        return self.asks if side == BUY else self.bids

    def own(self, side: i64) -> Offered:
        """Return the side on which an order of this side rests."""
        return self.bids if side == BUY else self.asks

    def is_crossed(self) -> bool:
        """Say whether the best bid is at or above the best ask: then nobody can tell what may be traded."""
        return (
            self.bids.ladder.best + self.asks.ladder.best >= 0
        )  # keys: an ask's is negative, that of no level far more

    def start_book(self) -> None:
        """Begin a book anew, before a snapshot or the first delta of a feed that sends none."""
        self.bids.replace()
        self.asks.replace()
        self.has_book = True

    def refreshed(self) -> None:
        """Note that the feed spoke of the book; count it where it left the book crossed."""
        self.bids.stale_price = self.asks.stale_price = Ticks(0)
        if self.is_crossed():
            self.crossed += 1

    def quote(self, bid: Ticks, bid_lots: Lots, ask: Ticks, ask_lots: Lots) -> None:
        """Take in the best bid and ask, unless there is a book."""
        self.has_quote = True
        self.bids.quote(bid, bid_lots)
        self.asks.quote(ask, ask_lots)
        self.refreshed()

    def trade(self, aggressor: i64, price: Ticks, lots: Lots) -> None:
        """Take in a trade; one of unknown side may have met either."""
        self.last = price
        self.print_left = lots
        if aggressor <= 0:
            self.bids.mark_stale(price, lots)
        if aggressor >= 0:
            self.asks.mark_stale(price, lots)

    def price_for(self, side: i64) -> Ticks:
        """Return the best price at which a taker of this side can trade now, 0 where there is none."""
        if self.has_book or self.has_quote:
            return Ticks(0) if self.is_crossed() else self.against(side).first()
        if self.last == 0 or self.print_left == 0:
            return Ticks(0)
        return slipped(self.last, side, self.slippage)

    def left_for(self, side: i64, price: Ticks) -> Lots:
        """Return the lots that a taker of this side can have at the price that :meth:`price_for` named."""
        if self.has_book or self.has_quote:
            return self.against(side).left(price)
        return Lots(self.print_left)

    def take(self, side: i64, price: Ticks, lots: Lots) -> None:
        """Take lots that :meth:`left_for` named."""
        if self.has_book or self.has_quote:
            self.against(side).take(price, lots)
        else:
            self.print_left -= lots

    def write_state(self, out: BytesWriter) -> None:
        """Write both sides, the source, the last trade, what is left of it, and how often the book was crossed."""
        self.bids.write_state(out)
        self.asks.write_state(out)
        write_i64_le(out, (2 if self.has_book else 0) + (1 if self.has_quote else 0))
        write_i64_le(out, self.last)
        write_i64_le(out, self.print_left)
        write_i64_le(out, self.crossed)
