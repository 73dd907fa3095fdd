# SPDX-License-Identifier: Apache-2.0
"""A small run told by hand: two strategies, one bracketed trade with everything that belongs to it, and noise."""

from collections.abc import Iterator
from decimal import Decimal

from bot4.domain.event import Event
from bot4.domain.ids import client_order_id
from bot4.domain.instrument import Instrument
from bot4.domain.order import (
    ENTER,
    FILLED,
    LIMIT,
    MARKET,
    PART_FILLED,
    PROTECT_STOP,
    STOP,
    WORKING,
    Execution,
    Fill,
    OrderRequest,
    OrderUpdate,
    Submit,
    accepted,
    cancel_command,
    canceled,
)
from bot4.domain.position import DayClosed, Position
from bot4.domain.signal import Certificate, Evidence, EvidenceFigures, Halted, Signal, SignalEvent
from bot4.domain.values import BUY, DAY_NS, SELL, Lots, Money, Nanos, Ticks
from bot4.domain.verdict import PAUSED, Approved, Check, Intent, Mode, Refused, Share, Untradable
from bot4.record.format import Record
from bot4.record.header import JournalHeader, header_record
from bot4.record.journal import JournalWriter
from bot4.record.reader import read_records
from bot4.record.wording import Names
from tests.unit.record.events import RUN, STATE, MemorySink

HEADER = JournalHeader(run=RUN, command="backtest", config={})
BITCOIN = Instrument(
    0, "BTCUSDT", base="BTC", quote="USDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.00001"), min_lots=1
)
NAMES = Names(["momentum", "range"], [BITCOIN])
DAY = 19_000
NOON = DAY * DAY_NS + DAY_NS // 2
SECOND = 1_000_000_000


class Told:
    """Hold a journal in memory; read it as often as asked."""

    def __init__(self, data: bytes, header: JournalHeader = HEADER) -> None:
        self.data = data
        self.header = header
        self.passes = 0

    def __iter__(self) -> Iterator[Record]:
        """Yield every record."""
        self.passes += 1
        return read_records([self.data], "story")


def at(second: int) -> Nanos:
    """Return a moment of the story."""
    return Nanos(NOON + second * SECOND)


def judged(second: int, slot: int, number: int, *, passed: bool) -> Evidence:
    """Return a day's evidence of one strategy."""
    figures = EvidenceFigures(
        days=120,
        closed_trades=40,
        trials=3,
        mean=0.001,
        sharpe=3.5,
        sharpe_excess=2.5,
        p_value=0.01 if passed else 0.4,
        deflated=0.97,
        confidence=0.9,
        track_days_min=60.0,
        total_return=0.2,
    )
    rule, measured, limit = ("", 0.0, 0.0) if passed else ("evidence.p_value", 0.4, 0.05)
    return Evidence(at(second), slot, number, figures, passed=passed, rule=rule, measured=measured, limit=limit)


def wish(intent_id: int, purpose: int, side: int, lots: int) -> OrderRequest:
    """Return an order request of the story."""
    return OrderRequest(
        intent_id=intent_id,
        instrument=0,
        slot=0,
        purpose=purpose,
        order_type=MARKET,
        side=side,
        lots=Lots(lots),
        reference=Ticks(2_000_000),
        limit=Ticks(0),
        trigger=Ticks(0),
        stop=Ticks(1_900_000),
        target=Ticks(2_200_000),
    )


def order(second: int, order_id: int, intent_id: int, **terms: int) -> Submit:
    """Return a submit command of the story."""
    return Submit(
        at(second),
        order_id=order_id,
        intent_id=intent_id,
        slot=0,
        instrument=0,
        purpose=terms.get("purpose", ENTER),
        order_type=terms.get("order_type", MARKET),
        side=terms.get("side", BUY),
        lots=Lots(100),
        limit=Ticks(0),
        trigger=Ticks(terms.get("trigger", 0)),
        sibling_id=0,
        reduce_only=terms.get("purpose", ENTER) != ENTER,
    )


