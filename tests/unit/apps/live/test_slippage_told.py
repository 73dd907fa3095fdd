# SPDX-License-Identifier: Apache-2.0
"""How much an entry may cost is told once, in the table of the venue, and stands in the journal's header."""

from pathlib import Path

import pytest

from bot4.apps.live_plan import plan_again, plan_live
from bot4.domain.errors import BadInput
from bot4.domain.filters import Filters
from bot4.domain.values import HOUR_NS, RATE_ONE
from bot4.runtime.venue_settings import venue_settings
from bot4.trading.conditions import SLIPPAGE_MAX
from tests.simulation.engine_run import coin, lively

TABLE = {"symbols": ["BTCUSDT"], "interval": "1h"}


def place(path: tuple[str, ...]) -> str:
    """Say where a key stands."""
    return ".".join(path)


@pytest.mark.requirement("EXEC_001")
@pytest.mark.parametrize("told", [0, RATE_ONE // 500])
def test_a_run_keeps_the_slippage_it_was_told_when_it_goes_on(told: int) -> None:
    """A new run and the same one read from its header refuse at the same cost."""
    plan = plan_live(
        "live",
        lively(),
        [coin()],
        [HOUR_NS],
        venue="imagined",
        nonce="0" * 16,
        config_folder=Path(),
        filters=[Filters()],
        slippage_max=told,
    )
    again = plan_again(plan.header, Path(), "journal")
    assert plan.conditions is not None and again.conditions is not None
    assert plan.conditions.slippage_max == again.conditions.slippage_max == told


def test_the_table_says_a_part_of_the_price() -> None:
    """0.1 % unless told; a percentage written as a whole number is refused by name."""
    assert round(venue_settings(TABLE, place).slippage_max * RATE_ONE) == SLIPPAGE_MAX
    assert venue_settings({**TABLE, "slippage_max": 0.002}, place).slippage_max == 0.002
    with pytest.raises(BadInput, match="slippage_max"):
        venue_settings({**TABLE, "slippage_max": 0.2}, place)
