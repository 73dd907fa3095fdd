# SPDX-License-Identifier: Apache-2.0
"""Faults of recorded data: their kinds, what is done about each, and the count of them.

A fault is never silent. Kinds that change or set aside a row make a strict
reading stop; the others are properties of a market that stays as it was.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bot4.domain.errors import BadInput
from bot4.market.bars import SOURCE_SHIFT, Ints
from bot4.market.rows import STAMP_MISSING

EXAMPLES_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class FaultKind:
    """Name a kind of fault, the policy, and whether a strict reading stops at it."""

    name: str
    done: str
    stops_strict: bool


NOT_FINITE: Final = FaultKind("not_finite", "row set aside", True)
NOT_POSITIVE: Final = FaultKind("not_positive", "row set aside", True)
INCOHERENT: Final = FaultKind("incoherent", "row set aside", True)
NEGATIVE_VOLUME: Final = FaultKind("negative_volume", "row set aside", True)
DUPLICATE: Final = FaultKind("duplicate", "later arrival kept", True)
BACKWARD: Final = FaultKind("backward", "put in order", True)
OFF_GRID: Final = FaultKind("off_grid", "kept", True)
VOLUME_CLAMPED: Final = FaultKind("volume_clamped", "volume cut to 2**53 - 1 lots", True)
GAP: Final = FaultKind("gap", "not filled", False)
OUTLIER: Final = FaultKind("outlier", "kept", False)
OFF_TICK: Final = FaultKind("off_tick", "rounded to the tick", False)
LEVELS_OFF_TICK: Final = FaultKind("levels_off_tick", "levels left out, older than the tick", False)
OFF_LOT: Final = FaultKind("off_lot", "rounded to the lot", False)
ZERO_VOLUME: Final = FaultKind("zero_volume", "kept", False)
PARTIAL_BAR: Final = FaultKind("partial_bar", "kept, built from what was there", False)
UNFINISHED_BAR: Final = FaultKind("unfinished_bar", "last bar left out", False)

# Of ticks. A book that broke is not known until its next snapshot, so nothing is traded by it.
UNREADABLE: Final = FaultKind("unreadable", "message set aside", True)
UNKNOWN_SYMBOL: Final = FaultKind("unknown_symbol", "message set aside", True)
CROSSED_QUOTE: Final = FaultKind("crossed_quote", "message set aside", True)
CROSSED_BOOK: Final = FaultKind("crossed_book", "no book until the next snapshot", True)
SEQUENCE_GAP: Final = FaultKind("sequence_gap", "no book until the next snapshot", True)
BOOK_OFF_TICK: Final = FaultKind("book_off_tick", "no book until the next snapshot", True)
BAD_LEVEL: Final = FaultKind("bad_level", "no book until the next snapshot", True)
NOT_JSON: Final = FaultKind("not_json", "message set aside", True)
FIELD_MISSING: Final = FaultKind("field_missing", "message set aside", True)
FIELD_TYPE: Final = FaultKind("field_type", "message set aside", True)
REPEATED_TRADE: Final = FaultKind("repeated_trade", "message set aside", True)
LATE: Final = FaultKind("late", "message set aside", True)
NO_MARKET_TRADE: Final = FaultKind("no_market_trade", "message set aside", False)
OUT_OF_ORDER: Final = FaultKind("out_of_order", "put in order", False)
TRADES_MISSING: Final = FaultKind("trades_missing", "not filled", False)
NO_BOOK: Final = FaultKind("no_book", "message set aside", False)
REPEATED_CHANGE: Final = FaultKind("repeated_change", "message set aside, the book has it", False)
STALE_SNAPSHOT: Final = FaultKind("stale_snapshot", "message set aside, older than the changes held", False)
COVERED: Final = FaultKind("covered", "message set aside, the snapshot has it", False)
OTHER_STREAM: Final = FaultKind("other_stream", "message set aside", False)
CONTROL: Final = FaultKind("control", "kept for the connection", False)
USER_DATA: Final = FaultKind("user_data", "kept for the account", False)
NO_INSTRUMENT: Final = FaultKind("no_instrument", "message set aside, it names no symbol", True)

# Of feeds as they come in. Such a message is late or doubtful, and is used all the same unless it says otherwise.
STALE: Final = FaultKind("stale", "used, but the feed counts as late", False)
STALE_QUOTE: Final = FaultKind("stale_quote", "message set aside", False)
REPEATED_QUOTE: Final = FaultKind("repeated_quote", "message set aside, a later one is known", False)
STAMP_BACKWARD: Final = FaultKind("stamp_backward", "stamped as the one before it", False)
STAMP_AHEAD: Final = FaultKind("stamp_ahead", "known when it says it happened", False)
CLOCK_BACKWARD: Final = FaultKind("clock_backward", "received when the one before it was", False)
DOUBTFUL: Final = FaultKind("doubtful", "held until others confirm or refute it", False)
CONFIRMED: Final = FaultKind("confirmed", "used, a real move", False)
SPIKE: Final = FaultKind("spike", "message set aside, refuted by what followed", True)
OTHER_FEED: Final = FaultKind("other_feed", "message set aside, the other feed is believed", False)

FAULT_KINDS: Final = (
    NOT_FINITE,
    NOT_POSITIVE,
    INCOHERENT,
    NEGATIVE_VOLUME,
    DUPLICATE,
    BACKWARD,
    OFF_GRID,
    VOLUME_CLAMPED,
    GAP,
    OUTLIER,
    OFF_TICK,
    LEVELS_OFF_TICK,
    OFF_LOT,
    ZERO_VOLUME,
    PARTIAL_BAR,
    UNFINISHED_BAR,
    UNREADABLE,
    UNKNOWN_SYMBOL,
    CROSSED_QUOTE,
    CROSSED_BOOK,
    SEQUENCE_GAP,
    BOOK_OFF_TICK,
    BAD_LEVEL,
    NOT_JSON,
    FIELD_MISSING,
    FIELD_TYPE,
    REPEATED_TRADE,
    LATE,
    NO_MARKET_TRADE,
    OUT_OF_ORDER,
    TRADES_MISSING,
    NO_BOOK,
    REPEATED_CHANGE,
    STALE_SNAPSHOT,
    COVERED,
    OTHER_STREAM,
    CONTROL,
    USER_DATA,
    NO_INSTRUMENT,
    STALE,
    STALE_QUOTE,
    REPEATED_QUOTE,
    STAMP_BACKWARD,
    STAMP_AHEAD,
    CLOCK_BACKWARD,
    DOUBTFUL,
    CONFIRMED,
    SPIKE,
    OTHER_FEED,
)
"""In the order of reports: first what changes rows, then what is only told."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Tell one fault: where it is, what was found, what was done.

    ``stamp_ns`` is None where the row has no stamp.
    """

    kind: str
    file: str
    row: int
    stamp_ns: int | None
    value: str
    done: str


@dataclass(frozen=True, slots=True)
class FaultReport:
    """Sum up the faults of one reading.

    Attributes
    ----------
    counts : dict
        How often each kind was found, in the order of ``FAULT_KINDS``; kinds not found are absent.
        A gap is counted once for each run of missing bars.
    examples : dict
        The first ``EXAMPLES_MAX`` of each kind.
    missing_bars, longest_gap_bars : int
        Bars missing in all gaps, and in the longest of them.
    longest_gap_from_ns : int or None
        The open of the first bar missing in the longest gap.
    """

    counts: dict[str, int]
    examples: dict[str, tuple[Fault, ...]]
    missing_bars: int
    longest_gap_bars: int
    longest_gap_from_ns: int | None


class FaultLog:
    """Count faults while a series is read, and stop a strict reading at the first.

    Parameters
    ----------
    files : sequence of str
        The files' names, in the order in which sources number them.
    strict : bool
        Whether :meth:`settle` raises.
    """

    def __init__(self, files: Sequence[str], *, strict: bool = False) -> None:
        self._files = tuple(files)
        self._strict = strict
        self._counts: dict[str, int] = {}
        self._examples: dict[str, list[Fault]] = {}
        self._first: tuple[int, Fault] | None = None
        self._missing_bars = 0
        self._longest_gap = 0
        self._longest_gap_from_ns: int | None = None

    def add(self, kind: FaultKind, sources: Ints, stamps_ns: Ints, value_at: Callable[[int], str]) -> None:
        """Count faults of one kind, in the order of their rows; ``value_at(i)`` describes the i-th."""
        if len(sources) == 0:
            return
        self._counts[kind.name] = self._counts.get(kind.name, 0) + len(sources)
        examples = self._examples.setdefault(kind.name, [])
        for i in range(min(len(sources), EXAMPLES_MAX - len(examples))):
            examples.append(self._fault(kind, int(sources[i]), int(stamps_ns[i]), value_at(i)))
        if self._strict and kind.stops_strict:
            i = int(np.argmin(sources))
            if self._first is None or int(sources[i]) < self._first[0]:
                self._first = (
                    int(sources[i]),
                    self._fault(kind, int(sources[i]), int(stamps_ns[i]), value_at(i)),
                )

    def add_gaps(self, sources: Ints, begins_ns: Ints, missing: Ints) -> None:
        """Count runs of missing bars: the row after each, the open of its first missing bar, its length."""
        self.add(GAP, sources, begins_ns, lambda i: f"{missing[i]} bars missing")
        if len(missing) == 0:
            return
        self._missing_bars += int(missing.sum())
        longest = int(np.argmax(missing))
        if int(missing[longest]) > self._longest_gap:
            self._longest_gap = int(missing[longest])
            self._longest_gap_from_ns = int(begins_ns[longest])

    def settle(self) -> None:
        """Raise for the first fault of the rows added since, if this reading is strict.

        Raises
        ------
        BadInput
            With code ``strict_fault``.
        """
        if self._first is None:
            return
        fault = self._first[1]
        raise BadInput(
            f"{fault.file}:{fault.row}",
            f"{fault.kind}: {fault.value}",
            "data without faults, as --strict asks",
            f"Mend the file, or read it without --strict ({fault.done}, and counted).",
            "strict_fault",
        )

    def report(self) -> FaultReport:
        """Return what was counted so far."""
        return FaultReport(
            {kind.name: self._counts[kind.name] for kind in FAULT_KINDS if kind.name in self._counts},
            {kind.name: tuple(self._examples[kind.name]) for kind in FAULT_KINDS if kind.name in self._examples},
            self._missing_bars,
            self._longest_gap,
            self._longest_gap_from_ns,
        )

    def place(self, source: int) -> str:
        """Return ``file:row`` of a source."""
        return f"{self._files[source >> SOURCE_SHIFT]}:{source & ((1 << SOURCE_SHIFT) - 1)}"

    def _fault(self, kind: FaultKind, source: int, stamp_ns: int, value: str) -> Fault:
        """Return one fault in words."""
        number = source & ((1 << SOURCE_SHIFT) - 1)
        stamp = None if stamp_ns == STAMP_MISSING else stamp_ns
        return Fault(kind.name, self._files[source >> SOURCE_SHIFT], number, stamp, value, kind.done)