def fill_of(second: int, order_id: int, trade_id: int, lots: int) -> list[Event]:
    """Return an execution, its fill, the order's state and the position after it."""
    execution = Execution(
        at(second),
        at(second),
        order_id=order_id,
        trade_id=trade_id,
        instrument=0,
        side=BUY,
        lots=Lots(lots),
        price=Ticks(2_000_100),
        fee=Money(200_010_000),
        is_maker=False,
    )
    done = 40 if trade_id == 1 else 100
    update = OrderUpdate(
        at(second),
        order_id=order_id,
        intent_id=10,
        instrument=0,
        purpose=ENTER,
        side=BUY,
        state=FILLED if done == 100 else PART_FILLED,
        filled=Lots(done),
        leaves=Lots(100 - done),
        price=Ticks(2_000_100),
    )
    position = Position(at(second), 0, Lots(done), Money(done * 2_000_100_000), Money(0), Money(200_010_000))
    return [execution, Fill(execution, intent_id=10, slot=0, purpose=ENTER), update, position]


def opening() -> list[Event]:
    """Return what leads to order 7: evidence, signals, certificates, the intent and its verdict, with noise between."""
    momentum = SignalEvent(at(1), 0, 0, Signal(0.8, "12 days up", at(900)))
    ranging = SignalEvent(at(1), 1, 0, Signal(0.3, "below the band", at(900)))
    noise = SignalEvent(at(1), 0, 1, Signal(0.8, "another instrument", at(900)))
    checks = [Check("risk.position_cap", 0.0195, 0.02), Check("risk.gross", 0.1, 1.0)]
    shares = [Share(0, 51, 0.7), Share(1, 52, 0.3)]
    return [
        judged(0, 0, 3, passed=False),
        judged(0, 0, 4, passed=True),
        judged(0, 1, 5, passed=False),
        SignalEvent(at(0), 0, 0, Signal(0.5, "an older opinion", at(800))),
        momentum,
        ranging,
        noise,
        Certificate(at(1), 50, noise, evidence_id=4, observed=False),
        Certificate(at(1), 51, momentum, evidence_id=4, observed=False),
        Certificate(at(1), 52, ranging, evidence_id=5, observed=True),
        Intent(at(1), wish(9, ENTER, BUY, 5), [Share(0, 50, 1.0)]),
        Intent(at(1), wish(10, ENTER, BUY, 100), shares),
        Refused(at(1), intent_id=9, slot=0, instrument=0, rule="risk.gross", measured=1.2, limit=1.0),
        Approved(at(1), wish(10, ENTER, BUY, 100), 0, checks),
        order(1, 7, 10),
    ]


def story() -> list[tuple[int, list[Event]]]:
    """Return the run: market rows, and what happened after each."""
    state = OrderUpdate(
        at(2),
        order_id=7,
        intent_id=10,
        instrument=0,
        purpose=ENTER,
        side=BUY,
        state=WORKING,
        filled=Lots(0),
        leaves=Lots(100),
        price=Ticks(0),
    )
    refusals: list[Event] = [
        Refused(at(DAY_NS // SECOND + second), intent_id=-1, slot=1, instrument=0, rule=rule, measured=0.4, limit=0.05)
        for second, rule in enumerate(["evidence.p_value"] * 3 + ["evidence.days"])
    ]
    return [
        (122, opening()),
        (123, [accepted(at(2), at(3), 7, 0), state, *fill_of(4, 7, 1, 40)]),
        (
            124,
            [
                *fill_of(60, 7, 2, 60),
                order(60, 8, 10, purpose=PROTECT_STOP, order_type=STOP, side=SELL, trigger=1_900_000),
            ],
        ),
        (
            200,
            [
                order(70, 31, 11, order_type=LIMIT),
                cancel_command(at(71), 31, 0, "stale"),
                canceled(at(72), at(72), 31, 0, ""),
            ],
        ),
        (300, [DayClosed(at(43_200), DAY, Money(10**13), Money(9 * 10**12), Money(10**12)), *refusals]),
        (
            301,
            [
                Mode(at(90_000), PAUSED, 0, rule="risk.drawdown_10", measured=0.11, limit=0.1),
                Halted(at(90_001), 1, "ValueError: no such thing"),
                Untradable(at(90_002), instrument=0, slot=0, rule="decision.size", measured=0.0, limit=1.0),
            ],
        ),
    ]


def told(*, closed: bool = True, last: int = 99) -> Told:
    """Return the story as a journal, up to so many chapters."""
    sink = MemorySink(durable=True)
    writer = JournalWriter(sink, header_record(HEADER))
    for row, chapter in story()[:last]:
        writer.consumed(row)
        for event in chapter:
            writer.append(event)
    if closed:
        writer.close(302, STATE)
    else:
        writer.commit()
    return Told(sink.data)


def venue_id(order_id: int) -> str:
    """Return the client order id of an order of the story."""
    return client_order_id(RUN, 0, order_id)
