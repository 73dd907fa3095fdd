# SPDX-License-Identifier: Apache-2.0
"""Slow, plain references for indicators: each bar from its own window, nothing carried over, sums by math.fsum."""

import math
from collections.abc import Callable

import numpy as np

from tests.unit.kernels.series import Floats, Series

Windowed = Callable[[Series, int, int], float]


def _mean(values: Floats) -> float:
    return math.fsum(values) / len(values)


def _deviation(values: Floats, freedom: int) -> float:
    mean = _mean(values)
    return math.sqrt(math.fsum((values - mean) ** 2) / (len(values) - freedom))


def _typical(s: Series, first: int, stop: int) -> Floats:
    return (s.highs[first:stop] + s.lows[first:stop] + s.closes[first:stop]) / 3.0


def _zscore(s: Series, i: int, n: int) -> float:
    window = s.closes[i - n + 1 : i + 1]
    deviation = _deviation(window, 0)
    return float(s.closes[i] - _mean(window)) / deviation if deviation > 0 else 0.0


def _cci(s: Series, i: int, n: int) -> float:
    typical = _typical(s, i - n + 1, i + 1)
    mean = _mean(typical)
    spread = math.fsum(np.abs(typical - mean)) / n
    return float(typical[-1] - mean) / (0.015 * spread) if spread > 0 else 0.0


def _vwap(s: Series, i: int, n: int) -> float:
    volume = math.fsum(s.volumes[i - n + 1 : i + 1])
    turnover = math.fsum(_typical(s, i - n + 1, i + 1) * s.volumes[i - n + 1 : i + 1])
    return turnover / volume if volume > 0 else math.nan


def _mfi(s: Series, i: int, n: int) -> float:
    typical = _typical(s, i - n, i + 1)
    flow = typical[1:] * s.volumes[i - n + 1 : i + 1]
    change = np.diff(typical)
    change[np.abs(change) <= 1e-15 * typical[1:]] = 0.0
    inflow, outflow = math.fsum(flow[change > 0]), math.fsum(flow[change < 0])
    return 100.0 * inflow / (inflow + outflow) if inflow + outflow > 0 else 0.0


def _wma(s: Series, i: int, n: int) -> float:
    return math.fsum(np.arange(1, n + 1) * s.closes[i - n + 1 : i + 1]) / (0.5 * n * (n + 1))


#: kind -> (value at bar i with window n, bars that come before the window is whole)
WINDOWED: dict[str, tuple[Windowed, int]] = {
    "sma": (lambda s, i, n: _mean(s.closes[i - n + 1 : i + 1]), 0),
    "wma": (_wma, 0),
    "stddev": (lambda s, i, n: _deviation(s.closes[i - n + 1 : i + 1], 0), 0),
    "zscore": (_zscore, 0),
    "cci": (_cci, 0),
    "vwap": (_vwap, 0),
    "mfi": (_mfi, 1),
    "volume_sma": (lambda s, i, n: _mean(s.volumes[i - n + 1 : i + 1]), 0),
    "volatility": (lambda s, i, n: _deviation(np.diff(np.log(s.closes[i - n : i + 1])), 1), 1),
    "donchian_high": (lambda s, i, n: float(max(s.highs[i - n + 1 : i + 1])), 0),
    "donchian_low": (lambda s, i, n: float(min(s.lows[i - n + 1 : i + 1])), 0),
    "prior_high": (lambda s, i, n: float(max(s.highs[i - n : i])), 1),
    "prior_low": (lambda s, i, n: float(min(s.lows[i - n : i])), 1),
    "roc": (lambda s, i, n: 100.0 * (float(s.closes[i]) / float(s.closes[i - n]) - 1.0), 1),
    "mom": (lambda s, i, n: float(s.closes[i]) - float(s.closes[i - n]), 1),
}


def windowed(kind: str, series: Series, window: int) -> Floats:
    """Return the reference of one indicator over the whole series, NaN before its window is whole."""
    value, before = WINDOWED[kind]
    out = np.full(len(series.closes), np.nan)
    for i in range(window - 1 + before, len(out)):
        out[i] = value(series, i, window)
    return out
