# SPDX-License-Identifier: Apache-2.0
"""``bot4 why``: why nothing trades now, told from the journal alone, in one streaming pass.

Memory is bounded by the number of strategies, instruments and rules.
"""

from typing import Final, final

from bot4.domain.event import EVIDENCE, FILL, HALTED, MODE, READINESS, REFUSED, SUBMIT, UNTRADABLE
from bot4.domain.verdict import SAFETY_MODES
from bot4.record.chain import RunEnd
from bot4.record.counts import count_text
from bot4.record.decode import Values
from bot4.record.explain import Step, with_rows
from bot4.record.format import RUN_END
from bot4.record.phrases import evidence as evidence_phrase
from bot4.record.phrases import terms, traded, word_of
from bot4.record.reader import JournalSource
from bot4.record.standing import StandingHolds
from bot4.record.wording import Names, measured, moment, whole

TOLD_MAX: Final = 8
"""How many rules the text names; the data has all."""


@final
class Tally:
    """Count what was said under one rule, and keep the last time."""

    __slots__ = ("count", "last")

    def __init__(self, last: Step) -> None:
        self.count = 0
        self.last = last

    def told(self) -> Values:
        """Return count and last occurrence as plain values."""
        return {"count": self.count, "last": self.last.told()}


@final
class Why:
    """Hold why nothing trades.

    ``mode`` is the last change of the safety mode (None: normal from the start);
    ``holds`` are the reasons that hold new risk back;
    ``evidence`` the last judgement of each strategy by slot; ``refused`` and
    ``untradable`` count by rule; ``halted`` are strategies that failed, by slot;
    ``submit`` and ``fill`` are the last of each; ``row`` is the last market row
    consumed, ``known_ns`` the last record's time; ``end`` tells of a closed journal.
    """

    __slots__ = (
        "mode",
        "holds",
        "evidence",
        "refused",
        "untradable",
        "halted",
        "submit",
        "fill",
        "submits",
        "fills",
        "row",
        "known_ns",
        "end",
    )

    def __init__(self) -> None:
        self.mode: Step | None = None
        self.holds = StandingHolds()
        self.evidence: dict[int, Step] = {}
        self.refused: dict[str, Tally] = {}
        self.untradable: dict[str, Tally] = {}
        self.halted: dict[int, Step] = {}
        self.submit: Step | None = None
        self.fill: Step | None = None
        self.submits = 0
        self.fills = 0
        self.row = -1
        self.known_ns = 0
        self.end: RunEnd | None = None

    def take(self, step: Step) -> None:
        """Note one record that may tell why."""
        if step.name == "evidence":
            self.evidence[whole(step.fields, "slot")] = step
        elif step.name == "halted":
            self.halted[whole(step.fields, "slot")] = step
        elif step.name in ("refused", "untradable"):
            tallies = self.refused if step.name == "refused" else self.untradable
            tally = tallies.setdefault(str(step.fields["rule"]), Tally(step))
            tally.count += 1
            tally.last = step
        elif step.name == "mode":
            self.mode = step
        elif step.name == "readiness":
            self.holds.take(step)
        elif step.name == "submit":
            self.submit = step
            self.submits += 1
        else:
            self.fill = step
            self.fills += 1

    def told(self) -> Values:
        """Return everything as plain values, for ``--json``."""
        return {
            "mode": word_of(SAFETY_MODES, whole(self.mode.fields, "mode")) if self.mode else SAFETY_MODES[0],
            "mode_change": self.mode.told() if self.mode else None,
            "holds": self.holds.told(),
            "evidence": {str(slot): step.told() for slot, step in sorted(self.evidence.items())},
            "refused": {rule: tally.told() for rule, tally in sorted(self.refused.items())},
            "untradable": {rule: tally.told() for rule, tally in sorted(self.untradable.items())},
            "halted": {str(slot): step.told() for slot, step in sorted(self.halted.items())},
            "orders": self.submits,
            "last_order": self.submit.told() if self.submit else None,
            "fills": self.fills,
            "last_fill": self.fill.told() if self.fill else None,
            "row": self.row,
            "known_ns": self.known_ns,
            "ended": self.end is not None,
            "interrupted": self.end is not None and self.end.interrupted,
        }


TELLING: Final = (EVIDENCE, HALTED, REFUSED, UNTRADABLE, MODE, READINESS, SUBMIT, FILL)


def why(journal: JournalSource) -> Why:
    """Read a journal for what keeps it from trading.

    Raises
    ------
    Corrupt
        If the journal is damaged.
    """
    found = Why()
    for row, record in with_rows(journal):
        found.row = row
        found.known_ns = max(found.known_ns, record.ts_known_ns)
        if record.kind in TELLING:
            found.take(Step(record, row))
        elif record.kind == RUN_END:
            found.end = RunEnd(record)
    return found


def why_lines(found: Why, names: Names | None = None) -> list[str]:
    """Return the reasons as lines of text, the strongest first."""
    known = names or Names()
    lines = [mode_line(found), *found.holds.lines(known)]
    for slot, step in sorted(found.halted.items()):
        lines.append(f"Halted: {known.strategy(slot)} at {moment(step.ts_known_ns)}: {step.fields['reason']}")
    for _, step in sorted(found.evidence.items()):
        lines.append(f"Evidence at {moment(step.ts_known_ns)}: {evidence_phrase(step.fields, known)}")
    if not found.evidence:
        lines.append("Evidence: no day was judged yet.")
    lines += tally_lines("Refused", found.refused, known)
    lines += tally_lines("Untradable", found.untradable, known)
    lines += last_lines(found, known)
    return lines


def mode_line(found: Why) -> str:
    """Say the safety mode and why it is that."""
    if found.mode is None:
        return "Safety mode: normal, never changed."
    mode = word_of(SAFETY_MODES, whole(found.mode.fields, "mode"))
    return f"Safety mode: {mode} since {moment(found.mode.ts_known_ns)} ({measured(found.mode.fields)})."


def tally_lines(word: str, tallies: dict[str, Tally], names: Names) -> list[str]:
    """Say how often each rule spoke, the most frequent first, and the last time it did."""
    ranked = sorted(tallies.items(), key=lambda item: (-item[1].count, item[0]))
    lines = []
    for _, tally in ranked[:TOLD_MAX]:
        fields = tally.last.fields
        symbol = names.symbol(whole(fields, "instrument"))
        when = moment(tally.last.ts_known_ns)
        lines.append(f"{word} {count_text(tally.count, 'time')}, last {when} ({symbol}): {measured(fields)}")
    if len(ranked) > TOLD_MAX:
        lines.append(f"{word} under {count_text(len(ranked) - TOLD_MAX, 'more rule')}.")
    return lines


def last_lines(found: Why, names: Names) -> list[str]:
    """Say when something last moved, and how far the journal goes."""
    lines = ["No order was ever sent."]
    if found.submit is not None:
        order = terms(found.submit.fields, names)
        lines = [f"Last of {count_text(found.submits, 'order')}: {moment(found.submit.ts_known_ns)}, {order}."]
    if found.fill is not None:
        fill = traded(found.fill.fields, names)
        lines.append(f"Last of {count_text(found.fills, 'fill')}: {moment(found.fill.ts_known_ns)}, {fill}.")
    ended = "" if found.end is None else ", interrupted" if found.end.interrupted else ", where the run ended"
    lines.append(f"The journal goes to {moment(found.known_ns)}, market row {found.row}{ended}.")
    return lines
