# SPDX-License-Identifier: Apache-2.0
"""Compiled and plain Python side by side: the same bench again, in a process of the other build.

Wherever there are compiled files there are their sources, so a compiled build can
always be held against plain Python. The other way there is nothing to run.
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from bot4.apps.bench import pure

COMPILED: Final = "compiled"
PURE: Final = "pure"


def running_build() -> str:
    """Return ``compiled`` where the engine of this process is a compiled module, else ``pure``."""
    found = find_spec("bot4.runtime.engine")
    return COMPILED if found is not None and not str(found.origin).endswith(".py") else PURE


def other_rows(suite: str, samples: int) -> list[dict[str, Any]] | None:
    """Measure the same in plain Python where this is the compiled build; None where there is no other build.

    The other process draws its own progress, and stops by the same signals.
    """
    if running_build() == PURE:
        return None
    return rows_of(run_pure([*([suite] if suite else []), "--samples", str(samples), "--alone", "--json"]))


def run_pure(words: list[str]) -> bytes:
    """Return what ``bot4 bench`` with these words prints as plain Python."""
    places = [str(pure.PACKAGE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(  # noqa: S603 - this interpreter, our own file, the words of our own flags
        [sys.executable, "-P", str(Path(pure.__file__)), "bench", *words],
        stdout=subprocess.PIPE,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
    )
    return done.stdout


def rows_of(printed: bytes) -> list[dict[str, Any]] | None:
    """Return the rows of a bench's JSON, None where it was cut off or failed."""
    lines = printed.splitlines()
    try:
        told = json.loads(lines[-1]) if lines else {}
    except ValueError:
        return None
    rows = told.get("rows")
    return rows if isinstance(rows, list) else None
