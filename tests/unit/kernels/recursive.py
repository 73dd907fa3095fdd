# SPDX-License-Identifier: Apache-2.0
"""References for indicators that no single window gives: whole series, in plain numpy, smoothed by TA-Lib's means."""

from collections.abc import Callable

import numpy as np
import talib

from tests.unit.kernels.naive import weighted_mean
from tests.unit.kernels.series import Floats, Series

Numbers = tuple[float, ...]
Reference = Callable[[Series, Numbers], Floats]


def late(values: Floats, bars: int) -> Floats:
    """Return values as they were some bars ago."""
    return np.concatenate((np.full(bars, np.nan), values[: len(values) - bars]))


def rolled(values: Floats, window: int, function: Callable[[Floats], float]) -> Floats:
    """Return a function of each window without NaN."""
    out = np.full(len(values), np.nan)
    for i in range(window - 1, len(values)):
        part = values[i - window + 1 : i + 1]
        out[i] = function(part) if np.isfinite(part).all() else np.nan
    return out


def mean(values: Floats, window: float) -> Floats:
    """Return the plain mean."""
    return rolled(values, int(window), lambda part: float(np.mean(part)))


def ema(values: Floats, window: float) -> Floats:
    """Return TA-Lib's exponential mean, begun with the first number."""
    n, first = int(window), int(np.isfinite(values).argmax())
    return values.copy() if n == 1 else np.concatenate((values[:first], talib.EMA(values[first:].copy(), n)))


def change(values: Floats, bars: int = 1) -> Floats:
    """Return the change over some bars."""
    return values - late(values, bars)


def over(above: Floats, below: Floats) -> Floats:
    """Return a ratio, 0 where it has no base."""
    out = np.where(np.isnan(above + below), np.nan, 0.0)
    return np.divide(above, below, out=out, where=~np.isnan(above + below) & (below != 0))


def rate(values: Floats, bars: int) -> Floats:
    """Return the change in percent."""
    return 100.0 * (values / late(values, bars) - 1.0)


def _mid(s: Series, window: float) -> Floats:
    n = int(window)
    return (rolled(s.highs, n, lambda part: float(max(part))) + rolled(s.lows, n, lambda part: float(min(part)))) / 2


