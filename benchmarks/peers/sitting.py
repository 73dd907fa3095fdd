# SPDX-License-Identifier: Apache-2.0
"""One sitting: the sides of a work load side by side and then run in turn, A B A B, so that a noisy hour hits all."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final, final

import msgspec
from benchmarks.peers.environments import Environment
from benchmarks.peers.works import Contender, Work

ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Trial:
    """Hold what one run took and what came of it."""

    cpu_s: float
    wall_s: float
    peak_mib: float
    answer: dict[str, float]


@dataclass(slots=True)
class Measured:
    """Hold the runs of one side, or why there are none."""

    contender: Contender
    version: str = ""
    missing: str = ""
    trials: list[Trial] = field(default_factory=list)

    @property
    def cpu_s(self) -> float:
        """Return the median seconds of CPU time of a run."""
        return median(trial.cpu_s for trial in self.trials)

    @property
    def wall_s(self) -> float:
        """Return the median seconds of wall time of a run."""
        return median(trial.wall_s for trial in self.trials)


@final
class Seat:
    """Hold a side's process, which sleeps until it is told to run once.

    Parameters
    ----------
    contender : Contender
        What runs.
    environment : Environment
        Where.
    data : Path
        The folder of the files that all read.
    log : Path
        What it prints besides its answers.
    """

    def __init__(self, contender: Contender, environment: Environment, data: Path, log: Path) -> None:
        self.measured = Measured(contender, missing=environment.missing)
        self.process: subprocess.Popen[str] | None = None
        self.log = log
        if environment.python is None:
            return
        command = [str(environment.python), "-m", f"benchmarks.peers.sides.{contender.module}", contender.work]
        with log.open("w", encoding="utf-8") as errors:
            self.process = subprocess.Popen(
                [*command, str(data)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        told = self._line()
        if told is not None:
            self.measured.version = str(told["version"])

    def run(self) -> None:
        """Run once and keep what it took; nothing where the side is missing."""
        if self.process is None or self.process.stdin is None:
            return
        try:
            self.process.stdin.write("run\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            self._died()
            return
        told = self._line()
        if told is not None:
            self.measured.trials.append(msgspec.convert(told, Trial))

    def leave(self) -> Measured:
        """End the process and return what was measured."""
        if self.process is not None:
            if self.process.stdin is not None:
                self.process.stdin.close()
            self.process.wait()
        return self.measured

    def _line(self) -> dict[str, object] | None:
        """Return the next answer, or None if the side died."""
        assert self.process is not None and self.process.stdout is not None, "a side without a pipe"
        line = self.process.stdout.readline()
        if not line:
            self._died()
            return None
        told: dict[str, object] = json.loads(line)
        return told

    def _died(self) -> None:
        """Say what a side died of, instead of leaving it out."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        self.measured.missing = lines[-1].strip() if lines else "ended without a word"
        self.process = None


def sit(
    work: Work, environments: dict[str, Environment], data: Path, *, runs: int, heavy_runs: int
) -> Sequence[Measured]:
    """Run a work on every side in turn; return what each took, in the order of the work's sides."""
    seats = []
    for number, contender in enumerate(work.sides):
        print(f"{work.key}: loading {contender.label}", file=sys.stderr, flush=True)
        log = data / f"{work.key}-{number}.log"
        seats.append(Seat(contender, environments[contender.environment], data, log))
    for turn in range(runs):
        for seat in seats:
            if turn < (heavy_runs if seat.measured.contender.is_heavy else runs):
                seat.run()
        print(f"{work.key}: {turn + 1} of {runs}", file=sys.stderr, flush=True)
    return [seat.leave() for seat in seats]
