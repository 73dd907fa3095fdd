# SPDX-License-Identifier: Apache-2.0
"""For any rows, however wild and however cut: the same bars, the same faults, and those of a plain reading."""

import math
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.adapters.stores import csv_bars
from bot4.adapters.stores.history import BarHistory, Survey
from bot4.domain.errors import BadInput
from bot4.domain.values import MINUTE_NS
from bot4.market import ordering
from bot4.market.aggregation import BarAggregator
from bot4.market.bars import SOURCE, Ints, join_rows
from bot4.market.continuity import Continuity
from bot4.market.faults import Fault, FaultLog, FaultReport
from bot4.market.ordering import FileMerge, FileOrder
from bot4.market.rows import RawRows
from bot4.market.validation import RowCheck
from tests.unit.market.recorded import START_NS, Table, bitcoin, columns_of, raw, write_csv

pytestmark = pytest.mark.requirement("DATA_001", "DATA_001/validation")

PRICES = st.sampled_from([100.0, 100.01, 100.005, 101.0, 99.5, 130.0, 0.0, -1.0, math.nan, math.inf])
VOLUMES = st.sampled_from([1.0, 0.5, 0.0004, 0.0, -1.0, math.nan])
GOOD_PRICES = st.sampled_from([100.0, 100.01, 100.5])


