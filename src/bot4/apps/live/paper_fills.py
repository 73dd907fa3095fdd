# SPDX-License-Identifier: Apache-2.0
"""Imagined fills on a market as it comes: the simulated venue of a backtest, moved by each bar when it is known.

What a bar would have traded is known at its end, not at its open: orders fill then,
at the prices and by the rules of the simulated venue, as in ``bot4 paper --replay``.
"""

from typing import final

from bot4.domain.event import BAR, Event
from bot4.domain.marketdata import Bar
from bot4.domain.values import Nanos
from bot4.runtime.live import LiveLoop
from bot4.simulation.venue import SimulatedVenue


@final
class PaperFills:
    """Move a simulated venue by live bars, and tell a loop what it did.

    Parameters
    ----------
    venue : SimulatedVenue
        The gateway of the engine behind the loop.
    loop : LiveLoop
        Takes reports and bars.
    """

    def __init__(self, venue: SimulatedVenue, loop: LiveLoop) -> None:
        self.venue = venue
        self._loop = loop

    def take(self, event: Event) -> None:
        """Let the venue trade at a bar's open and inside it, then show the bar to the engine; leave out other news."""
        if event.kind != BAR:
            return
        assert isinstance(event, Bar), "a kind belongs to one class"
        venue = self.venue
        now = event.ts_known_ns
        if venue.busy:
            self._settle(now)
            venue.open_bar(event)
            self._settle(now)
            venue.trade_bar(event)
            self._settle(now)
        self._loop.market(event)
        self._settle(now)

    def _settle(self, now: Nanos) -> None:
        """Carry commands that arrived and reports that came back, until neither is left."""
        venue = self.venue
        venue.advance(now)
        report = venue.next_report()
        while report is not None:
            self._loop.report(report)
            venue.advance(now)
            report = venue.next_report()
