# SPDX-License-Identifier: Apache-2.0
"""Several machines in one state vector: the bars themselves, larger bars built of them, and pairs with a reference.

Each track is a program of its own rows over its own part of the state. The first track takes every bar. A *frame* folds
bars into larger ones and advances when one is finished; between two of them its registers stand still, and that is the
value of the feature. A *pair* advances with every bar, the reference's last known close in the place of the open.

When a larger bar is finished: with the bar that reaches its end, if the length of the bars was told (`new_state`), so
that its values are those known at that very moment; else, and where that last bar is missing, with the first bar after
its end. It is never finished by a bar that lies within it. As in `market.aggregation`, a period without a bar gives
none, and one in which bars are missing (the first of a series too) gives one of those that came.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Any, Final, cast

import numpy as np
from numba import types
from numba.np.numpy_support import carray

from bot4.kernels.indicators import layout as at_
from bot4.kernels.indicators.blocks import Bars
from bot4.kernels.indicators.machine import advance, is_usable
from bot4.kernels.jit import IS_COMPILED, Floats, Ints, fused, kernel, pointer

# Columns of the table of tracks; the first row is the bars themselves.
STATE_AT: Final = 0  # its part of the state
STATE_STOP: Final = 1
ROW_AT: Final = 2  # its rows of the program
ROW_STOP: Final = 3
PERIOD_NS: Final = 4  # length of the larger bars; 0 for a pair
HEAD: Final = 5  # where a frame keeps its unfinished bar, and a pair the reference's close
COLUMNS: Final = 6

# What a frame keeps at its head.
BUCKET: Final = 0  # number of the period since 1970, NaN where none is begun
OPEN: Final = 1
HIGH: Final = 2
LOW: Final = 3
CLOSE: Final = 4
VOLUME: Final = 5
CLOCK_NS: Final = 6  # length of the bars it is built of, 0 where not told
FRAME_HEAD: Final = 7

# Rows of the table of outputs: where in the state each lies, and the track that makes it.
PLACE: Final = 0
OWNER: Final = 1

# Fields of the descriptor that `step_at` reads.
ROWS: Final = 0
OUTPUTS: Final = 1
STATE_SIZE: Final = 2
TRACKS: Final = 3
PROGRAM_ADDRESS: Final = 4
GATHER_ADDRESS: Final = 5
STATE_ADDRESS: Final = 6
TRACKS_ADDRESS: Final = 7
VALUES_ADDRESS: Final = 8
WORKERS: Final = 9
DESCRIPTOR: Final = 10


@kernel
def fold_bar(s: Floats, head: int, bucket: int, open: float, high: float, low: float, close: float, vol: float) -> None:
    """Put a bar into the larger one that is held, or begin it."""
    if s[head + BUCKET] == s[head + BUCKET]:  # not NaN: one is held
        s[head + HIGH] = max(s[head + HIGH], high)
        s[head + LOW] = min(s[head + LOW], low)
        s[head + VOLUME] += vol
    else:
        s[head + BUCKET] = bucket
        s[head + OPEN] = open
        s[head + HIGH] = high
        s[head + LOW] = low
        s[head + VOLUME] = vol
    s[head + CLOSE] = close


@fused
def is_due(s: Floats, head: int, period: int, phase: int, open_ns: int) -> bool:
    """Say whether the held bar is finished: by the begin of a later one (phase 0), or as this one reaches its end (1).

    False where none is held, and in phase 1 where the length of the bars was not told.
    """
    if phase == 0:
        return bool(s[head + BUCKET] < open_ns // period)
    clock = int(s[head + CLOCK_NS])
    return clock > 0 and open_ns + clock >= (open_ns // period + 1) * period


@fused
def advance_all(
    workers: int,
    tracks: Ints,
    program: Ints,
    s: Floats,
    first: int,
    open_ns: int,
    open: float,
    high: float,
    low: float,
    close: float,
    vol: float,
) -> bool:
    """Carry one bar through the tracks from `first` on; False, with the state untouched, when it is not usable.

    A bar that begins a later period first finishes the larger bar before (phase 0); then it is folded, and may finish
    its own (phase 1). A pair whose reference is not known stands still. The call of `advance` stands in one place
    because the compiler copies it to every one: three took four times as long to compile.
    """
    for t in range(first, tracks.shape[0]):
        period, head = tracks[t, PERIOD_NS], tracks[t, HEAD]
        part = s[tracks[t, STATE_AT] : tracks[t, STATE_STOP]]
        rows = program[tracks[t, ROW_AT] : tracks[t, ROW_STOP]]
        for phase in range(2 if period > 0 else 1):
            at, o, h, lowest, c, v = open_ns, open, high, low, close, vol
            if phase == 1:
                fold_bar(s, head, open_ns // period, open, high, low, close, vol)
            if period > 0 and not is_due(s, head, period, phase, open_ns):
                continue
            if period > 0:
                at = int(s[head + BUCKET]) * period
                o, h, lowest = s[head + OPEN], s[head + HIGH], s[head + LOW]
                c, v = s[head + CLOSE], s[head + VOLUME]
                s[head + BUCKET] = math.nan
            elif t > 0:
                o = s[head]
            if not advance(workers, rows, part, at, o, h, lowest, c, v) and t == 0:
                return False
    return True


@fused
def write_outputs(tracks: Ints, gather: Ints, s: Floats, first: int, taken: bool, out: Floats) -> None:
    """Write the outputs of the tracks from `first` on, out of shape (outputs,).

    NaN where the bar was not taken or the reference of a pair is not known.
    """
    for j in range(gather.shape[1]):
        if gather[OWNER, j] >= first:
            out[j] = s[gather[PLACE, j]] if taken else math.nan
    for t in range(1, tracks.shape[0]):
        if tracks[t, PERIOD_NS] > 0 or 0.0 < s[tracks[t, HEAD]] < math.inf:
            continue
        for j in range(gather.shape[1]):
            out[j] = math.nan if gather[OWNER, j] == t else out[j]


@kernel
def step(
    workers: int,
    tracks: Ints,
    program: Ints,
    gather: Ints,
    s: Floats,
    open_ns: int,
    open: float,
    high: float,
    low: float,
    close: float,
    volume: float,
    out: Floats,
) -> bool:
    """Take one bar and write the outputs, shape (outputs,); NaN and False for a bar that is not usable."""
    taken = advance_all(workers, tracks, program, s, 0, open_ns, open, high, low, close, volume)
    write_outputs(tracks, gather, s, 0, taken, out)
    return bool(taken)


@kernel
def step_at(descriptor: int, open_ns: int, open: float, high: float, low: float, close: float, volume: float) -> bool:
    """Do as `step`, the arrays given by the address of a descriptor: half a microsecond less per call from Python."""
    d = carray(pointer(descriptor), DESCRIPTOR, np.int64)
    tracks = carray(pointer(d[TRACKS_ADDRESS]), (d[TRACKS], COLUMNS), np.int64)
    program = carray(pointer(d[PROGRAM_ADDRESS]), (d[ROWS], at_.COLUMNS), np.int64)
    gather = carray(pointer(d[GATHER_ADDRESS]), (2, d[OUTPUTS]), np.int64)
    state = carray(pointer(d[STATE_ADDRESS]), d[STATE_SIZE], np.float64)
    values = carray(pointer(d[VALUES_ADDRESS]), d[OUTPUTS], np.float64)
    taken = advance_all(d[WORKERS], tracks, program, state, 0, open_ns, open, high, low, close, volume)
    write_outputs(tracks, gather, state, 0, taken, values)
    return bool(taken)


@cache
def step_entry() -> Callable[[int, int, float, float, float, float, float], bool]:
    """Return `step_at` without numba's dispatcher, which looks at the types of all arguments: 0.2 us less a call."""
    if not IS_COMPILED:
        return step_at
    dispatcher = cast("Any", step_at)
    form = (types.intp, types.intp, *(types.float64,) * 5)
    dispatcher.compile(form)
    return cast("Callable[[int, int, float, float, float, float, float], bool]", dispatcher.get_overload(form))


@kernel
def run(
    workers: int,
    tracks: Ints,
    program: Ints,
    gather: Ints,
    s: Floats,
    first: int,
    open_ns: Ints,
    bars: Bars,
    references: Floats,
    out: Floats,
) -> int:
    """Take bars in order through the tracks from `first` on and write their outputs, shape (bars, outputs).

    Returns how many bars were not usable. `bars` are open, high, low, close and volume; `references`, shape (bars,
    references), the closes known with each bar, in the order of their places at the end of the state.
    """
    opens, highs, lows, closes, volumes = bars
    end = s.shape[0] - references.shape[1]
    refused = 0
    for i in range(opens.shape[0]):
        for r in range(references.shape[1]):
            s[end + r] = references[i, r]
        o, h, low, c, v = opens[i], highs[i], lows[i], closes[i], volumes[i]
        taken = is_usable(o, h, low, c, v) and advance_all(
            workers, tracks, program, s, first, open_ns[i], o, h, low, c, v
        )
        write_outputs(tracks, gather, s, first, taken, out[i])
        refused += not taken
    return refused
