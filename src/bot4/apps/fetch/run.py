# SPDX-License-Identifier: Apache-2.0
"""Fetch a span of a venue's history into a file: one page asked for, kept on the disk, and only then the next."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bot4.adapters.net.endpoints import LOOPBACK_NAME, allowed
from bot4.adapters.net.http import HttpClient
from bot4.adapters.net.tls import verified
from bot4.adapters.stores.part_files import Columns, Counted, PartFiles
from bot4.adapters.venues.binance.wire.asker import Asker, Stopped, utc_text
from bot4.adapters.venues.binance.wire.instruments import limits
from bot4.adapters.venues.binance.wire.replies import ExchangeInfo, ServerTime
from bot4.adapters.venues.binance.wire.requests import exchange_info, server_time
from bot4.adapters.venues.binance.wire.rest import HOSTS, BinanceRest
from bot4.adapters.venues.kit.allowance import Limit, Unit
from bot4.adapters.venues.kit.clock import ClockOffset
from bot4.adapters.venues.kit.drift import Drift
from bot4.adapters.venues.kit.limiter import limiter_of
from bot4.apps.fetch.pager import BarPager, TradePager
from bot4.apps.fetch.request import BARS, FetchRequest, checked
from bot4.apps.progress import Progress
from bot4.domain.errors import BadInput, OutsideFault
from bot4.runtime.clocks import SystemClock

LOOPBACK: Final = (LOOPBACK_NAME, "127.0.0.1", "::1")
FIRST_LIMITS: Final = (Limit(Unit.WEIGHT, 60_000, 1_200),)
"""What is kept to before the venue has told its own limits: less than any it ever had."""

TRADE_TYPES: Final = {
    "ts": "BIGINT",
    "agg_id": "BIGINT",
    "price": "DECIMAL(28, 8)",
    "quantity": "DECIMAL(28, 8)",
    "buyer_maker": "BOOLEAN",
}
BAR_TYPES: Final = {"ts": "BIGINT"} | dict.fromkeys(("open", "high", "low", "close", "volume"), "DOUBLE")


@dataclass(frozen=True, slots=True)
class Fetched:
    """Hold what a fetch came to.

    Attributes
    ----------
    rows, resumed_rows, pages : int
        In the file, of them from earlier runs, and the pages asked for now.
    counted : Counted or None
        What the whole file has; None where the user stopped it.
    left_out_ms : int or None
        From where on nothing was fetched because it was not finished at the venue.
    """

    rows: int
    resumed_rows: int
    pages: int
    counted: Counted | None
    left_out_ms: int | None


def fetch(request: FetchRequest, progress: Progress, tell: Callable[[str], None]) -> Fetched:
    """Fetch what is asked for, going on with what an earlier run has kept.

    Raises
    ------
    BadInput
        If it cannot be fetched as it was asked for.
    OutsideFault
        If the venue or the disk refuses.
    """
    request = checked(request)
    endpoint = allowed(request.rest, (*HOSTS, *LOOPBACK), place="--rest")
    if endpoint.scheme not in {"http", "https"}:
        raise BadInput("--rest", request.rest, "https://host (http:// on this machine)", "Give the REST address.")
    http = HttpClient(endpoint, tls=verified() if endpoint.is_secure else None)
    with PartFiles(request.out, columns_of(request), request.noted()) as parts:
        return asyncio.run(_fetch(request, http, parts, progress=progress, tell=tell))


def columns_of(request: FetchRequest) -> Columns:
    """Return the columns of the file."""
    if request.what == BARS:
        return Columns(BAR_TYPES, "ts", request.step_ms)
    return Columns(TRADE_TYPES, "agg_id", 1)


async def _fetch(
    request: FetchRequest, http: HttpClient, parts: PartFiles, *, progress: Progress, tell: Callable[[str], None]
) -> Fetched:
    """Ask page by page."""
    resumed, pages, left_out_ms = parts.rows, 0, None
    try:
        asker, now_ms = await _meet(request, http, progress=progress, tell=tell)
        pager = pager_of(request, now_ms, parts.last)
        left_out_ms = pager.left_out_ms
        progress.begin(pager.total, f"{request.symbol}, {request.interval or 'seconds of trades'}")
        progress.advance(pager.done)
        while (wanted := pager.wanted()) is not None:
            parts.append(pager.take(await asker.ask(wanted, pager.shape, pager.kind)))
            pages += 1
            progress.advance(pager.done)
    except Stopped:
        return Fetched(parts.rows, resumed, pages, None, left_out_ms)
    finally:
        progress.end()
        await http.close()
    if parts.rows == 0:
        value = f"no {request.what} of {request.symbol} that are finished"
        span = f"{utc_text(request.begin_ms)} to {utc_text(request.end_ms)}"
        raise BadInput("--from and --to", f"{value}, {span}", "a span with some", "Choose another span.", "empty")
    return Fetched(parts.rows, resumed, pages, parts.finish(), left_out_ms)


async def _meet(
    request: FetchRequest, http: HttpClient, *, progress: Progress, tell: Callable[[str], None]
) -> tuple[Asker, int]:
    """Return who asks within the venue's own limits, and the venue's time; the symbol is known there."""
    clock, offset, drift = SystemClock(), ClockOffset(), Drift()

    def asker(kept: tuple[Limit, ...]) -> tuple[Asker, BinanceRest]:
        """Return who asks within some limits."""
        rest = BinanceRest(http, clock=clock, offset=offset, limiter=limiter_of(kept), signer=None, drift=drift)
        asking = Asker(rest, clock=clock, offset=offset, tell=tell, should_stop=progress.should_stop)
        return asking, rest

    first, _ = asker(FIRST_LIMITS)
    info = await first.ask(exchange_info((request.symbol,)), "exchangeInfo", ExchangeInfo)
    if request.symbol not in {one.symbol for one in info.symbols}:
        raise OutsideFault("the venue", f"no word of {request.symbol}", "its rules", "Look at --rest.", "venue_reply")
    asking, rest = asker(limits(info.rate_limits) or FIRST_LIMITS)
    await rest.learn_time()
    told = await asking.ask(server_time(), "time", ServerTime)
    return asking, told.server_time


def pager_of(request: FetchRequest, now_ms: int, last: int | None) -> BarPager | TradePager:
    """Return who says what to ask for, from behind what is kept."""
    span = (request.begin_ms, request.end_ms)
    if request.what == BARS:
        step = request.step_ms
        return BarPager(request.symbol, request.interval, step_ms=step, span_ms=span, now_ms=now_ms, last_ms=last)
    return TradePager(request.symbol, span_ms=span, now_ms=now_ms, last_id=last)
