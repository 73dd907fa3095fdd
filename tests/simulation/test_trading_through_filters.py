# SPDX-License-Identifier: Apache-2.0
"""Random intents through the trading stage to the exchange: no order that it sends fails one of the venue's filters."""

from collections.abc import Callable

import numpy as np
import pytest

from bot4.domain.order import ENTER, EXIT, OrderRequest
from bot4.domain.values import BUY, SELL, Lots, Ticks
from bot4.domain.verdict import NORMAL, Approved
from bot4.trading.conditions import Conditions
from tests.simulation.filtered_venue import FilteredVenue
from tests.simulation.test_filters_before_the_wire import LOT, RULES, TICK, as_listed

BETWEEN = 500
"""Intents before a fresh venue, so that its memory of old orders stays small."""


def fresh() -> FilteredVenue:
    """A venue at which something has traded."""
    one = as_listed()
    conditions = Conditions([one.instrument], [one.filters], slippage_max=0)
    venue = FilteredVenue(RULES, conditions, tick=TICK, lot=LOT)
    venue.move(10_000, 100_000)
    return venue


def wish(chance: np.random.Generator, number: int, price: int, *, held: int, waits: bool) -> OrderRequest:
    """Draw what a strategy out of its mind might be allowed by a judge who looks at nothing."""
    purpose = EXIT if (held or waits) and chance.random() < 0.4 else ENTER
    side = SELL if (purpose == EXIT) == (held >= 0) and (purpose == EXIT or chance.random() < 0.05) else BUY
    near = price + int(chance.integers(-60, 60))
    limit = near if chance.random() < 0.8 else int(10 ** chance.uniform(0, 7.5))
    distance = int(10 ** chance.uniform(0, 3.9))
    target = price + side * int(10 ** chance.uniform(0, 4)) if chance.random() < 0.5 else 0
    return OrderRequest(
        intent_id=number, instrument=0, slot=0, purpose=purpose,
        order_type=0 if purpose == EXIT else int(chance.integers(0, 7)), side=side,
        lots=Lots(int(10 ** chance.uniform(2.5, 6.8))), reference=Ticks(price), limit=Ticks(max(limit, 1)),
        trigger=Ticks(max(near + side * 20, 1)), stop=Ticks(max(price - side * distance, 1)),
        target=Ticks(max(target, 0)),
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.requirement("P-12", "P2-5", "ORDER_001", "EXEC_001")
def test_no_order_that_leaves_fails_a_filter(rounds: Callable[..., int]) -> None:
    """Entries, exits, stops, targets; and our count of lots is the venue's after each."""
    chance = np.random.Generator(np.random.PCG64(11))
    venue, price, sent = fresh(), 10_000, 0
    met: set[str] = set()
    for number in range(1, rounds(100_000, full=1_000_000) + 1):
        venue.now_ms += int(chance.integers(0, 2_000))
        if number % BETWEEN == 0:
            sent += len(venue.sent)
            met |= venue.said.keys()
            venue, price = fresh(), 10_000
        elif chance.random() < 0.3:
            price = min(max(price + int(chance.integers(-40, 41)), 9_000), 11_000)
            venue.move(price, int(10 ** chance.uniform(2, 5)))
        waits = venue.trading.desks[0].enter is not None
        asked = wish(chance, number, price, held=int(venue.trading.position(0)), waits=waits)
        venue.hear(Approved(venue.now, asked, NORMAL, []))
        venue.settle()
        assert venue.failures == []
        assert venue.balance() == venue.trading.position(0)
        assert venue.opposite() == []
    assert sent > rounds(20_000, full=200_000)
    assert {"filters.market_min", "filters.notional_min", "filters.exit_notional", "filters.percent_up"} <= met
    assert "trading.dust" in met
    assert not any(rule.startswith("trading.contradiction") for rule in met)
