# SPDX-License-Identifier: Apache-2.0
"""The made-up market: the same from the same seed, coherent bar by bar, with the stated edge in it and no other."""

import hashlib
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.decision.strategies import Breakout, MeanReversion, Momentum, Strategy
from bot4.domain.marketdata import Bar
from bot4.kernels.evidence import Assessment, assess
from bot4.kernels.features import compile_features
from bot4.kernels.jit import IS_COMPILED
from bot4.kernels.shadow import shadow_fill, shadow_mark
from bot4.kernels.synthetic import DOWN, REGIMES, UP, SyntheticConfig, SyntheticMarket, generate
from tests.unit.kernels.series import stamps

COST = 0.0011
YEAR = 8_760


class Glimpse:
    """What a strategy is shown, without the engine around it; expiry is counted in bars."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.values: list[float] = []
        self.now = 0
        self.position = 0.0
        self.close = 0.0
        self.bar: Bar | None = None

    def __getitem__(self, feature: str) -> float:
        return self.values[self.names.index(feature)]

    def after(self, bars: int) -> int:
        """Return the bar that many from now."""
        return self.now + bars


def shadow_days(market: SyntheticMarket, strategy: Strategy) -> list[float]:
    """Run a strategy, long or flat, by the shadow rule; returns its daily net returns on a notional of 1."""
    program = compile_features(strategy.features)
    rows = np.empty((len(market.closes), program.size))
    program.run(program.new_state(), stamps(len(market.closes)), *market[:5], rows)
    view: Any = Glimpse(program.names)
    quantity = mark = gain = 0.0
    expires, waits, days = 1 << 60, False, []
    bars = zip(market.opens.tolist(), market.closes.tolist(), rows.tolist(), strict=True)
    for view.now, (open_price, view.close, view.values) in enumerate(bars):
        if waits:
            quantity, gained, cost = shadow_fill(quantity, mark, max(view.position, 0.0), open_price, 1.0, COST)
            gain, mark, waits = gain + gained - cost, open_price, False
        if view.position != 0.0 and view.now >= expires:
            view.position, waits = 0.0, True
        said = strategy.on_bar(view)
        if said is not None:
            waits = waits or said.strength != view.position
            view.position, expires = said.strength, int(said.expires_ns)
        if view.now % 24 == 23:
            days.append(gain + shadow_mark(quantity, mark, view.close))
            gain, mark = 0.0, view.close
    return days


def judged(seed: int, strategy: Strategy) -> Assessment:
    """Assess a strategy on a year of hourly bars, as one of three variants tried."""
    return assess(np.array(shadow_days(generate(YEAR, seed), strategy)), 3, 0)


@pytest.mark.parametrize("seed", range(4 if IS_COMPILED else 1))
def test_following_the_planted_trend_earns_and_the_other_two_do_not(seed: int) -> None:
    """Net of fees and slippage, momentum stands far above the gate's bar; reversion and breakout far below it."""
    momentum = judged(seed, Momentum())
    assert momentum.sharpe > 4.0
    assert momentum.sharpe_excess > 2.0
    assert momentum.deflated > 0.99
    assert judged(seed, MeanReversion()).sharpe_excess < 0.0
    assert judged(seed, Breakout()).sharpe_excess < 2.0


def test_without_drift_and_traps_there_is_nothing_to_earn() -> None:
    """The edge is the planted drift and no other: with it taken out, momentum only pays its costs."""
    plain = SyntheticConfig(drift=0.0, trap_chance=0.0)
    days = [day for seed in range(4) for day in shadow_days(generate(YEAR, seed, plain), Momentum())]
    assert assess(np.array(days), 3, 0).sharpe < 1.0


@given(seed=st.integers(-(2**70), 2**70), interval_s=st.sampled_from([60.0, 900.0, 3600.0]))
def test_every_bar_is_coherent_and_on_its_steps(seed: int, interval_s: float) -> None:
    """High and low hold open and close, opens follow closes, nothing is zero, all lies on tick and lot."""
    market = generate(400, seed, SyntheticConfig(interval_s=interval_s))
    assert (market.lows > 0.0).all()
    assert (market.volumes > 0.0).all()
    assert (market.highs >= np.maximum(market.opens, market.closes)).all()
    assert (market.lows <= np.minimum(market.opens, market.closes)).all()
    assert (market.opens[1:] == market.closes[:-1]).all()
    for column in market[:4]:
        np.testing.assert_allclose(column / 0.01, np.round(column / 0.01), rtol=0, atol=1e-4)


@given(seed=st.integers(0, 2**64 - 1), cut=st.integers(0, 200))
def test_a_longer_market_begins_with_the_shorter_one(seed: int, cut: int) -> None:
    """Chance belongs to the bar, not to the order of asking."""
    long, short = generate(200, seed), generate(cut, seed)
    for a, b in zip(long, short, strict=True):
        assert a[:cut].tobytes() == b.tobytes()


def test_the_same_seed_gives_the_same_bytes_for_ever() -> None:
    """The digest of one market, written down; another seed gives another market."""
    digest = hashlib.sha256(b"".join(column.tobytes() for column in generate(2_000, 0))).hexdigest()
    assert digest == "31a62701b478b523865771bce324c62310366f4f1266b5eed1c375543dab9d21"
    assert generate(50, 1).closes.tobytes() != generate(50, 2).closes.tobytes()


def test_trends_are_followed_by_pauses_and_prices_stay_in_sight() -> None:
    """Every regime comes up, no trend touches another, and years of them do not run away."""
    market = generate(60_000 if IS_COMPILED else 8_000, 3)
    regimes = market.regimes
    assert set(regimes.tolist()) == set(range(len(REGIMES)))
    changes = np.flatnonzero(np.diff(regimes))
    assert not ((regimes[changes] >= UP) & (regimes[changes + 1] >= UP)).any()
    assert 3_000.0 < market.closes.min() < market.closes.max() < 300_000.0
    moves = np.diff(np.log(market.closes))
    assert moves[regimes[1:] == UP].mean() > 0.0005
    assert moves[regimes[1:] == DOWN].mean() < -0.0005


@pytest.mark.parametrize(
    ("bars", "config", "part"),
    [
        (-1, SyntheticConfig(), "bars must not be negative, was -1"),
        (10, SyntheticConfig(first_price=0.0), "first_price was 0.0, allowed is finite, above 0"),
        (10, SyntheticConfig(deviation=math.nan), "deviation was nan"),
        (10, SyntheticConfig(trap_decay=1.5), "trap_decay was 1.5, allowed is 0 to 1"),
        (10, SyntheticConfig(drift=-0.1), "drift was -0.1, allowed is finite, from 0"),
        (10, SyntheticConfig(pause_bars=1.0), "at least 2"),
    ],
)
def test_what_is_no_market_is_refused(bars: int, config: SyntheticConfig, part: str) -> None:
    """The message names the field, the value and what is allowed."""
    with pytest.raises(ValueError, match=r"was|at least") as caught:
        generate(bars, 0, config)
    assert part in str(caught.value)


def test_an_empty_market_is_allowed() -> None:
    """No bars are five empty columns."""
    assert all(len(column) == 0 for column in generate(0, 0))
