# SPDX-License-Identifier: Apache-2.0
"""Files that cannot be read as bars: refused with place, value, what is allowed and how to mend it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot4.adapters.stores.history import BarHistory, open_reader, peek
from bot4.domain.errors import BadInput
from bot4.domain.values import HOUR_NS, MINUTE_NS
from tests.unit.market.recorded import bitcoin, copy_to_parquet, walk, write_csv, write_parquet

pytestmark = pytest.mark.requirement("DATA_001", "P-21")

ROW = "1600000020000,1,1,1,1,1\n"


def text(content: str | bytes, name: str = "bars.csv") -> Callable[[Path], Path]:
    """Return a maker of a file with this content."""

    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def table(query: str) -> Callable[[Path], Path]:
    """Return a maker of a Parquet file with the answer of a query."""
    return lambda folder: copy_to_parquet(query, folder / "bars.parquet")


def cut_short(folder: Path) -> Path:
    """Write a Parquet file and keep half of it."""
    path = write_parquet(folder / "bars.parquet", walk(5000))
    path.write_bytes(path.read_bytes()[:20_000])
    return path


def damaged(folder: Path) -> Path:
    """Write a Parquet file and overwrite its data pages, leaving the metadata."""
    path = write_parquet(folder / "bars.parquet", walk(5000))
    content = bytearray(path.read_bytes())
    content[200:20_000] = b"\xff" * 19_800
    path.write_bytes(content)
    return path


GOOD_COLUMNS = "1::DOUBLE AS open, 1::DOUBLE AS high, 1::DOUBLE AS low, 1::DOUBLE AS close"
HEADER = "ts,open,high,low,close,volume\n"

BAD_FILES: dict[str, tuple[Callable[[Path], Path], str, str, str]] = {
    # name: (maker, code, end of the place, words that must be in the message)
    "missing": (lambda folder: folder / "absent.csv", "file_missing", "absent.csv", "no such file"),
    "misspelt": (
        lambda folder: text(HEADER)(folder).with_name("bers.csv"), "file_missing", "bers.csv", "Did you mean bars.csv",
    ),
    "folder": (lambda folder: folder, "file_unreadable", "", "not a file"),
    "empty": (text(""), "empty", "bars.csv", "no rows"),
    "blank": (text("\n\n"), "empty", "bars.csv", "no rows"),
    "header only": (text(HEADER), "empty", "bars.csv", "no row"),
    "one row": (text(HEADER + ROW), "one_row", "bars.csv", "at least two bars"),
    "one stamp": (text(HEADER + ROW * 3), "one_row", "bars.csv", "at least two bars"),
    "wrong column": (
        text("timestamp,Open,high,low,close,vol\n" + ROW), "column_missing", "bars.csv",
        "Did you mean timestamp for ts, Open for open, vol for volume",
    ),
    "typing error": (text("ts,open,high,low,clsoe,volume\n" + ROW), "column_missing", "bars.csv", "clsoe for close"),
    "column twice": (text("ts,open,open,high,low,close,volume\n" + ROW), "column_repeated", "bars.csv", "open twice"),
    "no header": (text(ROW), "column_missing", "bars.csv:1", "no header"),
    "semicolons": (text((HEADER + ROW).replace(",", ";")), "column_missing", "bars.csv", "there are: ts;open"),
    "letters": (text(HEADER + ROW * 2 + "1600000080000,1,x1,1,1,1\n"), "not_a_number", "bars.csv:4", "high 'x1'"),
    "underscore": (text(HEADER + ROW + "1600000080000,1_0,1,1,1,1\n"), "not_a_number", "bars.csv:3", "open '1_0'"),
    "short line": (text(HEADER + ROW * 2 + "1600000080000,1,1"), "row_width", "bars.csv:4", "3 cells"),
    "half a stamp": (text(HEADER + ROW + "1600000080000.5,1,1,1,1,1\n"), "stamp_unit", "bars.csv:3", "whole number"),
    "seconds": (text(HEADER + "1600000020,1,1,1,1,1\n"), "stamp_unit", "bars.csv:2", "milliseconds"),
    "no stamps": (text(HEADER + ",1,1,1,1,1\n" * 3), "empty", "bars.csv", "no row with a stamp"),
    "bytes": (text(bytes(range(128, 256)) * 10), "not_text", "bars.csv:1", "no UTF-8"),
    "zeros": (text(b"\0" * 100), "not_text", "bars.csv:1", "unpacked"),
    "bytes later": (text((HEADER + ROW).encode() + b"\xff\xfe\n"), "not_text", "bars.csv:3", "no UTF-8"),
    "text as parquet": (text(HEADER + ROW, "bars.parquet"), "not_parquet", "bars.parquet", "a Parquet file"),
    "cut short": (cut_short, "not_parquet", "bars.parquet", "fetch it again"),
    "damaged": (damaged, "not_parquet", "bars.parquet", "fetch it again"),
    "no rows": (
        table(f"SELECT 1::BIGINT AS ts, {GOOD_COLUMNS}, 1::DOUBLE AS volume LIMIT 0"),
        "empty", "bars.parquet", "no rows",
    ),
    "text prices": (
        table(f"SELECT 1::BIGINT AS ts, {GOOD_COLUMNS}, 'much' AS volume"), "column_type", "bars.parquet",
        "column volume is of type VARCHAR",
    ),
    "text stamps": (
        table(f"SELECT '2020' AS ts, {GOOD_COLUMNS}, 1::DOUBLE AS volume"), "column_type", "bars.parquet",
        "column ts is of type VARCHAR",
    ),
    "parquet without volume": (
        table(f"SELECT 1::BIGINT AS ts, {GOOD_COLUMNS}"), "column_missing", "bars.parquet", "no column volume",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_refused_with_place_value_and_mend(name: str, tmp_path: Path) -> None:
    """Whatever is wrong, the error is ours, has a stable code, and says what to do."""
    make, code, place, words = BAD_FILES[name]
    path = make(tmp_path)
    with pytest.raises(BadInput, match=words) as caught:
        BarHistory("BTCUSDT", [path], bitcoin()).survey()
    assert caught.value.code == code
    assert caught.value.place.startswith(str(tmp_path))
    assert caught.value.place.endswith(place)
    assert all(caught.value.fields().values())
    assert "Traceback" not in str(caught.value)
    assert caught.value.__cause__ is None


READABLE_AT_FIRST = {"one row", "one stamp", "bytes later", "damaged"}
"""Files whose fault a look at the first price may not meet."""


@pytest.mark.parametrize("name", [name for name in BAD_FILES if name not in READABLE_AT_FIRST])
def test_a_peek_fails_as_plainly_as_a_reading(name: str, tmp_path: Path) -> None:
    """Looking at the first rows raises the same error."""
    make, code, place, words = BAD_FILES[name]
    with pytest.raises(BadInput, match=words) as caught:
        peek([make(tmp_path)])
    assert caught.value.code == code
    assert caught.value.place.endswith(place)


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's reason is told."""
    path = write_csv(tmp_path / "bars.csv", walk(3))

    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(BadInput, match="Permission denied") as caught:
        open_reader(path)
    assert caught.value.code == "file_unreadable"


