# SPDX-License-Identifier: Apache-2.0
"""The door to the indicators: names in, one program out that updates all of them for one bar in one call.

>>> program = compile_features(["sma_20", "rsi_14"])
>>> state = program.new_state()
>>> refused = program.run(state, open_ns, opens, highs, lows, closes, volumes, out)  # doctest: +SKIP
>>> live = program.stream(state)
>>> live.step(open_ns, open, high, low, close, volume)  # doctest: +SKIP

Streaming and batch are the same kernel (`indicators.machine.advance`) on the same state, so they agree to the bit,
whatever the chunks; a feature's values do not depend on which others are compiled with it. ``rsi_14@1h`` is a feature
of finished hours on the clock of shorter bars, ``beta_60~BTCUSDT`` one against a reference: see `timeframes`.

NaN policy: an output is NaN until it is warm. A bar with a price that is not finite and above zero, or a volume that
is not finite and not negative, is not taken: the outputs of that bar are NaN, the state stays untouched, the call
says so (`step` returns False, `run` counts). Whether high is above low is for market validation to judge.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final, final

import numpy as np

from bot4.kernels.catalog import BULK, CATALOG, PAIRS, QUOTE_FLOW, TRADE_FLOW, FeatureInfo, Parameter
from bot4.kernels.indicators import layout, tracks
from bot4.kernels.indicators.blocks import Bars, run_blocks
from bot4.kernels.indicators.machine import needs_rare, workers
from bot4.kernels.jit import IS_COMPILED, Floats, Ints, address_of
from bot4.kernels.timeframes import FeatureSpec, Layout, check_clock, lay_out, narrow, read_period, read_reference

__all__ = [
    "CATALOG",
    "DEFAULT_FEATURES",
    "HUNDRED",
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

_NO_INDICATORS: Final = ("calendar",)

#: Every indicator of bars with its usual numbers, each kind once: what the figures of a hundred indicators are of.
HUNDRED: Final[tuple[str, ...]] = tuple(info.usual_name for info in CATALOG if info.family not in _NO_INDICATORS)

_BY_KIND: Final = {info.kind: info for info in CATALOG + BULK + PAIRS}
_OF_TICKS: Final = {info.kind: info for info in TRADE_FLOW + QUOTE_FLOW}
_PAIR_KINDS: Final = frozenset(info.kind for info in PAIRS)
_NAME: Final = re.compile(r"([a-z]+(?:_[a-z]+)*)((?:_[0-9]+(?:\.[0-9]+)?)*)")


def parse(name: str) -> FeatureSpec:
    """Read a feature's name, as ``rsi_14``, ``rsi_14@1h`` or ``beta_60~BTCUSDT``.

    Raises
    ------
    ValueError
        With the name, what is wrong and a name that would do.
    """
    plain, _, after = name.partition("@" if "~" not in name else "~")
    spec = replace(parse_kind(plain, _BY_KIND, beside=_OF_TICKS), name=name)
    if (spec.info.kind in _PAIR_KINDS) != ("~" in name):
        needs = f"a reference: write {plain}~BTCUSDT" if "~" not in name else f"no reference: write {plain}"
        raise ValueError(f"feature {name!r} takes {needs}")
    if "~" in name:
        return replace(spec, reference=read_reference(name, after))
    return replace(spec, period_ns=read_period(name, after) if "@" in name else 0)


def parse_kind(
    name: str, kinds: Mapping[str, FeatureInfo], *, beside: Mapping[str, FeatureInfo] = MappingProxyType({})
) -> FeatureSpec:
    """Read a name without a suffix, of one of `kinds`, which are entries of a catalogue by their kind.

    `beside` are those that are computed elsewhere, yet may have been meant by a name that is none.

    Raises
    ------
    ValueError
        With the name, what is wrong and a name that would do.
    """
    found = _NAME.fullmatch(name)
    info = kinds.get(found[1]) if found else None
    if found is None or info is None:
        if found and found[1] in beside:
            raise ValueError(f"feature {name!r} is one of ticks, not of bars")
        raise ValueError(f"unknown feature {name!r}{_nearest(name, kinds, beside)}")
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


def _nearest(name: str, kinds: Mapping[str, FeatureInfo], beside: Mapping[str, FeatureInfo]) -> str:
    """Return which name may have been meant: one that would do here first, one from elsewhere where it is nearer."""
    kind = name.rstrip("0123456789._").lower()
    near = difflib.get_close_matches(kind, kinds, n=1, cutoff=0.5)
    nearest = difflib.get_close_matches(kind, (*near, *beside), n=1, cutoff=0.5)
    told = [kinds[one].usual_name for one in near]
    told += [f"{beside[one].usual_name} (of ticks)" for one in nearest if one not in near]
    return f": did you mean {' or '.join(told)}?" if told else "; see the catalogue: " + ", ".join(kinds)


@final
class FeatureProgram:
    """A set of features, compiled: the names, in order, and the means to update them all at once.

    Immutable; one program serves any number of series, each with its own state.

    Attributes
    ----------
    names : tuple of str
        The features, in the order of the outputs.
    warm_up : tuple of int
        The bar from which each is a number, counted in bars of its own timeframe; those that wait for volume or for a
        reference may be later.
    references : tuple of str
        The symbols that features compare with, in the order of the columns that `run` takes.
    """

    __slots__ = ("_layout", "_specs", "_with_rare", "names", "references", "warm_up")

    def __init__(self, specs: Sequence[FeatureSpec], told: Sequence[str] | None = None) -> None:
        names = [spec.name for spec in specs]
        self._specs = tuple(specs)
        self._layout = lay_out(specs)
        self._with_rare = needs_rare(self._layout.program)
        if told is not None:
            self._layout = narrow(self._layout, [names.index(name) for name in told])
        self.names = tuple(names if told is None else told)
        self.warm_up = self._layout.ready
        self.references = self._layout.references

    def narrowed(self, names: Sequence[str]) -> "FeatureProgram":
        """Return a program that computes the same over the same state and tells only these of its features.

        Raises
        ------
        ValueError
            For a name that is none of this program's.
        """
        missing = [name for name in names if name not in self.names]
        if missing:
            raise ValueError(f"feature {missing[0]!r} is not told by this program, which has {', '.join(self.names)}")
        return FeatureProgram(self._specs, names)

    @property
    def size(self) -> int:
        """Return the number of outputs."""
        return len(self.names)

    def new_state(self, interval_ns: int = 0) -> Floats:
        """Return the state before the first bar: float64, one dimension; its bytes are the whole memory of a series.

        `interval_ns` is the length of the bars, for features of larger ones: told, a larger bar counts as finished with
        the bar that reaches its end, otherwise with the first bar after it. Never earlier.

        Raises
        ------
        ValueError
            When a timeframe is no multiple of `interval_ns`.
        """
        check_clock(self._specs, interval_ns)
        state = self._layout.first.copy()
        frames = self._layout.tracks[self._layout.tracks[:, tracks.PERIOD_NS] > 0]
        state[frames[:, tracks.HEAD] + tracks.CLOCK_NS] = interval_ns
        return state

    def stream(self, state: Floats | None = None) -> "FeatureStream":
        """Return the fastest form for one bar at a time, over `state` (kept and changed in place) or a new one."""
        held = self.new_state() if state is None else self._checked(state)
        return FeatureStream(self._layout, held, self._workers())

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
        way = self._layout
        return bool(
            tracks.step(
                self._workers(),
                way.tracks,
                way.program,
                way.gather,
                state,
                open_ns,
                open,
                high,
                low,
                close,
                volume,
                out,
            )
        )

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
        *,
        references: Floats | None = None,
    ) -> int:
        """Take bars in order; writes `out`, shape (bars, size), and changes `state`; returns how many were not usable.

        `open_ns`, int64, are the opens of the bars in UTC nanoseconds, in rising order. `references`, shape (bars,
        references), are the last closes known with each bar, NaN before the first; without them they are as they were.

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
        if references is None:
            references = np.broadcast_to(state[len(state) - len(self.references) :], (bars, len(self.references)))
        if references.shape != (bars, len(self.references)):
            raise ValueError(f"references must have the shape {(bars, len(self.references))}, had {references.shape}")
        known = np.require(references, dtype=np.float64, requirements=["C", "W"])
        way = self._layout
        bars_in = (o, h, low, c, v)
        self._checked(state)
        alone = 0
        refused = 0
        if bars >= layout.BLOCK:
            alone = 1
            part = state[: way.tracks[0, tracks.STATE_STOP]]
            refused = self._run_blocks(part, stamps, bars_in, out)
        if alone < len(way.tracks):
            program, gather = way.program, way.gather
            refused = int(
                tracks.run(self._workers(), way.tracks, program, gather, state, alone, stamps, bars_in, known, out)
            )
        return refused

    def _run_blocks(self, state: Floats, open_ns: Ints, bars: Bars, out: Floats) -> int:
        """Take many bars through the first track, a block at a time: the same values, sooner."""
        way = self._layout.blocks
        work = np.empty(way.size)
        return int(run_blocks(self._workers(), way.program, way.joints, way.gather, state, work, open_ns, bars, out))

    def _workers(self) -> int:
        """Return the compiled workers that this program calls."""
        return workers(self._with_rare)

    def _checked(self, state: Floats) -> Floats:
        if not _fits(state, self._layout.first.shape):
            raise ValueError(f"state must come from new_state() of this program, float64 {self._layout.first.shape}")
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
    `references` are the last known closes of `FeatureProgram.references`: write each when it becomes known.
    """

    __slots__ = ("_address", "_descriptor", "_layout", "_step", "references", "state", "values")

    def __init__(self, way: Layout, state: Floats, workers: int) -> None:
        self._layout = way
        self._step = tracks.step_entry()
        self.state = state
        self.references = state[len(state) - len(way.references) :]
        self.values = np.full(len(way.ready), np.nan)
        arrays = (way.program, way.gather, state, way.tracks, self.values)
        sizes = (len(way.program), len(way.ready), len(state), len(way.tracks))
        self._descriptor = np.array([*sizes, *(address_of(one) for one in arrays), workers], dtype=np.int64)
        self._address = address_of(self._descriptor)

    def step(self, open_ns: int, open: float, high: float, low: float, close: float, volume: float) -> bool:
        """Take one bar: its open in UTC nanoseconds, prices in quote per base, volume in base units.

        False when the bar was not usable.
        """
        if IS_COMPILED:
            return self._step(self._address, open_ns, open, high, low, close, volume)
        way = self._layout
        return tracks.step(
            0, way.tracks, way.program, way.gather, self.state, open_ns, open, high, low, close, volume, self.values
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