@st.composite
def wild_rows(draw: st.DrawFn) -> Table:
    """Rows with stamps that jump, repeat and turn back, and values of every kind."""
    minute, out = 0, []
    for _ in range(draw(st.integers(0, 60))):
        minute += draw(st.sampled_from([1, 1, 1, 1, 2, 5, 0, -1, -3]))
        prices = draw(st.lists(PRICES if draw(st.integers(0, 4)) == 0 else GOOD_PRICES, min_size=4, max_size=4))
        if draw(st.integers(0, 3)):
            prices[1], prices[2] = max(prices), min(prices)
        stray = 500 if draw(st.integers(0, 20)) == 0 else 0
        out.append([START_NS // 1_000_000 + minute * 60_000 + stray, *prices, draw(VOLUMES)])
    return out


def cut(rows: RawRows, sizes: list[int]) -> list[RawRows]:
    """Cut rows into pieces of these sizes, over and over."""
    out, begin, turn = [], 0, 0
    while begin < len(rows):
        out.append(rows.cut(begin, begin + sizes[turn % len(sizes)]))
        begin, turn = begin + sizes[turn % len(sizes)], turn + 1
    return out


def read(table: Table, sizes: list[int], interval_ns: int = MINUTE_NS) -> tuple[Ints, FaultReport]:
    """Run the whole way from raw rows to bars, on pieces cut by the caller alone."""
    log = FaultLog(["f"])
    check, order = RowCheck(bitcoin(), MINUTE_NS, 0, log), FileOrder(log)
    rows = [order.push(check.check(piece)) for piece in cut(raw(table), sizes)] + [order.finish()]
    continuity, bars = Continuity(MINUTE_NS, log), []
    aggregator = BarAggregator(MINUTE_NS, interval_ns, log)
    for part in rows:
        if part.shape[1]:
            continuity.look(part)
            bars.append(part if interval_ns == MINUTE_NS else aggregator.push(part))
    return join_rows([*bars, aggregator.finish()]), log.report()


SIZES = st.lists(st.integers(1, 25), min_size=1, max_size=4)


def told(report: FaultReport) -> dict[str, list[Fault]]:
    """Return the examples, those of one kind in the order of rows."""
    return {kind: sorted(found, key=lambda f: (f.row, f.value)) for kind, found in report.examples.items()}


@given(table=wild_rows(), sizes=SIZES, minutes=st.sampled_from([1, 5]))
def test_the_cuts_change_neither_bars_nor_faults(table: Table, sizes: list[int], minutes: int) -> None:
    """One piece or many: the same integers, the same counts, the same examples."""
    whole, faults = read(table, [1000], minutes * MINUTE_NS)
    parts, other = read(table, sizes, minutes * MINUTE_NS)
    assert (whole == parts).all()
    assert other.counts == faults.counts
    assert (other.missing_bars, other.longest_gap_bars) == (faults.missing_bars, faults.longest_gap_bars)
    if all(count <= 20 for count in faults.counts.values()):
        assert told(other) == told(faults)


def naive(table: Table) -> tuple[list[tuple[int, ...]], dict[str, int]]:
    """Return bars and the counts of faults that a plain loop over rows finds."""
    counts: dict[str, int] = {}
    bars: dict[int, tuple[int, ...]] = {}
    last = None
    for ts, first, high, low, close, volume in table:
        values = (first, high, low, close, volume)
        if not all(map(math.isfinite, values)):
            fault = "not_finite"
        elif min(values[:4]) <= 0:
            fault = "not_positive"
        elif low > min(first, close) or high < max(first, close):
            fault = "incoherent"
        elif volume < 0:
            fault = "negative_volume"
        else:
            fault = ""
        if fault:
            counts[fault] = counts.get(fault, 0) + 1
            continue
        stamp = int(ts) * 1_000_000
        if stamp in bars:
            counts["duplicate"] = counts.get("duplicate", 0) + 1
        if last is not None and stamp < last:
            counts["backward"] = counts.get("backward", 0) + 1
        last = stamp
        bars[stamp] = (stamp, *(round(p * 100) for p in values[:4]), round(volume * 1000))
    stamps = sorted(bars)
    gaps = sum(1 for a, b in pairwise(stamps) if (b - a) // MINUTE_NS > 1)
    if gaps:
        counts["gap"] = gaps
    return [bars[stamp] for stamp in stamps], counts


@given(table=wild_rows(), sizes=SIZES)
def test_bars_and_faults_are_those_of_a_plain_loop(table: Table, sizes: list[int]) -> None:
    """Set aside, repeated, turned back, missing: an independent reading agrees on each."""
    rows, report = read(table, sizes)
    bars, counts = naive(table)
    assert [tuple(row) for row in rows[:SOURCE].T.tolist()] == bars
    assert {kind: count for kind, count in report.counts.items() if kind in {*NAIVE_KINDS}} == counts


NAIVE_KINDS = ("not_finite", "not_positive", "incoherent", "negative_volume", "duplicate", "backward", "gap")


@given(stamps=st.lists(st.integers(1, 60), min_size=1, max_size=60), sizes=SIZES, window=st.integers(1, 12))
def test_a_row_is_too_late_by_the_rows_before_it_alone(stamps: list[int], sizes: list[int], window: int) -> None:
    """With a small window: refused exactly where a plain loop finds it, at the same row."""
    rows = raw([[START_NS // 1_000_000 + s * 60_000, 100.0, 100.0, 100.0, 100.0, 1.0] for s in stamps])
    too_late = next(
        (i for i, s in enumerate(stamps) if i > window and s <= max(stamps[: i - window])),
        None,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering, "WINDOW_ROWS", window)
        log = FaultLog(["f"])
        check, order = RowCheck(bitcoin(), MINUTE_NS, 0, log), FileOrder(log)

        def through() -> Ints:
            return join_rows([*[order.push(check.check(piece)) for piece in cut(rows, sizes)], order.finish()])

        if too_late is not None:
            with pytest.raises(BadInput) as caught:
                through()
            assert caught.value.place == f"f:{too_late + 1}"
            return
        out = through()
    expected = {s: i + 1 for i, s in enumerate(stamps)}
    assert out[SOURCE].tolist() == [expected[s] for s in sorted(expected)]


@given(data=st.data(), count=st.integers(1, 4))
def test_merged_files_are_one_sorted_series_in_which_the_later_file_wins(data: st.DataObject, count: int) -> None:
    """Any overlaps, any pieces: as a dictionary filled file after file."""
    files = sorted(
        (sorted(data.draw(st.sets(st.integers(0, 80), min_size=1, max_size=30))) for _ in range(count)),
        key=lambda stamps: stamps[0],
    )
    expected: dict[int, int] = {}
    streams = []
    for number, stamps in enumerate(files):
        expected |= dict.fromkeys(stamps, number)
        rows = raw([[START_NS // 1_000_000 + s * 60_000, 100.0, 100.0, 100.0, 100.0, 1.0] for s in stamps])
        checked = RowCheck(bitcoin(), MINUTE_NS, number, FaultLog(["f"] * count))
        streams.append(iter([checked.check(piece) for piece in cut(rows, data.draw(SIZES))]))
    log = FaultLog(["f"] * count)
    begins = [START_NS + stamps[0] * MINUTE_NS for stamps in files]
    out = join_rows(list(FileMerge(streams, begins, log).tables()))
    assert ((out[0] - START_NS) // MINUTE_NS).tolist() == sorted(expected)
    assert (out[SOURCE] >> 40).tolist() == [expected[stamp] for stamp in sorted(expected)]
    assert log.report().counts.get("duplicate", 0) == sum(map(len, files)) - len(expected)


def history(path: Path, *, strict: bool) -> tuple[Survey | str, list[list[int]]]:
    """Return survey and bars of a file, or the error's words."""
    reading = BarHistory("BTCUSDT", [path], bitcoin(), MINUTE_NS, strict=strict)
    try:
        return reading.survey(), columns_of(reading.blocks()).tolist()
    except BadInput as error:
        return str(error), []


@given(table=wild_rows(), piece=st.integers(1, 300), strict=st.booleans())
def test_a_file_reads_the_same_in_pieces_of_any_size(table: Table, piece: int, strict: bool) -> None:
    """Survey with hash, faults with examples, bars, or the same refusal."""
    steady = [[START_NS // 1_000_000 - (9 - i) * 60_000, 100.0, 100.0, 100.0, 100.0, 1.0] for i in range(9)]
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        cells: list[list[object]] = [["nan" if math.isnan(v) else v for v in row] for row in steady + table]
        path = write_csv(Path(folder) / "a.csv", cells)
        whole = history(path, strict=strict)
        patch.setattr(csv_bars, "PIECE_BYTES", piece)
        assert history(path, strict=strict) == whole


@given(table=wild_rows())
def test_a_prefix_of_the_rows_gives_a_prefix_of_the_judgement(table: Table) -> None:
    """Nothing later changes what is found about earlier rows of an ordered file: the future is unreachable."""
    ordered = [row for i, row in enumerate(table) if i == 0 or row[0] > max(r[0] for r in table[:i])]
    half = len(ordered) // 2
    part, early = read(ordered[:half], [7])
    whole, late = read(ordered, [7])
    assert (whole[:, : part.shape[1]] == part).all()
    for kind, found in early.examples.items():
        assert late.examples[kind][: len(found)] == found
    assert np.all(np.diff(whole[0]) > 0)
