# SPDX-License-Identifier: Apache-2.0
"""Commands about this machine: whether bot4 can run well here, and how fast it does."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from bot4.apps.cli.options import Out, Screen
from bot4.apps.cli.reply import ANSWER_IS_NO, DONE, Reply
from bot4.apps.output import RUNS

if TYPE_CHECKING:
    from rich.console import Console

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


def doctor(*, out: Out = RUNS, screen: Screen = Screen()) -> Reply:  # noqa: B008 - frozen
    """Check this machine: interpreter, build, libraries, disk, clock; each line ok, warn or fail, with the mend."""
    from bot4.apps.doctor import examine

    findings = examine(out)
    failed = [finding.name for finding in findings if finding.verdict == "fail"]

    def show(console: "Console") -> None:
        from rich.table import Table
        from rich.text import Text

        table = Table(show_header=False, box=None, pad_edge=False)
        for finding in findings:
            mend = "" if finding.verdict == "ok" else finding.mend
            table.add_row(Text(finding.verdict, COLOURS[finding.verdict]), finding.name, finding.found, mend)
        console.print(table, markup=False)

    data = {"ok": not failed, "checks": [asdict(finding) for finding in findings]}
    return Reply(data, show, ANSWER_IS_NO if failed else DONE, screen.as_json)


def bench(
    suite: Annotated[str, Parameter(name="SUITE", help="Only rows whose name holds this; all if none.")] = "",
    /,
    *,
    samples: Annotated[
        int, Parameter(name="--samples", help="Calls measured for each latency; below 100,000 the p99.9 means little.")
    ] = 100_000,
    screen: Screen = Screen(),  # noqa: B008 - frozen
) -> Reply:
    """Measure the hot paths here, beside their budgets.

    Each call is timed by itself, after warm-up and with the garbage collector
    off as in production; the timer's own cost is the floor printed beside it.
    """
    from bot4.apps.bench import measure

    with screen.working() as progress:
        measured = measure(suite, samples, progress)

    def show(console: "Console") -> None:
        from rich.table import Table

        console.print(f"{measured.mode} build, {measured.machine}", markup=False)
        table = Table(box=None, pad_edge=False)
        for name in ("path", "p50 us", "p99 us", "p99.9 us", "max us", "rate /s", "floor us", "budget", "met"):
            table.add_column(name, justify="left" if name in {"path", "budget"} else "right")
        for row in measured.rows:
            met = "-" if row.met is None else "yes" if row.met else "no"
            times = [
                f"{value:.2f}" if value is not None else "-"
                for value in (row.p50_us, row.p99_us, row.p999_us, row.max_us)
            ]
            table.add_row(row.name, *times, f"{row.rate:,.0f}", f"{row.floor_us:.3f}", row.budget, met)
        console.print(table, markup=False)

    data = {"mode": measured.mode, "machine": measured.machine, "rows": [asdict(row) for row in measured.rows]}
    return Reply(data, show, as_json=screen.as_json)
