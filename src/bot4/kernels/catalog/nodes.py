# SPDX-License-Identifier: Apache-2.0
"""The nodes that several indicators share, each asked for by one name; equal wishes become one node of the graph."""

from bot4.kernels.indicators import series, statistics, trend
from bot4.kernels.indicators.graph import CLOSE_PRICE, HIGH_PRICE, LOW_PRICE, Graph, Value
from bot4.kernels.indicators.rolling import MOMENTS_SIZE, SUM_SIZE


def closes(graph: Graph, depth: int) -> Value:
    """Ask for the ring of closes."""
    return graph.ring(CLOSE_PRICE, depth)


def typical(graph: Graph) -> Value:
    """Ask for the typical price, (high + low + close) / 3."""
    return graph.value(series.TYPICAL, HIGH_PRICE, LOW_PRICE, CLOSE_PRICE)


def mean(graph: Graph, source: Value, window: int) -> Value:
    """Ask for the rolling mean of a source."""
    ring = graph.ring(source, window + 1)
    return graph.value(statistics.MEAN, ring, a=window, warm=window, memory=(0.0,) * SUM_SIZE)


def moments(graph: Graph, source: Value, window: int) -> tuple[Value, ...]:
    """Ask for rolling mean and sum of squared deviations of a source."""
    ring = graph.ring(source, window + 1)
    return graph.values(statistics.MOMENTS, ring, a=window, warm=(window, window), memory=(0.0,) * MOMENTS_SIZE)


def deviation(graph: Graph, source: Value, window: int, *, freedom: int) -> Value:
    """Ask for the rolling deviation of a source, `freedom` degrees given up."""
    return graph.value(statistics.DEVIATION, moments(graph, source, window)[1], a=window, b=freedom)


def ema(graph: Graph, source: Value, window: int, *, delay: int = 0) -> Value:
    """Ask for the exponential mean of a source, overlooking `delay` of its values."""
    return graph.value(trend.EMA, source, a=window, warm=window, memory=(0.0,), delay=delay)


def true_range(graph: Graph) -> Value:
    """Ask for the true range."""
    return graph.value(series.TRUE_RANGE, HIGH_PRICE, LOW_PRICE, closes(graph, 2), warm=2)


def log_return(graph: Graph) -> Value:
    """Ask for the log return."""
    return graph.value(series.LOG_RETURN, closes(graph, 2), warm=2)


def highest(graph: Graph, window: int, *, lag: int = 0) -> tuple[Value, ...]:
    """Ask for the highest high of a window, and its age in bars."""
    ring = graph.ring(HIGH_PRICE, window, lag=lag)
    return graph.values(statistics.HIGHEST, ring, a=window, warm=(window, window))


def lowest(graph: Graph, window: int, *, lag: int = 0) -> tuple[Value, ...]:
    """Ask for the lowest low of a window, and its age in bars."""
    ring = graph.ring(LOW_PRICE, window, lag=lag)
    return graph.values(statistics.LOWEST, ring, a=window, warm=(window, window))
