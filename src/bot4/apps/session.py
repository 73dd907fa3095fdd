# SPDX-License-Identifier: Apache-2.0
"""One run from request to outcome: its data, its identity, its journal, its end.

What is common to a backtest and to paper trading over recorded bars. The two
differ in three choices only, made in their own modules: whether features are
computed ahead, how durable the journal is, and whether the run has a nonce.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import msgspec

from bot4.adapters.stores.history import BarHistory, Survey, peek
from bot4.adapters.stores.instruments import instrument_for
from bot4.adapters.stores.paths import group_paths, venue_of
from bot4.adapters.stores.tick_history import TickHistory, TickSurvey
from bot4.apps.progress import Progress
from bot4.apps.tick_session import open_tick_histories, refuse_inverse, tick_interval, tick_paths
from bot4.domain.errors import BadInput
from bot4.domain.ids import run_id
from bot4.domain.instrument import Instrument
from bot4.domain.values import Nanos
from bot4.market.bars import BarBlock
from bot4.market.intervals import interval_text, parse_interval
from bot4.record.header import DataSet, JournalHeader
from bot4.runtime.settings import InstrumentSettings, Settings, canonical
from bot4.runtime.strategy_loader import Recruit, recruit


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """Ask for one run.

    Attributes
    ----------
    command : str
        ``"backtest"``, ``"paper"`` or ``"demo"``; names the output folder.
    config : Settings
        Everything that decides the run besides its data.
    bars, ticks : tuple of str
        ``[SYMBOL=]PATH`` values, of the one or of the other; a path may be a pattern.
    symbols : tuple of str
        The symbols wanted, empty for all that the files name.
    interval : str
        Bar length such as ``"1h"``; empty for that of the files, or one second of ticks.
    out : Path
        Folder in which the run's own folder is made.
    resume : str or None
        A run's folder to go on with.
    strict : bool
        Refuse a file at its first fault.
    report : bool
        Write ``report.html``.
    every_bar : bool
        Carry every bar through every stage, those too that provably cause nothing.
    config_folder : Path
        What relative paths in the configuration are relative to.
    nonce : str
        Empty for a backtest.
    data_note : str
        Where the data come from, if that needs saying; empty for recordings.
        Anything here marks the report as synthetic.
    typed : str
        The command line that asked for it, for "how to reproduce this"; no part of
        the run's identity.
    """

    command: str
    config: Settings = field(default_factory=Settings)
    bars: tuple[str, ...] = ()
    ticks: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    interval: str = ""
    out: Path = Path("runs")
    resume: str | None = None
    strict: bool = False
    report: bool = True
    every_bar: bool = False
    config_folder: Path = Path()
    nonce: str = ""
    data_note: str = ""
    typed: str = ""


class History(Protocol):
    """Give the validated bars of one instrument: from files, or from where a sweep put them."""

    @property
    def symbol(self) -> str:
        """The symbol of the run."""
        ...

    @property
    def interval_ns(self) -> int:
        """The length of a bar."""
        ...

    def blocks(self) -> Iterator[BarBlock]:
        """Return the blocks from the first on."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Hold a run that is ready to start: data surveyed, strategies loaded, identity fixed.

    Either ``histories`` or ``ticks`` holds something: a run is fed bars, or ticks.
    """

    request: RunRequest
    instruments: tuple[Instrument, ...]
    paths: tuple[tuple[Path, ...], ...]
    histories: tuple[History, ...]
    surveys: tuple[Survey, ...]
    recruits: tuple[Recruit, ...]
    trials: int
    header: JournalHeader
    ticks: tuple[TickHistory, ...] = ()

    @property
    def run(self) -> str:
        """Return the run's identity."""
        return self.header.run

    @property
    def bars(self) -> int:
        """Return how many bars, or messages of ticks, the run will consume."""
        return sum(survey.bars for survey in self.surveys)

    def intervals_ns(self) -> list[Nanos]:
        """Return each instrument's bar length."""
        return [Nanos(one.interval_ns) for one in (self.ticks or self.histories)]


def prepare(request: RunRequest, progress: Progress) -> Prepared:
    """Read and check everything a run needs, before anything is written.

    Raises
    ------
    BadInput
        If the data, the strategies or the configuration cannot be used.
    """
    from bot4.runtime.feature_wiring import check_features  # loads the kernels, which a look at data does without

    settings = request.config
    recruits = recruit(settings.strategies, request.config_folder)
    groups, opened = open_data(request)
    ticks = [one for one in opened if isinstance(one, TickHistory)]
    histories = [one for one in opened if isinstance(one, BarHistory)]
    refuse_inverse(ticks)
    check_currency(settings, [history.instrument for history in opened])
    check_features(
        settings,
        recruits,
        [history.symbol for history in opened],
        [Nanos(history.interval_ns) for history in opened],
        ticks=bool(ticks),
    )
    surveys = [survey(history, progress) for history in opened]
    trials, trials_hash = read_trials(settings.evidence.trial_ledger, request.config_folder)
    data = tuple(data_set(history, one) for history, one in zip(opened, surveys, strict=True))
    hashes = [one.sha256 for one in surveys]
    hashes += [one.code_hash for one in recruits if one.code_hash]
    run = run_id(canonical(settings) + trials_hash.encode(), hashes, settings.seed, request.nonce)
    header = JournalHeader(
        run=run,
        command=request.command,
        config=msgspec.to_builtins(settings),
        data=data,
        seed=settings.seed,
        nonce=request.nonce,
        trials_sha256=trials_hash,
        signed=bool(request.nonce),
    )
    return Prepared(
        request=request,
        instruments=tuple(history.instrument for history in opened),
        paths=tuple(tuple(paths) for paths in groups.values()),
        histories=tuple(histories),
        surveys=tuple(surveys),
        recruits=tuple(recruits),
        trials=trials,
        header=header,
        ticks=tuple(ticks),
    )


