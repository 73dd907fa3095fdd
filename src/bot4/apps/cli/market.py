# SPDX-License-Identifier: Apache-2.0
"""Commands about what goes in: recorded data and what is wrong with it, and the indicators made of it."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot4.apps.cli.options import Bars, Interval, Screen, Strict, Symbols
from bot4.apps.cli.reply import Reply
from bot4.domain.values import SECOND_NS

if TYPE_CHECKING:
    from rich.console import Console

    from bot4.adapters.stores.history import Survey

EXAMPLES_SHOWN = 3


def check(
    *,
    bars: Bars = (),
    symbols: Symbols = (),
    interval: Interval = "",
    strict: Strict = False,
    screen: Screen = Screen(),  # noqa: B008 - frozen
) -> Reply:
    """Read recorded bars once and tell every kind of fault: how often, where first, and what is done about it."""
    from bot4.adapters.stores.paths import group_paths
    from bot4.apps.session import RunRequest, open_histories, survey

    request = RunRequest(command="check", bars=bars, symbols=symbols, interval=interval, strict=strict)
    with screen.working(stoppable=False) as progress:
        surveys = [survey(history, progress) for history in open_histories(request, group_paths(bars, symbols))]
    data = {"symbols": [survey_fields(one) for one in surveys]}

    def show(console: "Console") -> None:
        for one in surveys:
            show_survey(one, console)

    return Reply(data, show, as_json=screen.as_json)


def list_features(*, screen: Screen = Screen()) -> Reply:  # noqa: B008 - frozen
    """List the indicators: the form of the name, its inputs, when it is warm, what it means, and after whom."""
    from bot4.kernels.features import CATALOG, DEFAULT_FEATURES

    rows = [
        {
            "name": info.pattern,
            "example": info.usual_name,
            "family": info.family,
            "inputs": list(info.inputs),
            "warm_up": info.warm_up,
            "unit": info.unit,
            "meaning": info.meaning,
            "source": info.source,
        }
        for info in CATALOG
    ]

    def show(console: "Console") -> None:
        from rich.table import Table

        table = Table("name", "inputs", "bars until warm", "unit", "meaning", "source", box=None, pad_edge=False)
        for info in CATALOG:
            table.add_row(
                info.pattern, " ".join(info.inputs), info.warm_up, info.unit, info.meaning, info.source, style=None
            )
        console.print(table, markup=False)
        console.print(f"{len(CATALOG)} kinds; computed by default: {', '.join(DEFAULT_FEATURES)}", markup=False)

    data = {"count": len(rows), "features": rows, "default": list(DEFAULT_FEATURES)}
    return Reply(data, show, as_json=screen.as_json)


def survey_fields(survey: "Survey") -> dict[str, object]:
    """Return one symbol's survey as plain values."""
    report = survey.faults
    return {
        "symbol": survey.symbol,
        "interval_ns": survey.interval_ns,
        "rows": survey.rows,
        "bars": survey.bars,
        "from": moment(survey.first_open_ns),
        "to": moment(survey.last_known_ns),
        "sha256": survey.sha256,
        "files": [{"name": note.name, "format": note.format, "rows": note.rows} for note in survey.files],
        "faults": {
            kind: {
                "count": count,
                "done": report.examples[kind][0].done,
                "examples": [
                    {"place": f"{fault.file}:{fault.row}", "at": moment(fault.stamp_ns), "value": fault.value}
                    for fault in report.examples[kind][:EXAMPLES_SHOWN]
                ],
            }
            for kind, count in report.counts.items()
        },
        "missing_bars": report.missing_bars,
        "longest_gap_bars": report.longest_gap_bars,
        "longest_gap_from": moment(report.longest_gap_from_ns),
    }


def show_survey(survey: "Survey", console: "Console") -> None:
    """Print one symbol's survey."""
    from rich.table import Table

    from bot4.market.intervals import interval_text

    head = f"{survey.bars:,} bars of {interval_text(survey.interval_ns)} from {survey.rows:,} rows"
    console.print(
        f"{survey.symbol}: {head}, {moment(survey.first_open_ns)} to {moment(survey.last_known_ns)}", markup=False
    )
    report = survey.faults
    if not report.counts:
        console.print("  no faults")
        return
    table = Table("fault", "count", "done", "row", "at", "value", box=None, padding=(0, 2))
    table.columns[1].justify = "right"
    several = len(survey.files) > 1
    for kind, count in report.counts.items():
        for i, fault in enumerate(report.examples[kind][:EXAMPLES_SHOWN]):
            lead = ("", "", "") if i else (kind, f"{count:,}", fault.done)
            row = f"{Path(fault.file).name}:{fault.row}" if several else str(fault.row)
            value = fault.value.replace(str(Path(fault.file).parent) + os.sep, "")
            table.add_row(*lead, row, moment(fault.stamp_ns) or "-", value)
    console.print(table, markup=False)
    if report.missing_bars:
        console.print(
            f"  {report.missing_bars:,} bars missing, the longest gap {report.longest_gap_bars:,}"
            f" from {moment(report.longest_gap_from_ns)}",
            markup=False,
        )


def moment(at_ns: int | None) -> str | None:
    """Return a moment as UTC text to the second, None for none."""
    if at_ns is None:
        return None
    return datetime.fromtimestamp(at_ns // SECOND_NS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
