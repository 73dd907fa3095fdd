# SPDX-License-Identifier: Apache-2.0
"""The frame of a journal record: its numbers, its sizes, how one is framed and checked.

::

    offset  0  u16  kind
            2  u16  schema number
            4  u32  payload bytes
            8  i64  ts_event_ns
           16  i64  ts_known_ns
           24  ...  payload
            .  u32  CRC-32 (zlib) over everything before it

All little-endian. What a payload holds is told by :mod:`bot4.record.schema`;
the kinds below 40 are those of :mod:`bot4.domain.event`, the ones here exist in
a journal only. Numbers are never reused.
"""

from struct import Struct
from typing import Final, final
from zlib import crc32

HEADER: Final = 40
"""First record: what the run is, as JSON (:mod:`bot4.record.header`)."""

WATERMARK: Final = 41
"""Market data was consumed up to this row of the run's merged stream."""

GROUP: Final = 42
"""Closes a group of records: its number, how many records it has, and the chain's head."""

RUN_END: Final = 43
"""Last record but the closing ``GROUP``: how far the run came and the hash of its state."""

MARKET_DATA: Final = 44
"""First record of a live run's market data, which stands in a file of its own (:mod:`bot4.record.live_market`)."""

SCHEMA: Final = 1
"""Raised when any payload changes; the numbers of older schemas stay readable."""

FRAME_BYTES: Final = 24
CRC_BYTES: Final = 4
HASH_BYTES: Final = 32
GROUP_RECORDS: Final = 64
"""A group closes after this many records, by count and never by time."""

PAYLOAD_BYTES_MAX: Final = 1 << 20
"""No payload is longer: a length beyond it is damage, whatever its CRC says."""

FRAME: Final = Struct("<HHIqq")
CRC: Final = Struct("<I")


@final
class Record:
    """Hold one whole record as read: its frame's numbers, its bytes, and where they began.

    ``raw`` is the complete record, CRC included; ``offset`` counts bytes from the
    begin of the journal.
    """

    __slots__ = ("kind", "schema", "ts_event_ns", "ts_known_ns", "raw", "offset")

    def __init__(self, raw: bytes, offset: int) -> None:
        self.kind, self.schema, _, self.ts_event_ns, self.ts_known_ns = FRAME.unpack_from(raw)
        self.raw = raw
        self.offset = offset

    @property
    def payload(self) -> bytes:
        """Return what stands between the frame and the CRC."""
        return self.raw[FRAME_BYTES:-CRC_BYTES]

    @property
    def end(self) -> int:
        """Return the offset of the first byte after this record."""
        return self.offset + len(self.raw)


def frame_record(kind: int, payload: bytes, ts_event_ns: int, ts_known_ns: int) -> bytes:
    """Return one whole record; the plain form of what the writer does field by field."""
    body = FRAME.pack(kind, SCHEMA, len(payload), ts_event_ns, ts_known_ns) + payload
    return body + CRC.pack(crc32(body))


def record_bytes(data: bytes, at: int) -> int:
    """Return how many bytes the record at ``at`` says it has, 0 if its length is not to be believed.

    ``data`` must hold at least eight bytes from ``at`` on.
    """
    length = int.from_bytes(data[at + 4 : at + 8], "little")
    return FRAME_BYTES + length + CRC_BYTES if length <= PAYLOAD_BYTES_MAX else 0


def crc_holds(raw: bytes) -> bool:
    """Say whether the last four bytes are the CRC-32 of those before them."""
    return raw[-CRC_BYTES:] == CRC.pack(crc32(memoryview(raw)[:-CRC_BYTES]))
