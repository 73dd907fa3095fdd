# SPDX-License-Identifier: Apache-2.0
"""One WebSocket, whatever is spoken over it: frames to texts, pings and pongs, and the end that faults or age bring."""

from contextlib import suppress
from typing import Final

from picows import WSCloseCode, WSError, WSFrame, WSListener, WSMsgType, WSTransport

from bot4.apps.venue_server.faults.schedule import Schedule
from bot4.apps.venue_server.streams.life import Life, Pace, Step

TEXT_MAX: Final = 256 * 1024
UNSENT_MAX: Final = 16 * 1024 * 1024
"""Bytes that may wait for a slow reader before it is cut off."""


class Conversation(WSListener):
    """Speak with one client; what a text means is for who owns the door.

    Parameters
    ----------
    pace : Pace
        How the connection lives.
    schedule : Schedule
        Of faults.
    address : str
        Of the client.
    now_ms : int
        The machine's time.
    counts_texts : bool
        Whether texts count against how fast a client may talk, as pings and pongs do.
    """

    def __init__(self, pace: Pace, schedule: Schedule, *, address: str, now_ms: int, counts_texts: bool = True) -> None:
        super().__init__()
        self._counts_texts = counts_texts
        self.address = address
        self.life = Life(pace, now_ms)
        self._schedule = schedule
        self._transport: WSTransport | None = None
        self._parts = bytearray()

    @property
    def is_open(self) -> bool:
        """Say whether anything can be sent."""
        return self._transport is not None and not self._transport.is_disconnected

    def machine_ms(self) -> int:
        """Return the machine's time; a door knows it."""
        return 0

    def on_text(self, text: bytes) -> None:
        """Take one message of the client."""

    def on_end(self) -> None:
        """Learn that the connection ended."""

    def send(self, data: bytes) -> None:
        """Send one message, unless the client reads too slowly to be worth keeping."""
        transport = self._transport
        if transport is None or transport.is_disconnected:
            return
        if transport.underlying_transport.get_write_buffer_size() > UNSENT_MAX:
            transport.disconnect(False)
            return
        transport.send(WSMsgType.TEXT, data)

    def send_half(self, data: bytes) -> None:
        """Send half a message and drop the connection."""
        if self._transport is not None and self.is_open:
            self._transport.send(WSMsgType.TEXT, data[: len(data) // 2], False)
            self.drop()

    def drop(self) -> None:
        """End the connection without a farewell."""
        if self._transport is not None:
            self._transport.disconnect(False)

    def close(self, code: WSCloseCode, reason: bytes) -> None:
        """End the connection with a farewell."""
        if self._transport is not None and self.is_open:
            with suppress(WSError):
                self._transport.send_close(code, reason)
            self._transport.disconnect(True)

    def beat(self, now_ms: int) -> None:
        """Let time pass: ping, or end what has lived too long or answers no ping."""
        step = self.life.beat(now_ms)
        if step is Step.PING and self._transport is not None and self.is_open:
            if self._schedule.strikes("W03"):
                self.life.skip_ping(now_ms)
                return
            payload = str(now_ms).encode()
            self._transport.send_ping(payload)
            self.life.pinged(payload, now_ms)
        elif step is Step.NO_PONG:
            self.close(WSCloseCode.POLICY_VIOLATION, b"Pong timeout")
        elif step is Step.OLD_AGE:
            self.close(WSCloseCode.GOING_AWAY, b"24h")

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Begin."""
        self._transport = transport

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """End."""
        self.on_end()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take a frame."""
        kind = frame.msg_type
        if kind == WSMsgType.CLOSE:
            self.close(WSCloseCode.OK, b"")
            return
        is_control = kind in (WSMsgType.PING, WSMsgType.PONG)
        if (is_control or self._counts_texts) and not self.life.spoke(self.machine_ms()):
            self.close(WSCloseCode.POLICY_VIOLATION, b"Too many requests")
            return
        if kind == WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
        elif kind == WSMsgType.PONG:
            self.life.ponged(frame.get_payload_as_bytes())
        else:
            self._take(frame)

    def _take(self, frame: WSFrame) -> None:
        """Gather the parts of a message, and pass it on when it is whole."""
        self._parts += frame.get_payload_as_bytes()
        if len(self._parts) > TEXT_MAX:
            self.close(WSCloseCode.MESSAGE_TOO_BIG, b"")
        elif frame.fin:
            text = bytes(self._parts)
            self._parts.clear()
            self.on_text(text)
