# SPDX-License-Identifier: Apache-2.0
"""One price for a bar, and the bar's own shape. One recipe and one entry each."""

from functools import partial
from typing import Final

from bot4.kernels.catalog import nodes
from bot4.kernels.catalog.entry import DEFINED, PRICES, RANGE, TALIB, FeatureInfo, Numbers
from bot4.kernels.indicators import volume
from bot4.kernels.indicators.graph import CLOSE_PRICE, HIGH_PRICE, LOW_PRICE, OPEN_PRICE, Graph, Value

_info = partial(FeatureInfo, family="price", unit="price", parameters=(), inputs=RANGE, warm_up="1")


def avgprice(graph: Graph, _given: Numbers) -> Value:
    """Build the mean of the four prices."""
    first = nodes.combine(graph, (0.25, OPEN_PRICE), (0.25, HIGH_PRICE), (0.25, LOW_PRICE))
    return nodes.combine(graph, (1.0, first), (0.25, CLOSE_PRICE))


def medprice(graph: Graph, _given: Numbers) -> Value:
    """Build the middle of the bar."""
    return nodes.middle(graph)


def typprice(graph: Graph, _given: Numbers) -> Value:
    """Build the typical price."""
    return nodes.typical(graph)


def wclprice(graph: Graph, _given: Numbers) -> Value:
    """Build the typical price with the close counted twice."""
    return nodes.combine(graph, (0.25, HIGH_PRICE), (0.25, LOW_PRICE), (0.5, CLOSE_PRICE))


def close_place(graph: Graph, _given: Numbers) -> Value:
    """Build the place of the close in the bar."""
    return graph.value(volume.CLOSE_PLACE, HIGH_PRICE, LOW_PRICE, CLOSE_PRICE)


def body_share(graph: Graph, _given: Numbers) -> Value:
    """Build the size of the body over the range."""
    body = nodes.absolute(graph, nodes.difference(graph, CLOSE_PRICE, OPEN_PRICE))
    return nodes.ratio(graph, body, nodes.extent(graph))


PRICE: Final[tuple[FeatureInfo, ...]] = (
    _info(
        kind="avgprice",
        meaning="(open + high + low + close) / 4",
        inputs=PRICES,
        source=TALIB,
        talib="AVGPRICE",
        build=avgprice,
    ),
    _info(
        kind="medprice",
        meaning="(high + low) / 2",
        inputs=("high", "low"),
        source=TALIB,
        talib="MEDPRICE",
        build=medprice,
    ),
    _info(kind="typprice", meaning="(high + low + close) / 3", source=TALIB, talib="TYPPRICE", build=typprice),
    _info(kind="wclprice", meaning="(high + low + 2 * close) / 4", source=TALIB, talib="WCLPRICE", build=wclprice),
    _info(
        kind="close_place",
        meaning="place of the close in the bar; 0 where the range is empty",
        unit="-1..1",
        source=DEFINED,
        build=close_place,
    ),
    _info(
        kind="body_share",
        meaning="size of close less open over the range; 0 where that is empty",
        unit="0..1",
        inputs=PRICES,
        source=DEFINED,
        build=body_share,
    ),
)
