# SPDX-License-Identifier: Apache-2.0
"""One subscription to the user data stream: a socket to the WebSocket API, subscribed, and read until it ends."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, final

from bot4.adapters.net.ending import Ending
from bot4.adapters.net.websocket import Listener, Payload, Wire
from bot4.adapters.venues.binance.account.user_data import StreamEnded, UserDataReader, UserNews
from bot4.adapters.venues.binance.wire.requests import RECV_WINDOW_MS
from bot4.adapters.venues.binance.wire.ws_api import SUBSCRIBE_SIGNED, Replied, RequestBook, UserEvent, entry_params
from bot4.adapters.venues.kit.answers import Answer, Outcome
from bot4.adapters.venues.kit.drift import Drift, Malformed
from bot4.adapters.venues.kit.signing import Signer
from bot4.domain.ports import Clock

MS_NS: Final = 1_000_000
S_NS: Final = 1_000_000_000
PARTING_S: Final = 1.0
"""How long a closed socket may take to send what is left."""

Connect = Callable[[Listener], Coroutine[Any, Any, Wire | Ending]]
"""Dials the WebSocket API: :func:`bot4.adapters.net.websocket.dial` with everything but the listener filled in."""


@final
class Subscription(Listener):
    """Hold one live subscription.

    Parameters
    ----------
    number : int
        Which of this session, from 1: part of its requests' ids.
    take : callable
        Takes everything that the stream says, in order.
    reader : UserDataReader
        Reads it.
    clock : Clock
        Stamps it.

    Attributes
    ----------
    ended : str
        Why it is over; empty while it lives.
    opened_ns, heard_ns : int
        When it was subscribed, and when anything came last, by the monotonic clock.
    hold_ns : int
        For how long the venue said not to come back.
    """

    def __init__(self, number: int, *, take: Callable[[UserNews], None], reader: UserDataReader, clock: Clock) -> None:
        self.ended = ""
        self.opened_ns = self.heard_ns = int(clock.monotonic_ns())
        self.hold_ns = 0
        self._take = take
        self._reader = reader
        self._clock = clock
        self._book = RequestBook(f"user{number}", Drift())
        self._wire: Wire | None = None
        self._replied: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._over = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None

    async def open(
        self, connect: Connect, signer: Signer, stamp_ms: int, wait_s: float, window_ms: int = RECV_WINDOW_MS
    ) -> Answer | str:
        """Connect and subscribe; return the venue's answer, or in words why there is none."""
        wire = await connect(self)
        if isinstance(wire, Ending):
            self.hold_ns = int(wire.retry_after_s * S_NS)
            return self.end(f"not connected: {wire.kind}")
        self._wire = wire
        self._watching = asyncio.get_running_loop().create_task(self._watch(wire))
        params = entry_params(stamp_ms, signer, window_ms)
        asked = self._book.send(SUBSCRIBE_SIGNED, params, now_ms=self._now_ms(), wait_ms=int(wait_s * 1e3))
        assert asked is not None, "the first request of a socket has room"
        if not wire.send(asked[1]):
            return self.end("the connection was lost before it was subscribed")
        over = asyncio.get_running_loop().create_task(self._over.wait())
        await asyncio.wait((self._replied, over), timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        answer = self._replied.result() if self._replied.done() else None
        if answer is None:
            return self.end("no answer to the subscription")
        if answer.outcome is not Outcome.FOUND:
            self.end(answer.rule)
        self.opened_ns = self.heard_ns = int(self._clock.monotonic_ns())
        return answer

    def on_message(self, payload: Payload) -> None:
        """Take one frame, from the socket's own callback."""
        if self.ended:
            return
        self.heard_ns = int(self._clock.monotonic_ns())
        data = bytes(payload)
        read = self._book.read(data, self._now_ms())
        if isinstance(read, UserEvent):
            news = self._reader.read(read.data, self._clock.now_ns())
            self._take(news)
            if isinstance(news, StreamEnded):
                self.end("the venue ended the subscription")
        elif isinstance(read, Replied | Malformed) and not self._replied.done():
            self._replied.set_result(read.answer if isinstance(read, Replied) else None)

    def end(self, why: str) -> str:
        """End it for a reason, which is returned; ended already, nothing changes."""
        if not self.ended:
            self.ended = why
            self._over.set()
            if self._wire is not None:
                self._wire.close()
                asyncio.get_running_loop().call_later(PARTING_S, self._wire.abort)
        return self.ended

    @property
    def is_gone(self) -> bool:
        """Tell whether it is over and its socket closed."""
        return bool(self.ended) and (self._watching is None or self._watching.done())

    async def gone(self) -> None:
        """Close at once, and wait until the socket is."""
        self.end("closed")
        if self._wire is not None and self._watching is not None:
            self._wire.abort()
            await asyncio.wait((self._watching,), timeout=PARTING_S)

    async def over(self, timeout_s: float) -> None:
        """Wait until it is over, or for so long; raises what a listener of ours raised."""
        if not self.ended:
            over = asyncio.get_running_loop().create_task(self._over.wait())
            await asyncio.wait((over,), timeout=timeout_s)
            over.cancel()
        if self._watching is not None and self._watching.done() and not self._watching.cancelled():
            self._watching.result()

    async def _watch(self, wire: Wire) -> None:
        """Wait for the socket's end."""
        try:
            ending = await wire.ended()
            self.end(f"the connection was lost: {ending.kind}")
        finally:
            self._over.set()

    def _now_ms(self) -> int:
        """Return the time by which replies are waited for."""
        return int(self._clock.monotonic_ns()) // MS_NS
