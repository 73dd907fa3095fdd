# SPDX-License-Identifier: Apache-2.0
"""The statistics of a record equal scipy's, statsmodels' and plain references; degenerate records prove nothing."""

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS

from bot4.kernels.chance import GAMMA, splitmix64
from bot4.kernels.evidence import (
    assess,
    expected_max_sharpe,
    hac_t,
    intervals,
    max_drawdown,
    p_value_above_zero,
    probabilistic_sharpe,
    track_days_min,
)
from bot4.kernels.evidence.bootstrap import block_length, resampled_sums, write_circular_prefix
from bot4.kernels.evidence.normal import normal_cdf, normal_ppf
from tests.unit.kernels.series import Floats


def daily(days: int, *, seed: int = 1, mean: float = 0.001, memory: float = 0.0) -> Floats:
    """Make daily returns with fat tails, and with a memory of the day before where asked."""
    rng = np.random.Generator(np.random.PCG64(seed))
    out = rng.standard_t(5, days) * 0.01
    for i in range(1, days):
        out[i] += memory * out[i - 1]
    return out + mean


def test_the_normal_distribution_equals_scipys() -> None:
    """Probability and quantile to 1e-12 over the whole range, tails included."""
    x = np.linspace(-37.0, 8.0, 4001)
    np.testing.assert_allclose([normal_cdf(one) for one in x], stats.norm.cdf(x), rtol=1e-12)
    p = np.concatenate((np.logspace(-300, -1, 600), np.linspace(0.01, 0.99, 999), 1.0 - np.logspace(-15, -2, 50)))
    np.testing.assert_allclose([normal_ppf(one) for one in p], stats.norm.ppf(p), rtol=1e-12, atol=1e-15)
    assert normal_ppf(0.0) == -math.inf
    assert normal_ppf(1.0) == math.inf
    assert math.isnan(normal_ppf(1.5))
    assert math.isnan(normal_ppf(math.nan))


@pytest.mark.requirement("EMOTION_001-B")
@pytest.mark.parametrize("days", [2, 3, 30, 99, 365, 2300])
@pytest.mark.parametrize("memory", [0.0, 0.5, -0.5])
def test_the_hac_statistic_equals_statsmodels(days: int, memory: float) -> None:
    """Bartlett weights, lag by the Newey-West rule, one-sided p-value."""
    returns = daily(days, memory=memory)
    lag = math.floor(4 * (days / 100) ** (2 / 9))
    fit = OLS(returns, np.ones(days)).fit(cov_type="HAC", cov_kwds={"maxlags": min(lag, days - 1)})
    assert hac_t(returns) == pytest.approx(fit.tvalues[0], rel=1e-10)
    assert p_value_above_zero(hac_t(returns)) == pytest.approx(stats.norm.sf(fit.tvalues[0]), rel=1e-9)


def test_moments_and_sharpe_equal_scipys() -> None:
    """Deviation with n - 1, plain skewness and kurtosis, a year of 365 days."""
    returns = daily(700)
    found = assess(returns, 1, 0)
    assert found.days == 700
    assert found.mean == pytest.approx(returns.mean(), rel=1e-12)
    assert found.deviation == pytest.approx(returns.std(ddof=1), rel=1e-12)
    assert found.skew == pytest.approx(stats.skew(returns), rel=1e-10)
    assert found.kurtosis == pytest.approx(stats.kurtosis(returns, fisher=False), rel=1e-10)
    assert found.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1) * math.sqrt(365), rel=1e-12)


def test_the_deflated_ratio_of_the_paper() -> None:
    """The worked example of Bailey and Lopez de Prado (2014), p. 11: 100 trials, annual ratio 2.5, five years."""
    days, year, trials_variance = 1250, 250, 0.5
    ratio = 2.5 / math.sqrt(year)
    # The paper knows the variance of the trials' annual ratios; ours assumes that of skill-less ones, 1 / (days - 1).
    benchmark = expected_max_sharpe(days, 100) * math.sqrt(days - 1) * math.sqrt(trials_variance / year)
    assert benchmark == pytest.approx(0.1132, abs=1e-4)
    assert probabilistic_sharpe(ratio, benchmark, days, -3.0, 10.0) == pytest.approx(0.9004, abs=2e-4)


def test_the_expected_greatest_ratio_grows_with_the_trials() -> None:
    """It agrees with simulation within 3 %, is 0 for a single trial, and none for no record."""
    rng = np.random.Generator(np.random.PCG64(5))
    for trials in (10, 100, 1000):
        simulated = rng.normal(size=(4000, trials)).max(axis=1).mean()
        assert expected_max_sharpe(366, trials) * math.sqrt(365) == pytest.approx(simulated, rel=0.03)
    assert expected_max_sharpe(366, 1) == 0.0
    assert math.isnan(expected_max_sharpe(1, 10))


