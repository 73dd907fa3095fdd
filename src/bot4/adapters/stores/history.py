# SPDX-License-Identifier: Apache-2.0
"""The recorded history of one symbol: several files as one stream of validated bars.

A history is read twice: :meth:`BarHistory.survey` counts, hashes and reports,
:meth:`BarHistory.blocks` gives the same bars again to the run. Neither holds
more than a few pieces of each open file.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Final, final

import numpy as np

from bot4.adapters.stores.columns import check_readable
from bot4.adapters.stores.csv_bars import CsvReader
from bot4.adapters.stores.parquet import ParquetReader
from bot4.domain.errors import BadInput
from bot4.domain.instrument import Instrument
from bot4.market.aggregation import BarAggregator
from bot4.market.bars import SOURCE, STAMP, BarBlock, Ints, cut_blocks
from bot4.market.continuity import Continuity
from bot4.market.faults import FaultLog, FaultReport
from bot4.market.intervals import HEAD_ROWS, check_interval, detect_interval, interval_text
from bot4.market.ordering import FileMerge, FileOrder
from bot4.market.rows import STAMP_MISSING, RawRows, RowReader, cut_rows
from bot4.market.validation import RowCheck

HASHED_COLUMNS: Final = SOURCE


@dataclass(frozen=True, slots=True)
class FileNote:
    """Tell of one file: its name, format, rows read, and the columns that were not."""

    name: str
    format: str
    rows: int
    ignored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """Sum up one full reading of a history.

    Attributes
    ----------
    rows, bars : int
        Rows read from the files; bars that came of them.
    first_open_ns, last_known_ns : int
        Begin of the first bar, end of the last.
    sha256 : str
        Over symbol, interval, tick, lot and the integer columns of the bars: equal
        for equal bars, whatever files and formats they came from.
    """

    symbol: str
    interval_ns: int
    source_interval_ns: int
    rows: int
    bars: int
    first_open_ns: int
    last_known_ns: int
    faults: FaultReport
    sha256: str
    files: tuple[FileNote, ...]


@dataclass(frozen=True, slots=True)
class Peek:
    """Tell what the first rows of a series' files say: its begin, first price and interval.

    ``interval_ns`` is None where no file has two rows.
    """

    first_open_ns: int
    first_price: Decimal
    interval_ns: int | None


@final
class BarHistory:
    """Read the bars of one symbol from one or more files, joined in time.

    Parameters
    ----------
    symbol : str
        The symbol of the run.
    paths : sequence of Path
        Parquet or CSV files; put in the order of their first stamps. Where they
        overlap, the row of the file that begins later is kept, and counted.
    instrument : Instrument
        Its tick, lot and index.
    interval_ns : int or None
        The length of the bars wanted: that of the files or a multiple. None for that of the files.
    strict : bool
        Whether a fault that changes or sets aside a row ends the reading.

    Raises
    ------
    BadInput
        If a file is missing or unreadable, lacks a column, holds no bars, or has another interval.
    """

    def __init__(
        self,
        symbol: str,
        paths: Sequence[Path],
        instrument: Instrument,
        interval_ns: int | None = None,
        *,
        strict: bool = False,
    ) -> None:
        self.symbol = symbol
        self.instrument = instrument
        self.strict = strict
        opened = _open_all(symbol, paths)
        self._readers = [reader for reader, _ in opened]
        self._begins = [_begin_of(reader, head) for reader, head in opened]
        self.source_interval_ns = _common_interval(opened)
        if interval_ns is not None:
            check_interval(self.source_interval_ns, interval_ns, self._readers[0].name)
        self.interval_ns = self.source_interval_ns if interval_ns is None else interval_ns

    def total_rows_hint(self) -> int:
        """Return about how many rows the files hold, without reading them."""
        return sum(reader.rows_hint() for reader in self._readers)

    def survey(self, on_rows: Callable[[int], None] | None = None) -> Survey:
        """Read everything once; return what was found.

        Parameters
        ----------
        on_rows : callable, optional
            Called with the number of rows read so far, about every 16,384 rows.

        Raises
        ------
        BadInput
            If a row cannot be read, a price leaves the range of ticks, a row comes
            too late to be put in order, no bar is left, or, reading strictly, at
            the first fault.
        """
        reading = self._reading(is_survey=True, on_rows=on_rows)
        # 0.10 and 0.1 are the same step.
        tick, lot = self.instrument.tick_size.normalize(), self.instrument.lot_size.normalize()
        digest = _Digest(f"{self.symbol} {self.interval_ns} {tick} {lot}")
        bars, first, last = 0, 0, 0
        for table in reading.tables():
            first = first if bars else int(table[STAMP, 0])
            last = int(table[STAMP, -1])
            bars += table.shape[1]
            digest.update(table)
        if bars == 0:
            raise BadInput(
                self._readers[0].name,
                f"no whole bar of {interval_text(self.interval_ns)} in {sum(reading.rows)} rows",
                "at least one",
                "Give more data, or ask for a smaller interval.",
                "no_bars",
            )
        return Survey(
            symbol=self.symbol,
            interval_ns=self.interval_ns,
            source_interval_ns=self.source_interval_ns,
            rows=sum(reading.rows),
            bars=bars,
            first_open_ns=first,
            last_known_ns=last + self.interval_ns,
            faults=reading.log.report(),
            sha256=digest.hexdigest(),
            files=tuple(
                FileNote(reader.name, reader.format, rows, reader.ignored)
                for reader, rows in zip(self._readers, reading.rows, strict=True)
            ),
        )

    def blocks(self) -> Iterator[BarBlock]:
        """Read everything again, as blocks of at most 16,384 bars in the order of time."""
        for table in self._reading(is_survey=False, on_rows=None).tables():
            yield BarBlock(self.instrument.index, self.interval_ns, table)

    def _reading(self, *, is_survey: bool, on_rows: Callable[[int], None] | None) -> "_Reading":
        """Return a pass over the files, not yet begun."""
        return _Reading(
            self._readers,
            self._begins,
            self.instrument,
            intervals_ns=(self.source_interval_ns, self.interval_ns),
            strict=self.strict,
            is_survey=is_survey,
            on_rows=on_rows,
        )


@final
class _Reading:
    """One pass over the files of a history: its log and its count of rows."""

    def __init__(
        self,
        readers: Sequence[RowReader],
        begins_ns: Sequence[int],
        instrument: Instrument,
        *,
        intervals_ns: tuple[int, int],
        strict: bool,
        is_survey: bool,
        on_rows: Callable[[int], None] | None,
    ) -> None:
        self.log = FaultLog([reader.name for reader in readers], strict=strict)
        self.rows = [0] * len(readers)
        self._readers = readers
        self._begins_ns = begins_ns
        self._instrument = instrument
        self._source_ns, self._interval_ns = intervals_ns
        self._is_survey = is_survey  # gaps and outliers change no bar: one pass that counts them is enough
        self._on_rows = on_rows

    def tables(self) -> Iterator[Ints]:
        """Yield the bars in tables of ``BLOCK_ROWS``."""
        return cut_blocks(self._bars())

    def _bars(self) -> Iterator[Ints]:
        """Yield the bars as they are completed."""
        continuity = Continuity(self._source_ns, self.log) if self._is_survey else None
        aggregator = None
        if self._source_ns != self._interval_ns:
            aggregator = BarAggregator(self._source_ns, self._interval_ns, self.log)
        streams = [self._file(number) for number in range(len(self._readers))]
        for rows in FileMerge(streams, self._begins_ns, self.log).tables():
            self.log.settle()
            if continuity is not None:
                continuity.look(rows)
            yield rows if aggregator is None else aggregator.push(rows)
        if aggregator is not None:
            yield aggregator.finish()

    def _file(self, number: int) -> Iterator[Ints]:
        """Yield the rows of one file that can be bars, in order."""
        check = RowCheck(self._instrument, self._source_ns, number, self.log)
        order = FileOrder(self.log)
        for raw in cut_rows(self._readers[number].chunks()):
            rows = order.push(check.check(raw))
            self.log.settle()
            self.rows[number] += len(raw)
            if self._on_rows is not None:
                self._on_rows(sum(self.rows))
            if rows.shape[1]:
                yield rows
        if (rest := order.finish()).shape[1]:
            yield rest


@final
class _Digest:
    """Hash a table column by column, so that the cuts between its pieces leave no trace."""

    def __init__(self, header: str) -> None:
        self._header = header
        self._columns = [sha256() for _ in range(HASHED_COLUMNS)]

    def update(self, table: Ints) -> None:
        """Take the next rows."""
        for column, hasher in zip(table[:HASHED_COLUMNS], self._columns, strict=True):
            hasher.update(np.ascontiguousarray(column, dtype="<i8").data)

    def hexdigest(self) -> str:
        """Return the hash of all rows taken."""
        whole = sha256(self._header.encode())
        for hasher in self._columns:
            whole.update(hasher.digest())
        return whole.hexdigest()


def open_reader(path: Path) -> RowReader:
    """Return the reader for a file, by its first bytes.

    Raises
    ------
    BadInput
        If the file is missing or unreadable, or is neither Parquet nor CSV of bars.
    """
    check_readable(path)
    with path.open("rb") as file:
        magic = file.read(4)
    if magic == b"PAR1" or path.suffix.lower() in {".parquet", ".pq"}:
        return ParquetReader(path)
    return CsvReader(path)


def peek(paths: Sequence[Path]) -> Peek:
    """Return what the first rows of a series' files tell; nothing later is looked at.

    Raises
    ------
    BadInput
        As :class:`BarHistory`; also with code ``no_bars`` if no first row has a price.
    """
    opened = _open_all("", paths)
    steps = [step for _, head in opened if (step := detect_interval(_known(head))) is not None]
    for _, head in opened:
        opens = head.values[0]
        usable = np.flatnonzero(np.isfinite(opens) & (opens > 0) & (head.stamps_ns != STAMP_MISSING))
        if len(usable):
            at = int(usable[0])
            return Peek(int(head.stamps_ns[at]), Decimal(repr(float(opens[at]))), steps[0] if steps else None)
    raise BadInput(
        opened[0][0].name, "no price in its first rows", "bars with prices", "Give a file that holds bars.", "no_bars"
    )


def _open_all(symbol: str, paths: Sequence[Path]) -> list[tuple[RowReader, RawRows]]:
    """Open the files and read their heads, in the order of their first stamps."""
    if not paths:
        raise BadInput("--bars", f"no file for {symbol}", "at least one file", "Add --bars PATH.", "file_missing")
    opened = [(reader, reader.head(HEAD_ROWS)) for reader in map(open_reader, paths)]
    return sorted(opened, key=lambda pair: _begin_of(*pair))


def _known(head: RawRows) -> Ints:
    """Return the stamps that are there."""
    known: Ints = head.stamps_ns[head.stamps_ns != STAMP_MISSING]
    return known


def _begin_of(reader: RowReader, head: RawRows) -> int:
    """Return the first stamp in time among a file's first rows."""
    stamps = _known(head)
    if len(stamps) == 0:
        raise BadInput(reader.name, "no row with a stamp", "bars with stamps", "Give a file that holds bars.", "empty")
    return int(stamps.min())


def _common_interval(opened: Sequence[tuple[RowReader, RawRows]]) -> int:
    """Return the one interval of all files.

    Raises
    ------
    BadInput
        With code ``one_row`` if none has two stamps, ``interval_mixed`` if they differ.
    """
    found: tuple[int, str] | None = None
    for reader, head in opened:
        interval = detect_interval(_known(head))
        if interval is None:
            continue
        if found is not None and found[0] != interval:
            raise BadInput(
                reader.name,
                f"its bars are {interval_text(interval)}, those of {found[1]} are {interval_text(found[0])}",
                "files of one interval for one symbol",
                "Leave one of them out.",
                "interval_mixed",
            )
        found = (interval, reader.name)
    if found is None:
        raise BadInput(
            opened[0][0].name,
            "one row",
            "at least two bars, so that their interval is known",
            "Give a file with more bars.",
            "one_row",
        )
    return found[0]
