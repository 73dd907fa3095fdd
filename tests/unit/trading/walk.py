# SPDX-License-Identifier: Apache-2.0
"""One instrument traded by hand: say what risk or the venue says, read what trading answers, in short lines."""

from librt.strings import BytesWriter

from bot4.domain.event import Event
from bot4.domain.order import (
    ENTER,
    EXIT,
    MARKET,
    ORDER_STATES,
    ORDER_TYPES,
    PURPOSES,
    Execution,
    Fill,
    Inquire,
    OrderRequest,
    OrderUpdate,
    OrderWord,
    Submit,
    accepted,
    cancel_rejected,
    canceled,
    expired,
    rejected,
)
from bot4.domain.stage import Outbox
from bot4.domain.values import BUY, SELL, Lots, Money, Nanos, Ticks
from bot4.domain.verdict import NORMAL, Approved, Refused
from bot4.trading.conditions import Conditions
from bot4.trading.execution import Trading

NOW = Nanos(1_000)
SIDES = {BUY: "buy", SELL: "sell"}


def request(
    intent_id: int,
    side: int,
    lots: int,
    *,
    purpose: int = ENTER,
    order_type: int = MARKET,
    limit: int = 0,
    trigger: int = 0,
    stop: int = 0,
    target: int = 0,
    instrument: int = 0,
) -> OrderRequest:
    """A request as risk would approve it; prices that are not said are absent."""
    return OrderRequest(
        intent_id=intent_id,
        instrument=instrument,
        slot=0,
        purpose=purpose,
        order_type=order_type,
        side=side,
        lots=Lots(lots),
        reference=Ticks(100),
        limit=Ticks(limit),
        trigger=Ticks(trigger),
        stop=Ticks(stop),
        target=Ticks(target),
    )


def approved(asked: OrderRequest) -> Approved:
    """Risk's yes."""
    return Approved(NOW, asked, NORMAL, [])


def execution(order_id: int, trade_id: int, side: int, lots: int, price: int, instrument: int = 0) -> Execution:
    """The venue's report of a trade, free of fees."""
    return Execution(
        NOW,
        NOW,
        order_id=order_id,
        trade_id=trade_id,
        instrument=instrument,
        side=side,
        lots=Lots(lots),
        price=Ticks(price),
        fee=Money(0),
        is_maker=False,
    )


def line(event: Event) -> str:
    """What trading said, in one short line."""
    if isinstance(event, Submit):
        price = event.limit or event.trigger
        at = f" at {price}" if price else ""
        pair = f" with {event.sibling_id}" if event.sibling_id else ""
        only = " reduce-only" if event.reduce_only else ""
        kind = f"{PURPOSES[event.purpose]} {ORDER_TYPES[event.order_type]}"
        return f"submit {event.order_id}: {kind} {SIDES[event.side]} {event.lots}{at}{pair}{only}"
    if isinstance(event, Inquire):
        wait_ms = (event.due_ns - event.ts_event_ns) // 1_000_000
        return f"inquire {event.order_id}: attempt {event.attempt}, in {wait_ms} ms"
    if isinstance(event, OrderWord):
        return f"cancel {event.order_id}: {event.reason}"
    if isinstance(event, OrderUpdate):
        return f"order {event.order_id}: {ORDER_STATES[event.state]}, filled {event.filled}, open {event.leaves}"
    if isinstance(event, Fill):
        return f"fill {event.order_id}: {PURPOSES[event.purpose]} {SIDES[event.side]} {event.lots} at {event.price}"
    assert isinstance(event, Refused), f"trading emitted a {type(event).__name__}"
    return f"refused {event.intent_id}: {event.rule} ({event.measured:g} against {event.limit:g})"


class Walk:
    """A trading stage and what it said last; ``size`` bounds the answer to one event."""

    def __init__(self, instruments: int = 1, size: int = 64, conditions: Conditions | None = None) -> None:
        self.trading = Trading(instruments, conditions=conditions)
        self.out = Outbox(size)
        self.trades = 0
        self.now = NOW

    def hear(self, event: Event) -> list[Event]:
        """Give one event to the stage and return what it emits."""
        self.out.tail = 0
        self.trading.handle(event, self.now, self.out)
        return [cell.event for cell in self.out.cells[: self.out.tail]]

    def enter(self, intent_id: int, side: int, lots: int, **prices: int) -> list[str]:
        """Risk approves an entry with a stop at 90 (110 for a sale) unless said otherwise."""
        prices.setdefault("stop", 90 if side == BUY else 110)
        return [line(e) for e in self.hear(approved(request(intent_id, side, lots, **prices)))]

    def exit(self, intent_id: int, side: int, lots: int) -> list[str]:
        """Risk approves an exit."""
        return [line(e) for e in self.hear(approved(request(intent_id, side, lots, purpose=EXIT)))]

    def accept(self, order_id: int) -> list[str]:
        """The venue accepts."""
        return [line(e) for e in self.hear(accepted(NOW, NOW, order_id, 0))]

    def reject(self, order_id: int) -> list[str]:
        """The venue rejects."""
        return [line(e) for e in self.hear(rejected(NOW, NOW, order_id, 0, "no"))]

    def cancel(self, order_id: int) -> list[str]:
        """The venue says the order is canceled."""
        return [line(e) for e in self.hear(canceled(NOW, NOW, order_id, 0, ""))]

    def expire(self, order_id: int) -> list[str]:
        """The venue says the order ended by time."""
        return [line(e) for e in self.hear(expired(NOW, NOW, order_id, 0, ""))]

    def refuse_cancel(self, order_id: int) -> list[str]:
        """The venue refuses a cancel."""
        return [line(e) for e in self.hear(cancel_rejected(NOW, NOW, order_id, 0, ""))]

    def fill(self, order_id: int, lots: int, price: int, trade_id: int = 0) -> list[str]:
        """The venue reports a trade of an order we know, under a trade id of its own unless one is said."""
        self.trades += 1
        order = self.trading.table.find(order_id)
        assert order is not None, f"order {order_id} was never sent"
        report = execution(order_id, trade_id or self.trades, order.side, lots, price)
        return [line(e) for e in self.hear(report)]

    def held(self, instrument: int = 0) -> int:
        """Signed lots by trading's own count."""
        return int(self.trading.position(instrument))

    def state(self) -> bytes:
        """The stage's state as it enters the state hash."""
        out = BytesWriter()
        self.trading.write_state(out)
        return out.getvalue()
