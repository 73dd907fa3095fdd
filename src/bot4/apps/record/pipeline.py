# SPDX-License-Identifier: Apache-2.0
"""The pipeline that judges traffic: the same object while it is recorded and when it is replayed. No I/O here."""

from collections.abc import Mapping
from typing import Final, final

from bot4.adapters.venues.binance.market.feed import BinanceFeed
from bot4.domain.instrument import Instrument
from bot4.market.books.rules import SPOT_RULE
from bot4.market.live.book import Receiver
from bot4.market.live.check import LiveCheck
from bot4.market.live.strays import Strays
from bot4.market.quality import Fates, QualityBoard
from bot4.market.tick_reader import TextTicks

FEED: Final = "binance-spot"


@final
class TrafficPipeline:
    """Take frames and hand on the events they tell, each frame counted.

    Parameters
    ----------
    instruments : mapping of str to Instrument
        By symbol.
    receiver : callable
        Takes the events.

    Attributes
    ----------
    checks : dict of str to LiveCheck
        By symbol.
    board : QualityBoard
        Counts; strays under the empty symbol.
    """

    def __init__(self, instruments: Mapping[str, Instrument], receiver: Receiver) -> None:
        self.board = QualityBoard()
        self.checks = {
            symbol: LiveCheck(one, SPOT_RULE, self.board.of(symbol, FEED), receiver)
            for symbol, one in instruments.items()
        }
        ticks = {symbol: TextTicks(instruments[symbol], check) for symbol, check in self.checks.items()}
        self._feed = BinanceFeed(ticks, Strays(self.board.of("", FEED)))

    def take(self, received_ns: int, frame: bytes) -> None:
        """Take one frame with the moment it was received."""
        self._feed.take(frame, received_ns)

    def due(self, now_ns: int) -> list[str]:
        """Return the symbols whose book needs a snapshot now, noted as asked for."""
        wanted = [symbol for symbol, check in self.checks.items() if check.book.sync.is_due(now_ns)]
        for symbol in wanted:
            self.checks[symbol].book.sync.asked(now_ns)
        return wanted

    def fates(self) -> dict[str, dict[str, int]]:
        """Return what became of the messages, by kind; those without a fate yet stand under ``waiting``."""
        total = Fates()
        for symbol in ("", *self.checks):
            total.counts.update(self.board.of(symbol, FEED).fates().counts)
        waiting = sum(check.waiting for check in self.checks.values())
        if waiting:
            total.add("any", "waiting", waiting)
        return total.table()

    def sums(self) -> dict[str, int]:
        """Return gaps, resyncs and whole books over all instruments."""
        qualities = [check.quality for check in self.checks.values()]
        return {
            "gaps": sum(one.gaps for one in qualities),
            "resyncs": sum(one.resyncs for one in qualities),
            "resync_ns_max": max((one.resync_ns_max for one in qualities), default=0),
            "books_whole": sum(check.book.sync.is_known for check in self.checks.values()),
        }
