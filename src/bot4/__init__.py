# SPDX-License-Identifier: Apache-2.0
"""bot4, an autonomous trading system: this file owns the version and nothing else.

Nothing may be imported here: importing the package does nothing, and costs nothing.
"""

__all__ = ["__version__"]

__version__: str


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
