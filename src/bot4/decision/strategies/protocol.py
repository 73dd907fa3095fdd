# SPDX-License-Identifier: Apache-2.0
"""The strategy: a view in, a signal or nothing out.

A strategy sees the last bar, its declared features and its own opinion so far. It
has no account, no clock and no way to the future: the view ends at now. One
instance serves one instrument, so what it keeps in ``self`` is its memory of that
instrument alone.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import final

import numpy as np
from mypy_extensions import mypyc_attr
from numpy.typing import NDArray

from bot4.domain.marketdata import Bar, Features
from bot4.domain.signal import NEVER, Signal
from bot4.domain.values import Nanos


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class View:
    """Show a strategy what it may know; there is nothing in it that it could change for others.

    The attributes are read-only: strategies that hold nothing share one view of a
    bar, and the bar itself is the engine's.
    """

    __slots__ = ("_features", "_index", "_position", "_tick", "_interval_ns")

    def __init__(
        self, features: Features, index: dict[str, int], *, position: float, tick: float, interval_ns: Nanos
    ) -> None:
        self._features = features
        self._index = index
        self._position = position
        self._tick = tick
        self._interval_ns = interval_ns

    @property
    def position(self) -> float:
        """The strategy's own opinion in force, in [-1, 1]: what its shadow book holds from the next open on."""
        return self._position

    @property
    def close(self) -> float:
        """The bar's close in quote units."""
        return float(self._features.bar.close) * self._tick

    @property
    def now_ns(self) -> Nanos:
        """The end of the bar, when it became known: UTC nanoseconds since 1970."""
        return self._features.ts_known_ns

    @property
    def bar(self) -> Bar:
        """A copy of the bar that just ended, in integer ticks and lots."""
        bar = self._features.bar
        return Bar(
            bar.ts_known_ns,
            bar.instrument,
            bar.open_ns,
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            bar.volume,
        )

    def __getitem__(self, feature: str) -> float:
        """Return a declared feature of this bar: float64, NaN until it is warm."""
        return self._features.value(self._index[feature])

    def after(self, bars: int) -> Nanos:
        """Return the moment that many bars from now, for a signal's expiry; ``NEVER`` where int64 ends before."""
        moment = int(self._features.ts_known_ns) + bars * int(self._interval_ns)
        return Nanos(max(0, min(moment, int(NEVER))))


@final
class Columns:
    """Show of many bars at once what :class:`View` shows of one: arrays of shape (n,), the oldest bar first."""

    __slots__ = ("_values", "_index", "_close", "_now_ns")

    def __init__(
        self,
        values: NDArray[np.float64],
        index: Mapping[str, int],
        *,
        close: NDArray[np.float64],
        now_ns: NDArray[np.int64],
    ) -> None:
        self._values = values
        self._index = index
        self._close = close
        self._now_ns = now_ns

    @property
    def close(self) -> NDArray[np.float64]:
        """The closes in quote units, float64."""
        return self._close

    @property
    def now_ns(self) -> NDArray[np.int64]:
        """The ends of the bars: UTC nanoseconds since 1970."""
        return self._now_ns

    def __getitem__(self, feature: str) -> NDArray[np.float64]:
        """Return a declared feature of every bar: float64, NaN until it is warm."""
        return np.ascontiguousarray(self._values[:, self._index[feature]])


@mypyc_attr(allow_interpreted_subclasses=True)
class Strategy:
    """Turn views of one instrument into signals.

    Attributes
    ----------
    name : str
        Unique in a run; appears in reports and in the journal.
    features : tuple of str
        The features it reads, by the names of ``bot4 features list``.
    """

    name: str
    features: tuple[str, ...]

    @abstractmethod
    def on_bar(self, view: View) -> Signal | None:
        """Return a new opinion, or None while the last one stands."""

    def may_speak(self, columns: Columns, position: float) -> NDArray[np.bool_] | None:
        """Tell for many bars at once after which of them ``on_bar`` may say something, while ``position`` is held.

        A backtest asks, so that bars on which nothing can happen need not be shown.
        It is a promise about ``on_bar``, which still decides: True too often costs
        time, False where it would have spoken, or changed what it remembers, makes
        another run. None, the default, promises nothing: every bar is shown.
        Expiry of an opinion is looked after elsewhere.
        """
        return None

    def state(self) -> tuple[float, ...]:
        """Return what it remembers between bars, for the state hash; empty if nothing."""
        return ()
