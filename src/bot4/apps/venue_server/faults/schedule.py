# SPDX-License-Identifier: Apache-2.0
"""When each fault strikes: a pure function of the seed, the kind, and how often it had an opportunity.

The doors ask at every opportunity and obey; nothing here knows a socket or a clock, and
the draw of one kind never shifts another's.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from bot4.apps.venue_server.faults.catalogue import BY_CODE, Place
from bot4.domain.errors import BadInput
from bot4.simulation.exchange.chance import drawn

RATE: Final = 0.05
ENTRY: Final = re.compile(r"([A-Z][0-9]{2})(?::([0-9.]+)|@([0-9]+))?")


@dataclass(frozen=True, slots=True)
class Rule:
    """Ask for a kind: at a rate between 0 and 1, or at one opportunity, the first being 1."""

    code: str
    rate: float = RATE
    only_at: int = 0


@final
class Schedule:
    """Decide which opportunities are taken.

    Parameters
    ----------
    rules : sequence of Rule
        What was asked for; a kind may have several.
    seed : int
        Seed of every draw.
    """

    def __init__(self, rules: Sequence[Rule] = (), seed: int = 0) -> None:
        self._rules: dict[str, list[Rule]] = {}
        self._seed = seed
        self._seen: dict[str, int] = {}
        self.struck: dict[str, int] = {}
        self.begin(rules)

    def strikes(self, code: str) -> bool:
        """Count an opportunity for a kind and say whether it strikes; a kind nobody asked for never does."""
        rules = self._rules.get(code)
        if not rules:
            return False
        count = self._seen[code] = self._seen.get(code, 0) + 1
        hit = any(rule.only_at == count if rule.only_at else self.draw(code, count) < rule.rate for rule in rules)
        if hit:
            self.struck[code] = self.struck.get(code, 0) + 1
        return hit

    def begin(self, rules: Sequence[Rule]) -> None:
        """Ask for more kinds from here on."""
        for rule in rules:
            self._rules.setdefault(rule.code, []).append(rule)

    def cease(self) -> None:
        """Strike no more: from here on the venue is healthy."""
        self._rules.clear()

    def at(self, place: Place) -> list[str]:
        """Return the kinds that strike at this opportunity of a place, in the order of the catalogue."""
        return [code for code in self._codes(place) if self.strikes(code)]

    def draw(self, code: str, count: int) -> float:
        """Return the number in [0, 1) that belongs to one opportunity of a kind."""
        return drawn(self._seed, code, count)

    def latest_draw(self, code: str) -> float:
        """Return a second number for the last opportunity of a kind, for how long or which of several."""
        return self.draw(f"{code}+", self._seen.get(code, 0))

    def _codes(self, place: Place) -> list[str]:
        """Return the kinds asked for that strike at a place."""
        return [code for code, kind in BY_CODE.items() if code in self._rules and kind.place is place]


def parse_rules(text: str) -> list[Rule]:
    """Return the rules of ``N05,R06:0.02,V10@3``, or of a file with such entries, a line or a comma apart.

    Raises
    ------
    BadInput
        If an entry is not understood, its kind is none of this venue's, its rate is outside [0, 1],
        or it counts from 0.
    """
    path = Path(text)
    if text and "," not in text and path.is_file():
        text = ",".join(line.partition("#")[0] for line in path.read_text(encoding="utf-8").splitlines())
    return [_rule(entry) for entry in (part.strip() for part in text.split(",")) if entry]


def _rule(entry: str) -> Rule:
    """Return one rule."""
    match = ENTRY.fullmatch(entry)
    if match is None:
        raise BadInput("--faults", entry, "KIND, KIND:RATE or KIND@NUMBER, such as R06:0.02", "Correct the entry.")
    code, rate, place = match.groups()
    if code not in BY_CODE:
        raise BadInput("--faults", code, "one of " + " ".join(BY_CODE), "Choose a kind that this venue can have.")
    try:
        value = float(rate) if rate else RATE
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise BadInput("--faults", entry, "a rate between 0 and 1", "Correct the rate.")
    if place and int(place) == 0:
        raise BadInput("--faults", entry, "@1 for the first opportunity, @2 for the second", "Count from 1.")
    return Rule(code, value, int(place) if place else 0)
