# SPDX-License-Identifier: Apache-2.0
"""Indicators of momentum that TA-Lib has not. One recipe and one entry each."""

from functools import partial
from typing import Final

from bot4.kernels.catalog import averages, nodes
from bot4.kernels.catalog.entry import CLOSE, DEFINED, RANGE, FeatureInfo, Numbers, Parameter, one_window
from bot4.kernels.indicators import momentum
from bot4.kernels.indicators.graph import CLOSE_PRICE, HIGH_PRICE, LOW_PRICE, OPEN_PRICE, Graph, Value

_TSI: Final = (Parameter("slow", 25, 1), Parameter("fast", 13, 1))
_SMI: Final = (Parameter("window", 10), Parameter("slow", 3, 1), Parameter("fast", 3, 1))
_COPPOCK: Final = (Parameter("short", 11, 1), Parameter("long", 14, 1), Parameter("window", 10))
_FAST_AND_SLOW: Final = (Parameter("fast", 5), Parameter("slow", 34))
_BLAU: Final = "Blau, Momentum, Direction, and Divergence (1995)"
_PRING: Final = "Pring, Technical Analysis of Stocks & Commodities 10:9 (1992)"
_WILLIAMS: Final = "Williams, Trading Chaos (1995)"
_ELDER: Final = "Elder, Trading for a Living (1993)"
_CHANDE: Final = "Chande and Kroll, The New Technical Trader (1994)"
_KST: Final = ((10, 10), (15, 10), (20, 10), (30, 15))  # bars of the change and of its mean
_info = partial(FeatureInfo, family="momentum", inputs=CLOSE)


def _twice(graph: Graph, source: Value, slow: float, fast: float) -> Value:
    return nodes.ema(graph, nodes.ema(graph, source, int(slow)), int(fast))


def tsi(graph: Graph, given: Numbers) -> Value:
    """Build the true strength index."""
    change = nodes.change(graph, CLOSE_PRICE)
    walked = _twice(graph, nodes.absolute(graph, change), *given)
    return nodes.percent(graph, _twice(graph, change, *given), walked)


def smi(graph: Graph, given: Numbers) -> Value:
    """Build the stochastic momentum index."""
    window, slow, fast = given
    highest, lowest = nodes.highest(graph, int(window)), nodes.lowest(graph, int(window))
    away = nodes.combine(graph, (1.0, CLOSE_PRICE), (-0.5, highest), (-0.5, lowest))
    half = nodes.combine(graph, (0.5, highest), (-0.5, lowest))
    return nodes.percent(graph, _twice(graph, away, slow, fast), _twice(graph, half, slow, fast))


def kst(graph: Graph, _given: Numbers) -> Value:
    """Build the sum of four smoothed rates of change."""
    parts = [nodes.mean(graph, nodes.rate(graph, CLOSE_PRICE, bars, 100.0), window) for bars, window in _KST]
    first = nodes.combine(graph, (1.0, parts[0]), (2.0, parts[1]), (3.0, parts[2]))
    return nodes.combine(graph, (1.0, first), (4.0, parts[3]))


def kst_signal(graph: Graph, given: Numbers) -> Value:
    """Build its mean."""
    return nodes.mean(graph, kst(graph, ()), int(given[0]))


def coppock(graph: Graph, given: Numbers) -> Value:
    """Build Coppock's curve."""
    short, long = (nodes.rate(graph, CLOSE_PRICE, int(bars), 100.0) for bars in given[:2])
    return nodes.wma(graph, nodes.combine(graph, (1.0, short), (1.0, long)), int(given[2]))


def awesome(graph: Graph, given: Numbers) -> Value:
    """Build the awesome oscillator."""
    fast, slow = (nodes.mean(graph, nodes.middle(graph), int(window)) for window in given)
    return nodes.difference(graph, fast, slow)


def accelerator(graph: Graph, given: Numbers) -> Value:
    """Build the awesome oscillator less its mean over as many bars as its fast one has."""
    wave = awesome(graph, given)
    return nodes.difference(graph, wave, nodes.mean(graph, wave, int(given[0])))


def bull_power(graph: Graph, given: Numbers) -> Value:
    """Build the distance of the high from the exponential mean."""
    return nodes.difference(graph, HIGH_PRICE, averages.ema(graph, given))


def bear_power(graph: Graph, given: Numbers) -> Value:
    """Build the distance of the low from the exponential mean."""
    return nodes.difference(graph, LOW_PRICE, averages.ema(graph, given))


def pretty_good(graph: Graph, given: Numbers) -> Value:
    """Build the pretty good oscillator."""
    away = nodes.difference(graph, CLOSE_PRICE, averages.sma(graph, given))
    return nodes.ratio(graph, away, nodes.ema(graph, nodes.true_range(graph), int(given[0])))


