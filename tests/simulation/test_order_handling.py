# SPDX-License-Identifier: Apache-2.0
"""What the simulated venue takes, refuses, ties together and ends, and what it says of itself."""

from decimal import Decimal
from typing import Any

import pytest
from librt.strings import BytesWriter

from bot4.domain.errors import BadInput, OurFault
from bot4.domain.event import ACCEPTED, CANCEL_REJECTED, CANCELED, REJECTED
from bot4.domain.instrument import LINEAR_PERPETUAL
from bot4.domain.order import LIMIT, STOP, STOP_LIMIT, OrderWord
from bot4.domain.values import BUY, MONEY_ONE, RATE_ONE, SELL, Money, Nanos
from bot4.simulation.venue import SimulatedVenue
from tests.simulation.driver import Desk, bar, flat, instrument, submit

LONG_AGO = Nanos(0)


def strict_desk(cash: int = 1_000) -> Desk:
    """A desk whose instrument has every filter: 5 to 500 lots, at least 10.00 in notional."""
    return Desk([instrument(min_lots=5, max_lots=500, min_notional=Decimal(10))], cash=cash)


def bought(lots: int, **settings: Any) -> Desk:
    """A desk that holds ``lots`` bought at 100.00."""
    desk = Desk(**settings)
    desk.send(submit(1, BUY, lots))
    desk.play(flat(0, 10_000, 100_000))
    desk.reports.clear()
    return desk


def leg(order_id: int, order_type: int, price: int, **changes: Any) -> Any:
    """One leg of a protective pair for ten lots: the sibling of 2 is 3 and the other way round."""
    named = {"limit": price} if order_type == LIMIT else {"trigger": price}
    fields = {"order_type": order_type, "sibling_id": 5 - order_id, "reduce_only": True, **named}
    return submit(order_id, SELL, **(fields | changes))


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (submit(1, lots=4), "lots below min_lots"),
        (submit(1, lots=501), "lots above max_lots"),
        (submit(1, instrument=1), "unknown instrument"),
        (submit(1, instrument=-1), "unknown instrument"),
        (submit(1, side=0), "unknown side or order type"),
        (submit(1, order_type=7), "unknown side or order type"),
        (submit(1, order_type=LIMIT, limit=0), "price out of range"),
        (submit(1, order_type=STOP, trigger=1 << 40), "price out of range"),
        (submit(1, order_type=STOP_LIMIT, trigger=100, limit=0), "price out of range"),
        (submit(1, order_type=LIMIT, limit=9_999), "notional below min_notional"),
        (submit(1, order_type=STOP, trigger=9_999), "notional below min_notional"),
        (submit(1, lots=100, order_type=LIMIT, limit=1 << 39), "notional above what can be counted"),
        (submit(1, lots=10, order_type=LIMIT, limit=100_000), "insufficient balance"),
        (submit(1, SELL), "insufficient balance"),
    ],
)
def test_an_order_that_breaks_a_filter_is_rejected_with_the_reason(command: Any, reason: str) -> None:
    """Each filter by the nearest order that breaks it."""
    desk = strict_desk(cash=100)
    desk.send(command)
    desk.play(flat(0))
    assert desk.words() == [(REJECTED, 1, reason)]
    assert not desk.venue.busy


@pytest.mark.parametrize(
    "command",
    [
        submit(1, lots=5, order_type=LIMIT, limit=20_000),
        submit(1, lots=500, order_type=LIMIT, limit=200),
        submit(1, order_type=LIMIT, limit=10_000),
        submit(1, SELL, order_type=LIMIT, limit=100, reduce_only=True),
    ],
)
def test_an_order_exactly_on_a_filter_is_taken(command: Any) -> None:
    """Smallest, largest, smallest notional; and what only reduces may be smaller in notional."""
    desk = strict_desk()
    desk.send(command)
    desk.venue.advance(Nanos(desk.now))
    desk.drain()
    assert desk.words() == [(ACCEPTED, 1, "")]


