# SPDX-License-Identifier: Apache-2.0
"""The market of the demonstration: generated bars, months of them as the venue's past, the rest trade by trade.

The edge is planted: see :mod:`bot4.kernels.synthetic`. It is a quick one here, trends of some
twenty minutes, because a demonstration lasts as long as a person is willing to watch.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from bot4.apps.venue_server.background import Print
from bot4.apps.venue_server.listing import Listed, listed
from bot4.apps.venue_server.past import Past, candle
from bot4.kernels.synthetic import SyntheticConfig, SyntheticMarket, generate
from bot4.simulation.exchange.rules import ONE

SYMBOLS: Final = ("SYNAUSDT", "SYNBUSDT", "SYNCUSDT")
"""Coins that nobody can take for real ones."""

INTERVAL: Final = "3m"
INTERVAL_MS: Final = 180_000
DAY_MS: Final = 86_400_000
PAST_DAYS: Final = 95
"""The gate judges no record of less than ninety."""

PAST_BARS: Final = PAST_DAYS * DAY_MS // INTERVAL_MS
BEGAN_MS: Final = 1_577_836_800_000 + PAST_DAYS * DAY_MS + DAY_MS // 4
"""Six in the morning of a day that means nothing: no day turns while it is watched."""

LEG_PRINTS: Final = 3
"""A bar goes from its open to one extreme, to the other and to its close: so many trades for each of the three."""

BAR_PRINTS: Final = 1 + 3 * LEG_PRINTS

PLANTED: Final = (
    "A generated market. Inside its trending regimes every bar drifts the same way, for some twenty minutes: following "
    "the return of the last bars earns money here because it was planted. Outside of them prices have no memory, and "
    "leaps that fall back punish whoever buys a new high. Nothing here says anything about profit on a real market."
)
MODEL: Final = SyntheticConfig(
    interval_s=INTERVAL_MS / 1000,
    first_price=100.0,
    price_step=0.0001,
    volume_mean=20_000.0,
    volume_step=0.01,
    drift=1.5,
    trend_bars=6.0,
    pause_bars=3.0,
    trap_deviations=8.0,
)


@final
class DemoMarket:
    """Hold what the venue lists, shows as its past, and lets happen.

    Parameters
    ----------
    seed : int
        Equal seeds give equal markets; a longer one begins with the shorter.
    following : int
        Bars after the past.
    """

    def __init__(self, seed: int, following: int) -> None:
        self.symbols: tuple[Listed, ...] = tuple(listed(name) for name in SYMBOLS)
        made = [
            columns(one, generate(PAST_BARS + following, seed * len(SYMBOLS) + place, MODEL))
            for place, one in enumerate(self.symbols)
        ]
        self._past = [one[:PAST_BARS] for one in made]
        self._following = [one[PAST_BARS:] for one in made]
        self._is_closed = False

    def past(self) -> tuple[Past, ...]:
        """Return what the venue shows as the past of each symbol."""
        return tuple(past_of(symbol, one) for symbol, one in zip(SYMBOLS, self._past, strict=True))

    def close(self) -> None:
        """Let nothing happen any more."""
        self._is_closed = True

    def prints(self) -> Iterator[Print]:
        """Yield the trades of the bars after the past, until they end or the market is closed."""
        for bar, of_bar in enumerate(zip(*self._following, strict=True)):
            for print_ in prints_of(bar * INTERVAL_MS, of_bar):
                if self._is_closed:
                    return
                yield print_


def columns(one: Listed, market: SyntheticMarket) -> NDArray[np.int64]:
    """Return open, high, low, close and volume, shape (bars, 5), as integers of 1e-8 on the symbol's grid."""
    tick, lot = one.rules.price.tick, one.rules.lot_size.step
    prices = [market.opens, market.highs, market.lows, market.closes]
    rounded = [np.rint(column * ONE / tick).astype(np.int64) * tick for column in prices]
    return np.stack([*rounded, np.rint(market.volumes * ONE / lot).astype(np.int64) * lot], axis=1)


def past_of(symbol: str, bars: NDArray[np.int64]) -> Past:
    """Return bars as the candles of a past that ends where the venue begins."""
    first_ms = BEGAN_MS - len(bars) * INTERVAL_MS
    candles = [
        candle(first_ms + place * INTERVAL_MS, (open_, high, low, close), volume)
        for place, (open_, high, low, close, volume) in enumerate(bars.tolist())
    ]
    return Past(symbol, INTERVAL_MS, tuple(candles))


def prints_of(open_ms: int, bars: Sequence[NDArray[np.int64]]) -> Iterator[Print]:
    """Yield the trades of one bar of each symbol, in the order of their times."""
    ways = [way(one.tolist()) for one in bars]
    for step in range(BAR_PRINTS):
        for symbol, prices, one in zip(SYMBOLS, ways, bars, strict=True):
            is_sale = step > 0 and prices[step] < prices[step - 1]
            at_ms = open_ms + step * (INTERVAL_MS // BAR_PRINTS)
            yield Print(at_ms, symbol, prices[step], int(one[4]) // BAR_PRINTS, is_sale)


def way(bar: Sequence[int]) -> list[int]:
    """Return the prices of a bar's trades in their order; the far extreme from the close comes first."""
    open_, high, low, close = bar[:4]
    turns = [open_, low, high, close] if close >= open_ else [open_, high, low, close]
    prices = [open_]
    for start, end in pairwise(turns):
        prices += [start + (end - start) * step // LEG_PRINTS for step in range(1, LEG_PRINTS + 1)]
    return prices
