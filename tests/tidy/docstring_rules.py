# SPDX-License-Identifier: Apache-2.0
"""Rules about words: docstrings that exist, Raises sections that are true, and tests that say and show something."""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache

from tests.tidy.source import FunctionNode, Source, dotted, finding, sources

SECTION = re.compile(r"^ *Raises\n *-{3,}\n(?P<body>(?:.*\n?)*?)(?=^ *[A-Z][A-Za-z ]+\n *-{3,}$|\Z)", re.MULTILINE)
EXCEPTION_LINE = re.compile(r"^[A-Za-z_][\w.]*(?:, *[A-Za-z_][\w.]*)*$")
SHOWS = re.compile(r"^(assert|check|verify|expect|prove|raises|warns|fail|deprecated_call)")
BUGS = {"OurFault", "AssertionError", "StopIteration", "SystemExit"}
CALLS_DEEP = 3


def missing_docstrings(source: Source) -> Iterator[str]:
    """Find a module, public class or public function without a docstring."""
    if ast.get_docstring(source.tree) is None and source.text.strip():
        yield finding(source, 1, "the module does not say what it owns")
    for node in (*source.classes(), *source.functions()):
        if not node.name.startswith("_") and ast.get_docstring(node) is None and not is_nested(source, node):
            yield finding(source, node, f"{node.name} has no docstring")


def is_nested(source: Source, node: ast.AST) -> bool:
    """Tell whether a node lies inside a function."""
    return any(other is not node and node in ast.walk(other) for other in source.functions())


def documented(docstring: str) -> list[str]:
    """Return the exception types that a numpy Raises section names, without their modules."""
    section = SECTION.search(docstring)
    if section is None:
        return []
    lines = (line for line in section["body"].splitlines() if line and not line.startswith(" "))
    found = (line.strip() for line in lines if EXCEPTION_LINE.match(line.strip()))
    return [name.strip().split(".")[-1] for line in found for name in line.split(",")]


def raised(node: FunctionNode) -> set[str]:
    """Return the exception types that a function's own body raises; ``*name`` for a variable or a result."""
    found: set[str] = set()
    inner = {id(n) for f in ast.walk(node) if f is not node and isinstance(f, FunctionNode) for n in ast.walk(f)}
    for raise_ in ast.walk(node):
        if not isinstance(raise_, ast.Raise) or id(raise_) in inner or raise_.exc is None:
            continue
        kind = raise_.exc.func if isinstance(raise_.exc, ast.Call) else raise_.exc
        name = dotted(kind).split(".")[-1]
        found.add(name if name[:1].isupper() else f"*{name}")
    return found


def called(node: FunctionNode) -> set[str]:
    """Return the last names of everything that a function calls."""
    return {dotted(part.func).split(".")[-1] for part in ast.walk(node) if isinstance(part, ast.Call)} - {""}


@lru_cache
def raised_by_name(read: tuple[Source, ...]) -> dict[str, set[str]]:
    """Return, for each function name, what its body raises, and what it calls raises, three calls deep.

    A declaration without a body (a port's) raises what it documents. Functions of one name are taken together: the
    check is there to find errors that nobody raises any more, not to prove each path.
    """
    raises: dict[str, set[str]] = {}
    calls: dict[str, set[str]] = {}
    for node in (node for source in read for node in source.functions()):
        promised = documented(ast.get_docstring(node) or "") if is_declaration(node) else []
        raises.setdefault(node.name, set()).update(raised(node), promised)
        calls.setdefault(node.name, set()).update(called(node))
    made = {f"*{node.name}": dotted(node.returns).split(".")[-1] for source in read for node in source.functions()}
    raises = {name: {made.get(kind, kind) for kind in own} for name, own in raises.items()}
    for _ in range(CALLS_DEEP):
        raises = {
            name: own.union(*(raises.get(other, ()) for other in sorted(calls[name]))) for name, own in raises.items()
        }
    return raises


def is_declaration(node: FunctionNode) -> bool:
    """Tell whether a function has no body of its own: a docstring, perhaps ``...``."""
    return all(isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant) for part in node.body)


def untrue_raises(source: Source) -> Iterator[str]:
    """Find a Raises section that names what nothing below raises, and a public raise that no docstring names."""
    package = sources("src")
    reached = raised_by_name(package if source in package else (source,))
    for node in source.functions():
        docstring = ast.get_docstring(node)
        if docstring is None:
            continue
        own = raised(node)
        below = reached[node.name].union(own)
        for name in documented(docstring):
            if name not in below and not is_declaration(node) and not any(kind[0] == "*" for kind in own):
                yield finding(source, node, f"{node.name} documents {name}, and nothing it calls raises that")
        if not node.name.startswith("_") and not is_nested(source, node):
            for name in sorted(own - BUGS):
                if name[0] != "*" and name not in docstring:
                    yield finding(source, node, f"{node.name} raises {name}, and its docstring does not say so")


def is_test(node: FunctionNode) -> bool:
    """Tell whether pytest would run this function, or hypothesis as a step of a machine."""
    return node.name.startswith("test_")


def shows_something(node: FunctionNode, asserting: set[str]) -> bool:
    """Tell whether a function asserts, expects an error, or calls one that is known to."""
    parts = list(ast.walk(node))
    if any(isinstance(part, ast.Assert) for part in parts):
        return True
    return any(SHOWS.match(name) or name in asserting for name in sorted(called(node)))


def asserting_functions(source: Source) -> set[str]:
    """Return the names of a test file's own functions that assert, directly or through each other."""
    own = [node for node in source.functions() if not is_test(node)]
    found = {owner.name for owner in source.classes() if any("StateMachine" in dotted(b) for b in owner.bases)}
    for _ in own:
        more = found | {node.name for node in own if shows_something(node, found)}
        if more == found:
            break
        found = more
    return found | {"run_state_machine_as_test"}


def silent_tests(source: Source) -> Iterator[str]:
    """Find a test without a docstring, and one that could not fail."""
    asserting = asserting_functions(source)
    for node in filter(is_test, source.functions()):
        if ast.get_docstring(node) is None:
            yield finding(source, node, f"{node.name} has no docstring: say what must hold")
        if not shows_something(node, asserting):
            yield finding(source, node, f"{node.name} asserts nothing")


def bare_skips(source: Source) -> Iterator[str]:
    """Find a skip or an expected failure without a reason."""
    for node in source.nodes:
        names = {"pytest.skip", "pytest.mark.skip", "pytest.mark.xfail", "unittest.skip"}
        if isinstance(node, ast.Call) and dotted(node.func) in names:
            if not node.args and not any(k.arg in {"reason", "msg"} for k in node.keywords):
                yield finding(source, node, f"{dotted(node.func)} without a reason")
        elif isinstance(node, FunctionNode):
            for decorator in node.decorator_list:
                if dotted(decorator) in names and not isinstance(decorator, ast.Call):
                    yield finding(source, node, f"{dotted(decorator)} without a reason")
