# SPDX-License-Identifier: Apache-2.0
"""The command that fetches a venue's history: its flags, and what it says."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from cyclopts import Group, Parameter

from bot4.apps.cli.options import Screen
from bot4.apps.cli.reply import DONE, INTERRUPTED, Reply
from bot4.apps.cli.streams import say
from bot4.record.counts import count_text

if TYPE_CHECKING:
    from rich.console import Console

    from bot4.apps.fetch.request import FetchRequest
    from bot4.apps.fetch.run import Fetched

FETCH = Group("Fetch", sort_key=1)
REST: Final = "https://data-api.binance.vision"


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Say what to fetch, from where, into which file."""

    symbol: Annotated[str, Parameter(name="--symbol", group=FETCH, help="The venue's name of it, such as BTCUSDT.")]
    begin: Annotated[
        str, Parameter(name="--from", group=FETCH, help="First moment in UTC: 2024-01-31 or 2024-01-31T12:00.")
    ]
    end: Annotated[str, Parameter(name="--to", group=FETCH, help="End in UTC, itself not included.")]
    out: Annotated[Path, Parameter(name="--out", group=FETCH, help="The Parquet file to make; not one that is there.")]
    venue: Annotated[Literal["binance-spot"], Parameter(name="--venue", group=FETCH, help="Whose history.")] = (
        "binance-spot"
    )
    what: Annotated[
        Literal["bars", "trades"], Parameter(name="--what", group=FETCH, help="Bars, or aggregated trades.")
    ] = "bars"
    interval: Annotated[str, Parameter(name="--interval", group=FETCH, help="Length of a bar, 1s to 1d.")] = "1m"
    rest: Annotated[
        str, Parameter(name="--rest", group=FETCH, help="The venue's REST address, or one on this machine.")
    ] = REST


def fetch(*, wanted: Wanted, screen: Screen = Screen()) -> Reply:  # noqa: B008 - frozen
    """Fetch bars or trades of a venue into one Parquet file; repeated after a cut it goes on where it stood.

    Only what is finished at the venue is written, and what it does not have is counted, never filled.
    """
    from bot4.apps.fetch.run import fetch as fetch_now

    request = request_of(wanted)
    with screen.working() as progress:
        told = fetch_now(request, progress, warn)
    code = DONE if told.counted is not None else INTERRUPTED
    return Reply(fields(request, told), lambda console: show(request, told, console), code, screen.as_json)


def warn(line: str) -> None:
    """Write a line to stderr."""
    say(sys.stderr, line + "\n")


def request_of(wanted: Wanted) -> "FetchRequest":
    """Return what the flags ask for.

    Raises
    ------
    BadInput
        If a moment cannot be read.
    """
    from bot4.apps.fetch.request import BARS, FetchRequest, parse_moment

    return FetchRequest(
        venue=wanted.venue,
        symbol=wanted.symbol,
        what=wanted.what,
        interval=wanted.interval if wanted.what == BARS else "",
        begin_ms=parse_moment(wanted.begin, "--from"),
        end_ms=parse_moment(wanted.end, "--to"),
        out=wanted.out,
        rest=wanted.rest,
    )


def fields(request: "FetchRequest", told: "Fetched") -> dict[str, object]:
    """Return what came of it as plain values."""
    from bot4.adapters.venues.binance.wire.asker import utc_text

    counted = told.counted
    return {
        **{key: value for key, value in request.noted().items() if not key.endswith("_ms")},
        "from": utc_text(request.begin_ms),
        "to": utc_text(request.end_ms),
        "out": request.out,
        "stopped": counted is None,
        "rows": told.rows,
        "resumed_rows": told.resumed_rows,
        "pages": told.pages,
        "missing": None if counted is None else counted.missing,
        "holes": None if counted is None else counted.holes,
        "left_out_from": None if told.left_out_ms is None else utc_text(told.left_out_ms),
    }


def show(request: "FetchRequest", told: "Fetched", console: "Console") -> None:
    """Print what came of it."""
    from bot4.adapters.venues.binance.wire.asker import utc_text

    if told.counted is None:
        console.print(f"stopped: {told.rows:,} {request.what} kept; the same command goes on there", markup=False)
        return
    kept = f", {told.resumed_rows:,} of them from before" if told.resumed_rows else ""
    console.print(f"{told.rows:,} {request.what} of {request.symbol}{kept}: {request.out}", markup=False)
    if told.counted.missing:
        holes = f"in {count_text(told.counted.holes, 'hole')}"
        console.print(f"the venue does not have {told.counted.missing:,} between them, {holes}", markup=False)
    if told.left_out_ms is not None:
        console.print(f"left out, not finished at the venue: from {utc_text(told.left_out_ms)} on", markup=False)
    console.print(f"next: bot4 data check --{flag(request)} {request.symbol}={request.out}", markup=False)


def flag(request: "FetchRequest") -> str:
    """Return the flag that reads the file."""
    return "bars" if request.what == "bars" else "ticks"
