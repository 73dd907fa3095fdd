# SPDX-License-Identifier: Apache-2.0
"""Whether a run goes on, told from outside: nothing of it is opened for writing, locked or asked.

Who writes a run holds a lock on its folder, and the system lists who holds which lock. Where it lists none, on systems
without ``/proc/locks``, whether a run goes on is not known.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot4.adapters.stores.journal_reader import open_journal
from bot4.adapters.stores.live_data import live_data_path
from bot4.apps.output import journal_of
from bot4.record.header import JournalHeader
from bot4.record.standing import Standing, standing

LOCKS: Final = Path("/proc/locks")
INODE_FIELD: Final = 5
PROCESS_FIELD: Final = 4


@dataclass(frozen=True, slots=True)
class RunStatus:
    """Tell how a run stands.

    ``running`` is None where the system does not say; ``process`` is the one that writes it; ``quiet_s`` is how long
    ago its files were written last, by this machine's clock.
    """

    journal: Path
    header: JournalHeader
    standing: Standing
    running: bool | None
    process: int | None
    quiet_s: float

    @property
    def state(self) -> str:
        """Return in a word whether it runs: ``running``, ``ended``, ``cut``, or ``open`` where nobody can say."""
        if self.running:
            return "running"
        if self.standing.end is not None:
            return "ended"
        return "open" if self.running is None else "cut"

    @property
    def is_well(self) -> bool:
        """Say whether nobody need look at it: all that is held has a stop, and it was not cut."""
        return self.state != "cut" and not self.standing.unprotected()


def status_of(path: Path, now_s: float | None = None) -> RunStatus:
    """Return how a run stands whose folder or journal this is.

    Raises
    ------
    BadInput
        If it is no run.
    Corrupt
        If its journal is damaged.
    """
    journal = journal_of(path)
    reader = open_journal(journal)
    process = writer_of(journal.parent)  # before the journal is read: a run that ends meanwhile has its end there
    found = standing(reader)
    files = [one for one in (journal, live_data_path(journal)) if one.exists()]
    written_s = max(one.stat().st_mtime for one in files)
    quiet_s = max((time.time() if now_s is None else now_s) - written_s, 0.0)
    running = None if process is None else process > 0
    return RunStatus(journal, reader.header, found, running, process or None, quiet_s)


def writer_of(folder: Path) -> int | None:
    """Return the process that holds a folder's lock, 0 where none does; None where the system does not say."""
    try:
        listed = LOCKS.read_text(encoding="ascii")
    except OSError:
        return None
    inode = folder.stat().st_ino
    for line in listed.splitlines():
        fields = line.split()
        if "->" in fields or "FLOCK" not in fields or "WRITE" not in fields:
            continue
        if int(fields[INODE_FIELD].rpartition(":")[2]) == inode and has_open(int(fields[PROCESS_FIELD]), folder):
            return int(fields[PROCESS_FIELD])
    return 0


def has_open(process: int, folder: Path) -> bool:
    """Say whether a process has a folder open; where it may not be looked at, that its lock has the same number."""
    wanted = folder.stat()
    try:
        for one in Path(f"/proc/{process}/fd").iterdir():
            try:
                found = one.stat()
            except OSError:
                continue  # closed meanwhile
            if os.path.samestat(found, wanted):
                return True
    except PermissionError:
        return True
    except OSError:
        return False
    return False
