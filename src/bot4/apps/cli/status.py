# SPDX-License-Identifier: Apache-2.0
"""The command that tells how a run stands, without touching it."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from bot4.apps.cli.journals import names_of, show_lines
from bot4.apps.cli.options import Out, Screen
from bot4.apps.cli.reply import ANSWER_IS_NO, DONE, Reply
from bot4.apps.output import RUNS, find_run, newest_run
from bot4.record.counts import count_text
from bot4.record.wording import moment, money

if TYPE_CHECKING:
    from rich.console import Console

    from bot4.apps.standing import RunStatus
    from bot4.record.wording import Names

ORDERS_SHOWN_MAX = 20


def status(
    run: Annotated[
        str | None, Parameter(name="RUN", help="A run's folder, name or id; the one written last below --out if none.")
    ] = None,
    /,
    *,
    out: Out = RUNS,
    screen: Screen = Screen(),  # noqa: B008 - frozen
) -> Reply:
    """Tell how a run stands, from its folder alone: whether it runs, holds on new risk, what is held, open orders.

    Exit code 1 where somebody should look: something is held that no stop at the venue covers, or the run was cut.
    """
    from bot4.apps.standing import status_of

    found = status_of(newest_run(out) if run is None else find_run(run, out))
    names = names_of(found.header)
    data = {
        "run": found.header.run,
        "command": found.header.command,
        "journal": str(found.journal),
        "state": found.state,
        "running": found.running,
        "process": found.process,
        "quiet_s": round(found.quiet_s, 3),
        "ok": found.is_well,
        **found.standing.told(names),
    }

    def show(console: "Console") -> None:
        show_lines(status_lines(found, names), console)

    return Reply(data, show, DONE if found.is_well else ANSWER_IS_NO, screen.as_json)


def status_lines(found: "RunStatus", names: "Names") -> list[str]:
    """Return how a run stands as lines of text, what matters most first."""
    now, header = found.standing, found.header
    by = f" by process {found.process}" if found.process else ""
    since = f", live since {moment(now.live_ns)}" if now.live_ns is not None else ""
    lines = [
        f"{header.command} {header.run[:8]}: {found.state}{by}{since}.",
        f"Last written {found.quiet_s:,.1f} s ago; the journal goes to {moment(now.known_ns)}.",
        f"Safety mode: {now.mode}.",
        *(now.holds.lines(names) or ["Nothing holds new risk back."]),
    ]
    if now.equal_ns is not None:
        lines.append(f"Both books were found equal at {moment(now.equal_ns)}.")
    bare = now.unprotected()
    for index, fields in sorted(now.positions.items()):
        quantity, cost = names.quantity(index, int(str(fields["lots"]))), money(int(str(fields["cost"])))
        cover = "WITHOUT A STOP at the venue" if index in bare else "covered by a stop"
        lines.append(f"Held: {quantity}, cost {cost}, {cover}.")
    if not now.positions:
        lines.append("Held: nothing.")
    doubt = f", {now.doubtful()} of unknown fate" if now.doubtful() else ""
    sent = f"{count_text(now.sent, 'order')} sent, {count_text(now.fills, 'fill')}"
    lines.append(f"Orders: {len(now.orders)} open{doubt}; {sent}.")
    told = now.told(names)["open_orders"]
    assert isinstance(told, list), "open orders are listed"
    lines += [f"  {one['order']}: {one['purpose']} {one['open']}, {one['state']}" for one in told[:ORDERS_SHOWN_MAX]]
    if found.state == "cut":
        lines.append(f"It was cut and nobody goes on with it: bot4 {header.command} CONFIG --resume {header.run[:8]}")
    return lines
