# SPDX-License-Identifier: Apache-2.0
"""When and at what price the simulated venue trades: each rule by a bar worked by hand."""

import pytest

from bot4.domain.event import CANCELED
from bot4.domain.order import LIMIT, STOP, STOP_LIMIT
from bot4.domain.values import BUY, SECOND_NS, SELL
from tests.simulation.driver import Desk, bar, flat, submit


def desk_holding(lots: int = 10, **settings: object) -> Desk:
    """A desk that bought ``lots`` at 100.00 in bar 0."""
    desk = Desk(**settings)  # type: ignore[arg-type]
    desk.send(submit(1, BUY, lots))
    desk.play(flat(0, 10_000, 100_000))
    desk.reports.clear()
    return desk


def test_a_market_order_takes_the_next_open() -> None:
    """Sent at the end of a bar, it trades at the open of the next, whole, as taker."""
    desk = Desk()
    desk.play(flat(0, 9_000))
    desk.send(submit(1))
    desk.play(bar(1, (10_000, 10_100, 9_900, 10_050)))
    assert desk.fills == [(1, 10, 10_000, False)]


def test_a_market_order_waits_for_the_next_existing_bar() -> None:
    """Minutes that are missing are waited out."""
    desk = Desk()
    desk.send(submit(1))
    desk.play(flat(5, 10_700))
    assert desk.fills == [(1, 10, 10_700, False)]


@pytest.mark.parametrize(
    ("side", "price", "expected"),
    [(BUY, 10_000, 10_001), (SELL, 10_000, 9_999), (BUY, 10_001, 10_003), (SELL, 10_001, 9_999), (SELL, 1, 1)],
)
def test_slippage_moves_against_us_and_rounds_against_us(side: int, price: int, expected: int) -> None:
    """1 bp of 10,000 ticks is a tick; of 10,001 a little more, so two; a sale never falls under one tick."""
    desk = desk_holding(slippage=10_000)
    desk.send(submit(2, side))
    desk.play(flat(1, price))
    assert desk.fills == [(2, 10, expected, False)]


def test_a_large_order_fills_over_several_bars_at_their_opens() -> None:
    """One tenth of 999 is 99 whole lots a bar; the rest works on and pays later opens."""
    desk = Desk()
    desk.send(submit(1, lots=250))
    desk.play(flat(0, 100, 999), flat(1, 101, 999), flat(2, 102, 999), flat(3, 103, 999))
    assert desk.fills == [(1, 99, 100, False), (1, 99, 101, False), (1, 52, 102, False)]
    assert not desk.venue.busy


def test_orders_in_one_bar_share_its_volume() -> None:
    """What the first order took at the open is gone for the second, and for a limit inside the bar."""
    desk = Desk()
    desk.send(submit(1, lots=60), submit(2, lots=60), submit(3, order_type=LIMIT, limit=9_950))
    desk.play(bar(0, (10_000, 10_000, 9_900, 10_000), 1_000))
    assert desk.fills == [(1, 60, 10_000, False), (2, 40, 10_000, False)]


def test_a_bar_without_volume_trades_nothing_and_sets_off_nothing() -> None:
    """No trade took place, so no stop saw a price."""
    desk = desk_holding()
    desk.send(submit(2), submit(3, SELL, order_type=STOP, trigger=9_900), submit(4, order_type=LIMIT, limit=9_990))
    desk.play(bar(1, (10_000, 10_000, 9_000, 9_000), 0))
    assert desk.fills == []
    desk.play(flat(2, 9_950))
    assert desk.fills == [(2, 10, 9_950, False), (4, 10, 9_950, False)]


def test_a_bar_too_thin_for_one_lot_trades_nothing() -> None:
    """A tenth of nine lots is none."""
    desk = Desk()
    desk.send(submit(1))
    desk.play(flat(0, 10_000, 9))
    assert desk.fills == []


@pytest.mark.parametrize(
    ("side", "trigger", "prices", "expected"),
    [
        (SELL, 9_900, (10_000, 10_100, 9_900, 10_050), 9_900),
        (SELL, 9_900, (9_800, 10_100, 9_700, 10_050), 9_800),
        (SELL, 9_900, (9_900, 10_100, 9_900, 10_050), 9_900),
        (BUY, 10_100, (10_000, 10_100, 9_900, 10_050), 10_100),
        (BUY, 10_100, (10_200, 10_300, 9_900, 10_050), 10_200),
    ],
)
def test_a_stop_trades_at_its_trigger_or_through_a_gap_at_the_open(
    side: int, trigger: int, prices: tuple[int, int, int, int], expected: int
) -> None:
    """A touch of the trigger is enough, and a gap costs the worse price."""
    desk = desk_holding()
    desk.send(submit(2, side, order_type=STOP, trigger=trigger))
    desk.play(bar(1, prices))
    assert desk.fills == [(2, 10, expected, False)]


