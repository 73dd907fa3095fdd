# SPDX-License-Identifier: Apache-2.0
"""Run the command line as plain Python although it is compiled: the other side of each figure.

Run as a file, never imported by name: it puts a finder of sources alone before
the one that would prefer the compiled files, and only then imports bot4. Nothing
is copied, so the kernels' cache is shared by both sides.
"""

import sys
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, SourceFileLoader
from pathlib import Path
from runpy import run_module
from typing import Final

PACKAGE: Final = Path(__file__).resolve().parents[2]


def source_finder(place: str) -> FileFinder:
    """Return a finder that sees no compiled file in a folder of bot4.

    Raises
    ------
    ImportError
        If the folder is another's: it is left to the next finder, as the import system wants it.
    """
    if not Path(place).resolve().is_relative_to(PACKAGE):
        raise ImportError(f"{place} is not in {PACKAGE}")
    return FileFinder(place, (SourceFileLoader, SOURCE_SUFFIXES))


if __name__ == "__main__":
    sys.path_hooks.insert(0, source_finder)
    run_module("bot4", run_name="__main__")
