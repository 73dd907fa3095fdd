# SPDX-License-Identifier: Apache-2.0
"""The benchmarks: what holding would have earned, worked out by hand and by a slow simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.record.reports.benchmarks import (
    buy_and_hold,
    fill_days,
    matched_curve,
    matched_returns,
    relative_prices,
    returns_of,
)

CLOSES = st.lists(st.lists(st.floats(1.0, 1e6), min_size=5, max_size=5), min_size=1, max_size=4)


def test_holding_starts_at_the_first_bar_of_each_instrument() -> None:
    """Half the capital waits in cash until the second instrument begins, and is never moved again."""
    closes = np.array([[100.0, 150.0, 200.0], [0.0, 50.0, 25.0]])
    relatives = relative_prices(closes, np.array([100.0, 50.0]))
    assert list(buy_and_hold(relatives)) == [1.0, 1.25, 1.25]


def test_an_instrument_without_a_bar_stays_cash() -> None:
    """Its first close is nought: no division, no change."""
    relatives = relative_prices(np.array([[0.0, 0.0]]), np.array([0.0]))
    assert list(buy_and_hold(relatives)) == [1.0, 1.0]


@given(CLOSES, st.lists(st.floats(0.0, 0.5), min_size=4, max_size=4))
def test_the_matched_benchmark_equals_a_slow_daily_rebalancing(closes: list[list[float]], shares: list[float]) -> None:
    """Units are bought anew at each close for the constant fraction of what there is then."""
    prices = np.array(closes)
    fractions = np.array(shares[: len(closes)])
    relatives = relative_prices(prices, prices[:, 0])
    worth = 1.0
    found = np.cumprod(1.0 + matched_returns(relatives, fractions))
    for day in range(1, 5):
        units = worth * fractions / prices[:, day - 1]
        cash = worth - float(units @ prices[:, day - 1])
        worth = cash + float(units @ prices[:, day])
        assert found[day] == pytest.approx(worth, rel=1e-9, abs=1e-12)


@given(CLOSES, st.lists(st.floats(0.0, 0.5), min_size=4, max_size=4))
def test_the_drawn_benchmark_meets_the_daily_one_at_every_close(closes: list[list[float]], shares: list[float]) -> None:
    """At the moments that are day closes, the curve between rebalancings and the daily returns agree."""
    prices = np.array(closes)
    fractions = np.array(shares[: len(closes)])
    relatives = relative_prices(prices, prices[:, 0])
    days = np.arange(100, 105)
    curve = matched_curve(days, relatives, relatives, fractions, first_day=100)
    assert curve == pytest.approx(np.cumprod(1.0 + matched_returns(relatives, fractions)))


def test_days_without_data_repeat_the_last_close() -> None:
    """A hole of three days becomes three days without change, in every column."""
    days, (equity, closes) = fill_days(np.array([10, 14]), np.array([5.0, 6.0]), np.array([[1.0, 2.0], [0.0, 3.0]]))
    assert list(days) == [10, 11, 12, 13, 14]
    assert list(equity) == [5.0, 5.0, 5.0, 5.0, 6.0]
    assert closes.tolist() == [[1.0, 1.0, 1.0, 1.0, 2.0], [0.0, 0.0, 0.0, 0.0, 3.0]]
    assert fill_days(np.zeros(0, dtype=np.int64), np.zeros(0))[1][0].size == 0


def test_a_return_from_nothing_is_none() -> None:
    """A worth of nought or less gives no return, and the first return is against the start."""
    assert list(returns_of(np.array([110.0, 0.0, 5.0]), 100.0)) == pytest.approx([0.1, -1.0, 0.0])
    assert returns_of(np.zeros(0), 100.0).size == 0
