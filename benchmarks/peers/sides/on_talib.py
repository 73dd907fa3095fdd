# SPDX-License-Identifier: Apache-2.0
"""The indicator works on TA-Lib: whole columns, and its stream handles that carry each indicator one bar forward."""

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import talib
from benchmarks.indicators import STREAMED, WARM
from benchmarks.peers.sides.serve import Answer, Side, serve
from talib import stream

CALLS = (
    ("SMA", ("close",), (20,), ("sma_20",)),
    ("SMA", ("close",), (50,), ("sma_50",)),
    ("EMA", ("close",), (12,), ("ema_12",)),
    ("EMA", ("close",), (26,), ("ema_26",)),
    ("WMA", ("close",), (20,), ("wma_20",)),
    ("MACD", ("close",), (12, 26, 9), ("macd_12_26_9", "macd_signal_12_26_9", "macd_hist_12_26_9")),
    ("ADX", ("high", "low", "close"), (14,), ("adx_14",)),
    ("PLUS_DI", ("high", "low", "close"), (14,), ("plus_di_14",)),
    ("MINUS_DI", ("high", "low", "close"), (14,), ("minus_di_14",)),
    ("AROON", ("high", "low"), (25,), ("aroon_down_25", "aroon_up_25")),
    ("RSI", ("close",), (14,), ("rsi_14",)),
    ("MOM", ("close",), (10,), ("mom_10",)),
    ("ROC", ("close",), (10,), ("roc_10",)),
    ("CCI", ("high", "low", "close"), (20,), ("cci_20",)),
    ("WILLR", ("high", "low", "close"), (14,), ("willr_14",)),
    ("STOCH", ("high", "low", "close"), (14, 3, 0, 3, 0), ("stoch_k_14_3", "stoch_d_14_3_3")),
    ("ATR", ("high", "low", "close"), (14,), ("atr_14",)),
    ("NATR", ("high", "low", "close"), (14,), ("natr_14",)),
    ("BBANDS", ("close",), (20, 2.0, 2.0, 0), ("bb_upper_20_2", "", "bb_lower_20_2")),
    ("MAX", ("high",), (20,), ("donchian_high_20",)),
    ("MIN", ("low",), (20,), ("donchian_low_20",)),
    ("STDDEV", ("close",), (20, 1.0), ("stddev_20",)),
    ("OBV", ("close", "volume"), (), ("obv",)),
    ("MFI", ("high", "low", "close", "volume"), (14,), ("mfi_14",)),
    ("SMA", ("volume",), (20,), ("volume_sma_20",)),
)
"""Function, inputs, parameters and what its outputs are here; MACD and its like give several at once."""


class Batch(Side):
    """Compute whole columns."""

    def __init__(self, folder: Path) -> None:
        with np.load(folder / "bars.npz") as bars:
            columns = {name: bars[name] for name in ("high", "low", "close", "volume")}
        self.calls = [
            (getattr(talib, name), [columns[one] for one in inputs], given) for name, inputs, given, _ in CALLS
        ]

    def run(self) -> None:
        """Do the work once."""
        self.out = [function(*inputs, *given) for function, inputs, given in self.calls]

    def answer(self) -> Answer:
        """Return what came of the last run."""
        told: Answer = {}
        for (*_, names), out in zip(CALLS, self.out, strict=True):
            columns = out if isinstance(out, tuple) else (out,)
            told |= {name: float(column[-1]) for name, column in zip(names, columns, strict=True) if name}
        return told


class Stream(Side):
    """Carry one handle a function forward, bar by bar; they are opened on the bars before the measured ones."""

    def __init__(self, folder: Path) -> None:
        with np.load(folder / "bars.npz") as bars:
            self.columns = {name: bars[name][:STREAMED] for name in ("high", "low", "close", "volume")}
        rest = [self.columns[name][WARM:].tolist() for name in ("high", "low", "close", "volume")]
        self.bars = list(zip(*rest, strict=True))

    def prepare(self) -> None:
        """Start anew."""
        self.handles = {names: self.opened(name, inputs, given) for name, inputs, given, names in CALLS}
        updates: dict[tuple[str, ...], list[Callable[..., object]]] = {}
        for (_, inputs, *_), handle in zip(CALLS, self.handles.values(), strict=True):
            updates.setdefault(inputs, []).append(handle.update)
        self.updates = updates

    def opened(self, name: str, inputs: tuple[str, ...], given: tuple[float, ...]) -> Any:
        """Return a handle that has taken the first bars."""
        return getattr(stream, name)(*(self.columns[one][:WARM] for one in inputs), *given)

    def run(self) -> None:
        """Do the work once."""
        updates = self.updates
        of_close, of_high, of_low, of_volume = (updates[one,] for one in ("close", "high", "low", "volume"))
        of_range, of_bar = updates["high", "low"], updates["high", "low", "close"]
        of_flow, of_all = updates["close", "volume"], updates["high", "low", "close", "volume"]
        for high, low, close, volume in self.bars:
            for update in of_close:
                update(close)
            for update in of_high:
                update(high)
            for update in of_low:
                update(low)
            for update in of_volume:
                update(volume)
            for update in of_range:
                update(high, low)
            for update in of_bar:
                update(high, low, close)
            for update in of_flow:
                update(close, volume)
            for update in of_all:
                update(high, low, close, volume)

    def answer(self) -> Answer:
        """Return what came of the last run."""
        told: Answer = {}
        for names, handle in self.handles.items():
            values = handle.value if isinstance(handle.value, tuple) else (handle.value,)
            told |= {name: float(value) for name, value in zip(names, values, strict=True) if name}
        return told


if __name__ == "__main__":
    serve(version("TA-Lib"), {"indicators_batch": Batch, "indicators_stream": Stream})
