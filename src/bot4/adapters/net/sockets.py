# SPDX-License-Identifier: Apache-2.0
"""A connected socket to an endpoint: each address of the name in turn, none of them for the whole of the time."""

import asyncio
import socket
from contextlib import suppress
from typing import Final

from bot4.adapters.net.endpoints import Endpoint

ADDRESSES_MAX: Final = 4


async def connected(endpoint: Endpoint, connect_s: float) -> socket.socket:
    """Return a connected socket.

    Parameters
    ----------
    connect_s : float
        For all addresses together; an address that does not answer gets its share of it.

    Raises
    ------
    OSError
        If the name is unknown, or no address of it can be connected: the first address's error.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    first: OSError | None = None
    for family, kind, protocol, _, address in found[:ADDRESSES_MAX]:
        plug = socket.socket(family, kind, protocol)
        try:
            plug.setblocking(False)
            async with asyncio.timeout(connect_s / min(len(found), ADDRESSES_MAX)):
                await loop.sock_connect(plug, address)
        except OSError as error:
            plug.close()
            first = first or error
        except asyncio.CancelledError:
            plug.close()
            raise
        else:
            return plug
    raise first or OSError(f"{endpoint.host} has no address")


def hang_up(plug: socket.socket) -> None:
    """End a connection whoever owns it by now: its owner reads the end and cleans up."""
    with suppress(OSError):
        plug.shutdown(socket.SHUT_RDWR)
