# SPDX-License-Identifier: Apache-2.0
"""A repeated run held against its journal: the same bytes, or the first record that differs, decoded."""

from collections.abc import Iterable
from typing import final

from bot4.domain.errors import Corrupt, OurFault
from bot4.record.decode import decode
from bot4.record.format import Record
from bot4.record.reader import read_records
from bot4.record.schema import kind_name
from bot4.record.wording import plain

Told = dict[str, object]


@final
class Difference:
    """Hold the first record in which a repeated run differs from its journal.

    ``offset`` is the record's first byte; ``recorded`` and ``repeated`` are both
    records decoded, None where there is none.
    """

    __slots__ = ("offset", "recorded", "repeated")

    def __init__(self, offset: int, recorded: Told | None, repeated: Told | None) -> None:
        self.offset = offset
        self.recorded = recorded
        self.repeated = repeated

    def told(self) -> Told:
        """Return the difference as plain values, for ``--json``."""
        return {"offset": self.offset, "recorded": plain(self.recorded), "repeated": plain(self.repeated)}

    def brief(self) -> str:
        """Return the difference in one short line: the kinds of the records, or the first field that differs."""
        place = f"byte {self.offset}"
        if self.recorded is None or self.repeated is None or self.recorded["kind"] != self.repeated["kind"]:
            recorded, repeated = (_kind_of(told) for told in (self.recorded, self.repeated))
            return f"{place}: {recorded} in the journal, {repeated} in the repeated run"
        for name, value in self.recorded.items():
            if repr(value) != repr(self.repeated.get(name)):  # a NaN equals itself here
                return f"{place}: {self.recorded['kind']} {name}: {value} in the journal, {self.repeated.get(name)} now"
        return f"{place}: {self.recorded['kind']} in other bytes"

    def __str__(self) -> str:
        recorded = self.recorded or "nothing"
        repeated = self.repeated or "nothing"
        return f"byte {self.offset}: the journal has {recorded}, the repeated run {repeated}"


class Differs(OurFault):
    """Report that the same input gave other bytes: a bug, or other code than the journal's."""

    def __init__(self, place: str, difference: Difference) -> None:
        super().__init__(f"{place}: a repeated run differs at {difference}")
        self.place = place
        self.difference = difference


def _kind_of(told: Told | None) -> str:
    """Return the kind of a record told, or that there is none."""
    return "nothing" if told is None else str(told["kind"])


def tell(record: Record | None) -> Told | None:
    """Return a record as names and values, its kind and stamps before its fields."""
    if record is None:
        return None
    stamps = {"ts_event_ns": record.ts_event_ns, "ts_known_ns": record.ts_known_ns}
    try:
        fields = decode(record)
    except Corrupt as wrong:
        fields = {"undecodable": str(wrong)}
    return {"kind": kind_name(record.kind), **stamps, **fields}


def first_difference(recorded: Iterable[bytes], repeated: Iterable[bytes], offset: int) -> Difference:
    """Return the first record that differs between two streams of bytes.

    Parameters
    ----------
    recorded, repeated : iterable of bytes
        Both from the same record's first byte on; they differ somewhere, or one ends first.
    offset : int
        Of that byte in the journal.
    """
    ours = read_records(repeated, "repeated run", offset=offset)
    theirs = read_records(recorded, "journal", offset=offset)
    while True:
        left = take(theirs)
        right = take(ours)
        if left is None or right is None or left.raw != right.raw:
            return Difference(offset, tell(left), tell(right))
        offset = left.end


def take(records: Iterable[Record]) -> Record | None:
    """Return the next whole record, None at the end or at damage."""
    try:
        return next(iter(records), None)
    except Corrupt:
        return None
