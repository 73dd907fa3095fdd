# SPDX-License-Identifier: Apache-2.0
"""One session of the WebSocket API: who is logged on, which user events it gets, and its requests one by one.

Requests of the table go to the same handlers as by REST; what belongs to the session is
answered here. No socket: a request in, a reply out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, final

import msgspec

from bot4.apps.venue_server.gate.limits import Window
from bot4.apps.venue_server.gate.signatures import (
    BAD_SIGNATURE,
    Key,
    is_signed_by_pair,
    socket_payload,
)
from bot4.apps.venue_server.methods.asking import Security
from bot4.apps.venue_server.methods.market_methods import ping
from bot4.apps.venue_server.methods.order_shapes import refusal_shape
from bot4.apps.venue_server.methods.table import BY_SOCKET, Method
from bot4.apps.venue_server.streams.subscriptions import is_id
from bot4.apps.venue_server.venue import Claim, Reply, Venue
from bot4.simulation.exchange.refusals import Refusal

SUBSCRIPTIONS_MAX: Final = 1000
SUBSCRIPTION_IDS_MAX: Final = 65_535
PAIR_ONLY: Final = Refusal(-4056, "HMAC SHA256 API key is not supported.")
NOT_LOGGED_ON: Final = Refusal(-2015, "Invalid API-key, IP, or permissions for action.")
ACTIVE: Final = Refusal(-2035, "User Data Stream subscription already active.")
INACTIVE: Final = Refusal(-2036, "User Data Stream subscription not active.")
EXHAUSTED: Final = Refusal(-2042, "Maximum subscription ID reached for this connection.")
BAD_JSON: Final = Refusal(-1135, "Invalid JSON Request")
UNSUPPORTED: Final = Refusal(-1020, "This operation is not supported.")
SESSION_WEIGHT: Final = 2
SIGNED: Final = Method("", "session", Security.READ, SESSION_WEIGHT, ping)
"""What a request about the session itself has to show where it is signed."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """Hold the answer to a request: its id, and the reply of the venue."""

    number: object
    reply: Reply
    wants_limits: bool = True


@final
class ApiSession:
    """Answer the requests of one connection.

    Parameters
    ----------
    venue : Venue
        Who answers.
    address : str
        Of the client.
    now_ms : int
        When it connected.
    """

    def __init__(self, venue: Venue, address: str, now_ms: int) -> None:
        self._venue = venue
        self._address = address
        self._connected_ms = now_ms
        self._since_ms = -1
        self._key: Key | None = None
        self._next_id = 0
        self.accounts: dict[int, str] = {}
        """The account of each live subscription, by its id."""

    def request(self, text: bytes, now_ms: int) -> Exchanged:
        """Answer one request."""
        try:
            asked = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
            number = msgspec.json.decode(asked["id"]) if "id" in asked else None
            method = msgspec.json.decode(asked["method"], type=str)
            sent = {name: text_of_raw(raw) for name, raw in _params(asked).items()}
        except (msgspec.DecodeError, KeyError, UnicodeDecodeError):
            return Exchanged(None, self._reply(BAD_JSON, now_ms))
        if not is_id(number):
            return Exchanged(None, self._reply(BAD_JSON, now_ms))
        claim = Claim(
            sent.get("apiKey"),
            socket_payload(sent),
            sent.get("signature", ""),
            session=None if "apiKey" in sent else self._key,
        )
        wants_limits = sent.get("returnRateLimits", "true") != "false"
        row = BY_SOCKET.get(method)
        if row is not None:
            reply = self._venue.answer(row, sent, claim, address=self._address, now_ms=now_ms)
        else:
            reply = self._own(method, sent, claim, now_ms)
        return Exchanged(number, reply, wants_limits)

    def end_subscription(self, number: int) -> None:
        """End one subscription."""
        self.accounts.pop(number, None)

    def _own(self, name: str, sent: Mapping[str, str], claim: Claim, now_ms: int) -> Reply:
        """Answer what is about the session itself."""
        own: Mapping[str, Callable[[Mapping[str, str], Claim, int], dict[str, object] | Refusal]] = {
            "session.logon": self._log_on,
            "session.status": self._status,
            "session.logout": self._log_out,
            "session.subscriptions": self._subscriptions,
            "userDataStream.subscribe": self._subscribe,
            "userDataStream.subscribe.signature": self._subscribe,
            "userDataStream.unsubscribe": self._unsubscribe,
        }
        limits = self._venue.desk.limits
        blocked = limits.admit(self._address, SESSION_WEIGHT, now_ms)
        if blocked is not None:
            return self._venue.blocked(blocked, self._address, now_ms)
        limits.charge(self._address, SESSION_WEIGHT, now_ms)
        if name not in own:
            return self._reply(UNSUPPORTED, now_ms)
        if name == "userDataStream.subscribe" and self._key is None:
            return self._reply(NOT_LOGGED_ON, now_ms)
        return self._reply(own[name](sent, claim, now_ms), now_ms)

    def _log_on(self, sent: Mapping[str, str], claim: Claim, now_ms: int) -> dict[str, object] | Refusal:
        """Let a key speak for the session from now on; only a pair of keys may."""
        key = self._venue.authenticate(SIGNED, sent, claim, now_ms)
        if isinstance(key, Refusal):
            return key
        if key is None or not is_signed_by_pair(key, claim.payload, claim.signature):
            return PAIR_ONLY if key is not None and key.public is None else BAD_SIGNATURE
        self._key, self._since_ms = key, now_ms
        return self._status(sent, claim, now_ms)

    def _status(self, _sent: Mapping[str, str], _claim: Claim, now_ms: int) -> dict[str, object]:
        """Tell who is logged on."""
        return {
            "apiKey": self._key.name if self._key is not None else None,
            "authorizedSince": self._since_ms if self._key is not None else None,
            "connectedSince": self._connected_ms,
            "returnRateLimits": True,
            "serverTime": now_ms,
            "userDataStream": bool(self.accounts),
        }

    def _log_out(self, sent: Mapping[str, str], claim: Claim, now_ms: int) -> dict[str, object]:
        """Let no key speak for the session any more; subscriptions go on."""
        self._key, self._since_ms = None, -1
        return self._status(sent, claim, now_ms)

    def _subscriptions(self, _sent: Mapping[str, str], _claim: Claim, _now_ms: int) -> dict[str, object]:
        """Tell which subscriptions are live."""
        return {"subscriptions": [{"subscriptionId": number} for number in self.accounts]}

    def _subscribe(self, sent: Mapping[str, str], claim: Claim, now_ms: int) -> dict[str, object] | Refusal:
        """Begin to tell the events of an account: that of the session, or of the key that signs."""
        key = self._key if "signature" not in sent else self._venue.authenticate(SIGNED, sent, claim, now_ms)
        if isinstance(key, Refusal) or key is None:
            return key or NOT_LOGGED_ON
        if key.account in self.accounts.values() or len(self.accounts) >= SUBSCRIPTIONS_MAX:
            return ACTIVE
        if self._next_id >= SUBSCRIPTION_IDS_MAX:
            return EXHAUSTED
        number = self._next_id
        self._next_id += 1
        self.accounts[number] = key.account
        return {"subscriptionId": number}

    def _unsubscribe(self, sent: Mapping[str, str], _claim: Claim, _now_ms: int) -> dict[str, object] | Refusal:
        """End one subscription, or all of them."""
        chosen = sent.get("subscriptionId")
        if chosen is None:
            self.accounts.clear()
            return {}
        if not chosen.isdigit() or int(chosen) not in self.accounts:
            return INACTIVE
        del self.accounts[int(chosen)]
        return {}

    def _reply(self, outcome: dict[str, object] | Refusal, now_ms: int) -> Reply:
        """Return a reply about the session."""
        used = self._venue.desk.limits.used_weight(self._address, now_ms)
        if not isinstance(outcome, Refusal):
            return Reply(200, outcome, used)
        return Reply(401 if outcome == NOT_LOGGED_ON else 400, refusal_shape(outcome), used)


def text_of_raw(raw: msgspec.Raw) -> str:
    """Return a parameter as it is signed: a text as it reads, anything else as it was written."""
    data = bytes(raw)
    return msgspec.json.decode(data, type=str) if data.startswith(b'"') else data.decode()


def limits_shape(reply: Reply, weight: Window, orders: tuple[Window, ...]) -> list[dict[str, object]]:
    """Return what a reply says about limits: the weight used, and the orders counted where it placed some."""
    rows: list[dict[str, object]] = []
    if reply.order_counts is not None:
        counted = zip(orders, reply.order_counts, strict=True)
        rows += [window.shape() | {"count": count} for window, count in counted]
    return [*rows, weight.shape() | {"count": reply.used_weight}]


def _params(asked: Mapping[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
    """Return the parameters of a request."""
    return msgspec.json.decode(asked["params"], type=dict[str, msgspec.Raw]) if "params" in asked else {}
