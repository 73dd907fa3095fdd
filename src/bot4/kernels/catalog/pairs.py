# SPDX-License-Identifier: Apache-2.0
"""Indicators of one instrument against another, named with it: ``beta_60~BTCUSDT``. One recipe and one entry each.

In the program of a pair the place of the bar's open holds the reference's last close known at that moment.
"""

from collections.abc import Callable
from typing import Final

from bot4.kernels.catalog import nodes
from bot4.kernels.catalog.entry import DEFINED, FeatureInfo, Numbers, Parameter
from bot4.kernels.indicators import pairs, statistics
from bot4.kernels.indicators.graph import CLOSE_PRICE, OPEN_PRICE, Graph, Value

REFERENCE_PRICE: Final = OPEN_PRICE
LAGS_MAX: Final = 60
Build = Callable[[Graph, Numbers], Value]
_BOTH: Final = ("close", "close of the reference")
_WINDOW: Final = Parameter("window", 60, 3)


def comoments(graph: Graph, window: int, lag: int) -> tuple[Value, ...]:
    """Ask for the sums of the reference's returns `lag` bars ago with ours; a negative lag delays ours."""
    theirs = nodes.log_return(graph, REFERENCE_PRICE)
    one = graph.ring(theirs, window + 1, lag=max(lag, 0))
    other = graph.ring(nodes.log_return(graph), window + 1, lag=max(-lag, 0))
    memory = (0.0,) * pairs.COMOMENTS_SIZE
    return graph.values(pairs.COMOMENTS, one, other, a=window, warm=(window, window, window), memory=memory)


def correlation(graph: Graph, window: int, lag: int) -> Value:
    """Ask for the correlation of the reference's returns `lag` bars ago with ours."""
    return graph.value(pairs.CORRELATION, *comoments(graph, window, lag))


def beta(graph: Graph, given: Numbers) -> Value:
    """Build the slope of our returns over the reference's."""
    both, theirs, _ = comoments(graph, int(given[0]), 0)
    return graph.value(pairs.SLOPE, both, theirs)


def corr(graph: Graph, given: Numbers) -> Value:
    """Build the correlation of our returns with the reference's."""
    return correlation(graph, int(given[0]), 0)


def lead_corr(graph: Graph, given: Numbers) -> Value:
    """Build the correlation of our returns with the reference's some bars ago."""
    return correlation(graph, int(given[0]), int(given[1]))


def lag_corr(graph: Graph, given: Numbers) -> Value:
    """Build the correlation of our returns some bars ago with the reference's."""
    return correlation(graph, int(given[0]), -int(given[1]))


def lead(graph: Graph, given: Numbers) -> Value:
    """Build the lag of the largest correlation in size, the nearest lags asked first."""
    window, lags = int(given[0]), int(given[1])
    size, best = graph.values(pairs.FIRST_LAG, correlation(graph, window, 0), b=0, warm=(1, 1))
    for lag in (way * step for step in range(1, lags + 1) for way in (1, -1)):
        found = correlation(graph, window, lag)
        size, best = graph.values(pairs.STRONGER, found, size, best, b=lag, warm=(1, 1))
    return best


def strength(graph: Graph, given: Numbers) -> Value:
    """Build the change of the log ratio over a momentum, in deviations from its mean."""
    change, window = _ratio_change(graph, int(given[0])), int(given[1])
    mean = nodes.moments(graph, change, window)[0]
    return graph.value(statistics.ZSCORE, change, mean, nodes.deviation(graph, change, window, freedom=0))


def outperformance(graph: Graph, given: Numbers) -> Value:
    """Build the change of the log ratio over a window."""
    return _ratio_change(graph, int(given[0]))


def _ratio_change(graph: Graph, bars: int) -> Value:
    return nodes.change(graph, nodes.log_ratio(graph, CLOSE_PRICE, REFERENCE_PRICE), bars)


def _entry(
    build: Build,
    meaning: str,
    *,
    unit: str,
    warm_up: str,
    parameters: tuple[Parameter, ...],
    still: str = "",
    cost: str = "O(1)",
) -> FeatureInfo:
    return FeatureInfo(
        kind=build.__name__,
        family="pairs",
        meaning=meaning,
        unit=unit,
        parameters=parameters,
        inputs=_BOTH,
        warm_up=warm_up,
        source=DEFINED,
        nan=f"while the reference is not known{still}",
        cost=cost,
        build=build,
    )


_STILL: Final = " or either did not move"
_SHIFT: Final = (_WINDOW, Parameter("lag", 1, 1, LAGS_MAX))

PAIRS: Final[tuple[FeatureInfo, ...]] = (
    _entry(
        beta,
        "slope of the log returns over those of the reference",
        unit="number",
        warm_up="window + 1",
        parameters=(_WINDOW,),
        still=" or did not move",
    ),
    _entry(
        corr,
        "correlation of the log returns with those of the reference",
        unit="-1..1",
        warm_up="window + 1",
        parameters=(_WINDOW,),
        still=_STILL,
    ),
    _entry(
        lead_corr,
        "correlation of the log returns with those of the reference lag bars before",
        unit="-1..1",
        warm_up="window + lag + 1",
        parameters=_SHIFT,
        still=_STILL,
    ),
    _entry(
        lag_corr,
        "correlation of the log returns lag bars before with those of the reference",
        unit="-1..1",
        warm_up="window + lag + 1",
        parameters=_SHIFT,
        still=_STILL,
    ),
    _entry(
        lead,
        "bars by which the reference leads (above 0) or follows, at the largest correlation in size up to lags",
        unit="bars",
        warm_up="window + lags + 1",
        parameters=(_WINDOW, Parameter("lags", 5, 1, LAGS_MAX)),
        still=_STILL,
        cost="O(lags): a correlation for each, carried on in O(1)",
    ),
    _entry(
        outperformance,
        "change over window bars of the logarithm of close over the reference's close",
        unit="log return",
        warm_up="window + 1",
        parameters=(Parameter("window", 20, 1),),
    ),
    _entry(
        strength,
        "that change over momentum bars, in population deviations from its mean over window bars",
        unit="deviations",
        warm_up="momentum + window",
        parameters=(Parameter("momentum", 20, 1), Parameter("window", 60)),
    ),
)
