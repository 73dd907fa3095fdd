# SPDX-License-Identifier: Apache-2.0
"""The indicators' door: names, programs, warm-up, what a bad bar does, and the values no other library has."""

import ast
import math
import operator
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from bot4.kernels.features import CATALOG, DEFAULT_FEATURES, FeatureInfo, compile_features, parse
from bot4.kernels.indicators import layout
from tests.unit.kernels.naive import WINDOWED, windowed
from tests.unit.kernels.recursive import RECURSIVE
from tests.unit.kernels.series import Floats, Series, generated, stamps


def run(names: list[str] | tuple[str, ...], series: Series) -> Floats:
    """Compute features over a whole series."""
    program = compile_features(names)
    out = np.empty((len(series.closes), program.size))
    program.run(program.new_state(), *series, out)
    return out


def evaluate(formula: str, values: dict[str, int]) -> int:
    """Work out a warm-up formula of the catalogue."""

    def walk(node: ast.expr) -> int:
        match node:
            case ast.Constant(value=int(number)):
                return number
            case ast.Name(id=name):
                return values[name]
            case ast.BinOp(left=left, op=op, right=right):
                verbs = {
                    ast.Add: operator.add,
                    ast.Sub: operator.sub,
                    ast.Mult: operator.mul,
                    ast.FloorDiv: operator.floordiv,
                }
                return int(verbs[type(op)](walk(left), walk(right)))
            case ast.Call(func=ast.Name(id="max"), args=given):
                return max(walk(one) for one in given)
            case ast.Call(func=ast.Name(id="isqrt"), args=[given]):
                return math.isqrt(walk(given))
        raise AssertionError(f"{formula!r} uses more than + - * // max isqrt")

    return walk(ast.parse(formula, mode="eval").body)


def test_the_default_features_are_known_and_at_least_twenty_five() -> None:
    """A run without a configuration has what its strategies declare."""
    program = compile_features(DEFAULT_FEATURES)
    assert program.size >= 25
    assert program.names == DEFAULT_FEATURES
    assert len(program.warm_up) == program.size


@pytest.mark.parametrize("info", CATALOG, ids=lambda info: info.kind)
def test_each_entry_tells_its_warm_up_and_keeps_it(info: FeatureInfo) -> None:
    """The formula, the compiled warm-up and the first number in the output are one and the same bar."""
    spec = parse(info.usual_name)
    numbers = {one.name: int(n) for one, n in zip(info.parameters, spec.numbers, strict=True)}
    formula = evaluate(info.warm_up, numbers)
    program = compile_features([info.usual_name])
    out = run([info.usual_name], generated(120))[:, 0]
    assert program.warm_up == (formula,)
    assert np.isnan(out[: formula - 1]).all()
    assert np.isfinite(out[formula - 1 :]).all()


#: Divided by a spread that may be tiny, and compared by what stood above the line.
BY_SPREAD = {"zscore", "cci"}
#: Differences of prices or of logarithms: rounding of what they are made of stays.
OF_DIFFERENCES = {
    "mom",
    "stddev",
    "zscore",
    "cci",
    "roc",
    "linearreg_slope",
    "disparity",
    "qstick",
    "mean_distance",
    "var",
}
#: Whose own tests compare them: see test_calendar, test_fractional and test_orderflow.
ELSEWHERE = {"calendar"}
ELSEWHERE_KINDS = {"fracdiff", "realized_vol", "bipower_vol", "jump_share"}


def test_every_kind_is_compared_with_something_independent() -> None:
    """With TA-Lib, with its plain definition window by window, or with plain arithmetic over the series."""
    for info in CATALOG:
        compared = bool(info.talib) or info.kind in WINDOWED or info.kind in RECURSIVE
        assert compared or info.family in ELSEWHERE or info.kind in ELSEWHERE_KINDS, info.kind
    assert len(CATALOG) >= 100


