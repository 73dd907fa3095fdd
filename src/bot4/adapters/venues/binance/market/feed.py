# SPDX-License-Identifier: Apache-2.0
"""From Binance's frames to what the market's checks take: the same for a socket as for a recording of one.

A feed knows its instruments by their symbols and hands each message to the checks of
its own. Whatever belongs to none of them, or cannot be read, goes to a sink for
strays, so that every frame is counted once. What the connection says of itself is
returned to the caller.

Times come with each frame: when it was received, by a clock that the caller has
corrected. A spot quote has no stamp of its own and happened when it was received.
"""

from collections.abc import Mapping
from typing import Final, final

from bot4.adapters.venues.binance.market.messages import (
    AggTradeMessage,
    ControlMessage,
    DepthMessage,
    KlineMessage,
    LiquidationMessage,
    QuoteMessage,
    RefusalMessage,
    ReplyMessage,
    SettleMessage,
    ShutdownMessage,
    SnapshotMessage,
    TradeMessage,
)
from bot4.adapters.venues.binance.market.streams import WHAT, Decoded, StreamDecoder, Unread
from bot4.market.faults import (
    CONTROL,
    NO_INSTRUMENT,
    NO_MARKET_TRADE,
    OTHER_STREAM,
    UNFINISHED_BAR,
    UNKNOWN_SYMBOL,
    FaultKind,
)
from bot4.market.rows import MILLI_NS
from bot4.market.tick_reader import TextTicks
from bot4.market.tick_sink import TickSink

TRADES: Final = "trade"
AGG_TRADES: Final = "agg_trade"
"""Which stream tells the prints; the other tells the same ones again."""

SNAPSHOT_STREAM: Final = "@depthSnapshot"
"""How a recording of ours calls the answer of the depth request, which itself names no symbol."""

SETTLE: Final = b'{"stream":"!bot4","data":{"e":"bot4Settle"}}'
"""A frame of our own: time has passed. To be taken, and recorded, some times a second like any other."""

PARTIAL_BOOKS: Final = ("@depth5", "@depth10", "@depth20")


def snapshot_frame(symbol: str, body: bytes) -> bytes:
    """Return the answer of a depth request as a frame that says whose it is: to be taken, and recorded, as one."""
    return b'{"stream":"%b%b","data":%b}' % (symbol.lower().encode(), SNAPSHOT_STREAM.encode(), body)


