# SPDX-License-Identifier: Apache-2.0
"""The file ``market.data`` beside a live run's journal: every piece of market data the run was fed, once.

The journal refers to its rows by number. So whatever stands in the journal, the
rows it refers to stand here: :class:`DataFirst` sees to it for every write. What
stands here and is not referred to is data that was received and had no
consequence yet; a run that is gone on with is fed it again.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final, final

from bot4.adapters.stores.journal_file import JournalFile
from bot4.adapters.stores.journal_reader import read_chunks, standing_records
from bot4.adapters.stores.journal_resume import ReplayedJournal, ResumingJournal
from bot4.domain.errors import BadInput, Corrupt
from bot4.domain.event import SEALED, Event
from bot4.domain.readiness import Sealed
from bot4.domain.values import Nanos
from bot4.record.decode import decode
from bot4.record.format import MARKET_DATA, Record
from bot4.record.journal import ByteSink
from bot4.record.live_market import BATCH_ROWS, ROW_KINDS, begin_record, row_event, row_record
from bot4.record.reader import MEND, read_records
from bot4.record.wording import whole

LIVE_DATA: Final = "market.data"

DataSink = JournalFile | ResumingJournal | ReplayedJournal

HELD_BYTES_MAX: Final = 1 << 16
"""So much is held back at most before the operating system has it."""


def live_data_path(journal: Path) -> Path:
    """Return where a live journal's market data stands."""
    return journal.with_name(LIVE_DATA)


@final
class LiveData:
    """Write live market data row by row, and seal it batch by batch.

    Parameters
    ----------
    sink : JournalFile, ResumingJournal or ReplayedJournal
        A file, one whose bytes are compared first, or one that is compared only.
    run : str
        The run's identity, 64 hex characters.
    batch_rows : int
        How many rows fill a batch.

    Attributes
    ----------
    rows : int
        Rows appended so far.
    sealed : int
        Rows that are sealed.
    """

    def __init__(self, sink: DataSink, run: str, *, batch_rows: int = BATCH_ROWS) -> None:
        self.sink = sink
        self.rows = 0
        self.sealed = 0
        self._batch_rows = batch_rows
        self._batch = sha256()
        self._held = bytearray(begin_record(run))
        self._dirty = True

    @property
    def is_full(self) -> bool:
        """Say whether the batch is to be sealed before the next row."""
        return self.rows - self.sealed >= self._batch_rows

    def append(self, event: Event) -> int:
        """Append one row and return its number; it may be obeyed, but no command may leave before :meth:`sync`.

        Raises
        ------
        OutsideFault
            If the machine refuses.
        """
        raw = row_record(event)
        self._batch.update(raw)
        self._held += raw
        self._dirty = True
        row = self.rows
        self.rows = row + 1
        if len(self._held) >= HELD_BYTES_MAX:
            self.hand_over()
        return row

    def seal(self, now: Nanos) -> Sealed:
        """Close the batch at hand and return what the journal is told of it."""
        first = self.sealed
        sealed = Sealed(now, first, self.rows - first, self._batch.digest())
        self.sealed = self.rows
        self._batch = sha256()
        return sealed

    def hand_over(self) -> None:
        """Give the operating system what is held: it survives the end of this process."""
        if self._held:
            self.sink.write(bytes(self._held))
            self._held.clear()

    def sync(self) -> None:
        """Return only when every row is as durable as the sink promises."""
        if self._dirty:
            self.hand_over()
            if self.sink.durable:
                self.sink.sync()
            self._dirty = False

    def close(self) -> None:
        """Write what is held, and end the file."""
        self.hand_over()
        self.sink.close()

    def release(self) -> None:
        """Let go of the file as it is, after a fault or for a later resume; twice does no harm."""
        if not isinstance(self.sink, ReplayedJournal):
            self.sink.release()


@final
class DataFirst(ByteSink):
    """Take a journal's bytes once the market data they refer to is safe.

    Parameters
    ----------
    data : LiveData
        Where the rows go.
    sink : ByteSink
        Where the journal goes.
    """

    def __init__(self, data: LiveData, sink: ByteSink) -> None:
        super().__init__(sink.durable)
        self.data = data
        self.sink = sink

    def write(self, data: bytes) -> None:
        """Write the rows, then the bytes: the system may bring either to the disk first, so the rows are synced."""
        self.data.sync()
        self.sink.write(data)

    def sync(self) -> None:
        """Return only when everything written is on the disk."""
        self.sink.sync()

    def close(self) -> None:
        """End both files, the rows first."""
        self.data.close()
        self.sink.close()


