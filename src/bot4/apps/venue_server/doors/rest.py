# SPDX-License-Identifier: Apache-2.0
"""The REST door: a request of HTTP becomes a request of the venue, and the venue's reply an answer of HTTP."""

import asyncio
from collections.abc import Callable
from typing import Final, final
from urllib.parse import unquote_plus

import msgspec

from bot4.apps.venue_server.doors.http import HttpAnswer, HttpRequest
from bot4.apps.venue_server.faults.mishaps import SLOW_BYTES_A_SECOND, After, Before
from bot4.apps.venue_server.gate.signatures import is_encoded, rest_payload
from bot4.apps.venue_server.methods.table import BY_REST, PATHS, Method
from bot4.apps.venue_server.methods.time_units import answer_in_microseconds
from bot4.apps.venue_server.venue import Claim, Reply, Venue

JSON: Final = ("content-type", "application/json;charset=UTF-8")
HTML: Final = ("content-type", "text/html")
FORM: Final = "application/x-www-form-urlencoded"
NOT_FOUND: Final = b"<html><body><h2>404 Not found</h2></body></html>"
NOT_ALLOWED: Final = {"code": -1000, "msg": "Request method not supported for this path."}
DUPLICATE: Final = {"code": -1101, "msg": "Duplicate values for a parameter detected."}
SECOND_MS: Final = 1000


@final
class RestDoor:
    """Answer HTTP requests from a venue.

    Parameters
    ----------
    venue : Venue
        Who answers.
    address : str
        What limits call the senders of requests.
    now_ms : callable
        The venue's time.
    """

    def __init__(self, venue: Venue, address: str, now_ms: Callable[[], int]) -> None:
        self._venue = venue
        self._address = address
        self._now_ms = now_ms
        self._stale_depth: dict[str, object] = {}

    async def respond(self, request: HttpRequest) -> HttpAnswer:
        """Answer one request, faults included."""
        path, _, query = request.target.partition("?")
        method = BY_REST.get(f"{request.verb} {path}")
        if method is None:
            return _unknown(path)
        before = self._venue.mishaps.before()
        if before.wait_s:
            await asyncio.sleep(before.wait_s)
        if before.resets or before.status:
            return _instead(before)
        body = request.body.decode("utf-8", "replace") if FORM in request.headers.get("content-type", FORM) else ""
        sent = parse_pairs(query, body)
        if sent is None:
            return HttpAnswer(400, msgspec.json.encode(DUPLICATE), (JSON,))
        payload, signature = rest_payload(query, body)
        claim = Claim(
            request.headers.get("x-mbx-apikey"), payload, unquote_plus(signature), is_encoded=is_encoded(payload)
        )
        now_ms = self._now_ms()
        reply = self._venue.answer(method, sent, claim, address=self._address, now_ms=now_ms)
        told = self._age(method, sent, reply)
        if request.headers.get("x-mbx-time-unit", "").upper() == "MICROSECOND":
            told = answer_in_microseconds(told)
        after = self._venue.mishaps.after(reply.status, told)
        return _answer(after, _headers(reply, now_ms))

    def _age(self, method: Method, sent: dict[str, str], reply: Reply) -> object:
        """Return the body of a reply; of a book, where that fault strikes, the one that was asked for before."""
        if method.socket != "depth" or reply.status != 200:
            return reply.body
        symbol = sent.get("symbol", "")
        older = self._stale_depth.setdefault(symbol, reply.body)
        return older if self._venue.schedule.strikes("W08") else reply.body


def parse_pairs(query: str, body: str) -> dict[str, str] | None:
    """Return the parameters of a request, the query's before the body's, None where one place has a name twice."""
    sent: dict[str, str] = {}
    for text in (query, body):
        own: dict[str, str] = {}
        for pair in text.split("&"):
            name, _, value = pair.partition("=")
            name = unquote_plus(name)
            if name in own:
                return None
            if name:
                own[name] = unquote_plus(value)
        sent = own | sent
    return sent


def _unknown(path: str) -> HttpAnswer:
    """Answer a request for something that is not there."""
    if path in PATHS:
        return HttpAnswer(405, msgspec.json.encode(NOT_ALLOWED), (JSON,))
    return HttpAnswer(404, NOT_FOUND, (HTML,))


def _instead(before: Before) -> HttpAnswer:
    """Answer what a fault wants instead of the venue."""
    if before.page:
        return HttpAnswer(before.status, before.page, (HTML,))
    wait = (("retry-after", str(before.retry_after_s)),) if before.retry_after_s >= 0 else ()
    return HttpAnswer(before.status or 500, msgspec.json.encode(before.body), (JSON, *wait), resets=before.resets)


def _answer(after: After, headers: tuple[tuple[str, str], ...]) -> HttpAnswer:
    """Give a reply its bytes."""
    body = msgspec.json.encode(after.body)
    return HttpAnswer(
        after.status,
        body[: len(body) // 2] if after.is_halved else body,
        headers,
        wait_s=after.wait_s,
        resets=after.resets,
        cuts=after.cuts,
        is_silent=after.is_silent,
        bytes_a_second=SLOW_BYTES_A_SECOND if after.is_slow else 0,
        copies=2 if after.is_twice else 1,
    )


def _headers(reply: Reply, now_ms: int) -> tuple[tuple[str, str], ...]:
    """Return the headers of a reply: what was used, and when to come back."""
    used = str(reply.used_weight)
    headers = [JSON, ("x-mbx-used-weight", used), ("x-mbx-used-weight-1m", used)]
    if reply.order_counts is not None:
        short, day = reply.order_counts
        headers += [("x-mbx-order-count-10s", str(short)), ("x-mbx-order-count-1d", str(day))]
    if reply.retry_at_ms >= 0:
        wait_s = -((now_ms - reply.retry_at_ms) // SECOND_MS)
        headers.append(("retry-after", str(max(1, wait_s))))
    return tuple(headers)
