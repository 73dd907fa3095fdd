# SPDX-License-Identifier: Apache-2.0
"""How a run at a venue was conducted, in lines for a terminal, from the values that ``--json`` prints."""

from collections.abc import Mapping
from typing import Any

from bot4.domain.values import SECOND_NS
from bot4.record.conduct import GOAL_NS
from bot4.record.counts import count_text

Told = Mapping[str, Any]


def conduct_lines(conduct: Told, speed: float | None = None) -> list[tuple[str, str]]:
    """Return what follows from the journal, as names and words; what did not happen is left out.

    Parameters
    ----------
    speed : float, optional
        How much faster than ours the venue's clock ran; where it is not known no goal is named.
    """
    bare, cost = conduct["unprotected"], conduct["execution"]
    lines = [("without a stop", bare_words(bare, speed))]
    if cost["orders"]:
        words = f"{cost['slippage_bp']:,.2f} bp, with fees {cost['shortfall_bp']:,.2f} bp"
        lines.append(("slippage", f"{words}, mean of {count_text(cost['orders'], 'order')}"))
    held = ", ".join(f"{name.replace('_', ' ')} {one['s']:,.1f} s" for name, one in conduct["holds"].items())
    lines.append(("held back", f"{conduct['held_s']:,.1f} of {conduct['live_s']:,.1f} s live{': ' * bool(held)}{held}"))
    if conduct["external_orders"] or conduct["external_trades"]:
        trades = count_text(conduct["external_trades"], "trade")
        lines.append(("other hands", f"{count_text(conduct['external_orders'], 'order')}, {trades}"))
    if conduct["unanswered"]:
        lines.append(("unanswered", f"{count_text(conduct['unanswered'], 'answer')} lost and asked about"))
    if conduct["dust"]:
        lines.append(("dust kept", ", ".join(f"{amount} {asset}" for asset, amount in conduct["dust"].items())))
    return lines


def bare_words(bare: Told, speed: float | None) -> str:
    """Return how long positions were without a stop, and whether that meets the goal."""
    still = f"; now for {bare['open_s']:,.3f} s" if bare["open_s"] else ""
    if not bare["spells"]:
        return f"never{still}" if not still else still.removeprefix("; ")
    spells = count_text(bare["spells"], "spell")
    goal = "" if speed is None else f" ({goal_words(bare['p99_s'], speed)})"
    return (
        f"{spells}, {bare['total_s']:,.3f} s in all, p99 {bare['p99_s']:,.3f} s{goal}, "
        f"longest {bare['longest_s']:,.3f} s{still}"
    )


def goal_words(p99_s: float, speed: float) -> str:
    """Return how a p99 stands to the goal, which a venue's clock that races stretches as it does every way to it."""
    goal_s = GOAL_NS / SECOND_NS * speed
    of_ours = "" if speed == 1.0 else f" of its time, {GOAL_NS / SECOND_NS:g} s of ours"
    return f"{'within' if p99_s <= goal_s else 'beyond'} the goal of {goal_s:,g} s{of_ours}"


def connection_lines(told: Told) -> list[tuple[str, str]]:
    """Return what the process has counted of its connections."""
    lines = []
    if told["speed"] != 1.0:
        lines.append(
            ("clock", f"the simulated venue's, {told['speed']:,.0f} times as fast as ours: so are all times here")
        )
    for name, line in told["lines"].items():
        feeds = [one for one in told["feeds"] if one["feed"] == name]
        gaps, resyncs = (sum(one[what] for one in feeds) for what in ("gaps", "resyncs"))
        made = count_text(line["opened"], "connection")
        cut = f"{count_text(line['interrupted'], 'cut')}, {line['silent']:,} silent"
        lines.append((f"feed {name}", f"{made}, {cut}, {count_text(gaps, 'gap')}, {count_text(resyncs, 'resync')}"))
    if told["account_sessions"]:
        compared = count_text(told["books_compared"], "time")
        lines.append(("account", f"{count_text(told['account_sessions'], 'session')}, books compared {compared}"))
    spent = [f"{one['used']:,} of {one['most']:,} {one['of']} in {one['window_s']:,} s" for one in told["limits"]]
    if spent:
        lines.append(("spent at most", ", ".join(spent)))
    return lines


def alert_lines(told: Told) -> list[str]:
    """Return what a person should hear of."""
    lines = [f"alert: {what}, {count_text(count, 'time')}" for what, count in told["alerts"].items()]
    if told["backed_off"]:
        lines.append(f"the venue asked us to slow down {count_text(told['backed_off'], 'time')}")
    return lines
