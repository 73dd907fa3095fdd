# SPDX-License-Identifier: Apache-2.0
"""The curve of a run, for its report: samples, days, marks and totals in bounded memory.

A stage at the very end of the way that only listens. Whatever the length of the
run it holds at most ``SAMPLES_MAX`` samples, evenly spaced in time, and at most
``MARKS_MAX`` fills to draw; what is exact (the close of each UTC day, the deepest
drawdown, every total) is kept as numbers, not as a list of bars.

A run at a venue warms up on past bars: its account's story begins when that is
over, and what came before is forgotten.

A moment that ends a sample or a day belongs to it, as midnight belongs to the day
it ends. So nothing is written when the moment comes, for other instruments may
still speak in it, but when the first later event shows that it is over.

No decision may ever read from here: the state of this stage is no part of the
state hash.
"""

from array import array
from collections.abc import Sequence
from typing import Final, final

from librt.strings import BytesWriter
from mypy_extensions import i64

from bot4.domain.calm import Calm
from bot4.domain.event import BAR, EQUITY, FILL, MODE, POSITION, READINESS, Event
from bot4.domain.instrument import Instrument
from bot4.domain.marketdata import Bar, Equity
from bot4.domain.order import ENTER, EXIT, Fill
from bot4.domain.position import Position
from bot4.domain.readiness import WARMING, Readiness
from bot4.domain.stage import Outbox, Stage
from bot4.domain.values import DAY_NS, SECOND_NS, Lots, Money, Nanos, day_of
from bot4.domain.verdict import Mode

SAMPLES_MAX: Final = 4096
MARKS_MAX: Final = 2000
MODES_MAX: Final = 1000


