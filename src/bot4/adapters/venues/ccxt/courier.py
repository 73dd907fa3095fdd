# SPDX-License-Identifier: Apache-2.0
"""What carries ccxt's requests: its own sessions are never opened, every byte goes through ``adapters.net``.

So what holds for bot4's own dialects holds here: allow-listed hosts, verified TLS, no redirects, no proxy, one send for
one request, and an answer to whether a request that failed may have been heard. ccxt's own errors hold addresses,
signatures and headers; none of them leaves this module, only what they mean.
"""

import json
import re
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from http.client import responses
from math import ceil
from typing import Any, Final, final
from urllib.parse import urlsplit

from bot4.adapters.net.ending import shortened
from bot4.adapters.net.http import HttpClient, HttpReply
from bot4.adapters.venues.ccxt.errors import Rules, classify
from bot4.adapters.venues.kit.allowance import Cost
from bot4.adapters.venues.kit.answers import Answer, Call, Outcome, Remedy, not_sent, unanswered
from bot4.adapters.venues.kit.clock import MS
from bot4.adapters.venues.kit.limiter import Grant, Hold, Limiter, Urgency
from bot4.adapters.venues.kit.secret import MASK
from bot4.domain.ports import Clock

WEIGHT: Final = 100
"""Of the limiter's units make one of ccxt's cost, which has two decimals."""


