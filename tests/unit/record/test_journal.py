# SPDX-License-Identifier: Apache-2.0
"""The writer: what it puts where, when it hands over, and what its bytes do not depend on."""

import struct
import zlib
from hashlib import sha256

import pytest
from librt.strings import BytesWriter

from bot4.domain.errors import BadInput, OurFault
from bot4.domain.event import Event
from bot4.domain.marketdata import Equity
from bot4.domain.order import accepted
from bot4.domain.signal import Halted
from bot4.domain.values import Money, Nanos
from bot4.record.format import GROUP, GROUP_RECORDS, HEADER, PAYLOAD_BYTES_MAX, RUN_END, WATERMARK, Record
from bot4.record.header import JournalHeader, header_record
from bot4.record.journal import JournalWriter
from bot4.record.reader import read_records
from tests.unit.record.events import HEADER as RUN_HEADER
from tests.unit.record.events import STATE, MemorySink, journal_bytes, seeded_events, write_all


def naive_split(data: bytes) -> list[tuple[int, int, int, bytes, bytes]]:
    """Split a journal by hand: kind, event time, known time, payload, whole bytes; asserts frame and CRC."""
    found = []
    while data:
        kind, schema, length, event_ns, known_ns = struct.unpack("<HHIqq", data[:24])
        assert schema == 1
        end = 24 + length + 4
        assert struct.unpack("<I", data[24 + length : end])[0] == zlib.crc32(data[: 24 + length])
        found.append((kind, event_ns, known_ns, data[24 : 24 + length], data[:end]))
        data = data[end:]
    return found


@pytest.mark.requirement("prod_005")
def test_every_event_stands_in_the_journal_in_order_with_both_clocks() -> None:
    """Each event is found with its kind, its stamps and its payload, in the order it was appended."""
    sink = MemorySink()
    write_all(sink, 3, 200).close(67, STATE)
    due = []
    for event in seeded_events(3, 200):
        out = BytesWriter()
        event.write(out)
        due.append((int(event.kind), int(event.ts_event_ns), int(event.ts_known_ns), out.getvalue()))
    found = [record[:4] for record in naive_split(sink.data) if record[0] < HEADER]
    assert found == due


def test_a_watermark_stands_before_the_first_record_after_bars_and_nowhere_else() -> None:
    """Consuming many bars writes one watermark, with the last row, when the next record comes."""
    sink = MemorySink()
    writer = JournalWriter(sink, header_record(RUN_HEADER))
    word = accepted(Nanos(5), Nanos(6), 1, 0)
    writer.append(word)
    for row in range(10):
        writer.consumed(row)
    writer.append(word)
    writer.append(word)
    writer.row = 12
    writer.append(word)
    writer.close(13, STATE)
    found = [(kind, payload) for kind, _, _, payload, _ in naive_split(sink.data)]
    kinds = [kind for kind, _ in found]
    assert kinds == [HEADER, 16, WATERMARK, 16, 16, WATERMARK, 16, RUN_END, GROUP]
    assert [struct.unpack("<q", payload)[0] for kind, payload in found if kind == WATERMARK] == [9, 12]


@pytest.mark.requirement("I-14")
def test_groups_close_by_count_and_chain_by_an_independent_hash() -> None:
    """A GROUP record follows every 64 records; its head is sha256 over the head before and those records."""
    data = journal_bytes(5, 300)
    records = naive_split(data)
    head = sha256(records[0][4]).digest()
    group = b""
    inside = number = last_ns = 0
    for kind, _, known_ns, payload, raw in records[1:]:
        if kind != GROUP:
            inside, group, last_ns = inside + 1, group + raw, known_ns
            continue
        number += 1
        head = sha256(head + group).digest()
        assert payload == struct.pack("<qq", number, inside) + head
        assert inside == GROUP_RECORDS or raw == records[-1][4]
        assert known_ns == last_ns
        inside, group = 0, b""
    assert number > 5
    assert records[-1][0] == GROUP
    assert records[-2][0] == RUN_END


def test_the_end_says_rows_records_and_state() -> None:
    """The last record counts rows and the records before it, and carries flag and hash."""
    for interrupted in (False, True):
        records = naive_split(journal_bytes(2, 100, interrupted=interrupted))
        assert records[-2][3] == struct.pack("<qqq", 33, len(records) - 2, interrupted) + STATE


