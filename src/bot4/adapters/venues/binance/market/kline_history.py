# SPDX-License-Identifier: Apache-2.0
"""Finished bars of one instrument over REST, as events in ticks and lots: for the warm-up, and for what a feed lost.

A page that is not in order, or reaches outside of what was asked for, is refused whole.
The rows take the same way as those of a feed, so that both round and refuse alike.
"""

from typing import Final, final

from bot4.adapters.venues.binance.wire.asker import Asker
from bot4.adapters.venues.binance.wire.replies import Kline
from bot4.adapters.venues.binance.wire.requests import KLINES_MAX, klines
from bot4.domain.errors import OutsideFault
from bot4.domain.event import Event
from bot4.domain.instrument import Instrument
from bot4.domain.marketdata import Bar
from bot4.market.books.rules import SPOT_RULE
from bot4.market.intervals import interval_text
from bot4.market.live.check import LiveCheck
from bot4.market.quality import FeedQuality
from bot4.market.rows import MILLI_NS
from bot4.market.tick_reader import TextTicks

FEED: Final = "binance-spot-history"


@final
class KlineHistory:
    """Ask for the finished bars of one instrument.

    Parameters
    ----------
    instrument : Instrument
        Whose bars.
    interval_ns : int
        Their length, one that the venue has.
    asker : Asker
        Asks the venue.

    Attributes
    ----------
    quality : FeedQuality
        Counts the rows, those off the tick or the lot, and those that cannot be bars.
    trade_gap_ns : int
        The mean time between two trades of the newest page that had any, 0 before.
    """

    def __init__(self, instrument: Instrument, interval_ns: int, asker: Asker) -> None:
        self.quality = FeedQuality(instrument.symbol, FEED)
        self._symbol = instrument.symbol
        self._interval_ns = interval_ns
        self.trade_gap_ns = 0
        self._interval = interval_text(interval_ns)
        self._asker = asker
        self._read: list[Bar] = []
        self._ticks = TextTicks(instrument, LiveCheck(instrument, SPOT_RULE, self.quality, self._keep))

    async def page(self, begin_ns: int, end_ns: int) -> list[Bar]:
        """Return bars that open from ``begin_ns`` on and before ``end_ns``, oldest first, at most ``KLINES_MAX``.

        Each is known at its end. All of them must be finished at the venue.

        Raises
        ------
        BadInput, OutsideFault
            As :meth:`Asker.ask`, and if the page cannot be what was asked for.
        """
        first_ms = max(1, begin_ns // MILLI_NS)  # 0 would be left out of the request, which then means the newest
        request = klines(self._symbol, self._interval, start_ms=first_ms, end_ms=end_ns // MILLI_NS - 1)
        rows = await self._asker.ask(request, "klines", list[Kline])
        return self._bars(rows, begin_ns, end_ns)

    def _bars(self, rows: list[Kline], begin_ns: int, end_ns: int) -> list[Bar]:
        """Return the rows of a page as bars."""
        reached_ns = begin_ns - 1
        for row in rows:
            open_ns = row.open_ms * MILLI_NS
            if not reached_ns < open_ns < end_ns or open_ns % self._interval_ns or len(rows) > KLINES_MAX:
                mend = "It is asked for again; if it stays so, use another address of REST."
                raise OutsideFault(
                    f"the venue's bars of {self._symbol}",
                    f"one of {row.open_ms}, asked for from {begin_ns // MILLI_NS} to {end_ns // MILLI_NS}",
                    "bars in order within what was asked for",
                    mend,
                    "venue_reply",
                )
            reached_ns = open_ns
        trades = sum(row.trades for row in rows)
        if trades > 0:
            self.trade_gap_ns = len(rows) * self._interval_ns // trades
        self._read = []
        for number, row in enumerate(rows):
            open_ns = row.open_ms * MILLI_NS
            prices = (row.open, row.high, row.low, row.close)
            self._ticks.bar(number, (open_ns, open_ns + self._interval_ns), prices, row.volume)
        read, self._read = self._read, []
        return read

    def _keep(self, event: Event) -> None:
        """Keep a bar of the page that is read."""
        assert isinstance(event, Bar), "klines tell nothing else"
        self._read.append(event)
