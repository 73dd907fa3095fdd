# SPDX-License-Identifier: Apache-2.0
"""Order lists: pairs, guarded entries and brackets; which leg lives, which waits, and which ends with the other."""

import pytest

from bot4.adapters.venues.kit.answers import Outcome
from bot4.adapters.venues.kit.order_entry import Capability, OrderSeen
from bot4.domain.order import (
    LIMIT,
    ORDER_CANCELED,
    ORDER_EXPIRED,
    PROTECT_STOP,
    PROTECT_TARGET,
    STOP,
    STOP_LIMIT,
    SUBMITTED,
    WORKING,
    Submit,
)
from bot4.domain.values import BUY, SELL
from tests.contract.venues.under_test import VenueUnderTest, at, btcusdt, every_adapter, order, ticks

pytestmark = [pytest.mark.requirement("ORDER_001"), every_adapter]


def target(order_id: int, price: int = 60_000, side: int = SELL) -> Submit:
    """Return a target."""
    return order(order_id, purpose=PROTECT_TARGET, order_type=LIMIT, side=side, limit=ticks(price))


def stop(order_id: int, price: int = 40_000, side: int = SELL, kind: int = STOP) -> Submit:
    """Return a stop, with its limit at the trigger where it has one."""
    limit = ticks(price) if kind == STOP_LIMIT else 0
    return order(order_id, purpose=PROTECT_STOP, order_type=kind, side=side, trigger=ticks(price), limit=limit)


@pytest.mark.parametrize("kind", [STOP, STOP_LIMIT])
@pytest.mark.parametrize("side", [SELL, BUY])
def test_a_pair_stands_as_one_list(adapter: str, side: int, kind: int) -> None:
    """Both legs live in one list, and what is locked is locked once."""

    async def case(venue: VenueUnderTest) -> None:
        venue.need(Capability.PAIRS)
        prices = (60_000, 40_000) if side == SELL else (40_000, 60_000)
        pair = target(1, prices[0], side), stop(2, prices[1], side, kind)
        assert (await venue.entry.place_pair(*pair)).outcome is Outcome.ACCEPTED
        held = venue.orders()
        assert venue.states() == {1: "NEW", 2: "NEW"}
        assert held[1].order_list_id == held[2].order_list_id >= 0
        assert {one.order_id for one in await open_orders(venue)} == {1, 2}
        if side == SELL:
            assert venue.held("BTC").locked == 10**6

    at(adapter, case)


def test_the_target_fills_and_the_stop_ends(adapter: str) -> None:
    """One cancels the other: the stop has not traded."""

    async def case(venue: VenueUnderTest) -> None:
        venue.need(Capability.PAIRS)
        await venue.entry.place_pair(target(1, 51_000), stop(2))
        venue.other("BUY", 51_000, "0.01")
        assert venue.states() == {1: "FILLED", 2: "EXPIRED"}
        assert (await venue.seen(2)).state == ORDER_EXPIRED
        assert venue.held("BTC").locked == 0

    at(adapter, case)


def test_the_stop_triggers_and_the_target_ends(adapter: str) -> None:
    """The other way round: sold once, never twice."""

    async def case(venue: VenueUnderTest) -> None:
        venue.need(Capability.PAIRS)
        await venue.entry.place_pair(target(1), stop(2, 49_000))
        venue.other("BUY", 49_000, "0.02")
        venue.other("SELL", 49_000, "0.01")
        assert venue.states() == {1: "EXPIRED", 2: "FILLED"}
        assert sum(fill.quantity for fill in venue.fills()) == 10**6

    at(adapter, case)


@pytest.mark.parametrize("leg", [1, 2])
def test_canceling_one_leg_ends_both(adapter: str, leg: int) -> None:
    """A list has one life."""

    async def case(venue: VenueUnderTest) -> None:
        venue.need(Capability.PAIRS)
        await venue.entry.place_pair(target(1), stop(2))
        assert (await venue.entry.cancel(leg, 0)).outcome is Outcome.ACCEPTED
        assert venue.states() == {1: "CANCELED", 2: "CANCELED"}
        assert [(await venue.seen(one)).state for one in (1, 2)] == [ORDER_CANCELED] * 2

    at(adapter, case)


