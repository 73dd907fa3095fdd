# SPDX-License-Identifier: Apache-2.0
"""Which way, and how surely: convergence, directional movement, stops, clouds. One recipe and one entry each."""

import math
from functools import partial
from typing import Final

from bot4.kernels.catalog import averages, nodes, volatility
from bot4.kernels.catalog.entry import CLOSE, DEFINED, RANGE, TALIB, WILDER, FeatureInfo, Numbers, Parameter, one_window
from bot4.kernels.indicators import series, trend
from bot4.kernels.indicators.graph import CLOSE_PRICE, HIGH_PRICE, LOW_PRICE, Graph, Value

_TWO: Final = (Parameter("fast", 12), Parameter("slow", 26))
_MACD: Final = (*_TWO, Parameter("signal", 9, 1))
_STOP: Final = (Parameter("step", 0.02, 0.0001, 1, is_whole=False), Parameter("limit", 0.2, 0.0001, 1, is_whole=False))
_SUPERTREND: Final = (Parameter("window", 10), Parameter("width", 3, 0.01, 100, is_whole=False))
_APPEL: Final = "Appel, The Moving Average Convergence-Divergence Method (1979)"
_CHANDE: Final = "Chande, Technical Analysis of Stocks & Commodities 13:9 (1995)"
_SEBAN: Final = "Seban, Tout le monde merite d'etre riche (2008)"
_VORTEX: Final = "Botes and Siepman, Technical Analysis of Stocks & Commodities 28:1 (2010)"
_HOSODA: Final = "Hosoda, Ichimoku Kinko Hyo (1969)"
_MACD_WARM: Final = "max(fast, slow) + signal - 1"
_info = partial(FeatureInfo, family="trend", unit="price", inputs=CLOSE)


def _direction(graph: Graph, given: Numbers) -> tuple[Value, ...]:
    window = int(given[0])
    highs, lows = graph.ring(HIGH_PRICE, 2), graph.ring(LOW_PRICE, 2)
    warm = (window - 1,) * 3
    memory = (0.0,) * trend.DIRECTION_SIZE
    return graph.values(trend.DIRECTION, highs, lows, nodes.true_range(graph), a=window, warm=warm, memory=memory)


def _share(graph: Graph, given: Numbers, place: int) -> Value:
    """Build a smoothed movement in percent of the smoothed range, from the bar on that ends its seed."""
    sums = _direction(graph, given)
    return nodes.combine(graph, (100.0, graph.value(series.RATIO, sums[place], sums[2], b=1, delay=1)))


def _index(graph: Graph, given: Numbers) -> tuple[Value, ...]:
    sums = _direction(graph, given)
    return graph.values(trend.DX, *sums, warm=(1, 1), memory=(0.0,), delay=1)


def macd(graph: Graph, given: Numbers) -> Value:
    """Build fast less slow; as in TA-Lib the fast mean is seeded on the bars that end with the slow one's seed."""
    fast, slow = sorted((int(given[0]), int(given[1])))
    early = nodes.ema(graph, CLOSE_PRICE, fast, delay=slow - fast)
    return nodes.difference(graph, early, nodes.ema(graph, CLOSE_PRICE, slow))


def macd_signal(graph: Graph, given: Numbers) -> Value:
    """Build the exponential mean of macd."""
    return nodes.ema(graph, macd(graph, given), int(given[2]))


def macd_hist(graph: Graph, given: Numbers) -> Value:
    """Build macd less its signal."""
    return nodes.difference(graph, macd(graph, given), macd_signal(graph, given))


def _means(graph: Graph, given: Numbers) -> tuple[Value, Value]:
    fast, slow = sorted((int(given[0]), int(given[1])))
    return nodes.ema(graph, CLOSE_PRICE, fast), nodes.ema(graph, CLOSE_PRICE, slow)


def apo(graph: Graph, given: Numbers) -> Value:
    """Build the fast exponential mean less the slow one."""
    return nodes.difference(graph, *_means(graph, given))


def ppo(graph: Graph, given: Numbers) -> Value:
    """Build that difference in percent of the slow mean."""
    fast, slow = _means(graph, given)
    return nodes.relative(graph, fast, slow, 100.0)


def adx(graph: Graph, given: Numbers) -> Value:
    """Build the strength of a trend."""
    window = int(given[0])
    return graph.value(trend.ADX, _index(graph, given)[1], a=window, warm=window, memory=(0.0,))


