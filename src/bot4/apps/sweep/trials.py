# SPDX-License-Identifier: Apache-2.0
"""The trials of a sweep: every set of parameters that makes a strategy, numbered, named and written as a line."""

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from bot4.apps.sweep.ledger import trial_line
from bot4.apps.sweep.space import Number, ParameterSet
from bot4.decision.strategies import Strategy
from bot4.decision.strategies.tick_protocol import TickStrategy
from bot4.domain.errors import BadInput
from bot4.kernels.sweep import RULES
from bot4.runtime.settings import StrategySettings
from bot4.runtime.strategy_loader import SHIPPED, Recruit, find_strategy

REASONS_SHOWN: Final = 3
REASON_SHOWN: Final = 120
NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")


@final
@dataclass(frozen=True, slots=True)
class Trials:
    """The sets that are tried, in order; ``left_out`` counts those the strategy itself refuses, by its reason."""

    kind: str
    names: tuple[str, ...]
    sets: list[ParameterSet]
    defaults: dict[str, Number]
    left_out: dict[str, int]
    code_hash: str

    @property
    def is_screened(self) -> bool:
        """Say whether a kernel knows the strategy; a user's own is run by the engine only."""
        return self.kind in RULES

    def given(self, place: int) -> dict[str, Number]:
        """Return the parameters of one set that were searched."""
        return dict(zip(self.names, self.sets[place], strict=True))

    def whole(self, place: int) -> dict[str, Number]:
        """Return all parameters of one set, defaults included."""
        return {**self.defaults, **self.given(place)}

    def settings(self, place: int) -> StrategySettings:
        """Return one set as a run's strategy."""
        return StrategySettings(kind=self.kind, parameters=self.given(place))

    def lines(self, places: Iterable[int], data: Sequence[str], cost: float) -> list[str]:
        """Return the ledger's lines of some sets."""
        name = f"{self.kind}@{self.code_hash}" if self.code_hash else self.kind
        return [trial_line(name, dict(sorted(self.whole(place).items())), data, cost) for place in places]


def trials_of(kind: str, names: tuple[str, ...], sets: Iterable[ParameterSet], folder: Path) -> Trials:
    """Return the sets that make a strategy; those it refuses are left out and counted.

    Parameters
    ----------
    kind : str
        A shipped strategy, or a user's as ``path/to/file.py:ClassName``.
    names : tuple of str
        The parameters that are searched.
    sets : iterable of tuple of numbers
        Their values.
    folder : Path
        What a user's path is relative to.

    Raises
    ------
    BadInput
        If there is no such strategy, it needs ticks, or it refuses every set.
    """
    make, code_hash = find_strategy(kind, folder, "sweep.kind")
    known: object = make
    if isinstance(known, type) and issubclass(known, TickStrategy):
        allowed, mend = "a strategy of bars: a sweep reads bars", "Name another; one of ticks runs by backtest --ticks."
        raise BadInput("sweep.kind", f"{kind} is asked about trades", allowed, mend, "strategy_needs_ticks")
    made: list[ParameterSet] = []
    left_out: dict[str, int] = {}
    for one in sets:
        given = StrategySettings(kind=kind, parameters=dict(zip(names, one, strict=True)))
        reason = refusal(given, make, code_hash)
        if reason:
            left_out[reason] = left_out.get(reason, 0) + 1
        else:
            made.append(one)
    if not made:
        reasons = "; ".join(list(left_out)[:REASONS_SHOWN]) or "no set"
        raise BadInput("sweep.parameters", reasons, f"sets that {kind} takes", "Correct the ranges.", "no_trials")
    defaults: dict[str, Number] = {}
    if kind in SHIPPED:
        signature = inspect.signature(SHIPPED[kind])
        defaults = {name: one.default for name, one in signature.parameters.items()}
    return Trials(kind, names, made, defaults, left_out, code_hash)


def refusal(given: StrategySettings, make: Callable[..., Strategy], code_hash: str) -> str:
    """Return why a strategy does not take its parameters, in its own words with n for each number; empty if it does."""
    if given.kind in SHIPPED and given.parameters.get("hold_bars_max", 1) < 1:
        return "hold_bars_max is below 1"
    try:
        Recruit(0, given, make, code_hash)
    except BadInput as error:
        return NUMBER.sub("n", error.value.removeprefix("ValueError: "))[:REASON_SHOWN]
    return ""
