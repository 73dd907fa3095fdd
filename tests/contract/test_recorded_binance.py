# SPDX-License-Identifier: Apache-2.0
"""Every message of the recordings of Binance goes through the live pipeline: applied, or counted under a reason."""

import json
from collections import Counter
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot4.adapters.stores.raw_traffic import TrafficFile, TrafficWriter, traffic_files
from bot4.adapters.venues.binance.market.feed import SETTLE
from bot4.adapters.venues.binance.market.streams import StreamDecoder, Unread
from bot4.domain.event import Event
from bot4.domain.instrument import Instrument
from bot4.domain.marketdata import BookDelta, BookLevels, BookSnapshot
from bot4.domain.values import SECOND_NS
from bot4.market.books.rules import FUTURES_RULE, SPOT_RULE, Change
from bot4.market.live.book import LiveBook
from tests.unit.adapters.venues.binance.recorded import (
    Frame,
    RecordedFeed,
    adapter_messages,
    corrected,
    cryptofeed,
    jsonl_frames,
)
from tests.unit.market.live_feeds import MS, Levels, Watched, columns, empty, follow, put

pytestmark = [pytest.mark.requirement("DATA_001", "DATA_001/with_live_feeds", "FLOW_001"), pytest.mark.slow]

L2: dict[str, tuple[str, str, dict[str, dict[str, int]]]] = {
    "binance_spot_btcusdt_20240808": (
        "0.01",
        "0.00001",
        {
            "delta": {"applied": 3_449, "covered": 2},
            "quote": {"applied": 28_040},
            "snapshot": {"applied": 1},
            "trade": {"applied": 9_757},
        },
    ),
    "binance_spot_btcusdt_20240809": (
        "0.01",
        "0.00001",
        {"delta": {"waiting": 3_044}, "quote": {"applied": 45_134}, "trade": {"applied": 10_147}},
    ),
    "binance_usdm_btcusdt_20240808": (
        "0.1",
        "0.001",
        {
            "delta": {"applied": 6_547, "covered": 4},
            "quote": {"applied": 66_089},
            "snapshot": {"applied": 1},
            "trade": {"applied": 21_313},
        },
    ),
    "binance_cm_btcusd_perp_20240808": (
        "0.1",
        "0.01",
        {
            "delta": {"applied": 26_824, "covered": 23},
            "quote": {"applied": 19_136},
            "snapshot": {"applied": 1},
            "trade": {"applied": 2_286},
        },
    ),
}
"""Tick, lot, and what became of every line; without a snapshot the changes wait for one to the end."""

CRYPTOFEED: dict[str, tuple[dict[str, int], dict[str, dict[str, int]]]] = {
    "BINANCE": (
        {"BINANCE.0": 1, "BINANCE.http.0.0": 4, "BINANCE.ws.1.0": 265},
        {
            "bar": {"unfinished_bar": 2},
            "delta": {"applied": 172, "covered": 5},
            "other": {"other_stream": 1},
            "quote": {"applied": 84},
            "snapshot": {"applied": 4},
            "trade": {"applied": 2},
        },
    ),
    "BINANCE_US": (
        {"BINANCE_US.0": 1, "BINANCE_US.http.0.0": 4, "BINANCE_US.ws.1.0": 480},
        {
            "bar": {"applied": 1, "unfinished_bar": 4},
            "delta": {"applied": 332, "covered": 4},
            "other": {"other_stream": 1},
            "quote": {"applied": 128},
            "snapshot": {"applied": 4},
            "trade": {"applied": 11},
        },
    ),
    "BINANCE_FUTURES": (
        {"BINANCE_FUTURES.0": 1, "BINANCE_FUTURES.http.0.0": 4, "BINANCE_FUTURES.ws.1.0": 1_535},
        {
            "bar": {"applied": 4, "unfinished_bar": 63},
            "delta": {"applied": 752, "covered": 12},
            "other": {"other_stream": 1},
            "quote": {"applied": 611, "stale_quote": 2},
            "snapshot": {"applied": 4},
            "trade": {"applied": 91},
        },
    ),
    "BINANCE_DELIVERY": (
        {"BINANCE_DELIVERY.0": 1, "BINANCE_DELIVERY.http.0.0": 10, "BINANCE_DELIVERY.ws.1.0": 4_371},
        {
            "bar": {"unfinished_bar": 33},
            "delta": {"applied": 1_788, "covered": 259},
            "other": {"other_stream": 1},
            "quote": {"applied": 1_350, "stale_quote": 890},
            "snapshot": {"applied": 10},
            "trade": {"applied": 51},
        },
    ),
}
"""Frames the venue sent in each file, and what became of them; the list of instruments is no message of a stream."""

