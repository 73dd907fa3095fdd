# SPDX-License-Identifier: Apache-2.0
"""The demonstration over real sockets: one strategy let through, two refused, and the venue's ledger as our books."""

import asyncio
from typing import Any

import pytest

from bot4.adapters.stores.journal_audit import verify
from bot4.adapters.stores.journal_head import read_head
from bot4.adapters.stores.journal_reader import open_journal
from bot4.apps.demo.run import Demonstrated, DemoRequest, demonstrate, make_ready
from bot4.apps.live.view import NoView
from bot4.apps.outcome import Outcome
from bot4.apps.progress import Silent
from bot4.apps.replay import run as run_replay
from bot4.domain.event import READINESS
from bot4.domain.readiness import MARKET_STALE, RECONCILING, WARMING
from bot4.record.decode import decode
from tests.replay.runs import words_in

pytestmark = pytest.mark.slow


def told(outcome: Outcome, *kinds: str) -> list[dict[str, Any]]:
    """Every record of some kinds, with its moment, the bar it stands behind, and all its fields."""
    return [
        {"kind": word.kind, "known_ns": word.known_ns, "row": word.row, **word.values}
        for word in words_in(outcome.journal)
        if word.kind in kinds
    ]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Demonstrated:
    """The demonstration as a user gets it, its keys in a folder of the test's."""
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        ready = make_ready(DemoRequest(out=folder / "runs"), lambda _line: None)
        return asyncio.run(demonstrate(ready, NoView(), asyncio.Event()))


@pytest.fixture
def demo(shown: Demonstrated) -> Outcome:
    """What came of its run."""
    return shown.outcome


@pytest.mark.requirement("U-1", "U-15", "EMOTION_001-B")
def test_the_gate_lets_the_planted_edge_through_and_refuses_the_others(demo: Outcome) -> None:
    """Momentum passes and trades; what the others said became refusals and no order."""
    assert demo.gate == "enforce"
    assert demo.passed == ("momentum",)
    assert demo.fills > 0
    slots = {word["slot"] for word in told(demo, "submit")}
    assert slots == {demo.strategies.index("momentum")}
    refused = {word["slot"] for word in told(demo, "refused")}
    assert refused >= {demo.strategies.index("mean_reversion"), demo.strategies.index("breakout")}


@pytest.mark.requirement("U-1", "I-11")
def test_no_order_was_sent_before_its_strategy_had_passed_and_the_run_was_ready(demo: Outcome) -> None:
    """The first submit comes after momentum's evidence sufficed, the warm-up, equal books and a fresh market."""
    passed = [word["known_ns"] for word in told(demo, "evidence") if word["passed"]]
    sent = [word["known_ns"] for word in told(demo, "submit")]
    assert passed[0] <= sent[0]
    records = [record for record in open_journal(demo.journal) if record.kind == READINESS]
    for reason in (WARMING, RECONCILING, MARKET_STALE):
        over = [one.ts_known_ns for one in records if (was := decode(one))["ready"] and was["reason"] == reason]
        assert over[0] <= sent[0]


@pytest.mark.requirement("I-3", "I-4", "U-15")
def test_the_venue_s_ledger_equals_our_books_to_the_last_unit(shown: Demonstrated) -> None:
    """Money, coins and the number of trades; what is compared is what a user is told."""
    assert shown.outcome.fills > 0
    assert shown.differences == ()


@pytest.mark.requirement("I-10", "I-14", "U-5", "P-01")
def test_the_demo_is_signed_and_replays(demo: Outcome) -> None:
    """Its head carries a signature that holds, and what it heard gives its bytes and its state again."""
    assert read_head(demo.journal.with_name("journal.head")).is_signed()
    assert verify(demo.journal).ok
    replayed = run_replay(demo.journal, (), Silent())
    assert replayed.equal, replayed.first_difference
    assert replayed.state_hash == demo.state_hash


@pytest.mark.requirement("U-15")
def test_the_demo_writes_a_report_that_says_what_it_is(demo: Outcome) -> None:
    """Nobody can mistake its figures for a real market's, nor its fills for imagined ones."""
    assert demo.report is not None
    page = demo.report.read_text(encoding="utf-8")
    assert "SYNTHETIC MARKET" in page
    assert "planted" in page
    assert "Where the fills came from" in page
    assert "simulated venue assumes" not in page
