# SPDX-License-Identifier: Apache-2.0
"""The part of docs/benchmarks.md that is written by the sitting: everything between two marks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.peers.verdicts import Row, losses, table
from benchmarks.peers.works import Work

BEGIN: Final = "<!-- begin: make bench-peers -->"
END: Final = "<!-- end: make bench-peers -->"


def put_into_page(path: Path, report: Mapping[str, object], rows: Sequence[Row], works: Sequence[Work]) -> None:
    """Replace what stands between the marks.

    Raises
    ------
    ValueError
        If the page has no marks.
    """
    text = path.read_text(encoding="utf-8")
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path.name} has no part between {BEGIN} and {END}")
    path.write_text(f"{head}{BEGIN}\n{told(report, rows, works)}\n{END}{tail}", encoding="utf-8")


def told(report: Mapping[str, object], rows: Sequence[Row], works: Sequence[Work]) -> str:
    """Return the part: date and machine, one table a work with what differs, where bot4 loses."""
    parts = [f"Measured {report['date']} on {report['machine']}."]
    for work in works:
        parts.append(f"### {work.title}")
        parts.append(table([row for row in rows if row.work == work.key]))
        parts.append("\n".join(f"- {sentence}" for sentence in work.differs))
        if work.key == "sma_cross" and report["command"]:
            parts.append(f"The whole command, from the interpreter's start to the report: {report['command']}.")
    parts.append("### Where bot4 loses")
    parts.append("\n".join(f"- {loss}" for loss in losses(rows)))
    return "\n\n".join(parts)
