# SPDX-License-Identifier: Apache-2.0
"""The doors of a venue, opened and tried: its rules learnt, its limits kept, the key looked at."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from bot4.adapters.net.http import HttpClient, HttpSettings
from bot4.adapters.net.tls import verified
from bot4.adapters.net.websocket import dial
from bot4.adapters.venues.binance.account.fee_terms import fee_terms
from bot4.adapters.venues.binance.account.objections import check_key, fault_in
from bot4.adapters.venues.binance.wire.instruments import Listing, limits, listings
from bot4.adapters.venues.binance.wire.replies import CommissionReply, ExchangeInfo
from bot4.adapters.venues.binance.wire.requests import RECV_WINDOW_MS, commission, exchange_info
from bot4.adapters.venues.binance.wire.rest import BinanceRest
from bot4.adapters.venues.binance.wire.socket_door import REPLY_MS, BinanceSocket
from bot4.adapters.venues.binance.wire.two_doors import TwoDoors
from bot4.adapters.venues.kit.allowance import Allowance, Limit, Unit
from bot4.adapters.venues.kit.clock import OFFSET_NS_MAX, ClockOffset
from bot4.adapters.venues.kit.drift import Drift
from bot4.adapters.venues.kit.limiter import Hold, Limiter
from bot4.apps.live.request import LiveRequest
from bot4.domain.errors import BadInput, OutsideFault
from bot4.domain.ports import Clock
from bot4.market.ingest.backoff import Backoff, BackoffPolicy
from bot4.runtime.venue_settings import SOCKET

FIRST_LIMITS: Final = (Limit(Unit.WEIGHT, 60_000, 6_000),)
"""What may be spent until the venue has told its limits."""

REST_S: Final = 5.0
RECV_WINDOW_MS_MAX: Final = 59_999
BAD_SYMBOL: Final = -1121


@dataclass(frozen=True, slots=True)
class Doors:
    """Hold what speaks to a venue, and what it has told of the run's symbols.

    ``orders`` is the door that orders leave through; ``socket`` has to run where it is one;
    ``fees_in_base`` is what the account pays out of purchases, by instrument, in 1 / ``RATE_ONE``.
    """

    rest: BinanceRest
    offset: ClockOffset
    listed: tuple[Listing, ...]
    fees_in_base: tuple[int, ...]
    orders: BinanceRest | TwoDoors
    socket: BinanceSocket | None = None


async def open_doors(request: LiveRequest, clock: Clock, speed: float = 1.0) -> Doors:
    """Learn the venue's rules and limits; with a key, look at what it may do and what it pays.

    ``speed`` is the venue's seconds in one of ours: a request has as long to arrive as far as the venue allows it.

    Raises
    ------
    BadInput
        If the venue does not know a symbol, or the key must not be used.
    OutsideFault
        If it cannot be reached, or refuses.
    """
    window_ms = window_at(speed)
    rest = rest_door(request, clock, ClockOffset(), limiter_of(FIRST_LIMITS), window_ms)
    try:
        info = await rules(rest, request)
    finally:
        await rest.close()
    every = listings(info)
    for symbol in request.venue.symbols:
        every.find(symbol)  # among all of them, so that a near name can be told
    found = listings(info, wanted=request.venue.symbols)
    listed = tuple(found.find(symbol) for symbol in request.venue.symbols)
    offset = ClockOffset(off_ns_max=int(OFFSET_NS_MAX * speed))
    limiter = limiter_of(limits(info.rate_limits))
    rest = rest_door(request, clock, offset, limiter, window_ms)
    if request.signer is None:
        return Doors(rest, offset, listed, (0,) * len(listed), rest)
    async with AsyncExitStack() as opened:
        opened.push_async_callback(rest.close)
        is_real = not request.addresses.is_imagined
        for objection in await check_key(rest, clock=clock, offset=offset, needs_address=is_real):
            raise objection
        fees = tuple([await fee_in_base(rest, one.instrument.symbol) for one in listed])
        opened.pop_all()  # all is well: it stays open
    if request.venue.orders != SOCKET:
        return Doors(rest, offset, listed, fees, rest)
    socket = socket_door(request, clock, rest, offset, limiter, window_ms, speed)
    return Doors(rest, offset, listed, fees, TwoDoors(socket, rest), socket)


def limiter_of(told: Sequence[Limit]) -> Limiter:
    """Return what keeps the limits that a venue has told, of the address and of the account."""
    return Limiter(
        Allowance([one for one in told if one.unit is not Unit.ORDERS]),
        Allowance([one for one in told if one.unit is Unit.ORDERS]),
    )


def rest_door(request: LiveRequest, clock: Clock, offset: ClockOffset, limiter: Limiter, window_ms: int) -> BinanceRest:
    """Return the REST door of a venue."""
    tls = verified() if request.addresses.rest.is_secure else None
    return BinanceRest(
        HttpClient(request.addresses.rest, tls=tls, settings=HttpSettings(total_s=REST_S)),
        clock=clock,
        offset=offset,
        limiter=limiter,
        signer=request.signer,
        drift=Drift(),
        recv_window_ms=window_ms,
    )


def socket_door(
    request: LiveRequest,
    clock: Clock,
    rest: BinanceRest,
    offset: ClockOffset,
    limiter: Limiter,
    window_ms: int,
    speed: float,
) -> BinanceSocket:
    """Return the door of orders over the WebSocket API; it shares clock, limits and key with the REST door."""
    assert request.signer is not None, "an account has a key"
    endpoint = request.addresses.ws_api
    return BinanceSocket(
        partial(dial, endpoint, tls=verified() if endpoint.is_secure else None),
        clock=clock,
        offset=offset,
        limiter=limiter,
        learn_time=rest.learn_time,
        signer=request.signer,
        drift=rest.drift,
        backoff=Backoff(BackoffPolicy(), np.random.default_rng()),
        reply_ms=int(REPLY_MS * speed),
        recv_window_ms=window_ms,
    )


async def rules(rest: BinanceRest, request: LiveRequest) -> ExchangeInfo:
    """Return the rules of the run's symbols; where one is unknown, those of all, so that near names can be told.

    Raises
    ------
    OutsideFault
        If the venue cannot be reached, or refuses.
    """
    told = await rest.ask(exchange_info(request.venue.symbols), "exchangeInfo", ExchangeInfo)
    if not isinstance(told, Hold) and told.error is not None and told.error.code == BAD_SYMBOL:
        told = await rest.ask(exchange_info(), "exchangeInfo", ExchangeInfo)
    fault = fault_in(told, request.addresses.rest.url)
    if fault is not None:
        raise fault
    assert not isinstance(told, Hold), "a hold is a fault"
    if told.value is None:
        raise OutsideFault(
            request.addresses.rest.url, "an empty reply", "a venue's rules", "Check the address.", "drift"
        )
    return told.value


async def fee_in_base(rest: BinanceRest, symbol: str) -> int:
    """Return what the venue takes out of a purchase at the market, 0 where it takes its fee elsewhere.

    Raises
    ------
    BadInput
        If the venue's rates cannot be read.
    """
    told = await rest.ask(commission(symbol), "commission", CommissionReply)
    fault = fault_in(told, f"commission of {symbol}")
    if fault is not None:
        raise fault
    assert not isinstance(told, Hold), "a hold is a fault"
    terms = None if told.value is None else fee_terms(told.value)
    if terms is None:
        raise BadInput(f"commission of {symbol}", "rates that are none", "fractions", "Ask the venue.", "drift")
    return 0 if terms.discount_asset else terms.highest(is_maker=False)


def window_at(speed: float) -> int:
    """Return for how many ms after its time stamp a request may be taken: as many of ours, where a venue allows it."""
    return min(int(RECV_WINDOW_MS * speed), RECV_WINDOW_MS_MAX)
