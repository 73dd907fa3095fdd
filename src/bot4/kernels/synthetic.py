# SPDX-License-Identifier: Apache-2.0
"""A made-up market for demonstrations and tests. Nothing it shows says anything about a real one.

**The edge is planted.** In trending regimes every bar drifts the same way, by `drift` deviations, for `trend_bars` on
average: a rule that follows the return over some tens of bars, measured in its own noise, earns money here, net of
0.1 % per side, because we put it there. **So are the traps.** In the pauses between trends a close leaps up now and
then and falls back within a few bars: a rule that buys a close above all recent highs buys the top. Everything else is
a martingale, so a rule that bets on the way back to a mean pays its costs. `bot4 demo` wants exactly this: a gate that
lets one strategy through and refuses the others.

The model, bar by bar: a chain over five regimes (range, calm, volatile, up, down), a trend always followed by a pause
(one of the first three), lengths uniform between half and one and a half of their mean; a normal return with the
regime's deviation and drift; now and then a jump that stays; highs and lows beyond open and close, now and then a wick;
volume that swells with the move. The way of a trend is drawn against the distance from the first price, so that years
of trends do not run away. Lengths are counted in bars and deviations scale with the root of the interval: the edge lies
at the same number of bars whether they last a minute or an hour.

Chance is splitmix64 and a normal quantile, both bot4's own: equal seeds give equal bytes, in every run.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot4.kernels.chance import seed_word, uniform_at
from bot4.kernels.evidence.normal import normal_ppf
from bot4.kernels.jit import Floats, Ints, kernel

RANGE: Final = 0
CALM: Final = 1
VOLATILE: Final = 2
UP: Final = 3
DOWN: Final = 4
REGIMES: Final = ("range", "calm", "volatile", "up", "down")

HOUR_S: Final = 3600.0
DRAWS: Final = 16  # places of chance set aside for each bar


class SyntheticConfig(NamedTuple):
    """The market to make. `deviation` is of log returns per hour; chances are per bar; lengths are in bars.

    Over 14 seeds and a year of hourly bars, long or flat at 0.11 % per side, the annual Sharpe ratios of the
    strategies bot4 ships were 5.3 to 7.7 (momentum), -5.6 to -2.2 (mean reversion) and -0.7 to 2.6 (breakout), with
    22 to 29 closed trades of momentum; a year of bars of 15 minutes gives it a hundred, and a ratio near 11.
    """

    interval_s: float = HOUR_S
    first_price: float = 30_000.0
    price_step: float = 0.01
    volume_mean: float = 50.0
    volume_step: float = 0.00001
    deviation: float = 0.003
    drift: float = 0.4  # of a deviation, each bar of a trend: the planted edge
    trend_bars: float = 130.0
    pause_bars: float = 36.0
    trend_chance: float = 0.7  # that a pause ends in a trend, not in another pause
    pull: float = 6.0  # how strongly the way of the next trend leans back towards the first price
    trap_chance: float = 0.1  # in pauses only
    trap_deviations: float = 27.0
    trap_decay: float = 0.3  # what is left of a trap after each bar
    jump_chance: float = 0.002
    jump_deviations: float = 4.0
    wick_chance: float = 0.03
    wick_deviations: float = 6.0
    wick_share_below: float = 0.3  # wicks below are shorter than above: they would only shake out stops


class SyntheticMarket(NamedTuple):
    """Equally long columns: five of float64, and which regime each bar was made in (index into REGIMES)."""

    opens: Floats
    highs: Floats
    lows: Floats
    closes: Floats
    volumes: Floats
    regimes: NDArray[np.int64]


@kernel
def next_regime(seed: np.uint64, place: int, regime: int, away: float, config: SyntheticConfig) -> int:
    """Return the regime after one that ended, given the log distance from the first price; uses places 0 .. 2."""
    if regime < UP and uniform_at(seed, place) < config.trend_chance:
        rises = 1.0 / (1.0 + math.exp(config.pull * away))
        return UP if uniform_at(seed, place + 1) < rises else DOWN
    return int(uniform_at(seed, place + 2) * 3.0)


@kernel
def move(seed: np.uint64, place: int, regime: int, deviation: float, config: SyntheticConfig) -> float:
    """Return the lasting log return of one bar; uses places 4 .. 6."""
    change = deviation * normal_ppf(uniform_at(seed, place + 4))
    if regime == UP:
        change += config.drift * deviation
    elif regime == DOWN:
        change -= config.drift * deviation
    if uniform_at(seed, place + 5) < config.jump_chance:
        change += config.jump_deviations * deviation * normal_ppf(uniform_at(seed, place + 6))
    return float(change)


@kernel
def reach(seed: np.uint64, place: int, deviation: float, config: SyntheticConfig) -> float:
    """Return how far, in logs, a bar reaches beyond its open and close on one side; uses three places."""
    beyond = -0.4 * deviation * math.log(uniform_at(seed, place))
    if uniform_at(seed, place + 1) < config.wick_chance:
        beyond -= config.wick_deviations * deviation * math.log(uniform_at(seed, place + 2))
    return beyond


@kernel
def make_bars(seed: np.uint64, config: SyntheticConfig, out: Floats, regimes: Ints) -> None:
    """Fill `out`, shape (5, bars), with opens, highs, lows, closes and volumes, and `regimes`, shape (bars,)."""
    step = config.price_step
    usual = config.deviation * math.sqrt(config.interval_s / HOUR_S)
    first = max(round(config.first_price / step), 1.0) * step
    price = first
    regime = RANGE
    left = int(config.pause_bars)
    lasting = 0.0
    trap = 0.0
    for i in range(out.shape[1]):
        place = i * DRAWS
        if left <= 0:
            regime = next_regime(seed, place, regime, lasting, config)
            mean = config.trend_bars if regime >= UP else config.pause_bars
            left = int(mean * (0.5 + uniform_at(seed, place + 3)))
        left -= 1
        deviation = usual * (0.5 if regime == CALM else 1.8 if regime == VOLATILE else 1.0)
        change = move(seed, place, regime, deviation, config)
        lasting += change
        trap *= config.trap_decay
        if regime < UP and uniform_at(seed, place + 14) < config.trap_chance:
            trap += config.trap_deviations * usual
        close = max(round(first * math.exp(lasting + trap) / step), 1.0) * step
        above = reach(seed, place + 7, deviation, config)
        below = config.wick_share_below * reach(seed, place + 10, deviation, config)
        swell = (0.5 + abs(change) / usual) * math.exp(0.5 * normal_ppf(uniform_at(seed, place + 13)))
        out[0, i] = price
        out[1, i] = round(max(price, close) * math.exp(above) / step) * step
        out[2, i] = max(round(min(price, close) * math.exp(-below) / step), 1.0) * step
        out[3, i] = close
        out[4, i] = max(round(config.volume_mean * swell / config.volume_step), 1.0) * config.volume_step
        regimes[i] = regime
        price = close


def generate(bars: int, seed: int, config: SyntheticConfig | None = None) -> SyntheticMarket:
    """Make bars from an integer seed: prices on the price step, volumes on the volume step and above 0.

    Each bar opens at the last close. A longer series from the same seed begins with the shorter one.

    Raises
    ------
    ValueError
        For a negative number of bars, and for a configuration that is no market.
    """
    chosen = SyntheticConfig() if config is None else config
    if bars < 0:
        raise ValueError(f"bars must not be negative, was {bars}")
    _check(chosen)
    out = np.empty((5, bars))
    regimes = np.empty(bars, dtype=np.int64)
    with np.errstate(over="ignore"):
        make_bars(seed_word(seed), SyntheticConfig(*map(float, chosen)), out, regimes)
    return SyntheticMarket(out[0], out[1], out[2], out[3], out[4], regimes)


def _check(config: SyntheticConfig) -> None:
    positive = ("interval_s", "first_price", "price_step", "volume_mean", "volume_step", "deviation")
    fractions = ("trend_chance", "trap_chance", "trap_decay", "jump_chance", "wick_chance", "wick_share_below")
    for name, value in config._asdict().items():
        if not 0.0 <= value < math.inf or (name in positive and value == 0.0) or (name in fractions and value > 1.0):
            bounds = "0 to 1" if name in fractions else "finite, above 0" if name in positive else "finite, from 0"
            raise ValueError(f"synthetic market: {name} was {value}, allowed is {bounds}")
    if min(config.trend_bars, config.pause_bars) < 2.0:
        raise ValueError("synthetic market: trend_bars and pause_bars must be at least 2")