def test_an_order_id_is_taken_once() -> None:
    """Even after the first order has ended."""
    desk = Desk()
    desk.send(submit(1), submit(1))
    desk.play(flat(0))
    desk.send(submit(1))
    desk.play(flat(1))
    assert [word for word in desk.words() if word[0] == REJECTED] == [(REJECTED, 1, "duplicate order id")] * 2
    assert len(desk.fills) == 1


def test_an_order_id_is_at_least_one() -> None:
    """0 stands for no sibling, so no order may bear it."""
    desk = Desk()
    desk.send(submit(0))
    desk.play(flat(0))
    assert desk.words() == [(REJECTED, 0, "order id below 1")]


def test_memory_of_ended_orders_is_bounded_and_open_ones_are_never_forgotten() -> None:
    """With room for three, the oldest that has ended goes; the resting first order stays known."""
    desk = Desk()
    desk.venue.matcher.clerk.remembered_max = 3
    desk.send(submit(1, order_type=LIMIT, limit=5_000), *[submit(number) for number in range(2, 8)])
    desk.play(flat(0), flat(1))
    desk.send(*[submit(number) for number in range(8, 12)])
    desk.play(flat(2))
    assert len(desk.venue.matcher.clerk.traded) <= 8
    desk.send(submit(1), submit(11), submit(2, order_type=LIMIT, limit=5_000))
    desk.play(flat(3))
    assert desk.words()[-3:] == [(REJECTED, 1, "duplicate order id"), (REJECTED, 11, "duplicate order id"), (16, 2, "")]


def test_a_market_order_too_small_at_its_first_open_is_canceled() -> None:
    """It has no price before; ten lots at 99.99 are worth 9.999."""
    desk = strict_desk()
    desk.send(submit(1))
    desk.play(flat(0, 9_999))
    assert desk.words() == [(ACCEPTED, 1, ""), (CANCELED, 1, "notional below min_notional")]


def test_open_purchases_claim_cash_together() -> None:
    """Two of 60.06 with fee do not both fit in 100; the second would at 39.9."""
    desk = Desk(cash=100)
    desk.send(submit(1, lots=60, order_type=LIMIT, limit=10_000), submit(2, lots=40, order_type=LIMIT, limit=10_000))
    desk.send(submit(3, lots=39, order_type=LIMIT, limit=10_000))
    desk.venue.advance(Nanos(desk.now))
    desk.drain()
    assert desk.words() == [(ACCEPTED, 1, ""), (REJECTED, 2, "insufficient balance"), (ACCEPTED, 3, "")]


def test_open_sales_claim_lots_together_and_a_pair_claims_once() -> None:
    """Fifteen lots carry one pair of ten and five beside it, not six."""
    desk = bought(15)
    desk.send(leg(2, STOP, 9_000, reduce_only=False), leg(3, LIMIT, 11_000, reduce_only=False))
    desk.send(submit(4, SELL, 6, order_type=LIMIT, limit=12_000), submit(5, SELL, 5, order_type=LIMIT, limit=12_000))
    desk.play(flat(1))
    assert desk.words() == [
        (ACCEPTED, 2, ""),
        (ACCEPTED, 3, ""),
        (REJECTED, 4, "insufficient balance"),
        (ACCEPTED, 5, ""),
    ]


def test_a_pair_of_purchases_claims_cash_once_for_each_other() -> None:
    """60.06 for a limit and 72.07 for a stop: only one will trade, so the larger need fits in 100."""
    desk = Desk(cash=100)
    desk.send(submit(1, lots=60, order_type=LIMIT, limit=10_000, sibling_id=2))
    desk.send(submit(2, lots=60, order_type=STOP, trigger=12_000, sibling_id=1))
    desk.venue.advance(Nanos(desk.now))
    desk.drain()
    assert desk.words() == [(ACCEPTED, 1, ""), (ACCEPTED, 2, "")]


