# SPDX-License-Identifier: Apache-2.0
"""Judge every message of a tick recording: applied, or set aside under a named reason, and counted either way.

One :class:`TickCheck` takes the messages of one instrument in the order in which they
were recorded and gives them back in the order of the exchange's clock:

- Messages of different kinds overtake each other by some hundred milliseconds in
  every recording; within ``WINDOW_NS`` they are put in order, and counted. One that
  is later than that is set aside. Those of a book keep their sequence: where their
  stamps step back, the stamp of the one before is kept.
- A trade whose id is not above the one before it is a repetition.
- A book is what :mod:`bot4.market.books` says. Where it breaks, an *empty
  snapshot* is given: the book is not known, nothing can trade by it until the next
  snapshot, or to the end of the recording.
"""

from typing import Final, final

import numpy as np

from bot4.domain.event import BOOK_DELTA, BOOK_SNAPSHOT, QUOTE, TRADE
from bot4.domain.values import SECOND_NS, TICKS_MAX
from bot4.market.books import sync
from bot4.market.books.rules import Change, JoinRule
from bot4.market.faults import (
    BAD_LEVEL,
    COVERED,
    CROSSED_BOOK,
    CROSSED_QUOTE,
    LATE,
    NO_BOOK,
    NOT_POSITIVE,
    OUT_OF_ORDER,
    REPEATED_CHANGE,
    REPEATED_TRADE,
    SEQUENCE_GAP,
    STALE_SNAPSHOT,
    TRADES_MISSING,
    FaultKind,
    FaultLog,
)
from bot4.market.quality import APPLIED, Fates
from bot4.market.tick_sink import TickSink
from bot4.market.tick_tables import EVENT_NS, TickTable, empty_table

WINDOW_NS: Final = SECOND_NS
"""How far a message may be behind the newest and still be put in order."""

LOTS_MAX: Final = 1 << 53

Waiting = tuple[int, int, int, int, int, int, list[int], list[int], list[int]]


