# SPDX-License-Identifier: Apache-2.0
"""What a sweep found: the best by the screen beside the engine's word, deflated by everything that was tried."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, isnan, sqrt
from typing import Final, final

import numpy as np

from bot4.apps.sweep.confirm import Confirmed
from bot4.apps.sweep.table import SHARPE, FigureTable
from bot4.apps.sweep.trials import Trials
from bot4.kernels.evidence import DAYS_PER_YEAR, Assessment, assess, expected_max_sharpe
from bot4.record.counts import count_text

NEAR: Final = 1e-9
"""What screen and engine may differ by in a Sharpe ratio or a return: two orders of the same sums."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One of the best: its place among the trials, what the screen said, what the engine said, what that proves.

    ``agrees`` tells whether the engine's shadow record is the screened one; ``survives`` whether the deflated Sharpe
    ratio reaches what the gate asks for.
    """

    rank: int
    place: int
    parameters: dict[str, int | float]
    screen_sharpe: float
    screen_return: float
    screen_drawdown: float
    screen_trades: int
    confirmed: Confirmed
    evidence: Assessment
    agrees: bool
    survives: bool

    def fields(self) -> dict[str, object]:
        """Return the finding as plain values."""
        told, one = self.evidence, self.confirmed
        return {
            "rank": self.rank,
            "trial": self.place,
            "parameters": self.parameters,
            "screen": {
                "sharpe": self.screen_sharpe,
                "total_return": self.screen_return,
                "max_drawdown": self.screen_drawdown,
                "closed_trades": self.screen_trades,
            },
            "engine": {
                "run": one.run,
                "sharpe": told.sharpe,
                "total_return": float(np.sum(one.daily)),
                "closed_trades": one.closed_trades,
                "account_return": one.account_return,
                "account_drawdown": one.account_drawdown,
                "orders": one.orders,
                "fills": one.fills,
                "refused": one.refused,
                "safety_mode": one.safety_mode,
                "state_hash": one.state_hash,
                "halted": one.halted,
            },
            "agrees": self.agrees,
            "probabilistic": told.probabilistic,
            "deflated": told.deflated,
            "luck": told.sharpe_max,
            "p_value": told.p_value,
            "survives": self.survives,
        }


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What all findings are judged by: how many trials the ledger holds, the seed, the deflated figure asked for."""

    counted: int
    seed: int
    deflated_min: float


def findings_of(
    table: FigureTable, trials: Trials, ranked: Sequence[int], confirmed: dict[int, Confirmed], context: Context
) -> list[Finding]:
    """Return the findings in the order of their rank."""
    found: list[Finding] = []
    for rank, place in enumerate(ranked, 1):
        one = confirmed[place]
        figures = table.figures[place]
        told = assess(np.array(one.daily), context.counted, context.seed)
        found.append(
            Finding(
                rank=rank,
                place=place,
                parameters=trials.given(place),
                screen_sharpe=float(figures[SHARPE]),
                screen_return=float(figures[5]),
                screen_drawdown=float(figures[4]),
                screen_trades=int(figures[6]),
                confirmed=one,
                evidence=told,
                agrees=_agrees(one, told, figures.tolist()),
                survives=told.deflated >= context.deflated_min,
            )
        )
    return found


def _agrees(one: Confirmed, told: Assessment, figures: Sequence[float]) -> bool:
    """Say whether the engine's shadow record is what the screen said."""
    same = [(figures[0], float(len(one.daily))), (figures[6], float(one.closed_trades))]
    near = [(figures[SHARPE], told.sharpe), (figures[5], float(np.sum(one.daily)))]
    return all(a == b for a, b in same) and all(_near(a, b) for a, b in near)


def _near(a: float, b: float) -> bool:
    """Say whether two figures are one, NaN being itself."""
    return (isnan(a) and isnan(b)) or abs(a - b) <= NEAR * max(1.0, abs(a))


def luck_of(days: int, trials: int) -> tuple[float, float]:
    """Return what chance alone would show, annual: a Sharpe ratio's deviation, and the best expected of so many.

    NaN for fewer than two days.
    """
    if days < 2:
        return float("nan"), float("nan")
    year = sqrt(DAYS_PER_YEAR)
    return year / sqrt(days - 1.0), float(expected_max_sharpe(days, trials)) * year


def verdict(best: Finding | None, counted: int) -> str:
    """Return in one sentence what the best of so many trials is worth."""
    if best is None or not isfinite(best.evidence.sharpe):
        return "No trial has a Sharpe ratio: none traded on a day that ended."
    told = best.evidence
    ratio = f"a Sharpe ratio of {told.sharpe:.2f} where the best of {count_text(counted, 'trial')} without skill shows"
    ratio += f" {told.sharpe_max:.2f} on average; deflated Sharpe ratio {told.deflated:.3f}"
    if told.sharpe <= 0.0:
        return f"Nothing earned its costs: the best has {ratio}."
    if best.survives:
        return f"The best survives deflation: {ratio}. It was chosen on these days: test it on days it has not seen."
    return f"The best does not survive deflation: {ratio}. That cannot be told from luck."
