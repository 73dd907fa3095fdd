# SPDX-License-Identifier: Apache-2.0
"""What is happening: bars, trades, quotes and books, each with both clocks.

All are immutable by habit: a stage may keep one, so none is ever reused. Prices
are ticks and quantities lots of the instrument with the given index in the run.
"""

from typing import final

from librt.strings import read_f64_le
from mypy_extensions import i64, mypyc_attr

from bot4.domain.event import BAR, BOOK_DELTA, BOOK_SNAPSHOT, EQUITY, FEATURES, QUOTE, TRADE, Event
from bot4.domain.values import Lots, Money, Nanos, Ticks


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Bar(Event):
    """Hold one bar: event and known time are the end of its interval, ``open_ns`` its begin."""

    __slots__ = ("instrument", "open_ns", "open", "high", "low", "close", "volume")

    def __init__(
        self,
        ts_known_ns: Nanos,
        instrument: i64,
        open_ns: Nanos,
        open: Ticks,
        high: Ticks,
        low: Ticks,
        close: Ticks,
        volume: Lots,
    ) -> None:
        self.kind = BAR
        self.ts_event_ns = ts_known_ns
        self.ts_known_ns = ts_known_ns
        self.instrument = instrument
        self.open_ns = open_ns
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        self.volume = volume


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Trade(Event):
    """Hold one print of the venue; ``side`` is the aggressor's (+1 bought, -1 sold, 0 unknown)."""

    __slots__ = ("instrument", "trade_id", "side", "price", "lots")

    def __init__(
        self,
        ts_event_ns: Nanos,
        ts_known_ns: Nanos,
        instrument: i64,
        trade_id: i64,
        side: i64,
        price: Ticks,
        lots: Lots,
    ) -> None:
        self.kind = TRADE
        self.ts_event_ns = ts_event_ns
        self.ts_known_ns = ts_known_ns
        self.instrument = instrument
        self.trade_id = trade_id
        self.side = side
        self.price = price
        self.lots = lots


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Quote(Event):
    """Hold the best bid and ask."""

    __slots__ = ("instrument", "bid", "bid_lots", "ask", "ask_lots")

    def __init__(
        self,
        ts_event_ns: Nanos,
        ts_known_ns: Nanos,
        instrument: i64,
        bid: Ticks,
        bid_lots: Lots,
        ask: Ticks,
        ask_lots: Lots,
    ) -> None:
        self.kind = QUOTE
        self.ts_event_ns = ts_event_ns
        self.ts_known_ns = ts_known_ns
        self.instrument = instrument
        self.bid = bid
        self.bid_lots = bid_lots
        self.ask = ask
        self.ask_lots = ask_lots


@mypyc_attr(acyclic=True)
class BookLevels(Event):
    """Hold levels of a book as a range of columns that many messages share.

    Level ``k``, for ``begin <= k < end``, stands at byte ``8 * k`` of three columns
    of little-endian int64: ``sides`` (+1 bid, -1 ask), ``prices`` in ticks, and
    ``lots``. ``first_id`` and ``last_id`` are the venue's sequence numbers that the
    message covers.
    """

    __slots__ = ("instrument", "first_id", "last_id", "begin", "end", "sides", "prices", "lots")

    instrument: i64
    first_id: i64
    last_id: i64
    begin: i64
    end: i64
    sides: bytes
    prices: bytes
    lots: bytes


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class BookSnapshot(BookLevels):
    """Replace the whole book; each price stands once, and no level is empty."""

    __slots__ = ()

    def __init__(
        self,
        ts_event_ns: Nanos,
        ts_known_ns: Nanos,
        instrument: i64,
        first_id: i64,
        last_id: i64,
        begin: i64,
        end: i64,
        sides: bytes,
        prices: bytes,
        lots: bytes,
    ) -> None:
        self.kind = BOOK_SNAPSHOT
        self.ts_event_ns = ts_event_ns
        self.ts_known_ns = ts_known_ns
        self.instrument = instrument
        self.first_id = first_id
        self.last_id = last_id
        self.begin = begin
        self.end = end
        self.sides = sides
        self.prices = prices
        self.lots = lots


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class BookDelta(BookLevels):
    """Change some levels of the book; zero lots remove a level."""

    __slots__ = ()

    def __init__(
        self,
        ts_event_ns: Nanos,
        ts_known_ns: Nanos,
        instrument: i64,
        first_id: i64,
        last_id: i64,
        begin: i64,
        end: i64,
        sides: bytes,
        prices: bytes,
        lots: bytes,
    ) -> None:
        self.kind = BOOK_DELTA
        self.ts_event_ns = ts_event_ns
        self.ts_known_ns = ts_known_ns
        self.instrument = instrument
        self.first_id = first_id
        self.last_id = last_id
        self.begin = begin
        self.end = end
        self.sides = sides
        self.prices = prices
        self.lots = lots


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Features(Event):
    """Hold the features of one bar: float64 in the order of the run's feature list, NaN until warm.

    They are a row of a table that many bars share: little-endian in ``rows``, from
    byte ``begin`` on.
    """

    __slots__ = ("instrument", "bar", "rows", "begin")

    def __init__(self, bar: Bar, rows: bytes, begin: i64) -> None:
        self.kind = FEATURES
        self.ts_event_ns = bar.ts_event_ns
        self.ts_known_ns = bar.ts_known_ns
        self.instrument = bar.instrument
        self.bar = bar
        self.rows = rows
        self.begin = begin

    def value(self, place: i64) -> float:
        """Return the feature at a place of the run's list."""
        return read_f64_le(self.rows, self.begin + 8 * place)


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Equity(Event):
    """Hold the account's worth after a mark: cash plus positions at their last price."""

    __slots__ = ("equity", "cash")

    def __init__(self, now: Nanos, equity: Money, cash: Money) -> None:
        self.kind = EQUITY
        self.ts_event_ns = now
        self.ts_known_ns = now
        self.equity = equity
        self.cash = cash
