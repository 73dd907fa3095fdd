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
"""

from typing import Final, final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.domain.event import write_flag
from bot4.domain.order import ENTER, EXIT, MARKET, OrderRequest
from bot4.domain.stage import Outbox
from bot4.domain.values import BUY, SELL, Lots, Nanos, Ticks
from bot4.domain.verdict import Refused
from bot4.trading.book import OrderTable
from bot4.trading.orders import Order
from bot4.trading.protection import TRIES_MAX, Protection

ALL: Final = 1 << 40
"""More lots than any position has: a forced exit sells what is held."""


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


@final
class Desk:
    """Carry out requests on one instrument and keep what is held protected.

    Parameters
    ----------
    instrument : int
        The instrument's index.
    table : OrderTable
        Where orders are kept and numbered.

    Attributes
    ----------
    position : Lots
        Signed: the sum of the fills applied.
    enter, exit : Order or None
        The entry and the exit while they are open.
    leaving : OrderRequest or None
        The exit that waits until everything else has ended.
    forced : bool
        Whether that exit is the desk's own, because no stop can be had.
    """

    __slots__ = ("instrument", "table", "pair", "position", "enter", "exit", "leaving", "forced", "enter_over")

    def __init__(self, instrument: i64, table: OrderTable) -> None:
        self.instrument = instrument
        self.table = table
        self.pair = Protection(instrument, table)
        self.position = Lots(0)
        self.enter: Order | None = None
        self.exit: Order | None = None
        self.leaving: OrderRequest | None = None
        self.forced = False
        self.enter_over = False

    def request_enter(self, request: OrderRequest, now: Nanos, out: Outbox) -> None:
        """Send an approved entry, or refuse it because it cannot be carried out now."""
        is_flat = self.position == 0
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
        else:
            order = Order(self.table.take_id(), request, request.lots, sibling_id=0, reduce_only=False)
            self.enter = order
            self.enter_over = False
            self.table.intents[request.intent_id] = int(order.order_id)
            self.table.submit(order, now, out)

    def request_exit(self, request: OrderRequest, now: Nanos, out: Outbox) -> None:
        """Begin an approved exit, or refuse it: one is under way, or there is and will be nothing to exit."""
        held = -self.position * request.side
        if self.exit is not None or self.leaving is not None:
            out.put(refuse(now, request, "trading.busy", 2, 1))
        elif held <= 0 and self.enter is None:
            out.put(refuse(now, request, "trading.nothing_to_exit", held, 1))
        else:
            self.leaving = request
            self.forced = False

    def end_entry(self, now: Nanos, out: Outbox) -> None:
        """Cancel what is still open of an entry: no new risk is taken from here on."""
        if self.enter is not None:
            self.table.cancel(self.enter, "paused", now, out)
            self.enter_over = True

    def ask_again(self) -> None:
        """Forget how often the venue has refused: a new request is a reason to try again."""
        self.pair.heard()
        self.pair.leg_filled = False
        for order in (self.enter, self.pair.stop, self.pair.target):
            if order is not None:
                order.cancels = 0

    def filled(self, order: Order, lots: Lots) -> None:
        """Count an execution that was applied to an order."""
        self.position = Lots(self.position + order.side * lots)
        self.pair.heard()
        if order.purpose == ENTER:
            self.pair.adopt(order, self.position)
        elif order.purpose != EXIT:
            self.pair.leg_filled = self.pair.leg_filled or order is self.pair.stop or order is self.pair.target
            self.enter_over = True

    def ended(self, order: Order) -> None:
        """Let go of an order that has ended."""
        if order is self.enter:
            self.enter = None
        elif order is self.exit:
            self.exit = None
        else:
            self.pair.ended(order)

    def settle(self, now: Nanos, out: Outbox) -> None:
        """Do what the situation calls for: pursue the exit, or keep the position protected."""
        if self.leaving is None and self.exit is None:
            if self.enter_over:
                self.table.cancel(self.enter, "protection filled", now, out)
            if self.position == 0:
                self.pair.release(now, out)
            elif not self.pair.cover(self.position, now, out):
                self._force_exit(now, out)
        if self.leaving is not None:
            self._pursue_exit(self.leaving, now, out)

    def _force_exit(self, now: Nanos, out: Outbox) -> None:
        """Leave at the market rather than stay without a stop; report when even that is refused."""
        pair = self.pair
        pair.tries += 1
        request = OrderRequest(
            intent_id=pair.intent_id,
            instrument=self.instrument,
            slot=pair.slot,
            purpose=EXIT,
            order_type=MARKET,
            side=SELL if self.position > 0 else BUY,
            lots=Lots(ALL),
            reference=pair.stop_price,
            limit=Ticks(0),
            trigger=Ticks(0),
            stop=Ticks(0),
            target=Ticks(0),
        )
        if pair.tries > TRIES_MAX:
            no = refuse(now, request, "trading.unprotected", self.position, 0)
            no.intent_id = -1  # nobody's intent ends by this
            out.put(no)
        else:
            self.leaving = request
            self.forced = True

    def _pursue_exit(self, request: OrderRequest, now: Nanos, out: Outbox) -> None:
        """Cancel whatever is open; once all has ended, sell what is held, at most what was asked."""
        if self.enter is not None or self.pair.is_open():
            self.table.cancel(self.enter, "exit", now, out)
            self.pair.withdraw("exit", now, out)
            return
        self.leaving = None
        held = Lots(-self.position * request.side)
        if held <= 0:
            if not self.forced:
                out.put(refuse(now, request, "trading.nothing_to_exit", held, 1))
            if self.position != 0:
                self.settle(now, out)
            return
        lots = Lots(min(request.lots, held))
        order = Order(self.table.take_id(), request, lots, sibling_id=0, reduce_only=True)
        self.exit = order
        if not self.forced:
            self.table.intents[request.intent_id] = int(order.order_id)
        self.table.submit(order, now, out)

    def write_state(self, out: BytesWriter) -> None:
        """Write the position, the ids of open orders (0 where none), the waiting exit, and the protection."""
        write_i64_le(out, self.position)
        write_i64_le(out, self.enter.order_id if self.enter is not None else 0)
        write_i64_le(out, self.exit.order_id if self.exit is not None else 0)
        write_flag(out, self.enter_over)
        write_flag(out, self.forced)
        write_flag(out, self.leaving is not None)
        if self.leaving is not None:
            self.leaving.write(out)
        self.pair.write_state(out)
