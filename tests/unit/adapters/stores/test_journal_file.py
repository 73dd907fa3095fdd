# SPDX-License-Identifier: Apache-2.0
"""The journal's file: one writer, whole writes, honest syncs, and faults in words that help."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot4.adapters.stores.journal_file import FileCalls, JournalFile
from bot4.adapters.stores.journal_reader import open_journal, read_chunks
from bot4.domain.errors import BadInput, Corrupt, OutsideFault
from tests.unit.record.events import HEADER, STATE, journal_bytes, seeded_events, write_all


def uncovered(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a process that coverage does not follow: it could not write its own data there, and would say so."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    return subprocess.run(arguments, check=False, capture_output=True, text=True, env=environment)


class Calls(FileCalls):
    """Count the calls, write at most a few bytes at once, and fail when told to."""

    def __init__(self, *, at_once: int = 1 << 20) -> None:
        self.at_once = at_once
        self.writes = 0
        self.syncs = 0
        self.fail_write: int | None = None
        self.fail_sync: int | None = None

    def write(self, file: int, data: memoryview) -> int:
        """Write some of the bytes."""
        self.writes += 1
        if self.fail_write is not None:
            raise OSError(self.fail_write, os.strerror(self.fail_write))
        return super().write(file, data[: self.at_once])

    def sync(self, file: int) -> None:
        """Sync once; a retry would succeed, as it does in the world."""
        self.syncs += 1
        if self.fail_sync is not None:
            number, self.fail_sync = self.fail_sync, None
            raise OSError(number, os.strerror(number))
        super().sync(file)


@pytest.mark.parametrize("durable", [False, True])
def test_the_file_holds_what_the_writer_wrote(tmp_path: Path, durable: bool) -> None:
    """The bytes on disk are those of the writer, and reading gives them back record by record."""
    sink = JournalFile(tmp_path / "journal", durable=durable)
    write_all(sink, 1, 200).close(66, STATE)
    assert (tmp_path / "journal").read_bytes() == journal_bytes(1, 200)
    journal = open_journal(tmp_path / "journal")
    assert journal.header == HEADER
    for _ in range(2):
        assert b"".join(record.raw for record in journal) == journal_bytes(1, 200)


def test_short_writes_are_continued(tmp_path: Path) -> None:
    """A system that takes seven bytes at a time still gets them all, in order."""
    calls = Calls(at_once=7)
    write_all(JournalFile(tmp_path / "journal", durable=False, calls=calls), 1, 50).close(16, STATE)
    assert (tmp_path / "journal").read_bytes() == journal_bytes(1, 50)
    assert calls.writes > 300


def test_a_durable_journal_syncs_each_commit_and_a_repeatable_one_only_its_end(tmp_path: Path) -> None:
    """The policy decides how often the disk is waited for, not what is written."""
    for durable, at_least, at_most in ((True, 40, 60), (False, 1, 1)):
        calls = Calls()
        path = tmp_path / f"journal-{durable}"
        writer = write_all(JournalFile(path, durable=durable, calls=calls), 1, 100)
        for event in seeded_events(3, 40):
            writer.append(event)
            writer.commit()
        writer.close(140, STATE)
        assert at_least <= calls.syncs <= at_most


def test_a_group_is_with_the_system_before_the_process_can_die(tmp_path: Path) -> None:
    """Without close or sync, another reader sees every whole group."""
    sink = JournalFile(tmp_path / "journal", durable=False)
    writer = write_all(sink, 1, 200)
    size = writer.mark().size
    assert (tmp_path / "journal").stat().st_size == size
    assert size > 10_000
    sink.release()


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    """While one writes, neither this process nor another may open the file for writing."""
    path = tmp_path / "journal"
    sink = JournalFile(path, durable=False)
    write_all(sink, 1, 10)
    with pytest.raises(OutsideFault, match="another process writes it") as caught:
        JournalFile(path, durable=False, resume=100)
    assert caught.value.code == "locked"
    code = (
        "import sys; from pathlib import Path; from bot4.domain.errors import OutsideFault\n"
        "from bot4.adapters.stores.journal_file import JournalFile\n"
        "try: JournalFile(Path(sys.argv[1]), durable=False, resume=100)\n"
        "except OutsideFault as fault: sys.exit(3 if fault.code == 'locked' else 1)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == 3
    before = path.read_bytes()
    sink.release()
    JournalFile(path, durable=False, resume=len(before)).release()
    assert path.read_bytes() == before


def test_an_existing_journal_is_never_overwritten(tmp_path: Path) -> None:
    """A new journal needs a new name; the old bytes stay."""
    (tmp_path / "journal").write_bytes(b"old")
    with pytest.raises(BadInput, match="there is a journal already"):
        JournalFile(tmp_path / "journal", durable=False)
    assert (tmp_path / "journal").read_bytes() == b"old"


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "disk_full"), (errno.EIO, "disk_failed")])
def test_a_failed_write_ends_the_journal(tmp_path: Path, number: int, code: str) -> None:
    """The fault names place and mend; after it nothing is acknowledged, even if the disk recovers."""
    calls = Calls()
    sink = JournalFile(tmp_path / "journal", durable=True, calls=calls)
    writer = write_all(sink, 1, 10)
    calls.fail_write = number
    with pytest.raises(OutsideFault) as caught:
        writer.commit()
    assert caught.value.code == code
    assert str(tmp_path) in caught.value.place
    assert caught.value.mend
    calls.fail_write = None
    for refused in (writer.commit, sink.sync, lambda: sink.write(b"x"), lambda: writer.close(0, STATE)):
        with pytest.raises(OutsideFault, match="failed before"):
            refused()
    sink.release()
    assert journal_bytes(1, 10).startswith((tmp_path / "journal").read_bytes())


@pytest.mark.requirement("I-5")
def test_a_failed_sync_is_never_retried_into_success(tmp_path: Path) -> None:
    """After one failed fsync a second would report success over lost pages: it is not asked."""
    calls = Calls()
    sink = JournalFile(tmp_path / "journal", durable=True, calls=calls)
    writer = write_all(sink, 1, 10)
    calls.fail_sync = errno.EIO
    with pytest.raises(OutsideFault, match="syncing"):
        writer.commit()
    syncs = calls.syncs
    for refused in (writer.commit, sink.sync, sink.close):
        with pytest.raises(OutsideFault, match="failed before"):
            refused()
    assert calls.syncs == syncs


def test_a_full_disk_is_said_and_leaves_no_whole_file(tmp_path: Path) -> None:
    """With a limit on the file's size the run ends with words, and what stands has no end of the run."""
    path = tmp_path / "journal"
    code = (
        "import resource, signal, sys; from pathlib import Path; from bot4.domain.errors import OutsideFault\n"
        "from bot4.adapters.stores.journal_file import JournalFile\n"
        "from tests.unit.record.events import write_all\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))\n"
        "try: write_all(JournalFile(Path(sys.argv[1]), durable=False), 1, 1000)\n"
        "except OutsideFault as fault: print(fault); sys.exit(3)"
    )
    done = uncovered([sys.executable, "-c", code, str(path)])
    assert (done.returncode, done.stderr) == (3, "")
    assert "writing" in done.stdout
    assert "ulimit" in done.stdout
    assert path.stat().st_size == 20000
    assert journal_bytes(1, 1000).startswith(path.read_bytes())


