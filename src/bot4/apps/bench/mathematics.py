# SPDX-License-Identifier: Apache-2.0
"""Faster mathematics, held against the plain way on this machine: `bot4 bench math`.

Each row is a ratio of CPU times in one process, above 1 where the faster-by-repute
way is really faster. None is a budget: what a row says decides whether a feature
may use it, and on another processor it may say something else. Gains of different
rows are never multiplied.
"""

import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter_ns
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bot4.apps.bench.harness import Bench, Measurement, Row, Several, cpu_seconds
from bot4.kernels.jit import kernel
from bot4.kernels.linear import (
    compress_rows,
    csr_product,
    direct_convolve,
    fft_convolve,
    randomized_svd,
    strassen,
)

Floats = NDArray[np.float64]

ROUNDS: Final = 3
SIDES: Final = (512, 1_024, 2_048)
SHAPES: Final = ((20, 500, 3), (200, 1_000, 10), (1_000, 1_000, 10))
SERIES: Final = 52_560
WINDOWS: Final = (16, 64, 256, 1_024)
SPARSE: Final = (2_000, 0.01)
NUMBERS: Final = 200_000
HANDED: Final = (525_600, 6)
HAND_OVERS: Final = 5


def cases() -> list[Measurement]:
    """Return every comparison."""
    return [
        Several(suite="math", name="Strassen against BLAS", rows_of=products),
        Several(suite="math", name="randomized SVD against LAPACK", rows_of=decompositions),
        Several(suite="math", name="FFT convolution against term by term", rows_of=convolutions),
        Several(suite="math", name="compressed rows against a dense product", rows_of=sparse_product),
        Several(suite="math", name="vector instructions against scalar Python", rows_of=vectors),
        Several(suite="math", name="mapped file against pickled array", rows_of=hand_over),
    ]


def row_of(bench: Bench, name: str, plain_s: float, other_s: float, note: str = "") -> Row:
    """Return the row of one comparison: how many times as fast the other is."""
    return Row(
        suite="math",
        name=name,
        figure=round(plain_s / other_s, 3),
        unit="times as fast" + (f"; {note}" if note else ""),
        floor_us=bench.floor_us,
    )


def timed(call: Callable[[], object]) -> float:
    """Return the CPU seconds of the quickest call."""
    return cpu_seconds(call, ROUNDS)


def products(bench: Bench, sides: tuple[int, ...] = SIDES) -> list[Row]:
    """Compare Strassen's products, one and two levels deep, with the library's."""
    generator = np.random.Generator(np.random.PCG64(1))
    rows: list[Row] = []
    for side in sides:
        left, right = generator.standard_normal((2, side, side))
        plain = timed(lambda left=left, right=right: left @ right)  # type: ignore[misc]
        for levels in (1, 2):
            other = timed(lambda a=left, b=right, deep=levels: strassen(a, b, deep))  # type: ignore[misc]
            error = float(np.abs(strassen(left, right, levels) - left @ right).max())
            name = f"Strassen, {side} x {side}, {levels} deep, against BLAS"
            rows.append(row_of(bench, name, plain, other, f"largest difference {error:.1e}"))
    return rows


def decompositions(bench: Bench, shapes: tuple[tuple[int, int, int], ...] = SHAPES) -> list[Row]:
    """Compare a randomized decomposition with the exact one."""
    generator = np.random.Generator(np.random.PCG64(2))
    rows: list[Row] = []
    for down, across, rank in shapes:
        matrix = generator.standard_normal((down, across)) + generator.standard_normal((down, 1)) * 3.0
        plain = timed(lambda matrix=matrix: np.linalg.svd(matrix, full_matrices=False))  # type: ignore[misc]
        other = timed(lambda m=matrix, k=rank: randomized_svd(m, k, generator))  # type: ignore[misc]
        exact = float(np.linalg.svd(matrix, compute_uv=False)[0])
        error = abs(float(randomized_svd(matrix, rank, generator)[1][0]) / exact - 1.0)
        name = f"randomized SVD, {down} x {across}, rank {rank}, against LAPACK"
        rows.append(row_of(bench, name, plain, other, f"first value off by {error:.1e}"))
    return rows


