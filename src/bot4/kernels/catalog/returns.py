# SPDX-License-Identifier: Apache-2.0
"""Estimators of volatility from the logarithms of prices, and falls. One recipe and one entry each."""

import math
from functools import partial
from typing import Final

from bot4.kernels.catalog import nodes
from bot4.kernels.catalog.entry import CLOSE, DEFINED, PRICES, FeatureInfo, Numbers, one_window
from bot4.kernels.indicators.graph import CLOSE_PRICE, HIGH_PRICE, LOW_PRICE, OPEN_PRICE, Graph, Value

_BODY_SHARE: Final = 2.0 * math.log(2.0) - 1.0
_info = partial(FeatureInfo, family="volatility", unit="log return", inputs=PRICES)


def _square(graph: Graph, source: Value) -> Value:
    return nodes.product(graph, source, source)


def _range_logs(graph: Graph) -> tuple[Value, Value, Value]:
    """High, low and close over the open, in logarithms."""
    high = nodes.log_ratio(graph, HIGH_PRICE, OPEN_PRICE)
    return high, nodes.log_ratio(graph, LOW_PRICE, OPEN_PRICE), nodes.body_log(graph)


def volatility(graph: Graph, given: Numbers) -> Value:
    """Build the sample deviation of log returns."""
    return nodes.deviation(graph, nodes.log_return(graph), int(given[0]), freedom=1)


def _half(graph: Graph, window: int, side: float) -> Value:
    """Build the root mean square of the returns of one side, the others counted as 0."""
    returned = nodes.log_return(graph)
    kept = nodes.combine(graph, (0.5 * side, returned), (0.5, nodes.absolute(graph, returned)))
    return nodes.root(graph, nodes.mean(graph, _square(graph, kept), window))


def upside_deviation(graph: Graph, given: Numbers) -> Value:
    """Build the deviation of rises."""
    return _half(graph, int(given[0]), 1.0)


def downside_deviation(graph: Graph, given: Numbers) -> Value:
    """Build the deviation of falls."""
    return _half(graph, int(given[0]), -1.0)


def parkinson(graph: Graph, given: Numbers) -> Value:
    """Build Parkinson's estimator."""
    high, low, _ = _range_logs(graph)
    squares = nodes.mean(graph, _square(graph, nodes.difference(graph, high, low)), int(given[0]))
    return nodes.root(graph, nodes.combine(graph, (1.0 / (4.0 * math.log(2.0)), squares)))


def garman_klass(graph: Graph, given: Numbers) -> Value:
    """Build Garman and Klass's estimator."""
    high, low, body = _range_logs(graph)
    extent = _square(graph, nodes.difference(graph, high, low))
    term = nodes.combine(graph, (0.5, extent), (-_BODY_SHARE, _square(graph, body)))
    return nodes.root(graph, nodes.mean(graph, term, int(given[0])))


def _rogers_satchell(graph: Graph, window: int) -> Value:
    high, low, body = _range_logs(graph)
    above = nodes.product(graph, high, nodes.difference(graph, high, body))
    below = nodes.product(graph, low, nodes.difference(graph, low, body))
    return nodes.mean(graph, nodes.combine(graph, (1.0, above), (1.0, below)), window)


def rogers_satchell(graph: Graph, given: Numbers) -> Value:
    """Build Rogers and Satchell's estimator."""
    return nodes.root(graph, _rogers_satchell(graph, int(given[0])))


def yang_zhang(graph: Graph, given: Numbers) -> Value:
    """Build Yang and Zhang's estimator: jumps between bars, bodies and ranges, each with its weight."""
    window = int(given[0])
    jumps = nodes.log_ratio(graph, OPEN_PRICE, nodes.late(graph, CLOSE_PRICE, 1))
    share = 0.34 / (1.34 + (window + 1.0) / (window - 1.0))
    between = (1.0 / (window - 1.0), nodes.moments(graph, jumps, window)[1])
    within = (share / (window - 1.0), nodes.moments(graph, nodes.body_log(graph), window)[1])
    return nodes.root(graph, nodes.combine(graph, between, within, (1.0 - share, _rogers_satchell(graph, window))))


def drawdown(graph: Graph, given: Numbers) -> Value:
    """Build the fall from the highest close."""
    return nodes.relative(graph, CLOSE_PRICE, nodes.highest(graph, int(given[0]), source=CLOSE_PRICE))


