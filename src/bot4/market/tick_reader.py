# SPDX-License-Identifier: Apache-2.0
"""The port through which recorded ticks come, and what every reader of text shares."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final, final

from mypy_extensions import mypyc_attr

from bot4.domain.instrument import Instrument
from bot4.market.books.rules import Change
from bot4.market.faults import BOOK_OFF_TICK, LEVELS_OFF_TICK, OFF_LOT, OFF_TICK, UNREADABLE, FaultLog
from bot4.market.quality import Fates
from bot4.market.rows import MILLI_NS, MILLI_RANGE, STAMP_MISSING
from bot4.market.tick_scale import Scale
from bot4.market.tick_sink import TickSink
from bot4.market.tick_tables import TickTable

PIECE_MESSAGES = 8_192
"""After so many messages a reader gives what is ready."""

OFF_TICK_SHARE_MAX: Final = 0.25
"""A book with more of its levels off the tick is of another tick than the instrument's."""

HEAD_LINES = 2_000
"""A reader looks at so many lines to learn what a recording is."""


STAMP_DIGITS: Final = 19
"""Of nanoseconds, from 2001 to 2286."""


def receive_stamp(word: bytes, moved_ns: int = 0) -> int:
    """Return when a line of a raw recording was received, by its first word and a moved clock.

    ``STAMP_MISSING`` if the word is not plain digits, or not a time in ns between the years 1973 and 2255.
    """
    if not word.isdigit() or len(word) > STAMP_DIGITS:
        return STAMP_MISSING
    stamp_ns = int(word) + moved_ns
    return stamp_ns if MILLI_RANGE[0] <= stamp_ns // MILLI_NS < MILLI_RANGE[1] else STAMP_MISSING


@mypyc_attr(allow_interpreted_subclasses=True)
class TickReader:
    """Read one file of ticks of one symbol, in its own order, as often as asked.

    Attributes
    ----------
    name : str
        The file as the user wrote it.
    format : str
        Such as ``"binance_spot_l2"``.
    venue : str
        Whose recording it is, empty where the file does not tell.
    clock_note : str
        What was done to the clocks of the file; empty for nothing.
    """

    name: str
    format: str
    venue: str = ""
    clock_note: str = ""

    @abstractmethod
    def rows_hint(self) -> int:
        """Return about how many messages there are."""

    @abstractmethod
    def first_price(self) -> Decimal:
        """Return the first price of the file, in quote units."""

    @abstractmethod
    def steps(self) -> tuple[Decimal, Decimal] | None:
        """Return tick and lot where the file itself tells them, else None."""

    @abstractmethod
    def tables(self, instrument: Instrument, file: int, log: FaultLog, fates: Fates) -> Iterator[TickTable]:
        """Read the file from its begin: validated messages in the order of the exchange's clock.

        ``file`` is the file's number, for the sources of faults.
        """


