# SPDX-License-Identifier: Apache-2.0
"""Cancels and their races: a fill that was first, a cancel that came twice, a replacement that went half way."""

import asyncio

import pytest

from bot4.adapters.venues.kit.answers import Outcome, Remedy
from bot4.adapters.venues.kit.order_entry import Capability
from bot4.domain.order import FILLED, ORDER_CANCELED
from bot4.domain.values import Lots
from tests.contract.venues.under_test import NEVER_PLACED, VenueUnderTest, at, every_adapter, order, ticks

pytestmark = [pytest.mark.requirement("ORDER_001"), every_adapter]


@pytest.mark.parametrize("sold", ["", "0.004"])
def test_a_cancel_ends_what_is_open_and_keeps_what_traded(adapter: str, sold: str) -> None:
    """The fill stands, the lock is gone."""

    async def case(venue: VenueUnderTest) -> None:
        await venue.entry.place(order(1, limit=ticks(49_500)))
        if sold:
            venue.other("SELL", 49_500, sold)
        assert (await venue.entry.cancel(1, 0)).outcome is Outcome.ACCEPTED
        seen = await venue.seen(1)
        assert (seen.state, seen.filled) == (ORDER_CANCELED, 400 if sold else 0)
        assert venue.states() == {1: "CANCELED"} and venue.held("USDT").locked == 0

    at(adapter, case)


@pytest.mark.parametrize("before", ["nothing", "filled", "canceled"])
def test_a_cancel_that_finds_no_open_order_proves_nothing_and_asks_for_a_look(adapter: str, before: str) -> None:
    """Unknown, filled before, canceled before: one answer, and the ledger is as it was."""

    async def case(venue: VenueUnderTest) -> None:
        number = NEVER_PLACED if before == "nothing" else 1
        if before != "nothing":
            await venue.entry.place(order(1, limit=ticks(49_500)))
        if before == "filled":
            venue.other("SELL", 49_500, "0.01")
        if before == "canceled":
            await venue.entry.cancel(1, 0)
        was = venue.states()
        answer = await venue.entry.cancel(number, 0)
        assert (answer.outcome, answer.rule, answer.remedy) == (Outcome.REJECTED, "unknown_order", Remedy.LOOK_UP)
        assert venue.states() == was

    at(adapter, case)


@pytest.mark.parametrize(("fault", "filled", "outcome"), [("V01@1", 500, "CANCELED"), ("V02@1", 1_000, "FILLED")])
def test_a_fill_that_beats_the_cancel_is_seen(adapter: str, fault: str, filled: int, outcome: str) -> None:
    """Half or whole of it trades on the way: the look afterwards agrees with the ledger."""

    async def case(venue: VenueUnderTest) -> None:
        await venue.entry.place(order(1))
        answer = await venue.entry.cancel(1, 0)
        assert venue.states() == {1: outcome}
        assert answer.outcome is (Outcome.ACCEPTED if outcome == "CANCELED" else Outcome.REJECTED)
        seen = await venue.seen(1)
        assert seen.filled == filled and venue.orders()[1].executed_quantity == filled * 1_000
        assert seen.state == (FILLED if outcome == "FILLED" else ORDER_CANCELED)

    at(adapter, case, fault)


def test_two_cancels_at_once_end_an_order_once(adapter: str) -> None:
    """One succeeds, the other finds nothing."""

    async def case(venue: VenueUnderTest) -> None:
        await venue.entry.place(order(1))
        answers = await asyncio.gather(venue.entry.cancel(1, 0), venue.entry.cancel(1, 0))
        assert sorted(one.outcome for one in answers) == [Outcome.ACCEPTED, Outcome.REJECTED]
        assert venue.states() == {1: "CANCELED"}

    at(adapter, case)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_cancel_all_ends_every_open_order(adapter: str, count: int) -> None:
    """With none open the venue refuses, and nothing is changed."""

    async def case(venue: VenueUnderTest) -> None:
        venue.need(Capability.CANCEL_ALL)
        for number in range(1, count + 1):
            await venue.entry.place(order(number))
        answer = await venue.entry.cancel_all(0)
        assert answer.outcome is (Outcome.ACCEPTED if count else Outcome.REJECTED)
        assert set(venue.states().values()) <= {"CANCELED"} and venue.count() == count
        assert venue.held("USDT").locked == 0

    at(adapter, case)


def test_a_replacement_ends_one_order_and_begins_another(adapter: str) -> None:
    """Both halves are told."""

    async def case(venue: VenueUnderTest) -> None:
        venue.need(Capability.REPLACE)
        await venue.entry.place(order(1))
        told = await venue.entry.replace(1, order(2, limit=ticks(41_000)))
        assert told.canceled is not None and told.placed is not None
        assert {told.whole.outcome, told.canceled.outcome, told.placed.outcome} == {Outcome.ACCEPTED}
        assert venue.states() == {1: "CANCELED", 2: "NEW"}

    at(adapter, case)


@pytest.mark.parametrize("fault", ["", "V03@1"])
def test_nothing_is_placed_where_the_cancel_fails(adapter: str, fault: str) -> None:
    """The old order had filled, before or on the way: a second one would double the position."""

    async def case(venue: VenueUnderTest) -> None:
        venue.need(Capability.REPLACE)
        await venue.entry.place(order(1, limit=ticks(49_500)))
        if not fault:
            venue.other("SELL", 49_500, "0.01")
        told = await venue.entry.replace(1, order(2))
        assert told.whole.outcome is Outcome.REJECTED and told.placed is None
        assert told.canceled is not None and told.canceled.rule == "unknown_order"
        assert venue.states() == {1: "FILLED"}

    at(adapter, case, fault)


def test_a_replacement_that_went_half_way_says_which_half(adapter: str) -> None:
    """Canceled, and the new order refused: the position is bare, and it is known."""

    async def case(venue: VenueUnderTest) -> None:
        venue.need(Capability.REPLACE)
        await venue.entry.place(order(1))
        told = await venue.entry.replace(1, order(2))
        assert told.whole.outcome is Outcome.UNKNOWN and told.whole.remedy is Remedy.LOOK_UP
        assert told.canceled is not None and told.canceled.outcome is Outcome.ACCEPTED
        assert told.placed is not None and told.placed.outcome is Outcome.REJECTED
        assert venue.states()[1] == "CANCELED" and venue.states().get(2, "REJECTED") == "REJECTED"

    at(adapter, case, "R03@1")


def test_an_order_that_the_venue_ends_by_itself_is_seen_as_ended(adapter: str) -> None:
    """Accepted in the reply, canceled in the ledger: the look tells the truth."""

    async def case(venue: VenueUnderTest) -> None:
        assert (await venue.entry.place(order(1))).outcome is Outcome.ACCEPTED
        assert (await venue.seen(1)).state == ORDER_CANCELED and venue.states() == {1: "CANCELED"}

    at(adapter, case, "R13@1")


def test_a_name_in_use_is_not_given_twice(adapter: str) -> None:
    """The same order again is no second order, and no proof that the first failed."""

    async def case(venue: VenueUnderTest) -> None:
        await venue.entry.place(order(1))
        answer = await venue.entry.place(order(1, lots=Lots(2_000)))
        assert (answer.outcome, answer.rule, answer.remedy) == (Outcome.UNKNOWN, "duplicate", Remedy.LOOK_UP)
        assert venue.count() == 1 and (await venue.seen(1)).lots == 1_000

    at(adapter, case)
