# SPDX-License-Identifier: Apache-2.0
"""The life of one order: a table (state, event) -> state that admits what venues really do.

Everything that may change an order's state is in this file. Not in it: who wants
the order and why (``desk``, ``protection``) and where orders are kept (``book``).

Reports arrive late, twice, and in the wrong order, so each of the pairs below has
a stated outcome: a state, ``=`` (heard before or of no consequence: ignored), or
``!`` (a contradiction, the venue's or ours: the state stays, the caller is told).

The ugly truths in it, by row:

- *submitted*, *submit_unknown*: a fill or a cancel report may come before the accept,
  and proves that the order lived. An order of unknown fate is asked about, not
  canceled: the desk asks again once it is known.
- *working* -> *rejected*: a stop may be accepted now and refused when it triggers.
  Believing it still worked would leave a position naked.
- *part_filled* + reject -> *canceled*: the rest is refused, what filled stands.
- *cancel_pending*: fills go on until the cancel is confirmed; a late accept changes
  nothing; a refused cancel means the order is what it was, or ended before, and the
  report that says so is on its way.
- *canceled*, *expired* + fill: the fill happened before, its report came after. The
  order stays ended unless it turns out to have been filled to the last lot.
- *rejected* + fill: the reject was wrong, and money moved; so the order is one that
  ended with a fill.
- *filled* + cancel, expiry, refused cancel: crossed on the wire; nothing is left to end.

Two readings are derived from cumulative fills and not from the order of reports:
``working`` with something filled is ``part_filled``, ``rejected`` with something
filled is ``canceled``.
"""

from typing import Final, final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64, mypyc_attr

from bot4.domain.event import write_flag
from bot4.domain.order import (
    FILLED,
    NEW,
    ORDER_CANCELED,
    ORDER_EXPIRED,
    ORDER_REJECTED,
    ORDER_STATES,
    PART_FILLED,
    SUBMIT_UNKNOWN,
    WORKING,
    OrderRequest,
)
from bot4.domain.values import VALUE_MAX, Lots, Nanos, Ticks, divide_half_even

# The first five are the venue's short reports in the order of their kinds: event = kind - ACCEPTED.
ACCEPT: Final = 0
REJECT: Final = 1
CANCELED: Final = 2
EXPIRE: Final = 3
CANCEL_REJECT: Final = 4
PART_FILL: Final = 5
LAST_FILL: Final = 6
SEND: Final = 7
ASK_CANCEL: Final = 8
LOSE_SUBMIT: Final = 9
LOSE_CANCEL: Final = 10
EVENTS: Final = 11
EVENT_NAMES: Final = (
    "accept",
    "reject",
    "canceled",
    "expire",
    "cancel_reject",
    "part_fill",
    "last_fill",
    "send",
    "ask_cancel",
    "submit_lost",
    "cancel_lost",
)
"""What can happen to an order. After ``part_fill`` something is open, after ``last_fill`` nothing; lost: timed out."""

APPLIED: Final = 0
IGNORED: Final = 1
IMPOSSIBLE: Final = 2

_IGNORE: Final = 254
_CONTRADICTION: Final = 255
_SIGNS: Final = {"=": _IGNORE, "!": _CONTRADICTION}

LIFE: Final = """
state           accept       reject    canceled  expire    cancel_reject part_fill       last_fill send       ask_cancel      submit_lost     cancel_lost
new             !            !         !         !         !             !               !         submitted  !               !               !
submitted       working      rejected  canceled  expired   !             part_filled     filled    !          cancel_pending  submit_unknown  !
working         =            rejected  canceled  expired   =             part_filled     filled    !          cancel_pending  =               =
part_filled     =            canceled  canceled  expired   =             part_filled     filled    !          cancel_pending  =               =
cancel_pending  =            rejected  canceled  expired   working       cancel_pending  filled    !          =               submit_unknown  cancel_unknown
filled          =            !         =         =         =             !               !         !          =               =               =
canceled        =            !         =         =         =             canceled        filled    !          =               =               =
rejected        !            =         !         !         =             canceled        filled    !          =               =               =
expired         =            !         =         =         =             expired         filled    !          =               =               =
submit_unknown  working      rejected  canceled  expired   =             part_filled     filled    !          =               =               =
cancel_unknown  =            rejected  canceled  expired   working       cancel_unknown  filled    !          =               =               =
"""  # noqa: E501 - one row a state: a table that wraps is no table


def _compile(text: str) -> bytes:
    """Turn the literate table into bytes indexed by ``state * EVENTS + event``."""
    header, *rows = text.strip().splitlines()
    assert tuple(header.split()[1:]) == EVENT_NAMES, "the table's columns are the events in order"
    cells: list[int] = []
    for state, row in zip(ORDER_STATES, rows, strict=True):
        name, *outcomes = row.split()
        assert name == state, f"the table's rows are the states in order: {name} stands where {state} belongs"
        assert len(outcomes) == EVENTS, f"the row of {name} has {len(outcomes)} outcomes"
        cells.extend(_SIGNS[word] if word in _SIGNS else ORDER_STATES.index(word) for word in outcomes)
    return bytes(cells)


TABLE: Final = _compile(LIFE)


