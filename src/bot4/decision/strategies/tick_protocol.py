# SPDX-License-Identifier: Apache-2.0
"""The strategy that thinks in ticks: asked at every trade, with the quote and the last bar beside it."""

from abc import abstractmethod
from math import nan
from typing import final

from mypy_extensions import i64, mypyc_attr

from bot4.decision.strategies.protocol import Strategy, View
from bot4.domain.marketdata import Features
from bot4.domain.signal import Signal
from bot4.domain.values import Lots, Nanos, Ticks


@final
class TickView:
    """Show a tick strategy what it may know at one trade.

    One view serves a strategy and an instrument for the whole run and changes with
    every trade: read it, do not keep it. Prices are in quote units, quantities in
    base units; the quote is the last one known, the features are those of the last
    bar that was finished before this trade.
    """

    __slots__ = (
        "now",
        "price_ticks",
        "trade_lots",
        "aggressor",
        "bid_ticks",
        "bid_size",
        "ask_ticks",
        "ask_size",
        "held",
        "features",
        "_index",
        "_tick",
        "_lot",
    )

    def __init__(self, index: dict[str, int], tick: float, lot: float) -> None:
        self.now = Nanos(0)
        self.price_ticks: i64 = 0
        self.trade_lots: i64 = 0
        self.aggressor: i64 = 0
        self.bid_ticks: i64 = 0
        self.bid_size: i64 = 0
        self.ask_ticks: i64 = 0
        self.ask_size: i64 = 0
        self.held = 0.0
        self.features: Features | None = None
        self._index = index
        self._tick = tick
        self._lot = lot

    def show_trade(self, now: Nanos, price: Ticks, lots: Lots, side: i64) -> None:
        """Show a trade; it belongs to the stage alone."""
        self.now = now
        self.price_ticks = price
        self.trade_lots = lots
        self.aggressor = side

    def show_quote(self, bid: Ticks, bid_lots: Lots, ask: Ticks, ask_lots: Lots) -> None:
        """Show a quote; it belongs to the stage alone."""
        self.bid_ticks = bid
        self.bid_size = bid_lots
        self.ask_ticks = ask
        self.ask_size = ask_lots

    @property
    def now_ns(self) -> Nanos:
        """When the trade became known: UTC nanoseconds since 1970."""
        return self.now

    @property
    def position(self) -> float:
        """The strategy's own opinion in force, in [-1, 1]."""
        return self.held

    @property
    def price(self) -> float:
        """The trade's price."""
        return float(self.price_ticks) * self._tick

    @property
    def quantity(self) -> float:
        """The trade's quantity."""
        return float(self.trade_lots) * self._lot

    @property
    def side(self) -> int:
        """Who was the aggressor: +1 the buyer, -1 the seller, 0 not told."""
        return int(self.aggressor)

    @property
    def bid(self) -> float:
        """The best bid, NaN before the first quote."""
        return float(self.bid_ticks) * self._tick if self.bid_ticks > 0 else nan

    @property
    def ask(self) -> float:
        """The best ask, NaN before the first quote."""
        return float(self.ask_ticks) * self._tick if self.ask_ticks > 0 else nan

    @property
    def bid_quantity(self) -> float:
        """The quantity at the best bid, 0 before the first quote."""
        return float(self.bid_size) * self._lot

    @property
    def ask_quantity(self) -> float:
        """The quantity at the best ask, 0 before the first quote."""
        return float(self.ask_size) * self._lot

    def __getitem__(self, feature: str) -> float:
        """Return a declared feature of the last finished bar: float64, NaN until it is warm."""
        features = self.features
        return nan if features is None else features.value(self._index[feature])


@mypyc_attr(allow_interpreted_subclasses=True)
class TickStrategy(Strategy):
    """Turn trades of one instrument into signals; bars it is not asked about."""

    @abstractmethod
    def on_tick(self, view: TickView) -> Signal | None:
        """Return a new opinion, or None while the last one stands."""

    def on_bar(self, view: View) -> Signal | None:
        """Say nothing: bars reach a tick strategy as features."""
        return None
