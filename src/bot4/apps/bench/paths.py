# SPDX-License-Identifier: Apache-2.0
"""The short paths, call by call: risk check, safety mode, order life, journal."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from bot4.account.portfolio import Portfolio
from bot4.adapters.stores.journal_file import JournalFile
from bot4.apps.bench.harness import Bench, Case, Measurement, Subject
from bot4.domain.event import APPROVED, FILL, MODE, Event
from bot4.domain.instrument import Instrument
from bot4.domain.marketdata import Equity
from bot4.domain.order import ENTER, LIMIT, MARKET, Execution, OrderRequest, accepted, cancel_command
from bot4.domain.position import Position
from bot4.domain.stage import Outbox
from bot4.domain.values import BUY, MONEY_ONE, Lots, Money, Nanos, Ticks
from bot4.domain.verdict import Intent
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
POOL: Final = 100
"""So many fresh subjects are made at once where each can be used only once."""

SYNCS_MAX: Final = 500
"""A disk is waited for, not computed: few samples tell."""


def cases() -> list[Measurement]:
    """Return the short paths."""
    return [
        Case(suite="risk", name="risk check, 20 open positions", make=risk_check, p99_us=5.0, rate=300_000),
        Case(suite="risk", name="safety mode check, one mark of equity", make=mode_check, p99_us=1.0),
        Case(suite="risk", name="mode switch, with its event", make=mode_switch, p99_us=10.0),
        Case(
            suite="orders",
            name="order life, 3 steps, 2 fills, position",
            make=order_life,
            p99_us=25.0,
            rate=100_000,
        ),
        Case(suite="journal", name="journal append, one command", make=journal_append),
        Case(
            suite="journal",
            name="journal, one command durable on disk",
            make=journal_commit,
            p99_us=10_000.0,
            samples_max=SYNCS_MAX,
            waits=True,
        ),
    ]


def instruments(count: int = POSITIONS) -> list[Instrument]:
    """Return instruments with a tick of 0.01 and a lot of 0.00001."""
    tick, lot = Decimal("0.01"), Decimal("0.00001")
    return [Instrument(i, f"S{i}USDT", base=f"S{i}", quote="USDT", tick_size=tick, lot_size=lot) for i in range(count)]


def entry(instrument: int, intent_id: int, *, lots: Lots = LOTS, limit: int = 0) -> Intent:
    """Return the wish to buy a little of one instrument: at the market, or at a limit."""
    request = OrderRequest(
        intent_id=intent_id,
        instrument=instrument,
        slot=0,
        purpose=ENTER,
        order_type=LIMIT if limit else MARKET,
        side=BUY,
        lots=lots,
        reference=PRICE,
        limit=Ticks(limit),
        trigger=Ticks(0),
        stop=Ticks(limit // 2 if limit else 2_900_000),
        target=Ticks(3_300_000),
    )
    return Intent(NOW, request, [])


def judge_of(traded: Sequence[Instrument]) -> Judge:
    """Return a judge with the limits of the default run."""
    return Judge(traded, Limits(20, 1000, 2), Ladder(CASH, 50, 100, 150), CASH)


def judge_with_positions(traded: Sequence[Instrument]) -> Judge:
    """Return a judge that knows of a position in every instrument."""
    judge = judge_of(traded)
    out = Outbox(64)
    for instrument in traded:
        i = int(instrument.index)
        judge.handle(Position(NOW, i, LOTS, instrument.notional(PRICE, LOTS), Money(0), Money(0)), NOW, out)
        judge.exposure.priced(i, PRICE)
    return judge


def risk_check(_: Bench) -> Subject:
    """Judge an entry while every instrument has a position: all limits are measured, and it passes."""
    judge = judge_with_positions(instruments())
    out = Outbox(64)
    intent = entry(7, 1)

    def call() -> None:
        judge.handle(intent, NOW, out)
        out.tail = 0

    call()
    assert out.cells[0].event.kind == APPROVED, "the bench measures an entry that passes"
    return Subject(call)


def mode_check(_: Bench) -> Subject:
    """Mark the account's worth where nothing changes: what every moment of a run pays for its safety mode."""
    judge = judge_with_positions(instruments())
    out = Outbox(64)
    marks = [Equity(NOW, Money(CASH - down * MONEY_ONE), CASH) for down in (0, 700, 300, 1_100)]
    at = [0]

    def call() -> None:
        at[0] = (at[0] + 1) & 3
        judge.handle(marks[at[0]], NOW, out)

    call()
    assert out.tail == 0, "the bench measures marks that change no mode"
    return Subject(call)


def mode_switch(_: Bench) -> Subject:
    """Mark a loss of six per cent: the ladder steps down, and says so."""
    traded = instruments(1)
    out = Outbox(64)
    loss = Equity(NOW, Money(CASH // 100 * 94), CASH)
    fresh: list[Judge] = []

    def prepare() -> None:
        fresh[:] = [judge_of(traded) for _ in range(POOL)]

    def call() -> None:
        out.tail = 0
        fresh.pop().handle(loss, NOW, out)

    prepare()
    call()
    assert out.cells[0].event.kind == MODE, "the bench measures a switch"
    return Subject(call, prepare, POOL)


def order_life(_: Bench) -> Subject:
    """Carry an approved entry through submit, accept, two fills and its stop; book the fills."""
    traded = instruments(1)
    out = Outbox(64)
    judge = judge_with_positions(traded)
    judge.handle(entry(0, 1), NOW, out)
    approved = out.cells[0].event
    half = Lots(LOTS // 2)
    reports: list[Event] = [accepted(NOW, NOW, 1, 0), execution(1, half), execution(2, half)]
    fresh: list[tuple[Trading, Portfolio]] = []

    def prepare() -> None:
        fresh[:] = [(Trading(1), Portfolio(traded, capital=CASH)) for _ in range(POOL)]

    def call() -> Trading:
        trading, portfolio = fresh.pop()
        out.tail = 0
        trading.handle(approved, NOW, out)
        for report in reports:
            trading.handle(report, NOW, out)
        at = 0
        while at < out.tail:
            event = out.cells[at].event
            if event.kind == FILL:
                portfolio.handle(event, NOW, out)
            at += 1
        return trading

    prepare()
    assert call().position(0) == LOTS, "the bench fills the whole order"
    return Subject(call, prepare, POOL)


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


def journal_writer(bench: Bench, *, durable: bool) -> JournalWriter:
    """Return the writer of a new journal in the bench's folder."""
    path = bench.folder / "journal"
    path.unlink(missing_ok=True)
    header = JournalHeader(run="0" * 64, command="bench", config={})
    return JournalWriter(JournalFile(path, durable=durable), header_record(header))


def journal_append(bench: Bench) -> Subject:
    """Append one command to a journal that the operating system keeps; groups are hashed and written as they fill."""
    writer = journal_writer(bench, durable=False)
    command = cancel_command(NOW, 1, 0, "bench")
    return Subject(lambda: writer.append(command))


def journal_commit(bench: Bench) -> Subject:
    """Append one command and wait until the disk has it."""
    writer = journal_writer(bench, durable=True)
    command = cancel_command(NOW, 1, 0, "bench")

    def call() -> None:
        writer.append(command)
        writer.commit()

    return Subject(call)
