# SPDX-License-Identifier: Apache-2.0
"""One feed of a live market: its connections' dialect, and a check of each instrument behind it.

What it hears becomes events for whoever owns it; what its session tells of a topic
becomes words about an instrument.
"""

from collections.abc import Callable, Sequence
from typing import Final, final

import msgspec

from bot4.adapters.net.pool import Connect, Farewell, Message, Pool, Reply
from bot4.adapters.net.undecodable import FAULTS
from bot4.adapters.net.websocket import Payload
from bot4.adapters.venues.binance.market.dialect import BARS, MarketFeed, usual_gap_ns
from bot4.adapters.venues.binance.market.feed import BinanceFeed, snapshot_frame
from bot4.adapters.venues.binance.market.followed import Followed
from bot4.adapters.venues.binance.wire.asker import Asker
from bot4.adapters.venues.binance.wire.replies import DepthReply
from bot4.adapters.venues.binance.wire.requests import depth
from bot4.domain.errors import TheirFault
from bot4.domain.event import Event
from bot4.domain.ports import Clock
from bot4.market.books.rules import SPOT_RULE
from bot4.market.ingest.session import Session
from bot4.market.ingest.steps import Ask, Told
from bot4.market.live.check import LiveCheck
from bot4.market.live.strays import Strays
from bot4.market.quality import QualityBoard
from bot4.market.rows import MILLI_NS
from bot4.market.tick_reader import TextTicks

SNAPSHOT_LEVELS: Final = 1_000
FEED: Final = "binance-spot"


class Sent(msgspec.Struct, gc=False):
    """Look at when the venue sent a message."""

    sent_ms: int = msgspec.field(default=0, name="E")


class Stamped(msgspec.Struct, gc=False):
    """Look into the frame of a combined stream."""

    data: Sent


@final
class LaneHooks:
    """Hold where a lane's news go; ``lane`` is its number, ``instrument`` an index.

    Parameters
    ----------
    event : callable
        ``(lane, event)``: what was heard, checked.
    told : callable
        ``(lane, instrument, stream, told)``: what the session says of a topic.
    """

    __slots__ = ("event", "told")

    def __init__(
        self,
        event: Callable[[int, Event], object],
        told: Callable[[int, int, str, Told], object],
    ) -> None:
        self.event = event
        self.told = told


@final
class MarketLane:
    """Listen to one feed of some instruments.

    Parameters
    ----------
    number : int
        Its place among the feeds.
    followed : sequence of Followed
        What it tells of.
    streams : sequence of str
        Such as ``bookTicker`` and ``kline_1m``: what is wanted of each.
    board : QualityBoard
        Counts what it sends.
    hooks : LaneHooks
        Take what comes.
    session, connect, clock : Session, callable, Clock
        As :class:`bot4.adapters.net.pool.Pool` wants them; the clock is the venue's time.
    """

    def __init__(
        self,
        number: int,
        followed: Sequence[Followed],
        streams: Sequence[str],
        *,
        board: QualityBoard,
        hooks: LaneHooks,
        session: Session,
        connect: Connect,
        clock: Clock,
    ) -> None:
        self.number = number
        self.name = f"{FEED}-{number}"
        instruments = [one.instrument for one in followed]
        self.checks = [LiveCheck(one, SPOT_RULE, board.of(one.symbol, self.name), self._heard) for one in instruments]
        ticks = {one.symbol: TextTicks(one, check) for one, check in zip(instruments, self.checks, strict=True)}
        self.dialect = MarketFeed(self._frame, clock)
        self.pool = Pool(session, self, connect=connect, clock=clock)
        self._feed = BinanceFeed(ticks, Strays(board.of("", self.name)))
        self._hooks = hooks
        self._clock = clock
        self._freshness = [one.fresh for one in followed]
        self._histories = [one.history for one in followed]
        self._topics = {
            f"{one.symbol.lower()}@{stream}": (index, stream)
            for index, one in enumerate(instruments)
            for stream in streams
        }
        self._stamped = msgspec.json.Decoder(Stamped)

    def begin(self) -> None:
        """Want every topic; the running pool does the rest."""
        for topic, (index, stream) in self._topics.items():
            self.pool.want(topic, usual_gap_ns=usual_gap_ns(stream, self._histories[index].trade_gap_ns))

    def read(self, payload: Payload) -> Message | Reply | Farewell | None:
        """Tell whose a frame is."""
        return self.dialect.read(payload)

    def ask(self, ask: Ask) -> str:
        """Return the text of a request."""
        return self.dialect.ask(ask)

    def deliver(self, message: Message) -> None:
        """Take a frame of a topic, in order."""
        index, stream = self._topics[message.topic]
        if stream.startswith(BARS):
            self._note_stamp(index, message)
        self.dialect.deliver(message)

    def tell(self, told: Told) -> None:
        """Take what the session says of a topic."""
        self.dialect.tell(told)
        index, stream = self._topics[told.topic]
        self._hooks.told(self.number, index, stream, told)

    def settle(self, now_ns: int) -> None:
        """Let time pass for what is held in doubt."""
        for check in self.checks:
            check.settle(now_ns)

    def books_due(self, monotonic_ns: int) -> list[int]:
        """Return the instruments whose book needs a snapshot now, noted as asked for."""
        due = [index for index, check in enumerate(self.checks) if check.book.sync.is_due(monotonic_ns)]
        for index in due:
            self.checks[index].book.sync.asked(monotonic_ns)
        return due

    async def fetch_book(self, index: int, asker: Asker, tell: Callable[[str], object]) -> None:
        """Ask for the book of an instrument, and take it; a failure is told and leaves it due again."""
        symbol = self.checks[index].instrument.symbol
        try:
            told = await asker.ask(depth(symbol, limit=SNAPSHOT_LEVELS), "depth", DepthReply)
        except TheirFault as fault:
            tell(f"{symbol}: {fault}")
            return
        self._feed.take(snapshot_frame(symbol, msgspec.json.encode(told)), int(self._clock.now_ns()))

    def _note_stamp(self, index: int, message: Message) -> None:
        """Tell when the venue sent a bar, finished or not: the one stamp that every market has some times a minute."""
        body = message.body
        assert isinstance(body, tuple), "as the dialect put it there"
        received_ns, frame = body
        try:
            sent_ms = self._stamped.decode(frame).data.sent_ms
        except FAULTS:
            return  # counted where it is read
        if sent_ms:
            self._freshness[index].stamp(self.number, sent_ms * MILLI_NS, received_ns)

    def _frame(self, received_ns: int, frame: bytes) -> None:
        """Judge one frame."""
        self._feed.take(frame, received_ns)

    def _heard(self, event: Event) -> None:
        """Hand on what a check lets pass."""
        self._hooks.event(self.number, event)
