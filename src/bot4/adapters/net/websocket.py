# SPDX-License-Identifier: Apache-2.0
"""One WebSocket as a client: from the frame straight into a listener, everything else a value.

picows parses the frame in place and calls back from the socket's own callback;
there is no queue and no task between the kernel's bytes and the listener. Whoever
listens decodes or copies before it returns: the bytes are not there afterwards.
A listener that raises is a bug of ours: the connection ends and
:meth:`Wire.ended` raises what it raised.
"""

import asyncio
import logging
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, final

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSProtocolError, WSTransport, ws_connect

from bot4.adapters.net.ending import (
    CLOSED,
    HALF_OPEN,
    NETWORK_ERRORS,
    PROTOCOL,
    RESET,
    TOO_LARGE,
    Ending,
    of_error,
    shortened,
)
from bot4.adapters.net.endpoints import Endpoint
from bot4.adapters.net.frames import OFFER, Assembler, BrokenFrame, accepted
from bot4.adapters.net.sockets import connected, hang_up

if TYPE_CHECKING:
    from picows.picows import WSCloseHandshake, WSCloseInfo

TEXT: Final = WSMsgType.TEXT
BINARY: Final = WSMsgType.BINARY
CONTINUATION: Final = WSMsgType.CONTINUATION
NO_GOODBYE: Final = 1006
TOO_BIG: Final = 1009
QUIET: Final = logging.CRITICAL + 1

Payload = memoryview | bytes


class Listener(Protocol):
    """Hear what comes over one connection, called from the socket's own callback."""

    def on_message(self, payload: Payload) -> None:
        """Take one message; its bytes are gone once this returns."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WireSettings:
    """Hold how a connection is made and kept.

    Attributes
    ----------
    connect_s : float
        Name, socket, TLS and the answer to the handshake, all together.
    ping_s, pong_s : float
        After how long without a frame we ask, and how long we wait for the answer; ``pong_s <= ping_s``.
    bytes_max : int
        The largest message.
    compress : bool
        Offer permessage-deflate: less to receive, more to compute; not for what must be quick.
    headers : tuple of (str, str)
        More headers for the handshake.
    """

    connect_s: float = 4.0
    ping_s: float = 10.0
    pong_s: float = 5.0
    bytes_max: int = 16 << 20
    compress: bool = False
    headers: tuple[tuple[str, str], ...] = ()


@final
class Wire(WSListener):
    """Hold one open connection.

    Attributes
    ----------
    messages : int
        Messages handed to the listener.
    """

    def __init__(self, listener: Listener, settings: WireSettings) -> None:
        super().__init__()
        self.messages = 0
        self._on_message = listener.on_message
        self._settings = settings
        self._assembler = Assembler(settings.bytes_max)
        self._transport: WSTransport | None = None
        self._fault: Ending | None = None
        self._expects_pong = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Take the connection over; picows calls it, nobody else does."""
        self._transport = transport
        try:
            compressed, keeps = accepted(transport.response.headers.get("Sec-WebSocket-Extensions", ""))
        except BrokenFrame as broken:
            self._break(transport, broken)
            return
        settings = self._settings
        if compressed and not settings.compress:
            self._break(transport, BrokenFrame(WSCloseCode.PROTOCOL_ERROR.value, "compression that was not offered"))
        self._assembler = Assembler(settings.bytes_max, compressed=compressed, keeps_context=keeps)

    @property
    def is_connected(self) -> bool:
        """Tell whether the handshake was completed; picows takes an end in the middle of it for a success."""
        return self._transport is not None

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Hand a message on; picows calls it, nobody else does."""
        if transport.is_close_frame_sent:
            return  # picows would still hand on the rest of a frame that it has just refused
        kind = frame.msg_type
        if kind == TEXT or kind == BINARY:
            if frame.fin and not frame.rsv1 and not self._assembler.is_between:
                self.messages += 1
                self._on_message(frame.get_payload_as_memoryview())
            else:
                self._assemble(transport, frame)
        elif kind == CONTINUATION:
            self._assemble(transport, frame)
        elif kind == WSMsgType.CLOSE:
            code = frame.get_close_code()
            transport.send_close(WSCloseCode.OK if code == WSCloseCode.NO_INFO else code)
            transport.disconnect()

    def send(self, message: str | bytes) -> bool:
        """Send one text message; return False where the connection is gone already."""
        transport = self._transport
        if transport is None or transport.is_disconnected or transport.is_close_frame_sent:
            return False
        transport.send(TEXT, message)
        return True

    def pause(self) -> None:
        """Stop reading: what comes waits in the kernel, and then at the sender."""
        if self._transport is not None and not self._transport.is_disconnected:
            self._transport.underlying_transport.pause_reading()

    def resume(self) -> None:
        """Go on reading."""
        if self._transport is not None and not self._transport.is_disconnected:
            self._transport.underlying_transport.resume_reading()

    def close(self) -> None:
        """Say goodbye and close; closed already, nothing happens."""
        transport = self._transport
        if transport is None or transport.is_disconnected:
            return
        if not transport.is_close_frame_sent:
            transport.send_close(WSCloseCode.OK)
        transport.disconnect()

    def abort(self) -> None:
        """Close at once, without a word: the other side is not believed to listen."""
        if self._transport is not None and not self._transport.is_disconnected:
            self._transport.disconnect(graceful=False)

    async def ended(self) -> Ending:
        """Wait for the end of the connection and say what it was; raises what a listener of ours raised."""
        transport = self._transport
        assert transport is not None, "only an open connection is waited for"
        try:
            await transport.wait_disconnected()
        except WSProtocolError as error:
            code, words = WSCloseCode(error.args[0]).value, str(error.args[-1])
            kind = TOO_LARGE if code == TOO_BIG else PROTOCOL
            return Ending(kind, shortened(words), is_sent=True, close_code=code)
        return self._fault or self._goodbye(transport)

    def _goodbye(self, transport: WSTransport) -> Ending:
        """Return how an undisturbed connection ended."""
        handshake: WSCloseHandshake | None = transport.close_handshake
        if handshake is None:
            return Ending(RESET, "ended without a goodbye", is_sent=True, close_code=NO_GOODBYE)
        said: WSCloseInfo | None = handshake.recv
        sent: WSCloseInfo | None = handshake.sent
        if sent is not None and sent.code == WSCloseCode.GOING_AWAY and not handshake.recv_then_sent:
            return Ending(HALF_OPEN, "pings are not answered", is_sent=True, close_code=NO_GOODBYE)
        if said is not None:
            return Ending(CLOSED, shortened(said.reason or ""), is_sent=True, close_code=said.code.value)
        return Ending(CLOSED, "closed by us", is_sent=True, close_code=WSCloseCode.OK.value)

    def _assemble(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take a frame that is not a message by itself."""
        try:
            message = self._assembler.take(
                frame.get_payload_as_bytes(),
                is_continuation=frame.msg_type == CONTINUATION,
                is_final=frame.fin,
                rsv1=frame.rsv1,
            )
        except BrokenFrame as broken:
            self._break(transport, broken)
            return
        if message is not None:
            self.messages += 1
            self._on_message(message)

    def _break(self, transport: WSTransport, broken: BrokenFrame) -> None:
        """End the connection over a frame that cannot be."""
        kind = TOO_LARGE if broken.code == TOO_BIG else PROTOCOL
        self._fault = self._fault or Ending(kind, broken.words, is_sent=True, close_code=broken.code)
        transport.send_close(WSCloseCode(broken.code))
        transport.disconnect()


