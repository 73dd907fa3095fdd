# SPDX-License-Identifier: Apache-2.0
"""A run at a venue over real sockets, live and on paper: orders, both books, the journal and its replay."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot4.adapters.stores.journal_audit import verify
from bot4.adapters.stores.journal_reader import open_journal
from bot4.adapters.venues.binance.wire.two_doors import TwoDoors
from bot4.adapters.venues.kit.secret import Secret
from bot4.adapters.venues.kit.signing import HmacSigner
from bot4.apps.live.request import LiveRequest, addresses_of
from bot4.apps.live.run import LiveRun
from bot4.apps.live.view import NoView
from bot4.apps.outcome import Outcome
from bot4.apps.progress import Silent
from bot4.apps.replay import run as run_replay
from bot4.apps.venue_server.faults.schedule import parse_rules
from bot4.apps.venue_server.serve import MEMBER, VenueServer
from bot4.domain.event import FEE_TAKEN, FILL, ORDER_UPDATE, READINESS, SUBMIT
from bot4.domain.order import PROTECT_STOP, WORKING
from bot4.domain.values import SECOND_NS, Nanos
from bot4.record.conduct import GOAL_NS
from bot4.record.decode import decode
from bot4.runtime.clocks import RacingClock, SystemClock
from bot4.runtime.settings import DecisionSettings, Settings, StrategySettings
from bot4.runtime.venue_settings import REST, SOCKET, VenueSettings
from tests.contract.live.cover import Moment, bare, moments, orphaned, quantile, too_large
from tests.contract.live.cutting import Mutable, cutting
from tests.contract.live.wave import CASH, INTERVAL, KEY, PAST_BARS, SECRET, SPEED, STRATEGY, SYMBOL, wave

pytestmark = pytest.mark.slow

SECONDS = 12.0
BAN = "R05@2,R04@3"
"""Slow down, and then a ban for whoever went on."""

SPOILED = "V14:0.5,V15:1"
"""Half a list rejected, and triggers that fire for nothing."""

SEED = 5
"""What is rejected first is the stop of a list, and that of the next as well."""

NEAR, FAR = 1.0, 4.0
"""Stops in average ranges of a bar: inside the wave, and beyond it."""

LOT = 1_000
MS = SECOND_NS // 1_000
GONE_MS = 2_000
"""So long may a stop stand at the venue once nothing is held: of our time, in which the way to the venue is as long as
anywhere."""


@dataclass(frozen=True)
class Ran:
    """What came of a run, and what the venue's ledger holds then."""

    outcome: Outcome
    ledger: Any
    gaps: int
    struck: dict[str, int]
    at_ban: int
    carried: dict[str, int]
    sockets: int

    def records(self, kind: int) -> list[dict[str, object]]:
        """The journal's records of one kind."""
        return [decode(record) for record in open_journal(self.outcome.journal) if record.kind == kind]

    def story_as_known(self) -> list[Moment]:
        """What the venue's ledger says was held and covered, each thing at the moment at which the journal has it."""
        numbers = {one.order_id: int(one.client_order_id.rpartition("-")[2]) for one in self.ledger.orders}
        known: dict[tuple[str, int], int] = {}
        for record in open_journal(self.outcome.journal):
            if record.kind not in (FILL, ORDER_UPDATE):
                continue
            told = decode(record)
            if record.kind == FILL:
                known["fill", int(str(told["trade_id"]))] = record.ts_known_ns
            elif told["purpose"] == PROTECT_STOP:
                number = int(str(told["order_id"]))
                if told["state"] == WORKING:
                    known.setdefault(("placed", number), record.ts_known_ns)
                known["ended", number] = record.ts_known_ns

        def when(what: str, number: int, _happened: int) -> int:
            return known[what, number if what == "fill" else numbers[number]]

        return moments(self.ledger, when)