SINGLE: dict[str, int] = {
    "AggTradeMessage": 1,
    "DepthMessage": 1,
    "KlineMessage": 2,
    "LiquidationMessage": 1,
    "MarkPriceMessage": 1,
    "QuoteMessage": 1,
    "SnapshotMessage": 1,
    "TickerMessage": 1,
    "TradeMessage": 1,
    "field_type": 1,
    "not_json": 6,
    "other_stream": 28,
    "user_data": 25,
}
"""What the single messages are: of markets, of accounts, answers of REST, and binary ones of another format."""


def instrument(name: str) -> tuple[str, Instrument]:
    """The symbol of a recording in l2 and its instrument."""
    symbol = "BTCUSD_PERP" if "_cm_" in name else "BTCUSDT"
    tick, lot, _ = L2[name]
    return symbol, Instrument(0, symbol, base="BTC", quote="USDT", tick_size=Decimal(tick), lot_size=Decimal(lot))


def l2_feed(shared_data: Path, name: str) -> tuple[RecordedFeed, list[Frame]]:
    """A feed for a recording in l2, and its frames."""
    symbol, listed = instrument(name)
    rule = SPOT_RULE if "_spot_" in name else FUTURES_RULE
    return RecordedFeed({symbol: listed}, rule), corrected(jsonl_frames(shared_data / "l2" / f"{name}.jsonl.gz"))


class RawBook:
    """A book kept from the venue's own text by the plainest means: dicts of decimals turned into ticks and lots."""

    def __init__(self, listed: Instrument) -> None:
        self.listed = listed
        self.messages: dict[tuple[bool, int], dict[str, Any]] = {}
        self.book = empty()

    def hear(self, frame: bytes) -> None:
        """Remember a message about the book, by its last number."""
        if b'"depthUpdate"' in frame or b'"lastUpdateId"' in frame:
            body = json.loads(frame)
            body = body.get("data", body)
            if "lastUpdateId" in body:
                self.messages[True, body["lastUpdateId"]] = {"b": body["bids"], "a": body["asks"]}
            elif body["s"] == self.listed.symbol:
                self.messages[False, body["u"]] = body

    def obey(self, event: Event) -> None:
        """Apply the message that an event was made of."""
        if isinstance(event, BookSnapshot):
            self.book = empty()
        if isinstance(event, BookDelta) or (isinstance(event, BookSnapshot) and event.begin < event.end):
            body = self.messages[isinstance(event, BookSnapshot), int(event.last_id)]
            for side, levels in ((1, body["b"]), (-1, body["a"])):
                for price, quantity in levels:
                    ticks = Decimal(price) / self.listed.tick_size
                    if ticks == int(ticks):
                        put(self.book, ([side], [int(ticks)], [int(Decimal(quantity) / self.listed.lot_size)]))


def held(book: LiveBook) -> Levels:
    """The levels of a live book."""
    return {1: book.sync.book.bids.levels, -1: book.sync.book.asks.levels}


