# SPDX-License-Identifier: Apache-2.0
"""The folder of a run: whole or called .part, replaced in one step, resumable, locked."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot4.adapters.stores.journal_file import JournalFile
from bot4.apps.output import RunFolder, find_run, journal_of, newest_run, runs_in, write_whole
from bot4.domain.errors import BadInput, OutsideFault
from bot4.record.header import JournalHeader, header_record
from bot4.record.journal import JournalWriter

RUN = "1a2b3c4d" + "e" * 56


def finished(parent: Path, text: str = "first", command: str = "backtest", run: str = RUN) -> Path:
    """Write a whole run whose journal holds ``text``."""
    folder = RunFolder(parent, command, run)
    (folder.open() / "journal").write_text(text)
    return folder.publish()


def test_a_run_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    """Until it is published nothing stands under the final name; afterwards nothing else stands there."""
    folder = RunFolder(tmp_path / "runs", "backtest", RUN)
    path = folder.open()
    assert path.name == "backtest-1a2b3c4d.part"
    (path / "journal").write_text("x")
    assert not folder.final.exists()
    assert folder.publish() == folder.final == folder.path
    assert [p.name for p in (tmp_path / "runs").iterdir()] == ["backtest-1a2b3c4d"]


def test_the_same_run_replaces_itself(tmp_path: Path) -> None:
    """The second run of one name leaves one folder, with its own files alone in it."""
    first = finished(tmp_path)
    (first / "stray").write_text("x")
    second = finished(tmp_path, "second")
    assert second == first
    assert [p.name for p in tmp_path.iterdir()] == [first.name]
    assert [p.name for p in first.iterdir()] == ["journal"]
    assert (first / "journal").read_text() == "second"


def test_a_cut_run_leaves_the_older_one_and_its_part(tmp_path: Path) -> None:
    """A run that never publishes does not touch its predecessor; the next one begins anew."""
    whole = finished(tmp_path)
    cut = RunFolder(tmp_path, "backtest", RUN)
    (cut.open() / "journal").write_text("half")
    cut.release()
    assert (whole / "journal").read_text() == "first"
    again = RunFolder(tmp_path, "backtest", RUN)
    assert list(again.open().iterdir()) == []


def test_a_cut_run_is_taken_up(tmp_path: Path) -> None:
    """With resume, what stood in the .part folder still stands."""
    cut = RunFolder(tmp_path, "backtest", RUN)
    (cut.open() / "journal").write_text("half")
    cut.release()
    again = RunFolder(tmp_path, "backtest", RUN)
    assert (again.open(resume=True) / "journal").read_text() == "half"


def ended(parent: Path, *, interrupted: bool) -> Path:
    """Write a whole run with a real journal that was closed."""
    folder = RunFolder(parent, "backtest", RUN)
    header = JournalHeader(run=RUN, command="backtest", config={})
    journal = JournalWriter(JournalFile(folder.open() / "journal", durable=False), header_record(header))
    journal.close(3, bytes(32), interrupted)
    return folder.publish()


def test_an_interrupted_run_is_taken_up_from_its_final_folder(tmp_path: Path) -> None:
    """A run that was ended early and published goes on under the .part name, with its journal."""
    whole = ended(tmp_path, interrupted=True)
    data = (whole / "journal").read_bytes()
    again = RunFolder(tmp_path, "backtest", RUN)
    assert (again.open(resume=True) / "journal").read_bytes() == data
    assert not again.final.exists()


def test_a_complete_run_is_not_taken_up_and_keeps_its_name(tmp_path: Path) -> None:
    """Resuming a run that ended by itself is refused, and its folder stands as it was."""
    whole = ended(tmp_path, interrupted=False)
    with pytest.raises(BadInput, match="a run that ended"):
        RunFolder(tmp_path, "backtest", RUN).open(resume=True)
    assert [path.name for path in tmp_path.iterdir()] == [whole.name]


def test_nothing_to_resume_is_bad_input(tmp_path: Path) -> None:
    """Resuming a run that was never begun says so."""
    with pytest.raises(BadInput, match="no run backtest-1a2b3c4d"):
        RunFolder(tmp_path, "backtest", RUN).open(resume=True)


@pytest.mark.parametrize("replaced", [True, False])
def test_a_cut_between_the_two_renames_loses_nothing(tmp_path: Path, replaced: bool) -> None:
    """Whatever a killed replacement left, the next run finds one whole folder under the final name."""
    folder = finished(tmp_path, "kept")
    old = folder.with_name(folder.name + ".old")
    if replaced:
        old.mkdir()
        (old / "journal").write_text("older")
    else:
        folder.rename(old)
    following = RunFolder(tmp_path, "backtest", RUN)
    following.open()
    assert (folder / "journal").read_text() == "kept"
    assert not old.exists()


def test_a_failed_rename_puts_the_older_run_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the second rename fails, the predecessor has its name again and the part is kept."""
    whole = finished(tmp_path)
    folder = RunFolder(tmp_path, "backtest", RUN)
    (folder.open() / "journal").write_text("second")
    rename = Path.rename

    def fail(self: Path, target: Path) -> Path:
        if self == folder.part:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OutsideFault, match="renaming"):
        folder.publish()
    assert (whole / "journal").read_text() == "first"
    assert (folder.part / "journal").read_text() == "second"


