# SPDX-License-Identifier: Apache-2.0
"""Orders: what we ask, the commands to a venue, its reports, and what we make of them.

Three families. *Commands* (submit, cancel, inquire) leave only after they are durable.
*Reports* (accepted, rejected, canceled, expired, execution) are the venue's words
and inputs of the engine; so is its silence (submit lost, cancel lost), and what an
inquiry brought (found, absent, or lost in its turn). *Updates* and *fills* are ours:
an order's state after a report was applied, and an execution applied exactly once.
"""

from typing import Final, final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64, mypyc_attr

from bot4.domain.event import (
    ABSENT,
    ACCEPTED,
    CANCEL,
    CANCEL_LOST,
    CANCEL_REJECTED,
    CANCELED,
    EXECUTION,
    EXPIRED,
    FILL,
    FOUND,
    INQUIRE,
    INQUIRY_LOST,
    ORDER_UPDATE,
    REJECTED,
    SUBMIT,
    SUBMIT_LOST,
    Event,
    write_flag,
    write_text,
)
from bot4.domain.fee import PaidInKind
from bot4.domain.values import Lots, Money, Nanos, Ticks

MARKET: Final = 0
LIMIT: Final = 1
STOP: Final = 2
STOP_LIMIT: Final = 3
POST_ONLY: Final = 4
IMMEDIATE_OR_CANCEL: Final = 5
FILL_OR_KILL: Final = 6
ORDER_TYPES: Final = ("market", "limit", "stop", "stop_limit", "post_only", "immediate_or_cancel", "fill_or_kill")
"""The last three are limit orders: one that only makes, one that only takes, one that takes all of it or nothing."""

ENTER: Final = 0
EXIT: Final = 1
PROTECT_STOP: Final = 2
PROTECT_TARGET: Final = 3
PURPOSES: Final = ("enter", "exit", "stop", "target")
"""Why an order exists. Only ``ENTER`` may increase risk."""