@final
class TextTicks:
    """Turn decimals of one recording or feed into ticks and lots and hand its messages to their check.

    A price off the tick is rounded and counted: a trade's to the nearest, a quote's
    outwards, so that nobody trades better than the venue offered. Levels off the tick
    are orders from before the venue coarsened it, far from the market: they cannot be
    told in ticks and are left out of the book, which shows less than there is. Where
    a snapshot has many of them the instrument is wrong, and there is no book. Quantities
    off the lot are rounded down, a trade's at least to one lot. A bar's prices and its
    volume are rounded to the nearest, as those of a recorded one.
    """

    def __init__(self, instrument: Instrument, check: TickSink) -> None:
        self.check = check
        self._price = Scale(instrument.tick_size)
        self._lot = Scale(instrument.lot_size)

    def trade(self, source: int, clocks: tuple[int, int], trade_id: int, side: int, price: str, quantity: str) -> None:
        """Take a trade; ``clocks`` are when it happened and when it was known."""
        at_ns, known_ns = clocks
        try:
            ticks, lots = self._price.whole(price), self._lot.whole(quantity)
            if ticks < 0:
                ticks, is_off = self._price.nearest(price)
                if is_off:
                    self.check.fault(OFF_TICK, source, at_ns, f"price {price}")
            if lots < 0:
                lots, is_off = self._lot.down(quantity)
                if is_off:
                    lots = lots or 1
                    self.check.fault(OFF_LOT, source, at_ns, f"quantity {quantity}")
        except ValueError as error:
            self.unreadable("trade", source, at_ns, str(error))
            return
        self.check.trade(source, at_ns, known_ns, trade_id=trade_id, side=side, price=ticks, lots=lots)

    def quote(
        self, source: int, clocks: tuple[int, int], last_id: int, bid: tuple[str, str], ask: tuple[str, str]
    ) -> None:
        """Take a quote: price and quantity of either side."""
        at_ns, known_ns = clocks
        price, lot = self._price, self._lot
        try:
            bid_ticks, ask_ticks = price.whole(bid[0]), price.whole(ask[0])
            if bid_ticks < 0 or ask_ticks < 0:
                (bid_ticks, bid_off), (ask_ticks, ask_off) = price.down(bid[0]), price.up(ask[0])
                if bid_off or ask_off:
                    self.check.fault(OFF_TICK, source, at_ns, f"bid {bid[0]}, ask {ask[0]}")
            bid_lots, ask_lots = lot.whole(bid[1]), lot.whole(ask[1])
            if bid_lots < 0 or ask_lots < 0:
                bid_lots, ask_lots = lot.down(bid[1])[0], lot.down(ask[1])[0]
        except ValueError as error:
            self.unreadable("quote", source, at_ns, str(error))
            return
        self.check.quote(source, at_ns, known_ns, last_id=last_id, bid=(bid_ticks, bid_lots), ask=(ask_ticks, ask_lots))

    def levels(
        self,
        what: str,
        source: int,
        clocks: tuple[int, int],
        ids: tuple[int, int, int],
        bids: Sequence[tuple[str, str]],
        asks: Sequence[tuple[str, str]],
    ) -> None:
        """Take a message about the book: ``"snapshot"`` or ``"delta"``, its first, last and previous id, its levels."""
        sides: list[int] = []
        prices: list[int] = []
        lots: list[int] = []
        off = 0
        side = 1
        whole_price, whole_lots = self._price.whole, self._lot.whole
        try:
            for levels in (bids, asks):
                for price, quantity in levels:
                    ticks = whole_price(price)
                    if ticks < 0 and self._price.split(price)[1]:
                        off += 1
                        continue
                    count = whole_lots(quantity)
                    sides.append(side)
                    prices.append(ticks)
                    lots.append(count if count >= 0 else self._lot.down(quantity)[0])
                side = -1
        except ValueError as error:
            self.unreadable(what, source, clocks[0], str(error))
            return
        change = Change(source, clocks, ids, (sides, prices, lots))
        if off:
            self.check.fault(LEVELS_OFF_TICK, source, clocks[0], f"{off} of {off + len(prices)} levels")
        if what == "snapshot" and off > OFF_TICK_SHARE_MAX * (off + len(prices)):
            self.check.broken(what, BOOK_OFF_TICK, change, f"{off} of {off + len(prices)} levels")
        elif what == "snapshot":
            self.check.snapshot(change)
        else:
            self.check.delta(change)

    def bar(self, source: int, clocks: tuple[int, int], prices: Sequence[str], quantity: str) -> None:
        """Take a finished bar: ``clocks`` are its open and when it was known; open, high, low, close; the volume."""
        open_ns, known_ns = clocks
        try:
            rounded = [self._price.nearest(price) for price in prices]
            lots, lots_off = self._lot.nearest(quantity)
        except ValueError as error:
            self.unreadable("bar", source, open_ns, str(error))
            return
        if any(is_off for _, is_off in rounded):
            self.check.fault(OFF_TICK, source, open_ns, f"prices {', '.join(prices)}")
        if lots_off:
            self.check.fault(OFF_LOT, source, open_ns, f"volume {quantity}")
        first, high, low, last = (ticks for ticks, _ in rounded)
        self.check.bar(source, open_ns, known_ns, prices=(first, high, low, last), lots=lots)

    def unreadable(self, what: str, source: int, at_ns: int, value: str) -> None:
        """Set a message aside that cannot be read; one about the book leaves a gap that its next change shows."""
        self.check.aside(what, UNREADABLE, source, at_ns, value)