@pytest.mark.parametrize("wanted", [MINUTE_NS // 2, 3 * MINUTE_NS // 2])
def test_an_interval_that_cannot_be_built_is_refused(wanted: int, tmp_path: Path) -> None:
    """Bars are never made finer."""
    path = write_csv(tmp_path / "bars.csv", walk(10))
    with pytest.raises(BadInput) as caught:
        BarHistory("BTCUSDT", [path], bitcoin(), wanted)
    assert caught.value.code == "interval_wrong"
    assert str(path) in caught.value.place


def test_files_of_two_intervals_are_refused(tmp_path: Path) -> None:
    """Minutes and hours make no series."""
    minutes = write_csv(tmp_path / "m.csv", walk(10))
    hours = write_csv(tmp_path / "h.csv", walk(10, step_ns=HOUR_NS))
    with pytest.raises(BadInput) as caught:
        BarHistory("BTCUSDT", [minutes, hours], bitcoin())
    assert caught.value.code == "interval_mixed"


def test_nothing_to_read_is_refused(tmp_path: Path) -> None:
    """No file, or files that hold no whole bar of the interval wanted."""
    with pytest.raises(BadInput) as caught:
        BarHistory("BTCUSDT", [], bitcoin())
    assert caught.value.code == "file_missing"
    path = write_csv(tmp_path / "bars.csv", walk(10))
    with pytest.raises(BadInput) as caught:
        BarHistory("BTCUSDT", [path], bitcoin(), HOUR_NS).survey()
    assert caught.value.code == "no_bars"


def test_a_pattern_in_a_name_is_no_pattern_for_the_reader(tmp_path: Path) -> None:
    """A file whose name holds a star or a bracket is that file."""
    path = write_parquet(tmp_path / "plain.parquet", walk(10))
    odd = path.rename(tmp_path / "bars[1].parquet")
    assert open_reader(odd).rows_hint() == 10