def ulcer(graph: Graph, given: Numbers) -> Value:
    """Build the root mean square of falls from the highest close."""
    fall = nodes.combine(graph, (100.0, drawdown(graph, given)))
    return nodes.root(graph, nodes.mean(graph, _square(graph, fall), int(given[0])))


def bars_since_high(graph: Graph, given: Numbers) -> Value:
    """Build the age of the highest high."""
    return nodes.age_of_highest(graph, int(given[0]))


def bars_since_low(graph: Graph, given: Numbers) -> Value:
    """Build the age of the lowest low."""
    return nodes.age_of_lowest(graph, int(given[0]))


def gap(graph: Graph, _given: Numbers) -> Value:
    """Build the log return from the last close to the open."""
    return nodes.log_ratio(graph, OPEN_PRICE, nodes.late(graph, CLOSE_PRICE, 1))


def logret(graph: Graph, _given: Numbers) -> Value:
    """Build the log return of the bar."""
    return nodes.log_return(graph)


RETURNS: Final[tuple[FeatureInfo, ...]] = (
    _info(
        kind="logret",
        meaning="natural logarithm of close over the close before",
        parameters=(),
        inputs=CLOSE,
        warm_up="2",
        source=DEFINED,
        build=logret,
    ),
    _info(
        kind="gap",
        meaning="natural logarithm of open over the close before",
        parameters=(),
        inputs=("open", "close"),
        warm_up="2",
        source=DEFINED,
        build=gap,
    ),
    _info(
        kind="volatility",
        meaning="sample deviation (n - 1) of the log returns of the window, per bar",
        parameters=one_window(20),
        inputs=CLOSE,
        warm_up="window + 1",
        source=DEFINED,
        build=volatility,
    ),
    _info(
        kind="upside_deviation",
        meaning="root mean square of the rises of the window, falls counted as 0, per bar",
        parameters=one_window(20),
        inputs=CLOSE,
        warm_up="window + 1",
        source=DEFINED,
        build=upside_deviation,
    ),
    _info(
        kind="downside_deviation",
        meaning="root mean square of the falls of the window, rises counted as 0, per bar",
        parameters=one_window(20),
        inputs=CLOSE,
        warm_up="window + 1",
        source=DEFINED,
        build=downside_deviation,
    ),
    _info(
        kind="parkinson",
        meaning="deviation of log returns per bar, from highs and lows",
        parameters=one_window(20),
        inputs=("high", "low"),
        warm_up="window",
        source="Parkinson, J. Business 53 (1980)",
        build=parkinson,
    ),
    _info(
        kind="garman_klass",
        meaning="deviation of log returns per bar, from range and body",
        parameters=one_window(20),
        warm_up="window",
        source="Garman and Klass, J. Business 53 (1980)",
        build=garman_klass,
    ),
    _info(
        kind="rogers_satchell",
        meaning="deviation of log returns per bar, from highs and lows against a drift",
        parameters=one_window(20),
        warm_up="window",
        source="Rogers and Satchell, Ann. Appl. Prob. 1 (1991)",
        build=rogers_satchell,
    ),
    _info(
        kind="yang_zhang",
        meaning="deviation of log returns per bar, jumps between bars included",
        parameters=one_window(20),
        warm_up="window + 1",
        source="Yang and Zhang, J. Business 73 (2000)",
        build=yang_zhang,
    ),
    _info(
        kind="drawdown",
        meaning="close over the highest close of the window, less 1",
        unit="-1..0",
        parameters=one_window(100),
        inputs=CLOSE,
        warm_up="window",
        source=DEFINED,
        build=drawdown,
    ),
    _info(
        kind="ulcer",
        meaning="root mean square of the falls from the highest close of the window",
        unit="percent",
        parameters=one_window(14),
        inputs=CLOSE,
        warm_up="2 * window - 1",
        source="Martin and McCann, The Investor's Guide to Fidelity Funds (1989)",
        build=ulcer,
    ),
    _info(
        kind="bars_since_high",
        meaning="age of the highest high of the window, the newest of equals",
        unit="bars",
        parameters=one_window(50),
        inputs=("high",),
        warm_up="window",
        source=DEFINED,
        build=bars_since_high,
    ),
    _info(
        kind="bars_since_low",
        meaning="age of the lowest low of the window, the newest of equals",
        unit="bars",
        parameters=one_window(50),
        inputs=("low",),
        warm_up="window",
        source=DEFINED,
        build=bars_since_low,
    ),
)
