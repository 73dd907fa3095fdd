# SPDX-License-Identifier: Apache-2.0
"""A run repeated over its own journal: to go on where it was cut, or to prove that nothing differs.

Both are sinks for the same writer: what is written is compared with what stands
until that is used up. Then a resumed run is really appended; a replay may not go on.
"""

from itertools import chain
from pathlib import Path
from typing import final

from bot4.adapters.stores.journal_file import FileCalls, JournalFile
from bot4.adapters.stores.journal_reader import read_chunks
from bot4.record.compare import Differs, first_difference
from bot4.record.journal import ByteSink


@final
class Prefix:
    """Compare written bytes with a file's, in order.

    Parameters
    ----------
    path : Path
        The journal.
    size : int
        How many of its bytes count.
    """

    __slots__ = ("path", "size", "position", "_chunks", "_rest")

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self.size = size
        self.position = 0
        self._chunks = read_chunks(path, 0, size)
        self._rest = b""

    @property
    def is_used_up(self) -> bool:
        """Say whether everything that stands was compared."""
        return self.position == self.size

    def take(self, data: bytes) -> bytes:
        """Compare bytes, and return those beyond the prefix.

        Raises
        ------
        Differs
            At the first difference.
        """
        count = min(len(data), self.size - self.position)
        while len(self._rest) < count and (chunk := next(self._chunks, b"")):
            self._rest += chunk
        if self._rest[:count] != data[:count]:
            raise self.differs(data)
        self._rest = self._rest[count:]
        self.position += count
        return data[count:]

    def differs(self, data: bytes) -> Differs:
        """Describe how what was written last, from a record's first byte on, differs from what stands."""
        stands = chain((self._rest,), self._chunks)
        return Differs(str(self.path), first_difference(stands, (data,), self.position))


@final
class ResumingJournal(ByteSink):
    """Take a repeated run's bytes: compared with the prefix that stands, appended behind it.

    Parameters
    ----------
    path : Path
        The journal of the run that was cut; it is locked, and what is behind the
        prefix is cut off.
    resume_bytes : int
        :attr:`bot4.adapters.stores.journal_recovery.Recovered.resume_bytes`, above 0.
    durable : bool
        As in :class:`JournalFile`.
    calls : FileCalls
        How the system is called.

    Raises
    ------
    OutsideFault
        If another writer has the file, or the system refuses.
    """

    def __init__(self, path: Path, resume_bytes: int, *, durable: bool, calls: FileCalls | None = None) -> None:
        super().__init__(durable)
        self._file = JournalFile(path, durable=durable, resume=resume_bytes, calls=calls)
        self._prefix = Prefix(path, resume_bytes)

    @property
    def is_comparing(self) -> bool:
        """Say whether the run has not yet come to where it was cut.

        A run that is interrupted here must ``release`` the sink and not close the
        journal: the end it would write contradicts what stands.
        """
        return not self._prefix.is_used_up

    def write(self, data: bytes) -> None:
        """Compare, then append what is new.

        Raises
        ------
        Differs
            If the repeated run contradicts the prefix.
        OutsideFault
            If the system refuses.
        """
        fresh = self._prefix.take(data)
        if fresh:
            self._file.write(fresh)

    def sync(self) -> None:
        """Return only when everything written is on the disk."""
        self._file.sync()

    def close(self) -> None:
        """Sync and let go of the file."""
        self._file.close()

    def release(self) -> None:
        """Let go of the file as it is."""
        self._file.release()


@final
class ReplayedJournal(ByteSink):
    """Take a repeated run's bytes and demand that they are exactly a journal's: reads only.

    Parameters
    ----------
    path : Path
        The journal, whole.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(durable=False)
        self._prefix = Prefix(path, path.stat().st_size)

    def write(self, data: bytes) -> None:
        """Compare.

        Raises
        ------
        Differs
            At the first difference, or if the run goes on behind the journal's end.
        """
        fresh = self._prefix.take(data)
        if fresh:
            raise self._prefix.differs(fresh)

    def sync(self) -> None:
        """Do nothing: a replay writes nothing."""

    def close(self) -> None:
        """Demand that nothing of the journal is left.

        Raises
        ------
        Differs
            If the run ended before its journal does.
        """
        if not self._prefix.is_used_up:
            raise self._prefix.differs(b"")
