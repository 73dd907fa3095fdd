# SPDX-License-Identifier: Apache-2.0
"""From a finished sweep to its page: what the report must know is gathered here and nowhere else."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from plotly.offline import get_plotlyjs

from bot4.adapters.stores.history import Survey
from bot4.apps.sweep.findings import Finding, luck_of, verdict
from bot4.apps.sweep.table import SHARPE, FigureTable
from bot4.apps.sweep.trials import Trials
from bot4.market.intervals import interval_text
from bot4.record.counts import count_text
from bot4.record.reports.sweep import BestRow, SweepPage, render_sweep
from bot4.record.reports.sweep_figures import axis_of
from bot4.record.reports.wording import moment_text

RESUME_FLAG: Final = "--resume"


def sweep_page(
    trials: Trials,
    table: FigureTable,
    findings: Sequence[Finding],
    surveys: Sequence[Survey],
    *,
    name: str,
    typed: str,
    counted: int,
    ledger: str,
    cost: float,
    holding: float,
) -> str:
    """Return the report of a sweep as one self-contained page; resumed or not, it has the same bytes."""
    days = int(table.figures[0, 0])
    deviation, luck = luck_of(days, counted)
    best = findings[0] if findings else None
    given = np.array(trials.sets, dtype=np.float64)
    page = SweepPage(
        title=f"Search for {trials.kind} on {', '.join(one.symbol for one in surveys)}",
        command=" ".join(word for word in typed.split(" ") if word != RESUME_FLAG) or "bot4 sweep",
        name=name,
        verdict=verdict(best, counted),
        survives=best is not None and best.survives,
        trials=len(trials.sets),
        left_out=tuple(trials.left_out.items()),
        counted=counted,
        ledger=ledger,
        days=days,
        cost=cost,
        luck=luck,
        deviation=deviation,
        holding=holding,
        axes=[axis_of(one, given[:, place]) for place, one in enumerate(trials.names)],
        sharpe=np.array(table.figures[:, SHARPE]),
        best=[best_row(one) for one in findings],
        data=[(one.symbol, survey_text(one)) for one in surveys],
        was_screened=trials.is_screened,
    )
    return render_sweep(page, get_plotlyjs())


def best_row(one: Finding) -> BestRow:
    """Return a finding as the page's table tells it."""
    told, engine = one.evidence, one.confirmed
    return BestRow(
        parameters=", ".join(f"{name} {value}" for name, value in one.parameters.items()),
        screen_sharpe=one.screen_sharpe,
        screen_return=one.screen_return,
        screen_drawdown=one.screen_drawdown,
        screen_trades=one.screen_trades,
        engine_sharpe=told.sharpe,
        engine_trades=engine.closed_trades,
        agrees=one.agrees,
        probabilistic=told.probabilistic,
        deflated=told.deflated,
        p_value=told.p_value,
        account_return=engine.account_return,
        account_drawdown=engine.account_drawdown,
        orders=engine.orders,
        fills=engine.fills,
    )


def survey_text(one: Survey) -> str:
    """Return in words what a data set is."""
    span = f"{moment_text(one.first_open_ns)} to {moment_text(one.last_known_ns)}"
    return f"{count_text(one.bars, 'bar')} of {interval_text(one.interval_ns)}, {span}, sha256 {one.sha256[:16]}"
