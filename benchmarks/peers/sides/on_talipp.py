# SPDX-License-Identifier: Apache-2.0
"""The streaming indicator work on talipp: one object an indicator, each given every new bar."""

from importlib.metadata import version
from pathlib import Path

import numpy as np
from benchmarks.indicators import NAMES, STREAMED, WARM
from benchmarks.peers.sides.serve import Answer, Side, serve
from talipp.indicators import (
    ADX,
    ATR,
    BB,
    CCI,
    EMA,
    MACD,
    NATR,
    OBV,
    ROC,
    RSI,
    SMA,
    WMA,
    Aroon,
    DonchianChannels,
    StdDev,
    Stoch,
    Williams,
)
from talipp.ohlcv import OHLCV

UNKNOWN = ("mom_10", "mfi_14", "stoch_k_14_3", "stoch_d_14_3_3")
"""What the library does not have, and its stochastic, which is computed but is not the smoothed one."""


class Stream(Side):
    """Give each indicator each bar; the bars before the measured ones are taken when it is prepared."""

    warms_up = False

    def __init__(self, folder: Path) -> None:
        with np.load(folder / "bars.npz") as bars:
            columns = [bars[name][:STREAMED].tolist() for name in ("open", "high", "low", "close", "volume")]
        self.bars = [OHLCV(*values) for values in zip(*columns, strict=True)]

    def prepare(self) -> None:
        """Start anew."""
        self.of_close = [SMA(20), SMA(50), EMA(12), EMA(26), WMA(20), MACD(12, 26, 9), RSI(14), ROC(10)]
        self.of_close += [BB(20, 2.0), StdDev(20)]
        self.of_bar = [ADX(14, 14), Aroon(25), CCI(20), Williams(14), Stoch(14, 3), ATR(14), NATR(14)]
        self.of_bar += [DonchianChannels(20), OBV()]
        self.of_volume = SMA(20)
        self.take(self.bars[:WARM])

    def take(self, bars: list[OHLCV]) -> None:
        """Give bars to every indicator."""
        for bar in bars:
            for indicator in self.of_close:
                indicator.add(bar.close)
            for indicator in self.of_bar:
                indicator.add(bar)
            self.of_volume.add(bar.volume)

    def run(self) -> None:
        """Do the work once."""
        self.take(self.bars[WARM:])

    def answer(self) -> Answer:
        """Return what came of the last run."""
        sma, sma_50, ema, ema_26, wma, macd, rsi, roc, bb, stddev = (one[-1] for one in self.of_close)
        adx, aroon, cci, willr, _, atr, natr, donchian, obv = (one[-1] for one in self.of_bar)
        values = [sma, sma_50, ema, ema_26, wma, macd.macd, macd.signal, macd.histogram]
        values += (adx.adx, adx.plus_di, adx.minus_di, aroon.up, aroon.down, rsi, roc, cci, willr)
        values += (atr, natr, bb.ub, bb.lb, donchian.ub, donchian.lb, stddev, obv, self.of_volume[-1])
        names = [name for name in NAMES if name not in UNKNOWN]
        return {name: float(value) for name, value in zip(names, values, strict=True)}


if __name__ == "__main__":
    serve(version("talipp"), {"indicators_stream": Stream})
