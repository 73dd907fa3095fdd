# SPDX-License-Identifier: Apache-2.0
"""Faster linear algebra, each beside the plain way it would replace: held until a feature measures faster with it.

`bot4 bench math` measures them. What it found, and why no feature uses them, stands in docs/decisions/mathematics.md.
The randomized decomposition is exact to rounding only where the matrix has no more than `rank` directions; the others
compute what the plain way does, in another order, and so differ from it in the last bits.
"""

import numpy as np

from bot4.kernels.jit import Floats, Ints, kernel

OVERSAMPLES = 8
POWER_ROUNDS = 2


def randomized_svd(matrix: Floats, rank: int, generator: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Return the `rank` largest singular triplets: left (m, rank), values (rank,) falling, right (rank, n).

    Halko, Martinsson and Tropp, "Finding structure with randomness" (2011), algorithms 4.4 and 5.1: the range of a few
    random combinations of the columns, sharpened by power rounds with a QR after each, then a small exact one.

    Raises
    ------
    ValueError
        If the rank is below one or above the smaller side.
    """
    if not 1 <= rank <= min(matrix.shape):
        raise ValueError(f"rank was {rank}, allowed is 1 to {min(matrix.shape)}")
    columns = min(rank + OVERSAMPLES, *matrix.shape)
    basis, _ = np.linalg.qr(matrix @ generator.standard_normal((matrix.shape[1], columns)))
    for _ in range(POWER_ROUNDS):
        across, _ = np.linalg.qr(matrix.T @ basis)
        basis, _ = np.linalg.qr(matrix @ across)
    left, values, right = np.linalg.svd(basis.T @ matrix, full_matrices=False)
    return (basis @ left)[:, :rank], values[:rank], right[:rank]


def fft_convolve(series: Floats, weights: Floats) -> Floats:
    """Return the sums of `weights[k] * series[t - k]` over the past only, shape of `series`; before it stand zeros.

    By the convolution theorem, in one transform of the whole series: n log n operations instead of n times weights.
    """
    size = 1 << (len(series) + len(weights) - 2).bit_length()
    product = np.fft.rfft(series, size) * np.fft.rfft(weights, size)
    return np.asarray(np.fft.irfft(product, size)[: len(series)], dtype=np.float64)


@kernel
def direct_convolve(series: Floats, weights: Floats, out: Floats) -> None:
    """Write the same sums into `out`, term by term in the order of time: what a stream computes bar by bar."""
    for t in range(len(series)):
        total = 0.0
        for k in range(min(len(weights), t + 1)):
            total += weights[k] * series[t - k]
        out[t] = total


@kernel
def csr_product(starts: Ints, places: Ints, values: Floats, vector: Floats, out: Floats) -> None:
    """Write a sparse matrix times a vector into `out`, shape (rows,).

    The matrix is in compressed rows: row `i` holds `values[starts[i]:starts[i + 1]]` in the columns `places[...]`.
    """
    for i in range(len(starts) - 1):
        total = 0.0
        for k in range(starts[i], starts[i + 1]):
            total += values[k] * vector[places[k]]
        out[i] = total


def compress_rows(matrix: Floats) -> tuple[Ints, Ints, Floats]:
    """Return starts (rows + 1,), places and values of what is not zero in a matrix, row by row."""
    rows, places = np.nonzero(matrix)
    starts = np.zeros(matrix.shape[0] + 1, dtype=np.int64)
    np.cumsum(np.bincount(rows, minlength=matrix.shape[0]), out=starts[1:])
    return starts, places.astype(np.int64), matrix[rows, places]


def strassen(left: Floats, right: Floats, levels: int) -> Floats:
    """Return a matrix product by Strassen's seven products, `levels` deep; the innermost are the library's.

    Strassen, "Gaussian elimination is not optimal" (1969).

    Raises
    ------
    ValueError
        If a matrix is not square of a side that halves so often, or the levels are negative.
    """
    size = left.shape[0]
    if levels < 0 or left.shape != (size, size) or right.shape != (size, size) or size % (1 << levels):
        raise ValueError(f"squares whose side halves {levels} times are needed, had {left.shape} and {right.shape}")
    return _strassen(left, right, levels)


def _strassen(a: Floats, b: Floats, levels: int) -> Floats:
    """Return the product of two squares."""
    if levels == 0:
        return a @ b
    half = a.shape[0] // 2
    a11, a12, a21, a22 = a[:half, :half], a[:half, half:], a[half:, :half], a[half:, half:]
    b11, b12, b21, b22 = b[:half, :half], b[:half, half:], b[half:, :half], b[half:, half:]
    m1 = _strassen(a11 + a22, b11 + b22, levels - 1)
    m2 = _strassen(a21 + a22, b11, levels - 1)
    m3 = _strassen(a11, b12 - b22, levels - 1)
    m4 = _strassen(a22, b21 - b11, levels - 1)
    m5 = _strassen(a11 + a12, b22, levels - 1)
    m6 = _strassen(a21 - a11, b11 + b12, levels - 1)
    m7 = _strassen(a12 - a22, b21 + b22, levels - 1)
    out = np.empty_like(a, order="C")
    out[:half, :half] = m1 + m4 - m5 + m7
    out[:half, half:] = m3 + m5
    out[half:, :half] = m2 + m4
    out[half:, half:] = m1 - m2 + m3 + m6
    return out
