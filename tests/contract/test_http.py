# SPDX-License-Identifier: Apache-2.0
"""HTTP requests on a real socket: sent once, bounded, never redirected, and every failure a value."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot4.adapters.net.ending import PROTOCOL, REDIRECT, REFUSED, RESET, TIMEOUT, TLS, TOO_LARGE, Ending
from bot4.adapters.net.endpoints import allowed
from bot4.adapters.net.http import HttpClient, HttpReply, HttpSettings
from bot4.adapters.net.tls import verified
from tests.contract.certificates import certificate
from tests.contract.socket_server import HOST, run

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-MBX-USED-WEIGHT-1M: 7\r\n\r\n{}"


class Server:
    """HttpReply each connection's requests with given bytes, and keep what was heard."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.heard: list[bytes] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read a request, answer it; None: say nothing; empty: close."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next((int(line[15:]) for line in head.splitlines() if line[:15] == b"Content-Length:"), 0)
                self.heard.append(head + await reader.readexactly(length))
                answer = self.answers.pop(0) if self.answers else OK
                if answer is None:
                    await reader.read(1)
                if not answer:
                    break
                writer.write(answer)
                if b"close" in answer:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def client(
    *answers: bytes | None, settings: HttpSettings | None = None
) -> AsyncIterator[tuple[HttpClient, Server]]:
    """Give a client and the server it speaks to."""
    server = Server(*answers)
    listening = await asyncio.start_server(server.serve, HOST, 0)
    server.port = listening.sockets[0].getsockname()[1]
    http = HttpClient(allowed(f"http://{HOST}:{server.port}/api", [HOST]), settings=settings)
    try:
        yield http, server
    finally:
        await http.close()
        listening.close()
        await listening.wait_closed()
        await asyncio.sleep(0.02)


async def sent(http: HttpClient) -> HttpReply | Ending:
    """Send the simplest request."""
    return await http.send("GET", "/v3/time")


def test_a_request_goes_out_byte_for_byte_and_once() -> None:
    """The query as it was signed, the body as it is, our headers; nothing of the environment; connections are kept."""

    async def test() -> None:
        async with client() as (http, server):
            query = "symbol=BTCUSDT&x=%2B%20a~b&signature=00ff"
            answer = await http.send("POST", "/v3/order", query=query, headers={"X-MBX-APIKEY": "k"}, body=b"a=1&b=%20")
            assert isinstance(answer, HttpReply)
            assert (answer.status, answer.body, answer.headers["x-mbx-used-weight-1m"]) == (200, b"{}", "7")
            (heard,) = server.heard
            assert heard.startswith(b"POST /api/v3/order?" + query.encode() + b" HTTP/1.1\r\n")
            assert heard.endswith(b"\r\n\r\na=1&b=%20")
            assert b"x-mbx-apikey: k\r\n" in heard.lower()
            assert b"accept-encoding: gzip\r\n" in heard.lower()
            await asyncio.gather(*(sent(http) for _ in range(3)))
            assert len(server.heard) == 4

    run(test)


@pytest.mark.requirement("P-03", "I-2")
def test_a_failure_says_whether_the_other_side_may_have_heard() -> None:
    """Refused before anything left; cut off, silent or torn after it did: never sent again by us."""

    async def test() -> None:
        quick = HttpSettings(total_s=0.5)
        async with client(b"", None, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nclose", b"hm", settings=quick) as (
            http,
            server,
        ):
            for kinds in ({RESET}, {TIMEOUT}, {RESET, PROTOCOL}, {PROTOCOL, TIMEOUT}):
                outcome = await sent(http)
                assert isinstance(outcome, Ending), outcome
                assert outcome.kind in kinds, outcome
                assert outcome.is_sent
            assert len(server.heard) == 4
            gone = http.endpoint
        refused = await sent(HttpClient(gone))
        assert isinstance(refused, Ending)
        assert (refused.kind, refused.is_sent) == (REFUSED, False)

    run(test)


@pytest.mark.requirement("I-12")
def test_redirects_are_refused() -> None:
    """A signed request never leaves for where an answer points to."""

    async def test() -> None:
        moved = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://elsewhere.invalid/\r\nContent-Length: 0\r\n\r\n"
        async with client(moved) as (http, server):
            outcome = await sent(http)
            assert isinstance(outcome, Ending)
            assert (outcome.kind, outcome.status, outcome.is_sent) == (REDIRECT, 307, True)
            assert len(server.heard) == 1

    run(test)


