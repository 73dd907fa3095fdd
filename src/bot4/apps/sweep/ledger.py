# SPDX-License-Identifier: Apache-2.0
"""The trial ledger: one line for each variant ever tried, so that the best of many is judged as that.

A trial's id is a function of its inputs (kind, parameters, data, costs): tried twice it is one trial, and a sweep that
is resumed counts nothing again. Lines are only ever appended, and are on the disk before their trials are run: whoever
looks first and counts later does not count.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

from bot4.adapters.stores.journal_file import disk_fault, sync_folder

TRIALS: Final = "trials.jsonl"
"""The ledger beside the runs, where the configuration names none."""

ID_DIGITS: Final = 16


def trial_line(kind: str, parameters: dict[str, object], data: Sequence[str], cost: float) -> str:
    """Return the line of one trial: JSON with its id first."""
    told = {"kind": kind, "parameters": parameters, "data": list(data), "cost": cost}
    body = json.dumps(told, separators=(",", ":"))
    return f'{{"trial":"{sha256(body.encode()).hexdigest()[:ID_DIGITS]}",{body[1:]}'


def trial_id(line: str) -> str:
    """Return the id in a trial's line."""
    return line[10 : 10 + ID_DIGITS]


def append_trials(path: Path, lines: Iterable[str]) -> int:
    """Append the lines that the ledger does not hold, durably; returns how many lines it holds then.

    A last line that a cut left torn is cut off if it is the beginning of one of these; any other is somebody's trial.

    Raises
    ------
    OutsideFault
        If the system refuses.
    """
    wanted = {trial_id(line): line for line in lines}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _held(path) as file:
            data = _mended(file, wanted)
            known = {trial_id(line) for line in data.decode("utf-8", "replace").splitlines()}
            fresh = [line for name, line in wanted.items() if name not in known]
            if fresh:
                os.lseek(file, 0, os.SEEK_END)
                _write(file, ("\n".join(fresh) + "\n").encode())
                os.fsync(file)
                sync_folder(path.parent)
            return sum(1 for line in data.splitlines() if line.strip()) + len(fresh)
    except OSError as error:
        raise disk_fault(path, "appending trials", error) from error


def _mended(file: int, wanted: dict[str, str]) -> bytes:
    """Return what the ledger holds, ending in a whole line: its torn end cut off, or closed."""
    data = _read(file)
    whole, newline, tail = data.rpartition(b"\n")
    if not tail:
        return data
    if any(line.encode().startswith(tail) and line.encode() != tail for line in wanted.values()):
        os.ftruncate(file, len(whole) + len(newline))
        return whole + newline
    os.lseek(file, 0, os.SEEK_END)
    _write(file, b"\n")
    return data + b"\n"


@contextmanager
def _held(path: Path) -> Iterator[int]:
    """Open the ledger for this process alone; others wait."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


def _read(file: int) -> bytes:
    """Return all bytes of an open file."""
    parts: list[bytes] = []
    while part := os.read(file, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def _write(file: int, data: bytes) -> None:
    """Write all bytes."""
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]
