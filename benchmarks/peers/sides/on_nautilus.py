# SPDX-License-Identifier: Apache-2.0
"""The works on NautilusTrader: its backtest engine with risk engine, portfolio, cache and a cash account."""

from abc import abstractmethod
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

import numpy as np
from benchmarks import ticks, workload
from benchmarks.peers.sides.serve import Answer, Side, serve
from benchmarks.workload import CASH, LOT_SIZE, LOT_TEXT, MINUTE_NS, SHARE, TICK_SIZE, TICK_TEXT
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import BacktestEngineConfig, LoggingConfig, StrategyConfig
from nautilus_trader.core.data import Data
from nautilus_trader.indicators import ExponentialMovingAverage, Indicator, SimpleMovingAverage
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import Bar, BarType, TradeTick
from nautilus_trader.model.enums import AccountType, AggressorSide, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TradeId, Venue
from nautilus_trader.model.instruments import CurrencyPair
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

VENUE = Venue("SIM")


class Crossing(Strategy):
    """Long while the fast average is above the slow one: what both works share."""

    def __init__(self, fast: Indicator, slow: Indicator, share: float) -> None:
        super().__init__(StrategyConfig())
        self.fast = fast
        self.slow = slow
        self.share = share
        self.orders = 0
        self.long = False
        self.held = False
        self.may_trade = True

    def look(self, price: float) -> None:
        """Enter or leave at the market."""
        if not self.indicators_initialized():
            return
        fast, slow = self.fast.value, self.slow.value
        if fast > slow and not self.long:
            self.long = True
            if not self.may_trade:
                return
            self.held = True
            equity = self.portfolio.account(VENUE).balance_total(USDT).as_double()
            self.trade(OrderSide.BUY, INSTRUMENT.make_qty(equity * self.share / price, round_down=True))
        elif fast < slow and self.long:
            self.long = False
            if not self.held:
                return
            self.held = False
            self.trade(OrderSide.SELL, self.cache.positions_open()[0].quantity)

    def trade(self, side: OrderSide, quantity: Quantity) -> None:
        """Send one order."""
        self.orders += 1
        self.submit_order(self.order_factory.market(INSTRUMENT.id, side, quantity))


class BarCross(Crossing):
    """Look at every bar."""

    def on_start(self) -> None:
        """Ask for the bars, with both averages updated by each."""
        self.register_indicator_for_bars(BAR_TYPE, self.fast)
        self.register_indicator_for_bars(BAR_TYPE, self.slow)
        self.subscribe_bars(BAR_TYPE)

    def on_bar(self, bar: Bar) -> None:
        """Look at one bar."""
        self.look(bar.close.as_double())


class TickCross(Crossing):
    """Look at every trade."""

    trades = 0

    def on_start(self) -> None:
        """Ask for the trades, with both averages updated by each."""
        self.register_indicator_for_trade_ticks(INSTRUMENT.id, self.fast)
        self.register_indicator_for_trade_ticks(INSTRUMENT.id, self.slow)
        self.subscribe_trade_ticks(INSTRUMENT.id)

    def on_trade_tick(self, tick: TradeTick) -> None:
        """Look at one trade."""
        self.trades += 1
        self.may_trade = self.trades > ticks.QUIET
        self.look(tick.price.as_double())


def instrument(fee: float) -> CurrencyPair:
    """Return the one traded pair with its fee."""
    return CurrencyPair(
        instrument_id=InstrumentId(Symbol("BTCUSDT"), VENUE),
        raw_symbol=Symbol("BTCUSDT"),
        base_currency=BTC,
        quote_currency=USDT,
        price_precision=1,
        size_precision=5,
        price_increment=Price.from_str(TICK_TEXT),
        size_increment=Quantity.from_str(LOT_TEXT),
        maker_fee=Decimal(str(fee)),
        taker_fee=Decimal(str(fee)),
        margin_init=Decimal(0),
        margin_maint=Decimal(0),
        ts_event=0,
        ts_init=0,
    )


INSTRUMENT = instrument(workload.FEE)
BAR_TYPE = BarType.from_str(f"{INSTRUMENT.id}-1-MINUTE-LAST-EXTERNAL")


class Trading(Side):
    """Run a strategy through a fresh engine: made and given its data before, measured while it runs."""

    warms_up = False  # nothing is compiled as it runs
    data: list[Data]
    last: float
    fee: float

    @abstractmethod
    def strategy(self) -> Crossing:
        """Return a fresh strategy."""

    def prepare(self) -> None:
        """Start anew."""
        engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
        engine.add_venue(
            venue=VENUE,
            oms_type=OmsType.NETTING,
            account_type=AccountType.CASH,
            base_currency=None,
            starting_balances=[Money(CASH, USDT)],
        )
        engine.add_instrument(instrument(self.fee))
        engine.add_data(self.data)
        self.crossing = self.strategy()
        engine.add_strategy(self.crossing)
        self.engine = engine

    def run(self) -> None:
        """Do the work once."""
        self.engine.run()

    def answer(self) -> Answer:
        """Return what came of the last run."""
        account = self.engine.cache.account_for_venue(VENUE)
        base = account.balance_total(BTC)
        equity = account.balance_total(USDT).as_double() + (base.as_double() if base else 0.0) * self.last
        orders = float(self.crossing.orders)
        self.engine.dispose()
        return {"orders": orders, "final_equity": equity}


class SmaCross(Trading):
    """Cross two averages of closes; an order at the end of a bar fills at its close, which is the next open."""

    fee = workload.FEE

    def __init__(self, folder: Path) -> None:
        with np.load(folder / "bars.npz") as bars:
            columns = [bars[name].tolist() for name in ("open", "high", "low", "close", "volume")]
            known = (bars["open_ns"] + MINUTE_NS).tolist()
        self.last = columns[3][-1]
        self.data = [
            Bar(BAR_TYPE, *(Price(price, 1) for price in prices), Quantity(volume, 5), at, at)
            for *prices, volume, at in zip(*columns, known, strict=True)
        ]

    def strategy(self) -> Crossing:
        """Return a fresh strategy."""
        return BarCross(SimpleMovingAverage(workload.FAST), SimpleMovingAverage(workload.SLOW), SHARE)


class TickEma(Trading):
    """Cross two averages of trade prices, over trades alone: an order fills at the last trade's price."""

    fee = ticks.FEE

    def __init__(self, folder: Path) -> None:
        with np.load(folder / "ticks.npz") as rows:
            traded = rows["what"] == ticks.TRADE
            columns = [rows[name][traded] for name in ("tick", "aggressor", "price", "lots")]
        at = ticks.stamps(columns[0])
        prices, sizes = columns[2] * TICK_SIZE, columns[3] * LOT_SIZE
        self.last = float(prices[-1])
        sides = {1: AggressorSide.BUYER, -1: AggressorSide.SELLER}
        stamped = zip(prices, sizes, columns[1].tolist(), at.tolist(), strict=True)
        self.data = [
            TradeTick(INSTRUMENT.id, Price(price, 1), Quantity(size, 5), sides[side], TradeId(str(k)), ns, ns)
            for k, (price, size, side, ns) in enumerate(stamped)
        ]

    def strategy(self) -> Crossing:
        """Return a fresh strategy."""
        return TickCross(ExponentialMovingAverage(ticks.FAST), ExponentialMovingAverage(ticks.SLOW), SHARE)


if __name__ == "__main__":
    serve(version("nautilus_trader"), {"sma_cross": SmaCross, "tick_ema": TickEma})
