# SPDX-License-Identifier: Apache-2.0
"""An HTTP/1.1 server: bytes to requests and answers to bytes, with bounds on both; h11 knows the protocol.

What an answer is comes from a function; how it is spoiled on purpose (reset, cut,
late, slow, twice) is written in the answer itself.
"""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, final

import h11

HEAD_MAX: Final = 16 * 1024
BODY_MAX: Final = 256 * 1024
CHUNK: Final = 64 * 1024
IDLE_S: Final = 120.0
DRIBBLE_S: Final = 0.1
RESET: Final = struct.pack("ii", 1, 0)
"""Linger for no time: the socket is closed with a reset."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """Hold one request, its header names in small letters."""

    verb: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Hold one answer, and what is to go wrong with it.

    ``resets`` drops the connection unanswered, ``cuts`` in the middle of the answer;
    ``is_silent`` never answers; ``bytes_a_second`` dribbles where it is above 0.
    """

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    wait_s: float = 0.0
    resets: bool = False
    cuts: bool = False
    is_silent: bool = False
    bytes_a_second: int = 0
    copies: int = 1


Respond = Callable[[HttpRequest], Awaitable[HttpAnswer]]
"""Answer a request."""


@final
class HttpServer:
    """Serve one port."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, host: str, port: int) -> int:
        """Begin to listen and return the port; one that cannot be had is the system's OSError."""
        self._server = await asyncio.start_server(self._accept, host, port, limit=CHUNK)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it ends."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._converse(reader, writer)
        except (ConnectionError, TimeoutError):
            pass  # the client went away or said nothing for too long: there is nobody to tell
        except asyncio.CancelledError:
            pass  # the server closes
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests one after the other."""
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_MAX)
        while True:
            try:
                request = await _read(connection, reader, writer)
            except h11.RemoteProtocolError as error:
                await _refuse(connection, writer, error.error_status_hint)
                return
            if request is None:
                return
            answer = await self._respond(request)
            if not await _send(connection, writer, answer) or connection.our_state is h11.MUST_CLOSE:
                return
            connection.start_next_cycle()


async def _read(
    connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> HttpRequest | None:
    """Read one request, None at the end of the connection; too much of it is a protocol error."""
    head: h11.Request | None = None
    body = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            if connection.they_are_waiting_for_100_continue:
                writer.write(connection.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
            connection.receive_data(await asyncio.wait_for(reader.read(CHUNK), IDLE_S))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > BODY_MAX:
                raise h11.RemoteProtocolError("body too long", error_status_hint=413)
        elif isinstance(event, h11.EndOfMessage):
            assert head is not None
            headers = {name.decode("ascii"): value.decode("latin-1") for name, value in head.headers}
            return HttpRequest(head.method.decode(), head.target.decode("latin-1"), headers, bytes(body))
        else:
            return None


async def _send(connection: h11.Connection, writer: asyncio.StreamWriter, answer: HttpAnswer) -> bool:
    """Send an answer and say whether the connection goes on."""
    if answer.wait_s:
        await asyncio.sleep(answer.wait_s)
    if answer.is_silent:
        await asyncio.Event().wait()
    if answer.resets:
        reset(writer)
        return False
    data = _bytes_of(connection, answer)
    if answer.cuts:
        writer.write(data[: len(data) // 2])
        await writer.drain()
        reset(writer)
        return False
    for _ in range(answer.copies):
        await _write(writer, data, answer.bytes_a_second)
    return True


def _bytes_of(connection: h11.Connection, answer: HttpAnswer) -> bytes:
    """Return the bytes of an answer."""
    headers = [("content-length", str(len(answer.body))), *answer.headers]
    parts = (h11.Response(status_code=answer.status, headers=headers), h11.Data(data=answer.body), h11.EndOfMessage())
    return b"".join(connection.send(part) or b"" for part in parts)


async def _write(writer: asyncio.StreamWriter, data: bytes, bytes_a_second: int) -> None:
    """Write bytes, all at once or a few at a time."""
    step = max(1, int(bytes_a_second * DRIBBLE_S)) if bytes_a_second else len(data)
    for start in range(0, len(data), step):
        writer.write(data[start : start + step])
        await writer.drain()
        if bytes_a_second:
            await asyncio.sleep(DRIBBLE_S)


async def _refuse(connection: h11.Connection, writer: asyncio.StreamWriter, status: int) -> None:
    """Tell a client that what it sent is no request."""
    if connection.our_state in (h11.IDLE, h11.SEND_RESPONSE):
        with suppress(h11.LocalProtocolError):
            writer.write(_bytes_of(connection, HttpAnswer(status, b"", (("connection", "close"),))))
            await writer.drain()


def reset(writer: asyncio.StreamWriter) -> None:
    """Close a connection with a reset instead of a farewell."""
    carrier = writer.get_extra_info("socket")
    if carrier is not None:
        carrier.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
