# SPDX-License-Identifier: Apache-2.0
"""A live market over real sockets: bars are the venue's own whatever befalls the sockets, and doubt is told."""

import asyncio
import gc
from typing import Any

import pytest
from picows import WSCloseCode

from bot4.adapters.venues.binance.market.dialect import GAPS_NS, QUOTES
from bot4.adapters.venues.binance.market.live import LiveMarket
from bot4.adapters.venues.binance.market.request import MarketRequest
from bot4.apps.venue_server.serve import VenueServer
from bot4.domain.errors import BadInput, OurFault, OutsideFault
from bot4.domain.event import BAR, BOOK_SNAPSHOT, QUOTE, TRADE, Event
from bot4.domain.marketdata import Bar
from bot4.domain.values import SECOND_NS
from bot4.market.live.freshness import LATE
from tests.contract.live_market.listening import SYMBOLS, Listening, listen, made, until
from tests.contract.venue_server.running import asked, at_a_venue

pytestmark = pytest.mark.requirement("DATA_001", "FLOW_001")
FAST = 600.0


def at_venue(visit: Any, **more: Any) -> None:
    """Run a venue with a flow and a visit to it."""
    at_a_venue(asked(*SYMBOLS, has_flow=True, **more), visit)


def known_never_fall(listening: Listening) -> bool:
    """Whether the bars of all instruments, warm-up included, come in the order of their known times."""
    known = [int(one.ts_known_ns) for one in (*listening.warm, *listening.events) if isinstance(one, Bar)]
    return known == sorted(known)


@pytest.mark.slow
def test_bars_are_the_venues_own_in_real_time() -> None:
    """Warm-up and live bars of a second: each once, as the venue has them, known when they were over and had come."""

    async def visit(one: Listening) -> None:
        await until(lambda: len(one.bars(0)) >= 8 and len(one.bars(1)) >= 8)
        for index in range(2):
            one.assert_the_venues_own(index, 8)
        live = [event for event in one.events if isinstance(event, Bar)]
        assert all(int(bar.ts_known_ns) >= int(bar.open_ns) + SECOND_NS for bar in live)
        assert all(int(bar.ts_known_ns) == int(bar.open_ns) + SECOND_NS for bar in one.warm)
        assert known_never_fall(one)
        kinds = {int(event.kind) for event in one.events}
        assert {BAR, QUOTE, TRADE} <= kinds and BOOK_SNAPSHOT not in kinds
        await until(lambda: all(one.is_fresh()))

    listen(visit, interval="1s", warm=4, before_s=4.0, trades=True)


def test_bars_are_the_venues_own_at_an_accelerated_venue() -> None:
    """Ten minutes in a second: the stamps are the venue's, the waits ours."""

    async def visit(one: Listening) -> None:
        await until(lambda: len(one.bars(0)) >= 40 and len(one.bars(1)) >= 40)
        for index in range(2):
            one.assert_the_venues_own(index, 40)
        await until(lambda: all(one.is_fresh()))
        assert known_never_fall(one)

    listen(visit, speed=FAST, warm=5, before_s=3.0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("faults", "struck"),
    [
        ("W06:0.2", ["W06"]),  # lost
        ("W04:0.3", ["W04"]),  # twice
        ("W05:0.3", ["W05"]),  # in the wrong order
        ("W11@45,W11@60", ["W11"]),  # every socket cut
        ("W04:0.1,W05:0.1,W06:0.1,N05:0.2,N08:0.2", ["W04", "W05", "W06", "N05"]),
        ("N13:0.3,N06:0.2,W06:0.3", ["N13", "N06", "W06"]),
    ],
)
@pytest.mark.requirement("P-05")
def test_bars_come_once_and_in_order_through_faults(faults: str, struck: list[str]) -> None:
    """Messages lost, doubled, swapped and cut off, and a REST that fails: not a bar too much, none too little."""

    async def visit(one: Listening) -> None:
        def has_struck() -> bool:
            return all(one.server.schedule.struck.get(code) for code in struck)

        await until(lambda: has_struck() and all(len(one.bars(at)) >= 40 for at in range(2)))
        one.server.schedule.cease()
        counts = [len(one.bars(index)) for index in range(2)]
        await until(lambda: all(len(one.bars(at)) >= counts[at] + 10 for at in range(2)))
        for index in range(2):
            one.assert_the_venues_own(index, 50)
        if "W06" in struck:
            assert sum(each.line.fetched for each in one.market.followed) > len(one.warm)
        if "W04" in struck:
            assert sum(each.line.repeated for each in one.market.followed) > 0
        assert all(each.line.revised == each.line.absent == 0 for each in one.market.followed)

    listen(visit, speed=FAST, warm=5, before_s=3.0, faults=faults)