def test_the_minimum_track_record_is_where_the_probability_reaches_its_confidence() -> None:
    """The two formulas are inverses; a ratio below its benchmark never gets there."""
    days = track_days_min(0.1, 0.02, -0.5, 6.0, 0.95)
    before = probabilistic_sharpe(0.1, 0.02, math.floor(days), -0.5, 6.0)
    after = probabilistic_sharpe(0.1, 0.02, math.ceil(days), -0.5, 6.0)
    assert before <= 0.95 <= after
    assert track_days_min(0.02, 0.02, 0.0, 3.0, 0.95) == math.inf
    assert math.isnan(track_days_min(math.nan, 0.0, 0.0, 3.0, 0.95))


def test_the_figures_fit_together() -> None:
    """Excess is ratio less maximum, the deflated ratio is the probabilistic one against that maximum."""
    returns = daily(500)
    found = assess(returns, 25, 3)
    year = math.sqrt(365)
    assert found.sharpe_max == pytest.approx(expected_max_sharpe(500, 25) * year)
    assert found.sharpe_excess == pytest.approx(found.sharpe - found.sharpe_max)
    shape = (500, found.skew, found.kurtosis)
    assert found.deflated == pytest.approx(probabilistic_sharpe(found.sharpe / year, found.sharpe_max / year, *shape))
    assert found.probabilistic == pytest.approx(probabilistic_sharpe(found.sharpe / year, 0.0, *shape))
    assert found.deflated < found.probabilistic
    assert found.t == hac_t(returns)


