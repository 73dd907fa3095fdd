# SPDX-License-Identifier: Apache-2.0
"""Plain statistics of closes and returns. One recipe and one entry each."""

from functools import partial
from typing import Final

from bot4.kernels.catalog import nodes
from bot4.kernels.catalog.entry import CLOSE, DEFINED, TALIB, WEIGHTED, FeatureInfo, Numbers, Parameter, one_window
from bot4.kernels.indicators import statistics
from bot4.kernels.indicators.graph import CLOSE_PRICE, TRADED_VOLUME, Graph, Value

_SHAPE_COST: Final = "O(window): carried third and fourth powers lose all digits where a window grows calm"
_SORTED_COST: Final = (
    "O(window): the sorted window is moved by one value, at 0.3 ns a place less than a tree at 10 to 200"
)
_QUANTILE: Final = (Parameter("window", 20), Parameter("percent", 90, 0, 100, is_whole=False))
_LAGGED: Final = (Parameter("window", 50, 3), Parameter("lag", 1, 1))
_RATIO: Final = (Parameter("window", 50, 3), Parameter("bars", 5))
_info = partial(FeatureInfo, family="statistics", inputs=CLOSE)


def stddev(graph: Graph, given: Numbers) -> Value:
    """Build the deviation of the closes."""
    return nodes.deviation(graph, CLOSE_PRICE, int(given[0]), freedom=0)


def var(graph: Graph, given: Numbers) -> Value:
    """Build the variance of the closes."""
    return nodes.combine(graph, (1.0 / given[0], nodes.moments(graph, CLOSE_PRICE, int(given[0]))[1]))


def zscore(graph: Graph, given: Numbers) -> Value:
    """Build the distance from the mean in deviations."""
    return nodes.zscore(graph, CLOSE_PRICE, int(given[0]))


def mean_distance(graph: Graph, given: Numbers) -> Value:
    """Build the mean distance of the closes from their mean."""
    return nodes.distance(graph, CLOSE_PRICE, int(given[0]))


def _shape(graph: Graph, window: int) -> tuple[Value, ...]:
    returned = nodes.log_return(graph)
    mean = nodes.moments(graph, returned, window)[0]
    return graph.values(statistics.SHAPE, graph.ring(returned, window), mean, a=window, warm=(1, 1))


def skew(graph: Graph, given: Numbers) -> Value:
    """Build the skewness of log returns."""
    return _shape(graph, int(given[0]))[0]


def kurt(graph: Graph, given: Numbers) -> Value:
    """Build the excess kurtosis of log returns."""
    return _shape(graph, int(given[0]))[1]


def _quantile(graph: Graph, window: int, share: float) -> Value:
    ring = nodes.closes(graph, window + 1)
    return graph.value(statistics.QUANTILE, ring, a=window, warm=window, memory=(share, *(0.0,) * window))


def median(graph: Graph, given: Numbers) -> Value:
    """Build the median of the closes."""
    return _quantile(graph, int(given[0]), 0.5)


def quantile(graph: Graph, given: Numbers) -> Value:
    """Build a quantile of the closes."""
    return _quantile(graph, int(given[0]), given[1] / 100.0)


def rank(graph: Graph, given: Numbers) -> Value:
    """Build the rank of the close among those of the window."""
    return graph.value(statistics.RANK, nodes.closes(graph, int(given[0])), a=int(given[0]), warm=int(given[0]))


def correl(graph: Graph, given: Numbers) -> Value:
    """Build the correlation of close and volume."""
    window = int(given[0])
    return nodes.correlation(graph, nodes.closes(graph, window + 1), graph.ring(TRADED_VOLUME, window + 1), window)


def autocorr(graph: Graph, given: Numbers) -> Value:
    """Build the correlation of log returns with those some bars before."""
    window, lag = int(given[0]), int(given[1])
    returned = nodes.log_return(graph)
    before = graph.ring(returned, window + 1, lag=lag)
    return nodes.correlation(graph, graph.ring(returned, window + 1), before, window)


