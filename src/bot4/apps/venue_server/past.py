# SPDX-License-Identifier: Apache-2.0
"""The past of a symbol: recorded bars that the venue shows as its klines, moved in time to end where it begins."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from bot4.adapters.stores.history import BarHistory, peek
from bot4.adapters.stores.instruments import instrument_for
from bot4.adapters.stores.paths import group_paths
from bot4.apps.venue_server.gate.amounts import text_of
from bot4.apps.venue_server.listing import Listed
from bot4.domain.errors import BadInput
from bot4.simulation.exchange.rules import ONE, quote_of
from bot4.simulation.exchange.tape import MINUTE_MS, Candle

NS_PER_MS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Past:
    """Hold the candles of one symbol from the oldest on, ``interval_ms`` each; a gap is a gap."""

    symbol: str
    interval_ms: int
    candles: tuple[Candle, ...]

    def ending(self, now_ms: int) -> list[Candle]:
        """Return the candles moved by whole intervals, so that the last one ends at or just before a time."""
        if not self.candles:
            return []
        end_ms = self.candles[-1].open_ms + self.interval_ms
        shift = (now_ms - end_ms) // self.interval_ms * self.interval_ms
        return [replace(one, open_ms=one.open_ms + shift) for one in self.candles]


def candle(open_ms: int, prices: tuple[int, int, int, int], volume: int) -> Candle:
    """Return a candle of the past, its amounts in 1e-8: open, high, low, close and the volume, worth its close."""
    worth = quote_of(prices[3], volume)
    return Candle(open_ms, *prices, volume, worth, 1, 0, 0, -1, -1)


def open_past(paths: Sequence[str], symbols: Sequence[Listed]) -> tuple[Past, ...]:
    """Return the past of every symbol that recorded bars name; a file without a name is of the first one listed.

    Raises
    ------
    BadInput
        If a file cannot be read, names a symbol that is not listed, or has bars shorter than a minute.
    """
    if not paths:
        return ()
    listed = {one.rules.symbol: one.rules for one in symbols}
    first = next(iter(listed))
    found = []
    for symbol, files in group_paths([path if "=" in path else f"{first}={path}" for path in paths], ()).items():
        rules = listed.get(symbol)
        if rules is None:
            raise BadInput("--history", symbol, f"one of {' '.join(listed)}", "Name the symbol in --symbols, too.")
        grid = {"tick_size": text_of(rules.price.tick), "lot_size": text_of(rules.lot_size.step)}
        instrument = instrument_for(symbol, 0, first_price=peek(files).first_price, overrides=grid)
        found.append(past_of(BarHistory(symbol, files, instrument)))
    return tuple(found)


def past_of(history: BarHistory) -> Past:
    """Return the candles of recorded bars.

    Raises
    ------
    BadInput
        If their interval is no whole number of minutes.
    """
    interval_ms = int(history.interval_ns) // NS_PER_MS
    if interval_ms % MINUTE_MS:
        raise BadInput("--history", f"bars of {interval_ms} ms", "bars of whole minutes", "Give longer bars.")
    tick, lot = in_1e8(history.instrument.tick_size), in_1e8(history.instrument.lot_size)
    candles: list[Candle] = []
    for block in history.blocks():
        columns = [column.tolist() for column in block.columns()]
        for opens_ns, *prices, volume in zip(*columns, strict=True):
            of_bar = (prices[0] * tick, prices[1] * tick, prices[2] * tick, prices[3] * tick)
            candles.append(candle(opens_ns // NS_PER_MS, of_bar, volume * lot))
    return Past(history.symbol, interval_ms, tuple(candles))


def in_1e8(step: Decimal) -> int:
    """Return a step in 1e-8."""
    return int(step * ONE)
