# SPDX-License-Identifier: Apache-2.0
"""After a kill: every cut is recovered to the last whole record, every damage is refused, and a run goes on."""

import json
from pathlib import Path

import pytest

from bot4.adapters.stores.journal_file import JournalFile
from bot4.adapters.stores.journal_reader import open_journal
from bot4.adapters.stores.journal_recovery import recover
from bot4.adapters.stores.journal_resume import ReplayedJournal, ResumingJournal
from bot4.domain.errors import BadInput, Corrupt, OutsideFault
from bot4.domain.signal import Halted
from bot4.domain.values import Nanos
from bot4.record.compare import Differs
from bot4.record.format import GROUP, RUN_END
from bot4.record.header import header_record
from bot4.record.journal import JournalWriter
from bot4.record.reader import read_records
from tests.unit.record.events import HEADER, STATE, journal_bytes, seeded_events, small_journal, write_all

COUNT = 52
DATA = journal_bytes(1, COUNT)
RECORDS = list(read_records([DATA], "test"))
WITHIN = RECORDS[60]
SMALL = small_journal()[0]
SMALL_RECORDS = list(read_records([SMALL], "test"))


def put(folder: Path, data: bytes) -> Path:
    """Write a journal's bytes into a folder."""
    path = folder / "journal"
    path.write_bytes(data)
    return path


@pytest.mark.requirement("I-5")
def test_every_truncation_is_recovered_to_its_last_whole_record(tmp_path: Path) -> None:
    """Whatever length a cut leaves, recovery keeps exactly the whole records, and changes nothing itself."""
    ends = [0, *(record.end for record in SMALL_RECORDS)]
    for length in range(len(SMALL) + 1):
        path = put(tmp_path, SMALL[:length])
        found = recover(path)
        whole = max(end for end in ends if end <= length)
        assert found.prefix_bytes == whole
        assert found.records == ends.index(whole)
        assert found.torn_bytes == length - whole
        assert found.is_complete == (length == len(SMALL))
        assert (found.header is None) == (whole == 0)
        assert path.stat().st_size == length


def test_every_flipped_byte_before_the_last_record_is_refused_at_its_record(tmp_path: Path) -> None:
    """One flipped byte anywhere is corruption, named by its record's offset; in the last record it is a torn tail."""
    for record in SMALL_RECORDS:
        for at in range(record.offset, record.end):
            path = put(tmp_path, SMALL[:at] + bytes([SMALL[at] ^ 0x10]) + SMALL[at + 1 :])
            if record is SMALL_RECORDS[-1]:
                assert recover(path).prefix_bytes == record.offset
                continue
            with pytest.raises(Corrupt) as caught:
                recover(path)
            assert caught.value.offset == record.offset


@pytest.mark.parametrize(
    "tail", [b"\x00" * 9000, b"\xff" * 700, RECORDS[50].raw[3:] + RECORDS[51].raw[:-1], b"\x28\x00\x01\x00" * 300]
)
def test_what_a_power_cut_may_leave_behind_is_cut_off(tmp_path: Path, tail: bytes) -> None:
    """Zeros, ones, pieces of records behind the last whole record are a torn tail."""
    found = recover(put(tmp_path, DATA[: WITHIN.end] + tail))
    assert (found.prefix_bytes, found.torn_bytes) == (WITHIN.end, len(tail))


def test_a_hole_before_whole_records_is_corruption(tmp_path: Path) -> None:
    """A page that never reached the disk, with records behind it, is never cut off silently."""
    with pytest.raises(Corrupt) as caught:
        recover(put(tmp_path, DATA[:4096] + bytes(512) + DATA[4608:]))
    assert caught.value.offset <= 4096
    assert caught.value.mend


