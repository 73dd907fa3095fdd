# SPDX-License-Identifier: Apache-2.0
"""The three shipped strategies against views made by hand: silent until warm, in and out where the rule says."""

from collections.abc import Mapping
from math import nan, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.decision.strategies import Breakout, MeanReversion, Momentum, SmaCross, Strategy, View
from bot4.domain.signal import Signal
from bot4.domain.values import HOUR_NS, Nanos
from tests.unit.asking import features

SHIPPED = (Momentum, MeanReversion, Breakout)


def view(values: Mapping[str, float], *, held: float = 0.0, close: float = 1000.0) -> View:
    """What a strategy sees after the first hour."""
    index = {name: place for place, name in enumerate(values)}
    told = features(0, list(values.values()), 1)  # one tick that is worth the close
    return View(told, index, position=held, tick=close, interval_ns=Nanos(HOUR_NS))


def said(strategy: Strategy, values: Mapping[str, float], *, held: float = 0.0, close: float = 1000.0) -> float | None:
    """The strength a strategy answers with, or None; the signal must be one that the stage takes."""
    seen = view(values, held=held, close=close)
    signal = strategy.on_bar(seen)
    if signal is None:
        return None
    assert isinstance(signal, Signal)
    assert -1.0 <= signal.strength <= 1.0
    assert signal.reason
    assert signal.expires_ns > seen.bar.ts_known_ns
    return signal.strength


@pytest.mark.requirement("P-29", "I-11")
@pytest.mark.parametrize("make", SHIPPED)
@pytest.mark.parametrize("held", [-1.0, 0.0, 1.0])
def test_nothing_is_said_before_the_features_are_warm(make: type[Strategy], held: float) -> None:
    """With every feature still NaN there is no signal, whatever is held."""
    strategy = make()
    assert strategy.features
    assert said(strategy, dict.fromkeys(strategy.features, nan), held=held) is None


@pytest.mark.parametrize("make", SHIPPED)
def test_one_cold_feature_is_enough_to_keep_out(make: type[Strategy]) -> None:
    """No position is opened while any declared feature is NaN and the others are neutral."""
    strategy = make()
    for cold in strategy.features:
        values = dict.fromkeys(strategy.features, 1000.0 if make is Breakout else 0.0) | {cold: nan}
        assert said(strategy, values) is None


@pytest.mark.parametrize(
    ("sigmas", "held", "expected"),
    [
        (1.01, 0.0, 1.0),
        (0.99, 0.0, None),
        (-1.01, 0.0, -1.0),
        (-0.99, 0.0, None),
        (0.01, 1.0, None),
        (-0.01, 1.0, 0.0),
        (-0.01, -1.0, None),
        (0.01, -1.0, 0.0),
        (5.0, 1.0, None),
        (-5.0, 1.0, 0.0),
    ],
)
def test_momentum_enters_beyond_one_sigma_and_leaves_when_the_sign_turns(
    sigmas: float, held: float, expected: float | None
) -> None:
    """The return of the look-back in its own deviations decides; in between nothing changes."""
    volatility = 0.01
    values = {"roc_48": sigmas * volatility * sqrt(48) * 100.0, "volatility_48": volatility}
    assert said(Momentum(), values, held=held) == expected


def test_momentum_sees_no_trend_in_a_market_that_does_not_move() -> None:
    """Zero volatility is no reason to divide by it."""
    assert said(Momentum(), {"roc_48": 0.0, "volatility_48": 0.0}) is None


@pytest.mark.parametrize(
    ("stretch", "trend", "held", "expected"),
    [
        (-2.0, 19.9, 0.0, 1.0),
        (-1.99, 19.9, 0.0, None),
        (2.0, 19.9, 0.0, -1.0),
        (1.99, 19.9, 0.0, None),
        (-3.0, 20.0, 0.0, None),
        (-3.0, nan, 0.0, None),
        (-0.1, 50.0, 1.0, None),
        (0.0, 50.0, 1.0, 0.0),
        (0.1, 50.0, 1.0, 0.0),
        (0.1, 50.0, -1.0, None),
        (-0.1, 50.0, -1.0, 0.0),
    ],
)
def test_mean_reversion_fades_in_a_range_and_leaves_at_the_mean(
    stretch: float, trend: float, held: float, expected: float | None
) -> None:
    """Two deviations away while ADX is below 20, out at the average, whatever the trend then is."""
    assert said(MeanReversion(), {"zscore_20": stretch, "adx_14": trend}, held=held) == expected


