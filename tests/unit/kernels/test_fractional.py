# SPDX-License-Identifier: Apache-2.0
"""Fractional differencing: its weights, its identities, and the kernel against the plain sum."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.kernels.features import compile_features, parse
from bot4.kernels.fractional import weights, width_for
from tests.unit.kernels.series import Floats, generated

pytestmark = pytest.mark.requirement("ML_017")


def computed(name: str, bars: int = 300) -> tuple[Floats, Floats]:
    """One feature over a generated series, and the logarithms of its closes."""
    series = generated(bars, seed=5)
    program = compile_features([name])
    out = np.empty((bars, 1))
    program.run(program.new_state(), *series, out)
    return out[:, 0], np.array([math.log(close) for close in series.closes])


def test_order_nought_is_the_series_and_order_one_its_change_to_the_bit() -> None:
    """And order two the change of the change, to rounding."""
    same, logs = computed("fracdiff_0_7")
    assert same[6:].tobytes() == logs[6:].tobytes()
    change, _ = computed("fracdiff_1_7")
    assert change[6:].tobytes() == np.diff(logs)[5:].tobytes()
    twice, _ = computed("fracdiff_2_7")
    np.testing.assert_allclose(twice[6:], np.diff(logs, 2)[4:], rtol=0, atol=1e-14)


@pytest.mark.parametrize(("order", "window"), [("0.4", 100), ("0.4", 2), ("0.75", 61), ("1.5", 30), ("1.999", 7)])
def test_the_kernel_is_the_plain_sum_over_binomial_weights(order: str, window: int) -> None:
    """Weights here from the gamma function, sums by math.fsum; NaN before the window is whole."""
    ours, logs = computed(f"fracdiff_{order}_{window}")
    d = float(order)
    plain = [
        (-1) ** k * math.gamma(d + 1) / (math.gamma(k + 1) * math.gamma(d - k + 1)) for k in range(min(window, 60))
    ]
    np.testing.assert_allclose(weights(d, window)[: len(plain)], plain, rtol=1e-10)
    assert np.isnan(ours[: window - 1]).all()
    expected = [
        math.fsum(weights(d, window) * logs[i - window + 1 : i + 1][::-1]) for i in range(window - 1, len(logs))
    ]
    np.testing.assert_allclose(ours[window - 1 :], expected, rtol=1e-9, atol=1e-13)


@given(first=st.floats(0.05, 0.95), second=st.floats(0.05, 0.95), width=st.integers(2, 200))
def test_differencing_twice_is_differencing_by_the_sum_of_the_orders(first: float, second: float, width: int) -> None:
    """(1 - B)^a (1 - B)^b = (1 - B)^(a + b), weight by weight."""
    product = np.convolve(weights(first, width), weights(second, width))[:width]
    np.testing.assert_allclose(product, weights(first + second, width), rtol=0, atol=1e-12)


@given(order=st.floats(0.0, 2.0), threshold=st.floats(1e-4, 0.5))
def test_the_width_for_a_threshold_cuts_only_smaller_weights(order: float, threshold: float) -> None:
    """The last weight kept is not below it, all that are cut are."""
    width = width_for(order, threshold, most=5_000)
    sizes = np.abs(weights(order, 5_000))
    assert sizes[width - 1] >= threshold
    assert (sizes[width:] < threshold).all()


def test_weights_out_of_range_are_refused() -> None:
    """Orders above two, widths of nothing, thresholds that cut nothing or all."""
    for order, width in ((-0.1, 5), (2.1, 5), (math.nan, 5), (0.5, 0)):
        with pytest.raises(ValueError, match="order in"):
            weights(order, width)
    for threshold in (0.0, 1.0, math.nan):
        with pytest.raises(ValueError, match="threshold"):
            width_for(0.5, threshold)
    with pytest.raises(ValueError, match="order was 2"):
        parse("fracdiff_2.5_100")
