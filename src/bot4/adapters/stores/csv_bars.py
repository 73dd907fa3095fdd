# SPDX-License-Identifier: Apache-2.0
"""Read bars from CSV: our own columns by header, or Binance's public klines, a bounded piece at a time.

Numbers are parsed by NumPy in one go; only a piece in which that fails is gone
through cell by cell, so that the error can name the line.
"""

from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from bot4.adapters.stores.columns import cannot_read, check_columns
from bot4.domain.errors import BadInput
from bot4.market.rows import COLUMNS, STAMP_MISSING, RawRows, RowReader, stamps_to_ns

PIECE_BYTES: Final = 4 << 20
LINE_BYTES_MAX: Final = 1 << 16
MISSING: Final = frozenset({"", "nan", "null", "none", "na", "n/a"})
STAMP_EXACT_MAX: Final = float(1 << 53)

BINANCE_COLUMNS: Final = (
    "open_time",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "close_time",
    "quote_volume",
    "count",
    "taker_buy_volume",
    "taker_buy_quote_volume",
    "ignore",
)
"""The columns of Binance's public klines; older files have no header, newer ones in microseconds."""


@final
class CsvReader(RowReader):
    """Read one CSV file of bars, separated by commas, with a header or as Binance publishes it.

    Raises
    ------
    BadInput
        From the constructor, if the file is empty, is no text, or lacks a
        column; while reading, if a line is too short or a cell is no number.
    """

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path
        first = self._first_line()
        cells = [cell.strip().strip('"') for cell in first.split(",")]
        headed = any(_number(cell) is None for cell in cells)
        if headed and "ts" not in cells and cells[0].lower().replace(" ", "_") == "open_time" and len(cells) == 12:
            cells = list(BINANCE_COLUMNS)
        binance = cells == list(BINANCE_COLUMNS) or (not headed and len(cells) == len(BINANCE_COLUMNS))
        if not headed and not binance:
            raise self._no_header(first, len(cells))
        self.format = "binance_csv" if binance else "csv"
        self.ignored = BINANCE_COLUMNS[6:] if binance else check_columns(self.name, cells)
        self._columns = tuple(range(6)) if binance else tuple(cells.index(column) for column in COLUMNS)
        self._begin = 1 if headed else 0

    def rows_hint(self) -> int:
        """Return about how many rows there are, from the file's size and the length of its first lines."""
        with self._path.open("rb") as file:
            lines = list(islice(file, 100))
        return max(1, round(self._path.stat().st_size * len(lines) / sum(map(len, lines))) - self._begin)

    def head(self, rows: int) -> RawRows:
        """Return the first rows, at most ``rows``."""
        with self._path.open("rb") as file:
            lines = list(islice(file, self._begin + rows))
        return self._parse(b"".join(lines[self._begin :]), self._begin + 1)

    def chunks(self) -> Iterator[RawRows]:
        """Read the file in pieces of about ``PIECE_BYTES``."""
        rows = 0
        for piece, line in self._pieces():
            raw = self._parse(piece, line)
            rows += len(raw)
            if len(raw):
                yield raw
        if rows == 0:
            raise self._empty()

    def _pieces(self) -> Iterator[tuple[bytes, int]]:
        """Yield whole lines and the number of the first, counted from 1."""
        line = 1
        try:
            with self._path.open("rb") as file:
                for _ in range(self._begin):
                    file.readline()
                    line += 1
                while piece := file.read(PIECE_BYTES):
                    piece += file.readline()
                    yield piece, line
                    line += piece.count(b"\n")
        except OSError as error:
            raise cannot_read(self.name, error.strerror or "cannot be read", "file_unreadable") from None

    def _parse(self, piece: bytes, line: int) -> RawRows:
        """Return the rows of whole lines, the first of which has number ``line``."""
        if line == 1:
            piece = piece.removeprefix(b"\xef\xbb\xbf")
        count = piece.count(b"\n") + (not piece.endswith(b"\n") and bool(piece))
        table = self._parse_fast(piece, count)
        numbers = np.arange(line, line + count, dtype=np.int64)
        if table is None:
            table, numbers = self._parse_slow(piece, line)
        stamps = table[0]
        known = np.isfinite(stamps)
        wrong = known & ((np.rint(stamps) != stamps) | (np.abs(stamps) >= STAMP_EXACT_MAX))
        if wrong.any():
            at = int(np.argmax(wrong))
            raise BadInput(
                f"{self.name}:{numbers[at]}",
                f"stamp {stamps[at]!r}",
                "a whole number of milliseconds",
                "Correct the stamp.",
                "stamp_unit",
            )
        whole = np.full(len(stamps), STAMP_MISSING, dtype=np.int64)
        whole[known] = stamps[known].astype(np.int64)
        micro = self.format == "binance_csv"
        return RawRows(stamps_to_ns(whole, numbers, self.name, micro_allowed=micro), table[1:], numbers)

    def _parse_fast(self, piece: bytes, count: int) -> NDArray[np.float64] | None:
        """Return the cells of a faultless piece, shape (6, count), or None."""
        if count == 0:
            return np.empty((6, 0))
        try:
            table = np.loadtxt(
                BytesIO(piece), delimiter=",", comments=None, usecols=self._columns, ndmin=2, encoding="utf-8"
            )
        except ValueError:
            return None
        # Blank lines are skipped by loadtxt and would shift the numbers of all that follow.
        return np.ascontiguousarray(table.T) if len(table) == count else None

    def _parse_slow(self, piece: bytes, line: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the cells of a piece and their line numbers, gone through one by one."""
        rows: list[list[float]] = []
        numbers: list[int] = []
        for number, text in enumerate(piece.split(b"\n"), start=line):
            if not text.strip():
                continue
            try:
                cells = text.decode("utf-8").rstrip("\r").split(",")
            except UnicodeDecodeError:
                raise self._not_text(number) from None
            if len(cells) <= max(self._columns):
                raise BadInput(
                    f"{self.name}:{number}",
                    f"{len(cells)} cells",
                    f"at least {max(self._columns) + 1} cells, separated by commas",
                    "Complete the line; the last line of a file that was cut off is often short.",
                    "row_width",
                )
            rows.append(self._numbers(cells, number))
            numbers.append(number)
        table = np.array(rows, dtype=np.float64).reshape(-1, 6)
        return np.ascontiguousarray(table.T), np.array(numbers, dtype=np.int64)

    def _numbers(self, cells: Sequence[str], line: int) -> list[float]:
        """Return our six cells of a line as numbers, NaN for an empty one."""
        out: list[float] = []
        for name, column in zip(COLUMNS, self._columns, strict=True):
            cell = cells[column].strip().strip('"').strip()
            value = _number(cell)
            if value is None:
                raise BadInput(
                    f"{self.name}:{line}",
                    f"{name} {cell!r}",
                    "a number, or an empty cell for a value that is missing",
                    "Correct the cell.",
                    "not_a_number",
                )
            out.append(value)
        return out

    def _first_line(self) -> str:
        """Return the first line."""
        try:
            with self._path.open("rb") as file:
                first = file.readline(LINE_BYTES_MAX)
        except OSError as error:
            raise cannot_read(self.name, error.strerror or "cannot be read", "file_unreadable") from None
        if not first.strip():
            raise self._empty()
        try:
            text = first.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise self._not_text(1) from None
        if "\0" in text:
            raise self._not_text(1)
        return text.rstrip("\r\n")

    def _empty(self) -> BadInput:
        """Return the error for a file without rows."""
        return BadInput(self.name, "no rows", "at least two bars", "Give a file that holds bars.", "empty")

    def _not_text(self, line: int) -> BadInput:
        """Return the error for bytes that are no text."""
        return BadInput(
            f"{self.name}:{line}",
            "bytes that are no UTF-8 text",
            "a Parquet or CSV file",
            "Give the file unpacked: no zip, no gzip.",
            "not_text",
        )

    def _no_header(self, first: str, count: int) -> BadInput:
        """Return the error for numbers whose meaning nothing tells."""
        return BadInput(
            f"{self.name}:1",
            f"{first[:60]!r}, {count} cells and no header",
            f"a header line with {','.join(COLUMNS)}, or the 12 columns of a Binance kline file",
            "Put a header line on top, columns separated by commas.",
            "column_missing",
        )


def _number(cell: str) -> float | None:
    """Return a cell's number, NaN for one that says it is missing, None for any other text."""
    if cell.lower() in MISSING:
        return float("nan")
    if "_" in cell:  # Python reads 1_000 as a number, no file means it
        return None
    try:
        return float(cell)
    except ValueError:
        return None
