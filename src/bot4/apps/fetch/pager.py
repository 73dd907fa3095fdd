# SPDX-License-Identifier: Apache-2.0
"""Which page comes next, and what of a page belongs into the file. Pure: rows go in, requests and rows come out.

A pager begins at its span's begin or behind the last row that is kept, and never asks for a row twice. A
page that is not in order, or reaches outside of what was asked for, is refused whole: a file made of it would be wrong.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Final, final

from bot4.adapters.venues.binance.wire.replies import AggTrade, Kline
from bot4.adapters.venues.binance.wire.requests import KLINES_MAX, TRADES_MAX, Request, agg_trades, klines
from bot4.domain.errors import OutsideFault

SETTLE_MS: Final = 2_000
"""What happened less than this ago at the venue may still change there."""

DECIMALS_MAX: Final = 8

Rows = dict[str, list[Any]]


class Pager(ABC):
    """Say what to ask for until a span is told.

    Attributes
    ----------
    shape, kind : str, type
        What a page looks like, by name and as a type.
    total, done : int
        How far it is: bars of the span, or its seconds.
    """

    shape: str
    kind: type[Any]
    total: int
    done: int

    @abstractmethod
    def wanted(self) -> Request | None:
        """Return the request of the next page, None where all is told."""

    @abstractmethod
    def take(self, page: Sequence[Any]) -> Rows:
        """Return what of the page belongs into the file, as columns.

        Raises
        ------
        OutsideFault
            If the page contradicts itself or what was asked for.
        """


@final
class BarPager(Pager):
    """Page through finished bars.

    Parameters
    ----------
    step_ms : int
        The length of a bar; bars begin at its multiples.
    span_ms : (int, int)
        Opens of bars from the first moment on, up to and without the second.
    now_ms : int
        The venue's time before the first page: bars that ended ``SETTLE_MS`` before it are finished.
    last_ms : int or None
        The open of the last bar that is kept.
    """

    def __init__(
        self,
        symbol: str,
        interval: str,
        *,
        step_ms: int,
        span_ms: tuple[int, int],
        now_ms: int,
        last_ms: int | None = None,
    ) -> None:
        self.shape, self.kind = "klines", list[Kline]
        self._symbol, self._interval, self._step_ms = symbol, interval, step_ms
        first = -(-span_ms[0] // step_ms) * step_ms
        wanted_end = -(-span_ms[1] // step_ms) * step_ms
        self.end_ms = min(wanted_end, (now_ms - SETTLE_MS) // step_ms * step_ms)
        self.left_out_ms = self.end_ms if self.end_ms < wanted_end else None
        self._first_ms = first
        self._next_ms = first if last_ms is None else last_ms + step_ms
        self.total = max(0, self.end_ms - first) // step_ms
        self.done = min(self.total, max(0, self._next_ms - first) // step_ms)

    def wanted(self) -> Request | None:
        """Return the request of the next page, None where all is told."""
        if self._next_ms >= self.end_ms:
            return None
        # A time of 0 would be left out of the request, which then means the newest bars.
        return klines(self._symbol, self._interval, start_ms=max(1, self._next_ms), end_ms=self.end_ms - 1)

    def take(self, page: Sequence[Kline]) -> Rows:
        """Return the bars of a page as columns of the bars' contract."""
        reached = self._next_ms - self._step_ms
        for bar in page:
            if not reached < bar.open_ms < self.end_ms or bar.open_ms % self._step_ms:
                raise unfit(f"a bar of {bar.open_ms} after one of {reached}, asked for up to {self.end_ms}")
            reached = bar.open_ms
        self._next_ms = reached + self._step_ms if len(page) >= KLINES_MAX else self.end_ms
        self.done = (self._next_ms - self._first_ms) // self._step_ms
        return {
            "ts": [bar.open_ms for bar in page],
            "open": [number(bar.open) for bar in page],
            "high": [number(bar.high) for bar in page],
            "low": [number(bar.low) for bar in page],
            "close": [number(bar.close) for bar in page],
            "volume": [number(bar.volume) for bar in page],
        }


@final
class TradePager(Pager):
    """Page through aggregated trades: the first page by time, the others by number.

    Parameters
    ----------
    span_ms : (int, int)
        Trades from the first moment on, up to and without the second.
    now_ms : int
        The venue's time before the first page: trades up to ``SETTLE_MS`` before it are all there.
    last_id : int or None
        The number of the last trade that is kept.
    """

    def __init__(self, symbol: str, *, span_ms: tuple[int, int], now_ms: int, last_id: int | None = None) -> None:
        self.shape, self.kind = "aggTrades", list[AggTrade]
        self._symbol = symbol
        self._begin_ms = span_ms[0]
        self.end_ms = min(span_ms[1], now_ms - SETTLE_MS)
        self.left_out_ms = self.end_ms if self.end_ms < span_ms[1] else None
        self._last_id = last_id
        self._is_told = self.end_ms <= self._begin_ms
        self.total = max(0, self.end_ms - self._begin_ms) // 1000
        self.done = 0

    def wanted(self) -> Request | None:
        """Return the request of the next page, None where all is told."""
        if self._is_told:
            return None
        if self._last_id is None:
            return agg_trades(self._symbol, start_ms=max(1, self._begin_ms))
        return agg_trades(self._symbol, from_id=self._last_id + 1)

    def take(self, page: Sequence[AggTrade]) -> Rows:
        """Return the trades of a page that lie in the span, as columns that ``--ticks`` reads."""
        reached = -1 if self._last_id is None else self._last_id
        for trade in page:
            if trade.a <= reached or self._begin_ms > trade.T:
                raise unfit(f"trade {trade.a} of {trade.T} after trade {reached}, asked for from {self._begin_ms}")
            reached = trade.a
        inside = next((i for i, trade in enumerate(page) if self.end_ms <= trade.T), len(page))
        kept = page[:inside]
        self._is_told = inside < len(page) or len(page) < TRADES_MAX
        if kept:
            self._last_id = kept[-1].a
            self.done = (kept[-1].T - self._begin_ms) // 1000
        if self._is_told:
            self.done = self.total
        return {
            "ts": [trade.T for trade in kept],
            "agg_id": [trade.a for trade in kept],
            "price": [exact(trade.p) for trade in kept],
            "quantity": [exact(trade.q) for trade in kept],
            "buyer_maker": [trade.m for trade in kept],
        }


def number(text: str) -> float:
    """Return a venue's number for the columns of bars, which are binary.

    Raises
    ------
    OutsideFault
        If it is none.
    """
    return float(exact(text))


def exact(text: str) -> str:
    """Return a venue's number, having seen that it is one and has no more decimals than the file keeps.

    Raises
    ------
    OutsideFault
        If it is not so.
    """
    whole, _, fraction = text.partition(".")
    digits = whole + fraction
    if not (digits.isascii() and digits.isdigit() and whole and len(fraction) <= DECIMALS_MAX):
        raise unfit(f"the number {text[:40]!r}")
    return text


def unfit(what: str) -> OutsideFault:
    """Return the error for a page that cannot be kept."""
    mend = "Repeat the command; it goes on where it stands. If it stays so, another --rest may help."
    return OutsideFault("the venue's reply", what, "rows in order within what was asked for", mend, "venue_reply")
