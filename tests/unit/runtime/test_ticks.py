# SPDX-License-Identifier: Apache-2.0
"""The tick drive: what the engine knows and when, and in what order venue and engine live through one stream."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from librt.strings import BytesWriter
from mypy_extensions import i64

from bot4.domain.event import ACCEPTED, BOOK_DELTA, BOOK_SNAPSHOT, EXECUTION, QUOTE, TRADE, Event
from bot4.domain.instrument import LINEAR_PERPETUAL
from bot4.domain.marketdata import Trade
from bot4.domain.order import ENTER, LIMIT, MARKET, Submit
from bot4.domain.ports import Journal
from bot4.domain.stage import Outbox, Stage
from bot4.domain.tick_block import TickBlock
from bot4.domain.values import BUY, MONEY_ONE, Lots, Money, Nanos, Ticks
from bot4.market.tick_validation import Waiting, as_table
from bot4.runtime.engine import Engine
from bot4.runtime.ticks import TickDrive, TickFeed
from bot4.simulation.book.draws import Constant, LognormalMilliseconds
from bot4.simulation.book.latency import Latency
from bot4.simulation.book.venue import TickVenue
from tests.simulation.engine_run import coin

T0 = 1_700_000_000_000_000_000
MS = 1_000_000
MARKET_KINDS = (TRADE, QUOTE, BOOK_DELTA, BOOK_SNAPSHOT)


def trade(ms: int, price: int = 100_000, lots: int = 10) -> Waiting:
    """A purchase, recorded 3 ms later."""
    at = T0 + ms * MS
    return (at, ms, TRADE, at + 3 * MS, ms, ms, [1], [price], [lots])


def quote(ms: int, bid: int, lots: int = 500) -> Waiting:
    """The best bid, and an ask one tick above."""
    at = T0 + ms * MS
    return (at, ms, QUOTE, at + 3 * MS, ms, ms, [1, -1], [bid, bid + 1], [lots, lots])


class Stream:
    """Gives messages in blocks of a few."""

    def __init__(self, messages: Sequence[Waiting], cut: int = 3) -> None:
        self.messages = list(messages)
        self.cut = cut

    def blocks(self) -> Iterator[TickBlock]:
        """Return the blocks from the first on, an empty one among them."""
        yield as_table(0, self.messages[:1]).cut(0, 0).block()
        for begin in range(0, len(self.messages), self.cut):
            yield as_table(0, self.messages[begin : begin + self.cut]).block()


class Rows(Journal):
    """Notes the rows that were consumed."""

    def __init__(self) -> None:
        self.rows: list[int] = []

    def append(self, event: Event) -> None:
        """Keep nothing."""

    def consumed(self, row: i64) -> None:
        """Note the row."""
        self.rows.append(int(row))

    def commit(self) -> None:
        """Promise nothing."""


class Probe(Stage):
    """Notes what the engine hears, when, and after which row; buys once at the trade with a given id."""

    def __init__(self, buy_at: int = -1, kinds: tuple[int, ...] = MARKET_KINDS, **changes: Any) -> None:
        super().__init__((*kinds, ACCEPTED, EXECUTION))
        self.heard: list[tuple[int, int, int]] = []
        self.rows: list[int] = []
        self.journal = Rows()
        self.prices: list[int] = []
        self.buy_at = buy_at
        self.changes = changes

    def handle(self, event: Event, now: Nanos, out: Outbox) -> None:
        """Note kind, stamp of the exchange and our own time, in ms of the test."""
        self.heard.append((int(event.kind), (int(event.ts_event_ns) - T0) // MS, (int(now) - T0) // MS))
        self.rows.append(self.journal.rows[-1])
        if event.kind == EXECUTION:
            self.prices.append(int(getattr(event, "price")))  # noqa: B009 - its type is another module's
        if isinstance(event, Trade) and event.trade_id == self.buy_at:
            out.put(
                Submit(
                    now,
                    **{
                        "order_id": 1,
                        "intent_id": 1,
                        "slot": 0,
                        "instrument": 0,
                        "purpose": ENTER,
                        "order_type": MARKET,
                        "side": BUY,
                        "lots": Lots(100),
                        "limit": Ticks(0),
                        "trigger": Ticks(0),
                        "sibling_id": 0,
                        "reduce_only": False,
                        **self.changes,
                    },
                )
            )

    def write_state(self, out: BytesWriter) -> None:
        """Remember nothing."""


def drive(
    messages: Sequence[Waiting], latency: Latency | None = None, *, buy_at: int = -1, recorded: bool = False
) -> tuple[Probe, TickDrive]:
    """Run messages through an engine that only looks on, and a venue."""
    latency = latency or Latency()
    venue = TickVenue(
        [coin(instrument_type=LINEAR_PERPETUAL)], cash=Money(1_000_000 * MONEY_ONE), latency=latency, seed=5
    )
    probe = Probe(buy_at)
    engine = Engine([probe], probe.journal, venue)
    driven = TickDrive(engine, venue, TickFeed(Stream(messages), None if recorded else latency.feed, 5))
    driven.run()
    return probe, driven


MARKET_MESSAGES = [quote(0, 99_999), trade(10), quote(12, 100_004), trade(20), quote(25, 100_009), trade(40), trade(60)]


def test_without_latency_the_engine_hears_everything_at_once() -> None:
    """In the exchange's order, numbered from 0."""
    probe, driven = drive(MARKET_MESSAGES)
    assert [(at, now) for _, at, now in probe.heard] == [(ms, ms) for ms in (0, 10, 12, 20, 25, 40, 60)]
    journal = driven.engine.journal
    assert isinstance(journal, Rows)
    assert journal.rows == list(range(7))
    assert driven.row == 7


