# SPDX-License-Identifier: Apache-2.0
"""Order flow: features of trades and of quotes, updated by each of them, and the imbalance of a book.

>>> flow = compile_trade_flow(["vpin_50_100", "trade_imbalance_200"])
>>> state = flow.new_state()
>>> refused = flow.run(state, ts_ns, prices, quantities, sides, out)  # doctest: +SKIP
>>> live = flow.stream(state)
>>> live.step(ts_ns, price, quantity, side)  # doctest: +SKIP

The machine is that of the bars with other inputs, so all that holds there holds here: one state, streaming and batch
equal to the bit, NaN until warm, a trade or quote that is not usable gives NaN and changes nothing. Usable is a trade
with a price above zero, a quantity not negative and a side of -1 (sold), 0 (unknown) or 1 (bought, the aggressor's);
a quote with prices and sizes above zero. Whether bid lies below ask is for the market's validation to judge.
"""

from collections.abc import Mapping, Sequence
from typing import Final, final

import numpy as np

from bot4.kernels.catalog import BULK, CATALOG, QUOTE_FLOW, TRADE_FLOW, FeatureInfo
from bot4.kernels.features import FeatureProgram, FeatureStream, parse_kind
from bot4.kernels.indicators.flow import SIDE_SHIFT
from bot4.kernels.jit import Floats, Ints, kernel

_TRADE_KINDS: Final = {info.kind: info for info in TRADE_FLOW}
_QUOTE_KINDS: Final = {info.kind: info for info in QUOTE_FLOW}
_BAR_KINDS: Final = frozenset(info.kind for info in CATALOG + BULK)
_SIDES: Final = (-1.0, 0.0, 1.0)


@final
class TradeFlow:
    """Features of trades, compiled; immutable, each series has its own state."""

    __slots__ = ("names", "program")

    def __init__(self, program: FeatureProgram) -> None:
        self.program = program
        self.names = program.names

    def new_state(self) -> Floats:
        """Return the state before the first trade: float64, one dimension, the whole memory of a series."""
        return self.program.new_state()

    def stream(self, state: Floats | None = None) -> "TradeStream":
        """Return the form for one trade at a time, over `state` (kept and changed in place) or a new one."""
        return TradeStream(self.program.stream(state))

    def run(
        self, state: Floats, ts_ns: Ints, prices: Floats, quantities: Floats, sides: Floats | Ints, out: Floats
    ) -> int:
        """Take trades in order; writes `out`, shape (trades, features); returns how many were not usable.

        Raises
        ------
        ValueError
            When lengths, shapes or types do not fit.
        """
        carried = np.where(np.isin(sides, _SIDES), np.asarray(sides, dtype=np.float64) + SIDE_SHIFT, np.nan)
        return self.program.run(state, ts_ns, prices, prices, carried, prices, quantities, out)


@final
class TradeStream:
    """One series of trades: `step` takes a trade; `values` then holds the features, changed in place."""

    __slots__ = ("_stream", "state", "values")

    def __init__(self, stream: FeatureStream) -> None:
        self._stream = stream
        self.state = stream.state
        self.values = stream.values

    def step(self, ts_ns: int, price: float, quantity: float, side: float) -> bool:
        """Take one trade: UTC nanoseconds, quote per base, base, the aggressor's side; False when it is not usable."""
        carried = side + SIDE_SHIFT if side in _SIDES else 0.0  # nought is what no machine takes
        return self._stream.step(ts_ns, price, price, carried, price, quantity)


@final
class QuoteFlow:
    """Features of best quotes, compiled; immutable, each series has its own state."""

    __slots__ = ("names", "program")

    def __init__(self, program: FeatureProgram) -> None:
        self.program = program
        self.names = program.names

    def new_state(self) -> Floats:
        """Return the state before the first quote: float64, one dimension, the whole memory of a series."""
        return self.program.new_state()

    def stream(self, state: Floats | None = None) -> "QuoteStream":
        """Return the form for one quote at a time, over `state` (kept and changed in place) or a new one."""
        return QuoteStream(self.program.stream(state))

    def run(
        self, state: Floats, ts_ns: Ints, bids: Floats, bid_sizes: Floats, asks: Floats, ask_sizes: Floats, out: Floats
    ) -> int:
        """Take quotes in order; writes `out`, shape (quotes, features); returns how many were not usable.

        Raises
        ------
        ValueError
            When lengths, shapes or types do not fit.
        """
        return self.program.run(state, ts_ns, bids, bid_sizes, ask_sizes, asks, np.zeros(len(bids)), out)


@final
class QuoteStream:
    """One series of quotes: `step` takes a quote; `values` then holds the features, changed in place."""

    __slots__ = ("_stream", "state", "values")

    def __init__(self, stream: FeatureStream) -> None:
        self._stream = stream
        self.state = stream.state
        self.values = stream.values

    def step(self, ts_ns: int, bid: float, bid_size: float, ask: float, ask_size: float) -> bool:
        """Take one quote: UTC nanoseconds, prices in quote per base, sizes in base; False when it is not usable."""
        return self._stream.step(ts_ns, bid, bid_size, ask_size, ask, 0.0)


def flow_of(name: str) -> str:
    """Return what updates the feature of this name: ``"trades"``, ``"quotes"``, or empty for one of bars.

    A kind that bars have too, such as `realized_vol`, means theirs. Whether the numbers fit, compiling it tells.
    """
    kind = name.rstrip("0123456789._")
    if kind in _BAR_KINDS:
        return ""
    return "trades" if kind in _TRADE_KINDS else "quotes" if kind in _QUOTE_KINDS else ""


def compile_trade_flow(names: Sequence[str]) -> TradeFlow:
    """Compile features of trades; the outputs keep the order of `names`.

    Raises
    ------
    ValueError
        For a name that is no feature of trades, with one that would do, and for one given twice.
    """
    return TradeFlow(_program(names, _TRADE_KINDS))


def compile_quote_flow(names: Sequence[str]) -> QuoteFlow:
    """Compile features of quotes; the outputs keep the order of `names`.

    Raises
    ------
    ValueError
        For a name that is no feature of quotes, with one that would do, and for one given twice.
    """
    return QuoteFlow(_program(names, _QUOTE_KINDS))


def _program(names: Sequence[str], kinds: Mapping[str, FeatureInfo]) -> FeatureProgram:
    twice = [name for place, name in enumerate(names) if name in names[:place]]
    if twice:
        raise ValueError(f"feature {twice[0]!r} was named twice")
    return FeatureProgram([parse_kind(name, kinds) for name in names])


@kernel
def book_imbalance(bid_sizes: Floats, ask_sizes: Floats, levels: int) -> float:
    """Return bid less ask size over both, of the first `levels` levels of a book; -1..1.

    Sizes from the best level outwards, shapes (bid levels,) and (ask levels,); fewer levels than asked are taken as
    they are. NaN where there is no size at all. O(levels): a level in the middle may change with any message.
    """
    bid = 0.0
    ask = 0.0
    for i in range(min(levels, bid_sizes.shape[0])):
        bid += bid_sizes[i]
    for i in range(min(levels, ask_sizes.shape[0])):
        ask += ask_sizes[i]
    return (bid - ask) / (bid + ask) if bid + ask > 0.0 else np.nan


@kernel
def book_imbalances(bid_sizes: Floats, ask_sizes: Floats, levels: int, out: Floats) -> None:
    """Do the same for books in order, shapes (books, levels) each and (books,): `book_imbalance` looped."""
    for i in range(out.shape[0]):
        out[i] = book_imbalance(bid_sizes[i], ask_sizes[i], levels)
