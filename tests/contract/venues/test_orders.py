# SPDX-License-Identifier: Apache-2.0
"""Order types and times in force: what the adapter asks for is what stands in the venue's ledger."""

from typing import Any

import pytest

from bot4.adapters.venues.kit.answers import Answer, Outcome
from bot4.adapters.venues.kit.order_entry import Capability
from bot4.domain.order import (
    FILL_OR_KILL,
    FILLED,
    IMMEDIATE_OR_CANCEL,
    LIMIT,
    MARKET,
    ORDER_EXPIRED,
    PART_FILLED,
    POST_ONLY,
    PROTECT_STOP,
    STOP,
    STOP_LIMIT,
    WORKING,
)
from bot4.domain.values import BUY, SELL, Lots
from tests.contract.venues.under_test import LOT, VenueUnderTest, at, btcusdt, every_adapter, order, ticks

pytestmark = [pytest.mark.requirement("ORDER_001"), every_adapter]
NEEDS = {
    POST_ONLY: Capability.POST_ONLY,
    STOP: Capability.STOPS,
    STOP_LIMIT: Capability.STOPS,
    IMMEDIATE_OR_CANCEL: Capability.IMMEDIATE_OR_CANCEL,
    FILL_OR_KILL: Capability.FILL_OR_KILL,
}
FAR = {BUY: ticks(40_000), SELL: ticks(60_000)}
BEHIND = {BUY: ticks(60_000), SELL: ticks(40_000)}


@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (LIMIT, ("LIMIT", "GTC")),
        (POST_ONLY, ("LIMIT_MAKER", "")),
        (STOP, ("STOP_LOSS", "")),
        (STOP_LIMIT, ("STOP_LOSS_LIMIT", "GTC")),
    ],
)
def test_an_order_rests_with_its_type_price_and_quantity(
    adapter: str, kind: int, words: tuple[str, str], side: int
) -> None:
    """Ledger and adapter agree on every field of an order that waits."""

    async def case(venue: VenueUnderTest) -> None:
        if kind in NEEDS:
            venue.need(NEEDS[kind])
        waiting: dict[int, dict[str, Any]] = {
            STOP: {"trigger": BEHIND[side], "limit": 0},
            STOP_LIMIT: {"trigger": BEHIND[side], "limit": BEHIND[side]},
        }
        prices = waiting.get(kind, {"limit": FAR[side]})
        answer = await venue.entry.place(order(1, order_type=kind, side=side, purpose=PROTECT_STOP, **prices))
        assert answer == Answer(Outcome.ACCEPTED)
        held = venue.orders()[1]
        assert held.type == words[0] and (not words[1] or held.time_in_force == words[1])
        assert held.status == "NEW" and held.quantity == 1_000 * LOT and held.executed_quantity == 0
        seen = await venue.seen(1)
        assert (seen.order_id, seen.side, seen.lots, seen.filled, seen.state) == (1, side, 1_000, 0, WORKING)
        assert seen.limit * 1_000_000 == held.price == int(prices.get("limit", 0)) * 1_000_000
        assert seen.trigger * 1_000_000 == held.stop_price
        assert venue.count() == 1

    at(adapter, case)


@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_market_order_takes_what_stands_in_the_book(adapter: str, side: int) -> None:
    """Filled whole at the other's price, and what was paid is the ledger's."""

    async def case(venue: VenueUnderTest) -> None:
        venue.other("SELL" if side == BUY else "BUY", 50_000, "1")
        assert (await venue.entry.place(order(1, order_type=MARKET, side=side, limit=0))).outcome is Outcome.ACCEPTED
        (fill,) = venue.fills()
        assert (fill.price, fill.quantity, fill.is_maker) == (50_000 * 10**8, 10**6, False)
        seen = await venue.seen(1)
        assert (seen.state, seen.filled, seen.spent) == (FILLED, 1_000, fill.quote)

    at(adapter, case)


