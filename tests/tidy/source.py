# SPDX-License-Identifier: Apache-2.0
"""The files that the tidy rules read, parsed once. A rule is a function from one source to its findings."""

import ast
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath
from typing import TypeAlias

REPOSITORY = Path(__file__).resolve().parents[2]
CODE_FOLDERS = ("src", "tests", "examples", "benchmarks")
LEFT_OUT = {"build", "dist", "runs", "htmlcov", "node_modules", "__pycache__", ".git", ".venv", ".hypothesis"}

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One Python file: its path below the repository and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the tree."""
        return list(ast.walk(self.tree))

    def functions(self) -> Iterator[FunctionNode]:
        """Yield every function and method, nested ones too."""
        return (node for node in self.nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))

    def classes(self) -> Iterator[ast.ClassDef]:
        """Yield every class."""
        return (node for node in self.nodes if isinstance(node, ast.ClassDef))

    def within(self, *folders: str) -> bool:
        """Tell whether the file lies in, or is, one of the given paths."""
        path = PurePosixPath(self.path)
        return any(path == PurePosixPath(folder) or PurePosixPath(folder) in path.parents for folder in folders)


Rule: TypeAlias = Callable[[Source], Iterable[str]]


def finding(source: Source, node: ast.AST | int, what: str) -> str:
    """Return one finding as ``path:line: what``."""
    line = node if isinstance(node, int) else getattr(node, "lineno", 1)
    return f"{source.path}:{line}: {what}"


def dotted(node: ast.AST | None) -> str:
    """Return the dotted name that an expression spells, subscripts left out, or an empty string."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ".".join(reversed(parts)) if parts else ""
    return ".".join([node.id, *reversed(parts)])


def is_written(folder: str) -> bool:
    """Tell whether a folder holds what people wrote, not what was built, cached or installed."""
    return folder not in LEFT_OUT and not folder.endswith(("_cache", ".egg-info"))


def files(root: Path = REPOSITORY, suffix: str = "") -> list[Path]:
    """Return every written file below a folder with the given suffix, sorted."""
    found = []
    for folder, below, names in os.walk(root):
        below[:] = [name for name in below if is_written(name)]
        found += [Path(folder, name) for name in names if name.endswith(suffix)]
    return sorted(found)


@lru_cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Return the Python sources below the given folders of the repository."""
    found = [path for folder in folders for path in files(REPOSITORY / folder, ".py")]
    return tuple(Source(p.relative_to(REPOSITORY).as_posix(), p.read_text(encoding="utf-8")) for p in found)
