# SPDX-License-Identifier: Apache-2.0
"""Binance's WebSocket API: requests and replies over one socket, joined by ids, each with a deadline. No I/O.

Replies come in any order, among wrapped user events. What has no reply by its deadline, or was on its way when the
socket broke, is of unknown fate: it is handed back to be looked up, and a reply that comes after all is told as
late. Ids are counted, never reused within a socket's life.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, final

import msgspec
from msgspec import Raw, Struct

from bot4.adapters.venues.binance.wire.errors import classify
from bot4.adapters.venues.binance.wire.instruments import INTERVALS_MS, UNITS
from bot4.adapters.venues.binance.wire.replies import NOTHING, RateLimit, VenueError
from bot4.adapters.venues.binance.wire.requests import RECV_WINDOW_MS, Pairs, Request
from bot4.adapters.venues.kit.allowance import Cost, Limit
from bot4.adapters.venues.kit.answers import Answer, Call, unanswered
from bot4.adapters.venues.kit.drift import Drift, Malformed
from bot4.adapters.venues.kit.limiter import Grant, Urgency
from bot4.adapters.venues.kit.signing import Signer, signed_params

WHOLE_NUMBERS: Final = ("limit", "orderId", "fromId", "startTime", "endTime")
OUTSTANDING_MAX: Final = 1_000

LOGON: Final = Request("session.logon", "", "", cost=Cost(2), urgency=Urgency.PROTECTIVE)
SUBSCRIBE: Final = Request("userDataStream.subscribe", "", "", cost=Cost(2), urgency=Urgency.PROTECTIVE)
SUBSCRIBE_SIGNED: Final = Request(
    "userDataStream.subscribe.signature", "", "", cost=Cost(2), urgency=Urgency.PROTECTIVE
)
UNSUBSCRIBE: Final = Request("userDataStream.unsubscribe", "", "", cost=Cost(2))

Params = dict[str, Any]


class ErrorData(Struct, frozen=True, rename={"retry_after": "retryAfter"}):
    """When a limit ends, UTC ms."""

    retry_after: int = 0


class SocketReply(Struct, frozen=True, rename={"rate_limits": "rateLimits"}):
    """One reply."""

    UNUSED: ClassVar[tuple[str, ...]] = ()

    id: str | int | None
    status: int
    result: Raw = NOTHING
    error: VenueError | None = None
    rate_limits: list[RateLimit] = []


class Looked(Struct, frozen=True):
    """Enough of a frame to tell a reply from an event."""

    id: Raw = NOTHING
    status: Raw = NOTHING
    event: Raw = NOTHING


@dataclass(frozen=True, slots=True)
class Pending:
    """Hold a request on its way."""

    request_id: str
    request: Request
    sent_ms: int
    deadline_ms: int
    grant: Grant | None = None


@dataclass(frozen=True, slots=True)
class Replied:
    """Hold a reply joined to its request: what it means, and its result's JSON."""

    pending: Pending
    answer: Answer
    result: bytes
    told: Mapping[Limit, int]
    error: VenueError | None = None


@dataclass(frozen=True, slots=True)
class Late:
    """Hold the id of a reply that nothing waits for any more: given up, answered twice, or not ours."""

    request_id: str


@dataclass(frozen=True, slots=True)
class UserEvent:
    """Hold a frame of the user data stream, for its reader."""

    data: bytes


