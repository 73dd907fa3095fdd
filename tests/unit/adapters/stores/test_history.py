# SPDX-License-Identifier: Apache-2.0
"""A symbol's history: files joined in time, surveyed, hashed, and read again as the same bars."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from bot4.adapters.stores.history import BarHistory, Survey, peek
from bot4.domain.errors import BadInput
from bot4.domain.instrument import Instrument
from bot4.domain.values import HOUR_NS, MINUTE_NS
from bot4.market.bars import BLOCK_ROWS
from tests.unit.market.recorded import (
    START_NS,
    Table,
    bitcoin,
    columns_of,
    copy_to_parquet,
    raw,
    walk,
    write_csv,
    write_parquet,
)

pytestmark = pytest.mark.requirement("DATA_001")


def surveyed(*paths: Path, interval_ns: int | None = None) -> Survey:
    """Return the survey of files."""
    return BarHistory("BTCUSDT", paths, bitcoin(), interval_ns).survey()


def faulty(count: int = 5000) -> Table:
    """Return bars with one of each planted fault."""
    table = walk(count)
    table[100][1] = 0.0
    table[200][5] = -1.0
    table[300][2] = table[300][3] / 2
    table[400][5] = 0.0
    table[500][1:5] = [100_000.001] * 4
    table[700:702] = [table[701], table[700]]
    table[800] = list(table[799])
    del table[900:910]
    return table


def test_a_survey_and_its_blocks_tell_of_the_same_bars(tmp_path: Path) -> None:
    """Counts, first and last time, and the integers themselves."""
    table = walk(40_000)
    history = BarHistory("BTCUSDT", [write_csv(tmp_path / "bars.csv", table)], bitcoin(index=4))
    survey = history.survey()
    blocks = list(history.blocks())
    assert [len(block) for block in blocks] == [BLOCK_ROWS, BLOCK_ROWS, 40_000 - 2 * BLOCK_ROWS]
    assert {block.instrument for block in blocks} == {4}
    bars = columns_of(iter(blocks))
    assert (survey.rows, survey.bars, survey.interval_ns) == (40_000, 40_000, MINUTE_NS)
    assert survey.first_open_ns == START_NS == bars[0, 0]
    assert survey.last_known_ns == START_NS + 40_000 * MINUTE_NS
    expected = np.rint(np.array(table)[:, 1:5] * 100).T
    assert (bars[1:5] == expected).all()
    assert survey.faults.counts == {}


def test_faults_of_a_file_are_surveyed_with_row_and_policy(tmp_path: Path) -> None:
    """One of each, and the good rows all there."""
    survey = surveyed(write_csv(tmp_path / "bars.csv", faulty()))
    assert survey.faults.counts == {
        "not_positive": 1,
        "incoherent": 1,
        "negative_volume": 1,
        "duplicate": 1,
        "backward": 1,
        "gap": 5,  # three rows set aside, one overwritten by its repeat, ten deleted
        "outlier": 2,
        "off_tick": 1,
        "zero_volume": 1,
    }
    assert (survey.rows, survey.bars) == (4990, 4986)
    assert survey.faults.examples["not_positive"][0].row == 102  # the header is line 1
    assert survey.faults.longest_gap_bars == 10


def test_the_hash_depends_on_the_bars_and_not_on_how_they_were_kept(tmp_path: Path) -> None:
    """CSV, Parquet, one file or two: equal bars hash equally; one tick more, and it differs."""
    table = walk(3000)
    whole = surveyed(write_csv(tmp_path / "a.csv", table))
    assert surveyed(write_parquet(tmp_path / "b.parquet", table)).sha256 == whole.sha256
    halves = [write_csv(tmp_path / "c.csv", table[1700:]), write_parquet(tmp_path / "d.parquet", table[:1700])]
    assert surveyed(*halves).sha256 == whole.sha256
    table[-1][4] += 0.01
    table[-1][2] += 0.02
    assert surveyed(write_csv(tmp_path / "e.csv", table)).sha256 != whole.sha256


@pytest.mark.parametrize(
    ("symbol", "tick", "lot"), [("ETHUSDT", "0.01", "0.001"), ("BTCUSDT", "0.1", "0.001"), ("BTCUSDT", "0.01", "0.01")]
)
def test_symbol_tick_and_lot_enter_the_hash(symbol: str, tick: str, lot: str, tmp_path: Path) -> None:
    """The same integers mean something else in other steps."""
    path = write_csv(tmp_path / "a.csv", walk(100))
    other = Instrument(0, symbol, base="B", quote="USDT", tick_size=Decimal(tick), lot_size=Decimal(lot))
    assert BarHistory(symbol, [path], other).survey().sha256 != surveyed(path).sha256


def test_a_step_written_differently_is_the_same_step(tmp_path: Path) -> None:
    """0.010 is 0.01."""
    path = write_csv(tmp_path / "a.csv", walk(100))
    same = Instrument(
        0, "BTCUSDT", base="BTC", quote="USDT", tick_size=Decimal("0.010"), lot_size=Decimal("0.0010")
    )  # fmt: skip
    assert BarHistory("BTCUSDT", [path], same).survey().sha256 == surveyed(path).sha256


def test_overlapping_files_give_each_bar_once_and_the_later_file_wins(tmp_path: Path) -> None:
    """The order on the command line does not matter, the order in time does."""
    table = walk(4000)
    changed = [[*row[:5], 9.999] for row in table[2000:]]
    first = write_csv(tmp_path / "z.csv", table[:3000])
    second = write_csv(tmp_path / "a.csv", changed)
    history = BarHistory("BTCUSDT", [second, first], bitcoin())
    survey = history.survey()
    bars = columns_of(history.blocks())
    assert survey.faults.counts == {"duplicate": 1000}
    assert survey.bars == 4000
    assert (bars[5, 2000:] == 9_999).all()
    assert [note.name for note in survey.files] == [str(first), str(second)]
    assert [note.rows for note in survey.files] == [3000, 2000]


def test_a_multiple_of_the_interval_is_built_while_reading(tmp_path: Path) -> None:
    """Hours from minutes; an hour cut off at the end is left out and counted."""
    count = 60 * 24 + 30
    start = START_NS - START_NS % HOUR_NS
    history = BarHistory(
        "BTCUSDT", [write_csv(tmp_path / "a.csv", walk(count, start_ns=start))], bitcoin(), HOUR_NS
    )  # fmt: skip
    survey = history.survey()
    assert (survey.bars, survey.rows, survey.source_interval_ns) == (24, count, MINUTE_NS)
    assert survey.faults.counts == {"unfinished_bar": 1}
    assert survey.last_known_ns == start + 24 * HOUR_NS
    assert (np.diff(columns_of(history.blocks())[0]) == HOUR_NS).all()


def test_strict_stops_survey_and_blocks_alike(tmp_path: Path) -> None:
    """The first faulty row of the file, in either pass; without a fault strict changes nothing."""
    path = write_csv(tmp_path / "bars.csv", faulty())
    history = BarHistory("BTCUSDT", [path], bitcoin(), strict=True)
    for read in (history.survey, lambda: list(history.blocks())):
        with pytest.raises(BadInput) as caught:
            read()
        assert caught.value.code == "strict_fault"
        assert caught.value.place == f"{path}:102"
    good = write_csv(tmp_path / "good.csv", walk(100))
    strict = BarHistory("BTCUSDT", [good], bitcoin(), strict=True).survey()
    assert strict == surveyed(good)


def test_strict_refuses_overlapping_files(tmp_path: Path) -> None:
    """A row that another file gives again is a fault like any repeat."""
    table = walk(100)
    paths = [write_csv(tmp_path / "a.csv", table[:60]), write_csv(tmp_path / "b.csv", table[50:])]
    with pytest.raises(BadInput, match="duplicate"):
        BarHistory("BTCUSDT", paths, bitcoin(), strict=True).survey()


def test_progress_is_told_and_ends_at_all_rows(tmp_path: Path) -> None:
    """It never falls, and the hint is what it will reach."""
    told: list[int] = []
    history = BarHistory("BTCUSDT", [write_parquet(tmp_path / "a.parquet", walk(40_000))], bitcoin())
    history.survey(told.append)
    assert told == sorted(told)
    assert told[-1] == 40_000 == history.total_rows_hint()
    assert len(told) == 3


def test_a_peek_sees_the_first_usable_row_and_no_later_one(tmp_path: Path) -> None:
    """Begin, first price as it was written, and the interval of the head."""
    table = walk(100)
    table[0][1] = 0.0
    path = write_csv(tmp_path / "a.csv", table)
    found = peek([path])
    assert found.first_open_ns == START_NS + MINUTE_NS
    assert found.first_price == Decimal(str(table[1][1]))
    assert found.interval_ns == MINUTE_NS
    table[99][1:5] = [1e9] * 4
    assert peek([write_csv(tmp_path / "b.csv", table)]) == found


def test_one_row_is_enough_beside_a_file_that_has_more(tmp_path: Path) -> None:
    """The day's last file may hold one bar."""
    table = walk(100)
    paths = [write_csv(tmp_path / "a.csv", table[:99]), write_csv(tmp_path / "b.csv", table[99:])]
    assert surveyed(*paths).bars == 100


def test_timestamps_and_short_numbers_of_parquet_are_read(tmp_path: Path) -> None:
    """A timestamp column, 32-bit floats and decimals are bars too."""
    base = write_parquet(tmp_path / "base.parquet", walk(50))
    path = copy_to_parquet(
        "SELECT make_timestamp_ms(ts) AS ts, open::DECIMAL(18,2) AS open, high::DECIMAL(18,2) AS high, "
        f"low::DECIMAL(18,2) AS low, close::DECIMAL(18,2) AS close, volume, 1 AS extra FROM read_parquet('{base}')",
        tmp_path / "typed.parquet",
    )
    survey = surveyed(path)
    assert survey.sha256 == surveyed(base).sha256
    assert survey.files[0].ignored == ("extra",)


def test_a_file_of_nothing_but_faults_has_no_bars(tmp_path: Path) -> None:
    """All rows set aside: refused as empty of bars, not as unreadable."""
    table = [[*row[:5], -1.0] for row in walk(10)]
    with pytest.raises(BadInput) as caught:
        surveyed(write_csv(tmp_path / "a.csv", table))
    assert caught.value.code == "no_bars"
    assert len(raw(table)) == 10
