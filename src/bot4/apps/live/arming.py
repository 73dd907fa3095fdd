# SPDX-License-Identifier: Apache-2.0
"""The conditions before real money: each is looked at, and those that are not met are all named. Code, no checklist.

A simulated venue on this machine needs none of them. Some cannot be met yet, because
what they ask for does not exist: they are said to be missing like the others, so that
nothing real is traded before everything that protects it is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot4.adapters.net.endpoints import Endpoint, is_loopback
from bot4.apps.doctor import FAIL, Finding
from bot4.apps.output import JOURNAL, runs_in
from bot4.domain.errors import BadInput
from bot4.runtime.settings import Settings

PAPER_DAYS: Final = 14
PAPER_INTENTS: Final = 200
FIRST_STAGE_MILLE: Final = 10
"""The first stage on a real venue: one percent of equity in a position."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Hold one condition: what is asked for, whether it is met, and what was found."""

    name: str
    is_met: bool
    found: str


def conditions(settings: Settings, findings: Sequence[Finding], runs: Path) -> list[Condition]:
    """Return every condition, in the order in which a user meets them.

    Parameters
    ----------
    settings : Settings
        Of the run that is asked for.
    findings : sequence of Finding
        Of ``bot4 doctor``.
    runs : Path
        The folder of runs, where paper trading has left its journals.
    """
    failed = [one.name for one in findings if one.verdict == FAIL]
    papers = [folder for folder in runs_in(runs) if folder.name.startswith("paper-") and (folder / JOURNAL).is_file()]
    position = settings.risk.position_mille
    return [
        Condition("doctor finds nothing wrong", not failed, ", ".join(failed) or "nothing wrong"),
        Condition(
            "the evidence gate enforces",
            settings.gate == "enforce",
            f"gate = {settings.gate!r}",
        ),
        Condition(
            "the first stage is capped at 1 % of equity a position",
            position <= FIRST_STAGE_MILLE,
            f"risk.position_mille = {position}",
        ),
        Condition(
            f"{PAPER_DAYS} days and {PAPER_INTENTS} intents of paper trading, explained to 1 %",
            False,
            f"{len(papers)} paper runs in {runs}; bot4 cannot judge their parity yet",
        ),
        Condition("the release battery passed for this very build", False, "bot4 has no release battery yet"),
        Condition("a kill drill within 7 days", False, "bot4 has no kill drill yet"),
        Condition("the dead man's switch tested on this account", False, "bot4 has none yet"),
        Condition("a second person, or 24 hours, confirm", False, "bot4 arm does not exist yet"),
    ]


def refuse_unarmed(endpoints: Sequence[Endpoint], armed: Sequence[Condition]) -> None:
    """Refuse a venue that is not on this machine while a condition is not met.

    Raises
    ------
    BadInput
        If so, with every condition that is missing.
    """
    real = next((one for one in endpoints if not is_loopback(one.host)), None)
    missing = [f"{one.name} ({one.found})" for one in armed if not one.is_met]
    if real is not None and missing:
        raise BadInput(
            real.url,
            f"a real venue, and {len(missing)} of {len(armed)} conditions are not met: {'; '.join(missing)}",
            "a simulated venue on this machine, or every condition met",
            "Trade at bot4 venue serve, or on paper: bot4 paper.",
            "not_armed",
        )
