# SPDX-License-Identifier: Apache-2.0
"""What can become of a connection or a request other than what was hoped for: a closed list, each a value.

The one question that matters for an order is whether the other side may have
heard it. ``is_sent`` answers it, and says yes whenever that cannot be excluded.
"""

import asyncio
import socket
import ssl
from dataclasses import dataclass
from typing import Final

import httpx
from picows import WSHandshakeError, WSProtocolError

DNS: Final = "dns"
REFUSED: Final = "refused"
RESET: Final = "reset"
TIMEOUT: Final = "timeout"
TLS: Final = "tls"
HANDSHAKE: Final = "handshake"
PROTOCOL: Final = "protocol"
TOO_LARGE: Final = "too_large"
CLOSED: Final = "closed"
HALF_OPEN: Final = "half_open"
REDIRECT: Final = "redirect"
UNREACHABLE: Final = "unreachable"

KINDS: Final = (
    DNS, REFUSED, RESET, TIMEOUT, TLS, HANDSHAKE, PROTOCOL, TOO_LARGE, CLOSED, HALF_OPEN, REDIRECT, UNREACHABLE,
)  # fmt: skip
"""``handshake``: no WebSocket was granted. ``closed``: the other side, or we, said goodbye. ``half_open``: pings are
not answered. ``unreachable``: any other refusal of the operating system."""

DETAIL_MAX: Final = 300
"""Longer words of the other side are cut: they end up in logs."""

NETWORK_ERRORS: Final = (OSError, httpx.TransportError, WSHandshakeError, WSProtocolError, asyncio.IncompleteReadError)
"""What :func:`of_error` makes values of; a timeout is an ``OSError``."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Say what became of it.

    Attributes
    ----------
    kind : str
        One of ``KINDS``.
    detail : str
        For a person; at most ``DETAIL_MAX`` characters of it are the other side's.
    is_sent : bool
        The other side may have heard what was to be sent.
    status : int
        Of an HTTP answer in place of a WebSocket, or a redirect; else 0.
    retry_after_s : float
        How long the other side wants to be left alone; 0 if it did not say.
    close_code : int
        Of a closed WebSocket; 1006 where there was no goodbye, else 0.
    """

    kind: str
    detail: str
    is_sent: bool = False
    status: int = 0
    retry_after_s: float = 0.0
    close_code: int = 0


def of_error(error: BaseException, *, is_sent: bool) -> Ending:
    """Return an error of the network as a value.

    Parameters
    ----------
    error : BaseException
        One of ``NETWORK_ERRORS``.
    is_sent : bool
        Whether the other side may have heard something before it happened.
    """
    causes = chain(error)
    detail = shortened(str(causes[-1]) or type(causes[-1]).__name__)
    if isinstance(error, WSHandshakeError) and error.response is not None:
        status, headers = int(error.response.status), error.response.headers
        kind = REDIRECT if 300 <= status < 400 else HANDSHAKE
        wait = retry_after(headers.get("Retry-After"))
        return Ending(kind, f"answered {status} instead of a WebSocket", is_sent, status, wait)
    return Ending(kind_of(causes), detail, is_sent)


def kind_of(causes: list[BaseException]) -> str:
    """Return the kind of the first error, from the outermost in, that has one."""
    table: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
        (socket.gaierror, DNS),
        (ssl.SSLError, TLS),
        (ConnectionRefusedError, REFUSED),
        ((ConnectionResetError, ConnectionAbortedError, BrokenPipeError, asyncio.IncompleteReadError), RESET),
        ((TimeoutError, httpx.TimeoutException), TIMEOUT),
        ((WSHandshakeError, WSProtocolError, httpx.ProtocolError), PROTOCOL),
        (httpx.DecodingError, PROTOCOL),
        ((httpx.ReadError, httpx.WriteError, httpx.CloseError), RESET),
    )
    for kinds, kind in table[:4]:
        if any(isinstance(cause, kinds) for cause in causes):
            return kind
    for cause in causes:
        if isinstance(cause, httpx.RemoteProtocolError) and "disconnected" in str(cause):
            return RESET
        for kinds, kind in table[4:]:
            if isinstance(cause, kinds):
                return kind
    return UNREACHABLE


def chain(error: BaseException) -> list[BaseException]:
    """Return an error and those that caused it, outermost first."""
    found = [error]
    while (below := found[-1].__cause__ or found[-1].__context__) is not None and below not in found:
        found.append(below)
    return found


def retry_after(text: str | None) -> float:
    """Return the seconds of a Retry-After header; 0 where there are none, or they are no number of them."""
    try:
        seconds = float(text or 0.0)
    except ValueError:
        return 0.0
    return min(max(seconds, 0.0), 30 * 86_400.0) if seconds == seconds else 0.0


def shortened(text: str) -> str:
    """Return the words of the other side on one line, cut."""
    return " ".join(text.split())[:DETAIL_MAX]