async def dial(
    endpoint: Endpoint,
    listener: Listener,
    *,
    path: str = "",
    tls: ssl.SSLContext | None = None,
    settings: WireSettings | None = None,
) -> Wire | Ending:
    """Connect, and return the open connection, or what became of the try.

    Parameters
    ----------
    endpoint : Endpoint
        With the scheme wss, or ws on this machine.
    listener : Listener
        Hears every message from the first on.
    path : str
        Goes behind the endpoint's own.
    tls : ssl.SSLContext
        From :func:`bot4.adapters.net.tls.verified`; needed where the endpoint is secure.
    """
    assert endpoint.scheme in {"ws", "wss"}, "an address for HTTP"
    assert tls is not None or not endpoint.is_secure, "no TLS without a context to verify by"
    assert tls is None or (tls.check_hostname and tls.verify_mode is ssl.CERT_REQUIRED), "TLS is always verified"
    wanted = settings or WireSettings()
    wire = Wire(listener, wanted)
    headers = [*wanted.headers, *([("Sec-WebSocket-Extensions", OFFER)] if wanted.compress else [])]
    plugs: list[socket.socket] = []

    async def plug_in(_: object) -> socket.socket:
        plugs.append(await connected(endpoint, wanted.connect_s))
        return plugs[0]

    is_open = False
    try:
        async with asyncio.timeout(wanted.connect_s):
            await ws_connect(
                lambda: wire,
                endpoint.url + (path or ("" if endpoint.path else "/")),
                ssl_context=tls,
                websocket_handshake_timeout=None,  # the timeout above has it all
                logger_name=silent_logger(),
                enable_auto_ping=True,
                auto_ping_idle_timeout=wanted.ping_s,
                auto_ping_reply_timeout=wanted.pong_s,
                max_frame_size=wanted.bytes_max,
                extra_headers=headers,
                max_redirects=0,
                socket_factory=plug_in,
            )
        is_open = wire.is_connected
    except NETWORK_ERRORS as error:
        return of_error(error, is_sent=False)
    finally:
        # A try that is given up in the middle of its handshake would leave its socket open for ever.
        if plugs and not is_open:
            hang_up(plugs[0])
    return wire if is_open else Ending(RESET, "ended in the middle of the handshake")


def silent_logger() -> logging.Logger:
    """Return a logger that says nothing: whatever picows has to say comes back as an outcome."""
    logger = logging.getLogger("bot4.net")
    logger.setLevel(QUIET)
    return logger
