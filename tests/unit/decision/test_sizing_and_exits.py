# SPDX-License-Identifier: Apache-2.0
"""How much and where it ends: never above the cap, never without a stop on the losing side."""

from decimal import Decimal
from fractions import Fraction
from math import inf, nan, sqrt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot4.decision.exits import Exits
from bot4.decision.sizing import Sizing, lots_for_fraction, smallest_lots
from bot4.domain.values import BUY, DAY_NS, HOUR_NS, MINUTE_NS, MONEY_ONE, SELL, Money, Nanos, Ticks
from tests.simulation.engine_run import coin

HOUR = Nanos(HOUR_NS)
volatilities = st.floats(1e-9, 10.0)
strengths = st.floats(-1.0, 1.0)
prices = st.integers(1, 10_000_000).map(Ticks)
equities = st.integers(0, 50_000_000 * MONEY_ONE).map(Money)


@pytest.mark.requirement("position_sizing_calculator")
def test_the_share_is_the_target_over_the_daily_volatility() -> None:
    """Hourly volatility of 1 % is 4.9 % a day; a target of 0.05 % is then 1.02 % of equity, below the cap."""
    share = Sizing(0.02, 0.0005).fraction(1.0, 0.01, HOUR)
    assert share == pytest.approx(0.0005 / (0.01 * sqrt(24)))
    assert share < 0.02


@pytest.mark.requirement("position_sizing_calculator", "RISK_001")
@given(strengths, volatilities, st.floats(1e-6, 0.05))
def test_no_share_is_above_the_cap_or_below_nothing(strength: float, volatility: float, target: float) -> None:
    """Whatever is asked, the share lies in [0, cap]."""
    assert 0.0 <= Sizing(0.02, target).fraction(strength, volatility, HOUR) <= 0.02


@given(strengths, strengths, volatilities, volatilities)
def test_more_conviction_is_never_less_and_more_noise_is_never_more(
    one: float, other: float, calm: float, wild: float
) -> None:
    """The share grows with the strength's size and falls with volatility."""
    sizing = Sizing(0.02, 0.0005)
    weak, strong = sorted((abs(one), abs(other)))
    low, high = sorted((calm, wild))
    assert sizing.fraction(weak, calm, HOUR) <= sizing.fraction(strong, calm, HOUR)
    assert sizing.fraction(one, high, HOUR) <= sizing.fraction(one, low, HOUR)
    assert sizing.fraction(one, calm, HOUR) == sizing.fraction(-one, calm, HOUR)


@pytest.mark.requirement("I-11")
@pytest.mark.parametrize("volatility", [nan, 0.0, -0.01, -inf])
def test_an_unknown_volatility_is_no_size(volatility: float) -> None:
    """Not warm, or not a volatility: nothing is bought."""
    assert Sizing(0.02, 0.0005).fraction(1.0, volatility, HOUR) == 0.0


def test_shorter_bars_of_the_same_noise_are_smaller_positions() -> None:
    """1 % a minute is far more a day than 1 % an hour, by the root of 60."""
    sizing = Sizing(1.0, 0.0005)
    ratio = sizing.fraction(1.0, 0.01, HOUR) / sizing.fraction(1.0, 0.01, Nanos(MINUTE_NS))
    assert ratio == pytest.approx(sqrt(60))
    assert sizing.fraction(1.0, 0.01, Nanos(DAY_NS)) == pytest.approx(0.05)


@pytest.mark.requirement("position_sizing_calculator", "P2-5")
@given(equities, st.floats(0.0, 0.02), prices)
def test_the_quantity_is_worth_at_most_its_share(equity: Money, fraction: float, price: Ticks) -> None:
    """Rounding never increases risk; one lot more would be too much."""
    instrument = coin()
    lots = lots_for_fraction(instrument, equity, fraction, price)
    share = int(float(equity) * fraction)
    per_lot = Fraction(int(price)) * int(instrument.factor_num) / int(instrument.factor_den)
    assert int(lots) * per_lot <= share
    assert lots == instrument.max_lots or int(lots + 1) * per_lot > share


