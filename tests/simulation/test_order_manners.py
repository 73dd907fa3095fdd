# SPDX-License-Identifier: Apache-2.0
"""Orders that only make and orders that are over at once, at both simulated venues."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.domain.event import ACCEPTED, EXPIRED
from bot4.domain.order import FILL_OR_KILL, IMMEDIATE_OR_CANCEL, LIMIT, ORDER_TYPES, POST_ONLY
from bot4.domain.values import BUY, SELL, Ticks
from bot4.simulation.clerk import NOT_AT_ONCE, WOULD_TAKE
from tests.simulation.driver import Desk, bar, flat, submit
from tests.simulation.ticks import TickDesk, quote, snapshot, trade

pytestmark = pytest.mark.requirement("EXEC_001")

ASKS = [(10_010, 5), (10_011, 5), (10_013, 5)]
BIDS = [(10_000, 7), (9_999, 7)]


def booked() -> TickDesk:
    """A desk before a book of three asks and two bids."""
    desk = TickDesk()
    desk.see(snapshot, BIDS, ASKS)
    return desk


def test_the_numbers_of_the_types_are_part_of_the_journal() -> None:
    """A type is never given another number."""
    assert ORDER_TYPES == (
        "market", "limit", "stop", "stop_limit", "post_only", "immediate_or_cancel", "fill_or_kill",
    )  # fmt: skip


def test_a_post_only_order_that_could_take_is_gone() -> None:
    """At the best ask and beyond; the venue has the order no more."""
    for limit in (10_010, 10_012):
        desk = booked()
        desk.order(1, BUY, 3, order_type=POST_ONLY, limit=Ticks(limit))
        assert desk.words() == [(ACCEPTED, 1, ""), (EXPIRED, 1, WOULD_TAKE)]
        assert desk.venue.statement().open_orders == []


def test_a_post_only_order_rests_and_trades_as_maker() -> None:
    """A tick under the best ask it joins the book, and a sale through it fills it at its limit."""
    desk = booked()
    desk.order(1, BUY, 3, order_type=POST_ONLY, limit=Ticks(10_009))
    assert desk.words() == [(ACCEPTED, 1, "")] and desk.fills == []
    desk.see(trade, 10_008, 9, SELL)
    assert desk.fills == [(1, 3, 10_009, True)]


def test_an_immediate_order_takes_what_its_limit_reaches() -> None:
    """Two levels of three; the rest does not rest."""
    desk = booked()
    desk.order(1, BUY, 12, order_type=IMMEDIATE_OR_CANCEL, limit=Ticks(10_012))
    assert desk.fills == [(1, 5, 10_010, False), (1, 5, 10_011, False)]
    assert desk.words()[-1] == (EXPIRED, 1, NOT_AT_ONCE)
    assert desk.venue.statement().open_orders == []


def test_an_immediate_order_without_a_market_expires() -> None:
    """Nobody has said a price yet."""
    desk = TickDesk()
    desk.order(1, BUY, 1, order_type=IMMEDIATE_OR_CANCEL, limit=Ticks(10_000))
    assert desk.words() == [(ACCEPTED, 1, ""), (EXPIRED, 1, NOT_AT_ONCE)]


@given(
    lots=st.integers(1, 20),
    limit=st.integers(10_005, 10_016),
    asks=st.dictionaries(st.integers(10_008, 10_015), st.integers(1, 6), min_size=1),
)
def test_fill_or_kill_is_all_or_nothing(lots: int, limit: int, asks: dict[int, int]) -> None:
    """Whether it trades is told by what the book offers within the limit, counted by hand."""
    desk = TickDesk()
    desk.see(snapshot, BIDS, sorted(asks.items()))
    desk.order(1, BUY, lots, order_type=FILL_OR_KILL, limit=Ticks(limit))
    offered = sum(size for price, size in asks.items() if price <= limit)
    assert sum(size for _, size, _, _ in desk.fills) == (lots if offered >= lots else 0)
    assert ((EXPIRED, 1, NOT_AT_ONCE) in desk.words()) == (offered < lots)
    assert all(price <= limit for _, _, price, _ in desk.fills)
    assert desk.venue.statement().open_orders == []


def test_fill_or_kill_against_a_quote_and_against_a_print() -> None:
    """A quote offers one level, a print its own volume."""
    desk = TickDesk()
    desk.see(quote, 10_000, 5, 10_001, 4)
    desk.order(1, BUY, 5, order_type=FILL_OR_KILL, limit=Ticks(10_005))
    desk.order(2, BUY, 4, order_type=FILL_OR_KILL, limit=Ticks(10_005))
    assert desk.fills == [(2, 4, 10_001, False)]
    desk = TickDesk()
    desk.see(trade, 10_000, 4, BUY)
    desk.order(1, BUY, 5, order_type=FILL_OR_KILL, limit=Ticks(10_005))
    desk.order(2, BUY, 4, order_type=FILL_OR_KILL, limit=Ticks(10_005))
    assert desk.fills == [(2, 4, 10_000, False)]


def test_over_bars_a_post_only_order_is_decided_at_the_first_open() -> None:
    """Worse than the open for the market, it rests, and a gap through it is its own at its limit."""
    desk = Desk()
    desk.send(submit(1, BUY, order_type=POST_ONLY, limit=Ticks(10_001)))
    desk.play(flat(0, 10_000))
    assert desk.words() == [(ACCEPTED, 1, ""), (EXPIRED, 1, WOULD_TAKE)]
    desk.send(submit(2, BUY, order_type=POST_ONLY, limit=Ticks(10_000)))
    desk.play(flat(1, 10_000))
    assert desk.fills == []
    desk.play(flat(2, 9_900))
    assert desk.fills == [(2, 10, 10_000, True)]


def test_over_bars_a_post_only_order_trades_inside_a_bar_as_maker() -> None:
    """Once it rests, it is filled like any limit order: when the bar trades through it."""
    desk = Desk()
    desk.send(submit(1, BUY, order_type=POST_ONLY, limit=Ticks(9_990)))
    desk.play(bar(0, (10_000, 10_000, 9_980, 9_995)))
    assert desk.fills == [(1, 10, 9_990, True)]


@pytest.mark.parametrize("order_type", [IMMEDIATE_OR_CANCEL, FILL_OR_KILL])
def test_over_bars_an_order_for_now_is_over_with_the_first_open(order_type: int) -> None:
    """Too dear, it ends; it is not there for the bar's inside."""
    desk = Desk()
    desk.send(submit(1, BUY, order_type=order_type, limit=Ticks(9_990)))
    desk.play(bar(0, (10_000, 10_000, 9_000, 9_995)))
    assert desk.fills == [] and desk.words()[-1] == (EXPIRED, 1, NOT_AT_ONCE)


