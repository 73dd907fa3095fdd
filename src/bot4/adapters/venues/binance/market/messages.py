# SPDX-License-Identifier: Apache-2.0
"""The messages of Binance's market streams, typed as they are sent: prices and quantities are text, times are ms.

One class for each message of spot and of the futures; where both have one, the
fields that only futures send have defaults. A field that is not named here is
ignored, since the venue adds new ones without notice. What a message means for a
market is said in :mod:`bot4.adapters.venues.binance.market.feed`.
"""

from typing import Annotated

import msgspec

Millis = Annotated[int, msgspec.Meta(ge=0, lt=9_000_000_000_000)]
"""A moment in ms, before the year 2255; one in us is no such moment, and is told rather than taken for one."""

Number = Annotated[int, msgspec.Meta(ge=-1, lt=1 << 62)]
"""A number that the venue counts by; -1 is its word, and ours, for none."""

Levels = list[tuple[str, str]]
"""Price and quantity of each level of one side, as sent."""


class TradeMessage(msgspec.Struct, gc=False, frozen=True, tag_field="e", tag="trade"):
    """Tell one print; ``is_buyer_maker`` means that the seller was the aggressor."""

    sent_ms: Millis = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    trade_id: Number = msgspec.field(name="t")
    price: str = msgspec.field(name="p")
    quantity: str = msgspec.field(name="q")
    at_ms: Millis = msgspec.field(name="T")
    is_buyer_maker: bool = msgspec.field(name="m")
    trade_type: str = msgspec.field(default="MARKET", name="X")


class BlockTradeMessage(msgspec.Struct, gc=False, frozen=True, tag_field="e", tag="blockTrade"):
    """Tell one trade that was made beside the book."""

    sent_ms: Millis = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    trade_id: Number = msgspec.field(name="t")
    price: str = msgspec.field(name="p")
    quantity: str = msgspec.field(name="q")
    at_ms: Millis = msgspec.field(name="T")
    is_buyer_maker: bool = msgspec.field(name="m")


class AggTradeMessage(msgspec.Struct, gc=False, frozen=True, tag_field="e", tag="aggTrade"):
    """Tell the prints of one order at one price as one."""

    sent_ms: Millis = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    trade_id: Number = msgspec.field(name="a")
    price: str = msgspec.field(name="p")
    quantity: str = msgspec.field(name="q")
    first_trade_id: Number = msgspec.field(name="f")
    last_trade_id: Number = msgspec.field(name="l")
    at_ms: Millis = msgspec.field(name="T")
    is_buyer_maker: bool = msgspec.field(name="m")


class QuoteMessage(msgspec.Struct, gc=False, frozen=True, tag_field="e", tag="bookTicker"):
    """Tell best bid and ask; spot sends no time with it."""

    update_id: Number = msgspec.field(name="u")
    symbol: str = msgspec.field(name="s")
    bid: str = msgspec.field(name="b")
    bid_quantity: str = msgspec.field(name="B")
    ask: str = msgspec.field(name="a")
    ask_quantity: str = msgspec.field(name="A")
    sent_ms: Millis = msgspec.field(default=0, name="E")
    at_ms: Millis = msgspec.field(default=0, name="T")


class DepthMessage(msgspec.Struct, gc=False, frozen=True, tag_field="e", tag="depthUpdate"):
    """Tell the levels of the book that changed; ``previous_id`` is the futures' alone."""

    sent_ms: Millis = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    first_id: Number = msgspec.field(name="U")
    last_id: Number = msgspec.field(name="u")
    bids: Levels = msgspec.field(name="b")
    asks: Levels = msgspec.field(name="a")
    at_ms: Millis = msgspec.field(default=0, name="T")
    previous_id: Number = msgspec.field(default=-1, name="pu")


class SnapshotMessage(msgspec.Struct, gc=False, frozen=True):
    """Tell a whole book: the answer of the depth request, and each message of a partial depth stream."""

    last_id: Number = msgspec.field(name="lastUpdateId")
    bids: Levels
    asks: Levels
    sent_ms: Millis = msgspec.field(default=0, name="E")
    at_ms: Millis = msgspec.field(default=0, name="T")
    symbol: str = ""


class KlineBody(msgspec.Struct, gc=False, frozen=True):
    """Hold one bar of the venue's; it may still change until ``is_closed``."""

    open_ms: Millis = msgspec.field(name="t")
    close_ms: Millis = msgspec.field(name="T")
    interval: str = msgspec.field(name="i")
    first_trade_id: Number = msgspec.field(name="f")
    last_trade_id: Number = msgspec.field(name="L")
    open: str = msgspec.field(name="o")
    high: str = msgspec.field(name="h")
    low: str = msgspec.field(name="l")
    close: str = msgspec.field(name="c")
    volume: str = msgspec.field(name="v")
    trades: int = msgspec.field(name="n")
    is_closed: bool = msgspec.field(name="x")
    quote_volume: str = msgspec.field(name="q")


