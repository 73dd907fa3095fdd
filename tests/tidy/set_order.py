# SPDX-License-Identifier: Apache-2.0
"""Finds where the order of a set can be seen: loops, comprehensions, list(...), join, pop and unpacking.

It knows a set by how it is written, in one file: a literal, a comprehension, set(...), an operator on one, a name or an
attribute that was assigned or annotated as one. A set that arrives through an unannotated name is not seen.
"""

import ast
from collections.abc import Iterator

from tests.tidy.source import dotted

SET_TYPES = {"set", "frozenset", "Set", "AbstractSet", "FrozenSet", "MutableSet"}
SET_METHODS = {"union", "intersection", "difference", "symmetric_difference", "copy"}
ORDER_BLIND = {"sorted", "set", "frozenset", "len", "min", "max", "any", "all", "SetComp"}
ORDER_SEEING = {"list", "tuple", "iter", "enumerate", "zip", "map", "filter", "sum", "next", "reversed", "dict"}
OPERATORS = (ast.BitOr, ast.BitAnd, ast.Sub, ast.BitXor)


class SetNames(ast.NodeVisitor):
    """The names and attributes of a file that hold sets."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_Assign(self, node: ast.Assign) -> None:
        """Learn from ``x = set()``."""
        if is_set(node.value, self.names):
            self.names |= {dotted(target) for target in node.targets} - {""}
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Learn from ``x: set[int]``."""
        if dotted(node.annotation).split(".")[-1] in SET_TYPES:
            self.names.add(dotted(node.target))
        self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> None:
        """Learn from a parameter ``x: set[int]``."""
        if node.annotation is not None and dotted(node.annotation).split(".")[-1] in SET_TYPES:
            self.names.add(node.arg)


def is_set(node: ast.expr, names: set[str]) -> bool:
    """Tell whether an expression is written as a set."""
    if isinstance(node, ast.Set | ast.SetComp):
        return True
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, OPERATORS) and (
            is_set(node.left, names) or is_set(node.right, names) or is_keys(node.left) or is_keys(node.right)
        )
    if isinstance(node, ast.Call):
        if dotted(node.func) in {"set", "frozenset"}:
            return True
        return isinstance(node.func, ast.Attribute) and node.func.attr in SET_METHODS and is_set(node.func.value, names)
    return dotted(node) in names


def is_keys(node: ast.expr) -> bool:
    """Tell whether an expression is ``something.keys()``, whose operators return sets."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "keys"


def shows_order(call: ast.Call, names: set[str]) -> bool:
    """Tell whether a call lets the order of a set through."""
    if isinstance(call.func, ast.Attribute):
        if call.func.attr == "pop" and not call.args:
            return is_set(call.func.value, names)
        if call.func.attr in {"join", "extend", "from_iterable", "fromkeys"}:
            return any(is_set(argument, names) for argument in call.args)
    return dotted(call.func) in ORDER_SEEING and any(is_set(argument, names) for argument in call.args)


def order_blind_comprehensions(tree: ast.Module) -> set[int]:
    """Return the ids of comprehensions whose order nobody sees: inside sorted(...), len(...), or making a set."""
    blind = {id(node) for node in ast.walk(tree) if isinstance(node, ast.SetComp)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and dotted(node.func) in ORDER_BLIND:
            blind |= {id(argument) for argument in node.args}
    return blind


def unordered_uses(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield each expression of a set whose order can be seen."""
    learnt = SetNames()
    learnt.visit(tree)
    names = learnt.names
    blind = order_blind_comprehensions(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.For | ast.AsyncFor) and is_set(node.iter, names):
            yield node.iter
        elif isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp) and id(node) not in blind:
            yield from (part.iter for part in node.generators if is_set(part.iter, names))
        elif isinstance(node, ast.Starred) and is_set(node.value, names):
            yield node.value
        elif isinstance(node, ast.Call) and shows_order(node, names):
            yield node
