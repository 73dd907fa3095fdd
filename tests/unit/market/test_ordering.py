# SPDX-License-Identifier: Apache-2.0
"""Rows put in order: the later arrival wins, a bounded window, files merged."""

from collections.abc import Iterable

import numpy as np
import pytest

from bot4.domain.errors import BadInput
from bot4.market.bars import SOURCE, SOURCE_SHIFT, STAMP, Ints, join_rows
from bot4.market.faults import FaultLog
from bot4.market.ordering import WINDOW_ROWS, FileMerge, FileOrder
from tests.unit.market.recorded import pieces, rows_at

pytestmark = pytest.mark.requirement("DATA_001", "DATA_001/validation")

MS = 1_000_000


def ordered(parts: Iterable[Ints], log: FaultLog) -> Ints:
    """Return all that a file's order gives."""
    order = FileOrder(log)
    return join_rows([*[order.push(part) for part in parts], order.finish()])


def test_the_recorded_backward_step_loses_nothing() -> None:
    """10:00 and 11:00 come again after an unfinished 11:00: one step, two repeats, the later rows stay."""
    log = FaultLog(["f"])
    out = ordered([rows_at([9 * MS, 10 * MS, 11 * MS, 10 * MS, 11 * MS, 12 * MS])], log)
    assert out[STAMP].tolist() == [9 * MS, 10 * MS, 11 * MS, 12 * MS]
    assert out[SOURCE].tolist() == [1, 4, 5, 6]
    report = log.report()
    assert report.counts == {"duplicate": 2, "backward": 1}
    assert [(fault.row, fault.value) for fault in report.examples["duplicate"]] == [
        (4, "same stamp as f:2, other values"),
        (5, "same stamp as f:3, other values"),
    ]
    assert (report.examples["backward"][0].row, report.examples["backward"][0].value) == (4, "stamp 10 ms after 11 ms")


def test_a_repeat_of_the_same_values_is_told_as_such() -> None:
    """Whether the two rows differ is what a user wants to know first."""
    rows = rows_at([MS, 2 * MS, 2 * MS])
    rows[1:SOURCE, 2] = rows[1:SOURCE, 1]
    log = FaultLog(["f"])
    ordered([rows], log)
    assert log.report().examples["duplicate"][0].value == "same stamp as f:2, same values"


@pytest.mark.parametrize("late_by", [1, 1000, WINDOW_ROWS - 1, WINDOW_ROWS])
@pytest.mark.parametrize("sizes", [[100_000], [16_384], [1, 5000, 70_001]])
def test_a_row_may_come_a_whole_window_late(late_by: int, sizes: list[int]) -> None:
    """However the rows are cut, a hole is filled by a row that comes up to the window's length later."""
    count = WINDOW_ROWS + 20_000
    stamps = [i * MS for i in range(1, count + 1) if i != 15_000]
    stamps.insert(15_000 - 1 + late_by, 15_000 * MS)
    log = FaultLog(["f"])
    out = ordered(pieces(rows_at(stamps), sizes), log)
    assert out[STAMP].tolist() == [i * MS for i in range(1, count + 1)]
    assert log.report().counts == {"backward": 1}


@pytest.mark.parametrize("sizes", [[100_000], [16_384], [1, 5000, 70_001]])
def test_a_row_later_than_the_window_is_refused(sizes: list[int]) -> None:
    """The error names the row, its stamp and the mend; how the rows are cut changes nothing."""
    count = WINDOW_ROWS + 20_000
    stamps = [i * MS for i in range(1, count + 1) if i != 15_000]
    at = 15_000 - 1 + WINDOW_ROWS + 1
    stamps.insert(at, 15_000 * MS)
    with pytest.raises(BadInput) as caught:
        ordered(pieces(rows_at(stamps), sizes), FaultLog(["f"]))
    assert caught.value.code == "unsorted"
    assert caught.value.place == f"f:{at + 1}"
    assert "15000 ms" in caught.value.value
    assert "Sort" in caught.value.mend


def test_no_more_than_the_window_is_held_back() -> None:
    """What no later row can precede is given at once, so that memory does not grow with the file."""
    order = FileOrder(FaultLog(["f"]))
    given = 0
    for i in range(40):
        given += order.push(rows_at([(i * 16_384 + j + 1) * MS for j in range(16_384)])).shape[1]
        assert (i + 1) * 16_384 - given <= WINDOW_ROWS + 16_384


def in_file(file: int, stamps: list[int]) -> Ints:
    """Return rows of one of several files."""
    rows = rows_at(stamps)
    rows[SOURCE] += file << SOURCE_SHIFT
    return rows


def merged(files: list[list[Ints]], log: FaultLog) -> Ints:
    """Return the files as one stream."""
    begins = [int(parts[0][STAMP, 0]) for parts in files]
    return join_rows(list(FileMerge([iter(parts) for parts in files], begins, log).tables()))


def test_files_that_follow_each_other_are_joined() -> None:
    """Two years in two files are one series."""
    log = FaultLog(["a", "b"])
    out = merged([[in_file(0, [1, 2]), in_file(0, [3])], [in_file(1, [4, 5])]], log)
    assert out[STAMP].tolist() == [1, 2, 3, 4, 5]
    assert log.report().counts == {}


def test_where_files_overlap_the_later_file_wins_and_the_repeats_are_counted() -> None:
    """An overlap longer than the reordering window is no matter: files are merged, not sorted."""
    log = FaultLog(["a", "b"])
    first = in_file(0, list(range(200_000)))
    second = in_file(1, list(range(100_000, 300_000)))
    out = merged([list(pieces(first, [9_999])), list(pieces(second, [16_384, 11]))], log)
    assert out[STAMP].tolist() == list(range(300_000))
    assert (out[SOURCE, 100_000:] >> SOURCE_SHIFT == 1).all()
    assert (out[SOURCE, :100_000] >> SOURCE_SHIFT == 0).all()
    assert log.report().counts == {"duplicate": 100_000}
    assert log.report().examples["duplicate"][0].value.startswith("same stamp as a:100001")


def test_a_file_inside_another_is_merged_in() -> None:
    """The rows around it stay those of the outer file."""
    log = FaultLog(["a", "b"])
    out = merged([[in_file(0, [1, 2, 3, 7, 8, 9])], [in_file(1, [4, 5, 6, 7])]], log)
    assert out[STAMP].tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert (out[SOURCE] >> SOURCE_SHIFT).tolist() == [0, 0, 0, 1, 1, 1, 1, 0, 0]
    assert log.report().counts == {"duplicate": 1}


def test_a_file_that_turns_back_behind_what_was_given_is_refused() -> None:
    """A file whose first rows hide an older one cannot be merged in a stream."""
    late = in_file(1, [2, 11, 12])
    streams = [iter([in_file(0, [1, 5, 9])]), iter([late])]
    with pytest.raises(BadInput) as caught:
        list(FileMerge(streams, [1, 11], FaultLog(["a", "b"])).tables())
    assert caught.value.code == "unsorted"
    assert caught.value.place == "b:1"


def test_files_without_rows_are_passed_over() -> None:
    """A file all of whose rows were set aside gives nothing and hinders nothing."""
    log = FaultLog(["a", "b", "c"])
    empty: list[Ints] = []
    streams = [iter(empty), iter([in_file(1, [3, 4])]), iter(empty)]
    out = join_rows(list(FileMerge(streams, [1, 3, 9], log).tables()))
    assert out[STAMP].tolist() == [3, 4]
    assert np.all(out[SOURCE] >> SOURCE_SHIFT == 1)
