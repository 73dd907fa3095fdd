# SPDX-License-Identifier: Apache-2.0
"""Lives of orders, told step by step: what the venue says on the left, what trading answers on the right."""

import pytest

from bot4.domain.order import LIMIT
from bot4.domain.values import BUY, SELL
from tests.unit.trading.walk import Walk


@pytest.mark.requirement("ORDER_001", "EXEC_001", "P-10", "P2-2")
def test_life_of_an_entry_with_stop_and_target() -> None:
    """Bought in two parts, protected from the first lot on, sold by the target."""
    walk = Walk()
    assert walk.enter(1, BUY, 10, target=120) == ["submit 1: enter market buy 10"]
    assert walk.accept(1) == ["order 1: working, filled 0, open 10"]
    assert walk.fill(1, 4, 100) == [
        "fill 1: enter buy 4 at 100",
        "order 1: part_filled, filled 4, open 6",
        "submit 2: stop stop sell 4 at 90 with 3 reduce-only",
        "submit 3: target limit sell 4 at 120 with 2 reduce-only",
    ]
    assert walk.accept(2) == ["order 2: working, filled 0, open 4"]
    assert walk.accept(3) == ["order 3: working, filled 0, open 4"]
    assert walk.fill(1, 6, 101) == [
        "fill 1: enter buy 6 at 101",
        "order 1: filled, filled 10, open 0",
        "cancel 2: size",
        "cancel 3: size",
    ]
    assert walk.cancel(2) == ["order 2: canceled, filled 0, open 0"]
    assert walk.cancel(3) == [
        "order 3: canceled, filled 0, open 0",
        "submit 4: stop stop sell 10 at 90 with 5 reduce-only",
        "submit 5: target limit sell 10 at 120 with 4 reduce-only",
    ]
    assert walk.fill(5, 10, 120) == ["fill 5: target sell 10 at 120", "order 5: filled, filled 10, open 0"]
    assert walk.cancel(4) == ["order 4: canceled, filled 0, open 0"]
    assert walk.accept(4) == []
    assert walk.held() == 0
    assert walk.trading.open_orders() == []


@pytest.mark.requirement("ORDER_001", "EXEC_001", "P-10")
def test_an_exit_waits_for_cancels_and_sells_what_the_race_left() -> None:
    """The stop fills in part while it is being canceled: the exit is smaller by just that."""
    walk = Walk()
    walk.enter(1, BUY, 10)
    assert walk.fill(1, 10, 100)[-1] == "submit 2: stop stop sell 10 at 90 reduce-only"
    assert walk.exit(2, SELL, 10) == ["cancel 2: exit"]
    assert walk.fill(2, 3, 90) == ["fill 2: stop sell 3 at 90", "order 2: cancel_pending, filled 3, open 7"]
    assert walk.cancel(2) == ["order 2: canceled, filled 3, open 0", "submit 3: exit market sell 7 reduce-only"]
    assert walk.fill(3, 7, 89) == ["fill 3: exit sell 7 at 89", "order 3: filled, filled 7, open 0"]
    assert walk.held() == 0
    assert walk.trading.open_orders() == []


@pytest.mark.requirement("ORDER_001", "EXEC_001", "P-10")
def test_an_exit_that_the_stop_overtakes_has_nothing_left_to_do() -> None:
    """The stop fills whole while it is being canceled: the exit's intent ends with a no."""
    walk = Walk()
    walk.enter(1, BUY, 10)
    walk.fill(1, 10, 100)
    walk.exit(2, SELL, 10)
    assert walk.fill(2, 10, 90) == [
        "fill 2: stop sell 10 at 90",
        "order 2: filled, filled 10, open 0",
        "refused 2: trading.nothing_to_exit (0 against 1)",
    ]
    assert walk.refuse_cancel(2) == []


@pytest.mark.requirement("ORDER_001", "EXEC_001")
def test_an_exit_ends_a_working_entry_first() -> None:
    """An entry that still works is canceled, and what it bought on the way out is sold."""
    walk = Walk()
    assert walk.enter(1, BUY, 10, order_type=LIMIT, limit=99) == ["submit 1: enter limit buy 10 at 99"]
    walk.accept(1)
    assert walk.exit(2, SELL, 10) == ["cancel 1: exit"]
    assert walk.enter(3, BUY, 5) == ["refused 3: trading.busy (2 against 1)"]
    assert walk.fill(1, 6, 99) == ["fill 1: enter buy 6 at 99", "order 1: cancel_pending, filled 6, open 4"]
    assert walk.cancel(1) == ["order 1: canceled, filled 6, open 0", "submit 2: exit market sell 6 reduce-only"]


@pytest.mark.requirement("ORDER_001", "P-05", "P-10")
def test_a_fill_that_comes_after_the_cancel_is_booked_and_protected() -> None:
    """Canceled, flat, done; then the venue reports a fill from before: it is held, so it gets its stop."""
    walk = Walk()
    walk.enter(1, BUY, 10, order_type=LIMIT, limit=99)
    walk.accept(1)
    walk.exit(2, SELL, 10)
    assert walk.cancel(1) == [
        "order 1: canceled, filled 0, open 0",
        "refused 2: trading.nothing_to_exit (0 against 1)",
    ]
    assert walk.fill(1, 4, 99) == [
        "fill 1: enter buy 4 at 99",
        "order 1: canceled, filled 4, open 0",
        "submit 2: stop stop sell 4 at 90 reduce-only",
    ]


