# SPDX-License-Identifier: Apache-2.0
"""What a live run is before its first event: instruments, strategies, identity; from settings, or from its journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bot4.apps.session import read_trials
from bot4.apps.tick_session import TICKS_WORD, tick_interval
from bot4.domain.errors import BadInput
from bot4.domain.filters import Filters
from bot4.domain.ids import run_id
from bot4.domain.instrument import Instrument
from bot4.domain.ports import Gateway, Journal
from bot4.domain.stage import Stage
from bot4.domain.values import Nanos
from bot4.market.intervals import interval_text, parse_interval
from bot4.record.header import DataSet, JournalHeader, Live, live_data_set, live_filters, live_instrument
from bot4.runtime.settings import Settings, canonical
from bot4.runtime.strategy_loader import Recruit, recruit
from bot4.runtime.wiring import Wired, wire
from bot4.trading.conditions import SLIPPAGE_MAX, Conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePlan:
    """Hold a live run that is ready to start.

    ``ticks`` says that it is fed trades, quotes and books, and builds its bars of them.
    """

    settings: Settings
    instruments: tuple[Instrument, ...]
    intervals_ns: tuple[Nanos, ...]
    recruits: tuple[Recruit, ...]
    trials: int
    ticks: bool
    header: JournalHeader
    conditions: Conditions | None = None

    def wire(self, journal: Journal, gateway: Gateway, observers: Sequence[Stage] = ()) -> Wired:
        """Build the engine around a journal and a gateway."""
        return wire(
            self.settings,
            self.instruments,
            self.intervals_ns,
            self.recruits,
            journal=journal,
            gateway=gateway,
            trials=self.trials,
            observers=observers,
            ticks=self.ticks,
            conditions=self.conditions,
        )


def plan_live(
    command: str,
    settings: Settings,
    instruments: Sequence[Instrument],
    intervals_ns: Sequence[int],
    *,
    venue: str,
    nonce: str,
    config_folder: Path,
    ticks: bool = False,
    filters: Sequence[Filters] = (),
    fees_in_base: Sequence[int] = (),
    slippage_max: int = SLIPPAGE_MAX,
) -> LivePlan:
    """Return the plan of a new live run.

    Parameters
    ----------
    command : str
        ``"paper"`` or ``"live"``.
    instruments, intervals_ns : sequence
        As the venue describes them now, and the length of each one's bars.
    venue : str
        Where the data comes from.
    nonce : str
        The start nonce: two live runs are never the same run.
    filters, fees_in_base : sequence, optional
        What the venue demands of orders and takes out of purchases, one for each instrument where orders are real.

    slippage_max : int
        How much an entry may be modelled to cost beyond the middle of the market, in 1 / ``RATE_ONE``; 0: no limit.

    Raises
    ------
    BadInput
        If a strategy or the trial ledger cannot be read.
    """
    words = [tick_interval(each) if ticks else interval_text(each) for each in intervals_ns]
    bounds: list[Filters | None] = [*filters] or [None] * len(instruments)
    fees = list(fees_in_base) or [0] * len(instruments)
    data = tuple(
        live_data_set(one, word, venue, bound, fee_in_base=fee, slippage_max=slippage_max)
        for one, word, bound, fee in zip(instruments, words, bounds, fees, strict=True)
    )
    return _plan(command, settings, data, nonce, config_folder)


def plan_again(header: JournalHeader, config_folder: Path, place: str) -> LivePlan:
    """Return the plan of a live run that has a journal, from its header.

    Raises
    ------
    BadInput
        If strategies, trial ledger or engine are not those the journal was written with.
    """
    settings = msgspec.convert(header.config, Settings)
    plan = _plan(header.command, settings, header.data, header.nonce, config_folder)
    if plan.header.run != header.run:
        raise BadInput(
            place,
            f"run {header.run[:8]}, its inputs now give {plan.header.run[:8]}",
            "the same strategies, trial ledger and engine format",
            "Use the strategy files and the bot4 that wrote it.",
            "run_differs",
        )
    return plan


def _plan(command: str, settings: Settings, data: tuple[DataSet, ...], nonce: str, config_folder: Path) -> LivePlan:
    """Load what settings name, and fix the run's identity: data that will come is named by its description."""
    recruits = recruit(settings.strategies, config_folder)
    trials, trials_hash = read_trials(settings.evidence.trial_ledger, config_folder)
    named = [msgspec.json.encode(one, order="deterministic").decode() for one in data]
    named += [one.code_hash for one in recruits if one.code_hash]
    ticks = data[0].interval.startswith(TICKS_WORD)
    header = JournalHeader(
        run=run_id(canonical(settings) + trials_hash.encode(), named, settings.seed, nonce),
        command=command,
        config=msgspec.to_builtins(settings),
        data=data,
        seed=settings.seed,
        nonce=nonce,
        trials_sha256=trials_hash,
        signed=True,
    )
    instruments = tuple(live_instrument(one, index) for index, one in enumerate(data))
    return LivePlan(
        settings=settings,
        instruments=instruments,
        intervals_ns=tuple(Nanos(parse_interval(one.interval.removeprefix(TICKS_WORD))) for one in data),
        recruits=tuple(recruits),
        trials=trials,
        ticks=ticks,
        header=header,
        conditions=conditions_of(data, instruments),
    )


def conditions_of(data: Sequence[DataSet], instruments: Sequence[Instrument]) -> Conditions | None:
    """Return on what conditions orders leave; None where they are imagined."""
    filters = [one for each in data if (one := live_filters(each)) is not None]
    if len(filters) != len(instruments):
        return None
    told = [each.live for each in data if isinstance(each.live, Live)]
    return Conditions(
        instruments,
        filters,
        fee_in_base=max((one.fee_in_base for one in told), default=0),
        slippage_max=min((one.slippage_max for one in told), default=SLIPPAGE_MAX),
    )