@final
class RequestBook:
    """Know which requests are on their way over one socket.

    Parameters
    ----------
    name : str
        The socket's name: the beginning of its requests' ids.
    drift : Drift
        Counts replies that are not of their shape.
    """

    __slots__ = ("_name", "_drift", "_count", "_open")

    def __init__(self, name: str, drift: Drift) -> None:
        self._name = name
        self._drift = drift
        self._count = 0
        self._open: dict[str, Pending] = {}

    def send(
        self, request: Request, params: Params, *, now_ms: int, wait_ms: int, grant: Grant | None = None
    ) -> tuple[str, bytes] | None:
        """Return a request's id and its frame, to be sent now; None while too many are on their way.

        Parameters
        ----------
        request : Request
            What is asked.
        params : dict
            From :func:`session_params` or :func:`one_off_params`.
        now_ms, wait_ms : int
            The moment, and how long to wait for a reply.
        grant : Grant, optional
            The limiter's leave, to be settled with the reply.
        """
        if len(self._open) >= OUTSTANDING_MAX:
            return None
        self._count += 1
        request_id = f"{self._name}-{self._count}"
        self._open[request_id] = Pending(request_id, request, now_ms, now_ms + wait_ms, grant)
        return request_id, msgspec.json.encode({"id": request_id, "method": request.name, "params": params})

    def read(self, data: bytes, now_ms: int) -> Replied | Late | UserEvent | Malformed:
        """Return what one frame is."""
        try:
            looked = msgspec.json.decode(data, type=Looked)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return self._drift.broke("frame", "no JSON object")
        if looked.event != NOTHING:
            return UserEvent(data)
        reply = self._drift.read("reply", SocketReply, data)
        if isinstance(reply, Malformed):
            return reply
        pending = self._open.pop(str(reply.id), None)
        if pending is None:
            return Late(str(reply.id))
        answer = answer_of(pending.request.call, reply, now_ms)
        return Replied(pending, answer, bytes(reply.result), told(reply), reply.error)

    def forget(self, request_id: str) -> None:
        """Take back a request whose frame did not go out."""
        self._open.pop(request_id, None)

    def overdue(self, now_ms: int) -> list[tuple[Pending, Answer]]:
        """Return what has had no reply by its deadline, and give it up: its fate is unknown."""
        found = [pending for pending in self._open.values() if pending.deadline_ms <= now_ms]
        for pending in found:
            del self._open[pending.request_id]
        return [(pending, unanswered(pending.request.call, "timeout", at_ms=now_ms)) for pending in found]

    def lost(self, now_ms: int) -> list[tuple[Pending, Answer]]:
        """Return everything on its way when the socket broke, and give it up."""
        found = list(self._open.values())
        self._open.clear()
        return [(pending, unanswered(pending.request.call, "disconnected", at_ms=now_ms)) for pending in found]

    def outstanding(self) -> int:
        """Return how many requests are on their way."""
        return len(self._open)


def answer_of(call: Call, reply: SocketReply, now_ms: int) -> Answer:
    """Return what a reply means."""
    error = reply.error
    if error is None:
        return classify(call, reply.status, code=0, text="", at_ms=now_ms)
    data = ErrorData()
    if error.data != NOTHING:
        try:
            data = msgspec.json.decode(error.data, type=ErrorData)
        except msgspec.MsgspecError:
            data = ErrorData()
    return classify(call, reply.status, code=error.code, text=error.msg, at_ms=now_ms, retry_at_ms=data.retry_after)


def told(reply: SocketReply) -> dict[Limit, int]:
    """Return the venue's own counts."""
    return counts(reply.rate_limits)


def counts(rate_limits: Sequence[RateLimit]) -> dict[Limit, int]:
    """Return what was used of each limit, where a reply says so."""
    return {
        Limit(UNITS[each.rate_limit_type], INTERVALS_MS[each.interval] * each.interval_num, each.limit): each.count
        for each in rate_limits
        if each.count >= 0 and each.rate_limit_type in UNITS and each.interval in INTERVALS_MS
    }


def typed(params: Pairs) -> Params:
    """Return parameters as the WebSocket API wants them: whole numbers and lists as such, decimals as texts."""
    found: Params = {}
    for name, value in params:
        if name in WHOLE_NUMBERS:
            found[name] = int(value)
        elif name == "symbols":
            found[name] = msgspec.json.decode(value)
        elif value in ("true", "false"):
            found[name] = value == "true"
        else:
            found[name] = value
    return found


def session_params(request: Request, stamp_ms: int, window_ms: int = RECV_WINDOW_MS) -> Params:
    """Return the parameters of a request in a session that has logged on: a time stamp, and no signature."""
    return {**typed(request.params), **(window(stamp_ms, window_ms) if request.signed else {})}


def one_off_params(request: Request, stamp_ms: int, signer: Signer, window_ms: int = RECV_WINDOW_MS) -> Params:
    """Return the parameters of a request that is signed for itself."""
    params = typed(request.params)
    return signed_params({**params, **window(stamp_ms, window_ms)}, signer) if request.signed else params


def entry_params(stamp_ms: int, signer: Signer, window_ms: int = RECV_WINDOW_MS) -> Params:
    """Return the parameters of a logon, or of a subscription signed for itself; the usual window is not said."""
    told = {"timestamp": stamp_ms} if window_ms == RECV_WINDOW_MS else window(stamp_ms, window_ms)
    return signed_params(told, signer)


def window(stamp_ms: int, window_ms: int) -> Params:
    """Return the time stamp, and how long the venue may honour it."""
    return {"recvWindow": window_ms, "timestamp": stamp_ms}
