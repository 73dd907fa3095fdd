# SPDX-License-Identifier: Apache-2.0
"""A door before a venue's door, that can be shut: connections are cut, and new ones refused, until it opens again."""

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

CHUNK = 1 << 16


class Gate:
    """Pass bytes on, both ways.

    Parameters
    ----------
    address : str
        Where the venue serves.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.connections = 0
        self._to = urlsplit(address)
        self._port = 0
        self._server: asyncio.Server | None = None
        self._passing: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Let connections in, always at the same port."""
        self._server = await asyncio.start_server(self._admit, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        self.address = self._to._replace(netloc=f"127.0.0.1:{self._port}").geturl()

    async def shut(self) -> None:
        """Cut every connection, and refuse new ones."""
        assert self._server is not None
        self._server.close()
        for one in list(self._passing):
            one.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def _admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on until either side ends it."""
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        try:
            there_reader, there_writer = await asyncio.open_connection(self._to.hostname, self._to.port)
            try:
                await self._both(reader, writer, there_reader, there_writer)
            finally:
                there_writer.transport.abort()
        except (OSError, asyncio.CancelledError):
            return  # cut, by a side or by us: nobody waits for this task
        finally:
            self._passing.discard(task)
            writer.transport.abort()

    async def _both(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there_reader: asyncio.StreamReader,
        there_writer: asyncio.StreamWriter,
    ) -> None:
        """Pass bytes both ways until one way ends."""
        ways = [
            asyncio.ensure_future(passed(reader, there_writer)),
            asyncio.ensure_future(passed(there_reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in ways:
                one.cancel()
            await asyncio.gather(*ways, return_exceptions=True)


async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass bytes one way until they end."""
    with suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
