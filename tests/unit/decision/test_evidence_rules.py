# SPDX-License-Identifier: Apache-2.0
"""The rules of the gate, one by one: where each begins to hold, which is named first, and that NaN never passes."""

from math import inf, nan, nextafter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.decision.evidence.rules import Thresholds, first_failing
from bot4.domain.signal import EvidenceFigures
from bot4.runtime.settings import EvidenceSettings

HOUSE = EvidenceSettings()
BOUNDS = Thresholds(
    p_value_max=HOUSE.p_value_max,
    sharpe_excess_min=HOUSE.sharpe_excess_min,
    deflated_min=HOUSE.deflated_min,
    confidence_min=HOUSE.confidence_min,
    days_min=HOUSE.days_min,
    closed_trades_min=HOUSE.closed_trades_min,
)
GOOD: dict[str, Any] = {
    "days": 400,
    "closed_trades": 60,
    "trials": 3,
    "mean": 0.001,
    "sharpe": 4.0,
    "sharpe_excess": 3.0,
    "p_value": 0.001,
    "deflated": 0.99,
    "confidence": 0.99,
    "track_days_min": 120.0,
    "total_return": 0.4,
}


def failing(**changes: Any) -> str:
    """The rule that refuses good figures with some changed, or an empty text."""
    check = first_failing(EvidenceFigures(**(GOOD | changes)), BOUNDS)
    return "" if check is None else check.rule


def test_the_thresholds_are_those_of_the_house() -> None:
    """The defaults are the ones the gate is described with."""
    assert (HOUSE.p_value_max, HOUSE.sharpe_excess_min, HOUSE.deflated_min) == (0.05, 2.0, 0.95)
    assert (HOUSE.confidence_min, HOUSE.days_min, HOUSE.closed_trades_min) == (0.75, 90, 30)


def test_a_record_that_shows_everything_passes() -> None:
    """No rule stands against good figures."""
    assert failing() == ""


def assert_edge(rule: str, name: str, *, passes: float, fails: float) -> None:
    """One value holds, its neighbour is refused by that rule."""
    assert failing(**{name: passes}) == ""
    assert failing(**{name: fails}) == rule


@pytest.mark.requirement("EMOTION_001-B", "EMOTION_001-B/statistical_significance")
def test_a_p_value_of_five_percent_is_not_enough() -> None:
    """Below 0.05 passes, 0.05 itself does not."""
    assert_edge("evidence.p_value", "p_value", passes=nextafter(0.05, 0), fails=0.05)


@pytest.mark.requirement("EMOTION_001-B", "EMOTION_001-B/expected_value")
def test_an_expected_value_of_nothing_is_not_enough() -> None:
    """Above zero passes, zero does not."""
    assert_edge("evidence.mean", "mean", passes=5e-324, fails=0.0)


@pytest.mark.requirement("EMOTION_001-B", "EMOTION_001-B/sharpe_validation")
def test_a_sharpe_excess_of_two_is_not_enough() -> None:
    """Above 2.0 beyond the best of as many skill-less trials passes, 2.0 does not."""
    assert_edge("evidence.sharpe_excess", "sharpe_excess", passes=nextafter(2.0, 3), fails=2.0)


@pytest.mark.requirement("EMOTION_001-B/sharpe_validation")
def test_the_deflated_ratio_starts_to_hold_at_its_bound() -> None:
    """0.95 passes, less does not."""
    assert_edge("evidence.deflated", "deflated", passes=0.95, fails=nextafter(0.95, 0))


@pytest.mark.requirement("EMOTION_001-B", "EMOTION_001-B/confidence_check")
def test_a_confidence_of_three_quarters_is_not_enough() -> None:
    """Above 75 % passes, 75 % does not."""
    assert_edge("evidence.confidence", "confidence", passes=nextafter(0.75, 1), fails=0.75)


@pytest.mark.requirement("EMOTION_001-B")
def test_a_record_must_be_long_enough_in_days_trades_and_for_what_it_claims() -> None:
    """Ninety days, thirty closed trades, and the minimum track record length each refuse one less."""
    assert failing(days=120) == ""
    assert failing(days=89, track_days_min=1.0) == "evidence.days"
    assert failing(days=90, track_days_min=1.0) == ""
    assert_edge("evidence.closed_trades", "closed_trades", passes=30, fails=29)
    assert_edge("evidence.track_length", "track_days_min", passes=400.0, fails=nextafter(400.0, 401))
    assert failing(track_days_min=inf) == "evidence.track_length"


@pytest.mark.parametrize("name", ["mean", "p_value", "sharpe_excess", "deflated", "confidence", "track_days_min"])
def test_what_is_not_a_number_never_passes(name: str) -> None:
    """A figure that could not be computed refuses under its own rule."""
    rule = "track_length" if name == "track_days_min" else name
    assert failing(**{name: nan}) == f"evidence.{rule}"


def test_the_first_rule_that_fails_is_named_with_its_numbers() -> None:
    """In the stated order: length, trades, mean, significance, Sharpe, deflated, confidence, track length."""
    order: list[tuple[str, dict[str, Any]]] = [
        ("days", {"days": 1}),
        ("closed_trades", {"closed_trades": 1}),
        ("mean", {"mean": -1.0}),
        ("p_value", {"p_value": 0.9}),
        ("sharpe_excess", {"sharpe_excess": 0.0}),
        ("deflated", {"deflated": 0.1}),
        ("confidence", {"confidence": 0.1}),
        ("track_length", {"track_days_min": 1e9}),
    ]
    for place, (rule, _) in enumerate(order):
        changes: dict[str, Any] = {}
        for _, change in order[place:]:
            changes |= change
        assert failing(**changes) == f"evidence.{rule}"
    check = first_failing(EvidenceFigures(**(GOOD | {"p_value": 0.2})), BOUNDS)
    assert check is not None
    assert (check.measured, check.limit) == (0.2, 0.05)


anything = st.floats(allow_nan=True, allow_infinity=True)


@pytest.mark.requirement("U-1")
@given(
    st.fixed_dictionaries(
        {
            "days": st.integers(0, 1000),
            "closed_trades": st.integers(0, 100),
            "mean": anything,
            "p_value": anything,
            "sharpe_excess": anything,
            "deflated": anything,
            "confidence": anything,
            "track_days_min": anything,
        }
    )
)
def test_nothing_passes_that_does_not_hold_every_rule(figures: dict[str, Any]) -> None:
    """The verdict agrees with the rules said as one plain conjunction."""
    holds = (
        figures["days"] >= 90
        and figures["closed_trades"] >= 30
        and figures["mean"] > 0
        and figures["p_value"] < 0.05
        and figures["sharpe_excess"] > 2.0
        and figures["deflated"] >= 0.95
        and figures["confidence"] > 0.75
        and figures["days"] >= figures["track_days_min"]
    )
    assert (failing(**figures) == "") == holds
