# SPDX-License-Identifier: Apache-2.0
"""Every error of the network has a kind, found wherever in the chain of causes it is."""

import asyncio
import errno
import socket
import ssl

import httpx
import pytest

from bot4.adapters.net.ending import (
    DETAIL_MAX,
    DNS,
    KINDS,
    NETWORK_ERRORS,
    PROTOCOL,
    REFUSED,
    RESET,
    TIMEOUT,
    TLS,
    UNREACHABLE,
    of_error,
)


def caused(outer: Exception, inner: Exception) -> Exception:
    """Return an error that was raised from another."""
    outer.__cause__ = inner
    return outer


CASES: list[tuple[Exception, str]] = [
    (socket.gaierror(-2, "Name or service not known"), DNS),
    (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), REFUSED),
    (ConnectionResetError(errno.ECONNRESET, "reset"), RESET),
    (BrokenPipeError(errno.EPIPE, "pipe"), RESET),
    (asyncio.IncompleteReadError(b"", 5), RESET),
    (TimeoutError(), TIMEOUT),
    (ssl.SSLCertVerificationError("self-signed"), TLS),
    (OSError(errno.ENETUNREACH, "no route"), UNREACHABLE),
    (httpx.ReadTimeout("slow"), TIMEOUT),
    (httpx.ReadError("cut"), RESET),
    (httpx.RemoteProtocolError("Server disconnected without sending a response."), RESET),
    (httpx.RemoteProtocolError("illegal status line"), PROTOCOL),
    (caused(httpx.ConnectError("x"), socket.gaierror(-3, "try again")), DNS),
    (caused(httpx.ConnectError("x"), ssl.SSLError("wrong version")), TLS),
    (caused(httpx.ConnectError("x"), ConnectionRefusedError(111, "refused")), REFUSED),
]


@pytest.mark.parametrize(("error", "kind"), CASES, ids=[f"{kind}-{type(error).__name__}" for error, kind in CASES])
def test_an_error_is_told_by_its_kind(error: Exception, kind: str) -> None:
    """And each is one that the sockets catch."""
    assert isinstance(error, NETWORK_ERRORS)
    outcome = of_error(error, is_sent=True)
    assert (outcome.kind, outcome.is_sent) == (kind, True)
    assert kind in KINDS
    assert outcome.detail


def test_the_words_of_the_other_side_are_cut() -> None:
    """A page of an error is one short line in a log."""
    outcome = of_error(OSError("line\n" * 1_000), is_sent=False)
    assert len(outcome.detail) <= DETAIL_MAX
    assert "\n" not in outcome.detail