NEW: Final = 0
SUBMITTED: Final = 1
WORKING: Final = 2
PART_FILLED: Final = 3
CANCEL_PENDING: Final = 4
FILLED: Final = 5
ORDER_CANCELED: Final = 6
ORDER_REJECTED: Final = 7
ORDER_EXPIRED: Final = 8
SUBMIT_UNKNOWN: Final = 9
CANCEL_UNKNOWN: Final = 10
ORDER_STATES: Final = (
    "new",
    "submitted",
    "working",
    "part_filled",
    "cancel_pending",
    "filled",
    "canceled",
    "rejected",
    "expired",
    "submit_unknown",
    "cancel_unknown",
)


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class OrderRequest:
    """Ask for one order, with the stop and target that protect what it opens.

    Parameters
    ----------
    intent_id : int
        The intent it serves.
    instrument, slot : int
        Instrument, and the strategy with the largest share in it.
    purpose, order_type, side : int
        See ``PURPOSES`` and ``ORDER_TYPES``; ``side`` is ``BUY`` or ``SELL``.
    lots : Lots
        Positive.
    reference : Ticks
        The price the decision was made at.
    limit, trigger : Ticks
        0 where the type has none.
    stop, target : Ticks
        Protective prices for what is opened; 0 where none. Every ``ENTER`` has a stop.
    """

    __slots__ = (
        "intent_id",
        "instrument",
        "slot",
        "purpose",
        "order_type",
        "side",
        "lots",
        "reference",
        "limit",
        "trigger",
        "stop",
        "target",
    )

    def __init__(
        self,
        *,
        intent_id: i64,
        instrument: i64,
        slot: i64,
        purpose: i64,
        order_type: i64,
        side: i64,
        lots: Lots,
        reference: Ticks,
        limit: Ticks,
        trigger: Ticks,
        stop: Ticks,
        target: Ticks,
    ) -> None:
        self.intent_id = intent_id
        self.instrument = instrument
        self.slot = slot
        self.purpose = purpose
        self.order_type = order_type
        self.side = side
        self.lots = lots
        self.reference = reference
        self.limit = limit
        self.trigger = trigger
        self.stop = stop
        self.target = target

    def write(self, out: BytesWriter) -> None:
        """Write the twelve fields in order."""
        write_i64_le(out, self.intent_id)
        write_i64_le(out, self.instrument)
        write_i64_le(out, self.slot)
        write_i64_le(out, self.purpose)
        write_i64_le(out, self.order_type)
        write_i64_le(out, self.side)
        write_i64_le(out, self.lots)
        write_i64_le(out, self.reference)
        write_i64_le(out, self.limit)
        write_i64_le(out, self.trigger)
        write_i64_le(out, self.stop)
        write_i64_le(out, self.target)


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Submit(Event):
    """Command: send this order to the venue, once, under this id.

    ``sibling_id`` is the other leg of a one-cancels-the-other pair, 0 where none;
    the venue cancels it when this one fills. ``reduce_only`` never opens.
    """

    __slots__ = (
        "order_id",
        "intent_id",
        "slot",
        "instrument",
        "purpose",
        "order_type",
        "side",
        "lots",
        "limit",
        "trigger",
        "sibling_id",
        "reduce_only",
    )

    def __init__(
        self,
        now: Nanos,
        *,
        order_id: i64,
        intent_id: i64,
        slot: i64,
        instrument: i64,
        purpose: i64,
        order_type: i64,
        side: i64,
        lots: Lots,
        limit: Ticks,
        trigger: Ticks,
        sibling_id: i64,
        reduce_only: bool,
    ) -> None:
        self.kind = SUBMIT
        self.ts_event_ns = now
        self.ts_known_ns = now
        self.order_id = order_id
        self.intent_id = intent_id
        self.slot = slot
        self.instrument = instrument
        self.purpose = purpose
        self.order_type = order_type
        self.side = side
        self.lots = lots
        self.limit = limit
        self.trigger = trigger
        self.sibling_id = sibling_id
        self.reduce_only = reduce_only

    def write(self, out: BytesWriter) -> None:
        """Write the twelve fields in order."""
        write_i64_le(out, self.order_id)
        write_i64_le(out, self.intent_id)
        write_i64_le(out, self.slot)
        write_i64_le(out, self.instrument)
        write_i64_le(out, self.purpose)
        write_i64_le(out, self.order_type)
        write_i64_le(out, self.side)
        write_i64_le(out, self.lots)
        write_i64_le(out, self.limit)
        write_i64_le(out, self.trigger)
        write_i64_le(out, self.sibling_id)
        write_flag(out, self.reduce_only)


@mypyc_attr(acyclic=True)
class OrderWord(Event):
    """Say one thing about one order: the shape shared by the cancel command and the venue's short reports."""

    __slots__ = ("order_id", "instrument", "reason")

    def __init__(
        self, kind: i64, ts_event_ns: Nanos, ts_known_ns: Nanos, order_id: i64, instrument: i64, reason: str
    ) -> None:
        self.kind = kind
        self.ts_event_ns = ts_event_ns
        self.ts_known_ns = ts_known_ns
        self.order_id = order_id
        self.instrument = instrument
        self.reason = reason

    def write(self, out: BytesWriter) -> None:
        """Write order_id, instrument, reason."""
        write_i64_le(out, self.order_id)
        write_i64_le(out, self.instrument)
        write_text(out, self.reason)


def cancel_command(now: Nanos, order_id: i64, instrument: i64, reason: str) -> OrderWord:
    """Command: cancel this order."""
    return OrderWord(CANCEL, now, now, order_id, instrument, reason)


def accepted(ts_event_ns: Nanos, ts_known_ns: Nanos, order_id: i64, instrument: i64) -> OrderWord:
    """Report: the venue took the order."""
    return OrderWord(ACCEPTED, ts_event_ns, ts_known_ns, order_id, instrument, "")


def rejected(ts_event_ns: Nanos, ts_known_ns: Nanos, order_id: i64, instrument: i64, reason: str) -> OrderWord:
    """Report: the venue did not take the order, definitively."""
    return OrderWord(REJECTED, ts_event_ns, ts_known_ns, order_id, instrument, reason)


