# SPDX-License-Identifier: Apache-2.0
"""Judge every message of a live feed as it comes: handed on at once, or set aside under a named reason, and counted.

The counterpart of :mod:`bot4.market.tick_validation`, which may wait for a second and
put a recording in order. A live feed cannot wait:

- What is *late* is used and counted, since a bar and a book need it, but the feed is
  not fresh until something in time comes. A late quote is set aside: it is no longer so.
- A stamp that steps *back* is raised to the one before it; the venue's numbers, not
  its clock, say what follows what. So is a receive clock that steps back.
- A price far away is *doubtful*: held until it is confirmed or refuted
  (:mod:`bot4.market.outliers`). Books are never doubted: they have a sequence.
- A book is what :mod:`bot4.market.books` says. Where it breaks, an *empty snapshot* is
  handed on, so that nothing trades by it until it is whole again.

What comes out depends on the messages and the moments they were received alone: a
recording of the traffic gives the same again.
"""

from typing import Final, final

from bot4.domain.instrument import Instrument
from bot4.domain.marketdata import Bar, Quote, Trade
from bot4.domain.values import TICKS_MAX, Lots, Nanos, Ticks
from bot4.market.books.rules import Change, JoinRule
from bot4.market.faults import (
    CONFIRMED,
    CROSSED_QUOTE,
    DOUBTFUL,
    NOT_POSITIVE,
    REPEATED_QUOTE,
    REPEATED_TRADE,
    SPIKE,
    STALE_QUOTE,
    STAMP_BACKWARD,
    TRADES_MISSING,
    FaultKind,
)
from bot4.market.live import outliers
from bot4.market.live.arrivals import STALE_NS, Arrivals, credible
from bot4.market.live.book import LOTS_MAX, LiveBook, Receiver
from bot4.market.live.numbers import RisingNumbers
from bot4.market.quality import FeedQuality
from bot4.market.tick_sink import TickSink

DOUBTED_MAX: Final = 64
"""Prices held in doubt; more than that stand."""


