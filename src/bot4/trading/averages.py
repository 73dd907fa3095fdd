# SPDX-License-Identifier: Apache-2.0
"""Between which prices the venue's average lies: the lowest and highest trade of its window, never less than that.

A venue measures limits and market orders by an average over some minutes that only it knows. Whatever its weights,
that average lies between the extremes of what traded; so these are kept, in ten parts of the window, and forgotten
part by part. While nothing trades the last price stands.
"""

from typing import Final, final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.domain.values import MINUTE_NS, Nanos, Ticks

WINDOW_NS: Final = 5 * MINUTE_NS
PARTS: Final = 10
PART_NS: Final = WINDOW_NS // PARTS
KEPT: Final = PARTS + 1
"""One part more than the window has, since it begins inside one."""


@final
class PriceRange:
    """Keep the lowest and highest price that an instrument traded at lately.

    Attributes
    ----------
    last : Ticks
        The price of the last trade, 0 before the first.
    """

    __slots__ = ("last", "part", "lows", "highs")

    def __init__(self) -> None:
        self.last = Ticks(0)
        self.part: i64 = -1
        self.lows: list[i64] = [0] * KEPT
        self.highs: list[i64] = [0] * KEPT

    def trade(self, price: Ticks, at: Nanos) -> None:
        """Take in a trade; a late one counts as one of the latest part."""
        self._turn(at)
        place = self.part % KEPT
        if self.lows[place] == 0 or price < self.lows[place]:
            self.lows[place] = price
        if price > self.highs[place]:
            self.highs[place] = price
        self.last = price

    def low(self, now: Nanos) -> Ticks:
        """Return the lowest price of the window, 0 while nothing has traded."""
        self._turn(now)
        lowest: i64 = self.last
        for price in self.lows:
            if price != 0 and price < lowest:
                lowest = price
        return Ticks(lowest)

    def high(self, now: Nanos) -> Ticks:
        """Return the highest price of the window, 0 while nothing has traded."""
        self._turn(now)
        highest: i64 = self.last
        for price in self.highs:
            if price > highest:
                highest = price
        return Ticks(highest)

    def _turn(self, now: Nanos) -> None:
        """Forget the parts that have left the window; the price that stood when a part began belongs to it."""
        part = now // PART_NS
        if self.part < 0:
            self.part = part
        stale = part - self.part
        if stale <= 0:
            return
        if stale > KEPT:
            stale = KEPT
        for ahead in range(stale):
            place = (part - ahead) % KEPT
            self.lows[place] = self.last
            self.highs[place] = self.last
        self.part = part

    def write_state(self, out: BytesWriter) -> None:
        """Write the last price, the part under way, and the extremes of each."""
        write_i64_le(out, self.last)
        write_i64_le(out, self.part)
        for place in range(KEPT):
            write_i64_le(out, self.lows[place])
            write_i64_le(out, self.highs[place])