def test_a_stop_that_is_not_reached_rests() -> None:
    """One tick short is short."""
    desk = desk_holding()
    desk.send(submit(2, SELL, order_type=STOP, trigger=9_900))
    desk.play(bar(1, (10_000, 10_100, 9_901, 10_050)))
    assert desk.fills == []
    assert desk.venue.statement().open_orders == [(2, 0, SELL, 10)]


def test_a_stop_pays_slippage_on_top() -> None:
    """1 bp of the trigger, rounded against us."""
    desk = desk_holding(slippage=10_000)
    desk.send(submit(2, SELL, order_type=STOP, trigger=9_900))
    desk.play(bar(1, (10_000, 10_000, 9_800, 9_900)))
    assert desk.fills == [(2, 10, 9_899, False)]


def test_what_a_stop_leaves_open_works_on_as_a_market_order() -> None:
    """Set off in a thin bar, it takes the following opens wherever they are."""
    desk = desk_holding(100)
    desk.send(submit(2, SELL, 100, order_type=STOP, trigger=9_900))
    desk.play(bar(1, (10_000, 10_000, 9_900, 10_000), 400), flat(2, 10_500, 400), flat(3, 10_600, 400))
    assert desk.fills == [(2, 40, 9_900, False), (2, 40, 10_500, False), (2, 20, 10_600, False)]


@pytest.mark.parametrize(
    ("side", "limit", "prices", "expected"),
    [
        (BUY, 9_900, (10_000, 10_100, 9_900, 10_000), None),
        (BUY, 9_900, (10_000, 10_100, 9_899, 10_000), (9_900, True)),
        (BUY, 9_900, (9_800, 10_100, 9_700, 10_000), (9_800, False)),
        (BUY, 9_900, (9_900, 10_100, 9_900, 10_000), None),
        (BUY, 9_900, (9_900, 10_100, 9_899, 10_000), (9_900, True)),
        (SELL, 10_100, (10_000, 10_100, 9_900, 10_000), None),
        (SELL, 10_100, (10_000, 10_101, 9_900, 10_000), (10_100, True)),
        (SELL, 10_100, (10_200, 10_300, 9_900, 10_000), (10_200, False)),
    ],
)
def test_a_limit_needs_the_price_to_go_through(
    side: int, limit: int, prices: tuple[int, int, int, int], expected: tuple[int, bool] | None
) -> None:
    """A touch is no fill; resting it trades at its limit as maker, better than the open at the open as taker."""
    desk = desk_holding()
    desk.send(submit(2, side, order_type=LIMIT, limit=limit))
    desk.play(bar(1, prices))
    assert desk.fills == ([] if expected is None else [(2, 10, *expected)])


def test_slippage_never_carries_a_limit_beyond_itself() -> None:
    """1 % of slippage stops at the limit."""
    desk = Desk(slippage=1_000_000)
    desk.send(submit(1, order_type=LIMIT, limit=10_050))
    desk.play(flat(0, 10_000))
    assert desk.fills == [(1, 10, 10_050, False)]


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        ((10_000, 10_100, 9_901, 10_050), None),
        ((10_000, 10_100, 9_800, 9_881), (9_880, False)),
        ((10_000, 10_100, 9_800, 9_880), None),
        ((9_890, 9_890, 9_800, 9_850), (9_890, False)),
        ((9_850, 9_880, 9_800, 9_870), None),
        ((9_850, 9_881, 9_800, 9_870), (9_880, True)),
    ],
)
def test_a_stop_limit_trades_only_where_the_price_after_its_trigger_is_sure(
    prices: tuple[int, int, int, int], expected: tuple[int, bool] | None
) -> None:
    """Inside a bar only the close is surely later than the trigger; from the open on the whole bar is."""
    desk = desk_holding()
    desk.send(submit(2, SELL, order_type=STOP_LIMIT, trigger=9_900, limit=9_880))
    desk.play(bar(1, prices))
    assert desk.fills == ([] if expected is None else [(2, 10, *expected)])


def test_a_stop_limit_that_was_set_off_rests_as_a_limit() -> None:
    """The next bar trades through its limit and it fills there as maker."""
    desk = desk_holding()
    desk.send(submit(2, SELL, order_type=STOP_LIMIT, trigger=9_900, limit=9_880))
    desk.play(bar(1, (10_000, 10_000, 9_800, 9_800)), bar(2, (9_800, 9_900, 9_800, 9_800)))
    assert desk.fills == [(2, 10, 9_880, True)]


def test_within_one_bar_the_stop_comes_before_the_target() -> None:
    """Both are inside the range, and the worse is assumed, though the target was sent first."""
    desk = desk_holding()
    desk.send(
        submit(2, SELL, order_type=LIMIT, limit=10_100, sibling_id=3, reduce_only=True),
        submit(3, SELL, order_type=STOP, trigger=9_900, sibling_id=2, reduce_only=True),
    )
    desk.play(bar(1, (10_000, 10_200, 9_800, 10_150)))
    assert desk.fills == [(3, 10, 9_900, False)]
    assert desk.words()[-1] == (CANCELED, 2, "sibling")


