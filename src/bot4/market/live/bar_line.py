# SPDX-License-Identifier: Apache-2.0
"""The finished bars of one instrument, live: each once and in order, whatever the feed loses, repeats or mixes up.

A bar that comes too early is held until those before it are there: they come late, or
are asked for. What a page of the venue's own history leaves out between two bars the
venue does not have, and nobody waits for it. A bar told again with other values is
counted, never handed on a second time: what was decided on the first stands.
"""

from typing import Final, final

from bot4.domain.marketdata import Bar

HELD_MAX: Final = 1_024
"""Bars held; a further one is let go, and asked for with the others."""

REMEMBERED: Final = 64
"""Bars handed on whose values are remembered, to see that the venue changed one."""

UNKNOWN: Final = -1


@final
class BarLine:
    """Put the finished bars of one instrument in order.

    Parameters
    ----------
    interval_ns : int
        The length of a bar; bars begin at its multiples.

    Attributes
    ----------
    next_ns : int
        The open of the bar that is handed on next; ``UNKNOWN`` before :meth:`begin`.
    passed, fetched : int
        Bars handed on, and those of them that only a page told.
    repeated, revised, absent, misfit : int
        Bars told again; bars told again with other values; bars that the venue does not have; bars that
        begin at no multiple of the interval.
    """

    def __init__(self, interval_ns: int) -> None:
        self.interval_ns = interval_ns
        self.next_ns = UNKNOWN
        self.passed = 0
        self.fetched = 0
        self.repeated = 0
        self.revised = 0
        self.absent = 0
        self.misfit = 0
        self._held: dict[int, Bar] = {}
        self._remembered: dict[int, tuple[int, int, int, int, int]] = {}

    def begin(self, next_ns: int) -> None:
        """Name the open of the first bar to be handed on."""
        self.next_ns = next_ns

    @property
    def held(self) -> int:
        """Return how many bars wait for those before them."""
        return len(self._held)

    @property
    def held_ns(self) -> int:
        """Return the open of the first bar that waits, ``UNKNOWN`` where none does."""
        return min(self._held) if self._held else UNKNOWN

    @property
    def due_ns(self) -> int:
        """Return when the next bar is finished at the venue."""
        return self.next_ns + self.interval_ns

    def take(self, bar: Bar) -> list[Bar]:
        """Take a bar of the feed; return what can be handed on now, in order."""
        open_ns = int(bar.open_ns)
        if open_ns % self.interval_ns:
            self.misfit += 1
            return []
        if open_ns < self.next_ns or open_ns in self._held:
            self.repeated += 1
            self._compare(open_ns, bar)
            return []
        if open_ns == self.next_ns or len(self._held) < HELD_MAX:
            self._held[open_ns] = bar
        return self._release()

    def fill(self, page: list[Bar]) -> list[Bar]:
        """Take a page of history without gaps of its own, from at most :attr:`next_ns` on; return as :meth:`take`."""
        last_ns = UNKNOWN
        for bar in page:
            last_ns = int(bar.open_ns)
            if last_ns < self.next_ns or last_ns in self._held:
                self._compare(last_ns, bar)
            else:
                self._held[last_ns] = bar
                self.fetched += 1
        out: list[Bar] = []
        for open_ns in sorted(one for one in self._held if one <= last_ns):
            self.absent += (open_ns - self.next_ns) // self.interval_ns
            self._pass(self._held.pop(open_ns), out)
        return out + self._release()

    def _release(self) -> list[Bar]:
        """Hand on what waits for nothing any more."""
        out: list[Bar] = []
        while self.next_ns in self._held:
            self._pass(self._held.pop(self.next_ns), out)
        return out

    def _pass(self, bar: Bar, out: list[Bar]) -> None:
        """Hand a bar on, and remember it."""
        open_ns = int(bar.open_ns)
        self.next_ns = open_ns + self.interval_ns
        self.passed += 1
        self._remembered[open_ns] = values_of(bar)
        if len(self._remembered) > REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        out.append(bar)

    def _compare(self, open_ns: int, bar: Bar) -> None:
        """Count a bar that is told again with other values; of two that wait the later one is believed."""
        waiting = self._held.get(open_ns)
        known = values_of(waiting) if waiting is not None else self._remembered.get(open_ns)
        if known is not None and known != values_of(bar):
            self.revised += 1
            if waiting is not None:
                self._held[open_ns] = bar
            else:
                self._remembered[open_ns] = values_of(bar)


def values_of(bar: Bar) -> tuple[int, int, int, int, int]:
    """Return open, high, low, close and volume."""
    return int(bar.open), int(bar.high), int(bar.low), int(bar.close), int(bar.volume)
