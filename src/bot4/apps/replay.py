# SPDX-License-Identifier: Apache-2.0
"""Replay: run a journal's inputs again and hold every byte against it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from bot4.adapters.stores.history import Survey
from bot4.adapters.stores.journal_reader import open_journal, read_header
from bot4.adapters.stores.journal_recovery import Recovered, recover
from bot4.adapters.stores.journal_resume import ReplayedJournal
from bot4.adapters.stores.live_data import DataFirst, compare_data, live_data_path, read_rows, recover_data
from bot4.adapters.stores.tick_history import MergedTicks
from bot4.apps.conduct import ConductWatch
from bot4.apps.finish import MANIFEST
from bot4.apps.live_plan import plan_again
from bot4.apps.progress import Progress
from bot4.apps.session import Prepared, RunRequest, prepare
from bot4.apps.tick_session import TICKS_WORD
from bot4.domain.errors import BadInput
from bot4.record.compare import Differs
from bot4.record.conduct import Conduct
from bot4.record.counts import count_text
from bot4.record.header import JournalHeader, header_record
from bot4.record.journal import JournalWriter
from bot4.runtime.drive import NoGateway
from bot4.runtime.live import LiveLoop, LiveReplay
from bot4.runtime.replay import Replay, known_bars
from bot4.runtime.settings import Settings
from bot4.runtime.state import state_hash
from bot4.runtime.tick_wiring import tick_feed
from bot4.runtime.wiring import Wired, wire


class PathHint(msgspec.Struct, frozen=True):
    """Name where one data set was last seen."""

    symbol: str
    paths: tuple[str, ...]


class DataHint(msgspec.Struct, frozen=True):
    """Read what a run's manifest says of its data; more it may say is not needed here."""

    data: tuple[PathHint, ...] = ()
    config_folder: str = "."


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOutcome:
    """Tell whether a journal's inputs gave its bytes again; ``conduct`` is that of a run at a venue."""

    journal: Path
    events: int
    records: int
    rows: int
    state_hash: str
    equal: bool
    first_difference: str
    conduct: Conduct | None = None

    def summary(self) -> dict[str, object]:
        """Return the outcome as plain values, for ``--json``."""
        return {
            "journal": str(self.journal),
            "events": self.events,
            "records": self.records,
            "rows": self.rows,
            "state_hash": self.state_hash,
            "equal": self.equal,
            "first_difference": self.first_difference or None,
            **({} if self.conduct is None else {"conduct": self.conduct.told()}),
        }


def run(journal: Path, data: Sequence[str], progress: Progress) -> ReplayOutcome:
    """Replay one journal.

    Parameters
    ----------
    journal : Path
        The journal's file.
    data : sequence of str
        ``[SYMBOL=]PATH`` values; empty to find the data where the run's manifest
        last saw it. Either way it is taken only if its hash is the journal's.

    Raises
    ------
    BadInput
        If the journal did not end, or its data cannot be found.
    Corrupt
        If the journal is damaged.
    """
    stands = recover(journal)
    if stands.end is None:
        raise BadInput(
            str(journal),
            f"a run that was cut after {count_text(stands.records, 'record')}",
            "a run that ended",
            "Go on with it first: repeat its command with --resume.",
            "unfinished",
        )
    header = read_header(journal)
    if header.is_live:
        return replay_live(journal, stands, header, progress)
    prepared = find_data(journal, header, data, progress)
    return replay(journal, stands, prepared, progress)


def find_data(journal: Path, header: JournalHeader, data: Sequence[str], progress: Progress) -> Prepared:
    """Return the run prepared again, over the data sets its header names.

    Raises
    ------
    BadInput
        If data is missing, or is not what the journal was written over.
    """
    hint = hint_beside(journal)
    values = list(data) or [f"{one.symbol}={path}" for one in hint.data for path in one.paths]
    if not values:
        raise BadInput(
            str(journal), "no manifest.json beside it", "its data", "Name the data: --bars PATH.", "data_missing"
        )
    interval = header.data[0].interval if len({one.interval for one in header.data}) == 1 else ""
    is_ticks = interval.startswith(TICKS_WORD)
    request = RunRequest(
        command=header.command,
        config=msgspec.convert(header.config, Settings),
        bars=() if is_ticks else tuple(values),
        ticks=tuple(values) if is_ticks else (),
        symbols=tuple(one.symbol for one in header.data),
        interval=interval.removeprefix(TICKS_WORD),
        config_folder=Path(hint.config_folder),
        nonce=header.nonce,
    )
    prepared = prepare(request, progress)
    for wanted, found in zip(header.data, prepared.surveys, strict=True):
        check_data(journal, wanted.sha256, found)
    if prepared.run != header.run:
        raise BadInput(
            str(journal),
            f"run {header.run[:8]}, its inputs now give {prepared.run[:8]}",
            "the same strategies, trial ledger and engine format",
            "Use the strategy files and the bot4 that wrote it.",
            "run_differs",
        )
    return prepared


