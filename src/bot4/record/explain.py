# SPDX-License-Identifier: Apache-2.0
"""``bot4 explain``: the chain behind one order, from the market row it rested on to the position after it.

Three passes over the journal, each streaming: the order and what came of it; its
intent and the verdicts; the certificates, evidence and signals the intent names.
What is held is what belongs to this one order.
"""

from collections.abc import Iterator
from typing import Final, final

from bot4.domain.errors import BadInput
from bot4.domain.event import (
    ABSENT,
    ACCEPTED,
    APPROVED,
    CANCEL,
    CANCEL_LOST,
    CANCEL_REJECTED,
    CANCELED,
    CERTIFICATE,
    EVIDENCE,
    EXECUTION,
    EXPIRED,
    FEE_TAKEN,
    FILL,
    FOUND,
    INQUIRE,
    INQUIRY_LOST,
    INTENT,
    ORDER_UPDATE,
    POSITION,
    REFUSED,
    REJECTED,
    SIGNAL,
    SUBMIT,
    SUBMIT_LOST,
)
from bot4.domain.ids import OURS, RUN_PREFIX, client_order_id, order_name
from bot4.domain.order import EXIT
from bot4.record.decode import Values, decode
from bot4.record.format import FRAME_BYTES, WATERMARK, Record
from bot4.record.header import JournalHeader
from bot4.record.reader import JournalSource
from bot4.record.schema import kind_name
from bot4.record.shortfall import slippage_bp
from bot4.record.wording import inner, plain, real, rows, whole

OF_ORDER: Final = (
    CANCEL,
    ACCEPTED,
    REJECTED,
    CANCELED,
    EXPIRED,
    CANCEL_REJECTED,
    FEE_TAKEN,
    EXECUTION,
    ORDER_UPDATE,
    FILL,
    SUBMIT_LOST,
    CANCEL_LOST,
    INQUIRE,
    FOUND,
    ABSENT,
    INQUIRY_LOST,
)
"""Kinds whose first field is an order's id."""

OF_INTENT: Final = (INTENT, APPROVED, REFUSED)
"""Kinds whose first field is an intent's id."""

NEAR_MAX: Final = 3


@final
class Step:
    """Hold one link of the chain: a record decoded, with the market row that was consumed before it."""

    __slots__ = ("name", "row", "offset", "ts_event_ns", "ts_known_ns", "fields")

    def __init__(self, record: Record, row: int) -> None:
        self.name = kind_name(record.kind)
        self.row = row
        self.offset = record.offset
        self.ts_event_ns = record.ts_event_ns
        self.ts_known_ns = record.ts_known_ns
        self.fields = decode(record)

    def told(self) -> Values:
        """Return the link as plain values, for ``--json``."""
        return {name: plain(getattr(self, name)) for name in self.__slots__}


@final
class Explanation:
    """Hold the chain behind one order, in the journal's order.

    ``row`` is the market row the decision rested on: the last one consumed before
    the intent, -1 for none. ``slippage_bp`` is how much worse than its reference the
    order traded, without fees; None where it did not, or has none.
    """

    __slots__ = ("order_id", "client_order_id", "run", "row", "slippage_bp", "steps")

    def __init__(self, order_id: int, header: JournalHeader, submit: Step, steps: list[Step]) -> None:
        self.order_id = order_id
        self.client_order_id = client_order_id(header.run, whole(submit.fields, "slot"), order_id)
        self.run = header.run
        self.row = next((step.row for step in steps if step.name == "intent"), submit.row)
        self.slippage_bp = slippage_of(submit, steps)
        self.steps = steps

    def told(self) -> Values:
        """Return the whole chain as plain values, for ``--json``."""
        return {
            "order_id": self.order_id,
            "client_order_id": self.client_order_id,
            "run": self.run,
            "row": self.row,
            "slippage_bp": self.slippage_bp,
            "steps": [step.told() for step in self.steps],
        }


def explain(journal: JournalSource, order: str) -> Explanation:
    """Return the chain behind an order.

    Parameters
    ----------
    journal : JournalSource
        May be read several times.
    order : str
        The order's number, or the client order id the venue knows.

    Raises
    ------
    BadInput
        If the journal has no such order; the message names the nearest.
    Corrupt
        If the journal is damaged.
    """
    order_id, slot = parse_order(order, journal.header)
    outcome = after(journal, order_id)
    submit = outcome[0]
    if slot is not None and whole(submit.fields, "slot") != slot:
        raise unknown_order(order, [client_order_id(journal.header.run, whole(submit.fields, "slot"), order_id)])
    intents = before(journal, whole(submit.fields, "intent_id"), submit.offset)
    opinions = proof(journal, intents)
    steps = sorted([*opinions, *intents, *outcome], key=lambda step: step.offset)
    return Explanation(order_id, journal.header, submit, steps)


