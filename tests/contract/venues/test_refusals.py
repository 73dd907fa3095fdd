# SPDX-License-Identifier: Apache-2.0
"""Filters, self-trades and trouble: a refusal names its rule and leaves nothing; silence proves nothing."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot4.adapters.venues.kit.answers import Answer, Outcome, Remedy
from bot4.adapters.venues.kit.order_entry import Capability
from bot4.apps.venue_server.gate.limits import Figures, Window
from bot4.domain.order import ENTER, EXIT, LIMIT, MARKET, PROTECT_STOP, STOP
from bot4.domain.values import SELL, Lots
from bot4.simulation.exchange.rules import ONE, LotSize, Notional, PriceFilter
from tests.contract.venues.under_test import VenueUnderTest, at, btcusdt, every_adapter, order, ticks

pytestmark = [pytest.mark.requirement("ORDER_001"), every_adapter]
TICK = ONE // 100
LOT = 1_000
FILTERS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("price_filter", {"price": PriceFilter(TICK * 10, ONE * 10**6, TICK * 10)}, {"limit": ticks(40_000.01)}),
    ("price_filter", {"price": PriceFilter(ONE * 45_000, ONE * 10**6, TICK)}, {}),
    ("price_filter", {"price": PriceFilter(TICK, ONE * 30_000, TICK)}, {}),
    ("percent_price_by_side", {}, {"limit": ticks(9_999.99), "lots": Lots(10_000)}),
    ("lot_size", {"lot_size": LotSize(LOT * 2_000, ONE * 100, LOT)}, {}),
    ("lot_size", {"lot_size": LotSize(LOT, LOT * 999, LOT)}, {}),
    ("lot_size", {"lot_size": LotSize(LOT * 300, ONE * 99, LOT * 300)}, {}),
    ("market_lot_size", {"market_lot_size": LotSize(0, LOT * 999, 0)}, {"order_type": MARKET, "limit": 0}),
    ("notional", {}, {"lots": Lots(12)}),
    ("notional", {"notional": Notional(0, ONE * 399)}, {}),
    ("max_position", {"max_position": 100 * ONE}, {}),
]


@pytest.mark.parametrize(("rule", "rules", "changes"), FILTERS)
def test_a_filter_refuses_with_its_name_and_leaves_nothing(
    adapter: str, rule: str, rules: dict[str, Any], changes: dict[str, Any]
) -> None:
    """One thing wrong, proven not placed, nothing locked."""

    async def case(venue: VenueUnderTest) -> None:
        venue.server.exchange.set_rules(btcusdt(**rules)[0].rules)
        answer = await venue.entry.place(order(1, **changes))
        assert (answer.outcome, answer.rule, answer.remedy) == (Outcome.REJECTED, f"filter.{rule}", Remedy.CORRECT)
        assert venue.count() == 0 and venue.held("USDT").locked == 0

    at(adapter, case)


@pytest.mark.parametrize("is_stop", [False, True])
def test_a_count_refuses_the_order_above_it_and_frees_with_a_cancel(adapter: str, is_stop: bool) -> None:
    """Open orders, and stops among them, are counted; what ended is not."""

    async def case(venue: VenueUnderTest) -> None:
        venue.need(Capability.STOPS)
        words: dict[str, Any] = {"purpose": ENTER}
        if is_stop:
            words = {"order_type": STOP, "purpose": PROTECT_STOP, "side": SELL, "limit": 0, "trigger": ticks(40_000)}
        allowed = 1 if is_stop else 2
        for number in range(1, allowed + 1):
            assert (await venue.entry.place(order(number, **words))).outcome is Outcome.ACCEPTED
        refused = await venue.entry.place(order(7, **words))
        assert refused.rule == ("filter.max_num_algo_orders" if is_stop else "filter.max_num_orders")
        await venue.entry.cancel(1, 0)
        assert (await venue.entry.place(order(8, **words))).outcome is Outcome.ACCEPTED

    at(adapter, case, symbols=btcusdt(max_orders=2, max_algo_orders=1))


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"lots": Lots(99_000_000)}, "insufficient_balance"),
        ({"side": SELL, "lots": Lots(10_100_000)}, "insufficient_balance"),
    ],
)
def test_more_than_the_account_holds_is_refused(adapter: str, changes: dict[str, Any], rule: str) -> None:
    """Of either asset."""

    async def case(venue: VenueUnderTest) -> None:
        answer = await venue.entry.place(order(1, **changes))
        assert (answer.outcome, answer.rule) == (Outcome.REJECTED, rule)
        assert venue.count() == 0

    at(adapter, case)


@pytest.mark.parametrize(
    ("purpose", "first", "second"), [(ENTER, "NEW", "EXPIRED_IN_MATCH"), (EXIT, "EXPIRED_IN_MATCH", "NEW")]
)
def test_an_order_never_trades_with_one_of_our_own(adapter: str, purpose: int, first: str, second: str) -> None:
    """What opens gives way; what closes goes through."""

    async def case(venue: VenueUnderTest) -> None:
        venue.need(Capability.SELF_TRADE_PREVENTION)
        await venue.entry.place(order(1, limit=ticks(49_500)))
        await venue.entry.place(order(2, side=SELL, limit=ticks(49_500), purpose=purpose, order_type=LIMIT))
        assert venue.fills() == [] and venue.states() == {1: first, 2: second}

    at(adapter, case)


@pytest.mark.parametrize(
    ("fault", "placed"),
    [
        ("R06@1", 1),
        ("R07@1", 0),
        ("R08@1", 1),
        ("N05@1", 0),
        ("N06@1", 1),
        ("N08@1", 1),
        ("N09@1", 1),
        ("N13@1", 0),
    ],
)
def test_a_command_without_a_readable_answer_is_of_unknown_fate(adapter: str, fault: str, placed: int) -> None:
    """Whether it was carried out or not: the answer proves nothing, the look tells, and there is no second order."""

    async def case(venue: VenueUnderTest) -> None:
        answer = await venue.entry.place(order(1))
        assert (answer.outcome, answer.remedy) == (Outcome.UNKNOWN, Remedy.LOOK_UP)
        assert venue.count() == placed
        found: Any = Answer(Outcome.UNKNOWN)
        for _ in range(200):
            found = await venue.entry.query(1, 0)
            if not isinstance(found, Answer):
                break
            await asyncio.sleep(0.02)
        assert not isinstance(found, Answer) and (found is not None) == bool(placed)

    at(adapter, case, fault)


def test_a_refused_time_stamp_is_mended_and_sent_once_more(adapter: str) -> None:
    """The order is placed once."""

    async def case(venue: VenueUnderTest) -> None:
        assert (await venue.entry.place(order(1))).outcome is Outcome.ACCEPTED
        assert venue.count() == 1 and venue.server.schedule.struck == {"R15": 1}

    at(adapter, case, "R15@1")


@pytest.mark.parametrize(("fault", "rule"), [("R04@1", "banned"), ("R05@1", "too_much_weight")])
def test_a_ban_backs_off_with_proof(adapter: str, fault: str, rule: str) -> None:
    """Nothing was placed, and there is a moment before which nothing is sent."""

    async def case(venue: VenueUnderTest) -> None:
        answer = await venue.entry.place(order(1))
        assert (answer.outcome, answer.remedy, answer.rule) == (Outcome.REJECTED, Remedy.BACK_OFF, rule)
        assert answer.until_ms > 0 and venue.count() == 0

    at(adapter, case, fault)


def test_the_venues_own_order_limit_refuses(adapter: str) -> None:
    """Two orders in a day, and the third is refused by its rule."""

    async def case(venue: VenueUnderTest) -> None:
        answers = [await venue.entry.place(order(number)) for number in (1, 2, 3)]
        assert [one.outcome for one in answers] == [Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.REJECTED]
        assert answers[2].rule == "too_many_orders" and venue.count() == 2

    at(adapter, case, figures=replace(Figures(), orders_day=Window("ORDERS", "DAY", 1, 2, 86_400_000)))


def test_a_field_that_is_missing_never_reads_as_a_refusal(adapter: str) -> None:
    """The order was placed: the answer says so, or that nobody knows."""

    async def case(venue: VenueUnderTest) -> None:
        answer = await venue.entry.place(order(1))
        assert answer.outcome in (Outcome.ACCEPTED, Outcome.UNKNOWN) and venue.count() == 1

    at(adapter, case, "R09@1")
