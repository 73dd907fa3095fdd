# SPDX-License-Identifier: Apache-2.0
"""Features of order flow in a run over ticks: taken up by every trade and quote, read with each bar built of them.

A bar is handed on when the first trade after its end is known, and its features
are told then: what is told of the flow is what was known at that moment, that trade
included. Of several messages between two bars the last one's values stand, NaN
where it could not be used. The kernel is that of the bars, so all that holds there
holds here.
"""

from collections.abc import Sequence
from typing import final

from librt.strings import BytesWriter
from mypy_extensions import i64

from bot4.domain.event import BAR, QUOTE, TRADE, Event
from bot4.domain.instrument import Instrument
from bot4.domain.marketdata import Bar, Features, Quote, Trade
from bot4.domain.stage import NOTHING, Outbox, Stage
from bot4.domain.values import Nanos
from bot4.insight.features import FeatureStage
from bot4.kernels.orderflow import QuoteFlow, TradeFlow


@final
class FlowLane:
    """Hold the flow of one instrument: its trades' state and its quotes'."""

    __slots__ = ("tick", "lot", "trades", "quotes")

    def __init__(self, trades: TradeFlow, quotes: QuoteFlow, instrument: Instrument) -> None:
        self.tick = instrument.tick
        self.lot = instrument.lot
        self.trades = trades.stream()
        self.quotes = quotes.stream()

    def take_trade(self, trade: Trade) -> bool:
        """Take one trade; False when it is not usable."""
        return self.trades.step(
            int(trade.ts_event_ns), float(trade.price) * self.tick, float(trade.lots) * self.lot, float(trade.side)
        )

    def take_quote(self, quote: Quote) -> bool:
        """Take one quote; False when it is not usable."""
        tick, lot = self.tick, self.lot
        return self.quotes.step(
            int(quote.ts_event_ns),
            float(quote.bid) * tick,
            float(quote.bid_lots) * lot,
            float(quote.ask) * tick,
            float(quote.ask_lots) * lot,
        )

    def row(self) -> bytes:
        """Return the values as they stand: float64, those of trades first."""
        return self.trades.values.tobytes() + self.quotes.values.tobytes()


@final
class FlowFeatures(Stage):
    """Answer every bar with its features and, behind them, those of the trades and quotes so far.

    Parameters
    ----------
    bars : FeatureStage
        The features of bars.
    trades, quotes : TradeFlow, QuoteFlow
        The compiled sets; either may be empty.
    instruments : sequence of Instrument
        In the order of their index.

    Attributes
    ----------
    refused : int
        Trades and quotes that the kernel could not use.
    """

    def __init__(
        self, bars: FeatureStage, trades: TradeFlow, quotes: QuoteFlow, instruments: Sequence[Instrument]
    ) -> None:
        super().__init__((TRADE, QUOTE, BAR))
        self.bars = bars
        self.of_trades = len(trades.names) > 0
        self.of_quotes = len(quotes.names) > 0
        self.lanes = [FlowLane(trades, quotes, one) for one in instruments]
        self.refused: i64 = 0
        self.aside = Outbox(1)

    def handle(self, event: Event, now: Nanos, out: Outbox) -> None:
        """Take up a trade or quote; put the features of a bar."""
        if isinstance(event, Trade):
            if self.of_trades and not self.lanes[event.instrument].take_trade(event):
                self.refused += 1
        elif isinstance(event, Quote):
            if self.of_quotes and not self.lanes[event.instrument].take_quote(event):
                self.refused += 1
        elif isinstance(event, Bar):
            told = self._of_bar(event, now)
            end = told.begin + self.bars.lanes[event.instrument].width
            out.put(Features(event, told.rows[told.begin : end] + self.lanes[event.instrument].row(), 0))

    def _of_bar(self, bar: Bar, now: Nanos) -> Features:
        """Return the features of the bar itself."""
        aside = self.aside
        self.bars.handle(bar, now, aside)
        told = aside.cells[0].event
        aside.cells[0].event = NOTHING
        aside.tail = 0
        assert isinstance(told, Features), "a bar is answered with its features"
        return told

    def write_state(self, out: BytesWriter) -> None:
        """Write the kernel states of each instrument."""
        self.bars.write_state(out)
        for lane in self.lanes:
            out.write(lane.trades.state.tobytes())
            out.write(lane.quotes.state.tobytes())
            out.write(lane.row())
