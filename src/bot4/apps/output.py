# SPDX-License-Identifier: Apache-2.0
"""Where a run's files go: a folder that is either whole or called ``.part``.

::

    runs/
        backtest-1a2b3c4d.part/   being written, or left by a run that was cut
        backtest-1a2b3c4d/        whole: it got this name in one step, when everything in it was on the disk
        backtest-1a2b3c4d.old/    its predecessor, while it is being replaced

A run's name is a function of its inputs, so the same run replaces itself. A cut
between the two renames leaves ``.old`` alone: the next run of that name puts it
back first. The folder being written is locked; the lock ends with the process.
"""

import fcntl
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final, final

from bot4.adapters.stores.journal_file import disk_fault, sync_folder
from bot4.adapters.stores.journal_recovery import recover
from bot4.domain.errors import BadInput, OutsideFault

RUNS: Final = Path("runs")
"""Where runs go unless told otherwise, below the working folder."""

PART: Final = ".part"
OLD: Final = ".old"
RUN_SHOWN: Final = 8
JOURNAL: Final = "journal"


@final
class RunFolder:
    """Write one run's files, and make them the run's when all are there.

    Parameters
    ----------
    parent : Path
        The folder that holds runs; made where it is missing.
    command : str
        ``"backtest"``, ``"paper"``, ``"demo"``.
    run : str
        The run's identity; its first 8 characters name the folder.

    Attributes
    ----------
    path : Path
        Where the files are: the ``.part`` folder after :meth:`open`, the final one after :meth:`publish`.
    """

    def __init__(self, parent: Path, command: str, run: str) -> None:
        name = f"{command}-{run[:RUN_SHOWN]}"
        self.final = parent / name
        self.part = parent / (name + PART)
        self.old = parent / (name + OLD)
        self.path = self.part
        self._lock = -1

    def open(self, *, resume: bool = False) -> Path:
        """Make the folder that is written into, and return it.

        Parameters
        ----------
        resume : bool
            Whether to keep what a cut or interrupted run of the same name left.
            Otherwise its ``.part`` is removed and a new one begun.

        Raises
        ------
        BadInput
            If a file stands where folders are wanted, there is nothing to resume, or the run ended by itself.
        OutsideFault
            If another process writes this run, or the system refuses.
        """
        try:
            make_parent(self.part.parent)
            self._mend()
            if resume:
                self._take_up()
            elif self.part.exists():
                self._hold()
                shutil.rmtree(self.part)
                self.release()
            self.part.mkdir(exist_ok=resume)
            self._hold()
        except OSError as error:
            self.release()
            raise disk_fault(self.part, "making the folder", error) from error
        self.path = self.part
        return self.part

    def publish(self) -> Path:
        """Give the folder its name, replacing the same run's older one, and return it.

        Everything in it is on the disk before it is renamed.

        Raises
        ------
        OutsideFault
            If the system refuses; the older folder stands then, or stands again.
        """
        try:
            for file in sorted(self.part.rglob("*")):
                _sync(file)
            sync_folder(self.part)
            if self.final.exists():
                self.final.rename(self.old)
            self.part.rename(self.final)
            sync_folder(self.final.parent)
        except OSError as error:
            self._mend()
            raise disk_fault(self.final, "renaming the finished folder", error) from error
        shutil.rmtree(self.old, ignore_errors=True)  # what stays is removed by the next run of this name
        self.path = self.final
        self.release()
        return self.final

    def release(self) -> None:
        """Let go of the lock, whatever became of the run; twice does no harm."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _mend(self) -> None:
        """Put back, or clear away, the predecessor that a cut replacement left."""
        if not self.old.exists():
            return
        if self.final.exists():
            shutil.rmtree(self.old)
        else:
            self.old.rename(self.final)

    def _take_up(self) -> None:
        """Find the run to go on with: one that was cut, or else one ended early; a whole one stays as it is."""
        if self.part.is_dir():
            return
        if not (self.final / JOURNAL).is_file():
            raise BadInput(
                "--resume",
                f"no run {self.final.name} in {self.final.parent}",
                "a run that was begun here with the same inputs",
                "Leave out --resume to begin it, or name the folder with --out.",
                "no_run",
            )
        if recover(self.final / JOURNAL).is_complete:
            raise BadInput(
                str(self.final), "a run that ended", "one that was cut or stopped", "Leave out --resume.", "complete"
            )
        self.final.rename(self.part)

    def _hold(self) -> None:
        """Lock the folder for this process."""
        self._lock = os.open(self.part, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise OutsideFault(
                str(self.part), "another process writes this run", "one writer", "Wait for it, or end it.", "locked"
            ) from None


def make_parent(folder: Path) -> None:
    """Make the folder that holds runs, and those above it, where they are missing; OSError where the system refuses.

    Raises
    ------
    BadInput
        If one of them is a file.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        file = next((path for path in (folder, *folder.parents) if path.exists()), folder)
        raise BadInput(
            "--out",
            f"{file} is a file",
            "a folder, or a name still free",
            "Name another folder with --out.",
            "no_folder",
        ) from None


def write_whole(path: Path, data: bytes) -> Path:
    """Write a file whole or not at all, and return its path.

    Raises
    ------
    OutsideFault
        If the system refuses.
    """
    draft = path.with_name(path.name + ".draft")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise disk_fault(path, "writing", error) from error
    return path


def find_run(name: str, parent: Path = RUNS) -> Path:
    """Return the folder of a run: given as a path, as ``<command>-<run8>``, or by the first characters of its id.

    Raises
    ------
    BadInput
        If there is none, or more than one.
    """
    given = Path(name)
    if (given / JOURNAL).is_file():
        return given
    found = [folder for folder in runs_in(parent) if folder.name.removesuffix(PART) == name.removesuffix(PART)]
    if not found and name:
        found = [folder for folder in runs_in(parent) if folder.name.rpartition("-")[2].startswith(name[:RUN_SHOWN])]
    if len(found) == 1:
        return found[0]
    what = f"no run {name!r} in {parent}" if not found else f"{name!r} fits {len(found)} runs in {parent}"
    raise BadInput(name, what, _list_of(found or runs_in(parent)), "Name the run's folder.", "no_run")


def newest_run(parent: Path = RUNS) -> Path:
    """Return the run whose journal was written last, finished or not.

    Raises
    ------
    BadInput
        If there is none.
    """
    folders = runs_in(parent)
    if not folders:
        raise BadInput(
            str(parent),
            "no run",
            "a folder with runs in it",
            "Make one: bot4 demo; or name one: --journal J.",
            "no_run",
        )
    return max(folders, key=lambda folder: (folder / JOURNAL).stat().st_mtime_ns)


def runs_in(parent: Path) -> list[Path]:
    """Return the folders of runs in a folder, by name; none where it is missing."""
    if not parent.is_dir():
        return []
    return sorted(f for f in parent.iterdir() if (f / JOURNAL).is_file() and f.suffix != OLD)


def journal_of(path: Path) -> Path:
    """Return the journal that a path means: itself, or the one in the folder of a run."""
    return path / JOURNAL if path.is_dir() else path


def _list_of(folders: Sequence[Path]) -> str:
    """Return names of runs, the first ten."""
    names = [folder.name for folder in folders]
    return ", ".join(names[:10]) + (", ..." if len(names) > 10 else "") if names else "none is there"


def _sync(path: Path) -> None:
    """Have a file's bytes on the disk; folders are synced by themselves."""
    if path.is_dir():
        sync_folder(path)
        return
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
