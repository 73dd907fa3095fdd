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


def _zscore(values: Floats) -> float:
    deviation = _deviation(values, 0)
    return float(values[-1] - _mean(values)) / deviation if deviation > 0 else 0.0


def _cci(s: Series, i: int, n: int) -> float:
    typical = _typical(s, i - n + 1, i + 1)
    mean = _mean(typical)
    spread = math.fsum(np.abs(typical - mean)) / n
    return float(typical[-1] - mean) / (0.015 * spread) if spread > 0 else 0.0


def _weighted(values: Floats, volumes: Floats) -> float:
    volume = math.fsum(volumes)
    return math.fsum(values * volumes) / volume if volume > 0 else math.nan


def _mfi(s: Series, i: int, n: int) -> float:
    typical = _typical(s, i - n, i + 1)
    flow = typical[1:] * s.volumes[i - n + 1 : i + 1]
    change = np.diff(typical)
    change[np.abs(change) <= 1e-15 * typical[1:]] = 0.0
    inflow, outflow = math.fsum(flow[change > 0]), math.fsum(flow[change < 0])
    return 100.0 * inflow / (inflow + outflow) if inflow + outflow > 0 else 0.0


def weighted_mean(values: Floats) -> float:
    """Return the mean with weights 1 .. n, the newest heaviest."""
    n = len(values)
    return math.fsum(np.arange(1, n + 1) * values) / (0.5 * n * (n + 1))


def _line(values: Floats) -> tuple[float, float]:
    """Slope and mean of the least squares line."""
    n = len(values)
    away = np.arange(n) - (n - 1) / 2.0
    mean = _mean(values)
    return math.fsum(away * (values - mean)) / math.fsum(away * away), mean


def _fit(values: Floats) -> float:
    slope, mean = _line(values)
    n = len(values)
    total = math.fsum((values - mean) ** 2)
    return slope * slope * n * (n * n - 1) / 12.0 / total if total > 0 else 0.0


def _returns(s: Series, i: int, n: int) -> Floats:
    return np.diff(np.log(s.closes[i - n : i + 1]))


def _root_mean_square(values: Floats) -> float:
    return math.sqrt(max(_mean(values), 0.0))


def _true_ranges(s: Series, i: int, n: int) -> Floats:
    highs, lows, before = s.highs[i - n + 1 : i + 1], s.lows[i - n + 1 : i + 1], s.closes[i - n : i]
    return np.maximum(highs - lows, np.maximum(np.abs(highs - before), np.abs(lows - before)))


def _over(above: float, below: float) -> float:
    return above / below if below != 0 else 0.0


def _range_terms(s: Series, i: int, n: int) -> tuple[Floats, Floats, Floats]:
    part = slice(i - n + 1, i + 1)
    opens = s.opens[part]
    return np.log(s.highs[part] / opens), np.log(s.lows[part] / opens), np.log(s.closes[part] / opens)


def _garman_klass(s: Series, i: int, n: int) -> float:
    high, low, body = _range_terms(s, i, n)
    return _root_mean_square(0.5 * (high - low) ** 2 - (2 * math.log(2) - 1) * body**2)


def _satchell(s: Series, i: int, n: int) -> Floats:
    high, low, body = _range_terms(s, i, n)
    return high * (high - body) + low * (low - body)


def _yang_zhang(s: Series, i: int, n: int) -> float:
    jumps = np.log(s.opens[i - n + 1 : i + 1] / s.closes[i - n : i])
    body = _range_terms(s, i, n)[2]
    share = 0.34 / (1.34 + (n + 1) / (n - 1))
    between, within = _deviation(jumps, 1) ** 2, _deviation(body, 1) ** 2
    return math.sqrt(max(between + share * within + (1 - share) * _mean(_satchell(s, i, n)), 0.0))


def _shape(values: Floats, power: int) -> float:
    away = values - _mean(values)
    m2 = math.fsum(away**2) / len(away)
    if m2 == 0:
        return 0.0
    return float(math.fsum(away**power) / len(away) / m2 ** (power / 2)) - (3.0 if power == 4 else 0.0)


