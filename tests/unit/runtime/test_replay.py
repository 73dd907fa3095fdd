# SPDX-License-Identifier: Apache-2.0
"""Replay in memory: a journal's inputs through a fresh engine give its records again, storms included."""

from pathlib import Path

import pytest

from bot4.domain.errors import BadInput
from bot4.domain.stage import Outbox
from bot4.domain.values import HOUR_NS, Nanos
from bot4.record.header import JournalHeader, header_record
from bot4.record.journal import JournalWriter
from bot4.runtime.drive import NoGateway
from bot4.runtime.engine import EVENTS_MAX
from bot4.runtime.replay import Replay, known_bars
from bot4.runtime.state import state_hash
from bot4.runtime.strategy_loader import recruit
from bot4.runtime.wiring import Wired, wire
from tests.simulation.engine_run import BytesJournal, Ran, Recorded, Table, coin, lively, records, run, walk


def replayed(ran: Ran, tables: list[Table], *, events_max: int = EVENTS_MAX) -> tuple[bytes, Wired]:
    """Replay a run's journal over tables and return what was written this time."""
    told = lively()
    sink = BytesJournal()
    writer = JournalWriter(sink, header_record(JournalHeader(run="0" * 64, command="backtest", config={})))
    instruments = [coin(i, symbol=f"{chr(65 + i) * 3}USDT") for i in range(len(tables))]
    wired = wire(
        told,
        instruments,
        [Nanos(HOUR_NS)] * len(tables),
        recruit(told.strategies, Path()),
        journal=writer,
        gateway=NoGateway(),
    )
    wired.engine.out = Outbox(events_max)
    streams = [Recorded(table, instrument=i) for i, table in enumerate(tables)]
    feed = Replay(wired.engine, known_bars(streams, wired.features), lambda _: None)
    feed.run(records(ran.journal), "journal")
    writer.close(feed.rows, state_hash(wired.decisive), ran.drive.stopped)
    return bytes(sink.data), wired


@pytest.mark.requirement("I-10", "prod_005")
@pytest.mark.parametrize("count", [1, 3])
def test_a_journal_and_its_bars_give_the_same_bytes_without_a_venue(count: int) -> None:
    """The venue's words come from the journal; the rest is decided anew, equal to the bit."""
    tables = [walk(20 + i, 500, volume=2_000) for i in range(count)]
    ran = run(tables, lively())
    assert ran.fills() > 50
    assert replayed(ran, tables)[0] == ran.journal


@pytest.mark.requirement("I-10", "prod_007", "SAFETY_001")
def test_a_run_with_storms_replays_too() -> None:
    """A bound so low that busy bars are storms: what was never sent is answered by the engine itself, both times."""
    tables = [walk(23, 400)]
    ran = run(tables, lively(), events_max=14)
    assert ran.wired.engine.storms >= 1
    assert any(word.rule == "engine.storm" for word in ran.of("mode"))
    again, wired = replayed(ran, tables, events_max=14)
    assert again == ran.journal
    assert wired.engine.storms == ran.wired.engine.storms


def test_data_that_end_before_the_journal_does_are_refused() -> None:
    """One bar too few is told with the row that is missing."""
    table = walk(24, 100)
    ran = run(table, lively())
    with pytest.raises(BadInput) as refused:
        replayed(ran, [table[:, :-1]])
    assert refused.value.code == "data_too_short"
