# SPDX-License-Identifier: Apache-2.0
"""The rules that can be screened: each shipped strategy said once more, as conditions on columns.

A rule names the features its strategy reads and says with four masks when it speaks: entering long or short, leaving
either side. A test holds each against the strategy's class, signal by signal. A strategy without a rule here is a
user's own and is run by the engine only.
"""

from collections.abc import Callable, Mapping, Sequence
from math import sqrt
from typing import Final, NamedTuple, final

import numpy as np

from bot4.kernels.jit import Floats, Ints
from bot4.kernels.sweep import masks

CLOSE: Final = "close"


class Leg(NamedTuple):
    """One parameter set: its masks, whether leaving a side enters the other, and its time stop in bars (0: none)."""

    enter_long: int
    enter_short: int
    leave_long: int
    leave_short: int
    reverses: bool = False
    hold_bars: int = 0


class Score(NamedTuple):
    """A column made of two: change / (noise * scale), NaN where that noise is not above 0."""

    change: int
    noise: int
    scale: float


@final
class Plan:
    """Collect the columns, scores, masks and legs of many parameter sets, equal ones once.

    Columns are numbered: the close, then features in the order in which they were asked for; scores follow.
    """

    def __init__(self) -> None:
        self.features: list[str] = []
        self.scores: list[Score] = []
        self.legs: list[Leg] = []
        self._columns: dict[str, int] = {CLOSE: 0}
        self._score_places: dict[Score, int] = {}
        self._rows: dict[tuple[int, int, int, float], int] = {}
        self._masks = masks.NEVER + 1

    def column(self, name: str) -> int:
        """Ask for the close or a feature by its name."""
        if name not in self._columns:
            self._columns[name] = len(self._columns)
            self.features.append(name)
        return self._columns[name]

    def score(self, change: str, noise: str, scale: float) -> int:
        """Ask for a score; returned is its number among the scores, negated and less one, until `mask_program`."""
        wanted = Score(self.column(change), self.column(noise), scale)
        place = self._score_places.setdefault(wanted, len(self.scores))
        if place == len(self.scores):
            self.scores.append(wanted)
        return -1 - place

    def mask(self, operation: int, x: int, y: int = 0, level: float = 0.0) -> int:
        """Ask for the mask of a condition; of CROSS for the first of its two."""
        key = (operation, x, y, level)
        if key not in self._rows:
            self._rows[key] = self._masks
            self._masks += 2 if operation == masks.CROSS else 1
        return self._rows[key]

    @property
    def mask_count(self) -> int:
        """Return how many masks there are, the empty one included."""
        return self._masks

    @property
    def column_count(self) -> int:
        """Return how many columns there are: the close, features, scores."""
        return len(self._columns) + len(self.scores)

    def mask_program(self) -> tuple[Ints, Floats]:
        """Return the rows of `masks.pack` and their levels, in an order in which each finds its inputs done."""
        program = np.zeros((len(self._rows), masks.MASK_COLUMNS), dtype=np.int64)
        levels = np.zeros(len(self._rows))
        first_score = len(self._columns)
        for r, ((operation, x, y, level), out) in enumerate(self._rows.items()):
            program[r] = (operation, x if x >= 0 else first_score - 1 - x, y, out)
            levels[r] = level
        return program, levels

    def leg_rows(self) -> Ints:
        """Return the legs as `walk.run_block` takes them, shape (sets, 6)."""
        return np.array(self.legs, dtype=np.int64).reshape(len(self.legs), len(Leg._fields))


Numbers = Mapping[str, float]


def sma_cross(plan: Plan, given: Numbers) -> Leg:
    """Follow the sign of the difference of two means."""
    fast, slow = plan.column(f"sma_{given['fast']}"), plan.column(f"sma_{given['slow']}")
    up = plan.mask(masks.CROSS, fast, slow)
    return Leg(up, up + 1, up + 1, up, reverses=True)


def momentum(plan: Plan, given: Numbers) -> Leg:
    """Enter on a score beyond `enter`, leave below `leave`, both taken with the side's sign."""
    lookback = given["lookback"]
    score = plan.score(f"roc_{lookback}", f"volatility_{lookback}", sqrt(lookback) * 100.0)
    enter, leave = given["enter"], given["leave"]
    return Leg(
        plan.mask(masks.ABOVE, score, level=enter),
        plan.mask(masks.BELOW, score, level=-enter),
        plan.mask(masks.BELOW, score, level=leave),
        plan.mask(masks.ABOVE, score, level=-leave),
        hold_bars=int(given["hold_bars_max"]),
    )


def breakout(plan: Plan, given: Numbers) -> Leg:
    """Enter beyond one channel, leave beyond another."""
    close = plan.column(CLOSE)
    entry, leave = given["entry"], given["leave"]
    over = [plan.mask(masks.CROSS, close, plan.column(f"prior_high_{one}")) for one in (entry, leave)]
    under = [plan.mask(masks.CROSS, close, plan.column(f"prior_low_{one}")) + 1 for one in (entry, leave)]
    return Leg(over[0], under[0], under[1], over[1], hold_bars=int(given["hold_bars_max"]))


def mean_reversion(plan: Plan, given: Numbers) -> Leg:
    """Enter against a stretch while no trend is measured, leave at the mean.

    A width of 0 or less calls every bar stretched; the sign then decides, as in the strategy.
    """
    stretch = plan.column(f"zscore_{given['window']}")
    calm = plan.mask(masks.BELOW, plan.column("adx_14"), level=given["trend_max"])
    width = given["enter"]
    if width > 0.0:
        low = plan.mask(masks.AT_MOST, stretch, level=-width)
        high = plan.mask(masks.AT_LEAST, stretch, level=width)
    else:
        low = plan.mask(masks.BELOW, stretch)
        high = plan.mask(masks.AT_LEAST, stretch)
    return Leg(
        plan.mask(masks.BOTH, low, calm),
        plan.mask(masks.BOTH, high, calm),
        plan.mask(masks.AT_LEAST, stretch),
        plan.mask(masks.AT_MOST, stretch),
        hold_bars=int(given["hold_bars_max"]),
    )


RULES: Final[Mapping[str, Callable[[Plan, Numbers], Leg]]] = {
    "momentum": momentum,
    "mean_reversion": mean_reversion,
    "breakout": breakout,
    "sma_cross": sma_cross,
}


def plan_of(kind: str, sets: Sequence[Numbers]) -> Plan:
    """Return the plan of parameter sets of one kind that has a rule, each with all of the strategy's parameters."""
    plan = Plan()
    rule = RULES[kind]
    for given in sets:
        plan.legs.append(rule(plan, given))
    return plan