def test_a_record_that_fits_its_crc_but_not_its_chain_is_corruption(tmp_path: Path) -> None:
    """Records dropped or swapped are whole, and still not what the group's record says."""
    one, two = RECORDS[5], RECORDS[6]
    for middle, wrong in ((two.raw, "after 63 records"), (two.raw + one.raw, "hash of group 1")):
        with pytest.raises(Corrupt, match=wrong) as caught:
            recover(put(tmp_path, DATA[: one.offset] + middle + DATA[two.end :]))
        assert caught.value.offset == RECORDS[1].offset


def test_recovery_tells_where_the_run_stood(tmp_path: Path) -> None:
    """Header, last watermark, last closed group and end are those of the prefix."""
    whole = recover(put(tmp_path, DATA))
    assert whole.header == HEADER
    assert whole.row == (COUNT - 1) // 3
    assert whole.end is not None
    assert (whole.end.rows, whole.end.state_hash, whole.end.interrupted) == (COUNT // 3, STATE, False)
    assert whole.resume_bytes == whole.prefix_bytes == len(DATA)
    groups = [record for record in RECORDS if record.kind == GROUP]
    part = recover(put(tmp_path, DATA[: groups[1].offset - 1]))
    assert part.mark.size == groups[0].end
    assert part.mark.head == groups[0].payload[16:]
    assert part.end is None


def test_what_is_no_journal_is_not_recovered(tmp_path: Path) -> None:
    """Another file is bad input; a journal that was cut before its first byte is an empty one."""
    with pytest.raises(BadInput, match="a bot4 journal"):
        recover(put(tmp_path, b"a letter to the editor, and nothing else"))
    with pytest.raises(BadInput):
        recover(tmp_path / "missing")
    assert recover(put(tmp_path, b"")).resume_bytes == 0


@pytest.mark.requirement("prod_005", "I-10")
@pytest.mark.parametrize("durable", [False, True])
def test_a_run_cut_anywhere_goes_on_to_the_same_bytes(tmp_path: Path, durable: bool) -> None:
    """Repeated over its prefix and on, a run cut at any of many lengths ends as if it never was cut."""
    for length in [*range(RECORDS[0].end, len(DATA), 97), len(DATA) - 1]:
        path = put(tmp_path, DATA[:length])
        sink = ResumingJournal(path, recover(path).resume_bytes, durable=durable)
        write_all(sink, 1, COUNT).close(COUNT // 3, STATE)
        assert path.read_bytes() == DATA
        assert recover(path).is_complete


def test_an_interrupted_run_goes_on_where_its_end_was_written(tmp_path: Path) -> None:
    """The end that an interruption wrote is no part of the run: the resumed journal is that of a whole run."""
    for done in (0, 1, 20, 46, 47, 48, 49, 51):
        path = tmp_path / f"journal-{done}"
        events = seeded_events(1, COUNT)
        writer = JournalWriter(JournalFile(path, durable=False), header_record(HEADER))
        for number, event in enumerate(events[:done]):
            if number % 3 == 0:
                writer.consumed(number // 3)
            writer.append(event)
        writer.close(done // 3, bytes(32), True)
        found = recover(path)
        assert not found.is_complete
        assert found.end is not None
        assert found.resume_bytes == found.end.offset
        write_all(ResumingJournal(path, found.resume_bytes, durable=False), 1, COUNT).close(COUNT // 3, STATE)
        assert path.read_bytes() == DATA


def test_a_resumed_run_that_differs_is_stopped_and_told_both_records(tmp_path: Path) -> None:
    """Other events than the prefix holds: the offset and both records, decoded; nothing is appended."""
    path = put(tmp_path, DATA[: WITHIN.end])
    sink = ResumingJournal(path, WITHIN.end, durable=False)
    with pytest.raises(Differs) as caught:
        write_all(sink, 2, COUNT)
    difference = caught.value.difference
    assert sink.is_comparing
    sink.release()
    assert difference.offset == RECORDS[1].offset
    assert difference.recorded is not None
    assert difference.repeated is not None
    assert difference.recorded["kind"] == difference.repeated["kind"] == "watermark"
    assert difference.recorded["ts_known_ns"] != difference.repeated["ts_known_ns"]
    assert path.read_bytes() == DATA[: WITHIN.end]


def test_a_resuming_run_says_when_it_is_past_its_prefix(tmp_path: Path) -> None:
    """While the prefix lasts the sink says so: an interruption then must leave the journal as it is."""
    path = put(tmp_path, DATA[: WITHIN.end])
    sink = ResumingJournal(path, WITHIN.end, durable=False)
    said = []
    for record in RECORDS:
        said.append(sink.is_comparing)
        sink.write(record.raw)
    assert said == [record.offset < WITHIN.end for record in RECORDS]
    sink.close()
    assert path.read_bytes() == DATA


def test_a_journal_that_is_written_cannot_be_resumed(tmp_path: Path) -> None:
    """The lock holds for a resuming writer too."""
    path = put(tmp_path, DATA[: WITHIN.end])
    first = ResumingJournal(path, WITHIN.end, durable=False)
    with pytest.raises(OutsideFault, match="another process writes it"):
        ResumingJournal(path, WITHIN.end, durable=False)
    first.release()


@pytest.mark.requirement("prod_005", "I-10")
def test_a_replay_that_is_equal_passes_and_changes_nothing(tmp_path: Path) -> None:
    """The same events give the same bytes: no difference, and the file may be read-only."""
    path = put(tmp_path, DATA)
    path.chmod(0o400)
    write_all(ReplayedJournal(path), 1, COUNT).close(COUNT // 3, STATE)
    assert path.read_bytes() == DATA


def test_a_replay_names_the_first_record_that_differs(tmp_path: Path) -> None:
    """A different end state, one event changed, added or left out: each found at its record."""
    path = put(tmp_path, DATA)
    with pytest.raises(Differs) as caught:
        write_all(ReplayedJournal(path), 1, COUNT).close(COUNT // 3, bytes(32))
    end = next(record for record in RECORDS if record.kind == RUN_END)
    assert caught.value.difference.offset == end.offset
    assert caught.value.difference.recorded is not None
    assert caught.value.difference.recorded["state_hash"] == STATE
    assert json.dumps(caught.value.difference.told()).count(STATE.hex()) == 1

    writer = write_all(ReplayedJournal(path), 1, COUNT)
    writer.append(Halted(Nanos(1), 0, "one more"))
    with pytest.raises(Differs) as caught:
        writer.close(COUNT // 3, STATE)
    assert caught.value.difference.repeated is not None
    assert caught.value.difference.repeated["reason"] == "one more"

    with pytest.raises(Differs):
        write_all(ReplayedJournal(path), 1, COUNT - 1).close(COUNT // 3, STATE)


def test_a_replay_may_neither_end_early_nor_go_on(tmp_path: Path) -> None:
    """A journal longer or shorter than the repeated run: nothing stands on one side of the difference."""
    path = put(tmp_path, DATA + DATA[-len(RECORDS[-1].raw) :])
    with pytest.raises(Differs) as caught:
        write_all(ReplayedJournal(path), 1, COUNT).close(COUNT // 3, STATE)
    assert caught.value.difference.repeated is None
    assert "nothing" in str(caught.value)

    path = put(tmp_path, DATA[: WITHIN.offset])
    with pytest.raises(Differs) as caught:
        write_all(ReplayedJournal(path), 1, COUNT).close(COUNT // 3, STATE)
    assert caught.value.difference.recorded is None
    assert caught.value.difference.offset == WITHIN.offset


def test_a_torn_journal_can_be_read_up_to_its_tear_and_a_damaged_one_cannot(tmp_path: Path) -> None:
    """Reading leaves a torn tail out, and stops with words at damage before whole records."""
    path = put(tmp_path, DATA[: WITHIN.end + 11])
    assert [record.offset for record in open_journal(path)][-1] == WITHIN.offset
    bad = put(tmp_path, DATA[: WITHIN.offset + 9] + b"\xee" + DATA[WITHIN.offset + 10 :])
    with pytest.raises(Corrupt):
        list(open_journal(bad))
