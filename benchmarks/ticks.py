# SPDX-License-Identifier: Apache-2.0
"""The market of the tick work: a million trades, each after the changes of a book of five levels a side.

The spread is one tick and the best prices move by at most one tick at a time, so
each move is four rows: the level that goes, the one that comes, and the two at the
far ends; where nothing moves, two levels change their quantity. One book serves
all sides; a side that takes trades alone leaves the other rows out.
"""

from typing import Final

import numpy as np
from benchmarks.workload import FIRST_NS, FIRST_PRICE, LOT_SIZE, TICK_SIZE, Ints, persistent

TICKS: Final = 1_000_000
TICK_NS: Final = 100_000_000
LATENCY_NS: Final = 1_000_000
"""A tick comes every 100 ms; data and orders take 1 ms each way, so each order meets the book it was sent on."""

FAST: Final = 12
SLOW: Final = 60
QUIET: Final = 2_100
"""Before so many trades a crossing is seen and not traded: bot4's bars of ten seconds are not warm."""

SHARE: Final = 0.02
CASH: Final = 1_000_000
FEE: Final = 0.00001
"""Small enough that 10,000 crossings lose less than any limit of risk allows."""

DEPTH: Final = 5
MOVE_CHANCE: Final = 0.35
DRIFT_CHANCE: Final = 0.1
DRIFT_HALF_LIFE: Final = 150.0
TRADE: Final = 0
BID: Final = 1
ASK: Final = -1
"""What a row is: a trade (its ``aggressor`` beside it), or the new quantity of a level of one side."""


def make_ticks(ticks: int, seed: int) -> dict[str, Ints]:
    """Return rows as columns, all int64: ``tick`` it belongs to, ``what``, ``aggressor``, ``price`` and ``lots``."""
    generator = np.random.Generator(np.random.PCG64(seed))
    bids, steps = best_bids(ticks, generator)
    moved = steps != 0
    counts = np.where(moved, 4, 2) + 1
    counts[0] = 2 * DEPTH + 1
    ends = np.cumsum(counts)
    begins = ends - counts
    rows = int(ends[-1])
    table = {name: np.zeros(rows, dtype=np.int64) for name in ("tick", "what", "aggressor", "price", "lots")}
    table["tick"] = np.repeat(np.arange(ticks, dtype=np.int64), counts)
    quantities = np.rint(generator.uniform(5.0, 50.0, rows) / LOT_SIZE).astype(np.int64)
    _first_book(table, int(bids[0]), quantities)
    _moves(table, begins, bids, steps, quantities)
    _changes(table, begins[1:][~moved[1:]], bids[1:][~moved[1:]], quantities, generator)
    bought = generator.random(ticks) < 0.5
    table["aggressor"][ends - 1] = np.where(bought, 1, -1)
    table["price"][ends - 1] = bids + bought
    table["lots"][ends - 1] = np.rint(generator.uniform(0.01, 1.0, ticks) / LOT_SIZE).astype(np.int64)
    return table


def best_bids(ticks: int, generator: np.random.Generator) -> tuple[Ints, Ints]:
    """Return the best bid after each tick's changes and the step that led to it, in ticks of price."""
    drift = np.clip(persistent(generator.standard_normal(ticks), DRIFT_HALF_LIFE), -1.0, 1.0) * DRIFT_CHANCE
    drawn = generator.random(ticks)
    steps = np.where(drawn < MOVE_CHANCE / 2 + drift, 1, 0)
    steps[drawn > 1.0 - MOVE_CHANCE / 2 + drift] = -1
    steps[0] = 0
    bids: Ints = round(FIRST_PRICE / TICK_SIZE) + np.cumsum(steps)
    return bids, steps


def stamps(tick: Ints) -> Ints:
    """Return the exchange's stamp of each row in nanoseconds."""
    return FIRST_NS + tick * TICK_NS


def _first_book(table: dict[str, Ints], bid: int, quantities: Ints) -> None:
    """Put the whole book before the first trade."""
    levels = np.arange(DEPTH)
    table["what"][: 2 * DEPTH] = np.repeat((BID, ASK), DEPTH)
    table["price"][: 2 * DEPTH] = np.concatenate((bid - levels, bid + 1 + levels))
    table["lots"][: 2 * DEPTH] = quantities[: 2 * DEPTH]


def _moves(table: dict[str, Ints], begins: Ints, bids: Ints, steps: Ints, quantities: Ints) -> None:
    """Put the four rows of each move: the side that gives way loses its best level before the other gains it."""
    for step in (1, -1):
        at, bid = begins[steps == step], bids[steps == step]
        if step == 1:
            rows = ((ASK, bid, 0), (BID, bid, 1), (ASK, bid + DEPTH, 1), (BID, bid - DEPTH, 0))
        else:
            rows = ((BID, bid + 1, 0), (ASK, bid + 1, 1), (BID, bid - DEPTH + 1, 1), (ASK, bid + 1 + DEPTH, 0))
        for place, (what, price, there) in enumerate(rows):
            table["what"][at + place] = what
            table["price"][at + place] = price
            table["lots"][at + place] = quantities[at + place] * there


def _changes(table: dict[str, Ints], at: Ints, bids: Ints, quantities: Ints, generator: np.random.Generator) -> None:
    """Put a new quantity on one level of each side."""
    levels = generator.integers(0, DEPTH, (2, len(at)))
    for place, (what, price) in enumerate(((BID, bids - levels[0]), (ASK, bids + 1 + levels[1]))):
        table["what"][at + place] = what
        table["price"][at + place] = price
        table["lots"][at + place] = quantities[at + place]
