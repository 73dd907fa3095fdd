# SPDX-License-Identifier: Apache-2.0
"""What a door has to do to a request or a reply when faults strike: instructions, not actions.

A mishap before the request keeps it from the venue, one after it spoils the reply to
something that was carried out. Doors ask :func:`before` and :func:`after` once a request.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, final

from bot4.apps.venue_server.faults.catalogue import Place
from bot4.apps.venue_server.faults.schedule import Schedule

LATE_S: Final = 15.0
"""How long a delayed reply takes unless told otherwise; a spike takes up to twice that."""
SLOW_BYTES_A_SECOND: Final = 1000
PAGE: Final = b"<html><head><title>Sign in</title></head><body>This network asks you to sign in first.</body></html>"
SERVER_ERRORS: Final = (
    (500, {"code": -1000, "msg": "An unknown error occurred while processing the request."}),
    (502, {"code": -1001, "msg": "Internal error; unable to process your request. Please try again."}),
    (503, {"code": -1000, "msg": "Unknown error, please check your request or try again later."}),
    (
        504,
        {
            "code": -1007,
            "msg": "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
        },
    ),
)
INSTEAD: Final[Mapping[str, tuple[int, Mapping[str, object]]]] = {
    "N14": (401, {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}),
    "R01": (400, {"code": -9999, "msg": "Something that no document tells."}),
    "R02": (403, {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}),
    "R04": (418, {"code": -1003, "msg": "Way too much request weight used; IP banned."}),
    "R05": (429, {"code": -1003, "msg": "Too much request weight used."}),
    "R15": (400, {"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."}),
}
MAINTENANCE: Final = (503, {"code": -1008, "msg": "Request throttled by system-level protection: maintenance."})


@dataclass(frozen=True, slots=True)
class Before:
    """Say what to do before a request is looked at: wait, drop the connection, or answer this instead."""

    wait_s: float = 0.0
    resets: bool = False
    status: int = 0
    body: object = None
    page: bytes = b""
    retry_after_s: int = -1


@dataclass(frozen=True, slots=True)
class After:
    """Say what to do with a reply to something that was carried out."""

    status: int
    body: object
    wait_s: float = 0.0
    resets: bool = False
    cuts: bool = False
    is_silent: bool = False
    is_slow: bool = False
    is_halved: bool = False
    is_twice: bool = False


@final
class Mishaps:
    """Turn strikes of a schedule into instructions.

    Parameters
    ----------
    schedule : Schedule
        What strikes.
    late_s : float
        How long a delayed reply takes.
    """

    def __init__(self, schedule: Schedule, late_s: float = LATE_S) -> None:
        self._late_s = late_s
        self._schedule = schedule
        self._previous: object = None
        self._hides_wait = False

    def before(self) -> Before:
        """Return what to do before a request; of several kinds the first in the catalogue is obeyed."""
        struck = self._schedule.at(Place.BEFORE)
        found = Before()
        for code in reversed(struck):
            found = self._before(code)
        return found

    def after(self, status: int, body: object) -> After:
        """Return what to do with a reply; kinds that do not exclude each other add up."""
        found = After(status, body)
        for code in self._schedule.at(Place.AFTER):
            found = self._after(found, code)
        self._previous = body
        return found

    def _before(self, code: str) -> Before:
        """Return what one kind does before a request."""
        if code == "N05":
            return Before(resets=True)
        if code == "N11":
            return Before(wait_s=2 * self._late_s * self._schedule.latest_draw(code))
        if code == "N13":
            return Before(status=200, page=PAGE)
        if code == "R07":
            status, error = self._server_error(code)
            return Before(status=status, body=error)
        status, told = INSTEAD[code]
        wait_s = {"R04": 120, "R05": 1}.get(code, -1)
        if code == "R05":
            self._hides_wait = not self._hides_wait
            wait_s = -1 if self._hides_wait else wait_s
        return Before(status=status, body=dict(told), retry_after_s=wait_s)

    def _after(self, found: After, code: str) -> After:
        """Return what one kind adds to what was decided already."""
        if code == "R06":
            status, error = self._server_error(code)
            return replace(found, status=status, body=error)
        if code == "R12":
            return found if self._previous is None else replace(found, body=self._previous)
        if code in SPOILERS:
            return replace(found, body=SPOILERS[code](found.body, self._schedule.latest_draw(code)))
        changes: dict[str, After] = {
            "N06": replace(found, resets=True),
            "N07": replace(found, wait_s=self._late_s),
            "N08": replace(found, cuts=True),
            "N09": replace(found, is_silent=True),
            "N12": replace(found, is_slow=True),
            "R08": replace(found, is_halved=True),
            "R11": replace(found, is_twice=True),
        }
        return changes.get(code, found)

    def _server_error(self, code: str) -> tuple[int, object]:
        """Return one of the statuses from 500 on, with its body."""
        status, error = SERVER_ERRORS[int(self._schedule.latest_draw(code) * len(SERVER_ERRORS))]
        return status, dict(error)


def without_a_field(body: object, draw: float) -> object:
    """Return a body that lacks one of its fields."""
    if not isinstance(body, dict) or not body:
        return body
    missing = list(body)[int(draw * len(body))]
    return {name: value for name, value in body.items() if name != missing}


def with_swapped_types(body: object, _draw: float) -> object:
    """Return a body whose numbers are texts and whose decimal texts are numbers."""
    if isinstance(body, dict):
        return {name: with_swapped_types(value, _draw) for name, value in body.items()}
    if isinstance(body, list):
        return [with_swapped_types(value, _draw) for value in body]
    if isinstance(body, int) and not isinstance(body, bool):
        return str(body)
    if isinstance(body, str) and body.replace(".", "", 1).isdigit():
        return float(body)
    return body


def with_unknown_status(body: object, _draw: float) -> object:
    """Return a body whose orders have a status that no document tells."""
    if isinstance(body, dict):
        return {
            name: "FROZEN" if name == "status" else with_unknown_status(value, _draw) for name, value in body.items()
        }
    if isinstance(body, list):
        return [with_unknown_status(value, _draw) for value in body]
    return body


SPOILERS: Final = {"R09": without_a_field, "R10": with_swapped_types, "R14": with_unknown_status}
