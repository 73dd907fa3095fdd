# SPDX-License-Identifier: Apache-2.0
"""Bars of a feed in any disorder, with pages of history between: each once, in order, the venue's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.domain.marketdata import Bar
from bot4.domain.values import MINUTE_NS, Lots, Nanos, Ticks
from bot4.market.live.bar_line import HELD_MAX, UNKNOWN, BarLine

pytestmark = pytest.mark.requirement("DATA_001", "FLOW_001")

FIRST = 1_000 * MINUTE_NS


def bar(number: int, close: int = 100) -> Bar:
    """The bar of a minute."""
    open_ns = FIRST + number * MINUTE_NS
    prices = (Ticks(100), Ticks(200), Ticks(50), Ticks(close))
    return Bar(Nanos(open_ns + MINUTE_NS), 0, Nanos(open_ns), *prices, Lots(number))


def begun() -> BarLine:
    """A line that waits for bar 0."""
    line = BarLine(MINUTE_NS)
    line.begin(FIRST)
    return line


def numbers(bars: list[Bar]) -> list[int]:
    """Which bars they are."""
    return [(int(one.open_ns) - FIRST) // MINUTE_NS for one in bars]


@given(
    absent=st.sets(st.integers(1, 28)),
    lost=st.sets(st.integers(0, 29)),
    order=st.lists(st.integers(0, 29), min_size=60, max_size=90),
    asks=st.sets(st.integers(0, 89), max_size=8),
)
def test_each_bar_once_and_in_order_whatever_comes(
    absent: set[int], lost: set[int], order: list[int], asks: set[int]
) -> None:
    """Lost, repeated and mixed up, some that the venue never had: what comes out is what it has, once, in order."""
    have = [number for number in range(30) if number not in absent]
    line, out = begun(), list[Bar]()
    reached = 0
    for step, number in enumerate(order):
        if number in absent or number in lost:
            continue
        reached = max(reached, number)
        out += line.take(bar(number))
        if step in asks and line.held:
            next_number = (line.next_ns - FIRST) // MINUTE_NS
            until = (line.held_ns - FIRST) // MINUTE_NS
            out += line.fill([bar(one) for one in have if next_number - 1 <= one <= until])
        assert numbers(out) == [one for one in have if one < (line.next_ns - FIRST) // MINUTE_NS]
    out += line.fill([bar(one) for one in have if one >= (line.next_ns - FIRST) // MINUTE_NS - 1])
    assert numbers(out) == have
    assert line.held == 0 and line.revised == 0
    assert line.passed == len(have) and line.absent == len([one for one in absent if one < max(have)])


def test_a_bar_that_is_missing_holds_what_comes_after_it() -> None:
    """Until a page tells it; a page that ends before the bar that waits proves nothing of what it leaves out."""
    line = begun()
    assert numbers(line.take(bar(0))) == [0]
    assert line.take(bar(3)) == [] and line.held_ns == FIRST + 3 * MINUTE_NS
    assert numbers(line.fill([bar(0), bar(1)])) == [1]
    assert (line.held, line.absent, line.fetched) == (1, 0, 1)
    assert numbers(line.fill([bar(1), bar(3)])) == [3]
    assert (line.held, line.absent, line.fetched, line.revised) == (0, 1, 1, 0)


def test_a_bar_that_the_venue_changes_is_counted_and_not_handed_on_again() -> None:
    """By the feed or by a page; of two that still wait the later one is believed."""
    line = begun()
    line.take(bar(0))
    assert line.take(bar(0, close=101)) == [] and (line.repeated, line.revised) == (1, 1)
    assert line.fill([bar(0, close=102)]) == [] and line.revised == 2
    assert line.fill([bar(0, close=102)]) == [] and line.revised == 2
    assert line.take(bar(2)) == line.take(bar(2, close=103)) == []
    assert [int(one.close) for one in line.take(bar(1))] == [100, 103]
    assert line.revised == 3


def test_a_bar_off_the_grid_is_counted() -> None:
    """It belongs to no place in the line."""
    line = begun()
    odd = Bar(Nanos(FIRST), 0, Nanos(FIRST + 1), Ticks(1), Ticks(1), Ticks(1), Ticks(1), Lots(1))
    assert line.take(odd) == [] and line.misfit == 1 and line.held == 0


def test_what_waits_is_bounded() -> None:
    """A first bar that never comes makes no queue without end: what is let go is asked for later."""
    line = begun()
    for number in range(1, 2 * HELD_MAX):
        line.take(bar(number))
    assert line.held == HELD_MAX and line.held_ns == FIRST + MINUTE_NS
    assert numbers(line.take(bar(0)))[-1] == HELD_MAX
    assert line.held_ns == UNKNOWN and line.due_ns == FIRST + (HELD_MAX + 2) * MINUTE_NS
