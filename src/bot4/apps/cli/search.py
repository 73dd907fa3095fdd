# SPDX-License-Identifier: Apache-2.0
"""Commands that search: the sweep over a strategy's parameters."""

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from bot4.apps.cli.options import (
    RUN,
    Bars,
    Interval,
    Out,
    Overrides,
    Report,
    Screen,
    Seed,
    Strict,
    Symbols,
)
from bot4.apps.cli.reply import DONE, INTERRUPTED, Reply, console
from bot4.apps.output import RUNS
from bot4.domain.errors import BadInput
from bot4.record.counts import count_text

if TYPE_CHECKING:
    from rich.console import Console

    from bot4.apps.sweep.findings import Finding
    from bot4.apps.sweep.outcome import SweepOutcome
    from bot4.apps.sweep.run import SweepRequest

TRIALS_MAX = 100_000_000


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class SearchOptions:
    """Hold the flags of a search over recorded bars."""

    symbols: Symbols = ()
    interval: Interval = ""
    strict: Strict = False
    grid: Annotated[
        bool, Parameter(name="--grid", negative=(), show_default=False, group=RUN, help="Every combination (default).")
    ] = False
    random: Annotated[
        int, Parameter(name="--random", show_default=False, group=RUN, help="Draw so many sets instead.")
    ] = 0
    top: Annotated[int, Parameter(name="--top", group=RUN, help="How many of the best the engine confirms.")] = 10
    workers: Annotated[
        int, Parameter(name="--workers", show_default=False, group=RUN, help="Processes; one for each core if none.")
    ] = 0
    seed: Seed = None
    overrides: Overrides = ()
    out: Out = RUNS
    resume: Annotated[
        bool, Parameter(name="--resume", negative=(), show_default=False, group=RUN, help="Go on where it was stopped.")
    ] = False
    report: Report = True


def sweep(
    config: Annotated[Path, Parameter(name="CONFIG", help="A TOML file with a table [sweep].")],
    /,
    *,
    bars: Bars = (),
    options: SearchOptions = SearchOptions(),
    screen: Screen = Screen(),  # noqa: B008 - frozen
) -> Reply:
    """Search a strategy's parameters: screen all sets, confirm the best by the engine, deflate by all that was tried.

    Every set that is tried is a line in the trial ledger, so that the gate asks more of the best of many.
    """
    request = sweep_request(config, bars, options)
    from bot4.apps.sweep.run import run

    with screen.working() as progress:
        outcome = run(request, progress)
    return Reply(
        outcome.summary(),
        lambda paper: show_sweep(outcome, paper),
        INTERRUPTED if outcome.interrupted else DONE,
        screen.as_json,
    )


def sweep_request(config: Path, bars: tuple[str, ...], options: SearchOptions) -> "SweepRequest":
    """Return the request that flags make.

    Raises
    ------
    BadInput
        If flags contradict each other, or the configuration cannot be used.
    """
    check_counts(bars, options)
    from bot4.apps.session import RunRequest
    from bot4.apps.sweep.run import SweepRequest
    from bot4.apps.sweep.space import space_of
    from bot4.runtime.config_file import Override, load_settings, parse_override

    changes = [parse_override(text) for text in options.overrides]
    if options.seed is not None:
        changes.append(Override("seed", str(options.seed), "--seed"))
    loaded = load_settings(config, os.environ, changes, apart="sweep")
    named = [source for key, source in loaded.sources.items() if key.partition(".")[0] == "strategies"]
    if named:
        mend = "Leave [[strategies]] out, or sweep by a file of its own."
        raise BadInput(named[0], "strategies", "the one strategy of [sweep]", mend, "config_value")
    base = RunRequest(
        command="sweep",
        config=loaded.settings,
        bars=bars,
        symbols=options.symbols,
        interval=options.interval,
        out=options.out,
        resume="" if options.resume else None,
        strict=options.strict,
        report=options.report,
        config_folder=config.parent,
        typed=shlex.join(["bot4", *sys.argv[1:]]),
    )
    return SweepRequest(
        base=base,
        space=space_of(loaded.apart, loaded.place),
        random=options.random,
        top=options.top,
        workers=options.workers or len(os.sched_getaffinity(0)),
        say=lambda text: console(stderr=True).print(text, markup=False, soft_wrap=True),
    )


