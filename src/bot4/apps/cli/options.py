# SPDX-License-Identifier: Apache-2.0
"""The flags that several commands share, and how they become a typed request."""

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Group, Parameter

from bot4.apps.cli.reply import console
from bot4.apps.output import RUNS, find_run, journal_of, newest_run
from bot4.apps.progress import DrawnBar, Progress, Silent, StopFlag, stop_on_signals
from bot4.domain.errors import BadInput

if TYPE_CHECKING:
    from bot4.apps.session import RunRequest
    from bot4.runtime.config_file import LoadedSettings

DATA = Group("Data", sort_key=1)
RUN = Group("Run", sort_key=2)
SCREEN = Group("Output", sort_key=9)

Bars = Annotated[
    tuple[str, ...],
    Parameter(
        name="--bars",
        consume_multiple=True,
        negative=(),
        show_default=False,
        group=DATA,
        help="Recorded bars, Parquet or CSV, as PATH or SYMBOL=PATH; several, and patterns, may be given.",
    ),
]
Ticks = Annotated[
    tuple[str, ...],
    Parameter(
        name="--ticks",
        consume_multiple=True,
        negative=(),
        show_default=False,
        group=DATA,
        help="Recorded ticks instead of bars: raw recordings, tables of trades or quotes, or bot4's own files, "
        "as PATH or SYMBOL=PATH.",
    ),
]
Symbols = Annotated[
    tuple[str, ...],
    Parameter(
        name="--symbol",
        consume_multiple=True,
        negative=(),
        show_default=False,
        group=DATA,
        help="Symbols to use; all of the files if none.",
    ),
]
Interval = Annotated[
    str,
    Parameter(
        name="--interval",
        group=DATA,
        help="Length of a bar such as 1m, 1h, 1d; that of the files if none, 1s of ticks.",
    ),
]
Strict = Annotated[
    bool,
    Parameter(name="--strict", negative=(), show_default=False, group=DATA, help="Refuse a file at its first fault."),
]
Out = Annotated[Path, Parameter(name="--out", group=RUN, help="Folder in which the run's own folder is made.")]
Seed = Annotated[int | None, Parameter(name="--seed", group=RUN, help="Seed of everything random in the run.")]
Report = Annotated[bool, Parameter(name="--report", group=RUN, help="Write report.html.")]
ConfigFile = Annotated[Path | None, Parameter(name="CONFIG", help="A TOML file; bot4 config show tells every key.")]
Duration = Annotated[
    str, Parameter(name="--for", group=RUN, help="How long at a venue, such as 90s, 5m, 2h; 0: until it is stopped.")
]
Overrides = Annotated[
    tuple[str, ...],
    Parameter(
        name="--set",
        consume_multiple=True,
        negative=(),
        show_default=False,
        group=RUN,
        help="Settings as key=value, such as risk.position_mille=10; they win over the environment and the file.",
    ),
]
JournalPath = Annotated[
    Path | None, Parameter(name="--journal", help="A journal or a run's folder; the newest below ./runs if none.")
]


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Screen:
    """Say how to answer.

    Attributes
    ----------
    as_json : bool
        One JSON object instead of words.
    progress : bool or None
        Whether to draw progress; None for: where stderr is a terminal.
    """

    as_json: Annotated[
        bool,
        Parameter(
            name="--json", negative=(), show_default=False, group=SCREEN, help="Answer with one JSON object on stdout."
        ),
    ] = False
    progress: Annotated[
        bool | None,
        Parameter(name="--progress", group=SCREEN, help="Draw progress on stderr; by default on a terminal."),
    ] = None

    @contextmanager
    def working(self, *, stoppable: bool = True) -> Iterator[Progress]:
        """Give a task its progress; the first Ctrl-C or SIGTERM asks it to stop, or ends one that never asks."""
        stop = StopFlag()
        screen = console(stderr=True)
        draw = screen.is_terminal if self.progress is None else self.progress
        progress: Progress = DrawnBar(stop, screen) if draw else Silent(stop)
        with stop_on_signals(stop) if stoppable else nullcontext():
            try:
                yield progress
            finally:
                progress.end()


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class RunOptions:
    """Hold the flags of a run over recorded bars."""

    symbols: Symbols = ()
    interval: Interval = ""
    strict: Strict = False
    gate: Annotated[
        Literal["enforce", "observe"] | None,
        Parameter(
            name="--gate", group=RUN, help="enforce: no order without evidence (default); observe: only record it."
        ),
    ] = None
    seed: Seed = None
    overrides: Overrides = ()
    out: Out = RUNS
    resume: Annotated[
        str | None, Parameter(name="--resume", group=RUN, help="Go on with a run that was cut: its folder, name or id.")
    ] = None
    report: Report = True


def load_config(path: Path | None, options: RunOptions) -> "LoadedSettings":
    """Return the settings of a run from file, environment and flags."""
    from bot4.runtime.config_file import Override, load_settings, parse_override

    overrides = [parse_override(text) for text in options.overrides]
    if options.seed is not None:
        overrides.append(Override("seed", str(options.seed), "--seed"))
    if options.gate is not None:
        overrides.append(Override("gate", options.gate, "--gate"))
    return load_settings(path, os.environ, overrides)


def run_request(
    command: str,
    config: Path | None,
    bars: tuple[str, ...],
    options: RunOptions,
    *,
    flag: str = "--bars",
    ticks: tuple[str, ...] = (),
) -> "RunRequest":
    """Return the request that flags make.

    Raises
    ------
    BadInput
        If no bars are given, or the configuration or the run to resume cannot be used.
    """
    from bot4.apps.session import RunRequest

    settings = load_config(config, options).settings
    if not bars and not ticks:
        raise BadInput(
            flag, "none given", "at least one Parquet or CSV file of bars", f"Add {flag} PATH.", "file_missing"
        )
    return RunRequest(
        command=command,
        config=settings,
        bars=bars,
        ticks=ticks,
        symbols=options.symbols,
        interval=options.interval,
        out=options.out,
        resume=None if options.resume is None else str(find_run(options.resume, options.out)),
        strict=options.strict,
        report=options.report,
        config_folder=Path() if config is None else config.parent,
        typed=shlex.join(["bot4", *sys.argv[1:]]),
    )


def chosen_journal(path: Path | None) -> Path:
    """Return the journal that was named, or that of the newest run below ``./runs``."""
    return journal_of(newest_run() if path is None else path)
