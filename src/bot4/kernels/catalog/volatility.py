# SPDX-License-Identifier: Apache-2.0
"""Indicators of volatility: true range, bands, channels, deviation of returns. One recipe and one entry each."""

from typing import Final

from bot4.kernels.catalog import nodes
from bot4.kernels.catalog.entry import CLOSE, DEFINED, RANGE, TALIB, WILDER, FeatureInfo, Numbers, Parameter, one_window
from bot4.kernels.indicators import volatility
from bot4.kernels.indicators.graph import CLOSE_PRICE, Graph, Value

_BANDS: Final = (Parameter("window", 20), Parameter("width", 2, 0.01, 100, is_whole=False))
_BOLLINGER: Final = "Bollinger, Bollinger on Bollinger Bands (2001)"
_DONCHIAN: Final = "Donchian, Commodity Year Book (1960)"


def _band(graph: Graph, window: int, width: float) -> Value:
    mean = nodes.moments(graph, CLOSE_PRICE, window)[0]
    deviation = nodes.deviation(graph, CLOSE_PRICE, window, freedom=0)
    return graph.value(volatility.BAND, mean, deviation, memory=(width,))


def atr(graph: Graph, given: Numbers) -> Value:
    """Build the mean true range."""
    window = int(given[0])
    return graph.value(volatility.WILDER, nodes.true_range(graph), a=window, warm=window, memory=(0.0,))


def natr(graph: Graph, given: Numbers) -> Value:
    """Build the mean true range in percent of the close."""
    return graph.value(volatility.PERCENT, atr(graph, given), CLOSE_PRICE)


def bb_upper(graph: Graph, given: Numbers) -> Value:
    """Build the upper band."""
    return _band(graph, int(given[0]), given[1])


def bb_lower(graph: Graph, given: Numbers) -> Value:
    """Build the lower band."""
    return _band(graph, int(given[0]), -given[1])


def donchian_high(graph: Graph, given: Numbers) -> Value:
    """Build the upper edge of the channel."""
    return nodes.highest(graph, int(given[0]))[0]


def donchian_low(graph: Graph, given: Numbers) -> Value:
    """Build the lower edge of the channel."""
    return nodes.lowest(graph, int(given[0]))[0]


def prior_high(graph: Graph, given: Numbers) -> Value:
    """Build the upper edge of the channel as it stood before this bar."""
    return nodes.highest(graph, int(given[0]), lag=1)[0]


def prior_low(graph: Graph, given: Numbers) -> Value:
    """Build the lower edge of the channel as it stood before this bar."""
    return nodes.lowest(graph, int(given[0]), lag=1)[0]


def volatility_of_returns(graph: Graph, given: Numbers) -> Value:
    """Build the sample deviation of log returns."""
    return nodes.deviation(graph, nodes.log_return(graph), int(given[0]), freedom=1)


VOLATILITY: Final[tuple[FeatureInfo, ...]] = (
    FeatureInfo(
        kind="atr",
        family="volatility",
        meaning="Wilder mean of the true range",
        unit="price",
        parameters=one_window(14, 1),
        inputs=RANGE,
        warm_up="window + 1",
        source=WILDER,
        talib="ATR",
        build=atr,
    ),
    FeatureInfo(
        kind="natr",
        family="volatility",
        meaning="atr in percent of the close",
        unit="percent",
        parameters=one_window(14, 1),
        inputs=RANGE,
        warm_up="window + 1",
        source=TALIB,
        talib="NATR",
        build=natr,
    ),
    FeatureInfo(
        kind="bb_upper",
        family="volatility",
        meaning="mean of the closes plus width population deviations",
        unit="price",
        parameters=_BANDS,
        inputs=CLOSE,
        warm_up="window",
        source=_BOLLINGER,
        talib="BBANDS",
        build=bb_upper,
    ),
    FeatureInfo(
        kind="bb_lower",
        family="volatility",
        meaning="mean of the closes less width population deviations",
        unit="price",
        parameters=_BANDS,
        inputs=CLOSE,
        warm_up="window",
        source=_BOLLINGER,
        talib="BBANDS",
        build=bb_lower,
    ),
    FeatureInfo(
        kind="donchian_high",
        family="volatility",
        meaning="highest high of the window, this bar included",
        unit="price",
        parameters=one_window(20),
        inputs=("high",),
        warm_up="window",
        source=_DONCHIAN,
        talib="MAX",
        build=donchian_high,
    ),
    FeatureInfo(
        kind="donchian_low",
        family="volatility",
        meaning="lowest low of the window, this bar included",
        unit="price",
        parameters=one_window(20),
        inputs=("low",),
        warm_up="window",
        source=_DONCHIAN,
        talib="MIN",
        build=donchian_low,
    ),
    FeatureInfo(
        kind="prior_high",
        family="volatility",
        meaning="highest high of the window before this bar: what a breakout must pass",
        unit="price",
        parameters=one_window(20),
        inputs=("high",),
        warm_up="window + 1",
        source=_DONCHIAN,
        talib="",
        build=prior_high,
    ),
    FeatureInfo(
        kind="prior_low",
        family="volatility",
        meaning="lowest low of the window before this bar",
        unit="price",
        parameters=one_window(20),
        inputs=("low",),
        warm_up="window + 1",
        source=_DONCHIAN,
        talib="",
        build=prior_low,
    ),
    FeatureInfo(
        kind="volatility",
        family="volatility",
        meaning="sample deviation (n - 1) of the log returns of the window, per bar",
        unit="log return",
        parameters=one_window(20),
        inputs=CLOSE,
        warm_up="window + 1",
        source=DEFINED,
        talib="",
        build=volatility_of_returns,
    ),
)
