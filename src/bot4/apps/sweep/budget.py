# SPDX-License-Identifier: Apache-2.0
"""What a sweep will need, said before it starts: memory and time, and a refusal of what does not fit.

The screen streams, so the length of the series costs disk only. What grows is what is kept of each set: its numbers,
its figures, its line in the results. A unit of work that would be too large is cut until it fits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from bot4.domain.errors import BadInput
from bot4.record.counts import count_text

SHARE: Final = 0.8
"""Of the memory that is free, how much a sweep may plan for."""

KEPT_BYTES: Final = 1_200
"""What one set costs the process that leads, ids, figures and its share of the results while they are written."""

SET_BYTES: Final = 2_200
"""What one set costs the process that screens it, besides its daily gains: its rule, and what it carries on."""

PROCESS_BYTES: Final = 190_000_000
"""Python, numpy, numba and its compiled kernels."""

ENGINE_BYTES: Final = 260_000_000
"""An engine at work, its report left out."""

UNIT_SETS_MAX: Final = 16_384
UNIT_SETS_MIN: Final = 64
UNIT_WORK: Final = 4_000_000_000
"""Bar-combinations after which a unit is done and can be resumed from: some ten seconds."""

SCREEN_RATE: Final = 300e6
COLUMN_RATE: Final = 100e6
ENGINE_RATE: Final = 150e3
"""Rates a second and core that the forecast of time is made with: bar-combinations, bars of one indicator, bars."""

SET_RATE: Final = 14e3
"""Sets a second that are made, written into the ledger and ranked, however short the series; on one core."""

START_S: Final = 4.0
"""Until the kernels are loaded; compiling them, the first time on a machine, comes on top."""


@final
@dataclass(frozen=True, slots=True)
class Work:
    """The size of a sweep: sets, bars of all instruments, columns of indicators, engine runs, processes."""

    sets: int
    bars: int
    columns: int
    engine_runs: int
    workers: int
    is_screened: bool
    span_days: int


@final
@dataclass(frozen=True, slots=True)
class Forecast:
    """What a sweep is expected to need: bytes at its height, of how many free, seconds, sets in a unit of work."""

    work: Work
    bytes: int
    free: int
    seconds: float
    unit: int

    def sentence(self) -> str:
        """Return the forecast in words."""
        work = self.work
        todo = f"{count_text(work.sets, 'set')} on {count_text(work.bars, 'bar')}"
        if work.is_screened:
            runs = count_text(work.engine_runs, "set")
            todo += f" ({count_text(work.sets * work.bars, 'bar-combination')}), {runs} confirmed by the engine"
        else:
            todo += ", each by the engine: this strategy has no screening kernel"
        return (
            f"{todo}; about {self.seconds:,.0f} s on {count_text(work.workers, 'core')}, plus compiling on first use, "
            f"and {self.bytes / 1e6:,.0f} MB of {self.free / 1e6:,.0f} MB free"
        )


def forecast(work: Work, free: int) -> Forecast:
    """Return what a sweep will need.

    Raises
    ------
    BadInput
        If even the smallest units would not fit into what is free.
    """
    unit = min(UNIT_SETS_MAX, max(UNIT_SETS_MIN, UNIT_WORK // max(work.bars, 1)), -(-work.sets // work.workers))
    while bytes_of(work, unit) > SHARE * free and unit > 1:
        unit = (unit + 1) // 2
    needed = bytes_of(work, unit)
    if needed > SHARE * free:
        raise BadInput(
            "sweep",
            f"{count_text(work.sets, 'set')} would need {needed / 1e6:,.0f} MB",
            f"{SHARE * free / 1e6:,.0f} MB, {SHARE:.0%} of what is free now",
            "Take coarser steps, draw sets with --random N, or use fewer --workers.",
            "memory",
        )
    screened = work.sets * work.bars / SCREEN_RATE + work.columns * work.bars / COLUMN_RATE
    shared = (screened if work.is_screened else 0.0) + work.engine_runs * work.bars / ENGINE_RATE
    return Forecast(work, needed, free, START_S + work.sets / SET_RATE + shared / work.workers, unit)


def bytes_of(work: Work, unit: int) -> int:
    """Return the memory of a sweep at its height, in units of so many sets."""
    leads = PROCESS_BYTES + work.sets * KEPT_BYTES
    columns = 2 * 8 * work.columns * 1024
    screens = PROCESS_BYTES + unit * (SET_BYTES + 2 * 8 * work.span_days) + columns if work.is_screened else 0
    return leads + work.workers * max(screens, ENGINE_BYTES if work.engine_runs else 0)


def free_bytes(read: Callable[[Path], str] = lambda path: path.read_text(encoding="ascii")) -> int:
    """Return how much memory is free: what the system says, or what is left of the group's limit if that is less.

    Where neither is told, 2 GB are assumed.
    """
    found = [left for left in (_system(read), _group(read)) if left is not None]
    return min(found, default=2_000_000_000)


def _system(read: Callable[[Path], str]) -> int | None:
    """Return what the kernel calls available."""
    try:
        lines = read(Path("/proc/meminfo")).splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        return None


def _group(read: Callable[[Path], str]) -> int | None:
    """Return what is left of the control group's memory."""
    folder = Path("/sys/fs/cgroup")
    try:
        return int(read(folder / "memory.max")) - int(read(folder / "memory.current"))
    except (OSError, ValueError):
        return None