def adxr(graph: Graph, given: Numbers) -> Value:
    """Build the mean of adx and the adx of a window ago."""
    now = adx(graph, given)
    return nodes.combine(graph, (0.5, now), (0.5, nodes.late(graph, now, int(given[0]) - 1)))


def dx(graph: Graph, given: Numbers) -> Value:
    """Build the directional index of the bar."""
    return _index(graph, given)[0]


def plus_di(graph: Graph, given: Numbers) -> Value:
    """Build the upward directional index."""
    return _share(graph, given, 0)


def minus_di(graph: Graph, given: Numbers) -> Value:
    """Build the downward directional index."""
    return _share(graph, given, 1)


def plus_dm(graph: Graph, given: Numbers) -> Value:
    """Build the smoothed sum of upward movements."""
    return _direction(graph, given)[0]


def minus_dm(graph: Graph, given: Numbers) -> Value:
    """Build the smoothed sum of downward movements."""
    return _direction(graph, given)[1]


def aroon_up(graph: Graph, given: Numbers) -> Value:
    """Build the freshness of the highest high."""
    window = int(given[0])
    return nodes.combine(graph, (-100.0 / window, nodes.age_of_highest(graph, window + 1)), constant=100.0)


def aroon_down(graph: Graph, given: Numbers) -> Value:
    """Build the freshness of the lowest low."""
    window = int(given[0])
    return nodes.combine(graph, (-100.0 / window, nodes.age_of_lowest(graph, window + 1)), constant=100.0)


def aroonosc(graph: Graph, given: Numbers) -> Value:
    """Build the freshness of the high less that of the low."""
    return nodes.difference(graph, aroon_up(graph, given), aroon_down(graph, given))


def sar(graph: Graph, given: Numbers) -> Value:
    """Build the parabolic stop."""
    memory = (min(given), given[1], *(0.0,) * (trend.SAR_SIZE - 2))
    return graph.value(trend.SAR, graph.ring(HIGH_PRICE, 2), graph.ring(LOW_PRICE, 2), warm=2, memory=memory)


def _supertrend(graph: Graph, given: Numbers) -> tuple[Value, ...]:
    middle, reach = nodes.middle(graph), volatility.atr(graph, given[:1])
    upper = nodes.combine(graph, (1.0, middle), (given[1], reach))
    lower = nodes.combine(graph, (1.0, middle), (-given[1], reach))
    memory = (0.0,) * trend.SUPERTREND_SIZE
    return graph.values(trend.SUPERTREND, upper, lower, nodes.closes(graph, 2), warm=(1, 1), memory=memory)


def supertrend(graph: Graph, given: Numbers) -> Value:
    """Build the trailing band."""
    return _supertrend(graph, given)[0]


def supertrend_side(graph: Graph, given: Numbers) -> Value:
    """Build the side of the trailing band."""
    return _supertrend(graph, given)[1]


def _vortex(graph: Graph, window: int, now: Value, before: Value) -> Value:
    move = nodes.absolute(graph, nodes.difference(graph, now, nodes.late(graph, before, 1)))
    reach = nodes.mean(graph, nodes.true_range(graph), window)
    return nodes.ratio(graph, nodes.mean(graph, move, window), reach)


def vortex_plus(graph: Graph, given: Numbers) -> Value:
    """Build the upward vortex movement."""
    return _vortex(graph, int(given[0]), HIGH_PRICE, LOW_PRICE)


def vortex_minus(graph: Graph, given: Numbers) -> Value:
    """Build the downward vortex movement."""
    return _vortex(graph, int(given[0]), LOW_PRICE, HIGH_PRICE)


def ichimoku_a(graph: Graph, given: Numbers) -> Value:
    """Build the faster edge of the cloud that lies at this bar."""
    conversion, base = (averages.midprice(graph, (number,)) for number in given)
    edge = nodes.combine(graph, (0.5, conversion), (0.5, base))
    return graph.value(series.LATE, nodes.late(graph, edge, int(given[1])))


def ichimoku_b(graph: Graph, given: Numbers) -> Value:
    """Build the slower edge of the cloud that lies at this bar."""
    return graph.value(series.LATE, nodes.late(graph, averages.midprice(graph, given), int(given[1])))


