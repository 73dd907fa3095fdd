# SPDX-License-Identifier: Apache-2.0
"""The statistics of the report: each figure against a slow plain reference, and honest intervals."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.record.reports.statistics import (
    FIGURES,
    Performance,
    block_indexes,
    implausible,
    mean_difference,
    measure,
    months,
    performance,
    week_returns,
)

RETURNS = st.lists(st.one_of(st.just(0.0), st.floats(-0.3, 0.3)), min_size=1, max_size=120)


def generator(seed: int = 0) -> np.random.Generator:
    """Return a seeded generator."""
    return np.random.Generator(np.random.PCG64(seed))


def reference(returns: list[float]) -> dict[str, float]:
    """Return the figures by plain loops over one record."""
    worth = highest = 1.0
    deepest, since_highest, longest = 0.0, 0, 0
    for change in returns:
        worth *= 1.0 + change
        since_highest += 1
        if worth >= highest:
            highest, since_highest = worth, 0
        longest = max(longest, since_highest)
        deepest = max(deepest, 1.0 - worth / highest)
    days = len(returns)
    mean = sum(returns) / days
    spread = math.sqrt(sum((r - mean) ** 2 for r in returns) / (days - 1)) if days > 1 else math.nan
    if len(set(returns)) == 1 and days > 1:
        spread = 0.0
    downside = math.sqrt(sum(min(r, 0.0) ** 2 for r in returns) / days)
    gains, losses = sum(r for r in returns if r > 0), -sum(r for r in returns if r < 0)
    moved = sum(r != 0 for r in returns)
    return {
        "mean_year": mean * 365,
        "total_return": worth - 1.0,
        "annual_return": worth ** (365 / days) - 1.0 if days >= 90 else math.nan,
        "volatility": spread * math.sqrt(365),
        "sharpe": mean / spread * math.sqrt(365) if spread > 0 else math.nan,
        "sortino": mean / downside * math.sqrt(365) if downside > 0 else math.nan,
        "drawdown_max": deepest,
        "underwater_days": longest,
        "hit_rate": sum(r > 0 for r in returns) / moved if moved else math.nan,
        "profit_factor": (gains / losses if losses else math.inf) if moved else math.nan,
    }


@given(RETURNS)
def test_every_figure_equals_its_plain_definition(returns: list[float]) -> None:
    """The vectorised arithmetic and a loop over the days give the same numbers, undefined where the loop is."""
    found = dict(zip(FIGURES, measure(np.array(returns)[None, :])[:, 0], strict=True))
    expected = reference(returns)
    skip = {"underwater_days"}  # a tie of two float products may be one day's difference
    for name, value in expected.items():
        if name not in skip:
            assert found[name] == pytest.approx(value, rel=1e-6, abs=1e-9, nan_ok=True), name


def test_time_under_water_is_counted_from_the_high_to_the_last_day_below_it() -> None:
    """Down, flat, down and back is three days below; a new high ends it, and the start counts as a high."""
    returns = np.array([[0.1, -0.1, 0.0, -0.05, 0.5], [-0.1, 0.0, 0.0, 0.0, 0.0]])
    assert list(measure(returns)[FIGURES.index("underwater_days")]) == [3.0, 5.0]


@given(RETURNS, st.integers(1, 40))
def test_resampled_days_are_blocks_of_the_record_running_round_its_end(returns: list[float], resamples: int) -> None:
    """Each row has as many days as the record, all of them from it, mostly one after the other."""
    column = np.array(returns)
    rows = np.concatenate(list(block_indexes(column, generator(), resamples=resamples)))
    assert rows.shape == (resamples, len(returns))
    assert rows.min() >= 0
    assert rows.max() < len(returns)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """Of 200 records with a known mean and dependence between days, near 90 % of the intervals cover that mean."""
    draw = generator(7)
    covered = 0
    for _ in range(200):
        noise = draw.standard_normal(401) * 0.01
        returns = 0.001 + noise[1:] + 0.3 * noise[:-1]
        mean = performance(returns, draw, resamples=300).mean_year
        covered += mean.low <= 0.001 * 365 <= mean.high
    assert 0.80 <= covered / 200 <= 0.97


def test_intervals_surround_their_points_and_repeat_with_the_seed() -> None:
    """The same seed gives the same interval, another seed nearly the same."""
    returns = generator(3).standard_normal(500) * 0.01
    first, again, other = (performance(returns, generator(seed), resamples=500) for seed in (1, 1, 2))
    assert first == again
    assert first.sharpe.low < first.sharpe.value < first.sharpe.high
    assert abs(first.sharpe.low - other.sharpe.low) < 0.3


def test_a_short_record_gets_no_interval_and_no_yearly_return() -> None:
    """Nineteen days: the point is shown, the interval and the compounding to a year are not."""
    shown = performance(np.full(19, 0.001), generator(), resamples=50)
    assert not shown.total_return.has_interval
    assert shown.total_return.covers_zero
    assert math.isnan(shown.annual_return.value)
    assert performance(np.zeros(0), generator(), resamples=50).days == 0


def test_a_flat_account_has_no_ratio_rather_than_a_ratio_of_nothing() -> None:
    """Without one day that moved, Sharpe, Sortino, hit rate and profit factor are undefined."""
    shown = performance(np.zeros(400), generator(), resamples=50)
    ratios = (shown.sharpe, shown.sortino, shown.hit_rate, shown.profit_factor)
    assert all(math.isnan(one.value) for one in ratios)
    assert shown.total_return.value == shown.drawdown_max.value == 0.0


def test_a_difference_is_resampled_in_pairs() -> None:
    """Two records that rise and fall together differ surely, however wild both are."""
    market = generator(5).standard_normal(300) * 0.05
    difference = mean_difference(market + 0.001, market, generator(), resamples=200)
    assert difference.value == pytest.approx(0.365)
    assert difference.low == pytest.approx(0.365)
    assert not difference.covers_zero


def test_months_and_weeks_compound_the_days_of_the_calendar() -> None:
    """Days of January and February fall into their months; weeks begin on Monday."""
    days = np.arange(19723, 19723 + 60)  # from Monday 2024-01-01
    returns = np.full(60, 0.01)
    by_month = months(days, returns)
    assert list(by_month) == [54 * 12, 54 * 12 + 1]
    assert by_month[54 * 12] == pytest.approx(1.01**31 - 1.0)
    assert list(week_returns(days, returns)) == pytest.approx([1.01**7 - 1.0] * 8 + [1.01**4 - 1.0])
    assert week_returns(days, np.zeros(60)).size == 0


def judged(returns: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[str, ...]:
    """Return what is implausible about a record."""
    shown: Performance = performance(returns, generator(), resamples=20)
    return implausible(np.arange(19723, 19723 + len(returns)), returns, shown)


@pytest.mark.requirement("P-01")
def test_what_is_too_good_to_be_true_is_named() -> None:
    """A Sharpe ratio or profit factor above 5, or no losing week, is said; ordinary and short records pass."""
    noise = generator(11).standard_normal(300) * 0.01
    assert judged(noise) == ()
    steady = judged(np.abs(noise) + 0.001)
    assert len(steady) == 3
    assert "Sharpe ratio" in steady[0]
    assert "not one losing day" in steady[1]
    assert "not one losing week" in steady[2]
    assert "profit factor" in judged(np.where(np.arange(300) % 9 == 0, -0.001, 0.004 + noise * 0.1))[1]
    assert judged(np.full(9, 0.02)) == ()
