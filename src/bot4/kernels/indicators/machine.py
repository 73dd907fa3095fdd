# SPDX-License-Identifier: Apache-2.0
"""The machine: bars in, every row of the program done for them, the newest values out.

`carry` is the only place where a bar changes the state. One bar at a time it works on the state itself (`advance`); of
a block it takes each row over all bars before the next row (`run_blocks`), in a workspace. The instructions are the
same and so is their order for each row, so streaming and batch agree to the bit (no fastmath, no fused multiply-add).
Rows stand in an order in which each finds its inputs done.
"""

import math
from functools import cache
from typing import Any, Final

from numba import cfunc, types
from numba.extending import overload

from bot4.kernels.indicators import layout as at_
from bot4.kernels.indicators.calendar import step_calendar
from bot4.kernels.indicators.flow import step_flow
from bot4.kernels.indicators.fractional import step_fractional
from bot4.kernels.indicators.layout import DAY_NS, FAMILY
from bot4.kernels.indicators.momentum import step_momentum
from bot4.kernels.indicators.pairs import step_pairs
from bot4.kernels.indicators.series import RECORD, step_series
from bot4.kernels.indicators.statistics import step_statistics
from bot4.kernels.indicators.trend import step_trend
from bot4.kernels.indicators.volume import step_volume
from bot4.kernels.jit import IS_COMPILED, Floats, Ints, fused, kernel
from bot4.kernels.raw import RAW, RAW_INTS, call_apart


@fused
def is_usable(open: float, high: float, low: float, close: float, volume: float) -> bool:
    """Say whether a bar may enter: prices finite and above zero, volume finite and not negative; NaN fails both."""
    priced = 0.0 < open < math.inf and 0.0 < high < math.inf and 0.0 < low < math.inf and 0.0 < close < math.inf
    return priced and 0.0 <= volume < math.inf


@fused
def perform_bar(operation: int, s: Floats, at: int, k: int, a: int, b: int, x: int, y: int, z: int) -> None:
    """Hand one row to a family that takes one bar and leaves its results in the registers from `at` on."""
    family = operation // FAMILY
    if family == at_.CALENDAR:
        step_calendar(operation, s, at, a, x, y)
    elif family == at_.FRACTIONAL:
        step_fractional(operation, s, at, k, a, x)
    elif family == at_.PAIRS:
        step_pairs(operation, s, at, k, a, b, x, y, z)
    elif family == at_.FLOW:
        step_flow(operation, s, at, k, a, x, y, z)


@fused
def resolve(given: int, place: int) -> int:
    """Return the index of an input or a result: of a ring, which moves, or of a register, which does not."""
    return place + given if given >= 0 else -given


def carry(program: Ints, rows: int, s: Floats, count: int, place: int, bars: int) -> None:
    """Do every row for `bars` bars that are in place, after `count` bars before them; program as one dimension."""
    depth = int(s[at_.DEPTH])
    for r in range(0, rows * at_.COLUMNS, at_.COLUMNS):
        k = count + 1 - program[r + at_.START]
        early = max(0, 1 - k)  # bars of this call that come before the row's inputs hold their first value
        k += early
        n = bars - early
        if n <= 0:
            continue
        operation = program[r + at_.OPERATION]
        at = program[r + at_.AT]
        x = resolve(program[r + at_.X], place) + early
        if operation == RECORD:
            s[at + place] = s[x]
            s[at + place - depth] = s[x]
            continue
        y = resolve(program[r + at_.Y], place) + early
        z = resolve(program[r + at_.Z], place) + early
        o = resolve(program[r + at_.TO], place) + early
        p = resolve(program[r + at_.TO_2], place) + early
        q = resolve(program[r + at_.TO_3], place) + early
        a = program[r + at_.A]
        b = program[r + at_.B]
        family = operation // FAMILY
        if family == at_.SERIES:
            step_series(operation, s, at, o, k, n, b, x, y, z)
        elif family == at_.STATISTICS:
            step_statistics(operation, s, at, o, p, k, n, a, b, x, y, z)
        elif family == at_.TREND:
            step_trend(operation, s, at, o, p, q, k, n, a, b, x, y, z)
        elif family == at_.MOMENTUM:
            step_momentum(operation, s, at, o, p, k, n, a, x, y, z)
        elif family == at_.VOLUMES:
            step_volume(operation, s, at, o, k, n, a, b, x, y, z)
        else:
            for i in range(n):
                perform_bar(operation, s, at, k + i, a, b, x + i, y + i, z + i)
                s[o + i] = s[at]
                s[p + i] = s[at + 1]
                s[q + i] = s[at + 2]


@cache
def carrier() -> int:
    """Return the address of the compiled `carry`, 0 where nothing is compiled; the first call takes a while.

    Everything else calls it by this address and not by its name: the compiler copies what it calls by name into the
    caller and optimises it again, and this is half a minute of work by itself.
    """
    if not IS_COMPILED:
        return 0
    form = types.void(RAW_INTS, types.intp, RAW, types.intp, types.intp, types.intp)
    compiled = cfunc(form, cache=True, error_model="numpy")(carry)
    _KEPT.append(compiled)
    return int(compiled.address or 0)


_KEPT: Final[list[object]] = []


def call_carry(worker: int, program: Ints, memory: Floats, count: int, place: int, bars: int) -> None:
    """Call `carry` by the address that `carrier` returned, or by its name where nothing is compiled."""
    assert worker == 0
    carry(program.ravel(), len(program), memory, count, place, bars)


@overload(call_carry, inline="always")
def _call_carry(worker: Any, program: Any, memory: Any, count: Any, place: Any, bars: Any) -> Any:  # noqa: ARG001
    def call(worker: Any, program: Any, memory: Any, count: Any, place: Any, bars: Any) -> Any:
        call_apart(worker, program.ctypes.data, program.shape[0], memory.ctypes.data, count, place, bars)

    return call


@kernel
def advance(
    worker: int,
    program: Ints,
    s: Floats,
    open_ns: int,
    open: float,
    high: float,
    low: float,
    close: float,
    volume: float,
) -> bool:
    """Carry one bar through every row; False, with the state untouched, when the bar is not usable.

    `worker` is what `carrier` returns.
    """
    if not is_usable(open, high, low, close, volume):
        return False
    count = int(s[at_.COUNT])
    depth = int(s[at_.DEPTH])
    place = int(s[at_.POSITION]) + 1
    if place >= 2 * depth:
        place = depth
    s[at_.COUNT] = count + 1
    s[at_.POSITION] = place
    s[at_.OPEN] = open
    s[at_.HIGH] = high
    s[at_.LOW] = low
    s[at_.CLOSE] = close
    s[at_.VOLUME] = volume
    day = open_ns // DAY_NS
    s[at_.DAY] = day
    s[at_.TIME] = open_ns - day * DAY_NS
    call_carry(worker, program, s, count, place, 1)
    return True
