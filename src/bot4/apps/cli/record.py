# SPDX-License-Identifier: Apache-2.0
"""The command that records a venue's traffic, and the one that reads it again."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from cyclopts import Parameter

from bot4.apps.cli.durations import seconds_of
from bot4.apps.cli.options import Screen
from bot4.apps.cli.reply import Reply, console
from bot4.domain.errors import BadInput

if TYPE_CHECKING:
    from rich.console import Console

    from bot4.apps.record.run import RecordRequest

STREAMS: Final = ("trade", "bookTicker", "depth")
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


def record(
    *,
    symbols: Annotated[str, Parameter(name="--symbols", help="What is recorded, commas between.")],
    venue: Annotated[Literal["binance-spot"], Parameter(name="--venue", help="Whose streams.")] = "binance-spot",
    streams: Annotated[str, Parameter(name="--streams", help="Of trade,bookTicker,depth.")] = ",".join(STREAMS),
    out: Annotated[Path, Parameter(name="--out", help="Folder of the files.")] = Path("traffic"),
    duration: Annotated[str, Parameter(name="--for", help="How long, such as 60s, 5m, 2h; 0: until stopped.")] = "0",
    files_max: Annotated[int, Parameter(name="--files", help="Files kept, the oldest deleted; 0: all.")] = 64,
    ws: Annotated[str, Parameter(name="--ws", help="Address of the streams.")] = "wss://stream.binance.com:9443",
    rest: Annotated[str, Parameter(name="--rest", help="Address of REST.")] = "https://api.binance.com",
    screen: Screen = Screen(),  # noqa: B008 - frozen
) -> Reply:
    """Record the raw traffic of a venue's market streams, until stopped or for a time; it replays to the same.

    Raises
    ------
    BadInput
        If a flag cannot be used.
    """
    from bot4.adapters.net.endpoints import allowed
    from bot4.adapters.venues.binance.market.dialect import MARKET_HOSTS
    from bot4.adapters.venues.binance.wire.rest import HOSTS
    from bot4.apps.record.pipeline import FEED
    from bot4.apps.record.run import RecordRequest

    known = tuple(dict.fromkeys(name for name in streams.split(",") if name))
    assert venue == FEED, "the only one there is"
    names = tuple(dict.fromkeys(name.upper() for name in symbols.split(",") if name))
    if not known or any(name not in STREAMS for name in known):
        raise BadInput("--streams", streams, ",".join(STREAMS), "Name streams as listed.")
    if not names:
        raise BadInput("--symbols", symbols, "at least one symbol", "Name one, such as BTCUSDT.")
    if files_max < 0:
        raise BadInput("--files", str(files_max), "0 or more", "Correct the number.")
    request = RecordRequest(
        symbols=names,
        streams=known,
        folder=out,
        ws=allowed(ws, (*MARKET_HOSTS, *LOOPBACK), place="--ws"),
        rest=allowed(rest, (*HOSTS, *LOOPBACK), place="--rest"),
        seconds=seconds_of(duration),
        files_max=files_max,
    )
    for place, endpoint, schemes in (("--ws", request.ws, ("ws", "wss")), ("--rest", request.rest, ("http", "https"))):
        if endpoint.scheme not in schemes:
            raise BadInput(place, endpoint.scheme, " or ".join(schemes), "Correct the scheme.")
    data = _run(request)

    def show(paper: "Console") -> None:
        for name, value in data.items():
            paper.print(f"{name}: {value}", markup=False)

    return Reply(data, show, as_json=screen.as_json)


def replay(
    folder: Annotated[Path, Parameter(name="FOLDER", help="What bot4 record wrote.")],
    /,
    *,
    screen: Screen = Screen(),  # noqa: B008 - frozen
) -> Reply:
    """Put recorded traffic through the pipeline that judged it: each message applied, or counted under a reason.

    Raises
    ------
    BadInput
        If the folder holds no recording, or a broken one.
    """
    from bot4.apps.record.replay import replay as replay_now

    pipeline = replay_now(folder, lambda _event: None)
    feeds = [one for one in pipeline.board.figures() if one["messages"]]
    data = {"folder": str(folder), "fates": pipeline.fates(), **pipeline.sums(), "feeds": feeds}

    def show(paper: "Console") -> None:
        for one in feeds:
            paper.print(f"{one['symbol'] or 'of no instrument'}, {one['feed']}", markup=False)
            for name in (key for key in one if key not in ("symbol", "feed")):
                paper.print(f"  {name}: {one[name]}", markup=False)
        for name in ("fates", *pipeline.sums()):
            paper.print(f"{name}: {data[name]}", markup=False)

    return Reply(data, show, as_json=screen.as_json)


def _run(request: "RecordRequest") -> dict[str, object]:
    """Record until a signal comes or the time is over."""
    import asyncio
    import signal

    import uvloop

    from bot4.apps.record.run import Recorder

    paper = console(stderr=True)

    async def run() -> dict[str, object]:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        return await Recorder(request, lambda line: paper.print(line, markup=False)).run(stop)

    return uvloop.run(run())
