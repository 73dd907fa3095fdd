# SPDX-License-Identifier: Apache-2.0
"""Plain statistics of the closes. One recipe and one entry each."""

from typing import Final

from bot4.kernels.catalog import nodes
from bot4.kernels.catalog.entry import CLOSE, DEFINED, TALIB, FeatureInfo, Numbers, one_window
from bot4.kernels.indicators import statistics
from bot4.kernels.indicators.graph import CLOSE_PRICE, Graph, Value


def stddev(graph: Graph, given: Numbers) -> Value:
    """Build the deviation of the closes."""
    return nodes.deviation(graph, CLOSE_PRICE, int(given[0]), freedom=0)


def zscore(graph: Graph, given: Numbers) -> Value:
    """Build the distance from the mean in deviations."""
    window = int(given[0])
    mean = nodes.moments(graph, CLOSE_PRICE, window)[0]
    return graph.value(statistics.ZSCORE, CLOSE_PRICE, mean, nodes.deviation(graph, CLOSE_PRICE, window, freedom=0))


def logret(graph: Graph, _given: Numbers) -> Value:
    """Build the log return of the bar."""
    return nodes.log_return(graph)


STATISTICS: Final[tuple[FeatureInfo, ...]] = (
    FeatureInfo(
        kind="stddev",
        family="statistics",
        meaning="population deviation of the closes",
        unit="price",
        parameters=one_window(20),
        inputs=CLOSE,
        warm_up="window",
        source=TALIB,
        talib="STDDEV",
        build=stddev,
    ),
    FeatureInfo(
        kind="zscore",
        family="statistics",
        meaning="distance of the close from its mean in population deviations; 0 where nothing moved",
        unit="deviations",
        parameters=one_window(20),
        inputs=CLOSE,
        warm_up="window",
        source=DEFINED,
        talib="",
        build=zscore,
    ),
    FeatureInfo(
        kind="logret",
        family="statistics",
        meaning="natural logarithm of close over the close before",
        unit="log return",
        parameters=(),
        inputs=CLOSE,
        warm_up="2",
        source=DEFINED,
        talib="",
        build=logret,
    ),
)