def disparity(graph: Graph, given: Numbers) -> Value:
    """Build the distance of the close from its mean in percent."""
    return nodes.relative(graph, CLOSE_PRICE, averages.sma(graph, given), 100.0)


def qstick(graph: Graph, given: Numbers) -> Value:
    """Build the mean body of the bars."""
    return nodes.mean(graph, nodes.difference(graph, CLOSE_PRICE, OPEN_PRICE), int(given[0]))


def psychological(graph: Graph, given: Numbers) -> Value:
    """Build the share of bars that rose."""
    return nodes.combine(graph, (100.0, nodes.mean(graph, nodes.risen(graph), int(given[0]))))


def streak(graph: Graph, _given: Numbers) -> Value:
    """Build the number of bars in a row that went one way."""
    return graph.value(momentum.STREAK, nodes.change(graph, CLOSE_PRICE), memory=(0.0,))


OSCILLATORS: Final[tuple[FeatureInfo, ...]] = (
    _info(
        kind="tsi",
        meaning="change smoothed by two exponential means over its size smoothed alike; 0 where nothing moved",
        unit="-100..100",
        parameters=_TSI,
        warm_up="slow + fast",
        source=_BLAU,
        build=tsi,
    ),
    _info(
        kind="smi",
        meaning="distance from the middle of the range over half the range, both smoothed twice",
        unit="-100..100",
        parameters=_SMI,
        inputs=RANGE,
        warm_up="window + slow + fast - 2",
        source=_BLAU,
        build=smi,
    ),
    _info(
        kind="kst",
        meaning="means of the changes over 10, 15, 20 and 30 bars, weighted 1 to 4",
        unit="percent",
        parameters=(),
        warm_up="45",
        source=_PRING,
        build=kst,
    ),
    _info(
        kind="kst_signal",
        meaning="mean of kst",
        unit="percent",
        parameters=one_window(9),
        warm_up="44 + window",
        source=_PRING,
        build=kst_signal,
    ),
    _info(
        kind="coppock",
        meaning="weighted mean of the sum of two rates of change",
        unit="percent",
        parameters=_COPPOCK,
        warm_up="max(short, long) + window",
        source="Coppock, Barron's (Oct. 1962)",
        build=coppock,
    ),
    _info(
        kind="awesome",
        meaning="mean of the bars' middles over fast bars less the one over slow bars",
        unit="price",
        parameters=_FAST_AND_SLOW,
        inputs=("high", "low"),
        warm_up="max(fast, slow)",
        source=_WILLIAMS,
        build=awesome,
    ),
    _info(
        kind="accelerator",
        meaning="awesome less its mean over fast bars",
        unit="price",
        parameters=_FAST_AND_SLOW,
        inputs=("high", "low"),
        warm_up="max(fast, slow) + fast - 1",
        source=_WILLIAMS,
        build=accelerator,
    ),
    _info(
        kind="bull_power",
        meaning="high less the exponential mean of the closes",
        unit="price",
        parameters=one_window(13),
        inputs=("high", "close"),
        warm_up="window",
        source=_ELDER,
        build=bull_power,
    ),
    _info(
        kind="bear_power",
        meaning="low less the exponential mean of the closes",
        unit="price",
        parameters=one_window(13),
        inputs=("low", "close"),
        warm_up="window",
        source=_ELDER,
        build=bear_power,
    ),
    _info(
        kind="pretty_good",
        meaning="distance of the close from its mean in exponential means of the true range",
        unit="number",
        parameters=one_window(14),
        inputs=RANGE,
        warm_up="window + 1",
        source="Johnson (2001)",
        build=pretty_good,
    ),
    _info(
        kind="disparity",
        meaning="distance of the close from its mean",
        unit="percent",
        parameters=one_window(14),
        warm_up="window",
        source=DEFINED,
        build=disparity,
    ),
    _info(
        kind="qstick",
        meaning="mean of close less open",
        unit="price",
        parameters=one_window(14),
        inputs=("open", "close"),
        warm_up="window",
        source=_CHANDE,
        build=qstick,
    ),
    _info(
        kind="psychological",
        meaning="share of the last window changes that were rises",
        unit="0..100",
        parameters=one_window(12),
        warm_up="window + 1",
        source=DEFINED,
        build=psychological,
    ),
    _info(
        kind="streak",
        meaning="bars in a row that rose, or, negative, that fell; 0 after one that did not move",
        unit="bars",
        parameters=(),
        warm_up="2",
        source=DEFINED,
        build=streak,
    ),
)