def test_a_folder_that_may_not_be_written_is_said(tmp_path: Path) -> None:
    """No permission: place, and what to do. Root may write anywhere, so the try is made as nobody."""
    tmp_path.chmod(0o500)
    code = (
        "import os, sys; from pathlib import Path; from bot4.domain.errors import OutsideFault\n"
        "from bot4.adapters.stores.journal_file import JournalFile\n"
        "if os.geteuid() == 0: os.setuid(65534)\n"
        "try: JournalFile(Path(sys.argv[1]), durable=False)\n"
        "except OutsideFault as fault: print(fault); sys.exit(3 if fault.code == 'not_allowed' else 1)"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path / "journal")]
    done = uncovered(arguments)
    assert (done.returncode, done.stderr) == (3, "")
    assert "Choose a folder that you may write" in done.stdout


def test_a_folder_that_is_missing_is_said(tmp_path: Path) -> None:
    """No folder: the fault names the path."""
    with pytest.raises(OutsideFault, match="opening"):
        JournalFile(tmp_path / "no" / "journal", durable=False)


def test_reading_names_what_is_no_journal(tmp_path: Path) -> None:
    """A missing, empty or other file is bad input; a damaged header is corruption at byte 0."""
    for name, content in (("text", b"hello, this is no journal"), ("empty", b""), ("zeros", bytes(99))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BadInput, match="a bot4 journal"):
            open_journal(tmp_path / name)
    for missing in (tmp_path / "missing", tmp_path):
        with pytest.raises(BadInput):
            open_journal(missing)
    data = bytearray(journal_bytes(1, 10))
    data[40] ^= 1
    (tmp_path / "damaged").write_bytes(data)
    with pytest.raises(Corrupt) as caught:
        open_journal(tmp_path / "damaged")
    assert caught.value.offset == 0


