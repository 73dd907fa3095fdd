# SPDX-License-Identifier: Apache-2.0
"""The drawdown ladder: down at once, up only after a day, never up from the last step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.domain.values import DAY_NS, Money, Nanos
from bot4.domain.verdict import EMERGENCY, NORMAL, PAUSED, REDUCED
from bot4.risk.drawdown import Ladder

START = 1_000_000


def ladder() -> Ladder:
    """Return a ladder of 5, 10 and 15 % at its first peak."""
    return Ladder(Money(START), 50, 100, 150)


@pytest.mark.requirement("RISK_001")
@pytest.mark.parametrize(
    ("equity", "mode"),
    [
        (950_001, NORMAL),
        (950_000, REDUCED),
        (900_001, REDUCED),
        (900_000, PAUSED),
        (850_001, PAUSED),
        (850_000, EMERGENCY),
        (0, EMERGENCY),
        (-5, EMERGENCY),
    ],
)
def test_each_step_begins_exactly_at_its_threshold(equity: int, mode: int) -> None:
    """Equal to the threshold is on the step, one unit above is not."""
    rungs = ladder()
    assert rungs.mark(Money(equity), Nanos(1)) == (mode != NORMAL)
    assert rungs.mode == mode


def test_the_way_up_waits_a_day_after_the_last_step_down() -> None:
    """Equity back at its peak changes nothing for 24 hours, and then restores the mode."""
    rungs = ladder()
    rungs.mark(Money(900_000), Nanos(10))
    assert not rungs.mark(Money(START), Nanos(9 + DAY_NS))
    assert rungs.mode == PAUSED
    assert rungs.mark(Money(START), Nanos(10 + DAY_NS))
    assert rungs.mode == NORMAL


def test_an_emergency_is_never_left() -> None:
    """No recovery of equity and no time brings back trading after the last step."""
    rungs = ladder()
    rungs.mark(Money(850_000), Nanos(1))
    assert not rungs.mark(Money(2 * START), Nanos(100 * DAY_NS))
    assert rungs.mode == EMERGENCY


def test_drawdown_counts_from_the_highest_equity() -> None:
    """A new peak raises all thresholds with it."""
    rungs = ladder()
    rungs.mark(Money(2 * START), Nanos(1))
    rungs.mark(Money(1_900_000), Nanos(2))
    assert rungs.mode == REDUCED
    assert rungs.drawdown() == pytest.approx(0.05)


def test_a_mode_from_outside_only_tightens() -> None:
    """The ratchet: a milder mode from outside is not taken."""
    rungs = ladder()
    rungs.tighten(PAUSED, Nanos(5))
    rungs.tighten(REDUCED, Nanos(6))
    assert rungs.mode == PAUSED


@given(st.lists(st.integers(-START, 3 * START), min_size=1, max_size=60))
def test_the_mode_is_never_milder_than_the_drawdown_asks(path: list[int]) -> None:
    """Whatever path equity takes, the mode covers the present drawdown, and an emergency stays."""
    rungs = ladder()
    peak = START
    was_emergency = False
    for hour, equity in enumerate(path):
        rungs.mark(Money(equity), Nanos(1 + hour * 3_600_000_000_000))
        peak = max(peak, equity)
        asked = sum(equity <= peak * (1000 - mille) // 1000 for mille in (50, 100, 150))
        assert rungs.mode >= asked
        was_emergency = was_emergency or asked == EMERGENCY
        assert not was_emergency or rungs.mode == EMERGENCY
