# SPDX-License-Identifier: Apache-2.0
"""From conditions to a record: an opinion hops from bit to bit, and the shadow book's own rule fills its changes.

The walk does what the stage of strategies does with a rule's signals: an opinion that expired ends first, and the rule
may speak on the same bar; a change is a wish, filled at the next open by `shadow.shadow_fill`; a day is marked at its
last close. `decision/evidence/shadow.py` does the same bar by bar; a test holds the two equal.
"""

from typing import Final

import numpy as np

from bot4.kernels.jit import Floats, Ints, fused, kernel
from bot4.kernels.shadow import shadow_fill, shadow_mark
from bot4.kernels.sweep.masks import Words, is_set, next_set

fill = fused(shadow_fill)
mark_gain = fused(shadow_mark)

# Columns of a leg, one row of integers for each parameter set: masks, then the time stop.
ENTER_LONG: Final = 0
ENTER_SHORT: Final = 1
LEAVE_LONG: Final = 2
LEAVE_SHORT: Final = 3
REVERSES: Final = 4  # 1: leaving a side is entering the other
HOLD_BARS: Final = 5  # the opinion expires after so many bars; 0: never
LEG_COLUMNS: Final = 6

# Columns of what a parameter set carries from block to block in one instrument: integers ...
OPINION: Final = 0  # -1, 0, 1
EXPIRES: Final = 1  # UTC nanoseconds
WAITS: Final = 2  # 1: a wish waits for an open
SINCE: Final = 3  # when that wish was known, UTC nanoseconds
CLOSED: Final = 4  # trades closed so far
FILLS: Final = 5
CARRY_INTS: Final = 6
# ... and floats.
WISH: Final = 0
QUANTITY: Final = 1
MARK: Final = 2
CARRY_FLOATS: Final = 3

# Columns of a segment, the bars of one block that lie in one day.
END: Final = 0  # the bar behind the segment's last
DAY: Final = 1  # the day, counted from the first of the buffer of gains
CLOSES: Final = 2  # 1: the day ends here
SEGMENT_COLUMNS: Final = 3

ENDLESS: Final = (1 << 63) - 1


@fused
def expiry_row(known: Ints, expires: int, after: int, guess: int, stop: int) -> int:
    """Return the first bar from `after` on that is known at `expires` or later, or `stop`.

    `guess` is where it lies if no bar is missing and none is off its grid: then nothing is searched.
    """
    if after < guess < stop and known[guess - 1] < expires <= known[guess]:
        return guess
    low = after
    high = stop
    while low < high:
        middle = (low + high) // 2
        if known[middle] >= expires:
            high = middle
        else:
            low = middle + 1
    return low


@fused
def next_row(masks: Words, leg: Ints, opinion: int, start: int, stop: int) -> int:
    """Return the next bar on which the rule has something to say to an opinion, or `stop`."""
    if opinion == 0:
        return next_set(masks[leg[ENTER_LONG]], masks[leg[ENTER_SHORT]], start, stop)
    leave = masks[leg[LEAVE_LONG if opinion > 0 else LEAVE_SHORT]]
    return next_set(leave, leave, start, stop)


@fused
def entry(masks: Words, leg: Ints, at: int) -> int:
    """Return what the rule says to no opinion on one bar: 1, -1 or nothing (0); long is asked first."""
    if is_set(masks[leg[ENTER_LONG]], at):
        return 1
    return -1 if is_set(masks[leg[ENTER_SHORT]], at) else 0


@fused
def walk(
    masks: Words, leg: Ints, carry: Ints, known: Ints, interval_ns: int, stop: int, rows: Ints, wishes: Ints, count: int
) -> int:
    """Write the bars on which the opinion changes, and to what, behind the first `count`; returns their number."""
    opinion = carry[OPINION]
    expires = carry[EXPIRES]
    hold = leg[HOLD_BARS]
    start = 0
    expiry = expiry_row(known, expires, 0, 0, stop) if opinion != 0 else stop
    while start < stop:
        at = next_row(masks, leg, opinion, start, stop)
        if opinion != 0 and expiry <= at:
            if expiry >= stop:
                break
            at = expiry
            opinion = entry(masks, leg, at)
        elif at >= stop:
            break
        elif opinion == 0:
            opinion = entry(masks, leg, at)
        else:
            opinion = -opinion * leg[REVERSES]
        start = at + 1
        expires = known[at] + hold * interval_ns if hold > 0 else ENDLESS
        expiry = expiry_row(known, expires, start, at + hold, stop) if hold > 0 else stop
        rows[count] = at
        wishes[count] = opinion
        count += 1
    carry[OPINION] = opinion
    carry[EXPIRES] = expires
    return count