@pytest.mark.slow
def test_a_bar_is_fetched_where_the_feed_never_tells_it() -> None:
    """Subscriptions that are acknowledged and never served: bars come over REST, and the instruments stay stale."""

    async def visit(one: Listening) -> None:
        await until(lambda: all(len(one.bars(at)) >= 30 for at in range(2)))
        for index in range(2):
            one.assert_the_venues_own(index, 30)
        assert not any(one.is_fresh())
        assert one.server.schedule.struck["W13"] >= 4

    listen(visit, speed=FAST, warm=5, before_s=1.0, faults="W13:1")


def test_stale_is_told_at_a_cut_and_taken_back() -> None:
    """The venue is gone and comes back: stale with the reason, then fresh, and no bar is missing over the cut."""

    async def visit(one: Listening) -> None:
        await until(lambda: all(one.is_fresh()) and len(one.bars(0)) >= 30)
        count, since = len(one.bars(0)), len(one.states)
        for conversation in list(one.server._market._open.values()):
            conversation.close(WSCloseCode.GOING_AWAY, b"maintenance")
        cut = "quotes: interrupted connection lost"
        await until(lambda: {(0, False, cut), (1, False, cut)} <= set(one.states[since:]))
        await until(lambda: all(one.is_fresh()) and len(one.bars(0)) >= count + 10)
        one.assert_the_venues_own(0, count + 10)

    listen(visit, speed=FAST, warm=5, before_s=1.0)


@pytest.mark.slow
def test_a_silent_feed_makes_its_instruments_stale() -> None:
    """Nothing comes although the socket lives: told within the bound of the feed's own pace, and healed."""

    async def visit(one: Listening) -> None:
        await until(lambda: all(one.is_fresh()))
        await asyncio.sleep(2.0)
        since, told, count = len(one.states), one.market.lanes[0].dialect.told, len(one.bars(0))
        for conversation in one.server._market._open.values():
            conversation._distortion._is_silent = True
        await until(lambda: told["silent"] + told["interrupted"] > 0)
        await until(lambda: {which for which, is_fresh, _ in one.states[since:] if not is_fresh} == {0, 1})
        await until(lambda: all(one.is_fresh()) and len(one.bars(0)) >= count + 10)
        one.assert_the_venues_own(0, count + 10)

    listen(visit, speed=FAST, warm=2, before_s=0.5)


def test_a_feed_that_runs_late_makes_its_instruments_stale() -> None:
    """The same stream, stamped a second before it comes: late; the clock's own error is not taken for it."""

    async def visit(one: Listening) -> None:
        await until(lambda: all(one.is_fresh()))
        fresh = one.market.followed[0].fresh
        now_ns = int(one.market.time.now_ns())
        fresh.stamp(0, now_ns - SECOND_NS, now_ns)
        await until(lambda: (0, False, LATE) in one.states)
        await until(lambda: all(one.is_fresh()))
        assert (1, False, LATE) not in one.states

    listen(visit, interval="1s", warm=1, before_s=2.0, off_ns=3 * SECOND_NS)


