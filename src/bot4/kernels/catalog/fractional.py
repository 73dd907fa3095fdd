# SPDX-License-Identifier: Apache-2.0
"""The fractional difference of the closes: as little differencing as makes a series stationary."""

from typing import Final

from bot4.kernels.catalog.entry import CLOSE, FeatureInfo, Numbers, Parameter
from bot4.kernels.fractional import weights
from bot4.kernels.indicators import fractional
from bot4.kernels.indicators.graph import CLOSE_PRICE, Graph, Value


def fracdiff(graph: Graph, given: Numbers) -> Value:
    """Build the fractional difference of the logarithm of the close."""
    window = int(given[1])
    ring = graph.ring(graph.value(fractional.LOGARITHM, CLOSE_PRICE), window)
    memory = tuple(weights(given[0], window).tolist())
    return graph.value(fractional.FRACDIFF, ring, a=window, warm=window, memory=memory)


FRACTIONAL: Final[tuple[FeatureInfo, ...]] = (
    FeatureInfo(
        kind="fracdiff",
        family="statistics",
        meaning="difference of the log closes of a fractional order, over a fixed window",
        unit="log price",
        parameters=(Parameter("order", 0.4, 0.0, 2.0, is_whole=False), Parameter("window", 100)),
        inputs=CLOSE,
        warm_up="window",
        source="Lopez de Prado, Advances in Financial Machine Learning (2018), ch. 5.5",
        cost="O(window): each lag has a weight of its own, so there is nothing to carry over",
        build=fracdiff,
    ),
)
