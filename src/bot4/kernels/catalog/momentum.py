# SPDX-License-Identifier: Apache-2.0
"""Indicators of momentum that TA-Lib has: rates of change and oscillators. One recipe and one entry each."""

from functools import partial
from typing import Final

from bot4.kernels.catalog import nodes
from bot4.kernels.catalog.entry import CLOSE, PRICES, RANGE, TALIB, WILDER, FeatureInfo, Numbers, Parameter, one_window
from bot4.kernels.indicators import momentum, series
from bot4.kernels.indicators.graph import CLOSE_PRICE, LOW_PRICE, OPEN_PRICE, Graph, Value

_STOCH_K: Final = (Parameter("window", 14), Parameter("smoothing", 3, 1))
_STOCH_D: Final = (*_STOCH_K, Parameter("signal", 3, 1))
_FAST_K: Final = (Parameter("window", 14),)
_FAST_D: Final = (*_FAST_K, Parameter("smoothing", 3, 1))
_RSI_K: Final = (Parameter("window", 14), Parameter("range", 14))
_RSI_D: Final = (*_RSI_K, Parameter("smoothing", 3, 1))
_ULTIMATE: Final = (Parameter("short", 7, 1), Parameter("middle", 14, 1), Parameter("long", 28, 1))
_LANE: Final = "Lane, Technical Analysis of Stocks & Commodities 2:3 (1984)"
_CHANDE: Final = "Chande and Kroll, The New Technical Trader (1994)"
_info = partial(FeatureInfo, family="momentum", inputs=CLOSE)


def _strength(graph: Graph, given: Numbers) -> tuple[Value, ...]:
    window = int(given[0])
    memory = (0.0,) * momentum.GAINS_SIZE
    return graph.values(momentum.GAINS, nodes.closes(graph, 2), a=window, warm=(window + 1,) * 2, memory=memory)


def rsi(graph: Graph, given: Numbers) -> Value:
    """Build the relative strength index."""
    return _strength(graph, given)[0]


def cmo(graph: Graph, given: Numbers) -> Value:
    """Build Chande's momentum oscillator."""
    return _strength(graph, given)[1]


def mom(graph: Graph, given: Numbers) -> Value:
    """Build the change over a window."""
    return nodes.change(graph, CLOSE_PRICE, int(given[0]))


def roc(graph: Graph, given: Numbers) -> Value:
    """Build the relative change over a window, in percent."""
    return nodes.rate(graph, CLOSE_PRICE, int(given[0]), 100.0)


def rocp(graph: Graph, given: Numbers) -> Value:
    """Build the relative change over a window."""
    return nodes.rate(graph, CLOSE_PRICE, int(given[0]))


def rocr(graph: Graph, given: Numbers) -> Value:
    """Build the ratio over a window."""
    return nodes.ratio(graph, CLOSE_PRICE, nodes.late(graph, CLOSE_PRICE, int(given[0])))


def cci(graph: Graph, given: Numbers) -> Value:
    """Build the commodity channel index; it divides by a small spread, so its mean comes from the anchored moments."""
    typical, window = nodes.typical(graph), int(given[0])
    mean = nodes.moments(graph, typical, window)[0]
    return graph.value(momentum.CCI, typical, mean, nodes.distance(graph, typical, window))


def willr(graph: Graph, given: Numbers) -> Value:
    """Build Williams %R."""
    highest, lowest = nodes.highest(graph, int(given[0])), nodes.lowest(graph, int(given[0]))
    below = nodes.difference(graph, highest, CLOSE_PRICE)
    return nodes.combine(graph, (-100.0, nodes.ratio(graph, below, nodes.difference(graph, highest, lowest))))


def stochf_k(graph: Graph, given: Numbers) -> Value:
    """Build the raw stochastic."""
    highest, lowest = nodes.highest(graph, int(given[0])), nodes.lowest(graph, int(given[0]))
    return nodes.place_between(graph, CLOSE_PRICE, highest, lowest)


def stochf_d(graph: Graph, given: Numbers) -> Value:
    """Build the mean of the raw stochastic."""
    return nodes.mean(graph, stochf_k(graph, given), int(given[1]))


def stoch_d(graph: Graph, given: Numbers) -> Value:
    """Build the signal of the stochastic."""
    return nodes.mean(graph, stochf_d(graph, given), int(given[2]))


def stochrsi_k(graph: Graph, given: Numbers) -> Value:
    """Build the stochastic of the relative strength index."""
    strength, window = rsi(graph, given), int(given[1])
    highest = nodes.highest(graph, window, source=strength)
    return nodes.place_between(graph, strength, highest, nodes.lowest(graph, window, source=strength))


def stochrsi_d(graph: Graph, given: Numbers) -> Value:
    """Build its mean."""
    return nodes.mean(graph, stochrsi_k(graph, given), int(given[2]))


def ultosc(graph: Graph, given: Numbers) -> Value:
    """Build the ultimate oscillator."""
    low = graph.value(series.LESSER, LOW_PRICE, nodes.late(graph, CLOSE_PRICE, 1))
    pressure, extent = nodes.difference(graph, CLOSE_PRICE, low), nodes.true_range(graph)
    windows = sorted(int(number) for number in given)
    shares = [nodes.ratio(graph, *(nodes.mean(graph, one, window) for one in (pressure, extent))) for window in windows]
    return nodes.combine(graph, *zip((400.0 / 7.0, 200.0 / 7.0, 100.0 / 7.0), shares, strict=True))


