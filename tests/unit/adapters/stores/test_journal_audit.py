# SPDX-License-Identifier: Apache-2.0
"""The audit: whatever is done to a journal is found, and what cannot be known is said."""

import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from bot4.adapters.stores.journal_audit import AuditResult, verify
from bot4.adapters.stores.journal_file import JournalFile
from bot4.adapters.stores.journal_head import Head, head_path, make_head, read_head, write_head
from bot4.adapters.stores.journal_key import JournalKey, load_or_create_key
from bot4.domain.errors import BadInput, OutsideFault
from bot4.domain.signal import Halted
from bot4.domain.values import Nanos
from bot4.record.format import GROUP, GROUP_RECORDS, RUN_END, Record, frame_record
from bot4.record.header import JournalHeader
from bot4.record.journal import JournalWriter
from bot4.record.reader import read_records
from tests.unit.record.events import HEADER, RUN, STATE, MemorySink, journal_bytes, small_journal, write_all

SMALL, SMALL_WRITER = small_journal()
LONG = journal_bytes(2, 400)
RECORDS = list(read_records([LONG], "test"))
SIGNED = JournalHeader(run=RUN, command="paper", config={}, nonce="n", signed=True)


def put(folder: Path, data: bytes) -> Path:
    """Write a journal's bytes into a folder."""
    path = folder / "journal"
    path.write_bytes(data)
    return path


def run_to_end(folder: Path, *, key: JournalKey | None = None, header: JournalHeader = HEADER) -> Path:
    """Write a whole journal with its sidecar."""
    path = folder / "journal"
    writer = write_all(JournalFile(path, durable=True), 2, 400, header=header)
    writer.close(133, STATE)
    write_head(path, make_head(header.run, writer.mark(), key))
    return path


def test_a_whole_journal_passes_and_says_what_it_holds(tmp_path: Path) -> None:
    """An untouched journal with its sidecar: ok, counted, closed, its head that of the chain."""
    path = run_to_end(tmp_path)
    result = verify(path)
    assert (result.ok, result.reason, result.first_bad) == (True, "", None)
    assert (result.records, result.size, result.closed, result.run) == (len(RECORDS), len(LONG), True, RUN)
    assert result.head == RECORDS[-1].payload[16:].hex()
    assert result.fields()["records"] == len(RECORDS)
    assert not result.notes


@pytest.mark.requirement("I-14")
def test_every_flipped_byte_is_found(tmp_path: Path) -> None:
    """Without sidecar or anchor, one flipped bit in any byte is found, at or before the record it is in."""
    records = list(read_records([SMALL], "test"))
    for record in records:
        for at in range(record.offset, record.end):
            path = put(tmp_path, SMALL[:at] + bytes([SMALL[at] ^ 1 << at % 8]) + SMALL[at + 1 :])
            result = verify(path)
            assert not result.ok
            assert result.first_bad == record.offset


@pytest.mark.requirement("I-14")
def test_every_truncation_is_found_with_the_sidecar_or_an_anchor(tmp_path: Path) -> None:
    """Cut to any length, a journal contradicts its sidecar, and an anchor of its last head."""
    mark = SMALL_WRITER.mark()
    sidecar = write_head(tmp_path / "elsewhere", make_head(RUN[:8], mark))
    for length in range(1, len(SMALL)):
        path = put(tmp_path, SMALL[:length])
        for result in (verify(path, anchor=mark.head.hex()), verify(path, sidecar)):
            assert not result.ok
            assert result.first_bad is not None
            assert result.first_bad <= length
    path = put(tmp_path, SMALL)
    assert verify(path, sidecar, anchor=mark.head.hex()).ok


def rechained(records: list[Record]) -> bytes:
    """Forge: write records again with CRCs, groups and hashes that fit, as one who knows the format would."""
    kept = [record for record in records if record.kind != GROUP]
    sink = MemorySink()
    writer = JournalWriter(sink, kept[0].raw)
    for record in kept[1:]:
        if record.kind == RUN_END:
            break
        writer._record.truncate(0)
        writer._record.write(record.raw[:-4])
        writer._known_ns = record.ts_known_ns
        writer._finish()
    writer.close(133, STATE)
    return sink.data


