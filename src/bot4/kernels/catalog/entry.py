# SPDX-License-Identifier: Apache-2.0
"""One entry of the catalogue: what an indicator is called, takes, needs and means, and how its nodes are asked for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from bot4.kernels.indicators.graph import Graph, Value

WINDOW_MAX: Final = 100_000
Numbers = tuple[float, ...]

#: Sources that many entries share.
WILDER: Final = "Wilder, New Concepts in Technical Trading Systems (1978)"
TALIB: Final = "TA-Lib, ta_func"
DEFINED: Final = "the textbook definition, as stated in the meaning"

#: Inputs that many entries share.
CLOSE: Final = ("close",)
RANGE: Final = ("high", "low", "close")
WEIGHTED: Final = ("close", "volume")
PRICES: Final = ("open", "high", "low", "close")
RANGE_AND_VOLUME: Final = ("high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number in a feature's name: what it means, its usual value and its range (both ends allowed)."""

    name: str
    usual: float
    least: float = 2
    most: float = WINDOW_MAX
    is_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureInfo:
    """One entry of the catalogue.

    `warm_up` is a formula over the parameters: the number of bars, this one included, from which the output is a
    number; `nan` tells when it is none even then, empty for never. `talib` names the function of TA-Lib with the same
    values; empty where there is none. `cost` is of one update, with the reason where that is not O(1).
    """

    kind: str
    family: str
    meaning: str
    unit: str
    parameters: tuple[Parameter, ...]
    inputs: tuple[str, ...]
    warm_up: str
    source: str
    talib: str = ""
    nan: str = ""
    cost: str = "O(1)"
    build: Callable[[Graph, Numbers], Value] = field(repr=False, compare=False)

    @property
    def pattern(self) -> str:
        """Return the form of its names, as in ``macd_{fast}_{slow}_{signal}``."""
        return "_".join([self.kind, *("{" + one.name + "}" for one in self.parameters)])

    @property
    def usual_name(self) -> str:
        """Return its name with the usual parameters, as in ``macd_12_26_9``."""
        return "_".join([self.kind, *(f"{one.usual:g}" for one in self.parameters)])


def one_window(usual: int, least: int = 2) -> tuple[Parameter, ...]:
    """Return the parameters of an indicator that has a window and nothing else."""
    return (Parameter("window", usual, least),)
