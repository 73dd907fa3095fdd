# SPDX-License-Identifier: Apache-2.0
"""Indicators of volume: balances, money flow, weighted price. One recipe and one entry each."""

from typing import Final

from bot4.kernels.catalog import nodes
from bot4.kernels.catalog.entry import DEFINED, RANGE_AND_VOLUME, TALIB, FeatureInfo, Numbers, one_window
from bot4.kernels.indicators import series, volume
from bot4.kernels.indicators.graph import TRADED_VOLUME, Graph, Value


def obv(graph: Graph, _given: Numbers) -> Value:
    """Build the balance of volume."""
    return graph.value(volume.BALANCE, nodes.closes(graph, 2), TRADED_VOLUME, memory=(0.0,) * volume.BALANCE_SIZE)


def mfi(graph: Graph, given: Numbers) -> Value:
    """Build the money flow index."""
    window = int(given[0])
    flow = graph.value(series.MONEY_FLOW, graph.ring(nodes.typical(graph), 2), TRADED_VOLUME, warm=2)
    ring = graph.ring(flow, window + 1)
    return graph.value(volume.MONEY_INDEX, ring, a=window, warm=window, memory=(0.0,) * volume.MONEY_INDEX_SIZE)


def vwap(graph: Graph, given: Numbers) -> Value:
    """Build the mean price weighted by volume."""
    window = int(given[0])
    turnover = graph.value(series.PRODUCT, nodes.typical(graph), TRADED_VOLUME)
    return graph.value(series.RATIO, nodes.mean(graph, turnover, window), nodes.mean(graph, TRADED_VOLUME, window))


def volume_sma(graph: Graph, given: Numbers) -> Value:
    """Build the mean volume."""
    return nodes.mean(graph, TRADED_VOLUME, int(given[0]))


VOLUME: Final[tuple[FeatureInfo, ...]] = (
    FeatureInfo(
        kind="obv",
        family="volume",
        meaning="volume added on a rise and taken off on a fall of the close, from the first bar on",
        unit="volume",
        parameters=(),
        inputs=("close", "volume"),
        warm_up="1",
        source="Granville, New Key to Stock Market Profits (1963)",
        talib="OBV",
        build=obv,
    ),
    FeatureInfo(
        kind="mfi",
        family="volume",
        meaning="inflow over inflow and outflow of typical price * volume; 0 where nothing flowed",
        unit="0..100",
        parameters=one_window(14),
        inputs=RANGE_AND_VOLUME,
        warm_up="window + 1",
        source="Quong and Soudack, Stocks & Commodities 7:3 (1989)",
        talib="MFI",
        build=mfi,
    ),
    FeatureInfo(
        kind="vwap",
        family="volume",
        meaning="mean of the typical price weighted by volume; NaN while the window traded nothing",
        unit="price",
        parameters=one_window(20, 1),
        inputs=RANGE_AND_VOLUME,
        warm_up="window",
        source=DEFINED,
        talib="",
        build=vwap,
    ),
    FeatureInfo(
        kind="volume_sma",
        family="volume",
        meaning="mean of the volume",
        unit="volume",
        parameters=one_window(20),
        inputs=("volume",),
        warm_up="window",
        source=TALIB,
        talib="SMA",
        build=volume_sma,
    ),
)