def _rank(values: Floats) -> float:
    others, newest = values[:-1], values[-1]
    return float(np.sum(others < newest) + 0.5 * np.sum(others == newest)) / len(others)


def _place(s: Series, first: int, stop: int) -> Floats:
    """Where closes lie in their bars, -1 .. 1."""
    width = s.highs[first:stop] - s.lows[first:stop]
    inside = 2 * s.closes[first:stop] - s.highs[first:stop] - s.lows[first:stop]
    return np.divide(inside, width, out=np.zeros_like(width), where=width > 0)


def _ease(s: Series, i: int, n: int) -> float:
    part = slice(i - n + 1, i + 1)
    middles = (s.highs[i - n : i + 1] + s.lows[i - n : i + 1]) / 2.0
    volumes = s.volumes[part]
    moved = np.diff(middles) * (s.highs[part] - s.lows[part])
    return _mean(np.divide(moved, volumes, out=np.zeros(n), where=volumes > 0))


def _illiquidity(s: Series, i: int, n: int) -> float:
    paid = s.closes[i - n + 1 : i + 1] * s.volumes[i - n + 1 : i + 1]
    return _mean(np.divide(np.abs(_returns(s, i, n)), paid, out=np.zeros(n), where=paid > 0))


def _entropy(s: Series, i: int, n: int) -> float:
    heads = float(np.mean(np.diff(s.closes[i - n : i + 1]) > 0))
    return -sum(p * math.log2(p) for p in (heads, 1.0 - heads) if p > 0)


def _choppiness(s: Series, i: int, n: int) -> float:
    width = float(np.max(s.highs[i - n + 1 : i + 1]) - np.min(s.lows[i - n + 1 : i + 1]))
    return 100.0 * math.log10(math.fsum(_true_ranges(s, i, n)) / width) / math.log10(n) if width > 0 else math.nan


def _age(values: Floats, best: float) -> float:
    return float(np.argmax(values[::-1] == best))


def _vortex(s: Series, i: int, n: int, *, up: bool) -> float:
    now, before = (s.highs, s.lows) if up else (s.lows, s.highs)
    ways = np.abs(now[i - n + 1 : i + 1] - before[i - n : i])
    return _over(math.fsum(ways), math.fsum(_true_ranges(s, i, n)))


def _last(column: Floats, i: int, n: int) -> Floats:
    return column[i - n + 1 : i + 1]


def _efficiency(s: Series, i: int, n: int) -> float:
    path = math.fsum(np.abs(np.diff(s.closes[i - n : i + 1])))
    return abs(float(s.closes[i] - s.closes[i - n])) / path if path > 0 else 1.0


def _straightness(s: Series, i: int, n: int) -> float:
    window = _last(s.closes, i, n)
    return _over(float(np.max(window) - np.min(window)), math.fsum(np.abs(np.diff(s.closes[i - n : i + 1]))))


def _bell(s: Series, i: int, n: int) -> float:
    weights = np.exp(-0.5 * ((np.arange(n) - 0.85 * (n - 1)) / (n / 6.0)) ** 2)
    return math.fsum(weights * _last(s.closes, i, n)) / math.fsum(weights)