@pytest.mark.parametrize(
    ("close", "held", "expected"),
    [
        (1100.0, 0.0, None),
        (1100.01, 0.0, 1.0),
        (900.0, 0.0, None),
        (899.99, 0.0, -1.0),
        (950.0, 1.0, None),
        (949.99, 1.0, 0.0),
        (1050.0, -1.0, None),
        (1050.01, -1.0, 0.0),
        (1200.0, 1.0, None),
    ],
)
def test_breakout_enters_beyond_the_long_channel_and_leaves_by_the_short_one(
    close: float, held: float, expected: float | None
) -> None:
    """A close at the edge is inside; one tick beyond is out."""
    channel = {"prior_high_55": 1100.0, "prior_low_55": 900.0, "prior_high_20": 1050.0, "prior_low_20": 950.0}
    assert said(Breakout(), channel, held=held, close=close) == expected


@pytest.mark.parametrize(
    ("fast", "slow", "held", "expected"),
    [
        (2.0, 1.0, 0.0, 1.0),
        (2.0, 1.0, -1.0, 1.0),
        (2.0, 1.0, 1.0, None),
        (1.0, 2.0, 0.0, -1.0),
        (1.0, 2.0, 1.0, -1.0),
        (1.0, 2.0, -1.0, None),
        (1.0, 1.0, 1.0, None),
        (nan, 1.0, 0.0, None),
        (1.0, nan, 1.0, None),
    ],
)
def test_sma_cross_holds_the_side_of_the_fast_mean(
    fast: float, slow: float, held: float, expected: float | None
) -> None:
    """It speaks when the side changes, and an equality changes nothing."""
    assert said(SmaCross(), {"sma_10": fast, "sma_50": slow}, held=held) == expected


def test_sma_cross_refuses_means_that_cannot_cross() -> None:
    """The fast window is the shorter one."""
    with pytest.raises(ValueError, match="fast 50 is not less than slow 50"):
        SmaCross(50, 50)


def test_parameters_choose_the_features() -> None:
    """A shorter window reads the features of that window."""
    assert SmaCross(3, 9).features == ("sma_3", "sma_9")
    assert Momentum(lookback=10).features == ("roc_10", "volatility_10")
    assert MeanReversion(window=7).features == ("zscore_7", "adx_14")
    assert Breakout(entry=9, leave=3).features == ("prior_high_9", "prior_low_9", "prior_high_3", "prior_low_3")


@pytest.mark.parametrize("make", SHIPPED)
def test_an_entry_expires_after_its_time_stop(make: type[Strategy]) -> None:
    """The opinion ends after so many bars, as configured."""
    strategy = make(hold_bars_max=7)  # type: ignore[call-arg]
    strong = {
        "roc_48": 100.0,
        "volatility_48": 0.01,
        "zscore_20": -3.0,
        "adx_14": 1.0,
        "prior_high_55": 1.0,
        "prior_low_55": 0.5,
        "prior_high_20": 1.0,
        "prior_low_20": 0.5,
    }
    seen = view(strong)
    signal = strategy.on_bar(seen)
    assert signal is not None
    assert signal.expires_ns == seen.bar.ts_known_ns + 7 * HOUR_NS


wild = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.floats(-200, 200))


@given(st.sampled_from(SHIPPED), st.lists(wild, min_size=4, max_size=4), st.sampled_from([-1.0, 0.0, 1.0]), wild)
def test_no_view_makes_a_strategy_say_more_than_one(
    make: type[Strategy], numbers: list[float], held: float, close: float
) -> None:
    """Whatever the features are, a strategy answers with nothing or a strength in [-1, 1], and does not raise."""
    strategy = make()
    values = dict(zip(strategy.features, numbers, strict=False))
    answer = said(strategy, values, held=held, close=close)
    assert answer is None or -1.0 <= answer <= 1.0
    assert held == 0.0 or answer in (None, 0.0)


def test_a_view_knows_only_what_was_declared() -> None:
    """A feature that is not the run's is a KeyError, not a number."""
    with pytest.raises(KeyError):
        view({"roc_48": 1.0})["roc_49"]
