# SPDX-License-Identifier: Apache-2.0
"""``make bench-guard``: ratios that hold on any machine, measured in one run; 1 where one does not.

``python -m benchmarks.guard [--build DIR]``; needs the compiled build.
"""

import argparse
import sys
from pathlib import Path

from benchmarks.guard.guards import verdicts
from benchmarks.guard.verdict import table

from bot4.runtime.build import runs_compiled


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.guard", description="Ratios that must hold.")
    parser.add_argument("--build", type=Path, default=Path("build"), help="where files are written")
    asked = parser.parse_args()
    if not runs_compiled():
        print("bench-guard: no compiled build here, and it is what is guarded: make compiled", file=sys.stderr)
        return 1
    found = verdicts(asked.build.resolve())
    print(table(found))
    return 0 if all(one.holds for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
