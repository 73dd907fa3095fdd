# SPDX-License-Identifier: Apache-2.0
"""What is asked before a market runs: its instruments, and the bars to warm up by."""

from collections.abc import Callable, Sequence

from bot4.adapters.venues.binance.market.followed import Followed
from bot4.adapters.venues.binance.wire.asker import Asker
from bot4.adapters.venues.binance.wire.instruments import Listing, listings
from bot4.adapters.venues.binance.wire.replies import ExchangeInfo
from bot4.adapters.venues.binance.wire.requests import exchange_info
from bot4.domain.errors import BadInput
from bot4.domain.marketdata import Bar
from bot4.market.live.bar_line import UNKNOWN

OnProgress = Callable[[int, int], object]
"""Takes how many bars of how many are there."""


async def listed(asker: Asker, symbols: tuple[str, ...]) -> list[Listing]:
    """Return the listings of some symbols, in their order; where one is unknown, ask for all, to name those near it.

    Raises
    ------
    BadInput
        If the venue does not know a symbol.
    OutsideFault
        As :meth:`Asker.ask`.
    """
    try:
        info = await asker.ask(exchange_info(symbols), "exchangeInfo", ExchangeInfo)
    except BadInput as refusal:
        if refusal.code != "symbol_unknown":
            raise
        every = listings(await asker.ask(exchange_info(), "exchangeInfo", ExchangeInfo))
        for symbol in symbols:
            every.find(symbol)
        raise
    told = listings(info, wanted=symbols)
    return [told.find(symbol) for symbol in symbols]


async def last_bars(followed: Sequence[Followed], end_ns: int, count: int, on_progress: OnProgress) -> list[Bar]:
    """Return the last ``count`` bars of each instrument that open before ``end_ns``, or as many as there are.

    They are ordered by when they were known, then by instrument; each line goes on behind its own.
    """
    total = count * len(followed)
    bars: list[Bar] = []
    for place, one in enumerate(followed):
        next_ns = end_ns - count * one.line.interval_ns
        while next_ns < end_ns:
            page = await one.history.page(next_ns, end_ns)
            if not page:
                break
            if one.line.next_ns == UNKNOWN:
                one.line.begin(int(page[0].open_ns))
            bars += one.line.fill(page)
            next_ns = one.line.next_ns
            on_progress((place + 1) * count - (end_ns - next_ns) // one.line.interval_ns, total)
        if one.line.next_ns == UNKNOWN:
            one.line.begin(end_ns)
    on_progress(total, total)
    bars.sort(key=lambda bar: (int(bar.ts_known_ns), int(bar.instrument)))
    return bars
