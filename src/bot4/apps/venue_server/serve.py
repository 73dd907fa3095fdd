# SPDX-License-Identifier: Apache-2.0
"""Starting the simulated venue, keeping it beating, and ending it: what ``bot4 venue serve`` does.

Three ports on one host: REST, market streams, the WebSocket API. Port 0 takes any that
are free; port P takes P, P+1 and P+2. One loop, one thread: a request is answered
whole before the next is looked at, as in the exchange itself.
"""

import asyncio
import ipaddress
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, final

from picows import WSUpgradeRequest, WSUpgradeResponse, WSUpgradeResponseWithListener, ws_create_server

from bot4.apps.venue_server.background import Background, Print
from bot4.apps.venue_server.clock import VenueClock
from bot4.apps.venue_server.doors.api_door import PATH, ApiDoor
from bot4.apps.venue_server.doors.http import HttpServer
from bot4.apps.venue_server.doors.market_door import MarketDoor
from bot4.apps.venue_server.doors.rest import RestDoor
from bot4.apps.venue_server.doors.sockets import TEXT_MAX, Conversation
from bot4.apps.venue_server.faults.mishaps import LATE_S
from bot4.apps.venue_server.faults.schedule import Rule, Schedule
from bot4.apps.venue_server.gate.limits import Figures, Limits
from bot4.apps.venue_server.gate.signatures import Key, Permissions, public_key
from bot4.apps.venue_server.listing import Listed
from bot4.apps.venue_server.past import Past
from bot4.apps.venue_server.streams.life import Pace
from bot4.apps.venue_server.streams.market_streams import MarketStreams
from bot4.apps.venue_server.venue import Venue
from bot4.domain.errors import BadInput, OurFault, OutsideFault
from bot4.simulation.exchange.accounts import Terms
from bot4.simulation.exchange.fees import Commission
from bot4.simulation.exchange.venue import Exchange

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMBER: Final = "member"
BEAT_MS: Final = 20
BURST: Final = 10
PORTS: Final = 3
ADDRESS: Final = "127.0.0.1"
"""Whoever comes, limits count him as one address: on a loopback all are neighbours."""
Admit = Callable[[WSUpgradeRequest, str], Conversation | None]


@dataclass(frozen=True, slots=True)
class ServeRequest:
    """Hold everything that ``bot4 venue serve`` can be asked for."""

    symbols: tuple[Listed, ...]
    api_key: str
    api_secret: str
    balances: dict[str, int]
    public_key: str = ""
    permissions: Permissions = field(default_factory=Permissions)
    commission: Commission = field(default_factory=Commission)
    host: str = "127.0.0.1"
    port: int = 0
    allows_other_hosts: bool = False
    faults: tuple[Rule, ...] = ()
    seed: int = 0
    speed: float = 1.0
    figures: Figures = field(default_factory=Figures)
    pace: Pace = field(default_factory=Pace)
    has_flow: bool = True
    late_s: float = LATE_S
    began_ns: int | None = None
    past: tuple[Past, ...] = field(default=(), repr=False)
    prints: "Iterator[Print] | None" = field(default=None, compare=False)


