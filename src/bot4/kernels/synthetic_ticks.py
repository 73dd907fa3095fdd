# SPDX-License-Identifier: Apache-2.0
"""A made-up tape for tests, demonstrations and benches. Nothing it shows says anything about a real market.

One *tick* is one trade and what it does to the book: a trade takes quantity from the best level of the other side;
one that takes all of it moves the price by a tick. The spread is one tick, each side of the book has `depth` levels
one tick apart, and the rest of a tick's rows are new quantities anywhere in it: as many as bring the book's rows to
`rows_per_tick` on average, 2.68 by default. The aggressor leans one way for `lean_ticks` on average, so that an
average of prices has something to follow; that is planted, not found.

The book is never crossed, a trade is always at the best price, a level's quantity is never below 0, and what was
traded is what the book lost. Chance is splitmix64 by place: equal seeds give equal bytes, however a tape is cut.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from bot4.kernels.chance import seed_word, uniform_at
from bot4.kernels.jit import Ints, kernel

TRADE: Final = 1
QUOTE: Final = 2
SNAPSHOT: Final = 3
DELTA: Final = 4
"""Kinds of messages; the numbers are those of `bot4.domain.event`, which kernels do not know."""

DRAWS: Final = 32  # places of chance set aside for each tick
ROWS_FREE_MAX: Final = 8  # new quantities in one tick at most

# The state carried from piece to piece.
TICKS: Final = 0
AT_NS: Final = 1
BEST_BID: Final = 2
LEAN: Final = 3
UPDATE: Final = 4
BOOK_ROWS: Final = 5
STATE_WIDTH: Final = 6


class TapeConfig(NamedTuple):
    """The tape to make: prices in ticks, quantities in lots, times in nanoseconds.

    `quotes` and `deltas` (0 or 1) say which messages follow each trade; a book begins with a snapshot.
    """

    first_ns: int = 1_600_000_000_000_000_000
    gap_ns: float = 100_000_000.0  # mean time between ticks
    first_bid: int = 600_000
    depth: int = 20
    trade_lots: float = 40.0  # mean of a trade
    level_lots: float = 300.0  # mean of a level
    lean: float = 0.04  # beyond one half, the chance that the aggressor is on the leaning side
    lean_ticks: float = 2_000.0
    rows_per_tick: float = 2.68
    quotes: int = 1
    deltas: int = 1


class Tape(NamedTuple):
    """A piece of a tape: messages, int64 (7, n), and rows, int64 (3, m), as in `bot4.domain.tick_block`."""

    messages: Ints
    rows: Ints


@kernel
def lots_at(seed: np.uint64, place: int, mean: float) -> int:
    """Return a quantity of at least 1, exponential with about this mean."""
    return 1 + int(-math.log(uniform_at(seed, place)) * (mean - 1.0))


@kernel
def put_message(messages: Ints, k: int, kind: int, at_ns: int, first: int, last: int, end: int) -> None:
    """Write message `k`; its recorder had it at once."""
    messages[0, k] = kind
    messages[1, k] = 0
    messages[2, k] = at_ns
    messages[3, k] = at_ns
    messages[4, k] = first
    messages[5, k] = last
    messages[6, k] = end


@kernel
def put_row(rows: Ints, r: int, side: int, price: int, lots: int) -> int:
    """Write row `r` and return the number of the next."""
    rows[0, r] = side
    rows[1, r] = price
    rows[2, r] = lots
    return r + 1


@kernel
def step_price(
    seed: np.uint64, place: int, side: int, state: Ints, book: Ints, rows: Ints, r: int, config: TapeConfig
) -> int:
    """Move the book by one tick to the side of a trade that took a whole level; uses two places, writes four rows."""
    depth = book.shape[1]
    bid = state[BEST_BID]
    taken = 1 if side > 0 else 0  # the side of the book that lost its best level: asks are row 1
    other = 1 - taken
    way = 1 if taken == 1 else -1
    best_taken = bid + 1 if taken == 1 else bid
    best_other = bid if taken == 1 else bid + 1
    r = put_row(rows, r, -way, best_taken, 0)
    r = put_row(rows, r, way, best_other - way * (depth - 1), 0)
    for j in range(depth - 1):
        book[taken, j] = book[taken, j + 1]
        book[other, depth - 1 - j] = book[other, depth - 2 - j]
    book[taken, depth - 1] = lots_at(seed, place, config.level_lots)
    book[other, 0] = lots_at(seed, place + 1, config.level_lots)
    state[BEST_BID] = bid + way
    r = put_row(rows, r, -way, best_taken + way * depth, book[taken, depth - 1])
    return put_row(rows, r, way, best_taken, book[other, 0])


@kernel
def refresh(seed: np.uint64, place: int, state: Ints, book: Ints, rows: Ints, r: int, config: TapeConfig) -> int:
    """Give one level below the best a new quantity; uses two places."""
    depth = book.shape[1]
    which = int(uniform_at(seed, place) * 2.0 * (depth - 1))
    side = which % 2
    level = 1 + which // 2
    book[side, level] = lots_at(seed, place + 1, config.level_lots)
    price = state[BEST_BID] - level if side == 0 else state[BEST_BID] + 1 + level
    return put_row(rows, r, 1 if side == 0 else -1, price, book[side, level])


@kernel
def make_tape(
    seed: np.uint64, ticks: int, config: TapeConfig, state: Ints, book: Ints, messages: Ints, rows: Ints
) -> tuple[int, int]:
    """Fill messages and rows with the next ticks and carry the state on; return how many of each were written."""
    k = 0
    r = 0
    for _ in range(ticks):
        place = state[TICKS] * DRAWS
        state[TICKS] += 1
        state[AT_NS] += 1 + int(-math.log(uniform_at(seed, place)) * config.gap_ns)
        if uniform_at(seed, place + 1) * config.lean_ticks < 1.0:
            state[LEAN] = -state[LEAN]
        side = 1 if uniform_at(seed, place + 2) < 0.5 + config.lean * state[LEAN] else -1
        best = 1 if side > 0 else 0
        lots = lots_at(seed, place + 3, config.trade_lots)
        lots = min(lots, book[best, 0])
        price = state[BEST_BID] + best
        r = put_row(rows, r, side, price, lots)
        put_message(messages, k, TRADE, state[AT_NS], state[TICKS], state[TICKS], r)
        k += 1
        begin = r
        book[best, 0] -= lots
        if book[best, 0] == 0:
            r = step_price(seed, place + 4, side, state, book, rows, r, config)
        else:
            r = put_row(rows, r, -side, price, book[best, 0])
        free = 0
        while state[BOOK_ROWS] + r - begin < config.rows_per_tick * state[TICKS] and free < ROWS_FREE_MAX:
            r = refresh(seed, place + 8 + 2 * free, state, book, rows, r, config)
            free += 1
        state[BOOK_ROWS] += r - begin
        if config.deltas:
            first = state[UPDATE] + 1
            state[UPDATE] += r - begin
            put_message(messages, k, DELTA, state[AT_NS], first, state[UPDATE], r)
            k += 1
        else:
            r = begin
        if config.quotes:
            r = put_row(rows, r, 1, state[BEST_BID], book[0, 0])
            r = put_row(rows, r, -1, state[BEST_BID] + 1, book[1, 0])
            put_message(messages, k, QUOTE, state[AT_NS], state[UPDATE], state[UPDATE], r)
            k += 1
    return k, r


class TapeMaker:
    """Make a synthetic tape piece by piece; equal seeds and configurations give equal tapes however it is cut.

    Raises
    ------
    ValueError
        For a configuration that is no market.
    """

    def __init__(self, seed: int, config: TapeConfig | None = None) -> None:
        self.config = TapeConfig() if config is None else config
        _check(self.config)
        self._seed = seed_word(seed)
        self._state = np.zeros(STATE_WIDTH, dtype=np.int64)
        self._state[AT_NS] = self.config.first_ns
        self._state[BEST_BID] = self.config.first_bid
        self._state[LEAN] = 1
        self._book = np.empty((2, self.config.depth), dtype=np.int64)
        begin = -self._book.size - 1  # places below 0: no tick's
        with np.errstate(over="ignore"):
            for i in range(self._book.size):
                self._book.flat[i] = lots_at(self._seed, begin + i, self.config.level_lots)

    def head(self) -> Tape:
        """Return the snapshot a tape with a book begins with; to be asked for before the first piece."""
        depth = self.config.depth
        steps = np.arange(depth)
        bid = int(self._state[BEST_BID])
        rows = np.empty((3, 2 * depth), dtype=np.int64)
        rows[0] = np.repeat([1, -1], depth)
        rows[1] = np.concatenate([bid - steps, bid + 1 + steps])
        rows[2] = self._book.reshape(-1)
        at = int(self._state[AT_NS])
        return Tape(np.array([[SNAPSHOT], [0], [at], [at], [0], [0], [2 * depth]], dtype=np.int64), rows)

    def next(self, ticks: int) -> Tape:
        """Return the next ticks as messages and rows."""
        config = self.config
        messages = np.empty((7, ticks * (1 + config.deltas + config.quotes)), dtype=np.int64)
        rows = np.empty((3, ticks * (7 + ROWS_FREE_MAX)), dtype=np.int64)
        with np.errstate(over="ignore"):
            k, r = make_tape(self._seed, ticks, config, self._state, self._book, messages, rows)
        return Tape(messages[:, :k], rows[:, :r].copy())


def _check(config: TapeConfig) -> None:
    """Refuse what is no market."""
    positive = min(config.gap_ns, config.trade_lots, config.level_lots, config.lean_ticks) >= 1.0
    if not positive or not 0.0 <= config.lean <= 0.5 or not 1.0 <= config.rows_per_tick <= ROWS_FREE_MAX:
        raise ValueError(f"synthetic tape: {config} has a mean below 1, a lean outside 0 to 0.5 or too many rows")
    if config.depth < 2 or config.first_bid <= config.depth or {config.quotes, config.deltas} - {0, 1}:
        raise ValueError(f"synthetic tape: {config} has no room for its book, or a flag that is not 0 or 1")
