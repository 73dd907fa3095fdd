# SPDX-License-Identifier: Apache-2.0
"""The machine: bars in, every row of the program done for them, the newest values out.

`carry` is the only place where a bar changes the state. One bar at a time (`carry_one`) it works on the state itself;
of a block it takes each row over all bars before the next row (`run_blocks`), in a workspace. The lines of a row are
the same and so is their order for each row, so streaming and batch agree to the bit (no fastmath, no fused
multiply-add).
Rows stand in an order in which each finds its inputs done.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np
from numba import cfunc, types
from numba.extending import overload
from numba.np.numpy_support import carray

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
from bot4.kernels.jit import IS_COMPILED, Floats, Ints, address_of, fused, kernel, pointer
from bot4.kernels.raw import RAW, RAW_INTS, call_apart


@fused
def is_usable(open: float, high: float, low: float, close: float, volume: float) -> bool:
    """Say whether a bar may enter: prices finite and above zero, volume finite and not negative; NaN fails both."""
    above = (open > 0.0) & (high > 0.0) & (low > 0.0) & (close > 0.0) & (volume >= 0.0)
    below = (open < math.inf) & (high < math.inf) & (low < math.inf) & (close < math.inf) & (volume < math.inf)
    return above & below


@fused
def perform_bar(operation: int, s: Floats, at: int, k: int, a: int, b: int, x: int, y: int, z: int) -> None:
    """Hand one row to a family that takes one bar and leaves its results in the registers from `at` on."""
    family = operation // FAMILY
    if family == at_.FRACTIONAL:
        step_fractional(operation, s, at, k, a, x)
    elif family == at_.PAIRS:
        step_pairs(operation, s, at, k, a, b, x, y, z)
    elif family == at_.FLOW:
        step_flow(operation, s, at, k, a, x, y, z)


@fused
def resolve(given: int, place: int) -> int:
    """Return the index of an input or a result: of a ring, which moves, or of a register, which does not."""
    return place + given if given >= 0 else -given


@fused
def perform_rare(program: Ints, r: int, s: Floats, k: int, n: int, place: int, early: int) -> None:
    """Do a row of the families that take one bar; `early` bars after `place` comes the first."""
    operation = program[r + at_.OPERATION]
    at = program[r + at_.AT]
    x = resolve(program[r + at_.X], place) + early
    y = resolve(program[r + at_.Y], place) + early
    z = resolve(program[r + at_.Z], place) + early
    o = resolve(program[r + at_.TO], place) + early
    p = resolve(program[r + at_.TO_2], place) + early
    q = resolve(program[r + at_.TO_3], place) + early
    a = program[r + at_.A]
    b = program[r + at_.B]
    if operation // FAMILY == at_.CALENDAR:
        step_calendar(operation, s, o, n, a, x, y)
        return
    for i in range(n):
        perform_bar(operation, s, at, k + i, a, b, x + i, y + i, z + i)
        s[o + i] = s[at]
        s[p + i] = s[at + 1]
        s[q + i] = s[at + 2]


@fused
def perform(
    workers: int, program: Ints, r: int, s: Floats, k: int, n: int, place: int, early: int, o: int, p: int, q: int
) -> None:
    """Do the row at `r` for `n` bars, the first of them the `k`-th that counts and `early` bars after `place`."""
    operation = program[r + at_.OPERATION]
    at = program[r + at_.AT]
    x = resolve(program[r + at_.X], place) + early
    y = resolve(program[r + at_.Y], place) + early
    z = resolve(program[r + at_.Z], place) + early
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
        call_rare(workers, program, r, s, k, n, place, early)


def carry(workers: int, program: Ints, rows: int, s: Floats, count: int, place: int, bars: int) -> None:
    """Do every row for `bars` bars that are in place, after `count` bars before them; program as one dimension."""
    for r in range(0, rows * at_.COLUMNS, at_.COLUMNS):
        k = count + 1 - program[r + at_.START]
        early = max(0, 1 - k)  # bars of this call that come before the row's inputs hold their first value
        n = bars - early
        if n > 0:
            o = resolve(program[r + at_.TO], place) + early
            p = resolve(program[r + at_.TO_2], place) + early
            q = resolve(program[r + at_.TO_3], place) + early
            perform(workers, program, r, s, k + early, n, place, early, o, p, q)


def carry_one(workers: int, program: Ints, rows: int, s: Floats, count: int, place: int, depth: int) -> None:
    """Do every row for one bar, on the state: `carry` with one bar, a case by itself for the compiler.

    It drops every loop over bars: 0.42 us for 36 features, where `carry` took 0.75.
    """
    for r in range(0, rows * at_.COLUMNS, at_.COLUMNS):
        k = count + 1 - program[r + at_.START]
        if k <= 0:
            continue
        at = program[r + at_.AT]
        if program[r + at_.OPERATION] == RECORD:
            x = resolve(program[r + at_.X], place)
            s[at + place] = s[x]
            s[at + place - depth] = s[x]
        else:
            perform(workers, program, r, s, k, 1, place, 0, at, at + 1, at + 2)


#: Addresses of the compiled `carry` (MANY), `carry_one` (ONE) and `perform_rare`; 0 for what was not needed so far.
_TABLE: Final = np.zeros(3, dtype=np.int64)
MANY: Final = 0
ONE: Final = 1
_RARE: Final = 2
_KEPT: Final[list[object]] = []


@cache
def workers(with_rare: bool) -> int:
    """Return the address of the table of workers, 0 where nothing is compiled; the first call takes a while.

    Everything else calls them by these addresses and not by name: the compiler copies what it calls by name into the
    caller and optimises it again, and this is half a minute of work by itself. `with_rare` asks for the families that
    the default features do without.
    """
    if not IS_COMPILED:
        return 0
    integer = types.intp
    many = types.void(integer, RAW_INTS, integer, RAW, integer, integer, integer)
    _install(MANY, carry, many)
    _install(ONE, carry_one, many)
    if with_rare:
        _install(_RARE, perform_rare_apart, types.void(RAW_INTS, integer, RAW, integer, integer, integer, integer))
    return address_of(_TABLE)


def _install(place: int, function: Callable[..., None], form: object) -> None:
    """Compile a worker into its place in the table, unless it stands there."""
    if _TABLE[place]:
        return
    compiled = cfunc(form, cache=True, error_model="numpy")(function)
    _KEPT.append(compiled)
    _TABLE[place] = compiled.address or 0


def perform_rare_apart(program: Ints, r: int, s: Floats, k: int, n: int, place: int, early: int) -> None:
    """Do as `perform_rare`, compiled by itself."""
    perform_rare(program, r, s, k, n, place, early)


def needs_rare(program: Ints) -> bool:
    """Say whether a program has rows of the rare families."""
    return bool((program[:, at_.OPERATION] // FAMILY > at_.LAST_COMMON).any())


@fused
def worker(table: int, place: int) -> int:
    """Return an address from the table of workers."""
    return int(carray(pointer(table), 3, np.int64)[place])


def call_rare(workers: int, program: Ints, r: int, s: Floats, k: int, n: int, place: int, early: int) -> None:
    """Call `perform_rare` by its address, or by its name where nothing is compiled."""
    assert workers == 0
    perform_rare(program, r, s, k, n, place, early)


@overload(call_rare, inline="always")
def _call_rare(workers: Any, program: Any, r: Any, s: Any, k: Any, n: Any, place: Any, early: Any) -> Any:  # noqa: ARG001
    def call(workers: Any, program: Any, r: Any, s: Any, k: Any, n: Any, place: Any, early: Any) -> Any:
        call_apart(worker(workers, _RARE), program, r, s, k, n, place, early)

    return call


def call_carry(
    workers: int, which: int, program: Ints, memory: Floats, count: int, place: int, bars_or_depth: int
) -> None:
    """Call `carry` (`which` MANY) or `carry_one` (ONE) by its address, or by its name where nothing is compiled.

    The last argument is the one in which the two differ.
    """
    assert workers == 0
    (carry_one if which == ONE else carry)(0, program.ravel(), len(program), memory, count, place, bars_or_depth)


@overload(call_carry, inline="always")
def _call_carry(
    workers: Any,  # noqa: ARG001
    which: Any,  # noqa: ARG001
    program: Any,  # noqa: ARG001
    memory: Any,  # noqa: ARG001
    count: Any,  # noqa: ARG001
    place: Any,  # noqa: ARG001
    bars_or_depth: Any,  # noqa: ARG001
) -> Any:
    def call(workers: Any, which: Any, program: Any, memory: Any, count: Any, place: Any, bars_or_depth: Any) -> Any:
        rows, size = program.ctypes.data, program.shape[0]
        call_apart(worker(workers, which), workers, rows, size, memory.ctypes.data, count, place, bars_or_depth)

    return call


@kernel
def advance(
    workers: int,
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

    `workers` is what the function of that name returns.
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
    call_carry(workers, ONE, program, s, count, place, depth)
    return True
