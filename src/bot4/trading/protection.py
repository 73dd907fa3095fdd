# SPDX-License-Identifier: Apache-2.0
"""Protection: whenever a position is held and no exit is under way, a stop for all of it is at the venue or on its way.

One :class:`Protection` per instrument keeps at most one pair: a reduce-only stop
and, where the request that opened had a target, a reduce-only limit order as its
one-cancels-the-other sibling. Not in it: entries and exits (``desk``).

- The pair's size follows every fill. Where it differs from the position, both legs
  are canceled and a new pair is placed once both have ended. With a venue that
  answers at once nothing is uncovered; with latency the position is without a stop
  for as long as the two ways take.
- The prices are those of the latest request that opened. Where a position is
  increased, the new stop and target hold for all of it, from the first fill on.
- A working stop of the right size is never given up for the sake of its target: if
  the target alone has ended, or has another size because the stop is filling, the
  stop stays and the target is not placed again until the position changes.
- A target that the venue refuses is dropped; the stop is what protects.
- When one leg fills, the venue is trusted to cancel the other (``sibling_id``). If it
  did not by the time of the next request, the orphan is canceled on request.
- A leg that never left (its rejection is in our own words) says nothing of the
  venue: it is no refusal, and does not count as a try.
- With a venue's filters known, a leg they object to is not sent: without the target
  the stop protects, without the stop ``blocked`` says why.
- Where no stop can be had, :meth:`Protection.cover` says so, and the desk exits at
  the market. Tries are counted, so that a venue which refuses everything ends in a
  report and not in a storm.
"""

from typing import Final, final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.domain.event import write_flag
from bot4.domain.order import LIMIT, ORDER_REJECTED, PROTECT_STOP, PROTECT_TARGET, STOP, OrderRequest
from bot4.domain.stage import Outbox
from bot4.domain.values import BUY, SELL, Lots, Nanos, Ticks
from bot4.domain.verdict import Check
from bot4.trading.book import OrderTable
from bot4.trading.orders import Order
from bot4.trading.wire import Wire

PLACEMENTS_MAX: Final = 2
"""How many pairs are placed in a row, without a fill or a request between them, before an exit is tried."""

TRIES_MAX: Final = 5
"""How many pairs and exits together, before the position is reported as unprotected."""


