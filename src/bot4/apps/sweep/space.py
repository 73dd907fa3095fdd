# SPDX-License-Identifier: Apache-2.0
"""The space that is searched: what the table ``[sweep]`` says of each parameter, and the sets that come of it.

::

    [sweep]
    kind = "momentum"
    [sweep.parameters]
    lookback = { from = 12, to = 96, step = 12 }          # a range, its end included
    enter = [0.5, 1.0, 1.5]                                # a list
    leave = { from = -0.5, to = 0.5 }                      # without a step: to draw from, --random only
    hold_bars_max = { from = 24, to = 960, scale = "log" } # drawn evenly in ratios

A parameter that is not named keeps the strategy's default.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from math import exp, isfinite, log, prod
from typing import Final, final

import numpy as np

from bot4.domain.errors import BadInput
from bot4.runtime.config_check import did_you_mean, shown, unknown_key
from bot4.runtime.strategy_loader import SHIPPED

Place = Callable[[tuple[str, ...]], str]
Number = int | float
ParameterSet = tuple[Number, ...]

TABLE_KEYS: Final = ("kind", "parameters")
RANGE_KEYS: Final = ("from", "to", "step", "scale")
SCALES: Final = ("linear", "log")
AXIS_MAX: Final = 1_000_000
DRAWS_FOR_ONE: Final = 50
"""How often a set is drawn anew, on average, before a space is called too small for so many different ones."""

DIGITS: Final = 6
ALLOWED: Final = "a number, a list of numbers, or { from, to, step } or { from, to, scale }"


@final
@dataclass(frozen=True, slots=True)
class Axis:
    """One parameter: either the values it may have, or the ends between which it is drawn."""

    name: str
    values: tuple[Number, ...]
    low: Number = 0
    high: Number = 0
    is_log: bool = False

    @property
    def is_drawn(self) -> bool:
        """Say whether only chance can choose among its values."""
        return not self.values

    def draw(self, chance: np.random.Generator) -> Number:
        """Return one value: evenly among those listed, or between the ends, in so many digits as people write."""
        if self.values:
            return self.values[int(chance.integers(len(self.values)))]
        low, high = (log(self.low), log(self.high)) if self.is_log else (self.low, self.high)
        whole = isinstance(self.low, int) and isinstance(self.high, int)
        if whole and not self.is_log:
            return int(chance.integers(int(self.low), int(self.high) + 1))
        drawn = float(chance.uniform(low, high))
        drawn = exp(drawn) if self.is_log else drawn
        drawn = min(max(float(f"{drawn:.{DIGITS}g}"), self.low), self.high)
        return round(drawn) if whole else drawn


@final
@dataclass(frozen=True, slots=True)
class Space:
    """What is searched: a kind of strategy and its axes, in the order of the file."""

    kind: str
    axes: tuple[Axis, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the parameters that are searched."""
        return tuple(axis.name for axis in self.axes)

    @property
    def grid_size(self) -> int:
        """Return how many sets the grid has."""
        return prod(len(axis.values) for axis in self.axes)

    def grid(self) -> Iterator[ParameterSet]:
        """Yield every combination, the last parameter changing fastest.

        Raises
        ------
        BadInput
            If a parameter can only be drawn.
        """
        for axis in self.axes:
            if axis.is_drawn:
                raise BadInput(
                    f"sweep.parameters.{axis.name}",
                    "a range without a step",
                    "a list or a range with a step: a grid has finitely many sets",
                    "Add a step, or draw sets with --random N.",
                    "no_step",
                )
        return product(*(axis.values for axis in self.axes))

    def drawn(self, count: int, seed: int) -> list[ParameterSet]:
        """Return so many different sets, drawn with a seed; all that there are where there are no more."""
        if not any(axis.is_drawn for axis in self.axes) and self.grid_size <= count:
            return list(self.grid())
        chance = np.random.Generator(np.random.PCG64(seed))
        found: dict[ParameterSet, None] = {}
        for _ in range(count * DRAWS_FOR_ONE):
            found[tuple(axis.draw(chance) for axis in self.axes)] = None
            if len(found) == count:
                break
        return list(found)


