# SPDX-License-Identifier: Apache-2.0
"""The demonstration: one strategy let through, two refused, and the same orders when it is tested afterwards."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot4.adapters.stores.journal_audit import verify
from bot4.adapters.stores.journal_head import read_head
from bot4.adapters.stores.journal_reader import read_header
from bot4.apps.backtest import run as run_backtest
from bot4.apps.demo import DemoRequest
from bot4.apps.demo import run as run_demo
from bot4.apps.outcome import Outcome
from bot4.apps.progress import Silent
from bot4.apps.replay import find_data
from bot4.apps.replay import run as run_replay
from tests.replay.runs import words_in
from tests.replay.test_parity import TRADING


def told(outcome: Outcome, *kinds: str) -> list[dict[str, Any]]:
    """Every record of some kinds, with its moment, the bar it stands behind, and all its fields."""
    return [
        {"kind": word.kind, "known_ns": word.known_ns, "row": word.row, **word.values}
        for word in words_in(outcome.journal)
        if word.kind in kinds
    ]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The demonstration as a user gets it, its keys in a folder of the test's."""
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        return run_demo(DemoRequest(out=folder / "runs"), Silent())


@pytest.mark.requirement("U-1", "U-15", "EMOTION_001-B")
def test_the_gate_lets_the_planted_edge_through_and_refuses_the_others(demo: Outcome) -> None:
    """Momentum passes and trades; what the others said became refusals and no order."""
    assert demo.gate == "enforce"
    assert demo.passed == ("momentum",)
    assert demo.fills > 100
    slots = {word["slot"] for word in told(demo, "submit")}
    assert slots == {demo.strategies.index("momentum")}
    refused = {word["slot"] for word in told(demo, "refused")}
    assert refused >= {demo.strategies.index("mean_reversion"), demo.strategies.index("breakout")}


@pytest.mark.requirement("U-1")
def test_no_order_was_sent_before_its_strategy_had_passed(demo: Outcome) -> None:
    """The first submit comes after the first day on which momentum's evidence sufficed."""
    passed = [word["known_ns"] for word in told(demo, "evidence") if word["passed"]]
    sent = [word["known_ns"] for word in told(demo, "submit")]
    assert passed[0] <= sent[0]


@pytest.mark.requirement("P-01", "U-3")
def test_a_backtest_of_the_demo_s_data_trades_the_same(demo: Outcome, tmp_path: Path) -> None:
    """Enforced, over the same bars: orders and fills equal the paper run's field by field."""
    prepared = find_data(demo.journal, read_header(demo.journal), (), Silent())
    request = replace(prepared.request, command="backtest", nonce="", out=tmp_path, report=False)
    tested = run_backtest(request, Silent())
    assert told(tested, *TRADING) == told(demo, *TRADING)
    assert tested.state_hash == demo.state_hash


@pytest.mark.requirement("I-10", "I-14", "U-5")
def test_the_demo_is_signed_and_replays(demo: Outcome) -> None:
    """Its head carries a signature that holds, and its inputs give its bytes again."""
    assert read_head(demo.journal.with_name("journal.head")).is_signed()
    assert verify(demo.journal).ok
    assert run_replay(demo.journal, (), Silent()).equal


@pytest.mark.requirement("U-15")
def test_the_demo_writes_a_report_that_calls_the_market_synthetic(demo: Outcome) -> None:
    """Nobody can mistake its figures for a real market's."""
    assert demo.report is not None
    page = demo.report.read_text(encoding="utf-8")
    assert "SYNTHETIC MARKET" in page
    assert "planted" in page
