# SPDX-License-Identifier: Apache-2.0
"""Commands that run: backtest, paper, and the replay that proves a run."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from bot4.apps.cli.conduct import alert_lines, conduct_lines, connection_lines
from bot4.apps.cli.options import (
    DATA,
    RUN,
    Bars,
    ConfigFile,
    Duration,
    RunOptions,
    Screen,
    Ticks,
    run_request,
)
from bot4.apps.cli.reply import ANSWER_IS_NO, DONE, INTERRUPTED, Reply
from bot4.apps.output import journal_of
from bot4.record.counts import count_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from bot4.apps.outcome import Outcome

SHOWN = (
    "ticks",
    "bars",
    "carried",
    "orders",
    "fills",
    "gate",
    "strategies",
    "passed",
    "safety_mode",
    "elapsed_s",
    "bars_per_s",
    "ticks_per_s",
)


def backtest(
    config: ConfigFile = None,
    /,
    *,
    bars: Bars = (),
    ticks: Ticks = (),
    options: RunOptions = RunOptions(),  # noqa: B008 - frozen
    every_bar: Annotated[
        bool,
        Parameter(
            name="--every-bar",
            negative=(),
            show_default=False,
            group=RUN,
            help="Carry every bar through every stage, those too that provably cause nothing: slower, equal bytes.",
        ),
    ] = False,
    screen: Screen = Screen(),  # noqa: B008 - frozen
) -> Reply:
    """Run the strategies over recorded bars or ticks: orders, simulated fills, accounts, journal and report.

    Without a CONFIG the default runs: 100,000 of the quote currency, three
    strategies, 0.10 % fees, 1 bp slippage, seed 0. Over ticks the venue has a book,
    latency and queues (settings of [ticks]), and bars are built of the trades.
    """
    request = replace(run_request("backtest", config, bars, options, ticks=ticks), every_bar=every_bar)
    from bot4.apps.backtest import run

    with screen.working() as progress:
        return told(run(request, progress), screen)


def paper(
    config: ConfigFile = None,
    /,
    *,
    replay: Annotated[
        tuple[str, ...],
        Parameter(
            name="--replay",
            consume_multiple=True,
            negative=(),
            show_default=False,
            group=DATA,
            help="Recorded bars to trade on as if they were live, as PATH or SYMBOL=PATH.",
        ),
    ] = (),
    duration: Duration = "0",
    options: RunOptions = RunOptions(),  # noqa: B008 - frozen
    screen: Screen = Screen(),  # noqa: B008 - frozen
) -> Reply:
    """Trade with simulated fills, bar by bar, with a durable and signed journal.

    With --replay over recorded bars; without it on the live market of the venue that the table [venue] of CONFIG names.
    """
    if not replay and config is not None:
        from bot4.apps.cli.at_venue import LiveOptions, live_request, run_at_venue

        asked = LiveOptions(
            duration=duration,
            seed=options.seed,
            overrides=options.overrides,
            out=options.out,
            resume=options.resume,
            report=options.report,
        )
        return told(run_at_venue(live_request("paper", config, asked), screen), screen)
    request = run_request("paper", config, replay, options, flag="--replay")
    from bot4.apps.paper import run

    with screen.working() as progress:
        return told(run(request, progress), screen)


def replay(
    journal: Annotated[Path, Parameter(name="JOURNAL", help="A journal, or the folder of its run.")],
    /,
    *,
    bars: Bars = (),
    ticks: Ticks = (),
    screen: Screen = Screen(),  # noqa: B008 - frozen
) -> Reply:
    """Run a journal again from its inputs and compare every byte.

    Its data is found through the manifest beside it, by hash; --bars or --ticks name other places to look.
    """
    from bot4.apps.replay import run

    path = journal_of(journal)
    with screen.working() as progress:
        outcome = run(path, bars or ticks, progress)

    def show(console: "Console") -> None:
        word = "[green]equal[/]" if outcome.equal else "[red]different[/]"
        console.print(f"{word}: {count_text(outcome.events, 'event')}, state {outcome.state_hash[:16]}")
        for name, line in conduct_lines(outcome.conduct.told()) if outcome.conduct is not None else ():
            console.print(f"{name:<16}{line}", markup=False, soft_wrap=True)
        if outcome.first_difference:
            console.print(outcome.first_difference, markup=False, soft_wrap=True)

    return Reply(outcome.summary(), show, DONE if outcome.equal else ANSWER_IS_NO, screen.as_json)


def told(outcome: "Outcome", screen: Screen) -> Reply:
    """Return the reply of a run."""
    summary = outcome.summary()
    return Reply(
        summary,
        lambda console: show_run(summary, console),
        INTERRUPTED if outcome.interrupted else DONE,
        screen.as_json,
    )


def show_run(summary: "Mapping[str, object]", console: "Console") -> None:
    """Print what came of a run."""
    from rich.table import Table

    table = Table(show_header=False, box=None, pad_edge=False)
    for key in SHOWN:
        if key in summary:
            table.add_row(key.replace("_", " "), words(summary[key]))
    table.add_row("final equity", f"{words(summary['final_equity'])} {summary.get('currency', '')}")
    refused = summary["refused"]
    if isinstance(refused, dict):
        for i, (rule, count) in enumerate(refused.items()):
            table.add_row("" if i else "refused", f"{count:>9,}  {rule}")
    for name, line in venue_lines(summary):
        table.add_row(name, line)
    table.add_row("state hash", words(summary["state_hash"]))
    console.print(table)
    for line in trouble_lines(summary):
        console.print(line, soft_wrap=True, markup=False, style="yellow")
    console.print(gate_line(summary))
    if summary.get("interrupted"):
        console.print("[yellow]interrupted[/]: this is what was done so far; --resume goes on")
    console.print(f"journal  {summary['journal']}", soft_wrap=True, markup=False)
    if summary.get("report"):
        console.print(f"report   {summary['report']}", soft_wrap=True, markup=False)


def trouble_lines(summary: "Mapping[str, object]") -> list[str]:
    """Return what a reader should know: faults of the data, settings not read, strategies halted or unforeseen."""
    faults, halted = summary["faults"], summary["halted"]
    assert isinstance(faults, dict), "a summary counts faults by kind"
    assert isinstance(halted, dict), "a summary tells by name who was halted"
    lines = [f"halted: {name}: {reason}" for name, reason in halted.items()]
    unforeseen = summary["unforeseen"]
    assert isinstance(unforeseen, list), "a summary lists who is unforeseen"
    if unforeseen:
        lines.append(f"every bar was carried: {', '.join(unforeseen)} makes no promise (Strategy.may_speak)")
    if summary.get("ticks") and summary["bars"] == 0:
        lines.insert(0, "no bar was built: only trades make bars, and what reads bars was never asked")
    unread = summary["unread"]
    assert isinstance(unread, list), "a summary lists what was set in vain"
    if unread:
        over = "ticks, whose venue has latencies and a book instead" if "ticks" in summary else "bars"
        lines.insert(0, f"set, but not read in a run over {over}: {', '.join(map(str, unread))}")
    if faults:
        lines.insert(0, f"data: {', '.join(f'{n:,} {kind}' for kind, n in faults.items())}; see bot4 data check")
    connections = summary.get("connections")
    return [*lines, *alert_lines(connections)] if isinstance(connections, dict) else lines


def venue_lines(summary: "Mapping[str, object]") -> list[tuple[str, str]]:
    """Return how a run at a venue was conducted; nothing for any other."""
    conduct, connections = summary.get("conduct"), summary.get("connections")
    speed = connections["speed"] if isinstance(connections, dict) else None
    lines = conduct_lines(conduct, speed) if isinstance(conduct, dict) else []
    return [*lines, *connection_lines(connections)] if isinstance(connections, dict) else lines


def words(value: object) -> str:
    """Return a value for a table."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "-"}[value]
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    return str(value)


def gate_line(summary: "Mapping[str, object]") -> str:
    """Return in one line what the evidence gate did."""
    strategies, passed = summary["strategies"], summary["passed"]
    assert isinstance(strategies, list), "a summary lists its strategies"
    assert isinstance(passed, list), "a summary lists who passed"
    refused = len(strategies) - len(passed)
    if summary["gate"] == "observe":
        return f"[yellow]research[/]: the gate looked on; enforced it would have refused {refused} of {len(strategies)}"
    if refused == len(strategies):
        return f"gate refused {refused} of {refused}: no order was sent; see --gate observe"
    return f"gate refused {refused} of {len(strategies)}; passed on at least one day: {', '.join(map(str, passed))}"
