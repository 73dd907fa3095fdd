# SPDX-License-Identifier: Apache-2.0
"""What is compiled, and whether what was compiled still is what the sources say.

The hot modules run as they are, or compiled to C by mypyc from the same lines. An
interpreter prefers a compiled file to the source beside it, however old: so a
build writes a manifest with the hash of each source it read, and importing bot4
compares. This file is read by ``setup.py`` before anything is installed, and by
``import bot4`` before any other module: it imports nothing of bot4 and is never
compiled itself.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import TracebackType
from typing import Any, Final

PACKAGE: Final = Path(__file__).resolve().parent

HOT: Final = (
    "domain/*.py",
    "market/bars.py",
    "market/bar_builder.py",
    "market/books/*.py",
    "market/live/*.py",
    "market/quality.py",
    "market/tick*.py",
    "insight/*.py",
    "decision/**/*.py",
    "guard/*.py",
    "risk/*.py",
    "trading/*.py",
    "account/*.py",
    "simulation/**/*.py",
    "record/chain.py",
    "record/curve.py",
    "record/format.py",
    "record/journal.py",
    "record/tally.py",
    "runtime/containment.py",
    "runtime/drive.py",
    "runtime/engine.py",
    "runtime/foresight.py",
    "runtime/ticks*.py",
)
"""Which modules are compiled, as patterns below the package, in order; the only such list.

