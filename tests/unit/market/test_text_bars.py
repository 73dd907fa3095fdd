# SPDX-License-Identifier: Apache-2.0
"""A venue's bars in text: rounded to the nearest tick and lot as recorded ones are, and counted where they were."""

import pytest

from bot4.domain.marketdata import Bar
from bot4.market.tick_reader import TextTicks
from tests.unit.market.live_feeds import START, Watched
from tests.unit.market.recorded import bitcoin

pytestmark = pytest.mark.requirement("DATA_001/validation")


@pytest.mark.parametrize(
    ("prices", "volume", "ticks", "lots", "faults"),
    [
        (("1.00", "2.00", "0.50", "1.50"), "0.003", (100, 200, 50, 150), 3, {}),
        (("1.004", "2.006", "0.50", "1.50"), "0.003", (100, 201, 50, 150), 3, {"off_tick": 1}),
        (("1.00", "2.00", "0.50", "1.50"), "0.00351", (100, 200, 50, 150), 4, {"off_lot": 1}),
    ],
)
def test_a_bar_off_the_tick_or_the_lot_is_rounded_and_counted(
    prices: tuple[str, ...], volume: str, ticks: tuple[int, ...], lots: int, faults: dict[str, int]
) -> None:
    """A bar is one fault however many of its prices are off."""
    feed = Watched()
    TextTicks(bitcoin(), feed.check).bar(0, (START, START + 1), prices, volume)
    (bar,) = feed.events
    assert isinstance(bar, Bar)
    assert tuple(int(getattr(bar, name)) for name in ("open", "high", "low", "close")) == ticks
    assert int(bar.volume) == lots
    assert feed.quality.faults == faults
