# SPDX-License-Identifier: Apache-2.0
"""The desk of one instrument: its position by our own count, one entry, one exit, one protection.

The desk is asked to :meth:`Desk.settle` after every report and every request, and
does what the situation then calls for. It keeps no script of what should happen
next, so reports may come in any order. Not in it: how an order's state changes
(``orders``) and who may ask (``execution``).

- One entry at a time, none while an exit is under way, none against the position,
  and none until the last trade's protective orders are gone.
- An exit first cancels the working entry and the protective pair and waits until
  each has ended, since each may fill meanwhile; then it sells what is held *then*,
  at most what was asked. Canceling the entry first also keeps the exit from trading
  with it.
- When a stop or target fills, the rest of a working entry is canceled: what ended
  the position must not be bought again by its own remainder.
- A fill that comes after everything had ended is protected like any other.
- Less than the venue lets one sell is as good as nothing: no stop and no exit is tried for it, and a later entry
  adds to it. It stays in the position, and what is no whole lot in the dust.
- More sold than held, or bought than owed, by whatever race: the excess is told and
  left at the market at once.

With the conditions of a real venue known, besides: no order leaves that a filter
objects to; what is too small for a stop and for an exit is *stuck*, told once as
dust and left alone; what never left is tried again, later each time; an orphan that the venue
does not cancel is canceled; a stop that is overdue is given up for an exit.
"""

from typing import Final, final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.domain.event import write_flag
from bot4.domain.order import ENTER, EXIT, MARKET, OrderRequest, OrderWord
from bot4.domain.order_prices import names_limit
from bot4.domain.stage import Outbox
from bot4.domain.values import BUY, SELL, Lots, Nanos, Ticks
from bot4.domain.verdict import Check, Refused
from bot4.trading.book import CANCELS_MAX, OrderTable
from bot4.trading.conditions import Conditions
from bot4.trading.desk_waits import UNSENT_MAX, DeskWaits
from bot4.trading.fates import Fates
from bot4.trading.fees import Dust
from bot4.trading.orders import Order
from bot4.trading.protection import TRIES_MAX, Protection
from bot4.trading.wire import Wire, is_too_small

ALL: Final = 1 << 40
"""More lots than any position has: a forced exit sells what is held."""

ONE_LOT: Final = Lots(1)


def refuse(now: Nanos, request: OrderRequest, rule: str, measured: i64, limit: i64) -> Refused:
    """Return trading's no to an approved request: its intent is over."""
    return Refused(
        now,
        intent_id=request.intent_id,
        slot=request.slot,
        instrument=request.instrument,
        rule=rule,
        measured=float(measured),
        limit=float(limit),
    )


def object_to(now: Nanos, request: OrderRequest, check: Check) -> Refused:
    """Return trading's no to an approved request for what was measured."""
    no = refuse(now, request, check.rule, 0, 0)
    no.measured = check.measured
    no.limit = check.limit
    return no


def fault(now: Nanos, request: OrderRequest, rule: str, measured: i64, limit: i64) -> Refused:
    """Return a fault of a desk as a value that ends no intent."""
    no = refuse(now, request, rule, measured, limit)
    no.intent_id = -1
    return no


def way_out(pair: Protection, position: Lots) -> OrderRequest:
    """Return the request that leaves at the market what is held."""
    return OrderRequest(
        intent_id=pair.intent_id,
        instrument=pair.instrument,
        slot=pair.slot,
        purpose=EXIT,
        order_type=MARKET,
        side=SELL if position > 0 else BUY,
        lots=Lots(ALL),
        reference=pair.stop_price,
        limit=Ticks(0),
        trigger=Ticks(0),
        stop=Ticks(0),
        target=Ticks(0),
    )


