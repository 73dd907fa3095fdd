# SPDX-License-Identifier: Apache-2.0
"""Features of one instrument against another: each window by itself, known answers, a reference that is missing."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot4.kernels.catalog import PAIRS
from bot4.kernels.features import FeatureProgram, compile_features, parse
from tests.unit.kernels.series import Floats, Series, generated

pytestmark = pytest.mark.requirement("ML_017")

FEW = settings(max_examples=max(5, settings().max_examples // 8))
WINDOW = 12
NAMES = (
    f"beta_{WINDOW}~R",
    f"corr_{WINDOW}~R",
    f"lead_corr_{WINDOW}_3~R",
    f"lag_corr_{WINDOW}_2~R",
    f"lead_{WINDOW}_3~R",
    "outperformance_5~R",
    f"strength_4_{WINDOW}~R",
)
PROGRAM = compile_features(["sma_3", *NAMES])


def run(program: FeatureProgram, series: Series, *references: Floats) -> tuple[Floats, Floats]:
    """Outputs and the state after a whole series."""
    state, out = program.new_state(), np.empty((len(series.closes), program.size))
    program.run(state, *series, out, references=np.column_stack(references))
    return out, state


def correlation(ours: Floats, theirs: Floats) -> float:
    """Pearson's correlation, NaN where one did not move."""
    a, b = ours - ours.mean(), theirs - theirs.mean()
    size = math.sqrt(math.fsum(a * a) * math.fsum(b * b))
    return math.fsum(a * b) / size if size > 0 else math.nan


def plain(closes: Floats, reference: Floats, i: int) -> list[float]:
    """The features of bar i, each from its own window; NaN where the window is not whole."""
    ours, theirs = (np.concatenate(([math.nan], np.diff(np.log(one)))) for one in (closes, reference))

    def window(returns: Floats, lag: int = 0) -> Floats:
        first = i - WINDOW + 1 - lag
        return returns[first : i - lag + 1] if first >= 1 else np.full(WINDOW, math.nan)

    a, b = window(ours), window(theirs)
    spread = math.fsum((b - b.mean()) ** 2) if not np.isnan(b).any() else math.nan
    beta = math.fsum((a - a.mean()) * (b - b.mean())) / spread if spread > 0 else math.nan
    by_lag = {lag: correlation(window(ours, max(-lag, 0)), window(theirs, max(lag, 0))) for lag in range(-3, 4)}
    order = [0, 1, -1, 2, -2, 3, -3]
    best = max(order, key=lambda lag: (abs(by_lag[lag]), -order.index(lag))) if i >= WINDOW + 3 else math.nan
    ratio = np.log(closes / reference)
    changes = ratio[4:] - ratio[:-4]
    strength = math.nan
    if i >= WINDOW + 3:
        last = changes[i - 4 - WINDOW + 1 : i - 4 + 1]
        strength = (last[-1] - last.mean()) / last.std()
    outperformed = ratio[i] - ratio[i - 5] if i >= 5 else math.nan
    return [beta, correlation(a, b), by_lag[3], by_lag[-2], best, outperformed, strength]


@FEW
@given(seed=st.integers(0, 2**32))
def test_each_value_is_that_of_its_window_alone(seed: int) -> None:
    """To 1e-9, warm exactly when its formula says."""
    series, other = generated(60, seed=seed), generated(60, seed=seed + 1, price=7.0)
    out = run(PROGRAM, series, other.closes)[0][:, 1:]
    expected = np.array([plain(series.closes, other.closes, i) for i in range(60)])
    np.testing.assert_allclose(out, expected, rtol=1e-9, atol=1e-9)


def test_a_series_that_follows_is_found_to_follow_and_one_that_leads_to_lead() -> None:
    """Planted: the reference's returns come two bars before ours, at half their size."""
    reference = generated(400, seed=4)
    returns = np.diff(np.log(reference.closes), prepend=math.log(reference.closes[0]))
    late = 50.0 * np.exp(0.5 * np.cumsum(np.concatenate(([0.0, 0.0], returns[:-2]))))
    series = Series(reference.open_ns, late, late, late, late, late)
    program = compile_features(["lead_60_5~R", "lead_corr_60_2~R", "beta_60~R"])
    out, _ = run(program, series, reference.closes)
    assert set(out[100:, 0].tolist()) == {2.0}
    np.testing.assert_allclose(out[100:, 1], 1.0, rtol=1e-9)
    flat = Series(reference.open_ns, *[reference.closes] * 5)
    back, _ = run(program, flat, late)
    assert set(back[100:, 0].tolist()) == {-2.0}
    own, _ = run(compile_features(["beta_60~R", "corr_60~R"]), flat, reference.closes)
    np.testing.assert_allclose(own[100:], 1.0, rtol=1e-12)