def test_the_engine_hears_messages_after_the_feeds_latency() -> None:
    """Each 15 ms after it happened, the last ones after the stream's end."""
    probe, _ = drive(MARKET_MESSAGES, Latency(feed=Constant(15 * MS)))
    assert [now - at for _, at, now in probe.heard] == [15] * 7


def test_recorded_known_times_are_taken_where_asked() -> None:
    """The recorder's own stamps, never stepping back."""
    messages = [trade(0), (T0 + 1 * MS, 1, TRADE, T0 + 2 * MS, 1, 1, [1], [100_000], [1]), trade(2)]
    probe, _ = drive(messages, recorded=True)
    assert [now for _, _, now in probe.heard] == [3, 3, 5]


def test_an_order_meets_the_market_as_it_is_when_it_arrives() -> None:
    """Known 5 ms after the trade, sent at once, 20 ms under way: bought at the ask of 35 ms, told 7 ms later."""
    latency = Latency(feed=Constant(5 * MS), entry=Constant(20 * MS), response=Constant(7 * MS))
    probe, driven = drive(MARKET_MESSAGES, latency, buy_at=10)
    told = [(kind, at, now) for kind, at, now in probe.heard if kind in (ACCEPTED, EXECUTION)]
    assert told == [(ACCEPTED, 35, 42), (EXECUTION, 35, 42)]
    assert probe.prices == [100_010]
    times = [now for _, _, now in probe.heard]
    assert times == sorted(times)
    assert driven.venue.statement().executions == 1


def test_at_one_instant_an_order_comes_after_what_happened_in_it() -> None:
    """Three messages of one millisecond: an order sent on the first meets the book that the last left."""
    messages = [quote(0, 99_999), trade(10), quote(10, 100_004), quote(10, 100_019), trade(11)]
    probe, _ = drive(messages, buy_at=10)
    assert probe.prices == [100_020]


def test_what_is_under_way_at_the_end_still_arrives() -> None:
    """An order sent on the last trade is accepted, filled and reported after the stream has ended."""
    latency = Latency(feed=Constant(MS), entry=Constant(500 * MS), response=Constant(300 * MS))
    probe, driven = drive(MARKET_MESSAGES, latency, buy_at=60)
    assert [(kind, now) for kind, _, now in probe.heard[-2:]] == [(ACCEPTED, 861), (EXECUTION, 861)]
    assert driven.row == 7


