# SPDX-License-Identifier: Apache-2.0
"""Read bars from Parquet with duckdb, a bounded range of rows at a time."""

import atexit
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from bot4.adapters.stores.columns import cannot_read, check_columns
from bot4.domain.errors import BadInput
from bot4.market.bars import Ints
from bot4.market.rows import COLUMNS, STAMP_MISSING, RawRows, RowReader, stamps_to_ns

RANGE_ROWS: Final = 122_880
"""Rows asked for at once, 6 MB of columns: one row group of duckdb's. A larger one is unpacked for each range in it."""

NUMBER_TYPES: Final = ("DOUBLE", "FLOAT", "DECIMAL", "HUGEINT", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "U")
INTEGER_TYPES: Final = ("BIGINT", "INTEGER", "UBIGINT", "UINTEGER")

# As parameters these are files; a path with a star in it is one file here.
DESCRIBE: Final = "SELECT column_name, column_type FROM (DESCRIBE FROM read_parquet(?))"
COUNT: Final = "SELECT sum(num_rows) FROM parquet_file_metadata(?)"


@final
class ParquetReader(RowReader):
    """Read one Parquet file with the columns ``ts open high low close volume``, in any order.

    ``ts`` is an integer of UTC milliseconds or a timestamp, the others are numbers.

    Raises
    ------
    BadInput
        From the constructor, if the file cannot be read, lacks a column, has one
        of another type, or is empty.
    """

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self.format = "parquet"
        with connected(self.name) as connection:
            described = connection.execute(DESCRIBE, [self.name]).fetchall()
            counted = connection.execute(COUNT, [self.name]).fetchone()
        types: dict[str, str] = dict(described)
        self.ignored = check_columns(self.name, list(types))
        self._select = ", ".join(self._column(name, types[name]) for name in COLUMNS)
        self._rows = int(counted[0])
        if self._rows == 0:
            raise BadInput(self.name, "no rows", "at least two bars", "Give a file that holds bars.", "empty")

    def rows_hint(self) -> int:
        """Return the number of rows, from the file's metadata."""
        return self._rows

    def head(self, rows: int) -> RawRows:
        """Return the first rows, at most ``rows``."""
        with connected(self.name) as connection:
            return self._range(connection, 0, rows)

    def chunks(self) -> Iterator[RawRows]:
        """Read the file in ranges of ``RANGE_ROWS`` rows."""
        with connected(self.name) as connection:
            for begin in range(0, self._rows, RANGE_ROWS):
                yield self._range(connection, begin, begin + RANGE_ROWS)

    def _range(self, connection: Any, begin: int, end: int) -> RawRows:
        """Return the rows from ``begin`` up to ``end``, counted from 0."""
        # Only numbers and the names of our own columns enter the text; the path is a parameter.
        query = (
            f"SELECT {self._select} FROM read_parquet(?, file_row_number = true) "  # noqa: S608
            f"WHERE file_row_number >= {begin:d} AND file_row_number < {end:d}"
        )
        columns: dict[str, Any] = connection.execute(query, [self.name]).fetchnumpy()
        numbers = np.arange(begin + 1, begin + 1 + len(columns["ts"]), dtype=np.int64)
        stamps: Ints = np.ma.filled(columns["ts"], STAMP_MISSING).astype(np.int64, copy=False)
        values: NDArray[np.float64] = np.stack([np.ma.filled(columns[name], np.nan) for name in COLUMNS[1:]])
        return RawRows(stamps_to_ns(stamps, numbers, self.name, micro_allowed=False), values, numbers)

    def _column(self, name: str, kind: str) -> str:
        """Return the expression that reads a column as its own kind of number."""
        if name == "ts" and kind in INTEGER_TYPES:
            return "CAST(ts AS BIGINT) AS ts"
        if name == "ts" and kind.startswith("TIMESTAMP"):
            return "epoch_ms(CAST(ts AS TIMESTAMP)) AS ts"
        if name != "ts" and kind.startswith(NUMBER_TYPES):
            return f"CAST({name} AS DOUBLE) AS {name}"
        raise BadInput(
            self.name,
            f"column {name} is of type {kind}",
            "integer milliseconds or a timestamp" if name == "ts" else "a column of numbers",
            f"Write {name} as {'BIGINT' if name == 'ts' else 'DOUBLE'}.",
            "column_type",
        )


@cache
def _database() -> Any:
    """Return this process's duckdb, opened when the first file is read: each of its own takes 20 MB and 20 ms.

    It is let go before the interpreter takes its modules down: compiled ones keep what they hold, so that duckdb would
    find its connection alive behind its own end, and complain.
    """
    import duckdb

    atexit.register(_database.cache_clear)
    return duckdb.connect(":memory:", config={"threads": 1})


@contextmanager
def connected(name: str) -> Iterator[Any]:
    """Lend a connection for the reading of one file.

    Raises
    ------
    BadInput
        With code ``not_parquet``, for any error of duckdb's while it is lent.
    """
    import duckdb

    try:
        connection = _database().cursor()
        try:
            yield connection
        finally:
            connection.close()
    except duckdb.Error as error:
        raise cannot_read(name, str(error), "not_parquet") from None