@FEW
@given(seed=st.integers(0, 2**32), cut=st.integers(0, 80))
def test_streaming_and_pieces_equal_the_batch_and_the_future_is_not_seen(seed: int, cut: int) -> None:
    """To the bit, with a reference that is not known in the first bars."""
    series, other = generated(80, seed=seed), generated(80, seed=seed + 1).closes
    other[:7] = math.nan
    batch, after = run(PROGRAM, series, other)
    stream = PROGRAM.stream()
    for i, bar in enumerate(series.bars()):
        stream.references[0] = other[i]
        assert stream.step(*bar)
        assert stream.values.tobytes() == batch[i].tobytes()
    assert stream.state.tobytes() == after.tobytes()
    state, parts = PROGRAM.new_state(), []
    for piece in (slice(0, cut), slice(cut, 80)):
        parts.append(np.empty((len(series.closes[piece]), PROGRAM.size)))
        part = series.part(piece.start, piece.stop)
        PROGRAM.run(state, *part, parts[-1], references=other[piece].reshape(-1, 1))
    assert np.concatenate(parts).tobytes() == batch.tobytes()
    assert np.isnan(batch[:7, 1:]).all()
    assert not np.isnan(batch[5, 0])
    later = other.copy()
    later[cut:] *= 1.5
    assert run(PROGRAM, series, later)[0][:cut].tobytes() == batch[:cut].tobytes()


def test_a_reference_that_stands_still_gives_no_slope_and_one_that_is_lost_gives_no_value() -> None:
    """NaN, not a division by nothing; where it comes back, the features go on."""
    series = generated(60)
    still = run(PROGRAM, series, np.full(60, 5.0))[0]
    assert np.isnan(still[:, 1:6]).all()
    lost = generated(60, seed=2).closes
    lost[30:33] = math.nan
    out = run(PROGRAM, series, lost)[0]
    assert np.isnan(out[30:33, 1:]).all()
    assert not np.isnan(out[33:, 1:]).any()
    assert not np.isnan(out[30:33, 0]).any()


def test_two_references_have_a_column_each_in_the_order_of_asking() -> None:
    """Whatever stands between them; a wrong number of columns is refused."""
    series, first, second = generated(60), generated(60, seed=2).closes, generated(60, seed=3).closes
    program = compile_features(["beta_9~X", "rsi_3", "corr_9~Y", "corr_9~X"])
    assert program.references == ("X", "Y")
    out, _ = run(program, series, first, second)
    for names, reference, columns in ((["beta_9~R", "corr_9~R"], first, [0, 3]), (["corr_9~R"], second, [2])):
        alone, _ = run(compile_features(names), series, reference)
        assert np.ascontiguousarray(out[:, columns]).tobytes() == alone.tobytes()
    with pytest.raises(ValueError, match="references must have the shape"):
        run(program, series, first)


def test_a_spike_leaves_no_trace_in_beta_once_it_has_left_the_window() -> None:
    """Carried sums lose digits to a jump of nine orders; a fresh start gives them back."""
    series, other = generated(300, seed=8), generated(300, seed=9).closes
    for column in (*series.floats()[:4], other):
        column[100] *= 1e9
    out = run(PROGRAM, series, other)[0][:, 1:]
    for i in range(100 + WINDOW + 8, 300):
        np.testing.assert_allclose(out[i, :2], plain(series.closes, other, i)[:2], rtol=1e-9)


@pytest.mark.parametrize("info", PAIRS, ids=lambda info: info.kind)
def test_each_entry_is_warm_when_it_says(info: object) -> None:
    """With its usual numbers, at the bar its formula gives."""
    from bot4.kernels.catalog import FeatureInfo
    from tests.unit.kernels.test_features import evaluate

    assert isinstance(info, FeatureInfo)
    spec = parse(info.usual_name + "~R")
    formula = evaluate(info.warm_up, {p.name: int(n) for p, n in zip(info.parameters, spec.numbers, strict=True)})
    program = compile_features([spec.name])
    out, _ = run(program, generated(120), generated(120, seed=2).closes)
    assert program.warm_up == (formula,)
    assert np.isnan(out[: formula - 1]).all()
    assert np.isfinite(out[formula - 1 :]).all()
