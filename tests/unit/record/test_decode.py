# SPDX-License-Identifier: Apache-2.0
"""The published schema: it says of every record what the event itself says, and it is published as it is."""

import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from bot4.adapters.stores.journal_schema import schema_text
from bot4.domain import event as kinds
from bot4.domain.errors import Corrupt, OurFault
from bot4.domain.event import BOOKS_EQUAL, INPUTS, JOURNALED_FROM, Event
from bot4.record.decode import decode, to_event
from bot4.record.format import Record, frame_record
from bot4.record.header import header_record
from bot4.record.journal import JournalWriter
from bot4.record.reader import read_records
from bot4.record.schema import LAYOUT, Field, kind_name
from tests.unit.record.events import HEADER, MAKERS, STATE, MemorySink, events, journal_bytes, seeded_events

REPOSITORY = Path(__file__).resolve().parents[3]


def written(event: Event) -> Record:
    """Return the record of an event, by way of the writer."""
    sink = MemorySink()
    writer = JournalWriter(sink, header_record(HEADER))
    writer.append(event)
    writer.close(0, STATE)
    return list(read_records([sink.data], "test"))[1]


def bits(value: object) -> object:
    """Return a value that is equal exactly if the bits are: NaN equals itself, 0.0 is not -0.0."""
    return struct.pack("<d", value) if isinstance(value, float) else value


def same(fields: tuple[Field, ...], values: dict[str, Any], of: object) -> None:
    """Assert that decoded values are the attributes of an object, and nothing else."""
    assert list(values) == [field.name for field in fields]
    for field in fields:
        attribute = getattr(of, field.name)
        if field.type == "group":
            same(field.fields, values[field.name], attribute)
        elif field.type == "repeated":
            assert len(values[field.name]) == len(attribute)
            for row, part in zip(values[field.name], attribute, strict=True):
                same(field.fields, row, part)
        else:
            assert bits(values[field.name]) == bits(attribute)
            assert type(values[field.name]) is type(attribute)


@given(events())
def test_decoding_gives_back_every_attribute(event: Event) -> None:
    """For any event of any journaled kind, names and values read are those of the object written."""
    record = written(event)
    assert record.kind == event.kind
    assert (record.ts_event_ns, record.ts_known_ns) == (event.ts_event_ns, event.ts_known_ns)
    same(LAYOUT[event.kind][1], decode(record), event)


@given(events().filter(lambda event: event.kind in INPUTS))
def test_an_input_comes_back_as_the_event_it_was(event: Event) -> None:
    """An input read from a record is written again as the same bytes, by the same class."""
    record = written(event)
    again = to_event(record)
    assert type(again) is type(event)
    assert written(again).raw == record.raw


def test_every_journaled_kind_has_a_layout_and_its_own_name() -> None:
    """No kind is missing, none is named twice, and the names are those of the event module."""
    journaled = [*range(JOURNALED_FROM, BOOKS_EQUAL + 1)]
    assert sorted(kind for kind in LAYOUT if kind < 40) == journaled
    assert sorted(int(event.kind) for event in made()) == journaled
    for kind in journaled:
        assert getattr(kinds, kind_name(kind).upper()) == kind
    assert len({name for name, _ in LAYOUT.values()}) == len(LAYOUT)
    assert kind_name(45) == "kind 45"


def made() -> list[Event]:
    """Return one event by each maker."""
    found = {int(event.kind): event for event in seeded_events(7, 2000)}
    assert len(found) == len(MAKERS)
    return list(found.values())


@pytest.mark.parametrize("kind", [kind for kind in LAYOUT if kind != 40])
def test_a_payload_that_does_not_fit_is_refused_with_its_offset(kind: int) -> None:
    """A record of whole CRC but one byte more or fewer than its kind has is named as damage."""
    payload = next(
        record.payload for seed in range(9) for record in read_records([journal_bytes(seed)], "") if record.kind == kind
    )
    for wrong in (payload + b"\0", payload[:-1]):
        with pytest.raises(Corrupt, match=kind_name(kind)) as caught:
            decode(Record(frame_record(kind, wrong, 1, 1), 77))
        assert caught.value.offset == 77


def test_flags_counts_and_texts_are_read_strictly() -> None:
    """A flag of 2, a count that cannot be, a text that is no UTF-8: each is damage."""
    flag = struct.pack("<7q", *range(7)) + struct.pack("<q", 2)
    count = bytes(96) + struct.pack("<q", 1 << 60)
    text = struct.pack("<q", 0) + struct.pack("<h", 2) + b"\xff\xff"
    negative = struct.pack("<q", 0) + struct.pack("<h", -1)
    for kind, payload in ((21, flag), (11, count), (27, text), (27, negative), (45, b"")):
        with pytest.raises(Corrupt):
            decode(Record(frame_record(kind, payload, 1, 1), 0))


def test_only_inputs_become_events_again() -> None:
    """What bot4 itself decided is never fed back: asking for it is a bug."""
    for event in made():
        if event.kind in INPUTS:
            continue
        with pytest.raises(OurFault, match="no report"):
            to_event(written(event))


def test_the_published_schema_is_the_one_in_the_code() -> None:
    """schema/journal.json is what ``python -m bot4.adapters.stores.journal_schema`` writes now."""
    assert (REPOSITORY / "schema" / "journal.json").read_text(encoding="utf-8") == schema_text()


def test_the_published_schema_suffices_to_read_a_journal() -> None:
    """A reader made of nothing but schema/journal.json reads every value that bot4 reads."""
    import json

    schema = json.loads(schema_text())
    data = journal_bytes(6, 200)
    for record in read_records([data], "test"):
        entry = schema["kinds"][str(record.kind)]
        payload = record.payload
        values, rest = outsider(entry["fields"], payload)
        assert rest == b""
        assert list(map(bits, flat(values))) == list(map(bits, flat(decode(record))))


def outsider(fields: list[dict[str, Any]], data: bytes) -> tuple[dict[str, Any], bytes]:
    """Read fields by the words of the published schema alone."""
    values: dict[str, Any] = {}
    for field in fields:
        kind, name = field["type"], field["name"]
        if kind in ("i64", "flag"):
            values[name], data = int.from_bytes(data[:8], "little", signed=True), data[8:]
        elif kind == "f64":
            values[name], data = struct.unpack("<d", data[:8])[0], data[8:]
        elif kind == "hash":
            values[name], data = data[:32], data[32:]
        elif kind == "json":
            values[name], data = data.decode(), b""
        elif kind == "text":
            size = int.from_bytes(data[:2], "little")
            values[name], data = data[2 : 2 + size].decode(), data[2 + size :]
        elif kind == "group":
            values[name], data = outsider(field["fields"], data)
        else:
            rows, data = int.from_bytes(data[:8], "little"), data[8:]
            values[name] = []
            for _ in range(rows):
                row, data = outsider(field["fields"], data)
                values[name].append(row)
    return values, data


def flat(values: object) -> list[object]:
    """Return the leaves of nested values in order."""
    if isinstance(values, dict):
        return [leaf for each in values.values() for leaf in flat(each)]
    if isinstance(values, list):
        return [leaf for each in values for leaf in flat(each)]
    return [values]
