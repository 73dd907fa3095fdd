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
    from bot4.runtime.build import build_info

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

    data = {"ok": not failed, "build": asdict(build_info()), "checks": [asdict(finding) for finding in findings]}
    return Reply(data, show, ANSWER_IS_NO if failed else DONE, screen.as_json)


def bench(
    suite: Annotated[
        str,
        Parameter(name="SUITE", help="A suite, or a part of a row's name; all budgets if none. --help lists suites."),
    ] = "",
    /,
    *,
    samples: Annotated[
        int, Parameter(name="--samples", help="Calls measured for each latency; below 100,000 the p99.9 means little.")
    ] = 100_000,
    alone: Annotated[
        bool, Parameter(name="--alone", negative=(), help="Only the build that runs, not plain Python beside it.")
    ] = False,
    screen: Screen = Screen(),  # noqa: B008 - frozen
) -> Reply:
    """Measure the hot paths here, beside their budgets.

    Suites: risk, orders, journal, features, events, market, runs, sweep; and math,
    on request only. Each call is timed by itself, after warm-up and with the garbage
    collector off as in production; the timer's own cost is the floor, which is
    part of every latency. Rates are by CPU time. A compiled build measures plain
    Python too, in a process of its own.
    """
    from bot4.apps.bench import measure
    from bot4.apps.bench.sides import other_rows

    with screen.working() as progress:
        measured = measure(suite, samples, progress)
    other = None if alone else other_rows(suite, samples)

    def show(console: "Console") -> None:
        from bot4.apps.bench.table import print_rows

        print_rows(console, measured, other)

    data = {
        "build": measured.build,
        "mode": measured.build,
        "machine": measured.machine,
        "rows": [asdict(row) for row in measured.rows],
        "pure": other,
    }
    return Reply(data, show, as_json=screen.as_json)