#: kind -> (value at bar i with window n, bars that come before the window is whole)
WINDOWED: dict[str, tuple[Windowed, int]] = {
    "sma": (lambda s, i, n: _mean(_last(s.closes, i, n)), 0),
    "wma": (lambda s, i, n: weighted_mean(_last(s.closes, i, n)), 0),
    "alma": (_bell, 0),
    "midpoint": (lambda s, i, n: float(max(_last(s.closes, i, n)) + min(_last(s.closes, i, n))) / 2, 0),
    "midprice": (lambda s, i, n: float(max(_last(s.highs, i, n)) + min(_last(s.lows, i, n))) / 2, 0),
    "linearreg_slope": (lambda s, i, n: _line(_last(s.closes, i, n))[0], 0),
    "linearreg": (lambda s, i, n: float(np.dot(_line(_last(s.closes, i, n)), ((n - 1) / 2, 1.0))), 0),
    "linearreg_fit": (lambda s, i, n: _fit(_last(s.closes, i, n)), 0),
    "vwma": (lambda s, i, n: _weighted(_last(s.closes, i, n), _last(s.volumes, i, n)), 0),
    "efficiency": (_efficiency, 1),
    "straightness": (_straightness, 1),
    "vortex_plus": (lambda s, i, n: _vortex(s, i, n, up=True), 1),
    "vortex_minus": (lambda s, i, n: _vortex(s, i, n, up=False), 1),
    "choppiness": (_choppiness, 1),
    "stddev": (lambda s, i, n: _deviation(_last(s.closes, i, n), 0), 0),
    "var": (lambda s, i, n: _deviation(_last(s.closes, i, n), 0) ** 2, 0),
    "zscore": (lambda s, i, n: _zscore(_last(s.closes, i, n)), 0),
    "mean_distance": (lambda s, i, n: _mean(np.abs(_last(s.closes, i, n) - _mean(_last(s.closes, i, n)))), 0),
    "median": (lambda s, i, n: float(np.median(_last(s.closes, i, n))), 0),
    "rank": (lambda s, i, n: _rank(_last(s.closes, i, n)), 0),
    "skew": (lambda s, i, n: _shape(_returns(s, i, n), 3), 1),
    "kurt": (lambda s, i, n: _shape(_returns(s, i, n), 4), 1),
    "sign_entropy": (_entropy, 1),
    "cci": (_cci, 0),
    "disparity": (lambda s, i, n: 100.0 * (float(s.closes[i]) / _mean(_last(s.closes, i, n)) - 1.0), 0),
    "qstick": (lambda s, i, n: _mean(_last(s.closes, i, n) - _last(s.opens, i, n)), 0),
    "psychological": (lambda s, i, n: 100.0 * float(np.mean(np.diff(s.closes[i - n : i + 1]) > 0)), 1),
    "vwap": (lambda s, i, n: _weighted(_typical(s, i - n + 1, i + 1), _last(s.volumes, i, n)), 0),
    "turnover": (lambda s, i, n: _mean(_typical(s, i - n + 1, i + 1) * _last(s.volumes, i, n)), 0),
    "mfi": (_mfi, 1),
    "cmf": (
        lambda s, i, n: _over(
            math.fsum(_place(s, i - n + 1, i + 1) * _last(s.volumes, i, n)), math.fsum(_last(s.volumes, i, n))
        ),
        0,
    ),
    "ease_of_movement": (_ease, 1),
    "illiquidity": (_illiquidity, 1),
    "volume_sma": (lambda s, i, n: _mean(_last(s.volumes, i, n)), 0),
    "volume_zscore": (lambda s, i, n: _zscore(_last(s.volumes, i, n)), 0),
    "volatility": (lambda s, i, n: _deviation(_returns(s, i, n), 1), 1),
    "upside_deviation": (lambda s, i, n: _root_mean_square(np.maximum(_returns(s, i, n), 0.0) ** 2), 1),
    "downside_deviation": (lambda s, i, n: _root_mean_square(np.minimum(_returns(s, i, n), 0.0) ** 2), 1),
    "parkinson": (
        lambda s, i, n: _root_mean_square(np.log(_last(s.highs, i, n) / _last(s.lows, i, n)) ** 2 / (4 * math.log(2))),
        0,
    ),
    "garman_klass": (_garman_klass, 0),
    "rogers_satchell": (lambda s, i, n: _root_mean_square(_satchell(s, i, n)), 0),
    "yang_zhang": (_yang_zhang, 1),
    "drawdown": (lambda s, i, n: float(s.closes[i] / max(_last(s.closes, i, n))) - 1.0, 0),
    "bars_since_high": (lambda s, i, n: _age(_last(s.highs, i, n), max(_last(s.highs, i, n))), 0),
    "bars_since_low": (lambda s, i, n: _age(_last(s.lows, i, n), min(_last(s.lows, i, n))), 0),
    "donchian_high": (lambda s, i, n: float(max(_last(s.highs, i, n))), 0),
    "donchian_low": (lambda s, i, n: float(min(_last(s.lows, i, n))), 0),
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