def check_counts(bars: tuple[str, ...], options: SearchOptions) -> None:
    """Refuse flags that contradict each other or leave their range.

    Raises
    ------
    BadInput
        For the first of them.
    """
    if not bars:
        allowed = "at least one Parquet or CSV file of bars"
        raise BadInput("--bars", "none given", allowed, "Add --bars PATH.", "file_missing")
    if options.grid and options.random:
        raise BadInput("--grid", "beside --random", "one of them", "Leave one out.", "usage")
    ranges = (
        ("--random", options.random, 0, TRIALS_MAX),
        ("--top", options.top, 1, 1000),
        ("--workers", options.workers, 0, 256),
    )
    for flag, value, least, most in ranges:
        if not least <= value <= most:
            raise BadInput(flag, str(value), f"{least:,} to {most:,}", "Correct it.", "flag_value")


def show_sweep(outcome: "SweepOutcome", paper: "Console") -> None:
    """Print what came of a sweep."""
    from rich.table import Table

    if outcome.interrupted:
        paper.print(f"[yellow]stopped[/]: {done_text(outcome)}; the same command with --resume goes on there")
        return
    rate = "" if outcome.screened_per_s is None else f", {outcome.screened_per_s / 1e6:,.0f} M bar-combinations/s"
    trials, bars = count_text(outcome.trials, "trial"), count_text(outcome.bars, "bar")
    paper.print(f"{trials} of {outcome.kind} on {bars} in {outcome.elapsed_s:,.1f} s{rate}")
    for reason, count in outcome.left_out.items():
        paper.print(f"left out: {count_text(count, 'set')}: {reason}", markup=False, soft_wrap=True)
    heads = ("", "parameters", "Sharpe, screen", "engine", "return", "drawdown", "trades", "PSR", "deflated", "account")
    table = Table(*heads, box=None, pad_edge=False)
    for one in outcome.findings:
        table.add_row(*row_of(one))
    paper.print(table)
    paper.print(outcome.sentence, style="green" if outcome.best and outcome.best.survives else "yellow", soft_wrap=True)
    paper.print(f"ledger   {outcome.ledger}: {count_text(outcome.counted, 'trial')}", soft_wrap=True, markup=False)
    paper.print(f"results  {outcome.summary()['results']}", soft_wrap=True, markup=False)
    if outcome.has_report:
        paper.print(f"report   {outcome.summary()['report']}", soft_wrap=True, markup=False)


def done_text(outcome: "SweepOutcome") -> str:
    """Return how far a sweep that was stopped came: what is screened, and what the engine has run."""
    runs = f"{outcome.confirmed:,} of {count_text(outcome.to_confirm, 'engine run')} done"
    if not outcome.is_screened:
        return runs
    return f"{outcome.done:,} of {count_text(outcome.trials, 'trial')} screened, {runs}"


def row_of(one: "Finding") -> list[str]:
    """Return one of the best as a row of the table."""
    told = one.evidence
    return [
        str(one.rank),
        " ".join(f"{name}={value}" for name, value in one.parameters.items()),
        f"{one.screen_sharpe:.3f}",
        f"{told.sharpe:.3f}" if one.agrees else f"{told.sharpe:.3f} differs",
        f"{one.screen_return:+.2%}",
        f"{one.screen_drawdown:.2%}",
        f"{one.screen_trades:,}",
        f"{told.probabilistic:.3f}",
        f"{told.deflated:.3f}",
        f"{one.confirmed.account_return:+.2%}",
    ]