def canceled(ts_event_ns: Nanos, ts_known_ns: Nanos, order_id: i64, instrument: i64, reason: str) -> OrderWord:
    """Report: what was open of the order is canceled; fills that came before stand."""
    return OrderWord(CANCELED, ts_event_ns, ts_known_ns, order_id, instrument, reason)


def expired(ts_event_ns: Nanos, ts_known_ns: Nanos, order_id: i64, instrument: i64, reason: str) -> OrderWord:
    """Report: the order ended by time."""
    return OrderWord(EXPIRED, ts_event_ns, ts_known_ns, order_id, instrument, reason)


def cancel_rejected(ts_event_ns: Nanos, ts_known_ns: Nanos, order_id: i64, instrument: i64, reason: str) -> OrderWord:
    """Report: the cancel did not happen; the order is what it was, or ended before."""
    return OrderWord(CANCEL_REJECTED, ts_event_ns, ts_known_ns, order_id, instrument, reason)


def submit_lost(ts_event_ns: Nanos, ts_known_ns: Nanos, order_id: i64, instrument: i64, reason: str) -> OrderWord:
    """Report: the submit got no answer that proves anything; the order may live, or not, or come to life yet."""
    return OrderWord(SUBMIT_LOST, ts_event_ns, ts_known_ns, order_id, instrument, reason)


def cancel_lost(ts_event_ns: Nanos, ts_known_ns: Nanos, order_id: i64, instrument: i64, reason: str) -> OrderWord:
    """Report: the cancel got no answer that proves anything."""
    return OrderWord(CANCEL_LOST, ts_event_ns, ts_known_ns, order_id, instrument, reason)


def found(ts_event_ns: Nanos, ts_known_ns: Nanos, order_id: i64, instrument: i64) -> OrderWord:
    """Report: asked, the venue says that the order is open; every execution it had so far was reported before."""
    return OrderWord(FOUND, ts_event_ns, ts_known_ns, order_id, instrument, "")


def absent(ts_event_ns: Nanos, ts_known_ns: Nanos, order_id: i64, instrument: i64, reason: str) -> OrderWord:
    """Report: asked, the venue knows no such order, neither among its orders nor by any trade; no proof by itself."""
    return OrderWord(ABSENT, ts_event_ns, ts_known_ns, order_id, instrument, reason)