def choppiness(graph: Graph, given: Numbers) -> Value:
    """Build the choppiness index."""
    window = int(given[0])
    width = nodes.difference(graph, nodes.highest(graph, window), nodes.lowest(graph, window))
    walked = nodes.mean(graph, nodes.true_range(graph), window)
    logarithm = graph.value(series.LOG, nodes.ratio(graph, walked, width, or_zero=False))
    return nodes.combine(graph, (100.0 / math.log(window), logarithm), constant=100.0)


def straightness(graph: Graph, given: Numbers) -> Value:
    """Build the vertical horizontal filter."""
    window = int(given[0])
    high = nodes.highest(graph, window, source=CLOSE_PRICE)
    width = nodes.difference(graph, high, nodes.lowest(graph, window, source=CLOSE_PRICE))
    path = nodes.mean(graph, nodes.absolute(graph, nodes.change(graph, CLOSE_PRICE)), window)
    return nodes.combine(graph, (1.0 / window, nodes.ratio(graph, width, path)))


def trix(graph: Graph, given: Numbers) -> Value:
    """Build the change of a threefold exponential mean."""
    mean = CLOSE_PRICE
    for _ in range(3):
        mean = nodes.ema(graph, mean, int(given[0]))
    return nodes.rate(graph, mean, 1, 100.0)


