# SPDX-License-Identifier: Apache-2.0
"""bot4, an autonomous trading system: this file owns the version, and the door that stale compiled files stop at.

Nothing else may happen here: as plain Python, importing the package costs two looks at the disk. Where compiled files
are, their sources are compared with what they were compiled from (``_build.py``), before any of them is loaded.
"""

from _imp import extension_suffixes
from os import path

__all__ = ["__version__"]

__version__: str


def _stop_at_stale_build() -> None:
    """Refuse compiled files that are not what the sources beside them say."""
    folder = path.dirname(path.abspath(__file__))
    library = f"{path.dirname(folder)}/bot4_core__mypyc{extension_suffixes()[0]}"
    if path.exists(f"{folder}/_build.json") or path.exists(library):
        from bot4._build import stop_at_stale_build

        stop_at_stale_build()


_stop_at_stale_build()


def __getattr__(name: str) -> str:
    """Return the version on first use, since reading package metadata costs more than the whole import.

    Raises
    ------
    AttributeError
        For any name but ``__version__``.
    """
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        found = version("bot4")
    except PackageNotFoundError:  # run from a checkout that was never installed
        found = "0.0.0+uninstalled"
    globals()[name] = found
    return found