def inquiry_lost(ts_event_ns: Nanos, ts_known_ns: Nanos, order_id: i64, instrument: i64, reason: str) -> OrderWord:
    """Report: the inquiry itself got no answer, or one that contradicts itself."""
    return OrderWord(INQUIRY_LOST, ts_event_ns, ts_known_ns, order_id, instrument, reason)


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Inquire(Event):
    """Command: ask the venue, not before ``due_ns``, what became of this order.

    Whoever sends it answers once: with the order's own reports and what ends them
    (``found`` where it is open, ``canceled``, ``expired``, ``rejected``, or the
    executions that filled it), with ``absent``, or with ``inquiry_lost``.
    """

    __slots__ = ("order_id", "slot", "instrument", "due_ns", "attempt")

    def __init__(self, now: Nanos, *, order_id: i64, slot: i64, instrument: i64, due_ns: Nanos, attempt: i64) -> None:
        self.kind = INQUIRE
        self.ts_event_ns = now
        self.ts_known_ns = now
        self.order_id = order_id
        self.slot = slot
        self.instrument = instrument
        self.due_ns = due_ns
        self.attempt = attempt

    def write(self, out: BytesWriter) -> None:
        """Write the five fields in order."""
        write_i64_le(out, self.order_id)
        write_i64_le(out, self.slot)
        write_i64_le(out, self.instrument)
        write_i64_le(out, self.due_ns)
        write_i64_le(out, self.attempt)


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Execution(Event):
    """Report: part of an order traded. ``trade_id`` is the venue's and unique a run; ``fee`` is what cash pays."""

    __slots__ = ("order_id", "trade_id", "instrument", "side", "lots", "price", "fee", "is_maker")

    def __init__(
        self,
        ts_event_ns: Nanos,
        ts_known_ns: Nanos,
        *,
        order_id: i64,
        trade_id: i64,
        instrument: i64,
        side: i64,
        lots: Lots,
        price: Ticks,
        fee: Money,
        is_maker: bool,
    ) -> None:
        self.kind = EXECUTION
        self.ts_event_ns = ts_event_ns
        self.ts_known_ns = ts_known_ns
        self.order_id = order_id
        self.trade_id = trade_id
        self.instrument = instrument
        self.side = side
        self.lots = lots
        self.price = price
        self.fee = fee
        self.is_maker = is_maker

    def write(self, out: BytesWriter) -> None:
        """Write the eight fields in order."""
        write_i64_le(out, self.order_id)
        write_i64_le(out, self.trade_id)
        write_i64_le(out, self.instrument)
        write_i64_le(out, self.side)
        write_i64_le(out, self.lots)
        write_i64_le(out, self.price)
        write_i64_le(out, self.fee)
        write_flag(out, self.is_maker)


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class OrderUpdate(Event):
    """Record an order's state after a report: what is filled and what is still open.

    ``price`` is the mean price of what is filled, rounded half to even; 0 while nothing is.
    """

    __slots__ = ("order_id", "intent_id", "instrument", "purpose", "side", "state", "filled", "leaves", "price")

    def __init__(
        self,
        now: Nanos,
        *,
        order_id: i64,
        intent_id: i64,
        instrument: i64,
        purpose: i64,
        side: i64,
        state: i64,
        filled: Lots,
        leaves: Lots,
        price: Ticks,
    ) -> None:
        self.kind = ORDER_UPDATE
        self.ts_event_ns = now
        self.ts_known_ns = now
        self.order_id = order_id
        self.intent_id = intent_id
        self.instrument = instrument
        self.purpose = purpose
        self.side = side
        self.state = state
        self.filled = filled
        self.leaves = leaves
        self.price = price

    def write(self, out: BytesWriter) -> None:
        """Write the nine fields in order."""
        write_i64_le(out, self.order_id)
        write_i64_le(out, self.intent_id)
        write_i64_le(out, self.instrument)
        write_i64_le(out, self.purpose)
        write_i64_le(out, self.side)
        write_i64_le(out, self.state)
        write_i64_le(out, self.filled)
        write_i64_le(out, self.leaves)
        write_i64_le(out, self.price)


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Fill(Event):
    """Record one execution applied to our books, exactly once; ``in_kind`` is a fee that cash does not pay."""

    __slots__ = (
        "order_id",
        "trade_id",
        "intent_id",
        "slot",
        "instrument",
        "purpose",
        "side",
        "lots",
        "price",
        "fee",
        "is_maker",
        "in_kind",
    )

    def __init__(
        self, execution: Execution, *, intent_id: i64, slot: i64, purpose: i64, in_kind: PaidInKind | None = None
    ) -> None:
        self.kind = FILL
        self.ts_event_ns = execution.ts_event_ns
        self.ts_known_ns = execution.ts_known_ns
        self.order_id = execution.order_id
        self.trade_id = execution.trade_id
        self.intent_id = intent_id
        self.slot = slot
        self.instrument = execution.instrument
        self.purpose = purpose
        self.side = execution.side
        self.lots = execution.lots
        self.price = execution.price
        self.fee = execution.fee
        self.is_maker = execution.is_maker
        self.in_kind = in_kind

    def expense(self) -> Money:
        """Return the whole fee in quote money, however it was paid."""
        return self.fee if self.in_kind is None else Money(self.fee + self.in_kind.taken.worth)

    def write(self, out: BytesWriter) -> None:
        """Write the eleven fields in order."""
        write_i64_le(out, self.order_id)
        write_i64_le(out, self.trade_id)
        write_i64_le(out, self.intent_id)
        write_i64_le(out, self.slot)
        write_i64_le(out, self.instrument)
        write_i64_le(out, self.purpose)
        write_i64_le(out, self.side)
        write_i64_le(out, self.lots)
        write_i64_le(out, self.price)
        write_i64_le(out, self.fee)
        write_flag(out, self.is_maker)
