# SPDX-License-Identifier: Apache-2.0
"""Faster linear algebra against the library's own: the same results within rounding, whatever the shapes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.kernels.linear import (
    compress_rows,
    csr_product,
    direct_convolve,
    fft_convolve,
    randomized_svd,
    strassen,
)

pytestmark = pytest.mark.requirement("ML_013")


def chance(seed: int) -> np.random.Generator:
    """Return seeded chance."""
    return np.random.Generator(np.random.PCG64(seed))


@given(st.integers(0, 10_000), st.integers(2, 40), st.integers(2, 60), st.integers(1, 5))
def test_a_matrix_of_few_directions_is_decomposed_exactly(seed: int, down: int, across: int, rank: int) -> None:
    """Where the matrix has no more than `rank` directions, values and product are LAPACK's to rounding."""
    rank = min(rank, down, across)
    random = chance(seed)
    matrix = random.standard_normal((down, rank)) @ random.standard_normal((rank, across))
    left, values, right = randomized_svd(matrix, rank, chance(seed + 1))
    exact = np.linalg.svd(matrix, compute_uv=False)
    assert (left.shape, values.shape, right.shape) == ((down, rank), (rank,), (rank, across))
    np.testing.assert_allclose(values, exact[:rank], rtol=1e-9, atol=1e-9 * exact[0])
    np.testing.assert_allclose((left * values) @ right, matrix, atol=1e-9 * exact[0])
    np.testing.assert_allclose(left.T @ left, np.eye(rank), atol=1e-9)


def test_the_first_directions_of_noise_are_near_and_repeat() -> None:
    """One strong factor in noise is found to six digits; equal seeds give equal bytes; a bad rank is refused."""
    random = chance(3)
    strong = random.standard_normal((200, 1)) @ random.standard_normal((1, 300)) * 5
    matrix = strong + random.standard_normal((200, 300))
    exact = np.linalg.svd(matrix, compute_uv=False)
    _, values, _ = randomized_svd(matrix, 3, chance(4))
    assert values[0] == pytest.approx(exact[0], rel=1e-6)
    assert all(values <= exact[:3] * (1 + 1e-12))
    assert values.tobytes() == randomized_svd(matrix, 3, chance(4))[1].tobytes()
    for rank in (0, 201):
        with pytest.raises(ValueError, match="1 to 200"):
            randomized_svd(matrix, rank, chance(4))


@given(st.integers(0, 10_000), st.integers(1, 300), st.integers(1, 80))
def test_a_convolution_is_the_sum_over_the_past(seed: int, size: int, window: int) -> None:
    """Transform and term by term agree with NumPy's, and no value depends on a later one."""
    random = chance(seed)
    series, weights = random.standard_normal(size).cumsum(), random.standard_normal(window)
    due = np.convolve(series, weights)[:size]
    direct = np.empty(size)
    direct_convolve(series, weights, direct)
    scale = np.abs(series).max() * np.abs(weights).sum()
    np.testing.assert_allclose(direct, due, atol=1e-13 * scale)
    np.testing.assert_allclose(fft_convolve(series, weights), due, atol=1e-13 * scale)
    short = np.empty(size // 2)
    direct_convolve(series[: size // 2].copy(), weights, short)
    assert short.tobytes() == direct[: size // 2].tobytes()


@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 40), st.floats(0.0, 1.0))
def test_compressed_rows_multiply_as_the_whole_matrix(seed: int, down: int, across: int, share: float) -> None:
    """Empty rows and empty matrices included."""
    random = chance(seed)
    matrix = random.standard_normal((down, across)) * (random.random((down, across)) < share)
    vector = random.standard_normal(across)
    starts, places, values = compress_rows(matrix)
    assert starts[0] == 0
    assert starts[-1] == len(places) == len(values) == np.count_nonzero(matrix)
    out = np.full(down, np.nan)
    csr_product(starts, places, values, vector, out)
    np.testing.assert_allclose(out, matrix @ vector, atol=1e-12)


@pytest.mark.parametrize(("side", "levels"), [(8, 0), (8, 1), (8, 3), (96, 2)])
def test_seven_products_make_a_product(side: int, levels: int) -> None:
    """Strassen's product is the library's within rounding."""
    left, right = chance(side + levels).standard_normal((2, side, side))
    np.testing.assert_allclose(strassen(left, right, levels), left @ right, atol=1e-10)


def test_what_cannot_be_halved_is_refused() -> None:
    """Sides that do not halve so often, and matrices that are no squares of one side."""
    square = np.ones((6, 6))
    for left, right, levels in ((square, square, 2), (square, np.ones((4, 4)), 1), (np.ones((6, 4)), square, 1)):
        with pytest.raises(ValueError, match="squares whose side halves"):
            strassen(left, right, levels)
