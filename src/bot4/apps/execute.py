# SPDX-License-Identifier: Apache-2.0
"""The middle of a run: stages wired around a journal and a venue, driven to the end, reconciled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot4.account.attribution import Attribution
from bot4.account.reconciliation import reconcile
from bot4.adapters.stores.journal_resume import ResumingJournal
from bot4.adapters.stores.tick_history import MergedTicks
from bot4.apps.collector import quiet_collector
from bot4.apps.progress import Progress
from bot4.apps.session import Prepared
from bot4.domain.errors import OurFault
from bot4.domain.instrument import Instrument
from bot4.domain.order import SUBMITTED
from bot4.domain.values import MONEY_ONE, Money
from bot4.domain.verdict import SAFETY_MODES
from bot4.record.conduct import Conduct
from bot4.record.connections import Connections
from bot4.record.curve import CurveRecorder
from bot4.record.journal import JournalWriter
from bot4.record.shortfall import Shortfalls
from bot4.record.tally import Tally
from bot4.runtime.drive import Drive
from bot4.runtime.state import state_hash
from bot4.runtime.tick_wiring import imagined_tick_venue, tick_feed
from bot4.runtime.ticks import TickDrive
from bot4.runtime.wiring import Wired, imagined_venue, wire
from bot4.simulation.book.venue import TickVenue
from bot4.simulation.ledger import VenueStatement
from bot4.simulation.venue import SimulatedVenue


def check_books(wired: Wired, statement: VenueStatement, instruments: Sequence[Instrument]) -> None:
    """Hold our books against the venue's own: money, positions, fees, executions, and which orders are open.

    Raises
    ------
    OurFault
        If they differ by anything.
    """
    differences: list[object] = list(reconcile(wired.portfolio, statement, instruments))
    arrived = [
        order for order in wired.trading.open_orders() if order.state != SUBMITTED
    ]  # the others are on their way
    ours = sorted(int(order.order_id) for order in arrived)
    theirs = sorted(int(order[0]) for order in statement.open_orders)
    if ours != theirs:
        differences.append(f"open orders: ours {ours}, theirs {theirs}")
    if differences:
        raise OurFault(f"our books differ from the venue's: {differences}")


def is_catching_up(journal: JournalWriter) -> bool:
    """Say whether a resumed run still repeats what stands: it cannot end there without contradicting its journal."""
    sink = journal.sink
    return isinstance(sink, ResumingJournal) and sink.is_comparing


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """Hold what a run left behind besides its journal.

    ``rows`` counts what the engine consumed, bars or messages of ticks; ``bars`` the bars among
    them or built of them, ``carried`` those that went through every stage. ``conduct`` and
    ``connections`` are those of a run at a venue.
    """

    rows: int
    bars: int
    carried: int
    interrupted: bool
    state_hash: str
    final_equity: Money
    safety_mode: str
    wired: Wired
    tally: Tally
    shortfalls: Shortfalls
    curve: CurveRecorder
    attribution: Attribution
    conduct: Conduct | None = None
    connections: Connections | None = None


def driven(
    prepared: Prepared,
    wired: Wired,
    venue: SimulatedVenue | TickVenue,
    stop: Callable[[int], bool],
    *,
    ahead: bool,
) -> Drive | TickDrive:
    """Feed the engine all data of a run, and return what fed it."""
    if isinstance(venue, TickVenue):
        feed = tick_feed(prepared.request.config, MergedTicks(prepared.ticks))
        ticks = TickDrive(wired.engine, venue, feed, stop=stop)
        ticks.run()
        return ticks
    bars = Drive(wired, venue, ahead=ahead, every_bar=prepared.request.every_bar, stop=stop)
    bars.run(prepared.histories)
    return bars


def execute(prepared: Prepared, journal: JournalWriter, progress: Progress, *, ahead: bool) -> Executed:
    """Drive a prepared run to its end, or to where it is stopped, and close its journal.

    Parameters
    ----------
    prepared : Prepared
        The run.
    journal : JournalWriter
        Its journal, with the header written.
    progress : Progress
        Told the rows done; asked whether to stop.
    ahead : bool
        Compute features a block at a time instead of bar by bar.

    Raises
    ------
    OurFault
        If our books and the venue's differ by anything at the end.
    """
    settings = prepared.request.config
    instruments = prepared.instruments
    venue = imagined_tick_venue(settings, instruments) if prepared.ticks else imagined_venue(settings, instruments)
    tally = Tally(len(prepared.recruits))
    shortfalls = Shortfalls(list(instruments))
    span_ns = max(one.last_known_ns for one in prepared.surveys) - min(one.first_open_ns for one in prepared.surveys)
    curve = CurveRecorder(instruments, Money(settings.account.cash * MONEY_ONE), span_ns=span_ns)
    attribution = Attribution(instruments, slots=len(prepared.recruits))
    wired = wire(
        settings,
        instruments,
        prepared.intervals_ns(),
        prepared.recruits,
        journal=journal,
        gateway=venue,
        trials=prepared.trials,
        observers=(attribution, curve, tally, shortfalls),
        ticks=bool(prepared.ticks),
    )

    def stop(rows: int) -> bool:
        progress.advance(rows)
        return progress.should_stop() and not is_catching_up(journal)

    progress.begin(prepared.bars, prepared.request.command)
    try:
        with quiet_collector():
            drive = driven(prepared, wired, venue, stop, ahead=ahead)
    finally:
        progress.end()
    digest = state_hash(wired.decisive)
    journal.close(int(drive.row), digest, drive.stopped)
    bars = wired.bars_built() if isinstance(drive, TickDrive) else int(drive.row)
    check_books(wired, venue.statement(), instruments)
    return Executed(
        rows=int(drive.row),
        bars=bars,
        carried=bars if isinstance(drive, TickDrive) else int(drive.carried),
        interrupted=drive.stopped,
        state_hash=digest.hex(),
        final_equity=wired.portfolio.equity,
        safety_mode=SAFETY_MODES[int(wired.judge.ladder.mode)],
        wired=wired,
        tally=tally,
        shortfalls=shortfalls,
        curve=curve,
        attribution=attribution,
    )
