# SPDX-License-Identifier: Apache-2.0
"""Ask one stage by hand: the events it answers with, and the few events that most tests need."""

from collections.abc import Sequence
from struct import pack

from bot4.domain.event import Event
from bot4.domain.marketdata import Bar, Equity, Features
from bot4.domain.order import ENTER, FILLED, MARKET, Execution, Fill, OrderRequest, OrderUpdate
from bot4.domain.position import Position
from bot4.domain.stage import Outbox, Stage
from bot4.domain.values import BUY, HOUR_NS, MONEY_ONE, Lots, Money, Nanos, Ticks

MIDNIGHT = 1_600_041_600_000_000_000
"""2020-09-14 00:00 UTC: the first bar of a test ends an hour later."""


def answers(stage: Stage, event: Event, now: int | None = None) -> list[Event]:
    """Hand a stage one event and return what it puts, in order."""
    out = Outbox(256)
    stage.handle(event, Nanos(int(event.ts_known_ns) if now is None else now), out)
    return [out.cells[k].event for k in range(int(out.tail))]


def carried(stage: Stage, event: Event, now: int | None = None) -> list[Event]:
    """Hand a stage one event and, in turn, everything it puts that it consumes itself; return all it put."""
    put = answers(stage, event, now)
    for other in put:  # grows while it is read: first in, first out
        if other.kind in stage.consumes:
            put.extend(answers(stage, other, now))
        assert len(put) < 200, "answers without end"
    return put


def bar(
    number: int, prices: Sequence[int] | int = 100_000, *, volume: int = 10_000, instrument: int = 0, hours: int = 1
) -> Bar:
    """The bar of the given number after midnight: one price, or open, high, low, close in ticks."""
    o, h, low, c = [prices] * 4 if isinstance(prices, int) else prices
    open_ns = MIDNIGHT + number * hours * HOUR_NS
    known = Nanos(open_ns + hours * HOUR_NS)
    return Bar(known, instrument, Nanos(open_ns), Ticks(o), Ticks(h), Ticks(low), Ticks(c), Lots(volume))


def features(
    number: int, values: Sequence[float], prices: Sequence[int] | int = 100_000, *, instrument: int = 0
) -> Features:
    """The features of the bar of the given number."""
    return Features(bar(number, prices, instrument=instrument), pack(f"<{len(values)}d", *values), 0)


def equity(units: float, cash: float | None = None, now: int = MIDNIGHT) -> Equity:
    """The account's worth, in units of its currency."""
    money = Money(round(units * MONEY_ONE))
    return Equity(Nanos(now), money, money if cash is None else Money(round(cash * MONEY_ONE)))


def position(lots: int, *, instrument: int = 0, now: int = MIDNIGHT) -> Position:
    """A position after it changed."""
    return Position(Nanos(now), instrument, Lots(lots), Money(0), Money(0), Money(0))


def request(
    intent_id: int = 1,
    lots: int = 100,
    *,
    side: int = BUY,
    purpose: int = ENTER,
    reference: int = 100_000,
    stop: int | None = None,
    instrument: int = 0,
) -> OrderRequest:
    """A market order whose stop is 1 % away on the losing side unless told otherwise."""
    return OrderRequest(
        intent_id=intent_id,
        instrument=instrument,
        slot=0,
        purpose=purpose,
        order_type=MARKET,
        side=side,
        lots=Lots(lots),
        reference=Ticks(reference),
        limit=Ticks(0),
        trigger=Ticks(0),
        stop=Ticks(reference - side * reference // 100 if stop is None else stop),
        target=Ticks(0),
    )


def update(
    intent_id: int,
    state: int = FILLED,
    *,
    purpose: int = ENTER,
    filled: int = 0,
    leaves: int = 0,
    side: int = BUY,
    instrument: int = 0,
    now: int = MIDNIGHT,
) -> OrderUpdate:
    """An order's state after a report."""
    return OrderUpdate(
        Nanos(now),
        order_id=intent_id + 1_000,
        intent_id=intent_id,
        instrument=instrument,
        purpose=purpose,
        side=side,
        state=state,
        filled=Lots(filled),
        leaves=Lots(leaves),
        price=Ticks(0),
    )


def fill(lots: int, *, side: int = BUY, purpose: int = ENTER, intent_id: int = 1, instrument: int = 0) -> Fill:
    """An execution applied to our books."""
    execution = Execution(
        Nanos(MIDNIGHT),
        Nanos(MIDNIGHT),
        order_id=intent_id + 1_000,
        trade_id=1,
        instrument=instrument,
        side=side,
        lots=Lots(lots),
        price=Ticks(100_000),
        fee=Money(0),
        is_maker=False,
    )
    return Fill(execution, intent_id=intent_id, slot=0, purpose=purpose)
