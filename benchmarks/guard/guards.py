# SPDX-License-Identifier: Apache-2.0
"""The ratios that must hold, each of two things measured in turn in one run, so that no machine's speed is in them.

Figures are CPU time, the best of several; each bound is what was measured when it
was set, with the slack that is named: a guard tells of a structure that was lost,
not of a noisy hour.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time_ns
from typing import Final

from benchmarks.files import write_bars
from benchmarks.guard.loop import TURNS, plain_loop
from benchmarks.guard.verdict import Verdict
from benchmarks.peers.environments import BOT4, environment
from benchmarks.peers.sides.on_bot4 import IndicatorsBatch, SmaCross
from benchmarks.peers.sides.on_talib import Batch
from benchmarks.peers.sides.serve import Side
from benchmarks.peers.sitting import Seat
from benchmarks.peers.works import Contender

from bot4.apps.bench.harness import Bench
from bot4.apps.bench.orders import Desks
from bot4.apps.collector import quiet_collector

TRIALS: Final = 5
BARS: Final = 40_000
INDICATOR_BARS: Final = 100_000
ORDERS: Final = 5_000

COMPILED_MIN: Final = 3.0
TURNS_MAX: Final = 60.0
DOUBLED_MAX: Final = 2.2
TALIB_MAX: Final = 2.0


def verdicts(build: Path) -> list[Verdict]:
    """Measure every guard; files are written below ``build``."""
    build.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-guard-", dir=build) as name:
        once, twice = Path(name) / "once", Path(name) / "twice"
        for folder, bars in ((once, BARS), (twice, 2 * BARS)):
            folder.mkdir()
            write_bars(folder, bars)
        return [
            compiled_over_plain(once),
            *bars_and_loop(once, twice),
            twice_the_orders(Path(name)),
            indicators(Path(name)),
        ]


def best(*calls: Callable[[], float]) -> list[float]:
    """Return the least seconds of CPU each call told in several turns."""
    return [min(told) for told in zip(*([call() for call in calls] for _ in range(TRIALS)), strict=True)]


def seconds_of(side: Side) -> float:
    """Return the CPU time of one run of a side."""
    side.prepare()
    with quiet_collector():
        began = process_time_ns()
        side.run()
        spent = process_time_ns() - began
    side.answer()
    return spent / 1e9


def compiled_over_plain(folder: Path) -> Verdict:
    """Run the whole engine compiled and as plain Python, in two processes."""
    here = environment(BOT4, folder)
    seats = [
        Seat(Contender(label=module, environment=BOT4, module=module, work="sma_cross"), here, folder, folder / module)
        for module in ("on_bot4", "on_bot4_plain")
    ]
    for _ in range(TRIALS):
        for seat in seats:
            seat.run()
    compiled, plain = (seat.leave() for seat in seats)
    name = "plain Python over the compiled build, a bar of the whole engine"
    if compiled.missing or plain.missing or "pure" not in plain.version or "pure" in compiled.version:
        told = compiled.missing or plain.missing or f"both sides are one build: {plain.version}"
        return Verdict(name, float("nan"), COMPILED_MIN, at_least=True, why=told)
    ratio = min(one.cpu_s for one in plain.trials) / min(one.cpu_s for one in compiled.trials)
    return Verdict(name, ratio, COMPILED_MIN, at_least=True, why="was 4.6, slack 1.5")


def bars_and_loop(once: Path, twice: Path) -> list[Verdict]:
    """Run so many bars, twice as many, and a loop of plain Python."""
    short, long = SmaCross(once), SmaCross(twice)
    seconds_of(short)
    bars, doubled, loop = best(lambda: seconds_of(short), lambda: seconds_of(long), plain_loop)
    turns = bars / BARS / (loop / TURNS)
    return [
        Verdict(
            "a bar of the whole engine, in turns of a plain loop",
            turns,
            TURNS_MAX,
            at_least=False,
            why="was 23, slack 2.6",
        ),
        Verdict(f"{2 * BARS:,} bars over {BARS:,}", doubled / bars, DOUBLED_MAX, at_least=False, why="linear is 2"),
    ]


def twice_the_orders(folder: Path) -> Verdict:
    """Open so many orders, then twice as many, through risk, trading, journal and venue."""
    bench = Bench(folder=folder, samples=0, floor_us=0.0)

    def opened(count: int) -> float:
        with quiet_collector():
            began = process_time_ns()
            Desks(bench, count)
            return (process_time_ns() - began) / 1e9

    once, doubled = best(lambda: opened(ORDERS), lambda: opened(2 * ORDERS))
    name = f"{2 * ORDERS:,} orders opened and left open over {ORDERS:,}"
    return Verdict(name, doubled / once, DOUBLED_MAX, at_least=False, why="linear is 2")


def indicators(folder: Path) -> Verdict:
    """Compute thirty indicator outputs over whole columns, with bot4 and with TA-Lib."""
    write_bars(folder, INDICATOR_BARS)
    ours, theirs = IndicatorsBatch(folder), Batch(folder)
    seconds_of(ours)
    spent = best(lambda: seconds_of(ours), lambda: seconds_of(theirs))
    return Verdict("30 indicators in batch over TA-Lib", spent[0] / spent[1], TALIB_MAX, at_least=False, why="the aim")
