# SPDX-License-Identifier: Apache-2.0
"""From a finished run to its page: what the report must know is gathered here and nowhere else."""

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from plotly.offline import get_plotlyjs

import bot4
from bot4.adapters.stores.history import Survey
from bot4.apps.execute import Executed
from bot4.apps.session import Prepared, interval_of
from bot4.domain.values import Lots, Ticks
from bot4.market.faults import FAULT_KINDS
from bot4.record.header import live_filters
from bot4.record.reports.collect import collect
from bot4.record.reports.data import DataSetFacts, FaultCount, RunFacts, StrategyFacts
from bot4.record.reports.page import render

if TYPE_CHECKING:
    from bot4.apps.outcome import Outcome

VENUE: Final = "simulation/venue.py"
TICK_VENUE: Final = "simulation/book/venue.py"
"""The sources at whose heads the imagined venues state what they assume."""


TRADED: Final = """
Orders went to a venue over its own protocol, and its reports came back. Nothing of the account below was imagined:

- *Prices and amounts* are those of the venue's reports, each of its trades booked once by its number. Latency, queue
  and partial fills were the market's own.
- *Fees* are what the venue took for each trade, in the asset it took them in. The rates of the settings only judge
  strategies: the shadow books, on which the gate decides, have imagined fills at those rates and that slippage.
- *Both books*, ours and the venue's, were compared before the first order, after each cut and all the while: open
  orders, trades, balances. While they were not known to be equal no new risk was taken.
- *Equity* counts what is held at the last price heard. It was not sold at the end: it stays, with its stops at the
  venue.
- *The warm-up* on past bars gave indicators and shadow books their history. The account's figures begin after it.
"""


def report_page(prepared: Prepared, executed: Executed, outcome: "Outcome") -> str:
    """Return the report of a run as one self-contained page; the same run gives the same page but for its timing."""
    request = prepared.request
    facts = RunFacts(
        title=f"{request.command} of {', '.join(one.symbol for one in prepared.instruments)}",
        command=request.typed or f"bot4 {request.command}",
        run=prepared.run,
        gate=request.config.gate,
        settings=prepared.header.config,
        data_sets=tuple(data_set_facts(survey) for survey in prepared.surveys),
        currency=outcome.currency,
        strategies=strategy_facts(prepared, executed),
        bars=outcome.bars,
        orders=outcome.orders,
        fills=outcome.fills,
        state_hash=outcome.state_hash,
        journal=str(outcome.journal),
        elapsed_s=outcome.elapsed_s,
        assumptions=TRADED if is_traded(prepared) else assumptions_of(TICK_VENUE if prepared.ticks else VENUE),
        is_synthetic=bool(request.data_note),
        is_live=is_live(prepared),
        is_traded=is_traded(prepared),
        data_note=request.data_note,
        was_interrupted=outcome.interrupted,
        conduct=outcome.conduct,
        connections=outcome.connections,
    )
    generator = np.random.default_rng(request.config.seed)
    data = collect(executed.curve, executed.tally.facts(), facts, generator=generator)
    return render(data, plotly_js=get_plotlyjs())


def assumptions_of(venue: str) -> str:
    """Return what an imagined venue assumes, from its source: once compiled, a module has no docstring any more."""
    text = ast.get_docstring(ast.parse((Path(bot4.__file__).parent / venue).read_bytes()))
    assert text is not None, f"{venue} does not say what it assumes"
    return text


def is_live(prepared: Prepared) -> bool:
    """Say whether the market was heard as it happened."""
    return prepared.header.is_live


def is_traded(prepared: Prepared) -> bool:
    """Say whether orders went to a venue, and fills came from there."""
    return is_live(prepared) and all(live_filters(one) is not None for one in prepared.header.data)


def data_set_facts(survey: Survey) -> DataSetFacts:
    """Return what the report tells of one data set."""
    counts = survey.faults.counts
    return DataSetFacts(
        symbol=survey.symbol,
        files=tuple(note.name for note in survey.files),
        interval=interval_of(survey),
        rows=survey.rows,
        bars=survey.bars,
        first_ns=survey.first_open_ns,
        last_ns=survey.last_known_ns,
        sha256=survey.sha256,
        faults=tuple(
            FaultCount(kind.name, counts[kind.name], kind.done) for kind in FAULT_KINDS if kind.name in counts
        ),
    )


def strategy_facts(prepared: Prepared, executed: Executed) -> tuple[StrategyFacts, ...]:
    """Return what the account says of each strategy."""
    attribution = executed.attribution
    closes = executed.curve.closes_now()
    told: list[StrategyFacts] = []
    for one in prepared.recruits:
        unrealised = 0
        for instrument, close in zip(prepared.instruments, closes, strict=True):
            holding = attribution.holding(one.slot, int(instrument.index))
            unrealised += int(instrument.notional(Ticks(close), Lots(holding.lots))) - int(holding.cost)
        told.append(
            StrategyFacts(
                name=one.name,
                weight=one.settings.weight,
                realised=attribution.realised(one.slot),
                unrealised=unrealised,
                fees=attribution.fees(one.slot),
                halted=executed.tally.halted.get(one.slot, ""),
            )
        )
    return tuple(told)
