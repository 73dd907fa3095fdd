# SPDX-License-Identifier: Apache-2.0
"""Many bars at once: the same rows over blocks of bars, in a workspace beside the state.

A bar costs each row a few instructions to find its operation and its memory. A block of bars pays them once: a hundred
features took 1,166 ns a bar row by row within each bar, and a third of it bar by bar within each row.
"""

import math

import numpy as np

from bot4.kernels.indicators import layout as at_
from bot4.kernels.indicators.layout import BLOCK, DAY_NS, ring_length
from bot4.kernels.indicators.machine import MANY, call_carry, is_usable, resolve
from bot4.kernels.jit import Floats, Ints, fused, kernel
from bot4.kernels.raw import raw

column_length = fused(ring_length)

Bars = tuple[Floats, Floats, Floats, Floats, Floats]


@fused
def take_up(joints: Ints, s: Floats, size: int, w: Floats, end: int) -> None:
    """Fill the workspace: the state, and before each ring's first place the values that the ring holds."""
    for i in range(size):
        w[i] = s[i]
    for i in range(size, end):
        w[i] = math.nan
    depth = int(s[at_.DEPTH])
    newest = int(s[at_.POSITION])
    for v in range(joints.shape[0]):
        ring = joints[v, at_.RING]
        if ring > 0:
            for j in range(depth):
                w[joints[v, at_.COLUMN] + depth - 1 - j] = s[ring + newest - j]


@fused
def put_back(joints: Ints, s: Floats, size: int, w: Floats, place: int, last: int, count: int) -> None:
    """Bring the state up to date: the bars taken, registers from the last of them, rings from the last `depth`.

    `place` is where the last block began, `last` the number of its last bar.
    """
    depth = int(s[at_.DEPTH])
    newest = depth + (int(s[at_.POSITION]) - depth + count - int(s[at_.COUNT])) % depth
    for i in range(at_.HEADER, size):
        s[i] = w[i]
    s[at_.COUNT] = count
    s[at_.POSITION] = newest
    for v in range(joints.shape[0]):
        column = joints[v, at_.COLUMN]
        ring = joints[v, at_.RING]
        s[joints[v, at_.REGISTER]] = w[resolve(column, place) + last]
        if ring > 0:
            for j in range(depth):
                to = ring + (newest - depth - j) % depth
                s[to] = w[column + place + last - j]
                s[to + depth] = s[to]


@fused
def shift_back(joints: Ints, w: Floats, depth: int, place: int) -> None:
    """Move the last `depth` values of each ring's column to its begin."""
    for v in range(joints.shape[0]):
        if joints[v, at_.RING] > 0:
            column = joints[v, at_.COLUMN]
            for j in range(depth):
                w[column + j] = w[column + place - depth + j]


@fused
def put_inputs(joints: Ints, w: Floats, place: int, open_ns: Ints, bars: Bars, rows: Ints, usable: int) -> None:
    """Put bars into the columns of the inputs; the first joints are theirs, in the order of the header."""
    for column, values in enumerate(bars):
        to = resolve(joints[column, at_.COLUMN], place)
        given = raw(values)
        for i in range(usable):
            w[to + i] = given[rows[i]]
    days = resolve(joints[at_.DAY - at_.OPEN, at_.COLUMN], place)
    times = resolve(joints[at_.TIME - at_.OPEN, at_.COLUMN], place)
    for i in range(usable):
        stamp = open_ns[rows[i]]
        day = stamp // DAY_NS
        w[days + i] = day
        w[times + i] = stamp - day * DAY_NS


@fused
def put_outputs(gather: Ints, w: Floats, place: int, rows: Ints, usable: int, out: Floats, width: int) -> None:
    """Write the rows of the outputs, one after the other; `gather` tells where in a row each stands.

    Eight rows at once, which uses a whole line of each column, is sooner only while `out` fits the cache.
    """
    for i in range(usable):
        row = rows[i] * width
        for j in range(gather.shape[1]):
            out[row + gather[1, j]] = w[resolve(gather[0, j], place) + i]


@fused
def usable_rows(
    opens: Floats, highs: Floats, lows: Floats, closes: Floats, volumes: Floats, rows: Ints, at: int
) -> int:
    """Write the numbers of the usable bars of the block that begins at `at`; returns how many there are."""
    usable = 0
    for i in range(at, min(at + BLOCK, opens.shape[0])):
        rows[usable] = i
        usable += is_usable(opens[i], highs[i], lows[i], closes[i], volumes[i])
    return usable


@kernel
def run_blocks(
    workers: int,
    program: Ints,
    joints: Ints,
    gather: Ints,
    memory: Floats,
    work: Floats,
    open_ns: Ints,
    bars: Bars,
    out: Floats,
) -> int:
    """Take bars in order, write the outputs of those that are usable, shape (bars, ...), and count those that are not.

    What is not usable gets a row of NaN. `workers` is what `machine.workers` returns.
    """
    opens, highs, lows, closes, volumes = bars
    s = raw(memory)
    w = raw(work)
    results = raw(out)
    take_up(joints, s, memory.shape[0], w, work.shape[0])
    depth = int(s[at_.DEPTH])
    place = depth
    last_place = depth
    count = int(s[at_.COUNT])
    rows = np.empty(BLOCK, dtype=np.int64)
    usable = 0
    last = 0
    for at in range(0, opens.shape[0], BLOCK):
        usable = usable_rows(opens, highs, lows, closes, volumes, rows, at)
        stop = min(at + BLOCK, opens.shape[0])
        if usable < stop - at:
            out[at:stop] = math.nan
        if usable == 0:
            continue
        if place + BLOCK > column_length(depth):
            shift_back(joints, w, depth, place)
            place = depth
        put_inputs(joints, w, place, open_ns, bars, rows, usable)
        call_carry(workers, MANY, program, work, count, place, usable)
        put_outputs(gather, w, place, rows, usable, results, out.shape[1])
        count += usable
        last_place = place
        last = usable
        place += usable
    taken = count - int(s[at_.COUNT])
    if taken > 0:
        put_back(joints, s, memory.shape[0], w, last_place, last - 1, count)
    return int(opens.shape[0] - taken)
