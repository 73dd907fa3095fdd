# SPDX-License-Identifier: Apache-2.0
"""The journal as a file that is written: one writer, whole writes, honest syncs.

What the bytes mean is :mod:`bot4.record`'s; reading is
:mod:`bot4.adapters.stores.journal_reader`'s. A failed write or sync is fatal for
the file: after it nothing is acknowledged any more, since a retried fsync may
report success over lost pages.
"""

import errno
import fcntl
import os
import sys
from pathlib import Path
from typing import Final, final

from bot4.domain.errors import BadInput, OutsideFault
from bot4.record.journal import ByteSink

MENDS: Final = {
    errno.ENOSPC: ("disk_full", "Free space on this disk, then repeat or resume the run."),
    errno.EDQUOT: ("disk_full", "Free space within your quota, then repeat or resume the run."),
    errno.EFBIG: ("file_too_large", "Raise the limit on file sizes (ulimit -f), then repeat or resume the run."),
    errno.EACCES: ("not_allowed", "Choose a folder that you may write, or change its permissions."),
    errno.EPERM: ("not_allowed", "Choose a folder that you may write, or change its permissions."),
    errno.EROFS: ("not_allowed", "Choose a folder on a disk that is not read-only."),
    errno.EIO: ("disk_failed", "Check the disk and the system's log; do not trust this file until it is verified."),
}


def disk_fault(path: Path, doing: str, error: OSError) -> OutsideFault:
    """Say in the words of the error tree what the operating system refused."""
    code, mend = MENDS.get(error.errno or 0, ("disk", "See what the message of the operating system asks for."))
    return OutsideFault(str(path), f"{doing}: {error.strerror}", "a file that can be written and synced", mend, code)


class FileCalls:
    """Make the system calls of a journal that may fail; a test puts failing ones in their place."""

    def write(self, file: int, data: memoryview) -> int:
        """Write some of ``data``, return how many bytes."""
        return os.write(file, data)

    def sync(self, file: int) -> None:
        """Return when the file's data is on the disk."""
        if sys.platform == "darwin":
            fcntl.fcntl(file, fcntl.F_FULLFSYNC)  # plain fsync stops at the drive's cache there
        else:
            os.fdatasync(file)


def sync_folder(folder: Path) -> None:
    """Make a folder's entries durable: a new or renamed file is lost with them otherwise."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


@final
class JournalFile(ByteSink):
    """Write a journal into a file that only this process may write.

    Parameters
    ----------
    path : Path
        The file.
    durable : bool
        True (paper, live): a commit is on the disk before it returns. False
        (backtest): the operating system has each whole group, the disk the
        whole file once it is closed.
    resume : int
        0 makes a new file. Otherwise the file is cut to this many bytes and
        written on: the end of a prefix that was checked.
    calls : FileCalls
        How the system is called.

    Raises
    ------
    BadInput
        If a new file was wanted and there is one.
    OutsideFault
        If the file is locked by another writer, or the system refuses.
    """

    def __init__(self, path: Path, *, durable: bool, resume: int = 0, calls: FileCalls | None = None) -> None:
        super().__init__(durable)
        self.path = path
        self.size = resume
        self.failed = False
        self._calls = calls or FileCalls()
        self._file = open_locked(path, new=resume == 0)
        if resume:
            self._cut()

    def write(self, data: bytes) -> None:
        """Hand all bytes to the operating system; a short write is continued."""
        self._refuse_if_failed()
        rest = memoryview(data)
        try:
            while rest:
                done = self._calls.write(self._file, rest)
                rest = rest[done:]
                self.size += done
        except OSError as error:
            self.failed = True
            raise disk_fault(self.path, "writing", error) from error

    def sync(self) -> None:
        """Return only when everything written is on the disk."""
        self._refuse_if_failed()
        try:
            self._calls.sync(self._file)
        except OSError as error:
            self.failed = True
            raise disk_fault(self.path, "syncing", error) from error

    def close(self) -> None:
        """Cut the file to what was written, sync it, and let go of it."""
        try:
            self._cut()
            self.sync()
        finally:
            self.release()

    def release(self) -> None:
        """Let go of the file as it is, after a fault or for a later resume; twice does no harm."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _cut(self) -> None:
        """Let nothing stand behind the bytes that are ours, and write on from there."""
        self._refuse_if_failed()
        try:
            os.ftruncate(self._file, self.size)
            os.lseek(self._file, self.size, os.SEEK_SET)
        except OSError as error:
            self.failed = True
            raise disk_fault(self.path, "cutting to length", error) from error

    def _refuse_if_failed(self) -> None:
        if self.failed or self._file < 0:
            raise OutsideFault(
                str(self.path),
                "the journal failed before or is closed",
                "a journal without a fault",
                "Resume the run once the disk is in order.",
                "journal_failed",
            )


def open_locked(path: Path, *, new: bool) -> int:
    """Open a journal for writing under an exclusive lock that ends with the process, and make its name durable.

    Raises
    ------
    BadInput
        If a new file was wanted and there is one.
    OutsideFault
        If another writer has the lock, or the system refuses.
    """
    flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT | os.O_EXCL if new else 0)
    try:
        file = os.open(path, flags, 0o644)
    except FileExistsError:
        raise BadInput(
            str(path), "there is a journal already", "a new name", "Resume that run, or remove its folder.", "exists"
        ) from None
    except OSError as error:
        raise disk_fault(path, "opening", error) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if new:
            sync_folder(path.parent)
    except BlockingIOError:
        os.close(file)
        raise OutsideFault(
            str(path), "another process writes it", "one writer", "Wait for the other run, or end it.", "locked"
        ) from None
    except OSError as error:
        os.close(file)
        raise disk_fault(path, "opening", error) from error
    return file
