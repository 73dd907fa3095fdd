# SPDX-License-Identifier: Apache-2.0
"""How a long task tells how far it is, and hears that it shall stop.

A task gets a :class:`Progress` and calls it; whether that draws a bar, writes a
line or does nothing is the caller's choice. Drawing goes to stderr only.
"""

import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichProgress
    from rich.progress import Task, TaskID

STDERR: Final = 2
STOPPING: Final = b"\nStopping cleanly; once more to abort.\n"


@final
class StopFlag:
    """Hold whether the user asked to stop; set by :func:`stop_on_signals`."""

    __slots__ = ("is_set",)

    def __init__(self) -> None:
        self.is_set = False


class Progress(ABC):
    """Hear of a task's progress; the task asks it whether to go on.

    A task may have several parts, one after the other: ``begin``, any number of
    ``advance``, ``end`` for each.
    """

    def __init__(self, stop: StopFlag) -> None:
        self._stop = stop

    @abstractmethod
    def begin(self, total: int | None, what: str) -> None:
        """Begin a part of ``total`` rows, called ``what``; None where the total is not known."""

    @abstractmethod
    def advance(self, done: int) -> None:
        """Note that ``done`` rows of this part are done in all."""

    @abstractmethod
    def end(self) -> None:
        """End the part, finished or not; twice does no harm."""

    def should_stop(self) -> bool:
        """Say whether the task is to end cleanly where it is."""
        return self._stop.is_set


@final
class Silent(Progress):
    """Draw nothing."""

    def __init__(self, stop: StopFlag | None = None) -> None:
        super().__init__(stop or StopFlag())

    def begin(self, total: int | None, what: str) -> None:
        """Draw nothing."""

    def advance(self, done: int) -> None:
        """Draw nothing."""

    def end(self) -> None:
        """Draw nothing."""


@final
class DrawnBar(Progress):
    """Draw a bar with share, rate and time left on a console, one for each part.

    Parameters
    ----------
    stop : StopFlag
        What :meth:`should_stop` reads.
    console : rich.console.Console
        Where to draw. On one that is no terminal a single line is written when a part ends.
    """

    def __init__(self, stop: StopFlag, console: "Console") -> None:
        super().__init__(stop)
        self._console = console
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None

    def begin(self, total: int | None, what: str) -> None:
        """Draw a new bar."""
        from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar
        from rich.text import Text

        class Rate(ProgressColumn):
            """Show rows a second."""

            def render(self, task: "Task") -> Text:
                """Return the mean rate, or nothing before there is one."""
                elapsed = task.finished_time or task.elapsed
                speed = f"{task.completed / elapsed:,.0f}/s" if elapsed and task.completed else ""
                return Text(speed, style="progress.data.speed")

        self.end()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
        self._bar = Bar(*columns, console=self._console, refresh_per_second=5)
        self._task = self._bar.add_task(what, total=total)
        self._bar.start()

    def advance(self, done: int) -> None:
        """Move the bar."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done)

    def end(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


@contextmanager
def stop_on_signals(stop: StopFlag) -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM into ``stop``, and the second into KeyboardInterrupt.

    For tasks that ask :meth:`Progress.should_stop`; what was set before is set again at the end.
    """

    def handle(*_: object) -> None:
        if stop.is_set:
            raise KeyboardInterrupt
        stop.is_set = True
        with suppress(OSError):  # no stderr, no message
            os.write(STDERR, STOPPING)  # not sys.stderr: a buffered write may be under way where the signal struck

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
