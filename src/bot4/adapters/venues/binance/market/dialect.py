# SPDX-License-Identifier: Apache-2.0
"""Binance's market streams as the pool of sockets wants them: whose a frame is, its number, how to ask for it.

Frames come from the door of combined streams, so that each names its stream. A frame is
handed on with the moment it was received, as it came; what it means for a market is said
in :mod:`bot4.adapters.venues.binance.market.feed`, not here.
"""

from collections import Counter
from collections.abc import Callable
from typing import Final, final

import msgspec

from bot4.adapters.net.pool import Farewell, Message, Reply
from bot4.adapters.net.undecodable import FAULTS
from bot4.adapters.net.websocket import Payload
from bot4.domain.ports import Clock
from bot4.domain.values import SECOND_NS
from bot4.market.ingest.splice import UNNUMBERED
from bot4.market.ingest.steps import INTERRUPTED, RESUMED, SILENT, Ask, Told

COMBINED_PATH: Final = "/stream"
SHUTDOWN: Final = "serverShutdown"
QUOTES: Final = "bookTicker"
TRADES: Final = "trade"
BOOKS: Final = "depth@100ms"
BARS: Final = "kline_"

GAPS_NS: Final = {QUOTES: SECOND_NS // 2, TRADES: SECOND_NS, BOOKS: SECOND_NS // 5}
BARS_GAP_NS: Final = 2 * SECOND_NS
MARKET_HOSTS: Final = ("stream.binance.com", "data-stream.binance.vision", "stream.testnet.binance.vision")
"""Every host whose market streams may be listened to."""

Taker = Callable[[int, bytes], object]
"""Takes a frame with the moment it was received."""


def usual_gap_ns(stream: str, traded_ns: int = 0) -> int:
    """Return how often a stream of one instrument is expected to speak before it has.

    Parameters
    ----------
    traded_ns : int
        The mean time between two trades of late, 0 where it is not known: where much is traded, quotes and books
        change as often.
    """
    usual_ns = GAPS_NS.get(stream, BARS_GAP_NS)
    return min(usual_ns, traded_ns) if stream in GAPS_NS and traded_ns else usual_ns


class Numbers(msgspec.Struct, gc=False):
    """Look at what numbers a message: the update, or the trade."""

    event: str = msgspec.field(default="", name="e")
    update_id: int = msgspec.field(default=UNNUMBERED, name="u")
    trade_id: int = msgspec.field(default=UNNUMBERED, name="t")


class Head(msgspec.Struct, gc=False):
    """Look at whose a frame is."""

    stream: str = ""
    data: Numbers | None = None
    event: str = msgspec.field(default="", name="e")
    id: int | str | None = None
    error: msgspec.Raw = msgspec.Raw(b"")


@final
class MarketFeed:
    """Speak of Binance's market streams to a pool.

    Parameters
    ----------
    take : callable
        Takes each frame in order, with the moment it was received.
    clock : Clock
        Stamps what comes.

    Attributes
    ----------
    told : Counter of str
        How often each thing was told of a topic.
    silent : set of str
        The topics that say nothing now.
    refused : dict of str to str
        The topics that are not served, and why.
    """

    def __init__(self, take: Taker, clock: Clock) -> None:
        self.told: Counter[str] = Counter()
        self.silent: set[str] = set()
        self.refused: dict[str, str] = {}
        self._take = take
        self._clock = clock
        self._head = msgspec.json.Decoder(Head)

    def read(self, payload: Payload) -> Message | Reply | Farewell | None:
        """Tell whose a frame is; what belongs to no topic is handed on here."""
        frame, received_ns = bytes(payload), int(self._clock.now_ns())
        try:
            head = self._head.decode(frame)
        except FAULTS:
            self._take(received_ns, frame)
            return None
        data = head.data
        if SHUTDOWN in (head.event, data.event if data is not None else ""):
            self._take(received_ns, frame)
            return Farewell()
        if head.stream and data is not None:
            sequence = data.trade_id if data.trade_id >= 0 else data.update_id
            return Message(head.stream, sequence, (received_ns, frame))
        self._take(received_ns, frame)
        if isinstance(head.id, int):
            return Reply(head.id, bytes(head.error).decode(errors="replace"))
        return None

    def deliver(self, message: Message) -> None:
        """Hand a frame of a topic on, in order."""
        body = message.body
        assert isinstance(body, tuple), "as read put it there"
        self._take(*body)

    def tell(self, told: Told) -> None:
        """Count what became of a topic."""
        self.told[told.what] += 1
        if told.what == SILENT:
            self.silent.add(told.topic)
        elif told.what in (RESUMED, INTERRUPTED):
            self.silent.discard(told.topic)
        else:
            self.refused[told.topic] = told.detail

    def ask(self, ask: Ask) -> str:
        """Return the text of a request."""
        method = "SUBSCRIBE" if ask.subscribe else "UNSUBSCRIBE"
        return msgspec.json.encode({"method": method, "params": ask.topics, "id": ask.request}).decode()
