# SPDX-License-Identifier: Apache-2.0
"""The shadow book's fill rule: worked by hand, and for any sequence of opinions."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.kernels.jit import kernel
from bot4.kernels.shadow import shadow_fill, shadow_mark

PRICES = st.floats(1e-6, 1e6)
SIGNALS = st.floats(-1.0, 1.0)


def test_a_long_opinion_opened_and_closed() -> None:
    """1,000 of notional at 100 is 10 units; 10 units at 110 sold again is 100 of gain; each side costs 0.11 %."""
    quantity, gain, cost = shadow_fill(0.0, 0.0, 1.0, 100.0, 1_000.0, 0.0011)
    assert (quantity, gain, cost) == pytest.approx((10.0, 0.0, 1.1))
    quantity, gain, cost = shadow_fill(10.0, 100.0, 0.0, 110.0, 1_000.0, 0.0011)
    assert (quantity, gain, cost) == pytest.approx((0.0, 100.0, 1.21))


def test_an_opinion_turned_round_pays_for_both_quantities() -> None:
    """From 10 long to 10 short at 100, twenty units trade."""
    quantity, gain, cost = shadow_fill(10.0, 100.0, -1.0, 100.0, 1_000.0, 0.001)
    assert (quantity, gain, cost) == pytest.approx((-10.0, 0.0, 2.0))
    assert shadow_mark(quantity, 100.0, 90.0) == pytest.approx(100.0)


def test_nothing_held_reads_no_mark() -> None:
    """Before the first fill there is no last price."""
    assert shadow_fill(0.0, math.nan, 0.5, 10.0, 100.0, 0.0) == (5.0, 0.0, 0.0)
    assert shadow_mark(0.0, math.nan, 10.0) == 0.0


@pytest.mark.parametrize(
    ("signal", "price", "notional", "cost"),
    [(1.5, 1.0, 1.0, 0.0), (math.nan, 1.0, 1.0, 0.0), (1.0, 0.0, 1.0, 0.0), (1.0, math.nan, 1.0, 0.0),
     (1.0, 1.0, -1.0, 0.0), (1.0, 1.0, 1.0, -0.1), (1.0, 1.0, 1.0, 1.0)],
)  # fmt: skip
def test_what_lies_out_of_range_is_refused(signal: float, price: float, notional: float, cost: float) -> None:
    """A NaN or a cost above the price would poison the record for ever."""
    with pytest.raises(ValueError, match="shadow fill wants"):
        shadow_fill(0.0, 0.0, signal, price, notional, cost)


@given(opinions=st.lists(st.tuples(SIGNALS, PRICES, PRICES), min_size=1, max_size=20))
def test_profit_adds_up_and_costs_are_never_negative(opinions: list[tuple[float, float, float]]) -> None:
    """Gains with any marks between equal cash flow and final value; the cost is the fraction of what traded."""
    quantity = mark = gains = costs = cash = traded = largest = 0.0
    for signal, between, price in opinions:
        gains += shadow_mark(quantity, mark, between)
        before = quantity
        quantity, gain, cost = shadow_fill(quantity, between, signal, price, 1_000.0, 0.0011)
        assert cost >= 0.0
        gains += gain
        costs += cost
        mark = price
        cash -= (quantity - before) * price
        traded += abs(quantity - before) * price
        largest = max(largest, abs(before) * max(price, between, mark), abs(cash), traded)
    assert gains == pytest.approx(cash + quantity * mark, rel=1e-9, abs=1e-12 * max(largest, 1.0))
    assert costs == pytest.approx(traded * 0.0011, rel=1e-9)


def test_numba_compiles_the_rule_as_it_stands() -> None:
    """A sweep inlines the very same rule."""
    compiled = kernel(shadow_fill)
    given_numbers = (3.0, 7.0, -0.5, 11.0, 250.0, 0.002)
    assert compiled(*given_numbers) == shadow_fill(*given_numbers)
    assert kernel(shadow_mark)(2.0, 3.0, 4.0) == 2.0