def slippage_of(submit: Step, steps: list[Step]) -> float | None:
    """Return how much worse than its reference an order traded, in basis points; None where that is not known."""
    purpose = whole(submit.fields, "purpose")
    if purpose > EXIT:
        reference = whole(submit.fields, "trigger") or whole(submit.fields, "limit")
    else:
        asked = [inner(step.fields, "request") for step in steps if step.name == "approved"]
        reference = next((whole(one, "reference") for one in asked if whole(one, "purpose") == purpose), 0)
    fills = [(whole(step.fields, "lots"), whole(step.fields, "price")) for step in steps if step.name == "fill"]
    lots = sum(size for size, _ in fills)
    if not lots or reference <= 0:
        return None
    cost = sum(size * price for size, price in fills)
    return slippage_bp(whole(submit.fields, "side"), reference, lots=lots, cost=cost)


def parse_order(order: str, header: JournalHeader) -> tuple[int, int | None]:
    """Return an order's number, and the slot where the text names one.

    Raises
    ------
    BadInput
        If the text is no order id, or that of another run.
    """
    text = order.strip()
    if text.isdecimal():
        return int(text), None
    name = order_name(text)
    run = header.run[:RUN_PREFIX]
    if name is None or name.run_prefix != run:
        raise BadInput(
            "order",
            order,
            f"a number, or {OURS}{run}-SLOT-NUMBER",
            "Take the id from the report or the venue.",
            "no_order_id",
        )
    return int(name.order_id), int(name.slot)


def unknown_order(order: str, near: list[str]) -> BadInput:
    """Say that there is no such order, and which are nearest."""
    allowed = f"such as {', '.join(near)}" if near else "none: this run sent no order"
    return BadInput("order", order, allowed, "Take the id from the report or from the journal's submits.", "no_order")


def with_rows(journal: JournalSource) -> Iterator[tuple[int, Record]]:
    """Yield every record with the market row consumed before it, -1 for none."""
    row = -1
    for record in journal:
        if record.kind == WATERMARK:
            row = int.from_bytes(record.payload, "little", signed=True)
        yield row, record


def first_field(record: Record) -> int:
    """Return the first int64 of a payload without decoding the rest."""
    return int.from_bytes(record.raw[FRAME_BYTES : FRAME_BYTES + 8], "little", signed=True)


def after(journal: JournalSource, order_id: int) -> list[Step]:
    """Return an order's submit and everything that came of it: commands, reports, fills, positions.

    Raises
    ------
    BadInput
        If the order was never sent.
    """
    steps: list[Step] = []
    near: list[int] = []
    instrument = -1
    filled = False
    for row, record in with_rows(journal):
        kind = record.kind
        if kind == SUBMIT:
            found = first_field(record)
            if found == order_id and not steps:
                steps.append(Step(record, row))
                instrument = whole(steps[0].fields, "instrument")
            near = sorted([*near, found], key=lambda each: (abs(each - order_id), each))[:NEAR_MAX]
        elif steps and kind in OF_ORDER and first_field(record) == order_id:
            steps.append(Step(record, row))
            filled = filled or kind == FILL
        elif filled and kind == POSITION and first_field(record) == instrument:
            steps.append(Step(record, row))
            filled = False
    if not steps:
        raise unknown_order(str(order_id), [str(each) for each in near])
    return steps


def before(journal: JournalSource, intent_id: int, end: int) -> list[Step]:
    """Return the intent an order serves and the verdicts on it, up to the order's submit."""
    steps = []
    for row, record in with_rows(journal):
        if record.offset >= end:
            break
        if record.kind in OF_INTENT and first_field(record) == intent_id:
            steps.append(Step(record, row))
    return steps


def proof(journal: JournalSource, intents: list[Step]) -> list[Step]:
    """Return the signals, evidence and certificates that an intent rests on, each once."""
    wanted = {
        whole(share, "certificate_id"): True
        for step in intents
        if step.name == "intent"
        for share in rows(step.fields, "shares")
    }
    if not wanted:
        return []
    end = intents[-1].offset
    kept: dict[int, Step] = {}
    signals: dict[tuple[int, int], Step] = {}
    evidence: dict[int, Step] = {}
    for row, record in with_rows(journal):
        if record.offset >= end:
            break
        if record.kind == SIGNAL:
            step = Step(record, row)
            signals[whole(step.fields, "slot"), whole(step.fields, "instrument")] = step
        elif record.kind == EVIDENCE:
            evidence[first_field(record)] = Step(record, row)
        elif record.kind == CERTIFICATE and first_field(record) in wanted:
            for step in opinion(Step(record, row), signals, evidence):
                kept[step.offset] = step
    return list(kept.values())


def opinion(certificate: Step, signals: dict[tuple[int, int], Step], evidence: dict[int, Step]) -> Iterator[Step]:
    """Yield a certificate, the signal it let through and the evidence it names."""
    fields = certificate.fields
    slot = whole(fields, "slot")
    signal = signals.get((slot, whole(fields, "instrument")))
    if signal is not None and real(signal.fields, "strength") == real(fields, "strength"):
        yield signal
    judged = evidence.get(slot)
    if judged is not None and judged.fields["evidence_id"] == fields["evidence_id"]:
        yield judged
    yield certificate
