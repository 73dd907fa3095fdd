# SPDX-License-Identifier: Apache-2.0
"""The paths that are measured call by call: risk check, order life, features, journal."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

from bot4.account.portfolio import Portfolio
from bot4.adapters.stores.journal_file import JournalFile
from bot4.apps.bench.harness import Call, Case
from bot4.domain.event import APPROVED, FILL, Event
from bot4.domain.instrument import Instrument
from bot4.domain.order import ENTER, MARKET, Execution, OrderRequest, accepted, cancel_command
from bot4.domain.position import Position
from bot4.domain.stage import Outbox
from bot4.domain.values import BUY, MONEY_ONE, Lots, Money, Nanos, Ticks
from bot4.domain.verdict import Intent
from bot4.kernels.features import DEFAULT_FEATURES, compile_features
from bot4.record.header import JournalHeader, header_record
from bot4.record.journal import JournalWriter
from bot4.risk.drawdown import Ladder
from bot4.risk.judge import Judge
from bot4.risk.limits import Limits
from bot4.trading.execution import Trading

POSITIONS: Final = 20
PRICE: Final = Ticks(3_000_000)
LOTS: Final = Lots(50_000)
CASH: Final = Money(10_000_000 * MONEY_ONE)
NOW: Final = Nanos(1_700_000_000_000_000_000)


def cases(folder: Path) -> list[Case]:
    """Return every path that is measured call by call; ``folder`` is where a journal may be written."""
    return [
        Case("risk check, 20 open positions", risk_check, p99_us=5.0, rate=300_000),
        Case("order life, 3 steps, 2 fills, position", order_life, p99_us=25.0, rate=100_000),
        Case(f"features, one bar, {len(DEFAULT_FEATURES)} outputs", features_update, p99_us=5.0),
        Case("journal append, one command", lambda: journal_append(folder / "journal")),
    ]


def instruments() -> list[Instrument]:
    """Return instruments with a tick of 0.01 and a lot of 0.00001."""
    return [
        Instrument(i, f"S{i}USDT", base=f"S{i}", quote="USDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.00001"))
        for i in range(POSITIONS)
    ]


def entry(instrument: int, intent_id: int) -> Intent:
    """Return the wish to buy a little of one instrument at the market."""
    request = OrderRequest(
        intent_id=intent_id,
        instrument=instrument,
        slot=0,
        purpose=ENTER,
        order_type=MARKET,
        side=BUY,
        lots=LOTS,
        reference=PRICE,
        limit=Ticks(0),
        trigger=Ticks(0),
        stop=Ticks(2_900_000),
        target=Ticks(3_300_000),
    )
    return Intent(NOW, request, [])


def judge_with_positions(traded: Sequence[Instrument]) -> Judge:
    """Return a judge that knows of a position in every instrument."""
    judge = Judge(traded, Limits(20, 1000, 2), Ladder(CASH, 50, 100, 150), CASH)
    out = Outbox(64)
    for instrument in traded:
        i = int(instrument.index)
        judge.handle(Position(NOW, i, LOTS, instrument.notional(PRICE, LOTS), Money(0), Money(0)), NOW, out)
        judge.exposure.holdings[i].price = PRICE
    return judge


def risk_check() -> tuple[Call | None, Call]:
    """Judge an entry while every instrument has a position: all limits are measured, and it passes."""
    judge = judge_with_positions(instruments())
    out = Outbox(64)
    intent = entry(7, 1)

    def call() -> None:
        judge.handle(intent, NOW, out)
        out.tail = 0

    call()
    assert out.cells[0].event.kind == APPROVED, "the bench measures an entry that passes"
    return None, call


def order_life() -> tuple[Call | None, Call]:
    """Carry an approved entry through submit, accept, two fills and its stop; book the fills."""
    traded = instruments()[:1]
    out = Outbox(64)
    judge = judge_with_positions(traded)
    judge.handle(entry(0, 1), NOW, out)
    approved = out.cells[0].event
    half = Lots(LOTS // 2)
    reports: list[Event] = [accepted(NOW, NOW, 1, 0), execution(1, half), execution(2, half)]
    fresh: list[tuple[Trading, Portfolio]] = []

    def prepare() -> None:
        fresh[:] = [(Trading(1), Portfolio(traded, capital=CASH))]
        out.tail = 0

    def call() -> None:
        trading, portfolio = fresh[0]
        trading.handle(approved, NOW, out)
        for report in reports:
            trading.handle(report, NOW, out)
        at = 0
        while at < out.tail:
            event = out.cells[at].event
            if event.kind == FILL:
                portfolio.handle(event, NOW, out)
            at += 1

    prepare()
    call()
    assert fresh[0][0].position(0) == LOTS, "the bench fills the whole order"
    return prepare, call


def execution(trade_id: int, lots: Lots) -> Execution:
    """Return the report of a fill of the first order."""
    return Execution(
        NOW,
        NOW,
        order_id=1,
        trade_id=trade_id,
        instrument=0,
        side=BUY,
        lots=lots,
        price=PRICE,
        fee=Money(1_000),
        is_maker=False,
    )


def features_update() -> tuple[Call | None, Call]:
    """Update the default indicators for one bar."""
    stream = compile_features(DEFAULT_FEATURES).stream()
    bars = [(int(NOW), 100.0 + i, 102.0 + i, 99.0 + i, 101.0 - i, 5.0 + i) for i in (0.0, 0.5, -0.5, 0.25)]
    state = [0]

    def call() -> None:
        at = state[0] = (state[0] + 1) & 3
        stream.step(*bars[at])

    return None, call


def journal_append(path: Path) -> tuple[Call | None, Call]:
    """Append one command to a journal that the operating system keeps; groups are hashed and written as they fill."""
    path.unlink(missing_ok=True)
    header = JournalHeader(run="0" * 64, command="bench", config={})
    writer = JournalWriter(JournalFile(path, durable=False), header_record(header))
    command = cancel_command(NOW, 1, 0, "bench")
    return None, lambda: writer.append(command)
