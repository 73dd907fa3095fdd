# SPDX-License-Identifier: Apache-2.0
"""What doing nothing clever would have earned: holding, and holding as much as the run did on average.

*Buy and hold* buys every instrument for an equal part of the capital at the close
of its first bar and never trades again; a part whose instrument has not begun is
cash. *Same exposure, held* holds of each instrument, every day, the same fraction
of its worth: the run's mean fraction (gross: a short counts like a long), brought
back to it at each UTC day's close; the rest is cash. Neither pays a cost, cash
earns nothing, and prices are last closes: both are flattered, the run is not.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def fill_days(days: Ints, *columns: Floats) -> tuple[Ints, tuple[Floats, ...]]:
    """Return every calendar day from the first to the last, each column carried forward over days without events."""
    if len(days) == 0:
        return days, columns
    every = np.arange(days[0], days[-1] + 1)
    last = np.searchsorted(days, every, side="right") - 1
    return every, tuple(column[..., last] for column in columns)


def relative_prices(closes: Floats, first_closes: Floats) -> Floats:
    """Return closes over the first close, 1 before the instrument's first bar.

    Parameters
    ----------
    closes : ndarray of shape (n_instruments, n_times)
        0 before the first bar.
    first_closes : ndarray of shape (n_instruments,)
        0 for an instrument without a bar.
    """
    begun = closes > 0.0
    return np.divide(closes, first_closes[:, None], out=np.ones_like(closes), where=begun)


def buy_and_hold(relatives: Floats) -> Floats:
    """Return the worth of equal parts bought and held, 1 at the start, shape (n_times,)."""
    if len(relatives) == 0:
        return np.ones(relatives.shape[1])
    return np.asarray(relatives.mean(axis=0), dtype=np.float64)


def returns_of(worth: Floats, start: float) -> Floats:
    """Return the change of worth from one entry to the next, the first against ``start``; 0 from nothing or less."""
    before = np.concatenate([[start], worth[:-1]]) if len(worth) else worth
    out = np.zeros(len(worth))
    np.divide(worth - before, before, out=out, where=before > 0.0)
    return out


def matched_returns(relatives: Floats, fractions: Floats) -> Floats:
    """Return the daily returns of holding constant fractions, rebalanced at each day's close.

    Parameters
    ----------
    relatives : ndarray of shape (n_instruments, n_days)
        As of :func:`relative_prices` at the closes of days.
    fractions : ndarray of shape (n_instruments,)
        Of the holder's worth, not negative.
    """
    before = np.concatenate([np.ones((len(relatives), 1)), relatives[:, :-1]], axis=1)
    return np.asarray(fractions @ (relatives / before - 1.0), dtype=np.float64)


def matched_curve(
    times_days: Ints, relatives: Floats, day_relatives: Floats, fractions: Floats, *, first_day: int
) -> Floats:
    """Return the worth of constant fractions at given moments, 1 at the start, exact between the rebalancings.

    Parameters
    ----------
    times_days : ndarray of shape (n_times,)
        The UTC day each moment belongs to.
    relatives : ndarray of shape (n_instruments, n_times)
        Relative prices at the moments.
    day_relatives : ndarray of shape (n_instruments, n_days)
        Relative prices at the closes of every calendar day from ``first_day``.
    fractions : ndarray of shape (n_instruments,)
        As in :func:`matched_returns`.
    first_day : int
        Days since 1970.
    """
    worth = np.concatenate([[1.0], np.cumprod(1.0 + matched_returns(day_relatives, fractions))])
    opening = np.concatenate([np.ones((len(day_relatives), 1)), day_relatives], axis=1)
    day = times_days - first_day
    return np.asarray(worth[day] * (1.0 + fractions @ (relatives / opening[:, day] - 1.0)), dtype=np.float64)
