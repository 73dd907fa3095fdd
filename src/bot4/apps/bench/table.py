# SPDX-License-Identifier: Apache-2.0
"""The rows of a bench as a table for a person, with plain Python beside them where both were measured."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bot4.apps.bench import Measured, Row

if TYPE_CHECKING:
    from rich.console import Console

LATENCIES = ("p50 us", "p99 us", "p99.9 us", "max us")


def print_rows(console: "Console", measured: Measured, other: Sequence[Mapping[str, Any]] | None) -> None:
    """Print what was measured, and on what."""
    from rich.table import Table

    floor = f"; timer floor {measured.rows[0].floor_us:.3f} us" if measured.rows else ""
    console.print(f"{measured.build} build, {measured.machine}{floor}", markup=False)
    table = Table(box=None, pad_edge=False)
    beside = () if other is None else ("pure p50", "pure p99", "pure rate or figure")
    for name in ("path", *LATENCIES, "rate /s", "figure", "budget", "met", *beside):
        table.add_column(name, justify="left" if name in {"path", "figure", "budget"} else "right")
    by_name = {str(row["name"]): row for row in other or ()}
    for row in measured.rows:
        met = "-" if row.met is None else "yes" if row.met else "no"
        times = [shown(value) for value in (row.p50_us, row.p99_us, row.p999_us, row.max_us)]
        rate = "-" if row.rate is None else f"{row.rate:,.0f}"
        table.add_row(row.name, *times, rate, figure_of(row), row.budget, met, *cells(by_name.get(row.name), beside))
    console.print(table, markup=False)


def figure_of(row: Row) -> str:
    """Return a row's figure with its unit, or what it says instead."""
    return row.note or ("-" if row.figure is None else f"{row.figure:,.3g} {row.unit}")


def shown(value: float | None) -> str:
    """Return microseconds, or a dash."""
    return "-" if value is None else f"{value:.2f}"


def cells(row: Mapping[str, Any] | None, beside: Sequence[str]) -> list[str]:
    """Return what stands in the columns of plain Python; dashes where it has no such row."""
    if not beside:
        return []
    if row is None:
        return ["-"] * len(beside)
    rate, figure = row["rate"], row["figure"]
    last = f"{figure:,.3g}" if figure is not None else "-" if rate is None else f"{rate:,.0f}"
    return [shown(row["p50_us"]), shown(row["p99_us"]), last]