@given(equities, equities, st.floats(0.0, 0.02), prices)
def test_less_equity_never_buys_more(one: Money, other: Money, fraction: float, price: Ticks) -> None:
    """The quantity is monotone in equity."""
    poor, rich = sorted((one, other))
    instrument = coin()
    assert lots_for_fraction(instrument, poor, fraction, price) <= lots_for_fraction(instrument, rich, fraction, price)


@pytest.mark.parametrize("equity", [0, -1, -(10**12)])
def test_an_equity_that_is_gone_buys_nothing(equity: int) -> None:
    """No money, no lots, and no negative lots."""
    assert lots_for_fraction(coin(), Money(equity), 0.02, Ticks(100)) == 0


@pytest.mark.requirement("P-12")
@given(prices, st.integers(1, 50), st.integers(0, 1000))
def test_the_smallest_quantity_passes_both_filters_and_one_less_does_not(
    price: Ticks, min_lots: int, min_notional: int
) -> None:
    """It is at least min_lots and worth at least min_notional, and it is the first that is."""
    instrument = coin(min_lots=min_lots, min_notional=Decimal(min_notional))
    least = int(smallest_lots(instrument, price))
    exact = Fraction(int(price)) * int(instrument.factor_num) / int(instrument.factor_den)

    def passes(lots: int) -> bool:
        return lots >= min_lots and lots * exact >= int(instrument.min_notional)

    assert passes(least)
    assert not passes(least - 1)


@pytest.mark.requirement("stop_loss_manager", "RISK_001")
@given(st.sampled_from([BUY, SELL]), prices, st.floats(0.0, 1e6), st.floats(1e-6, 100.0))
def test_a_stop_is_on_the_losing_side_by_a_tick_or_there_is_none(
    side: int, reference: Ticks, atr_ticks: float, multiple: float
) -> None:
    """A long's stop is below and a short's above by at least one tick; 0 only where none is left below."""
    stop = Exits(multiple, 0.0).stop(side, reference, atr_ticks)
    assert stop == 0 or side * (reference - stop) >= 1
    assert stop > 0 or (side == BUY and reference - max(1, int(multiple * atr_ticks)) <= 0)


@given(st.sampled_from([BUY, SELL]), prices, st.floats(0.0, 1e6), st.floats(1e-6, 100.0))
def test_a_stop_is_nearer_rather_than_farther(side: int, reference: Ticks, atr_ticks: float, multiple: float) -> None:
    """The rounded distance is never above the one asked for, but for the one tick there must be."""
    stop = Exits(multiple, 0.0).stop(side, reference, atr_ticks)
    assume(stop > 0)
    assert side * int(reference - stop) <= max(1.0, multiple * atr_ticks)


@pytest.mark.requirement("profit_target_system")
@given(st.sampled_from([BUY, SELL]), prices, st.floats(0.0, 1e6), st.floats(1e-6, 1000.0))
def test_a_target_is_on_the_winning_side_by_a_tick_or_there_is_none(
    side: int, reference: Ticks, atr_ticks: float, multiple: float
) -> None:
    """A long's target is above, a short's below and never under the first tick."""
    target = Exits(1.0, multiple).target(side, reference, atr_ticks)
    assert target == 0 or side * (target - reference) >= 1
    assert target > 0 or side == SELL


def test_no_target_is_asked_for_with_a_distance_of_nothing() -> None:
    """Zero average true ranges means that only the stop ends the position."""
    assert Exits(4.0, 0.0).target(BUY, Ticks(1000), 50.0) == 0


def test_distances_by_hand() -> None:
    """Four ranges of 10.3 ticks below, twelve above: 41.2 down to 41, 123.6 up to 124."""
    exits = Exits(4.0, 12.0)
    assert exits.stop(BUY, Ticks(1000), 10.3) == 959
    assert exits.target(BUY, Ticks(1000), 10.3) == 1124
    assert exits.stop(SELL, Ticks(1000), 10.3) == 1041
    assert exits.target(SELL, Ticks(1000), 10.3) == 876
