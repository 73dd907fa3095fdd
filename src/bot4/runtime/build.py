# SPDX-License-Identifier: Apache-2.0
"""Which build runs: plain Python or compiled, from which sources, and whether they are still those."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bot4 import _build

COMPILED = "compiled"
PURE = "pure"


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """Tell about the build that this process runs.

    ``mode`` is ``"compiled"`` or ``"pure"``; ``modules`` how many are compiled, 0 when
    pure; ``build`` the hash of its sources and tools, 64 hex digits, empty when pure;
    ``built_with`` those tools; ``changed`` the sources edited since, sorted.
    """

    mode: str
    modules: int
    build: str
    built_with: str
    changed: tuple[str, ...]

    def text(self) -> str:
        """Return it in one line."""
        if self.mode == PURE:
            return PURE
        fresh = f"STALE: {', '.join(self.changed)}" if self.changed else "fresh"
        return f"{COMPILED}, {self.modules} modules by {self.built_with}, build {self.build[:12]}, {fresh}"


def build_info(package: Path = _build.PACKAGE) -> BuildInfo:
    """Look at the build of this process, or at that of another copy of the package.

    This process may run plain Python although there are compiled files: the import system was told to.
    """
    if package == _build.PACKAGE and not runs_compiled():
        return BuildInfo(PURE, 0, "", "", ())
    built = [path for path in _build.built_files(package) if path.is_relative_to(package)]
    told = _build.read_manifest(package)
    if not built or told is None:
        return BuildInfo(PURE, 0, "", "", ())
    changed = tuple(_build.changed_sources(told, package))
    return BuildInfo(COMPILED, len(built), str(told["build"]), str(told["built_with"]), changed)


def runs_compiled() -> bool:
    """Say whether the engine that this process has loaded, or would load, is compiled."""
    found = find_spec("bot4.runtime.engine")
    return found is not None and not str(found.origin).endswith(".py")