@final
class Desk:
    """Carry out requests on one instrument and keep what is held protected.

    Parameters
    ----------
    instrument : int
        The instrument's index.
    table : OrderTable
        Where orders are kept and numbered.
    fates : Fates
        Who asks about orders of unknown fate.
    lot_units : int
        One lot in 1e-8 of the base asset, 0 where no fee in it can be counted.
    least : Lots
        The smallest quantity that can be sold.
    conditions : Conditions, optional
        Of a real venue.

    Attributes
    ----------
    stuck : Lots
        The position that nothing could be done about when it was last looked at; 0 where there is none.
    position : Lots
        Signed: the sum of the fills applied, less the whole lots that fees took.
    dust : Dust
        What of the base asset is no whole lot.
    enter, exit : Order or None
        The entry and the exit while they are open.
    leaving : OrderRequest or None
        The exit that waits until everything else has ended.
    forced : bool
        Whether that exit is the desk's own, because no stop can be had.
    """

    __slots__ = (
        "instrument",
        "table",
        "least",
        "dust",
        "pair",
        "position",
        "enter",
        "exit",
        "leaving",
        "forced",
        "enter_over",
        "wire",
        "waits",
        "stuck",
    )

    def __init__(
        self,
        instrument: i64,
        table: OrderTable,
        fates: Fates,
        *,
        lot_units: i64 = 0,
        least: Lots = ONE_LOT,
        conditions: Conditions | None = None,
    ) -> None:
        self.instrument = instrument
        self.table = table
        self.least = least
        self.dust = Dust(lot_units)
        self.wire: Wire | None = None
        self.waits: DeskWaits | None = None
        if conditions is not None:
            self.wire = Wire(instrument, conditions, table)
            self.waits = DeskWaits(conditions, fates)
        self.stuck = Lots(0)
        self.pair = Protection(instrument, table, self.wire)
        self.position = Lots(0)
        self.enter: Order | None = None
        self.exit: Order | None = None
        self.leaving: OrderRequest | None = None
        self.forced = False
        self.enter_over = False

    def request_enter(self, request: OrderRequest, now: Nanos, out: Outbox) -> None:
        """Send an approved entry, or refuse it because it cannot be carried out now."""
        is_flat = self.is_flat() or self.position == self.stuck
        if (
            self.enter is not None
            or self.exit is not None
            or self.leaving is not None
            or (is_flat and self.pair.is_open())
        ):
            out.put(refuse(now, request, "trading.busy", 2, 1))
        elif self.position * request.side < 0:
            out.put(refuse(now, request, "trading.opposite", self.position, 0))
        elif request.stop <= 0:
            out.put(refuse(now, request, "trading.stop_missing", request.stop, 1))
        elif not is_flat and self.pair.stop is None:
            out.put(refuse(now, request, "trading.unprotected", self.position, 0))
        elif names_limit(request.order_type) and request.side * (request.limit - self.pair.nearest(request)) <= 0:
            # It could rest where its own stop would meet it: the two must never trade with each other.
            out.put(refuse(now, request, "trading.own_price", request.limit, self.pair.nearest(request)))
        else:
            lots = request.lots
            if self.wire is not None:
                lots = self.wire.fitting(lots, request.order_type)
                no = self.wire.entry(request, lots, self.position, now)
                if no is not None:
                    out.put(object_to(now, request, no))
                    return
            order = Order(self.table.take_id(), request, lots, sibling_id=0, reduce_only=False)
            self.enter = order
            self.enter_over = False
            self.table.intents[request.intent_id] = int(order.order_id)
            self.table.submit(order, now, out)

    def request_exit(self, request: OrderRequest, now: Nanos, out: Outbox) -> None:
        """Begin an approved exit, or refuse it: one is under way, or there is and will be nothing to exit."""
        held = -self.position * request.side
        if self.exit is not None or self.leaving is not None:
            out.put(refuse(now, request, "trading.busy", 2, 1))
        elif held < self.least and self.enter is None:
            out.put(refuse(now, request, "trading.nothing_to_exit", held, self.least))
        else:
            self.leaving = request
            self.forced = False

    def end_entry(self, why: str, now: Nanos, out: Outbox) -> None:
        """Cancel what is still open of an entry: no new risk is taken from here on."""
        if self.enter is not None:
            self.table.cancel(self.enter, why, now, out)
            self.enter_over = True

    def ask_again(self) -> None:
        """Forget how often the venue has refused: a new request is a reason to try again."""
        self.pair.heard()
        self.pair.leg_filled = False
        if self.waits is not None:
            self.waits.heard()
        allow_cancels(self, CANCELS_MAX)

    def filled(self, order: Order, lots: Lots) -> None:
        """Count an execution that was applied to an order."""
        self.position = Lots(self.position + order.side * lots)
        self.stuck = Lots(0)
        self.pair.heard()
        if order.purpose == ENTER:
            self.pair.adopt(order, self.position)
        elif order.purpose != EXIT:
            self.pair.leg_filled = self.pair.leg_filled or order is self.pair.stop or order is self.pair.target
            self.enter_over = True

    def is_flat(self) -> bool:
        """Say whether nothing is held that could be sold."""
        return -self.least < self.position < self.least

    def ended(self, order: Order, now: Nanos, out: Outbox, *, never_left: bool) -> None:
        """Let go of an order that has ended; what never left, or found nobody to trade with, is tried again, later."""
        never_left = never_left and self.waits is not None
        is_idle_exit = order is self.exit and self.forced and order.filled == 0 and order.order_type == MARKET
        waits = is_idle_exit or (never_left and order is self.pair.stop)
        if order is self.enter:
            self.enter = None
        elif order is self.exit:
            self.exit = None
            if waits and self.waits is not None and self.pair.tries > 0:
                self.pair.tries -= 1
        else:
            self.pair.ended(order, never_left=never_left)
        if waits and self.waits is not None:
            self.waits.wait_to_send(order, now, out)
            if self.waits.unsent >= UNSENT_MAX:
                self.pair.stop_refused = True
                rule = "trading.unsent" if never_left else "trading.unprotected"
                out.put(fault(now, way_out(self.pair, self.position), rule, self.waits.unsent, UNSENT_MAX))

    def answered(self, word: OrderWord, now: Nanos, out: Outbox) -> None:
        """Go on where a report ends a wait: send or cancel again, or cancel the orphan that the venue has left."""
        if self.waits is None or not self.waits.is_over(word, now):
            return
        allow_cancels(self, 1)
        if self.position == 0 and self.pair.leg_filled:
            self.pair.withdraw("orphan", now, out)
        self._watch_stop(now, out)
        self.settle(now, out)

    def see(self, price: Ticks, now: Nanos, out: Outbox) -> None:
        """Take in a trade of the market, which may reach the stop."""
        if self.waits is not None:
            self.waits.overdue.see(self.pair.stop, price, now)
            if self._watch_stop(now, out):
                self.settle(now, out)

    def _watch_stop(self, now: Nanos, out: Outbox) -> bool:
        """Leave rather than wait any longer for a stop that was reached and should have filled by now."""
        is_leaving = self.leaving is not None or self.exit is not None
        if self.waits is None or is_leaving or not self.waits.is_overdue(self.pair.stop, now, out):
            return False
        out.put(fault(now, way_out(self.pair, self.position), "trading.stop_overdue", self.position, 0))
        self._force_exit(now, out, is_banded=True)
        return True

    def settle(self, now: Nanos, out: Outbox) -> None:
        """Do what the situation calls for: pursue the exit, or keep the position protected."""
        if self.leaving is None and self.exit is None:
            if self.enter_over:
                self.table.cancel(self.enter, "protection filled", now, out)
            if self.is_flat():
                self.pair.release(now, out)
                self._watch_orphan(now, out)
            elif not self._must_wait() and not self.pair.cover(self.position, now, out):
                self._force_exit(now, out)
        if self.leaving is not None:
            self._pursue_exit(self.leaving, now, out)

    def _force_exit(self, now: Nanos, out: Outbox, *, is_banded: bool = False) -> None:
        """Leave at the market rather than stay without a stop; report when even that is refused."""
        pair = self.pair
        blocked = pair.blocked
        if self.enter is not None and blocked is not None and is_too_small(blocked):
            return  # a part of an entry that is too small for a stop, while more of it may fill
        pair.tries += 1
        if pair.tries > TRIES_MAX:
            out.put(fault(now, way_out(self.pair, self.position), "trading.unprotected", self.position, 0))
            return
        if self.position * pair.side <= 0:
            out.put(fault(now, way_out(self.pair, self.position), "trading.overfilled", self.position, 0))
        leaving = way_out(pair, self.position)
        self.leaving = self.wire.banded(leaving) if is_banded and self.wire is not None else leaving
        self.forced = True

    def _must_wait(self) -> bool:
        """Say whether nothing can be done for what is held: it is dust, or the time to send again has not come."""
        return self.position == self.stuck or (self.waits is not None and self.waits.retry_id != 0)

    def _watch_orphan(self, now: Nanos, out: Outbox) -> None:
        """Wait for the end of a leg whose sibling has filled: the venue cancels it, or we do."""
        orphan = self.pair.stop if self.pair.stop is not None else self.pair.target
        if self.waits is not None and self.pair.leg_filled and orphan is not None:
            self.waits.wait_for_end(orphan, now, out)

    def _pursue_exit(self, request: OrderRequest, now: Nanos, out: Outbox) -> None:
        """Cancel whatever is open; once all has ended, sell what is held, at most what was asked."""
        if self.enter is not None or self.pair.is_open():
            self.table.cancel(self.enter, "exit", now, out)
            self.pair.withdraw("exit", now, out)
            return
        self.leaving = None
        held = Lots(-self.position * request.side)
        if held < self.least:
            if not self.forced:
                out.put(refuse(now, request, "trading.nothing_to_exit", held, self.least))
            if not self.is_flat():
                self.settle(now, out)
            return
        lots = Lots(min(request.lots, held))
        if self.wire is not None:
            no = self.wire.exit(request, lots, self.position, now)
            lots = self.wire.fitting(lots, request.order_type)
            if no is not None:
                self._cannot_leave(request, no, now, out)
                return
        order = Order(self.table.take_id(), request, lots, sibling_id=0, reduce_only=True)
        self.exit = order
        if not self.forced:
            self.table.intents[request.intent_id] = int(order.order_id)
        self.table.submit(order, now, out)

    def _cannot_leave(self, request: OrderRequest, check: Check, now: Nanos, out: Outbox) -> None:
        """Tell why no exit may leave; what is too small for one, and for a stop, is dust from here on."""
        if not self.forced:
            out.put(object_to(now, request, check))
            self.settle(now, out)
            return
        if request.order_type != MARKET:
            self.leaving = way_out(self.pair, self.position)
            self._pursue_exit(self.leaving, now, out)
            return
        no = object_to(now, request, check)
        no.intent_id = -1
        if is_too_small(check):
            self.stuck = self.position
            no.rule = "trading.dust"
        out.put(no)

    def write_state(self, out: BytesWriter) -> None:
        """Write the position, the ids of open orders (0 where none), the waiting exit, and the protection.

        With conditions known, then what is stuck, what is known of the market, and what is waited for.
        """
        write_i64_le(out, self.position)
        write_i64_le(out, self.enter.order_id if self.enter is not None else 0)
        write_i64_le(out, self.exit.order_id if self.exit is not None else 0)
        write_flag(out, self.enter_over)
        write_flag(out, self.forced)
        write_flag(out, self.leaving is not None)
        if self.leaving is not None:
            self.leaving.write(out)
        self.pair.write_state(out)
        if self.wire is not None and self.waits is not None:
            write_i64_le(out, self.stuck)
            self.wire.write_state(out)
            self.waits.write_state(out)


def take_fee(desk: Desk, amount: i64) -> Lots:
    """Let a fee leave what a desk holds, in 1e-8 of the base asset; return how many whole lots went with it."""
    lots = desk.dust.pay(amount, desk.position)
    desk.position = Lots(desk.position - lots)
    return lots


def allow_cancels(desk: Desk, times: i64) -> None:
    """Let the cancel of each order that a desk may want ended be asked for so many times more, whatever was refused."""
    for order in (desk.enter, desk.pair.stop, desk.pair.target):
        if order is not None and order.cancels > CANCELS_MAX - times:
            order.cancels = CANCELS_MAX - times