def hint_beside(journal: Path) -> DataHint:
    """Return what the manifest beside a journal says, nothing where there is none."""
    manifest = journal.parent / MANIFEST
    return msgspec.json.decode(manifest.read_bytes(), type=DataHint) if manifest.is_file() else DataHint()


def check_data(journal: Path, wanted: str, found: Survey) -> None:
    """Refuse data that is not what the journal was written over.

    Raises
    ------
    BadInput
        If its hash is another.
    """
    if found.sha256 != wanted:
        raise BadInput(
            f"{journal}: {found.symbol}",
            f"data with hash {found.sha256[:12]}",
            f"the data the journal was written over, {wanted[:12]}",
            "Name it: --bars SYMBOL=PATH.",
            "data_differs",
        )


def replay(journal: Path, stands: Recovered, prepared: Prepared, progress: Progress) -> ReplayOutcome:
    """Feed the engine and compare."""
    assert stands.end is not None, "only a run that ended is replayed"
    rows = stands.end.rows
    writer = JournalWriter(ReplayedJournal(journal), header_record(prepared.header))
    wired = wire(
        prepared.request.config,
        prepared.instruments,
        prepared.intervals_ns(),
        prepared.recruits,
        journal=writer,
        gateway=NoGateway(),
        trials=prepared.trials,
        ticks=bool(prepared.ticks),
    )
    if prepared.ticks:
        inputs = tick_feed(prepared.request.config, MergedTicks(prepared.ticks)).events()
    else:
        inputs = known_bars(prepared.histories, wired.features)

    feed = Replay(wired.engine, inputs, advancing(progress))
    interrupted = stands.end.interrupted

    def carry() -> None:
        feed.run(open_journal(journal), str(journal))
        writer.close(rows, state_hash(wired.decisive), interrupted)

    difference = compared(carry, rows, progress)
    return outcome_of(journal, stands, wired, feed.rows, difference)


def replay_live(journal: Path, stands: Recovered, header: JournalHeader, progress: Progress) -> ReplayOutcome:
    """Feed the engine what a live run was fed, and compare."""
    assert stands.end is not None, "only a run that ended is replayed"
    plan = plan_again(header, Path(hint_beside(journal).config_folder), str(journal))
    path = live_data_path(journal)
    recover_data(path, header.run, stands.end.rows - 1)
    data = compare_data(path, header.run)
    writer = JournalWriter(DataFirst(data, ReplayedJournal(journal)), header_record(header))
    watch = ConductWatch(plan.instruments)
    wired = plan.wire(writer, NoGateway(), watch.stages)
    loop = LiveLoop(wired, data)
    feed = LiveReplay(loop, read_rows(path), advancing(progress))
    interrupted = stands.end.interrupted

    def carry() -> None:
        feed.run(open_journal(journal), str(journal))
        loop.finish(writer, interrupted=interrupted)

    difference = compared(carry, stands.end.rows, progress)
    return replace(outcome_of(journal, stands, wired, data.rows, difference), conduct=watch.conduct(wired))


def advancing(progress: Progress) -> Callable[[int], None]:
    """Return what is told the rows done: the user may stop there."""

    def advance(done: int) -> None:
        progress.advance(done)
        if progress.should_stop():
            raise KeyboardInterrupt

    return advance


def compared(carry: Callable[[], None], rows: int, progress: Progress) -> str:
    """Carry a run out again, and return the first difference, empty for none."""
    progress.begin(rows, "replay")
    try:
        carry()
    except Differs as differs:
        return str(differs.difference)
    finally:
        progress.end()
    return ""


def outcome_of(journal: Path, stands: Recovered, wired: Wired, rows: int, difference: str) -> ReplayOutcome:
    """Return what a replay found."""
    return ReplayOutcome(
        journal=journal,
        events=int(wired.engine.events),
        records=stands.records,
        rows=rows,
        state_hash=state_hash(wired.decisive).hex(),
        equal=not difference,
        first_difference=difference,
    )