def plain_blocks(n: int, block: int, seed: int, resamples: int) -> list[list[int]]:
    """Draw the days of each resample with splitmix64 in Python's integers."""
    mask = (1 << 64) - 1
    counter, out = seed, []
    for _ in range(resamples):
        days: list[int] = []
        bits = 0
        for j in range((n + block - 1) // block):
            if j % 2 == 0:
                counter = (counter + int(GAMMA)) & mask
                z = ((counter ^ (counter >> 30)) * 0xBF58476D1CE4E5B9) & mask
                z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
                bits = z ^ (z >> 31)
            word = bits >> 32 if j % 2 == 0 else bits & 0xFFFFFFFF
            start = (word * n) >> 32
            days += [(start + i) % n for i in range(min(block, n - len(days)))]
        out.append(days)
    return out


@pytest.mark.parametrize(("days", "block"), [(2, 1), (50, 7), (101, 101), (64, 3)])
def test_resampling_by_prefix_sums_equals_resampling_by_days(days: int, block: int) -> None:
    """Same days drawn, same sums; each resample has exactly as many days as the record."""
    values = daily(days)
    prefixes = np.empty((1, 2 * days + 1))
    write_circular_prefix(values, prefixes[0])
    out = np.empty((40, 1))
    with np.errstate(over="ignore"):
        resampled_sums(prefixes, block, np.uint64(99), out)
    drawn = plain_blocks(days, block, 99, 40)
    assert {len(one) for one in drawn} == {days}
    np.testing.assert_allclose(out[:, 0], [values[one].sum() for one in drawn], rtol=1e-9, atol=1e-13)


def test_the_generator_is_splitmix64() -> None:
    """The first outputs of Vigna's reference implementation for the seed 1234567."""
    with np.errstate(over="ignore"):
        seeds = [np.uint64(1234567) + GAMMA * np.uint64(i) for i in range(1, 4)]
        found = [int(splitmix64(one)) for one in seeds]
    assert found == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def plain_block_length(returns: Floats) -> float:
    """Work out the automatic block length as the paper writes it, with numpy."""
    n = len(returns)
    away = returns - returns.mean()
    r = np.array([away[k:] @ away[: n - k] / n for k in range(n)])
    calm, most = max(5, int(math.log10(n))), math.ceil(math.sqrt(n)) + max(5, int(math.log10(n)))
    small = np.abs(r / r[0]) < 2 * math.sqrt(math.log10(n) / n)
    fits = [m for m in range(most + 1 - calm) if small[m + 1 : m + calm + 1].all()]
    reach = min(2 * max(fits[0], 1), most) if fits else most
    k = np.arange(-reach, reach + 1)
    weights = np.minimum(1.0, 2.0 * (1.0 - np.abs(k) / reach))
    slope, level = (weights * np.abs(k) * r[np.abs(k)]).sum(), (weights * r[np.abs(k)]).sum()
    return float((2 * slope**2 / (4 / 3 * level**2)) ** (1 / 3) * n ** (1 / 3))


@pytest.mark.parametrize("memory", [-0.4, 0.0, 0.3, 0.6, 0.9])
def test_blocks_are_as_long_as_the_memory(memory: float) -> None:
    """The automatic rule of Politis and White, between the cube root of n and its cap."""
    returns = daily(1200, memory=memory)
    expected = min(max(math.ceil(plain_block_length(returns)), math.ceil(1200 ** (1 / 3))), math.ceil(3 * 1200**0.5))
    assert block_length(returns) == expected


def test_block_lengths_at_the_edges() -> None:
    """Records too short or without variance get single days; never longer than a third of the record."""
    assert block_length(np.zeros(100)) == 1
    assert block_length(daily(8)) == 1
    assert block_length(np.arange(30.0)) <= 10


def test_confidence_is_the_share_of_resamples_above_zero() -> None:
    """Near one for a record far above zero, near one half around it, near none below."""
    assert assess(daily(400, mean=0.005), 1, 1).confidence > 0.99
    assert assess(daily(400, mean=-0.005), 1, 1).confidence < 0.01
    centred = daily(400)
    assert 0.4 < assess(centred - centred.mean(), 1, 1).confidence < 0.6


def test_a_record_of_zeros_is_told_what_resampling_would_find() -> None:
    """It is not resampled: no resample of it can lie above zero. One day that is no zero has it resampled."""
    zeros = np.zeros(40)
    assert assess(zeros, 1, 1).confidence == 0.0
    zeros[17] = 1e-300
    assert 0.5 < assess(zeros, 1, 1).confidence < 1.0


def test_intervals_cover_and_agree_with_theory() -> None:
    """Around the estimate, as wide as 1.96 standard errors for independent days, wider with memory."""
    returns = daily(2000)
    found = intervals(returns, 7, resamples=2000)
    error = returns.std(ddof=1) / math.sqrt(2000)
    assert found.mean_low < returns.mean() < found.mean_high
    assert (found.mean_high - found.mean_low) / (2 * 1.96 * error) == pytest.approx(1.0, abs=0.12)
    sharpe = assess(returns, 1, 7).sharpe
    assert found.sharpe_low < sharpe < found.sharpe_high
    total = float(np.prod(1.0 + returns)) - 1.0
    assert found.total_low < total < found.total_high
    lasting = daily(2000, memory=0.6)
    wide = intervals(lasting, 7, resamples=2000)
    lasting_error = lasting.std(ddof=1) / math.sqrt(2000)
    assert (wide.mean_high - wide.mean_low) / (2 * 1.96 * lasting_error) > 1.5


def test_equal_seeds_give_equal_figures_and_others_do_not() -> None:
    """Chance is an input; any integer is a seed."""
    returns = daily(300, mean=0.0005)
    assert assess(returns, 5, -3) == assess(returns, 5, -3) == assess(returns, 5, (1 << 64) - 3)
    assert intervals(returns, 1) == intervals(returns, 1)
    assert intervals(returns, 1) != intervals(returns, 2)


@pytest.mark.requirement("EMOTION_001-B")
@pytest.mark.parametrize("returns", [[], [0.01], [0.0] * 50, [0.01] * 50, [0.1 + 0.2] * 7])
def test_a_record_that_does_not_vary_proves_nothing(returns: list[float]) -> None:
    """No ratio and no p-value is NaN, which no gate lets pass; nothing is infinite by accident."""
    found = assess(np.array(returns, dtype=np.float64), 3, 1)
    assert math.isnan(found.sharpe)
    assert math.isnan(found.p_value)
    assert math.isnan(found.deflated)
    assert math.isnan(found.track_days_min)


def test_intervals_of_short_and_constant_records() -> None:
    """Below two days there is none; without variance the mean is certain and the ratio is not there."""
    assert math.isnan(intervals(np.array([0.1]), 1).mean_low)
    flat = intervals(np.full(20, 0.01), 1)
    assert flat.mean_low == flat.mean_high == pytest.approx(0.01)
    assert math.isnan(flat.sharpe_low)


@pytest.mark.parametrize("returns", [np.array([[0.1]]), np.array([0.1, math.nan]), np.array([math.inf])])
def test_a_record_that_is_no_finite_column_is_refused(returns: Floats) -> None:
    """Both doors say so."""
    with pytest.raises(ValueError, match="finite"):
        assess(returns, 1, 1)
    with pytest.raises(ValueError, match="finite"):
        intervals(returns, 1)


def test_counts_and_levels_out_of_range_are_refused() -> None:
    """No trials, no resamples, a level of one, a loss of everything."""
    returns = daily(20)
    with pytest.raises(ValueError, match="trials"):
        assess(returns, 0, 1)
    with pytest.raises(ValueError, match="resamples"):
        assess(returns, 1, 1, resamples=0)
    with pytest.raises(ValueError, match="level"):
        intervals(returns, 1, level=1.0)
    with pytest.raises(ValueError, match="above -1"):
        intervals(np.array([0.1, -1.0]), 1)


@pytest.mark.parametrize(
    ("equity", "deepest"),
    [([], 0.0), ([100.0, 110.0], 0.0), ([100.0, 80.0, 120.0, 90.0], 0.25), ([10.0, -5.0], 1.5)],
)
def test_the_greatest_fall_from_a_peak(equity: list[float], deepest: float) -> None:
    """As a fraction of the peak before it."""
    assert max_drawdown(np.array(equity, dtype=np.float64)) == pytest.approx(deepest)