def test_a_purchase_is_cut_to_the_cash_there_is() -> None:
    """With 100 in cash and 0.1 % fee, 99 lots at 1.00 fit; the rest is canceled and cash stays positive."""
    desk = Desk(cash=100)
    desk.send(submit(1, lots=150))
    desk.play(flat(0, 10_000, 100_000))
    assert desk.fills == [(1, 99, 10_000, False)]
    assert desk.words()[-1] == (CANCELED, 1, "insufficient balance")
    assert desk.venue.statement().cash == 100 * MONEY_ONE - 99 * MONEY_ONE - 99 * MONEY_ONE // 1_000


def test_a_sale_is_cut_to_the_lots_there_are() -> None:
    """Two sales that were each covered on arrival cannot sell the same lots twice."""
    desk = bought(10)
    desk.send(submit(2, SELL, 10, reduce_only=True), submit(3, SELL, 8))
    desk.play(flat(1))
    assert desk.fills == [(2, 10, 10_000, False)]
    assert desk.words()[-1] == (CANCELED, 3, "insufficient balance")
    assert desk.venue.statement().lots == [0]


def test_a_perpetual_may_go_short_and_credits_cash() -> None:
    """Synthetic accounting: the notional of the sale less its fee arrives in cash."""
    desk = Desk([instrument(instrument_type=LINEAR_PERPETUAL)], cash=0)
    desk.send(submit(1, SELL, 10))
    desk.play(flat(0))
    assert desk.venue.statement().lots == [-10]
    assert desk.venue.statement().cash == 10 * MONEY_ONE - MONEY_ONE // 100


@pytest.mark.requirement("ORDER_001")
def test_the_trigger_of_one_leg_cancels_the_other_even_without_a_fill() -> None:
    """A stop set off in a bar too thin for a lot has spent its sibling."""
    desk = bought(10)
    desk.send(leg(2, STOP, 9_900), leg(3, LIMIT, 10_100))
    desk.play(bar(1, (10_000, 10_000, 9_900, 10_000), 5))
    assert desk.fills == []
    assert desk.words()[-1] == (CANCELED, 3, "sibling")


@pytest.mark.requirement("ORDER_001")
def test_the_first_part_of_a_fill_cancels_the_other_leg() -> None:
    """Four of ten lots of the target are enough; six are left with the target."""
    desk = bought(10)
    desk.send(leg(2, STOP, 9_900), leg(3, LIMIT, 10_100))
    desk.play(bar(1, (10_000, 10_200, 10_000, 10_000), 40))
    assert desk.fills == [(3, 4, 10_100, True)]
    assert desk.words()[-1] == (CANCELED, 2, "sibling")
    assert desk.venue.statement().open_orders == [(3, 0, SELL, 6)]


def test_a_leg_that_arrives_after_its_sibling_traded_is_rejected() -> None:
    """The pair is spent: the late leg must not sell again."""
    desk = bought(20)
    desk.send(leg(2, STOP, 10_000))
    desk.play(flat(1))
    desk.send(leg(3, LIMIT, 10_100))
    desk.play(flat(2, 10_200))
    assert desk.words()[-1] == (REJECTED, 3, "sibling")
    assert desk.venue.statement().lots == [10]


def test_a_pair_named_from_one_side_only_is_still_a_pair() -> None:
    """The first leg was sent before it had a sibling."""
    desk = bought(10)
    desk.send(leg(2, STOP, 9_900, sibling_id=0), leg(3, LIMIT, 10_100))
    desk.play(bar(1, (10_000, 10_000, 9_900, 10_000)))
    assert desk.words()[-1] == (CANCELED, 3, "sibling")


def test_reduce_only_is_cut_to_the_position_and_then_ends() -> None:
    """Fifteen lots against ten sell ten."""
    desk = bought(10)
    desk.send(submit(2, SELL, 15, reduce_only=True))
    desk.play(flat(1))
    assert desk.fills == [(2, 10, 10_000, False)]
    assert desk.words()[-1] == (CANCELED, 2, "nothing to reduce")


