# SPDX-License-Identifier: Apache-2.0
"""What one connection listens to, and the requests by which it says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final
from urllib.parse import parse_qs, urlsplit

import msgspec

STREAMS_MAX: Final = 1024
ID_LENGTH_MAX: Final = 36
METHODS: Final = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")


@dataclass(frozen=True, slots=True)
class Change:
    """Hold the answer to a request, and the streams that were added and left by it."""

    reply: dict[str, object]
    added: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    is_too_many: bool = False


@dataclass(frozen=True, slots=True)
class Path:
    """Hold what the address of a connection asks for."""

    names: tuple[str, ...]
    is_combined: bool
    in_microseconds: bool


def parse_path(target: str) -> Path | None:
    """Return what ``/ws/<a>/<b>`` or ``/stream?streams=<a>/<b>`` asks for, None for any other path."""
    parts = urlsplit(target)
    query = parse_qs(parts.query)
    in_microseconds = query.get("timeUnit", [""])[0].upper() == "MICROSECOND"
    if parts.path == "/stream":
        listed = query.get("streams", [""])[0]
        is_combined = True
    elif parts.path == "/ws" or parts.path.startswith("/ws/"):
        listed = parts.path[len("/ws") :]
        is_combined = False
    else:
        return None
    return Path(tuple(name for name in listed.split("/") if name), is_combined, in_microseconds)


@final
class Subscriptions:
    """Keep the streams of one connection, in the order in which they were asked for."""

    def __init__(self, *, is_combined: bool) -> None:
        self.is_combined = is_combined
        self._names: dict[str, None] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names."""
        return tuple(self._names)

    def add(self, names: Sequence[str]) -> tuple[str, ...]:
        """Add streams and return those that are new."""
        fresh = tuple(dict.fromkeys(name for name in names if name not in self._names))
        self._names.update(dict.fromkeys(fresh))
        return fresh

    def request(self, text: bytes) -> Change:
        """Carry out one request of the client."""
        try:
            asked = msgspec.json.decode(text)
        except msgspec.DecodeError as error:
            return _error(3, f"Invalid JSON: {error}")
        if not isinstance(asked, dict):
            return _error(2, "Invalid request: it must be an object")
        number = asked.get("id")
        if not is_id(number):
            return _error(2, "Invalid request: request ID must be an unsigned integer, a short string or null")
        method, params = asked.get("method"), asked.get("params", [])
        if method not in METHODS:
            known = ", ".join(f"`{name}`" for name in METHODS)
            return _error(2, f"Invalid request: unknown variant `{method}`, expected one of {known}", number)
        if not isinstance(params, list):
            return _error(2, "Invalid request: params must be an array", number)
        if method in ("SET_PROPERTY", "GET_PROPERTY"):
            return self._property(method, params, number)
        if not all(isinstance(name, str) for name in params):
            return _error(2, "Invalid request: stream names must be strings", number)
        if method == "LIST_SUBSCRIPTIONS":
            return Change({"result": list(self._names), "id": number})
        if method == "UNSUBSCRIBE":
            left = tuple(dict.fromkeys(name for name in params if name in self._names))
            for name in left:
                del self._names[name]
            return Change({"result": None, "id": number}, left=left)
        added = self.add(params)
        return Change({"result": None, "id": number}, added, is_too_many=len(self._names) > STREAMS_MAX)

    def _property(self, method: object, params: list[object], number: object) -> Change:
        """Set or tell whether messages carry the name of their stream."""
        if not params or params[0] != "combined":
            return _error(0, "Unknown property", number)
        if method == "GET_PROPERTY":
            return Change({"result": self.is_combined, "id": number})
        value = params[1] if len(params) > 1 else None
        if not isinstance(value, bool):
            return _error(1, "Invalid value type: expected Boolean", number)
        self.is_combined = value
        return Change({"result": None, "id": number})


def is_id(value: object) -> bool:
    """Say whether a value may be the id of a request: a whole number, a short text or null."""
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return value >= 0
    return value is None or (isinstance(value, str) and len(value) <= ID_LENGTH_MAX)


def _error(code: int, message: str, number: object = None) -> Change:
    """Return the answer to a request that cannot be carried out."""
    return Change({"error": {"code": code, "msg": message}, "id": number})
