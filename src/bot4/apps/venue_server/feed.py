# SPDX-License-Identifier: Apache-2.0
"""The trades of a recording as the background of the venue: any format that bot4 reads as ticks."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Final

from bot4.adapters.stores.tick_history import MergedTicks, TickHistory
from bot4.apps.tick_session import open_tick_histories, tick_paths
from bot4.apps.venue_server.background import Print
from bot4.apps.venue_server.listing import Listed
from bot4.domain.errors import BadInput
from bot4.domain.event import TRADE
from bot4.domain.marketdata import Trade
from bot4.simulation.exchange.rules import ONE

NS_PER_MS: Final = 1_000_000


def open_feed(path: str, symbols: Sequence[Listed]) -> Iterator[Print]:
    """Return the trades of a recording; a file that does not name its symbol is of the first one listed.

    Raises
    ------
    BadInput
        If the file cannot be read, or holds no trade of a listed symbol.
    """
    names = [one.rules.symbol for one in symbols]
    if not Path(path.partition("=")[2] or path).exists():
        allowed = "synthetic, none, or a file of recorded trades"
        raise BadInput("--feed", f"{path}: no such file", allowed, "Correct the path or the word.", "file_missing")
    histories = open_tick_histories(tick_paths([path if "=" in path else f"{names[0]}={path}"], ()), {})
    prints = prints_of(histories)
    first = next(prints, None)
    if first is None or histories[0].symbol not in names:
        allowed = f"a recording with trades of one of {' '.join(names)}"
        raise BadInput("--feed", path, allowed, "Name its symbol in --symbols, or as SYMBOL=PATH.")
    return chain([first], prints)


def prints_of(histories: Sequence[TickHistory]) -> Iterator[Print]:
    """Yield the trades of recordings in the exchange's order, their times counted from the first."""
    scales = [
        (history.symbol, _in_1e8(history.instrument.tick_size), _in_1e8(history.instrument.lot_size))
        for history in histories
    ]
    began_ms = -1
    for block in MergedTicks(histories).blocks():
        for place in range(len(block)):
            event = block.event(place, block.recorded_ns(place))
            if event.kind != TRADE or not isinstance(event, Trade):
                continue
            at_ms = int(event.ts_event_ns) // NS_PER_MS
            began_ms = at_ms if began_ms < 0 else began_ms
            symbol, tick, lot = scales[int(event.instrument)]
            yield Print(at_ms - began_ms, symbol, int(event.price) * tick, int(event.lots) * lot, event.side < 0)


def _in_1e8(step: Decimal) -> int:
    """Return a step in 1e-8."""
    return int(step * ONE)
