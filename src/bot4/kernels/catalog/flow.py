# SPDX-License-Identifier: Apache-2.0
"""Indicators of trades and quotes, updated by each of them, and of variation. One recipe and one entry each.

A machine of trades has the price for the bar's prices, but for the low, which carries the aggressor's side; a machine
of quotes has bid and ask for open and close, their sizes for high and low. So every input is above zero, as the machine
wants it, and a quote without size on a side is not usable.
"""

import math
from collections.abc import Callable
from typing import Final

from bot4.kernels.catalog import nodes
from bot4.kernels.catalog.entry import DEFINED, FeatureInfo, Numbers, Parameter, one_window
from bot4.kernels.indicators import flow, series
from bot4.kernels.indicators.graph import (
    CLOSE_PRICE,
    HIGH_PRICE,
    LOW_PRICE,
    OPEN_PRICE,
    TRADED_VOLUME,
    Graph,
    Value,
)

QUANTITY: Final = TRADED_VOLUME
AGGRESSOR: Final = LOW_PRICE
BID: Final = OPEN_PRICE
ASK: Final = CLOSE_PRICE
BID_SIZE: Final = HIGH_PRICE
ASK_SIZE: Final = LOW_PRICE

VOLUME_MAX: Final = 1e15
TRADES: Final = ("price", "quantity", "side")
QUOTES: Final = ("bid", "ask", "bid size", "ask size")
_BARS: Final = ("close",)
_BUCKETS: Final = (Parameter("buckets", 50), Parameter("volume", 100, 1e-9, VOLUME_MAX, is_whole=False))
_CONT: Final = "Cont, Kukanov, Stoikov, J. Financial Econometrics 12 (2014)"
_EASLEY: Final = "Easley, Lopez de Prado, O'Hara, Rev. Financ. Stud. 25 (2012)"
_BULK: Final = "Easley, Lopez de Prado, O'Hara, J. Financ. Econ. 120 (2016), and Rev. Financ. Stud. 25 (2012)"
_ANDERSEN: Final = "Andersen, Bollerslev, Diebold, Labys, Econometrica 71 (2003)"
_ANEW: Final = "O(1), and O(buckets) where a bucket is full: the sum is taken anew, so that no rounding piles up"
_BARNDORFF: Final = "Barndorff-Nielsen, Shephard, J. Financial Econometrics 2 (2004)"
_STOIKOV: Final = "Gatheral, Oomen, Finance and Stochastics 14 (2010): the price weighted by the sizes opposite"

Build = Callable[[Graph, Numbers], Value]


def ofi(graph: Graph, given: Numbers) -> Value:
    """Build the order-flow imbalance of the best quotes, summed over a window of quotes."""
    window = int(given[0])
    bought = graph.value(flow.BID_FLOW, graph.ring(BID, 2), graph.ring(BID_SIZE, 2), warm=2)
    sold = graph.value(flow.ASK_FLOW, graph.ring(ASK, 2), graph.ring(ASK_SIZE, 2), warm=2)
    mean = nodes.mean(graph, graph.value(flow.TOTAL, bought, sold), window)
    return graph.value(flow.SCALED, mean, memory=(float(window),))


def quote_imbalance(graph: Graph, _given: Numbers) -> Value:
    """Build the share by which the bid's size outweighs the ask's."""
    return graph.value(flow.SHARE, BID_SIZE, ASK_SIZE)


def microprice(graph: Graph, _given: Numbers) -> Value:
    """Build the price between bid and ask that leans to the thinner side: bid + (ask - bid) (1 + imbalance) / 2."""
    share = graph.value(flow.BID_SHARE, BID_SIZE, ASK_SIZE)
    return graph.value(flow.WEIGHTED, BID, ASK, share)


def spread(graph: Graph, _given: Numbers) -> Value:
    """Build ask less bid."""
    return graph.value(series.DIFFERENCE, ASK, BID)


def spread_bps(graph: Graph, _given: Numbers) -> Value:
    """Build ask less bid over their mean."""
    return graph.value(flow.BASIS_POINTS, BID, ASK)


def trade_imbalance(graph: Graph, given: Numbers) -> Value:
    """Build the signed volume over the volume of a window of trades."""
    window = int(given[0])
    signed = nodes.mean(graph, graph.value(flow.SIGNED, QUANTITY, AGGRESSOR), window)
    return graph.value(series.RATIO, signed, nodes.mean(graph, QUANTITY, window))


def sign_imbalance(graph: Graph, given: Numbers) -> Value:
    """Build the mean side of a window of trades, whatever their size."""
    return nodes.mean(graph, graph.value(flow.SIDE, AGGRESSOR), int(given[0]))


def vpin(graph: Graph, given: Numbers) -> Value:
    """Build the toxicity of flow from the true sides of trades."""
    return graph.value(flow.TRUE_VPIN, QUANTITY, AGGRESSOR, a=int(given[0]), memory=_buckets(given))


def bulk_vpin(graph: Graph, given: Numbers) -> Value:
    """Build the toxicity of flow from bars, their volume classified in bulk."""
    change = nodes.change(graph, CLOSE_PRICE)
    deviation = nodes.deviation(graph, change, int(given[2]), freedom=0)
    return graph.value(flow.BULK_VPIN, change, deviation, TRADED_VOLUME, a=int(given[0]), memory=_buckets(given))


