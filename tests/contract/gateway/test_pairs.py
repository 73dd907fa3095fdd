# SPDX-License-Identifier: Apache-2.0
"""A stop and its target over real sockets: one list at the venue, and reports for both legs whatever happens."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot4.apps.venue_server.faults.schedule import parse_rules
from tests.contract.gateway.bench import DOORS, LOTS, Bench, at_a_bench

pytestmark = [pytest.mark.requirement("ORDER_001", "P2-2"), pytest.mark.parametrize("door", DOORS)]

Visit = Callable[[Bench], Awaitable[None]]


def visit(door: str, what: Visit, faults: str = "") -> None:
    """Do something at a bench; nothing may break on the way."""

    async def go() -> None:
        async with at_a_bench(door, faults) as bench:
            await what(bench)
            assert bench.gateway.faults == []

    asyncio.run(go())


async def with_pair(bench: Bench) -> None:
    """Place a pair."""
    bench.stop()
    bench.target()
    assert await bench.told() == [(1, "accepted"), (2, "accepted")]


def test_a_pair_leaves_as_one_list_that_locks_once(door: str) -> None:
    """Both legs stand in one list; what they may sell is locked for one of them."""

    async def what(bench: Bench) -> None:
        await with_pair(bench)
        orders = bench.orders()
        assert (orders[1][0], orders[2][0]) == ("NEW", "NEW")
        assert orders[1][1] == orders[2][1] > 0
        assert bench.locked() == LOTS

    visit(door, what)


@pytest.mark.parametrize("asked", [(1, 2), (1,), (2,)])
def test_a_cancel_ends_both_legs_and_both_are_told(door: str, asked: tuple[int, ...]) -> None:
    """Of both in one release, or of one of them: the venue ends the list, and each leg is told once as canceled."""

    async def what(bench: Bench) -> None:
        await with_pair(bench)
        bench.cancel(*asked)
        assert sorted(await bench.told()) == [(1, "canceled"), (2, "canceled")]
        assert {state for state, _ in bench.orders().values()} == {"CANCELED"}
        assert bench.locked() == 0

    visit(door, what)


def test_a_target_that_would_be_taken_at_once_does_not_keep_the_stop_away(door: str) -> None:
    """The pair is refused for the target's sake; the stop is placed alone."""

    async def what(bench: Bench) -> None:
        bench.trade("BUY", 49_000)
        bench.stop()
        bench.target(price=48_000)
        await bench.gateway.drained()
        assert "no pair: pair_prices" in bench.reasons()[2]
        assert await bench.told() == [(2, "rejected"), (1, "accepted")]
        assert bench.orders() == {1: ("NEW", -1)}
        bench.cancel(1, 2)
        assert (1, "canceled") in await bench.told()

    visit(door, what)


def test_a_stop_that_is_refused_too_is_told_with_its_own_reason(door: str) -> None:
    """A stop above the market triggers at once: neither leg can be had, and each is told why."""

    async def what(bench: Bench) -> None:
        bench.stop(price=55_000)
        bench.target()
        await bench.gateway.drained()
        assert "would_trigger" in bench.reasons()[1]
        assert await bench.told() == [(2, "rejected"), (1, "rejected")]

    visit(door, what)


def test_whoever_finds_no_sibling_in_the_release_leaves_alone(door: str) -> None:
    """A stop whose target comes in a later release does not wait for it."""

    async def what(bench: Bench) -> None:
        bench.stop()
        await asyncio.sleep(0.05)
        bench.target()
        assert sorted(await bench.told()) == [(1, "accepted"), (2, "accepted")]
        assert {order_list for _, order_list in bench.orders().values()} == {-1}

    visit(door, what)


@pytest.mark.requirement("P-03", "P-04", "P2-1")
@pytest.mark.parametrize("fault", ["N06", "N07", "R06", "R08", "R09"])
def test_a_lost_reply_leaves_both_legs_to_be_asked_about(door: str, fault: str) -> None:
    """Neither is sent again; each is found by its own name."""

    async def what(bench: Bench) -> None:
        bench.stop()
        bench.target()
        told = await bench.told()
        bench.server.schedule.cease()
        if fault != "R09":  # a field that nobody needs may be the one that is missing
            assert told == [(1, "submit_lost"), (2, "submit_lost")]
        await asyncio.sleep(0.2)
        bench.inquire(1)
        bench.inquire(2)
        assert sorted(await bench.told()) == [(1, "found"), (2, "found")]
        assert len(bench.server.exchange.ledger("member").orders) == 2

    visit(door, what, f"{fault}:1")


@pytest.mark.requirement("P-03", "P-04")
@pytest.mark.parametrize("asked", [(1, 2), (2,)])
def test_a_lost_cancel_of_a_pair_is_asked_about(door: str, asked: tuple[int, ...]) -> None:
    """No answer is no end; the inquiry tells that each leg is canceled."""

    async def what(bench: Bench) -> None:
        await with_pair(bench)
        bench.server.schedule.begin(parse_rules("N07:1"))
        bench.cancel(*asked)
        assert await bench.told() == [(one, "cancel_lost") for one in asked]
        bench.server.schedule.cease()
        bench.inquire(1)
        bench.inquire(2)
        assert sorted(await bench.told()) == [(1, "canceled"), (2, "canceled")]

    visit(door, what)


@pytest.mark.requirement("EXEC_001")
def test_the_fill_of_one_leg_ends_the_other_and_an_inquiry_tells_both(door: str) -> None:
    """The target sells, the stop has expired: executions first, then the end."""

    async def what(bench: Bench) -> None:
        await with_pair(bench)
        bench.trade("BUY", 60_000, "0.01")
        bench.inquire(1)
        assert await bench.told() == [(1, "expired")]
        bench.inquire(2)
        assert await bench.told() == [(2, "execution")]
        bench.cancel(1, 2)
        assert await bench.told() == [(1, "cancel_lost"), (2, "cancel_lost")]

    visit(door, what)