def test_a_list_is_canceled_by_its_own_name(adapter: str) -> None:
    """Both legs end with one request."""

    async def case(venue: VenueUnderTest) -> None:
        venue.need(Capability.PAIRS)
        await venue.entry.place_pair(target(1), stop(2))
        assert (await venue.entry.cancel_list(1, 0)).outcome is Outcome.ACCEPTED
        assert venue.states() == {1: "CANCELED", 2: "CANCELED"} and venue.held("BTC").locked == 0

    at(adapter, case)


@pytest.mark.parametrize(("high", "low"), [(49_000, 40_000), (60_000, 51_000), (40_000, 60_000)])
def test_a_pair_on_the_wrong_side_of_the_market_is_refused_whole(adapter: str, high: int, low: int) -> None:
    """No leg of it lives."""

    async def case(venue: VenueUnderTest) -> None:
        venue.need(Capability.PAIRS)
        answer = await venue.entry.place_pair(target(1, high), stop(2, low))
        assert answer.outcome is Outcome.REJECTED and answer.rule
        assert venue.count() == 0 and venue.held("BTC").locked == 0

    at(adapter, case)


def test_a_pair_is_refused_where_the_symbol_has_none(adapter: str) -> None:
    """The symbol does not allow lists of this kind."""

    async def case(venue: VenueUnderTest) -> None:
        venue.need(Capability.PAIRS)
        assert (await venue.entry.place_pair(target(1), stop(2))).outcome is Outcome.REJECTED
        assert venue.count() == 0

    at(adapter, case, symbols=btcusdt(allows_oco=False))


def test_a_guarded_entry_waits_with_its_stop(adapter: str) -> None:
    """The stop does not work, and locks nothing, before the entry is filled."""

    async def case(venue: VenueUnderTest) -> None:
        venue.need(Capability.BRACKETS)
        entry = order(1, limit=ticks(49_500))
        assert (await venue.entry.place_guarded(entry, stop(2))).outcome is Outcome.ACCEPTED
        assert venue.states() == {1: "NEW", 2: "PENDING_NEW"}
        assert ((await venue.seen(1)).state, (await venue.seen(2)).state) == (WORKING, SUBMITTED)
        assert venue.held("BTC").locked == 0

    at(adapter, case)


@pytest.mark.parametrize(("sold", "stop_state"), [("0.004", "PENDING_NEW"), ("0.01", "NEW")])
def test_the_stop_begins_with_the_last_lot_of_the_entry(adapter: str, sold: str, stop_state: str) -> None:
    """A partial fill does not begin it."""

    async def case(venue: VenueUnderTest) -> None:
        venue.need(Capability.BRACKETS)
        await venue.entry.place_guarded(order(1, limit=ticks(49_500)), stop(2))
        venue.other("SELL", 49_500, sold)
        assert venue.states()[2] == stop_state

    at(adapter, case)


def test_a_bracket_begins_its_pair_when_its_entry_is_filled(adapter: str) -> None:
    """Then one of the pair cancels the other."""

    async def case(venue: VenueUnderTest) -> None:
        venue.need(Capability.BRACKETS)
        bracket = order(1, limit=ticks(49_500)), target(2, 51_000), stop(3)
        assert (await venue.entry.place_bracket(*bracket)).outcome is Outcome.ACCEPTED
        assert venue.states() == {1: "NEW", 2: "PENDING_NEW", 3: "PENDING_NEW"}
        venue.other("SELL", 49_500, "0.01")
        assert venue.states() == {1: "FILLED", 2: "NEW", 3: "NEW"}
        venue.other("BUY", 51_000, "0.01")
        assert venue.states() == {1: "FILLED", 2: "FILLED", 3: "EXPIRED"}

    at(adapter, case)


def test_a_canceled_entry_takes_its_waiting_pair_with_it(adapter: str) -> None:
    """Nothing of a bracket stays behind."""

    async def case(venue: VenueUnderTest) -> None:
        venue.need(Capability.BRACKETS)
        await venue.entry.place_bracket(order(1), target(2), stop(3, 30_000))
        assert (await venue.entry.cancel(1, 0)).outcome is Outcome.ACCEPTED
        assert await open_orders(venue) == () and venue.held("USDT").locked == 0
        assert not set(venue.states().values()) & {"NEW", "PENDING_NEW"}

    at(adapter, case)


async def open_orders(venue: VenueUnderTest) -> tuple[OrderSeen, ...]:
    """Return the open orders, which must be told."""
    found = await venue.entry.open_orders(0)
    assert isinstance(found, tuple), found
    return found
