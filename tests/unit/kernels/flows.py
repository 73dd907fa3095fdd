# SPDX-License-Identifier: Apache-2.0
"""Slow, plain references for order flow, and ticks to try them on; no test lives here."""

import gzip
import json
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bot4.kernels.jit import Floats, Ints


class Trades(NamedTuple):
    """Equally long columns of trades."""

    ts_ns: Ints
    prices: Floats
    quantities: Floats
    sides: Floats

    def part(self, first: int, stop: int) -> "Trades":
        """The trades first .. stop - 1."""
        return Trades(*(column[first:stop] for column in self))  # type: ignore[arg-type]


class Quotes(NamedTuple):
    """Equally long columns of best quotes."""

    ts_ns: Ints
    bids: Floats
    bid_sizes: Floats
    asks: Floats
    ask_sizes: Floats

    def part(self, first: int, stop: int) -> "Quotes":
        """The quotes first .. stop - 1."""
        return Quotes(*(column[first:stop] for column in self))  # type: ignore[arg-type]


def made_trades(count: int, seed: int) -> Trades:
    """Trades on a grid of ticks, now and then one as large as fifty others, some of unknown side."""
    chance = np.random.Generator(np.random.PCG64(seed))
    prices = np.maximum(100.0 + 0.5 * np.cumsum(chance.integers(-1, 2, count)), 1.0)
    quantities = chance.integers(1, 20, count) * np.where(chance.random(count) < 0.03, 50.0, 1.0)
    sides = chance.integers(-1, 2, count)
    floats = (np.asarray(one, dtype=np.float64) for one in (prices, quantities, sides))
    return Trades(np.arange(count, dtype=np.int64), *floats)


def made_quotes(count: int, seed: int) -> Quotes:
    """Quotes on a grid of ticks whose sides move together and apart."""
    chance = np.random.Generator(np.random.PCG64(seed))
    bids = 1100.0 + 0.5 * np.cumsum(chance.integers(-1, 2, count))
    asks = bids + 0.5 * chance.integers(1, 4, count)
    sizes = chance.integers(1, 50, (2, count)) * 1.0
    floats = (np.asarray(one, dtype=np.float64) for one in (bids, sizes[0], asks, sizes[1]))
    return Quotes(np.arange(count, dtype=np.int64), *floats)


def recorded_flow(path: Path) -> tuple[Trades, Quotes]:
    """Trades and best quotes of a recording of the venue's messages, each in their order."""
    trades, quotes = [], []
    with gzip.open(path, "rt") as lines:
        for line in lines:
            data = json.loads(line.partition(" ")[2]).get("data", {})
            if data.get("e") == "trade":
                side = -1.0 if data["m"] else 1.0
                trades.append((data["T"] * 1_000_000, float(data["p"]), float(data["q"]), side))
            elif "B" in data and "A" in data:
                sizes = float(data["B"]), float(data["A"])
                quotes.append((data.get("T", 0) * 1_000_000, float(data["b"]), sizes[0], float(data["a"]), sizes[1]))
    t, q = np.array(trades), np.array(quotes)
    return (
        Trades(t[:, 0].astype(np.int64), *(np.ascontiguousarray(t[:, i]) for i in (1, 2, 3))),
        Quotes(q[:, 0].astype(np.int64), *(np.ascontiguousarray(q[:, i]) for i in (1, 2, 3, 4))),
    )


def plain_ofi(quotes: Quotes, window: int) -> list[float]:
    """Cont, Kukanov, Stoikov (2014), equation for e_n, summed over each window."""
    events: list[float] = [math.nan]
    for i in range(1, len(quotes.bids)):
        gain = (quotes.bids[i] >= quotes.bids[i - 1]) * quotes.bid_sizes[i]
        gain -= (quotes.bids[i] <= quotes.bids[i - 1]) * quotes.bid_sizes[i - 1]
        gain -= (quotes.asks[i] <= quotes.asks[i - 1]) * quotes.ask_sizes[i]
        gain += (quotes.asks[i] >= quotes.asks[i - 1]) * quotes.ask_sizes[i - 1]
        events.append(float(gain))
    return [math.fsum(events[i - window + 1 : i + 1]) if i >= window else math.nan for i in range(len(events))]


def plain_vpin(volumes: Floats, shares: Floats, buckets: int, size: float) -> list[float]:
    """Unit by unit: each unit of volume is laid into the open bucket, a full one counts. Volumes are whole."""
    done: list[float] = []
    filled, signed, out = 0, 0.0, []
    now = math.nan
    for volume, share in zip(volumes, shares, strict=True):
        for _ in range(int(volume)):
            filled += 1
            signed += share
            if filled == size:
                done.append(abs(signed))
                filled, signed = 0, 0.0
                if len(done) >= buckets:
                    now = math.fsum(done[-buckets:]) / (buckets * size)
        out.append(now)
    return out


def plain_variation(prices: Floats, window: int) -> tuple[list[float], list[float], list[float]]:
    """Realised deviation, its bipower form and the share of jumps, each from its own window."""
    returns = np.diff(np.log(prices))
    rows: list[tuple[float, float, float]] = []
    for i in range(len(prices)):
        last = np.abs(returns[i - window : i])
        if i < window:
            rows.append((math.nan,) * 3)
            continue
        realized = math.fsum(last**2)
        bipower = 0.5 * math.pi * math.fsum(last[1:] * last[:-1])
        jumps = max(0.0, 1.0 - bipower / realized) if realized > 0 else 0.0
        rows.append((math.sqrt(realized), math.sqrt(bipower), jumps))
    one, two, three = zip(*rows, strict=True)
    return list(one), list(two), list(three)