@final
class Samples:
    """Hold moments of the account in columns: one entry a cell of time, the last state known in it.

    Attributes
    ----------
    times_ns, equity, cash : list of int
        When, and the account then, in money.
    closes, notionals : list of list of int
        For each instrument its last close in ticks (0 before its first bar) and the
        signed worth of the position at it, in money.
    """

    __slots__ = ("size_max", "step_ns", "times_ns", "equity", "cash", "closes", "notionals", "_columns")

    def __init__(self, instruments: int, size_max: int, step_ns: int = SECOND_NS) -> None:
        self.size_max = size_max
        self.step_ns = step_ns
        self.times_ns: list[int] = []
        self.equity: list[int] = []
        self.cash: list[int] = []
        self.closes: list[list[int]] = [[] for _ in range(instruments)]
        self.notionals: list[list[int]] = [[] for _ in range(instruments)]
        self._columns = [self.times_ns, self.equity, self.cash, *self.closes, *self.notionals]

    def columns(self) -> list[list[int]]:
        """Return every column, times first; to be read, not changed."""
        return self._columns

    def append(self, row: Sequence[int]) -> None:
        """Add one entry, in the order of :meth:`columns`; it replaces one of the same cell. Where full, thin first."""
        times = self.times_ns
        if len(times) >= self.size_max:
            self._thin()
        if times and (times[-1] - 1) // self.step_ns == (row[0] - 1) // self.step_ns:
            for column in self._columns:
                column.pop()
        for i, column in enumerate(self._columns):
            column.append(row[i])

    def copy(self) -> "Samples":
        """Return a copy that shares nothing."""
        other = Samples(len(self.closes), self.size_max, self.step_ns)
        for mine, theirs in zip(self._columns, other._columns, strict=True):
            theirs.extend(mine)
        return other

    def _thin(self) -> None:
        """Double the cell until at most half is left; each larger cell keeps its last entry.

        Cells of time, not every second entry by number: over a hole in the data
        the spacing stays even.
        """
        times = self.times_ns
        kept = list(range(len(times)))
        while len(kept) > self.size_max // 2:
            self.step_ns *= 2
            cells = [(times[i] - 1) // self.step_ns for i in kept]
            kept = [i for n, i in enumerate(kept) if n + 1 == len(cells) or cells[n] != cells[n + 1]]
        for column in self._columns:
            column[:] = [column[i] for i in kept]


@final
class Days:
    """Hold the exact close of each UTC day that had an event: equity in money, closes in ticks (0: none yet)."""

    __slots__ = ("days", "equity", "closes")

    def __init__(self, instruments: int) -> None:
        self.days = array("q")
        self.equity = array("q")
        self.closes = [array("q") for _ in range(instruments)]

    def append(self, day: int, equity: int, closes: Sequence[int]) -> None:
        """Add one day."""
        self.days.append(day)
        self.equity.append(equity)
        for column, close in zip(self.closes, closes, strict=True):
            column.append(close)

    def copy(self) -> "Days":
        """Return a copy that shares nothing."""
        other = Days(len(self.closes))
        other.days = self.days[:]
        other.equity = self.equity[:]
        other.closes = [column[:] for column in self.closes]
        return other


@final
class Mark:
    """Hold one fill as it is drawn: when, on what, why (``PURPOSES``), which side, at what price."""

    __slots__ = ("ts_ns", "instrument", "purpose", "side", "price")

    def __init__(self, fill: Fill) -> None:
        self.ts_ns = int(fill.ts_known_ns)
        self.instrument = int(fill.instrument)
        self.purpose = int(fill.purpose)
        self.side = int(fill.side)
        self.price = int(fill.price)


@final
class Turnover:
    """Sum up the fills of one instrument, exactly: how many, their notional and their fees in money."""

    __slots__ = ("fills", "notional", "fees")

    def __init__(self) -> None:
        self.fills = 0
        self.notional = 0
        self.fees = 0

    def add(self, fill: Fill, notional: int) -> None:
        """Add one fill of a notional, which is not negative."""
        self.fills += 1
        self.notional += notional
        self.fees += int(fill.expense())


@final
class Drawdown:
    """Follow the deepest fall of equity from its highest, over every mark of the account."""

    __slots__ = ("peak", "peak_ns", "depth_peak", "depth_floor", "depth_from_ns", "depth_to_ns", "floor")

    def __init__(self, equity: Money) -> None:
        self.peak = int(equity)
        self.peak_ns = 0
        self.depth_peak = int(equity)
        self.depth_floor = int(equity)
        self.depth_from_ns = 0
        self.depth_to_ns = 0
        self.floor = int(equity)

    def rise(self, equity: Money, at: Nanos) -> None:
        """Take a new highest equity, and work out below which mark the fall would be the deepest yet."""
        self.peak = int(equity)
        self.peak_ns = int(at)
        self.floor = -(-self.peak * self.depth_floor // self.depth_peak) if self.depth_peak > 0 else self.peak

    def fall(self, equity: Money, at: Nanos) -> None:
        """Take a mark that may be the deepest fall yet."""
        worth = int(equity)
        if worth * self.depth_peak < self.depth_floor * self.peak:
            self.depth_peak = self.peak
            self.depth_floor = worth
            self.depth_from_ns = self.peak_ns
            self.depth_to_ns = int(at)
        self.floor = worth

    def depth_frac(self) -> float:
        """Return the deepest fall as a fraction of the peak it fell from."""
        return 1.0 - self.depth_floor / self.depth_peak if self.depth_peak > 0 else 0.0


@final
class CurveRecorder(Stage):
    """Keep what the report draws. Emits nothing.

    Parameters
    ----------
    instruments : sequence of Instrument
        In the order of their index.
    cash : Money
        Equity before the first mark.
    samples_max, marks_max : int
        The bounds of memory; at least 2.
    span_ns : int
        How long the run is, where that is known: samples are as far apart from the
        first one as so long a run will have them. 0 begins with seconds and thins.
    """

    __slots__ = (
        "instruments",
        "start",
        "is_live",
        "unseen",
        "wake_ns",
        "cell_end_ns",
        "day_end_ns",
        "bars",
        "first_closes",
        "first_ns",
        "lots",
        "mark",
        "peak",
        "floor",
        "drawdown",
        "samples",
        "days",
        "marks_max",
        "marks",
        "marks_stride",
        "fills",
        "turnover",
        "shortfall",
        "shortfall_notional",
        "modes",
        "modes_seen",
    )

    def __init__(
        self,
        instruments: Sequence[Instrument],
        cash: Money,
        *,
        samples_max: int = SAMPLES_MAX,
        marks_max: int = MARKS_MAX,
        span_ns: int = 0,
    ) -> None:
        super().__init__((BAR, EQUITY, POSITION, FILL, MODE, READINESS))
        size = len(instruments)
        self.instruments = list(instruments)
        self.start = Money(cash)
        self.is_live = False
        self.unseen: i64 = size
        self.wake_ns = Nanos(0)
        self.cell_end_ns: i64 = 0
        self.day_end_ns: i64 = 0
        self.bars: list[Bar | None] = [None] * size
        self.first_closes = [0] * size
        self.first_ns = 0
        self.lots = [0] * size
        self.mark = Equity(Nanos(0), cash, cash)
        self.peak = cash
        self.floor = cash
        self.drawdown = Drawdown(cash)
        self.samples = Samples(size, samples_max, max(SECOND_NS, -(-span_ns // (samples_max - 1))))
        self.days = Days(size)
        self.marks_max = marks_max
        self.marks: list[Mark] = []
        self.marks_stride = 1
        self.fills = 0
        self.turnover = [Turnover() for _ in range(size)]
        self.shortfall = 0
        self.shortfall_notional = 0
        self.modes: list[Mode] = []
        self.modes_seen = 0

    def handle(self, event: Event, now: Nanos, out: Outbox) -> None:
        """Take one event; almost always that is one assignment."""
        if now > self.wake_ns:
            self._close_moment(now)
        if isinstance(event, Bar):
            if self.unseen:
                self._meet(event)
            self.bars[event.instrument] = event
        elif isinstance(event, Equity):
            self.mark = event
            worth = event.equity
            if worth > self.peak:
                self.peak = worth
                self.drawdown.rise(worth, now)
                self.floor = Money(self.drawdown.floor)
            elif worth < self.floor:
                self.drawdown.fall(worth, now)
                self.floor = worth
        elif isinstance(event, Position):
            self.lots[event.instrument] = int(event.lots)
        elif isinstance(event, Fill):
            self._take_fill(event)
        elif isinstance(event, Mode):
            self.modes_seen += 1
            if len(self.modes) < MODES_MAX:
                self.modes.append(event)
        elif isinstance(event, Readiness) and event.ready and event.reason == WARMING and not self.is_live:
            self._begin()

    def stays_calm(self, instrument: i64, calm: Calm) -> bool:
        """Nothing is written down before a sample or a day ends, or equity is at its highest or in its deepest fall."""
        calm.keep_until(self.wake_ns)
        return self.unseen == 0 and calm.keep_equity(self.floor, self.peak)

    def write_state(self, out: BytesWriter) -> None:
        """Write nothing: no decision depends on what is recorded for the report."""

    def samples_now(self) -> Samples:
        """Return the samples, the state now as the last of them; empty before the first event."""
        samples = self.samples.copy()
        at = self._known_ns()
        if at > 0 and (not samples.times_ns or samples.times_ns[-1] < at):
            samples.append(self._row(at))
        return samples

    def days_now(self) -> Days:
        """Return the days, the one under way as the last of them; empty before the first event."""
        days = self.days.copy()
        at = self._known_ns()
        if at > 0 and (not days.days or days.days[-1] < day_of(Nanos(at))):
            days.append(int(day_of(Nanos(at))), int(self.mark.equity), self.closes_now())
        return days

    def closes_now(self) -> list[int]:
        """Return the last close of each instrument in ticks, 0 before its first bar."""
        return [0 if bar is None else int(bar.close) for bar in self.bars]

    def _begin(self) -> None:
        """Forget the bars of a warm-up, once: an account that could not trade has no days to show."""
        size = len(self.instruments)
        self.is_live = True
        self.samples = Samples(size, self.samples.size_max)
        self.days = Days(size)
        self.bars = [None] * size
        self.first_closes = [0] * size
        self.first_ns = 0
        self.unseen = size
        self.wake_ns = Nanos(0)
        self.cell_end_ns = 0
        self.day_end_ns = 0

    def _known_ns(self) -> int:
        """Return the last moment of which anything is known; 0 before the first."""
        latest = self.mark.ts_known_ns
        for bar in self.bars:
            if bar is not None and bar.ts_known_ns > latest:
                latest = bar.ts_known_ns
        return int(latest)

    def _row(self, at: int) -> list[int]:
        """Return the state now as one sample."""
        row = [at, int(self.mark.equity), int(self.mark.cash)]
        row.extend(self.closes_now())
        row.extend([self._worth(i, bar) for i, bar in enumerate(self.bars)])
        return row

    def _worth(self, i: int, bar: Bar | None) -> int:
        """Return the signed worth of what is held of an instrument at its last bar; 0 before its first."""
        return 0 if bar is None else int(self.instruments[i].notional(bar.close, Lots(self.lots[i])))

    def _close_moment(self, now: Nanos) -> None:
        """Write down the sample and the day that are over, and set when to look again."""
        at = self._known_ns()
        if at > 0 and now > self.day_end_ns:
            self.days.append(int(day_of(Nanos(at))), int(self.mark.equity), self.closes_now())
        if at > 0 and now > self.cell_end_ns:
            self.samples.append(self._row(at))
        step: i64 = self.samples.step_ns
        cell_end = ((now - 1) // step + 1) * step
        day_end = (day_of(now) + 1) * DAY_NS
        self.cell_end_ns = cell_end
        self.day_end_ns = day_end
        self.wake_ns = Nanos(cell_end if cell_end < day_end else day_end)

    def _meet(self, bar: Bar) -> None:
        """Keep the first close of an instrument: what holding it would have cost."""
        if self.bars[bar.instrument] is None:
            self.first_closes[bar.instrument] = int(bar.close)
            self.first_ns = self.first_ns or int(bar.ts_known_ns)
            self.unseen -= 1

    def _take_fill(self, fill: Fill) -> None:
        """Add one fill to the totals, and to the marks where its turn has come."""
        instrument = self.instruments[fill.instrument]
        notional = int(instrument.notional(fill.price, fill.lots))
        self.turnover[fill.instrument].add(fill, notional)
        bar = self.bars[fill.instrument]
        if bar is not None and (fill.purpose == ENTER or fill.purpose == EXIT):
            seen = int(instrument.notional(bar.close, fill.lots))
            self.shortfall += int(fill.side) * (notional - seen)
            self.shortfall_notional += seen
        if self.fills % self.marks_stride == 0:
            self.marks.append(Mark(fill))
            if len(self.marks) >= self.marks_max:
                self.marks = self.marks[::2]
                self.marks_stride *= 2
        self.fills += 1