@pytest.mark.requirement("EXEC_001", "P-10", "P-11", "P2-2")
def test_a_target_that_fills_in_part_leaves_a_new_pair_for_the_rest() -> None:
    """The sibling stop went with the first lots of the target: what is still held is protected again."""
    walk = Walk()
    walk.enter(1, BUY, 10, target=120)
    walk.fill(1, 10, 100)
    assert walk.fill(3, 4, 120) == [
        "fill 3: target sell 4 at 120",
        "order 3: part_filled, filled 4, open 6",
        "cancel 2: size",
        "cancel 3: size",
    ]
    assert walk.cancel(2) == ["order 2: canceled, filled 0, open 0"]
    assert walk.cancel(3) == [
        "order 3: canceled, filled 4, open 0",
        "submit 4: stop stop sell 6 at 90 with 5 reduce-only",
        "submit 5: target limit sell 6 at 120 with 4 reduce-only",
    ]


@pytest.mark.requirement("EXEC_001", "P-10", "P-11")
def test_a_stop_that_fills_in_part_keeps_working_for_the_rest() -> None:
    """A triggered stop is never given up: what it has left is what is held."""
    walk = Walk()
    walk.enter(1, BUY, 10, target=120)
    walk.fill(1, 10, 100)
    assert walk.fill(2, 3, 90) == [
        "fill 2: stop sell 3 at 90",
        "order 2: part_filled, filled 3, open 7",
        "cancel 3: size",
    ]
    assert walk.cancel(3) == ["order 3: canceled, filled 0, open 0"]
    assert walk.fill(2, 7, 89) == ["fill 2: stop sell 7 at 89", "order 2: filled, filled 10, open 0"]
    assert walk.trading.open_orders() == []


@pytest.mark.requirement("EXEC_001", "P-10")
def test_a_refused_stop_becomes_an_exit_at_the_market() -> None:
    """Rather out than naked; what the entry had left is canceled before."""
    walk = Walk()
    walk.enter(1, BUY, 10, target=120)
    walk.fill(1, 4, 100)
    assert walk.reject(2) == [
        "order 2: rejected, filled 0, open 0",
        "cancel 1: exit",
        "cancel 3: exit",
    ]
    assert walk.cancel(3) == ["order 3: canceled, filled 0, open 0"]
    assert walk.cancel(1) == ["order 1: canceled, filled 4, open 0", "submit 4: exit market sell 4 reduce-only"]
    assert walk.fill(4, 4, 88) == ["fill 4: exit sell 4 at 88", "order 4: filled, filled 4, open 0"]


@pytest.mark.requirement("EXEC_001", "P-10")
def test_a_short_position_is_protected_as_a_long_one_in_the_mirror() -> None:
    """Sold to open: bought back by a stop above, or a target below."""
    walk = Walk()
    assert walk.enter(1, SELL, 10, target=80) == ["submit 1: enter market sell 10"]
    assert walk.fill(1, 10, 100)[2:] == [
        "submit 2: stop stop buy 10 at 110 with 3 reduce-only",
        "submit 3: target limit buy 10 at 80 with 2 reduce-only",
    ]
    assert walk.exit(2, BUY, 4) == ["cancel 2: exit", "cancel 3: exit"]
    walk.cancel(3)
    assert walk.cancel(2) == ["order 2: canceled, filled 0, open 0", "submit 4: exit market buy 4 reduce-only"]
    assert walk.fill(4, 4, 101) == [
        "fill 4: exit buy 4 at 101",
        "order 4: filled, filled 4, open 0",
        "submit 5: stop stop buy 6 at 110 with 6 reduce-only",
        "submit 6: target limit buy 6 at 80 with 5 reduce-only",
    ]
    assert walk.held() == -6


@pytest.mark.requirement("EXEC_001", "P-10")
def test_an_increase_brings_its_own_stop_for_all_that_is_held() -> None:
    """The latest request that opened rules the whole position, from its first fill on."""
    walk = Walk()
    walk.enter(1, BUY, 10)
    walk.fill(1, 10, 100)
    walk.accept(2)
    assert walk.enter(2, BUY, 5, stop=95, target=130) == ["submit 3: enter market buy 5"]
    assert walk.fill(3, 5, 102)[2:] == ["cancel 2: size"]
    assert walk.cancel(2)[1:] == [
        "submit 4: stop stop sell 15 at 95 with 5 reduce-only",
        "submit 5: target limit sell 15 at 130 with 4 reduce-only",
    ]


@pytest.mark.requirement("EXEC_001", "P-10")
def test_a_stop_that_fills_ends_the_rest_of_its_entry() -> None:
    """What ended the position is not bought again by the entry's remainder."""
    walk = Walk()
    walk.enter(1, BUY, 10, order_type=LIMIT, limit=99)
    walk.fill(1, 4, 99)
    assert walk.fill(2, 4, 90) == [
        "fill 2: stop sell 4 at 90",
        "order 2: filled, filled 4, open 0",
        "cancel 1: protection filled",
    ]
    assert walk.cancel(1) == ["order 1: canceled, filled 4, open 0"]
    assert walk.trading.open_orders() == []