@pytest.mark.parametrize("kind", sorted(RECURSIVE))
def test_recursive_features_equal_their_plain_reference(kind: str) -> None:
    """To 1e-9 of the value, or of the size of what they are made of."""
    series = generated(500, seed=9)
    info = next(info for info in CATALOG if info.kind == kind)
    name = info.usual_name
    ours, reference = run([name], series)[:, 0], RECURSIVE[kind](series, parse(name).numbers)
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(reference))
    np.testing.assert_allclose(ours, reference, rtol=1e-9, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("kind", sorted(WINDOWED))
@pytest.mark.parametrize("window", [3, 5, 31])
def test_windowed_features_equal_their_plain_reference(kind: str, window: int) -> None:
    """To 1e-9 of the value, or 1e-13 of the price where the value is made of differences of prices."""
    series = generated(700, seed=7)
    ours = run([f"{kind}_{window}"], series)[:, 0]
    reference = windowed(kind, series, window)
    if kind in BY_SPREAD:
        spread = windowed("stddev", series, window)
        ours, reference = ours * spread, reference * spread
    np.testing.assert_allclose(ours, reference, rtol=1e-9, atol=1e-11 if kind in OF_DIFFERENCES else 1e-14)


def test_log_return_is_the_logarithm_of_the_ratio_of_closes() -> None:
    """The first bar has none."""
    series = generated(50)
    ours = run(["logret"], series)[:, 0]
    assert math.isnan(ours[0])
    np.testing.assert_allclose(ours[1:], np.log(series.closes[1:] / series.closes[:-1]), rtol=1e-14, atol=1e-18)


def test_hand_worked_values() -> None:
    """Four bars small enough to do on paper."""
    closes = np.array([1.0, 2.0, 4.0, 3.0])
    series = Series(stamps(4), closes, closes + 1.0, closes - 0.5, closes, np.array([10.0, 20.0, 0.0, 5.0]))
    names = ["sma_2", "prior_high_2", "obv", "atr_2", "aroon_up_3", "willr_2"]
    out = run(names, series)
    # True ranges: 2 (3 - 1), 3 (5 - 2), 1.5 (4 - 2.5): mean of the first two, then (2.5 * 1 + 1.5) / 2.
    np.testing.assert_allclose(out[3], [3.5, 5.0, 25.0, 2.0, 100.0 * 2 / 3, -100.0 * (5.0 - 3.0) / (5.0 - 2.5)])


@pytest.mark.parametrize(
    "bar",
    [
        (math.nan, 2.0, 1.0, 1.5, 1.0),
        (1.5, math.nan, 1.0, 1.5, 1.0),
        (1.5, 2.0, math.nan, 1.5, 1.0),
        (1.5, 2.0, 1.0, math.nan, 1.0),
        (1.5, 2.0, 1.0, 1.5, math.nan),
        (1.5, math.inf, 1.0, 1.5, 1.0),
        (1.5, 2.0, 0.0, 1.5, 1.0),
        (1.5, 2.0, 1.0, -1.5, 1.0),
        (1.5, 2.0, 1.0, 1.5, -1.0),
        (1.5, 2.0, 1.0, 1.5, math.inf),
    ],
)
def test_an_unusable_bar_gives_nan_and_leaves_the_state_alone(bar: tuple[float, float, float, float, float]) -> None:
    """In every form, and the bar is counted; the bars after it go on as if it had never come."""
    series = generated(80)
    program = compile_features([info.usual_name for info in CATALOG])
    stream = program.stream()
    for one in series.bars():
        assert stream.step(*one)
    before = stream.state.tobytes()
    assert not stream.step(0, *bar)
    assert np.isnan(stream.values).all()
    assert stream.state.tobytes() == before
    out = np.empty((1, program.size))
    state = stream.state.copy()
    assert program.run(state, *Series(stamps(1), *(np.array([one]) for one in bar)), out) == 1
    assert np.isnan(out).all()
    assert state.tobytes() == before


def _with_long_window(info: FeatureInfo) -> str:
    """Name a kind with 500 for each window it has."""
    numbers = [500 if one.is_whole and one.most >= 500 else one.usual for one in info.parameters]
    return "_".join([info.kind, *(f"{number:g}" for number in numbers)])


def test_bars_that_are_not_usable_leave_no_trace_in_a_batch() -> None:
    """Their rows are NaN, they are counted, and all other rows are as if they had never come: for every kind."""
    series, names = generated(400, seed=5), [info.usual_name for info in CATALOG]
    spoilt = series._replace(closes=series.closes.copy())
    bad = np.array([0, 1, 63, 64, 65, 130, 399, *range(200, 290)])
    spoilt.closes[bad] = np.nan
    good = np.setdiff1d(np.arange(400), bad)
    program = compile_features(names)
    out = np.zeros((400, program.size))
    state = program.new_state()
    assert program.run(state, *spoilt, out) == len(bad)
    clean = Series(series.open_ns[good], *(column[good] for column in series.floats()))
    expected, after = np.zeros((len(good), program.size)), program.new_state()
    assert program.run(after, *clean, expected) == 0
    assert np.isnan(out[bad]).all()
    assert out[good].tobytes() == expected.tobytes()
    assert state.tobytes() == after.tobytes()


def test_a_window_longer_than_the_series_gives_no_number() -> None:
    """Not ready is NaN on every bar, never a number from half a window: for every kind that has a window."""
    long = [_with_long_window(info) for info in CATALOG if info.parameters and info.parameters[0].most >= 500]
    assert len(long) > 80
    assert np.isnan(run(long, generated(100))).all()
    out = run(["sma_500", "ema_500", "stddev_500", "adx_60", "donchian_high_101", "volatility_100"], generated(100))
    assert np.isnan(out).all()


@pytest.mark.parametrize("open_ns", [0, 1, 86_399_999_999_999, 1_700_000_000_123_456_789, -1, -(2**62), 2**62])
def test_the_state_holds_the_stamp_to_the_nanosecond(open_ns: int) -> None:
    """A float64 cannot hold a stamp of today; day and time of day can, on either side of 1970."""
    stream = compile_features(["logret"]).stream()
    assert stream.step(open_ns, 1.0, 1.0, 1.0, 1.0, 1.0)
    assert divmod(open_ns, layout.DAY_NS) == (stream.state[layout.DAY], stream.state[layout.TIME])


def test_no_features_and_no_bars_are_allowed() -> None:
    """The empty program and the empty series work and do nothing."""
    series = generated(5)
    assert run([], series).shape == (5, 0)
    assert run(["sma_2"], series.part(0, 0)).shape == (0, 1)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("rsj_14", "did you mean rsi_14"),
        ("RSI_14", "did you mean rsi_14"),
        ("vpn_50_100", "or vpin_50_100 (of ticks)?"),
        ("microprize", "or microprice (of ticks)?"),
        ("ofi_5@1h", "is one of ticks, not of bars"),
        ("bollinger_20", "unknown feature"),
        ("", "unknown feature"),
        ("rsi", "needs the form rsi_{window}, for example rsi_14"),
        ("rsi_14_3", "needs the form rsi_{window}"),
        ("macd_12_26", "needs the form macd_{fast}_{slow}_{signal}"),
        ("logret_5", "needs the form logret"),
        ("sma_1", "window was 1, allowed is 2 to 100000"),
        ("sma_100001", "allowed is 2 to 100000"),
        ("sma_020", "without padding"),
        ("sma_2.5", "a whole number"),
        ("bb_upper_20_2.50", "a plain decimal number without padding"),
        ("bb_upper_20_0", "width was 0"),
        ("sma_-3", "did you mean sma_20"),
    ],
)
def test_a_bad_name_is_refused_with_the_way_out(name: str, part: str) -> None:
    """The message names the value and what is allowed."""
    with pytest.raises(ValueError, match="feature") as caught:
        parse(name)
    assert part in str(caught.value)