def ran(
    folder: Path,
    *,
    is_paper: bool = False,
    is_resumed: bool = False,
    is_cut: bool = False,
    is_spoiled: bool = False,
    orders: str = SOCKET,
) -> Ran:
    """Run for a while at a venue of its own; stopped and gone on with, cut or spoiled, where asked for."""

    async def go() -> Ran:
        faults = tuple(parse_rules(SPOILED)) if is_spoiled else ()
        server = VenueServer(replace(wave(turns=is_spoiled), faults=faults, seed=SEED))
        ready = await server.open()
        async with AsyncExitStack() as ending:
            ending.push_async_callback(server.close)
            ws_api, ws, ws_standby = str(ready["ws_api"]), str(ready["ws"]), ""
            feed = Mutable(ws)
            if is_cut:
                ws_api = await ending.enter_async_context(cutting(ws_api))
                ws = await ending.enter_async_context(feed.open())
                ws_standby = str(ready["ws"])
            (folder / "rider.py").write_text(STRATEGY)
            venue = VenueSettings(
                symbols=(SYMBOL,),
                interval=INTERVAL,
                warm_up_bars=PAST_BARS,
                rest=str(ready["rest"]),
                ws=ws,
                ws_standby=ws_standby,
                ws_api=ws_api,
                orders=orders,
            )
            request = LiveRequest(
                command="paper" if is_paper else "live",
                config=Settings(
                    strategies=(StrategySettings(kind="rider.py:Rider"),),
                    decision=DecisionSettings(stop_atr=NEAR if is_spoiled else FAR),
                ),
                config_folder=folder,
                venue=venue,
                addresses=addresses_of(venue),
                signer=None if is_paper else HmacSigner(KEY, Secret(SECRET.encode())),
                out=folder / "runs",
                seconds=SECONDS,
            )
            clock = RacingClock(SystemClock(), SPEED, Nanos(server.clock.now_ns()))
            before = 0
            if is_resumed:
                first = await LiveRun(replace(request, seconds=SECONDS / 2), NoView(), clock).run(asyncio.Event())
                request, before = replace(request, resume=str(first.journal.parent)), first.fills
                assert before > 0
            run = LiveRun(request, NoView(), clock)
            troubling = asyncio.ensure_future(trouble(server, BAN if is_resumed else "", feed, run))
            outcome = await run.run(asyncio.Event())
            at_ban = troubling.result() if troubling.done() else -1
            troubling.cancel()
            assert outcome.fills > before
            doors = run.doors
            assert doors is not None
            carried = dict(doors.orders.carried) if isinstance(doors.orders, TwoDoors) else {}
            opened = doors.socket.opened if doors.socket is not None else 0
            return Ran(
                outcome,
                server.exchange.ledger(MEMBER),
                run.unprotected.gaps,
                dict(server.schedule.struck),
                at_ban,
                carried,
                opened,
            )

    return asyncio.run(go())


async def trouble(server: VenueServer, faults: str, feed: Mutable, run: LiveRun) -> int:
    """Let faults begin and a feed fall silent once the run trades; return the orders when all faults had struck."""
    while run.account is None or not run.account.feed.is_ready:
        await asyncio.sleep(0.05)
    await asyncio.sleep(SECONDS / 4)
    feed.is_mute = True
    rules = parse_rules(faults) if faults else ()
    server.schedule.begin(rules)
    while len(server.schedule.struck) < len(rules):
        await asyncio.sleep(0.05)
    return len(server.exchange.ledger(MEMBER).orders)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """One run with real orders."""
    folder = tmp_path_factory.mktemp("live")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        yield ran(folder)


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """One run in a market that turned against it, at a venue that rejects half of a list and forgets stops."""
    folder = tmp_path_factory.mktemp("spoiled")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        yield ran(folder, is_spoiled=True)


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """One run with real orders whose sockets break again and again while the venue carries a request out."""
    folder = tmp_path_factory.mktemp("cut")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        yield ran(folder, is_cut=True)


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """One run with imagined fills on the same market."""
    folder = tmp_path_factory.mktemp("paper")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        yield ran(folder, is_paper=True)