def bop(graph: Graph, _given: Numbers) -> Value:
    """Build the balance of power."""
    return nodes.ratio(graph, nodes.difference(graph, CLOSE_PRICE, OPEN_PRICE), nodes.extent(graph))


MOMENTUM: Final[tuple[FeatureInfo, ...]] = (
    _info(
        kind="rsi",
        meaning="mean gain over mean gain and loss, Wilder means; 0 where nothing moved",
        unit="0..100",
        parameters=one_window(14),
        warm_up="window + 1",
        source=WILDER,
        talib="RSI",
        build=rsi,
    ),
    _info(
        kind="cmo",
        meaning="mean gain less mean loss over their sum, Wilder means; 0 where nothing moved",
        unit="-100..100",
        parameters=one_window(14),
        warm_up="window + 1",
        source=_CHANDE,
        talib="CMO",
        build=cmo,
    ),
    _info(
        kind="mom",
        meaning="change of the close over window bars",
        unit="price",
        parameters=one_window(10, 1),
        warm_up="window + 1",
        source=TALIB,
        talib="MOM",
        build=mom,
    ),
    _info(
        kind="roc",
        meaning="change of the close over window bars",
        unit="percent",
        parameters=one_window(10, 1),
        warm_up="window + 1",
        source=TALIB,
        talib="ROC",
        build=roc,
    ),
    _info(
        kind="rocp",
        meaning="change of the close over window bars, as a fraction",
        unit="fraction",
        parameters=one_window(10, 1),
        warm_up="window + 1",
        source=TALIB,
        talib="ROCP",
        build=rocp,
    ),
    _info(
        kind="rocr",
        meaning="close over the close of window bars ago",
        unit="number",
        parameters=one_window(10, 1),
        warm_up="window + 1",
        source=TALIB,
        talib="ROCR",
        build=rocr,
    ),
    _info(
        kind="cci",
        meaning="distance of the typical price from its mean in units of 0.015 mean distances",
        unit="number",
        parameters=one_window(20),
        inputs=RANGE,
        warm_up="window",
        source="Lambert, Commodities (Oct. 1980)",
        talib="CCI",
        cost="O(window): each distance changes whenever the mean moves",
        build=cci,
    ),
    _info(
        kind="willr",
        meaning="place of the close below the highest high; 0 where the range is empty",
        unit="-100..0",
        parameters=one_window(14),
        inputs=RANGE,
        warm_up="window",
        source="Williams, How I Made One Million Dollars (1973)",
        talib="WILLR",
        build=willr,
    ),
    _info(
        kind="stoch_k",
        meaning="place of the close above the lowest low, smoothed by a plain mean",
        unit="0..100",
        parameters=_STOCH_K,
        inputs=RANGE,
        warm_up="window + smoothing - 1",
        source=_LANE,
        talib="STOCH",
        build=stochf_d,
    ),
    _info(
        kind="stoch_d",
        meaning="plain mean of stoch_k",
        unit="0..100",
        parameters=_STOCH_D,
        inputs=RANGE,
        warm_up="window + smoothing + signal - 2",
        source=_LANE,
        talib="STOCH",
        build=stoch_d,
    ),
    _info(
        kind="stochf_k",
        meaning="place of the close above the lowest low; 0 where the range is empty",
        unit="0..100",
        parameters=_FAST_K,
        inputs=RANGE,
        warm_up="window",
        source=_LANE,
        talib="STOCHF",
        build=stochf_k,
    ),
    _info(
        kind="stochf_d",
        meaning="plain mean of stochf_k",
        unit="0..100",
        parameters=_FAST_D,
        inputs=RANGE,
        warm_up="window + smoothing - 1",
        source=_LANE,
        talib="STOCHF",
        build=stochf_d,
    ),
    _info(
        kind="stochrsi_k",
        meaning="place of rsi above its lowest over range bars; 0 where it stood",
        unit="0..100",
        parameters=_RSI_K,
        warm_up="window + range",
        source=_CHANDE,
        talib="STOCHRSI",
        build=stochrsi_k,
    ),
    _info(
        kind="stochrsi_d",
        meaning="plain mean of stochrsi_k",
        unit="0..100",
        parameters=_RSI_D,
        warm_up="window + range + smoothing - 1",
        source=_CHANDE,
        talib="STOCHRSI",
        build=stochrsi_d,
    ),
    _info(
        kind="ultosc",
        meaning="buying pressure over the true range in three windows, weighted 4, 2 and 1, the shortest heaviest",
        unit="0..100",
        parameters=_ULTIMATE,
        inputs=RANGE,
        warm_up="max(short, max(middle, long)) + 1",
        source="Williams, Stocks & Commodities 3:4 (1985)",
        talib="ULTOSC",
        build=ultosc,
    ),
    _info(
        kind="bop",
        meaning="close less open over high less low; 0 where the range is empty",
        unit="-1..1",
        parameters=(),
        inputs=PRICES,
        warm_up="1",
        source="Livshin, Stocks & Commodities 19:8 (2001)",
        talib="BOP",
        build=bop,
    ),
)
