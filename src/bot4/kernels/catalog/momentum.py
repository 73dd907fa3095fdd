# SPDX-License-Identifier: Apache-2.0
"""Indicators of momentum: rates of change and oscillators. One recipe and one entry each."""

from typing import Final

from bot4.kernels.catalog import nodes
from bot4.kernels.catalog.entry import CLOSE, RANGE, TALIB, WILDER, FeatureInfo, Numbers, Parameter, one_window
from bot4.kernels.indicators import momentum
from bot4.kernels.indicators.graph import CLOSE_PRICE, Graph, Value

_STOCH_K: Final = (Parameter("window", 14), Parameter("smoothing", 3, 1))
_STOCH_D: Final = (*_STOCH_K, Parameter("signal", 3, 1))
_LANE: Final = "Lane, Technical Analysis of Stocks & Commodities 2:3 (1984)"


def rsi(graph: Graph, given: Numbers) -> Value:
    """Build the relative strength index."""
    window = int(given[0])
    return graph.value(
        momentum.RSI, nodes.closes(graph, 2), a=window, warm=window + 1, memory=(0.0,) * momentum.RSI_SIZE
    )


def mom(graph: Graph, given: Numbers) -> Value:
    """Build the change over a window."""
    window = int(given[0])
    return graph.value(momentum.CHANGE, nodes.closes(graph, window + 1), a=window, warm=window + 1)


def roc(graph: Graph, given: Numbers) -> Value:
    """Build the relative change over a window, in percent."""
    window = int(given[0])
    return graph.value(momentum.CHANGE_PERCENT, nodes.closes(graph, window + 1), a=window, warm=window + 1)


def cci(graph: Graph, given: Numbers) -> Value:
    """Build the commodity channel index; it divides by a small spread, so its mean comes from the anchored moments."""
    window = int(given[0])
    typical = nodes.typical(graph)
    mean = nodes.moments(graph, typical, window)[0]
    return graph.value(momentum.CCI, graph.ring(typical, window + 1), mean, a=window)


def willr(graph: Graph, given: Numbers) -> Value:
    """Build Williams %R."""
    window = int(given[0])
    highest, lowest = nodes.highest(graph, window)[0], nodes.lowest(graph, window)[0]
    return graph.value(momentum.PLACE_BELOW_HIGH, CLOSE_PRICE, highest, lowest)


def stoch_k(graph: Graph, given: Numbers) -> Value:
    """Build the smoothed stochastic."""
    window, smoothing = int(given[0]), int(given[1])
    highest, lowest = nodes.highest(graph, window)[0], nodes.lowest(graph, window)[0]
    return nodes.mean(graph, graph.value(momentum.PLACE_ABOVE_LOW, CLOSE_PRICE, highest, lowest), smoothing)


def stoch_d(graph: Graph, given: Numbers) -> Value:
    """Build the signal of the stochastic."""
    return nodes.mean(graph, stoch_k(graph, given), int(given[2]))


MOMENTUM: Final[tuple[FeatureInfo, ...]] = (
    FeatureInfo(
        kind="rsi",
        family="momentum",
        meaning="mean gain over mean gain and loss, Wilder means; 0 where nothing moved",
        unit="0..100",
        parameters=one_window(14),
        inputs=CLOSE,
        warm_up="window + 1",
        source=WILDER,
        talib="RSI",
        build=rsi,
    ),
    FeatureInfo(
        kind="mom",
        family="momentum",
        meaning="change of the close over window bars",
        unit="price",
        parameters=one_window(10, 1),
        inputs=CLOSE,
        warm_up="window + 1",
        source=TALIB,
        talib="MOM",
        build=mom,
    ),
    FeatureInfo(
        kind="roc",
        family="momentum",
        meaning="change of the close over window bars",
        unit="percent",
        parameters=one_window(10, 1),
        inputs=CLOSE,
        warm_up="window + 1",
        source=TALIB,
        talib="ROC",
        build=roc,
    ),
    FeatureInfo(
        kind="cci",
        family="momentum",
        meaning="distance of the typical price from its mean in units of 0.015 mean distances",
        unit="number",
        parameters=one_window(20),
        inputs=RANGE,
        warm_up="window",
        source="Lambert, Commodities (Oct. 1980)",
        talib="CCI",
        build=cci,
    ),
    FeatureInfo(
        kind="willr",
        family="momentum",
        meaning="place of the close below the highest high; 0 where the range is empty",
        unit="-100..0",
        parameters=one_window(14),
        inputs=RANGE,
        warm_up="window",
        source="Williams, How I Made One Million Dollars (1973)",
        talib="WILLR",
        build=willr,
    ),
    FeatureInfo(
        kind="stoch_k",
        family="momentum",
        meaning="place of the close above the lowest low, smoothed by a plain mean",
        unit="0..100",
        parameters=_STOCH_K,
        inputs=RANGE,
        warm_up="window + smoothing - 1",
        source=_LANE,
        talib="STOCH",
        build=stoch_k,
    ),
    FeatureInfo(
        kind="stoch_d",
        family="momentum",
        meaning="plain mean of stoch_k",
        unit="0..100",
        parameters=_STOCH_D,
        inputs=RANGE,
        warm_up="window + smoothing + signal - 2",
        source=_LANE,
        talib="STOCH",
        build=stoch_d,
    ),
)
