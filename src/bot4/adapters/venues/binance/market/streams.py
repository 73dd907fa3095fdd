# SPDX-License-Identifier: Apache-2.0
"""From the bytes of one frame to a typed message, or to a value that says why there is none.

A frame is a message by itself, ``{"stream": …, "data": …}`` around one, or a list
of tickers. Which message it is comes from its ``e``; from its fields where it has
none, as spot's best bid and ask and the depth snapshot; the stream's name only
tells a partial book from a snapshot, and whose it is. Never raises for what it is
given: whatever bytes come, a message or an :class:`Unread` goes out.

No market here: no instrument, no tick, no state.
"""

from typing import Any, Final, Generic, TypeVar, final

import msgspec

from bot4.adapters.net.undecodable import FAULTS, complaint
from bot4.adapters.venues.binance.market.messages import (
    AggTradeMessage,
    AveragePriceMessage,
    BlockTradeMessage,
    ControlMessage,
    DepthMessage,
    KlineMessage,
    LiquidationMessage,
    MarketMessage,
    MarkPriceMessage,
    MiniTickerMessage,
    QuoteMessage,
    ReferencePriceMessage,
    RefusalBody,
    RefusalMessage,
    ReplyMessage,
    SettleMessage,
    ShutdownMessage,
    SnapshotMessage,
    TickerMessage,
    TradeMessage,
)
from bot4.market.faults import FIELD_MISSING, FIELD_TYPE, NOT_JSON, OTHER_STREAM, USER_DATA, FaultKind

EVENTS: Final[dict[str, type[MarketMessage | ControlMessage]]] = {
    "trade": TradeMessage,
    "aggTrade": AggTradeMessage,
    "blockTrade": BlockTradeMessage,
    "depthUpdate": DepthMessage,
    "bookTicker": QuoteMessage,
    "kline": KlineMessage,
    "24hrMiniTicker": MiniTickerMessage,
    "24hrTicker": TickerMessage,
    "avgPrice": AveragePriceMessage,
    "referencePrice": ReferencePriceMessage,
    "markPriceUpdate": MarkPriceMessage,
    "forceOrder": LiquidationMessage,
    "serverShutdown": ShutdownMessage,
    "bot4Settle": SettleMessage,
}
"""The messages by what they call themselves."""

WHAT: Final[dict[type, str]] = {
    TradeMessage: "trade",
    AggTradeMessage: "agg_trade",
    BlockTradeMessage: "block_trade",
    DepthMessage: "delta",
    SnapshotMessage: "snapshot",
    QuoteMessage: "quote",
    KlineMessage: "bar",
    MiniTickerMessage: "ticker",
    TickerMessage: "ticker",
    AveragePriceMessage: "average_price",
    ReferencePriceMessage: "reference_price",
    MarkPriceMessage: "mark_price",
    LiquidationMessage: "liquidation",
    ShutdownMessage: "shutdown",
    SettleMessage: "settle",
    ReplyMessage: "reply",
    RefusalMessage: "refusal",
}
"""What reports call the kinds of messages."""

USER_EVENTS: Final = frozenset(
    (
        "executionReport",
        "outboundAccountPosition",
        "balanceUpdate",
        "listStatus",
        "externalLockUpdate",
        "eventStreamTerminated",
        "ORDER_TRADE_UPDATE",
        "ACCOUNT_UPDATE",
        "ALGO_UPDATE",
        "TRADE_LITE",
        "MARGIN_CALL",
        "ACCOUNT_CONFIG_UPDATE",
        "listenKeyExpired",
    )
)
"""What belongs to an account: another reader's, and counted here by that name."""


class Unread(msgspec.Struct, frozen=True):
    """Say why a frame is no message that is read here.

    Attributes
    ----------
    what : str
        The kind of message it was taken for, ``"line"`` where not even that is known.
    kind : FaultKind
        The reason to count it under.
    place : str
        The path of the field, such as ``$.data.k.t``; empty where it is the whole frame.
    found : str
        What is wrong there.
    """

    what: str
    kind: FaultKind
    place: str
    found: str


