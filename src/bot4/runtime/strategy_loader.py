# SPDX-License-Identifier: Apache-2.0
"""From a setting to strategy objects: the shipped ones by name, a user's by file and class.

A user's file is run as it is, in this process and without keys in reach. Its
bytes enter the run's identity, so that an edited strategy is another run.
"""

import importlib.util
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final, final

from bot4.decision.strategies import Breakout, MeanReversion, Momentum, SmaCross, Strategy, TickEma
from bot4.decision.strategies.stage import Fault
from bot4.decision.strategies.tick_protocol import TickStrategy
from bot4.domain.errors import BadInput
from bot4.domain.values import DAY_NS, SECOND_NS
from bot4.runtime.containment import attempt
from bot4.runtime.settings import StrategySettings

NAME_BYTES_MAX: Final = 80

SHIPPED: Final[dict[str, Callable[..., Strategy]]] = {
    "momentum": Momentum,
    "mean_reversion": MeanReversion,
    "breakout": Breakout,
    "sma_cross": SmaCross,
    "tick_ema": TickEma,
}


@final
class Recruit:
    """Hold one strategy of the run before it is bound to an instrument.

    ``code_hash`` is the SHA-256 of a user's file, empty for a shipped strategy;
    ``freeze_day`` the first UTC day that counts as evidence (days since 1970);
    ``needs_ticks`` says that it is asked about trades, of which bars tell nothing.
    """

    def __init__(self, slot: int, settings: StrategySettings, make: Callable[..., Strategy], code_hash: str) -> None:
        self.slot = slot
        self.settings = settings
        self.make = make
        self.code_hash = code_hash
        self.freeze_day = freeze_day(settings.freeze, f"strategies[{slot}].freeze")
        first = self.instance()
        self.name = first.name
        self.features = first.features
        self.needs_ticks = isinstance(first, TickStrategy)

    def instance(self) -> Strategy:
        """Return a new object of the strategy, for one instrument.

        Raises
        ------
        BadInput
            If the parameters do not fit the strategy, or it is none.
        """
        place = f"strategies[{self.slot}] {self.settings.kind}"
        made: object = attempt(lambda: self.make(**self.settings.parameters))
        if isinstance(made, Fault):
            raise BadInput(place, made.reason, "its constructor's parameters", "Correct `parameters`.")
        wrong = attempt(lambda: objection(made))
        if isinstance(made, Strategy) and wrong == "":
            return made
        raise BadInput(
            place,
            wrong.reason if isinstance(wrong, Fault) else str(wrong),
            "a bot4.decision.strategies.Strategy with a `name` and a tuple of `features`",
            "See examples/.",
        )


def objection(made: object) -> str:
    """Return why an object cannot be run as a strategy; empty if it can."""
    if not isinstance(made, Strategy):
        return f"a {type(made).__name__}"
    if type(made).on_bar is Strategy.on_bar:
        return "it has no method on_bar"
    if isinstance(made, TickStrategy) and type(made).on_tick is TickStrategy.on_tick:
        return "it has no method on_tick"
    name: object = getattr(made, "name", None)
    features: object = getattr(made, "features", None)
    if not isinstance(name, str) or not name or len(name.encode("utf-8", "replace")) > NAME_BYTES_MAX:
        return f"its name is {str(name)[:40]!r}"
    if name != name.encode("utf-8", "replace").decode("utf-8"):
        return "its name cannot be written"
    if not isinstance(features, tuple) or not all(isinstance(one, str) for one in features):
        return f"its features are {str(features)[:60]}"
    return ""


def freeze_day(date: str, place: str) -> int:
    """Return the first day after a strategy was frozen, as days since 1970; 0 for an empty date.

    Raises
    ------
    BadInput
        If it is no date.
    """
    if not date:
        return 0
    try:
        moment = datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise BadInput(place, repr(date), "a date such as 2021-03-01", "Write YYYY-MM-DD.") from None
    return int(moment.timestamp()) * SECOND_NS // DAY_NS + 1


def recruit(settings: Sequence[StrategySettings], folder: Path) -> list[Recruit]:
    """Return the run's strategies in the order of their slots.

    Parameters
    ----------
    settings : sequence of StrategySettings
        As configured.
    folder : Path
        What a relative path of a user's file is relative to.

    Raises
    ------
    BadInput
        If there is none, a name occurs twice, or one cannot be loaded.
    """
    if not settings:
        raise BadInput("strategies", "none", "at least one", "Name a strategy.")
    recruits: list[Recruit] = []
    for slot, one in enumerate(settings):
        make, code_hash = find_strategy(one.kind, folder, f"strategies[{slot}].kind")
        recruits.append(Recruit(slot, one, make, code_hash))
    names = [one.name for one in recruits]
    for name in names:
        if names.count(name) > 1:
            raise BadInput("strategies", f"two named {name!r}", "each name once", "Give one another `name`.")
    return recruits


def find_strategy(kind: str, folder: Path, place: str) -> tuple[Callable[..., Strategy], str]:
    """Return the class a kind names, and the hash of its file if it is a user's.

    Raises
    ------
    BadInput
        If there is no such strategy, or its file cannot be imported.
    """
    if kind in SHIPPED:
        return SHIPPED[kind], ""
    path_text, _, class_name = kind.rpartition(":")
    path = folder / path_text
    if not class_name or not path_text or not path.is_file():
        raise BadInput(
            place, repr(kind), f"one of {', '.join(SHIPPED)}, or path/to/file.py:ClassName", "Name one that exists."
        )
    code = path.read_bytes()
    code_hash = sha256(code).hexdigest()
    name = f"bot4_user_{code_hash[:16]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None, "a .py file has a loader"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    loader = spec.loader
    failed = attempt(lambda: loader.exec_module(module))
    if isinstance(failed, Fault):
        raise BadInput(str(path), failed.reason, "a file that Python can import", "Correct the file.")
    found = getattr(module, class_name, None)
    if not callable(found):
        raise BadInput(str(path), f"no class {class_name}", "a class in that file", "Name a class that is there.")
    return found, code_hash
