# SPDX-License-Identifier: Apache-2.0
"""The writer: events become records, records become groups, groups become a chain.

It decides bytes only. What a commit promises is the sink's: a durable one has
each group, and whatever a commit finds unwritten, on the disk before it returns;
the other is handed whole groups and synced when the run ends. Either way the
bytes are the same: nothing here depends on time.
"""

from abc import abstractmethod
from hashlib import sha256
from typing import Final, final
from zlib import crc32

from librt.strings import BytesWriter, write_i32_le, write_i64_le
from mypy_extensions import i64, mypyc_attr

from bot4.domain.errors import OurFault
from bot4.domain.event import Event
from bot4.domain.ports import Journal
from bot4.domain.values import Nanos
from bot4.record.chain import Mark
from bot4.record.format import (
    FRAME_BYTES,
    GROUP,
    GROUP_RECORDS,
    HASH_BYTES,
    PAYLOAD_BYTES_MAX,
    RUN_END,
    SCHEMA,
    WATERMARK,
)

SCHEMA_WORD: Final = SCHEMA << 16
"""The schema number in its place in a record's first eight bytes."""

CHECKSUM: Final = crc32
HASH: Final = sha256
"""By names of this module: compiled code looks those of others up by their text at each call."""


@mypyc_attr(allow_interpreted_subclasses=True)
class ByteSink:
    """Take a journal's bytes, in order.

    Parameters
    ----------
    durable : bool
        Whether a commit must survive a power cut (paper, live), or the run can
        be repeated instead (backtest).
    """

    def __init__(self, durable: bool) -> None:
        self.durable = durable

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Hand bytes to the operating system, all of them: they survive the end of this process."""

    @abstractmethod
    def sync(self) -> None:
        """Return only when everything written survives a power cut."""

    @abstractmethod
    def close(self) -> None:
        """Sync, and end the journal: nothing follows."""


@final
class JournalWriter(Journal):
    """Encode and chain what happens, as :class:`bot4.domain.ports.Journal`.

    Parameters
    ----------
    sink : ByteSink
        Where the bytes go.
    header : bytes
        The first record (:func:`bot4.record.header.header_record`).

    Attributes
    ----------
    row : int
        The row consumed last. ``consumed`` sets it and does nothing else: an
        engine that holds the writer itself may set it directly.
    records : int
        Records written so far, header and ``GROUP`` records included.
    """

    __slots__ = (
        "sink",
        "row",
        "records",
        "closed",
        "_row_written",
        "_known_ns",
        "_record",
        "_group",
        "_in_group",
        "_groups",
        "_handed",
        "_dirty",
        "_head",
        "_size",
        "_marked",
    )

    def __init__(self, sink: ByteSink, header: bytes) -> None:
        self.sink = sink
        self.row: i64 = -1
        self.records: i64 = 1
        self.closed = False
        self._row_written: i64 = -1
        self._known_ns: i64 = 0
        self._record = BytesWriter()
        self._group = BytesWriter()
        self._in_group: i64 = 0
        self._groups: i64 = 0
        self._handed: i64 = 0
        self._head = sha256(header).digest()
        self._size: i64 = len(header)
        self._marked: i64 = 1
        sink.write(header)
        self._dirty = True

    def append(self, event: Event) -> None:
        """Append one event's record, behind a watermark if bars were consumed since the last record.

        Raises
        ------
        OurFault
            If this kind is recorded by reference, or the journal is closed.
        """
        known_ns = event.ts_known_ns
        if self.row != self._row_written:
            self._append_watermark(known_ns)
        record = self._record
        record.truncate(0)
        write_i64_le(record, event.kind | SCHEMA_WORD)
        write_i64_le(record, event.ts_event_ns)
        write_i64_le(record, known_ns)
        event.write(record)
        self._known_ns = known_ns
        self._finish()

    def consumed(self, row: i64) -> None:
        """Note that market data up to this row of the merged stream was taken in."""
        self.row = row

    def commit(self) -> None:
        """Make what was appended as durable as the sink promises.

        Raises
        ------
        OutsideFault
            If the machine refused; nothing may be obeyed then.
        """
        if self.sink.durable and self._dirty:
            self._hand_over()
            self.sink.sync()
            self._dirty = False

    def close(self, rows: int, state_hash: bytes, interrupted: bool = False) -> None:
        """Write the run's end, close the last group and the sink.

        Parameters
        ----------
        rows : int
            Rows of market data consumed in all.
        state_hash : bytes
            32 bytes.
        interrupted : bool
            Whether the run was ended before its data did.
        """
        if len(state_hash) != HASH_BYTES:
            raise OurFault(f"a state hash has {HASH_BYTES} bytes, not {len(state_hash)}")
        record = self._begin(RUN_END, Nanos(self._known_ns))
        write_i64_le(record, rows)
        write_i64_le(record, self.records)
        write_i64_le(record, 1 if interrupted else 0)
        record.write(state_hash)
        self._finish()
        if self._in_group:
            self._close_group()
        self.closed = True
        self.sink.close()

    def mark(self) -> Mark:
        """Return the end of the last closed group: what a sidecar or an anchor notes."""
        return Mark(int(self._marked), int(self._size), self._head, closed=self.closed)

    def _begin(self, kind: i64, known_ns: Nanos) -> BytesWriter:
        """Begin a record of the journal's own."""
        record = self._record
        record.truncate(0)
        write_i64_le(record, kind | SCHEMA_WORD)
        write_i64_le(record, known_ns)
        write_i64_le(record, known_ns)
        return record

    def _append_watermark(self, known_ns: Nanos) -> None:
        """Say how far market data was consumed before the record that follows."""
        record = self._begin(WATERMARK, known_ns)
        write_i64_le(record, self.row)
        self._row_written = self.row
        self._known_ns = known_ns
        self._finish()

    def _finish(self) -> None:
        """Put length and CRC to the record at hand, add it to the group, close a full group."""
        if self.closed:
            raise OurFault("a record after the journal was closed")
        self._frame()
        self._dirty = True
        count = self._in_group + 1
        self._in_group = count
        if count == GROUP_RECORDS:
            self._close_group()

    def _frame(self) -> None:
        """Complete the record at hand and add it to the group's bytes."""
        record = self._record
        length = len(record) - FRAME_BYTES
        record[4] = length & 255
        record[5] = (length >> 8) & 255
        if length > 65535:
            if length > PAYLOAD_BYTES_MAX:
                raise OurFault(f"a record of {length} bytes; the longest payload is {PAYLOAD_BYTES_MAX}")
            record[6] = length >> 16
        raw = record.getvalue()
        crc = CHECKSUM(raw)
        group = self._group
        group.write(raw)
        write_i32_le(group, crc if crc < 2147483648 else crc - 4294967296)
        self.records += 1

    def _close_group(self) -> None:
        """Chain the group's records, write the record that says so, and hand the group over."""
        group = self._group
        head = HASH(self._head + group.getvalue()).digest()
        record = self._begin(GROUP, Nanos(self._known_ns))
        self._groups += 1
        write_i64_le(record, self._groups)
        write_i64_le(record, self._in_group)
        record.write(head)
        self._frame()
        self._head = head
        self._size += len(group)
        self._marked = self.records
        self._hand_over()
        if self.sink.durable:
            self.sink.sync()
            self._dirty = False
        group.truncate(0)
        self._in_group = 0
        self._handed = 0

    def _hand_over(self) -> None:
        """Hand the sink what it has not seen of the group."""
        data = self._group.getvalue()
        handed = self._handed
        if len(data) > handed:
            self.sink.write(data[handed:] if handed else data)
            self._handed = len(data)