def dpo(graph: Graph, given: Numbers) -> Value:
    """Build the detrended price."""
    window = int(given[0])
    return nodes.difference(graph, nodes.late(graph, CLOSE_PRICE, window // 2 + 1), averages.sma(graph, given))


TREND: Final[tuple[FeatureInfo, ...]] = (
    _info(
        kind="macd",
        meaning="exponential mean over fast bars less the one over slow bars",
        parameters=_MACD,
        warm_up="max(fast, slow)",
        source=_APPEL,
        talib="MACD",
        build=macd,
    ),
    _info(
        kind="macd_signal",
        meaning="exponential mean of macd",
        parameters=_MACD,
        warm_up=_MACD_WARM,
        source=_APPEL,
        talib="MACD",
        build=macd_signal,
    ),
    _info(
        kind="macd_hist",
        meaning="macd less macd_signal",
        parameters=_MACD,
        warm_up=_MACD_WARM,
        source=_APPEL,
        talib="MACD",
        build=macd_hist,
    ),
    _info(
        kind="apo",
        meaning="exponential mean over fast bars less the one over slow bars, each from its own first bar",
        parameters=_TWO,
        warm_up="max(fast, slow)",
        source=TALIB,
        talib="APO",
        build=apo,
    ),
    _info(
        kind="ppo",
        meaning="apo in percent of the slow mean",
        unit="percent",
        parameters=_TWO,
        warm_up="max(fast, slow)",
        source=TALIB,
        talib="PPO",
        build=ppo,
    ),
    _info(
        kind="adx",
        meaning="strength of a trend, either way",
        unit="0..100",
        parameters=one_window(14),
        inputs=RANGE,
        warm_up="2 * window",
        source=WILDER,
        talib="ADX",
        build=adx,
    ),
    _info(
        kind="adxr",
        meaning="mean of adx and the adx of window - 1 bars ago",
        unit="0..100",
        parameters=one_window(14),
        inputs=RANGE,
        warm_up="3 * window - 1",
        source=WILDER,
        talib="ADXR",
        build=adxr,
    ),
    _info(
        kind="dx",
        meaning="distance of the two directional indices in percent of their sum",
        unit="0..100",
        parameters=one_window(14),
        inputs=RANGE,
        warm_up="window + 1",
        source=WILDER,
        talib="DX",
        build=dx,
    ),
    _info(
        kind="plus_di",
        meaning="upward share of the true range",
        unit="0..100",
        parameters=one_window(14),
        inputs=RANGE,
        warm_up="window + 1",
        source=WILDER,
        talib="PLUS_DI",
        build=plus_di,
    ),
    _info(
        kind="minus_di",
        meaning="downward share of the true range",
        unit="0..100",
        parameters=one_window(14),
        inputs=RANGE,
        warm_up="window + 1",
        source=WILDER,
        talib="MINUS_DI",
        build=minus_di,
    ),
    _info(
        kind="plus_dm",
        meaning="Wilder sum of upward movements",
        parameters=one_window(14),
        inputs=RANGE,
        warm_up="window",
        source=WILDER,
        talib="PLUS_DM",
        build=plus_dm,
    ),
    _info(
        kind="minus_dm",
        meaning="Wilder sum of downward movements",
        parameters=one_window(14),
        inputs=RANGE,
        warm_up="window",
        source=WILDER,
        talib="MINUS_DM",
        build=minus_dm,
    ),
    _info(
        kind="aroon_up",
        meaning="how fresh the highest high of window + 1 bars is",
        unit="0..100",
        parameters=one_window(25),
        inputs=("high",),
        warm_up="window + 1",
        source=_CHANDE,
        talib="AROON",
        build=aroon_up,
    ),
    _info(
        kind="aroon_down",
        meaning="how fresh the lowest low of window + 1 bars is",
        unit="0..100",
        parameters=one_window(25),
        inputs=("low",),
        warm_up="window + 1",
        source=_CHANDE,
        talib="AROON",
        build=aroon_down,
    ),
    _info(
        kind="aroonosc",
        meaning="aroon_up less aroon_down",
        unit="-100..100",
        parameters=one_window(25),
        inputs=("high", "low"),
        warm_up="window + 1",
        source=_CHANDE,
        talib="AROONOSC",
        build=aroonosc,
    ),
    _info(
        kind="sar",
        meaning="parabolic stop: trails the market, faster with each new extreme",
        parameters=_STOP,
        inputs=("high", "low"),
        warm_up="2",
        source=WILDER,
        talib="SAR",
        build=sar,
    ),
    _info(
        kind="supertrend",
        meaning="band of width mean true ranges around the middle, which trails the market",
        parameters=_SUPERTREND,
        inputs=RANGE,
        warm_up="window + 1",
        source=_SEBAN,
        build=supertrend,
    ),
    _info(
        kind="supertrend_side",
        meaning="1 while that band lies below the market, -1 while above",
        unit="-1 or 1",
        parameters=_SUPERTREND,
        inputs=RANGE,
        warm_up="window + 1",
        source=_SEBAN,
        build=supertrend_side,
    ),
    _info(
        kind="vortex_plus",
        meaning="ways from the last low to the high over the true ranges; 0 where nothing moved",
        unit="number",
        parameters=one_window(14),
        inputs=RANGE,
        warm_up="window + 1",
        source=_VORTEX,
        build=vortex_plus,
    ),
    _info(
        kind="vortex_minus",
        meaning="ways from the last high to the low over the true ranges; 0 where nothing moved",
        unit="number",
        parameters=one_window(14),
        inputs=RANGE,
        warm_up="window + 1",
        source=_VORTEX,
        build=vortex_minus,
    ),
    _info(
        kind="ichimoku_a",
        meaning="middle of the mid prices over conversion and base bars, base bars ago",
        parameters=(Parameter("conversion", 9), Parameter("base", 26)),
        inputs=("high", "low"),
        warm_up="max(conversion, base) + base",
        source=_HOSODA,
        build=ichimoku_a,
    ),
    _info(
        kind="ichimoku_b",
        meaning="mid price over window bars, shift bars ago",
        parameters=(Parameter("window", 52), Parameter("shift", 26, 1)),
        inputs=("high", "low"),
        warm_up="window + shift",
        source=_HOSODA,
        build=ichimoku_b,
    ),
    _info(
        kind="choppiness",
        meaning="logarithm of the true ranges over the range of the window, on a scale of its bars",
        unit="0..100",
        parameters=one_window(14),
        inputs=RANGE,
        warm_up="window + 1",
        source="Dreiss (1993)",
        nan="while the window has no range",
        build=choppiness,
    ),
    _info(
        kind="straightness",
        meaning="range of the closes over the path they walked (vertical horizontal filter); 0 where nothing moved",
        unit="0..1",
        parameters=one_window(28),
        warm_up="window + 1",
        source="White, Futures (Aug. 1991)",
        build=straightness,
    ),
    _info(
        kind="trix",
        meaning="change per bar of an exponential mean taken three times",
        unit="percent",
        parameters=one_window(15),
        warm_up="3 * window - 1",
        source="Hutson, Stocks & Commodities 1:5 (1983)",
        talib="TRIX",
        build=trix,
    ),
    _info(
        kind="dpo",
        meaning="close of window // 2 + 1 bars ago less the mean of the last window",
        parameters=one_window(20),
        warm_up="max(window, window // 2 + 2)",
        source=DEFINED,
        build=dpo,
    ),
)