def show(feed: RecordedFeed, frames: list[Frame], *, compare: bool = False) -> None:
    """Show frames to a feed; after each, compare every book that changed with one kept from the venue's text."""
    raw = {int(check.instrument.index): RawBook(check.instrument) for check in feed.checks.values()}
    books = {int(check.instrument.index): check.book for check in feed.checks.values()}
    seen = 0
    for source, (moment, frame) in enumerate(frames):
        if compare:
            for one in raw.values():
                one.hear(frame)
        feed.feed.take(frame, moment, source)
        for event in feed.events[seen:]:
            if compare and isinstance(event, BookLevels):
                index = int(event.instrument)
                raw[index].obey(event)
                if event is feed.events[-1]:
                    assert raw[index].book == held(books[index])
        seen = len(feed.events)


@pytest.mark.parametrize("name", L2)
def test_every_line_of_l2_is_accounted_for_and_the_book_is_the_venues(shared_data: Path, name: str) -> None:
    """Exact sums, no gap, no crossed book, and after each message the levels that the venue's own text gives."""
    feed, frames = l2_feed(shared_data, name)
    show(feed, frames, compare=True)
    fates = feed.fates()
    assert fates == L2[name][2]
    assert sum(sum(row.values()) for row in fates.values()) == len(frames)
    assert not {"sequence_gap", "crossed_book", "levels_off_tick", "spike", "doubtful"} & set(feed.faults())


@pytest.mark.parametrize("venue", CRYPTOFEED)
def test_every_line_of_cryptofeed_is_accounted_for_and_the_books_are_the_venues(shared_data: Path, venue: str) -> None:
    """Several instruments in one stream, their snapshots from REST: each book is whole, and the venue's."""
    files, wanted = CRYPTOFEED[venue]
    feed, frames, counts = cryptofeed(shared_data / "raw" / "cryptofeed", venue)
    assert {name: count for name, count in counts.items() if not name.endswith("ours")} == files
    assert sum(count for name, count in counts.items() if name.endswith("ours")) == 2, "what the client itself sent"
    show(feed, frames, compare=True)
    fates = feed.fates()
    assert fates == wanted
    assert sum(sum(row.values()) for row in fates.values()) == len(frames) == sum(files.values())
    assert all(check.book.sync.is_known for check in feed.checks.values())
    assert "sequence_gap" not in feed.faults()


def test_every_single_message_is_read_or_told(shared_data: Path) -> None:
    """Exact counts by what each is."""
    seen: Counter[str] = Counter()
    for _, data in adapter_messages(shared_data / "raw" / "adapter_messages" / "binance.tar.gz"):
        told, _ = StreamDecoder().decode(data)
        seen[told.kind.name if isinstance(told, Unread) else type(told).__name__] += 1
    assert sum(seen.values()) == 70
    assert dict(sorted(seen.items())) == SINGLE


@pytest.mark.parametrize("name", ["binance_spot_btcusdt_20240808", "binance_usdm_btcusdt_20240808"])
def test_recorded_traffic_replayed_gives_the_same_again(shared_data: Path, tmp_path: Path, name: str) -> None:
    """Every event equal, field by field: live, and from the files that the recorder wrote of it."""
    live, frames = l2_feed(shared_data, name)
    frames = [one for n, frame in enumerate(frames[:6_000]) for one in _with_time(n, frame)]
    with TrafficWriter(tmp_path, "binance", file_bytes=200_000, batch_bytes=20_000) as writer:
        for source, (moment, frame) in enumerate(frames):
            writer.write(moment, frame.rstrip(b"\n"))
            live.feed.take(frame, moment, source)
    again, _ = l2_feed(shared_data, name)
    recorded = [one for path in traffic_files(tmp_path, "binance") for one in TrafficFile(path).frames()]
    for source, (moment, frame) in enumerate(recorded):
        again.feed.take(frame, moment, source)
    assert len(recorded) == len(frames)
    assert [_fields(event) for event in again.events] == [_fields(event) for event in live.events]
    assert again.fates() == live.fates()
    assert again.faults() == live.faults()


