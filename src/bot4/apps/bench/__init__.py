# SPDX-License-Identifier: Apache-2.0
"""``bot4 bench``: the budgets of the design, measured on this machine."""

import platform
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bot4.apps.bench.harness import Row, run_case, timer_floor_us
from bot4.apps.bench.paths import cases
from bot4.apps.bench.whole import NAME, whole_row
from bot4.apps.doctor import build_mode, processor
from bot4.apps.progress import Progress
from bot4.domain.errors import BadInput

__all__ = ["Measured", "Row", "measure"]


@dataclass(frozen=True, slots=True)
class Measured:
    """Hold the rows of one bench and what they were measured on."""

    mode: str
    machine: str
    rows: tuple[Row, ...]


def measure(suite: str, samples: int, progress: Progress) -> Measured:
    """Measure every path whose name holds ``suite``; stops between two paths where it is asked to.

    Raises
    ------
    BadInput
        If no path has such a name, or there are too few samples for a percentile.
    """
    if samples < 1_000:
        raise BadInput("--samples", str(samples), "1,000 or more", "Leave it out for 100,000.", "flag_value")
    floor_us = round(timer_floor_us(samples), 4)
    with tempfile.TemporaryDirectory(prefix="bot4-bench-") as name:
        folder = Path(name)
        every = cases(folder)
        chosen = [case for case in every if suite in case.name]
        if not chosen and suite not in NAME:
            names = ", ".join([*(case.name for case in every), NAME])
            raise BadInput("SUITE", suite, f"part of one of: {names}", "Leave it out for all.", "flag_value")
        progress.begin(len(chosen) + (suite in NAME), "bench")
        rows: list[Row] = []
        for case in chosen:
            if progress.should_stop():
                break
            rows.append(run_case(case, samples, floor_us))
            progress.advance(len(rows))
        if suite in NAME and not progress.should_stop():
            rows.append(whole_row(folder, floor_us))
            progress.advance(len(rows))
        progress.end()
    return Measured(build_mode(), f"{processor()}, Python {platform.python_version()}", tuple(rows))
