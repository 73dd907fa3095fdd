# SPDX-License-Identifier: Apache-2.0
"""The shadow book: what each strategy would have earned, whether or not it was allowed to trade.

Every instrument gets the same notional of 1. A signal is filled at the next open
that is not before it, in full, at the taker fee plus slippage; the quantity ``signal / open`` is then held
until the signal changes. Profit and loss is marked at the last close of a UTC day
and at every fill, nothing in between: it telescopes. The figures are statistics,
not money, hence float64. The fill itself is a kernel, shared with parameter sweeps.

What it does not know: the size of a market, partial fills, stops and targets. It
judges the opinion, not the execution.
"""

from collections.abc import Sequence
from typing import Final, final

import numpy as np
from librt.strings import BytesWriter, write_f64_le, write_i64_le
from mypy_extensions import i64
from numpy.typing import NDArray

from bot4.domain.instrument import SPOT, Instrument
from bot4.domain.marketdata import Bar
from bot4.domain.values import Nanos, Ticks, day_of
from bot4.kernels.shadow import shadow_fill, shadow_mark

DAYS_MAX: Final = 36_500
"""A record of a hundred years; later days are not kept."""


@final
class Line:
    """Hold the shadow position of one strategy in one instrument.

    ``quantity`` in base units per unit of notional, ``mark`` the price of the last
    mark in quote units, ``gain`` the profit since the day began, ``wish`` the signal
    to fill at the first open not before ``since_ns``.
    """

    __slots__ = ("quantity", "mark", "gain", "wish", "since_ns", "waits")

    def __init__(self) -> None:
        self.quantity = 0.0
        self.mark = 0.0
        self.gain = 0.0
        self.wish = 0.0
        self.since_ns = Nanos(0)
        self.waits = False


@final
class Record:
    """Hold one strategy's daily net returns and how many of its trades are closed."""

    __slots__ = ("returns", "days", "closed_trades", "freeze_day")

    def __init__(self, freeze_day: int) -> None:
        self.returns: NDArray[np.float64] = np.zeros(512)
        self.days: i64 = 0
        self.closed_trades: i64 = 0
        self.freeze_day: i64 = freeze_day

    def append(self, day_return: float) -> None:
        """Add one day, growing by doubling; a record that is full stays as it is."""
        if self.days >= DAYS_MAX:
            return
        if self.days == len(self.returns):
            self.returns = np.concatenate((self.returns, np.zeros(len(self.returns))))
        self.returns[self.days] = day_return
        self.days += 1

    def daily(self) -> NDArray[np.float64]:
        """Return the daily net returns so far."""
        return self.returns[: int(self.days)]


@final
class ShadowBook:
    """Hold the shadow positions of all strategies in all instruments.

    Parameters
    ----------
    instruments : sequence of Instrument
        In the order of their index.
    freeze_days : sequence of int
        Per strategy slot, the first day that counts as evidence.
    cost : float
        Fee and slippage of one fill, as a fraction of its notional.
    """

    __slots__ = ("ticks", "is_spot", "lines", "waiting", "last", "records", "cost")

    def __init__(self, instruments: Sequence[Instrument], freeze_days: Sequence[int], cost: float) -> None:
        slots = len(freeze_days)
        self.ticks = [instrument.tick for instrument in instruments]
        self.is_spot = [instrument.instrument_type == SPOT for instrument in instruments]
        self.lines = [[Line() for _ in range(slots)] for _ in instruments]
        self.waiting = [0 for _ in instruments]
        self.last = [Ticks(0) for _ in instruments]
        self.records = [Record(day) for day in freeze_days]
        self.cost = cost

    def wish(self, instrument: i64, slot: i64, strength: float, now: Nanos) -> None:
        """Note a signal, to be filled at the instrument's next open from now on; spot cannot be short.

        A bar built of ticks can be told after a signal that was given while it was
        forming: its open is then the past.
        """
        if strength < 0.0 and self.is_spot[instrument]:
            strength = 0.0
        line = self.lines[instrument][slot]
        if not line.waits:
            line.waits = True
            self.waiting[instrument] += 1
        line.wish = strength
        line.since_ns = now

    def fill(self, bar: Bar) -> None:
        """Fill what waits for this instrument at the bar's open."""
        i = bar.instrument
        price = float(bar.open) * self.ticks[i]
        day = day_of(bar.ts_known_ns)
        for slot, line in enumerate(self.lines[i]):
            if line.waits and line.since_ns <= bar.open_ns:
                line.waits = False
                self.waiting[i] -= 1
                self._fill_line(line, self.records[slot], price, day)

    def _fill_line(self, line: Line, record: Record, price: float, day: i64) -> None:
        """Change one line to its wish, and count a trade that this closes on a day that is evidence."""
        before = line.quantity
        quantity, gain, paid = shadow_fill(before, line.mark, line.wish, price, 1.0, self.cost)
        line.quantity = quantity
        line.gain += gain - paid
        line.mark = price
        if before != 0.0 and before * quantity <= 0.0 and day >= record.freeze_day:
            record.closed_trades += 1

    def close_day(self, day: i64, empty_days: i64) -> None:
        """Mark every line at its last close and add the day's net return to each record.

        Parameters
        ----------
        day : int
            The day that ended, as days since 1970.
        empty_days : int
            How many whole days without a bar came before the next one: each is a
            return of zero, since the calendar does not stop.
        """
        share = 1.0 / len(self.lines)
        for slot, record in enumerate(self.records):
            total = 0.0
            for i, row in enumerate(self.lines):
                line = row[slot]
                if line.quantity != 0.0:
                    price = float(self.last[i]) * self.ticks[i]
                    line.gain += shadow_mark(line.quantity, line.mark, price)
                    line.mark = price
                total += line.gain
                line.gain = 0.0
            if day >= record.freeze_day:
                record.append(total * share)
            for empty in range(day + 1, day + 1 + empty_days):
                if empty >= record.freeze_day:
                    record.append(0.0)

    def write_state(self, out: BytesWriter) -> None:
        """Write last closes, lines and records."""
        for i, row in enumerate(self.lines):
            write_i64_le(out, self.last[i])
            for line in row:
                write_f64_le(out, line.quantity)
                write_f64_le(out, line.mark)
                write_f64_le(out, line.gain)
                write_f64_le(out, line.wish)
                write_i64_le(out, line.since_ns)
                write_i64_le(out, 1 if line.waits else 0)
        for record in self.records:
            write_i64_le(out, record.closed_trades)
            out.write(record.daily().tobytes())
