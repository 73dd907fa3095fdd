# SPDX-License-Identifier: Apache-2.0
"""The engine's word on one set: a whole run, gate looking on, over the same bars; in whatever process it happens."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

import msgspec

from bot4.adapters.stores.history import Survey
from bot4.apps.execute import execute
from bot4.apps.progress import Progress
from bot4.apps.session import Prepared, RunRequest
from bot4.apps.sweep.columns import MappedBars
from bot4.domain.ids import run_id
from bot4.domain.values import MONEY_ONE
from bot4.record.header import JournalHeader, header_record
from bot4.record.journal import ByteSink, JournalWriter
from bot4.runtime.settings import Settings, StrategySettings, canonical
from bot4.runtime.strategy_loader import recruit

OBSERVE: Final = "observe"


@final
class NoFile(ByteSink):
    """Take a journal's bytes and keep none: the run is a function of its inputs, and its id is told."""

    def write(self, data: bytes) -> None:
        """Drop the bytes."""

    def sync(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What every engine run of a sweep has in common."""

    settings: Settings
    bars: tuple[MappedBars, ...]
    surveys: tuple[Survey, ...]
    folder: Path


class Confirmed(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine run of one set left: its shadow record, and what became of the account.

    ``daily`` are the shadow book's net returns; ``account_return`` is that of the account, behind sizing, risk, orders
    and stops, as ``account_drawdown`` is.
    """

    place: int
    run: str
    daily: list[float]
    closed_trades: int
    account_return: float
    account_drawdown: float
    orders: int
    fills: int
    refused: int
    safety_mode: str
    state_hash: str
    halted: str


def confirm(bench: Bench, place: int, strategy: StrategySettings, progress: Progress) -> Confirmed | None:
    """Run one set through the engine and return what came of it; None if it was stopped."""
    settings = msgspec.structs.replace(bench.settings, gate=OBSERVE, strategies=(strategy,))
    prepared = prepared_for(bench, settings)
    journal = JournalWriter(NoFile(durable=False), header_record(prepared.header))
    executed = execute(prepared, journal, progress, ahead=True)
    if executed.interrupted:
        return None
    record = executed.wired.gate.book.records[0]
    cash = settings.account.cash
    return Confirmed(
        place=place,
        run=prepared.run,
        daily=record.daily().tolist(),
        closed_trades=int(record.closed_trades),
        account_return=int(executed.final_equity) / MONEY_ONE / cash - 1.0,
        account_drawdown=executed.curve.drawdown.depth_frac(),
        orders=executed.tally.orders,
        fills=executed.tally.fills,
        refused=sum(executed.tally.refused_by_rule().values()),
        safety_mode=executed.safety_mode,
        state_hash=executed.state_hash,
        halted=executed.tally.halted.get(0, ""),
    )


def prepared_for(bench: Bench, settings: Settings) -> Prepared:
    """Return a run over mapped bars, ready to start; its id is that of the same backtest without a ledger."""
    recruits = recruit(settings.strategies, bench.folder)
    hashes = [one.sha256 for one in bench.surveys] + [one.code_hash for one in recruits if one.code_hash]
    run = run_id(canonical(settings), hashes, settings.seed)
    header = JournalHeader(run=run, command="backtest", config=msgspec.to_builtins(settings), seed=settings.seed)
    return Prepared(
        request=RunRequest(command="backtest", config=settings, config_folder=bench.folder),
        instruments=tuple(one.facts.instrument(one.index) for one in bench.bars),
        paths=(),
        histories=bench.bars,
        surveys=bench.surveys,
        recruits=tuple(recruits),
        trials=0,
        header=header,
    )
