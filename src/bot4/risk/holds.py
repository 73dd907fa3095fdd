# SPDX-License-Identifier: Apache-2.0
"""The holds: reasons to take no new risk that stand right now, for one instrument or for all.

A run is ready from its start; who knows of a reason says so, and says when it is
over. A run that never hears of one has none, and its state is written as before.
"""

from typing import final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.domain.readiness import ALL_INSTRUMENTS, Readiness, readiness_word
from bot4.domain.verdict import Check


@final
class Hold:
    """Hold one reason that stands."""

    __slots__ = ("instrument", "reason")

    def __init__(self, instrument: i64, reason: i64) -> None:
        self.instrument = instrument
        self.reason = reason


@final
class Holds:
    """Keep the reasons that stand, by reason and then by instrument, each once."""

    __slots__ = ("standing",)

    def __init__(self) -> None:
        self.standing: list[Hold] = []

    def hear(self, event: Readiness) -> None:
        """Begin a hold or end it; one that is over for all is over for each."""
        reason = event.reason
        instrument = event.instrument
        kept: list[Hold] = []
        for hold in self.standing:
            is_meant = hold.instrument == instrument or (event.ready and instrument == ALL_INSTRUMENTS)
            if hold.reason != reason or not is_meant:
                kept.append(hold)
        if not event.ready:
            at = 0
            while at < len(kept) and not _is_before(reason, instrument, kept[at]):
                at += 1
            kept.insert(at, Hold(instrument, reason))
        self.standing = kept

    def refusing(self, instrument: i64) -> Check | None:
        """Return what refuses an entry, None for nothing: the first reason, how many stand, and that none may."""
        first: Hold | None = None
        count = 0
        for hold in self.standing:
            if hold.instrument == instrument or hold.instrument == ALL_INSTRUMENTS:
                count += 1
                if first is None:
                    first = hold
        if first is None:
            return None
        return Check("risk.not_ready." + readiness_word(first.reason), float(count), 0.0)

    def write_state(self, out: BytesWriter) -> None:
        """Write how many stand and each of them; nothing at all where none does."""
        if self.standing:
            write_i64_le(out, len(self.standing))
            for hold in self.standing:
                write_i64_le(out, hold.reason)
                write_i64_le(out, hold.instrument)


def _is_before(reason: i64, instrument: i64, hold: Hold) -> bool:
    """Say whether a hold would stand before another one."""
    return reason < hold.reason or (reason == hold.reason and instrument < hold.instrument)
