# SPDX-License-Identifier: Apache-2.0
"""Means and lines: the price smoothed, one way or another. One recipe and one entry each."""

import math
from functools import partial
from typing import Final

from bot4.kernels.catalog import nodes
from bot4.kernels.catalog.entry import CLOSE, DEFINED, TALIB, WEIGHTED, FeatureInfo, Numbers, Parameter, one_window
from bot4.kernels.indicators import fractional, series, trend
from bot4.kernels.indicators.graph import CLOSE_PRICE, TRADED_VOLUME, Graph, Value

_ALMA_PLACE: Final = 0.85
_ALMA_SHARPNESS: Final = 6.0
_MULLOY: Final = "Mulloy, Technical Analysis of Stocks & Commodities 12:1 (1994)"
_KAUFMAN: Final = "Kaufman, Smarter Trading (1995)"
_info = partial(FeatureInfo, family="trend", unit="price", inputs=CLOSE)


def sma(graph: Graph, given: Numbers) -> Value:
    """Build the plain mean of the closes."""
    return nodes.mean(graph, CLOSE_PRICE, int(given[0]))


def ema(graph: Graph, given: Numbers) -> Value:
    """Build the exponential mean of the closes."""
    return nodes.ema(graph, CLOSE_PRICE, int(given[0]))


def wma(graph: Graph, given: Numbers) -> Value:
    """Build the weighted mean of the closes."""
    return nodes.wma(graph, CLOSE_PRICE, int(given[0]))


def dema(graph: Graph, given: Numbers) -> Value:
    """Build the exponential mean with the first order of its lag taken off."""
    once = ema(graph, given)
    return nodes.combine(graph, (2.0, once), (-1.0, nodes.ema(graph, once, int(given[0]))))


def tema(graph: Graph, given: Numbers) -> Value:
    """Build the exponential mean with two orders of its lag taken off."""
    once = ema(graph, given)
    twice = nodes.ema(graph, once, int(given[0]))
    return nodes.combine(graph, (3.0, once), (-3.0, twice), (1.0, nodes.ema(graph, twice, int(given[0]))))


def trima(graph: Graph, given: Numbers) -> Value:
    """Build the mean of a mean, each over half of the window."""
    window = int(given[0])
    inner = window // 2 + 1
    return nodes.mean(graph, nodes.mean(graph, CLOSE_PRICE, inner), window - inner + 1)


def tillson(graph: Graph, given: Numbers) -> Value:
    """Build Tillson's mean: six exponential means, weighted so that the lag almost cancels."""
    window, bend = int(given[0]), given[1]
    means = [CLOSE_PRICE]
    for _ in range(6):
        means.append(nodes.ema(graph, means[-1], window))
    square, cube = bend * bend, bend * bend * bend
    outer = nodes.combine(graph, (-cube, means[6]), (3.0 * (square + cube), means[5]))
    inner = (-6.0 * square - 3.0 * (bend + cube), means[4])
    return nodes.combine(graph, (1.0, outer), inner, (1.0 + 3.0 * bend + cube + 3.0 * square, means[3]))


def kama(graph: Graph, given: Numbers) -> Value:
    """Build Kaufman's adaptive mean."""
    return graph.value(trend.KAMA, nodes.closes(graph, 2), nodes.efficiency(graph, int(given[0])), memory=(0.0,))


