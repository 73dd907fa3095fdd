# SPDX-License-Identifier: Apache-2.0
"""The machine: one bar in, every row of the program done once, the newest values in their registers.

`advance` is the only place where a bar changes the state. `tracks` puts several machines side by side and holds the
loops; streaming and batch agree to the bit because they are the same instructions (no fastmath, no fused multiply-add).
Rows stand in an order in which each finds its inputs done.
"""

import math

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
from bot4.kernels.indicators.volatility import step_volatility
from bot4.kernels.indicators.volume import step_volume
from bot4.kernels.jit import Floats, Ints, fused, kernel


@fused
def is_usable(open: float, high: float, low: float, close: float, volume: float) -> bool:
    """Say whether a bar may enter: prices finite and above zero, volume finite and not negative; NaN fails both."""
    priced = 0.0 < open < math.inf and 0.0 < high < math.inf and 0.0 < low < math.inf and 0.0 < close < math.inf
    return priced and 0.0 <= volume < math.inf


@fused
def perform(operation: int, s: Floats, at: int, k: int, a: int, b: int, x: int, y: int, z: int) -> None:
    """Hand one row to its family."""
    family = operation // FAMILY
    if family == at_.SERIES:
        step_series(operation, s, at, k, x, y, z)
    elif family == at_.STATISTICS:
        step_statistics(operation, s, at, k, a, b, x, y, z)
    elif family == at_.TREND:
        step_trend(operation, s, at, k, a, x, y, z)
    elif family == at_.MOMENTUM:
        step_momentum(operation, s, at, k, a, x, y, z)
    elif family == at_.VOLATILITY:
        step_volatility(operation, s, at, k, a, x, y)
    elif family == at_.VOLUMES:
        step_volume(operation, s, at, k, a, x, y)
    elif family == at_.CALENDAR:
        step_calendar(operation, s, at, a, x, y)
    elif family == at_.FRACTIONAL:
        step_fractional(operation, s, at, k, a, x)
    elif family == at_.PAIRS:
        step_pairs(operation, s, at, k, a, b, x, y, z)
    elif family == at_.FLOW:
        step_flow(operation, s, at, k, a, x, y, z)


@kernel
def advance(
    program: Ints, s: Floats, open_ns: int, open: float, high: float, low: float, close: float, volume: float
) -> bool:
    """Carry one bar through every row; False, with the state untouched, when the bar is not usable."""
    if not is_usable(open, high, low, close, volume):
        return False
    count = int(s[at_.COUNT]) + 1
    depth = int(s[at_.DEPTH])
    place = int(s[at_.POSITION]) + 1
    if place >= 2 * depth:
        place = depth
    s[at_.COUNT] = count
    s[at_.POSITION] = place
    s[at_.OPEN] = open
    s[at_.HIGH] = high
    s[at_.LOW] = low
    s[at_.CLOSE] = close
    s[at_.VOLUME] = volume
    day = open_ns // DAY_NS
    s[at_.DAY] = day
    s[at_.TIME] = open_ns - day * DAY_NS
    for r in range(program.shape[0]):
        k = count - program[r, at_.START]
        if k <= 0:
            continue
        operation = program[r, at_.OPERATION]
        at = program[r, at_.AT]
        x = program[r, at_.X]
        x = place + x if x >= 0 else -x
        if operation == RECORD:
            s[at + place] = s[x]
            s[at + place - depth] = s[x]
            continue
        y = program[r, at_.Y]
        z = program[r, at_.Z]
        y = place + y if y >= 0 else -y
        z = place + z if z >= 0 else -z
        perform(operation, s, at, k, program[r, at_.A], program[r, at_.B], x, y, z)
    return True