@final
class StandingData:
    """Hold what stands of live market data: whole bytes, rows, and the bytes of a torn tail behind them."""

    __slots__ = ("prefix_bytes", "rows", "torn_bytes")

    def __init__(self, prefix_bytes: int, rows: int, torn_bytes: int) -> None:
        self.prefix_bytes = prefix_bytes
        self.rows = rows
        self.torn_bytes = torn_bytes


def recover_data(path: Path, run: str, row: int) -> StandingData:
    """Find the whole rows that stand. Reads only.

    Parameters
    ----------
    path : Path
        The file.
    run : str
        Whose it must be.
    row : int
        The last row that the journal refers to, -1 for none.

    Raises
    ------
    BadInput
        If the file is missing, or another run's.
    Corrupt
        If a damaged row stands before whole ones, or one that the journal refers to is missing or damaged.
    """
    rows = -1
    end = 0
    if path.is_file():
        for record in standing_records(path):
            _check_place(record, rows, run, path)
            rows += 1
            end = record.end
    elif row >= 0:
        raise BadInput(
            str(path), "no such file", f"rows up to {row}, to which the journal refers", MEND, "data_missing"
        )
    if rows <= row and row >= 0:
        raise Corrupt(
            str(path),
            end,
            f"row {max(rows, 0)} is missing or damaged",
            f"whole rows up to {row}, to which the journal refers",
            MEND,
        )
    size = path.stat().st_size if path.is_file() else 0
    return StandingData(end, max(rows, 0), size - end)


def _check_place(record: Record, rows: int, run: str, path: Path) -> None:
    """Refuse a file that is not this run's market data."""
    if rows < 0 and (record.kind != MARKET_DATA or record.payload.hex() != run):
        found = f"market data of run {record.payload.hex()[:8]}" if record.kind == MARKET_DATA else "no market data"
        raise BadInput(str(path), found, f"that of run {run[:8]}", "Put the run's own file there.", "run_differs")
    if rows >= 0 and record.kind not in ROW_KINDS:
        raise Corrupt(str(path), record.offset, f"a record of kind {record.kind}", "rows of market data", MEND)


def read_rows(path: Path, end: int | None = None) -> Iterator[Event]:
    """Yield the rows of live market data up to a byte, or to the end.

    Raises
    ------
    BadInput
        If there is no such file.
    Corrupt
        At a damaged row, or one that is cut.
    """
    for record in read_records(read_chunks(path, 0, end), str(path)):
        if record.kind != MARKET_DATA:
            yield row_event(record, str(path))


def open_data(path: Path, run: str, standing: StandingData | None, *, durable: bool) -> LiveData:
    """Open live market data for writing: a new file, or one that stands, whose rows are compared as they come again.

    Raises
    ------
    OutsideFault
        If another process writes it, or the system refuses.
    """
    sink: DataSink
    if standing is not None and standing.prefix_bytes > 0:
        sink = ResumingJournal(path, standing.prefix_bytes, durable=durable)
    else:
        path.unlink(missing_ok=True)
        sink = JournalFile(path, durable=durable)
    return LiveData(sink, run)


def compare_data(path: Path, run: str) -> LiveData:
    """Return a writer that writes nothing and demands that its bytes are exactly those of a file."""
    return LiveData(ReplayedJournal(path), run)


def check_seals(journal: Iterable[Record], path: Path) -> None:
    """Hold market data against the hashes that its journal notes. Reads only.

    Raises
    ------
    BadInput
        If the file is missing.
    Corrupt
        At the first batch whose rows are missing, damaged, or not those that were sealed.
    """
    rows = read_records(read_chunks(path), str(path))
    next(rows, None)
    at = 0
    for record in journal:
        if record.kind == SEALED:
            at = _check_seal(record, rows, at, path)


def _check_seal(record: Record, rows: Iterator[Record], at: int, path: Path) -> int:
    """Hold one batch against its seal, and return the offset of its first byte or that behind it."""
    told = decode(record)
    digest = sha256()
    first = None
    for _ in range(whole(told, "rows")):
        row = next(rows, None)
        if row is None:
            break
        first = row.offset if first is None else first
        at = row.end
        digest.update(row.raw)
    if digest.digest() != told["sha256"]:
        begin = at if first is None else first
        last = whole(told, "first_row") + whole(told, "rows") - 1
        found = f"rows {told['first_row']} to {last} are not those that were sealed"
        raise Corrupt(str(path), begin, found, "the rows whose hash the journal notes", MEND)
    return at
