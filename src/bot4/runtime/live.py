# SPDX-License-Identifier: Apache-2.0
"""The live loop: what arrives from outside, one thing at a time, into the engine; and the same again from files.

Every stamp is the caller's. The engine's time is the latest that anything was
known at: what arrives later and says that it was known earlier is carried at the
engine's time, here and in a replay alike. Market data is kept by reference,
everything else by value; nothing else decides, so that a replay is exact.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, final

from bot4.adapters.stores.live_data import LiveData
from bot4.domain.books_equal import BooksEqual
from bot4.domain.errors import Corrupt, OurFault
from bot4.domain.event import BAR, INPUTS, SEALED, SUBMIT, Event
from bot4.domain.marketdata import Bar
from bot4.domain.order import OrderWord, expired
from bot4.domain.ports import Gateway
from bot4.domain.readiness import ALL_INSTRUMENTS, RECONCILING, Readiness
from bot4.domain.unsent import NOT_SENT
from bot4.domain.values import Nanos
from bot4.record.decode import decode, to_event
from bot4.record.explain import first_field
from bot4.record.format import RUN_END, WATERMARK, Record
from bot4.record.journal import JournalWriter
from bot4.record.reader import MEND
from bot4.record.wording import whole
from bot4.runtime.drive import PROGRESS_ROWS
from bot4.runtime.state import state_hash
from bot4.runtime.wiring import Wired
from bot4.trading.lost_answers import lost_answers
from bot4.trading.orders import Order

RESTARTED: Final = "restarted"
NEVER_SENT: Final = "restarted: never sent"


@final
class Switch(Gateway):
    """Drop commands until it is turned to a venue: those of a repeated run were sent when they were first made."""

    def __init__(self) -> None:
        self.venue: Gateway | None = None

    def turn_to(self, venue: Gateway) -> None:
        """Send every later command to a venue."""
        self.venue = venue

    def send(self, command: Event, now: Nanos) -> None:
        """Send one command on, or drop it."""
        if self.venue is not None:
            self.venue.send(command, now)


@final
class LiveLoop:
    """Feed an engine what arrives, in the order in which it arrives.

    Parameters
    ----------
    wired : Wired
        The engine and its stages.
    data : LiveData
        Keeps market data; the engine's journal must write behind it
        (:class:`~bot4.adapters.stores.live_data.DataFirst`).

    Attributes
    ----------
    last_opens : dict
        When the last bar of each instrument opened, in nanoseconds.
    """

    def __init__(self, wired: Wired, data: LiveData) -> None:
        self.wired = wired
        self.engine = wired.engine
        self.data = data
        self.last_opens: dict[int, int] = {}

    def market(self, event: Event) -> None:
        """Take one piece of market data, as known at its ``ts_known_ns``.

        Raises
        ------
        OurFault
            If called from within the engine, as by a gateway that answers at once.
        """
        self._refuse_within()
        if event.kind == BAR:
            assert isinstance(event, Bar), "a kind belongs to one class"
            self.last_opens[int(event.instrument)] = int(event.open_ns)
        row = self.data.append(event)
        self.engine.feed(event, row, self._at(event))
        if self.data.is_full:
            self.seal()

    def report(self, event: Event) -> None:
        """Take one input that is journaled by value: a venue's report, or any other of ``INPUTS``.

        Raises
        ------
        OurFault
            If it is none, or called from within the engine.
        """
        self._refuse_within()
        if event.kind not in INPUTS:
            raise OurFault(f"event kind {int(event.kind)} is no input")
        self.engine.process(event, self._at(event))

    def readiness(
        self, reason: int, at_ns: int, *, ready: bool, instrument: int = ALL_INSTRUMENTS, note: str = ""
    ) -> None:
        """Say that a reason to take no new risk begins or is over, at a moment; see :class:`Readiness`."""
        at = Nanos(at_ns)
        self.report(Readiness(at, at, reason=reason, instrument=instrument, ready=ready, note=note))

    def seal(self) -> None:
        """Tell the journal the hash of the rows since the last seal; nothing where there are none."""
        if self.data.rows > self.data.sealed:
            now = self.engine.now
            self.engine.process(self.data.seal(now), now)

    def finish(self, journal: JournalWriter, *, interrupted: bool = True) -> bytes:
        """Seal the last batch, close journal and data, and return the state's hash.

        A live run has no end of its own: one that is stopped is interrupted, and can be gone on with.
        """
        self.seal()
        digest = state_hash(self.wired.decisive)
        journal.close(self.data.rows, digest, interrupted)
        return digest

    def _at(self, event: Event) -> Nanos:
        """Return when the engine takes an event: time does not step back."""
        known_ns = event.ts_known_ns
        return known_ns if known_ns > self.engine.now else self.engine.now

    def _refuse_within(self) -> None:
        if self.engine.draining:
            raise OurFault("the engine is called from within itself: an answer is a later event")


@final
class LiveReplay:
    """Feed a loop from a journal's records and the rows they refer to.

    Parameters
    ----------
    loop : LiveLoop
        Wired as when the journal was written, with a gateway that drops commands.
    rows : iterator of Event
        The rows that stand.
    advance : callable
        Told the rows consumed, every ``PROGRESS_ROWS`` rows.

    Attributes
    ----------
    inputs : int
        How many inputs other than rows were fed.
    last_order : int
        The highest number of an order in the records, -1 for none.
    books : BooksEqual or None
        What both books held when they were equal last.
    """

    def __init__(self, loop: LiveLoop, rows: Iterator[Event], advance: Callable[[int], None]) -> None:
        self.loop = loop
        self.rows = rows
        self.advance = advance
        self.inputs = 0
        self.last_order = -1
        self.books: BooksEqual | None = None

    def run(self, records: Iterable[Record], place: str) -> None:
        """Feed every input of the journal, in its order.

        Raises
        ------
        Corrupt
            If the rows end before the journal says they were consumed.
        """
        for record in records:
            kind = record.kind
            if kind == WATERMARK:
                self._consume(whole(decode(record), "row") + 1, record, place)
            elif kind in INPUTS:
                self._report(to_event(record))
            elif kind == SEALED:
                self.loop.seal()
            elif kind == SUBMIT:
                self.last_order = max(self.last_order, first_field(record))
            elif kind == RUN_END:
                self._consume(whole(decode(record), "rows"), record, place)

    def rest(self) -> None:
        """Feed the rows that no record refers to."""
        for event in self.rows:
            self.loop.market(event)

    def _report(self, event: Event) -> None:
        """Feed one report, but for those that the engine says again by itself."""
        if not isinstance(event, OrderWord) or event.reason != NOT_SENT:
            self.inputs += 1
            if isinstance(event, BooksEqual):
                self.books = event
            self.loop.report(event)

    def _consume(self, rows: int, record: Record, place: str) -> None:
        """Feed market data until so many rows were consumed in all."""
        data = self.loop.data
        while data.rows < rows:
            event = next(self.rows, None)
            if event is None:
                found = f"refers to row {rows - 1}"
                raise Corrupt(place, record.offset, found, f"the {data.rows} rows of its market data", MEND)
            self.loop.market(event)
            if data.rows % PROGRESS_ROWS == 0:
                self.advance(data.rows)


@final
class LiveResume:
    """Go on with a live run that was cut: first repeat what stands, then ask the venue what became of the rest.

    Parameters
    ----------
    loop : LiveLoop
        Over files that are compared before they are written on.
    switch : Switch
        The engine's gateway.
    rows : iterator of Event
        The rows that stand.
    """

    def __init__(self, loop: LiveLoop, switch: Switch, rows: Iterator[Event]) -> None:
        self.loop = loop
        self.switch = switch
        self.again = LiveReplay(loop, rows, lambda _: None)

    def repeat(self, records: Iterable[Record], place: str) -> None:
        """Carry every input of the journal again; no command leaves.

        Raises
        ------
        Differs
            If any byte comes out other than it stands.
        Corrupt
            If the journal refers to rows that are not there.
        """
        self.again.run(records, place)

    def take_in(self) -> None:
        """Hold new risk, and take in the rows that no record refers to, before anything else is heard.

        The hold ``RECONCILING`` stands from where the run was cut until the caller says that
        our books and the venue's are equal. Rows are taken in at their own time and no
        command of theirs leaves: they are as old as the cut.
        """
        loop = self.loop
        loop.readiness(RECONCILING, int(loop.engine.now), ready=False, note=RESTARTED)
        self.again.rest()

    def go_live(self, venue: Gateway, now_ns: int) -> None:
        """Turn to the venue, and doubt what it did not answer; ``now_ns`` is when the run is taken up."""
        self.switch.turn_to(venue)
        for report in doubts(self.loop.wired.trading.open_orders(), self.again.last_order, Nanos(now_ns)):
            self.loop.report(report)


def doubts(orders: Sequence[Order], last_order: int, now: Nanos) -> list[OrderWord]:
    """Return what a restart makes of orders that may still trade: unsent ones are over, lost answers begin a doubt.

    Parameters
    ----------
    orders : sequence of Order
        Those that may still trade.
    last_order : int
        The highest number whose submit stood on the disk. A later one was never
        sent: what is sent was durable before.
    now : Nanos
        When the run was taken up.
    """
    unsent = [one for one in orders if one.order_id > last_order]
    sent = [one for one in orders if one.order_id <= last_order]
    over = [expired(now, now, one.order_id, one.instrument, NEVER_SENT) for one in unsent]
    return [*over, *lost_answers(sent, now, RESTARTED)]
