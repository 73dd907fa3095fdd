# SPDX-License-Identifier: Apache-2.0
"""The door of the WebSocket API: requests with ids, replies, and user events to the sessions that subscribed."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, final
from urllib.parse import parse_qs, urlsplit

import msgspec
from picows import WSCloseCode, WSTransport, WSUpgradeRequest

from bot4.apps.venue_server.doors.sockets import Conversation
from bot4.apps.venue_server.faults.distortion import UserDistortion
from bot4.apps.venue_server.faults.mishaps import After, Before
from bot4.apps.venue_server.methods.time_units import answer_in_microseconds, event_in_microseconds
from bot4.apps.venue_server.streams.api_session import ApiSession, Exchanged, limits_shape
from bot4.apps.venue_server.streams.life import Pace
from bot4.apps.venue_server.streams.user_events import ended_event, owner_of, user_event
from bot4.apps.venue_server.venue import Reply, Venue
from bot4.simulation.exchange.events import Event

PATH: Final = "/ws-api/v3"
CONNECT_WEIGHT: Final = 2
TOO_MANY: Final = (418, 429)


@final
class ApiDoor:
    """Hold the connections of the WebSocket API.

    Parameters
    ----------
    venue : Venue
        Who answers.
    pace : Pace
        How connections live.
    now_ms, machine_ms : callable
        The venue's time and the machine's.
    """

    def __init__(self, venue: Venue, pace: Pace, *, now_ms: Callable[[], int], machine_ms: Callable[[], int]) -> None:
        self.venue = venue
        self.pace = pace
        self.now_ms = now_ms
        self.machine_ms = machine_ms
        self._open: dict[int, ApiConversation] = {}

    def admit(self, request: WSUpgradeRequest, address: str) -> "ApiConversation | None":
        """Return the conversation for a request to connect, None where its path is not ours."""
        parts = urlsplit(request.path.decode("latin-1"))
        if parts.path.rstrip("/") != PATH:
            return None
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.venue.desk.limits.charge(address, CONNECT_WEIGHT, self.now_ms())
        return ApiConversation(self, query, address)

    def hear(self, events: Sequence[Event], now_ms: int) -> None:
        """Give each session the events of the accounts it subscribed to; those of others are given no shape."""
        by_account: dict[str, list[dict[str, object]]] = {
            account: [] for conversation in self._open.values() for account in conversation.accounts()
        }
        for event in events:
            told = by_account.get(owner_of(event))
            if told is not None:
                told.append(user_event(event))
        if by_account:
            for conversation in list(self._open.values()):
                conversation.tell(by_account, now_ms)

    def beat(self, _now_ms: int) -> None:
        """Look after the connections."""
        machine_ms = self.machine_ms()
        for conversation in list(self._open.values()):
            conversation.beat(machine_ms)

    def shut_down(self, now_ms: int, *, cuts: bool) -> None:
        """Tell every connection to go elsewhere, and cut it where that was asked for."""
        for conversation in list(self._open.values()):
            conversation.send(msgspec.json.encode({"event": {"e": "serverShutdown", "E": now_ms}}))
            if cuts:
                conversation.close(WSCloseCode.GOING_AWAY, b"serverShutdown")

    def join(self, conversation: "ApiConversation") -> None:
        """Remember a connection."""
        self._open[id(conversation)] = conversation

    def forget(self, conversation: "ApiConversation") -> None:
        """Forget a connection that ended."""
        self._open.pop(id(conversation), None)


@final
class ApiConversation(Conversation):
    """Serve one connection of the WebSocket API: requests are limited by weight, only pings and pongs by number."""

    def __init__(self, door: ApiDoor, query: dict[str, str], address: str) -> None:
        super().__init__(door.pace, door.venue.schedule, address=address, now_ms=door.machine_ms(), counts_texts=False)
        self._door = door
        self._session = ApiSession(door.venue, address, door.now_ms())
        self._in_microseconds = query.get("timeUnit", "").upper() == "MICROSECOND"
        self._wants_limits = query.get("returnRateLimits", "true") != "false"
        self._distortions: dict[int, UserDistortion] = {}

    def machine_ms(self) -> int:
        """Return the machine's time."""
        return self._door.machine_ms()

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Begin."""
        super().on_ws_connected(transport)
        self._door.join(self)

    def on_end(self) -> None:
        """Listen no more."""
        self._door.forget(self)

    def on_text(self, text: bytes) -> None:
        """Answer a request, now or after the wait that a fault wants."""
        before = self._door.venue.mishaps.before()
        if before.wait_s:
            asyncio.get_running_loop().call_later(before.wait_s, self._answer, text)
        elif before.resets:
            self.drop()
        elif before.page:
            self.send(before.page)
        elif before.status:
            self._send_reply(self._instead(text, before), After(before.status, before.body))
        else:
            self._answer(text)

    def accounts(self) -> list[str]:
        """Return the accounts that were subscribed to."""
        return list(self._session.accounts.values())

    def tell(self, by_account: dict[str, list[dict[str, object]]], now_ms: int) -> None:
        """Send user events of the accounts that were subscribed to, as faults let them through."""
        for number, account in list(self._session.accounts.items()):
            events = by_account.get(account)
            if not events:
                continue
            distortion = self._distortions.setdefault(number, UserDistortion(self._door.venue.schedule))
            passed = distortion.pass_on(events)
            for event in passed.events:
                self._send_event(number, dict(event))
            if passed.ends:
                self._session.end_subscription(number)
                self._send_event(number, ended_event(now_ms))

    def _answer(self, text: bytes) -> None:
        """Answer a request."""
        if not self.is_open:
            return
        exchanged = self._session.request(text, self._door.now_ms())
        after = self._door.venue.mishaps.after(exchanged.reply.status, exchanged.reply.body)
        if after.wait_s:
            asyncio.get_running_loop().call_later(after.wait_s, self._send_reply, exchanged, after)
        elif after.resets:
            self.drop()
        elif not after.is_silent:
            self._send_reply(exchanged, after)

    def _instead(self, text: bytes, before: Before) -> Exchanged:
        """Return the reply that a fault wants, with the id of the request where it has one."""
        try:
            number = msgspec.json.decode(text, type=dict[str, msgspec.Raw]).get("id", msgspec.Raw(b"null"))
            known: object = msgspec.json.decode(number)
        except msgspec.DecodeError:
            known = None
        now_ms = self._door.now_ms()
        retry_at_ms = now_ms + 1000 * before.retry_after_s if before.retry_after_s >= 0 else -1
        used = self._door.venue.desk.limits.used_weight(self.address, now_ms)
        return Exchanged(known, Reply(before.status, before.body, used, retry_at_ms=retry_at_ms))

    def _send_reply(self, exchanged: Exchanged, after: After) -> None:
        """Send a reply, spoiled as a fault wants it."""
        data = msgspec.json.encode(self._shape(exchanged, after))
        if after.cuts:
            self.send_half(data)
            return
        for _ in range(2 if after.is_twice else 1):
            self.send(data[: len(data) // 2] if after.is_halved else data)

    def _shape(self, exchanged: Exchanged, after: After) -> dict[str, object]:
        """Return a reply in its envelope."""
        shape: dict[str, object] = {"id": exchanged.number, "status": after.status}
        body = answer_in_microseconds(after.body) if self._in_microseconds else after.body
        shape["result" if after.status == 200 else "error"] = body
        reply = exchanged.reply
        if after.status in TOO_MANY and reply.retry_at_ms >= 0 and isinstance(body, dict):
            times = {"serverTime": self._door.now_ms(), "retryAfter": reply.retry_at_ms}
            shape["error"] = {**body, "data": times}
        if exchanged.wants_limits and self._wants_limits:
            figures = self._door.venue.desk.limits.figures
            shape["rateLimits"] = limits_shape(reply, figures.weight, (figures.orders_short, figures.orders_day))
        return shape

    def _send_event(self, number: int, event: dict[str, object]) -> None:
        """Send a user event in its envelope."""
        told = event_in_microseconds(event) if self._in_microseconds else event
        self.send(msgspec.json.encode({"subscriptionId": number, "event": told}))
