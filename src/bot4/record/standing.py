# SPDX-License-Identifier: Apache-2.0
"""How a run stands, from its journal alone: holds on new risk, what is held and whether a stop covers it, open orders.

One streaming pass; memory is bounded by instruments, reasons and open orders.
"""

from typing import Final, final

from bot4.domain.event import BOOKS_EQUAL, FILL, MODE, ORDER_UPDATE, POSITION, READINESS, SUBMIT
from bot4.domain.order import ORDER_STATES, PROTECT_STOP, PURPOSES
from bot4.domain.readiness import ALL_INSTRUMENTS, RECONCILING, WARMING, readiness_word
from bot4.domain.verdict import SAFETY_MODES
from bot4.record.chain import RunEnd
from bot4.record.decode import Values, decode
from bot4.record.explain import Step
from bot4.record.exposure_time import AT_THE_VENUE
from bot4.record.format import RUN_END, Record
from bot4.record.phrases import readiness as readiness_phrase
from bot4.record.phrases import word_of
from bot4.record.reader import JournalSource
from bot4.record.wording import Names, moment, money, whole

OPEN_STATES: Final = (
    "new",
    "submitted",
    "working",
    "part_filled",
    "cancel_pending",
    "submit_unknown",
    "cancel_unknown",
)
DOUBTFUL: Final = ("submit_unknown", "cancel_unknown")


@final
class StandingHolds:
    """Keep the holds on new risk that stand, each with the record that began it."""

    def __init__(self) -> None:
        self._held: dict[tuple[int, int], Step] = {}

    def take(self, step: Step) -> None:
        """Begin a hold or end it; one that is over for all is over for each."""
        reason, instrument = whole(step.fields, "reason"), whole(step.fields, "instrument")
        if not step.fields["ready"]:
            self._held[reason, instrument] = step
            return
        over = [key for key in self._held if key[0] == reason and instrument in (key[1], ALL_INSTRUMENTS)]
        for key in over:
            del self._held[key]

    def told(self) -> list[Values]:
        """Return the holds as plain values."""
        return [
            {
                "reason": readiness_word(reason),
                "instrument": None if instrument == ALL_INSTRUMENTS else instrument,
                "note": step.fields["note"],
                "since_ns": step.ts_known_ns,
            }
            for (reason, instrument), step in sorted(self._held.items())
        ]

    def lines(self, names: Names) -> list[str]:
        """Return the holds as sentences."""
        return [
            f"Held back since {moment(step.ts_known_ns)}: {readiness_phrase(step.fields, names)}."
            for _, step in sorted(self._held.items())
        ]


@final
class Standing:
    """Hold how a run stands.

    Attributes
    ----------
    mode : str
        The safety mode.
    holds : StandingHolds
        Why no new risk may be taken.
    positions : dict
        By instrument, the last position that is not flat.
    orders : dict
        By number, the last state of each order that is open.
    live_ns, equal_ns : int or None
        When the run was warm last, and when both books were last told to be equal.
    known_ns : int
        The last record's time.
    end : RunEnd or None
        Of a closed journal.
    """

    def __init__(self) -> None:
        self.mode = SAFETY_MODES[0]
        self.holds = StandingHolds()
        self.positions: dict[int, Values] = {}
        self.orders: dict[int, Values] = {}
        self.live_ns: int | None = None
        self.equal_ns: int | None = None
        self.known_ns = 0
        self.sent = 0
        self.fills = 0
        self.end: RunEnd | None = None

    def take(self, record: Record) -> None:
        """Take the next record."""
        kind = record.kind
        self.known_ns = max(self.known_ns, record.ts_known_ns)
        if kind == READINESS:
            self._hear(Step(record, -1))
        elif kind == BOOKS_EQUAL:
            self.equal_ns = record.ts_known_ns
        elif kind == MODE:
            self.mode = word_of(SAFETY_MODES, whole(decode(record), "mode"))
        elif kind == SUBMIT:
            self.sent += 1
        elif kind == FILL:
            self.fills += 1
        elif kind == ORDER_UPDATE:
            self._order(decode(record))
        elif kind == POSITION:
            fields = decode(record)
            self.positions.pop(whole(fields, "instrument"), None)
            if fields["lots"]:
                self.positions[whole(fields, "instrument")] = fields
        elif kind == RUN_END:
            self.end = RunEnd(record)

    def stop_lots(self, instrument: int) -> int:
        """Return for how many lots of an instrument the venue holds a stop."""
        return sum(
            whole(one, "leaves")
            for one in self.orders.values()
            if one["instrument"] == instrument and one["purpose"] == PROTECT_STOP and one["state"] in AT_THE_VENUE
        )

    def unprotected(self) -> list[int]:
        """Return the instruments of which more is held than stops at the venue cover."""
        return [
            index
            for index, fields in sorted(self.positions.items())
            if self.stop_lots(index) < abs(whole(fields, "lots"))
        ]

    def doubtful(self) -> int:
        """Return how many open orders are of unknown fate."""
        return sum(word_of(ORDER_STATES, whole(one, "state")) in DOUBTFUL for one in self.orders.values())

    def told(self, names: Names) -> Values:
        """Return how it stands as plain values."""
        bare = self.unprotected()
        return {
            "mode": self.mode,
            "holds": self.holds.told(),
            "live_since_ns": self.live_ns,
            "reconciled_ns": self.equal_ns,
            "last_event_ns": self.known_ns,
            "held": [
                {
                    "symbol": names.symbol(index),
                    "quantity": names.quantity(index, whole(fields, "lots")),
                    "cost": money(whole(fields, "cost")),
                    "protected": index not in bare,
                }
                for index, fields in sorted(self.positions.items())
            ],
            "unprotected": len(bare),
            "open_orders": [order_told(number, fields, names) for number, fields in sorted(self.orders.items())],
            "in_doubt": self.doubtful(),
            "orders": self.sent,
            "fills": self.fills,
            "ended": self.end is not None,
        }

    def _hear(self, step: Step) -> None:
        """Take a hold that begins, or one that is over."""
        self.holds.take(step)
        if step.fields["ready"] and step.fields["reason"] == WARMING:
            self.live_ns = step.ts_known_ns
        elif step.fields["ready"] and step.fields["reason"] == RECONCILING:
            self.equal_ns = step.ts_known_ns

    def _order(self, fields: Values) -> None:
        """Keep an order while it is open."""
        number = whole(fields, "order_id")
        self.orders.pop(number, None)
        if word_of(ORDER_STATES, whole(fields, "state")) in OPEN_STATES:
            self.orders[number] = fields


def order_told(number: int, fields: Values, names: Names) -> Values:
    """Return an open order as plain values."""
    index = whole(fields, "instrument")
    return {
        "order": number,
        "symbol": names.symbol(index),
        "purpose": word_of(PURPOSES, whole(fields, "purpose")),
        "state": word_of(ORDER_STATES, whole(fields, "state")),
        "open": names.quantity(index, whole(fields, "leaves")),
    }


def standing(journal: JournalSource) -> Standing:
    """Read how a run stands.

    Raises
    ------
    Corrupt
        If the journal is damaged.
    """
    found = Standing()
    for record in journal:
        found.take(record)
    return found