@final
class LiveCheck(TickSink):
    """Take one instrument's messages from one feed, and hand on what they tell.

    Parameters
    ----------
    instrument : Instrument
        Whose they are.
    rule : JoinRule
        How its book is joined.
    quality : FeedQuality
        Counts everything.
    receiver : callable
        Takes the events.
    """

    def __init__(self, instrument: Instrument, rule: JoinRule, quality: FeedQuality, receiver: Receiver) -> None:
        self.instrument = instrument
        self.quality = quality
        self.arrivals = Arrivals(quality)
        self.book = LiveBook(int(instrument.index), rule, self.arrivals, receiver)
        self.prints = outliers.OutlierWatch()
        self.quotes = outliers.OutlierWatch()
        self._index = int(instrument.index)
        self._receiver = receiver
        self._doubted: list[Trade] = []
        self._doubted_quote: Quote | None = None
        self._trade_ns = -1
        self._trade_ids = RisingNumbers()
        self._quote_ns = -1
        self._quote_ids = RisingNumbers()

    def is_usable(self, now_ns: int, silence_ns: int) -> bool:
        """Say whether its book is whole and the feed fresh (:meth:`bot4.market.live.arrivals.Arrivals.is_fresh`)."""
        return self.book.sync.is_known and self.arrivals.is_fresh(now_ns, silence_ns)

    @property
    def waiting(self) -> int:
        """Return how many messages have no fate yet: held in doubt, or for a snapshot."""
        return len(self._doubted) + (self._doubted_quote is not None) + self.book.sync.held_count

    def settle(self, now_ns: int) -> None:
        """Hand on what was doubted and never refuted: to be called now and then, also when nothing comes."""
        if self.prints.is_over(now_ns):
            self._stand(now_ns)
        if self.quotes.is_over(now_ns):
            self._stand_quote(now_ns)

    def witness(self, price: int, now_ns: int) -> None:
        """Take a price that another one believes: the other feed of this instrument, or its other stream."""
        if self.prints.is_confirmed_by(price):
            self._stand(now_ns)
        if self.quotes.is_confirmed_by(price):
            self._stand_quote(now_ns)

    def fault(self, kind: FaultKind, source: int, at_ns: int, value: str) -> None:
        """Count one fault."""
        self.quality.fault(kind)

    def aside(self, what: str, kind: FaultKind, source: int, at_ns: int, value: str) -> None:
        """Set one message aside, and count it."""
        self.quality.aside(what, kind)

    def trade(self, source: int, at_ns: int, known_ns: int, *, trade_id: int, side: int, price: int, lots: int) -> None:
        """Take a trade; ``trade_id`` is -1 where there is none."""
        if not 0 < price < TICKS_MAX or not 0 < lots < LOTS_MAX:
            self.aside("trade", NOT_POSITIVE, source, at_ns, f"price {price} ticks, {lots} lots")
            return
        missing = self._trade_ids.missing_before(trade_id) if trade_id >= 0 else 0
        if missing < 0:
            self.aside("trade", REPEATED_TRADE, source, at_ns, f"id {trade_id} after {self._trade_ids.last}")
            return
        if missing > 0:
            self.quality.fault(TRADES_MISSING)
        known_ns = self.arrivals.received(at_ns, known_ns)
        if self.prints.doubted or self.quotes.doubted:
            self.settle(known_ns)
        at_ns = credible(at_ns, known_ns)
        if at_ns < self._trade_ns:
            self.quality.fault(STAMP_BACKWARD)
            at_ns = self._trade_ns
        self._trade_ns = at_ns
        if at_ns > known_ns:
            known_ns = at_ns
        told = Trade(Nanos(at_ns), Nanos(known_ns), self._index, trade_id, side, Ticks(price), Lots(lots))
        self._judge_trade(told, known_ns)

    def quote(
        self, source: int, at_ns: int, known_ns: int, *, last_id: int, bid: tuple[int, int], ask: tuple[int, int]
    ) -> None:
        """Take a quote: price in ticks and lots of either side."""
        bid_ticks, bid_lots = bid
        ask_ticks, ask_lots = ask
        if bid_ticks <= 0 or ask_ticks >= TICKS_MAX or not 0 <= bid_lots < LOTS_MAX or not 0 <= ask_lots < LOTS_MAX:
            self.aside("quote", NOT_POSITIVE, source, at_ns, f"bid {bid}, ask {ask} in ticks and lots")
            return
        if bid_ticks >= ask_ticks:
            self.aside("quote", CROSSED_QUOTE, source, at_ns, f"bid {bid_ticks}, ask {ask_ticks} in ticks")
            return
        if last_id >= 0 and self._quote_ids.missing_before(last_id) < 0:
            self.aside("quote", REPEATED_QUOTE, source, at_ns, f"id {last_id} after {self._quote_ids.last}")
            return
        known_ns = self.arrivals.received(at_ns, known_ns)
        if self.prints.doubted or self.quotes.doubted:
            self.settle(known_ns)
        if known_ns - at_ns > STALE_NS:
            self.aside("quote", STALE_QUOTE, source, at_ns, "")
            return
        at_ns = credible(at_ns, known_ns)
        if at_ns < self._quote_ns:
            self.quality.fault(STAMP_BACKWARD)
            at_ns = self._quote_ns
        self._quote_ns = at_ns
        if at_ns > known_ns:
            known_ns = at_ns
        told = Quote(
            Nanos(at_ns),
            Nanos(known_ns),
            self._index,
            Ticks(bid_ticks),
            Lots(bid_lots),
            Ticks(ask_ticks),
            Lots(ask_lots),
        )
        self._judge_quote(told, (bid_ticks + ask_ticks) // 2, known_ns)

    def snapshot(self, change: Change) -> None:
        """Take a snapshot, then every held change that it does not cover."""
        self.book.snapshot(change)

    def delta(self, change: Change) -> None:
        """Take a change of the book."""
        self.book.change(change)

    def broken(self, what: str, kind: FaultKind, change: Change, value: str) -> None:
        """Set aside a message about the book that cannot be represented: the book is not known after it."""
        self.book.broken(what, kind, change)

    def bar(self, source: int, open_ns: int, known_ns: int, *, prices: tuple[int, int, int, int], lots: int) -> None:
        """Take a finished bar of the venue's: open, high, low, close."""
        first, high, low, last = prices
        if not 0 < low <= min(first, last) <= max(first, last) <= high < TICKS_MAX or not 0 <= lots < LOTS_MAX:
            self.aside("bar", NOT_POSITIVE, source, open_ns, f"{prices} in ticks, {lots} lots")
            return
        known_ns = self.arrivals.heard(known_ns)
        self.quality.applied["bar"] += 1
        bar = Bar(
            Nanos(known_ns), self._index, Nanos(open_ns), Ticks(first), Ticks(high), Ticks(low), Ticks(last), Lots(lots)
        )
        self._receiver(bar)

    def _judge_trade(self, trade: Trade, known_ns: int) -> None:
        """Hand a trade on, hold it in doubt, or settle what was held before it."""
        price = int(trade.price)
        answer = self.prints.judge(price, known_ns, self.quotes.doubted or self.quotes.believed)
        if answer == outliers.DOUBTED and len(self._doubted) < DOUBTED_MAX:
            self.quality.fault(DOUBTFUL)
            self._doubted.append(trade)
            return
        if answer == outliers.REFUTES:
            self._refute()
        elif self._doubted or answer != outliers.BELIEVED:
            self._stand(known_ns)
        self._pass_trade(trade)
        if answer == outliers.STANDS and self.quotes.is_confirmed_by(price):
            self._stand_quote(known_ns)

    def _pass_trade(self, trade: Trade) -> None:
        """Hand a trade on."""
        self.quality.applied["trade"] += 1
        self._receiver(trade)

    def _refute(self) -> None:
        """Set aside every trade that was held in doubt: a spike."""
        for _ in self._doubted:
            self.quality.aside("trade", SPIKE)
        self._doubted = []

    def _stand(self, now_ns: int) -> None:
        """Hand on every trade that was held in doubt, as known now: it was a real move."""
        doubted, self._doubted = self._doubted, []
        self.quality.fault(CONFIRMED)
        for one in doubted:
            known_ns = Nanos(max(now_ns, int(one.ts_event_ns)))
            self._pass_trade(
                Trade(one.ts_event_ns, known_ns, one.instrument, one.trade_id, one.side, one.price, one.lots)
            )

    def _judge_quote(self, quote: Quote, middle: int, known_ns: int) -> None:
        """Hand a quote on, or hold it in doubt; of several held only the last still tells anything."""
        answer = self.quotes.judge(middle, known_ns, self.prints.doubted or self.prints.believed)
        if self._doubted_quote is not None:
            self.quality.aside("quote", SPIKE if answer == outliers.REFUTES else REPEATED_QUOTE)
            self._doubted_quote = None
        if answer == outliers.DOUBTED:
            self.quality.fault(DOUBTFUL)
            self._doubted_quote = quote
            return
        self.quality.applied["quote"] += 1
        self._receiver(quote)
        if answer == outliers.STANDS and self.prints.is_confirmed_by(middle):
            self._stand(known_ns)

    def _stand_quote(self, now_ns: int) -> None:
        """Hand on the quote that was held in doubt, as known now."""
        one, self._doubted_quote = self._doubted_quote, None
        if one is not None:
            self.quality.fault(CONFIRMED)
            self.quality.applied["quote"] += 1
            known_ns = Nanos(max(now_ns, int(one.ts_event_ns)))
            self._receiver(
                Quote(one.ts_event_ns, known_ns, one.instrument, one.bid, one.bid_lots, one.ask, one.ask_lots)
            )