@pytest.mark.requirement("I-9")
def test_bodies_are_bounded_also_inflated() -> None:
    """Compressed or not, announced or not, an answer beyond the bound is given up; a smaller one is whole."""

    def packed(body: bytes) -> bytes:
        small = gzip.compress(body)
        return b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(small), small)

    async def test() -> None:
        bounds = HttpSettings(body_max=100_000)
        plain = b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000
        torn = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n" + gzip.compress(b"abc")[:5]
        other = b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}"
        garbage = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!"
        answers = [packed(b"x" * 100_000), packed(b"\0" * 50_000_000), plain, torn, other, garbage]
        async with client(*answers, settings=bounds) as (http, _):
            whole = await sent(http)
            assert isinstance(whole, HttpReply)
            assert whole.body == b"x" * 100_000
            for kind in (TOO_LARGE, TOO_LARGE, PROTOCOL, PROTOCOL, PROTOCOL):
                outcome = await sent(http)
                assert isinstance(outcome, Ending)
                assert outcome.kind == kind, outcome

    run(test)


@pytest.mark.parametrize(
    ("text", "seconds"), [("7", 7.0), ("0.5", 0.5), ("nan", 0.0), ("-3", 0.0), ("Wed, 21 Oct", 0.0), ("", 0.0)]
)
def test_how_long_to_stay_away_is_a_number_or_nothing(text: str, seconds: float) -> None:
    """429 with its Retry-After is an answer; what cannot be read counts as nothing."""

    async def test() -> None:
        limited = b"HTTP/1.1 429 Too Many\r\nRetry-After: %b\r\nContent-Length: 0\r\n\r\n" % text.encode()
        async with client(limited) as (http, _):
            answer = await sent(http)
            assert isinstance(answer, HttpReply)
            assert (answer.status, answer.retry_after_s) == (429, seconds)

    run(test)


def test_plain_speech_is_no_tls() -> None:
    """A server that speaks no TLS where TLS is wanted: a value, and the request never left."""

    async def test() -> None:
        async with client() as (_, server):
            http = HttpClient(allowed(f"https://{HOST}:{server.port}", [HOST]), tls=verified())
            outcome = await sent(http)
            await http.close()
            assert isinstance(outcome, Ending)
            assert (outcome.kind, outcome.is_sent) == (TLS, False)
            assert server.heard == []

    run(test)


@pytest.mark.requirement("I-12")
def test_tls_is_verified_for_requests(tmp_path: Path) -> None:
    """Trusted by its authority: answered. Unknown, or an unverifying context: nothing leaves."""

    async def test() -> None:
        server_side, authority = certificate(tmp_path, "localhost")
        server = Server()
        listening = await asyncio.start_server(server.serve, HOST, 0, ssl=server_side)
        endpoint = allowed(f"https://localhost:{listening.sockets[0].getsockname()[1]}", ["localhost"])
        unknown = HttpClient(endpoint, tls=verified())
        outcome = await sent(unknown)
        assert isinstance(outcome, Ending)
        assert (outcome.kind, outcome.is_sent) == (TLS, False)
        assert server.heard == []
        trusted = HttpClient(endpoint, tls=verified(authority))
        assert isinstance(await sent(trusted), HttpReply)
        lax = ssl.create_default_context()
        lax.check_hostname = False
        lax.verify_mode = ssl.CERT_NONE
        for context, words in ((lax, "always verified"), (None, "no TLS")):
            with pytest.raises(AssertionError, match=words):
                HttpClient(endpoint, tls=context)
        await unknown.close()
        await trusted.close()
        listening.close()
        await listening.wait_closed()
        await asyncio.sleep(0.02)

    run(test)


def test_a_path_cannot_name_another_host() -> None:
    """Whatever a path looks like, the request goes to the endpoint."""

    async def test() -> None:
        async with client() as (http, server):
            await http.send("GET", "//elsewhere.invalid/x")
            assert server.heard[0].startswith(b"GET /api//elsewhere.invalid/x HTTP/1.1\r\n")
            with pytest.raises(AssertionError, match="another host"):
                await http.send("GET", "@elsewhere.invalid/x")

    run(test)


@pytest.mark.requirement("I-12")
def test_no_library_beneath_logs_an_address_or_a_header(caplog: pytest.LogCaptureFixture) -> None:
    """A signature in the query and a key in a header stay out of every log, at the most talkative level."""

    async def go() -> None:
        """Send one request that has both."""
        async with client() as (http, _):
            await http.send("GET", "/order", query="signature=abc123", headers={"X-MBX-APIKEY": "the key"})

    caplog.set_level(0)
    asyncio.run(go())
    assert "abc123" not in caplog.text
    assert "the key" not in caplog.text