@pytest.mark.slow
@pytest.mark.requirement("P-07", "I-13")
def test_a_connection_that_was_dead_from_its_first_message_on_is_replaced() -> None:
    """Acknowledged and never served: no pace was learned there, and another connection is tried all the same."""

    async def visit(one: Listening) -> None:
        await until(lambda: bool(one.market.lanes) and bool(one.market.lanes[0].pool.session.topics))
        traded_ns = one.market.followed[0].history.trade_gap_ns
        quotes = one.market.lanes[0].pool.session.topics[f"{SYMBOLS[0].lower()}@{QUOTES}"]
        assert quotes.pace.usual_gap_ns == min(GAPS_NS[QUOTES], traded_ns) > 0
        await until(lambda: one.server.schedule.struck.get("W01", 0) > 0)
        await until(lambda: all(one.is_fresh()))
        assert one.market.lanes[0].dialect.told["silent"] > 0
        count = len(one.bars(0))
        await until(lambda: len(one.bars(0)) >= count + 5)
        one.assert_the_venues_own(0, count + 5)

    listen(visit, speed=FAST, warm=5, before_s=3.0, faults="W01@1")


@pytest.mark.slow
def test_two_feeds_stand_in_for_each_other() -> None:
    """One of two connections falls silent: the other is believed, nothing is stale, bars go on once each."""

    async def visit(one: Listening) -> None:
        await until(lambda: all(one.is_fresh()) and all(each.fresh.is_heard(1) for each in one.market.followed))
        await asyncio.sleep(1.5)
        states = len(one.states)
        first = one.market.lanes[0].pool
        first._connect = never  # type: ignore[assignment]
        for line in list(first._lines.values()):
            assert line._wire is not None
            line._wire.abort()
        await until(
            lambda: all(each.pair is not None and each.pair.choice.believed == 1 for each in one.market.followed)
        )
        quotes = sum(event.kind == QUOTE for event in one.events)
        count = len(one.bars(0))
        await until(lambda: len(one.bars(0)) >= count + 20)
        assert sum(event.kind == QUOTE for event in one.events) > quotes
        assert all(fresh for _, fresh, _ in one.states[states:])
        for index in range(2):
            one.assert_the_venues_own(index, 20)
        assert sum(each.line.repeated for each in one.market.followed) > 0

    listen(visit, speed=FAST, warm=5, before_s=1.0, feeds=2)


async def never(_listener: object) -> object:
    """A connection that is never made."""
    await asyncio.Event().wait()
    return None


def test_an_error_of_the_receiver_ends_the_run() -> None:
    """A bug of ours is raised, not swallowed: in the socket's callback and in a page of bars alike."""

    async def visit(one: Listening) -> None:
        def fail(_event: Event) -> None:
            raise OurFault("a bug")

        one.market._receiver = fail
        await asyncio.sleep(20.0)

    for faults in ("", "W13:1"):
        with pytest.raises(OurFault, match="a bug"):
            listen(visit, speed=FAST, warm=1, before_s=0.5, faults=faults)


def test_books_are_whole_where_they_are_asked_for() -> None:
    """Changes of the book, joined with snapshots over REST."""

    async def visit(one: Listening) -> None:
        await until(lambda: all(check.book.sync.is_known for check in one.market.lanes[0].checks))
        assert any(event.kind == BOOK_SNAPSHOT for event in one.events)

    listen(visit, interval="1s", warm=1, before_s=1.0, books=True)