def test_a_target_behind_a_gap_is_taken_at_the_open() -> None:
    """The open is known to come first: beyond the target it trades there, even if the stop is in range later."""
    desk = desk_holding()
    desk.send(
        submit(2, SELL, order_type=LIMIT, limit=10_100, sibling_id=3, reduce_only=True),
        submit(3, SELL, order_type=STOP, trigger=9_900, sibling_id=2, reduce_only=True),
    )
    desk.play(bar(1, (10_200, 10_200, 9_800, 10_150)))
    assert desk.fills == [(2, 10, 10_200, False)]


def test_a_stop_sent_on_the_fill_at_the_open_protects_inside_the_same_bar() -> None:
    """With no latency it arrives at the open and the bar's low sets it off."""
    desk = Desk()
    stop = submit(2, SELL, order_type=STOP, trigger=9_900, reduce_only=True)
    desk.on_report = lambda report: [stop] if len(desk.fills) == 1 and report.kind == 21 else []
    desk.send(submit(1))
    desk.play(bar(0, (10_000, 10_000, 9_800, 9_850)))
    assert desk.fills == [(1, 10, 10_000, False), (2, 10, 9_900, False)]


def test_a_stop_that_arrives_under_the_open_trades_at_the_open() -> None:
    """It came just after a gap: the open is the worse price, and a better one is not given."""
    desk = Desk()
    stop = submit(2, SELL, order_type=STOP, trigger=10_500, reduce_only=True)
    desk.on_report = lambda report: [stop] if len(desk.fills) == 1 and report.kind == 21 else []
    desk.send(submit(1))
    desk.play(bar(0, (10_000, 10_600, 9_800, 9_850)))
    assert desk.fills == [(1, 10, 10_000, False), (2, 10, 10_000, False)]


def test_latency_up_to_the_gap_still_reaches_the_open() -> None:
    """The next bar opens 60 s after this one: a latency of 60 s from its own open is just in time."""
    desk = Desk(latency_ns=60 * SECOND_NS)
    desk.send(submit(1))
    desk.play(flat(0, 10_000), flat(1, 10_100), flat(2, 10_200))
    assert desk.fills == [(1, 10, 10_100, False)]


def test_an_order_that_arrives_after_the_open_waits_for_the_next_bar() -> None:
    """One nanosecond late is late, for stops and limits as well; the answers bear the moment of arrival."""
    desk = Desk(latency_ns=1)
    sent = desk.now
    desk.send(submit(1), submit(2, order_type=LIMIT, limit=9_950))
    desk.play(bar(0, (10_000, 10_000, 9_000, 10_000)))
    assert desk.fills == []
    assert [int(report.ts_event_ns) for report in desk.reports] == [sent + 1, sent + 1]
    desk.play(bar(1, (10_100, 10_100, 9_900, 10_000)))
    assert desk.fills == [(1, 10, 10_100, False), (2, 10, 9_950, True)]


def test_a_cancel_under_way_does_not_stop_what_trades_before_it_arrives() -> None:
    """Sent before the open with latency, it finds the market order filled."""
    desk = Desk(latency_ns=SECOND_NS)
    desk.send(submit(1))
    desk.play(bar(0, (10_000, 10_000, 10_000, 10_000)))
    desk.cancel(1)
    desk.play(flat(1, 10_100))
    assert desk.fills == [(1, 10, 10_100, False)]
    assert desk.words()[-1] == (20, 1, "order has ended")


def test_a_cancel_that_arrives_inside_a_bar_comes_before_its_inside() -> None:
    """A resting limit is gone one second after the open; at the bar's very end it would have been too late."""
    for latency, fills in ((SECOND_NS, []), (60 * SECOND_NS, [(1, 10, 9_950, True)])):
        desk = Desk(latency_ns=latency)
        desk.send(submit(1, order_type=LIMIT, limit=9_950))
        desk.play(flat(0), flat(1))
        desk.cancel(1)
        desk.play(bar(2, (10_000, 10_000, 9_900, 10_000)))
        assert desk.fills == fills


def test_execution_reports_bear_the_moment_of_the_trade() -> None:
    """At the open the bar's open, inside it the moment it is known."""
    desk = desk_holding()
    desk.send(submit(2), submit(3, order_type=LIMIT, limit=9_950))
    first = bar(1, (10_000, 10_000, 9_000, 10_000))
    desk.play(first)
    moments = [int(report.ts_event_ns) for report in desk.reports if report.kind == 21]
    assert moments == [first.open_ns, first.ts_known_ns]
