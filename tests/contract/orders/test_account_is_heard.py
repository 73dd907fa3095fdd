# SPDX-License-Identifier: Apache-2.0
"""Hearing of our account at the simulated venue: what others do, what is lost, and what may not be trusted."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot4.adapters.venues.binance.account.feed import FeedPace
from bot4.adapters.venues.binance.account.mark import Mark
from bot4.adapters.venues.binance.account.subscription import PARTING_S
from bot4.apps.venue_server.faults.schedule import parse_rules
from bot4.apps.venue_server.gate.limits import Figures
from bot4.apps.venue_server.serve import MEMBER, VenueServer
from bot4.apps.venue_server.streams.life import Pace
from bot4.domain.event import ACCEPTED, FILL, SUBMIT
from bot4.domain.external import MANUAL, NO_TRADE, External
from bot4.domain.order import expired
from bot4.simulation.exchange.requests import Cancel, PlaceOrder
from bot4.simulation.exchange.rules import BUY, LIMIT, MARKET, SELL
from tests.contract.orders.checker import differences
from tests.contract.orders.life import BTCUSDT, PACE
from tests.contract.orders.trader import Trader
from tests.contract.venue_server.running import ONE, asked

FAR_BELOW = 30_000 * ONE
LOT = 1_000
HELD = 499
"""Of 500 lots bought: the fee is half a lot of them, and a whole one leaves."""

GIFT = 7 * ONE

Visit = Callable[[Trader, VenueServer], Awaitable[None]]


def at_home(
    visit: Visit, *, faults: str = "", pace: FeedPace = PACE, venue: Pace | None = None, figures: Figures | None = None
) -> Trader:
    """Trade at a venue with other participants, and visit it once the books were equal."""

    async def both() -> Trader:
        rules = tuple(parse_rules(faults))
        more = {"faults": rules, "pace": venue or Pace(), "figures": figures or Figures()}
        server = VenueServer(asked("BTCUSDT", has_flow=True, late_s=0.6, **more))
        ready = await server.open()
        try:
            trader = Trader(server, ready, 1, late_s=0.0, compares=True, pace=pace)
            await trader.is_heard(lambda: trader.life.feed.is_ready)
            await visit(trader, server)
            await trader.life.gateway.drained()
            await trader.life.end()
            return trader
        finally:
            await server.close()

    return asyncio.run(both())


def place(server: VenueServer, **order: Any) -> Any:
    """Let the member trade by hand."""
    reply = server.exchange.place(MEMBER, PlaceOrder("BTCUSDT", **order), server.clock.now_ms())
    assert hasattr(reply, "state"), reply
    return reply


def externals(trader: Trader) -> list[External]:
    """What the journal has of other hands."""
    return [event for event in trader.journal.events if isinstance(event, External)]


def count(trader: Trader, kind: int) -> int:
    """How many events of a kind the journal has."""
    return sum(event.kind == kind for event in trader.journal.events)


async def compared(trader: Trader) -> None:
    """Compare once more, and find the two sides equal."""
    found = await trader.life.reconciler.reconcile()
    assert found.is_equal, found.why
    assert differences(trader.ours(), trader.theirs()) == []


async def compared_in_time(trader: Trader) -> None:
    """Have the feed compare, as often as a loaded machine needs, until the two sides are equal."""
    equal = trader.life.reconciler.equal
    trader.life.hearing.is_check_due = True
    await trader.is_heard(lambda: trader.life.reconciler.equal > equal and trader.life.feed.is_ready)


@pytest.mark.requirement("P-10", "I-4", "PORTFOLIO_001")
def test_a_manual_trade_is_seen_marked_and_counted_once() -> None:
    """An order by hand and its trade are told as external, once each, however often they are heard; balances agree."""

    async def visit(trader: Trader, server: VenueServer) -> None:
        resting = place(server, side=BUY, type=LIMIT, quantity=30 * LOT, price=FAR_BELOW, time_in_force="GTC")
        bought = place(server, side=BUY, type=MARKET, quantity=20 * LOT)
        trades = {fill.trade_id for fill in bought.fills}
        await trader.is_heard(lambda: {int(one.trade_id) for one in externals(trader)} >= trades)
        await compared(trader)
        await compared(trader)
        seen = [(int(one.venue_order_id), int(one.trade_id)) for one in externals(trader)]
        wanted = {(resting.state.order_id, NO_TRADE), (bought.state.order_id, NO_TRADE)}
        assert sorted(seen) == sorted(wanted | {(bought.state.order_id, trade) for trade in trades})
        assert {one.reason for one in externals(trader)} == {MANUAL}
        assert sum(int(one.lots) for one in externals(trader) if one.trade_id != NO_TRADE) == 20
        assert trader.life.hearing.external == len(seen)
        assert trader.trading.position(0) == 0
        assert trader.life.feed.is_ready

    at_home(visit)


@pytest.mark.requirement("P-05", "P-06", "P-10", "I-3", "I-4")
def test_what_happened_while_nobody_listened_is_found_in_the_history() -> None:
    """Trades by hand beyond a page of history, and our own stop's fill, all while the process was dead."""

    async def visit(trader: Trader, server: VenueServer) -> None:
        trader.wish_for(lots=500)
        await trader.is_heard(lambda: trader.trading.position(0) == HELD and len(trader.trading.open_orders()) == 1)
        await compared(trader)
        server.venue.schedule.cease()
        mark = trader.life.reconciler.mark()
        await trader.life.kill()
        for _ in range(1_050):
            place(server, side=BUY, type=MARKET, quantity=20 * LOT)
        place(server, side=SELL, type=MARKET, quantity=20_000 * LOT)
        trader.live(mark)
        await trader.is_heard(lambda: trader.life.feed.is_ready)
        await compared(trader)
        assert len({int(one.trade_id) for one in externals(trader)}) >= 1_050
        assert len(externals(trader)) == len({(one.venue_order_id, one.trade_id) for one in externals(trader)})
        assert trader.trading.position(0) == HELD

    at_home(visit)


