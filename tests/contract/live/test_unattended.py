# SPDX-License-Identifier: Apache-2.0
"""Nobody looks on: connections end as after 24 hours, the venue is away for minutes, and the run trades on."""

import asyncio
from pathlib import Path

import pytest

from bot4.adapters.stores.journal_audit import verify
from bot4.apps.progress import Silent
from bot4.apps.replay import run as run_replay
from bot4.apps.venue_server.faults.schedule import parse_rules
from bot4.apps.venue_server.streams.life import Pace
from tests.contract.live.books_of_journal import Records, Tail, ours
from tests.contract.live.tended import Run, tended, until_late
from tests.contract.live.wave import CASH
from tests.contract.orders.checker import Theirs, differences

LIFE_MS = 3_000
"""The venue ends each connection after so long, in the machine's time, where a real one waits a day."""

AWAY_S = 2.5
"""It is away for so long: a quarter of an hour and more of its own time."""

READINESS = "readiness"
STALE, RECONCILING = 2, 1


async def trouble(run: Run) -> None:
    """Let a day's ends and the venue's absence happen to a run that trades."""
    await run.trades(2)
    begun = run.sessions
    await until_late(lambda: run.sessions >= begun + 3)  # as often did the venue end the connection
    await run.trades(2)
    for gate in run.gates:
        await gate.shut()
    await asyncio.sleep(AWAY_S)
    for gate in run.gates:
        await gate.open()
    await run.trades(2)
    run.server.schedule.begin(parse_rules("R07:1"))  # every request is answered with 500 to 504, and not carried out
    await asyncio.sleep(AWAY_S)
    run.server.schedule.cease()
    await run.trades(2)


def holds(records: Records, reason: int) -> list[bool]:
    """Return each word on one reason to take no new risk, in order: whether it was over."""
    return [bool(one["ready"]) for name, one in records if name == READINESS and one["reason"] == reason]


@pytest.mark.slow
@pytest.mark.requirement("WS_001", "I-1", "I-2", "I-3", "I-4", "I-10", "I-13")
def test_ended_connections_and_an_absent_venue_are_survived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time new risk waits until the market is fresh and the books are equal; at the end all of it agrees."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    ended = tended(tmp_path, trouble, pace=Pace(life_ms=LIFE_MS))
    outcome, ledger = ended.outcome, ended.ledger
    records = Tail(outcome.journal).read()
    prefix = ledger.orders[0].client_order_id.partition("-")[0]
    assert differences(ours(records, CASH), Theirs.of(ledger, prefix)) == []
    for reason in (STALE, RECONCILING):
        told = holds(records, reason)
        assert told.count(False) >= 4, "it was said each time"
    assert verify(outcome.journal).ok
    replayed = run_replay(outcome.journal, (), Silent())
    assert replayed.equal, replayed.first_difference