def open_data(request: RunRequest) -> tuple[dict[str, list[Path]], list[BarHistory | TickHistory]]:
    """Open the bars or the ticks of every symbol, and return their files by symbol with them.

    Raises
    ------
    BadInput
        If they cannot be opened, or bars and ticks are both given.
    """
    if not request.ticks:
        groups = group_paths(request.bars, request.symbols)
        return groups, list(open_histories(request, groups))
    if request.bars:
        raise BadInput(
            "--ticks", "bars are given too", "bars or ticks", "Leave one of them out: bars are built of ticks."
        )
    groups = tick_paths(request.ticks, request.symbols)
    overrides = overrides_of(request.config, groups)
    return groups, list(open_tick_histories(groups, overrides, interval=request.interval, strict=request.strict))


def open_histories(request: RunRequest, groups: Mapping[str, Sequence[Path]]) -> list[BarHistory]:
    """Open the recorded bars of every symbol, in the order of the command line.

    Raises
    ------
    BadInput
        If the configuration describes an instrument the run does not have.
    """
    interval_ns = parse_interval(request.interval) if request.interval else None
    overrides = overrides_of(request.config, groups)
    histories: list[BarHistory] = []
    for index, (symbol, paths) in enumerate(groups.items()):
        instrument = instrument_for(
            symbol,
            index,
            first_price=peek(paths).first_price,
            overrides=overrides.get(symbol),
            venue=venue_of(paths),
        )
        histories.append(BarHistory(symbol, paths, instrument, interval_ns, strict=request.strict))
    return histories


def overrides_of(settings: Settings, groups: Mapping[str, Sequence[Path]]) -> dict[str, dict[str, object]]:
    """Return what the configuration says of each symbol's instrument.

    Raises
    ------
    BadInput
        If it describes one that the run does not have.
    """
    unused = [one.symbol for one in settings.instruments if one.symbol not in groups]
    if unused:
        raise BadInput("instruments", unused[0], f"the run's symbols: {', '.join(groups)}", "Leave it out.")
    return {one.symbol: override_of(one) for one in settings.instruments}


def override_of(settings: InstrumentSettings) -> dict[str, object]:
    """Return what the configuration says of an instrument, without what it leaves open."""
    told = msgspec.structs.asdict(settings)
    told["instrument_type"] = told.pop("type")
    return {key: value for key, value in told.items() if value and key != "symbol"}


def check_currency(settings: Settings, instruments: Sequence[Instrument]) -> None:
    """Refuse a run over two account currencies.

    Raises
    ------
    BadInput
        If an instrument is quoted in another currency than the account's.
    """
    wanted = settings.account.currency or instruments[0].quote
    for instrument in instruments:
        if instrument.quote != wanted:
            raise BadInput(
                f"instrument {instrument.symbol}",
                f"quoted in {instrument.quote}",
                f"the account's currency {wanted}: one currency a run",
                "Leave the symbol out, or run it by itself.",
                "currency_differs",
            )


def survey(history: BarHistory | TickHistory, progress: Progress) -> Survey:
    """Read a history once: check, count and hash it.

    Raises
    ------
    KeyboardInterrupt
        If the user stops here: nothing was begun that could be ended cleanly.
    """

    def advance(rows: int) -> None:
        progress.advance(rows)
        if progress.should_stop():
            raise KeyboardInterrupt

    progress.begin(history.total_rows_hint(), f"checking {history.symbol}")
    try:
        return history.survey(advance)
    finally:
        progress.end()


def data_set(history: BarHistory | TickHistory, told: Survey) -> DataSet:
    """Return a history as the journal's header names it: by its hash, not by its files."""
    instrument = history.instrument
    return DataSet(
        history.symbol,
        interval_of(told),
        told.bars,
        told.sha256,
        base=instrument.base,
        quote=instrument.quote,
        tick_size=f"{instrument.tick_size:f}",
        lot_size=f"{instrument.lot_size:f}",
    )


def interval_of(told: Survey) -> str:
    """Return the interval of a data set in words; of ticks that of the bars built of them."""
    return tick_interval(told.interval_ns) if isinstance(told, TickSurvey) else interval_text(told.interval_ns)


def read_trials(ledger: str, folder: Path) -> tuple[int, str]:
    """Return how many trials the ledger holds and the hash of its snapshot; nothing for no ledger.

    Raises
    ------
    BadInput
        If the ledger cannot be read.
    """
    if not ledger:
        return 0, ""
    path = folder / ledger
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(
            "evidence.trial_ledger", f"{path}: {error.strerror}", "a readable file", "Correct the path.", "file_missing"
        ) from error
    return sum(1 for line in data.splitlines() if line.strip()), sha256(data).hexdigest()
