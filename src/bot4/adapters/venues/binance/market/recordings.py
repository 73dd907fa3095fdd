# SPDX-License-Identifier: Apache-2.0
"""Read raw recordings of Binance's websockets: spot, futures and coin futures, one message a line.

A line is ``<local receive time in ns> <JSON as sent>``. The recorder's clock may run
behind the exchange's: a constant is added to the local times of a file, the smallest
by which no message was received before it was sent. It says nothing about latency and
none is taken from it. A spot quote has no stamp of its own: it happened when it was
received, by the corrected clock.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Final, final

import msgspec

from bot4.adapters.net.undecodable import FAULTS
from bot4.adapters.venues.binance.market.feed import BinanceFeed
from bot4.adapters.venues.binance.market.messages import DepthMessage, Millis, QuoteMessage, TradeMessage
from bot4.adapters.venues.binance.market.streams import Decoded, StreamDecoder
from bot4.domain.errors import BadInput
from bot4.domain.instrument import Instrument
from bot4.market.bars import SOURCE_SHIFT
from bot4.market.books.rules import FUTURES_RULE, SPOT_RULE
from bot4.market.faults import FaultLog
from bot4.market.quality import Fates
from bot4.market.rows import MILLI_NS, STAMP_MISSING
from bot4.market.tick_reader import HEAD_LINES, PIECE_MESSAGES, TextTicks, TickReader, receive_stamp
from bot4.market.tick_tables import TickTable
from bot4.market.tick_validation import TickCheck

Lines = Callable[[], Iterator[tuple[int, bytes]]]
"""Opens a recording anew: its lines with their numbers, from 1."""

SHOWN_BYTES: Final = 24
"""Of a line that cannot be read, so many are told."""


class Stamps(msgspec.Struct, gc=False):
    """Look at the times of a message only."""

    sent_ms: Millis = msgspec.field(default=0, name="E")
    at_ms: Millis = msgspec.field(default=0, name="T")


class StampedLine(msgspec.Struct, gc=False):
    """Look at the times of a line only, in its envelope or without one."""

    data: Stamps = msgspec.field(default_factory=Stamps)
    sent_ms: Millis = msgspec.field(default=0, name="E")
    at_ms: Millis = msgspec.field(default=0, name="T")


@final
class BinanceLines(TickReader):
    """Read one recording of Binance's streams: changes of the book, best bid and ask, trades, and the depth snapshot.

    Parameters
    ----------
    name : str
        The file as the user wrote it.
    lines : callable
        Opens the recording anew.
    symbol : str
        The symbol that is wanted of it.

    Raises
    ------
    BadInput
        If none of its first lines is a message of a known market.
    """

    def __init__(self, name: str, lines: Lines, symbol: str) -> None:
        self.name = name
        self._open = lines
        self._symbol = symbol.upper()
        market = self._market()
        self.format = f"binance_{market}_l2"
        self.venue = "binance" if market == "spot" else "binanceusdm" if market == "usdm" else ""
        self._rule = SPOT_RULE if market == "spot" else FUTURES_RULE
        self._behind_ns, self._lines, backward = self._clock()
        moved = f"receive clock moved by {self._behind_ns / 1e6:+.3f} ms"
        self.clock_note = f"{moved}, one constant for the file; no latency is taken from it"
        if backward:
            self.clock_note += f"; {backward} lines whose receive clock runs backward have no say in it"

    def rows_hint(self) -> int:
        """Return the number of lines."""
        return self._lines

    def steps(self) -> tuple[Decimal, Decimal] | None:
        """Return None: a websocket does not tell its steps."""
        return None

    def first_price(self) -> Decimal:
        """Return the first price among the first lines.

        Raises
        ------
        BadInput
            If there is none.
        """
        for message in self._head():
            text = ""
            if isinstance(message, TradeMessage):
                text = message.price
            elif isinstance(message, QuoteMessage):
                text = message.bid
            elif isinstance(message, DepthMessage) and message.bids:
                text = message.bids[0][0]
            try:
                return Decimal(text)
            except InvalidOperation:
                continue
        raise BadInput(self.name, "no price in its first lines", "messages with prices", "Give another file.", "empty")

    def tables(self, instrument: Instrument, file: int, log: FaultLog, fates: Fates) -> Iterator[TickTable]:
        """Read the file from its begin."""
        check = TickCheck(int(instrument.index), self._rule, log, fates)
        ticks = TextTicks(instrument, check)
        feed = BinanceFeed({self._symbol: ticks}, check)
        for number, line in self._open():
            source = file << SOURCE_SHIFT | number
            local, _, text = line.partition(b" ")
            known_ns = receive_stamp(local, self._behind_ns)
            if known_ns == STAMP_MISSING:
                found = f"no receive stamp in ns before the message: {line[:SHOWN_BYTES]!r}"
                ticks.unreadable("line", source, STAMP_MISSING, found)
                continue
            feed.take(text, known_ns, source)
            if number % PIECE_MESSAGES == 0:
                log.settle()
                yield check.ready()
        log.settle()
        yield check.finish()

    def _head(self) -> Iterator[Decoded]:
        """Yield the messages of the first lines."""
        decoder = StreamDecoder()
        for _, line in islice(self._open(), HEAD_LINES):
            yield decoder.decode(line.partition(b" ")[2])[0]

    def _market(self) -> str:
        """Return which market a recording is of: spot changes have no previous id, coin futures name a pair."""
        for message in self._head():
            if isinstance(message, DepthMessage):
                if message.previous_id < 0:
                    return "spot"
                return "cm" if "_" in message.symbol else "usdm"
        raise BadInput(
            self.name,
            "no change of a book in its first lines",
            "lines of a local time in ns and a message of Binance's streams",
            "Give a raw recording, or name its trades as a table.",
            "no_ticks",
        )

    def _clock(self) -> tuple[int, int, int]:
        """Return the constant that moves the recorder's clock, the number of lines, and of those received backward.

        A receive stamp before an earlier line's is the recorder's fault: it would move the clock of the whole file.
        """
        decoder = msgspec.json.Decoder(StampedLine)
        behind: int | None = None
        number = newest_ns = backward = 0
        for number, line in self._open():  # noqa: B007 - the last number is the count
            local, _, text = line.partition(b" ")
            received_ns = receive_stamp(local)
            try:
                message = decoder.decode(text)
            except FAULTS:
                continue
            data = message.data  # when it was sent comes first: a mark price's T is its next funding, hours ahead
            sent_ms = data.sent_ms or message.sent_ms or data.at_ms or message.at_ms
            if received_ns == STAMP_MISSING:
                continue
            if received_ns < newest_ns:
                backward += 1
                continue
            newest_ns = received_ns
            ahead = sent_ms * MILLI_NS - received_ns
            if sent_ms and (behind is None or ahead > behind):
                behind = ahead
        return behind or 0, number, backward