def test_reading_changes_nothing(tmp_path: Path) -> None:
    """A reader opens nothing for writing, and neither the bytes nor the times of the file change."""
    path = tmp_path / "journal"
    path.write_bytes(journal_bytes(1, 50) + b"torn")
    path.chmod(0o400)
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    code = (
        "import os, sys; from pathlib import Path\n"
        "from bot4.adapters.stores.journal_reader import open_journal\n"
        "flags = []\n"
        "sys.addaudithook(lambda name, what: name == 'open' and flags.append(what[2]))\n"
        "count = len(list(open_journal(Path(sys.argv[1]))))\n"
        "print(count > 50, len(flags) > 1, any(f & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) for f in flags))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["True", "True", "False"]
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_part_of_a_file_is_read_as_asked(tmp_path: Path) -> None:
    """Begin and end of what is read can be given."""
    (tmp_path / "file").write_bytes(bytes(range(100)))
    assert b"".join(read_chunks(tmp_path / "file", 10, 20)) == bytes(range(10, 20))
    assert b"".join(read_chunks(tmp_path / "file", 90)) == bytes(range(90, 100))


def test_a_closed_or_released_journal_takes_nothing_more(tmp_path: Path) -> None:
    """After release every call is refused; releasing again does no harm."""
    sink = JournalFile(tmp_path / "journal", durable=True)
    sink.write(b"begin")
    sink.release()
    sink.release()
    calls: list[Callable[[], None]] = [lambda: sink.write(b"more"), sink.sync, sink.close]
    for refused in calls:
        with pytest.raises(OutsideFault, match="is closed"):
            refused()
    assert (tmp_path / "journal").read_bytes() == b"begin"


def test_closing_cuts_what_is_not_ours(tmp_path: Path) -> None:
    """Bytes that something else put behind the journal are gone once it is closed; resuming cuts the tail."""
    path = tmp_path / "journal"
    sink = JournalFile(path, durable=False)
    sink.write(b"ours")
    with path.open("ab") as other:
        other.write(b"not ours")
    sink.close()
    assert path.read_bytes() == b"ours"
    again = JournalFile(path, durable=False, resume=2)
    again.write(b"!")
    again.close()
    assert path.read_bytes() == b"ou!"


def test_what_cannot_be_cut_to_length_is_said() -> None:
    """A device has no length: the system's refusal is told with its place."""
    with pytest.raises(OutsideFault, match="cutting to length"):
        JournalFile(Path("/dev/null"), durable=False, resume=1)
