# SPDX-License-Identifier: Apache-2.0
"""A run at a venue, asked for on the command line: its flags, its request, and the loop around it."""

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from cyclopts import Parameter

from bot4.apps.cli.durations import seconds_of
from bot4.apps.cli.hidden import passphrase
from bot4.apps.cli.options import RUN, Duration, Out, Overrides, Report, Screen, Seed
from bot4.apps.cli.reply import console
from bot4.apps.output import RUNS, find_run
from bot4.domain.errors import BadInput

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine

    from bot4.apps.live.request import LiveRequest
    from bot4.apps.live.view import View
    from bot4.apps.outcome import Outcome

T = TypeVar("T")


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class LiveOptions:
    """Hold the flags of a run at a venue."""

    duration: Duration = "0"
    seed: Seed = None
    overrides: Overrides = ()
    out: Out = RUNS
    resume: Annotated[
        str | None, Parameter(name="--resume", group=RUN, help="Go on with a run that was cut: its folder, name or id.")
    ] = None
    report: Report = True


def live_request(command: str, config: Path, options: LiveOptions) -> "LiveRequest":
    """Return what a command asks for; secrets are read only where orders are real.

    Raises
    ------
    BadInput
        If the configuration cannot be used, its gate only looks on, or a paper run is to be gone on with.
    """
    from bot4.apps.live.request import LiveRequest, addresses_of, signer_of
    from bot4.runtime.config_file import Override, load_settings, parse_override
    from bot4.runtime.venue_settings import TABLE, venue_settings

    overrides = [parse_override(text) for text in options.overrides]
    if options.seed is not None:
        overrides.append(Override("seed", str(options.seed), "--seed"))
    loaded = load_settings(config, os.environ, overrides, apart=TABLE)
    if loaded.settings.gate != "enforce":
        raise BadInput(
            f"{loaded.place(('gate',))}: gate",
            loaded.settings.gate,
            "enforce: on a live feed nothing trades without evidence",
            "Research with bot4 backtest, or bot4 paper --replay.",
            "gate_observes",
        )
    if command == "paper" and options.resume is not None:
        raise BadInput(
            "--resume",
            options.resume,
            "a run with real orders: what an imagined venue held is gone with the process",
            "Begin a new paper run.",
            "not_resumable",
        )
    venue = venue_settings(loaded.apart, loaded.place)
    signer = None
    if command == "live":
        signer = signer_of(venue, os.environ, sys.argv[1:], lambda path: passphrase(path, os.environ))
    return LiveRequest(
        command=command,
        config=loaded.settings,
        venue=venue,
        addresses=addresses_of(venue),
        signer=signer,
        out=options.out,
        seconds=seconds_of(options.duration),
        report=options.report,
        config_folder=config.parent,
        resume=None if options.resume is None else str(find_run(options.resume, options.out)),
        typed=shlex.join(["bot4", *sys.argv[1:]]),
    )


def run_at_venue(request: "LiveRequest", screen: Screen) -> "Outcome":
    """Run until a signal comes or the time is over, with a view on the terminal."""
    from bot4.apps.live.imagined_time import imagined_clock
    from bot4.apps.live.run import LiveRun

    view = view_of(screen, f"bot4 {request.command}")

    async def run(stop: "asyncio.Event") -> "Outcome":
        return await LiveRun(request, view, await imagined_clock(request)).run(stop)

    return until_stopped(run, view)


def until_stopped(work: "Callable[[asyncio.Event], Coroutine[None, None, T]]", view: "View") -> "T":
    """Do a work that ends when an event is set: SIGINT and SIGTERM set it; the view is left whole whatever comes."""
    import asyncio
    import signal

    import uvloop

    async def run() -> "T":
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        return await work(stop)

    try:
        return uvloop.run(run())
    finally:
        view.end()


def view_of(screen: Screen, title: str) -> "View":
    """Return the view that fits the screen: a table on a terminal, lines where progress is asked for, else nothing."""
    from bot4.apps.live.view import LineView, NoView, TerminalView

    paper = console(stderr=True)
    if screen.progress is False or (screen.progress is None and screen.as_json and not paper.is_terminal):
        return NoView()
    return TerminalView(paper, title) if paper.is_terminal else LineView(paper)
