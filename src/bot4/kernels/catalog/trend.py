# SPDX-License-Identifier: Apache-2.0
"""Indicators of trend: means, convergence, directional movement, Aroon. One recipe and one entry each."""

from typing import Final

from bot4.kernels.catalog import nodes
from bot4.kernels.catalog.entry import CLOSE, RANGE, TALIB, WILDER, FeatureInfo, Numbers, Parameter, one_window
from bot4.kernels.indicators import series, trend
from bot4.kernels.indicators.graph import CLOSE_PRICE, HIGH_PRICE, LOW_PRICE, Graph, Value

_MACD: Final = (Parameter("fast", 12), Parameter("slow", 26), Parameter("signal", 9, 1))
_APPEL: Final = "Appel, The Moving Average Convergence-Divergence Method (1979)"
_CHANDE: Final = "Chande, Technical Analysis of Stocks & Commodities 13:9 (1995)"
_MACD_WARM: Final = "max(fast, slow) + signal - 1"


def _direction(graph: Graph, given: Numbers) -> tuple[Value, ...]:
    window = int(given[0])
    highs, lows = graph.ring(HIGH_PRICE, 2), graph.ring(LOW_PRICE, 2)
    warm = (window, window, 2 * window - 1)
    memory = (0.0,) * trend.DIRECTION_SIZE
    return graph.values(trend.DIRECTION, highs, lows, nodes.true_range(graph), a=window, warm=warm, memory=memory)


def sma(graph: Graph, given: Numbers) -> Value:
    """Build the plain mean of the closes."""
    return nodes.mean(graph, CLOSE_PRICE, int(given[0]))


def ema(graph: Graph, given: Numbers) -> Value:
    """Build the exponential mean of the closes."""
    return nodes.ema(graph, CLOSE_PRICE, int(given[0]))


def wma(graph: Graph, given: Numbers) -> Value:
    """Build the weighted mean of the closes."""
    window = int(given[0])
    return graph.value(
        trend.WMA, nodes.closes(graph, window + 1), a=window, warm=window, memory=(0.0,) * trend.WMA_SIZE
    )


def macd(graph: Graph, given: Numbers) -> Value:
    """Build fast less slow; as in TA-Lib the fast mean is seeded on the bars that end with the slow one's seed."""
    fast, slow = sorted((int(given[0]), int(given[1])))
    return graph.value(
        series.DIFFERENCE, nodes.ema(graph, CLOSE_PRICE, fast, delay=slow - fast), nodes.ema(graph, CLOSE_PRICE, slow)
    )


def macd_signal(graph: Graph, given: Numbers) -> Value:
    """Build the exponential mean of macd."""
    return nodes.ema(graph, macd(graph, given), int(given[2]))


def macd_hist(graph: Graph, given: Numbers) -> Value:
    """Build macd less its signal."""
    return graph.value(series.DIFFERENCE, macd(graph, given), macd_signal(graph, given))


def adx(graph: Graph, given: Numbers) -> Value:
    """Build the strength of a trend."""
    return _direction(graph, given)[2]


def plus_di(graph: Graph, given: Numbers) -> Value:
    """Build the upward directional index."""
    return _direction(graph, given)[0]


def minus_di(graph: Graph, given: Numbers) -> Value:
    """Build the downward directional index."""
    return _direction(graph, given)[1]


def aroon_up(graph: Graph, given: Numbers) -> Value:
    """Build the freshness of the highest high."""
    window = int(given[0])
    return graph.value(trend.FRESHNESS, nodes.highest(graph, window + 1)[1], a=window)


def aroon_down(graph: Graph, given: Numbers) -> Value:
    """Build the freshness of the lowest low."""
    window = int(given[0])
    return graph.value(trend.FRESHNESS, nodes.lowest(graph, window + 1)[1], a=window)


TREND: Final[tuple[FeatureInfo, ...]] = (
    FeatureInfo(
        kind="sma",
        family="trend",
        meaning="mean of the closes",
        unit="price",
        parameters=one_window(20),
        inputs=CLOSE,
        warm_up="window",
        source=TALIB,
        talib="SMA",
        build=sma,
    ),
    FeatureInfo(
        kind="ema",
        family="trend",
        meaning="exponential mean of the closes, weight 2 / (window + 1), seeded by their plain mean",
        unit="price",
        parameters=one_window(12),
        inputs=CLOSE,
        warm_up="window",
        source=TALIB,
        talib="EMA",
        build=ema,
    ),
    FeatureInfo(
        kind="wma",
        family="trend",
        meaning="mean of the closes with weights 1 .. window, the newest heaviest",
        unit="price",
        parameters=one_window(20),
        inputs=CLOSE,
        warm_up="window",
        source=TALIB,
        talib="WMA",
        build=wma,
    ),
    FeatureInfo(
        kind="macd",
        family="trend",
        meaning="fast exponential mean less slow one",
        unit="price",
        parameters=_MACD,
        inputs=CLOSE,
        warm_up="max(fast, slow)",
        source=_APPEL,
        talib="MACD",
        build=macd,
    ),
    FeatureInfo(
        kind="macd_signal",
        family="trend",
        meaning="exponential mean of macd",
        unit="price",
        parameters=_MACD,
        inputs=CLOSE,
        warm_up=_MACD_WARM,
        source=_APPEL,
        talib="MACD",
        build=macd_signal,
    ),
    FeatureInfo(
        kind="macd_hist",
        family="trend",
        meaning="macd less its signal",
        unit="price",
        parameters=_MACD,
        inputs=CLOSE,
        warm_up=_MACD_WARM,
        source=_APPEL,
        talib="MACD",
        build=macd_hist,
    ),
    FeatureInfo(
        kind="adx",
        family="trend",
        meaning="strength of a trend, whichever way: Wilder mean of dx",
        unit="0..100",
        parameters=one_window(14),
        inputs=RANGE,
        warm_up="2 * window",
        source=WILDER,
        talib="ADX",
        build=adx,
    ),
    FeatureInfo(
        kind="plus_di",
        family="trend",
        meaning="upward share of the true range",
        unit="0..100",
        parameters=one_window(14),
        inputs=RANGE,
        warm_up="window + 1",
        source=WILDER,
        talib="PLUS_DI",
        build=plus_di,
    ),
    FeatureInfo(
        kind="minus_di",
        family="trend",
        meaning="downward share of the true range",
        unit="0..100",
        parameters=one_window(14),
        inputs=RANGE,
        warm_up="window + 1",
        source=WILDER,
        talib="MINUS_DI",
        build=minus_di,
    ),
    FeatureInfo(
        kind="aroon_up",
        family="trend",
        meaning="how fresh the highest high of window + 1 bars is",
        unit="0..100",
        parameters=one_window(25),
        inputs=("high",),
        warm_up="window + 1",
        source=_CHANDE,
        talib="AROON",
        build=aroon_up,
    ),
    FeatureInfo(
        kind="aroon_down",
        family="trend",
        meaning="how fresh the lowest low of window + 1 bars is",
        unit="0..100",
        parameters=one_window(25),
        inputs=("low",),
        warm_up="window + 1",
        source=_CHANDE,
        talib="AROON",
        build=aroon_down,
    ),
)
