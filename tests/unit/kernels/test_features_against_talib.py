# SPDX-License-Identifier: Apache-2.0
"""Every indicator that TA-Lib knows gives TA-Lib's values, on generated and on recorded bars."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import talib
from talib._ta_lib import MA_Type

from bot4.kernels.features import CATALOG, DEFAULT_FEATURES, compile_features, parse
from bot4.kernels.jit import IS_COMPILED
from tests.unit.kernels.series import Floats, Series, generated, recorded

PLAIN_MEAN = MA_Type.SMA
EXPONENTIAL_MEAN = MA_Type.EMA
Numbers = tuple[float, ...]
Oracle = Callable[[Series, Numbers], Floats]


def _whole(numbers: Numbers) -> list[int]:
    return [int(number) for number in numbers]


def _macd(place: int) -> Oracle:
    return lambda s, n: talib.MACD(s.closes, *_whole((*n, 9)[:3]))[place]


def _bands(place: int) -> Oracle:
    return lambda s, n: talib.BBANDS(s.closes, int(n[0]), n[1], n[1], PLAIN_MEAN)[place]


def _stochastic(place: int) -> Oracle:
    def oracle(s: Series, n: Numbers) -> Floats:
        signal = int(n[2]) if place else 3
        return talib.STOCH(s.highs, s.lows, s.closes, int(n[0]), int(n[1]), PLAIN_MEAN, signal, PLAIN_MEAN)[place]

    return oracle


def _fast_stochastic(place: int) -> Oracle:
    def oracle(s: Series, n: Numbers) -> Floats:
        return talib.STOCHF(s.highs, s.lows, s.closes, int(n[0]), int((*n, 3)[1]), PLAIN_MEAN)[place]

    return oracle


def _stochastic_strength(place: int) -> Oracle:
    def oracle(s: Series, n: Numbers) -> Floats:
        window, extent, smoothing = _whole((*n, 3)[:3])
        return talib.STOCHRSI(s.closes, window, extent, smoothing, PLAIN_MEAN)[place]

    return oracle


def _of_close(name: str) -> Oracle:
    return lambda s, n: getattr(talib, name)(s.closes, *_whole(n))


def _of_range(name: str) -> Oracle:
    return lambda s, n: getattr(talib, name)(s.highs, s.lows, s.closes, *_whole(n))


def _of_extremes(name: str) -> Oracle:
    return lambda s, n: getattr(talib, name)(s.highs, s.lows, *_whole(n))


ORACLES: dict[str, Oracle] = {
    **{kind: _of_close(kind.upper()) for kind in ("sma", "ema", "wma", "dema", "tema", "trima", "kama", "midpoint")},
    **{kind: _of_close(kind.upper()) for kind in ("linearreg", "linearreg_slope", "linearreg_angle", "tsf", "trix")},
    **{kind: _of_close(kind.upper()) for kind in ("rsi", "cmo", "mom", "roc", "rocp", "rocr", "stddev", "var")},
    **{kind: _of_range(kind.upper()) for kind in ("adx", "adxr", "dx", "plus_di", "minus_di", "cci", "willr")},
    **{kind: _of_range(kind.upper()) for kind in ("atr", "natr", "trange", "ultosc", "typprice", "wclprice")},
    **{kind: _of_extremes(kind.upper()) for kind in ("plus_dm", "minus_dm", "aroonosc", "midprice", "medprice")},
    "linearreg_intercept": _of_close("LINEARREG_INTERCEPT"),
    "tillson": lambda s, n: talib.T3(s.closes, int(n[0]), n[1]),
    "macd": _macd(0),
    "macd_signal": _macd(1),
    "macd_hist": _macd(2),
    "apo": lambda s, n: talib.APO(s.closes, int(n[0]), int(n[1]), EXPONENTIAL_MEAN),
    "ppo": lambda s, n: talib.PPO(s.closes, int(n[0]), int(n[1]), EXPONENTIAL_MEAN),
    "aroon_up": lambda s, n: talib.AROON(s.highs, s.lows, int(n[0]))[1],
    "aroon_down": lambda s, n: talib.AROON(s.highs, s.lows, int(n[0]))[0],
    "sar": lambda s, n: talib.SAR(s.highs, s.lows, *n),
    "stoch_k": _stochastic(0),
    "stoch_d": _stochastic(1),
    "stochf_k": _fast_stochastic(0),
    "stochf_d": _fast_stochastic(1),
    "stochrsi_k": _stochastic_strength(0),
    "stochrsi_d": _stochastic_strength(1),
    "bop": lambda s, n: talib.BOP(s.opens, s.highs, s.lows, s.closes),
    "bb_upper": _bands(0),
    "bb_lower": _bands(2),
    "donchian_high": lambda s, n: talib.MAX(s.highs, int(n[0])),
    "donchian_low": lambda s, n: talib.MIN(s.lows, int(n[0])),
    "correl": lambda s, n: talib.CORREL(s.closes, s.volumes, int(n[0])),
    "obv": lambda s, n: talib.OBV(s.closes, s.volumes),
    "ad": lambda s, n: talib.AD(s.highs, s.lows, s.closes, s.volumes),
    "adosc": lambda s, n: talib.ADOSC(s.highs, s.lows, s.closes, s.volumes, *_whole(n)),
    "mfi": lambda s, n: talib.MFI(s.highs, s.lows, s.closes, s.volumes, int(n[0])),
    "volume_sma": lambda s, n: talib.SMA(s.volumes, int(n[0])),
    "avgprice": lambda s, n: talib.AVGPRICE(s.opens, s.highs, s.lows, s.closes),
}
#: TA-Lib takes these from sums it never takes anew, or as differences of large ones: its digits end sooner than ours.
#: Here they are compared to 1e-9 of what they are made of, and with the naive reference to 1e-9 of the value.
SIZES: dict[str, Callable[[Series], float]] = {
    **{kind: lambda s: float(np.max(s.closes)) for kind in ("stddev", "cci", "linearreg_slope", "linearreg_angle")},
    **{kind: lambda s: float(np.max(s.closes)) for kind in ("apo", "macd", "macd_hist", "macd_signal")},
    "var": lambda s: float(np.max(s.closes)) ** 2,
    "volume_sma": lambda s: float(np.max(s.volumes)),
    **{kind: lambda s: float(np.sum(s.volumes)) for kind in ("ad", "adosc")},
}
#: TA-Lib hides the outputs of these until all of the function's are warm.
TALIB_IS_LATER = {"macd", "stoch_k", "stochf_k", "stochrsi_k"}

NAMES = [
    *dict.fromkeys(
        [info.usual_name for info in CATALOG if info.talib] + [one for one in DEFAULT_FEATURES if parse(one).info.talib]
    ),
    *("sma_3", "ema_200", "rsi_2", "adx_50", "wma_150", "macd_30_10_1", "stddev_300", "bb_upper_50_2.5", "atr_1"),
    *("cci_7", "donchian_high_300", "mfi_60", "stoch_d_60_10_5", "trima_7", "trima_8", "kama_40", "tillson_9_0.3"),
    *("linearreg_slope_2", "linearreg_intercept_100", "sar_0.1_0.05", "sar_0.001_1", "ultosc_9_3_50", "adxr_3"),
    *("plus_dm_2", "aroonosc_3", "stochrsi_d_5_9_4", "cmo_2", "adosc_20_4", "correl_200", "midprice_3", "tsf_60"),
]


def _computed(names: list[str], series: Series) -> Floats:
    program = compile_features(names)
    out = np.empty((len(series.closes), program.size))
    assert program.run(program.new_state(), *series, out) == 0
    return out


def _assert_same(name: str, ours: Floats, series: Series) -> None:
    spec = parse(name)
    kind = spec.info.kind
    theirs = ORACLES[kind](series, spec.numbers)
    first = int(np.isfinite(theirs).argmax())
    warm = int(np.isfinite(ours).argmax())
    assert np.isnan(ours[:warm]).all()
    known = np.isfinite(ours[first:])
    assert known.all() or spec.info.nan, name
    if kind in TALIB_IS_LATER:
        assert warm <= first
    else:
        assert warm == first, name
    slack = 1e-9 * SIZES[kind](series) if kind in SIZES else 1e-9
    np.testing.assert_allclose(ours[first:][known], theirs[first:][known], rtol=1e-9, atol=slack, err_msg=name)


def test_every_entry_that_names_a_talib_function_has_an_oracle_here() -> None:
    """No counterpart is claimed without being compared."""
    assert {info.kind for info in CATALOG if info.talib} == set(ORACLES)


@pytest.mark.requirement("ML_001")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_generated_bars_give_the_values_of_talib(seed: int) -> None:
    """To 1e-9 relative, from the same bar on."""
    series = generated(3_000 if IS_COMPILED else 700, seed=seed)
    out = _computed(NAMES, series)
    for place, name in enumerate(NAMES):
        _assert_same(name, np.ascontiguousarray(out[:, place]), series)


@pytest.mark.data
@pytest.mark.requirement("ML_001")
def test_recorded_hourly_bitcoin_gives_the_values_of_talib(shared_data: Path) -> None:
    """To 1e-9 relative over years of real bars."""
    series = recorded(shared_data / "ohlcv" / "binance_BTCUSDT_1h.parquet")
    if not IS_COMPILED:
        series = series.part(0, 2_000)
    out = _computed(NAMES, series)
    for place, name in enumerate(NAMES):
        _assert_same(name, np.ascontiguousarray(out[:, place]), series)