def edit(rng: random.Random) -> bytes:
    """Change one byte."""
    at = rng.randrange(len(LONG))
    return LONG[:at] + bytes([LONG[at] ^ rng.randrange(1, 256)]) + LONG[at + 1 :]


def edit_with_crc(rng: random.Random) -> bytes:
    """Change one byte of a payload and mend the record's CRC."""
    record = rng.choice(RECORDS)
    payload = bytearray(record.payload)
    payload[rng.randrange(len(payload))] ^= rng.randrange(1, 256)
    forged = frame_record(record.kind, bytes(payload), record.ts_event_ns, record.ts_known_ns)
    return LONG[: record.offset] + forged + LONG[record.end :]


def delete(rng: random.Random) -> bytes:
    """Drop some records."""
    at = rng.randrange(len(RECORDS))
    last = rng.choice([record for record in RECORDS[at : at + 80] if record is not RECORDS[-1]] or [RECORDS[0]])
    return LONG[: min(RECORDS[at], last, key=lambda each: each.offset).offset] + LONG[last.end :]


def reorder(rng: random.Random) -> bytes:
    """Swap two different records."""
    while True:
        one, two = sorted(rng.sample(RECORDS, 2), key=lambda record: record.offset)
        if one.raw != two.raw:
            return LONG[: one.offset] + two.raw + LONG[one.end : two.offset] + one.raw + LONG[two.end :]


def insert(rng: random.Random) -> bytes:
    """Put a copy of some record, or bytes, anywhere between records, the end included."""
    at = rng.choice(RECORDS).end
    return LONG[:at] + rng.choice([rng.choice(RECORDS).raw, rng.randbytes(rng.randrange(1, 60))]) + LONG[at:]


def truncate(rng: random.Random) -> bytes:
    """Cut anywhere; half the time between two records."""
    return LONG[: rng.choice([rng.randrange(1, len(LONG)), rng.choice(RECORDS[:-1]).end])]


def swap_groups(rng: random.Random) -> bytes:
    """Move a whole group, with the record that closes it, to another place."""
    ends = [RECORDS[0].end, *(record.end for record in RECORDS if record.kind == GROUP)]
    one, two = sorted(rng.sample(range(len(ends) - 1), 2))
    groups = [LONG[begin:end] for begin, end in pairwise(ends)]
    groups[one], groups[two] = groups[two], groups[one]
    return LONG[: ends[0]] + b"".join(groups)


def forge(rng: random.Random) -> bytes:
    """Drop a record and write all that follows anew, so that CRC and chain fit."""
    gone = rng.randrange(1, len(RECORDS) - 2)
    while RECORDS[gone].kind in (GROUP, RUN_END):
        gone -= 1
    return rechained(RECORDS[:gone] + RECORDS[gone + 1 :])


PLAIN: tuple[Callable[[random.Random], bytes], ...] = (edit, edit_with_crc, delete, reorder, insert, swap_groups)
HEADED: tuple[Callable[[random.Random], bytes], ...] = (truncate, forge)


def tamper(folder: Path, seeds: range) -> list[tuple[int, str]]:
    """Tamper once a seed; return those that were not found. Cuts and forgeries are held against sidecar or anchor."""
    path = run_to_end(folder)
    assert path.read_bytes() == LONG
    anchor = read_head(head_path(path)).head
    missed = []
    for seed in seeds:
        rng = random.Random(seed)
        how = rng.choice(PLAIN + HEADED)
        changed = how(rng)
        assert changed != LONG
        path.write_bytes(changed)
        if not found(path, how in HEADED, anchor if seed % 2 else None):
            missed.append((seed, how.__name__))
    return missed


def found(path: Path, headed: bool, anchor: str | None) -> bool:
    """Say whether an audit finds fault; what needs neither sidecar nor anchor is given none."""
    sidecar = head_path(path)
    kept = sidecar.read_bytes()
    if not headed or anchor is not None:
        sidecar.unlink()
    try:
        return not verify(path, anchor=anchor if headed else None).ok
    except BadInput:
        return True
    finally:
        sidecar.write_bytes(kept)


