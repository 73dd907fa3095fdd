# SPDX-License-Identifier: Apache-2.0
"""How a call is measured: each by itself, warm, the collector off, the timer's own cost beside it.

Read here directly: the performance counter, since a call of 1 us cannot afford
the clock port's 0.1 us. Shared machines are noisy, so ``met`` is by the best of
five batches, and a rate by the CPU's time; the printed figures are of all samples.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns, process_time_ns
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from bot4.apps.collector import quiet_collector

BATCHES: Final = 5
WARM_UP: Final = 2_000

Call = Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Hold what was measured of one path; times in microseconds, None where this path has no such figure.

    ``rate`` is per second of CPU time, ``figure`` anything else, in ``unit``;
    ``met`` is None where there is no budget; ``note`` says what a figure cannot.
    """

    suite: str
    name: str
    p50_us: float | None = None
    p99_us: float | None = None
    p999_us: float | None = None
    max_us: float | None = None
    rate: float | None = None
    figure: float | None = None
    unit: str = ""
    floor_us: float
    budget: str = "-"
    met: bool | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Hold what every measurement is given: a folder to write in, how many samples to take, the timer's floor."""

    folder: Path
    samples: int
    floor_us: float


class Measurement(Protocol):
    """Measure one path, or a few that belong together."""

    @property
    def suite(self) -> str:
        """Return the word that selects it."""
        ...

    @property
    def name(self) -> str:
        """Return what it measures."""
        ...

    def measure(self, bench: Bench) -> list[Row]:
        """Return its rows; none where what it measures is not here."""
        ...


@dataclass(frozen=True, slots=True)
class Subject:
    """Hold what is called, and what is done before every so many calls without being measured."""

    call: Call
    prepare: Call | None = None
    every: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Measure a path call by call.

    Attributes
    ----------
    make : callable
        Returns the subject, set up anew.
    p99_us, rate : float or None
        The budget.
    samples_max : int or None
        A path that takes long is called less often.
    waits : bool
        The path waits for something else: its rate is by the wall's clock.
    collector : bool
        Leave the cyclic garbage collector on: production does not.
    """

    suite: str
    name: str
    make: Callable[[Bench], Subject]
    p99_us: float | None = None
    rate: float | None = None
    samples_max: int | None = None
    waits: bool = False
    collector: bool = False

    @property
    def budget(self) -> str:
        """Return the budget in words."""
        parts = []
        if self.p99_us is not None:
            parts.append(f"p99 {self.p99_us:g} us")
        if self.rate is not None:
            parts.append(f"{self.rate:,.0f}/s")
        return ", ".join(parts) or "-"

    def measure(self, bench: Bench) -> list[Row]:
        """Return its one row."""
        samples = bench.samples if self.samples_max is None else min(self.samples_max, bench.samples)
        size = max(1, samples // BATCHES)
        subject = self.make(bench)
        with nullcontext() if self.collector else quiet_collector():
            _batch(subject, min(WARM_UP, size), waits=self.waits)
            batches = [_batch(subject, size, waits=self.waits) for _ in range(BATCHES)]
        taken = np.concatenate([times for times, _ in batches])
        p50, p99, p999 = (float(value) / 1_000 for value in np.percentile(taken, (50, 99, 99.9)))
        rate = max(rate for _, rate in batches)
        best_p99 = min(float(np.percentile(times, 99)) for times, _ in batches) / 1_000
        met = None
        if self.p99_us is not None or self.rate is not None:
            met = (self.p99_us is None or best_p99 <= self.p99_us) and (self.rate is None or rate >= self.rate)
        row = Row(
            suite=self.suite,
            name=self.name,
            p50_us=round(p50, 3),
            p99_us=round(p99, 3),
            p999_us=round(p999, 3),
            max_us=round(float(taken.max()) / 1_000, 3),
            rate=round(rate, 1),
            floor_us=bench.floor_us,
            budget=self.budget,
            met=met,
        )
        return [row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """Measure a path as a whole: so many of something in a second of CPU time, the best of a few rounds.

    Attributes
    ----------
    rate_of : callable
        Returns the rate of each round.
    floor : float or None
        The budget.
    note : str
        Stands where the budget would, if there is none in absolute figures.
    """

    suite: str
    name: str
    rate_of: Callable[[Bench], list[float]]
    floor: float | None = None
    note: str = "-"

    def measure(self, bench: Bench) -> list[Row]:
        """Return its one row."""
        rate = max(self.rate_of(bench))
        row = Row(
            suite=self.suite,
            name=self.name,
            rate=round(rate, 1),
            floor_us=bench.floor_us,
            budget=self.note if self.floor is None else f"{self.floor:,.0f}/s",
            met=None if self.floor is None else rate >= self.floor,
        )
        return [row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    """Measure what gives rows of its own making."""

    suite: str
    name: str
    rows_of: Callable[[Bench], list[Row]]

    def measure(self, bench: Bench) -> list[Row]:
        """Return its rows."""
        return self.rows_of(bench)


def timer_floor_us(samples: int) -> float:
    """Return what the timer itself costs: the median of two readings with nothing between."""
    times = np.empty(samples, dtype=np.int64)
    with quiet_collector():
        for i in range(samples):
            begin = perf_counter_ns()
            times[i] = perf_counter_ns() - begin
    return float(np.median(times)) / 1_000


def cpu_seconds(call: Call, rounds: int = BATCHES) -> float:
    """Return the CPU time of the quickest of a few calls, after one that is not counted."""
    call()
    best = float("inf")
    with quiet_collector():
        for _ in range(rounds):
            begin = process_time_ns()
            call()
            best = min(best, (process_time_ns() - begin) / 1e9)
    return best


def _batch(subject: Subject, size: int, *, waits: bool) -> tuple[NDArray[np.int64], float]:
    """Return the nanoseconds of each call, shape (size,), and calls per second of CPU time.

    Where every call is prepared, or waits, the rate is that of their summed times
    instead: the CPU's clock costs as much to read as many a call.
    """
    call, prepare, every = subject.call, subject.prepare, subject.every
    times = [0] * size
    cpu = 0
    step = size if prepare is None else every
    for first in range(0, size, step):
        if prepare is not None:
            prepare()
        begin_cpu = process_time_ns()
        for i in range(first, min(first + step, size)):
            begin = perf_counter_ns()
            call()
            times[i] = perf_counter_ns() - begin
        cpu += process_time_ns() - begin_cpu
    spent = sum(times) if waits or (prepare is not None and every == 1) else cpu
    return np.array(times, dtype=np.int64), size * 1e9 / max(spent, 1)
