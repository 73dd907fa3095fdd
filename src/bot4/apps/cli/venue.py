# SPDX-License-Identifier: Apache-2.0
"""Commands about the simulated venue."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Group, Parameter

from bot4.apps.cli.options import Screen
from bot4.apps.cli.reply import Reply, print_json
from bot4.domain.errors import BadInput

if TYPE_CHECKING:
    from rich.console import Console

    from bot4.apps.venue_server.gate.signatures import Permissions
    from bot4.apps.venue_server.serve import ServeRequest

VENUE = Group("Venue", sort_key=1)
KEY = Group("Key", sort_key=2)
TROUBLE = Group("Trouble", sort_key=3)

PERMISSIONS = (
    "reading",
    "spot_trading",
    "withdrawals",
    "internal_transfer",
    "universal_transfer",
    "margin",
    "futures",
    "ip_restricted",
)


def serve(
    *,
    profile: Annotated[
        Literal["binance-spot"], Parameter(name="--profile", group=VENUE, help="Whose protocol is spoken.")
    ] = "binance-spot",
    port: Annotated[
        int,
        Parameter(
            name="--port", group=VENUE, help="REST here, streams on the next, WebSocket API on the one after; 0: any."
        ),
    ] = 0,
    host: Annotated[str, Parameter(name="--host", group=VENUE, help="Address to listen on.")] = "127.0.0.1",
    allow_other_hosts: Annotated[
        bool,
        Parameter(name="--allow-other-hosts", negative=(), group=VENUE, help="Let --host be one others can reach."),
    ] = False,
    symbols: Annotated[
        str, Parameter(name="--symbols", group=VENUE, help="What is listed, commas between.")
    ] = "BTCUSDT,ETHUSDT",
    balance: Annotated[
        tuple[str, ...],
        Parameter(
            name="--balance",
            consume_multiple=True,
            negative=(),
            group=VENUE,
            help="ASSET=AMOUNT; several may be given.",
        ),
    ] = ("USDT=100000",),
    feed: Annotated[
        str,
        Parameter(
            name="--feed",
            group=VENUE,
            help="Who else trades: synthetic, none, or the trades of a recording as PATH or SYMBOL=PATH.",
        ),
    ] = "synthetic",
    speed: Annotated[
        float, Parameter(name="--speed", group=VENUE, help="Seconds of the venue in one of the machine's.")
    ] = 1.0,
    seed: Annotated[int, Parameter(name="--seed", group=VENUE, help="Seed of everything random.")] = 0,
    api_key: Annotated[str, Parameter(name="--api-key", group=KEY, help="The member's key, a throw-away one.")] = "key",
    api_secret: Annotated[
        str, Parameter(name="--api-secret", group=KEY, help="What it signs with by HMAC, a throw-away one.")
    ] = "secret",  # noqa: S107 - thrown away with the venue
    public_key: Annotated[
        Path | None,
        Parameter(
            name="--public-key", group=KEY, help="A file with an Ed25519 public key: it may sign, and log sessions on."
        ),
    ] = None,
    permissions: Annotated[
        str,
        Parameter(
            name="--permissions",
            group=KEY,
            help="What the key may do, commas between: " + " ".join(PERMISSIONS) + ".",
        ),
    ] = "reading,spot_trading,ip_restricted",
    faults: Annotated[
        str,
        Parameter(
            name="--faults",
            group=TROUBLE,
            help="Kinds such as N06,R06:0.02,V10@3 (rate 0.05 unless told, @N: only the N-th time), or a file of them.",
        ),
    ] = "",
    life_s: Annotated[
        float, Parameter(name="--life-s", group=TROUBLE, help="Seconds after which each WebSocket is cut.")
    ] = 86_400.0,
    ping_s: Annotated[float, Parameter(name="--ping-s", group=TROUBLE, help="Seconds between pings.")] = 20.0,
    pong_s: Annotated[float, Parameter(name="--pong-s", group=TROUBLE, help="Seconds that a pong may take.")] = 60.0,
    screen: Screen = Screen(),  # noqa: B008 - frozen
) -> Reply:
    """Serve a simulated venue over the real protocols on this machine, until it is interrupted.

    The first line of stdout is a JSON object, printed when every port is open: ready,
    rest, ws, ws_api. Orders, balances and the market are imagined; nothing is kept.
    """
    from bot4.apps.venue_server.faults.schedule import parse_rules
    from bot4.apps.venue_server.feed import open_feed
    from bot4.apps.venue_server.listing import listed, parse_balance
    from bot4.apps.venue_server.serve import ServeRequest
    from bot4.apps.venue_server.streams.life import Pace

    _check_numbers(port=port, speed=speed, life_s=life_s, ping_s=ping_s, pong_s=pong_s)
    chosen = tuple(listed(name) for name in dict.fromkeys(symbols.split(",")) if name)
    if not chosen:
        raise BadInput("--symbols", symbols, "at least one symbol", "Name one, such as BTCUSDT.")
    request = ServeRequest(
        symbols=chosen,
        api_key=api_key,
        api_secret=api_secret,
        balances=dict(parse_balance(text) for text in balance),
        public_key=public_key.read_text(encoding="utf-8") if public_key is not None else "",
        permissions=_permissions(permissions),
        host=host,
        port=port,
        allows_other_hosts=allow_other_hosts,
        faults=tuple(parse_rules(faults)),
        seed=seed,
        speed=speed,
        pace=Pace(int(ping_s * 1000), int(pong_s * 1000), int(life_s * 1000)),
        has_flow=feed != "none",
        prints=None if feed in ("none", "synthetic") else open_feed(feed, chosen),
    )
    struck = _run(request)

    def show(console: "Console") -> None:
        for code, count in struck.items():
            console.print(f"{code} struck {count} times", markup=False)

    return Reply({"profile": profile, "stopped": True, "faults": struck}, show, as_json=screen.as_json)


def _run(request: "ServeRequest") -> dict[str, int]:
    """Serve until a signal comes; return how often each fault struck."""
    import asyncio
    import signal

    import uvloop

    from bot4.apps.venue_server.serve import VenueServer

    async def run() -> dict[str, int]:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        server = VenueServer(request)
        print_json(await server.open())
        try:
            await stop.wait()
        finally:
            await server.close()
        return dict(server.schedule.struck)

    return uvloop.run(run())


def _permissions(text: str) -> "Permissions":
    """Return what a key may do."""
    from bot4.apps.venue_server.gate.signatures import Permissions

    names = [name for name in text.split(",") if name]
    unknown = next((name for name in names if name not in PERMISSIONS), None)
    if unknown is not None:
        raise BadInput("--permissions", unknown, " ".join(PERMISSIONS), "Name permissions as listed.")
    return Permissions(**{name: name in names for name in PERMISSIONS})


def _check_numbers(*, port: int, speed: float, life_s: float, ping_s: float, pong_s: float) -> None:
    """Refuse numbers that cannot be meant.

    Raises
    ------
    BadInput
        If the port is none, or a span or the speed is not above zero.
    """
    if not 0 <= port <= 65_533:
        raise BadInput("--port", str(port), "0 to 65533: two more follow it", "Choose another port.")
    for name, value in (("--speed", speed), ("--life-s", life_s), ("--ping-s", ping_s), ("--pong-s", pong_s)):
        if not 0 < value < 1e9:
            raise BadInput(name, str(value), "a number above 0", "Correct the number.")
