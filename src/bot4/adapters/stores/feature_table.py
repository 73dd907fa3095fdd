# SPDX-License-Identifier: Apache-2.0
"""A table of features on its way into one Parquet file: written in pieces, joined at the end, named when it is whole.

duckdb cannot add rows to a Parquet file, and a table in memory would grow with
the rows: each block becomes a file of its own in ``FILE.part``, and at the end
one pass streams them into one. Memory is that of a block and a row group.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, final

import numpy as np
from numpy.typing import NDArray

from bot4.domain.errors import BadInput, OutsideFault
from bot4.market.bars import Ints

PART: Final = ".part"
STAMP: Final = "ts"
SYMBOL: Final = "symbol"
MILLISECOND_NS: Final = 1_000_000

#: A larger row group is held in memory as a whole: 61,440 rows of 100 columns took 70 MB more than 16,384.
JOIN: Final = "COPY (SELECT * FROM read_parquet(?)) TO ? (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 16384)"


@final
class FeatureTable:
    """Write rows of features into a Parquet file that is either whole or not there.

    Columns: ``ts``, the bar's open in UTC milliseconds; ``symbol`` where there
    are several; one of float64 for each feature, NULL where it is not a number.
    Use it as a context; what was begun is removed unless :meth:`finish` was called.

    Parameters
    ----------
    path : Path
        The file to write; one that is there is replaced at the end.
    features : sequence of str
        The names of the feature columns, in order.
    with_symbol : bool
        Whether rows tell their symbol.

    Raises
    ------
    BadInput
        With code ``out_folder``, if the path is a folder.
    """

    def __init__(self, path: Path, features: Sequence[str], *, with_symbol: bool) -> None:
        if path.is_dir():
            raise BadInput(str(path), "a folder", "the path of a file", "Write --out FILE.parquet.", "out_folder")
        self.path = path
        self.rows = 0
        self._features = tuple(features)
        self._with_symbol = with_symbol
        self._part = path.with_name(path.name + PART)
        self._pieces: list[str] = []
        self._connection: Any = None

    def __enter__(self) -> Self:
        import duckdb

        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._clear()
        self._part.mkdir()
        self._connection = duckdb.connect(":memory:", config={"threads": 1})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._clear()

    def append(self, open_ns: Ints, values: NDArray[np.float64], symbol: str = "") -> None:
        """Write the rows of one block.

        Parameters
        ----------
        open_ns : array of int64, shape (n,)
            Opens of the bars in UTC nanoseconds.
        values : array of float64, shape (n, features)
            NaN becomes NULL.
        symbol : str
            Whose rows they are.

        Raises
        ------
        OutsideFault
            If they cannot be written.
        """
        if len(open_ns) == 0:
            return
        block = {STAMP: open_ns // MILLISECOND_NS}
        block |= {f"f{place}": np.ascontiguousarray(values[:, place]) for place in range(values.shape[1])}
        piece = self._part / f"{len(self._pieces):08d}.parquet"
        # Only names of columns and the symbol enter the text, both quoted; the path is a parameter.
        query = f"COPY (SELECT {self._columns(symbol)} FROM block) TO ? (FORMAT parquet)"  # noqa: S608
        with self._writing():
            self._connection.register("block", block)
            self._connection.execute(query, [str(piece)])
        self._pieces.append(str(piece))
        self.rows += len(open_ns)

    def finish(self) -> None:
        """Join the pieces and give the file its name.

        Raises
        ------
        OutsideFault
            If it cannot be written.
        """
        whole = self._part / "whole"
        with self._writing():
            self._connection.execute(JOIN, [self._pieces, str(whole)])
        with whole.open("rb") as file:
            os.fsync(file.fileno())
        whole.replace(self.path)

    def _columns(self, symbol: str) -> str:
        """Return the columns of a block under their names in the file."""
        columns = [STAMP]
        if self._with_symbol:
            columns.append(f"{_literal(symbol)} AS {SYMBOL}")
        for place, name in enumerate(self._features):
            columns.append(f"CASE WHEN isnan(f{place}) THEN NULL ELSE f{place} END AS {_identifier(name)}")
        return ", ".join(columns)

    def _clear(self) -> None:
        """Remove what a run that was cut has left."""
        shutil.rmtree(self._part, ignore_errors=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Tell an error of duckdb's as one of the machine."""
        import duckdb

        try:
            yield
        except duckdb.Error as error:
            reason = str(error).strip().splitlines()[0]
            mend = "Free space on this disk, or choose another place with --out."
            raise OutsideFault(str(self.path), reason, "a file that can be written", mend, "not_written") from None


def _identifier(name: str) -> str:
    """Return a column's name as SQL takes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    """Return a text as SQL takes it."""
    return "'" + text.replace("'", "''") + "'"
