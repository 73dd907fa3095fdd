# SPDX-License-Identifier: Apache-2.0
"""What every reader of bars must do: one suite, passed by Parquet, our CSV and Binance's CSV alike."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from bot4.adapters.stores import csv_bars, parquet
from bot4.adapters.stores.csv_bars import CsvReader
from bot4.adapters.stores.history import open_reader
from bot4.adapters.stores.parquet import ParquetReader
from bot4.domain.errors import BadInput
from bot4.market.rows import STAMP_MISSING, RawRows, RowReader
from tests.unit.market.recorded import walk, write_csv, write_parquet

pytestmark = pytest.mark.requirement("DATA_001", "DATA_001/format_normalization")

Rows = Sequence[Sequence[object]]
Write = Callable[[Path, Rows], Path]


def kline(path: Path, table: Rows) -> Path:
    """Write a table as Binance publishes it: 12 columns, no header."""
    return write_csv(path, [[*row, row[0], 1.5, 3, 0.5, 0.7, 0] for row in table], header="")


def kline_micro(path: Path, table: Rows) -> Path:
    """Write a table as Binance publishes it since 2025: microseconds."""
    return kline(path, [[int(str(int(row[0]))) * 1000, *row[1:]] for row in table])  # type: ignore[call-overload]


def kline_headed(path: Path, table: Rows) -> Path:
    """Write a table as Binance publishes futures: with a header."""
    header = (
        "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
        "taker_buy_volume,taker_buy_quote_volume,ignore"
    )
    return write_csv(path, [[*row, row[0], 1.5, 3, 0.5, 0.7, 0] for row in table], header=header)


def shuffled(path: Path, table: Rows) -> Path:
    """Write our columns in another order, with one more, line ends of Windows and a byte-order mark."""
    rows = [[row[5], "x", row[4], row[3], row[2], row[1], row[0]] for row in table]
    write_csv(path, rows, header="volume,note,close,low,high,open,ts")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    return path


FORMATS: dict[str, Write] = {
    "parquet": lambda path, table: write_parquet(path.with_suffix(".parquet"), table),
    "csv": write_csv,
    "shuffled": shuffled,
    "kline": kline,
    "kline_micro": kline_micro,
    "kline_headed": kline_headed,
}
HEADED = {"csv", "shuffled", "kline_headed"}


@pytest.fixture(params=FORMATS)
def format_name(request: pytest.FixtureRequest) -> str:
    """The name of a format."""
    return str(request.param)


@pytest.fixture
def write(format_name: str, tmp_path: Path) -> Callable[[Rows], RowReader]:
    """A function that writes a table in the format and opens it."""
    return lambda table: open_reader(FORMATS[format_name](tmp_path / "bars.csv", table))


def everything(reader: RowReader) -> RawRows:
    """Return all rows of a file."""
    chunks = list(reader.chunks())
    return RawRows(
        np.concatenate([chunk.stamps_ns for chunk in chunks]),
        np.concatenate([chunk.values for chunk in chunks], axis=1),
        np.concatenate([chunk.numbers for chunk in chunks]),
    )


def test_every_value_is_read_as_written(write: Callable[[Rows], RowReader], format_name: str) -> None:
    """Stamps in nanoseconds, prices and volumes to the last bit, rows numbered as an editor would."""
    table = walk(5000)
    reader = write(table)
    rows = everything(reader)
    expected = np.array(table)
    assert rows.stamps_ns.tolist() == [int(row[0]) * 1_000_000 for row in table]
    assert (rows.values == expected[:, 1:].T).all()
    first = 2 if format_name in HEADED else 1
    assert rows.numbers.tolist() == list(range(first, first + 5000))


def test_a_file_can_be_read_again(write: Callable[[Rows], RowReader]) -> None:
    """A reader keeps no position."""
    reader = write(walk(300))
    assert (everything(reader).values == everything(reader).values).all()


def test_the_head_is_the_begin_of_the_whole(write: Callable[[Rows], RowReader]) -> None:
    """At most as many rows as asked for, with the same numbers."""
    reader = write(walk(300))
    head, rows = reader.head(100), everything(reader)
    assert len(head) == 100
    assert (head.values == rows.values[:, :100]).all()
    assert (head.numbers == rows.numbers[:100]).all()
    assert len(reader.head(1000)) == 300


def test_the_hint_is_near_the_truth(write: Callable[[Rows], RowReader]) -> None:
    """Good enough for a progress bar."""
    assert write(walk(3000)).rows_hint() == pytest.approx(3000, rel=0.1)


def test_the_cuts_leave_no_trace(
    write: Callable[[Rows], RowReader], format_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pieces of any size hold the same rows."""
    reader = write(walk(3000))
    whole = everything(reader)
    for ranges, size in ((1, 64), (999, 1000), (2048, 4097)):
        monkeypatch.setattr(parquet, "RANGE_ROWS", ranges)
        monkeypatch.setattr(csv_bars, "PIECE_BYTES", size)
        if format_name == "parquet" and ranges == 1:
            continue  # three thousand queries tell nothing that 999 rows at a time do not
        cut = everything(reader)
        assert (cut.stamps_ns == whole.stamps_ns).all()
        assert (cut.values == whole.values).all()
        assert (cut.numbers == whole.numbers).all()


def test_missing_values_are_nan_and_keep_their_row(write: Callable[[Rows], RowReader], format_name: str) -> None:
    """An empty cell or NULL is no zero, and the rows after it keep their numbers."""
    table: list[list[object]] = [list(row) for row in walk(10)]
    table[4][2] = None
    table[7][5] = None
    rows = everything(write(table))
    assert np.argwhere(np.isnan(rows.values)).tolist() == [[1, 4], [4, 7]]
    assert rows.numbers[7] == 8 + (format_name in HEADED)


def test_columns_that_are_not_read_are_told(write: Callable[[Rows], RowReader], format_name: str) -> None:
    """Only ours are read; of the others the names are known."""
    ignored = write(walk(3)).ignored
    expected = {"parquet": 0, "csv": 0, "shuffled": 1}.get(format_name, 6)
    assert len(ignored) == expected


def test_seconds_are_not_taken_for_milliseconds(write: Callable[[Rows], RowReader], format_name: str) -> None:
    """A stamp of the wrong unit is refused with its row: it would be a date in January 1970."""
    table = [[row[0] // 1_000_000, *row[1:]] for row in walk(5)]
    reader = write(table)
    with pytest.raises(BadInput) as caught:
        reader.head(10)
    assert caught.value.code == "stamp_unit"
    assert caught.value.place.endswith(f":{2 if format_name in HEADED else 1}")


def test_a_row_without_a_stamp_is_marked(tmp_path: Path) -> None:
    """NULL and an empty cell alike."""
    table: list[list[object]] = [list(row) for row in walk(3)]
    table[1][0] = None
    for reader in (
        ParquetReader(write_parquet(tmp_path / "a.parquet", table)),
        CsvReader(write_csv(tmp_path / "b.csv", table)),
    ):
        assert everything(reader).stamps_ns[1] == STAMP_MISSING