def test_the_bytes_do_not_depend_on_commits() -> None:
    """Committing after each event, durable or not, gives the same bytes as never committing."""
    plain = journal_bytes(9, 150)
    for durable in (False, True):
        sink = MemorySink(durable)
        writer = JournalWriter(sink, header_record(RUN_HEADER))
        for number, event in enumerate(seeded_events(9, 150)):
            if number % 3 == 0:
                writer.consumed(number // 3)
            writer.append(event)
            if number % 2:
                writer.commit()
        writer.close(50, STATE)
        assert sink.data == plain


@pytest.mark.requirement("I-5")
def test_a_durable_commit_has_everything_synced_before_it_returns() -> None:
    """After a commit, every appended record is written and synced; a second commit syncs nothing."""
    sink = MemorySink(durable=True)
    writer = JournalWriter(sink, header_record(RUN_HEADER))
    for count, event in enumerate(seeded_events(4, 200), 1):
        writer.append(event)
        writer.commit()
        assert sink.synced[-1] == len(sink.data)
        assert sum(record[0] < HEADER for record in naive_split(sink.data)) == count
    syncs = len(sink.synced)
    writer.commit()
    assert len(sink.synced) == syncs


def test_a_durable_journal_is_synced_at_least_every_64_records() -> None:
    """Without any commit, each closed group is on the disk."""
    sink = MemorySink(durable=True)
    write_all(sink, 4, 500)
    assert len(sink.synced) == 500 * 4 // 3 // GROUP_RECORDS
    assert sink.synced[-1] == len(sink.data)


def test_a_repeatable_run_hands_over_whole_groups_and_never_syncs_before_its_end() -> None:
    """Without a durable sink, each write is one whole group, whatever is committed."""
    sink = MemorySink()
    writer = write_all(sink, 4, 500)
    writer.commit()
    assert not sink.synced
    assert len(sink.writes) == 1 + 500 * 4 // 3 // GROUP_RECORDS
    assert naive_split(sink.data)[-1][0] == GROUP
    writer.close(0, STATE)
    assert sink.is_closed


def test_the_mark_is_the_end_of_the_last_closed_group() -> None:
    """Records, bytes and head of the mark are those of the bytes handed over so far."""
    sink = MemorySink()
    writer = write_all(sink, 8, 150)
    mark = writer.mark()
    records = naive_split(sink.data)
    assert (mark.records, mark.size, mark.closed) == (len(records), len(sink.data), False)
    assert mark.head == records[-1][3][16:]
    writer.close(50, STATE)
    end = writer.mark()
    records = naive_split(sink.data)
    assert (end.records, end.size, end.closed) == (len(records), len(sink.data), True)
    assert end.head == records[-1][3][16:]


def test_what_may_not_be_written_is_refused_as_our_own_fault() -> None:
    """Market data by value, a short state hash, and anything after the end are bugs, not records."""
    writer = JournalWriter(MemorySink(), header_record(RUN_HEADER))
    with pytest.raises(OurFault, match="never journaled"):
        writer.append(Equity(Nanos(1), Money(1), Money(1)))
    with pytest.raises(OurFault, match="32 bytes"):
        writer.close(0, b"short")
    writer.close(0, STATE)
    with pytest.raises(OurFault, match="closed"):
        writer.append(accepted(Nanos(5), Nanos(6), 1, 0))


def test_a_payload_beyond_the_bound_is_refused_and_one_below_is_read_back() -> None:
    """A payload of more than 64 KiB is framed rightly; one beyond a mebibyte is our fault."""

    class Long(Event):
        """Write so many bytes."""

        def __init__(self, size: int) -> None:
            super().__init__(27, Nanos(1), Nanos(1))
            self.size = size

        def write(self, out: object) -> None:
            """Write the bytes."""
            out.write(b"x" * self.size)  # type: ignore[attr-defined]

    sink = MemorySink()
    writer = JournalWriter(sink, header_record(RUN_HEADER))
    writer.append(Long(70_000))
    writer.append(Long(PAYLOAD_BYTES_MAX))
    with pytest.raises(OurFault, match="longest"):
        writer.append(Long(PAYLOAD_BYTES_MAX + 1))
    writer.close(0, STATE)
    sizes = [len(record.payload) for record in read_records([sink.data], "test") if record.kind == 27]
    assert sizes == [70_000, PAYLOAD_BYTES_MAX]


def test_a_long_reason_is_cut_at_a_whole_letter() -> None:
    """A text beyond 240 bytes keeps as many whole letters as fit."""
    sink = MemorySink()
    writer = JournalWriter(sink, header_record(RUN_HEADER))
    writer.append(Halted(Nanos(1), 0, "€" * 100))
    writer.close(0, STATE)
    payload = naive_split(sink.data)[1][3]
    assert payload[10:].decode() == "€" * 80


def test_the_header_says_what_the_run_is() -> None:
    """The first record holds the header as JSON, the config's keys sorted, and no two orders of keys differ."""
    one = header_record(JournalHeader(run="a", command="backtest", config={"a": 1, "b": {"d": 2.5, "c": [1, None]}}))
    two = header_record(JournalHeader(run="a", command="backtest", config={"b": {"c": [1, None], "d": 2.5}, "a": 1}))
    assert one == two
    assert b'"config":{"a":1,"b":{"c":[1,null],"d":2.5}}' in Record(one, 0).payload
    assert Record(one, 0).payload.startswith(b'{"format":"bot4 journal","schema":1,')


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_config_that_json_cannot_hold_is_refused(number: float) -> None:
    """NaN would be written as null, and the run could not be repeated from its header."""
    with pytest.raises(BadInput, match="finite"):
        header_record(JournalHeader(run="a", command="backtest", config={"a": number}))


def test_a_header_too_long_to_be_read_back_is_refused() -> None:
    """The bound on payloads holds for the header too."""
    with pytest.raises(BadInput, match="at most"):
        header_record(JournalHeader(run="a", command="backtest", config={"a": "x" * PAYLOAD_BYTES_MAX}))
