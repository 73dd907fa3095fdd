# SPDX-License-Identifier: Apache-2.0
"""The section about a run at a venue: protection, execution, readiness, other hands, and its connections."""

from bot4.domain.values import SECOND_NS
from bot4.record.conduct import GOAL_NS, Conduct
from bot4.record.connections import Connections
from bot4.record.counts import count_text
from bot4.record.reports.data import ReportData
from bot4.record.reports.markup import Markup, join, paragraph, section, table
from bot4.record.reports.wording import DASH, number_text, percent_text

Rows = list[list[str | Markup]]


def conduct_section(data: ReportData) -> Markup:
    """Return how the run was conducted at its venue; nothing for a run over recorded data."""
    conduct, connections = data.facts.conduct, data.facts.connections
    if conduct is None:
        return join([])
    speed = 1.0 if connections is None else connections.speed
    parts = [
        table("From the journal; a replay gives the same", ("", "Figure", "Of which"), conduct_rows(conduct, speed)),
        paragraph(
            "Without a stop: from a fill that no accepted stop covers to a stop that covers all of it, or to nothing "
            "held, by the moments at which we knew. Slippage is against the price decided at, shortfall has the fees "
            f"in it. Times are those of the run's own clock{racing_words(speed)}.",
            class_="small",
        ),
    ]
    if connections is not None:
        parts += connection_tables(connections)
    return section("conduct", "At the venue", *parts)


def conduct_rows(one: Conduct, speed: float) -> Rows:
    """Return what follows from the journal; counts that are 0 by the nature of the run are told all the same."""
    bare = one.unprotected
    rows: Rows = [
        ["Time without a stop", seconds_text(bare.total_ns), f"in {count_text(bare.spells, 'spell')}"],
        ["Longest spell", seconds_text(bare.longest_ns), DASH],
        [
            "p99 of the spells",
            DASH if bare.p99_ns is None else seconds_text(bare.p99_ns),
            goal_text(bare.p99_ns, speed),
        ],
    ]
    if bare.open_ns:
        rows.append(["Still without a stop", seconds_text(bare.open_ns), "at the end"])
    rows += [
        ["Slippage, basis points", figure_text(one.slippage_bp), f"mean of {count_text(one.measured, 'order')}"],
        ["Shortfall, basis points", figure_text(one.shortfall_bp), "with fees"],
        ["New risk held back", seconds_text(one.held_ns), share_text(one.held_ns, one.live_ns)],
    ]
    rows += [
        [f"… {held.reason.replace('_', ' ')}", seconds_text(held.ns), f"began {count_text(held.times, 'time')}"]
        for held in one.holds
    ]
    rows.append(["Books found equal after a doubt", f"{one.reconciled:,}", DASH])
    rows.append(["Answers lost, and asked about", f"{one.unanswered:,}", DASH])
    rows.append(
        [
            "Orders of other hands",
            f"{one.external_orders:,}",
            f"{count_text(one.external_trades, 'trade')} of other hands",
        ]
    )
    rows += [[f"Dust kept, {kept.asset}", kept.amount, "too little to be sold"] for kept in one.dust]
    return rows


def connection_tables(one: Connections) -> list[Markup]:
    """Return what the process has counted since it was last started; tables without a row are left out."""
    parts: list[Markup] = []
    if one.feeds:
        head = ("Instrument", "Feed", "Messages", "Used", "Faults", "Gaps", "Resyncs", "Longest, s", "Lag p99, s")
        rows: Rows = [
            [
                feed.symbol or "none of ours",
                feed.feed,
                f"{feed.messages:,}",
                f"{feed.used:,}",
                ", ".join(f"{count:,} {name}" for name, count in feed.faults.items()) or DASH,
                f"{feed.gaps:,}",
                f"{feed.resyncs:,}",
                number_text(feed.resync_ns_max / SECOND_NS, 3),
                number_text(feed.lag_p99_ns / SECOND_NS, 4),
            ]
            for feed in one.feeds
        ]
        parts.append(table("Feeds, since the run was last started", head, rows, text_columns=2))
    lines: Rows = [[line.name, f"{line.opened:,}", f"{line.interrupted:,}", f"{line.silent:,}"] for line in one.lines]
    if one.sessions:
        lines.append([f"account, books compared {count_text(one.compared, 'time')}", f"{one.sessions:,}", DASH, DASH])
    if one.turns:
        lines.append([f"changes between two feeds, {count_text(one.turns, 'time')}", DASH, DASH, DASH])
    if lines:
        parts.append(table("Connections", ("", "Made", "Streams cut", "Streams silent"), lines))
    if one.spent:
        spent: Rows = [
            [f"{each.what} in {each.window_s:,} s", f"{each.used:,}", f"{each.most:,}", share(each.used, each.most)]
            for each in one.spent
        ]
        parts.append(table("Most that was spent of the venue's limits", ("", "Used", "Allowed", "Share"), spent))
    alerts: Rows = [[what, f"{count:,}"] for what, count in one.alerts.items()]
    if one.backed_off:
        alerts.append(["the venue asked us to slow down", f"{one.backed_off:,}"])
    if alerts:
        parts.append(table("What a person should hear of", ("Alert", "Times"), alerts))
    return parts


def seconds_text(ns: int) -> str:
    """Return a time in seconds, to the millisecond."""
    return f"{number_text(ns / SECOND_NS, 3)} s"


def figure_text(figure: float | None) -> str:
    """Return basis points, a dash where nothing was measured."""
    return DASH if figure is None else number_text(figure)


def racing_words(speed: float) -> str:
    """Return how much faster than ours that clock is, nothing where it is not."""
    return "" if speed == 1.0 else f", a simulated venue's, {number_text(speed, 0)} times as fast as ours"


def goal_text(p99_ns: int | None, speed: float) -> str:
    """Return whether the goal was met, on a clock that is so much faster than ours."""
    goal = f"the goal of {seconds_text(int(GOAL_NS * speed))}"
    if p99_ns is None:
        return goal
    return f"within {goal}" if p99_ns <= GOAL_NS * speed else f"beyond {goal}"


def share_text(ns: int, of_ns: int) -> str:
    """Return a time as a share of the time live."""
    return f"{share(ns, of_ns)} of {seconds_text(of_ns)} live"


def share(part: int, whole: int) -> str:
    """Return a share in percent."""
    return percent_text(part / whole if whole > 0 else float("nan"))