@pytest.mark.parametrize("feed", [Constant(0), Constant(30 * MS), LognormalMilliseconds(3.0, 0.8)])
def test_a_run_is_a_function_of_its_stream_and_seed(feed: Constant | LognormalMilliseconds) -> None:
    """However the stream is cut into blocks: the same messages at the same times; time never steps back."""
    messages = [trade(ms) if ms % 3 else quote(ms, 100_000 + ms) for ms in range(0, 400, 2)]
    runs = []
    for cut in (3, 200):
        venue = TickVenue([coin()], cash=Money(MONEY_ONE), seed=5)
        probe = Probe()
        TickDrive(Engine([probe], probe.journal, venue), venue, TickFeed(Stream(messages, cut), feed, 9)).run()
        runs.append(probe.heard)
    assert runs[0] == runs[1]
    assert len(runs[0]) == 200
    assert all(a[2] <= b[2] for a, b in zip(runs[0], runs[0][1:], strict=False))
    assert all(now >= at for _, at, now in runs[0])


def test_more_messages_than_room_may_be_unknown_at_once() -> None:
    """Ten seconds of latency over ten thousand messages: none is lost, none overtakes."""
    messages = [trade(ms) for ms in range(5_000)]
    probe, driven = drive(messages, Latency(feed=Constant(10_000 * MS)))
    assert [at for _, at, _ in probe.heard] == list(range(5_000))
    assert driven.row == 5_000


def test_a_run_can_be_stopped_between_messages() -> None:
    """Asked every few thousand messages; what was observed is heard, the rest is left."""
    venue = TickVenue([coin()], cash=Money(MONEY_ONE))
    probe = Probe()
    asked: list[int] = []

    def stop(rows: int) -> bool:
        asked.append(rows)
        return True

    stream = Stream([trade(ms) for ms in range(20_000)], 1_000)
    driven = TickDrive(Engine([probe], probe.journal, venue), venue, TickFeed(stream, Constant(0), 0), stop=stop)
    driven.run()
    assert driven.stopped
    assert asked[0] == driven.row == len(probe.heard) == 8_192


@pytest.mark.parametrize("response", [0, 4, 11])
@pytest.mark.parametrize("feed", [Constant(0), Constant(2 * MS), Constant(9 * MS), LognormalMilliseconds(1.5, 0.8)])
@pytest.mark.parametrize("order", [{}, {"order_type": LIMIT, "limit": Ticks(100_000)}])
def test_what_no_stage_hears_passes_by_and_changes_nothing(
    feed: Constant | LognormalMilliseconds, response: int, order: dict[str, Any]
) -> None:
    """Hearing trades alone: the same trades and reports at the same times, each after the same row of the stream."""
    messages = [trade(ms, 100_050 - ms) if ms % 5 == 0 else quote(ms, 100_049 - ms) for ms in range(1, 200)]
    runs = []
    for kinds in (MARKET_KINDS, (TRADE,)):
        latency = Latency(feed=feed, entry=Constant(3 * MS), response=Constant(response * MS))
        venue = TickVenue(
            [coin(instrument_type=LINEAR_PERPETUAL)], cash=Money(1_000_000 * MONEY_ONE), latency=latency, seed=5
        )
        probe = Probe(20, kinds, **order)
        engine = Engine([probe], probe.journal, venue)
        driven = TickDrive(engine, venue, TickFeed(Stream(messages, 40), feed, 5))
        driven.run()
        told = [one for one in zip(probe.heard, probe.rows, strict=True) if one[0][0] != QUOTE]
        runs.append((told, probe.prices, int(engine.events), int(driven.row), probe.journal.rows[-1]))
    assert runs[0] == runs[1]
    assert len(runs[0][1]) > 0
    assert runs[0][3] == 199
