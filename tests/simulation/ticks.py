# SPDX-License-Identifier: Apache-2.0
"""A tiny runtime for the tests of the tick venue: market events and commands by the exchange's clock, reports out."""

from array import array
from collections.abc import Sequence
from typing import Any

from bot4.domain.event import EXECUTION, Event
from bot4.domain.instrument import Instrument
from bot4.domain.marketdata import BookDelta, BookSnapshot, Quote, Trade
from bot4.domain.order import Execution, Submit, cancel_command
from bot4.domain.values import BUY, MONEY_ONE, Lots, Money, Nanos, Ticks
from bot4.simulation.book.venue import NEVER, TickVenue
from tests.simulation.driver import START, instrument, submit

Levels = Sequence[tuple[int, int]]


def columns(bids: Levels, asks: Levels) -> tuple[int, int, bytes, bytes, bytes]:
    """Levels (price, lots) as the range and columns of a book event."""
    sides = array("q", [1] * len(bids) + [-1] * len(asks))
    prices = array("q", [price for price, _ in (*bids, *asks)])
    lots = array("q", [size for _, size in (*bids, *asks)])
    return 0, len(sides), sides.tobytes(), prices.tobytes(), lots.tobytes()


def snapshot(at: int, bids: Levels, asks: Levels, index: int = 0) -> BookSnapshot:
    """A whole book."""
    return BookSnapshot(Nanos(at), Nanos(at), index, 0, 0, *columns(bids, asks))


def delta(at: int, bids: Levels = (), asks: Levels = (), index: int = 0) -> BookDelta:
    """Some levels; zero lots remove one."""
    return BookDelta(Nanos(at), Nanos(at), index, 0, 0, *columns(bids, asks))


def trade(at: int, price: int, lots: int, side: int, index: int = 0) -> Trade:
    """A print; ``side`` is the aggressor's."""
    return Trade(Nanos(at), Nanos(at), index, 0, side, Ticks(price), Lots(lots))


def quote(at: int, bid: int, bid_lots: int, ask: int, ask_lots: int, index: int = 0) -> Quote:
    """The best bid and ask."""
    return Quote(Nanos(at), Nanos(at), index, Ticks(bid), Lots(bid_lots), Ticks(ask), Lots(ask_lots))


class TickDesk:
    """Drives one tick venue; time is counted in nanoseconds from ``START``, and each call moves it on by one."""

    def __init__(
        self, instruments: Sequence[Instrument] | None = None, *, cash: int = 100_000, **settings: Any
    ) -> None:
        self.instruments = list(instruments or [instrument()])
        settings.setdefault("slippage", 0)
        self.venue = TickVenue(self.instruments, cash=Money(cash * MONEY_ONE), **settings)
        self.reports: list[Event] = []
        self.now = START

    def send(self, *commands: Event) -> None:
        """Hand commands to the venue now, and let the exchange's time come to now."""
        self.now += 1
        for command in commands:
            self.venue.send(command, Nanos(self.now))
        self.venue.advance(Nanos(self.now))
        self.drain()

    def order(self, order_id: int, side: int = BUY, lots: int = 10, **changes: Any) -> Submit:
        """Send one order, a market order unless told otherwise."""
        command = submit(order_id, side, lots, **changes)
        self.send(command)
        return command

    def cancel(self, order_id: int) -> None:
        """Ask to cancel."""
        self.send(cancel_command(Nanos(self.now), order_id, 0, "asked"))

    def see(self, kind: Any, *words: Any, **named: Any) -> list[tuple[int, int, int, bool]]:
        """Let the venue observe one market event now; return the fills it caused."""
        before = len(self.fills)
        self.now += 1
        self.venue.observe(kind(self.now, *words, **named))
        self.drain()
        return self.fills[before:]

    def drain(self) -> None:
        """Take every report, whenever it reaches us."""
        while (report := self.venue.next_report(Nanos(NEVER))) is not None:
            self.reports.append(report)

    @property
    def fills(self) -> list[tuple[int, int, int, bool]]:
        """Every execution so far: order id, lots, price in ticks, maker."""
        return [
            (int(e.order_id), int(e.lots), int(e.price), e.is_maker) for e in self.reports if isinstance(e, Execution)
        ]

    def words(self) -> list[tuple[int, int, str]]:
        """Every other report so far: kind, order id, reason."""
        return [(int(e.kind), e.order_id, e.reason) for e in self.reports if e.kind != EXECUTION]  # type: ignore[attr-defined]
