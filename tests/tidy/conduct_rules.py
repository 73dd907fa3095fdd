# SPDX-License-Identifier: Apache-2.0
"""Rules about what code does: catching, approving, printing, standing in, and iterating where order can be seen."""

import ast
from collections.abc import Iterator

from tests.tidy.set_order import unordered_uses
from tests.tidy.source import FunctionNode, Source, dotted, finding

BOUNDARIES = ("src/bot4/apps/cli.py", "src/bot4/apps/cli", "src/bot4/runtime/containment.py")
CORE = "domain kernels market insight decision guard risk trading account record simulation runtime adapters/stores"
ORDER_MATTERS = tuple(f"src/bot4/{folder}" for folder in CORE.split())
BROAD = {"Exception", "BaseException"}


def broad_catches(source: Source) -> Iterator[str]:
    """Find an except, or a suppress, that would swallow a bug; the two boundaries may."""
    if source.within(*BOUNDARIES):
        return
    for node in source.nodes:
        caught: list[ast.expr | None] = []
        if isinstance(node, ast.ExceptHandler):
            caught = list(node.type.elts) if isinstance(node.type, ast.Tuple) else [node.type]
        elif isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] == "suppress":
            caught = list(node.args)
        if any(kind is None or dotted(kind).split(".")[-1] in BROAD for kind in caught):
            yield finding(source, node, "broad except: name what can go wrong; only apps/cli and containment catch all")


def approvals(source: Source) -> Iterator[str]:
    """Find a construction of Approved outside risk/."""
    if source.within("src/bot4/risk"):
        return
    for node in source.nodes:
        if isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] == "Approved":
            yield finding(source, node, "only risk/ says Approved")


def prints(source: Source) -> Iterator[str]:
    """Find a print, or a write to the standard streams, outside apps/ and what must speak before apps/ can be had."""
    if source.within("src/bot4/apps", "src/bot4/_build.py"):
        return
    for node in source.nodes:
        name = dotted(node.func) if isinstance(node, ast.Call) else ""
        if name == "print" or name.startswith(("sys.stdout.", "sys.stderr.")):
            yield finding(source, node, f"{name} outside apps/: return it, or put an event")


def is_docstring(statement: ast.stmt) -> bool:
    """Tell whether a statement is a bare string."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def is_empty(statement: ast.stmt) -> bool:
    """Tell whether a statement does nothing: ``pass``, ``...`` or a string."""
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def declares_only(source: Source) -> set[int]:
    """Return the line numbers of functions that are declarations: abstract, overloads, or a Protocol's own."""
    lines = set()
    for owner in source.classes():
        if any(dotted(base).split(".")[-1] == "Protocol" for base in owner.bases):
            lines |= {member.lineno for member in owner.body if isinstance(member, FunctionNode)}
    for node in source.functions():
        if {dotted(d).split(".")[-1] for d in node.decorator_list} & {"abstractmethod", "overload"}:
            lines.add(node.lineno)
    return lines


def placeholders(source: Source) -> Iterator[str]:
    """Find a body that stands in for one: empty without a word why, or NotImplementedError."""
    declared = declares_only(source)
    for node in source.functions():
        if node.lineno in declared:
            continue
        raised = any(isinstance(n, ast.Raise) and "NotImplementedError" in ast.dump(n) for n in ast.walk(node))
        if raised or (all(map(is_empty, node.body)) and not is_docstring(node.body[0])):
            yield finding(source, node, f"function {node.name} is a placeholder: write it or leave it out")


def set_iteration(source: Source) -> Iterator[str]:
    """Find an iteration over a set where a decision, a hash or a file could see its order."""
    if not source.within(*ORDER_MATTERS):
        return
    for node in unordered_uses(source.tree):
        yield finding(source, node, "the order of a set can be seen here: sorted(...) it, or keep a dict")