@pytest.mark.requirement("I-14")
def test_a_hundred_random_tamperings_are_all_found(tmp_path: Path) -> None:
    """Edits, deletions, swaps, insertions, cuts and forgeries: none is missed."""
    assert tamper(tmp_path, range(100)) == []


@pytest.mark.slow
@pytest.mark.requirement("I-14")
def test_a_thousand_random_tamperings_are_all_found(tmp_path: Path) -> None:
    """The same, a thousand times."""
    assert tamper(tmp_path, range(1000, 2000)) == []


def test_the_forgery_of_the_battery_is_a_good_one(tmp_path: Path) -> None:
    """What the battery forges passes by itself: only sidecar, signature or anchor find it."""
    path = put(tmp_path, forge(random.Random(1)))
    result = verify(path)
    assert result.ok
    assert "No sidecar and no anchor" in result.notes[0]
    assert rechained(RECORDS) == LONG


def test_an_anchor_may_be_any_head_of_the_chain(tmp_path: Path) -> None:
    """A head noted while the run went on is found later; one of another journal is not."""
    path = put(tmp_path, LONG)
    heads = [record.payload[16:].hex() for record in RECORDS if record.kind == GROUP]
    assert len(heads) > 5
    for head in heads:
        assert verify(path, anchor=head.upper()).ok
    result = verify(path, anchor="ab" * 32)
    assert not result.ok
    assert "anchor" in result.reason


def test_a_journal_that_still_runs_passes_and_says_so(tmp_path: Path) -> None:
    """No end yet, a sidecar of an earlier moment: ok, with a note; cut before that moment: found."""
    path = tmp_path / "journal"
    sink = JournalFile(path, durable=True)
    writer = write_all(sink, 1, 150)
    write_head(path, make_head(RUN, writer.mark()))
    size = writer.mark().size
    for event_number in range(GROUP_RECORDS * 2):
        writer.consumed(1000 + event_number)
        writer.append(Halted(Nanos(1), 0, ""))
    writer.commit()
    result = verify(path)
    assert result.ok
    assert not result.closed
    assert "still runs" in result.notes[0]
    sink.release()
    path.write_bytes(path.read_bytes()[: size - 300])
    assert not verify(path).ok


def test_a_torn_tail_is_found_and_named(tmp_path: Path) -> None:
    """Half a record at the end is no pass."""
    result = verify(put(tmp_path, LONG[: RECORDS[50].end + 10]))
    assert (result.ok, result.first_bad, result.records) == (False, RECORDS[50].end, 51)
    assert "cut after 10 bytes" in result.reason


@pytest.mark.requirement("SAFETY_001")
def test_a_signed_journal_needs_its_signature(tmp_path: Path) -> None:
    """Signed at its end: passes, names the key; without sidecar, unsigned, changed or by another key: found."""
    key = load_or_create_key(tmp_path / "state")
    path = run_to_end(tmp_path, key=key, header=SIGNED)
    result = verify(path)
    assert (result.ok, result.signed_by) == (True, key.public_key)
    assert "compare it" in result.notes[0]
    assert verify(path, public_key=key.public_key.upper()).ok
    assert not verify(path, public_key="ab" * 32).ok

    head = read_head(head_path(path))
    other = load_or_create_key(tmp_path / "other")
    changes = (
        msgspec.structs.replace(head, signature="", public_key=""),
        msgspec.structs.replace(head, signature=("1" if head.signature[0] == "0" else "0") + head.signature[1:]),
        msgspec.structs.replace(head, public_key=other.public_key),
        msgspec.structs.replace(head, public_key="zz"),
        msgspec.structs.replace(head, run="00" * 32),
    )
    for changed in changes:
        write_head(path, changed)
        assert not verify(path).ok
        assert not verify(path, public_key=key.public_key).ok
    head_path(path).unlink()
    assert "no sidecar" in verify(path).reason


