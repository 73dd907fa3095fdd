# SPDX-License-Identifier: Apache-2.0
"""The comparisons of `bot4 bench math`: each is measured and says what it found. No time is asserted."""

import re
from pathlib import Path

import numpy as np
import pytest

from bot4.apps.bench import chosen, every, mathematics, pipeline
from bot4.apps.bench.harness import Bench, Row
from bot4.kernels.features import DEFAULT_FEATURES


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """The least that a measurement may be given."""
    return Bench(folder=tmp_path, samples=1_000, floor_us=0.05)


def stated(row: Row, word: str) -> float:
    """Return the number that a row states behind some words."""
    found = re.search(rf"{word} ([0-9.e+-]+)", row.unit)
    assert found is not None, row.unit
    return float(found[1])


@pytest.mark.requirement("ML_013")
def test_strassen_is_held_against_the_library(bench: Bench) -> None:
    """Both depths at each size, and the two products agree."""
    rows = mathematics.products(bench, (64, 128))
    assert len(rows) == 4
    for row in rows:
        assert row.figure is not None
        assert row.figure > 0
        assert stated(row, "largest difference") < 1e-9


@pytest.mark.requirement("ML_013")
def test_decompositions_transforms_and_sparse_products_say_how_near_they_are(bench: Bench) -> None:
    """Each states its error beside its gain."""
    (row,) = mathematics.decompositions(bench, ((30, 40, 3),))
    assert stated(row, "first value off by") < 1e-2
    rows = mathematics.convolutions(bench, 2_000)
    assert len(rows) == len(mathematics.WINDOWS)
    assert all(0 < stated(row, "largest difference") < 1e-6 for row in rows), "a transform is not bit-equal"
    (row,) = mathematics.sparse_product(bench, 60, 0.1)
    assert stated(row, "largest difference") < 1e-9


@pytest.mark.requirement("ML_011")
def test_vector_arithmetic_is_held_against_two_baselines(bench: Bench) -> None:
    """Against scalar Python and against NumPy, with what the processor was found to have; all three sums agree."""
    rows = mathematics.vectors(bench, 5_000)
    assert [row.name.partition(", ")[2] for row in rows] == [
        "NumPy against scalar Python",
        "numba against scalar Python",
        "numba against NumPy",
    ]
    assert "found" in rows[0].unit
    numbers = [0.5 * number for number in range(100)]
    assert mathematics.scalar_squares(numbers) == mathematics.squares(np.array(numbers)) == 82_087.5


@pytest.mark.slow
@pytest.mark.requirement("ML_012")
def test_a_mapped_file_sends_its_name_alone(bench: Bench) -> None:
    """An array is handed over as bytes, a file as some hundred; both processes read the same number."""
    (row,) = mathematics.hand_over(bench, (20_000, 6))
    sent = [int(text.replace(",", "")) for text in re.findall(r"[0-9,]{2,}", row.unit)]
    assert sent[0] > 20_000 * 6 * 8
    assert sent[1] < 1_000
    array = np.load(bench.folder / "columns.npy")
    assert mathematics.last_of_file(bench.folder / "columns.npy") == mathematics.last_of(array)


@pytest.mark.requirement("ML_014")
def test_the_pipeline_is_held_against_one_baseline(bench: Bench) -> None:
    """One figure, end to end, beside the one of a stated commit; it goes through a real journal."""
    (row,) = pipeline.pipeline(bench, bars=3_000)
    assert row.figure is not None
    assert row.rate is not None
    assert row.figure > 0
    assert pipeline.BASELINE_COMMIT in row.unit
    assert pipeline.BASELINE_TURNS > 0
    assert pipeline.loop() == sum(turn & 7 for turn in range(pipeline.TURNS))
    assert (bench.folder / "journal").stat().st_size > 0
    assert len(DEFAULT_FEATURES) == 36, "the baseline was measured with 36: measure it anew"


def test_mathematics_is_measured_on_request_only() -> None:
    """It holds no budget of the design, so the bare command leaves it out."""
    there = every()
    assert "math" not in {one.suite for one in chosen("", there)}
    assert len(chosen("math", there)) == 7