def _hull(s: Series, n: Numbers) -> Floats:
    w = int(n[0])
    twice = 2 * rolled(s.closes, w // 2, weighted_mean) - rolled(s.closes, w, weighted_mean)
    return rolled(twice, int(w**0.5), weighted_mean)


def _supertrend(s: Series, n: Numbers, place: int) -> Floats:
    reach = talib.ATR(s.highs, s.lows, s.closes, int(n[0]))
    middle = (s.highs + s.lows) / 2
    out = np.full((2, len(middle)), np.nan)
    upper = lower = side = 0.0
    for i in np.flatnonzero(np.isfinite(reach)):
        above, below = middle[i] + n[1] * reach[i], middle[i] - n[1] * reach[i]
        if side == 0.0:
            upper, lower, side = above, below, 1.0
        else:
            upper = above if above < upper or s.closes[i - 1] > upper else upper
            lower = below if below > lower or s.closes[i - 1] < lower else lower
        if (s.closes[i] < lower and side > 0) or (s.closes[i] > upper and side < 0):
            side = -side
        out[:, i] = (lower if side > 0 else upper), side
    line: Floats = out[place]
    return line


def _smi(s: Series, n: Numbers) -> Floats:
    w = int(n[0])
    half = (rolled(s.highs, w, lambda part: float(max(part))) - rolled(s.lows, w, lambda part: float(min(part)))) / 2
    smooth = [ema(ema(one, n[1]), n[2]) for one in (s.closes - _mid(s, w), half)]
    return 100 * over(*smooth)


def _tsi(s: Series, n: Numbers) -> Floats:
    smooth = [ema(ema(one, n[0]), n[1]) for one in (change(s.closes), np.abs(change(s.closes)))]
    return 100 * over(*smooth)


def _kst(s: Series) -> Floats:
    table = ((1, 10, 10), (2, 15, 10), (3, 20, 10), (4, 30, 15))
    return np.asarray(sum(weight * mean(rate(s.closes, bars), window) for weight, bars, window in table))


def _awesome(s: Series, n: Numbers) -> Floats:
    middle = (s.highs + s.lows) / 2
    return mean(middle, n[0]) - mean(middle, n[1])


def _streak(s: Series, _n: Numbers) -> Floats:
    out = np.full(len(s.closes), np.nan)
    run = 0.0
    for i in range(1, len(out)):
        way = float(np.sign(s.closes[i] - s.closes[i - 1]))
        run = run + way if way * run > 0 else way
        out[i] = run
    return out


def _bands(s: Series, n: Numbers) -> tuple[Floats, Floats]:
    deviation = rolled(s.closes, int(n[0]), lambda part: float(np.std(part)))
    centre = mean(s.closes, n[0])
    return centre - n[1] * deviation, centre + n[1] * deviation


def _gated(s: Series, side: int) -> Floats:
    grows = np.sign(np.diff(s.volumes)) == side
    steps = np.where(grows, s.closes[1:] / s.closes[:-1], 1.0)
    return np.concatenate(([np.nan], 1000.0 * np.cumprod(steps)))


def _autocorr(s: Series, n: Numbers) -> Floats:
    returns, w = change(np.log(s.closes)), int(n[0])
    before = late(returns, int(n[1]))
    out = np.full(len(returns), np.nan)
    for i in range(w + int(n[1]), len(out)):
        out[i] = np.corrcoef(returns[i - w + 1 : i + 1], before[i - w + 1 : i + 1])[0, 1]
    return out


def _variance_ratio(s: Series, n: Numbers) -> Floats:
    long, short = (
        rolled(change(np.log(s.closes), bars), int(n[0]), lambda part: float(np.var(part))) for bars in (int(n[1]), 1)
    )
    return long / short / n[1]


def _ulcer(s: Series, n: Numbers) -> Floats:
    falls = 100 * (s.closes / rolled(s.closes, int(n[0]), lambda part: float(max(part))) - 1)
    return np.sqrt(mean(falls**2, n[0]))


def _mass(s: Series, n: Numbers) -> Floats:
    once = ema(s.highs - s.lows, n[0])
    return n[1] * mean(once / ema(once, n[0]), n[1])


def _keltner(s: Series, n: Numbers, side: float) -> Floats:
    return ema(s.closes, n[0]) + side * n[1] * talib.ATR(s.highs, s.lows, s.closes, int(n[0]))


def _pretty_good(s: Series, n: Numbers) -> Floats:
    return over(s.closes - mean(s.closes, n[0]), ema(talib.TRANGE(s.highs, s.lows, s.closes), n[0]))


def _pvo(s: Series, n: Numbers) -> Floats:
    return 100 * (ema(s.volumes, n[0]) / ema(s.volumes, n[1]) - 1)


RECURSIVE: dict[str, Reference] = {
    "hma": _hull,
    "zlema": lambda s, n: ema(2 * s.closes - late(s.closes, (int(n[0]) - 1) // 2), n[0]),
    "supertrend": lambda s, n: _supertrend(s, n, 0),
    "supertrend_side": lambda s, n: _supertrend(s, n, 1),
    "ichimoku_a": lambda s, n: late((_mid(s, n[0]) + _mid(s, n[1])) / 2, int(n[1])),
    "ichimoku_b": lambda s, n: late(_mid(s, n[0]), int(n[1])),
    "dpo": lambda s, n: late(s.closes, int(n[0]) // 2 + 1) - mean(s.closes, n[0]),
    "tsi": _tsi,
    "smi": _smi,
    "kst": lambda s, n: _kst(s),
    "kst_signal": lambda s, n: mean(_kst(s), n[0]),
    "coppock": lambda s, n: rolled(rate(s.closes, int(n[0])) + rate(s.closes, int(n[1])), int(n[2]), weighted_mean),
    "awesome": _awesome,
    "accelerator": lambda s, n: _awesome(s, n) - mean(_awesome(s, n), n[0]),
    "bull_power": lambda s, n: s.highs - ema(s.closes, n[0]),
    "bear_power": lambda s, n: s.lows - ema(s.closes, n[0]),
    "pretty_good": _pretty_good,
    "streak": _streak,
    "bb_width": lambda s, n: (_bands(s, n)[1] - _bands(s, n)[0]) / mean(s.closes, n[0]),
    "bb_place": lambda s, n: over(s.closes - _bands(s, n)[0], _bands(s, n)[1] - _bands(s, n)[0]),
    "keltner_upper": lambda s, n: _keltner(s, n, 1.0),
    "keltner_lower": lambda s, n: _keltner(s, n, -1.0),
    "mass_index": _mass,
    "chaikin_volatility": lambda s, n: rate(ema(s.highs - s.lows, n[0]), int(n[0])),
    "logret": lambda s, n: change(np.log(s.closes)),
    "gap": lambda s, n: np.log(s.opens / late(s.closes, 1)),
    "ulcer": _ulcer,
    "force": lambda s, n: ema(change(s.closes) * s.volumes, n[0]),
    "nvi": lambda s, n: _gated(s, -1),
    "pvi": lambda s, n: _gated(s, 1),
    "pvt": lambda s, n: np.concatenate(([np.nan], np.cumsum((rate(s.closes, 1) / 100 * s.volumes)[1:]))),
    "pvo": _pvo,
    "relative_volume": lambda s, n: s.volumes / mean(s.volumes, n[0]),
    "quantile": lambda s, n: rolled(s.closes, int(n[0]), lambda part: float(np.percentile(part, n[1]))),
    "autocorr": _autocorr,
    "variance_ratio": _variance_ratio,
    "close_place": lambda s, n: over(2 * s.closes - s.highs - s.lows, s.highs - s.lows),
    "body_share": lambda s, n: over(np.abs(s.closes - s.opens), s.highs - s.lows),
}
