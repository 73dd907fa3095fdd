# SPDX-License-Identifier: Apache-2.0
"""Days on which the venue bars the account, bans the address, or ends connections at their age, and a run goes on."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot4.apps.cli.conduct import alert_lines
from bot4.apps.venue_server.faults.schedule import parse_rules
from bot4.apps.venue_server.serve import MEMBER, VenueServer
from bot4.apps.venue_server.streams.life import Pace
from bot4.domain.errors import BadInput
from bot4.domain.values import SECOND_NS
from bot4.market.ingest.spread import Limits
from bot4.market.ingest.steps import INTERRUPTED
from tests.contract.live.books_of_journal import Tail, ours
from tests.contract.live.cover import moments, orphaned, too_large
from tests.contract.live.tended import Ended, Run, tended, until_late
from tests.contract.live.wave import CASH
from tests.contract.orders.checker import Theirs, differences

pytestmark = pytest.mark.slow
DAY = Limits(
    life_ns=10 * SECOND_NS,
    rollover_ns=5 * SECOND_NS,
    drain_ns=4 * SECOND_NS,
    settle_ns=SECOND_NS,
)
"""A day of ten seconds: each connection is replaced between two and a half and five seconds after it was opened."""

TRIES = 3


def bar(server: VenueServer) -> None:
    """Close the account to trading."""
    terms = server.exchange.queries.account(MEMBER).terms
    server.exchange.open_account(MEMBER, replace(terms, can_trade=False), {}, server.clock.now_ms())


def check_books(ended: Ended) -> None:
    """Check that journal and ledger agree, and that no stop was ever for more than was held."""
    records = Tail(ended.outcome.journal).read()
    prefix = ended.ledger.orders[0].client_order_id.partition("-")[0]
    assert differences(ours(records, CASH), Theirs.of(ended.ledger, prefix)) == []
    story = moments(ended.ledger)
    assert too_large(story) == orphaned(story) == []


@pytest.mark.requirement("ORDER_001", "I-7")
def test_an_account_that_is_barred_is_told_of_and_what_is_held_is_left_once_it_may_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """V11 while a position is held: a person hears of it, exits are tried on and on, and then the run trades again."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    async def trouble(run: Run) -> None:
        await until_late(lambda: run.is_covered)
        terms = run.terms
        bar(run.server)
        run.kept["orders"] = run.orders
        assert run.live.account is not None
        alerts = run.live.account.gateway.door.alerts
        await until_late(lambda: sum(alerts.values()) >= TRIES)
        run.kept["barred"] = run.orders
        run.change_terms(terms)
        await run.trades(4)

    ended = tended(tmp_path, trouble)
    assert ended.kept["orders"] == ended.kept["barred"], "nothing of ours was taken"
    first = ended.ledger.orders[ended.kept["barred"]]
    assert (first.side, first.status) == ("SELL", "FILLED"), "what was held is left first"
    assert ended.outcome.connections is not None
    alert, *more = alert_lines(ended.outcome.connections.told())
    assert more == []
    assert alert.startswith("alert: may_not_trade -2010: Ask the venue why the account is closed to trading")
    log = (ended.outcome.journal.parent / "run.log").read_text(encoding="utf-8")
    assert sum('"alert"' in line and "may_not_trade" in line for line in log.splitlines()) == 1, "told once, at once"
    check_books(ended)


@pytest.mark.requirement("ORDER_001", "I-7", "I-13")
def test_a_key_that_is_revoked_for_a_while_leaves_the_stop_and_the_exit_goes_on_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R02 on every request while an exit is due: its cancels are refused, a person hears of it, nothing is given up."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    async def trouble(run: Run) -> None:
        await until_late(lambda: run.is_covered)
        run.kept["orders"] = run.orders
        run.server.schedule.begin(parse_rules("R02:1"))
        assert run.live.account is not None
        alerts = run.live.account.gateway.door.alerts
        await until_late(lambda: sum(alerts.values()) > TRIES)
        assert run.is_covered
        run.server.schedule.cease()
        await run.trades(4)

    ended = tended(tmp_path, trouble)
    first = ended.ledger.orders[ended.kept["orders"]]
    assert (first.side, first.type, first.status) == ("SELL", "MARKET", "FILLED")
    assert ended.outcome.refused["trading.cancel_refused"] > 0
    assert ended.outcome.connections is not None
    assert any(what.startswith("key_refused -2015: Check the API key") for what in ended.outcome.connections.alerts)
    check_books(ended)


@pytest.mark.requirement("ORDER_001")
def test_a_run_does_not_begin_on_an_account_that_is_barred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad input, which is exit code 2: what is closed, and whom to ask."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    async def nothing(_run: Run) -> None:
        await asyncio.Event().wait()

    with pytest.raises(BadInput, match="may not trade") as refused:
        tended(tmp_path, nothing, before=bar)
    assert refused.value.code == "account_closed"
    assert "Ask the venue" in refused.value.mend


@pytest.mark.requirement("ORDER_001", "EXEC_001", "I-7")
def test_after_a_ban_the_stop_of_what_is_held_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """429 and 418 meet the stop of a fill: it is the first thing that the venue takes, before any other order."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    async def trouble(run: Run) -> None:
        await run.trades(2)
        await until_late(lambda: not run.is_covered)
        fills = len(run.ledger.fills)
        while len(run.ledger.fills) == fills or not run.ledger.fills[-1].is_buyer:
            await asyncio.sleep(0)
        run.kept["orders"] = run.orders
        run.server.schedule.begin(parse_rules("R05@1,R04@2"))
        await until_late(lambda: len(run.server.schedule.struck) == 2)
        run.kept["banned_ms"] = run.server.clock.now_ms()
        await run.trades(4)

    ended = tended(tmp_path, trouble)
    first, second = ended.ledger.orders[ended.kept["orders"] :][:2]
    assert {first.type, second.type} == {"LIMIT_MAKER", "STOP_LOSS"}
    assert ended.outcome.connections is not None
    assert ended.outcome.connections.backed_off == 2
    assert first.created_ms > ended.kept["banned_ms"], "it was the stop's request that was refused"
    check_books(ended)


@pytest.mark.requirement("WS_001", "DATA_001", "I-1", "I-2", "I-13")
def test_connections_are_replaced_before_their_day_is_over_and_nothing_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three market connections one after another, no trade lost or twice; the account's own session is renewed.

    Then maintenance: no new risk, and the run trades on after it.
    """
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    async def trouble(run: Run) -> None:
        await run.trades(2)
        assert run.live.market is not None
        [lane] = run.live.market.lanes
        begun = run.sessions
        await until_late(lambda: lane.pool.opened >= 4)
        await run.trades(2)
        run.kept |= {"interrupted": lane.dialect.told[INTERRUPTED], "rows": len(trades_of(run.folder))}
        await until_late(lambda: run.sessions > begun)
        run.server.schedule.begin(parse_rules("R16:1"))
        await asyncio.sleep(2.0)
        run.server.schedule.cease()
        await run.trades(2)

    ended = tended(tmp_path, trouble, pace=Pace(life_ms=DAY.life_ns // 1_000_000), limits=DAY)
    assert ended.kept["interrupted"] == 0
    heard = trades_of(tmp_path)[: ended.kept["rows"]]
    assert len(heard) > 20
    assert heard == list(range(heard[0], heard[0] + len(heard)))
    check_books(ended)


def trades_of(folder: Path) -> list[int]:
    """Return the numbers of the market's trades that stand on the disk, in order."""
    [data] = folder.glob("runs/*/market.data")
    return [int(one["trade_id"]) for name, one in Tail(data).read() if name == "trade"]
