# SPDX-License-Identifier: Apache-2.0
"""The chain's check: a record in the wrong place is named for what is wrong with it, though its CRC holds."""

import struct
from zlib import crc32

import pytest

from bot4.domain.errors import BadInput
from bot4.record.chain import ChainCheck
from bot4.record.compare import first_difference
from bot4.record.format import CRC, FRAME, GROUP, HEADER, RUN_END, WATERMARK, Record, frame_record
from bot4.record.header import decode_header
from bot4.record.reader import read_records
from tests.unit.record.events import small_journal

DATA = small_journal()[0]
RECORDS = list(read_records([DATA], "test"))
END = next(record for record in RECORDS if record.kind == RUN_END)


def first_wrong(records: list[Record]) -> str:
    """Return what a check says first, empty if nothing."""
    check = ChainCheck()
    for record in records:
        wrong = check.take(record)
        if wrong:
            return wrong
    return ""


def made(kind: int, payload: bytes, *, schema: int = 1) -> Record:
    """Return a record whose CRC holds."""
    body = FRAME.pack(kind, schema, len(payload), 0, 0) + payload
    return Record(body + CRC.pack(crc32(body)), 0)


def test_a_whole_journal_has_nothing_wrong() -> None:
    """The check agrees with the writer, and knows the end."""
    check = ChainCheck()
    assert [check.take(record) for record in RECORDS] == [""] * len(RECORDS)
    assert check.mark.closed
    assert check.groups == 2
    assert check.mark.head == RECORDS[-1].payload[16:]


@pytest.mark.requirement("I-14")
@pytest.mark.parametrize(
    ("records", "said"),
    [
        (RECORDS[1:], "first record is no header"),
        ([*RECORDS[:5], RECORDS[0]], "header that is not the first"),
        ([*RECORDS, RECORDS[3]], "after the end of the run"),
        ([RECORDS[0], made(WATERMARK, bytes(8), schema=2)], "schema 2"),
        ([record for record in RECORDS if record.kind != GROUP], "closes the group is missing"),
        ([*RECORDS[: RECORDS.index(END) + 1], RECORDS[1]], "closes the group is missing"),
        ([RECORDS[0], made(RUN_END, bytes(8))], "wrong length"),
        ([RECORDS[0], made(RUN_END, struct.pack("<qqq", 0, 9, 0) + bytes(32))], "counts 9 records"),
        ([RECORDS[0], made(GROUP, bytes(48))], "closed after 0 records"),
    ],
)
def test_each_wrong_place_is_named(records: list[Record], said: str) -> None:
    """What stands where it may not is found by its place alone."""
    assert said in first_wrong(records)


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (RECORDS[1], "a bot4 journal"),
        (made(HEADER, b"no json"), "a bot4 journal"),
        (made(HEADER, RECORDS[0].payload.replace(b'"schema":1', b'"schema":2')), "schema 2"),
        (made(HEADER, RECORDS[0].payload.replace(b"bot4 journal", b"four journal")), "four journal"),
    ],
)
def test_a_header_of_another_kind_is_bad_input(record: Record, said: str) -> None:
    """Another format or a newer schema is named, not guessed at."""
    with pytest.raises(BadInput, match=said):
        decode_header(record, "test")


def test_a_difference_is_told_even_where_a_record_cannot_be_read() -> None:
    """A record that does not fit its layout, or is cut, is still a difference at its offset."""
    odd = frame_record(WATERMARK, bytes(9), 1, 1)
    found = first_difference([DATA[: RECORDS[0].end], odd], [DATA], 0)
    assert found.offset == RECORDS[0].end
    assert found.recorded is not None
    assert "does not fit" in str(found.recorded["undecodable"])
    cut = first_difference([DATA[: RECORDS[4].end - 3]], [DATA], 0)
    assert (cut.offset, cut.recorded) == (RECORDS[4].offset, None)
    assert cut.repeated is not None
    assert cut.repeated["kind"] == "accepted"