@fused
def place_fills(rows: Ints, wishes: Ints, count: int, carry: Ints, known: Ints, interval_ns: int) -> int:
    """Turn the bars of changes into those at whose open they are filled; returns how many are left of them.

    That is the first open not before the change was known: almost always the next bar's, later where bars lie off
    their grid and overlap. A change that another follows before its open is never filled. `stop`: not in this block.
    """
    stop = known.shape[0]
    kept = 0
    for j in range(count):
        since = known[rows[j]] if rows[j] >= 0 else carry[SINCE]
        at = rows[j] + 1
        while at < stop and known[at] - interval_ns < since:
            at += 1
        carry[SINCE] = since
        if j + 1 == count or rows[j + 1] >= at:
            rows[kept] = at
            wishes[kept] = wishes[j]
            kept += 1
    return kept


@fused
def book(
    rows: Ints,
    wishes: Ints,
    count: int,
    carry: Ints,
    money: Floats,
    opens: Floats,
    closes: Floats,
    segments: Ints,
    cost: float,
    gains: Floats,
) -> None:
    """Fill each wish at the open of its bar, mark each day at its last close; adds to `gains`, one for each day."""
    quantity = money[QUANTITY]
    mark = money[MARK]
    done = 0
    for k in range(segments.shape[0]):
        gain = gains[segments[k, DAY]]
        while done < count and rows[done] < segments[k, END]:
            price = opens[rows[done]]
            before = quantity
            quantity, earned, paid = fill(before, mark, float(wishes[done]), price, 1.0, cost)
            mark = price
            gain += earned - paid
            carry[CLOSED] += before != 0.0 and before * quantity <= 0.0
            carry[FILLS] += before != quantity
            done += 1
        if segments[k, CLOSES] and quantity != 0.0:
            price = closes[segments[k, END] - 1]
            gain += mark_gain(quantity, mark, price)
            mark = price
        gains[segments[k, DAY]] = gain
    carry[WAITS] = done < count
    money[WISH] = float(wishes[done]) if done < count else 0.0
    money[QUANTITY] = quantity
    money[MARK] = mark


@kernel
def run_block(
    masks: Words,
    legs: Ints,
    carries: Ints,
    monies: Floats,
    known: Ints,
    interval_ns: int,
    opens: Floats,
    closes: Floats,
    segments: Ints,
    cost: float,
    is_spot: bool,
    gains: Floats,
) -> None:
    """Carry every parameter set through one block of one instrument.

    Parameters
    ----------
    masks : array of uint64, shape (masks, words)
        Bits of the block's bars.
    legs, carries, monies : arrays, shape (sets, ...)
        The rules; what each set carries between blocks, changed in place.
    known : array of int64, shape (bars,)
        When each bar is known, UTC nanoseconds.
    opens, closes : arrays of float64, shape (bars,) or longer
        In quote per base.
    segments : array of int64, shape (segments, 3)
        The block's bars by day.
    cost : float
        Fee and slippage of a fill, a fraction of its notional.
    is_spot : bool
        A short opinion is then no position.
    gains : array of float64, shape (sets, days)
        Added to: net gain of each day, as a fraction of the notional.
    """
    stop = known.shape[0]
    rows = np.empty(stop + 1, dtype=np.int64)
    wishes = np.empty(stop + 1, dtype=np.int64)
    for c in range(legs.shape[0]):
        count = 0
        if carries[c, WAITS]:
            rows[0] = -1
            wishes[0] = int(monies[c, WISH])
            count = 1
        count = walk(masks, legs[c], carries[c], known, interval_ns, stop, rows, wishes, count)
        count = place_fills(rows, wishes, count, carries[c], known, interval_ns)
        if is_spot:
            for j in range(count):
                wishes[j] = max(wishes[j], 0)
        book(rows, wishes, count, carries[c], monies[c], opens, closes, segments, cost, gains[c])
