# SPDX-License-Identifier: Apache-2.0
"""The command that shows everything at once."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from bot4.apps.cli.at_venue import until_stopped, view_of
from bot4.apps.cli.durations import seconds_of
from bot4.apps.cli.options import RUN, Out, Report, Screen
from bot4.apps.cli.reply import ANSWER_IS_NO, Reply, console
from bot4.apps.cli.runs import told
from bot4.apps.output import RUNS

if TYPE_CHECKING:
    from rich.console import Console

    from bot4.apps.demo.run import Demonstrated


def demo(
    *,
    duration: Annotated[
        str,
        Parameter(
            name="--for",
            group=RUN,
            show_default=False,
            help="How long it trades once it is warm, such as 2m; 15s if none, less where the start took long.",
        ),
    ] = "",
    seed: Annotated[int, Parameter(name="--seed", group=RUN, help="Seed of the market and of the run.")] = 0,
    out: Out = RUNS,
    report: Report = True,
    screen: Screen = Screen(),  # noqa: B008 - frozen
) -> Reply:
    """Show the whole live loop in under a minute: a venue of its own, sockets, orders, fills, both books, the report.

    Its market is generated, with one planted edge, and says so everywhere: nothing it earns means anything. It needs
    no network and no key.
    """
    from bot4.apps.demo.market import PLANTED
    from bot4.apps.demo.run import DemoRequest, demonstrate, make_ready
    from bot4.apps.live.view import NoView

    request = DemoRequest(out=out, report=report, seconds=seconds_of(duration) if duration else None, seed=seed)
    view = view_of(screen, "bot4 demo: a generated market with a planted edge")
    if not isinstance(view, NoView):
        console(stderr=True).print(PLANTED, markup=False)
    try:
        done = until_stopped(partial(demonstrate, make_ready(request, view.say), view), view)
    finally:
        view.end()
    return demonstrated(done, screen)


def demonstrated(done: "Demonstrated", screen: Screen) -> Reply:
    """Return the reply of a demonstration: that of its run, and whether both books came out equal."""
    run = told(done.outcome, screen)
    equal = not done.differences

    def show(console: "Console") -> None:
        run.show(console)
        if not done.outcome.fills:
            console.print("[yellow]nothing was traded[/]: too short a time; --for 2m gives it longer")
        if equal:
            console.print(
                "[green]equal[/]: our books and the venue's ledger, money, coins and trades, to the last unit"
            )
        else:
            console.print("[red]different[/]: our books and the venue's ledger")
            console.print("\n".join(done.differences), markup=False, soft_wrap=True)
        console.print("the market was generated with a planted edge: nothing here says anything about a real one")

    data = {**run.data, "ledger_equal": equal, "ledger_differences": list(done.differences)}
    return Reply(data, show, run.exit_code if equal else ANSWER_IS_NO, screen.as_json)
