# SPDX-License-Identifier: Apache-2.0
"""``bot4 bench``: the budgets of the design, measured on this machine."""

import platform
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot4.apps.bench import features, live, mathematics, orders, paths, pipeline, runs, sockets, traffic
from bot4.apps.bench.harness import Bench, Measurement, Row, timer_floor_us
from bot4.apps.bench.sides import running_build
from bot4.apps.doctor import processor
from bot4.apps.progress import Progress
from bot4.domain.errors import BadInput

__all__ = ["ON_REQUEST", "Measured", "Row", "chosen", "every", "measure"]

SAMPLES_MIN: Final = 1_000
ON_REQUEST: Final = ("math",)
"""Suites that hold no budget of the design: measured only where they are named."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Hold the rows of one bench and what they were measured on."""

    build: str
    machine: str
    rows: tuple[Row, ...]


def every() -> list[Measurement]:
    """Return everything that can be measured, in the order in which it is."""
    parts = (paths, orders, features, live, sockets, traffic, runs, mathematics, pipeline)
    return [one for part in parts for one in part.cases()]


def chosen(suite: str, there: Sequence[Measurement]) -> list[Measurement]:
    """Return what a word selects: a suite by its name, else the rows whose name holds it; all budgets for none.

    Raises
    ------
    BadInput
        If it selects nothing.
    """
    suites = tuple(dict.fromkeys(one.suite for one in there))
    if not suite:
        return [one for one in there if one.suite not in ON_REQUEST]
    found = [one for one in there if one.suite == suite] or [one for one in there if suite in one.name]
    if not found:
        allowed = f"one of: {', '.join(suites)}; or a part of a row's name"
        raise BadInput("SUITE", suite, allowed, "Leave it out for all.", "flag_value")
    return found


def measure(suite: str, samples: int, progress: Progress) -> Measured:
    """Measure what a word selects; stops between two measurements where it is asked to.

    Raises
    ------
    BadInput
        If the word selects nothing, or there are too few samples for a percentile.
    """
    if samples < SAMPLES_MIN:
        raise BadInput("--samples", str(samples), f"{SAMPLES_MIN:,} or more", "Leave it out for 100,000.", "flag_value")
    wanted = chosen(suite, every())
    floor_us = round(timer_floor_us(samples), 4)
    rows: list[Row] = []
    progress.begin(len(wanted), "bench")
    for done, one in enumerate(wanted):
        if progress.should_stop():
            break
        with tempfile.TemporaryDirectory(prefix="bot4-bench-") as name:
            rows.extend(one.measure(Bench(folder=Path(name), samples=samples, floor_us=floor_us)))
        progress.advance(done + 1)
    progress.end()
    return Measured(running_build(), f"{processor()}, Python {platform.python_version()}", tuple(rows))