@final
class TickCheck(TickSink):
    """Take one instrument's messages as recorded, give them back validated and in order.

    Parameters
    ----------
    instrument : int
        Its index in the run.
    rule : JoinRule
        How its book is joined.
    log : FaultLog
        Takes every fault.
    fates : Fates
        Takes every message.
    """

    def __init__(self, instrument: int, rule: JoinRule, log: FaultLog, fates: Fates) -> None:
        self.instrument = instrument
        self.sync = sync.BookSync(rule)
        self.log = log
        self.fates = fates
        self._waiting: list[Waiting] = []
        self._taken = 0
        self._newest = -1
        self._sealed = -1
        self._book_ns = -1
        self._trade_id = -1

    def fault(self, kind: FaultKind, source: int, at_ns: int, value: str) -> None:
        """Count one fault."""
        self.log.add(kind, np.array([source]), np.array([at_ns]), lambda _: value)

    def aside(self, what: str, kind: FaultKind, source: int, at_ns: int, value: str) -> None:
        """Set one message aside, and count it."""
        self.fates.add(what, kind.name)
        self.fault(kind, source, at_ns, value)

    def trade(self, source: int, at_ns: int, known_ns: int, *, trade_id: int, side: int, price: int, lots: int) -> None:
        """Take a trade; ``trade_id`` is -1 where the recording has none."""
        if not 0 < price < TICKS_MAX or not 0 < lots < LOTS_MAX:
            self.aside("trade", NOT_POSITIVE, source, at_ns, f"price {price} ticks, {lots} lots")
            return
        if self._is_late("trade", source, at_ns):
            return
        if trade_id >= 0:
            before = self._trade_id
            if trade_id <= before:
                self.aside("trade", REPEATED_TRADE, source, at_ns, f"id {trade_id} after {before}")
                return
            if 0 <= before < trade_id - 1:
                self.fault(TRADES_MISSING, source, at_ns, f"{trade_id - before - 1} ids before {trade_id}")
            self._trade_id = trade_id
        self.fates.add("trade", APPLIED)
        self._wait(at_ns, TRADE, known_ns, trade_id, trade_id, [side], [price], [lots], source)

    def quote(
        self, source: int, at_ns: int, known_ns: int, *, last_id: int, bid: tuple[int, int], ask: tuple[int, int]
    ) -> None:
        """Take a quote: price in ticks and lots of either side."""
        if min(bid[0], ask[0]) <= 0 or min(bid[1], ask[1]) < 0 or max(bid[0], ask[0]) >= TICKS_MAX:
            self.aside("quote", NOT_POSITIVE, source, at_ns, f"bid {bid}, ask {ask} in ticks and lots")
        elif bid[0] >= ask[0]:
            self.aside("quote", CROSSED_QUOTE, source, at_ns, f"bid {bid[0]}, ask {ask[0]} in ticks")
        elif not self._is_late("quote", source, at_ns):
            self.fates.add("quote", APPLIED)
            prices, lots = [bid[0], ask[0]], [bid[1], ask[1]]
            self._wait(at_ns, QUOTE, known_ns, last_id, last_id, [1, -1], prices, lots, source)

    def snapshot(self, change: Change) -> None:
        """Take a snapshot, then every held change that it does not cover."""
        if self._is_bad("snapshot", change):
            return
        answer = self.sync.snapshot(change)
        if answer == sync.CROSSED:
            self._break("snapshot", CROSSED_BOOK, change, "a crossed snapshot")
        elif answer == sync.BEGUN:
            self.fates.add("snapshot", APPLIED)
            self._put(BOOK_SNAPSHOT, change)
            for one in self.sync.release():
                self.delta(one)
        else:
            self.aside("snapshot", STALE_SNAPSHOT, change.source, change.at_ns, f"{change.last_id}, older than changes")
        self._count_overflow()

    def delta(self, change: Change) -> None:
        """Take a change of the book."""
        if self.sync.is_known and self._is_bad("delta", change):
            return
        before = self.sync.last_id
        answer = self.sync.change(change)
        if answer == sync.APPLIED:
            self.fates.add("delta", APPLIED)
            self._put(BOOK_DELTA, change)
        elif answer == sync.HELD:
            self._count_overflow()
        elif answer == sync.COVERED:
            self.aside("delta", COVERED, change.source, change.at_ns, f"up to {change.last_id}")
        elif answer == sync.REPEATED:
            self.aside("delta", REPEATED_CHANGE, change.source, change.at_ns, f"up to {change.last_id} after {before}")
        elif answer == sync.GAP:
            told = f"{change.first_id} to {change.last_id} after {before}"
            self.fault(SEQUENCE_GAP, change.source, change.at_ns, told)
            self._lose(change)
        else:
            self._break("delta", CROSSED_BOOK, change, f"{change.first_id} to {change.last_id} crosses it")

    def broken(self, what: str, kind: FaultKind, change: Change, value: str) -> None:
        """Set aside a message about the book that cannot be represented: the book is not known after it."""
        self._break(what, kind, change, value)

    def ready(self) -> TickTable:
        """Return, and forget, the messages that none which may still come can precede."""
        return self._release(self._newest - WINDOW_NS)

    def finish(self) -> TickTable:
        """Return the rest; changes still held had no snapshot."""
        for change in self.sync.release():
            self._let_go(change)
        return self._release(self._newest)

    def _is_late(self, what: str, source: int, at_ns: int) -> bool:
        """Set aside a message further behind than the window."""
        if at_ns > self._newest - WINDOW_NS and at_ns >= self._sealed:
            return False
        self.aside(what, LATE, source, at_ns, f"{(self._newest - at_ns) / 1e6:.3f} ms behind the newest")
        return True

    def _is_bad(self, what: str, change: Change) -> bool:
        """Break the book over levels that cannot be."""
        if change.prices and (min(change.prices) <= 0 or max(change.prices) >= TICKS_MAX):
            self._break(what, BAD_LEVEL, change, f"prices {min(change.prices)} to {max(change.prices)} ticks")
            return True
        if change.lots and (min(change.lots) < 0 or max(change.lots) >= LOTS_MAX):
            self._break(what, BAD_LEVEL, change, f"{min(change.lots)} to {max(change.lots)} lots")
            return True
        return False

    def _break(self, what: str, kind: FaultKind, change: Change, value: str) -> None:
        """Set a message about the book aside and lose the book."""
        self.aside(what, kind, change.source, change.at_ns, value)
        self._lose(change)

    def _lose(self, change: Change) -> None:
        """Say that the book is not known from here on."""
        self.sync.lose()
        ids = (change.first_id, change.last_id, -1)
        empty = Change(change.source, (change.at_ns, change.known_ns), ids, ([], [], []))
        self._put(BOOK_SNAPSHOT, empty)

    def _count_overflow(self) -> None:
        """Count the changes for which no snapshot came in time."""
        for change in self.sync.overflow():
            self._let_go(change)

    def _let_go(self, change: Change) -> None:
        """Set aside a change for which no snapshot came."""
        self.aside("delta", NO_BOOK, change.source, change.at_ns, f"{change.first_id} to {change.last_id}, no snapshot")

    def _put(self, kind: int, change: Change) -> None:
        """Queue a message about the book, stamped not before the one before it, nor before what was given away."""
        at_ns = max(change.at_ns, self._book_ns, self._sealed)
        self._book_ns = at_ns
        self._wait(
            at_ns,
            kind,
            max(change.known_ns, at_ns),
            change.first_id,
            change.last_id,
            change.sides,
            change.prices,
            change.lots,
            change.source,
        )

    def _wait(
        self,
        at_ns: int,
        kind: int,
        known_ns: int,
        first_id: int,
        last_id: int,
        sides: list[int],
        prices: list[int],
        lots: list[int],
        source: int,
    ) -> None:
        """Queue a message until nothing can precede it."""
        if at_ns < self._newest:
            self.fault(OUT_OF_ORDER, source, at_ns, f"{(self._newest - at_ns) / 1e6:.3f} ms behind the newest")
        self._newest = max(self._newest, at_ns)
        self._waiting.append((at_ns, self._taken, kind, known_ns, first_id, last_id, sides, prices, lots))
        self._taken += 1

    def _release(self, until_ns: int) -> TickTable:
        """Return the waiting messages stamped up to a moment, in order."""
        self._waiting.sort(key=lambda one: one[:2])
        count = 0
        while count < len(self._waiting) and self._waiting[count][0] <= until_ns:
            count += 1
        ready, self._waiting = self._waiting[:count], self._waiting[count:]
        if not ready:
            return empty_table()
        table = as_table(self.instrument, ready)
        self._sealed = int(table.messages[EVENT_NS, -1])
        return table


def as_table(instrument: int, ready: list[Waiting]) -> TickTable:
    """Return ordered messages as a table."""
    messages = np.empty((7, len(ready)), dtype=np.int64)
    messages[0] = [one[2] for one in ready]
    messages[1] = instrument
    messages[2] = [one[0] for one in ready]
    messages[3] = [max(one[3], one[0]) for one in ready]
    messages[4] = [one[4] for one in ready]
    messages[5] = [one[5] for one in ready]
    messages[6] = np.cumsum([len(one[6]) for one in ready])
    rows = np.empty((3, int(messages[6, -1])), dtype=np.int64)
    rows[0] = [value for one in ready for value in one[6]]
    rows[1] = [value for one in ready for value in one[7]]
    rows[2] = [value for one in ready for value in one[8]]
    return TickTable(messages, rows)
