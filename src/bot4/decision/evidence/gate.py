# SPDX-License-Identifier: Apache-2.0
"""The evidence gate: a signal passes with a certificate, or is refused with a number.

Once a UTC day each strategy's shadow record is judged; between two judgements the
last verdict stands. Opinions that end a position always pass: nobody needs proof
to take risk off. When a strategy loses its evidence while it has certified
opinions, they are withdrawn. With ``observe`` the gate computes, records and shows
every verdict and lets signals through, marked as such.
"""

from typing import final

from librt.strings import BytesWriter, write_f64_le, write_i64_le
from mypy_extensions import i64

from bot4.decision.evidence.figures import figures_of
from bot4.decision.evidence.rules import Thresholds, first_failing
from bot4.decision.evidence.shadow import ShadowBook
from bot4.domain.calm import Calm
from bot4.domain.event import BAR, SIGNAL, Event
from bot4.domain.marketdata import Bar
from bot4.domain.signal import Certificate, Evidence, Signal, SignalEvent
from bot4.domain.stage import Outbox, Stage
from bot4.domain.values import DAY_NS, Nanos, day_of
from bot4.domain.verdict import Check, Refused

NO_RECORD = Check("evidence.days", 0.0, 1.0)
"""What stands against a strategy before its first day was judged."""


@final
class Standing:
    """Hold one strategy's last verdict and the opinions certified on it."""

    __slots__ = ("evidence_id", "failing", "certified")

    def __init__(self, instruments: int) -> None:
        self.evidence_id: i64 = -1
        self.failing: Check | None = NO_RECORD
        self.certified = [0.0 for _ in range(instruments)]


@final
class Gate(Stage):
    """Keep the shadow book, judge it daily, and certify or refuse each signal.

    Parameters
    ----------
    book : ShadowBook
        Where every signal is run, allowed or not.
    thresholds : Thresholds
        The rules' bounds.
    trials : int
        Variants tried: those configured plus the trial ledger's.
    seed : int
        Seed of the bootstrap.
    observe : bool
        Let signals through whatever the verdict, and say so.
    """

    def __init__(self, book: ShadowBook, thresholds: Thresholds, *, trials: int, seed: int, observe: bool) -> None:
        super().__init__((BAR, SIGNAL))
        self.book = book
        self.thresholds = thresholds
        self.trials: i64 = trials
        self.seed = seed
        self.observe = observe
        self.standings = [Standing(len(book.lines)) for _ in book.records]
        self.day_end = Nanos(0)
        self.next_certificate: i64 = 1
        self.next_evidence: i64 = 1

    def handle(self, event: Event, now: Nanos, out: Outbox) -> None:
        """Fill and mark the shadow book on bars; answer signals."""
        if isinstance(event, Bar):
            book = self.book
            if event.ts_known_ns > self.day_end:
                self._turn_day(event.ts_known_ns, now, out)
            if book.waiting[event.instrument]:
                book.fill(event)
            book.last[event.instrument] = event.close
        elif isinstance(event, SignalEvent):
            self.book.wish(event.instrument, event.slot, event.strength, now)
            self._answer(event, now, out)

    def stays_calm(self, instrument: i64, calm: Calm) -> bool:
        """Bars of the open day only move the last close, once no signal waits for an open."""
        calm.keep_until(self.day_end)
        return self.book.waiting[instrument] == 0

    def _turn_day(self, at: Nanos, now: Nanos, out: Outbox) -> None:
        """Close the day that ended before the bar of this moment, and judge every strategy on it.

        A bar built of ticks is told later than it ended: it belongs to the day in which it ended.
        """
        today = day_of(at)
        if self.day_end > 0:
            ended = self.day_end // DAY_NS - 1
            self.book.close_day(ended, today - ended - 1)
            for slot in range(len(self.standings)):
                self._judge(slot, now, out)
        self.day_end = Nanos((today + 1) * DAY_NS)

    def _judge(self, slot: int, now: Nanos, out: Outbox) -> None:
        """Judge one strategy's record; withdraw its opinions if it lost its evidence."""
        standing = self.standings[slot]
        figures = figures_of(self.book.records[slot], int(self.trials), self.seed + slot)
        failing = first_failing(figures, self.thresholds)
        standing.evidence_id = self.next_evidence
        standing.failing = failing
        self.next_evidence += 1
        out.put(
            Evidence(
                now,
                slot,
                standing.evidence_id,
                figures,
                passed=failing is None,
                rule="" if failing is None else failing.rule,
                measured=0.0 if failing is None else failing.measured,
                limit=0.0 if failing is None else failing.limit,
            )
        )
        if failing is not None and not self.observe:
            self._withdraw(slot, standing, failing, now, out)

    def _withdraw(self, slot: i64, standing: Standing, failing: Check, now: Nanos, out: Outbox) -> None:
        """Certify nothing where something was certified: what rests on it will be closed."""
        for i, strength in enumerate(standing.certified):
            if strength != 0.0:
                self._refuse(slot, i, failing, now, out)
                self._certify(SignalEvent(now, slot, i, Signal(0.0, failing.rule, self.day_end)), standing, now, out)

    def _answer(self, event: SignalEvent, now: Nanos, out: Outbox) -> None:
        """Certify a signal, or refuse it with the rule that failed."""
        standing = self.standings[event.slot]
        held = standing.certified[event.instrument]
        failing = standing.failing
        if event.strength == 0.0:
            if held != 0.0:
                self._certify(event, standing, now, out)
        elif failing is None or self.observe:
            self._certify(event, standing, now, out)
        else:
            self._refuse(event.slot, event.instrument, failing, now, out)
            if held != 0.0:
                withdrawn = Signal(0.0, failing.rule, event.expires_ns)
                self._certify(SignalEvent(now, event.slot, event.instrument, withdrawn), standing, now, out)

    def _certify(self, event: SignalEvent, standing: Standing, now: Nanos, out: Outbox) -> None:
        """Put the certificate of one signal."""
        standing.certified[event.instrument] = event.strength
        observed = event.strength != 0.0 and standing.failing is not None
        certificate = Certificate(
            now, self.next_certificate, event, evidence_id=standing.evidence_id, observed=observed
        )
        self.next_certificate += 1
        out.put(certificate)

    def _refuse(self, slot: i64, instrument: i64, failing: Check, now: Nanos, out: Outbox) -> None:
        """Put the refusal of one signal."""
        out.put(
            Refused(
                now,
                intent_id=-1,
                slot=slot,
                instrument=instrument,
                rule=failing.rule,
                measured=failing.measured,
                limit=failing.limit,
            )
        )

    def write_state(self, out: BytesWriter) -> None:
        """Write the shadow book and each strategy's standing."""
        self.book.write_state(out)
        write_i64_le(out, self.day_end)
        write_i64_le(out, self.next_certificate)
        write_i64_le(out, self.next_evidence)
        for standing in self.standings:
            write_i64_le(out, standing.evidence_id)
            write_i64_le(out, 1 if standing.failing is None else 0)
            for strength in standing.certified:
                write_f64_le(out, strength)
