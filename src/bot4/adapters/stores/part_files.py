# SPDX-License-Identifier: Apache-2.0
"""A table on its way into one Parquet file over many runs: whole parts in a folder beside it, joined at the end.

A part appears under its name when it is whole and on the disk, and the file when it is joined: a kill at any
moment loses what was not yet appended, and leaves no file that is wrong. What the parts are parts of is noted
beside them; others are refused. A part's name holds the first and the last page in it: small ones are joined as they
become many, and one whose pages a larger one holds is what a kill left behind.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self, final

import numpy as np

from bot4.domain.errors import BadInput, OutsideFault

FOLDER: Final = ".part"
NOTE: Final = "request.json"
LOCK: Final = "lock"
FRESH: Final = "fresh"
SMALL_MAX: Final = 256
"""So many parts of one page are joined into one."""

JOIN: Final = "COPY (SELECT * FROM read_parquet(?)) TO ? (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"


@dataclass(frozen=True, slots=True)
class Counted:
    """Hold what a whole table has: rows, its first and last key, steps of the key that are missing, disorder."""

    rows: int
    first: int
    last: int
    missing: int
    holes: int
    backward: int


@dataclass(frozen=True, slots=True)
class Columns:
    """Hold a table's columns: name and SQL type of each, and the one that ascends.

    Attributes
    ----------
    key : str
        Ascends strictly; resumed by.
    step : int
        What two neighbours of it are apart where nothing is missing.
    """

    types: Mapping[str, str]
    key: str
    step: int


@final
class PartFiles:
    """Keep the parts of one file; use it as a context.

    Parameters
    ----------
    path : Path
        The file to make at the end.
    columns : Columns
        Of the table.
    noted : mapping
        What the parts are parts of.

    Attributes
    ----------
    last : int or None
        The key of the last row that is kept.
    rows : int
        How many are kept.
    """

    def __init__(self, path: Path, columns: Columns, noted: Mapping[str, str | int]) -> None:
        self.path = path
        self.folder = path.with_name(path.name + FOLDER)
        self.last: int | None = None
        self.rows = 0
        self._columns = columns
        self._noted = dict(noted)
        self._parts: list[tuple[int, int]] = []
        self._lock: IO[bytes] | None = None
        self._connection: Any = None
        self._is_ours = False

    def __enter__(self) -> Self:
        """Open the folder, and find what an earlier run has kept.

        Raises
        ------
        BadInput
            If the file is there, the parts are of another request, or another process is at them.
        """
        import duckdb

        if self.path.exists():
            mend = "Choose another --out, or remove it first."
            raise BadInput(str(self.path), "is there already", "a file that is not there", mend, "out_exists")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = self._taken()
        try:
            self._check_note()
            self._connection = duckdb.connect(":memory:", config={"threads": 1, "preserve_insertion_order": True})
            self._find()
            self._is_ours = True
        finally:
            if not self._is_ours:
                self._release()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()

    def append(self, rows: Mapping[str, Sequence[object]]) -> None:
        """Keep the rows of one page; when this returns they are on the disk.

        Raises
        ------
        OutsideFault
            If they cannot be written.
        """
        keys = rows[self._columns.key]
        if not keys:
            return
        kinds = {"BIGINT": np.int64, "DOUBLE": np.float64, "BOOLEAN": np.bool_}
        block: dict[str, Any] = {
            name: np.array(rows[name], kinds.get(kind, object)) for name, kind in self._columns.types.items()
        }
        chosen = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in self._columns.types.items())
        number = self._parts[-1][1] + 1 if self._parts else 0
        with self._writing():
            self._connection.register("block", block)
            # Names and types of our own columns only; the path is a parameter.
            self._write(f"COPY (SELECT {chosen} FROM block) TO ? (FORMAT parquet)", [], self._place(number, number))  # noqa: S608
            self._connection.unregister("block")
        self._parts.append((number, number))
        self.rows += len(keys)
        last = keys[-1]
        assert isinstance(last, int), "keys are whole numbers"
        self.last = last
        self._join_small()

    def finish(self) -> Counted:
        """Join the parts, look at the whole once more, give the file its name and remove the parts.

        Raises
        ------
        OutsideFault
            If it cannot be written, or the whole is out of order.
        """
        whole = self.folder / "whole"
        with self._writing():
            self._write(JOIN, [self._names()], whole)
            counted = self._count(whole)
        if counted.backward or counted.rows != self.rows:
            value = f"{counted.rows} of {self.rows} rows, {counted.backward} of them out of order"
            raise OutsideFault(str(self.folder), value, "rows in order", f"Remove {self.folder}.", "parts_wrong")
        whole.replace(self.path)
        _sync(self.path.parent)
        self.drop()
        return counted

    def drop(self) -> None:
        """Remove the parts."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _find(self) -> None:
        """Take in the parts that are there; remove what a kill left beside them."""
        for left in (*self.folder.glob(FRESH), *self.folder.glob("whole")):
            left.unlink()
        found = sorted(
            (tuple(int(number) for number in path.stem.split("-")) for path in self.folder.glob("*-*.parquet")),
            key=lambda one: (one[0], -one[1]),
        )
        for begin, end in found:
            if self._parts and begin <= self._parts[-1][1]:
                self._place(begin, end).unlink()
            else:
                self._parts.append((begin, end))
        if self._parts:
            with self._writing():
                counted = self._count(self._names())
            self.rows, self.last = counted.rows, counted.last

    def _count(self, source: Path | list[str]) -> Counted:
        """Return what a table has."""
        key, step = self._columns.key, self._columns.step
        # The name of our own column and a number only; the path is a parameter.
        query = (
            f"SELECT count(*), min({key}), max({key}), "  # noqa: S608
            f"coalesce(sum(gap // {step:d} - 1) FILTER (gap > {step:d}), 0), count(*) FILTER (gap > {step:d}), "
            f"count(*) FILTER (gap <= 0) FROM (SELECT {key}, {key} - lag({key}) OVER () AS gap FROM read_parquet(?))"
        )
        given = [str(source)] if isinstance(source, Path) else source
        [row] = self._connection.execute(query, [given]).fetchall()
        return Counted(*(int(value) for value in row))

    def _join_small(self) -> None:
        """Join parts of one page when they are many."""
        first = next((i for i, (begin, end) in enumerate(self._parts) if begin == end), len(self._parts))
        small = self._parts[first:]
        if len(small) < SMALL_MAX:
            return
        joined = (small[0][0], small[-1][1])
        with self._writing():
            self._write(JOIN, [[str(self._place(*one)) for one in small]], self._place(*joined))
        self._parts[first:] = [joined]
        for one in small:
            self._place(*one).unlink()

    def _write(self, query: str, given: list[object], place: Path) -> None:
        """Write a file so that its name means that it is whole."""
        fresh = self.folder / FRESH
        self._connection.execute(query, [*given, str(fresh)])
        _sync(fresh)
        fresh.replace(place)
        _sync(self.folder)

    def _names(self) -> list[str]:
        """Return the parts in order."""
        return [str(self._place(*one)) for one in self._parts]

    def _place(self, begin: int, end: int) -> Path:
        """Return where the part of some pages is."""
        return self.folder / f"{begin:09d}-{end:09d}.parquet"

    def _check_note(self) -> None:
        """Note what the parts are parts of, or compare."""
        note = self.folder / NOTE
        text = json.dumps(self._noted, sort_keys=True)
        if not note.exists():
            fresh = self.folder / FRESH
            fresh.write_text(text, encoding="utf-8")
            _sync(fresh)
            fresh.replace(note)
        elif (found := note.read_text(encoding="utf-8")) != text:
            mend = "Repeat the command that began it, choose another --out, or remove that folder."
            raise BadInput(str(self.folder), f"parts of {found}", text, mend, "parts_differ")

    def _taken(self) -> IO[bytes]:
        """Return the lock of the folder."""
        lock = (self.folder / LOCK).open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            mend = "Wait for it, or choose another --out."
            raise BadInput(str(self.folder), "another process is at it", "one at a time", mend, "out_in_use") from None
        return lock

    def _release(self) -> None:
        """Let the folder go; one that holds nothing goes too."""
        if self._connection is not None:
            self._connection.close()
        if self._lock is not None:
            if self._is_ours and not self._parts:
                self.drop()
            self._lock.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Tell an error of duckdb's as one of the machine."""
        import duckdb

        try:
            yield
        except duckdb.Error as error:
            reason = str(error).strip().splitlines()[0]
            mend = f"Free space on this disk, then repeat; if a part is damaged, remove {self.folder}."
            raise OutsideFault(str(self.folder), reason, "parts that can be read and written", mend, "parts") from None


def _sync(path: Path) -> None:
    """Return when a file, or what a folder lists, is on the disk."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
