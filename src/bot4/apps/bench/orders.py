# SPDX-License-Identifier: Apache-2.0
"""From intent to a working order, while many others are open: what an order costs, and whether that grows.

Risk, trading, journal and the imagined venue stand around a real engine; the
strategies that would wish are left out. Each instrument has at most one entry at
a time, so ten thousand open orders are ten thousand instruments.
"""

from collections.abc import Sequence
from typing import Final, final

from bot4.apps.bench.harness import Bench, Case, Measurement, Row, Several, Subject
from bot4.apps.bench.paths import CASH, NOW, entry, instruments, journal_writer, judge_of
from bot4.domain.event import Event
from bot4.domain.order import WORKING, cancel_command
from bot4.domain.values import Lots
from bot4.runtime.engine import Engine
from bot4.simulation.venue import SimulatedVenue
from bot4.trading.execution import Trading

FEW: Final = 100
SOME: Final = 1_000
MANY: Final = 10_000
ROUND: Final = 100
"""So many orders are sent before they are canceled again: the number open stays within a hundred of the one named."""

SAMPLES_MAX: Final = 2_000
RATE: Final = 30_000
GROWTH_MAX: Final = 1.5
"""What "flat in the number open" allows for caches that grow cold."""

HOPELESS: Final = 3.0
"""Ten times the open orders may make one so many times as dear before the bench goes no further."""

SMALL: Final = Lots(50)
FAR_BELOW: Final = 2_500_000


@final
class Desks:
    """Hold an engine with so many working orders, and send more.

    Parameters
    ----------
    bench : Bench
        Where the journal goes.
    count : int
        How many orders are open while others are measured.
    """

    def __init__(self, bench: Bench, count: int) -> None:
        traded = instruments(count + ROUND)
        self.count = count
        self.venue = SimulatedVenue(traded, cash=CASH)
        self.trading = Trading(len(traded))
        self.engine = Engine([judge_of(traded), self.trading], journal_writer(bench, durable=False), self.venue)
        self.intents = 0
        self.free = list(range(len(traded)))
        for _ in range(count):
            self.send()

    def send(self) -> None:
        """Wish for one order, and hear that it works."""
        self.intents += 1
        self.engine.process(entry(self.free.pop(), self.intents, lots=SMALL, limit=FAR_BELOW), NOW)
        self.hear()

    def hear(self) -> None:
        """Carry what the venue answers back into the engine."""
        self.venue.advance(NOW)
        report: Event | None = self.venue.next_report()
        while report is not None:
            self.engine.process(report, NOW)
            report = self.venue.next_report()

    def clear(self) -> None:
        """Have the venue cancel the last round."""
        for order in self.trading.open_orders()[self.count :]:
            self.venue.send(cancel_command(NOW, order.order_id, order.instrument, "bench"), NOW)
            self.free.append(int(order.instrument))
        self.hear()


def cases() -> list[Measurement]:
    """Return the rows of orders while others are open."""
    return [Several(suite="orders", name=name_of(MANY), rows_of=measure)]


def name_of(count: int) -> str:
    """Return the name of a row."""
    return f"intent, risk, accepted, working; {count:,} open"


def measure(bench: Bench) -> list[Row]:
    """Return one row for each number of open orders, and how much dearer an order is with the most of them.

    Where an order grows much dearer from the first number to the second, the third
    would take hours: its row then says so instead.
    """
    rows = [row_with(bench, FEW), row_with(bench, SOME)]
    growth, most = growth_of(rows), SOME
    if growth > HOPELESS:
        note = f"not taken: with {SOME:,} open an order costs {growth:.1f} times as much as with {FEW}"
        rows.append(Row(suite="orders", name=name_of(MANY), floor_us=bench.floor_us, met=False, note=note))
    else:
        rows.append(row_with(bench, MANY, rate=RATE))
        growth, most = growth_of(rows), MANY
    ratio = Row(
        suite="orders",
        name=f"an order's cost with {most:,} open over that with {FEW}",
        figure=round(growth, 3),
        unit="times",
        floor_us=bench.floor_us,
        budget=f"{GROWTH_MAX:g} times",
        met=growth <= GROWTH_MAX,
    )
    return [*rows, ratio]


def growth_of(rows: Sequence[Row]) -> float:
    """Return how many times as much an order of the last row costs as one of the first."""
    return (rows[0].rate or 0.0) / (rows[-1].rate or 1.0)


def row_with(bench: Bench, count: int, rate: float | None = None) -> Row:
    """Measure orders while ``count`` others work."""
    (row,) = Case(
        suite="orders",
        name=name_of(count),
        make=lambda bench: with_open(bench, count),
        rate=rate,
        samples_max=SAMPLES_MAX,
    ).measure(bench)
    return row


def with_open(bench: Bench, count: int) -> Subject:
    """Send one order after the other while ``count`` others work."""
    desks = Desks(bench, count)
    desks.send()
    orders = desks.trading.open_orders()
    assert len(orders) == count + 1, "the bench keeps as many open as it says"
    assert all(order.state == WORKING for order in orders), "the bench measures orders that work"
    return Subject(desks.send, desks.clear, ROUND)
