# SPDX-License-Identifier: Apache-2.0
"""Indicators of volume: balances, money flow, weighted price. One recipe and one entry each."""

from functools import partial
from typing import Final

from bot4.kernels.catalog import nodes
from bot4.kernels.catalog.entry import (
    DEFINED,
    RANGE_AND_VOLUME,
    TALIB,
    WEIGHTED,
    FeatureInfo,
    Numbers,
    Parameter,
    one_window,
)
from bot4.kernels.indicators import series, volume
from bot4.kernels.indicators.graph import CLOSE_PRICE, TRADED_VOLUME, Graph, Value

_ADOSC: Final = (Parameter("fast", 3), Parameter("slow", 10))
_PVO: Final = (Parameter("fast", 12), Parameter("slow", 26))
_FIRST_INDEX: Final = 1000.0
_CHAIKIN: Final = "Chaikin, as in Achelis, Technical Analysis from A to Z (1995)"
_FOSBACK: Final = "Fosback, Stock Market Logic (1976)"
_NO_TRADE: Final = "while the window traded nothing"
_info = partial(FeatureInfo, family="volume", inputs=RANGE_AND_VOLUME)


def obv(graph: Graph, _given: Numbers) -> Value:
    """Build the balance of volume."""
    return nodes.accumulate(graph, graph.value(volume.SIDED, nodes.closes(graph, 2), TRADED_VOLUME))


def ad(graph: Graph, _given: Numbers) -> Value:
    """Build the accumulation and distribution line."""
    return nodes.accumulate(graph, nodes.flow_of_money(graph))


def adosc(graph: Graph, given: Numbers) -> Value:
    """Build the fast mean of that line less the slow one, both seeded by its first value, as in TA-Lib."""
    balance = ad(graph, ())
    fast, slow = (nodes.ema(graph, balance, int(window), seed=1) for window in given)
    return nodes.difference(graph, fast, slow)


def mfi(graph: Graph, given: Numbers) -> Value:
    """Build the money flow index."""
    window = int(given[0])
    flow = graph.value(series.MONEY_FLOW, graph.ring(nodes.typical(graph), 2), TRADED_VOLUME, warm=2)
    ring = graph.ring(flow, window + 1)
    return graph.value(volume.MONEY_INDEX, ring, a=window, warm=window, memory=(0.0,) * volume.MONEY_INDEX_SIZE)


def _turnover(graph: Graph) -> Value:
    return nodes.product(graph, nodes.typical(graph), TRADED_VOLUME)


def vwap(graph: Graph, given: Numbers) -> Value:
    """Build the mean price weighted by volume."""
    window = int(given[0])
    turnover = nodes.mean(graph, _turnover(graph), window)
    return nodes.ratio(graph, turnover, nodes.mean(graph, TRADED_VOLUME, window), or_zero=False)


def turnover(graph: Graph, given: Numbers) -> Value:
    """Build the mean of what was paid."""
    return nodes.mean(graph, _turnover(graph), int(given[0]))


def cmf(graph: Graph, given: Numbers) -> Value:
    """Build the flow of money over the volume."""
    window = int(given[0])
    flow = nodes.mean(graph, nodes.flow_of_money(graph), window)
    return nodes.ratio(graph, flow, nodes.mean(graph, TRADED_VOLUME, window))


def force(graph: Graph, given: Numbers) -> Value:
    """Build the exponential mean of change times volume."""
    push = nodes.product(graph, nodes.change(graph, CLOSE_PRICE), TRADED_VOLUME)
    return nodes.ema(graph, push, int(given[0]))


def ease_of_movement(graph: Graph, given: Numbers) -> Value:
    """Build the mean ease of movement."""
    move, extent = nodes.change(graph, nodes.middle(graph)), nodes.extent(graph)
    return nodes.mean(graph, graph.value(volume.EASE, move, extent, TRADED_VOLUME), int(given[0]))


def _gated(graph: Graph, side: int) -> Value:
    moved, traded = nodes.rate(graph, CLOSE_PRICE, 1), nodes.change(graph, TRADED_VOLUME)
    return graph.value(volume.GATED, moved, traded, b=side, memory=(_FIRST_INDEX,))


def nvi(graph: Graph, _given: Numbers) -> Value:
    """Build the index of bars with falling volume."""
    return _gated(graph, 0)


def pvi(graph: Graph, _given: Numbers) -> Value:
    """Build the index of bars with rising volume."""
    return _gated(graph, 1)


def pvt(graph: Graph, _given: Numbers) -> Value:
    """Build the sum of relative change times volume."""
    return nodes.accumulate(graph, nodes.product(graph, nodes.rate(graph, CLOSE_PRICE, 1), TRADED_VOLUME))


def pvo(graph: Graph, given: Numbers) -> Value:
    """Build the distance of two exponential means of the volume in percent of the slow one."""
    fast, slow = (nodes.ema(graph, TRADED_VOLUME, window) for window in sorted(int(number) for number in given))
    return nodes.percent(graph, nodes.difference(graph, fast, slow), slow)


def volume_sma(graph: Graph, given: Numbers) -> Value:
    """Build the mean volume."""
    return nodes.mean(graph, TRADED_VOLUME, int(given[0]))


def relative_volume(graph: Graph, given: Numbers) -> Value:
    """Build the volume over its mean."""
    return nodes.ratio(graph, TRADED_VOLUME, volume_sma(graph, given), or_zero=False)