def space_of(table: object, place: Place) -> Space:
    """Return what the table ``[sweep]`` says.

    Parameters
    ----------
    table : object
        As TOML gives it; None where the file has none.
    place : callable
        Says where a key was set.

    Raises
    ------
    BadInput
        For anything in it that cannot be used, with its place.
    """
    if not isinstance(table, Mapping):
        example = '[sweep] with kind = "sma_cross", and [sweep.parameters]'
        raise BadInput("CONFIG", "no table [sweep]", example, "See examples/sma_sweep.toml.", "no_sweep")
    for key in table:
        if key not in TABLE_KEYS:
            raise unknown_key(place(("sweep", str(key))), ("sweep", str(key)), TABLE_KEYS)
    kind, parameters = table.get("kind"), table.get("parameters")
    if not isinstance(kind, str) or not (kind in SHIPPED or ".py:" in kind):
        mend = did_you_mean(str(kind), list(SHIPPED), "Name a shipped one, or the file and class of your own.")
        allowed = f"{', '.join(SHIPPED)}, or path/to/file.py:ClassName"
        raise BadInput(f"{place(('sweep', 'kind'))}: sweep.kind", shown(kind), allowed, mend, "config_value")
    if not isinstance(parameters, Mapping) or not parameters:
        where = f"{place(('sweep', 'parameters'))}: sweep.parameters"
        raise BadInput(where, shown(parameters), "a table with at least one parameter", "Add one.", "config_value")
    known = list(inspect.signature(SHIPPED[kind]).parameters) if kind in SHIPPED else None
    axes: list[Axis] = []
    for name, said in parameters.items():
        path = ("sweep", "parameters", str(name))
        if known is not None and name not in known:
            raise unknown_key(place(path), path, known)
        axes.append(_axis(str(name), said, f"{place(path)}: {'.'.join(path)}"))
    return Space(kind, tuple(axes))


def _axis(name: str, said: object, where: str) -> Axis:
    """Return one parameter as the file says it."""
    if isinstance(said, Mapping):
        return _range(name, said, where)
    listed = said if isinstance(said, list) else [said]
    values = tuple(_number(one, where) for one in listed)
    if not values or len(dict.fromkeys(values)) < len(values):
        raise BadInput(where, shown(said), "at least one number, each once", "Correct the list.", "config_value")
    return Axis(name, values)


def _range(name: str, said: Mapping[str, object], where: str) -> Axis:
    """Return a parameter that was said by its ends."""
    for key in said:
        if key not in RANGE_KEYS:
            raise unknown_key(where, ("sweep", "parameters", name, str(key)), RANGE_KEYS)
    missing = [key for key in ("from", "to") if key not in said]
    if missing:
        raise BadInput(where, f"no {missing[0]}", ALLOWED, f"Add {missing[0]}.", "key_missing")
    low, high = _number(said["from"], where), _number(said["to"], where)
    scale = said.get("scale", "linear")
    if scale not in SCALES or (scale == "log" and not low > 0) or not low < high:
        found = f"from {low} to {high}, scale {shown(scale)}"
        allowed = "from below to; scale linear, or log where both are above 0"
        raise BadInput(where, found, allowed, "Correct the range.", "config_value")
    if "step" not in said:
        return Axis(name, (), low, high, scale == "log")
    step = _number(said["step"], where)
    if not step > 0 or scale == "log" or (high - low) / step >= AXIS_MAX:
        allowed = f"a step above 0, at most {AXIS_MAX:,} steps, and no scale beside it"
        raise BadInput(where, f"step {step} from {low} to {high}", allowed, "Correct the step.", "config_value")
    count = int((high - low) / step + 1e-9) + 1
    return Axis(name, tuple(_tidy(low + i * step) for i in range(count)))


def _number(value: object, where: str) -> Number:
    """Return a value that is a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise BadInput(where, shown(value), ALLOWED, "Write numbers without quotes.", "config_value")
    return value


def _tidy(value: Number) -> Number:
    """Return a step's value without the rounding of binary fractions: 0.3, not 0.30000000000000004."""
    return value if isinstance(value, int) else float(f"{value:.12g}")


def first_sets(space: Space, count: int) -> list[ParameterSet]:
    """Return the first sets of the grid, at most so many."""
    return list(islice(space.grid(), count))
