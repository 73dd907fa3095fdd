# SPDX-License-Identifier: Apache-2.0
"""The catalogue of indicators, family by family; their arithmetic is in `indicators`.

To add an indicator: an operation in a family of `indicators` if the existing ones do not suffice, then a recipe (which
asks for nodes and returns the value that is the indicator) and an entry in the family's module here. Percent scales
(0..100, -100..0) are those of the original authors and of TA-Lib, kept so that figures can be compared.
"""

from typing import Final

from bot4.kernels.catalog.averages import AVERAGES
from bot4.kernels.catalog.calendar import CALENDAR
from bot4.kernels.catalog.entry import FeatureInfo, Parameter
from bot4.kernels.catalog.flow import BULK, QUOTE_FLOW, TRADE_FLOW, VARIATION
from bot4.kernels.catalog.fractional import FRACTIONAL
from bot4.kernels.catalog.momentum import MOMENTUM
from bot4.kernels.catalog.oscillators import OSCILLATORS
from bot4.kernels.catalog.pairs import PAIRS
from bot4.kernels.catalog.prices import PRICE
from bot4.kernels.catalog.returns import RETURNS
from bot4.kernels.catalog.statistics import STATISTICS
from bot4.kernels.catalog.trend import TREND
from bot4.kernels.catalog.volatility import VOLATILITY
from bot4.kernels.catalog.volume import VOLUME

__all__ = ["BULK", "CATALOG", "PAIRS", "QUOTE_FLOW", "TRADE_FLOW", "FeatureInfo", "Parameter"]

#: What bars alone give, warm after a number of bars. Beside it `BULK` (warm when the volume suffices), `PAIRS` (with a
#: reference), `TRADE_FLOW` and `QUOTE_FLOW` (of ticks, in `kernels.orderflow`).
CATALOG: Final[tuple[FeatureInfo, ...]] = (
    *(PRICE + AVERAGES + TREND + MOMENTUM + OSCILLATORS),
    *(VOLATILITY + RETURNS + STATISTICS + VOLUME),
    *(VARIATION + FRACTIONAL + CALENDAR),
)
