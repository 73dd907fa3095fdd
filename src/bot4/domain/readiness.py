# SPDX-License-Identifier: Apache-2.0
"""Readiness and seals: what a live run is told of itself beside its market data and its venue's words."""

from typing import Final, final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64, mypyc_attr

from bot4.domain.event import READINESS, SEALED, Event, write_flag, write_text
from bot4.domain.values import Nanos

WARMING: Final = 0
RECONCILING: Final = 1
MARKET_STALE: Final = 2
VENUE_UNREACHABLE: Final = 3
READINESS_REASONS: Final = ("warming", "reconciling", "market_stale", "venue_unreachable")
"""Why no new risk may be taken: too little history, books not proven equal, data too old, no way to the venue."""

ALL_INSTRUMENTS: Final = -1


def readiness_word(reason: i64) -> str:
    """Return the word for a reason, its number where the list is shorter."""
    return READINESS_REASONS[reason] if 0 <= reason < len(READINESS_REASONS) else str(int(reason))


@final
@mypyc_attr(acyclic=True)
class Readiness(Event):
    """Say that a reason to take no new risk begins (``ready`` false) or is over.

    ``instrument`` is the one it concerns, ``ALL_INSTRUMENTS`` for every one. Each
    reason stands by itself: while any does, no entry passes. One that is over for
    all is over for each.
    """

    __slots__ = ("reason", "instrument", "ready", "note")

    def __init__(
        self, ts_event_ns: Nanos, ts_known_ns: Nanos, *, reason: i64, instrument: i64, ready: bool, note: str
    ) -> None:
        self.kind = READINESS
        self.ts_event_ns = ts_event_ns
        self.ts_known_ns = ts_known_ns
        self.reason = reason
        self.instrument = instrument
        self.ready = ready
        self.note = note

    def write(self, out: BytesWriter) -> None:
        """Write reason, instrument, ready, note."""
        write_i64_le(out, self.reason)
        write_i64_le(out, self.instrument)
        write_flag(out, self.ready)
        write_text(out, self.note)


@final
@mypyc_attr(acyclic=True)
class Sealed(Event):
    """Record the SHA-256 of a batch of live market data: ``rows`` records from row ``first_row`` on, as they stand."""

    __slots__ = ("first_row", "rows", "sha256")

    def __init__(self, now: Nanos, first_row: i64, rows: i64, sha256: bytes) -> None:
        assert len(sha256) == 32, "a SHA-256 has 32 bytes"
        self.kind = SEALED
        self.ts_event_ns = now
        self.ts_known_ns = now
        self.first_row = first_row
        self.rows = rows
        self.sha256 = sha256

    def write(self, out: BytesWriter) -> None:
        """Write first_row, rows, and the 32 bytes of the hash."""
        write_i64_le(out, self.first_row)
        write_i64_le(out, self.rows)
        out.write(self.sha256)