def _with_time(n: int, frame: Frame) -> list[Frame]:
    """A frame, now and then behind one of ours that says that time has passed."""
    return [(frame[0], SETTLE), frame] if n % 100 == 0 else [frame]


def _fields(event: Event) -> tuple[object, ...]:
    """Everything an event holds."""
    own = [name for kind in type(event).__mro__ for name in getattr(kind, "__slots__", ())]
    return (type(event).__name__, *(getattr(event, name) for name in own))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", ["binance_spot_btcusdt_20240808", "binance_usdm_btcusdt_20240808"])
def test_recorded_changes_that_are_lost_doubled_or_swapped_never_make_another_book(
    shared_data: Path, name: str, seed: int
) -> None:
    """One in twenty is harmed; each time the book is shown it is the venue's at that number, and it heals."""
    draw = np.random.default_rng(seed)
    changes, start = _recorded_changes(shared_data, name)
    sent = [one for change in changes[:900] for one in _harm(draw, change)]
    swaps = draw.choice(len(sent) - 1, 20, replace=False)
    for at in swaps.tolist():
        sent[at], sent[at + 1] = sent[at + 1], sent[at]
    sent += changes[900:]
    states = _states(start, changes)
    watched = Watched(SPOT_RULE if "_spot_" in name else FUTURES_RULE)
    sync = watched.check.book.sync
    watched.check.snapshot(start)
    own, newest, shown = empty(), start.last_id, 0
    for n, change in enumerate(sent):
        watched.check.delta(change)
        newest = max(newest, change.last_id)
        now_ns = n * SECOND_NS // 10
        if sync.is_due(now_ns):
            sync.asked(now_ns)
            watched.check.snapshot(_snapshot(states[newest], newest, change))
        for event in watched.events[shown:]:
            own = follow(own, event)
        shown = len(watched.events)
        if sync.is_known:
            assert own == held(watched.check.book) == states[sync.last_id]
        else:
            assert own == empty()
    assert watched.quality.gaps >= 20
    assert sync.is_known and sync.last_id == newest


def _harm(draw: np.random.Generator, change: Change) -> list[Change]:
    """A change once, as a rule; seldom twice or not at all."""
    chance = draw.random()
    return [] if chance < 0.03 else [change, change] if chance < 0.05 else [change]


@cache
def _recorded_changes(shared_data: Path, name: str, count: int = 1_000) -> tuple[list[Change], Change]:
    """The first changes of a recording that join its snapshot, and the snapshot."""
    feed, frames = l2_feed(shared_data, name)
    show(feed, frames[: count * 16])
    found = [event for event in feed.events if isinstance(event, BookLevels)]
    changes: list[Change] = []
    previous = -1
    start = None
    for event in found:
        first, last = int(event.first_id), int(event.last_id)
        made = Change(0, (int(event.ts_event_ns), int(event.ts_known_ns)), (first, last, previous), columns(event))
        if isinstance(event, BookSnapshot):
            start = made
        else:
            changes.append(made)
            previous = last
    assert start is not None and len(changes) >= count
    return changes[:count], start


def _states(start: Change, changes: list[Change]) -> dict[int, Levels]:
    """How a plain book is after each change."""
    book = empty()
    put(book, (start.sides, start.prices, start.lots))
    states = {start.last_id: {side: dict(book[side]) for side in (1, -1)}}
    for change in changes:
        put(book, (change.sides, change.prices, change.lots))
        states[change.last_id] = {side: dict(book[side]) for side in (1, -1)}
    return states


def _snapshot(state: Levels, last_id: int, after: Change) -> Change:
    """The answer to a request for the book."""
    levels = [(side, price, lots) for side in (1, -1) for price, lots in state[side].items()]
    parts = ([s for s, _, _ in levels], [p for _, p, _ in levels], [q for _, _, q in levels])
    return Change(0, (after.at_ns, after.known_ns + MS), (last_id, last_id, -1), parts)
