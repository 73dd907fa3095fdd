# SPDX-License-Identifier: Apache-2.0
"""Each row judged by itself: planted faults are counted, told with row and value, and handled as stated."""

import math
from decimal import Decimal

import numpy as np
import pytest

from bot4.domain.errors import BadInput
from bot4.domain.instrument import Instrument
from bot4.domain.values import MINUTE_NS
from bot4.market.bars import CLOSE, HIGH, LOW, OPEN, SOURCE, STAMP, VOLUME, Ints
from bot4.market.faults import EXAMPLES_MAX, FAULT_KINDS, FaultLog
from bot4.market.rows import STAMP_MISSING, RawRows
from bot4.market.validation import LOTS_MAX, RowCheck
from tests.unit.market.recorded import START_NS, bitcoin, raw, walk

pytestmark = pytest.mark.requirement("DATA_001", "DATA_001/validation")


def judged(rows: RawRows, *, strict: bool = False, instrument: Instrument | None = None) -> tuple[Ints, FaultLog]:
    """Return what a check makes of rows, and its log."""
    log = FaultLog(["bars.csv"], strict=strict)
    out = RowCheck(instrument or bitcoin(), MINUTE_NS, 0, log).check(rows)
    log.settle()
    return out, log


def test_good_rows_become_ticks_and_lots() -> None:
    """Prices are divided by the tick, volumes by the lot, stamps and row numbers kept."""
    out, log = judged(raw([[START_NS // 1_000_000, 100.25, 101.5, 99.99, 100.0, 1.234]], first_number=7))
    assert out[[STAMP, OPEN, HIGH, LOW, CLOSE, VOLUME, SOURCE], 0].tolist() == [
        START_NS, 10_025, 10_150, 9_999, 10_000, 1_234, 7,
    ]  # fmt: skip
    assert log.report().counts == {}


PLANTED = [
    ("not_finite", {1: math.nan}, "open nan"),
    ("not_finite", {2: math.inf}, "high inf"),
    ("not_finite", {5: math.nan}, "volume nan"),
    ("not_positive", {3: 0.0}, "low 0"),
    ("not_positive", {1: -5.0}, "open -5"),
    ("incoherent", {2: 9_000.0}, "high 9000"),
    ("incoherent", {3: 11_000.0}, "low 11000"),
    ("incoherent", {4: 20_000.0}, "close 20000"),
    ("incoherent", {1: 20_000.0}, "open 20000"),
    ("negative_volume", {5: -0.5}, "volume -0.5"),
]


@pytest.mark.parametrize(("kind", "change", "told"), PLANTED)
def test_a_row_that_can_be_no_bar_is_set_aside(kind: str, change: dict[int, float], told: str) -> None:
    """It is counted once, under one kind, told with file, row, stamp and value, and its neighbours stay."""
    table = walk(5)
    for column, value in change.items():
        table[3][column] = value
    out, log = judged(raw(table))
    report = log.report()
    assert report.counts == {kind: 1}
    assert out[SOURCE].tolist() == [1, 2, 3, 5]
    fault = report.examples[kind][0]
    assert (fault.file, fault.row, fault.stamp_ns) == ("bars.csv", 4, START_NS + 3 * MINUTE_NS)
    assert told in fault.value
    assert fault.done == "row set aside"


@pytest.mark.parametrize(("kind", "change", "told"), PLANTED)
def test_strict_refuses_the_file_at_that_row(kind: str, change: dict[int, float], told: str) -> None:
    """A strict reading names place, kind and value, and how to go on without strictness."""
    table = walk(5)
    for column, value in change.items():
        table[3][column] = value
    with pytest.raises(BadInput) as caught:
        judged(raw(table), strict=True)
    assert caught.value.code == "strict_fault"
    assert caught.value.place == "bars.csv:4"
    assert caught.value.value.startswith(kind)
    assert told in caught.value.value
    assert "--strict" in caught.value.mend


def test_strict_names_the_first_of_several_faults() -> None:
    """The row counts, not the order in which kinds are looked for."""
    table = walk(9)
    table[7][1] = math.nan
    table[2][5] = -1.0
    with pytest.raises(BadInput) as caught:
        judged(raw(table), strict=True)
    assert caught.value.place == "bars.csv:3"


def test_a_row_without_a_stamp_is_set_aside() -> None:
    """It has no place in time; the report says that it has no stamp."""
    rows = raw(walk(3))
    stamps = rows.stamps_ns.copy()
    stamps[1] = STAMP_MISSING
    out, log = judged(RawRows(stamps, rows.values, rows.numbers))
    assert out[SOURCE].tolist() == [1, 3]
    fault = log.report().examples["not_finite"][0]
    assert fault.stamp_ns is None
    assert "no stamp" in fault.value


def test_history_off_the_tick_is_rounded_and_counted_never_refused() -> None:
    """A price between two ticks goes to the nearer, strict or not, and the bar stays coherent."""
    table = walk(3)
    table[1][1:5] = [100.004, 100.016, 99.994, 100.006]
    out, log = judged(raw(table), strict=True)
    assert out[OPEN : CLOSE + 1, 1].tolist() == [10_000, 10_002, 9_999, 10_001]
    assert log.report().counts == {"off_tick": 1}


def test_prices_on_the_tick_are_not_counted_as_off_it() -> None:
    """Binary fractions of prices on the tick are no faults, up to the largest that fits."""
    steps = np.array([1, 3, 7, 10**6 + 7, 2**32 + 1, 2**40 - 1], dtype=np.int64)
    prices = np.array([float(Decimal(int(s)) * Decimal("0.01")) for s in steps])
    stamps = START_NS + np.arange(len(steps), dtype=np.int64) * MINUTE_NS
    rows = RawRows(stamps, np.stack([prices] * 4 + [np.ones(len(steps))]), np.arange(1, 7, dtype=np.int64))
    out, log = judged(rows)
    assert out[OPEN].tolist() == steps.tolist()
    assert log.report().counts == {}


@pytest.mark.parametrize("price", [2.0**40 / 100, 1e300, 0.004])
def test_a_price_outside_the_range_of_ticks_ends_the_reading(price: float) -> None:
    """Below half a tick or from 2**40 ticks on: refused with row, value and the key to change."""
    table = walk(4)
    table[2][1:5] = [price] * 4
    with pytest.raises(BadInput) as caught:
        judged(raw(table))
    assert caught.value.code == "price_bounds"
    assert caught.value.place == "bars.csv:3"
    assert f"{price:.12g}" in caught.value.value
    assert "tick_size" in caught.value.mend


def test_volumes_are_rounded_cut_and_zero_ones_counted() -> None:
    """A fraction of a lot is rounded, a volume beyond 2**53 - 1 lots cut, a zero one kept; each is counted."""
    table = walk(5)
    for i, volume in enumerate([0.0, 0.0004, 1e300, 1e306, 2.0006]):
        table[i][5] = volume
    out, log = judged(raw(table))
    assert out[VOLUME].tolist() == [0, 0, LOTS_MAX, LOTS_MAX, 2001]
    assert log.report().counts == {"volume_clamped": 2, "off_lot": 2, "zero_volume": 1}


def test_a_stamp_off_the_grid_is_kept_and_counted() -> None:
    """A bar that opens half a minute late stays where it is."""
    table = walk(3)
    table[1][0] += 30_000
    out, log = judged(raw(table))
    assert out[STAMP, 1] == START_NS + MINUTE_NS + 30_000_000_000
    assert log.report().counts == {"off_grid": 1}


def test_all_are_counted_but_only_the_first_twenty_told() -> None:
    """The examples are the first in the order of rows, over any number of pieces."""
    table = walk(100)
    for row in table[10:90]:
        row[5] = 0.0
    log = FaultLog(["bars.csv"])
    check = RowCheck(bitcoin(), MINUTE_NS, 0, log)
    for begin in range(0, 100, 7):
        check.check(raw(table[begin : begin + 7], begin + 1))
    report = log.report()
    assert report.counts == {"zero_volume": 80}
    assert [fault.row for fault in report.examples["zero_volume"]] == list(range(11, 11 + EXAMPLES_MAX))


def test_every_kind_has_its_own_name_and_policy() -> None:
    """Reports are keyed by names; each kind says what was done."""
    names = [kind.name for kind in FAULT_KINDS]
    assert len(set(names)) == len(names)
    assert all(kind.done for kind in FAULT_KINDS)
