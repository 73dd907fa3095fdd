# SPDX-License-Identifier: Apache-2.0
"""HTTP requests to one endpoint: an answer, or what became of the try; one request is sent once.

No retry, no redirect, no proxy or password from the environment, a bound on time
and on size. Whether a request that failed may have been heard is part of the
answer: only what never left is safe to send again.
"""

import asyncio
import logging
import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

import httpx

from bot4.adapters.net.ending import NETWORK_ERRORS, PROTOCOL, REDIRECT, TOO_LARGE, Ending, of_error, retry_after
from bot4.adapters.net.endpoints import Endpoint

NEVER_LEFT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
GZIP_BITS: Final = 16 + zlib.MAX_WBITS
TALKATIVE: Final = ("httpx", "httpcore")
"""Libraries that log addresses and headers, and so signatures and keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """Hold the bounds of a client.

    Attributes
    ----------
    connect_s, total_s : float
        For the connection, and for everything from the first byte out to the last byte in.
    body_max : int
        The largest body, inflated.
    connections_max : int
        How many requests are under way at once; the others wait, and their time runs.
    """

    connect_s: float = 3.0
    total_s: float = 10.0
    body_max: int = 64 << 20
    connections_max: int = 16


@dataclass(frozen=True, slots=True)
class HttpReply:
    """Hold an answer of any status but a redirect; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def retry_after_s(self) -> float:
        """Return how long the other side wants to be left alone; 0 if it did not say."""
        return retry_after(self.headers.get("retry-after"))


@final
class HttpClient:
    """Send requests to one endpoint over kept connections.

    Parameters
    ----------
    endpoint : Endpoint
        With the scheme https, or http on this machine. No request leaves it.
    tls : ssl.SSLContext
        From :func:`bot4.adapters.net.tls.verified`; needed where the endpoint is secure.
    """

    def __init__(
        self, endpoint: Endpoint, *, tls: ssl.SSLContext | None = None, settings: HttpSettings | None = None
    ) -> None:
        assert endpoint.scheme in {"http", "https"}, "an address for WebSockets"
        assert tls is not None or not endpoint.is_secure, "no TLS without a context to verify by"
        assert tls is None or (tls.check_hostname and tls.verify_mode is ssl.CERT_REQUIRED), "TLS is always verified"
        hush()
        self.endpoint = endpoint
        self.settings = settings or HttpSettings()
        limit = self.settings.connections_max
        self._client = httpx.AsyncClient(
            verify=tls if tls is not None else ssl.create_default_context(),
            follow_redirects=False,
            trust_env=False,
            timeout=httpx.Timeout(self.settings.total_s, connect=self.settings.connect_s),
            limits=httpx.Limits(max_connections=limit, max_keepalive_connections=limit, keepalive_expiry=30.0),
        )

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> HttpReply | Ending:
        """Send one request, once.

        Parameters
        ----------
        path : str
            Begins with a slash; goes behind the endpoint's own.
        query : str
            Encoded already, byte for byte as it was signed; without the question mark.
        """
        assert path.startswith("/"), "a path that could name another host"
        target = f"{self.endpoint.path}{path}{'?' if query else ''}{query}"
        url = httpx.URL(self.endpoint.url).copy_with(raw_path=target.encode())
        request = self._client.build_request(
            method, url, headers={**(headers or {}), "Accept-Encoding": "gzip"}, content=body or None
        )
        try:
            async with asyncio.timeout(self.settings.total_s):
                response = await self._client.send(request, stream=True)
                try:
                    return await self._read(response)
                finally:
                    await response.aclose()
        except NEVER_LEFT as error:
            return of_error(error, is_sent=False)
        except NETWORK_ERRORS as error:
            return of_error(error, is_sent=True)

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def _read(self, response: httpx.Response) -> HttpReply | Ending:
        """Return the whole answer, inflated within the bound."""
        status = response.status_code
        if 300 <= status < 400:
            return Ending(REDIRECT, f"answered {status}: redirects are not followed", is_sent=True, status=status)
        encoding = response.headers.get("content-encoding", "identity").lower()
        if encoding not in {"identity", "gzip"}:
            return Ending(PROTOCOL, f"a body encoded as {encoding[:20]}", is_sent=True, status=status)
        inflater = zlib.decompressobj(GZIP_BITS) if encoding == "gzip" else None
        body = bytearray()
        async for chunk in response.aiter_raw():
            room = self.settings.body_max + 1 - len(body)
            try:
                body += chunk if inflater is None else inflater.decompress(chunk, room)
            except zlib.error as error:
                return Ending(PROTOCOL, f"no gzip: {error}", is_sent=True, status=status)
            if len(body) > self.settings.body_max:
                return Ending(TOO_LARGE, f"more than {self.settings.body_max} bytes", is_sent=True, status=status)
        if inflater is not None and not inflater.eof:
            return Ending(PROTOCOL, "a body that ends too early", is_sent=True, status=status)
        return HttpReply(status, {name.lower(): value for name, value in response.headers.items()}, bytes(body))


def hush() -> None:
    """Let the libraries beneath log nothing less than a warning, whatever the application's level is."""
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