def variance_ratio(graph: Graph, given: Numbers) -> Value:
    """Build the variance of returns over some bars, in parts of what it were if returns did not know each other."""
    window, bars = int(given[0]), int(given[1])
    long, short = (nodes.moments(graph, nodes.log_return(graph, bars=one), window)[1] for one in (bars, 1))
    return nodes.combine(graph, (1.0 / bars, nodes.ratio(graph, long, short, or_zero=False)))


def sign_entropy(graph: Graph, given: Numbers) -> Value:
    """Build the entropy of the signs of changes."""
    return graph.value(statistics.ENTROPY, nodes.mean(graph, nodes.risen(graph), int(given[0])))


STATISTICS: Final[tuple[FeatureInfo, ...]] = (
    _info(
        kind="stddev",
        meaning="population deviation of the closes",
        unit="price",
        parameters=one_window(20),
        warm_up="window",
        source=TALIB,
        talib="STDDEV",
        build=stddev,
    ),
    _info(
        kind="var",
        meaning="population variance of the closes",
        unit="price squared",
        parameters=one_window(20),
        warm_up="window",
        source=TALIB,
        talib="VAR",
        build=var,
    ),
    _info(
        kind="zscore",
        meaning="distance of the close from its mean in population deviations; 0 where nothing moved",
        unit="deviations",
        parameters=one_window(20),
        warm_up="window",
        source=DEFINED,
        build=zscore,
    ),
    _info(
        kind="mean_distance",
        meaning="mean distance of the closes from their mean",
        unit="price",
        parameters=one_window(20),
        warm_up="window",
        source=DEFINED,
        cost="O(window): each distance changes whenever the mean moves",
        build=mean_distance,
    ),
    _info(
        kind="skew",
        meaning="skewness of the log returns of the window, population moments; 0 where nothing moved",
        unit="number",
        parameters=one_window(30, 3),
        warm_up="window + 1",
        source=DEFINED,
        cost=_SHAPE_COST,
        build=skew,
    ),
    _info(
        kind="kurt",
        meaning="excess kurtosis of the log returns of the window, population moments; 0 where nothing moved",
        unit="number",
        parameters=one_window(30, 3),
        warm_up="window + 1",
        source=DEFINED,
        cost=_SHAPE_COST,
        build=kurt,
    ),
    _info(
        kind="median",
        meaning="median of the closes",
        unit="price",
        parameters=one_window(20),
        warm_up="window",
        source=DEFINED,
        cost=_SORTED_COST,
        build=median,
    ),
    _info(
        kind="quantile",
        meaning="quantile of the closes, between two of them in proportion",
        unit="price",
        parameters=_QUANTILE,
        warm_up="window",
        source="Hyndman and Fan, Am. Stat. 50 (1996), type 7",
        cost=_SORTED_COST,
        build=quantile,
    ),
    _info(
        kind="rank",
        meaning="share of the window's other closes below the newest, equals counted half",
        unit="0..1",
        parameters=one_window(20),
        warm_up="window",
        source=DEFINED,
        cost="O(window): one pass of comparisons without branches",
        build=rank,
    ),
    _info(
        kind="correl",
        meaning="correlation of close and volume",
        unit="-1..1",
        parameters=one_window(30, 3),
        inputs=WEIGHTED,
        warm_up="window",
        source=TALIB,
        talib="CORREL",
        nan="while either stood still",
        build=correl,
    ),
    _info(
        kind="autocorr",
        meaning="correlation of log returns with those lag bars before",
        unit="-1..1",
        parameters=_LAGGED,
        warm_up="window + lag + 1",
        source=DEFINED,
        nan="while nothing moved",
        build=autocorr,
    ),
    _info(
        kind="variance_ratio",
        meaning="variance of log returns over bars, over that of bars independent ones; below 1 the market turns back",
        unit="number",
        parameters=_RATIO,
        warm_up="window + bars",
        source="Lo and MacKinlay, Rev. Financ. Stud. 1 (1988)",
        nan="while nothing moved",
        build=variance_ratio,
    ),
    _info(
        kind="sign_entropy",
        meaning="entropy of the share of rises among the last window changes",
        unit="bits",
        parameters=one_window(20),
        warm_up="window + 1",
        source="Shannon, Bell Syst. Tech. J. 27 (1948)",
        build=sign_entropy,
    ),
)