@final
class VenueServer:
    """Run one venue on three ports.

    Raises
    ------
    BadInput
        If the host is not this machine alone and that was not asked for, or the public key cannot be read.
    """

    def __init__(self, request: ServeRequest) -> None:
        check_host(request.host, allows_other_hosts=request.allows_other_hosts)
        self._request = request
        self.clock = VenueClock(request.speed, request.began_ns)
        self._began_ms = now_ms = self.clock.now_ms()
        self.exchange = Exchange([one.rules for one in request.symbols], request.seed)
        for past in request.past:
            self.exchange.market.remember(past.symbol, past.ending(now_ms))
        self.exchange.open_account(MEMBER, Terms(request.commission), request.balances, now_ms)
        self.schedule = Schedule(request.faults, request.seed)
        key = _key(request)
        self.venue = Venue(
            self.exchange,
            {key.name: key},
            limits=Limits(request.figures),
            schedule=self.schedule,
            late_s=request.late_s,
            now_ms=now_ms,
        )
        clocks = self.clock.now_ms, self.clock.machine_ms
        self._streams = MarketStreams(self.venue.desk, now_ms)
        self._market = MarketDoor(self._streams, request.pace, self.schedule, machine_ms=clocks[1])
        self._api = ApiDoor(self.venue, request.pace, now_ms=clocks[0], machine_ms=clocks[1])
        self.venue.listeners += [self._market, self._api]
        self._http = HttpServer(RestDoor(self.venue, ADDRESS, clocks[0]).respond)
        self._sockets: list[asyncio.Server] = []
        self._beating: asyncio.Task[None] | None = None
        self._background: Background | None = None

    async def open(self) -> dict[str, object]:
        """Begin to serve; return what the ready line says.

        Raises
        ------
        OutsideFault
            If a port cannot be had.
        """
        request = self._request
        now_ms = self.clock.now_ms()
        if request.has_flow:
            began_ms = now_ms if request.prints is None else self._began_ms  # where its past ends
            self._background = Background(
                self.exchange, request.symbols, seed=request.seed, now_ms=began_ms, prints=request.prints
            )
            self._background.begin(now_ms)
        self.venue.publish(now_ms)  # what came before the first client is nobody's news
        ports = [request.port + step if request.port else 0 for step in range(PORTS)]
        try:
            rest = await self._http.open(request.host, ports[0])
            market = await self._listen(self._market.admit, ports[1])
            api = await self._listen(self._api.admit, ports[2])
        except OSError as error:
            await self.close()
            raise OutsideFault(
                "--port",
                f"{request.host}:{request.port}: {error.strerror or error}",
                "three free ports in a row, or 0",
                "End what uses the port, choose another, or let the system choose with --port 0.",
                "port_in_use",
            ) from None
        self._beating = asyncio.create_task(self._beat())
        host = f"[{request.host}]" if ":" in request.host else request.host
        return {
            "ready": True,
            "rest": f"http://{host}:{rest}",
            "ws": f"ws://{host}:{market}",
            "ws_api": f"ws://{host}:{api}{PATH}",
            "symbols": [one.rules.symbol for one in request.symbols],
        }

    async def serve_until(self, stop: asyncio.Event) -> None:
        """Serve until asked to stop; a bug anywhere in the venue ends it too and is raised here."""
        loop = asyncio.get_running_loop()
        failures: list[BaseException] = []

        def fail(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
            error = context.get("exception")
            failures.append(error if isinstance(error, BaseException) else OurFault(str(context.get("message"))))
            stop.set()

        loop.set_exception_handler(fail)
        waiting = asyncio.create_task(stop.wait())
        assert self._beating is not None
        await asyncio.wait({waiting, self._beating}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._beating.done():
            self._beating.result()
        for error in failures:
            raise error

    async def close(self) -> None:
        """Tell clients to go, and stop."""
        if self._beating is not None and not self._beating.done():
            self._beating.cancel()
            with suppress(asyncio.CancelledError):
                await self._beating
        now_ms = self.clock.now_ms()
        for door in (self._market, self._api):
            door.shut_down(now_ms, cuts=True)
        for server in self._sockets:
            server.close()
        await self._http.close()
        await asyncio.sleep(0)  # what was sent last leaves before the loop ends

    def background_beat(self, now_ms: int, *, times: int = 1) -> None:
        """Let the other participants act, and tell what they did; where that takes long, the rest waits."""
        until_ms = self.clock.machine_ms() + BEAT_MS
        is_due = self._background is not None
        while is_due and self._background is not None:
            is_due = self._background.beat(now_ms, times=times) and self.clock.machine_ms() < until_ms
            self.venue.publish(now_ms)

    async def _beat(self) -> None:
        """Let time pass for everything that waits for it."""
        burst_until_ms = 0
        while True:
            began_ms, now_ms = self.clock.machine_ms(), self.clock.now_ms()
            codes = self.venue.beat(MEMBER, now_ms)
            if "W14" in codes:
                burst_until_ms = now_ms + 1000
            self.background_beat(now_ms, times=BURST if now_ms < burst_until_ms else 1)
            for door in (self._market, self._api):
                if "W11" in codes:
                    door.shut_down(now_ms, cuts=True)
                door.beat(now_ms)
            worked_ms = self.clock.machine_ms() - began_ms
            await asyncio.sleep(max(BEAT_MS, worked_ms) / 1000)  # half of the time is the clients', on any machine

    async def _listen(self, admit: Admit, port: int) -> int:
        """Serve WebSockets on a port and return it."""

        def greet(upgrade: WSUpgradeRequest) -> Conversation | WSUpgradeResponseWithListener | None:
            blocked = self.venue.desk.limits.connect(ADDRESS, self.clock.now_ms())
            if blocked is not None or self.clock.now_ms() < self.venue.closed_until_ms:
                status = blocked.status if blocked is not None else 503
                return WSUpgradeResponseWithListener(WSUpgradeResponse.create_error_response(status), None)
            return admit(upgrade, ADDRESS)

        server = await ws_create_server(
            greet,
            self._request.host,
            port,
            enable_auto_pong=False,  # pings count against how fast a client may talk
            max_frame_size=TEXT_MAX,
            use_aiofastnet=False,
            logger_name="bot4.venue",
        )
        self._sockets.append(server)
        return int(server.sockets[0].getsockname()[1])


def check_host(host: str, *, allows_other_hosts: bool) -> None:
    """Refuse a host that others can reach.

    Raises
    ------
    BadInput
        If the host is not of the loopback and that was not asked for.
    """
    if host == "localhost" or allows_other_hosts:
        return
    try:
        is_loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise BadInput(
            "--host",
            host,
            "an address of this machine alone: 127.0.0.1, ::1, localhost",
            "The venue speaks without encryption and its secrets are throw-away ones: others must not reach it. "
            "In a network of your own, add --allow-other-hosts.",
        )


def _key(request: ServeRequest) -> Key:
    """Return the member's key."""
    public = None
    if request.public_key:
        public = public_key(request.public_key)
        if public is None:
            raise BadInput(
                "--public-key", "not readable", "an Ed25519 public key, PEM or base64 of 32 bytes", "Give such a key."
            )
    return Key(request.api_key, MEMBER, request.api_secret, public, request.permissions)
