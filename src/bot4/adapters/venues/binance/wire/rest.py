# SPDX-License-Identifier: Apache-2.0
"""Binance spot over REST: one request goes out once, and what came of it comes back as a value.

The thin shell around the pure parts: the limiter gives leave, the clock's offset stamps, the signer signs, the codes
become an :class:`~bot4.adapters.venues.kit.answers.Answer`. Nothing is retried but a refused time stamp, once; hosts,
TLS and redirects are held by :mod:`bot4.adapters.net`. A command whose reply cannot be read is of unknown fate.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar, final

import msgspec

from bot4.adapters.net.ending import Ending
from bot4.adapters.net.http import HttpClient, HttpReply
from bot4.adapters.venues.binance.wire.errors import classify
from bot4.adapters.venues.binance.wire.replies import ServerTime, VenueError
from bot4.adapters.venues.binance.wire.requests import RECV_WINDOW_MS, Request, server_time
from bot4.adapters.venues.kit.allowance import Allowance, Limit, Unit
from bot4.adapters.venues.kit.answers import Answer, may_send_again, not_sent, unanswered
from bot4.adapters.venues.kit.clock import BURST, MS, ClockOffset, ClockSample
from bot4.adapters.venues.kit.drift import Drift, Malformed
from bot4.adapters.venues.kit.limiter import Hold, Limiter
from bot4.adapters.venues.kit.signing import Signer, percent_encoded, signed_query
from bot4.domain.errors import OutsideFault
from bot4.domain.ports import Clock

HOSTS: Final = (
    "api.binance.com", "api-gcp.binance.com", "api1.binance.com", "api2.binance.com", "api3.binance.com",
    "api4.binance.com", "data-api.binance.vision", "testnet.binance.vision", "demo-api.binance.com",
)  # fmt: skip
"""Every host that a request of this dialect may go to; loopback is allowed besides, by an app that asks for it."""

COUNT_HEADER: Final = re.compile(r"x-mbx-(used-weight|order-count)-(\d+)([smhd])")
UNITS: Final = {"used-weight": Unit.WEIGHT, "order-count": Unit.ORDERS}
LETTERS_MS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told(Generic[T]):
    """Hold what came of a request: its meaning, its value after a success, the venue's words after a refusal."""

    answer: Answer
    value: T | None = None
    error: VenueError | None = None