class Settled(Exception):
    """Carry an answer back through ccxt, which knows no other way to be told no."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.rule)
        self.answer = answer


@dataclass(slots=True)
class Trip:
    """Hold what one question of ours has sent so far, and the last JSON that came back."""

    call: Call
    urgency: Urgency
    left: bool = False
    raw: Any = None
    grants: list[Grant] = field(default_factory=list)


SIGNATURE: Final = re.compile(r"(?i)(?<=signature=)[^&\s\"'<]+")
"""A page between us and the venue may say back what was asked for."""

TRIP: Final[ContextVar[Trip]] = ContextVar("TRIP")
"""The trip that a request of ccxt's belongs to: ccxt hands on nothing of ours, a task's context does."""


@final
class Courier:
    """Carry requests for one ccxt object.

    Parameters
    ----------
    clients : mapping
        From an origin, such as ``https://api.binance.com``, to the client that speaks for it; no other is spoken to.
    limiter : Limiter
        What may still be spent. ccxt says what a request costs; whether it may leave now is said here.
    clock : Clock
        Stamps answers.
    hidden : sequence of str
        What must be seen nowhere: the key and the secret.
    rules : sequence of (words, rule)
        What the venue's words say beyond ccxt's classes.
    """

    __slots__ = ("_clients", "_limiter", "_clock", "_hidden", "_rules", "_exchange", "_errors")

    def __init__(
        self, clients: Mapping[str, HttpClient], *, limiter: Limiter, clock: Clock, hidden: Sequence[str], rules: Rules
    ) -> None:
        self._clients = dict(clients)
        self._limiter = limiter
        self._clock = clock
        self._hidden = tuple(one for one in hidden if one)
        self._rules = rules
        self._exchange: Any = None
        self._errors: type[Exception] = Exception

    def serve(self, exchange: Any, errors: type[Exception]) -> None:
        """Take over what a ccxt object sends, and when.

        Parameters
        ----------
        exchange : Any
            ccxt's object of a venue.
        errors : type of Exception
            The root of ccxt's errors.
        """
        self._exchange, self._errors = exchange, errors
        exchange.fetch = self.fetch
        exchange.throttle = self.throttle

    async def throttle(self, cost: float | None = None) -> None:
        """Let a request leave, or end its trip: nothing waits in a queue where prices grow old.

        Raises
        ------
        Settled
            If the limiter holds it back.
        """
        trip = TRIP.get()
        spent = Cost(ceil(WEIGHT * (cost or 1)), orders=int(trip.call is Call.PLACE))
        grant = self._limiter.ask(self.now_ms(), spent, trip.urgency)
        if isinstance(grant, Hold):
            raise Settled(Answer(Outcome.REJECTED, Remedy.RETRY_LATER, grant.rule, until_ms=grant.until_ms))
        trip.grants.append(grant)

    async def fetch(
        self, url: str, method: str = "GET", headers: Mapping[str, str] | None = None, body: str | None = None
    ) -> Any:
        """Send one request, once, and return its JSON, decimals as texts.

        Raises
        ------
        Settled
            If there is nothing to return: with what that means.
        """
        trip = TRIP.get()
        parts = urlsplit(url)
        client = self._clients.get(f"{parts.scheme}://{parts.netloc}")
        if client is None:
            mend = "Only the hosts of this venue are spoken to; say if ccxt has moved."
            raise Settled(
                Answer(Outcome.REJECTED, Remedy.FATAL, "host", text=parts.netloc[:100], mend=mend, alert=True)
            )
        asked = self._exchange.prepare_request_headers(dict(headers or {}))
        reply = await client.send(
            method, parts.path or "/", query=parts.query, headers=asked, body=(body or "").encode()
        )
        if not isinstance(reply, HttpReply):
            rule = f"network.{reply.kind}"
            trip.left = trip.left or reply.is_sent
            lost = unanswered if reply.is_sent else not_sent_by
            raise Settled(lost(trip.call, rule, at_ms=self.now_ms()))
        trip.left = True
        trip.raw = self._read(trip.call, reply, url, method, asked, body)
        return trip.raw

    def settle(self, trip: Trip, answer: Answer | None) -> None:
        """Count what a trip has spent, and obey what its answer asks for."""
        for grant in trip.grants:
            self._limiter.settle(grant, self.now_ms())
        if answer is not None:
            self._limiter.obey(answer)

    def shown(self, text: str) -> str:
        """Return words on one line, without what must be seen nowhere."""
        for secret in self._hidden:
            text = text.replace(secret, MASK)
        return shortened(SIGNATURE.sub(MASK, text))

    def now_ms(self) -> int:
        """Return the machine's UTC time."""
        return int(self._clock.now_ns()) // MS

    def _read(
        self, call: Call, reply: HttpReply, url: str, method: str, asked: Mapping[str, str], body: str | None
    ) -> Any:
        """Return what a reply says, or raise what it means."""
        text = reply.body.decode(errors="replace").strip()
        value = decoded(text)
        headers = {name.title(): held for name, held in reply.headers.items()}
        reason = responses.get(reply.status, "")
        kinds: tuple[str, ...] = ()
        try:
            self._exchange.handle_errors(reply.status, reason, url, method, headers, text, value, asked, body)
            self._exchange.handle_http_status_code(reply.status, reason, url, method, text)
        except self._errors as error:
            kinds = kinds_of(error)
        if not kinds and 200 <= reply.status < 300:
            if isinstance(value, (dict, list)):
                return value
            raise Settled(unanswered(call, "malformed.reply", at_ms=self.now_ms()))
        raise Settled(
            classify(
                call,
                kinds,
                status=reply.status,
                code=code_of(value),
                text=self.shown(text),
                at_ms=self.now_ms(),
                wait_s=reply.retry_after_s,
                rules=self._rules,
            )
        )


def decoded(text: str) -> Any:
    """Return a JSON text with every fraction as its own text, never as a binary number; None where it is no JSON."""
    try:
        return json.loads(text, parse_float=str)
    except ValueError:
        return None


def code_of(value: Any) -> int:
    """Return the venue's code, 0 where a reply has none that is a whole number."""
    code = value.get("code") if isinstance(value, dict) else None
    try:
        return int(str(code))
    except ValueError:
        return 0


def kinds_of(error: BaseException) -> tuple[str, ...]:
    """Return the names of an error's class and of those above it, narrowest first."""
    return tuple(kind.__name__ for kind in type(error).__mro__)


def not_sent_by(_call: Call, rule: str, *, at_ms: int) -> Answer:
    """Return the meaning of a request of any kind that never left."""
    return not_sent(rule, at_ms=at_ms)