def test_over_bars_the_share_of_the_volume_tells_the_two_apart() -> None:
    """A tenth of 50 lots is 5: one takes them, the other wants all seven or none."""
    for order_type, lots in ((IMMEDIATE_OR_CANCEL, 5), (FILL_OR_KILL, 0)):
        desk = Desk()
        desk.send(submit(1, BUY, 7, order_type=order_type, limit=Ticks(10_010)))
        desk.play(flat(0, 10_000, volume=50))
        assert sum(size for _, size, _, _ in desk.fills) == lots
        assert desk.words()[-1] == (EXPIRED, 1, NOT_AT_ONCE)
    desk = Desk()
    desk.send(submit(1, BUY, 5, order_type=FILL_OR_KILL, limit=Ticks(10_010)))
    desk.play(flat(0, 10_000, volume=50))
    assert desk.fills == [(1, 5, 10_000, False)]


def test_a_bar_without_volume_decides_nothing() -> None:
    """The order waits for the first that has one."""
    desk = Desk()
    desk.send(submit(1, BUY, order_type=IMMEDIATE_OR_CANCEL, limit=Ticks(10_010)))
    desk.play(flat(0, volume=0))
    assert desk.words() == [(ACCEPTED, 1, "")]
    desk.play(flat(1))
    assert desk.fills == [(1, 10, 10_000, False)]


def test_a_plain_limit_order_is_what_it_was() -> None:
    """It takes the open where that is better, and rests otherwise."""
    desk = Desk()
    desk.send(submit(1, BUY, order_type=LIMIT, limit=Ticks(10_010)))
    desk.play(flat(0))
    assert desk.fills == [(1, 10, 10_000, False)]
