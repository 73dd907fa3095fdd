# SPDX-License-Identifier: Apache-2.0
"""Read raw recordings of Binance's websockets: spot, futures and coin futures, one message a line.

A line is ``<local receive time in ns> <JSON as sent>``. The recorder's clock may run
behind the exchange's: a constant is added to the local times of a file, the smallest
by which no message was received before it was sent. It says nothing about latency and
none is taken from it. A spot quote has no stamp of its own: it happened when it was
received, by the corrected clock.
"""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from itertools import islice
from pathlib import Path
from typing import final

import msgspec

from bot4.adapters.stores.recorded_lines import Levels, numbered_lines
from bot4.domain.errors import BadInput
from bot4.domain.instrument import Instrument
from bot4.market.bars import SOURCE_SHIFT
from bot4.market.books.rules import FUTURES_RULE, SPOT_RULE
from bot4.market.faults import NO_MARKET_TRADE, OTHER_STREAM, UNKNOWN_SYMBOL, FaultLog
from bot4.market.quality import Fates
from bot4.market.rows import MILLI_NS, STAMP_MISSING
from bot4.market.tick_reader import HEAD_LINES, PIECE_MESSAGES, TextTicks, TickReader
from bot4.market.tick_tables import TickTable
from bot4.market.tick_validation import TickCheck


class Data(msgspec.Struct, gc=False, rename={"kind": "e", "sent_ms": "E", "at_ms": "T", "symbol": "s"}):
    """Read any message of Binance: what is not in one is empty."""

    kind: str = ""
    sent_ms: int = 0
    at_ms: int = 0
    symbol: str = ""
    first_id: int = msgspec.field(default=-1, name="U")
    last_id: int = msgspec.field(default=-1, name="u")
    previous_id: int = msgspec.field(default=-1, name="pu")
    bid: Levels | str = msgspec.field(default="", name="b")
    ask: Levels | str = msgspec.field(default="", name="a")
    bid_quantity: str = msgspec.field(default="", name="B")
    ask_quantity: str = msgspec.field(default="", name="A")
    trade_id: int = msgspec.field(default=-1, name="t")
    price: str = msgspec.field(default="", name="p")
    quantity: str = msgspec.field(default="", name="q")
    is_buyer_maker: bool = msgspec.field(default=False, name="m")
    trade_type: str = msgspec.field(default="MARKET", name="X")


class Message(msgspec.Struct, gc=False):
    """Read a line of Binance: a message of a stream, or the answer of the depth snapshot by itself."""

    stream: str = ""
    data: Data = msgspec.field(default_factory=Data)
    last_update_id: int = msgspec.field(default=-1, name="lastUpdateId")
    sent_ms: int = msgspec.field(default=0, name="E")
    at_ms: int = msgspec.field(default=0, name="T")
    symbol: str = ""
    bids: Levels = []
    asks: Levels = []