def test_a_feature_named_twice_is_refused() -> None:
    """Two outputs of one name would leave open which is meant."""
    with pytest.raises(ValueError, match="'sma_20' was named twice"):
        compile_features(["sma_20", "rsi_14", "sma_20"])


def test_arrays_that_do_not_fit_are_refused() -> None:
    """Unequal columns, a wrong output, a foreign or read-only state: a message, never memory written past its end."""
    series = generated(10)
    program = compile_features(["sma_2"])
    out = np.empty((10, 1))
    with pytest.raises(ValueError, match="one length"):
        program.run(program.new_state(), series.open_ns, series.opens[:9], *series.floats()[1:], out)
    with pytest.raises(ValueError, match="one dimension"):
        program.run(program.new_state(), series.open_ns, series.opens.reshape(5, 2), *series.floats()[1:], out)
    rounded: Any = series.open_ns.astype(np.float64)
    for wrong in (series.open_ns[:9], rounded):
        with pytest.raises(ValueError, match="open_ns must be int64"):
            program.run(program.new_state(), wrong, *series.floats(), out)
    with pytest.raises(ValueError, match=r"shape \(10, 1\)"):
        program.run(program.new_state(), *series, np.empty((10, 2)))
    with pytest.raises(ValueError, match="new_state"):
        program.run(compile_features(["sma_9"]).new_state(), *series, out)
    with pytest.raises(ValueError, match="new_state"):
        program.stream(np.frombuffer(program.new_state().tobytes()))


def test_read_only_and_strided_columns_are_taken() -> None:
    """What a reader of files hands over need not be copied by the caller first."""
    series = generated(60)
    wide = np.column_stack(series.floats())
    wide.setflags(write=False)
    program = compile_features(["sma_5", "atr_5"])
    out = np.empty((60, 2))
    program.run(program.new_state(), *Series(series.open_ns, *wide.T), out)
    np.testing.assert_array_equal(out, run(["sma_5", "atr_5"], series))


def test_an_entry_describes_itself() -> None:
    """Patterns and usual names are readable back, and nothing is left blank."""
    assert parse("macd_12_26_9").info.pattern == "macd_{fast}_{slow}_{signal}"
    for info in CATALOG:
        assert parse(info.usual_name).info is info
        assert all((info.meaning, info.unit, info.inputs, info.warm_up, info.source, info.family))
    assert len({info.kind for info in CATALOG}) == len(CATALOG)


DIGEST = """
import hashlib, numpy as np
from bot4.kernels.features import DEFAULT_FEATURES, compile_features
from tests.unit.kernels.series import generated
program = compile_features(DEFAULT_FEATURES)
state, out = program.new_state(), np.empty((400, program.size))
program.run(state, *generated(400, seed=3), out)
print(hashlib.sha256(out.tobytes() + state.tobytes()).hexdigest())
"""


def test_the_interpreted_kernel_gives_the_same_bits() -> None:
    """Compiled or not, outputs and state are equal byte for byte."""
    digests = set()
    for switch in ("0", "1"):
        environment = os.environ | {"NUMBA_DISABLE_JIT": switch, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", DIGEST], env=environment, capture_output=True, text=True, check=True
        )
        digests.add(done.stdout.strip())
    assert len(digests) == 1
