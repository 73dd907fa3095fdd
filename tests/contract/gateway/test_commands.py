# SPDX-License-Identifier: Apache-2.0
"""Single commands over real sockets: what waits, what is told, and that no fill is lost with an order's end."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot4.adapters.venues.binance.orders import holding
from bot4.adapters.venues.binance.orders.gateway import BinanceGateway
from bot4.adapters.venues.kit.limiter import Urgency
from bot4.apps.venue_server.gate.limits import Figures, Window
from bot4.domain.order import Execution
from bot4.domain.unsent import NEVER_LEFT
from bot4.domain.values import Lots
from tests.contract.gateway.bench import DOORS, LOTS, MS, Bench, at_a_bench
from tests.contract.orders.life import RUN

pytestmark = [pytest.mark.requirement("ORDER_001"), pytest.mark.parametrize("door", DOORS)]

Visit = Callable[[Bench], Awaitable[None]]


def visit(door: str, what: Visit, faults: str = "") -> None:
    """Do something at a bench."""

    async def go() -> None:
        async with at_a_bench(door, faults) as bench:
            await what(bench)

    asyncio.run(go())


def silence(bench: Bench, wait_ms: int) -> None:
    """Let the limiter hold everything back, as after a 429."""
    bench.limiter.address.silence(bench.server.clock.now_ms() + wait_ms, banned=False)


@pytest.mark.requirement("P-14", "EXEC_001")
def test_protection_waits_for_its_turn_and_tells_only_how_it_ended(door: str) -> None:
    """Through a hold of the limiter a stop and a pair are accepted in the end; nothing else is told."""

    async def what(bench: Bench) -> None:
        silence(bench, 400)
        bench.stop(7, sibling=0)
        bench.stop()
        bench.target()
        await asyncio.sleep(0.1)
        assert bench.reports == [] and bench.orders() == {}
        assert sorted(await bench.told()) == [(1, "accepted"), (2, "accepted"), (7, "accepted")]

    visit(door, what)


@pytest.mark.requirement("P-13")
@pytest.mark.parametrize("fault", ["R15@1", "R15:1"])
def test_a_refused_time_stamp_is_no_refusal_of_a_stop(door: str, fault: str) -> None:
    """After -1021, however often, the stop is sent again and lives."""

    async def what(bench: Bench) -> None:
        bench.stop(sibling=0)
        asyncio.get_running_loop().call_later(0.5, bench.server.schedule.cease)
        assert await bench.told() == [(1, "accepted")]
        assert bench.server.schedule.struck["R15"] > 0
        assert bench.orders() == {1: ("NEW", -1)}

    visit(door, what, fault)


@pytest.mark.requirement("P-14")
def test_a_limit_of_the_venue_is_no_refusal_of_a_stop(door: str) -> None:
    """One order a second is allowed: after its 429 the stop goes out in the next second."""

    async def go() -> None:
        figures = Figures(orders_short=Window("ORDERS", "SECOND", 1, 1, 1_000))
        async with at_a_bench(door, figures=figures) as bench:
            for order_id in range(1, 4):
                bench.stop(order_id, sibling=0)
            assert sorted(await bench.told()) == [(1, "accepted"), (2, "accepted"), (3, "accepted")]
            assert bench.limiter.account.told_of_limits + bench.limiter.address.told_of_limits > 0

    asyncio.run(go())


@pytest.mark.requirement("P-14")
def test_an_entry_that_would_wait_too_long_never_leaves(door: str) -> None:
    """It is told at once, in words that are not the venue's."""

    async def what(bench: Bench) -> None:
        silence(bench, 60_000)
        bench.bid(1)
        await bench.gateway.drained()
        assert bench.reasons()[1].startswith(NEVER_LEFT)
        assert await bench.told() == [(1, "rejected")]
        assert bench.orders() == {}

    visit(door, what)


