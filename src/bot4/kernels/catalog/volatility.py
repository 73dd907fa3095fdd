# SPDX-License-Identifier: Apache-2.0
"""Indicators of volatility around the price: true range, bands, channels. One recipe and one entry each."""

from functools import partial
from typing import Final

from bot4.kernels.catalog import nodes
from bot4.kernels.catalog.entry import CLOSE, DEFINED, RANGE, TALIB, WILDER, FeatureInfo, Numbers, Parameter, one_window
from bot4.kernels.indicators.graph import CLOSE_PRICE, Graph, Value

_BANDS: Final = (Parameter("window", 20), Parameter("width", 2, 0.01, 100, is_whole=False))
_MASS: Final = (Parameter("mean", 9), Parameter("window", 25))
_BOLLINGER: Final = "Bollinger, Bollinger on Bollinger Bands (2001)"
_DONCHIAN: Final = "Donchian, Commodity Year Book (1960)"
_KELTNER: Final = "Keltner, How to Make Money in Commodities (1960), with Raschke's means"
_info = partial(FeatureInfo, family="volatility", unit="price", inputs=CLOSE)


def _band(graph: Graph, window: int, width: float) -> Value:
    mean = nodes.moments(graph, CLOSE_PRICE, window)[0]
    return nodes.combine(graph, (1.0, mean), (width, nodes.deviation(graph, CLOSE_PRICE, window, freedom=0)))


def trange(graph: Graph, _given: Numbers) -> Value:
    """Build the true range."""
    return nodes.true_range(graph)


def atr(graph: Graph, given: Numbers) -> Value:
    """Build the mean true range."""
    return nodes.wilder(graph, nodes.true_range(graph), int(given[0]))


def natr(graph: Graph, given: Numbers) -> Value:
    """Build the mean true range in percent of the close."""
    return nodes.percent(graph, atr(graph, given), CLOSE_PRICE)


def bb_upper(graph: Graph, given: Numbers) -> Value:
    """Build the upper band."""
    return _band(graph, int(given[0]), given[1])


def bb_lower(graph: Graph, given: Numbers) -> Value:
    """Build the lower band."""
    return _band(graph, int(given[0]), -given[1])


def bb_width(graph: Graph, given: Numbers) -> Value:
    """Build the distance of the bands over their middle."""
    width = nodes.difference(graph, bb_upper(graph, given), bb_lower(graph, given))
    return nodes.ratio(graph, width, nodes.moments(graph, CLOSE_PRICE, int(given[0]))[0])


def bb_place(graph: Graph, given: Numbers) -> Value:
    """Build the place of the close between the bands."""
    return nodes.place_between(graph, CLOSE_PRICE, bb_upper(graph, given), bb_lower(graph, given), 1.0)


def _keltner(graph: Graph, window: int, width: float) -> Value:
    return nodes.combine(graph, (1.0, nodes.ema(graph, CLOSE_PRICE, window)), (width, atr(graph, (window,))))


def keltner_upper(graph: Graph, given: Numbers) -> Value:
    """Build the upper edge of Keltner's channel."""
    return _keltner(graph, int(given[0]), given[1])


def keltner_lower(graph: Graph, given: Numbers) -> Value:
    """Build the lower edge of Keltner's channel."""
    return _keltner(graph, int(given[0]), -given[1])


def donchian_high(graph: Graph, given: Numbers) -> Value:
    """Build the upper edge of the channel."""
    return nodes.highest(graph, int(given[0]))


def donchian_low(graph: Graph, given: Numbers) -> Value:
    """Build the lower edge of the channel."""
    return nodes.lowest(graph, int(given[0]))


def prior_high(graph: Graph, given: Numbers) -> Value:
    """Build the upper edge of the channel as it stood before this bar."""
    return nodes.highest(graph, int(given[0]), lag=1)


def prior_low(graph: Graph, given: Numbers) -> Value:
    """Build the lower edge of the channel as it stood before this bar."""
    return nodes.lowest(graph, int(given[0]), lag=1)


def mass_index(graph: Graph, given: Numbers) -> Value:
    """Build the sum of ratios of a smoothed range to itself smoothed again."""
    once = nodes.ema(graph, nodes.extent(graph), int(given[0]))
    ratio = nodes.ratio(graph, once, nodes.ema(graph, once, int(given[0])))
    return nodes.combine(graph, (given[1], nodes.mean(graph, ratio, int(given[1]))))


