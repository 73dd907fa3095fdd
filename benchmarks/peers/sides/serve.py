# SPDX-License-Identifier: Apache-2.0
"""One side of a comparison: it loads its data, warms up, says so, and then runs once for each line it is sent.

Between its runs it sleeps, so that the sides of one work can take turns in one
sitting without loading anything twice. Only the standard library is needed here:
a peer's environment holds the peer alone.
"""

import json
import resource
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter_ns, process_time_ns

Answer = dict[str, float]
"""What a run says came of it, to be held against the other sides'."""


class Side(ABC):
    """Do one work on one system; made once, with its data loaded."""

    warms_up = True
    """Whether one run, not measured, comes before the first: systems that compile as they run need it."""

    def prepare(self) -> None:  # noqa: B027 - most sides need nothing
        """Put back to the start whatever a run uses up; not measured."""

    @abstractmethod
    def run(self) -> None:
        """Do the work once: this alone is measured."""

    @abstractmethod
    def answer(self) -> Answer:
        """Return what came of the last run; not measured."""


def serve(version: str, works: Mapping[str, Callable[[Path], Side]]) -> None:
    """Answer the harness: arguments are the work and the folder of the data, each line on stdin asks for one run.

    Each answer is one line of JSON on what was stdout at the start; whatever a
    system itself prints goes to stderr.
    """
    out = sys.stdout
    sys.stdout = sys.stderr
    work, folder = sys.argv[1:]
    side = works[work](Path(folder))
    if side.warms_up:
        measured(side)
    print(json.dumps({"version": version, "python": sys.version.split()[0]}), file=out, flush=True)
    for _ in sys.stdin:
        print(json.dumps(measured(side)), file=out, flush=True)


def measured(side: Side) -> dict[str, object]:
    """Run once; return seconds of CPU and wall, the peak of memory so far in MiB, and the answer."""
    side.prepare()
    wall, cpu = perf_counter_ns(), process_time_ns()
    side.run()
    cpu, wall = process_time_ns() - cpu, perf_counter_ns() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cpu_s": cpu / 1e9, "wall_s": wall / 1e9, "peak_mib": round(peak, 1), "answer": side.answer()}
