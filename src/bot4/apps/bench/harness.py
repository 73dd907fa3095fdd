# SPDX-License-Identifier: Apache-2.0
"""How a call is measured: each by itself, warm, the collector off, the timer's own cost beside it.

Read here directly: the performance counter, since a call of 1 us cannot afford
the clock port's 0.1 us. Shared machines are noisy, so ``met`` is by the best of
five batches, and a rate by the CPU's time; the printed figures are of all samples.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter_ns, process_time_ns
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bot4.apps.collector import quiet_collector

BATCHES: Final = 5
WARM_UP: Final = 2_000

Call = Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Hold one measured path; times in microseconds, None where only a rate is measured.

    ``rate`` is per second of CPU time; ``met`` is None where there is no budget.
    """

    name: str
    p50_us: float | None
    p99_us: float | None
    p999_us: float | None
    max_us: float | None
    rate: float
    floor_us: float
    budget: str
    met: bool | None


@dataclass(frozen=True, slots=True)
class Case:
    """Name a path, its budget, and how to make one call after another.

    Attributes
    ----------
    make : callable
        Returns the pair (prepare, call): ``prepare`` is called before each call
        and not measured; None where calls need no preparation.
    p99_us, rate : float or None
        The budget.
    """

    name: str
    make: Callable[[], tuple[Call | None, Call]]
    p99_us: float | None = None
    rate: float | None = None

    @property
    def budget(self) -> str:
        """Return the budget in words."""
        parts = []
        if self.p99_us is not None:
            parts.append(f"p99 {self.p99_us:g} us")
        if self.rate is not None:
            parts.append(f"{self.rate:,.0f}/s")
        return ", ".join(parts) or "-"


def timer_floor_us(samples: int) -> float:
    """Return what the timer itself costs: the median of two readings with nothing between."""
    return float(np.median(_nothing(samples))) / 1_000


def run_case(case: Case, samples: int, floor_us: float) -> Row:
    """Measure one path over ``samples`` calls."""
    prepare, call = case.make()
    size = max(1, samples // BATCHES)
    with quiet_collector():
        _batch(prepare, call, min(WARM_UP, size))
        batches = [_batch(prepare, call, size) for _ in range(BATCHES)]
    taken = np.concatenate([times for times, _ in batches])
    p50, p99, p999 = (float(value) / 1_000 for value in np.percentile(taken, (50, 99, 99.9)))
    rate = max(rate for _, rate in batches)
    best_p99 = min(float(np.percentile(times, 99)) for times, _ in batches) / 1_000
    met = None
    if case.p99_us is not None or case.rate is not None:
        met = (case.p99_us is None or best_p99 <= case.p99_us) and (case.rate is None or rate >= case.rate)
    return Row(
        name=case.name,
        p50_us=round(p50, 3),
        p99_us=round(p99, 3),
        p999_us=round(p999, 3),
        max_us=round(float(taken.max()) / 1_000, 3),
        rate=round(rate, 1),
        floor_us=floor_us,
        budget=case.budget,
        met=met,
    )


def _nothing(samples: int) -> NDArray[np.int64]:
    """Return nanoseconds between two readings of the timer, shape (samples,)."""
    times = np.empty(samples, dtype=np.int64)
    with quiet_collector():
        for i in range(samples):
            begin = perf_counter_ns()
            times[i] = perf_counter_ns() - begin
    return times


def _batch(prepare: Call | None, call: Call, size: int) -> tuple[NDArray[np.int64], float]:
    """Return the nanoseconds of each call, shape (size,), and calls per second of CPU time.

    Where calls need preparation, the rate is that of their summed times instead.
    """
    times = [0] * size
    begin_cpu = process_time_ns()
    for i in range(size):
        if prepare is not None:
            prepare()
        begin = perf_counter_ns()
        call()
        times[i] = perf_counter_ns() - begin
    cpu = process_time_ns() - begin_cpu
    spent = cpu if prepare is None else sum(times)
    return np.array(times, dtype=np.int64), size * 1e9 / max(spent, 1)
