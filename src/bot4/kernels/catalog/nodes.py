# SPDX-License-Identifier: Apache-2.0
"""The nodes that several indicators share, each asked for by one name; equal wishes become one node of the graph."""

import math

from bot4.kernels.indicators import pairs, series, statistics, trend, volume
from bot4.kernels.indicators.graph import (
    CLOSE_PRICE,
    HIGH_PRICE,
    LOW_PRICE,
    OPEN_PRICE,
    TRADED_VOLUME,
    Graph,
    Value,
)
from bot4.kernels.indicators.rolling import MOMENTS_SIZE, SUM_SIZE

Term = tuple[float, Value]


def closes(graph: Graph, depth: int) -> Value:
    """Ask for the ring of closes."""
    return graph.ring(CLOSE_PRICE, depth)


def late(graph: Graph, source: Value, bars: int) -> Value:
    """Ask for a value as it was `bars` bars ago: fit as an input of arithmetic, not as an output."""
    return graph.ring(source, 1, lag=bars)


def combine(graph: Graph, *terms: Term, constant: float = 0.0) -> Value:
    """Ask for a sum of up to three values, each with a factor, and a constant."""
    padded = (*terms, *((0.0, terms[0][1]),) * (3 - len(terms)))
    memory = (*(factor for factor, _ in padded), constant)
    return graph.value(series.COMBINE, *(value for _, value in padded), memory=memory)


def difference(graph: Graph, left: Value, right: Value) -> Value:
    """Ask for left - right."""
    return graph.value(series.DIFFERENCE, left, right)


def product(graph: Graph, left: Value, right: Value) -> Value:
    """Ask for left * right."""
    return graph.value(series.PRODUCT, left, right)


def ratio(graph: Graph, above: Value, below: Value, *, or_zero: bool = True) -> Value:
    """Ask for above / below; where below is 0 that is 0, or NaN: which no rolling node may see."""
    return graph.value(series.RATIO, above, below, b=1 if or_zero else 0)


def percent(graph: Graph, above: Value, below: Value) -> Value:
    """Ask for above in percent of below, 0 where below is 0."""
    return combine(graph, (100.0, ratio(graph, above, below)))


def relative(graph: Graph, value: Value, to: Value, factor: float = 1.0) -> Value:
    """Ask for (value - to) / to, times a factor."""
    return graph.value(series.RELATIVE, value, to, memory=(factor,))


def change(graph: Graph, source: Value, bars: int = 1) -> Value:
    """Ask for a source less what it was `bars` bars ago."""
    return difference(graph, source, late(graph, source, bars))


def rate(graph: Graph, source: Value, bars: int, factor: float = 1.0) -> Value:
    """Ask for the relative change of a source over `bars` bars, times a factor."""
    return relative(graph, source, late(graph, source, bars), factor)


def absolute(graph: Graph, source: Value) -> Value:
    """Ask for the size of a source."""
    return graph.value(series.ABSOLUTE, source)


def root(graph: Graph, source: Value) -> Value:
    """Ask for the square root of a source, 0 where that is below 0."""
    return graph.value(series.ROOT, source)


def risen(graph: Graph) -> Value:
    """Ask for 1 where the close is above the last, 0 elsewhere."""
    return graph.value(series.RISEN, CLOSE_PRICE, late(graph, CLOSE_PRICE, 1))


def place_between(graph: Graph, value: Value, highest_: Value, lowest_: Value, factor: float = 100.0) -> Value:
    """Ask for where a value lies above `lowest_`, in parts of the range, times a factor; 0 where it is empty."""
    return graph.value(series.PLACE, value, highest_, lowest_, memory=(factor,))


def typical(graph: Graph) -> Value:
    """Ask for the typical price, (high + low + close) / 3."""
    return graph.value(series.TYPICAL, HIGH_PRICE, LOW_PRICE, CLOSE_PRICE)


def middle(graph: Graph) -> Value:
    """Ask for the middle of the bar, (high + low) / 2."""
    return combine(graph, (0.5, HIGH_PRICE), (0.5, LOW_PRICE))


def extent(graph: Graph) -> Value:
    """Ask for high - low."""
    return difference(graph, HIGH_PRICE, LOW_PRICE)


def true_range(graph: Graph) -> Value:
    """Ask for the true range."""
    return graph.value(series.TRUE_RANGE, HIGH_PRICE, LOW_PRICE, late(graph, CLOSE_PRICE, 1))


def log_ratio(graph: Graph, above: Value, below: Value) -> Value:
    """Ask for the logarithm of above / below, both above zero."""
    return graph.value(series.LOG_RATIO, above, below)


def log_return(graph: Graph, source: Value = CLOSE_PRICE, bars: int = 1) -> Value:
    """Ask for the log return of a source over `bars` bars."""
    return log_ratio(graph, source, late(graph, source, bars))