@final
class Protection:
    """Supervise the protective pair of one instrument.

    Parameters
    ----------
    instrument : int
        The instrument's index.
    table : OrderTable
        Where orders are kept and numbered.
    wire : Wire, optional
        Looks at each leg before it leaves.

    Attributes
    ----------
    blocked : Check or None
        Why no stop for the position may leave, as far as the last attempt showed.
    stop, target : Order or None
        The legs while they are open.
    side : int
        The direction of the position that the prices are for, 0 where there is none.
    opened_by : int
        The order whose request gave the prices.
    tries : int
        Pairs placed and exits forced since the last fill or request.
    """

    __slots__ = (
        "instrument",
        "table",
        "stop",
        "target",
        "side",
        "stop_price",
        "target_price",
        "intent_id",
        "slot",
        "opened_by",
        "tries",
        "stop_refused",
        "leg_filled",
        "wire",
        "blocked",
    )

    def __init__(self, instrument: i64, table: OrderTable, wire: Wire | None = None) -> None:
        self.instrument = instrument
        self.table = table
        self.wire = wire
        self.blocked: Check | None = None
        self.stop: Order | None = None
        self.target: Order | None = None
        self.side: i64 = 0
        self.stop_price = Ticks(0)
        self.target_price = Ticks(0)
        self.intent_id: i64 = -1
        self.slot: i64 = -1
        self.opened_by: i64 = 0
        self.tries: i64 = 0
        self.stop_refused = False
        self.leg_filled = False

    def is_open(self) -> bool:
        """Say whether a leg may still trade."""
        return self.stop is not None or self.target is not None

    def adopt(self, order: Order, position: Lots) -> None:
        """Take the prices of an entry that just filled, if it made or increased the position.

        A late fill of an older entry does not bring its prices back.
        """
        if position * order.side <= 0 or (self.side == order.side and order.order_id < self.opened_by):
            return
        if self.opened_by != order.order_id or self.side != order.side:
            self.side = order.side
            self.stop_price = order.stop
            self.target_price = order.target
            self.intent_id = order.intent_id
            self.slot = order.slot
            self.opened_by = order.order_id

    def nearest(self, request: OrderRequest) -> Ticks:
        """Return the trigger nearest to the market of the stop that stands and the one an entry asks for."""
        stop = self.stop
        return stop.trigger if stop is not None and request.side * (stop.trigger - request.stop) > 0 else request.stop

    def heard(self) -> None:
        """Start counting again: a fill or a request has changed the situation."""
        self.tries = 0
        self.stop_refused = False

    def ended(self, order: Order, *, never_left: bool) -> None:
        """Let go of a leg that has ended."""
        if order is self.stop:
            self.stop = None
            if never_left:
                self.tries = self.tries - 1 if self.tries > 0 else 0
            elif order.state == ORDER_REJECTED:
                self.stop_refused = True
        elif order is self.target:
            self.target = None
            if order.state == ORDER_REJECTED and not never_left:
                self.target_price = Ticks(0)

    def withdraw(self, reason: str, now: Nanos, out: Outbox) -> None:
        """Cancel both legs."""
        self.table.cancel(self.stop, reason, now, out)
        self.table.cancel(self.target, reason, now, out)

    def release(self, now: Nanos, out: Outbox) -> None:
        """Cancel what is left of the pair once the position is flat, unless the venue is about to."""
        self.side = 0
        if not self.leg_filled:
            self.withdraw("flat", now, out)

    def cover(self, position: Lots, now: Nanos, out: Outbox) -> bool:
        """Bring the pair in line with a position that is not 0; return False where only an exit helps."""
        lots = position if position > 0 else Lots(-position)
        self.blocked = None
        if position * self.side <= 0:
            return False  # more was sold than held, by whatever race: no stop belongs to this direction
        if self.stop_refused:
            return False
        stop = self.stop
        if stop is not None and stop.leaves == lots and stop.trigger == self.stop_price:
            # Also where a cancel of it is pending: once that is confirmed, a new pair is placed.
            target = self.target
            if target is not None and target.leaves != lots:
                self.table.cancel(target, "size", now, out)
            return True
        if self.is_open():
            self.withdraw("size", now, out)
            return True
        if self.tries >= PLACEMENTS_MAX:
            return False
        self.blocked = self._objection(self._leg(PROTECT_STOP, lots), now, beside=0)
        if self.blocked is not None:
            return False
        self.tries += 1
        self._place(lots, now, out)
        return True

    def _objection(self, leg: OrderRequest, now: Nanos, *, beside: i64) -> Check | None:
        """Return why a leg may not leave."""
        return None if self.wire is None else self.wire.order(leg, leg.lots, Lots(0), now, beside=beside)

    def _place(self, lots: Lots, now: Nanos, out: Outbox) -> None:
        """Send a new pair; both legs know each other's id before either leaves."""
        self.leg_filled = False
        stop_id = self.table.take_id()
        has_target = self.target_price > 0
        if has_target and self.wire is not None:
            has_target = self._objection(self._leg(PROTECT_TARGET, lots), now, beside=1) is None
        target_id: i64 = self.table.take_id() if has_target else 0
        stop = Order(stop_id, self._leg(PROTECT_STOP, lots), lots, sibling_id=target_id, reduce_only=True)
        self.stop = stop
        self.table.submit(stop, now, out)
        if target_id > 0:
            target = Order(target_id, self._leg(PROTECT_TARGET, lots), lots, sibling_id=stop_id, reduce_only=True)
            self.target = target
            self.table.submit(target, now, out)

    def _leg(self, purpose: i64, lots: Lots) -> OrderRequest:
        """Return the request of one leg."""
        is_stop = purpose == PROTECT_STOP
        return OrderRequest(
            intent_id=self.intent_id,
            instrument=self.instrument,
            slot=self.slot,
            purpose=purpose,
            order_type=STOP if is_stop else LIMIT,
            side=SELL if self.side == BUY else BUY,
            lots=lots,
            reference=self.stop_price if is_stop else self.target_price,
            limit=Ticks(0) if is_stop else self.target_price,
            trigger=self.stop_price if is_stop else Ticks(0),
            stop=Ticks(0),
            target=Ticks(0),
        )

    def write_state(self, out: BytesWriter) -> None:
        """Write the ids of the open legs (0 where none), then prices, owner and counts."""
        write_i64_le(out, self.stop.order_id if self.stop is not None else 0)
        write_i64_le(out, self.target.order_id if self.target is not None else 0)
        write_i64_le(out, self.side)
        write_i64_le(out, self.stop_price)
        write_i64_le(out, self.target_price)
        write_i64_le(out, self.intent_id)
        write_i64_le(out, self.slot)
        write_i64_le(out, self.opened_by)
        write_i64_le(out, self.tries)
        write_flag(out, self.stop_refused)
        write_flag(out, self.leg_filled)
