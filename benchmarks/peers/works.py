# SPDX-License-Identifier: Apache-2.0
"""What is compared with whom: the works, their sides, how nearly the answers must agree, and what bot4 aims at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from benchmarks.indicators import NAMES, STREAMED, WARM
from benchmarks.ticks import TICKS
from benchmarks.workload import BARS


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """Name one side: what it is called, where it is installed, which module runs it and on which of its works.

    ``share`` is the part of the work it does (an indicator library without two of
    thirty outputs does 28 of them). A heavy side takes so long that it may be run
    less often.
    """

    label: str
    environment: str
    module: str
    work: str
    share: float = 1.0
    is_heavy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Describe one work.

    Attributes
    ----------
    size : int
        Units in the whole work; rates are units a second of CPU time.
    tolerance : mapping of str to float
        For each answer that is compared: how far it may be from bot4's, relative to it.
    default_tolerance : float or None
        For answers not named there; None where they are not compared.
    aims : mapping of str to float
        For a side's label: the least ratio of bot4's rate to its.
    differs : tuple of str
        What is not the same work, in sentences.
    """

    key: str
    title: str
    unit: str
    size: int
    sides: tuple[Contender, ...]
    tolerance: Mapping[str, float] = field(default_factory=dict)
    default_tolerance: float | None = None
    aims: Mapping[str, float] = field(default_factory=dict)
    differs: tuple[str, ...] = ()


def side(label: str, place: str, work: str, *, share: float = 1.0, is_heavy: bool = False) -> Contender:
    """Return a side whose module and environment have one name."""
    return Contender(label=label, environment=place, module=f"on_{place}", work=work, share=share, is_heavy=is_heavy)


VECTORBT: Final = "vectorbt, signals and figures"
BARE: Final = "vectorbt, signals alone"
NAUTILUS: Final = "NautilusTrader"
HFTBACKTEST: Final = "hftbacktest, full book"
TALIB: Final = "TA-Lib"
TALIPP: Final = "talipp"

SMA_CROSS: Final = Work(
    key="sma_cross",
    title="SMA(10/50) cross, one symbol, a year of minutes, 2 % positions, 0.1 % fee",
    unit="bars",
    size=BARS,
    sides=(
        side("bot4", "bot4", "sma_cross"),
        side("bot4, default indicators too", "bot4", "sma_cross_features"),
        side("bot4, 100 indicators too", "bot4", "sma_cross_hundred"),
        side(VECTORBT, "vectorbt", "sma_cross"),
        side(BARE, "vectorbt", "sma_cross_bare"),
        side("backtesting.py", "backtesting", "sma_cross", is_heavy=True),
        side(NAUTILUS, "nautilus", "sma_cross", is_heavy=True),
    ),
    tolerance={"orders": 0.0, "final_equity": 5e-6},
    aims={VECTORBT: 1.3, NAUTILUS: 250.0},
    differs=(
        "bot4 passes over bars that provably cause nothing: the bytes are those of the table below, where it does not.",
        "bot4 runs its whole engine: shadow book, evidence, risk, fees, ledger, attribution, equity curve, journal.",
        "With every position bot4 also sends a protective stop, and cancels it at the end; the others send none.",
        "vectorbt makes signals, orders and records from arrays; its figures are return, Sharpe, drawdown, wins.",
        "NautilusTrader runs risk engine, cache, portfolio and account, and matches four trades a bar; no journal.",
        "A signal fills at the next open. Bars open at the last close, where NautilusTrader fills: the same price.",
    ),
)

SMA_CROSS_EVERY_BAR: Final = Work(
    key="sma_cross_every_bar",
    title="The same, every bar carried through every stage",
    unit="bars",
    size=BARS,
    sides=(side("bot4", "bot4", "sma_cross_every_bar"), side(VECTORBT, "vectorbt", "sma_cross")),
    tolerance=SMA_CROSS.tolerance,
    aims={VECTORBT: 0.9},
    differs=("bot4 backtest --every-bar does this: what a strategy that makes no promise about its silence costs.",),
)

TICK_EMA: Final = Work(
    key="tick_ema",
    title="EMA(12/60) cross of trade prices over 1,000,000 ticks, about 10,000 market orders",
    unit="ticks",
    size=TICKS,
    sides=(
        side("bot4", "bot4", "tick_ema"),
        side(HFTBACKTEST, "hftbacktest", "tick_ema"),
        side(NAUTILUS, "nautilus", "tick_ema", is_heavy=True),
    ),
    tolerance={"orders": 0.01, "final_equity": 2e-3},
    aims={HFTBACKTEST: 1.0, NAUTILUS: 100.0},
    differs=(
        "hftbacktest reads 3.7 rows a tick, every change of a five-level book and every trade, with queue and latency.",
        "bot4 reads the same rows with the same latency, builds bars of the trades, and runs its whole engine.",
        "hftbacktest's strategy is numba; it has no risk, account or journal.",
        "NautilusTrader is given the trades alone and fills at the last trade's price.",
    ),
)

SWEEP: Final = Work(
    key="sweep",
    title="100 pairs of averages over a year of minutes",
    unit="bar-combinations",
    size=100 * BARS,
    sides=(
        side("bot4", "bot4", "sweep"),
        side("vectorbt, all pairs at once", "vectorbt", "sweep", is_heavy=True),
    ),
    default_tolerance=0.0,
    aims={"vectorbt, all pairs at once": 100.0},
    differs=(
        "bot4 screens: signals, fills at the next open, fees, and five figures of daily returns for every pair.",
        "vectorbt makes a column of each step for every pair, orders and records, and is asked for the total returns.",
        "Compared are the orders of every pair.",
    ),
)

BATCH: Final = Work(
    key="indicators_batch",
    title="30 indicator outputs over a year of minutes, whole columns",
    unit="outputs of a bar",
    size=len(NAMES) * BARS,
    sides=(side("bot4", "bot4", "indicators_batch"), side(TALIB, "talib", "indicators_batch")),
    default_tolerance=1e-9,
    aims={TALIB: 0.5},
    differs=("TA-Lib is called once a function, 25 calls for the 30 outputs; bot4 once for all, bar by bar inside.",),
)

STREAM: Final = Work(
    key="indicators_stream",
    title="30 indicator outputs, one bar a call",
    unit="outputs of a bar",
    size=len(NAMES) * (STREAMED - WARM),
    sides=(
        side("bot4", "bot4", "indicators_stream"),
        side(TALIB, "talib", "indicators_stream"),
        side(TALIPP, "talipp", "indicators_stream", share=28 / 30, is_heavy=True),
    ),
    default_tolerance=1e-9,
    aims={TALIB: 1.0, TALIPP: 1.0},
    differs=(
        "TA-Lib's handles are carried one bar forward (new in 0.8); its older stream functions began anew each time.",
        "talipp has 28 of the outputs; its %K is the unsmoothed one and is not compared.",
    ),
)

WORKS: Final = (SMA_CROSS, SMA_CROSS_EVERY_BAR, TICK_EMA, SWEEP, BATCH, STREAM)
