# SPDX-License-Identifier: Apache-2.0
"""Where a run's journal goes: a new file, or the one of a run that was cut, to go on with."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot4.adapters.stores.journal_file import JournalFile
from bot4.adapters.stores.journal_head import make_head, write_head
from bot4.adapters.stores.journal_key import JournalKey
from bot4.adapters.stores.journal_recovery import Recovered, recover
from bot4.adapters.stores.journal_resume import ResumingJournal
from bot4.apps.output import JOURNAL
from bot4.domain.errors import BadInput
from bot4.record.header import JournalHeader, header_record
from bot4.record.journal import JournalWriter


@contextmanager
def recording(
    folder: Path, header: JournalHeader, *, durable: bool, resume: bool, key: JournalKey | None
) -> Iterator[JournalWriter]:
    """Open a run's journal, and note its head in ``journal.head`` once the run has closed it.

    Parameters
    ----------
    folder : Path
        The run's folder while it is written.
    header : JournalHeader
        The journal's first record.
    durable : bool
        Whether a command waits for the disk (paper, live) or only for the
        operating system (a backtest can be repeated).
    resume : bool
        Go on with the journal that stands there: what is repeated is compared
        with it, byte for byte, and only what is new is appended.
    key : JournalKey or None
        Signs the head.

    Raises
    ------
    BadInput
        If the journal to resume is of another run.
    """
    path = folder / JOURNAL
    sink: JournalFile | ResumingJournal
    stands = recover(path) if resume and path.exists() else None
    if stands is not None and stands.resume_bytes > 0:
        check_same_run(path, stands, header)
        sink = ResumingJournal(path, stands.resume_bytes, durable=durable)
    else:
        path.unlink(missing_ok=True)
        sink = JournalFile(path, durable=durable)
    try:
        writer = JournalWriter(sink, header_record(header))
        yield writer
        write_head(path, make_head(header.run, writer.mark(), key))
    finally:
        sink.release()


def check_same_run(path: Path, stands: Recovered, header: JournalHeader) -> None:
    """Refuse to go on with the journal of another run.

    A complete one is repeated to its end and compared: the run was cut after its
    journal was closed and before its folder had its name.

    Raises
    ------
    BadInput
        If it is of another run, or too damaged to tell.
    """
    if stands.header is None or stands.header.run != header.run:
        found = "no whole header" if stands.header is None else f"run {stands.header.run[:8]}"
        raise BadInput(
            str(path),
            found,
            f"run {header.run[:8]}: the same data, configuration and seed",
            "Repeat the command that began it, with --resume.",
            "run_differs",
        )
