# SPDX-License-Identifier: Apache-2.0
"""Our own executions page by page: from the last id known to the newest, none twice and none left out.

A full page is no proof that there is more, a short one is proof that there is not. A page that says nothing new
ends the walk all the same, so that a venue that repeats itself cannot hold us for ever.
"""

from collections.abc import Sequence
from typing import final

from bot4.adapters.venues.binance.wire.replies import MyTrade
from bot4.adapters.venues.binance.wire.requests import TRADES_MAX, Request, my_trades


@final
class TradesCursor:
    """Walk through the executions of one symbol.

    Parameters
    ----------
    symbol : str
        The venue's symbol.
    last_id : int
        The highest trade id that is known, -1 for none.
    limit : int
        How many the venue tells in one page, at most 1,000.
    """

    __slots__ = ("symbol", "last_id", "is_done", "_limit")

    def __init__(self, symbol: str, *, last_id: int = -1, limit: int = TRADES_MAX) -> None:
        assert 0 < limit <= TRADES_MAX, "the venue tells at most 1000 executions a page"
        self.symbol = symbol
        self.last_id = last_id
        self.is_done = False
        self._limit = limit

    def request(self) -> Request:
        """Return what to ask next: from the first id that is not known."""
        return my_trades(self.symbol, from_id=self.last_id + 1, limit=self._limit)

    def take(self, page: Sequence[MyTrade]) -> list[MyTrade]:
        """Return what of a page is new, in the order of ids, and go on behind it."""
        by_id = {trade.id: trade for trade in page if trade.id > self.last_id and trade.symbol == self.symbol}
        fresh = [by_id[trade_id] for trade_id in sorted(by_id)]
        self.is_done = len(page) < self._limit or not fresh
        if fresh:
            self.last_id = fresh[-1].id
        return fresh