def body_log(graph: Graph) -> Value:
    """Ask for the log return from open to close."""
    return log_ratio(graph, CLOSE_PRICE, OPEN_PRICE)


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


def distance(graph: Graph, source: Value, window: int) -> Value:
    """Ask for the mean distance of a source from its rolling mean; O(window)."""
    centre = moments(graph, source, window)[0]
    return graph.value(statistics.DISTANCE, graph.ring(source, window), centre, a=window)


def slope(graph: Graph, source: Value, window: int) -> tuple[Value, ...]:
    """Ask for slope and mean of the least squares line through the last `window` values."""
    ring = graph.ring(source, window + 1)
    memory = (0.0,) * statistics.SLOPE_SIZE
    return graph.values(statistics.SLOPE, ring, a=window, warm=(window, window), memory=memory)


def line(graph: Graph, source: Value, window: int, bars: float) -> Value:
    """Ask for the least squares line of a source, `bars` after the middle of its window."""
    steepness, level = slope(graph, source, window)
    return combine(graph, (1.0, level), (bars, steepness))


def wma(graph: Graph, source: Value, window: int) -> Value:
    """Ask for the mean with weights 1 .. window: the least squares line a third of the window before its end."""
    return line(graph, source, window, (window - 1) / 6.0)


def ema(graph: Graph, source: Value, window: int, *, delay: int = 0, seed: int | None = None) -> Value:
    """Ask for the exponential mean of a source, overlooking `delay` of its values, seeded by `window` or `seed`."""
    first = window if seed is None else seed
    memory = (2.0 / (window + 1), 0.0)
    return graph.value(trend.EMA, source, a=window, b=first, warm=window, memory=memory, delay=delay)


def wilder(graph: Graph, source: Value, window: int) -> Value:
    """Ask for Wilder's mean of a source: exponential, weight 1 / window."""
    return graph.value(trend.EMA, source, a=window, b=window, warm=window, memory=(1.0 / window, 0.0))


def _extreme(graph: Graph, operation: int, source: Value, window: int, lag: int) -> Value:
    ring = graph.ring(source, window + 1, lag=lag)
    return graph.value(operation, ring, a=window, warm=window, memory=(0.0, *(-math.inf,) * (window + 2)))


def highest(graph: Graph, window: int, *, source: Value = HIGH_PRICE, lag: int = 0) -> Value:
    """Ask for the highest value of a window."""
    return _extreme(graph, statistics.TOP, source, window, lag)


def lowest(graph: Graph, window: int, *, source: Value = LOW_PRICE, lag: int = 0) -> Value:
    """Ask for the lowest value of a window."""
    return _extreme(graph, statistics.BOTTOM, source, window, lag)


def _age(graph: Graph, operation: int, source: Value, window: int) -> Value:
    return graph.value(operation, graph.ring(source, window), a=window, warm=window, memory=(0.0,))


def age_of_highest(graph: Graph, window: int) -> Value:
    """Ask for the age in bars of the highest high of a window, the newest of equals."""
    return _age(graph, statistics.TOP_AGE, HIGH_PRICE, window)


def age_of_lowest(graph: Graph, window: int) -> Value:
    """Ask for the age in bars of the lowest low of a window, the newest of equals."""
    return _age(graph, statistics.BOTTOM_AGE, LOW_PRICE, window)


def efficiency(graph: Graph, window: int) -> Value:
    """Ask for the way gone over the path walked in `window` bars."""
    path = mean(graph, absolute(graph, change(graph, CLOSE_PRICE)), window)
    return graph.value(trend.EFFICIENCY, change(graph, CLOSE_PRICE, window), path, a=window)


def correlation(graph: Graph, left: Value, right: Value, window: int) -> Value:
    """Ask for the rolling correlation of two rings."""
    memory = (0.0,) * pairs.COMOMENTS_SIZE
    sums = graph.values(pairs.COMOMENTS, left, right, a=window, warm=(window, window, window), memory=memory)
    return graph.value(pairs.CORRELATION, *sums)


def accumulate(graph: Graph, source: Value) -> Value:
    """Ask for the sum of a source over all bars."""
    return graph.value(volume.ACCUMULATE, source, memory=(0.0,) * volume.ACCUMULATE_SIZE)


def flow_of_money(graph: Graph) -> Value:
    """Ask for the volume times the place of the close in the bar, -1 .. 1."""
    place = graph.value(volume.CLOSE_PLACE, HIGH_PRICE, LOW_PRICE, CLOSE_PRICE)
    return product(graph, place, TRADED_VOLUME)


def zscore(graph: Graph, source: Value, window: int) -> Value:
    """Ask for the distance of a source from its rolling mean in deviations, 0 where it stood."""
    centre = moments(graph, source, window)[0]
    return graph.value(statistics.ZSCORE, source, centre, deviation(graph, source, window, freedom=0))
