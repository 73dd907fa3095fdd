# SPDX-License-Identifier: Apache-2.0
"""The tick drive that leaps over silent stretches: what it leaves is what message by message leaves."""

from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter
from mypy_extensions import i64

from bot4.decision.strategies.tick_protocol import TickView
from bot4.decision.strategies.ticks import TickStrategies, TickVoice
from bot4.domain.event import BAR, BOOK_DELTA, BOOK_SNAPSHOT, EXECUTION, SIGNAL, Event
from bot4.domain.instrument import LINEAR_PERPETUAL
from bot4.domain.marketdata import Bar
from bot4.domain.order import ENTER, LIMIT, MARKET, STOP, Submit
from bot4.domain.ports import Journal
from bot4.domain.signal import Signal, SignalEvent
from bot4.domain.stage import Outbox, Stage
from bot4.domain.values import BUY, MONEY_ONE, SELL, Lots, Money, Nanos, Ticks
from bot4.market.bar_builder import BarBuilder
from bot4.market.tick_validation import Waiting
from bot4.runtime.engine import Engine
from bot4.runtime.ticks import TickDrive, TickFeed
from bot4.simulation.book.draws import Constant, LognormalMilliseconds
from bot4.simulation.book.latency import Latency
from bot4.simulation.book.venue import TickVenue
from tests.simulation.engine_run import coin
from tests.unit.runtime.test_ticks import MS, T0, Stream, quote, trade

PRICE = 100_000


class Kept(Journal):
    """Keeps every record with the row before it."""

    def __init__(self) -> None:
        self.row = -1
        self.records: list[tuple[int, int, int, bytes]] = []

    def append(self, event: Event) -> None:
        """Keep the record."""
        out = BytesWriter()
        event.write(out)
        self.records.append((self.row, int(event.kind), int(event.ts_known_ns), out.getvalue()))

    def consumed(self, row: i64) -> None:
        """Keep the row."""
        self.row = int(row)

    def commit(self) -> None:
        """Promise nothing."""


class Whim(TickVoice):
    """Has an opinion at some prices, for a while; remembers how often it was asked, and by what market."""

    def __init__(self) -> None:
        self.asked = 0
        self.sum = 0.0

    def speak(self, view: TickView) -> Signal | None:
        """Change its mind by the price's last digit."""
        self.asked += 1
        self.sum += view.price * self.asked + view.quantity + view.side + view.bid_quantity
        digit = round(view.price / 0.01) % 10
        if digit == 1:
            return Signal(1.0 if view.position != 1.0 else 0.5, "up", Nanos(view.now_ns + 40 * MS))
        return Signal(-1.0, "down", Nanos(view.now_ns + 40 * MS)) if digit == 7 else None

    def state(self) -> tuple[float, ...]:
        """Return what it remembers."""
        return (float(self.asked), self.sum)


class Desk(Stage):
    """Sends a market order, a stop or a limit order for each signal, in turn as told; notes bars."""

    def __init__(self, types: list[int]) -> None:
        super().__init__((SIGNAL, BAR, EXECUTION))
        self.types = types
        self.sent = 0
        self.last = PRICE
        self.bars: list[tuple[int, ...]] = []

    def handle(self, event: Event, now: Nanos, out: Outbox) -> None:
        """Order at a signal."""
        if isinstance(event, Bar):
            self.last = int(event.close)
            self.bars.append((int(now), int(event.open), int(event.high), int(event.low), self.last, int(event.volume)))
        if not isinstance(event, SignalEvent) or not self.types:
            return
        kind = self.types[self.sent % len(self.types)]
        self.sent += 1
        side = BUY if event.strength > 0.0 else SELL
        out.put(
            Submit(
                now,
                order_id=self.sent,
                intent_id=self.sent,
                slot=0,
                instrument=0,
                purpose=ENTER,
                order_type=kind,
                side=side,
                lots=Lots(60),
                limit=Ticks(self.last - 2 * side if kind == LIMIT else 0),
                trigger=Ticks(self.last + 3 * side if kind == STOP else 0),
                sibling_id=0,
                reduce_only=False,
            )
        )

    def write_state(self, out: BytesWriter) -> None:
        """Write nothing: the journal has it all."""


def book(ms: int, kind: int, bid: int, lots: int) -> Waiting:
    """One level a side, the ask a tick above."""
    at = T0 + ms * MS
    return (at, ms, kind, at + 3 * MS, ms, ms, [1, -1], [bid, bid + 1], [lots, lots])


def lived(messages: list[Waiting], cut: int, latency: Latency, types: list[int], *, leaps: bool) -> tuple[object, ...]:
    """Return all that a run leaves behind."""
    journal = Kept()
    instruments = [coin(instrument_type=LINEAR_PERPETUAL)]
    venue = TickVenue(instruments, cash=Money(10_000_000 * MONEY_ONE), latency=latency)
    builder = BarBuilder([Nanos(30 * MS)])
    strategies = TickStrategies([{0: Whim(), 3: Whim()}], instruments, {})
    desk = Desk(types)
    engine = Engine([builder, desk, strategies], journal, venue)
    drive = TickDrive(engine, venue, TickFeed(Stream(messages, cut), latency.feed, 5))
    assert drive.close is not None
    if not leaps:
        drive.close = None
    drive.run()
    states = []
    for stage in (builder, strategies, venue):
        out = BytesWriter()
        stage.write_state(out)
        states.append(out.getvalue())
    return (journal.records, journal.row, desk.bars, states, int(engine.events), int(engine.now), int(drive.row))


@st.composite
def tapes(draw: st.DrawFn) -> list[Waiting]:
    """Trades, quotes and books around a walk of prices, some at one instant."""
    has_book = draw(st.booleans())
    ms, price = 0, PRICE
    messages: list[Waiting] = []
    steps = st.tuples(st.integers(-3, 3), st.sampled_from((0, 1, 1, 2, 9)), st.integers(0, 9))
    for step, wait, what in draw(st.lists(steps, min_size=1, max_size=120)):
        ms, price = ms + wait, price + step
        if what < 6:
            messages.append(trade(ms, price, 1 + 9 * what))
        elif has_book:
            kind = BOOK_SNAPSHOT if what == 9 else BOOK_DELTA
            messages.append(book(ms, kind, price, 50 * (what - 5)))
        else:
            messages.append(quote(ms, price, 50 * (what - 5)))
    return messages


@given(
    messages=tapes(),
    cut=st.sampled_from((3, 40, 200)),
    feed=st.sampled_from((Constant(0), Constant(MS), Constant(7 * MS), LognormalMilliseconds(1.0, 1.0))),
    way=st.sampled_from((0, 1, 5)),
    types=st.lists(st.sampled_from((MARKET, STOP, LIMIT)), max_size=3),
)
def test_a_leap_leaves_what_message_by_message_leaves(
    messages: list[Waiting], cut: int, feed: Constant | LognormalMilliseconds, way: int, types: list[int]
) -> None:
    """Records and the rows before them, bars, the state of venue, bars and strategies, and all counts are the same."""
    latency = Latency(feed, Constant(way * MS), Constant(way * MS))
    told = lived(messages, cut, latency, types, leaps=True)
    assert told == lived(messages, cut, latency, types, leaps=False)