def test_reduce_only_with_nothing_to_reduce_ends_without_trading() -> None:
    """Flat, and on the wrong side."""
    desk = bought(10)
    desk.send(submit(2, BUY, 5, reduce_only=True))
    desk.play(flat(1))
    assert desk.fills == []
    assert desk.words()[-1] == (CANCELED, 2, "nothing to reduce")


def test_a_cancel_ends_an_order_once() -> None:
    """The second is rejected, and so is one for an order nobody knows."""
    desk = Desk()
    desk.send(submit(1, order_type=LIMIT, limit=5_000))
    for order_id in (1, 1, 9):
        desk.cancel(order_id)
    desk.play(flat(0))
    assert desk.words() == [
        (ACCEPTED, 1, ""),
        (CANCELED, 1, "asked"),
        (CANCEL_REJECTED, 1, "order has ended"),
        (CANCEL_REJECTED, 9, "unknown order"),
    ]
    assert desk.venue.statement().open_orders == []


def test_the_venue_is_busy_only_while_something_can_happen() -> None:
    """In flight, working, or a report waiting: busy; otherwise not."""
    desk = Desk()
    venue = desk.venue
    seen = [venue.busy]
    desk.send(submit(1))
    seen.append(venue.busy)
    venue.open_bar(flat(0))
    seen.append(venue.busy)
    while venue.next_report() is not None:
        seen.append(venue.busy)
    assert seen == [False, True, True, True, False]


def test_reports_come_in_order_and_end_with_none() -> None:
    """First in, first out."""
    desk = Desk()
    desk.send(submit(1), submit(2))
    desk.venue.open_bar(flat(0))
    kinds = []
    while (report := desk.venue.next_report()) is not None:
        kinds.append((int(report.kind), report.order_id))  # type: ignore[attr-defined]
    assert kinds == [(16, 1), (16, 2), (21, 1), (21, 2)]
    assert desk.venue.next_report() is None


@pytest.mark.requirement("P-28")
def test_trade_ids_count_from_one_over_all_instruments() -> None:
    """Each execution of a run has its own."""
    desk = Desk([instrument(0), instrument(1, "ETHUSDT")])
    desk.send(submit(1), submit(2, instrument=1))
    desk.play(flat(0), flat(0, index=1), flat(1))
    ids = [report.trade_id for report in desk.reports if report.kind == 21]  # type: ignore[attr-defined]
    assert ids == [1, 2]


def test_only_commands_are_sent() -> None:
    """A bar is no command, and a report is none either."""
    venue = Desk().venue
    with pytest.raises(OurFault):
        venue.send(flat(0), Nanos(0))
    with pytest.raises(OurFault):
        venue.send(OrderWord(ACCEPTED, LONG_AGO, LONG_AGO, 1, 0, ""), Nanos(0))


@pytest.mark.parametrize(
    "settings", [{"slippage": -1}, {"slippage": RATE_ONE}, {"latency_ns": -1}, {"participation": 0}]
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    """Each names its place and what is allowed."""
    with pytest.raises(BadInput, match="simulated venue"):
        SimulatedVenue([instrument()], cash=Money(0), **settings)


def state_of(desk: Desk) -> bytes:
    """The bytes of a venue's state."""
    out = BytesWriter()
    desk.venue.write_state(out)
    return out.getvalue()


def test_the_state_tells_apart_what_will_trade_differently() -> None:
    """A working order, a command in flight, a report waiting and a fill each change the bytes; a repeat does not."""
    desks = [Desk() for _ in range(5)]
    desks[1].send(submit(1))
    desks[2].send(submit(1, order_type=LIMIT, limit=5_000))
    desks[2].play(flat(0))
    desks[3].send(submit(1))
    desks[3].venue.open_bar(flat(0))
    desks[4].send(submit(1))
    desks[4].play(flat(0))
    states = [state_of(desk) for desk in desks]
    assert len(set(states)) == len(states)
    again = Desk()
    again.send(submit(1))
    again.play(flat(0))
    assert state_of(again) == states[4]