class KlineMessage(msgspec.Struct, gc=False, frozen=True, tag_field="e", tag="kline"):
    """Tell how a bar stands."""

    sent_ms: Millis = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    kline: KlineBody = msgspec.field(name="k")


class MiniTickerMessage(msgspec.Struct, gc=False, frozen=True, tag_field="e", tag="24hrMiniTicker"):
    """Tell the last 24 hours in short."""

    sent_ms: Millis = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    close: str = msgspec.field(name="c")
    open: str = msgspec.field(name="o")
    high: str = msgspec.field(name="h")
    low: str = msgspec.field(name="l")
    volume: str = msgspec.field(name="v")
    quote_volume: str = msgspec.field(name="q")


class TickerMessage(msgspec.Struct, gc=False, frozen=True, tag_field="e", tag="24hrTicker"):
    """Tell the last 24 hours; best bid and ask are spot's alone."""

    sent_ms: Millis = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    change: str = msgspec.field(name="p")
    change_percent: str = msgspec.field(name="P")
    average: str = msgspec.field(name="w")
    close: str = msgspec.field(name="c")
    open: str = msgspec.field(name="o")
    high: str = msgspec.field(name="h")
    low: str = msgspec.field(name="l")
    volume: str = msgspec.field(name="v")
    quote_volume: str = msgspec.field(name="q")
    open_ms: Millis = msgspec.field(name="O")
    close_ms: Millis = msgspec.field(name="C")
    first_trade_id: Number = msgspec.field(name="F")
    last_trade_id: Number = msgspec.field(name="L")
    trades: int = msgspec.field(name="n")
    bid: str = msgspec.field(default="", name="b")
    ask: str = msgspec.field(default="", name="a")


class AveragePriceMessage(msgspec.Struct, gc=False, frozen=True, tag_field="e", tag="avgPrice"):
    """Tell the average that some filters are measured by."""

    sent_ms: Millis = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    interval: str = msgspec.field(name="i")
    price: str = msgspec.field(name="w")
    at_ms: Millis = msgspec.field(name="T")


class ReferencePriceMessage(msgspec.Struct, gc=False, frozen=True, tag_field="e", tag="referencePrice"):
    """Tell the price that the venue measures by, or None where it has none."""

    symbol: str = msgspec.field(name="s")
    price: str | None = msgspec.field(name="r")
    at_ms: Millis = msgspec.field(name="t")


class MarkPriceMessage(msgspec.Struct, gc=False, frozen=True, tag_field="e", tag="markPriceUpdate"):
    """Tell the futures' mark, index and funding."""

    sent_ms: Millis = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    mark: str = msgspec.field(name="p")
    funding_ms: Millis = msgspec.field(name="T")
    index: str = msgspec.field(default="", name="i")
    funding_rate: str = msgspec.field(default="", name="r")


class LiquidationBody(msgspec.Struct, gc=False, frozen=True):
    """Hold the order that the futures' venue forced."""

    symbol: str = msgspec.field(name="s")
    side: str = msgspec.field(name="S")
    quantity: str = msgspec.field(name="q")
    price: str = msgspec.field(name="p")
    average_price: str = msgspec.field(name="ap")
    status: str = msgspec.field(name="X")
    at_ms: Millis = msgspec.field(name="T")


class LiquidationMessage(msgspec.Struct, gc=False, frozen=True, tag_field="e", tag="forceOrder"):
    """Tell one forced order."""

    sent_ms: Millis = msgspec.field(name="E")
    order: LiquidationBody = msgspec.field(name="o")


class ShutdownMessage(msgspec.Struct, gc=False, frozen=True, tag_field="e", tag="serverShutdown"):
    """Tell that the server will close: open another connection at once."""

    sent_ms: Millis = msgspec.field(name="E")


class SettleMessage(msgspec.Struct, gc=False, frozen=True, tag_field="e", tag="bot4Settle"):
    """Tell ourselves that time has passed: in the stream, so that a recording of it knows too."""


class ReplyMessage(msgspec.Struct, gc=False, frozen=True):
    """Answer a request of the connection: ``result`` is None, or the list of subscriptions."""

    id: int | str | None
    result: list[str] | bool | None


class RefusalBody(msgspec.Struct, gc=False, frozen=True):
    """Hold the code and the words of a refusal."""

    code: int
    msg: str


class RefusalMessage(msgspec.Struct, gc=False, frozen=True):
    """Refuse a request of the connection."""

    error: RefusalBody
    id: int | str | None = None


MarketMessage = (
    TradeMessage
    | BlockTradeMessage
    | AggTradeMessage
    | QuoteMessage
    | DepthMessage
    | SnapshotMessage
    | KlineMessage
    | MiniTickerMessage
    | TickerMessage
    | AveragePriceMessage
    | ReferencePriceMessage
    | MarkPriceMessage
    | LiquidationMessage
)
"""What a stream says of a market."""

ControlMessage = ShutdownMessage | ReplyMessage | RefusalMessage | SettleMessage
"""What the connection says of itself."""
