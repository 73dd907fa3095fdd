# SPDX-License-Identifier: Apache-2.0
"""Where a live run is kept: its journal and its market data, new, or those of a run to go on with."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bot4.adapters.stores.journal_file import JournalFile
from bot4.adapters.stores.journal_head import make_head, write_head
from bot4.adapters.stores.journal_key import JournalKey
from bot4.adapters.stores.journal_reader import read_chunks
from bot4.adapters.stores.journal_recovery import Recovered, recover
from bot4.adapters.stores.journal_resume import ResumingJournal
from bot4.adapters.stores.live_data import (
    DataFirst,
    LiveData,
    StandingData,
    live_data_path,
    open_data,
    read_rows,
    recover_data,
)
from bot4.apps.live_plan import LivePlan
from bot4.apps.output import JOURNAL
from bot4.apps.recording import check_same_run
from bot4.domain.errors import BadInput
from bot4.domain.event import Event
from bot4.domain.stage import Stage
from bot4.record.format import Record
from bot4.record.header import header_record
from bot4.record.journal import JournalWriter
from bot4.record.reader import read_records
from bot4.runtime.live import LiveLoop, LiveResume, Switch


class LiveRecording:
    """Hold the open files of a live run, and what stood in them.

    Parameters
    ----------
    folder : Path
        The run's folder.
    plan : LivePlan
        The run.
    journal, data : JournalWriter, LiveData
        Both open.
    stands, rows : Recovered or None, StandingData or None
        What a run to go on with had written; None for a new one.
    """

    def __init__(
        self,
        folder: Path,
        plan: LivePlan,
        journal: JournalWriter,
        data: LiveData,
        stands: Recovered | None,
        rows: StandingData | None,
    ) -> None:
        self.path = folder / JOURNAL
        self.plan = plan
        self.journal = journal
        self.data = data
        self.stands = stands
        self.rows = rows
        self.switch = Switch()

    def loop(self, observers: Sequence[Stage] = ()) -> LiveLoop:
        """Wire the engine over the files; its commands go through ``switch``."""
        return LiveLoop(self.plan.wire(self.journal, self.switch, observers), self.data)

    def repeat(self, loop: LiveLoop) -> LiveResume:
        """Bring a loop to where the run was cut, every byte compared, and return what takes it live.

        Raises
        ------
        Differs
            If the repeated run contradicts what stands.
        Corrupt
            If the journal refers to rows that are not there.
        """
        resume = LiveResume(loop, self.switch, self._standing_rows())
        resume.repeat(self._standing_records(), str(self.path))
        return resume

    def _standing_records(self) -> Iterator[Record]:
        """Yield the records that stood; the file grows meanwhile."""
        if self.stands is not None:
            yield from read_records(read_chunks(self.path, 0, self.stands.resume_bytes), str(self.path))

    def _standing_rows(self) -> Iterator[Event]:
        """Yield the rows that stood."""
        if self.rows is not None and self.rows.prefix_bytes:
            yield from read_rows(live_data_path(self.path), self.rows.prefix_bytes)


@contextmanager
def live_recording(
    folder: Path, plan: LivePlan, *, durable: bool, resume: bool, key: JournalKey | None
) -> Iterator[LiveRecording]:
    """Open a live run's files, and note the journal's head once the run has closed it.

    Parameters
    ----------
    folder : Path
        The run's folder while it is written.
    plan : LivePlan
        The run; to go on with one, :func:`~bot4.apps.live_plan.plan_again` gives it.
    durable : bool
        Whether a command waits for the disk.
    resume : bool
        Go on with what stands there. What is torn is cut off.
    key : JournalKey or None
        Signs the head.

    Raises
    ------
    BadInput
        If what stands is another run's, or a run that ended by itself.
    Corrupt
        If it is damaged, or rows that the journal refers to are missing.
    """
    path = folder / JOURNAL
    header = plan.header
    stands = recover(path) if resume and path.exists() else None
    rows: StandingData | None = None
    sink: JournalFile | ResumingJournal
    if stands is not None and stands.resume_bytes > 0:
        check_same_run(path, stands, header)
        if stands.is_complete:
            raise BadInput(str(path), "a run that ended", "one that was cut or stopped", "Begin a new run.", "complete")
        rows = recover_data(live_data_path(path), header.run, stands.row)
        sink = ResumingJournal(path, stands.resume_bytes, durable=durable)
    else:
        stands = None
        path.unlink(missing_ok=True)
        sink = JournalFile(path, durable=durable)
    data: LiveData | None = None
    try:
        data = open_data(live_data_path(path), header.run, rows, durable=durable)
        writer = JournalWriter(DataFirst(data, sink), header_record(header))
        yield LiveRecording(folder, plan, writer, data, stands, rows)
        write_head(path, make_head(header.run, writer.mark(), key))
    finally:
        if data is not None:
            data.release()
        sink.release()
