# SPDX-License-Identifier: Apache-2.0
"""The works on bot4 as plain Python, although it is compiled: its sources are found before its compiled files."""

import runpy
import sys
from importlib.util import find_spec
from pathlib import Path


def prefer_sources() -> None:
    """Put the finder of sources alone first; nothing of bot4 may have been imported yet.

    Raises
    ------
    ModuleNotFoundError
        If there is no bot4.
    """
    found = find_spec("bot4")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("bot4 is not installed here")
    pure = Path(found.submodule_search_locations[0]) / "apps" / "bench" / "pure.py"
    sys.path_hooks.insert(0, runpy.run_path(str(pure))["source_finder"])
    sys.path_importer_cache.clear()


if __name__ == "__main__":
    prefer_sources()
    runpy.run_module("benchmarks.peers.sides.on_bot4", run_name="__main__")
