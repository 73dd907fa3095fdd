# SPDX-License-Identifier: Apache-2.0
"""One WebSocket on a real socket: messages however they are framed, and every way to fail as a value."""

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from picows import WSCloseCode, WSMsgType, WSTransport, WSUpgradeResponse

from bot4.adapters.net.ending import (
    CLOSED,
    DNS,
    HALF_OPEN,
    HANDSHAKE,
    PROTOCOL,
    REDIRECT,
    REFUSED,
    RESET,
    TIMEOUT,
    TLS,
    TOO_LARGE,
    Ending,
)
from bot4.adapters.net.endpoints import Endpoint, allowed
from bot4.adapters.net.tls import verified
from bot4.adapters.net.websocket import Payload, Wire, WireSettings, dial
from tests.contract.certificates import certificate
from tests.contract.socket_server import HOST, StreamServer, run, until

pytestmark = pytest.mark.requirement("WS_001")
TEXT, CONTINUATION, BINARY = WSMsgType.TEXT, WSMsgType.CONTINUATION, WSMsgType.BINARY


class Ear:
    """Keep every message; raise if told to."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.error: Exception | None = None

    def on_message(self, payload: Payload) -> None:
        """Keep it."""
        if self.error is not None:
            raise self.error
        self.messages.append(bytes(payload))


async def opened(server: StreamServer, ear: Ear, settings: WireSettings | None = None) -> Wire:
    """Return an open connection to a server."""
    wire = await dial(server.endpoint, ear, settings=settings)
    assert isinstance(wire, Wire)
    return wire


def deflated(*texts: bytes, keep: bool = True) -> list[bytes]:
    """Return texts as a server would compress them."""
    out = []
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    for text in texts:
        if not keep:
            packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        packed = packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH)
        out.append(packed.removesuffix(b"\0\0\xff\xff"))
    return out


def test_messages_arrive_however_they_are_framed() -> None:
    """Whole, in fragments with a ping between, empty, large, binary: the listener hears whole messages, in order."""

    def greet(transport: WSTransport) -> None:
        transport.send(TEXT, b"whole")
        transport.send(TEXT, b"in ", fin=False)
        transport.send(CONTINUATION, b"three ", fin=False)
        transport.send_ping(b"between")
        transport.send(CONTINUATION, b"parts")
        transport.send(TEXT, b"")
        transport.send(BINARY, b"\0\1")
        transport.send(TEXT, b"x" * 300_000)

    async def test() -> None:
        async with StreamServer() as server:
            server.greet = greet
            ear = Ear()
            wire = await opened(server, ear)
            await until(lambda: len(ear.messages) == 5)
            assert ear.messages == [b"whole", b"in three parts", b"", b"\0\1", b"x" * 300_000]
            assert wire.messages == 5
            assert wire.send("echo?")
            await until(lambda: ear.messages[-1] == b"echo?")
            wire.close()
            outcome = await wire.ended()
            assert (outcome.kind, outcome.close_code) == (CLOSED, 1000)
            assert not wire.send("too late")

    run(test)


@pytest.mark.parametrize("keep", [True, False])
def test_compressed_messages_are_inflated_where_it_was_agreed(keep: bool) -> None:
    """With context and without, whole and in fragments, beside plain ones."""
    texts = [b'{"n":%d,"text":"again and again"}' % at for at in range(4)]
    packed = deflated(*texts, keep=keep)

    def greet(transport: WSTransport) -> None:
        transport.send(TEXT, packed[0], rsv1=True)
        transport.send(TEXT, b"plain")
        transport.send(TEXT, packed[1][:5], fin=False, rsv1=True)
        transport.send(CONTINUATION, packed[1][5:])
        transport.send(TEXT, packed[2], rsv1=True)
        transport.send(TEXT, packed[3], rsv1=True)

    async def test() -> None:
        async with StreamServer() as server:
            server.extensions = "permessage-deflate" + ("" if keep else "; server_no_context_takeover")
            server.greet = greet
            ear = Ear()
            await opened(server, ear, WireSettings(compress=True))
            await until(lambda: len(ear.messages) == 5)
            assert ear.messages == [texts[0], b"plain", *texts[1:]]

    run(test)


def bomb(transport: WSTransport) -> None:
    """Send a little that inflates to a lot."""
    transport.send(TEXT, deflated(b"\0" * 50_000_000)[0], rsv1=True)


def huge(transport: WSTransport) -> None:
    """Send a frame beyond the bound."""
    transport.send(TEXT, b"x" * 2_000_000)


def drip(transport: WSTransport) -> None:
    """Send a message beyond the bound in small frames."""
    transport.send(TEXT, b"x" * 600_000, fin=False)
    transport.send(CONTINUATION, b"x" * 600_000, fin=False)


def torn(transport: WSTransport) -> None:
    """Begin a message in the middle of another."""
    transport.send(TEXT, b"begun", fin=False)
    transport.send(TEXT, b"another")


def astray(transport: WSTransport) -> None:
    """Continue what was never begun."""
    transport.send(CONTINUATION, b"lost")


def garbage(transport: WSTransport) -> None:
    """Say that bytes are compressed which are not."""
    transport.send(TEXT, b"\xff" * 40, rsv1=True)


def cut_short(transport: WSTransport) -> None:
    """Begin a frame and end the connection in the middle of it."""
    transport.underlying_transport.write(b"\x81\x7e\x01\x00half")
    asyncio.get_running_loop().call_later(0.05, transport.disconnect)


def unagreed(transport: WSTransport) -> None:
    """Send bytes that are no frame."""
    transport.underlying_transport.write(b"\xff\xff\xff\xff")


@pytest.mark.requirement("WS_001", "I-9")
@pytest.mark.parametrize(
    ("greet", "kind"),
    [
        (bomb, TOO_LARGE),
        (huge, TOO_LARGE),
        (drip, TOO_LARGE),
        (torn, PROTOCOL),
        (astray, PROTOCOL),
        (garbage, PROTOCOL),
        (unagreed, PROTOCOL),
        (cut_short, RESET),
    ],
)
def test_what_cannot_be_a_message_ends_the_connection(greet: Callable[[WSTransport], None], kind: str) -> None:
    """Too large, torn, or no valid data: the end is a value, and nothing of it was heard."""

    async def test() -> None:
        async with StreamServer() as server:
            server.extensions = "permessage-deflate"
            server.greet = greet
            ear = Ear()
            outcome = await (await opened(server, ear, WireSettings(compress=True, bytes_max=1_000_000))).ended()
            assert outcome.kind == kind, outcome
            assert ear.messages == []

    run(test)


def test_compression_that_was_not_offered_is_refused() -> None:
    """A server that takes what it was not given is not spoken to."""

    async def test() -> None:
        async with StreamServer() as server:
            for extensions in ("permessage-deflate", "permessage-deflate; server_max_window_bits=8", "x-other"):
                server.extensions = extensions
                outcome = await (await opened(server, Ear())).ended()
                assert outcome.kind == PROTOCOL

    run(test)


@pytest.mark.parametrize("code", [1000, 1008, 4321])
def test_a_goodbye_is_told_with_its_code_and_words(code: int) -> None:
    """The venue's own code and reason come back; a listener's last messages were heard before."""

    def greet(transport: WSTransport) -> None:
        transport.send(TEXT, b"last")
        transport.send_close(WSCloseCode(code), b"slow down")

    async def test() -> None:
        async with StreamServer() as server:
            server.greet = greet
            ear = Ear()
            outcome = await (await opened(server, ear)).ended()
            assert (outcome.kind, outcome.close_code, outcome.detail) == (CLOSED, code, "slow down")
            assert ear.messages == [b"last"]

    run(test)


def test_a_reset_is_told() -> None:
    """No goodbye: reset."""

    async def test() -> None:
        async with StreamServer() as server:
            wire = await opened(server, Ear())
            await until(lambda: bool(server.peers))
            server.peers[0].abort()
            outcome = await wire.ended()
            assert (outcome.kind, outcome.close_code, outcome.is_sent) == (RESET, 1006, True)

    run(test)


@pytest.mark.requirement("WS_001", "P-07")
def test_a_half_open_connection_is_found_by_its_pings() -> None:
    """The other side takes everything and answers nothing: after ping and patience it is given up."""

    async def test() -> None:
        async with StreamServer(enable_auto_pong=False) as server:
            wire = await opened(server, Ear(), WireSettings(ping_s=0.2, pong_s=0.2))
            outcome = await wire.ended()
            assert outcome.kind == HALF_OPEN

    run(test)


def test_a_listener_that_raises_is_our_bug() -> None:
    """Its error comes out of the wait for the end, whatever kind it is, and is no outcome."""

    async def test() -> None:
        for error in (ZeroDivisionError("a bug"), OSError("our disk, not their socket")):
            async with StreamServer() as server:
                server.greet = lambda transport: transport.send(TEXT, b"hello")
                ear = Ear()
                ear.error = error
                wire = await opened(server, ear)
                with pytest.raises(type(error), match=str(error)):
                    await wire.ended()

    run(test)


def test_a_door_that_is_not_opened_is_a_value() -> None:
    """A page instead of a WebSocket, a redirect, nobody listening, nobody answering, no such host, no such protocol."""

    async def test() -> None:
        async with StreamServer() as server:
            server.answers = [
                WSUpgradeResponse.create_error_response(403, b"<html>blocked</html>"),
                WSUpgradeResponse.create_redirect_response(302, f"ws://{HOST}:{server.port}/stream"),
            ]
            blocked = await failed(server.endpoint)
            assert (blocked.kind, blocked.status) == (HANDSHAKE, 403)
            assert "html" not in blocked.detail
            moved = await failed(server.endpoint)
            assert (moved.kind, moved.status) == (REDIRECT, 302)
            assert server.accepted == 0
            gone = server.endpoint
        assert (await failed(gone)).kind == REFUSED
        async with raw_server(lambda _: None) as silent:
            assert (await failed(silent)).kind == TIMEOUT
        async with raw_server(lambda writer: writer.write(b"SSH-2.0-server\r\n\r\n")) as other:
            assert (await failed(other)).kind == PROTOCOL
        async with raw_server(lambda writer: writer.close()) as rude:
            assert (await failed(rude)).kind in {RESET, PROTOCOL}
        nowhere = allowed("wss://no-such-host.invalid", ["no-such-host.invalid"])
        assert (await failed(nowhere, verified())).kind in {DNS, TIMEOUT}  # where no resolver answers at all

    run(test)


@pytest.mark.requirement("I-12")
def test_tls_is_verified(tmp_path: Path) -> None:
    """Trusted by its authority: spoken to. Unknown, or of another name: not; and an unverifying context is refused."""

    async def test() -> None:
        server_side, authority = certificate(tmp_path, "localhost")
        async with StreamServer(ssl=server_side) as server:
            server.greet = lambda transport: transport.send(TEXT, b"hello")
            named = allowed(f"wss://localhost:{server.port}", ["localhost"])
            assert (await failed(named, verified())).kind == TLS
            by_number = allowed(f"wss://{HOST}:{server.port}", [HOST])
            assert (await failed(by_number, verified(authority))).kind == TLS
            ear = Ear()
            wire = await dial(named, ear, tls=verified(authority))
            assert isinstance(wire, Wire)
            await until(lambda: ear.messages == [b"hello"])
            wire.close()
            await wire.ended()
            plain = allowed(f"ws://localhost:{server.port}", ["localhost"])
            assert (await failed(plain)).kind in {RESET, PROTOCOL}
            lax = ssl.create_default_context()
            lax.check_hostname = False
            lax.verify_mode = ssl.CERT_NONE
            with pytest.raises(AssertionError, match="always verified"):
                await dial(named, ear, tls=lax)
            with pytest.raises(AssertionError, match="no TLS"):
                await dial(named, ear)

    run(test)


async def failed(endpoint: Endpoint, tls: ssl.SSLContext | None = None) -> Ending:
    """Return what became of a try that must fail."""
    outcome = await dial(endpoint, Ear(), tls=tls, settings=WireSettings(connect_s=1.0))
    assert isinstance(outcome, Ending), "connected"
    assert not outcome.is_sent
    return outcome


@asynccontextmanager
async def raw_server(greet: Callable[[asyncio.StreamWriter], None]) -> AsyncIterator[Endpoint]:
    """Serve bytes; the client's are read and forgotten."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greet(writer)
        while await reader.read(4096):
            continue
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    try:
        yield allowed(f"ws://{HOST}:{server.sockets[0].getsockname()[1]}", [HOST])
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0.05)
