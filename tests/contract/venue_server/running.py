# SPDX-License-Identifier: Apache-2.0
"""A venue on free ports while a test needs it, and clients of its protocols that share no code with it."""

import asyncio
import hashlib
import hmac
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpx
import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from bot4.apps.venue_server.listing import listed
from bot4.apps.venue_server.serve import ServeRequest, VenueServer

KEY = "the-key-of-a-test"
SECRET = "the-secret-of-a-test"
ONE = 10**8
PATIENCE_S = 20.0

T = TypeVar("T")


def asked(*symbols: str, **more: Any) -> ServeRequest:
    """Return a request for a venue with one rich member and, unless told otherwise, nobody else."""
    chosen = tuple(listed(name) for name in symbols or ("BTCUSDT", "ETHUSDT"))
    wanted: dict[str, Any] = {
        "symbols": chosen,
        "api_key": KEY,
        "api_secret": SECRET,
        "balances": {"USDT": 1_000_000 * ONE, "BTC": 100 * ONE},
        "has_flow": False,
    }
    return ServeRequest(**(wanted | more))


@dataclass
class Running:
    """A venue that runs, and where."""

    server: VenueServer
    rest: str
    ws: str
    ws_api: str
    loop: asyncio.AbstractEventLoop

    def within(self, work: Callable[[], T]) -> T:
        """Do something in the venue's own thread, and return what came of it."""

        async def do() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(do(), self.loop).result(PATIENCE_S)


@contextmanager
def running(request: ServeRequest) -> Iterator[Running]:
    """Run a venue in a thread of its own, for clients that block."""
    loop = asyncio.new_event_loop()
    server = VenueServer(request)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        ready = asyncio.run_coroutine_threadsafe(server.open(), loop).result(PATIENCE_S)
        yield Running(server, str(ready["rest"]), str(ready["ws"]), str(ready["ws_api"]), loop)
    finally:
        asyncio.run_coroutine_threadsafe(server.close(), loop).result(PATIENCE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_S)
        loop.close()


def at_a_venue(request: ServeRequest, visit: Any) -> None:
    """Run a venue and a visit to it in one loop."""

    async def both() -> None:
        server = VenueServer(request)
        ready = await server.open()
        try:
            await visit(ready, server)
        finally:
            await server.close()

    asyncio.run(both())


class RestClient:
    """A client of REST: it signs as the venue's papers say, by hand."""

    def __init__(self, address: str, *, key: str = KEY, secret: str = SECRET) -> None:
        self.http = httpx.Client(base_url=address, timeout=PATIENCE_S)
        self._key = key
        self._secret = secret

    def __enter__(self) -> "RestClient":
        return self

    def __exit__(self, *_error: object) -> None:
        self.http.close()

    def signed(self, verb: str, path: str, **words: object) -> httpx.Response:
        """Send a signed request, its parameters in the query."""
        return self.http.request(verb, f"{path}?{self._payload(words)}", headers={"X-MBX-APIKEY": self._key})

    def signed_form(self, verb: str, path: str, **words: object) -> httpx.Response:
        """Send a signed request, its parameters in the body."""
        headers = {"X-MBX-APIKEY": self._key, "Content-Type": "application/x-www-form-urlencoded"}
        return self.http.request(verb, path, content=self._payload(words), headers=headers)

    def _payload(self, words: dict[str, object]) -> str:
        """Return parameters with their time and signature."""
        words.setdefault("timestamp", int(time.time() * 1000))
        payload = urlencode(words)
        return payload + "&signature=" + hmac.new(self._secret.encode(), payload.encode(), hashlib.sha256).hexdigest()

    def get(self, path: str, **words: object) -> httpx.Response:
        """Send a request that anyone may send."""
        return self.http.get(path, params={name: str(value) for name, value in words.items()})


@dataclass
class Heard(WSListener):
    """Everything that came over one WebSocket."""

    messages: list[Any] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    pings: list[bytes] = field(default_factory=list)
    close_code: int = 0

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Keep a frame."""
        if frame.msg_type == WSMsgType.TEXT:
            data = frame.get_payload_as_bytes()
            self.raw.append(data)
            try:
                self.messages.append(msgspec.json.decode(data))
            except msgspec.DecodeError:
                self.messages.append(None)
        elif frame.msg_type == WSMsgType.PING:
            self.pings.append(frame.get_payload_as_bytes())
        elif frame.msg_type == WSMsgType.CLOSE:
            self.close_code = frame.get_close_code().value
            transport.disconnect()


class SocketClient:
    """A client of either WebSocket door."""

    def __init__(self, transport: WSTransport, heard: Heard) -> None:
        self.transport = transport
        self.heard = heard

    @classmethod
    async def open(cls, address: str, *, answers_pings: bool = True) -> "SocketClient":
        """Connect."""

        def hear() -> Heard:
            return Heard()  # picows would hand the request and the response to the class itself

        transport, heard = await ws_connect(hear, address, enable_auto_pong=answers_pings)
        assert isinstance(heard, Heard)
        return cls(transport, heard)

    def send(self, message: object) -> None:
        """Send a message."""
        self.transport.send(WSMsgType.TEXT, msgspec.json.encode(message))

    def call(self, method: str, number: object = 1, *, key: str = KEY, secret: str = SECRET, **words: Any) -> None:
        """Send a signed request of the WebSocket API."""
        words |= {"apiKey": key, "timestamp": int(time.time() * 1000)}
        payload = "&".join(f"{name}={words[name]}" for name in sorted(words))
        words["signature"] = hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
        self.send({"id": number, "method": method, "params": words})

    async def wait_for(self, count: int) -> list[Any]:
        """Wait until so many messages came and return them all."""
        await until(lambda: len(self.heard.messages) >= count or self.transport.is_disconnected)
        return self.heard.messages


async def until(happened: Any) -> None:
    """Wait until something has happened, for as long as a loaded machine may take."""
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.005)


def events_of(messages: list[Any], kind: str) -> list[Mapping[str, Any]]:
    """Return the user events of a kind."""
    return [one["event"] for one in messages if isinstance(one, dict) and one.get("event", {}).get("e") == kind]
