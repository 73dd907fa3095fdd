# SPDX-License-Identifier: Apache-2.0
"""What daily returns say, each figure with an interval: losing and winning records by the same arithmetic.

Point and interval come from one function over rows of returns; the interval is
that function over circular block resamples of the days. Years have 365 days,
cash earns nothing, and no figure is made up where the record is too short: it is
NaN, and the page shows a dash.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from bot4.kernels.evidence.bootstrap import block_length

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

YEAR_DAYS: Final = 365
LEVEL: Final = 0.90
INTERVAL_DAYS_MIN: Final = 20
"""A shorter record gets no interval: resampling a few days only repeats them."""
ANNUAL_DAYS_MIN: Final = 90
"""A shorter record gets no yearly return: it would only be an exaggeration."""
CELLS_MAX: Final = 2_000_000
"""Resampled returns held at once."""

SHARPE_PLAUSIBLE_MAX: Final = 5.0
PROFIT_FACTOR_PLAUSIBLE_MAX: Final = 5.0
ACTIVE_DAYS_MIN: Final = 10
WEEKS_MIN: Final = 8
"""Below these a very good record is luck that a short time allows, and no alarm."""


@final
@dataclass(frozen=True, slots=True)
class Estimate:
    """Hold a figure and the 90 % interval around it; NaN where the record does not give it."""

    value: float
    low: float
    high: float

    @property
    def has_interval(self) -> bool:
        """Say whether there is an interval."""
        return bool(np.isfinite(self.low) and np.isfinite(self.high))

    @property
    def covers_zero(self) -> bool:
        """Say whether zero cannot be told from the figure: inside the interval, or there is none."""
        return not self.has_interval or self.low <= 0.0 <= self.high


@final
@dataclass(frozen=True, slots=True)
class Performance:
    """Hold what one record of daily returns shows.

    Returns, drawdown and hit rate are fractions; ``volatility``, ``sharpe`` and
    ``sortino`` are annualised by the square root of 365. ``hit_rate`` counts days
    above zero among days that were not zero; ``profit_factor`` is the sum of gains
    over the sum of losses, infinite without a loss; ``underwater_days`` is the
    longest time below an earlier highest.
    """

    days: int
    mean_year: Estimate
    total_return: Estimate
    annual_return: Estimate
    volatility: Estimate
    sharpe: Estimate
    sortino: Estimate
    drawdown_max: Estimate
    underwater_days: Estimate
    hit_rate: Estimate
    profit_factor: Estimate


FIGURES: Final = (
    "mean_year",
    "total_return",
    "annual_return",
    "volatility",
    "sharpe",
    "sortino",
    "drawdown_max",
    "underwater_days",
    "hit_rate",
    "profit_factor",
)


def measure(rows: Floats) -> Floats:
    """Return the figures of each row of daily returns.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_days)
        Net returns as fractions.

    Returns
    -------
    ndarray of shape (n_figures, n_rows)
        In the order of ``FIGURES``; NaN where undefined.
    """
    n_rows, n_days = rows.shape
    out = np.full((len(FIGURES), n_rows), np.nan)
    if n_days == 0:
        return out
    worth = np.concatenate([np.ones((n_rows, 1)), np.cumprod(1.0 + rows, axis=1)], axis=1)
    highest = np.maximum.accumulate(worth, axis=1)
    steps = np.arange(n_days + 1)
    at_highest = np.maximum.accumulate(np.where(worth >= highest, steps, 0), axis=1)
    gains, losses = np.maximum(rows, 0.0).sum(axis=1), np.maximum(-rows, 0.0).sum(axis=1)
    moved = (rows != 0.0).sum(axis=1)
    mean = rows.mean(axis=1)
    year = np.sqrt(YEAR_DAYS)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        deviation = rows.std(axis=1, ddof=1) if n_days > 1 else np.full(n_rows, np.nan)
        deviation = np.where(np.ptp(rows, axis=1) > 0.0, deviation, 0.0 * deviation)
        downside = np.sqrt(np.square(np.minimum(rows, 0.0)).mean(axis=1))
        out[0] = mean * YEAR_DAYS
        out[1] = worth[:, -1] - 1.0
        if n_days >= ANNUAL_DAYS_MIN:
            out[2] = np.power(worth[:, -1], YEAR_DAYS / n_days) - 1.0
        out[3] = deviation * year
        out[4] = np.where(deviation > 0.0, mean / deviation * year, np.nan)
        out[5] = np.where(downside > 0.0, mean / downside * year, np.nan)
        out[6] = (1.0 - worth / highest).max(axis=1)
        out[7] = (steps - at_highest).max(axis=1)
        out[8] = np.where(moved > 0, (rows > 0.0).sum(axis=1) / moved, np.nan)
        out[9] = np.where(moved > 0, gains / losses, np.nan)
    return out


def performance(returns: Floats, generator: np.random.Generator, *, resamples: int) -> Performance:
    """Return what a record of daily returns shows, with 90 % intervals by circular block bootstrap.

    Parameters
    ----------
    returns : ndarray of shape (n_days,)
        Net returns as fractions, one a calendar day.
    generator : numpy.random.Generator
        Seeded by the run.
    resamples : int
        How many records are drawn.
    """
    point = measure(returns[None, :])[:, 0]
    if len(returns) < INTERVAL_DAYS_MIN:
        bounds = np.full((len(FIGURES), 2), np.nan)
    else:
        draws = [measure(returns[index]) for index in block_indexes(returns, generator, resamples=resamples)]
        bounds = percentiles(np.concatenate(draws, axis=1))
    estimates = {
        name: Estimate(float(point[i]), float(bounds[i, 0]), float(bounds[i, 1])) for i, name in enumerate(FIGURES)
    }
    return Performance(days=len(returns), **estimates)


def mean_difference(ours: Floats, theirs: Floats, generator: np.random.Generator, *, resamples: int) -> Estimate:
    """Return how much more a year ours earned on average than theirs, days resampled in pairs.

    The difference of the arithmetic mean daily returns, times 365.
    """
    difference = ours - theirs
    if len(difference) == 0:
        return Estimate(np.nan, np.nan, np.nan)
    value = float(difference.mean()) * YEAR_DAYS
    if len(difference) < INTERVAL_DAYS_MIN:
        return Estimate(value, np.nan, np.nan)
    draws = [
        difference[index].mean(axis=1) * YEAR_DAYS
        for index in block_indexes(difference, generator, resamples=resamples)
    ]
    low, high = percentiles(np.concatenate(draws)[None, :])[0]
    return Estimate(value, float(low), float(high))


def block_indexes(returns: Floats, generator: np.random.Generator, *, resamples: int) -> Iterator[Ints]:
    """Yield day numbers of resamples, rows of blocks that begin anywhere and run round the end.

    The block length is the one the evidence gate uses for its own bootstrap.
    """
    n_days = len(returns)
    block = max(1, int(block_length(np.ascontiguousarray(returns))))
    blocks = -(-n_days // block)
    rows = max(1, CELLS_MAX // n_days)
    for begin in range(0, resamples, rows):
        starts = generator.integers(0, n_days, size=(min(rows, resamples - begin), blocks, 1))
        index = (starts + np.arange(block)) % n_days
        yield index.reshape(len(starts), blocks * block)[:, :n_days]


def percentiles(draws: Floats) -> Floats:
    """Return the bounds that leave 5 % of the draws on either side; NaN where over a tenth of them is undefined."""
    out = np.full((len(draws), 2), np.nan)
    for i, row in enumerate(draws):
        known = np.sort(row[~np.isnan(row)])
        if len(known) and len(known) >= 0.9 * len(row):
            tail = (1.0 - LEVEL) / 2.0
            out[i] = known[int(tail * (len(known) - 1))], known[int(np.ceil((1.0 - tail) * (len(known) - 1)))]
    return out


def months(days: Ints, returns: Floats) -> dict[int, float]:
    """Return the compounded return of each month, by months since January 1970."""
    if len(days) == 0:
        return {}
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return {int(m): float(np.prod(1.0 + returns[month == m]) - 1.0) for m in np.unique(month)}


def week_returns(days: Ints, returns: Floats) -> Floats:
    """Return the compounded return of each ISO week with a day that moved, shape (n_weeks,)."""
    week = (days + 3) // 7  # 1970-01-01 was a Thursday
    moved = np.unique(week[returns != 0.0])
    return np.array([np.prod(1.0 + returns[week == w]) - 1.0 for w in moved], dtype=np.float64)


def implausible(days: Ints, returns: Floats, shown: Performance) -> tuple[str, ...]:
    """Return what looks too good to be true, in words; empty where nothing does.

    Sharpe ratio or profit factor above 5, or not one losing week, on a record long
    enough that luck alone would not do it.
    """
    if int(np.count_nonzero(returns)) < ACTIVE_DAYS_MIN:
        return ()
    found: list[str] = []
    if shown.sharpe.value > SHARPE_PLAUSIBLE_MAX:
        found.append(f"a Sharpe ratio of {shown.sharpe.value:.1f}")
    if shown.profit_factor.value == np.inf:
        found.append("not one losing day")
    elif shown.profit_factor.value > PROFIT_FACTOR_PLAUSIBLE_MAX:
        found.append(f"a profit factor of {shown.profit_factor.value:.1f}")
    weeks = week_returns(days, returns)
    if len(weeks) >= WEEKS_MIN and bool((weeks >= 0.0).all()):
        found.append(f"not one losing week in {len(weeks)}")
    return tuple(found)
