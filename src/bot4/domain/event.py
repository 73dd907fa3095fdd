# SPDX-License-Identifier: Apache-2.0
"""The event: what every stage consumes and emits, and the list of its kinds.

A kind is a small integer that indexes the engine's routing table. Kinds below
``JOURNALED_FROM`` are market data or pure functions of it: they are recorded by
reference, as "consumed up to row i of the data set with this hash". All others
are written before they are obeyed. The numbers are part of the journal format:
they are never reused for something else.
"""

from typing import Final

from librt.strings import BytesWriter, write_i16_le, write_i64_le
from mypy_extensions import i16, i64, mypyc_attr

from bot4.domain.errors import OurFault
from bot4.domain.values import Nanos

BAR: Final = 0
TRADE: Final = 1
QUOTE: Final = 2
BOOK_SNAPSHOT: Final = 3
BOOK_DELTA: Final = 4
FEATURES: Final = 5
EQUITY: Final = 6
REVIEW: Final = 7

JOURNALED_FROM: Final = 8

SIGNAL: Final = 8
EVIDENCE: Final = 9
CERTIFICATE: Final = 10
INTENT: Final = 11
APPROVED: Final = 12
REFUSED: Final = 13
SUBMIT: Final = 14
CANCEL: Final = 15
ACCEPTED: Final = 16
REJECTED: Final = 17
CANCELED: Final = 18
EXPIRED: Final = 19
CANCEL_REJECTED: Final = 20
EXECUTION: Final = 21
ORDER_UPDATE: Final = 22
FILL: Final = 23
POSITION: Final = 24
DAY_CLOSED: Final = 25
MODE: Final = 26
HALTED: Final = 27
UNTRADABLE: Final = 28
SUBMIT_LOST: Final = 29
CANCEL_LOST: Final = 30
FOUND: Final = 31
ABSENT: Final = 32
INQUIRY_LOST: Final = 33
INQUIRE: Final = 34
FEE_TAKEN: Final = 35
READINESS: Final = 36
SEALED: Final = 37
EXTERNAL: Final = 38
BOOKS_EQUAL: Final = 39
KINDS: Final = 40

REPORTS: Final = (
    ACCEPTED,
    REJECTED,
    CANCELED,
    EXPIRED,
    CANCEL_REJECTED,
    EXECUTION,
    SUBMIT_LOST,
    CANCEL_LOST,
    FOUND,
    ABSENT,
    INQUIRY_LOST,
    EXTERNAL,
    FEE_TAKEN,
)
"""What a venue tells us, or fails to."""

INPUTS: Final = (*REPORTS, READINESS, BOOKS_EQUAL)
"""What reaches the engine from outside and is journaled by value: replayed from the journal as it came."""

TEXT_BYTES_MAX: Final = 240
"""A text in a record is cut to this many bytes of UTF-8."""


@mypyc_attr(acyclic=True)
class Event:
    """Carry what happened (``ts_event_ns``) and when we knew it (``ts_known_ns``)."""

    __slots__ = ("kind", "ts_event_ns", "ts_known_ns")

    def __init__(self, kind: i64, ts_event_ns: Nanos, ts_known_ns: Nanos) -> None:
        self.kind = kind
        self.ts_event_ns = ts_event_ns
        self.ts_known_ns = ts_known_ns

    def write(self, out: BytesWriter) -> None:
        """Write the payload of the journal record, little-endian, fields in the published order.

        Raises
        ------
        OurFault
            If this kind is recorded by reference and has no record of its own.
        """
        raise OurFault(f"event kind {int(self.kind)} is never journaled by value")


def write_text(out: BytesWriter, text: str) -> None:
    """Write a bounded text: its length in bytes as int16, then UTF-8 cut at a whole character."""
    data = text.encode("utf-8")
    if len(data) > TEXT_BYTES_MAX:
        data = data[:TEXT_BYTES_MAX].decode("utf-8", "ignore").encode("utf-8")
    write_i16_le(out, i16(len(data)))
    out.write(data)


def write_flag(out: BytesWriter, flag: bool) -> None:
    """Write a truth value as int64 0 or 1, so that every field but text is eight bytes."""
    write_i64_le(out, 1 if flag else 0)
