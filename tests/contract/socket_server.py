# SPDX-License-Identifier: Apache-2.0
"""A small venue of numbered streams on a real socket, with the faults that a venue has; and a feed that reads it."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import numpy as np
import uvloop
from picows import (
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
    ws_create_server,
)

from bot4.adapters.net.endpoints import Endpoint, allowed
from bot4.adapters.net.pool import Farewell, Message, Pool, Reply
from bot4.adapters.net.websocket import Payload, WireSettings, dial
from bot4.market.ingest.session import Session
from bot4.market.ingest.spread import Limits
from bot4.market.ingest.steps import Ask, Told
from bot4.runtime.clocks import SystemClock

HOST = "127.0.0.1"


def run(test: Callable[[], Awaitable[None]]) -> None:
    """Run a test on the loop that production runs on."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asyncio.wait_for(_awaited(test), 60))


async def _awaited(test: Callable[[], Awaitable[None]]) -> None:
    await test()


async def until(condition: Callable[[], bool], *, wait_s: float = 20.0) -> None:
    """Wait until something holds; fail if it never does."""
    async with asyncio.timeout(wait_s):
        while not condition():
            await asyncio.sleep(0.01)


class Peer(WSListener):
    """One connection as the server has it."""

    def __init__(self, server: "StreamServer") -> None:
        super().__init__()
        self.server = server
        self.topics: set[str] = set()
        self.heard: list[str] = []
        self.transport: WSTransport | None = None
        self.is_full = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Count it, and let the server greet."""
        self.transport = transport
        self.server.peers.append(self)
        self.server.accepted += 1
        if self.server.life_s:
            asyncio.get_running_loop().call_later(self.server.life_s, self.abort)
        self.server.greet(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Answer texts and goodbyes."""
        if frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()
        elif frame.msg_type == WSMsgType.TEXT:
            text = frame.get_payload_as_utf8_text()
            self.heard.append(text)
            self.answer(transport, text)

    def answer(self, transport: WSTransport, text: str) -> None:
        """Do what a request says; send anything else back."""
        try:
            request = json.loads(text)
        except ValueError:
            transport.send(WSMsgType.TEXT, text)
            return
        params = request["params"]
        if request["method"] == "SUBSCRIBE":
            self.topics |= set(params)
        else:
            self.topics -= set(params)
        transport.send(WSMsgType.TEXT, json.dumps({"result": None, "id": request["id"]}))

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Forget it."""
        if self in self.server.peers:
            self.server.peers.remove(self)

    def pause_writing(self) -> None:
        """Note that the client does not read."""
        self.is_full = True

    def resume_writing(self) -> None:
        """Note that it reads again."""
        self.is_full = False

    def abort(self) -> None:
        """End the connection without a word."""
        if self.transport is not None and not self.transport.is_disconnected:
            self.transport.disconnect(graceful=False)


class StreamServer:
    """Serve numbered topics; ``async with`` it."""

    def __init__(self, **how: Any) -> None:
        self.peers: list[Peer] = []
        self.accepted = 0
        self.life_s = 0.0
        self.answers: list[WSUpgradeResponse] = []
        self.extensions = ""
        self.greet: Callable[[WSTransport], None] = lambda _: None
        self.sent: dict[str, int] = defaultdict(int)
        self.mute: set[str] = set()
        self.port = 0
        self._how = how
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> "StreamServer":
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Listen, again on the same port."""
        self._server = await ws_create_server(self._route, HOST, self.port, logger_name="tests.silent", **self._how)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listen no more, and end every connection."""
        assert self._server is not None
        self._server.close()
        for peer in list(self.peers):
            peer.abort()
        await self._server.wait_closed()
        await asyncio.sleep(0)

    def _route(self, request: WSUpgradeRequest) -> WSListener | WSUpgradeResponseWithListener:
        if self.answers:
            return WSUpgradeResponseWithListener(self.answers.pop(0), None)
        if self.extensions:
            headers = {"Sec-WebSocket-Extensions": self.extensions}
            return WSUpgradeResponseWithListener(
                WSUpgradeResponse.create_101_response(extra_headers=headers), Peer(self)
            )
        return Peer(self)

    @property
    def endpoint(self) -> Endpoint:
        """Where it is."""
        return allowed(f"ws://{HOST}:{self.port}/stream", [HOST])

    def publish(self, topic: str) -> None:
        """Send the next message of a topic to all who have it."""
        number = self.sent[topic]
        self.sent[topic] += 1
        if topic in self.mute:
            return
        text = f'{{"stream":"{topic}","n":{number}}}'
        for peer in self.peers:
            if topic in peer.topics and peer.transport is not None and not peer.transport.is_disconnected:
                peer.transport.send(WSMsgType.TEXT, text)

    async def publish_for(self, seconds: float, *topics: str, rate: int = 500) -> None:
        """Publish topics in turn at a rate, every few milliseconds a few."""
        loop = asyncio.get_running_loop()
        begun, count = loop.time(), 0
        while (passed := loop.time() - begun) < seconds:
            for _ in range(int(passed * rate) - count):
                self.publish(topics[count % len(topics)])
                count += 1
            await asyncio.sleep(0.002)


class NumberedFeed:
    """Read what the server says; keep the numbers delivered and the words told."""

    def __init__(self) -> None:
        self.numbers: dict[str, list[int]] = defaultdict(list)
        self.told: list[Told] = []
        self.asks = 0

    def read(self, payload: Payload) -> Message | Reply | Farewell | None:
        """Decode one message."""
        said = json.loads(bytes(payload))
        if "stream" in said:
            return Message(said["stream"], said["n"], None)
        if "id" in said:
            return Reply(said["id"], said.get("error", ""))
        return Farewell() if said.get("e") == "serverShutdown" else None

    def deliver(self, message: Message) -> None:
        """Keep the number."""
        self.numbers[message.topic].append(message.sequence)

    def tell(self, told: Told) -> None:
        """Keep what was told."""
        self.told.append(told)

    def ask(self, ask: Ask) -> str:
        """Write a request as this server wants it."""
        self.asks += 1
        method = "SUBSCRIBE" if ask.subscribe else "UNSUBSCRIBE"
        return json.dumps({"method": method, "params": list(ask.topics), "id": ask.request})


class Running:
    """Run a pool against a server; ``async with`` it."""

    def __init__(self, server: StreamServer, limits: Limits | None = None, feed: NumberedFeed | None = None) -> None:
        self.feed = feed or NumberedFeed()
        generator = np.random.Generator(np.random.PCG64(5))
        connect = partial(dial, server.endpoint, settings=WireSettings(connect_s=2.0))
        session = Session(limits or Limits(), generator)
        self.pool = Pool(session, self.feed, connect=connect, clock=SystemClock())
        self.task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Running":
        self.task = asyncio.create_task(self.pool.run())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self.task is not None
        self.task.cancel()
        await asyncio.wait([self.task])

    async def live(self, count: int) -> None:
        """Wait until so many topics speak."""
        await until(lambda: self.pool.session.states()["live"] == count)