def is_closed(state: i64) -> bool:
    """Say whether a state is an end: filled, canceled, rejected or expired."""
    return FILLED <= state <= ORDER_EXPIRED


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Order:
    """Hold one order: what was asked, what became of it, and every execution applied, once.

    Parameters
    ----------
    order_id : int
        Its number in the run, from 1.
    request : OrderRequest
        What is asked; ``stop`` and ``target`` are what will protect it.
    lots : Lots
        How much of it to order: an exit may be smaller than its request.
    sibling_id : int
        The other leg of a one-cancels-the-other pair, 0 where none.
    reduce_only : bool
        Whether it may only make a position smaller.

    Attributes
    ----------
    filled, leaves : Lots
        What has traded, and what is still open (0 once the order has ended).
    cost : int
        Sum of ticks times lots over the executions: the parts of the average price.
    cancels : int
        How often a cancel was asked since anything else was heard.
    executions : int
        How many executions were applied.
    first_trade : int
        The venue's trade id of the first of them: most orders have no other.
    later_trades : dict or None
        The trade ids of the others, in order; all are kept as long as the order is remembered.
    ended_ns : int
        When we knew of its end, 0 before; for forgetting it, and no part of the state.
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
        "stop",
        "target",
        "sibling_id",
        "reduce_only",
        "state",
        "filled",
        "leaves",
        "cost",
        "cancels",
        "executions",
        "first_trade",
        "later_trades",
        "ended_ns",
    )

    def __init__(self, order_id: i64, request: OrderRequest, lots: Lots, *, sibling_id: i64, reduce_only: bool) -> None:
        self.order_id = order_id
        self.intent_id = request.intent_id
        self.slot = request.slot
        self.instrument = request.instrument
        self.purpose = request.purpose
        self.order_type = request.order_type
        self.side = request.side
        self.lots = lots
        self.limit = request.limit
        self.trigger = request.trigger
        self.stop = request.stop
        self.target = request.target
        self.sibling_id = sibling_id
        self.reduce_only = reduce_only
        self.state: i64 = NEW
        self.filled = Lots(0)
        self.leaves = lots
        self.cost: i64 = 0
        self.cancels: i64 = 0
        self.executions: i64 = 0
        self.first_trade: i64 = 0
        self.later_trades: dict[int, bool] | None = None
        self.ended_ns = Nanos(0)

    def is_open(self) -> bool:
        """Say whether the order may still trade, as far as we know."""
        return not is_closed(self.state)

    def is_in_doubt(self) -> bool:
        """Say whether nobody knows what became of the order, or of its cancel."""
        return self.state >= SUBMIT_UNKNOWN

    def average(self) -> Ticks:
        """Return the mean price of what has filled, rounded half to even; 0 where nothing has."""
        if self.filled == 0:
            return Ticks(0)
        return Ticks(divide_half_even(self.cost, self.filled))

    def step(self, event: i64) -> i64:
        """Let something other than a fill happen; return ``APPLIED``, ``IGNORED`` or ``IMPOSSIBLE``."""
        cell: i64 = TABLE[self.state * EVENTS + event]
        if cell == _IGNORE:
            return IGNORED
        if cell == _CONTRADICTION:
            return IMPOSSIBLE
        self._enter(cell)
        return APPLIED

    def fill(self, trade_id: i64, lots: Lots, price: Ticks) -> i64:
        """Apply one execution; return ``APPLIED``, ``IGNORED`` (seen before) or ``IMPOSSIBLE``.

        Impossible is an execution of no lots, of more than the order has left, or at a
        price that nobody could count: it is not applied, so that the sum of fills never passes what was asked. What the
        venue really holds is then for reconciliation to settle.
        """
        if self.has_seen(trade_id):
            return IGNORED
        open_lots = self.lots - self.filled
        if lots <= 0 or lots > open_lots:
            return IMPOSSIBLE
        if not 0.0 <= float(self.cost) + float(price) * float(lots) < VALUE_MAX:
            return IMPOSSIBLE
        cell: i64 = TABLE[self.state * EVENTS + (LAST_FILL if lots == open_lots else PART_FILL)]
        if cell >= _IGNORE:
            return IMPOSSIBLE
        self._note(trade_id)
        self.filled = Lots(self.filled + lots)
        self.cost += price * lots
        self.cancels = 0
        self._enter(cell)
        return APPLIED

    def has_seen(self, trade_id: i64) -> bool:
        """Say whether an execution was applied already."""
        if self.executions == 0:
            return False
        later = self.later_trades
        return trade_id == self.first_trade or (later is not None and trade_id in later)

    def _note(self, trade_id: i64) -> None:
        """Remember an execution that is applied."""
        if self.executions == 0:
            self.first_trade = trade_id
        else:
            later = self.later_trades
            if later is None:
                later = {}
                self.later_trades = later
            later[trade_id] = True
        self.executions += 1

    def _enter(self, state: i64) -> None:
        """Take a state from the table, read in the light of cumulative fills."""
        if self.filled > 0:
            if state == WORKING:
                state = PART_FILLED
            elif state == ORDER_REJECTED:
                state = ORDER_CANCELED
        self.state = state
        self.leaves = Lots(0) if is_closed(state) else Lots(self.lots - self.filled)

    def write(self, out: BytesWriter) -> None:
        """Write every field but the last, then the number of trade ids and each in the order applied."""
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
        write_i64_le(out, self.stop)
        write_i64_le(out, self.target)
        write_i64_le(out, self.sibling_id)
        write_flag(out, self.reduce_only)
        write_i64_le(out, self.state)
        write_i64_le(out, self.filled)
        write_i64_le(out, self.leaves)
        write_i64_le(out, self.cost)
        write_i64_le(out, self.cancels)
        write_i64_le(out, self.executions)
        if self.executions > 0:
            write_i64_le(out, self.first_trade)
        if self.later_trades is not None:
            for trade_id in self.later_trades:
                write_i64_le(out, trade_id)