@pytest.mark.requirement("P-06", "I-3", "I-4")
def test_a_new_process_asks_for_what_came_after_the_mark_and_no_page_more() -> None:
    """A long history that was accounted for is not walked again, however often the process ends."""

    async def visit(trader: Trader, server: VenueServer) -> None:
        for _ in range(1_050):
            place(server, side=BUY, type=MARKET, quantity=20 * LOT)
        await compared_in_time(trader)
        mark = trader.life.reconciler.mark()
        assert mark is not None
        for _ in range(3):
            await trader.life.kill()
            place(server, side=BUY, type=MARKET, quantity=20 * LOT)
            trader.live(Mark.of(mark.event(trader.now(), [BTCUSDT]), [BTCUSDT]))
            await trader.is_heard(lambda: trader.life.feed.is_ready)
            asked = trader.life.mortal.asked
            assert asked["/api/v3/myTrades"] <= 2 * asked["/api/v3/openOrders"], "one page, and one to see it is quiet"
            assert asked["/api/v3/allOrders"] == 0
            mark = trader.life.reconciler.mark()
            assert mark is not None
        assert len({int(one.trade_id) for one in externals(trader)} - {NO_TRADE}) >= 1_053

    at_home(visit)


@pytest.mark.requirement("I-4", "I-13", "P-26")
def test_money_that_came_while_no_process_listened_is_told_and_new_risk_goes_on() -> None:
    """No trade explains it, every trade is accounted for: it is named once with both figures, and then counted in."""

    async def visit(trader: Trader, server: VenueServer) -> None:
        mark = trader.life.reconciler.mark()
        assert mark is not None
        before = mark.balances["USDT"]
        await trader.life.kill()
        await deposit(server)
        trader.live(mark)
        await trader.is_heard(lambda: trader.life.feed.is_ready)
        told = f"moved while nobody listened: balance of USDT: ours {before}, theirs {before + GIFT}"
        assert trader.life.states[-1] == (True, told)
        await compared(trader)
        assert trader.life.holdings.expected()["USDT"] == before + GIFT

    at_home(visit)


@pytest.mark.requirement("I-4", "P-26")
def test_a_deposit_that_is_heard_changes_what_must_be_there() -> None:
    """It is entered once, and the books stay equal without a pause."""

    async def visit(trader: Trader, server: VenueServer) -> None:
        await deposit(server)
        await trader.is_heard(lambda: trader.life.holdings.moves == 1)
        await compared(trader)
        assert trader.life.states == [(False, "the account has not been heard of yet"), (True, "")]

    at_home(visit)


@pytest.mark.requirement("I-4", "I-13", "P-26")
def test_a_balance_that_nothing_explains_stops_new_risk_and_says_both_figures() -> None:
    """A deposit whose news was lost is a difference, told to the last unit; the feed is not ready any more."""

    async def visit(trader: Trader, server: VenueServer) -> None:
        before = trader.life.holdings.expected()["USDT"]
        await deposit(server)
        trader.life.hearing.is_check_due = True
        await trader.is_heard(lambda: not trader.life.feed.is_ready)
        assert trader.life.feed.why == f"balance of USDT: ours {before}, theirs {before + GIFT}"
        assert trader.life.states[-1] == (False, trader.life.feed.why)

    at_home(visit, faults="W16:1")


@pytest.mark.requirement("WS_001", "P-08", "I-13")
def test_a_stream_that_is_acknowledged_and_dead_is_found_by_what_it_owes() -> None:
    """Pings are answered, the subscription was granted, no report comes: it is replaced, and the fill is known."""

    async def visit(trader: Trader, server: VenueServer) -> None:
        trader.wish_for(lots=500, is_market=False)
        await trader.is_heard(lambda: count(trader, SUBMIT) > 0)
        await trader.is_heard(lambda: trader.life.feed.sessions > 1)
        assert any("owes a report" in why for _, why in trader.life.states)
        server.schedule.cease()
        await trader.is_heard(lambda: trader.life.feed.is_ready)
        await compared(trader)

    at_home(visit, faults="W16:1")