@final
class BinanceLines(TickReader):
    """Read one recording of Binance's streams: changes of the book, best bid and ask, trades, and the depth snapshot.

    Raises
    ------
    BadInput
        If none of its first lines is a message of a known market.
    """

    def __init__(self, path: Path, symbol: str) -> None:
        self.name = str(path)
        self._path = path
        self._symbol = symbol.upper()
        self._decoder = msgspec.json.Decoder(Message)
        market = self._market()
        self.format = f"binance_{market}_l2"
        self.venue = "binance" if market == "spot" else "binanceusdm" if market == "usdm" else ""
        self._rule = SPOT_RULE if market == "spot" else FUTURES_RULE
        self._behind_ns, self._lines = self._clock()
        moved = f"receive clock moved by {self._behind_ns / 1e6:+.3f} ms"
        self.clock_note = f"{moved}, one constant for the file; no latency is taken from it"

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
        for _, message in self._head():
            data = message.data
            bid = data.bid if isinstance(data.bid, str) else data.bid[0][0] if data.bid else ""
            try:
                return Decimal(data.price or bid)
            except InvalidOperation:
                continue
        raise BadInput(self.name, "no price in its first lines", "messages with prices", "Give another file.", "empty")

    def tables(self, instrument: Instrument, file: int, log: FaultLog, fates: Fates) -> Iterator[TickTable]:
        """Read the file from its begin."""
        check = TickCheck(int(instrument.index), self._rule, log, fates)
        ticks = TextTicks(instrument, check)
        for number, line in numbered_lines(self._path):
            source = file << SOURCE_SHIFT | number
            local, _, text = line.partition(b" ")
            try:
                known_ns = int(local) + self._behind_ns
                message = self._decoder.decode(text)
            except (ValueError, msgspec.DecodeError) as error:
                ticks.unreadable("line", source, STAMP_MISSING, str(error))
                continue
            self._take(ticks, source, known_ns, message)
            if number % PIECE_MESSAGES == 0:
                log.settle()
                yield check.ready()
        log.settle()
        yield check.finish()

    def _take(self, ticks: TextTicks, source: int, known_ns: int, message: Message) -> None:
        """Hand one message to its check."""
        if message.last_update_id >= 0:
            at_ns = (message.at_ms or message.sent_ms) * MILLI_NS or known_ns
            if self._is_ours(ticks, "snapshot", source, at_ns, message.symbol or self._symbol):
                ids = (message.last_update_id, message.last_update_id, -1)
                ticks.levels("snapshot", source, (at_ns, known_ns), ids, message.bids, message.asks)
            return
        data = message.data
        at_ns = (data.at_ms or data.sent_ms) * MILLI_NS or known_ns
        if data.kind == "trade":
            if not self._is_ours(ticks, "trade", source, at_ns, data.symbol):
                return
            if data.trade_type != "MARKET":
                ticks.check.aside("trade", NO_MARKET_TRADE, source, at_ns, data.trade_type)
                return
            side = -1 if data.is_buyer_maker else 1
            ticks.trade(source, (at_ns, known_ns), data.trade_id, side, data.price, data.quantity)
        elif data.kind == "depthUpdate" and not isinstance(data.bid, str) and not isinstance(data.ask, str):
            if self._is_ours(ticks, "delta", source, at_ns, data.symbol):
                ids = (data.first_id, data.last_id, data.previous_id)
                ticks.levels("delta", source, (at_ns, known_ns), ids, data.bid, data.ask)
        elif message.stream.endswith("@bookTicker") and isinstance(data.bid, str) and isinstance(data.ask, str):
            if self._is_ours(ticks, "quote", source, at_ns, data.symbol):
                bid, ask = (data.bid, data.bid_quantity), (data.ask, data.ask_quantity)
                ticks.quote(source, (at_ns, known_ns), data.last_id, bid, ask)
        else:
            ticks.check.aside("other", OTHER_STREAM, source, at_ns, message.stream or "no stream")

    def _is_ours(self, ticks: TextTicks, what: str, source: int, at_ns: int, symbol: str) -> bool:
        """Set aside a message of another symbol."""
        if symbol.upper() == self._symbol:
            return True
        ticks.check.aside(what, UNKNOWN_SYMBOL, source, at_ns, f"symbol {symbol!r}")
        return False

    def _head(self) -> Iterator[tuple[int, Message]]:
        """Yield those of the first lines that are messages."""
        for _, line in islice(numbered_lines(self._path), HEAD_LINES):
            local, _, text = line.partition(b" ")
            try:
                yield int(local), self._decoder.decode(text)
            except (ValueError, msgspec.DecodeError):
                continue

    def _market(self) -> str:
        """Return which market a recording is of: spot changes have no previous id, coin futures name a pair."""
        for _, message in self._head():
            data = message.data
            if data.kind == "depthUpdate":
                if data.previous_id < 0:
                    return "spot"
                return "cm" if "_" in data.symbol else "usdm"
        raise BadInput(
            self.name,
            "no change of a book in its first lines",
            "lines of a local time in ns and a message of Binance's streams",
            "Give a raw recording, or name its trades as a table.",
            "no_ticks",
        )

    def _clock(self) -> tuple[int, int]:
        """Return the constant that moves the recorder's clock, and the number of lines."""
        behind: int | None = None
        number = 0
        for number, line in numbered_lines(self._path):  # noqa: B007 - the last number is the count
            local, _, text = line.partition(b" ")
            try:
                message = self._decoder.decode(text)
                sent_ms = max(message.data.sent_ms, message.data.at_ms, message.sent_ms)
                ahead = sent_ms * MILLI_NS - int(local)
            except (ValueError, msgspec.DecodeError):
                continue
            if sent_ms and (behind is None or ahead > behind):
                behind = ahead
        return behind or 0, number
