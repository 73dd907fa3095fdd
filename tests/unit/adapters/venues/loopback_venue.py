# SPDX-License-Identifier: Apache-2.0
"""A venue on loopback that answers each request by a script, and keeps every request that it heard."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Heard:
    """One request: its method, path, query as it came over the wire, and headers in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]


@dataclass
class Said:
    """One reply, or none: ``cut`` closes the connection without a word."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


@dataclass
class Loopback:
    """A venue that runs: its port and what it heard."""

    port: int
    heard: list[Heard]


@asynccontextmanager
async def venue(script: Callable[[Heard], Said]) -> AsyncIterator[Loopback]:
    """Serve until the block ends; one request a connection."""
    heard: list[Heard] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request, answer it as the script says, and close."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, target, _ = head[0].split(" ")
        path, _, query = target.partition("?")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:]) if name}
        request = Heard(method, path, query, headers)
        heard.append(request)
        said = script(request)
        if not said.cut:
            lines = [f"HTTP/1.1 {said.status} X", f"Content-Length: {len(said.body)}", "Connection: close"]
            lines += [f"{name}: {value}" for name, value in said.headers.items()]
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + said.body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield Loopback(int(server.sockets[0].getsockname()[1]), heard)