def realized_vol(graph: Graph, given: Numbers) -> Value:
    """Build the root of the sum of squared log returns."""
    window = int(given[0])
    returned = nodes.log_return(graph)
    mean = nodes.mean(graph, graph.value(series.PRODUCT, returned, returned), window)
    return graph.value(flow.ROOT, mean, memory=(float(window),))


def bipower_vol(graph: Graph, given: Numbers) -> Value:
    """Build the root of the bipower variation, which jumps do not enter."""
    products = int(given[0]) - 1
    ring = graph.ring(nodes.log_return(graph), 2)
    mean = nodes.mean(graph, graph.value(flow.ABSOLUTE_PRODUCT, ring, warm=2), products)
    return graph.value(flow.ROOT, mean, memory=(0.5 * math.pi * products,))


def jump_share(graph: Graph, given: Numbers) -> Value:
    """Build the share of the variation that came by jumps."""
    return graph.value(flow.JUMP_SHARE, realized_vol(graph, given), bipower_vol(graph, given))


def _buckets(given: Numbers) -> tuple[float, ...]:
    """Return the empty buckets: their volume, then what `flow.fill_buckets` keeps."""
    return (given[1], *(0.0,) * (flow.BUCKET_SIZE - 1 + int(given[0])))


def _entry(
    build: Build,
    meaning: str,
    *,
    unit: str,
    inputs: tuple[str, ...],
    warm_up: str,
    source: str,
    parameters: tuple[Parameter, ...] = (),
    cost: str = "O(1)",
) -> FeatureInfo:
    family = "volatility" if inputs == _BARS else "flow"
    return FeatureInfo(
        kind=build.__name__,
        family=family,
        meaning=meaning,
        unit=unit,
        parameters=parameters,
        inputs=inputs,
        warm_up=warm_up,
        source=source,
        cost=cost,
        build=build,
    )


def _variation(inputs: tuple[str, ...]) -> tuple[FeatureInfo, ...]:
    """Return the entries of variation, which bars and trades share."""
    window = one_window(60, 3)
    return (
        _entry(
            realized_vol,
            "root of the sum of the squared log returns of window steps; not annualised",
            unit="log return",
            inputs=inputs,
            warm_up="window + 1",
            source=_ANDERSEN,
            parameters=window,
        ),
        _entry(
            bipower_vol,
            "root of pi / 2 times the sum of the products of neighbouring sizes of log returns; jumps do not enter",
            unit="log return",
            inputs=inputs,
            warm_up="window + 1",
            source=_BARNDORFF,
            parameters=window,
        ),
        _entry(
            jump_share,
            "1 - bipower over realised variance, at least 0; 0 where nothing moved",
            unit="0..1",
            inputs=inputs,
            warm_up="window + 1",
            source=_BARNDORFF,
            parameters=window,
        ),
    )


#: On bars, with a warm-up that bars count.
VARIATION: Final[tuple[FeatureInfo, ...]] = _variation(_BARS)

#: On bars, with a warm-up that the market decides.
BULK: Final[tuple[FeatureInfo, ...]] = (
    _entry(
        bulk_vpin,
        "mean imbalance of volume buckets, each bar's volume bought by the normal share of its change in deviations",
        unit="0..1",
        inputs=("close", "volume"),
        warm_up="window + 1 bars, then as many as fill the buckets",
        source=_BULK,
        parameters=(*_BUCKETS, Parameter("window", 60)),
        cost=_ANEW,
    ),
)

TRADE_FLOW: Final[tuple[FeatureInfo, ...]] = (
    _entry(
        trade_imbalance,
        "volume bought less sold over volume, of the last window trades; an unknown side counts as neither",
        unit="-1..1",
        inputs=TRADES,
        warm_up="window",
        source=DEFINED,
        parameters=one_window(100, 1),
    ),
    _entry(
        sign_imbalance,
        "mean side of the last window trades, whatever their size",
        unit="-1..1",
        inputs=TRADES,
        warm_up="window",
        source=DEFINED,
        parameters=one_window(100, 1),
    ),
    _entry(
        vpin,
        "mean imbalance of volume buckets by the aggressor's true side",
        unit="0..1",
        inputs=TRADES,
        warm_up="as many trades as fill the buckets",
        source=_EASLEY,
        parameters=_BUCKETS,
        cost=_ANEW,
    ),
    *_variation(TRADES),
)

QUOTE_FLOW: Final[tuple[FeatureInfo, ...]] = (
    _entry(
        ofi,
        "size gained at the best bid less that at the best ask, summed over the last window changes of the quote",
        unit="base",
        inputs=QUOTES,
        warm_up="window + 1",
        source=_CONT,
        parameters=one_window(100, 1),
    ),
    _entry(
        quote_imbalance,
        "bid size less ask size over both",
        unit="-1..1",
        inputs=QUOTES,
        warm_up="1",
        source=DEFINED,
    ),
    _entry(
        microprice,
        "the price between bid and ask, each weighted by the size opposite",
        unit="price",
        inputs=QUOTES,
        warm_up="1",
        source=_STOIKOV,
    ),
    _entry(spread, "ask less bid", unit="price", inputs=QUOTES, warm_up="1", source=DEFINED),
    _entry(
        spread_bps,
        "ask less bid over their mean",
        unit="1e-4 of the price",
        inputs=QUOTES,
        warm_up="1",
        source=DEFINED,
    ),
)
