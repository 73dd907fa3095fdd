# SPDX-License-Identifier: Apache-2.0
"""The names of market streams: what ``btcusdt@depth5@100ms`` asks for."""

import re
from dataclasses import dataclass
from typing import Final

from bot4.simulation.exchange.market import INTERVALS

OF_SYMBOL: Final = r"([a-z0-9\-_.]{1,20})@([A-Za-z]+)(5|10|20)?(?:_([0-9]{1,2}[smhdwM]))?"
NAME: Final = re.compile(rf"(?:{OF_SYMBOL}|!([a-zA-Z]+)@arr)(?:@(100ms|1000ms))?")
FAST_MS: Final = 100
SECOND_MS: Final = 1000
PLAIN: Final = ("trade", "aggTrade", "bookTicker", "miniTicker", "ticker", "avgPrice", "referencePrice", "blockTrade")
TICKERS: Final = "miniTickers"


@dataclass(frozen=True, slots=True)
class Stream:
    """Hold what a name asks for; symbol in capitals, empty for all of them."""

    symbol: str
    kind: str
    levels: int = 0
    interval: str = ""
    every_ms: int = 0


def parse_stream(name: str) -> Stream | None:
    """Return what a name asks for, None where it is no stream of this venue."""
    match = NAME.fullmatch(name)
    if match is None:
        return None
    symbol, kind, levels, interval, array, speed = match.groups()
    if array is not None:
        return Stream("", TICKERS) if array == "miniTicker" and speed is None else None
    symbol = symbol.upper()
    if kind == "depth" and interval is None:
        every_ms = FAST_MS if speed == "100ms" else SECOND_MS
        return Stream(symbol, "partial" if levels else "depth", int(levels or 0), every_ms=every_ms)
    if levels is not None or speed is not None:
        return None
    if kind == "kline":
        return Stream(symbol, kind, interval=interval) if interval in INTERVALS else None
    return Stream(symbol, kind) if kind in PLAIN and interval is None else None