def test_a_truncation_with_a_new_sidecar_needs_the_key(tmp_path: Path) -> None:
    """Who cuts a signed journal and writes a fitting sidecar still lacks the key."""
    key = load_or_create_key(tmp_path / "state")
    path = run_to_end(tmp_path, key=key, header=SIGNED)
    records = list(read_records([path.read_bytes()], ""))
    cut = [record for record in records if record.kind == GROUP][2]
    path.write_bytes(path.read_bytes()[: cut.end])
    forged = Head(
        run=RUN,
        records=records.index(cut) + 1,
        size=cut.end,
        head=cut.payload[16:].hex(),
        closed=False,
        public_key=key.public_key,
    )
    for head in (forged, msgspec.structs.replace(forged, public_key="")):
        write_head(path, head)
        result = verify(path)
        assert not result.ok
        assert "sign" in result.reason
    thief = load_or_create_key(tmp_path / "thief")
    mine = msgspec.structs.replace(forged, public_key=thief.public_key)
    write_head(path, msgspec.structs.replace(mine, signature=thief.sign(mine.signed_bytes())))
    assert verify(path).ok
    assert not verify(path, public_key=key.public_key).ok


def test_a_damaged_sidecar_is_found(tmp_path: Path) -> None:
    """Each byte of a signed sidecar that changes its content is missed."""
    key = load_or_create_key(tmp_path / "state")
    path = run_to_end(tmp_path, key=key)
    good = head_path(path).read_bytes()
    for at in range(0, len(good), 3):
        head_path(path).write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        assert not verify(path).ok
    head_path(path).write_bytes(b"{}")
    assert "damaged" in verify(path).reason


def test_what_cannot_be_audited_is_bad_input(tmp_path: Path) -> None:
    """A file that is no journal, a sidecar that is none, an anchor that is no hash: exit 2, not a broken chain."""
    path = put(tmp_path, LONG)
    (tmp_path / "text").write_bytes(b"hello, this is no journal")
    (tmp_path / "empty").write_bytes(b"")
    for wrong in (tmp_path / "text", tmp_path / "empty", tmp_path / "missing"):
        with pytest.raises(BadInput):
            verify(wrong)
    for head in (tmp_path / "text", tmp_path / "missing", tmp_path):
        with pytest.raises(BadInput):
            verify(path, head)
    for text in ("", "ab", "zz" * 32):
        with pytest.raises(BadInput, match="64 hex"):
            verify(path, anchor=text)


def test_a_sidecar_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """What is read back is what was written, no draft stays, and a folder that is missing is a fault outside."""
    head = make_head(RUN, write_all(MemorySink(), 1, 52).mark())
    path = write_head(tmp_path / "journal", head)
    assert path.name == "journal.head"
    assert read_head(path) == head
    assert [each.name for each in tmp_path.iterdir()] == ["journal.head"]
    with pytest.raises(OutsideFault):
        write_head(tmp_path / "no" / "journal", head)
    write_head(tmp_path / "journal", msgspec.structs.replace(head, schema=2))
    with pytest.raises(BadInput, match="schema 2"):
        read_head(path)


def test_the_key_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    """First use makes a file of mode 600; later uses read it; one that others may read is refused."""
    key = load_or_create_key(tmp_path / "state")
    file = tmp_path / "state" / "journal.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in (tmp_path / "state").iterdir()] == ["journal.key"]
    assert load_or_create_key(tmp_path / "state").public_key == key.public_key
    assert load_or_create_key(tmp_path / "other").public_key != key.public_key
    secret = file.read_text().strip()
    assert secret not in repr(key)
    file.chmod(0o640)
    with pytest.raises(BadInput, match="chmod 600"):
        load_or_create_key(tmp_path / "state")
    file.chmod(0o600)
    for content in ("", "zz" * 32, "ab" * 31):
        file.write_text(content)
        with pytest.raises(BadInput, match="not a key"):
            load_or_create_key(tmp_path / "state")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutsideFault):
        load_or_create_key(tmp_path / "file")


def test_results_say_the_first_fault_only() -> None:
    """The first contradiction stands; what follows from it does not replace it."""
    result = AuditResult()
    result.fail("first", 7)
    result.fail("second", 3)
    assert (result.ok, result.reason, result.first_bad) == (False, "first", 7)
