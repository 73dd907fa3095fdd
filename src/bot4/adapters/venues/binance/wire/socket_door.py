# SPDX-License-Identifier: Apache-2.0
"""Binance spot over the WebSocket API: the second door, one socket that is kept open and dialed anew when it breaks.

A request goes out once. What has no reply by its deadline, or was on its way when the socket broke, is of unknown
fate and is told so; what finds no socket has not left. A socket that owes a reply takes no more requests, and the next
one is dialed when nothing is on its way any more. A key pair logs on, so that later requests need no signature of
their own; until then, and with any other key, each request is signed for itself. Nothing is decided here that REST
decides otherwise: limits, clock and meanings are shared.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar, final

from bot4.adapters.net.ending import Ending
from bot4.adapters.net.websocket import Listener, Payload, Wire
from bot4.adapters.venues.binance.wire.replies import VenueError
from bot4.adapters.venues.binance.wire.requests import RECV_WINDOW_MS, Request
from bot4.adapters.venues.binance.wire.rest import Told
from bot4.adapters.venues.binance.wire.ws_api import (
    LOGON,
    Params,
    Pending,
    Replied,
    RequestBook,
    UserEvent,
    entry_params,
    one_off_params,
    session_params,
)
from bot4.adapters.venues.kit.allowance import Cost, Limit
from bot4.adapters.venues.kit.answers import Answer, Outcome, may_send_again, not_sent, unanswered
from bot4.adapters.venues.kit.clock import MS, SECOND, ClockOffset
from bot4.adapters.venues.kit.drift import Drift, Malformed
from bot4.adapters.venues.kit.limiter import Hold, Limiter, Urgency
from bot4.adapters.venues.kit.signing import Signer
from bot4.domain.errors import OurFault
from bot4.domain.ports import Clock
from bot4.market.ingest.backoff import Backoff

SOCKET_HOSTS: Final = ("ws-api.binance.com", "ws-api.testnet.binance.vision", "demo-ws-api.binance.com")
"""Every host that the WebSocket API may be dialed at; loopback is allowed besides, by an app that asks for it."""

REPLY_MS: Final = 10_000
TICK_S: Final = 0.05
ROLLOVER_NS: Final = 23 * 3_600 * SECOND
"""A socket is replaced before the venue cuts it after 24 hours, once nothing is on its way."""

DIALING: Final = Cost(2)
NO_SOCKET: Final = "network.disconnected"
"""Why a request has not left where there is no socket to send it over."""

FAREWELL: Final = b"serverShutdown"

Connect = Callable[[Listener], Coroutine[Any, Any, Wire | Ending]]
"""Dials the venue: :func:`bot4.adapters.net.websocket.dial` with everything but the listener filled in."""

T = TypeVar("T")


@final
class BinanceSocket:
    """Speak the WebSocket API for one account.

    Parameters
    ----------
    connect : callable
        Dials an allowed host.
    clock : Clock
        Its monotonic time stamps requests by way of ``offset``.
    offset, limiter : ClockOffset, Limiter
        Shared with the REST door.
    learn_time : callable
        Asks for the venue's time and says whether it is known now: the REST door's.
    signer : Signer
        Of the account.
    drift : Drift
        Counts what the replies have that the contract has not.
    backoff : Backoff
        When to dial again.
    reply_ms : int
        How long a reply is waited for.
    recv_window_ms : int
        As for the REST door.

    Attributes
    ----------
    opened : int
        Sockets opened so far.
    is_logged_on : bool
        Whether requests need no signature of their own.
    """

    def __init__(
        self,
        connect: Connect,
        *,
        clock: Clock,
        offset: ClockOffset,
        limiter: Limiter,
        learn_time: Callable[[], Awaitable[bool]],
        signer: Signer,
        drift: Drift,
        backoff: Backoff,
        reply_ms: int = REPLY_MS,
        recv_window_ms: int = RECV_WINDOW_MS,
    ) -> None:
        self.opened = 0
        self.is_logged_on = False
        self._connect = connect
        self._clock = clock
        self._offset = offset
        self._limiter = limiter
        self._learn_time = learn_time
        self._signer = signer
        self._drift = drift
        self._backoff = backoff
        self._reply_ms = reply_ms
        self._recv_window_ms = recv_window_ms
        self._book = RequestBook("0", drift)
        self._wire: Wire | None = None
        self._waiting: dict[str, asyncio.Future[tuple[Answer, bytes, dict[Limit, int], VenueError | None]]] = {}
        self._is_leaving = False

    async def run(self) -> None:
        """Keep a socket open until canceled; what breaks one opens the next, later each time."""
        while True:
            if not self._backoff.may_dial(self._now(), 0) or not self._may_dial():
                await asyncio.sleep(TICK_S)
                continue
            wire = await self._connect(self)
            if isinstance(wire, Ending):
                self._backoff.failed(self._now(), int(wire.retry_after_s * SECOND))
                continue
            self._backoff.opened()
            opened_ns = self._now()
            try:
                ended = await self._live(wire, opened_ns)
            finally:
                wire.abort()
                self._lose()
            if not self._is_leaving:
                self._backoff.lost(self._now(), opened_ns, int(ended.retry_after_s * SECOND))

    async def ask(self, request: Request, shape: str, kind: type[T]) -> Told[T] | Hold:
        """Send one request and return what came of it, or until when the limiter holds it back.

        Raises
        ------
        OurFault
            If the WebSocket API has no such request.
        """
        if not request.name:
            raise OurFault(f"{request.path} is asked for by REST alone")
        tries = 0
        while True:
            tries += 1
            if request.signed and self._offset.stamp_ms(self._now()) is None and not await self._learn_time():
                return Told(not_sent("clock_unknown", at_ms=self._venue_ms()))
            told = await self._once(request, shape, kind)
            if isinstance(told, Hold) or not may_send_again(told.answer, tries):
                return told
            self._offset.doubt()
            if not await self._learn_time():
                return told

    def on_message(self, payload: Payload) -> None:
        """Take one frame: called from the socket's callback."""
        read = self._book.read(bytes(payload), self._venue_ms())
        if isinstance(read, Replied):
            self._resolve(read.pending, read.answer, read.result, dict(read.told), read.error)
        elif isinstance(read, UserEvent) and FAREWELL in read.data:
            self._is_leaving = True

    def _may_dial(self) -> bool:
        """Say whether the limiter lets a connection be made, and count it."""
        grant = self._limiter.ask(self._venue_ms(), DIALING, Urgency.PROTECTIVE)
        if isinstance(grant, Hold):
            return False
        self._limiter.settle(grant, self._venue_ms())
        return True

    async def _live(self, wire: Wire, opened_ns: int) -> Ending:
        """Use one socket until it ends, and give up what has had no reply in time."""
        self.opened += 1
        self._book = RequestBook(str(self.opened), self._drift)
        self._is_leaving = False
        self._wire = wire
        ended = asyncio.ensure_future(wire.ended())
        entering = asyncio.ensure_future(self._log_on())
        try:
            while not ended.done():
                await asyncio.wait([ended], timeout=TICK_S)
                for pending, answer in self._book.overdue(self._now() // MS):
                    self._is_leaving = True
                    self._resolve(pending, answer, b"", {})
                if entering.done():
                    entering.result()
                self._is_leaving = self._is_leaving or self._now() - opened_ns > ROLLOVER_NS
                if self._is_leaving and not self._book.outstanding():
                    wire.close()
        finally:
            entering.cancel()
            ended.cancel()
        return ended.result()

    async def _log_on(self) -> None:
        """Let the key speak for the whole session, where it may; refused, each request is signed for itself."""
        if not self._signer.may_log_on:
            return
        if self._offset.stamp_ms(self._now()) is None and not await self._learn_time():
            return
        told = await self._once(LOGON, "logon", dict[str, Any])
        self.is_logged_on = not isinstance(told, Hold) and told.answer.outcome is Outcome.FOUND

    def _lose(self) -> None:
        """Tell what was on its way as of unknown fate."""
        self._wire = None
        self.is_logged_on = False
        for pending, answer in self._book.lost(self._venue_ms()):
            self._resolve(pending, answer, b"", {})

    async def _once(self, request: Request, shape: str, kind: type[T]) -> Told[T] | Hold:
        """Send one request, once."""
        wire, book = self._wire, self._book
        if wire is None or self._is_leaving:
            return Told(not_sent(NO_SOCKET, at_ms=self._venue_ms()))
        grant = self._limiter.ask(self._venue_ms(), request.cost, request.urgency)
        if isinstance(grant, Hold):
            return grant
        now_ms, sent_ms = self._now() // MS, self._venue_ms()  # deadlines must not move with what is learnt of the time
        made = book.send(request, self._params(request), now_ms=now_ms, wait_ms=self._reply_ms, grant=grant)
        if made is None or not wire.send(made[1]):
            if made is not None:
                book.forget(made[0])
            self._limiter.settle(grant, sent_ms)
            return Told(not_sent(NO_SOCKET if made else "too_many_on_their_way", at_ms=sent_ms))
        reply = self._waiting[made[0]] = asyncio.get_running_loop().create_future()
        answer, result, counts, error = await reply
        self._limiter.settle(grant, self._venue_ms(), counts)
        self._limiter.obey(answer)
        if answer.outcome not in (Outcome.ACCEPTED, Outcome.FOUND) or answer.rule:
            return Told(answer, error=error)
        value = self._drift.read(shape, kind, result)
        if isinstance(value, Malformed):
            return Told(unanswered(request.call, f"malformed.{shape}", at_ms=self._venue_ms()))
        return Told(answer, value)

    def _params(self, request: Request) -> Params:
        """Return the parameters of a request as this session sends them."""
        stamp = self._offset.stamp_ms(self._now())
        if request is LOGON:
            assert stamp is not None, "a logon waits for the venue's time"
            return entry_params(stamp, self._signer, self._recv_window_ms)
        assert stamp is not None or not request.signed, "a signed request waits for the venue's time"
        if self.is_logged_on:
            return session_params(request, stamp or 0, self._recv_window_ms)
        return one_off_params(request, stamp or 0, self._signer, self._recv_window_ms)

    def _resolve(
        self,
        pending: Pending,
        answer: Answer,
        result: bytes,
        counts: dict[Limit, int],
        error: VenueError | None = None,
    ) -> None:
        """Hand a request its answer."""
        waiting = self._waiting.pop(pending.request_id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result((answer, result, counts, error))

    def _now(self) -> int:
        """Return the monotonic time."""
        return int(self._clock.monotonic_ns())

    def _venue_ms(self) -> int:
        """Return the venue's time as far as it is known, the machine's before."""
        known = self._offset.server_ns(self._now())
        return (int(self._clock.now_ns()) if known is None else known) // MS
