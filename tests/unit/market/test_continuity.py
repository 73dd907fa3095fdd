# SPDX-License-Identifier: Apache-2.0
"""Gaps and jumps over ordered bars: counted, told, and nothing changed."""

import statistics

import numpy as np
import pytest

from bot4.domain.values import MINUTE_NS
from bot4.market.bars import CLOSE, HIGH, LOW, SOURCE, STAMP, Ints
from bot4.market.continuity import JUDGED_FROM, JUMP_FRAC_MIN, JUMP_TIMES, LOOK_BACK, Continuity
from bot4.market.faults import FaultLog, FaultReport
from bot4.market.validation import RowCheck
from tests.unit.market.recorded import START_NS, bitcoin, pieces, raw, walk


def series(count: int, *, seed: int = 1) -> Ints:
    """Return checked rows of a quiet market."""
    return RowCheck(bitcoin(), MINUTE_NS, 0, FaultLog(["f"])).check(raw(walk(count, seed=seed)))


def looked(rows: Ints, sizes: list[int]) -> FaultReport:
    """Return what is found in rows given in pieces."""
    log = FaultLog(["f"])
    continuity = Continuity(MINUTE_NS, log)
    for piece in pieces(rows, sizes):
        continuity.look(piece)
    return log.report()


@pytest.mark.requirement("DATA_001", "DATA_001/validation")
def test_gaps_are_counted_by_run_and_by_bar_and_never_filled() -> None:
    """Two runs of three and five missing bars, the longer told with its begin."""
    rows = np.delete(series(100), [10, 11, 12, 50, 51, 52, 53, 54], axis=1)
    report = looked(rows, [100])
    assert report.counts == {"gap": 2}
    assert (report.missing_bars, report.longest_gap_bars) == (8, 5)
    assert report.longest_gap_from_ns == START_NS + 50 * MINUTE_NS
    assert [(f.row, f.stamp_ns, f.value) for f in report.examples["gap"]] == [
        (14, START_NS + 10 * MINUTE_NS, "3 bars missing"),
        (56, START_NS + 50 * MINUTE_NS, "5 bars missing"),
    ]


@pytest.mark.requirement("DATA_001", "DATA_001/outlier_detection")
@pytest.mark.parametrize("column", [HIGH, LOW, CLOSE])
def test_a_jump_is_flagged_whichever_way_it_goes(column: int) -> None:
    """A spike of a wick or of the close by a tenth, in a market that moves by parts of a thousandth."""
    rows = series(400)
    rows[column, 300] += rows[column, 300] // (10 if column != LOW else -10)
    rows[HIGH, 300] = max(rows[HIGH, 300], rows[CLOSE, 300])
    report = looked(rows, [400])
    assert report.examples["outlier"][0].row == 301
    assert report.examples["outlier"][0].done == "kept"
    assert report.examples["outlier"][0].value.startswith("moved")


@pytest.mark.requirement("DATA_001/outlier_detection")
def test_a_wild_market_is_no_outlier() -> None:
    """Where every bar moves by 2 %, a bar of 3 % is nothing special."""
    rows = series(400)
    rows[HIGH] += rows[HIGH] // 50
    rows[HIGH, 300] += rows[HIGH, 300] // 100
    assert looked(rows, [400]).counts == {}


def naive_outliers(rows: Ints) -> list[int]:
    """Return the row numbers that the stated rule flags, bar by bar."""
    moves: list[float] = []
    out = []
    for i in range(1, rows.shape[1]):
        close, high, low = int(rows[CLOSE, i - 1]), int(rows[HIGH, i]), int(rows[LOW, i])
        move = max(high - close, close - low) / close
        before = [m for m in moves if m > 0][-LOOK_BACK:]
        if move >= JUMP_FRAC_MIN and len(before) >= JUDGED_FROM and move > JUMP_TIMES * statistics.median(before):
            out.append(int(rows[SOURCE, i]))
        moves.append(move)
    return out


@pytest.mark.requirement("DATA_001/outlier_detection")
@pytest.mark.parametrize("sizes", [[700], [1], [255, 3], [64]])
def test_the_rule_is_as_stated_however_the_rows_are_cut(sizes: list[int]) -> None:
    """Equal to a plain reading of the rule, on a market with still bars and many jumps."""
    generator = np.random.Generator(np.random.PCG64(5))
    rows = series(700, seed=9)
    for at in generator.choice(700, 60, replace=False):
        rows[HIGH, at] += int(rows[HIGH, at] * generator.uniform(0.002, 0.05))
    for at in generator.choice(699, 150, replace=False) + 1:
        rows[HIGH, at] = rows[LOW, at] = rows[CLOSE, at] = rows[CLOSE, at - 1]
    expected = naive_outliers(rows)
    report = looked(rows, sizes)
    assert len(expected) > 10
    assert report.counts["outlier"] == len(expected)
    assert [fault.row for fault in report.examples["outlier"]] == expected[:20]


@pytest.mark.requirement("DATA_001/outlier_detection")
def test_too_few_bars_before_it_judge_nothing() -> None:
    """The first bars of a listing jump, and nothing is known to compare them with."""
    rows = series(20)
    rows[HIGH, 10] *= 2
    assert looked(rows, [20]).counts == {}


def test_an_odd_step_below_two_intervals_is_no_gap() -> None:
    """A stamp off the grid leaves no bar missing."""
    rows = series(4)
    rows[STAMP, 2:] += MINUTE_NS // 2
    assert looked(rows, [4]).counts == {}
