# SPDX-License-Identifier: Apache-2.0
"""Nobody looks on: connections end as after 24 hours, the venue is away for minutes, and the run trades on."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot4.adapters.stores.journal_audit import verify
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
from bot4.apps.venue_server.streams.life import Pace
from bot4.domain.values import Nanos
from bot4.runtime.clocks import RacingClock, SystemClock
from bot4.runtime.settings import Settings, StrategySettings
from bot4.runtime.venue_settings import VenueSettings
from bot4.simulation.exchange.venue import AccountLedger
from tests.contract.live.books_of_journal import Records, Tail, ours
from tests.contract.live.gate import Gate
from tests.contract.live.wave import CASH, INTERVAL, KEY, PAST_BARS, SECRET, SPEED, STRATEGY, SYMBOL, wave
from tests.contract.orders.checker import Theirs, differences
from tests.contract.venue_server.running import until

LIFE_MS = 3_000
"""The venue ends each connection after so long, in the machine's time, where a real one waits a day."""

AWAY_S = 2.5
"""It is away for so long: a quarter of an hour and more of its own time."""

READINESS = "readiness"
STALE, RECONCILING = 2, 1


@dataclass
class Run:
    """A run that goes on, its venue, and what stands between the two."""

    server: VenueServer
    live: LiveRun
    gates: tuple[Gate, Gate, Gate]
    folder: Path

    async def trades(self, orders: int) -> None:
        """Wait until the venue has so many more orders."""
        before = self.orders
        await until_late(lambda: self.orders >= before + orders)

    @property
    def orders(self) -> int:
        """How many orders the venue has."""
        return len(self.server.exchange.ledger(MEMBER).orders)

    @property
    def sessions(self) -> int:
        """How often the account's stream was subscribed."""
        return 0 if self.live.account is None else self.live.account.feed.sessions


async def until_late(happened: Callable[[], bool]) -> None:
    """Wait as long as a loaded machine may take to start and to trade."""
    for _ in range(4):
        try:
            await until(happened)
        except AssertionError:
            continue
        return
    raise AssertionError("it did not happen")


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


def unattended(folder: Path) -> tuple[Outcome, AccountLedger]:
    """Run through trouble, stop, and return what came of it and what the venue has."""

    async def go() -> tuple[Outcome, AccountLedger]:
        server = VenueServer(replace(wave(), pace=Pace(life_ms=LIFE_MS)))
        ready = await server.open()
        gates = Gate(str(ready["rest"])), Gate(str(ready["ws"])), Gate(str(ready["ws_api"]))
        for gate in gates:
            await gate.open()
        (folder / "rider.py").write_text(STRATEGY)
        venue = VenueSettings(
            symbols=(SYMBOL,),
            interval=INTERVAL,
            warm_up_bars=PAST_BARS,
            rest=gates[0].address,
            ws=gates[1].address,
            ws_api=gates[2].address,
            speed=SPEED,
        )
        request = LiveRequest(
            command="live",
            config=Settings(strategies=(StrategySettings(kind="rider.py:Rider"),)),
            config_folder=folder,
            venue=venue,
            addresses=addresses_of(venue),
            signer=HmacSigner(KEY, Secret(SECRET.encode())),
            out=folder / "runs",
            report=False,
        )
        live = LiveRun(request, NoView(), RacingClock(SystemClock(), SPEED, Nanos(server.clock.now_ns())))
        stop = asyncio.Event()
        running = asyncio.ensure_future(live.run(stop))
        troubling = asyncio.ensure_future(trouble(Run(server, live, gates, folder)))
        try:
            await asyncio.wait([running, troubling], return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
            assert not running.done(), "nothing ends an unattended run"
            troubling.result()
            stop.set()
            return await running, server.exchange.ledger(MEMBER)
        finally:
            for one in (running, troubling):
                one.cancel()
            await asyncio.gather(running, troubling, return_exceptions=True)
            for gate in gates:
                await gate.shut()
            await server.close()

    return asyncio.run(go())


def holds(records: Records, reason: int) -> list[bool]:
    """Return each word on one reason to take no new risk, in order: whether it was over."""
    return [bool(one["ready"]) for name, one in records if name == READINESS and one["reason"] == reason]


@pytest.mark.slow
@pytest.mark.requirement("WS_001", "I-1", "I-2", "I-3", "I-4", "I-10", "I-13")
def test_ended_connections_and_an_absent_venue_are_survived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time new risk waits until the market is fresh and the books are equal; at the end all of it agrees."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    outcome, ledger = unattended(tmp_path)
    records = Tail(outcome.journal).read()
    prefix = ledger.orders[0].client_order_id.partition("-")[0]
    assert differences(ours(records, CASH), Theirs.of(ledger, prefix)) == []
    for reason in (STALE, RECONCILING):
        told = holds(records, reason)
        assert told.count(False) >= 4, "it was said each time"
    assert verify(outcome.journal).ok
    replayed = run_replay(outcome.journal, (), Silent())
    assert replayed.equal, replayed.first_difference