def test_a_market_order_walks_the_book(adapter: str) -> None:
    """Two prices, two fills, best first; what was spent is their exact sum."""

    async def case(venue: VenueUnderTest) -> None:
        venue.other("SELL", 50_100, "0.004")
        venue.other("SELL", 50_200, "0.01")
        await venue.entry.place(order(1, order_type=MARKET, limit=0))
        assert [(fill.price // 10**8, fill.quantity // LOT) for fill in venue.fills()] == [(50_100, 400), (50_200, 600)]
        assert (await venue.seen(1)).spent == sum(fill.quote for fill in venue.fills())

    at(adapter, case)


def test_a_market_order_into_a_thin_book_ends_part_filled(adapter: str) -> None:
    """What nobody offers expires; it never rests."""

    async def case(venue: VenueUnderTest) -> None:
        venue.other("SELL", 50_100, "0.004")
        await venue.entry.place(order(1, order_type=MARKET, limit=0))
        seen = await venue.seen(1)
        assert (seen.state, seen.filled) == (ORDER_EXPIRED, 400)
        assert venue.states() == {1: "EXPIRED"} and await venue.entry.open_orders(0) == ()

    at(adapter, case)


@pytest.mark.parametrize("offered", ["0.004", "0.01", "0.02"])
def test_a_limit_order_takes_what_crosses_and_rests_with_what_is_left(adapter: str, offered: str) -> None:
    """Good till canceled: part, whole, and no more than asked for."""

    async def case(venue: VenueUnderTest) -> None:
        venue.other("SELL", 50_100, offered)
        await venue.entry.place(order(1, limit=ticks(50_100)))
        seen = await venue.seen(1)
        filled = min(1_000, round(float(offered) * 100_000))
        assert (seen.filled, seen.state) == (filled, FILLED if filled == 1_000 else PART_FILLED)
        assert venue.orders()[1].executed_quantity == filled * LOT

    at(adapter, case)


@pytest.mark.parametrize("offered", ["0.004", "0.01", ""])
def test_immediate_or_cancel_takes_what_is_there_and_never_rests(adapter: str, offered: str) -> None:
    """The rest expires, with nothing there all of it."""

    async def case(venue: VenueUnderTest) -> None:
        venue.need(Capability.IMMEDIATE_OR_CANCEL)
        if offered:
            venue.other("SELL", 50_100, offered)
        await venue.entry.place(order(1, order_type=IMMEDIATE_OR_CANCEL, limit=ticks(50_100)))
        filled = round(float(offered or 0) * 100_000)
        assert venue.orders()[1].executed_quantity == filled * LOT
        assert (await venue.seen(1)).state == (FILLED if filled == 1_000 else ORDER_EXPIRED)
        assert await venue.entry.open_orders(0) == ()

    at(adapter, case)


@pytest.mark.parametrize("offered", ["0.00999", "0.01", ""])
def test_fill_or_kill_takes_all_or_nothing(adapter: str, offered: str) -> None:
    """A lot too few in the book, and nothing trades."""

    async def case(venue: VenueUnderTest) -> None:
        venue.need(Capability.FILL_OR_KILL)
        if offered:
            venue.other("SELL", 50_100, offered)
        await venue.entry.place(order(1, order_type=FILL_OR_KILL, limit=ticks(50_100)))
        is_filled = offered == "0.01"
        assert len(venue.fills()) == is_filled
        assert venue.states() == {1: "FILLED" if is_filled else "EXPIRED"}

    at(adapter, case)


def test_post_only_that_would_take_is_refused_with_proof(adapter: str) -> None:
    """Nothing is placed and nothing trades."""

    async def case(venue: VenueUnderTest) -> None:
        venue.need(Capability.POST_ONLY)
        venue.other("SELL", 50_100)
        answer = await venue.entry.place(order(1, order_type=POST_ONLY, limit=ticks(50_100)))
        assert (answer.outcome, answer.rule) == (Outcome.REJECTED, "would_take")
        assert venue.states() == {} and venue.fills() == []

    at(adapter, case)


def test_a_post_only_order_is_the_maker_when_it_trades(adapter: str) -> None:
    """Somebody else comes to it."""

    async def case(venue: VenueUnderTest) -> None:
        venue.need(Capability.POST_ONLY)
        await venue.entry.place(order(1, order_type=POST_ONLY, limit=ticks(49_900)))
        venue.other("SELL", 49_900, "0.01")
        (fill,) = venue.fills()
        assert fill.is_maker and venue.states() == {1: "FILLED"}

    at(adapter, case)


@pytest.mark.parametrize("kind", [STOP, STOP_LIMIT])
def test_a_stop_begins_when_the_price_is_there_and_not_before(adapter: str, kind: int) -> None:
    """A trade above the trigger leaves it alone, one at the trigger lets it sell."""

    async def case(venue: VenueUnderTest) -> None:
        venue.need(Capability.STOPS)
        limit = ticks(48_000) if kind == STOP_LIMIT else 0
        stop = order(1, order_type=kind, side=SELL, purpose=PROTECT_STOP, trigger=ticks(49_000), limit=limit)
        await venue.entry.place(stop)
        venue.other("BUY", 49_500, "0.01")
        venue.other("SELL", 49_500, "0.01")
        assert venue.states() == {1: "NEW"} and venue.fills() == []
        venue.other("BUY", 49_000, "0.03")
        venue.other("SELL", 49_000, "0.01")
        assert venue.states() == {1: "FILLED"}
        assert (await venue.seen(1)).filled == 1_000

    at(adapter, case)


def test_a_stop_that_would_trigger_at_once_is_refused(adapter: str) -> None:
    """Its trigger lies behind the last price."""

    async def case(venue: VenueUnderTest) -> None:
        venue.need(Capability.STOPS)
        stop = order(1, order_type=STOP, side=SELL, purpose=PROTECT_STOP, trigger=ticks(50_500), limit=0)
        answer = await venue.entry.place(stop)
        assert (answer.outcome, answer.rule) == (Outcome.REJECTED, "would_trigger")
        assert venue.count() == 0

    at(adapter, case)


@pytest.mark.parametrize(
    ("lots", "price"), [(1_000, 40_000), (1, 600_000), (123_457, 40_000.01), (13, 39_999.99), (1_000_003, 10.37)]
)
def test_prices_and_quantities_arrive_to_the_last_digit(adapter: str, lots: int, price: float) -> None:
    """Ticks and lots of the order are those of the ledger, and come back the same."""

    async def case(venue: VenueUnderTest) -> None:
        side = SELL if price > 50_000 else BUY
        wide = order(1, lots=Lots(lots), limit=ticks(price), side=side)
        assert (await venue.entry.place(wide)).outcome is Outcome.ACCEPTED
        held = venue.orders()[1]
        assert (held.quantity, held.price) == (lots * LOT, int(wide.limit) * 1_000_000)
        seen = await venue.seen(1)
        assert (seen.lots, seen.limit) == (lots, int(wide.limit))

    at(adapter, case, symbols=btcusdt(percent_price=None))
