# SPDX-License-Identifier: Apache-2.0
"""What a run adds up to while it runs: counts, refusals by rule and day, every daily verdict on every strategy.

The same figures could be had from the journal afterwards; taken here they cost a
run of millions of bars nothing worth measuring. Memory grows with days and
rules, never with orders or bars.
"""

from typing import final

from librt.strings import BytesWriter

from bot4.domain.event import CERTIFICATE, EVIDENCE, FILL, HALTED, REFUSED, SIGNAL, SUBMIT, UNTRADABLE, Event
from bot4.domain.signal import Certificate, Evidence, Halted, SignalEvent
from bot4.domain.stage import Outbox, Stage
from bot4.domain.values import Nanos, day_of
from bot4.domain.verdict import Refused, Untradable
from bot4.record.reports.data import EvidenceDay, JournalFacts


@final
class Tally(Stage):
    """Count what a summary and a report tell.

    Parameters
    ----------
    slots : int
        Number of strategies.
    """

    def __init__(self, slots: int) -> None:
        super().__init__((SIGNAL, CERTIFICATE, EVIDENCE, SUBMIT, FILL, REFUSED, UNTRADABLE, HALTED))
        self.orders = 0
        self.fills = 0
        self.refused: dict[str, dict[int, int]] = {}
        self.evidence: list[list[EvidenceDay]] = [[] for _ in range(slots)]
        self.signals = [0] * slots
        self.certified = [0] * slots
        self.observed = [0] * slots
        self.halted: dict[int, str] = {}

    def handle(self, event: Event, now: Nanos, out: Outbox) -> None:
        """Count one event."""
        if event.kind == SUBMIT:
            self.orders += 1
        elif event.kind == FILL:
            self.fills += 1
        elif isinstance(event, SignalEvent):
            self.signals[event.slot] += 1
        elif isinstance(event, Certificate):
            self.certified[event.slot] += 1
            self.observed[event.slot] += event.observed
        elif isinstance(event, Refused | Untradable):
            by_day = self.refused.setdefault(event.rule, {})
            day = int(day_of(now))
            by_day[day] = by_day.get(day, 0) + 1
        elif isinstance(event, Evidence):
            self._judged(event, now)
        elif isinstance(event, Halted):
            self.halted[int(event.slot)] = event.reason

    def _judged(self, event: Evidence, now: Nanos) -> None:
        """Keep one day's verdict; it is told on the day after."""
        day = int(day_of(now)) - 1
        judged = EvidenceDay(day, event.figures, event.passed, event.rule, event.measured, event.limit)
        self.evidence[event.slot].append(judged)

    def refused_by_rule(self) -> dict[str, int]:
        """Return how often each rule refused, by the rules' names."""
        return {rule: sum(by_day.values()) for rule, by_day in sorted(self.refused.items())}

    def passed(self) -> list[int]:
        """Return the slots whose evidence sufficed on at least one day."""
        return [slot for slot, days in enumerate(self.evidence) if any(day.passed for day in days)]

    def facts(self) -> JournalFacts:
        """Return what the report shows of it."""
        return JournalFacts(
            evidence=tuple(tuple(days) for days in self.evidence),
            refused=self.refused,
            signals=tuple(self.signals),
            certified=tuple(self.certified),
            observed=tuple(self.observed),
        )

    def write_state(self, out: BytesWriter) -> None:
        """Write nothing: no decision rests on a count."""