ABSENT: Final = msgspec.Raw(b"")


class Envelope(msgspec.Struct, gc=False, frozen=True):
    """Look at a frame only as far as to know what it is; the raw parts are read afterwards."""

    stream: str = ""
    data: msgspec.Raw = ABSENT
    event: str = msgspec.field(default="", name="e")
    last_id: msgspec.Raw = msgspec.field(default=ABSENT, name="lastUpdateId")
    update_id: msgspec.Raw = msgspec.field(default=ABSENT, name="u")
    result: msgspec.Raw = ABSENT
    error: msgspec.Raw = ABSENT
    code: msgspec.Raw = ABSENT
    account: msgspec.Raw = msgspec.field(default=ABSENT, name="subscriptionId")


Tickers = list[MiniTickerMessage | TickerMessage]
Decoded = MarketMessage | ControlMessage | Tickers | Unread
Text = bytes | str | msgspec.Raw

Kind = TypeVar("Kind")


class Combined(msgspec.Struct, Generic[Kind], gc=False, frozen=True):
    """Hold a message with the name of its stream around it, read at once."""

    stream: str
    data: Kind


HEAD: Final = b'{"stream":"'
"""How the venue's combined frames begin; whatever begins otherwise takes the longer way."""

HEADS_MAX: Final = 4_096
"""Streams whose decoders are remembered by how their frames begin."""