@pytest.mark.requirement("P-14")
def test_protection_has_a_longest_age(door: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop, a pair and a cancel that cannot leave for that long are told as never left."""
    monkeypatch.setitem(holding.HELD_MAX_NS, Urgency.PROTECTIVE, 200 * MS)

    async def what(bench: Bench) -> None:
        bench.bid(5)
        await bench.told()
        silence(bench, 60_000)
        bench.stop(7, sibling=0)
        bench.stop()
        bench.target()
        bench.cancel(5)
        await bench.gateway.drained()
        assert all(reason.startswith(NEVER_LEFT) for reason in bench.reasons().values())
        told = sorted(await bench.told())
        assert told == [(1, "rejected"), (2, "rejected"), (5, "cancel_rejected"), (7, "rejected")]

    visit(door, what)


@pytest.mark.requirement("EXEC_001")
@pytest.mark.parametrize("asked", [(1, 2), (2,)])
def test_a_cancel_calls_back_what_has_not_left(door: str, asked: tuple[int, ...]) -> None:
    """A pair that waits behind a limit is over at once, and never reaches the venue."""

    async def what(bench: Bench) -> None:
        silence(bench, 1_000)
        bench.stop()
        bench.target()
        await asyncio.sleep(0.1)
        bench.cancel(*asked)
        assert await asyncio.wait_for(bench.told(), 0.8) == [(1, "canceled"), (2, "canceled")]
        await asyncio.sleep(1.2)
        assert bench.orders() == {}

    visit(door, what)


@pytest.mark.requirement("P-05", "I-4")
@pytest.mark.parametrize("fault", ["V01:1", ""])
def test_a_fill_that_nobody_told_comes_before_the_cancel(door: str, fault: str) -> None:
    """Half of an order is filled just before its cancel, and no stream tells of it: the execution comes first."""

    async def what(bench: Bench) -> None:
        bench.bid(1)
        await bench.told()
        if not fault:
            bench.trade("SELL", 40_000, "0.004")
        bench.cancel(1)
        await bench.gateway.drained()
        lots = sum(int(one.lots) for one in bench.reports if isinstance(one, Execution))
        ledger = bench.server.exchange.ledger("member")
        assert lots == sum(fill.quantity for fill in ledger.fills) // 1_000 > 0
        told = await bench.told()
        assert told[:-1] and {word for _, word in told[:-1]} == {"execution"}
        assert told[-1] == (1, "canceled")

    visit(door, what, fault)


def test_a_market_order_tells_its_executions_with_the_reply(door: str) -> None:
    """Accepted, then each execution; their lots are the order's."""

    async def what(bench: Bench) -> None:
        bench.trade("SELL", 50_100, "0.004")
        bench.trade("SELL", 50_200, "0.1")
        bench.submit(1)
        await bench.gateway.drained()
        assert sum(int(one.lots) for one in bench.reports if isinstance(one, Execution)) == LOTS
        assert [word for _, word in await bench.told()] == ["accepted", "execution", "execution"]

    visit(door, what)


def test_an_order_of_before_the_start_is_canceled_by_its_known_slot(door: str) -> None:
    """A gateway that was told the slot cancels at once; one that was not asks first, and then can."""

    async def what(bench: Bench) -> None:
        bench.bid(1)
        bench.bid(2)
        await bench.told()
        bench.gateway = BinanceGateway(bench.lookup, RUN, {1: 3})
        bench.cancel(1)
        bench.cancel(2)
        assert sorted(await bench.told()) == [(1, "canceled"), (2, "cancel_lost")]
        bench.inquire(2)
        assert await bench.told() == [(2, "found")]
        bench.cancel(2)
        assert await bench.told() == [(2, "canceled")]
        assert bench.gateway.faults == []

    visit(door, what)


@pytest.mark.requirement("P-03")
def test_a_command_that_breaks_on_the_way_is_asked_about(door: str) -> None:
    """A bug of ours is kept as a fault, and the order's fate is unknown: an instrument that the run does not have."""

    async def what(bench: Bench) -> None:
        given: dict[str, Any] = {"instrument": 7, "lots": Lots(LOTS)}
        bench.submit(1, **given)
        assert await bench.told() == [(1, "submit_lost")]
        assert [type(fault) for fault in bench.gateway.faults] == [IndexError]

    visit(door, what)


def test_what_no_table_knows_is_unknown_and_counted(door: str) -> None:
    """A code that no document has: the order's fate is asked about, a person hears of it."""

    async def what(bench: Bench) -> None:
        bench.bid(1)
        assert await bench.told() == [(1, "submit_lost")]
        assert bench.gateway.door.alerts == {"unmapped -9999": 1}

    visit(door, what, "R01:1")
