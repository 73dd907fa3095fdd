# SPDX-License-Identifier: Apache-2.0
"""The works on vectorbt: arrays already loaded, its own indicators, signals and portfolio."""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import vectorbt as vbt
from benchmarks.peers.sides.serve import Answer, Side, serve
from benchmarks.workload import CASH, FAST, FEE, SHARE, SLOW, SWEEP_FAST, SWEEP_SLOW

WARM_ROWS = 2_000


class SmaCross(Side):
    """Cross two averages; a signal fills at the next open."""

    with_figures = True

    def __init__(self, folder: Path) -> None:
        with np.load(folder / "bars.npz") as bars:
            index = pd.to_datetime(bars["open_ns"])
            self.close = pd.Series(bars["close"], index=index)
            self.open = pd.Series(bars["open"], index=index)

    def run(self) -> None:
        """Do the work once."""
        fast = vbt.MA.run(self.close, FAST)
        slow = vbt.MA.run(self.close, SLOW)
        self.portfolio = vbt.Portfolio.from_signals(
            self.close,
            fast.ma_above(slow).vbt.signals.fshift(1),
            fast.ma_below(slow).vbt.signals.fshift(1),
            price=self.open,
            size=SHARE * (1.0 + FEE),  # a share of cash is meant to include the fee
            size_type="percent",
            fees=FEE,
            init_cash=CASH,
            freq="1min",
        )
        if self.with_figures:
            portfolio = self.portfolio
            self.figures = (
                portfolio.total_return(),
                portfolio.sharpe_ratio(),
                portfolio.max_drawdown(),
                portfolio.trades.win_rate(),
            )

    def answer(self) -> Answer:
        """Return what came of the last run."""
        return {
            "orders": float(self.portfolio.orders.count()),
            "final_equity": float(self.portfolio.final_value()),
        }


class SmaCrossBare(SmaCross):
    """The same without the figures."""

    with_figures = False


class Sweep(Side):
    """Cross every pair of averages of a grid; the return of each is what comes of it."""

    warms_up = False  # a short series compiles the same kernels

    def __init__(self, folder: Path) -> None:
        with np.load(folder / "bars.npz") as bars:
            index = pd.to_datetime(bars["open_ns"])
            self.close = pd.Series(bars["close"], index=index)
            self.open = pd.Series(bars["open"], index=index)
        pairs = [(fast, slow) for fast in SWEEP_FAST for slow in SWEEP_SLOW]
        self.fast, self.slow = ([pair[which] for pair in pairs] for which in (0, 1))
        self.cross(self.close.iloc[:WARM_ROWS], self.open.iloc[:WARM_ROWS])

    def run(self) -> None:
        """Do the work once."""
        self.cross(self.close, self.open)

    def cross(self, close: pd.Series, opened: pd.Series) -> None:
        """Cross all pairs over a series of closes and opens."""
        fast = vbt.MA.run(close, self.fast, run_unique=True)
        slow = vbt.MA.run(close, self.slow, run_unique=True)
        portfolio = vbt.Portfolio.from_signals(
            close,
            fast.ma_above(slow).vbt.signals.fshift(1),
            fast.ma_below(slow).vbt.signals.fshift(1),
            price=opened,
            size=SHARE * (1.0 + FEE),
            size_type="percent",
            fees=FEE,
            init_cash=CASH,
            freq="1min",
        )
        self.returns = portfolio.total_return()
        self.portfolio = portfolio

    def answer(self) -> Answer:
        """Return what came of the last run."""
        told = zip(self.fast, self.slow, self.portfolio.orders.count(), strict=True)
        return {f"orders_{fast}_{slow}": float(count) for fast, slow, count in told}


if __name__ == "__main__":
    serve(version("vectorbt"), {"sma_cross": SmaCross, "sma_cross_bare": SmaCrossBare, "sweep": Sweep})
