# SPDX-License-Identifier: Apache-2.0
"""What must hold of all indicators at once: one truth in every form, no future, no drift, no scale."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.kernels.features import CATALOG, DEFAULT_FEATURES, compile_features, parse
from bot4.kernels.jit import IS_COMPILED
from tests.unit.kernels.naive import WINDOWED, windowed
from tests.unit.kernels.series import Floats, Series, generated

SHORT = (
    "sma_3",
    "ema_4",
    "wma_5",
    "rsi_3",
    "adx_4",
    "cci_5",
    "bb_upper_6_2.5",
    "mfi_4",
    "stoch_d_5_2_2",
    "vwap_3",
)
NAMES = tuple(dict.fromkeys((*DEFAULT_FEATURES, *SHORT, *(info.usual_name for info in CATALOG))))
PROGRAM = compile_features(NAMES)
#: How what has the unit grows with the price.
POWERS = {"price": 1, "price squared": 2, "price * volume": 1, "price squared / volume": 2, "1 / (price * volume)": -1}
#: An angle between a price and a number of bars, and parts of a logarithm of the price itself.
OF_A_SCALE = {"linearreg_angle", "fracdiff"}
#: With the JIT off a bar costs a thousand times as much; the lines are the same.
SCALE = 1 if IS_COMPILED else 8
PIECE = 100_000 // SCALE // SCALE
#: The prices that drift is looked for at: an ordinary one, and either end of what bot4 takes.
ENDS = (1e-12, 100.0, 1e9)


def whole(series: Series) -> tuple[Floats, Floats]:
    """Run over a series at once; returns outputs and the state after."""
    state = PROGRAM.new_state()
    out = np.empty((len(series.closes), PROGRAM.size))
    PROGRAM.run(state, *series, out)
    return out, state


def chunked(series: Series, cuts: list[int]) -> tuple[Floats, Floats]:
    """Run over a series in pieces; returns outputs and the state after."""
    state = PROGRAM.new_state()
    parts = []
    edges = [0, *sorted(cuts), len(series.closes)]
    for first, stop in pairwise(edges):
        out = np.empty((stop - first, PROGRAM.size))
        PROGRAM.run(state, *series.part(first, stop), out)
        parts.append(out)
    return np.concatenate(parts), state


@pytest.mark.requirement("ML_001")
@given(
    seed=st.integers(0, 2**32), bars=st.integers(1, 900 // SCALE), price=st.sampled_from([1e-12, 1e-6, 1.0, 3e4, 1e9])
)
def test_streaming_equals_batch_bit_for_bit(seed: int, bars: int, price: float) -> None:
    """Bar by bar, through either door, the outputs and the state are those of one run."""
    series = generated(bars, seed=seed, price=price)
    batch, after = whole(series)
    stream = PROGRAM.stream()
    state, out = PROGRAM.new_state(), np.empty(PROGRAM.size)
    for i, bar in enumerate(series.bars()):
        assert stream.step(*bar)
        assert PROGRAM.step(state, *bar, out)
        assert stream.values.tobytes() == batch[i].tobytes() == out.tobytes()
    assert stream.state.tobytes() == state.tobytes() == after.tobytes()


@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, 800 // SCALE), max_size=6))
def test_chunks_do_not_matter(seed: int, cuts: list[int]) -> None:
    """A run over pieces of any length equals a run over the whole, bit for bit."""
    series = generated(800 // SCALE, seed=seed)
    out, state = whole(series)
    pieces, after = chunked(series, cuts)
    assert out.tobytes() == pieces.tobytes()
    assert state.tobytes() == after.tobytes()


@pytest.mark.requirement("ML_001")
@given(seed=st.integers(0, 2**32), cut=st.integers(0, 600 // SCALE))
def test_the_future_changes_nothing_before_it(seed: int, cut: int) -> None:
    """Other bars after a cut, or none, leave every output before it as it was."""
    past, future = generated(600 // SCALE, seed=seed), generated(600 // SCALE, seed=seed + 1, price=7.0)
    joined = Series(*(np.concatenate((a[:cut], b)) for a, b in zip(past, future, strict=True)))
    assert whole(joined)[0][:cut].tobytes() == whole(past)[0][:cut].tobytes()
    assert whole(past.part(0, cut))[0].tobytes() == whole(past)[0][:cut].tobytes()


@given(names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=8, unique=True), seed=st.integers(0, 2**32))
def test_a_feature_does_not_depend_on_its_company(names: list[str], seed: int) -> None:
    """Whatever else is compiled, in whatever order, its values are the same to the bit."""
    series = generated(400 // SCALE, seed=seed)
    together = whole(series)[0]
    program = compile_features(names)
    out = np.empty((400 // SCALE, program.size))
    program.run(program.new_state(), *series, out)
    for place, name in enumerate(names):
        assert out[:, place].tobytes() == together[:, NAMES.index(name)].tobytes()


@pytest.mark.parametrize("price", [1e-12, 1e-8, 1e-3, 1e6, 1e9])
def test_the_scale_of_prices_is_no_matter(price: float) -> None:
    """What has the unit of a price grows with it, the rest stays, to 1e-9; 12 digits of nothing lost at either end."""
    plain, scaled = whole(generated(600))[0], whole(generated(600, price=100.0 * price))[0]
    for place, name in enumerate(NAMES):
        factor = price ** POWERS.get(parse(name).info.unit, 0)
        if parse(name).info.kind in OF_A_SCALE:
            continue
        scale = max(np.nanmax(np.abs(plain[:, place])), 1e-300)
        np.testing.assert_allclose(
            scaled[:, place] / factor, plain[:, place], rtol=1e-9, atol=1e-9 * scale, err_msg=name
        )


@given(seed=st.integers(0, 2**32), spike=st.sampled_from([1e3, 1e6, 1e9]), at=st.integers(50, 300))
def test_a_spike_leaves_no_trace_once_it_has_left_the_window(seed: int, spike: float, at: int) -> None:
    """One absurd bar costs a plain running sum its digits; here the windowed features have them all back after it."""
    series = generated(420, seed=seed)
    for column in series.floats():
        column[at] = column[at] * spike + spike
    out = whole(series)[0]
    for name in ("sma_20", "stddev_20", "volatility_20", "vwap_20", "mfi_14", "wma_20", "volume_sma_20", "cci_20"):
        spec = parse(name)
        clear = slice(at + 42, None)
        reference = windowed(spec.info.kind, series, int(spec.numbers[0]))[clear]
        np.testing.assert_allclose(out[clear, NAMES.index(name)], reference, rtol=1e-9, atol=1e-11, err_msg=name)


def check_drift(bars: int, price: float) -> None:
    """Stream `bars` bars in chunks and compare the end with a fresh computation over the last bars only."""
    names = [f"{kind}_{window}" for kind in WINDOWED for window in (20, 100)]
    program = compile_features(names)
    state = program.new_state()
    level, last = price, generated(1)
    out = np.empty((PIECE, program.size))
    for chunk in range(bars // SCALE // SCALE // PIECE):
        last = generated(PIECE, seed=chunk, price=level, move=0.0005)
        level = min(max(float(last.closes[-1]), 0.01 * price), 1e3 * price)
        program.run(state, *last, out)
    tail = last.part(PIECE - 1_000, PIECE)
    for place, name in enumerate(names):
        spec = parse(name)
        reference = windowed(spec.info.kind, tail, int(spec.numbers[0]))[500:]
        size = float(np.max(np.abs(reference)))
        scale = (price / 100.0) ** POWERS.get(spec.info.unit, 0)  # so that the test is one and the same at every price
        around = max(size, 100.0 * level / price * scale)
        np.testing.assert_allclose(out[-500:, place], reference, rtol=1e-9, atol=1e-12 * around, err_msg=name)


@pytest.mark.requirement("ML_001")
@pytest.mark.parametrize("price", ENDS)
def test_a_million_steps_leave_no_drift(price: float) -> None:
    """Carried from bar to bar or computed from the window alone: the same to 1e-9."""
    check_drift(1_000_000, price)


@pytest.mark.slow
@pytest.mark.requirement("ML_001")
@pytest.mark.parametrize("price", ENDS)
def test_ten_million_steps_leave_no_drift(price: float) -> None:
    """The long form of the test above."""
    check_drift(10_000_000, price)
