# SPDX-License-Identifier: Apache-2.0
"""Commands about the simulated venue."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from cyclopts import Group, Parameter

from bot4.apps.cli.options import Screen
from bot4.apps.cli.reply import Reply, print_json
from bot4.domain.errors import BadInput
from bot4.record.counts import count_text

if TYPE_CHECKING:
    from rich.console import Console

    from bot4.apps.venue_server.gate.signatures import Permissions
    from bot4.apps.venue_server.serve import ServeRequest

VENUE = Group("Venue", sort_key=1)
KEY = Group("Key", sort_key=2)
TROUBLE = Group("Trouble", sort_key=3)

PERMISSIONS: Final = (
    "reading",
    "spot_trading",
    "withdrawals",
    "internal_transfer",
    "universal_transfer",
    "margin",
    "futures",
    "ip_restricted",
)
PORT_MAX: Final = 65_533


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Place:
    """Say where the venue listens and what is traded there."""

    profile: Annotated[
        Literal["binance-spot"], Parameter(name="--profile", group=VENUE, help="Whose protocol is spoken.")
    ] = "binance-spot"
    port: Annotated[
        int,
        Parameter(name="--port", group=VENUE, help="REST here, streams on the next, WebSocket API after it; 0: any."),
    ] = 0
    host: Annotated[str, Parameter(name="--host", group=VENUE, help="Address to listen on.")] = "127.0.0.1"
    allow_other_hosts: Annotated[
        bool, Parameter(name="--allow-other-hosts", negative=(), group=VENUE, help="Let others reach --host.")
    ] = False
    symbols: Annotated[str, Parameter(name="--symbols", group=VENUE, help="What is listed, commas between.")] = (
        "BTCUSDT,ETHUSDT"
    )
    balance: Annotated[
        tuple[str, ...],
        Parameter(
            name="--balance",
            consume_multiple=True,
            negative=(),
            group=VENUE,
            help="ASSET=AMOUNT; or several.",
        ),
    ] = ("USDT=100000",)
    feed: Annotated[
        str,
        Parameter(
            name="--feed",
            group=VENUE,
            help="Who else trades: synthetic, none, or the trades of a recording as PATH or SYMBOL=PATH.",
        ),
    ] = "synthetic"
    history: Annotated[
        tuple[str, ...],
        Parameter(
            name="--history",
            consume_multiple=True,
            negative=(),
            show_default=False,
            group=VENUE,
            help="Recorded bars that klines show as the past, moved in time to end now, as PATH or SYMBOL=PATH.",
        ),
    ] = ()
    speed: Annotated[
        float, Parameter(name="--speed", group=VENUE, help="Seconds of the venue in one of the machine's.")
    ] = 1.0
    seed: Annotated[int, Parameter(name="--seed", group=VENUE, help="Seed of everything random.")] = 0


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Member:
    """Say who may trade there; keys and secrets are thrown away with the venue."""

    api_key: Annotated[str, Parameter(name="--api-key", group=KEY, help="The member's key.")] = "key"
    api_secret: Annotated[str, Parameter(name="--api-secret", group=KEY, help="What it signs with by HMAC.")] = "secret"  # noqa: S105 - thrown away
    public_key: Annotated[
        Path | None,
        Parameter(name="--public-key", group=KEY, help="A file with an Ed25519 public key, which may sign and log on."),
    ] = None
    permissions: Annotated[
        str,
        Parameter(
            name="--permissions", group=KEY, help="What the key may do, commas between: " + " ".join(PERMISSIONS) + "."
        ),
    ] = "reading,spot_trading,ip_restricted"


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Trouble:
    """Say what goes wrong, and how long connections live."""

    faults: Annotated[
        str,
        Parameter(
            name="--faults",
            group=TROUBLE,
            help="Kinds such as N06,R06:0.02,V10@3 (rate 0.05 unless told; @N: only the N-th time), or a file of them.",
        ),
    ] = ""
    late_s: Annotated[
        float,
        Parameter(name="--late-s", group=TROUBLE, help="Seconds that a late reply takes; a spike up to twice."),
    ] = 15.0
    life_s: Annotated[
        float, Parameter(name="--life-s", group=TROUBLE, help="Seconds after which each WebSocket is cut.")
    ] = 86_400.0
    ping_s: Annotated[float, Parameter(name="--ping-s", group=TROUBLE, help="Seconds between pings.")] = 20.0
    pong_s: Annotated[float, Parameter(name="--pong-s", group=TROUBLE, help="Seconds that a pong may take.")] = 60.0


def serve(
    *,
    place: Place = Place(),
    member: Member = Member(),
    trouble: Trouble = Trouble(),
    screen: Screen = Screen(),  # noqa: B008 - frozen
) -> Reply:
    """Serve a simulated venue over the real protocols on this machine, until it is interrupted.

    The first line of stdout is a JSON object, printed when every port is open: ready,
    rest, ws, ws_api. Orders, balances and the market are imagined; nothing is kept.
    """
    struck = _run(request_of(place, member, trouble))

    def show(console: "Console") -> None:
        for code, count in struck.items():
            console.print(f"{code} struck {count_text(count, 'time')}", markup=False)

    return Reply({"profile": place.profile, "stopped": True, "faults": struck}, show, as_json=screen.as_json)


def request_of(place: Place, member: Member, trouble: Trouble) -> "ServeRequest":
    """Return what the flags ask for.

    Raises
    ------
    BadInput
        If one of them cannot be used.
    """
    from bot4.apps.venue_server.faults.schedule import parse_rules
    from bot4.apps.venue_server.feed import open_feed
    from bot4.apps.venue_server.listing import listed, parse_balance
    from bot4.apps.venue_server.past import open_past
    from bot4.apps.venue_server.serve import ServeRequest
    from bot4.apps.venue_server.streams.life import Pace

    if not 0 <= place.port <= PORT_MAX:
        raise BadInput("--port", str(place.port), f"0 to {PORT_MAX}: two more follow it", "Choose another port.")
    for name, value in (
        ("--speed", place.speed),
        ("--late-s", trouble.late_s),
        ("--life-s", trouble.life_s),
        ("--ping-s", trouble.ping_s),
        ("--pong-s", trouble.pong_s),
    ):
        if not 0 < value < 1e9:
            raise BadInput(name, str(value), "a number above 0", "Correct the number.")
    symbols = tuple(listed(name) for name in dict.fromkeys(place.symbols.split(",")) if name)
    if not symbols:
        raise BadInput("--symbols", place.symbols, "at least one symbol", "Name one, such as BTCUSDT.")
    for flag, given in (("--api-key", member.api_key), ("--api-secret", member.api_secret)):
        if not given.strip():
            raise BadInput(flag, "empty", "at least one character", "Give one, or leave the flag out.")
    return ServeRequest(
        symbols=symbols,
        api_key=member.api_key,
        api_secret=member.api_secret,
        balances=dict(parse_balance(text) for text in place.balance),
        public_key=member.public_key.read_text(encoding="utf-8") if member.public_key is not None else "",
        permissions=permissions_of(member.permissions),
        host=place.host,
        port=place.port,
        allows_other_hosts=place.allow_other_hosts,
        faults=tuple(parse_rules(trouble.faults)),
        seed=place.seed,
        speed=place.speed,
        pace=Pace(int(trouble.ping_s * 1000), int(trouble.pong_s * 1000), int(trouble.life_s * 1000)),
        late_s=trouble.late_s,
        has_flow=place.feed != "none",
        past=open_past(place.history, symbols),
        prints=None if place.feed in ("none", "synthetic") else open_feed(place.feed, symbols),
    )


def permissions_of(text: str) -> "Permissions":
    """Return what a key may do.

    Raises
    ------
    BadInput
        If a name is none of the permissions.
    """
    from bot4.apps.venue_server.gate.signatures import Permissions

    names = [name for name in text.split(",") if name]
    unknown = next((name for name in names if name not in PERMISSIONS), None)
    if unknown is not None:
        raise BadInput("--permissions", unknown, " ".join(PERMISSIONS), "Name permissions as listed.")
    return Permissions(**{name: name in names for name in PERMISSIONS})


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
            await server.serve_until(stop)
        finally:
            await server.close()
        return dict(server.schedule.struck)

    return uvloop.run(run())