@final
class BinanceRest:
    """Speak REST for one account.

    Parameters
    ----------
    http : HttpClient
        To an allowed host.
    clock : Clock
        Its monotonic time stamps requests by way of ``offset``.
    offset : ClockOffset
        What is known of the venue's clock; shared with the other door.
    limiter : Limiter
        What may still be spent; shared with the other door.
    signer : Signer, optional
        None for public requests alone.
    drift : Drift
        Counts what the replies have that the contract has not.
    recv_window_ms : int
        For how long after its time stamp the venue may take a request; more only where its time runs faster than ours.

    Attributes
    ----------
    drift : Drift
        What replies had that the contract has not.
    """

    __slots__ = ("_http", "_clock", "_offset", "_limiter", "_signer", "drift", "_recv_window_ms")

    def __init__(
        self,
        http: HttpClient,
        *,
        clock: Clock,
        offset: ClockOffset,
        limiter: Limiter,
        signer: Signer | None,
        drift: Drift,
        recv_window_ms: int = RECV_WINDOW_MS,
    ) -> None:
        self._http = http
        self._clock = clock
        self._offset = offset
        self._limiter = limiter
        self._signer = signer
        self.drift = drift
        self._recv_window_ms = recv_window_ms

    @property
    def spenders(self) -> tuple[Allowance, Allowance]:
        """Return what the address and the account have spent."""
        return self._limiter.address, self._limiter.account

    async def ask(self, request: Request, shape: str, kind: type[T]) -> Told[T] | Hold:
        """Send one request and return what came of it, or until when the limiter holds it back.

        Parameters
        ----------
        request : Request
            From :mod:`~bot4.adapters.venues.binance.wire.requests`.
        shape, kind : str, type
            What a success looks like, by name and as a struct.

        Raises
        ------
        OutsideFault
            If a signed request is asked for and no signer was given.
        """
        tries = 0
        while True:
            tries += 1
            if request.signed and self._offset.stamp_ms(self._now()) is None and not await self.learn_time():
                return Told(not_sent("clock_unknown", at_ms=self._venue_ms()))
            told = await self._once(request, shape, kind)
            if isinstance(told, Hold) or not may_send_again(told.answer, tries):
                return told
            self._offset.doubt()
            if not await self.learn_time():
                return told

    async def learn_time(self, samples: int = BURST) -> bool:
        """Ask for the venue's time a few times; say whether it is known now."""
        for _ in range(samples):
            sent_ns = self._now()
            told = await self._once(server_time(), "time", ServerTime)
            if isinstance(told, Hold) or told.value is None:
                break
            self._offset.take(ClockSample(sent_ns, self._now(), told.value.server_time))
        return self._offset.stamp_ms(self._now()) is not None

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def _once(self, request: Request, shape: str, kind: type[T]) -> Told[T] | Hold:
        """Send one request, once."""
        grant = self._limiter.ask(self._venue_ms(), request.cost, request.urgency)
        if isinstance(grant, Hold):
            return grant
        reply = await self._http.send(
            request.method, request.path, query=self._query(request), headers=self._headers(request)
        )
        now_ms = self._venue_ms()
        counted = counts(reply.headers, self._limits()) if isinstance(reply, HttpReply) else None
        self._limiter.settle(grant, now_ms, counted)
        told = self._meaning(request, shape, kind, reply)
        self._limiter.obey(told.answer)
        return told

    def _meaning(self, request: Request, shape: str, kind: type[T], reply: HttpReply | Ending) -> Told[T]:
        """Return what a reply, or its absence, means."""
        now_ms = self._venue_ms()
        if isinstance(reply, Ending):
            rule = f"network.{reply.kind}"
            lost = unanswered(request.call, rule, at_ms=now_ms) if reply.is_sent else not_sent(rule, at_ms=now_ms)
            return Told(lost)
        if 200 <= reply.status < 300:
            value = self.drift.read(shape, kind, reply.body)
            if isinstance(value, Malformed):
                return Told(unanswered(request.call, f"malformed.{shape}", at_ms=now_ms))
            return Told(classify(request.call, reply.status, code=0, text="", at_ms=now_ms), value)
        error = read_error(reply.body)
        answer = classify(
            request.call,
            reply.status,
            code=error.code if error else 0,
            text=error.msg if error else "",
            at_ms=now_ms,
            retry_after_s=int(reply.retry_after_s),
        )
        return Told(answer, error=error)

    def _query(self, request: Request) -> str:
        """Return the query as it is sent: encoded, stamped and signed where that is asked for."""
        if not request.signed:
            return percent_encoded(request.params)
        stamp = self._offset.stamp_ms(self._now())
        assert stamp is not None, "a signed request waits for the venue's time"
        window = (("recvWindow", str(self._recv_window_ms)), ("timestamp", str(stamp)))
        return signed_query((*request.params, *window), self._needed_signer())

    def _headers(self, request: Request) -> dict[str, str]:
        """Return the headers: the key of a signed request."""
        return {"X-MBX-APIKEY": self._needed_signer().api_key} if request.signed else {}

    def _needed_signer(self) -> Signer:
        """Return the signer of an account."""
        if self._signer is None:
            raise OutsideFault(
                "API key", "none", "a key with its secret", "Name the key and the place of its secret.", "no_key"
            )
        return self._signer

    def _limits(self) -> list[Limit]:
        """Return the limits that the limiter keeps."""
        return [gauge.limit for spender in self.spenders for gauge in spender.gauges]

    def _now(self) -> int:
        """Return the monotonic time."""
        return int(self._clock.monotonic_ns())

    def _venue_ms(self) -> int:
        """Return the venue's time as far as it is known, the machine's before."""
        known = self._offset.server_ns(self._now())
        return (int(self._clock.now_ns()) if known is None else known) // MS


def read_error(body: bytes) -> VenueError | None:
    """Return the venue's code and words, None where a body has none: a proxy's page, a cut text."""
    try:
        return msgspec.json.decode(body, type=VenueError)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def counts(headers: Mapping[str, str], limits: list[Limit]) -> dict[Limit, int]:
    """Return the venue's own counts from a reply's headers, of the limits that are kept."""
    kept = {(limit.unit, limit.interval_ms): limit for limit in limits}
    found: dict[Limit, int] = {}
    for name, value in headers.items():
        named = COUNT_HEADER.fullmatch(name.lower())
        if named is None or not value.isdecimal():
            continue
        limit = kept.get((UNITS[named[1]], int(named[2]) * LETTERS_MS[named[3]]))
        if limit is not None:
            found[limit] = int(value)
    return found
