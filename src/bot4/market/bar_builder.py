# SPDX-License-Identifier: Apache-2.0
"""Bars of trades: what the rest of the house thinks in, made of the ticks it trades on.

A bar covers ``[open, open + interval)`` of the exchange's clock and is handed on when
the first trade at or after its end is known: nobody can say sooner that no other trade
belongs to it. Intervals without a trade have no bar. The bar bears the stamps of its
interval; when it was handed on, the engine's ``now`` tells.
"""

from collections.abc import Sequence
from typing import Final, final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.domain.event import TRADE, Event
from bot4.domain.marketdata import Bar, Trade
from bot4.domain.stage import Outbox, Stage
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
        price = event.price
        if event.ts_event_ns >= bar.end_ns:
            self._turn(bar, event, out)
        elif price > bar.high:
            bar.high = price
        elif price < bar.low:
            bar.low = price
        bar.close = price
        volume = bar.volume + event.lots
        bar.volume = Lots(volume if volume < LOTS_MAX else LOTS_MAX)

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
