# SPDX-License-Identifier: Apache-2.0
"""A way to a venue that breaks: it carries so many sendings of a client, the last one as well, and then is gone.

What was sent last has reached the venue and is carried out there; its reply comes to nobody.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

SENDINGS = 4
"""The handshake, two requests that are answered, and one that is not."""

PIECE = 1 << 16


@asynccontextmanager
async def cutting(address: str) -> AsyncIterator[str]:
    """Stand before a WebSocket's address; yield the address to dial instead."""
    there = urlsplit(address)

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(there.hostname, there.port)
        back = asyncio.ensure_future(pump(up_reader, writer))
        with suppress(ConnectionError):
            for left in reversed(range(SENDINGS)):
                piece = await reader.read(PIECE)
                if not piece:
                    break
                if not left:
                    back.cancel()
                up_writer.write(piece)
                await up_writer.drain()
        back.cancel()
        writer.transport.abort()
        up_writer.close()

    server = await asyncio.start_server(carry, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"ws://127.0.0.1:{port}{there.path}"
    finally:
        server.close()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry what the venue says."""
    with suppress(ConnectionError):
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()


class Mutable:
    """Stand before a WebSocket's address, and keep back what the venue says from some moment on.

    Parameters
    ----------
    address : str
        Where the venue serves.
    """

    def __init__(self, address: str) -> None:
        self.is_mute = False
        self.kept_back = 0
        self._there = urlsplit(address)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Let connections in; yield the address to dial."""
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        try:
            yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}{self._there.path}"
        finally:
            server.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry both ways until the client goes."""
        up_reader, up_writer = await asyncio.open_connection(self._there.hostname, self._there.port)
        asking = asyncio.ensure_future(pump(reader, up_writer))
        with suppress(ConnectionError):
            while piece := await up_reader.read(PIECE):
                if self.is_mute:
                    self.kept_back += len(piece)
                else:
                    writer.write(piece)
                    await writer.drain()
        asking.cancel()
        writer.close()
