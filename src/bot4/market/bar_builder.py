# SPDX-License-Identifier: Apache-2.0
"""Bars of trades: what the rest of the house thinks in, made of the ticks it trades on.

A bar covers ``[open, open + interval)`` of the exchange's clock and is handed on when
the first trade at or after its end is known: nobody can say sooner that no other trade
belongs to it. Intervals without a trade have no bar. The bar bears the stamps of its
interval; when it was handed on, the engine's ``now`` tells.
"""

from collections.abc import Sequence
from typing import Final, final

from librt.strings import BytesWriter, read_i64_le, write_i64_le
from mypy_extensions import i64

from bot4.domain.event import TRADE, Event
from bot4.domain.marketdata import Bar, Trade
from bot4.domain.stage import Outbox, Stage
from bot4.domain.tick_block import TickBlock
from bot4.domain.values import Lots, Nanos, Ticks

LOTS_MAX: Final = (1 << 53) - 1
"""A bar's volume stays where a feature can hold it exactly, as in recorded bars."""


@final
class Forming:
    """Hold the bar of one instrument while trades still belong to it; ``end_ns`` is 0 before the first."""

    __slots__ = ("interval_ns", "end_ns", "open", "high", "low", "close", "volume")

    def __init__(self, interval_ns: Nanos) -> None:
        self.interval_ns = interval_ns
        self.end_ns = Nanos(0)
        self.open = Ticks(0)
        self.high = Ticks(0)
        self.low = Ticks(0)
        self.close = Ticks(0)
        self.volume = Lots(0)

    def add(self, price: Ticks, lots: i64) -> None:
        """Take in a trade of the bar."""
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.close = price
        volume = self.volume + lots
        self.volume = Lots(volume if volume < LOTS_MAX else LOTS_MAX)


@final
class BarBuilder(Stage):
    """Turn trades into bars of one interval for each instrument.

    Parameters
    ----------
    intervals_ns : sequence of int
        Bar length per instrument; positive.

    Attributes
    ----------
    bars : int
        How many bars were handed on.
    """

    def __init__(self, intervals_ns: Sequence[Nanos]) -> None:
        super().__init__((TRADE,))
        self.forming = [Forming(interval_ns) for interval_ns in intervals_ns]
        self.bars: i64 = 0

    def handle(self, event: Event, now: Nanos, out: Outbox) -> None:
        """Take one trade; put the bar that it shows to be over."""
        if not isinstance(event, Trade):
            return
        bar = self.forming[event.instrument]
        if event.ts_event_ns >= bar.end_ns:
            self._turn(bar, event, out)
        bar.add(event.price, event.lots)

    def silent_until(self, block: TickBlock, begin: i64, end: i64) -> i64:
        """Return the first trade of a stretch that ends a bar or begins the first, ``end`` for none."""
        kinds, instruments, stamps = block.kinds, block.instruments, block.event_ns
        one: i64 = 0
        bar = self.forming[0]
        for k in range(begin, end):
            if read_i64_le(kinds, 8 * k) == TRADE:
                instrument = read_i64_le(instruments, 8 * k)
                if instrument != one:
                    one = instrument
                    bar = self.forming[one]
                if read_i64_le(stamps, 8 * k) >= bar.end_ns:
                    return k
        return end

    def read(self, block: TickBlock, begin: i64, end: i64) -> None:
        """Take the trades of a stretch that is silent, as :meth:`handle` would one by one."""
        kinds, instruments, ends = block.kinds, block.instruments, block.ends
        prices, sizes = block.prices, block.lots
        one: i64 = 0
        bar = self.forming[0]
        for k in range(begin, end):
            if read_i64_le(kinds, 8 * k) == TRADE:
                row = 8 * read_i64_le(ends, 8 * k) - 8
                instrument = read_i64_le(instruments, 8 * k)
                if instrument != one:
                    one = instrument
                    bar = self.forming[one]
                bar.add(Ticks(read_i64_le(prices, row)), read_i64_le(sizes, row))

    def _turn(self, bar: Forming, trade: Trade, out: Outbox) -> None:
        """Hand on the bar that is over, and begin the one the trade belongs to."""
        interval = bar.interval_ns
        if bar.end_ns > 0:
            self.bars += 1
            out.put(
                Bar(
                    bar.end_ns,
                    trade.instrument,
                    Nanos(bar.end_ns - interval),
                    bar.open,
                    bar.high,
                    bar.low,
                    bar.close,
                    bar.volume,
                )
            )
        at = trade.ts_event_ns
        bar.end_ns = Nanos(at - at % interval + interval)
        price = trade.price
        bar.open = price
        bar.high = price
        bar.low = price
        bar.volume = Lots(0)

    def write_state(self, out: BytesWriter) -> None:
        """Write each forming bar, and the count."""
        write_i64_le(out, self.bars)
        for bar in self.forming:
            write_i64_le(out, bar.end_ns)
            write_i64_le(out, bar.open)
            write_i64_le(out, bar.high)
            write_i64_le(out, bar.low)
            write_i64_le(out, bar.close)
            write_i64_le(out, bar.volume)
