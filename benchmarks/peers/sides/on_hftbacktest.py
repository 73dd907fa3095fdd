# SPDX-License-Identifier: Apache-2.0
"""The tick work on hftbacktest: every row of the book and every trade, its queue model, the strategy in numba."""

from importlib.metadata import version
from pathlib import Path

import numpy as np
from benchmarks.peers.sides.serve import Answer, Side, serve
from benchmarks.ticks import CASH, FAST, FEE, LATENCY_NS, QUIET, SHARE, SLOW, TICK_NS, TRADE, stamps
from benchmarks.workload import LOT_SIZE, TICK_SIZE
from hftbacktest import BacktestAsset, HashMapMarketDepthBacktest
from hftbacktest.order import IOC, MARKET
from hftbacktest.types import BUY_EVENT, DEPTH_EVENT, EXCH_EVENT, LOCAL_EVENT, SELL_EVENT, TRADE_EVENT, event_dtype
from numba import njit


@njit(cache=False)
def cross(test, fast_length, slow_length, quiet, step_ns, equity, lot):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Hold long while the fast average of trade prices is above the slow one; return the orders sent."""
    fast_share = 2.0 / (fast_length + 1)
    slow_share = 2.0 / (slow_length + 1)
    fast = slow = 0.0
    trades = orders = 0
    held = 0.0
    long = False
    while test.elapse(step_ns) == 0:
        for trade in test.last_trades(0):
            price = trade.px
            if trades == 0:
                fast = slow = price
            fast += (price - fast) * fast_share
            slow += (price - slow) * slow_share
            trades += 1
            if trades <= slow_length:
                continue
            entering = fast > slow and not long
            leaving = fast < slow and long
            long = (long or entering) and not leaving
            if entering and trades > quiet:
                held = np.floor(equity / price / lot) * lot
                orders += 1
                test.submit_buy_order(0, orders, price, held, IOC, MARKET, False)
            elif leaving and held > 0.0:
                orders += 1
                test.submit_sell_order(0, orders, price, held, IOC, MARKET, False)
                held = 0.0
        test.clear_last_trades(0)
        test.clear_inactive_orders(0)
    return orders


def events(folder: Path) -> np.ndarray:
    """Return all rows in the system's own form."""
    with np.load(folder / "ticks.npz") as rows:
        what, aggressor = rows["what"], rows["aggressor"]
        side = np.where(what == TRADE, aggressor, what)
        kind = np.where(what == TRADE, TRADE_EVENT, DEPTH_EVENT) | EXCH_EVENT | LOCAL_EVENT
        out = np.zeros(len(what), dtype=event_dtype)
        out["ev"] = kind | np.where(side > 0, BUY_EVENT, SELL_EVENT)
        out["exch_ts"] = stamps(rows["tick"])
        out["local_ts"] = out["exch_ts"] + LATENCY_NS
        out["px"] = rows["price"] * TICK_SIZE
        out["qty"] = rows["lots"] * LOT_SIZE
    return out


class TickEma(Side):
    """Cross two averages of trade prices with market orders, over the full book."""

    def __init__(self, folder: Path) -> None:
        self.data = events(folder)
        self.last = float(self.data["px"][-1])

    def prepare(self) -> None:
        """Start anew."""
        asset = (
            BacktestAsset()
            .data([self.data])
            .linear_asset(1.0)
            .constant_order_latency(LATENCY_NS, LATENCY_NS)
            .risk_adverse_queue_model()
            .no_partial_fill_exchange()
            .trading_value_fee_model(FEE, FEE)
            .tick_size(TICK_SIZE)
            .lot_size(LOT_SIZE)
            .last_trades_capacity(64)
        )
        self.test = HashMapMarketDepthBacktest([asset])

    def run(self) -> None:
        """Do the work once."""
        self.orders = cross(self.test, FAST, SLOW, QUIET, TICK_NS, SHARE * CASH, LOT_SIZE)

    def answer(self) -> Answer:
        """Return what came of the last run."""
        values = self.test.state_values(0)
        equity = CASH + values.balance + values.position * self.last - values.fee
        fills = float(values.num_trades)
        self.test.close()
        return {"orders": float(self.orders), "fills": fills, "final_equity": float(equity)}


if __name__ == "__main__":
    serve(version("hftbacktest"), {"tick_ema": TickEma})
