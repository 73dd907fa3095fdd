# SPDX-License-Identifier: Apache-2.0
"""Rules about size and names: a file, a function, a class that has grown too far, and names that say nothing."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.tidy.source import FunctionNode, Source, finding

MODULE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
KERNEL_LINES_MAX = 50
CLASS_LINES_MAX = 300
CLASS_METHODS_MAX = 12
NESTING_MAX = 3
SPDX = "# SPDX-License-Identifier: Apache-2.0"
WEAK_WORDS = ("util", "utils", "helper", "helpers", "common", "misc", "base", "manager", "new", "v2", "tmp")
WEAK_NAME = re.compile(rf"(^|_)({'|'.join(WEAK_WORDS)})(_|$)")
BLOCKS = (ast.For, ast.AsyncFor, ast.While, ast.If, ast.Match)  # try and with frame a block, they do not branch


def span(node: ast.stmt) -> int:
    """Return how many lines a statement takes, from its first line to its last."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def long_modules(source: Source) -> Iterator[str]:
    """Find a module above the limit: split it by what it owns."""
    lines = len(source.text.splitlines())
    if lines > MODULE_LINES_MAX:
        yield finding(source, 1, f"module of {lines} lines, at most {MODULE_LINES_MAX}: split it by what it owns")


def long_functions(source: Source) -> Iterator[str]:
    """Find a function above the limit; a kernel's is lower."""
    limit = KERNEL_LINES_MAX if source.within("src/bot4/kernels") else FUNCTION_LINES_MAX
    for node in source.functions():
        if span(node) > limit:
            yield finding(source, node, f"function {node.name} of {span(node)} lines, at most {limit}: name its parts")


def large_classes(source: Source) -> Iterator[str]:
    """Find a class with too many public methods or lines."""
    for node in source.classes():
        public = sum(isinstance(m, FunctionNode) and not m.name.startswith("_") for m in node.body)
        if public > CLASS_METHODS_MAX:
            yield finding(source, node, f"class {node.name} has {public} public methods, at most {CLASS_METHODS_MAX}")
        if span(node) > CLASS_LINES_MAX:
            yield finding(source, node, f"class {node.name} of {span(node)} lines, at most {CLASS_LINES_MAX}")


def depth(node: ast.AST) -> int:
    """Return the deepest nesting of blocks below a node; an ``elif`` is no deeper than its ``if``."""
    deepest = 0
    for name, value in ast.iter_fields(node):
        children = value if isinstance(value, list) else [value]
        for child in children:
            if not isinstance(child, ast.AST) or isinstance(child, FunctionNode | ast.ClassDef | ast.Lambda):
                continue
            chained = isinstance(node, ast.If) and name == "orelse" and len(children) == 1 and isinstance(child, ast.If)
            deepest = max(deepest, depth(child) + (isinstance(child, BLOCKS) and not chained))
    return deepest


def deep_nesting(source: Source) -> Iterator[str]:
    """Find a function whose blocks nest too deep: return early, or name the inner loop."""
    for node in source.functions():
        if depth(node) > NESTING_MAX:
            yield finding(source, node, f"function {node.name} nests {depth(node)} deep, at most {NESTING_MAX}")


def weak_names(source: Source) -> Iterator[str]:
    """Find a file, folder or class whose name would fit anything."""
    for part in PurePosixPath(source.path).with_suffix("").parts:
        if WEAK_NAME.search(part):
            yield finding(source, 1, f"the name {part!r} does not say what is inside")
    for node in source.classes():
        words = re.findall(r"[A-Z][a-z0-9]*|[a-z0-9]+", node.name)
        if any(word.lower() in WEAK_WORDS for word in words):
            yield finding(source, node, f"the name {node.name!r} does not say what it is")


def missing_licence(source: Source) -> Iterator[str]:
    """Find a source whose first line (second after a shebang) is not the licence line."""
    lines = source.text.splitlines() or [""]
    first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
    if first != SPDX:
        yield finding(source, 1, f"the first line is to be {SPDX!r}")


def stray_modules(source: Source) -> Iterator[str]:
    """Find a module outside every package folder: only ``__init__`` and ``__main__`` lie at the top."""
    path = PurePosixPath(source.path)
    if path.parent == PurePosixPath("src/bot4") and path.stem not in {"__init__", "__main__", "_build"}:
        yield finding(source, 1, "a module at the top belongs to no layer: put it into a folder")