def convolutions(bench: Bench, size: int = SERIES) -> list[Row]:
    """Compare one transform of a whole series with the sum, term by term, that a stream computes."""
    generator = np.random.Generator(np.random.PCG64(3))
    series = generator.standard_normal(size).cumsum()
    out = np.empty(size)
    rows: list[Row] = []
    for window in WINDOWS:
        weights = generator.standard_normal(window)
        plain = timed(lambda weights=weights: direct_convolve(series, weights, out))  # type: ignore[misc]
        other = timed(lambda weights=weights: fft_convolve(series, weights))  # type: ignore[misc]
        error = float(np.abs(fft_convolve(series, weights) - out).max())
        name = f"FFT convolution, window {window}, {size:,} bars"
        rows.append(row_of(bench, name, plain, other, f"largest difference {error:.1e}: not bit-equal"))
    return rows


def sparse_product(bench: Bench, size: int = SPARSE[0], share: float = SPARSE[1]) -> list[Row]:
    """Compare a product with a sparse matrix in compressed rows with the dense one."""
    generator = np.random.Generator(np.random.PCG64(4))
    matrix = generator.standard_normal((size, size)) * (generator.random((size, size)) < share)
    vector, out = generator.standard_normal(size), np.empty(size)
    starts, places, values = compress_rows(matrix)
    plain = timed(lambda: matrix @ vector)
    other = timed(lambda: csr_product(starts, places, values, vector, out))
    error = float(np.abs(out - matrix @ vector).max())
    name = f"compressed rows, {size} x {size}, {share:.0%} full, against dense"
    return [row_of(bench, name, plain, other, f"largest difference {error:.1e}")]


def vectors(bench: Bench, size: int = NUMBERS) -> list[Row]:
    """Compare a sum of squares by numba and by NumPy with the same in scalar Python."""
    numbers = np.random.Generator(np.random.PCG64(5)).standard_normal(size)
    listed = numbers.tolist()
    scalar = timed(lambda: scalar_squares(listed))
    plain = timed(lambda: float((numbers * numbers).sum()))
    compiled = timed(lambda: squares(numbers))
    return [
        row_of(bench, "sum of squares, NumPy against scalar Python", scalar, plain, vector_instructions()),
        row_of(bench, "sum of squares, numba against scalar Python", scalar, compiled),
        row_of(bench, "sum of squares, numba against NumPy", plain, compiled, "exact order of terms kept: no SIMD sum"),
    ]


def scalar_squares(numbers: list[float]) -> float:
    """Return the sum of squares, number by number."""
    total = 0.0
    for number in numbers:
        total += number * number
    return total


@kernel
def squares(numbers: Floats) -> float:
    """Return the sum of squares in the order of the numbers, as every kernel of bot4 adds."""
    total = 0.0
    for i in range(len(numbers)):
        total += numbers[i] * numbers[i]
    return total


def vector_instructions() -> str:
    """Return which vector instructions NumPy found on this processor."""
    told: Any = np.show_config(mode="dicts")
    found = told.get("SIMD Extensions", {}).get("found", ())
    return "found " + (", ".join(found) or "none beyond the baseline")


def hand_over(bench: Bench, shape: tuple[int, int] = HANDED) -> list[Row]:
    """Compare handing a year of bars to another process as a pickled array and as the name of a mapped file.

    By the wall's clock, since two processes take part; the best of several.
    """
    array = np.random.Generator(np.random.PCG64(6)).standard_normal(shape)
    path = bench.folder / "columns.npy"
    np.save(path, array)
    with ProcessPoolExecutor(1, get_context("forkserver")) as pool:
        by_value = quickest(lambda: pool.submit(last_of, array).result())
        by_name = quickest(lambda: pool.submit(last_of_file, path).result())
    note = f"{len(pickle.dumps(array)):,} bytes sent, or {len(pickle.dumps(path)):,}"
    return [row_of(bench, f"mapped file against pickled array, {shape[0]:,} bars", by_value, by_name, note)]


def quickest(call: Callable[[], object]) -> float:
    """Return the wall seconds of the quickest call, after one that is not counted."""
    call()
    taken: list[int] = []
    for _ in range(HAND_OVERS):
        begin = perf_counter_ns()
        call()
        taken.append(perf_counter_ns() - begin)
    return min(taken) / 1e9


def last_of(array: Floats) -> float:
    """Return the last number of an array that was handed over."""
    return float(array[-1, -1])


def last_of_file(path: Path) -> float:
    """Return the last number of an array that lies in a file: only its page is read."""
    mapped: Floats = np.load(path, mmap_mode="r")
    return float(mapped[-1, -1])
