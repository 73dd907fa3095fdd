# SPDX-License-Identifier: Apache-2.0
"""After a kill or a power cut: how much of a journal stands, and where a run goes on.

Reads only. Cutting the tail off is the writer's, who holds the lock
(:class:`bot4.adapters.stores.journal_file.JournalFile` with ``resume``).
"""

from pathlib import Path
from typing import final

from bot4.adapters.stores.journal_reader import no_journal, read_chunks, standing_records
from bot4.domain.errors import Corrupt
from bot4.record.chain import ChainCheck, Mark, RunEnd
from bot4.record.format import GROUP, HEADER, WATERMARK
from bot4.record.header import JournalHeader, decode_header, looks_like_journal
from bot4.record.reader import MEND


@final
class Recovered:
    """Hold what stands of a journal.

    ``prefix_bytes`` and ``records`` count whole, chained records; ``torn_bytes``
    are what is behind them. ``resume_bytes`` is where a run repeated from its
    begin may append again: the prefix, less the end that an interruption wrote, or
    a last watermark without the record that it was written for, which was torn: that
    watermark bears the record's stamps, and a run that goes on may write another.
    ``mark`` is the last closed group; ``row`` the last watermark, -1 for none;
    ``header`` is None where not even that is whole, ``end`` where the run did not end.
    """

    __slots__ = ("prefix_bytes", "resume_bytes", "records", "torn_bytes", "mark", "row", "header", "end")

    def __init__(
        self, check: ChainCheck, *, torn_bytes: int, row: int, header: JournalHeader | None, idle: int | None
    ) -> None:
        self.prefix_bytes = check.last.end if check.last is not None else 0
        self.records = check.records
        self.torn_bytes = torn_bytes
        self.mark: Mark = check.mark
        self.row = row
        self.header = header
        self.end: RunEnd | None = check.end
        interrupted = self.end is not None and self.end.interrupted
        self.resume_bytes = self.end.offset if self.end is not None and interrupted else self.prefix_bytes
        if self.end is None and idle is not None:
            self.resume_bytes = idle

    @property
    def is_complete(self) -> bool:
        """Say whether the run ended by itself and nothing is left to do."""
        return self.mark.closed and self.resume_bytes == self.prefix_bytes and self.torn_bytes == 0


def recover(path: Path) -> Recovered:
    """Find the whole records a journal begins with.

    Raises
    ------
    BadInput
        If the file is missing or no journal.
    Corrupt
        If a damaged record stands before whole ones, or the chain is broken:
        nothing is cut then.
    """
    first = next(read_chunks(path), b"")
    if not looks_like_journal(first):
        raise no_journal(path, first)
    check = ChainCheck()
    row = -1
    header = None
    idle: int | None = None
    for record in standing_records(path):
        wrong = check.take(record)
        if wrong:
            raise Corrupt(str(path), check.group_offset, wrong, "records that fit their chain", MEND)
        if record.kind == HEADER:
            header = decode_header(record, str(path))
        if record.kind == WATERMARK:
            row = int.from_bytes(record.payload, "little", signed=True)
            idle = record.offset
        elif record.kind != GROUP:
            idle = None
    prefix = check.last.end if check.last is not None else 0
    return Recovered(check, torn_bytes=path.stat().st_size - prefix, row=row, header=header, idle=idle)
