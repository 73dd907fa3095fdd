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
Oracle = Callable[[Series, tuple[float, ...]], Floats]


def _macd(place: int) -> Oracle:
    return lambda s, n: talib.MACD(s.closes, int(n[0]), int(n[1]), int(n[2]))[place]


def _bands(place: int) -> Oracle:
    return lambda s, n: talib.BBANDS(s.closes, int(n[0]), n[1], n[1], PLAIN_MEAN)[place]


def _stochastic(place: int) -> Oracle:
    def oracle(s: Series, n: tuple[float, ...]) -> Floats:
        signal = int(n[2]) if place else 3
        return talib.STOCH(s.highs, s.lows, s.closes, int(n[0]), int(n[1]), PLAIN_MEAN, signal, PLAIN_MEAN)[place]

    return oracle


def _of_close(name: str) -> Oracle:
    return lambda s, n: getattr(talib, name)(s.closes, int(n[0]))


def _of_range(name: str) -> Oracle:
    return lambda s, n: getattr(talib, name)(s.highs, s.lows, s.closes, int(n[0]))


ORACLES: dict[str, Oracle] = {
    "sma": _of_close("SMA"),
    "ema": _of_close("EMA"),
    "wma": _of_close("WMA"),
    "macd": _macd(0),
    "macd_signal": _macd(1),
    "macd_hist": _macd(2),
    "adx": _of_range("ADX"),
    "plus_di": _of_range("PLUS_DI"),
    "minus_di": _of_range("MINUS_DI"),
    "aroon_up": lambda s, n: talib.AROON(s.highs, s.lows, int(n[0]))[1],
    "aroon_down": lambda s, n: talib.AROON(s.highs, s.lows, int(n[0]))[0],
    "rsi": _of_close("RSI"),
    "mom": _of_close("MOM"),
    "roc": _of_close("ROC"),
    "cci": _of_range("CCI"),
    "willr": _of_range("WILLR"),
    "stoch_k": _stochastic(0),
    "stoch_d": _stochastic(1),
    "atr": _of_range("ATR"),
    "natr": _of_range("NATR"),
    "bb_upper": _bands(0),
    "bb_lower": _bands(2),
    "donchian_high": lambda s, n: talib.MAX(s.highs, int(n[0])),
    "donchian_low": lambda s, n: talib.MIN(s.lows, int(n[0])),
    "stddev": _of_close("STDDEV"),
    "obv": lambda s, n: talib.OBV(s.closes, s.volumes),
    "mfi": lambda s, n: talib.MFI(s.highs, s.lows, s.closes, s.volumes, int(n[0])),
    "volume_sma": lambda s, n: talib.SMA(s.volumes, int(n[0])),
}
#: TA-Lib takes these as differences of large sums it never takes anew: its digits end sooner than ours. Here they
#: are compared to 1e-9 of the price, and with the naive reference of the other file to 1e-9 of the value.
TALIB_LOSES_DIGITS = {"stddev", "cci"}
#: TA-Lib hides the outputs of these until all three of the function are warm.
TALIB_IS_LATER = {"macd", "stoch_k"}

NAMES = [
    *(name for name in DEFAULT_FEATURES if parse(name).info.talib),
    "sma_3",
    "ema_200",
    "rsi_2",
    "adx_50",
    "wma_150",
    "macd_30_10_1",
    "stddev_300",
    "bb_upper_50_2.5",
    "atr_1",
    "cci_7",
    "donchian_high_300",
    "mfi_60",
    "stoch_d_60_10_5",
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
    assert np.isfinite(ours[warm:]).all()
    if kind in TALIB_IS_LATER:
        assert warm <= first
    else:
        assert warm == first
    slack = 1e-9 * float(np.max(series.closes)) if kind in TALIB_LOSES_DIGITS else 1e-9
    if kind == "volume_sma":
        slack = 1e-9 * float(np.max(series.volumes))
    np.testing.assert_allclose(ours[first:], theirs[first:], rtol=1e-9, atol=slack, err_msg=name)


def test_every_entry_that_names_a_talib_function_has_an_oracle_here() -> None:
    """No counterpart is claimed without being compared."""
    assert {info.kind for info in CATALOG if info.talib} == set(ORACLES)


@pytest.mark.requirement("ML_001")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_generated_bars_give_the_values_of_talib(seed: int) -> None:
    """To 1e-9 relative, from the same bar on."""
    series = generated(3_000, seed=seed)
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
