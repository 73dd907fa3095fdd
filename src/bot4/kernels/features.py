# SPDX-License-Identifier: Apache-2.0
"""The door to the indicators: names in, one program out that updates all of them for one bar in one call.

>>> program = compile_features(["sma_20", "rsi_14"])
>>> state = program.new_state()
>>> refused = program.run(state, open_ns, opens, highs, lows, closes, volumes, out)  # doctest: +SKIP
>>> live = program.stream(state)
>>> live.step(open_ns, open, high, low, close, volume)  # doctest: +SKIP

Streaming and batch are the same kernel (`indicators.machine.advance`) on the same state, so they agree to the bit,
whatever the chunks; a feature's values do not depend on which others are compiled with it.

NaN policy: an output is NaN until it is warm. A bar with a price that is not finite and above zero, or a volume that
is not finite and not negative, is not taken: the outputs of that bar are NaN, the state stays untouched, the call
says so (`step` returns False, `run` counts). Whether high is above low is for market validation to judge.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from bot4.kernels.catalog import CATALOG, FeatureInfo, Parameter
from bot4.kernels.indicators import machine
from bot4.kernels.indicators.graph import Graph
from bot4.kernels.jit import IS_COMPILED, Floats, Ints, address_of

__all__ = [
    "CATALOG",
    "DEFAULT_FEATURES",
    "FeatureInfo",
    "FeatureProgram",
    "FeatureSpec",
    "FeatureStream",
    "Parameter",
    "compile_features",
    "parse",
]

#: What a run computes unless its configuration names other features: trend, reversion and breakout find their inputs
#: here.
DEFAULT_FEATURES: Final[tuple[str, ...]] = (
    "sma_20",
    "sma_50",
    "ema_12",
    "ema_26",
    "wma_20",
    "macd_12_26_9",
    "macd_signal_12_26_9",
    "macd_hist_12_26_9",
    "adx_14",
    "plus_di_14",
    "minus_di_14",
    "aroon_up_25",
    "aroon_down_25",
    "rsi_14",
    "mom_10",
    "roc_10",
    "cci_20",
    "willr_14",
    "stoch_k_14_3",
    "stoch_d_14_3_3",
    "atr_14",
    "natr_14",
    "bb_upper_20_2",
    "bb_lower_20_2",
    "donchian_high_20",
    "donchian_low_20",
    "prior_high_20",
    "prior_low_20",
    "volatility_20",
    "stddev_20",
    "zscore_20",
    "logret",
    "obv",
    "mfi_14",
    "vwap_20",
    "volume_sma_20",
)

_BY_KIND: Final = {info.kind: info for info in CATALOG}
_NAME: Final = re.compile(r"([a-z]+(?:_[a-z]+)*)((?:_[0-9]+(?:\.[0-9]+)?)*)")


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """One feature as asked for: its name, its entry in the catalogue, the numbers in its name."""

    name: str
    info: FeatureInfo
    numbers: tuple[float, ...]


def parse(name: str) -> FeatureSpec:
    """Read a feature's name, as ``rsi_14``.

    Raises
    ------
    ValueError
        With the name, what is wrong and a name that would do.
    """
    found = _NAME.fullmatch(name)
    info = _BY_KIND.get(found[1]) if found else None
    if found is None or info is None:
        raise ValueError(f"unknown feature {name!r}{_nearest(name)}")
    texts = found[2].split("_")[1:]
    if len(texts) != len(info.parameters):
        raise ValueError(f"feature {name!r} needs the form {info.pattern}, for example {info.usual_name}")
    numbers = tuple(_number(name, text, one) for text, one in zip(texts, info.parameters, strict=True))
    return FeatureSpec(name, info, numbers)


def _number(name: str, text: str, parameter: Parameter) -> float:
    value = float(text)
    if f"{value:.12g}" != text or (parameter.is_whole and "." in text):
        kind = "a whole number" if parameter.is_whole else "a plain decimal number"
        raise ValueError(f"feature {name!r}: {parameter.name} was {text!r}, allowed is {kind} without padding")
    if not parameter.least <= value <= parameter.most:
        raise ValueError(
            f"feature {name!r}: {parameter.name} was {text}, allowed is {parameter.least:g} to {parameter.most:g}"
        )
    return value


def _nearest(name: str) -> str:
    kind = name.rstrip("0123456789._").lower()
    near = difflib.get_close_matches(kind, _BY_KIND, n=1, cutoff=0.5)
    if not near:
        return "; see the catalogue: " + ", ".join(_BY_KIND)
    return f": did you mean {_BY_KIND[near[0]].usual_name}?"


@final
class FeatureProgram:
    """A set of features, compiled: the names, in order, and the means to update them all at once.

    Immutable; one program serves any number of series, each with its own state.
    """

    __slots__ = ("_first", "_gather", "_program", "names", "warm_up")

    def __init__(self, specs: Sequence[FeatureSpec]) -> None:
        graph = Graph()
        values = tuple(spec.info.build(graph, spec.numbers) for spec in specs)
        self._program, self._gather, self._first = graph.lay_out(values)
        self.names = tuple(spec.name for spec in specs)
        self.warm_up = tuple(value.ready for value in values)

    @property
    def size(self) -> int:
        """Return the number of outputs."""
        return len(self.names)

    def new_state(self) -> Floats:
        """Return the state before the first bar: float64, one dimension; its bytes are the whole memory of a series."""
        return self._first.copy()

    def stream(self, state: Floats | None = None) -> "FeatureStream":
        """Return the fastest form for one bar at a time, over `state` (kept and changed in place) or a new one."""
        held = self.new_state() if state is None else self._checked(state)
        return FeatureStream(self._program, self._gather, held)

    def step(
        self,
        state: Floats,
        open_ns: int,
        open: float,
        high: float,
        low: float,
        close: float,
        volume: float,
        out: Floats,
    ) -> bool:
        """Take one bar; writes `out`, shape (size,), and changes `state`; False when the bar was not usable.

        `open_ns` is the bar's open in UTC nanoseconds; prices in quote per base, volume in base units. `stream` does
        the same in half the time.
        """
        return bool(machine.step(self._program, self._gather, state, open_ns, open, high, low, close, volume, out))

    def run(
        self,
        state: Floats,
        open_ns: Ints,
        opens: Floats,
        highs: Floats,
        lows: Floats,
        closes: Floats,
        volumes: Floats,
        out: Floats,
    ) -> int:
        """Take bars in order; writes `out`, shape (bars, size), and changes `state`; returns how many were not usable.

        `open_ns`, int64, are the opens of the bars in UTC nanoseconds, in rising order.

        Series may come whole or in chunks of any length: the outputs and the state are the same to the bit.

        Raises
        ------
        ValueError
            When lengths, shapes or types do not fit.
        """
        bars = len(closes)
        o, h, low, c, v = (_column(one, bars) for one in (opens, highs, lows, closes, volumes))
        stamps = _stamps(open_ns, bars)
        if not _fits(out, (bars, self.size)):
            raise ValueError(f"out must be a float64 C array of shape {(bars, self.size)}, was {out.dtype} {out.shape}")
        return int(machine.run(self._program, self._gather, self._checked(state), stamps, o, h, low, c, v, out))

    def _checked(self, state: Floats) -> Floats:
        if not _fits(state, self._first.shape):
            raise ValueError(f"state must come from new_state() of this program, float64 {self._first.shape}")
        return state


def _fits(array: Floats, shape: tuple[int, ...]) -> bool:
    """Say whether a kernel may write to `array` as float64 of `shape`."""
    return array.shape == shape and array.dtype == np.float64 and array.flags.c_contiguous and array.flags.writeable


def _column(given: Floats, bars: int) -> Floats:
    """Return the column as the one array type the kernel is compiled for; a read-only one would compile it again."""
    if given.shape != (bars,):
        raise ValueError(f"the columns must have one dimension and one length, had {given.shape} and {(bars,)}")
    return np.require(given, dtype=np.float64, requirements=["C", "W"])


def _stamps(given: Ints, bars: int) -> Ints:
    """Return the column of stamps; they are never rounded, so any type but int64 is refused."""
    if given.shape != (bars,) or given.dtype != np.int64:
        raise ValueError(f"open_ns must be int64 of shape {(bars,)}, was {given.dtype} {given.shape}")
    return np.require(given, requirements=["C", "W"])


@final
class FeatureStream:
    """One series, bar by bar: `step` takes a bar; `values` then holds the outputs, changed in place, in order of names.

    Reading: ``memoryview(stream.values)`` gives plain floats at 30 ns each, twice as fast as indexing the array.
    """

    __slots__ = ("_address", "_descriptor", "_gather", "_program", "state", "values")

    def __init__(self, program: Ints, gather: Ints, state: Floats) -> None:
        self._program = program
        self._gather = gather
        self.state = state
        self.values = np.full(len(gather), np.nan)
        arrays = (program, gather, state, self.values)
        self._descriptor = np.array(
            [len(program), len(gather), len(state), *(address_of(one) for one in arrays)], dtype=np.int64
        )
        self._address = address_of(self._descriptor)

    def step(self, open_ns: int, open: float, high: float, low: float, close: float, volume: float) -> bool:
        """Take one bar: its open in UTC nanoseconds, prices in quote per base, volume in base units.

        False when the bar was not usable.
        """
        if IS_COMPILED:
            return machine.step_at(self._address, open_ns, open, high, low, close, volume)
        return machine.step(
            self._program, self._gather, self.state, open_ns, open, high, low, close, volume, self.values
        )


def compile_features(names: Sequence[str]) -> FeatureProgram:
    """Compile features to one program; the outputs keep the order of `names`.

    Raises
    ------
    ValueError
        For a name that `parse` refuses, and for one given twice.
    """
    twice = [name for place, name in enumerate(names) if name in names[:place]]
    if twice:
        raise ValueError(f"feature {twice[0]!r} was named twice")
    return FeatureProgram([parse(name) for name in names])
