# SPDX-License-Identifier: Apache-2.0
"""Reading a journal's file: read-only, in chunks, as often as asked. A reader never writes."""

from collections.abc import Iterator
from pathlib import Path
from typing import final

from bot4.adapters.stores.journal_file import disk_fault
from bot4.domain.errors import BadInput, Corrupt
from bot4.record.format import Record
from bot4.record.header import JournalHeader, decode_header, looks_like_journal
from bot4.record.reader import CHUNK_BYTES, holds_record, read_records


def read_chunks(path: Path, offset: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Yield a file's bytes from ``offset`` up to ``end`` or the file's end, opened for reading only.

    Raises
    ------
    BadInput
        If there is no such file.
    OutsideFault
        If it cannot be read.
    """
    try:
        with path.open("rb", buffering=0) as file:
            file.seek(offset)
            left = (1 << 62) if end is None else end - offset
            while left > 0 and (chunk := file.read(min(CHUNK_BYTES, left))):
                left -= len(chunk)
                yield chunk
    except (FileNotFoundError, IsADirectoryError) as error:
        raise BadInput(
            str(path), error.strerror or "no file", "a journal", "Name the file runs/<run>/journal.", "no_file"
        ) from None
    except OSError as error:
        raise disk_fault(path, "reading", error) from error


def read_header(path: Path) -> JournalHeader:
    """Return the header of a journal.

    Raises
    ------
    BadInput
        If the file is no journal.
    Corrupt
        If its first record is damaged or cut.
    """
    first = next(read_chunks(path), b"")
    if not first or not looks_like_journal(first):
        raise no_journal(path, first)
    record = next(read_records(read_chunks(path), str(path)))
    return decode_header(record, str(path))


def no_journal(path: Path, first: bytes) -> BadInput:
    """Say that a file is no journal, and how it begins."""
    found = f"begins with {first[:16]!r}" if first else "is empty"
    return BadInput(str(path), found, "a bot4 journal", "Name the file runs/<run>/journal.", "no_journal")


def standing_records(path: Path, offset: int = 0) -> Iterator[Record]:
    """Yield whole records up to the end or the torn tail.

    Raises
    ------
    Corrupt
        At a bad record with a whole one somewhere behind it.
    """
    try:
        yield from read_records(read_chunks(path, offset), str(path), offset=offset)
    except Corrupt as bad:
        if holds_record(read_chunks(path, bad.offset + 1)):
            raise


@final
class JournalReader:
    """Read a journal again and again, from its first record; nothing of it is held or changed.

    The journal may be one that is still written, or was cut short.
    """

    def __init__(self, path: Path, header: JournalHeader) -> None:
        self.path = path
        self.header = header

    def __iter__(self) -> Iterator[Record]:
        """Yield every whole record in order, a torn tail left out."""
        return standing_records(self.path)


def open_journal(path: Path) -> JournalReader:
    """Open a journal for reading, whatever state it is in.

    Raises
    ------
    BadInput
        If the file is missing or no journal.
    Corrupt
        If its header is damaged; reading on raises it for any other record.
    """
    return JournalReader(path, read_header(path))