@final
class BinanceFeed:
    """Hand the messages of one feed to the checks of their instruments.

    Parameters
    ----------
    ticks : mapping of str to TextTicks
        The instruments by symbol, in capitals.
    strays : TickSink
        Counts what belongs to none of them.
    prints : str
        ``TRADES`` or ``AGG_TRADES``: where the prints come from.
    """

    def __init__(self, ticks: Mapping[str, TextTicks], strays: TickSink, *, prints: str = TRADES) -> None:
        self._ticks = dict(ticks)
        self._strays = strays
        self._prints = prints
        self._only = next(iter(self._ticks), "") if len(self._ticks) == 1 else ""
        self._decoder = StreamDecoder()

    def take(self, frame: bytes | str, known_ns: int, source: int = 0) -> ControlMessage | None:
        """Take one frame, received at a moment; return it if it is about the connection.

        ``source`` says where it stands: a line of a recording, a number of the connection's.
        """
        message, stream = self._decoder.decode(frame)
        kind = type(message)
        if kind is QuoteMessage:
            self._quote(message, known_ns, source)  # type: ignore[arg-type]  # the commonest first, by its exact type
        elif kind is TradeMessage or kind is AggTradeMessage:
            self._trade(message, known_ns, source)  # type: ignore[arg-type]
        elif kind is DepthMessage:
            self._depth(message, known_ns, source)  # type: ignore[arg-type]
        else:
            return self._other(message, stream, known_ns, source)
        return None

    def _of(self, what: str, symbol: str, at_ns: int, source: int) -> TextTicks | None:
        """Return the instrument of a symbol, or count the message among the strays."""
        ticks = self._ticks.get(symbol)
        if ticks is None:
            ticks = self._ticks.get(symbol.upper())
        if ticks is None:
            self._strays.aside(what, UNKNOWN_SYMBOL, source, at_ns, f"symbol {symbol!r}")
        return ticks

    def _quote(self, message: QuoteMessage, known_ns: int, source: int) -> None:
        """Hand on best bid and ask."""
        at_ns = (message.at_ms or message.sent_ms) * MILLI_NS or known_ns
        ticks = self._ticks.get(message.symbol) or self._of("quote", message.symbol, at_ns, source)
        if ticks is not None:
            bid, ask = (message.bid, message.bid_quantity), (message.ask, message.ask_quantity)
            ticks.quote(source, (at_ns, known_ns), message.update_id, bid, ask)

    def _trade(self, message: TradeMessage | AggTradeMessage, known_ns: int, source: int) -> None:
        """Hand on a print, if this feed takes its prints from this stream."""
        what = WHAT[type(message)]
        at_ns = message.at_ms * MILLI_NS
        ticks = self._of(what, message.symbol, at_ns, source)
        if ticks is None:
            return
        if what != self._prints:
            ticks.check.aside(what, OTHER_STREAM, source, at_ns, f"prints come from {self._prints}")
        elif isinstance(message, TradeMessage) and message.trade_type != "MARKET":
            ticks.check.aside(what, NO_MARKET_TRADE, source, at_ns, message.trade_type)
        else:
            side = -1 if message.is_buyer_maker else 1
            ticks.trade(source, (at_ns, known_ns), message.trade_id, side, message.price, message.quantity)

    def _depth(self, message: DepthMessage, known_ns: int, source: int) -> None:
        """Hand on a change of the book."""
        at_ns = (message.at_ms or message.sent_ms) * MILLI_NS
        ticks = self._of("delta", message.symbol, at_ns, source)
        if ticks is not None:
            ids = (message.first_id, message.last_id, message.previous_id)
            ticks.levels("delta", source, (at_ns, known_ns), ids, message.bids, message.asks)

    def _snapshot(self, message: SnapshotMessage, symbol: str, known_ns: int, source: int) -> None:
        """Hand on a whole book."""
        at_ns = (message.at_ms or message.sent_ms) * MILLI_NS or known_ns
        ticks = self._of("snapshot", symbol, at_ns, source)
        if ticks is not None:
            ids = (message.last_id, message.last_id, -1)
            ticks.levels("snapshot", source, (at_ns, known_ns), ids, message.bids, message.asks)

    def _bar(self, message: KlineMessage, known_ns: int, source: int) -> None:
        """Hand on a bar that will not change any more."""
        bar = message.kline
        open_ns = bar.open_ms * MILLI_NS
        ticks = self._of("bar", message.symbol, open_ns, source)
        if ticks is None:
            return
        if not bar.is_closed:
            ticks.check.aside("bar", UNFINISHED_BAR, source, open_ns, bar.interval)
        else:
            ticks.bar(source, (open_ns, known_ns), (bar.open, bar.high, bar.low, bar.close), bar.volume)

    def _other(self, message: Decoded, stream: str, known_ns: int, source: int) -> ControlMessage | None:
        """Take what comes seldom."""
        if isinstance(message, KlineMessage):
            self._bar(message, known_ns, source)
        elif isinstance(message, SnapshotMessage):
            self._whole_book(message, stream, known_ns, source)
        elif isinstance(message, Unread):
            self._unread(message, stream, known_ns, source)
        elif isinstance(message, ShutdownMessage | ReplyMessage | RefusalMessage):
            self._strays.aside(WHAT[type(message)], CONTROL, source, known_ns, "of the connection")
            return message
        elif isinstance(message, SettleMessage):
            self._strays.aside("settle", CONTROL, source, known_ns, "our own")
            for ticks in self._ticks.values():
                ticks.check.settle(known_ns)
        elif isinstance(message, list):
            self._strays.aside("tickers", OTHER_STREAM, source, known_ns, stream)
        else:
            symbol = message.order.symbol if isinstance(message, LiquidationMessage) else message.symbol
            sink = self._sink(symbol)
            kind = NO_MARKET_TRADE if WHAT[type(message)] == "block_trade" else OTHER_STREAM
            sink.aside(WHAT[type(message)], kind, source, known_ns, stream or "no stream")
        return None

    def _whole_book(self, message: SnapshotMessage, stream: str, known_ns: int, source: int) -> None:
        """Take a whole book: an answer of ours in a recording; a partial book is another stream's."""
        name, at, _ = stream.partition("@")
        if at and not stream.endswith(SNAPSHOT_STREAM):
            kind = OTHER_STREAM if stream[len(name) :].startswith(PARTIAL_BOOKS) else NO_INSTRUMENT
            self._sink(name).aside("partial_book", kind, source, known_ns, stream)
            return
        symbol = message.symbol or name or self._only
        if symbol:
            self._snapshot(message, symbol, known_ns, source)
        else:
            self._strays.aside("snapshot", NO_INSTRUMENT, source, known_ns, "a book of no symbol among several")

    def _unread(self, message: Unread, stream: str, known_ns: int, source: int) -> None:
        """Count a frame that is no message that is read here."""
        kind: FaultKind = message.kind
        sink = self._sink(stream.partition("@")[0])
        sink.aside(message.what, kind, source, known_ns, f"{message.place} {message.found}".strip())

    def _sink(self, symbol: str) -> TickSink:
        """Return the check of a symbol, or the strays."""
        ticks = self._ticks.get(symbol.upper())
        return self._strays if ticks is None else ticks.check