def volume_zscore(graph: Graph, given: Numbers) -> Value:
    """Build the distance of the volume from its mean in deviations."""
    return nodes.zscore(graph, TRADED_VOLUME, int(given[0]))


def illiquidity(graph: Graph, given: Numbers) -> Value:
    """Build the mean of the size of a return over what was paid."""
    moved = nodes.absolute(graph, nodes.log_return(graph))
    paid = nodes.product(graph, CLOSE_PRICE, TRADED_VOLUME)
    return nodes.mean(graph, nodes.ratio(graph, moved, paid), int(given[0]))


VOLUME: Final[tuple[FeatureInfo, ...]] = (
    _info(
        kind="obv",
        meaning="volume added on a rise and taken off on a fall of the close, from the first bar on",
        unit="volume",
        parameters=(),
        inputs=WEIGHTED,
        warm_up="1",
        source="Granville, New Key to Stock Market Profits (1963)",
        talib="OBV",
        build=obv,
    ),
    _info(
        kind="ad",
        meaning="volume times the place of the close in the bar (-1..1), summed from the first bar on",
        unit="volume",
        parameters=(),
        warm_up="1",
        source=_CHAIKIN,
        talib="AD",
        build=ad,
    ),
    _info(
        kind="adosc",
        meaning="fast exponential mean of ad less the slow one",
        unit="volume",
        parameters=_ADOSC,
        warm_up="max(fast, slow)",
        source=_CHAIKIN,
        talib="ADOSC",
        build=adosc,
    ),
    _info(
        kind="mfi",
        meaning="inflow over inflow and outflow of typical price * volume; 0 where nothing flowed",
        unit="0..100",
        parameters=one_window(14),
        warm_up="window + 1",
        source="Quong and Soudack, Stocks & Commodities 7:3 (1989)",
        talib="MFI",
        build=mfi,
    ),
    _info(
        kind="vwap",
        meaning="mean of the typical price weighted by volume",
        unit="price",
        parameters=one_window(20, 1),
        warm_up="window",
        source=DEFINED,
        nan=_NO_TRADE,
        build=vwap,
    ),
    _info(
        kind="turnover",
        meaning="mean of typical price * volume",
        unit="price * volume",
        parameters=one_window(20),
        warm_up="window",
        source=DEFINED,
        build=turnover,
    ),
    _info(
        kind="cmf",
        meaning="volume times the place of the close in the bar (-1..1) over the volume; 0 where none was traded",
        unit="-1..1",
        parameters=one_window(20),
        warm_up="window",
        source=_CHAIKIN,
        build=cmf,
    ),
    _info(
        kind="force",
        meaning="exponential mean of change of the close * volume",
        unit="price * volume",
        parameters=one_window(13),
        inputs=WEIGHTED,
        warm_up="window + 1",
        source="Elder, Trading for a Living (1993)",
        build=force,
    ),
    _info(
        kind="ease_of_movement",
        meaning="mean of the change of the bar's middle * range / volume; a bar without volume counts 0",
        unit="price squared / volume",
        parameters=one_window(14),
        inputs=("high", "low", "volume"),
        warm_up="window + 1",
        source="Arms, Volume Cycles in the Stock Market (1983)",
        build=ease_of_movement,
    ),
    _info(
        kind="nvi",
        meaning="index, 1000 at first, that follows the close on bars with less volume than the last",
        unit="number",
        parameters=(),
        inputs=WEIGHTED,
        warm_up="2",
        source=_FOSBACK,
        build=nvi,
    ),
    _info(
        kind="pvi",
        meaning="index, 1000 at first, that follows the close on bars with more volume than the last",
        unit="number",
        parameters=(),
        inputs=WEIGHTED,
        warm_up="2",
        source=_FOSBACK,
        build=pvi,
    ),
    _info(
        kind="pvt",
        meaning="relative change of the close * volume, summed from the second bar on",
        unit="volume",
        parameters=(),
        inputs=WEIGHTED,
        warm_up="2",
        source=DEFINED,
        build=pvt,
    ),
    _info(
        kind="pvo",
        meaning="fast exponential mean of the volume less the slow one; 0 where none was traded",
        unit="percent",
        parameters=_PVO,
        inputs=("volume",),
        warm_up="max(fast, slow)",
        source=DEFINED,
        build=pvo,
    ),
    _info(
        kind="volume_sma",
        meaning="mean of the volume",
        unit="volume",
        parameters=one_window(20),
        inputs=("volume",),
        warm_up="window",
        source=TALIB,
        talib="SMA",
        build=volume_sma,
    ),
    _info(
        kind="relative_volume",
        meaning="volume over its mean",
        unit="number",
        parameters=one_window(20),
        inputs=("volume",),
        warm_up="window",
        source=DEFINED,
        nan=_NO_TRADE,
        build=relative_volume,
    ),
    _info(
        kind="volume_zscore",
        meaning="distance of the volume from its mean in population deviations; 0 where it stood",
        unit="deviations",
        parameters=one_window(20),
        inputs=("volume",),
        warm_up="window",
        source=DEFINED,
        build=volume_zscore,
    ),
    _info(
        kind="illiquidity",
        meaning="mean of the size of the log return over close * volume; a bar without volume counts 0",
        unit="1 / (price * volume)",
        parameters=one_window(20),
        inputs=WEIGHTED,
        warm_up="window + 1",
        source="Amihud, J. Financ. Markets 5 (2002)",
        build=illiquidity,
    ),
)
