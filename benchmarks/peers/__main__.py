# SPDX-License-Identifier: Apache-2.0
"""``make bench-peers``: bot4 and other systems at the same work, in one sitting, in turn.

``python -m benchmarks.peers [--runs N] [--heavy-runs N] [--work KEY ...] [--build DIR] [--page]``

Medians of the runs are printed and written to ``build/bench-peers.json``; ``--page``
puts them into ``docs/benchmarks.md`` too. Ratios are of CPU time. It fails where a
side's answer differs from bot4's, or bot4 itself could not run; a peer that cannot
be installed is a line of the table that says so, and losing is no failure.
"""

import argparse
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.files import write_data
from benchmarks.peers.command import whole_command
from benchmarks.peers.environments import environment
from benchmarks.peers.page import put_into_page
from benchmarks.peers.sitting import ROOT, sit
from benchmarks.peers.verdicts import Row, losses, rows_of, table
from benchmarks.peers.works import WORKS

from bot4.apps.doctor import processor

RUNS: Final = 5


def main() -> int:
    """Measure, print, write; return the exit code."""
    asked = arguments()
    build = asked.build.resolve()
    data = build / "bench-data"
    write_data(data)
    chosen = [work for work in WORKS if not asked.work or work.key in asked.work]
    places = dict.fromkeys(one.environment for work in chosen for one in work.sides)
    environments = {place: environment(place, build / "peers") for place in places}
    rows: list[Row] = []
    for work in chosen:
        measured = sit(work, environments, data, runs=asked.runs, heavy_runs=asked.heavy_runs or asked.runs)
        rows.extend(rows_of(work, measured))
    command = whole_command(data) if any(work.key == "sma_cross" for work in chosen) else None
    report = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": processor(),
        "command": command,
        "rows": [asdict(row) for row in rows],
    }
    (build / "bench-peers.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(f"{report['date']}, {report['machine']}\n\n{table(rows)}")
    if command is not None:
        print(f"\nThe whole command, reading, checking, running and reporting: {command}")
    print("\nWhere bot4 loses:", *losses(rows), sep="\n- ")
    if asked.page:
        put_into_page(ROOT / "docs" / "benchmarks.md", report, rows, chosen)
    return failures(rows)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description="bot4 beside other systems.")
    parser.add_argument("--runs", type=int, default=RUNS, help="runs of each side")
    parser.add_argument("--heavy-runs", type=int, default=0, help="runs of the sides that take long (as --runs)")
    parser.add_argument("--work", action="append", choices=[work.key for work in WORKS], help="only this work")
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="where environments and data lie")
    parser.add_argument("--page", action="store_true", help="write the table into docs/benchmarks.md")
    return parser.parse_args()


def failures(rows: list[Row]) -> int:
    """Print what is wrong; return 1 if anything is."""
    wrong = [f"{row.work}: {row.side}: {row.agrees}" for row in rows if row.agrees]
    wrong += [f"{row.work}: bot4 did not run: {row.missing}" for row in rows if row.side == "bot4" and row.missing]
    for line in wrong:
        print(f"wrong: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
