# SPDX-License-Identifier: Apache-2.0
"""The samplers against their own distributions, and the lines on which nothing overtakes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter
from scipy import stats

from bot4.domain.errors import BadInput
from bot4.domain.values import RATE_ONE, Lots, Nanos
from bot4.simulation.book.draws import (
    BLOCK_DRAWS,
    LATENCY_NS_MAX,
    BetaShare,
    Constant,
    Distribution,
    Draws,
    LognormalMilliseconds,
    PoissonCount,
    Recorded,
)
from bot4.simulation.book.fills import FillModel, Pieces, poisson_beta_fills
from bot4.simulation.book.latency import Latency, Line

SEEDS = 24
DRAWN = 20_000
LEVEL = 0.01
"""Of the whole family: each seed is tested at LEVEL / SEEDS (Bonferroni). Seeds are fixed, so nothing flakes."""


def drawn(distribution: Distribution, seed: int, count: int = DRAWN) -> np.ndarray:
    """What the venue itself would take, number by number."""
    draws = Draws(distribution, seed, 3)
    return np.array([draws.next() for _ in range(count)], dtype=np.int64)


def smallest_and_combined(p_values: list[float]) -> tuple[float, float]:
    """The worst of the seeds, and whether all of them together look uniform, as p-values of a right sampler do."""
    return min(p_values), float(stats.kstest(p_values, "uniform").pvalue)


CONTINUOUS: dict[str, tuple[Distribution, Callable[[np.ndarray], np.ndarray], Any]] = {
    "lognormal": (LognormalMilliseconds(), lambda ns: ns / 1e6, stats.lognorm(s=0.3, scale=np.exp(3.9))),
    "beta": (BetaShare(), lambda share: share / RATE_ONE, stats.beta(2.0, 5.0)),
}


@pytest.mark.requirement("N1", "P2-8")
@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_samplers_pass_kolmogorov_smirnov_over_many_seeds(name: str) -> None:
    """Log-normal latency and Beta shares against their own distribution function."""
    distribution, scaled, law = CONTINUOUS[name]
    p_values = [float(stats.kstest(scaled(drawn(distribution, seed)), law.cdf).pvalue) for seed in range(SEEDS)]
    worst, combined = smallest_and_combined(p_values)
    print(f"{name}: smallest p {worst:.4f}, uniformity of p {combined:.3f} over {SEEDS} seeds")
    assert worst > LEVEL / SEEDS
    assert combined > LEVEL


@pytest.mark.requirement("N1", "P2-8")
def test_the_poisson_sampler_passes_chi_square_over_many_seeds() -> None:
    """Counts 0 to 8 and the rest against rate 3; the continuous test would be wrong for counts."""
    law = stats.poisson(3.0)
    expected = np.append(law.pmf(np.arange(9)), law.sf(8)) * DRAWN
    p_values = []
    for seed in range(SEEDS):
        found = np.bincount(np.minimum(drawn(PoissonCount(), seed), 9), minlength=10)
        p_values.append(float(stats.chisquare(found, expected).pvalue))
    worst, combined = smallest_and_combined(p_values)
    print(f"poisson: smallest p {worst:.4f}, uniformity of p {combined:.3f} over {SEEDS} seeds")
    assert worst > LEVEL / SEEDS
    assert combined > LEVEL


@pytest.mark.parametrize(
    ("wrong", "law"),
    [
        (LognormalMilliseconds(3.9, 0.33), stats.lognorm(s=0.3, scale=np.exp(3.9))),
        (LognormalMilliseconds(3.92, 0.3), stats.lognorm(s=0.3, scale=np.exp(3.9))),
        (BetaShare(2.1, 5.0), stats.beta(2.0, 5.0)),
    ],
)
def test_the_tests_of_the_samplers_see_a_wrong_parameter(wrong: Distribution, law: Any) -> None:
    """Some percent off is refused by most seeds: the tests above can fail."""
    scale = 1e6 if isinstance(wrong, LognormalMilliseconds) else RATE_ONE
    refused = [stats.kstest(drawn(wrong, seed) / scale, law.cdf).pvalue < LEVEL / SEEDS for seed in range(6)]
    assert sum(refused) >= 4


@pytest.mark.requirement("N2")
def test_the_default_lognormal_has_a_median_of_49_ms_and_a_99th_percentile_of_99_ms() -> None:
    """In nanoseconds: the unit the specification left out is the millisecond."""
    taken = drawn(LognormalMilliseconds(), 1, 100_000)
    assert np.median(taken) == pytest.approx(49.4e6, rel=0.01)
    assert np.quantile(taken, 0.99) == pytest.approx(99.3e6, rel=0.02)
    assert drawn(LognormalMilliseconds(15.0, 5.0), 1, 100).max() == LATENCY_NS_MAX


@pytest.mark.requirement("N2")
def test_a_table_gives_ones_own_records_equally_often() -> None:
    """Each record as often as it stands there, nothing between."""
    records = [5, 5, 7, 1_000]
    taken, counts = np.unique(drawn(Recorded(records), 2), return_counts=True)
    assert taken.tolist() == [5, 7, 1_000]
    assert stats.chisquare(counts, np.array([0.5, 0.25, 0.25]) * DRAWN).pvalue > LEVEL


def test_draws_repeat_by_seed_differ_by_stream_and_are_told_by_their_place() -> None:
    """Blocks do not show; equal seeds are equal; the state is how many were taken."""
    one, same = Draws(LognormalMilliseconds(), 7, 1), Draws(LognormalMilliseconds(), 7 + 2**64, 1)
    other = Draws(LognormalMilliseconds(), 7, 2)
    taken = [[draws.next() for _ in range(BLOCK_DRAWS + 3)] for draws in (one, same, other)]
    assert taken[0] == taken[1] != taken[2]
    states = []
    for draws in (one, same):
        out = BytesWriter()
        draws.write_state(out)
        states.append(out.getvalue())
    assert states[0] == states[1] == (BLOCK_DRAWS + 3).to_bytes(8, "little")


@given(st.lists(st.integers(0, 10**12), max_size=60), st.integers(0, 5))
def test_nothing_overtakes_on_a_line(gaps: list[int], seed: int) -> None:
    """Arrivals keep the order, come no earlier than the latency drawn, and a whole series gives the same."""
    stamps = np.cumsum(np.array(gaps, dtype=np.int64))
    latency = Recorded([0, 10**9, 10**12])
    line, plain = Line(latency, seed, 0), Draws(latency, seed, 0)
    arrivals = [int(line.carry(Nanos(int(at)))) for at in stamps]
    assert arrivals == sorted(arrivals)
    assert all(there >= at + plain.next() for at, there in zip(stamps.tolist(), arrivals, strict=True))
    whole = Line(latency, seed, 0)
    assert [*whole.carry_all(stamps[:7]).tolist(), *whole.carry_all(stamps[7:]).tolist()] == arrivals
    assert whole.last == line.last


def test_a_whole_series_longer_than_a_block_arrives_as_one_by_one() -> None:
    """The batch form takes the same draws in the same order."""
    stamps = np.arange(3 * BLOCK_DRAWS + 5, dtype=np.int64) * 30_000_000
    line = Line(LognormalMilliseconds(), 3, 0)
    arrivals = [line.carry(Nanos(int(s))) for s in stamps]
    assert Line(LognormalMilliseconds(), 3, 0).carry_all(stamps).tolist() == arrivals
    mixed = Line(LognormalMilliseconds(), 3, 0)
    begun = [mixed.carry(Nanos(int(stamp))) for stamp in stamps[:3]]
    assert [*begun, *mixed.carry_all(stamps[3:-1]).tolist(), mixed.carry(Nanos(int(stamps[-1])))] == arrivals
    assert mixed.draws.taken == len(stamps)


@given(st.integers(1, 1 << 55), st.integers(0, 100))
def test_a_piece_is_its_share_of_what_is_open_rounded_down_and_at_least_one(leaves: int, seed: int) -> None:
    """Exactly, up to the largest order that can be."""
    pieces, shares = Pieces(poisson_beta_fills(), seed), Draws(BetaShare(), seed, 4)
    for _ in range(3):
        assert pieces.size(Lots(leaves)) == max(1, leaves * int(shares.next()) // RATE_ONE)
    whole = Pieces(FillModel(), seed)
    assert whole.count() == 1
    assert whole.size(Lots(leaves)) == leaves


@pytest.mark.parametrize(
    "make",
    [
        lambda: Constant(-1),
        lambda: LognormalMilliseconds(40.0),
        lambda: LognormalMilliseconds(3.9, float("nan")),
        lambda: Recorded([]),
        lambda: Recorded([1, -1]),
        lambda: Recorded([LATENCY_NS_MAX + 1]),
        lambda: PoissonCount(0.0),
        lambda: PoissonCount(float("inf")),
        lambda: BetaShare(0.0),
        lambda: BetaShare(2.0, float("inf")),
    ],
)
def test_parameters_out_of_range_are_refused(make: Callable[[], Any]) -> None:
    """Nothing is clipped in silence."""
    with pytest.raises(BadInput):
        make()


def test_no_latency_unless_told() -> None:
    """Each way is 0 by default and takes nothing from chance."""
    latency = Latency()
    for way in (latency.feed, latency.entry, latency.response):
        assert Draws(way, 1, 1).next() == 0
