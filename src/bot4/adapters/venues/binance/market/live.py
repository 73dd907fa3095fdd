# SPDX-License-Identifier: Apache-2.0
"""What a run hears of Binance's spot market: its instruments, bars to warm up by, then bars, quotes and trades.

::

    learn() ──► listings        warm_up(n) ──► bars, oldest first        run() ──► events, until canceled

The way of an event is a direct call chain: socket callback → session → check → receiver.
A bar comes once and in order, whatever the sockets do: one that is missing is fetched
over REST before any later one is handed on, from the end of the warm-up on, so that
nothing lies between the two. An instrument about which too little is known is stale,
which is told at once; it begins so.

Waits are the machine's time, stamps the venue's; where a simulated venue runs faster,
``time_scale`` says how many of its seconds pass in one.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, final

import numpy as np

from bot4.adapters.net.pool import Connect
from bot4.adapters.venues.binance.market.dialect import BARS, BOOKS, QUOTES, TRADES
from bot4.adapters.venues.binance.market.followed import Followed
from bot4.adapters.venues.binance.market.lane import LaneHooks, MarketLane
from bot4.adapters.venues.binance.market.request import MarketRequest
from bot4.adapters.venues.binance.market.start import OnProgress, last_bars, listed
from bot4.adapters.venues.binance.wire.asker import Asker
from bot4.adapters.venues.binance.wire.instruments import Listing
from bot4.adapters.venues.binance.wire.rest import BinanceRest
from bot4.adapters.venues.binance.wire.venue_time import VenueTime
from bot4.adapters.venues.kit.clock import ClockOffset
from bot4.domain.errors import OurFault, TheirFault
from bot4.domain.event import BAR, BOOK_SNAPSHOT, QUOTE, TRADE, Event
from bot4.domain.marketdata import Bar, BookSnapshot
from bot4.domain.ports import Clock
from bot4.domain.values import SECOND_NS, Nanos
from bot4.market.ingest.session import Session
from bot4.market.ingest.spread import Limits
from bot4.market.ingest.steps import INTERRUPTED, RESUMED, Told
from bot4.market.intervals import parse_interval
from bot4.market.live.bar_line import UNKNOWN
from bot4.market.live.book import Receiver
from bot4.market.live.failover import FeedPair
from bot4.market.quality import QualityBoard

BEAT_S: Final = 0.1
SETTLE_NS: Final = 2 * SECOND_NS
"""A bar that ended less than this ago at the venue may still change there, unless the feed calls it finished."""

FETCH_AFTER_NS: Final = 3 * SECOND_NS
OVERDUE_NS: Final = 5 * SECOND_NS
LATE_NS: Final = SECOND_NS // 2
AHEAD_NS: Final = SECOND_NS
SILENCE_NS: Final = 2 * SECOND_NS
RETRY_NS: Final = SECOND_NS
LEARN_NS: Final = 5 * SECOND_NS
MISSES_MAX: Final = 3
"""Each page in a row that brings nothing doubles the wait before the next, up to four seconds."""

FEEDS_MAX: Final = 2
ENDED: Final = "nobody listens any more"
MEND: Final = "then start again."

OnState = Callable[[int, bool, str], object]
"""Takes the index of an instrument, whether it is fresh, and if not, why."""


@final
class LiveMarket:
    """Hear the market of some instruments.

    Parameters
    ----------
    request : MarketRequest
        What.
    rest : BinanceRest
        Asks; its limiter is shared with whoever else spends the address' limits.
    connects : sequence of callable
        Dial the streams, one for each feed: one, or two that stand in for each other.
    clock : Clock
        The venue's time as far as it is known, and the machine's monotonic time.
    generator : numpy.random.Generator
        Draws the jitter of waits.
    receiver : callable
        Takes every live event, in a direct call; known times never fall.
    on_state : callable
        Takes each change between fresh and stale; before the first an instrument is stale.
    tell : callable
        Takes a line about trouble, for a person.
    limits : Limits
        What the venue allows its connections.

    Attributes
    ----------
    followed : list of Followed
        The instruments, after :meth:`learn`.
    board : QualityBoard
        Counts each feed.
    time : VenueTime
        The venue's time.
    """

    def __init__(
        self,
        request: MarketRequest,
        *,
        rest: BinanceRest,
        connects: Sequence[Connect],
        clock: Clock,
        generator: np.random.Generator,
        receiver: Receiver,
        on_state: OnState,
        tell: Callable[[str], object] = lambda _line: None,
        limits: Limits | None = None,
    ) -> None:
        if not 1 <= len(connects) <= FEEDS_MAX:
            raise OurFault(f"{len(connects)} feeds of one market")
        self.request = request
        self.board = QualityBoard()
        self.time = VenueTime(clock)
        self.followed: list[Followed] = []
        self.lanes: list[MarketLane] = []
        self.ahead = 0
        self._interval_ns = parse_interval(request.interval)
        self._connects = connects
        self._clock = clock
        self._generator = generator
        self._receiver = receiver
        self._on_state = on_state
        self._tell = tell
        self._limits = limits or Limits()
        self._asker = Asker(rest, clock=clock, offset=ClockOffset(), tell=tell, should_stop=lambda: False, mend=MEND)
        self._tasks: set[asyncio.Task[None]] = set()
        self._known_ns = 0
        self._learn_ns = 0

    # --- before the market ----------------------------------------------------------------------------------------

    async def learn(self) -> list[Listing]:
        """Return the instruments with their filters, in the order of the symbols; learn the venue's time.

        Raises
        ------
        BadInput
            If the venue does not know a symbol; the message names those that are near.
        OutsideFault
            If it cannot be reached, or refuses.
        """
        found = await listed(self._asker, self.request.symbols)
        await self.time.learn(self._asker)
        scale, feeds = self.request.time_scale, len(self._connects)
        bounds = {"late_ns": int(LATE_NS * scale), "overdue_ns": int(OVERDUE_NS * scale)}
        self.followed = [Followed(one, self._interval_ns, self._asker, feeds=feeds, **bounds) for one in found]
        return found

    async def warm_up(self, count: int, on_progress: OnProgress = lambda _done, _all: None) -> list[Bar]:
        """Return the last ``count`` finished bars of each instrument, or as many as there are, known at their end.

        They are ordered by when they were known, then by instrument. The next bar that is
        handed on is the one after them.

        Raises
        ------
        BadInput, OutsideFault
            As :meth:`learn`.
        """
        end_ns = self._settled_ns() // self._interval_ns * self._interval_ns
        return await last_bars(self.followed, end_ns, count, on_progress)

    # --- the market -----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Hand on what the market does until canceled; an error of the receiver, a bug of ours, ends it."""
        if any(one.line.next_ns == UNKNOWN for one in self.followed) or not self.followed:
            raise OurFault("a market is learnt and warmed up before it runs")
        self._open_lanes()
        works = [asyncio.ensure_future(one.pool.run()) for one in self.lanes]
        works.append(asyncio.ensure_future(self._beat()))
        try:
            done, _ = await asyncio.wait(works, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
        finally:
            for work in (*works, *self._tasks):
                work.cancel()
            await asyncio.gather(*works, *self._tasks, return_exceptions=True)
            self._tasks.clear()
            self._go_dark()

    def figures(self) -> dict[str, object]:
        """Return everything counted: of bars by symbol, and of each feed."""
        return {
            "bars": {one.symbol: one.figures() for one in self.followed},
            "bars_ahead": self.ahead,
            "told": {lane.name: dict(lane.dialect.told) for lane in self.lanes},
            "feeds": self.board.figures(),
        }

    def _go_dark(self) -> None:
        """Tell that nothing is heard any more."""
        for one in self.followed:
            for lane in self.lanes:
                one.fresh.hush(lane.number, ENDED)
            self._review(one, int(self.time.now_ns()))

    def _open_lanes(self) -> None:
        """Make the feeds; where there are two, one stands in for the other."""
        request = self.request
        streams = [QUOTES, f"{BARS}{request.interval}"]
        streams += [TRADES] * request.trades + [BOOKS] * request.books
        hooks = LaneHooks(self._heard, self._told)
        self.lanes = [
            MarketLane(
                number,
                self.followed,
                streams,
                board=self.board,
                hooks=hooks,
                session=Session(self._limits, self._generator),
                connect=connect,
                clock=self.time,
            )
            for number, connect in enumerate(self._connects)
        ]
        if len(self.lanes) == FEEDS_MAX:
            silence_ns = int(SILENCE_NS * request.time_scale)
            for index, one in enumerate(self.followed):
                one.pair = FeedPair(self._hand_on, silence_ns)
                one.pair.join(*(lane.checks[index] for lane in self.lanes))

    async def _beat(self) -> None:
        """Do ten times a second what no message asks for."""
        for lane in self.lanes:
            lane.begin()
        while True:
            self._reap()
            now_ns, monotonic_ns = int(self.time.now_ns()), int(self._clock.monotonic_ns())
            for lane in self.lanes:
                lane.settle(now_ns)
                for index in lane.books_due(monotonic_ns) if self.request.books else ():
                    self._begin(lane.fetch_book(index, self._asker, self._tell))
            for one in self.followed:
                self._review(one, now_ns)
                if one.must_ask(now_ns, monotonic_ns, self._patience_ns(one)):
                    one.is_asking = True
                    self._begin(self._catch_up(one))
            if monotonic_ns >= self._learn_ns and self.time.is_due:
                self._learn_ns = monotonic_ns + LEARN_NS
                self._begin(self._learn_time())
            await asyncio.sleep(BEAT_S)

    def _patience_ns(self, one: Followed) -> int:
        """Return how long after its end a bar is waited for before it is asked for."""
        return int((SETTLE_NS if one.is_hurried else FETCH_AFTER_NS) * self.request.time_scale)

    def _settled_ns(self) -> int:
        """Return the moment before which nothing changes at the venue any more."""
        return int(self.time.now_ns()) - int(SETTLE_NS * self.request.time_scale)

    def _review(self, one: Followed, now_ns: int) -> None:
        """Judge an instrument, and tell where the verdict changed."""
        needs = self.request.books
        one.choose(now_ns, [not needs or lane.checks[one.index].book.sync.is_known for lane in self.lanes])
        if one.fresh.judge(now_ns, one.line.due_ns, is_missing=one.line.held > 0):
            self._on_state(one.index, not one.fresh.why, one.fresh.why)

    # --- what comes -----------------------------------------------------------------------------------------------

    def _heard(self, lane: int, event: Event) -> None:
        """Take what a check lets pass."""
        kind = event.kind
        if kind == BAR:
            assert isinstance(event, Bar), "a kind belongs to one class"
            self._take_bar(event)
            return
        one = self.followed[event.instrument]  # type: ignore[attr-defined]  # every event of a market has one
        if kind == QUOTE:
            one.fresh.hear(lane)
        elif kind == TRADE:
            one.fresh.stamp(lane, int(event.ts_event_ns), int(event.ts_known_ns))
        if one.pair is None:
            self._hand_on(event)
        elif lane == 0:
            one.pair.first(event)
        else:
            one.pair.second(event)

    def _take_bar(self, bar: Bar) -> None:
        """Take a finished bar of a feed; both feeds' go into one line."""
        one = self.followed[bar.instrument]
        now_ns = int(bar.ts_known_ns)
        if int(bar.open_ns) + self._interval_ns - now_ns > AHEAD_NS * self.request.time_scale:
            self.ahead += 1  # not over yet by any clock: whatever it is, it is no finished bar
            return
        ready = one.line.take(bar)
        if ready:
            one.is_hurried = False
            self._hand_on_bars(ready, now_ns)
        elif one.line.held:
            self._review(one, now_ns)

    def _hand_on_bars(self, bars: list[Bar], received_ns: int) -> None:
        """Hand on finished bars, as known now and not before they ended."""
        for bar in bars:
            end_ns = int(bar.open_ns) + self._interval_ns
            known_ns = Nanos(max(end_ns, received_ns, self._known_ns))
            self.time.not_before(int(known_ns))
            self._hand_on(
                Bar(known_ns, bar.instrument, bar.open_ns, bar.open, bar.high, bar.low, bar.close, bar.volume)
            )

    def _hand_on(self, event: Event) -> None:
        """Hand one event to the receiver."""
        if event.kind == BOOK_SNAPSHOT and not self.request.books:
            assert isinstance(event, BookSnapshot), "a kind belongs to one class"
            return  # the empty book of a change of feeds, which nobody asked for
        self._known_ns = max(self._known_ns, int(event.ts_known_ns))
        self._receiver(event)

    def _told(self, lane: int, index: int, stream: str, told: Told) -> None:
        """Take what a session says of a topic; what makes an instrument stale is told at once."""
        one = self.followed[index]
        if told.what == INTERRUPTED:
            one.is_hurried = True
        if stream == QUOTES:
            if told.what == RESUMED:
                one.fresh.hear(lane)
            else:
                one.fresh.hush(lane, f"quotes: {told.what} {told.detail}".strip())
            self._review(one, int(self.time.now_ns()))

    # --- what is asked for ----------------------------------------------------------------------------------------

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Start a task; an error that it does not expect ends the run at the next beat."""
        self._tasks.add(asyncio.ensure_future(work))

    def _reap(self) -> None:
        """Forget the tasks that are done; raise what one of them did not expect."""
        for done in [task for task in self._tasks if task.done()]:
            self._tasks.discard(done)
            done.result()

    async def _catch_up(self, one: Followed) -> None:
        """Ask for the bars that are missing, and hand on what came."""
        before_ns = one.line.next_ns
        try:
            page = await one.history.page(*one.span(self._settled_ns()))
            self._hand_on_bars(one.line.fill(page), int(self.time.now_ns()))
        except TheirFault as fault:
            self._tell(f"{one.symbol}: {fault}")
        finally:
            one.is_asking = False
        one.misses = 0 if one.line.next_ns > before_ns else min(one.misses + 1, MISSES_MAX)
        wait_ns = RETRY_NS << (one.misses - 1) if one.misses else 0
        one.again_ns = int(self._clock.monotonic_ns()) + wait_ns

    async def _learn_time(self) -> None:
        """Learn the venue's time again; what was known of it stays until that works."""
        try:
            await self.time.learn(self._asker)
        except TheirFault as fault:
            self._tell(f"the venue's time: {fault}")
