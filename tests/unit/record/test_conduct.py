# SPDX-License-Identifier: Apache-2.0
"""How a run at a venue is told: on its page, in a terminal, and not at all where there was no venue."""

import re
from dataclasses import replace

import pytest

from bot4.apps.cli.conduct import alert_lines, conduct_lines, connection_lines
from bot4.record.conduct import Conduct, Held, Kept, Unprotected
from bot4.record.connections import Connections, Feed, Line, Spent
from bot4.record.reports.data import ReportData
from bot4.record.reports.page import render
from tests.unit.record.test_report_page import LIBRARY, made_up

pytestmark = pytest.mark.requirement("EXEC_001", "DATA_001")

MS = 1_000_000
CONDUCT = Conduct(
    unprotected=Unprotected(spells=3, total_ns=90 * MS, p99_ns=60 * MS, longest_ns=60 * MS, open_ns=0),
    measured=2,
    slippage_bp=1.25,
    shortfall_bp=11.25,
    live_ns=10_000 * MS,
    held_ns=2_500 * MS,
    holds=(Held("reconciling", 2, 2_500 * MS),),
    reconciled=2,
    external_orders=1,
    external_trades=3,
    unanswered=4,
    dust=(Kept("BTC", 12), Kept("BNB", -150_000_000)),
)
CONNECTIONS = Connections(
    feeds=(
        Feed(
            symbol="BTCUSDT", feed="feed-0", messages=120, used=117, faults={"duplicate": 3}, gaps=2, resyncs=1,
            resync_ns_max=700 * MS, lag_p99_ns=4 * MS,
        ),
    ),
    lines=(Line("feed-0", 3, 2, 1),),
    turns=3,
    sessions=2,
    compared=5,
    spent=(Spent("weight", 60, 6_000, 300),),
    backed_off=1,
    alerts={"unmapped -9999": 2},
)  # fmt: skip


def page(conduct: Conduct | None, connections: Connections | None) -> str:
    """Return a page without its markup, from the data of a made-up run."""
    data: ReportData = made_up()
    data = replace(data, facts=replace(data.facts, conduct=conduct, connections=connections))
    text = re.sub(r"<[^>]+>", " ", render(data, LIBRARY).partition("<body>")[2].partition("<script")[0])
    return " ".join(text.split())


def test_the_page_of_a_run_at_a_venue_tells_how_it_was_conducted() -> None:
    """Protection against its goal, holds, other hands, dust, feeds, limits, alerts."""
    shown = page(CONDUCT, CONNECTIONS)
    for words in (
        "Time without a stop 0.090 s in 3 spells",
        "p99 of the spells 0.060 s within the goal of 1.000 s",
        "Slippage, basis points 1.25 mean of 2 orders",
        "New risk held back 2.500 s 25.00 % of 10.000 s live",
        "reconciling 2.500 s began 2 times",
        "Orders of other hands 1 3 trades of other hands",
        "Dust kept, BTC 0.00000012",
        "Dust kept, BNB -1.50000000",
        "BTCUSDT feed-0 120 117 3 duplicate 2 1 0.700 0.0040",
        "feed-0 3 2 1",
        "account, books compared 5 times 2",
        "changes between two feeds, 3 times",
        "weight in 60 s 300 6,000 5.00 %",
        "unmapped -9999 2",
        "the venue asked us to slow down 1",
    ):
        assert words in shown, words
    slow = replace(CONDUCT, unprotected=replace(CONDUCT.unprotected, p99_ns=1_001 * MS))
    assert "1.001 s beyond the goal" in page(slow, CONNECTIONS)
    assert "1.001 s within the goal of 2.000 s" in page(slow, replace(CONNECTIONS, speed=2.0))


def test_a_run_without_a_venue_has_no_such_section() -> None:
    """No heading, no link, no table: not even an empty one."""
    assert "At the venue" not in page(None, None)
    quiet = page(CONDUCT, Connections())
    assert "At the venue" in quiet
    for words in ("Feeds, since", "Streams cut", "Allowed", "person should hear"):
        assert words not in quiet


def test_a_terminal_is_told_the_same() -> None:
    """From the values that are printed as JSON."""
    told = dict([*conduct_lines(CONDUCT.told()), *connection_lines(CONNECTIONS.told())])
    assert told == {
        "without a stop": "3 spells, 0.090 s in all, p99 0.060 s, longest 0.060 s",
        "slippage": "1.25 bp, with fees 11.25 bp, mean of 2 orders",
        "held back": "2.5 of 10.0 s live: reconciling 2.5 s",
        "other hands": "1 order, 3 trades",
        "unanswered": "4 answers lost and asked about",
        "dust kept": "0.00000012 BTC, -1.50000000 BNB",
        "feed feed-0": "3 connections, 2 cuts, 1 silent, 2 gaps, 1 resync",
        "account": "2 sessions, books compared 5 times",
        "spent at most": "300 of 6,000 weight in 60 s",
    }
    assert alert_lines(CONNECTIONS.told()) == [
        "alert: unmapped -9999, 2 times", "the venue asked us to slow down 1 time"
    ]  # fmt: skip
    racing = dict(connection_lines(replace(CONNECTIONS, speed=400.0).told()))
    assert racing["clock"] == "the simulated venue's, 400 times as fast as ours: so are all times here"
    never = replace(CONDUCT, unprotected=Unprotected(0, 0, None, 0, 0))
    assert dict(conduct_lines(never.told()))["without a stop"] == "never"
    p99 = [dict(conduct_lines(CONDUCT.told(), speed))["without a stop"].split(", ")[2] for speed in (1.0, 0.05, 600.0)]
    assert p99[0] == "p99 0.060 s (within the goal of 1 s)"
    assert p99[1].startswith("p99 0.060 s (beyond the goal of 0.05 s of its time")
    assert p99[2].startswith("p99 0.060 s (within the goal of 600 s of its time")
    still = replace(CONDUCT, unprotected=Unprotected(0, 0, None, 0, 5 * MS))
    assert dict(conduct_lines(still.told()))["without a stop"] == "now for 0.005 s"
