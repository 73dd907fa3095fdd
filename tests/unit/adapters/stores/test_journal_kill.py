# SPDX-License-Identifier: Apache-2.0
"""A writer killed with SIGKILL: what was acknowledged stands, and the run goes on to the same bytes."""

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot4.adapters.stores.journal_recovery import recover
from bot4.adapters.stores.journal_resume import ResumingJournal
from bot4.record.format import GROUP_RECORDS, HEADER
from bot4.record.reader import read_records
from tests.unit.record.events import HEADER as RUN_HEADER
from tests.unit.record.events import STATE, journal_bytes, write_all

COUNT = 3000
WHOLE = journal_bytes(1, COUNT)

WRITER = """
import os, sys
from pathlib import Path
from bot4.adapters.stores.journal_file import JournalFile
from bot4.record.header import header_record
from bot4.record.journal import JournalWriter
from tests.unit.record.events import HEADER, seeded_events
writer = JournalWriter(JournalFile(Path(sys.argv[1]), durable=sys.argv[2] == "durable"), header_record(HEADER))
for number, event in enumerate(seeded_events(1, 3000)):
    if number % 3 == 0:
        writer.consumed(number // 3)
    writer.append(event)
    writer.commit()
    os.write(1, b".")
os.read(0, 1)
"""


def events_in(path: Path, size: int) -> int:
    """Count the events among the first bytes of a journal."""
    return sum(record.kind < HEADER for record in read_records([path.read_bytes()[:size]], "killed"))


@pytest.mark.requirement("I-5", "I-10")
@pytest.mark.parametrize("durable", [True, False])
def test_a_killed_writer_loses_nothing_that_was_promised(
    tmp_path: Path, durable: bool, rounds: Callable[..., int]
) -> None:
    """Durable: each commit that returned stands; else at most the open group is gone. Both resume to equal bytes."""
    for seed in range(rounds(2, full=100)):
        path = tmp_path / f"journal-{seed}"
        arguments = [sys.executable, "-c", WRITER, str(path), "durable" if durable else "repeatable"]
        child = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert child.stdout is not None
        assert child.stdin is not None
        child.stdout.read(random.Random(seed).randrange(1, COUNT))
        child.kill()
        acknowledged = random.Random(seed).randrange(1, COUNT) + len(child.stdout.read())
        child.wait()
        child.stdin.close()
        child.stdout.close()
        found = recover(path)
        standing = events_in(path, found.prefix_bytes)
        assert standing >= (acknowledged if durable else acknowledged - GROUP_RECORDS)
        assert found.header == RUN_HEADER
        assert WHOLE.startswith(path.read_bytes()[: found.prefix_bytes])
        write_all(ResumingJournal(path, found.resume_bytes, durable=False), 1, COUNT).close(COUNT // 3, STATE)
        assert path.read_bytes() == WHOLE