def hma(graph: Graph, given: Numbers) -> Value:
    """Build Hull's mean: twice a fast weighted mean less a slow one, smoothed."""
    window = int(given[0])
    fast, slow = nodes.wma(graph, CLOSE_PRICE, window // 2), nodes.wma(graph, CLOSE_PRICE, window)
    return nodes.wma(graph, nodes.combine(graph, (2.0, fast), (-1.0, slow)), math.isqrt(window))


def zlema(graph: Graph, given: Numbers) -> Value:
    """Build the exponential mean of the close moved on by what it changed over the mean's lag."""
    window = int(given[0])
    before = nodes.late(graph, CLOSE_PRICE, (window - 1) // 2)
    return nodes.ema(graph, nodes.combine(graph, (2.0, CLOSE_PRICE), (-1.0, before)), window)


def vwma(graph: Graph, given: Numbers) -> Value:
    """Build the mean of the closes weighted by volume."""
    window = int(given[0])
    turnover = nodes.mean(graph, nodes.product(graph, CLOSE_PRICE, TRADED_VOLUME), window)
    return nodes.ratio(graph, turnover, nodes.mean(graph, TRADED_VOLUME, window), or_zero=False)


def alma(graph: Graph, given: Numbers) -> Value:
    """Build the mean with the weights of a bell near the window's end."""
    window = int(given[0])
    middle, spread = _ALMA_PLACE * (window - 1), window / _ALMA_SHARPNESS
    bell = [math.exp(-0.5 * ((window - 1 - lag - middle) / spread) ** 2) for lag in range(window)]
    weights = tuple(one / math.fsum(bell) for one in bell)
    return graph.value(fractional.FRACDIFF, nodes.closes(graph, window), a=window, warm=window, memory=weights)


def midpoint(graph: Graph, given: Numbers) -> Value:
    """Build the middle between the highest and the lowest close."""
    window = int(given[0])
    high = nodes.highest(graph, window, source=CLOSE_PRICE)
    return nodes.combine(graph, (0.5, high), (0.5, nodes.lowest(graph, window, source=CLOSE_PRICE)))


def midprice(graph: Graph, given: Numbers) -> Value:
    """Build the middle between the highest high and the lowest low."""
    window = int(given[0])
    return nodes.combine(graph, (0.5, nodes.highest(graph, window)), (0.5, nodes.lowest(graph, window)))


def linearreg(graph: Graph, given: Numbers) -> Value:
    """Build the end of the least squares line."""
    return nodes.line(graph, CLOSE_PRICE, int(given[0]), (given[0] - 1.0) / 2.0)


def linearreg_intercept(graph: Graph, given: Numbers) -> Value:
    """Build the begin of the least squares line."""
    return nodes.line(graph, CLOSE_PRICE, int(given[0]), (1.0 - given[0]) / 2.0)


def linearreg_slope(graph: Graph, given: Numbers) -> Value:
    """Build the slope of the least squares line."""
    return nodes.slope(graph, CLOSE_PRICE, int(given[0]))[0]


def linearreg_angle(graph: Graph, given: Numbers) -> Value:
    """Build the angle of the least squares line."""
    return graph.value(series.ANGLE, linearreg_slope(graph, given))


def tsf(graph: Graph, given: Numbers) -> Value:
    """Build the least squares line, one bar after its end."""
    return nodes.line(graph, CLOSE_PRICE, int(given[0]), (given[0] + 1.0) / 2.0)


def linearreg_fit(graph: Graph, given: Numbers) -> Value:
    """Build the share of the closes' variance that the least squares line explains."""
    window = given[0]
    steepness = linearreg_slope(graph, given)
    factor = window * (window * window - 1.0) / 12.0
    explained = nodes.combine(graph, (factor, nodes.product(graph, steepness, steepness)))
    return nodes.ratio(graph, explained, nodes.moments(graph, CLOSE_PRICE, int(window))[1])


def efficiency(graph: Graph, given: Numbers) -> Value:
    """Build the efficiency ratio."""
    return nodes.efficiency(graph, int(given[0]))


AVERAGES: Final[tuple[FeatureInfo, ...]] = (
    _info(
        kind="sma",
        meaning="mean of the closes",
        parameters=one_window(20),
        warm_up="window",
        source=TALIB,
        talib="SMA",
        build=sma,
    ),
    _info(
        kind="ema",
        meaning="exponential mean of the closes, weight 2 / (window + 1), seeded by their plain mean",
        parameters=one_window(12),
        warm_up="window",
        source=TALIB,
        talib="EMA",
        build=ema,
    ),
    _info(
        kind="wma",
        meaning="mean of the closes with weights 1 .. window, the newest heaviest",
        parameters=one_window(20),
        warm_up="window",
        source=TALIB,
        talib="WMA",
        build=wma,
    ),
    _info(
        kind="dema",
        meaning="twice the exponential mean less the exponential mean of it",
        parameters=one_window(20),
        warm_up="2 * window - 1",
        source=_MULLOY,
        talib="DEMA",
        build=dema,
    ),
    _info(
        kind="tema",
        meaning="three times ema less its ema plus the ema of that",
        parameters=one_window(20),
        warm_up="3 * window - 2",
        source=_MULLOY,
        talib="TEMA",
        build=tema,
    ),
    _info(
        kind="trima",
        meaning="mean of the closes with weights that rise to the middle of the window and fall again",
        parameters=one_window(20),
        warm_up="window",
        source=TALIB,
        talib="TRIMA",
        build=trima,
    ),
    _info(
        kind="tillson",
        meaning="six exponential means in a row, combined so that the lag almost cancels",
        parameters=(Parameter("window", 5), Parameter("bend", 0.7, 0, 1, is_whole=False)),
        warm_up="6 * window - 5",
        source="Tillson, Technical Analysis of Stocks & Commodities 16:1 (1998)",
        talib="T3",
        build=tillson,
    ),
    _info(
        kind="kama",
        meaning="mean that is quick where the market goes straight and slow where it wavers",
        parameters=one_window(10),
        warm_up="window + 1",
        source=_KAUFMAN,
        talib="KAMA",
        build=kama,
    ),
    _info(
        kind="hma",
        meaning="weighted mean over sqrt(window) of twice the wma of half the window less the wma of the whole",
        parameters=one_window(16, 4),
        warm_up="window + isqrt(window) - 1",
        source="Hull (2005), alanhull.com",
        build=hma,
    ),
    _info(
        kind="zlema",
        meaning="exponential mean of twice the close less the close (window - 1) // 2 bars ago",
        parameters=one_window(20, 3),
        warm_up="window + (window - 1) // 2",
        source="Ehlers and Way, Stocks & Commodities 28:12 (2010)",
        build=zlema,
    ),
    _info(
        kind="vwma",
        meaning="mean of the closes weighted by volume",
        inputs=WEIGHTED,
        parameters=one_window(20),
        warm_up="window",
        source=DEFINED,
        nan="while the window traded nothing",
        build=vwma,
    ),
    _info(
        kind="alma",
        meaning="mean with the weights of a normal bell at 0.85 of the window, deviation window / 6",
        parameters=one_window(9),
        warm_up="window",
        source="Legoux and Kouzis-Loukas (2009)",
        cost="O(window): each lag has a weight of its own, so there is nothing to carry over",
        build=alma,
    ),
    _info(
        kind="midpoint",
        meaning="middle between the highest and the lowest close",
        parameters=one_window(14),
        warm_up="window",
        source=TALIB,
        talib="MIDPOINT",
        build=midpoint,
    ),
    _info(
        kind="midprice",
        meaning="middle between the highest high and the lowest low",
        inputs=("high", "low"),
        parameters=one_window(14),
        warm_up="window",
        source=TALIB,
        talib="MIDPRICE",
        build=midprice,
    ),
    _info(
        kind="linearreg",
        meaning="end of the least squares line through the closes",
        parameters=one_window(14),
        warm_up="window",
        source=TALIB,
        talib="LINEARREG",
        build=linearreg,
    ),
    _info(
        kind="linearreg_intercept",
        meaning="begin of the least squares line through the closes",
        parameters=one_window(14),
        warm_up="window",
        source=TALIB,
        talib="LINEARREG_INTERCEPT",
        build=linearreg_intercept,
    ),
    _info(
        kind="linearreg_slope",
        meaning="slope of the least squares line through the closes, per bar",
        parameters=one_window(14),
        warm_up="window",
        source=TALIB,
        talib="LINEARREG_SLOPE",
        build=linearreg_slope,
    ),
    _info(
        kind="linearreg_angle",
        meaning="angle of that slope",
        unit="degrees",
        parameters=one_window(14),
        warm_up="window",
        source=TALIB,
        talib="LINEARREG_ANGLE",
        build=linearreg_angle,
    ),
    _info(
        kind="tsf",
        meaning="least squares line through the closes, one bar after its end",
        parameters=one_window(14),
        warm_up="window",
        source=TALIB,
        talib="TSF",
        build=tsf,
    ),
    _info(
        kind="linearreg_fit",
        meaning="share of the closes' variance that their least squares line explains; 0 where nothing moved",
        unit="0..1",
        parameters=one_window(14),
        warm_up="window",
        source=DEFINED,
        build=linearreg_fit,
    ),
    _info(
        kind="efficiency",
        meaning="distance the close went over the path it walked; 1 where nothing moved",
        unit="0..1",
        parameters=one_window(10),
        warm_up="window + 1",
        source=_KAUFMAN,
        build=efficiency,
    ),
)
