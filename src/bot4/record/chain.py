# SPDX-License-Identifier: Apache-2.0
"""The SHA-256 chain over groups of records, and the check of a whole journal against it.

``head 0`` is the hash of the header record. Group ``g`` holds the next 64
records (the last group: what is left); its head is
``sha256(head g-1 || bytes of its records)`` and stands in the ``GROUP`` record
right after it, so that the file proves itself. ``GROUP`` records are not hashed:
every byte of theirs follows from the others and is compared.
"""

from hashlib import sha256
from struct import Struct
from typing import Final, final

from bot4.record.counts import count_text
from bot4.record.format import GROUP, GROUP_RECORDS, HEADER, RUN_END, SCHEMA, Record, frame_record

GROUP_PAYLOAD: Final = Struct("<qq32s")
RUN_END_PAYLOAD: Final = Struct("<qqq32s")


def group_record(number: int, records: int, head: bytes, ts_known_ns: int) -> bytes:
    """Return the record that closes a group; both stamps are those of its last record's known time."""
    return frame_record(GROUP, GROUP_PAYLOAD.pack(number, records, head), ts_known_ns, ts_known_ns)


@final
class Mark:
    """Point at the end of a closed group: what a sidecar or an anchor remembers of a journal.

    ``records`` and ``size`` count everything up to there, header and ``GROUP``
    records included; ``head`` is the chain's head; ``closed`` says that the run ended.
    """

    __slots__ = ("records", "size", "head", "closed")

    def __init__(self, records: int, size: int, head: bytes, *, closed: bool) -> None:
        self.records = records
        self.size = size
        self.head = head
        self.closed = closed


@final
class RunEnd:
    """Hold a journal's last word: rows consumed, records before it, why it ended, the state's hash."""

    __slots__ = ("rows", "records", "interrupted", "state_hash", "offset")

    def __init__(self, record: Record) -> None:
        self.rows, self.records, interrupted, self.state_hash = RUN_END_PAYLOAD.unpack(record.payload)
        self.interrupted = bool(interrupted)
        self.offset = record.offset


@final
class ChainCheck:
    """Follow a journal record by record and say what contradicts the chain.

    ``mark`` is the last closed group; ``last`` the record taken last.
    """

    __slots__ = ("records", "groups", "mark", "end", "last", "group_offset", "_hash", "_in_group")

    def __init__(self) -> None:
        self.records = 0
        self.groups = 0
        self.mark = Mark(0, 0, b"", closed=False)
        self.end: RunEnd | None = None
        self.last: Record | None = None
        self.group_offset = 0
        self._hash = sha256()
        self._in_group = 0

    def take(self, record: Record) -> str:
        """Take the next record; return what is wrong with it, empty if nothing.

        If the hash of a group is wrong, the first byte that cannot be trusted is
        the group's first: ``group_offset``.
        """
        if self.mark.closed:
            return "a record after the end of the run"
        if record.schema != SCHEMA:
            return f"schema {record.schema} where {SCHEMA} is known"
        wrong = self._place(record)
        if not wrong:
            self.records += 1
            self.last = record
            if record.kind in (HEADER, GROUP):
                self._close(record)
        return wrong

    def _place(self, record: Record) -> str:
        """Check a record against its place in the group, and add it to the group's hash."""
        if (record.kind == HEADER) != (self.records == 0):
            return "a header that is not the first record" if self.records else "the first record is no header"
        if record.kind == GROUP:
            return self._wrong_group(record)
        if self._in_group == GROUP_RECORDS or self.end is not None:
            return "the record that closes the group is missing"
        self._in_group += 1
        self._hash.update(record.raw)
        if record.kind == RUN_END:
            if len(record.payload) != RUN_END_PAYLOAD.size:
                return "the run's end has the wrong length"
            self.end = RunEnd(record)
            if self.end.records != self.records:
                return (
                    f"the run's end counts {count_text(self.end.records, 'record')} before it, there are {self.records}"
                )
        return ""

    def _wrong_group(self, record: Record) -> str:
        """Compare a ``GROUP`` record with the one that the records before it give."""
        if self._in_group != GROUP_RECORDS and self.end is None:
            return f"a group closed after {count_text(self._in_group, 'record')}"
        known_ns = self.last.ts_known_ns if self.last is not None else 0
        due = group_record(self.groups + 1, self._in_group, self._hash.digest(), known_ns)
        return "" if record.raw == due else f"the hash of group {self.groups + 1} does not fit its records"

    def _close(self, record: Record) -> None:
        """Begin the next group behind a header or a closed group."""
        head = self._hash.digest()
        self.mark = Mark(self.records, record.end, head, closed=self.end is not None)
        self.groups += record.kind == GROUP
        self.group_offset = record.end
        self._hash = sha256(head)
        self._in_group = 0
