# SPDX-License-Identifier: Apache-2.0
"""The works on backtesting.py: a strategy object asked about each bar, fills at the next open."""

import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from backtesting import Strategy
from backtesting.lib import FractionalBacktest
from benchmarks.peers.sides.serve import Answer, Side, serve
from benchmarks.workload import CASH, FAST, FEE, LOT_SIZE, SHARE, SLOW


def mean(values: np.ndarray, window: int) -> pd.Series:
    """Return the rolling mean, as the system's own documentation computes it."""
    return pd.Series(values).rolling(window).mean()


class Cross(Strategy):
    """Long while the fast mean is above the slow one."""

    def init(self) -> None:
        """Compute the two means ahead."""
        self.fast = self.I(mean, self.data.Close, FAST)
        self.slow = self.I(mean, self.data.Close, SLOW)

    def next(self) -> None:
        """Enter or leave."""
        fast, slow = self.fast[-1], self.slow[-1]
        if fast > slow and not self.position:
            self.buy(size=SHARE * (1.0 + FEE))  # a share of cash is meant to include the fee
        elif fast < slow and self.position:
            self.position.close()


class SmaCross(Side):
    """Cross two averages, in units of the smallest lot since the system trades whole units."""

    def __init__(self, folder: Path) -> None:
        warnings.simplefilter("ignore")
        with np.load(folder / "bars.npz") as bars:
            columns = {name.capitalize(): bars[name] for name in ("open", "high", "low", "close", "volume")}
            data = pd.DataFrame(columns, index=pd.to_datetime(bars["open_ns"]))
        self.test = FractionalBacktest(data, Cross, cash=CASH, commission=FEE, fractional_unit=LOT_SIZE)

    def run(self) -> None:
        """Do the work once."""
        self.stats = self.test.run()

    def answer(self) -> Answer:
        """Return what came of the last run."""
        still_open = len(self.stats["_strategy"].trades)
        return {
            "orders": float(2 * len(self.stats["_trades"]) + still_open),
            "final_equity": float(self.stats["Equity Final [$]"]),
        }


if __name__ == "__main__":
    serve(version("backtesting"), {"sma_cross": SmaCross})
