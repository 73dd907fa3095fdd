# SPDX-License-Identifier: Apache-2.0
"""The indicators: one bar at a time as in live trading, and whole columns as in research."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from bot4.apps.bench.harness import BATCHES, Bench, Case, Measurement, Row, Several, Subject, cpu_seconds
from bot4.domain.values import MINUTE_NS
from bot4.kernels.features import CATALOG, DEFAULT_FEATURES, compile_features
from bot4.kernels.synthetic import generate

HUNDRED: Final = 100
BARS: Final = 4_096
BATCH_BARS: Final = 52_560
P99_US: Final = 5.0
EACH_NS: Final = 18.0
"""Twice the 9 ns that TA-Lib takes for a bar and indicator on a like machine; `make bench-peers` measures both."""


def hundred() -> tuple[str, ...]:
    """Return a hundred indicators, taken evenly from the catalogue, by their usual names; empty where it has fewer."""
    names = everything()
    return tuple(names[place * len(names) // HUNDRED] for place in range(HUNDRED)) if len(names) >= HUNDRED else ()


def everything() -> tuple[str, ...]:
    """Return every indicator of the catalogue by its usual name."""
    return tuple(dict.fromkeys(info.usual_name for info in CATALOG))


def cases() -> list[Measurement]:
    """Return the rows of the default indicators, of a hundred, and of all."""
    found: list[Measurement] = []
    for names in (DEFAULT_FEATURES, hundred(), everything()):
        if names:
            found.append(one_bar(names))
            found.append(columns(names))
    return found


def one_bar(names: Sequence[str]) -> Case:
    """Return the row of one bar."""

    def make(_: Bench) -> Subject:
        stream = compile_features(names).stream()
        bars = generated(BARS)
        size = len(bars)
        state = [-1]

        def call() -> None:
            at = state[0] = state[0] + 1
            stream.step(*bars[at % size])

        return Subject(call)

    return Case(suite="features", name=f"{len(names)} indicators, one bar", make=make, p99_us=P99_US)


def columns(names: Sequence[str]) -> Several:
    """Return the row of whole columns."""
    name = f"{len(names)} indicators, {BATCH_BARS:,} bars at once"

    def rows(bench: Bench) -> list[Row]:
        program = compile_features(names)
        market = generate(BATCH_BARS, 1)
        stamps = np.arange(BATCH_BARS, dtype=np.int64) * MINUTE_NS
        out = np.empty((BATCH_BARS, program.size))

        def call() -> None:
            program.run(program.new_state(), stamps, *market[:5], out)

        each_ns = cpu_seconds(call, BATCHES) * 1e9 / (BATCH_BARS * program.size)
        row = Row(
            suite="features",
            name=name,
            rate=round(1e9 / each_ns, 1),
            figure=round(each_ns, 3),
            unit="ns a bar and indicator",
            floor_us=bench.floor_us,
            budget=f"{EACH_NS:g} ns",
            met=each_ns <= EACH_NS,
        )
        return [row]

    return Several(suite="features", name=name, rows_of=rows)


def generated(bars: int) -> list[tuple[int, float, float, float, float, float]]:
    """Return bars of a generated market of minutes as a stream takes them: open time, four prices, volume."""
    market = generate(bars, 1)
    stamps = range(0, bars * MINUTE_NS, MINUTE_NS)
    return list(zip(stamps, *(column.tolist() for column in market[:5]), strict=True))