@pytest.fixture(scope="module")
def resumed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """One run with real orders over REST alone that was stopped and gone on with."""
    folder = tmp_path_factory.mktemp("resumed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        yield ran(folder, is_resumed=True, orders=REST)


@pytest.mark.requirement("ORDER_001", "EXEC_001", "I-1", "I-2", "I-3", "I-4")
@pytest.mark.parametrize("which", ["live", "resumed", "cut", "spoiled"])
def test_what_the_journal_says_is_what_the_venue_s_ledger_says(which: str, request: pytest.FixtureRequest) -> None:
    """Orders by name, trades by number, money and coins to the last unit; over a restart as well."""
    live: Ran = request.getfixturevalue(which)
    assert live.outcome.fills >= 4
    sent = {int(str(one["order_id"])) for one in live.records(SUBMIT)}
    there = {int(order.client_order_id.rpartition("-")[2]) for order in live.ledger.orders}
    assert there <= sent
    fills = live.records(FILL)
    assert sorted(int(str(one["trade_id"])) for one in fills) == sorted(fill.trade_id for fill in live.ledger.fills)
    bought = sum(int(str(one["lots"])) * int(str(one["side"])) for one in fills) * LOT
    by_trade = {one["trade_id"]: int(str(one["amount"])) for one in live.records(FEE_TAKEN)}
    fees = sum(by_trade.values())
    balances = {asset: one.free + one.locked for asset, one in live.ledger.balances.items()}
    assert balances.get("BTC", 0) == bought - fees
    spent = sum((fill.quote if fill.is_buyer else -fill.quote) for fill in live.ledger.fills)
    quote_fees = sum(fill.commission for fill in live.ledger.fills if fill.commission_asset == "USDT")
    assert balances["USDT"] == CASH - spent - quote_fees


@pytest.mark.requirement("I-11", "U-1")
def test_no_order_leaves_before_the_run_is_ready(live: Ran) -> None:
    """Entries of the warm-up are refused by name; the first submit comes after the last first hold has ended."""
    assert live.outcome.refused["risk.not_ready.warming"] > 0
    assert live.outcome.passed == ("rider",)
    ready_ns = [
        record.ts_known_ns
        for record in open_journal(live.outcome.journal)
        if record.kind == READINESS and decode(record)["ready"]
    ]
    sent_ns = [record.ts_known_ns for record in open_journal(live.outcome.journal) if record.kind == SUBMIT]
    assert len(ready_ns) >= 3, "warm, reconciled, fresh"
    assert min(sent_ns) >= sorted(ready_ns)[2]


@pytest.mark.requirement("I-7")
def test_what_was_bought_got_a_stop_at_the_venue(live: Ran) -> None:
    """Each position was covered by a stop that the venue took, and the gaps were measured."""
    assert live.gaps > 0
    conduct, connections = live.outcome.conduct, live.outcome.connections
    assert conduct is not None
    assert connections is not None
    assert (conduct.unprotected.spells, conduct.measured > 0, conduct.reconciled > 0) == (live.gaps, True, True)
    assert conduct.held_ns < conduct.live_ns
    assert connections.compared >= conduct.reconciled
    assert {one.feed for one in connections.feeds if one.symbol == SYMBOL} == {connections.lines[0].name}
    assert connections.lines[0].opened >= 1
    assert 0 < max(one.used for one in connections.spent if one.what == "weight") <= 6_000
    assert live.outcome.report is not None
    assert "Time without a stop" in live.outcome.report.read_text(encoding="utf-8")
    assert any(order.type == "STOP_LOSS" for order in live.ledger.orders)


@pytest.mark.requirement("I-7", "P-10", "EXEC_001")
@pytest.mark.parametrize("which", ["live", "resumed", "cut", "spoiled"])
def test_stops_fit_what_is_held_at_every_moment_of_the_venue_s_ledger(
    which: str, request: pytest.FixtureRequest
) -> None:
    """Never for more than is held; gone within two seconds once nothing is; where nothing is amiss, never one left."""
    run: Ran = request.getfixturevalue(which)
    story = moments(run.ledger)
    assert max(one.covered for one in story) > 0
    assert too_large(story) == []
    left = [one.length for one in orphaned(story)]
    assert max(left, default=0) <= GONE_MS * SPEED
    assert left == [] or which != "live"


@pytest.mark.requirement("I-7", "P-10", "EXEC_001")
def test_the_time_without_a_stop_is_that_of_the_venue_s_ledger(live: Ran) -> None:
    """The p99 that is told is that of the ledger's orders and trades, by when we knew; and it is within the goal."""
    conduct = live.outcome.conduct
    assert conduct is not None
    lengths = [one.length for one in bare(live.story_as_known())]
    assert (sum(lengths), quantile(lengths, 0.99)) == (conduct.unprotected.total_ns, conduct.unprotected.p99_ns)
    happened = [one.length for one in bare(moments(live.ledger))]
    assert len(happened) == len(lengths)
    assert quantile(happened, 0.99) * MS <= GOAL_NS * SPEED


@pytest.mark.requirement("I-10", "I-14", "P-01")
@pytest.mark.parametrize("which", ["live", "resumed", "cut", "spoiled", "paper"])
def test_a_run_replays_to_the_byte_from_what_it_heard(which: str, request: pytest.FixtureRequest) -> None:
    """Live or on paper: the same bytes and the same state from journal and market data, and nothing was edited."""
    run: Ran = request.getfixturevalue(which)
    replayed = run_replay(run.outcome.journal, (), Silent())
    assert replayed.equal, replayed.first_difference
    assert replayed.state_hash == run.outcome.state_hash
    assert replayed.conduct == run.outcome.conduct
    assert verify(run.outcome.journal).ok


@pytest.mark.requirement("I-7", "P-10")
def test_a_stop_that_the_venue_forgets_or_rejects_is_made_good(spoiled: Ran) -> None:
    """Overdue stops are given up for exits at once; what lost half its list gets another or is left."""
    assert spoiled.struck["V14"] > 0
    assert spoiled.struck["V15"] > 0
    assert spoiled.outcome.refused["trading.stop_overdue"] > 0
    stops = [order for order in spoiled.ledger.orders if order.type == "STOP_LOSS"]
    forgotten = [order for order in stops if order.is_working and not order.executed_quantity]
    left = [order.status for order in forgotten]
    assert "CANCELED" in left
    assert left[:-1] == ["CANCELED"] * (len(left) - 1), "none is left that fired for nothing, but where the run ended"
    assert any(order.type == "LIMIT" and order.time_in_force == "IOC" for order in spoiled.ledger.orders)


@pytest.mark.requirement("ORDER_001", "EXEC_001")
def test_a_ban_is_waited_out_and_the_run_trades_on(resumed: Ran) -> None:
    """After 429 and 418 nothing is sent before the moment they name; then books are compared and orders leave."""
    assert resumed.struck == {"R04": 1, "R05": 1}
    connections = resumed.outcome.connections
    assert connections is not None
    assert connections.backed_off == 2
    assert 0 < resumed.at_ban < len(resumed.ledger.orders), "orders left after the ban"


@pytest.mark.requirement("DATA_001", "FLOW_001")
def test_a_silent_feed_is_replaced_by_the_other_and_the_run_trades_on(cut: Ran, live: Ran) -> None:
    """The first feed says nothing from the middle of the run on: the other is believed, and it is counted."""
    connections = cut.outcome.connections
    assert connections is not None
    assert [one.name for one in connections.lines] == ["binance-spot-0", "binance-spot-1"]
    assert connections.lines[0].interrupted + connections.lines[0].silent > 0
    assert connections.turns > 0
    assert cut.outcome.bars + 10 > live.outcome.bars, "no bar was lost with it"
    assert live.outcome.connections is not None
    assert (len(live.outcome.connections.lines), live.outcome.connections.turns) == (1, 0)


@pytest.mark.requirement("ORDER_001", "WS_001", "P-03")
def test_orders_leave_over_the_socket_and_over_rest_while_it_is_cut(live: Ran, cut: Ran, resumed: Ran) -> None:
    """A healthy socket carries commands; one that breaks is dialed anew, and no order is made twice."""
    assert live.carried["socket"] > 0
    assert resumed.sockets == 0, "REST alone was asked for"
    assert cut.sockets > 1
    assert cut.carried["socket"] > 0
    names = [order.client_order_id for order in cut.ledger.orders]
    assert len(names) == len(set(names))


def test_paper_trades_the_live_market_and_sends_nothing(paper: Ran) -> None:
    """Imagined fills, no order at the venue, and a report that says what was heard."""
    assert paper.outcome.fills >= 4
    assert paper.ledger.orders == ()
    assert paper.outcome.report is not None
    assert "market.data" in paper.outcome.report.read_text(encoding="utf-8")
