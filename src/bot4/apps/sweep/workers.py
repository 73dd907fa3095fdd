# SPDX-License-Identifier: Apache-2.0
"""The work of a sweep, here or in processes: units of trials through the screen, single trials through the engine.

A process gets a sweep's task once and maps the bars itself; what travels is which trials, and their figures back. A
process that is asked to stop finishes nothing: what it was at is made again by ``--resume``. When the leading process
is killed, the others end with it.
"""

import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process
from multiprocessing.synchronize import Event
from threading import Thread
from typing import Final, TypeVar, final

import numpy as np

from bot4.apps.progress import Progress, Silent, StopFlag
from bot4.apps.sweep.confirm import Bench, Confirmed, confirm
from bot4.apps.sweep.table import COLUMNS
from bot4.apps.sweep.trials import Trials
from bot4.kernels.jit import Floats
from bot4.kernels.sweep import plan_of, screen

Unit = tuple[int, int]
Item = TypeVar("Item")
Result = TypeVar("Result")

WARM_UP_BARS: Final = 64
POLL_S: Final = 0.2
"""How long a stop may go unheard while processes work."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What every process of a sweep has in common."""

    bench: Bench
    trials: Trials
    cost: float


class Stopped(Exception):
    """Leave the screen between two spans of days: nothing went wrong."""


@final
class Listening(Progress):
    """Draw nothing; stop when somebody else says so."""

    def __init__(self, is_stopped: Callable[[], bool]) -> None:
        super().__init__(StopFlag())
        self._is_stopped = is_stopped

    def begin(self, total: int | None, what: str) -> None:
        """Draw nothing."""

    def advance(self, done: int) -> None:
        """Draw nothing."""

    def end(self) -> None:
        """Draw nothing."""

    def should_stop(self) -> bool:
        """Say whether the other is to stop."""
        return self._is_stopped()


def screen_unit(task: Task, unit: Unit, progress: Progress) -> Floats | None:
    """Return the figures of a range of trials, shape (trials, columns of the table); None if it was stopped."""
    begin, end = unit
    plan = plan_of(task.trials.kind, [task.trials.whole(place) for place in range(begin, end)])

    def on_rows(_rows: int) -> None:
        if progress.should_stop():
            raise Stopped

    try:
        told = screen(plan, [one.series() for one in task.bench.bars], task.cost, on_rows=on_rows)
    except Stopped:
        return None
    out = np.empty((end - begin, len(COLUMNS)))
    out[:, 0] = told.days
    out[:, 1:6] = told.figures
    out[:, 6] = told.closed_trades
    out[:, 7] = told.fills
    return out


def warm_up(task: Task) -> None:
    """Compile or load the screen's kernels on the first bars and the first set: no measured rate includes that."""
    plan = plan_of(task.trials.kind, [task.trials.whole(0)])
    screen(plan, [one.series().head(WARM_UP_BARS) for one in task.bench.bars], task.cost)


class _Here:
    """Hold what this process was given: its task, and the flag that says when to stop."""

    task: Task | None = None
    stop: Progress = Silent()


def begin_process(task: Task, stop: Event) -> None:
    """Make a process ready: its task, and no ear for Ctrl-C, which is the leading process's to hear."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=end_with_the_leader, daemon=True).start()
    _Here.task = task
    _Here.stop = Listening(stop.is_set)


def end_with_the_leader() -> None:
    """Wait until the leading process is no more, then end this one, whatever it is at.

    A pool would wait for its next task for ever, and hold the mapped bars as long.
    """
    leader = parent_process()
    assert leader is not None, "only a process of the crew has a leader"
    connection.wait([leader.sentinel])
    os._exit(1)


def screen_there(unit: Unit) -> Floats | None:
    """Screen a unit in a process; None if it was stopped."""
    assert _Here.task is not None, "a process without its task"
    return screen_unit(_Here.task, unit, _Here.stop)


def confirm_there(place: int) -> Confirmed | None:
    """Confirm a trial in a process; None if it was stopped."""
    assert _Here.task is not None, "a process without its task"
    return confirm(_Here.task.bench, place, _Here.task.trials.settings(place), _Here.stop)


@final
class Crew:
    """Carry out units and engine runs, in this process or in several, and yield what is done as it is done.

    Parameters
    ----------
    task : Task
        The sweep.
    workers : int
        Processes; with one all is done here.
    stop : Progress
        Asked whether to stop.
    """

    def __init__(self, task: Task, workers: int, stop: Progress) -> None:
        self.task = task
        self.workers = workers
        self.stop = stop
        self._context = get_context("forkserver")
        self._stop = self._context.Event()
        self._pool: ProcessPoolExecutor | None = None

    def screened(self, units: Iterable[Unit], *, in_processes: bool) -> Iterator[tuple[Unit, Floats]]:
        """Yield each unit with its figures; ends early when asked to stop. Units are taken one by one, when due."""
        if in_processes:
            yield from self._carried_out(units, screen_there)
            return
        for unit in units:
            figures = screen_unit(self.task, unit, self.stop)
            if figures is None:
                return
            yield unit, figures

    def confirmed(self, places: Sequence[int]) -> Iterator[Confirmed]:
        """Yield what the engine says of each trial, in whatever order; ends early when asked to stop."""
        if self.workers > 1 and len(places) > 1:
            for _, one in self._carried_out(places, confirm_there):
                yield one
            return
        listening = Listening(self.stop.should_stop)
        for place in places:
            found = confirm(self.task.bench, place, self.task.trials.settings(place), listening)
            if found is None:
                return
            yield found
            if self.stop.should_stop():
                return

    def end(self) -> None:
        """Let the processes go; one that is at work stops at its next bar or day, for what it does is not kept."""
        if self._pool is not None:
            self._stop.set()
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _carried_out(
        self, items: Iterable[Item], work: Callable[[Item], Result | None]
    ) -> Iterator[tuple[Item, Result]]:
        """Yield items with what a process made of them, as they are done; as many are begun as there are processes."""
        waiting = iter(items)
        futures: dict[Future[Result | None], Item] = {}
        pool = self._processes()
        while not self.stop.should_stop():
            while len(futures) < self.workers and (item := next(waiting, None)) is not None:
                futures[pool.submit(work, item)] = item
            if not futures:
                return
            for future in wait(futures, POLL_S, FIRST_COMPLETED).done:
                item, result = futures.pop(future), future.result()
                if result is not None:
                    yield item, result

    def _processes(self) -> ProcessPoolExecutor:
        """Return the processes, started when first wanted."""
        if self._pool is None:
            given = (self.task, self._stop)
            self._pool = ProcessPoolExecutor(
                self.workers, mp_context=self._context, initializer=begin_process, initargs=given
            )
        return self._pool
