# SPDX-License-Identifier: Apache-2.0
"""``kill -9`` of ``bot4 live`` while it trades, again and again: no order lost, none twice, books equal to the unit."""

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot4.apps.venue_server.faults.schedule import parse_rules
from bot4.apps.venue_server.serve import MEMBER, VenueServer
from tests.contract.live.books_of_journal import Tail, ours
from tests.contract.live.trading_process import DELAYS_S, Death, TradingProcess
from tests.contract.live.wave import CASH, wave
from tests.contract.orders.checker import QUOTE, Theirs, differences
from tests.contract.venue_server.running import ONE, running

LATE_S = 0.04
GIFT = 7 * ONE
FAULTS = "N11:0.3,N07:0.3"
"""Requests dawdle on their way there and replies on their way back, so that kills find them under way."""


def kill_and_take_up(folder: Path, *, times: int, seed: int) -> list[Death]:
    """Kill one run again and again, take it up each time, stop it, and hold its books against the venue's."""
    chance = random.Random(seed)
    moments = list(DELAYS_S)
    request = replace(wave(), faults=tuple(parse_rules(FAULTS)), late_s=LATE_S, seed=seed)
    with running(request) as venue:
        process = TradingProcess(folder, venue, lambda: venue.within(lambda: venue.server.exchange.ledger(MEMBER)))
        deaths: list[Death] = []
        for number in range(times):
            process.begin()
            deaths.append(process.kill(moments[number % len(moments)], chance))
        venue.within(lambda: give(venue.server))
        process.begin()
        process.trade(4)
        process.stop()
        ledger = process.ledger()
    journal = process.run / "journal"
    records = Tail(journal).read()
    prefix = next(iter(ledger.orders)).client_order_id.partition("-")[0]
    theirs = Theirs.of(ledger, prefix)
    assert len(theirs.orders) == len(ledger.orders)
    assert theirs.trades
    assert differences(ours(records, CASH + GIFT), theirs) == []
    notes = [one["note"] for name, one in records if name == "readiness"]
    assert sum(note.startswith("moved while nobody listened: balance of USDT") for note in notes) == 1
    for words in (("replay",), ("audit", "verify")):
        told = subprocess.run(
            [sys.executable, "-m", "bot4", *words, str(journal)], capture_output=True, text=True, check=False
        )
        assert told.returncode == 0, told.stdout + told.stderr
    return deaths


def give(server: VenueServer) -> None:
    """Let money come that no trade explains."""
    terms = server.exchange.queries.account(MEMBER).terms
    server.exchange.open_account(MEMBER, terms, {QUOTE: GIFT}, server.clock.now_ms())


def kinds_of(deaths: list[Death]) -> Counter[str]:
    """Count what kills interrupted, by what the journal's tail and the venue hold."""
    found: Counter[str] = Counter()
    for one in deaths:
        found["on the disk, not at the venue"] += bool(one.left.submits - one.there)
        found["at the venue, no answer"] += bool(one.left.submits & one.there)
        found["a cancel without an answer"] += bool(one.left.cancels)
        found["in doubt"] += bool(one.left.doubts)
        found["while the books are compared"] += one.left.is_reconciling
        found["market data that no record refers to"] += one.left.rows > 0
        found["nothing under way"] += not (one.left.submits or one.left.cancels or one.left.is_reconciling)
    return found


@pytest.mark.slow
@pytest.mark.timeout(7_200)
@pytest.mark.requirement("P-06", "I-1", "I-2", "I-3", "I-4", "I-10", "I-14", "ORDER_001")
def test_bot4_live_killed_at_random_moments_loses_and_doubles_nothing(
    tmp_path: Path, rounds: Callable[..., int]
) -> None:
    """Before the send, before the reply, while books are compared, at any time: the ledger and the journal agree."""
    deaths: list[Death] = []
    times = rounds(4, full=18)
    for seed in range(rounds(1, full=20)):
        folder = tmp_path / str(seed)
        folder.mkdir()
        deaths += kill_and_take_up(folder, times=times, seed=seed)
    kinds = kinds_of(deaths)
    print(dict(kinds))
    assert kinds["while the books are compared"]
    assert kinds["on the disk, not at the venue"] + kinds["at the venue, no answer"]