def chaikin_volatility(graph: Graph, given: Numbers) -> Value:
    """Build the change of a smoothed range."""
    once, window = nodes.ema(graph, nodes.extent(graph), int(given[0])), int(given[0])
    change = nodes.change(graph, once, window)
    return nodes.percent(graph, change, nodes.late(graph, once, window))


VOLATILITY: Final[tuple[FeatureInfo, ...]] = (
    _info(
        kind="trange",
        meaning="greatest of high - low and the ways from the last close to both",
        parameters=(),
        inputs=RANGE,
        warm_up="2",
        source=WILDER,
        talib="TRANGE",
        build=trange,
    ),
    _info(
        kind="atr",
        meaning="Wilder mean of the true range",
        parameters=one_window(14, 1),
        inputs=RANGE,
        warm_up="window + 1",
        source=WILDER,
        talib="ATR",
        build=atr,
    ),
    _info(
        kind="natr",
        meaning="atr in percent of the close",
        unit="percent",
        parameters=one_window(14, 1),
        inputs=RANGE,
        warm_up="window + 1",
        source=TALIB,
        talib="NATR",
        build=natr,
    ),
    _info(
        kind="bb_upper",
        meaning="mean of the closes plus width population deviations",
        parameters=_BANDS,
        warm_up="window",
        source=_BOLLINGER,
        talib="BBANDS",
        build=bb_upper,
    ),
    _info(
        kind="bb_lower",
        meaning="mean of the closes less width population deviations",
        parameters=_BANDS,
        warm_up="window",
        source=_BOLLINGER,
        talib="BBANDS",
        build=bb_lower,
    ),
    _info(
        kind="bb_width",
        meaning="distance of the bands over the mean",
        unit="fraction",
        parameters=_BANDS,
        warm_up="window",
        source=_BOLLINGER,
        build=bb_width,
    ),
    _info(
        kind="bb_place",
        meaning="place of the close between the bands, 0 the lower, 1 the upper; 0 where nothing moved",
        unit="number",
        parameters=_BANDS,
        warm_up="window",
        source=_BOLLINGER,
        build=bb_place,
    ),
    _info(
        kind="keltner_upper",
        meaning="exponential mean of the closes plus width mean true ranges",
        parameters=_BANDS,
        inputs=RANGE,
        warm_up="window + 1",
        source=_KELTNER,
        build=keltner_upper,
    ),
    _info(
        kind="keltner_lower",
        meaning="exponential mean of the closes less width mean true ranges",
        parameters=_BANDS,
        inputs=RANGE,
        warm_up="window + 1",
        source=_KELTNER,
        build=keltner_lower,
    ),
    _info(
        kind="donchian_high",
        meaning="highest high of the window, this bar included",
        parameters=one_window(20),
        inputs=("high",),
        warm_up="window",
        source=_DONCHIAN,
        talib="MAX",
        build=donchian_high,
    ),
    _info(
        kind="donchian_low",
        meaning="lowest low of the window, this bar included",
        parameters=one_window(20),
        inputs=("low",),
        warm_up="window",
        source=_DONCHIAN,
        talib="MIN",
        build=donchian_low,
    ),
    _info(
        kind="prior_high",
        meaning="highest high of the window before this bar: what a breakout must pass",
        parameters=one_window(20),
        inputs=("high",),
        warm_up="window + 1",
        source=_DONCHIAN,
        build=prior_high,
    ),
    _info(
        kind="prior_low",
        meaning="lowest low of the window before this bar",
        parameters=one_window(20),
        inputs=("low",),
        warm_up="window + 1",
        source=_DONCHIAN,
        build=prior_low,
    ),
    _info(
        kind="mass_index",
        meaning="sum over window bars of the exponential mean of the range over the same mean of it",
        unit="number",
        parameters=_MASS,
        inputs=("high", "low"),
        warm_up="2 * mean + window - 2",
        source="Dorsey, Stocks & Commodities 10:6 (1992)",
        build=mass_index,
    ),
    _info(
        kind="chaikin_volatility",
        meaning="change of the exponential mean of the range over window bars; 0 where there was none",
        unit="percent",
        parameters=one_window(10),
        inputs=("high", "low"),
        warm_up="2 * window",
        source=DEFINED,
        build=chaikin_volatility,
    ),
)
