# SPDX-License-Identifier: Apache-2.0
"""The other end of the socket that is measured: run by itself, so that it needs nothing of bot4.

``python sender.py RATE COUNT`` prints its port, waits for one client, and sends
``COUNT`` messages of 200 bytes: the moment, the number, and filling.
"""

import asyncio
import sys
from time import perf_counter_ns
from typing import Final

from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

FILLING: Final = b" " * 184
STEP_S: Final = 0.001


class Client(WSListener):
    """Hold the one client."""

    def __init__(self, rate: int, count: int) -> None:
        super().__init__()
        self.rate = rate
        self.count = count
        self.task: asyncio.Task[None] | None = None
        self.gone = asyncio.Event()

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Begin to send."""
        self.task = asyncio.get_running_loop().create_task(self.send(transport))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Say goodbye when the client does."""
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """End."""
        self.gone.set()

    async def send(self, transport: WSTransport) -> None:
        """Send at the rate: every millisecond what is due by then, late or not."""
        loop = asyncio.get_running_loop()
        begun, sent = loop.time(), 0
        while sent < self.count and not transport.is_disconnected:
            due = min(self.count, 1 + int((loop.time() - begun) * self.rate))
            for number in range(sent, due):
                stamped = perf_counter_ns().to_bytes(8, "little") + number.to_bytes(8, "little")
                transport.send(WSMsgType.BINARY, stamped + FILLING)
            sent = due
            await asyncio.sleep(STEP_S)


async def serve(rate: int, count: int) -> None:
    """Serve one client."""
    client = Client(rate, count)

    def route(_: WSUpgradeRequest) -> WSListener:
        return client

    server = await ws_create_server(route, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await client.gone.wait()
    server.close()


def main() -> None:
    """Serve on the loop that production runs on."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1]), int(sys.argv[2])))


if __name__ == "__main__":
    main()
