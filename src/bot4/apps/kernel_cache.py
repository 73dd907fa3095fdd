# SPDX-License-Identifier: Apache-2.0
"""Where compiled kernels are kept: a folder of this user, named by the hash of the kernels' sources.

numba does not see edits in the files a kernel calls and would run the old code;
a folder for each state of the sources cannot go stale. It is chosen before any
kernel is imported. What lies in it is run, so it is never a place that others
may write: where the user's own cache cannot be had, it is a fresh folder that is
removed at the end.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import MutableMapping
from pathlib import Path
from typing import Final

VARIABLE: Final = "NUMBA_CACHE_DIR"
KEY_SHOWN: Final = 16


def set_kernel_cache(environment: MutableMapping[str, str]) -> Path:
    """Choose the folder, note it in the environment where numba looks, and return it; one that is set stays."""
    if environment.get(VARIABLE):
        return Path(environment[VARIABLE])
    from bot4.kernels.sources import kernels_key

    home = environment.get("XDG_CACHE_HOME")
    caches = Path(home) if home else Path(environment.get("HOME") or Path.home()) / ".cache"
    folder = caches / "bot4" / "kernels" / kernels_key()[:KEY_SHOWN]
    if not is_own(folder):
        folder = Path(tempfile.mkdtemp(prefix="bot4-kernels-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    environment[VARIABLE] = str(folder)
    return folder


def is_own(folder: Path) -> bool:
    """Make a folder where it is missing; say whether it is this user's and can be written."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder.stat().st_uid == os.getuid() and os.access(folder, os.W_OK)
    except OSError:
        return False