The rest of market works on whole columns at a time: numpy's C does the work there, and ours would add nothing.
"""

LEFT_OUT: Final = (
    "**/__init__.py",  # only say what a folder offers
    "simulation/exchange/*.py",  # stands behind sockets, which cost more than all of it
)
"""Which of them are not after all, each for a reason."""

LIBRARY: Final = "bot4_core"
"""The compiled modules share one library, a file of this name beside the package."""

MANIFEST: Final = "_build.json"
"""Written into the package by each build."""

MEND: Final = "Build anew (make compiled), or go back to plain Python (make pure)."


ALLOWED: Final = "compiled files of exactly these sources, or none"


class StaleBuildError(ImportError):
    """Refuse compiled files that are not what the sources beside them say."""

    def __init__(self, place: str, value: str) -> None:
        super().__init__(f"{place}: {value}. Allowed: {ALLOWED}. {MEND}")
        self.place = place
        self.value = value

    def fields(self) -> dict[str, str]:
        """Return code, place, value, allowed and mend, as the command line tells every bad input."""
        return {
            "code": "stale_build",
            "place": self.place,
            "value": self.value,
            "allowed": ALLOWED,
            "mend": MEND,
        }


def hot_sources(package: Path = PACKAGE) -> list[str]:
    """Return the modules to compile, as paths below the package, in the order of the list."""
    left_out = {path for pattern in LEFT_OUT for path in package.glob(pattern)}
    found: dict[str, None] = {}
    for pattern in HOT:
        for path in sorted(package.glob(pattern)):
            if path not in left_out:
                found[path.relative_to(package).as_posix()] = None
    return list(found)


def imported(package: Path, source: str) -> Iterator[str]:
    """Yield the sources of the package that one of them imports, at whatever depth of its text."""
    import ast  # only a build needs it, and each start of a compiled bot4 would wait for it

    names: list[str] = []
    for node in ast.walk(ast.parse((package / source).read_bytes())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    stems = [name.removeprefix("bot4.").replace(".", "/") for name in names if name.startswith("bot4.")]
    candidates = [file for stem in stems for file in (f"{stem}.py", f"{stem}/__init__.py")]
    yield from (file for file in candidates if (package / file).is_file())


def sources_read(package: Path, modules: Iterable[str]) -> list[str]:
    """Return the modules and all they import from the package, directly or not, sorted.

    A constant of a module that stays plain Python is compiled into those that use it.
    """
    found = set(modules)
    waiting = sorted(found)
    while waiting:
        fresh = set(imported(package, waiting.pop())) - found
        found |= fresh
        waiting.extend(sorted(fresh))
    return sorted(found)


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file, 64 hex digits; ``"missing"`` where there is none."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return "missing"


def manifest(package: Path, modules: Sequence[str], built_with: str) -> dict[str, Any]:
    """Return what a build of these modules is: modules, hash of each source read, tools, and a hash of it all."""
    told: dict[str, Any] = {
        "built_with": built_with,
        "modules": list(modules),
        "sources": {name: hash_of(package / name) for name in sources_read(package, modules)},
    }
    text = json.dumps(told, sort_keys=True)
    return {"build": hashlib.sha256(text.encode()).hexdigest(), **told}


def write_manifest(told: dict[str, Any], folder: Path) -> None:
    """Write a manifest into the package that was built."""
    (folder / MANIFEST).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def read_manifest(package: Path = PACKAGE) -> dict[str, Any] | None:
    """Return the manifest of the last build, or None where nothing was built.

    Raises
    ------
    StaleBuildError
        If the file cannot be read as one.
    """
    place = package / MANIFEST
    try:
        told = json.loads(place.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        told = None
    if isinstance(told, dict) and isinstance(told.get("sources"), dict) and isinstance(told.get("modules"), list):
        return told
    raise StaleBuildError(str(place), "this is no manifest of a build")


def built_files(package: Path = PACKAGE) -> list[Path]:
    """Return every compiled file of the package and its library that this interpreter would load, sorted."""
    suffixes = tuple(suffix for suffix in EXTENSION_SUFFIXES if suffix.startswith(".cpython-") or suffix == ".pyd")
    found = [path for path in package.rglob("*") if path.name.endswith(suffixes)]
    found += [path for path in package.parent.glob(f"{LIBRARY}__mypyc.*") if path.name.endswith(suffixes)]
    return sorted(found)


def changed_sources(told: dict[str, Any], package: Path = PACKAGE) -> list[str]:
    """Return the sources that are not what the manifest says, sorted."""
    return sorted(name for name, known in told["sources"].items() if hash_of(package / name) != known)


def check(package: Path = PACKAGE) -> None:
    """Refuse compiled files without a manifest, beside another source than theirs, or that no build has listed.

    Raises
    ------
    StaleBuildError
        Naming the first such file.
    """
    built = built_files(package)
    if not built:
        return
    told = read_manifest(package)
    if told is None:
        raise StaleBuildError(str(built[0]), f"compiled, and no {MANIFEST} says from what")
    listed = {(package / name).with_suffix("") for name in told["modules"]} | {package.parent / f"{LIBRARY}__mypyc"}
    for path in built:
        if path.with_name(path.name.partition(".")[0]) not in listed:
            raise StaleBuildError(str(path), f"compiled, and {MANIFEST} does not list it")
    changed = changed_sources(told, package)
    if changed:
        others = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise StaleBuildError(str(package / changed[0]), f"edited or removed since it was compiled{others}")


def stop_at_stale_build() -> None:
    """Refuse as :func:`check` does, and have a program that does not catch it end in words and with exit code 2.

    The command line cannot do that: it is not yet imported, and never will be.

    Raises
    ------
    StaleBuildError
        As :func:`check`.
    """
    try:
        check()
    except StaleBuildError:
        if not hasattr(sys, "ps1"):  # an interactive session goes on
            sys.excepthook = end_in_words
        raise


def end_in_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Tell of a stale build as the command line tells of bad input, and end; of anything else as Python does.

    Raises
    ------
    SystemExit
        With 2, after a stale build.
    """
    if not isinstance(error, StaleBuildError):
        sys.__excepthook__(kind, error, trace)
        return
    told = error.fields()
    sys.stderr.write(
        f"error: {told['place']}\n  found:   {told['value']}\n  allowed: {told['allowed']}\n  mend:    {told['mend']}\n"
    )
    if "--json" in sys.argv:
        sys.stdout.write(json.dumps({"error": told}) + "\n")
    raise SystemExit(2)
