# SPDX-License-Identifier: Apache-2.0
"""Reading: any cut into chunks gives the same records, and a bad one is named by its first byte."""

import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.domain.errors import Corrupt
from bot4.record.format import FRAME_BYTES, Record
from bot4.record.reader import holds_record, read_records
from tests.unit.record.events import journal_bytes

DATA = journal_bytes(1, 60)


@given(st.lists(st.integers(1, 700), min_size=1))
def test_the_size_of_the_chunks_does_not_matter(sizes: list[int]) -> None:
    """However the bytes arrive, the same records come out at the same offsets."""
    chunks = []
    at = turn = 0
    while at < len(DATA):
        chunks.append(DATA[at : at + sizes[turn % len(sizes)]])
        at += len(chunks[-1])
        turn += 1
    whole = [(record.offset, record.raw) for record in read_records([DATA], "test")]
    assert [(record.offset, record.raw) for record in read_records(chunks, "test")] == whole
    assert b"".join(raw for _, raw in whole) == DATA


def test_reading_can_begin_at_any_record() -> None:
    """With the offset of a record, reading goes on from there with true offsets."""
    records = list(read_records([DATA], "test"))
    for record in records[1:]:
        rest = list(read_records([DATA[record.offset :]], "test", offset=record.offset))
        assert [each.offset for each in rest] == [each.offset for each in records[records.index(record) :]]


def test_a_damaged_record_is_named_by_its_first_byte() -> None:
    """A flipped byte anywhere in a record gives that record's offset, after all records before it."""
    for record in list(read_records([DATA], "test")):
        at = record.offset + len(record.raw) // 2
        bad = DATA[:at] + bytes([DATA[at] ^ 1]) + DATA[at + 1 :]
        good: list[Record] = []
        with pytest.raises(Corrupt) as caught:
            good.extend(read_records([bad], "test"))
        assert caught.value.offset == record.offset
        assert b"".join(each.raw for each in good) == DATA[: record.offset]


def test_a_cut_record_is_named_by_its_first_byte() -> None:
    """An end within a record gives that record's offset; an end between records is no fault."""
    records = list(read_records([DATA], "test"))
    for record in records[:10]:
        assert len(list(read_records([DATA[: record.end]], "test"))) == records.index(record) + 1
        for cut in (record.offset + 1, record.offset + FRAME_BYTES, record.end - 1):
            with pytest.raises(Corrupt, match="cut after") as caught:
                list(read_records([DATA[:cut]], "test"))
            assert caught.value.offset == record.offset


def test_a_whole_record_is_found_in_any_chunks_and_rubbish_is_none() -> None:
    """A record behind rubbish is found, even split over chunks; zeros, text and half records hold none."""
    record = list(read_records([DATA], "test"))[5].raw
    for lead in (b"", b"\x00" * 1000, b"\x08\x00\x01\x00" * 9, record[:-1]):
        data = lead + record
        assert holds_record([data])
        assert holds_record([data[at : at + 7] for at in range(0, len(data), 7)])
    for nothing in (b"", b"\x00" * 5000, record[:-1], record[1:], b"text" * 99):
        assert not holds_record([nothing])
        assert not holds_record([nothing[at : at + 7] for at in range(0, len(nothing), 7)])


def test_a_search_without_end_is_given_up_as_damage() -> None:
    """Bytes made so that every offset might begin a long record are answered with yes, not searched for hours."""
    lure = (b"\x08\x00\x01\x00\x00\x00\x08\x00" * (1 << 18))[: 1 << 21]
    assert holds_record([lure])


def test_memory_does_not_grow_with_the_journal() -> None:
    """Ten times the records need no more memory than ten megabytes' worth of chunks would."""

    def chunks(times: int) -> Iterator[bytes]:
        for _ in range(times):
            yield DATA

    peaks = []
    for times in (20, 400):
        tracemalloc.start()
        assert sum(1 for _ in read_records(chunks(times), "test")) == times * len(list(read_records([DATA], "test")))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5 + 10_000