@final
class StreamDecoder:
    """Decode the frames of Binance's market streams, spot's and the futures'.

    A frame of a stream that was read before is read in one pass, by the decoder of that
    stream; the first one, and every one that this decoder does not fit, is looked at in
    steps, which give the same.
    """

    def __init__(self) -> None:
        self._envelope = msgspec.json.Decoder(Envelope)
        self._array = msgspec.json.Decoder(list[msgspec.Raw])
        self._decoders: dict[type, msgspec.json.Decoder[MarketMessage | ControlMessage]] = {
            kind: msgspec.json.Decoder(kind) for kind in WHAT
        }
        self._by_stream: dict[str, msgspec.json.Decoder[MarketMessage | ControlMessage]] = {
            ending: self._decoders[kind] for ending, kind in STREAMS.items()
        }
        self._combined: dict[str, msgspec.json.Decoder[Any]] = {
            ending: msgspec.json.Decoder(Combined[kind])  # type: ignore[valid-type]  # made for each kind once
            for ending, kind in STREAMS.items()
        }
        self._by_head: dict[bytes, msgspec.json.Decoder[Any]] = {}

    def decode(self, frame: bytes | str) -> tuple[Decoded, str]:
        """Return the message of a frame, and the name of its stream, empty where it has none."""
        if type(frame) is bytes:
            known = self._by_head.get(frame[: frame.find(b'"', len(HEAD))])
            if known is not None:
                try:
                    combined = known.decode(frame)
                except FAULTS:  # another message than the stream's name says, or a bad one: look closer
                    pass
                else:
                    return combined.data, combined.stream
        try:
            envelope = self._envelope.decode(frame)
        except FAULTS as error:
            return self._listed(frame, error), ""
        if not envelope.data:
            return self._bare(frame, envelope), ""
        stream = envelope.stream
        decoder = self._by_stream.get(stream[stream.find("@") + 1 :])
        if decoder is not None:
            try:
                message = decoder.decode(envelope.data)
            except FAULTS:  # another message than the stream's name says, or a bad one: look closer
                pass
            else:
                self._remember(frame, stream)
                return message, stream
        return self._inside(envelope.data), stream

    def _remember(self, frame: bytes | str, stream: str) -> None:
        """Remember by which decoder the frames of a stream are read in one pass."""
        head = HEAD + stream.encode()
        if isinstance(frame, bytes) and frame.startswith(head + b'"') and len(self._by_head) < HEADS_MAX:
            self._by_head[head] = self._combined[stream[stream.find("@") + 1 :]]

    def _inside(self, data: msgspec.Raw) -> Decoded:
        """Read what stands in an envelope."""
        try:
            envelope = self._envelope.decode(data)
        except FAULTS as error:
            return self._listed(data, error)
        return self._bare(data, envelope)

    def _listed(self, frame: Text, error: Exception) -> Decoded:
        """Read what is no object: a list of tickers, or nothing, for the reason it was found to be no object."""
        try:
            parts = self._array.decode(frame)
            messages = [self._bare(part, self._envelope.decode(part)) for part in parts]
        except FAULTS:
            return unread("line", error)
        tickers = [one for one in messages if isinstance(one, MiniTickerMessage | TickerMessage)]
        if tickers and len(tickers) == len(messages):
            return tickers
        bad = next((one for one in messages if isinstance(one, Unread)), None)
        return bad or Unread("other", OTHER_STREAM, "", "no list of tickers")

    def _bare(self, frame: Text, envelope: Envelope) -> Decoded:
        """Read a message that stands by itself, by what it calls itself, else by its fields."""
        event = envelope.event
        if event:
            kind = EVENTS.get(event)
            if kind is None:
                is_account = event in USER_EVENTS
                return Unread("other", USER_DATA if is_account else OTHER_STREAM, "$.e", f"event {event!r}")
            return self._typed(frame, kind)
        if envelope.account:
            return Unread("other", USER_DATA, "$.subscriptionId", "an event of an account")
        if envelope.code:
            return self._plain_refusal(frame)
        kind = next((kind for there, kind in self._by_field(envelope) if there), None)
        if kind is not None:
            return self._typed(frame, kind)
        return Unread("other", OTHER_STREAM, "", "no message of a stream")

    @staticmethod
    def _by_field(envelope: Envelope) -> tuple[tuple[msgspec.Raw, type[MarketMessage | ControlMessage]], ...]:
        """Return the fields by which nameless messages are known, and their kinds."""
        return (
            (envelope.last_id, SnapshotMessage),
            (envelope.update_id, QuoteMessage),
            (envelope.error, RefusalMessage),
            (envelope.result, ReplyMessage),
        )

    def _typed(self, frame: Text, kind: type[MarketMessage | ControlMessage]) -> Decoded:
        """Read a message of a known kind."""
        try:
            return self._decoders[kind].decode(frame)
        except FAULTS as error:
            return unread(WHAT[kind], error)

    def _plain_refusal(self, frame: Text) -> Decoded:
        """Read a refusal that stands without a frame around it."""
        try:
            return RefusalMessage(msgspec.json.decode(frame, type=RefusalBody))
        except FAULTS as error:
            return unread("refusal", error)


STREAMS: Final[dict[str, type[MarketMessage | ControlMessage]]] = {
    "trade": TradeMessage,
    "aggTrade": AggTradeMessage,
    "blockTrade": BlockTradeMessage,
    "bookTicker": QuoteMessage,
    "depth": DepthMessage,
    "depth@100ms": DepthMessage,
    "depth@0ms": DepthMessage,
    "miniTicker": MiniTickerMessage,
    "ticker": TickerMessage,
    "avgPrice": AveragePriceMessage,
    "referencePrice": ReferencePriceMessage,
}
"""The commonest streams by the end of their names: read at once, without a look at what the message calls itself."""


def unread(what: str, error: Exception) -> Unread:
    """Return a decoder's complaint as a value: which field, and whether it is missing or of another type."""
    text = complaint(error)
    if not isinstance(error, msgspec.ValidationError):
        return Unread(what, NOT_JSON, "", text)
    found, _, place = text.partition(" - at `")
    place = place.rstrip("`")
    missing = found.partition("missing required field `")[2].rstrip("`")
    if missing:
        return Unread(what, FIELD_MISSING, f"{place or '$'}.{missing}", found)
    return Unread(what, FIELD_TYPE, place or "$", found)