def test_warm_up_comes_in_pages_and_in_the_order_of_known_times() -> None:
    """More bars than a page holds, of two instruments: oldest first, and at one moment the first instrument first."""

    async def visit(ready: Any, server: VenueServer) -> None:
        await asyncio.sleep(3.5)
        async with made(ready, server, interval="1s") as one:
            await one.market.learn()
            await check(one)

    async def check(one: Listening) -> None:
        told: list[tuple[int, int]] = []
        warm = one.warm = await one.market.warm_up(2_500, lambda done, total: told.append((done, total)))
        marks = [(int(bar.ts_known_ns), int(bar.instrument)) for bar in warm]
        assert marks == sorted(set(marks))
        assert len(one.bars(0)) == len(one.bars(1)) == 2_500
        rows = one.venue_bars(0, int(warm[0].open_ns), 1_000)
        assert [tuple(int(getattr(b, n)) for n in ("open_ns", "open")) for b in one.bars(0)[:1_000]] == [
            row[:2] for row in rows
        ]
        assert told[-1] == (5_000, 5_000) and [done for done, _ in told] == sorted(done for done, _ in told)
        assert len(told) >= 6

    at_venue(visit, speed=5_000.0)


def test_an_unknown_symbol_is_refused_with_what_was_meant() -> None:
    """The message names the symbol that is near."""

    async def visit(ready: Any, server: VenueServer) -> None:
        async with made(ready, server, symbols=("BTCUSD",)) as one:
            with pytest.raises(BadInput, match="Did you mean BTCUSDT"):
                await one.market.learn()

    at_venue(visit)


def test_a_venue_that_cannot_be_reached_is_an_outside_fault() -> None:
    """Nobody listens there: what was tried and what to do."""

    async def visit(_ready: Any, server: VenueServer) -> None:
        nowhere = {"rest": "http://127.0.0.1:9", "ws": "ws://127.0.0.1:9"}
        async with made(nowhere, server, symbols=("BTCUSDT",)) as one:
            with pytest.raises(OutsideFault, match="Look at the network"):
                await one.market.learn()

    at_venue(visit)


def test_instruments_carry_the_venues_filters() -> None:
    """In the order of the symbols, ticks and lots from the filters."""

    async def visit(ready: Any, server: VenueServer) -> None:
        async with made(ready, server, symbols=("ETHUSDT", "BTCUSDT")) as one:
            found = await one.market.learn()
        assert [(int(each.instrument.index), each.instrument.symbol) for each in found] == [
            (0, "ETHUSDT"),
            (1, "BTCUSDT"),
        ]
        rules = {one.symbol: one for one in server.exchange.market.rules()}
        for each in found:
            its = rules[each.instrument.symbol]
            assert int(each.instrument.tick_size * 10**8) == its.price.tick
            assert int(each.filters.lots_min) == its.lot_size.lowest // int(each.instrument.lot_size * 10**8)

    at_venue(visit)


@pytest.mark.parametrize("wrong", [{"interval": "1w"}, {"symbols": ()}, {"symbols": ("A", "A")}])
def test_a_request_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    """Bars that the venue has not, no symbol, one twice."""
    with pytest.raises(BadInput):
        MarketRequest(**({"symbols": ("BTCUSDT",), "interval": "1m"} | wrong))


@pytest.mark.slow
@pytest.mark.requirement("WS_001")
def test_a_thousand_resubscriptions_leave_no_more_objects_than_a_hundred() -> None:
    """Given up and wanted again a thousand times on a live socket: what is kept does not grow."""

    async def resubscribe(market: LiveMarket, times: int) -> None:
        lane = market.lanes[0]
        topics = list(lane._topics)
        for _ in range(times):
            for topic in topics:
                lane.pool.unwant(topic)
                lane.pool.want(topic)
            await asyncio.sleep(0)

    async def visit(one: Listening) -> None:
        await until(lambda: all(one.is_fresh()))

        def kept() -> int:
            one.events.clear()
            one.states.clear()
            gc.collect()
            return len(gc.get_objects())

        await resubscribe(one.market, 100)
        await until(lambda: all(one.is_fresh()))
        before = kept()
        await resubscribe(one.market, 1_000)
        await until(lambda: all(one.is_fresh()))
        assert kept() - before < 1_000
        assert len(one.market.lanes[0].pool.session.topics) == 4

    listen(visit, interval="1s", warm=1, before_s=1.0, venue={})