@pytest.mark.requirement("WS_001", "I-13")
def test_a_connection_is_replaced_before_the_venue_ends_it_and_nothing_pauses() -> None:
    """The new one is subscribed before the old one goes: never a moment without a stream."""

    async def visit(trader: Trader, _server: VenueServer) -> None:
        await trader.is_heard(lambda: trader.life.feed.sessions >= 4)
        trader.wish_for(lots=500)
        await trader.is_heard(lambda: trader.trading.position(0) == HELD)
        await compared(trader)
        assert [is_ready for is_ready, _ in trader.life.states] == [False, True]

    at_home(visit, pace=replace(PACE, life_s=0.1))


@pytest.mark.slow
@pytest.mark.requirement("WS_001", "I-9")
def test_a_thousand_subscriptions_leave_no_more_objects_than_two_hundred() -> None:
    """The account's stream is replaced again and again, as by each day's end: what is kept does not grow."""

    async def visit(trader: Trader, _server: VenueServer) -> None:
        async def kept_after(sessions: int) -> tuple[int, int]:
            wanted = trader.life.feed.sessions + sessions
            while trader.life.feed.sessions < wanted:
                await asyncio.sleep(0.02)
            await asyncio.sleep(2 * PARTING_S)
            gc.collect()
            return len(gc.get_objects()), len(list(Path("/proc/self/fd").iterdir()))

        objects, files = await kept_after(200)
        more_objects, more_files = await kept_after(1_000)
        assert more_objects - objects < 10_000, "those that part just now differ; one that is kept has forty objects"
        assert more_files - files < 20
        assert trader.life.states == [(False, "the account has not been heard of yet"), (True, "")]

    many = replace(Figures().connections, limit=10_000)  # a real venue lets 300 in each five minutes
    at_home(visit, pace=replace(PACE, life_s=0.004, tick_s=0.002), figures=replace(Figures(), connections=many))


@pytest.mark.requirement("WS_001", "I-13")
@pytest.mark.parametrize(
    ("faults", "pace"),
    [("W17:0.3", Pace()), ("W11:1", Pace()), ("", Pace(life_ms=300))],
    ids=["the subscription ended", "the server went", "the connection grew old"],
)
def test_after_a_cut_nothing_is_ready_before_the_books_are_equal(faults: str, pace: Pace) -> None:
    """It is said at the cut, and taken back only after a comparison of its own."""

    async def visit(trader: Trader, server: VenueServer) -> None:
        trader.wish_for(lots=500)
        await trader.is_heard(lambda: any(not is_ready for is_ready, _ in trader.life.states[2:]))
        server.schedule.cease()
        await trader.is_heard(lambda: trader.life.feed.is_ready)
        ready = [is_ready for is_ready, _ in trader.life.states]
        assert ready[1] and ready[-1] and False in ready[2:]
        assert trader.life.reconciler.equal >= ready.count(True)
        await compared(trader)

    at_home(visit, faults=faults, venue=pace)


@pytest.mark.requirement("I-1", "ORDER_001")
def test_an_order_that_lives_there_and_has_ended_here_is_named() -> None:
    """A word that was wrong is found out by the venue's own list, and new risk waits."""

    async def visit(trader: Trader, server: VenueServer) -> None:
        trader.wish_for(lots=500, is_market=False)
        await trader.is_heard(lambda: count(trader, ACCEPTED) > 0)
        now = trader.now()
        trader.hear(expired(now, now, 1, 0, "a word that is wrong"))
        found = await trader.life.reconciler.reconcile()
        assert [(one.what, one.ours, one.theirs) for one in found.differences] == [("order 1 open", 0, 1)]
        number = server.exchange.queries.open_orders(MEMBER)[0].order_id
        server.exchange.cancel(MEMBER, Cancel("BTCUSDT", order_id=number), server.clock.now_ms())
        await compared_but_for_the_end(trader)

    at_home(visit)


@pytest.mark.requirement("I-13", "P2-4")
def test_a_key_that_the_venue_does_not_take_is_said_in_words() -> None:
    """Not ready, and why, for a person."""

    async def visit() -> None:
        server = VenueServer(replace(asked("BTCUSDT"), api_key="another-key-of-a-test"))
        ready = await server.open()
        trader = Trader(server, ready, 1, late_s=0.0, compares=True)
        await trader.is_heard(lambda: "key" in trader.life.feed.why)
        assert "Check the API key" in trader.life.feed.why
        assert not trader.life.feed.is_ready
        await trader.life.end()
        await server.close()

    asyncio.run(visit())


async def deposit(server: VenueServer) -> None:
    """Let money come that nobody asked for."""
    terms = server.exchange.queries.account(MEMBER).terms
    await asyncio.sleep(0.01)  # a later millisecond than that of the balances begun with
    server.exchange.open_account(MEMBER, terms, {"USDT": GIFT}, server.clock.now_ms())


async def compared_but_for_the_end(trader: Trader) -> None:
    """Compare: an order that was wrongly ended here has no end of its own to be compared."""
    found = await trader.life.reconciler.reconcile()
    assert found.is_equal, found.why
    assert count(trader, FILL) == 0
