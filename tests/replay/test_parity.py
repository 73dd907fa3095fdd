# SPDX-License-Identifier: Apache-2.0
"""Backtest and paper over the same bars: the same orders and fills, field by field."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bot4.apps.outcome import Outcome
from tests.replay.runs import carry_out, request_for, words_in

TRADING = (
    "signal",
    "certificate",
    "intent",
    "approved",
    "refused",
    "submit",
    "cancel",
    "execution",
    "fill",
    "position",
)


def told(outcome: Outcome, kinds: Sequence[str]) -> list[dict[str, Any]]:
    """Every record of some kinds with all its fields, its moment and the bar it stands behind."""
    return [
        {"kind": word.kind, "known_ns": word.known_ns, "row": word.row, **word.values}
        for word in words_in(outcome.journal)
        if word.kind in kinds
    ]


def assert_parity(bars: Path, out: Path, *, fills: int, interval: str = "") -> None:
    """Run both and compare what they did."""
    tested = carry_out(request_for("backtest", bars, out, interval=interval))
    traded = carry_out(request_for("paper", bars, out, interval=interval))
    assert tested.run != traded.run
    one, other = told(tested, TRADING), told(traded, TRADING)
    for kind in TRADING:
        mine, theirs = ([word for word in words if word["kind"] == kind] for words in (one, other))
        assert mine == theirs, f"{kind} differs"
    assert one == other
    assert tested.state_hash == traded.state_hash
    assert sum(word["kind"] == "fill" for word in one) == tested.fills >= fills


@pytest.mark.slow
@pytest.mark.requirement("P-01", "P-29", "U-3")
def test_paper_over_generated_bars_trades_what_the_backtest_traded(market: Path, tmp_path: Path) -> None:
    """More than 1,000 fills, each equal in every field, with the gate looking on."""
    assert_parity(market, tmp_path, fills=1_000)


@pytest.mark.requirement("P-01")
def test_paper_and_backtest_agree_on_a_small_market(small_market: Path, tmp_path: Path) -> None:
    """The same on some hundred bars, quickly."""
    assert_parity(small_market, tmp_path, fills=100)


@pytest.mark.slow
@pytest.mark.requirement("P-01", "P-29")
def test_paper_over_recorded_bars_trades_what_the_backtest_traded(shared_data: Path, tmp_path: Path) -> None:
    """Bitcoin as recorded, in bars of four hours: more than 1,000 fills, each equal in every field."""
    assert_parity(shared_data / "ohlcv" / "binance_BTCUSDT_1h.parquet", tmp_path, fills=1_000, interval="4h")
