# SPDX-License-Identifier: Apache-2.0
"""What held new risk back while a run was live, and for how long; and what came of other hands, or did not come at all.

The clock starts when indicators are warm: what stands before that is the past, told with the past's own times. A run
that is gone on with warms up anew, and its time away is not counted.
"""

from typing import final

from librt.strings import BytesWriter

from bot4.domain.event import CANCEL_LOST, EXTERNAL, INQUIRY_LOST, READINESS, SUBMIT_LOST, Event
from bot4.domain.external import NO_TRADE, External
from bot4.domain.readiness import ALL_INSTRUMENTS, RECONCILING, WARMING, Readiness
from bot4.domain.stage import Outbox, Stage
from bot4.domain.values import Nanos

LOST = (SUBMIT_LOST, CANCEL_LOST, INQUIRY_LOST)


@final
class HoldTime(Stage):
    """Measure the holds on new risk, and count what else disturbs a live run.

    Attributes
    ----------
    times, held_ns : dict of int
        By reason: how often it began while the run was live, and how long it stood for any instrument.
    any_ns, live_ns : int
        How long anything held, and how long the run was live, both up to the last event looked at.
    reconciled : int
        How often the books were found equal after a doubt.
    external_orders, external_trades, unanswered : int
        Orders and trades of other hands; commands and inquiries whose answer was lost.
    """

    def __init__(self) -> None:
        super().__init__((READINESS, EXTERNAL, *LOST))
        self.times: dict[int, int] = {}
        self.held_ns: dict[int, int] = {}
        self.any_ns = 0
        self.live_ns = 0
        self.reconciled = 0
        self.external_orders = 0
        self.external_trades = 0
        self.unanswered = 0
        self._standing: dict[int, set[int]] = {}
        self._looked_ns = 0

    def handle(self, event: Event, now: Nanos, out: Outbox) -> None:
        """Take note of a hold that begins or ends, or count."""
        if isinstance(event, Readiness):
            self.look(now)
            self._hear(event)
        elif isinstance(event, External):
            if event.trade_id == NO_TRADE:
                self.external_orders += 1
            else:
                self.external_trades += 1
        else:
            self.unanswered += 1

    def look(self, now: Nanos) -> None:
        """Count the time that has passed since the last look."""
        passed = int(now) - self._looked_ns
        self._looked_ns = int(now)
        if self._standing.get(WARMING) or not self.times.get(WARMING):
            return  # not live yet, or not live again
        self.live_ns += passed
        standing = [reason for reason, where in self._standing.items() if where]
        for reason in standing:
            self.held_ns[reason] = self.held_ns.get(reason, 0) + passed
        self.any_ns += passed if standing else 0

    def _hear(self, event: Readiness) -> None:
        """Begin a hold or end it."""
        reason, instrument = int(event.reason), int(event.instrument)
        where = self._standing.setdefault(reason, set())
        had = bool(where)
        if not event.ready:
            where.add(instrument)
            self.times[reason] = self.times.get(reason, 0) + (not had)
            return
        if instrument == ALL_INSTRUMENTS:
            where.clear()
        else:
            where.discard(instrument)
        self.reconciled += reason == RECONCILING and had and not where

    def write_state(self, out: BytesWriter) -> None:
        """Write nothing: no decision rests on a time that has passed."""