def test_two_processes_do_not_write_one_run(tmp_path: Path) -> None:
    """The lock of a folder is seen by another process, and ends with its holder."""
    folder = RunFolder(tmp_path, "backtest", RUN)
    folder.open()
    code = (
        "import sys; from pathlib import Path; from bot4.apps.output import RunFolder\n"
        f"RunFolder(Path(sys.argv[1]), 'backtest', {RUN!r}).open(resume=True)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "another process writes this run" in done.stderr
    folder.release()
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_place_that_cannot_be_written_is_a_fault_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that refuses names the path and the mend."""

    def refuse(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OutsideFault) as caught:
        RunFolder(tmp_path / "runs", "backtest", RUN).open()
    assert str(tmp_path / "runs") in caught.value.place
    assert caught.value.mend


@pytest.mark.parametrize("below", [".", "deep/runs"])
def test_a_file_where_a_folder_is_wanted_is_bad_input(tmp_path: Path, below: str) -> None:
    """The file in the way is named, whether it has the folder's own name or that of one above it."""
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(BadInput) as caught:
        RunFolder(tmp_path / "runs" / below, "backtest", RUN).open()
    assert (caught.value.place, caught.value.value) == ("--out", f"{tmp_path / 'runs'} is a file")
    assert caught.value.mend


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "disk_full"), (errno.EACCES, "not_allowed")])
def test_a_full_disk_leaves_the_older_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    """A file that cannot be written whole is not written: the older one stands and no draft lies about."""
    path = write_whole(tmp_path / "summary.json", b"old")

    def refuse(self: Path, data: bytes) -> int:
        self.touch()
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(OutsideFault) as caught:
        write_whole(path, b"new")
    assert caught.value.code == code
    assert [p.name for p in tmp_path.iterdir()] == ["summary.json"]
    assert path.read_bytes() == b"old"


def test_a_run_is_found_by_path_name_and_beginning(tmp_path: Path) -> None:
    """The folder itself, its name with or without .part, and the first characters of its id all lead to it."""
    whole = finished(tmp_path)
    cut = RunFolder(tmp_path, "paper", "9f" + RUN)
    (cut.open() / "journal").write_text("half")
    cut.release()
    assert find_run(str(whole), tmp_path) == whole
    assert find_run("backtest-1a2b3c4d", tmp_path) == whole
    assert find_run(RUN, tmp_path) == whole
    assert find_run("1a2b", tmp_path) == whole
    assert find_run("paper-9f1a2b3c", tmp_path) == cut.part
    assert find_run("9f", tmp_path) == cut.part
    for wrong in ("nothing", ""):
        with pytest.raises(BadInput, match="no run"):
            find_run(wrong, tmp_path)
    finished(tmp_path, command="demo")
    with pytest.raises(BadInput, match="fits 2 runs"):
        find_run("1a2b", tmp_path)


def test_the_newest_run_is_the_one_written_last(tmp_path: Path) -> None:
    """Modification of the journal decides, whether the run is whole or cut; replaced ones do not count."""
    older = finished(tmp_path, run="a" * 64)
    newer = finished(tmp_path, run="b" * 64)
    os.utime(newer / "journal", ns=(5, 5))
    os.utime(older / "journal", ns=(9, 9))
    (tmp_path / "backtest-cccccccc.old").mkdir()
    (tmp_path / "backtest-cccccccc.old" / "journal").write_text("x")
    assert newest_run(tmp_path) == older
    assert runs_in(tmp_path) == [older, newer]
    with pytest.raises(BadInput, match="bot4 demo"):
        newest_run(tmp_path / "none")


def test_a_journal_is_meant_by_its_folder_too(tmp_path: Path) -> None:
    """A command that takes a journal takes the folder of its run."""
    whole = finished(tmp_path)
    assert journal_of(whole) == whole / "journal"
    assert journal_of(whole / "journal") == whole / "journal"
