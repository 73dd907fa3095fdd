# SPDX-License-Identifier: Apache-2.0
"""The whole pipeline against one baseline: from a file of bars to the closed journal, in units of this machine.

One figure, measured end to end, held against one measured the same way before the
work on speed began. The unit is a turn of a plain Python loop on the same machine
in the same minute, so that the two may be compared although they were not measured
on the same day.
"""

from typing import Final

from bot4.apps.bench.harness import Bench, Measurement, Row, Several, cpu_seconds
from bot4.apps.bench.runs import run_rates
from bot4.runtime.settings import Settings

TURNS: Final = 1_000_000
BASELINE_TURNS: Final = 434.0
BASELINE_COMMIT: Final = "476f04c"
"""Plain Python, 36 indicators, three strategies, gate observing, one symbol; the median of 298, 434 and 484."""


def cases() -> list[Measurement]:
    """Return the one row."""
    return [Several(suite="math", name="whole pipeline, file to journal", rows_of=pipeline)]


def pipeline(bench: Bench, bars: int = 52_560) -> list[Row]:
    """Return what a bar costs, in turns of the loop, and how many times less that is than at the baseline."""
    turn_s = cpu_seconds(loop) / TURNS
    cost = 1.0 / (max(run_rates(bench, Settings(gate="observe"), bars)) * turn_s)
    row = Row(
        suite="math",
        name="whole pipeline, file to journal",
        rate=round(1.0 / (cost * turn_s), 1),
        figure=round(BASELINE_TURNS / cost, 3),
        unit=f"times as fast as {BASELINE_COMMIT}: a bar costs {cost:.0f} turns of a loop, not {BASELINE_TURNS:.0f}",
        floor_us=bench.floor_us,
    )
    return [row]


def loop() -> int:
    """Turn a plain Python loop a million times."""
    total = 0
    for turn in range(TURNS):
        total += turn & 7
    return total
