# SPDX-License-Identifier: Apache-2.0
"""Each tidy rule catches what it is for and lets the honest neighbour pass: a rule that never bites is no rule."""

import textwrap

import pytest

from tests.tidy import conduct_rules, docstring_rules, shape_rules, text_rules
from tests.tidy.source import Rule, Source

STAGE = "src/bot4/market/bars.py"
KERNEL = "src/bot4/kernels/rolling.py"
TEST = "tests/unit/test_bars.py"
CATCHES_ALL = "try: f()\nexcept Exception: g()\n"
DOCUMENTS_KEY_ERROR = 'def f():\n    """Do.\n\n    Raises\n    ------\n    KeyError\n        When.\n    """\n'


def planted(text: str, path: str = STAGE) -> Source:
    """Return a source as if it lay in the tree."""
    return Source(path, textwrap.dedent(text))


def lines(count: int) -> str:
    """Return so many statements, indented as a body."""
    return "".join(f"    x = {number}\n" for number in range(count))


def methods(count: int) -> str:
    """Return a class with so many public methods."""
    return "class Book:\n" + "".join(f"    def verb{number}(self): ...\n" for number in range(count))


BREACHES: list[tuple[str, Rule, Source]] = [
    ("a module of 501 lines", shape_rules.long_modules, planted("x = 1\n" * 501)),
    ("a function of 71 lines", shape_rules.long_functions, planted("def f():\n" + lines(70))),
    ("a kernel of 51 lines", shape_rules.long_functions, planted("def f():\n" + lines(50), KERNEL)),
    ("a class of 13 verbs", shape_rules.large_classes, planted(methods(13))),
    ("a class of 301 lines", shape_rules.large_classes, planted("class A:\n" + lines(300))),
    (
        "a loop four deep",
        shape_rules.deep_nesting,
        planted("def f(a):\n for b in a:\n  for c in b:\n   for d in c:\n    for e in d:\n     g(e)\n"),
    ),
    (
        "a branch inside else",
        shape_rules.deep_nesting,
        planted("def f(a):\n for b in a:\n  if b:\n   pass\n  else:\n   g()\n   if c:\n    while d:\n     h()\n"),
    ),
    ("a weak file name", shape_rules.weak_names, planted("", "src/bot4/market/bar_utils.py")),
    ("a weak folder name", shape_rules.weak_names, planted("", "src/bot4/common/bars.py")),
    ("a weak class name", shape_rules.weak_names, planted("class OrderManager: ...")),
    ("no licence line", shape_rules.missing_licence, planted('"""A module."""\n')),
    ("an empty file", shape_rules.missing_licence, planted("")),
    ("a module at the top", shape_rules.stray_modules, planted("", "src/bot4/engine.py")),
    ("a bare except", conduct_rules.broad_catches, planted("try: f()\nexcept: g()\n")),
    ("except Exception", conduct_rules.broad_catches, planted(CATCHES_ALL)),
    ("one of several", conduct_rules.broad_catches, planted("try: f()\nexcept (OSError, BaseException): g()\n")),
    ("a broad suppress", conduct_rules.broad_catches, planted("with contextlib.suppress(Exception): f()\n")),
    (
        "a broad door",
        conduct_rules.broad_catches,
        planted(CATCHES_ALL, "src/bot4/apps/demo.py"),
    ),
    ("Approved in trading", conduct_rules.approvals, planted("a = Approved(order)", "src/bot4/trading/orders.py")),
    ("Approved[T] in trading", conduct_rules.approvals, planted("a = verdict.Approved[Order](o)")),
    ("a print", conduct_rules.prints, planted("print(1)")),
    ("a write to stdout", conduct_rules.prints, planted("sys.stdout.write('1')")),
    ("pass", conduct_rules.placeholders, planted("def f(): pass")),
    ("an ellipsis", conduct_rules.placeholders, planted("def f(): ...")),
    ("not implemented", conduct_rules.placeholders, planted("def f():\n    'Do.'\n    raise NotImplementedError")),
    ("a loop over a set", conduct_rules.set_iteration, planted("for x in {1, 2}: f(x)")),
    ("a loop over a name", conduct_rules.set_iteration, planted("a = set(b)\nfor x in a: f(x)")),
    ("a parameter", conduct_rules.set_iteration, planted("def f(a: set[int]):\n    return [g(x) for x in a]")),
    ("an attribute", conduct_rules.set_iteration, planted("self.a: set[int] = g()\nx = list(self.a)")),
    ("a difference of keys", conduct_rules.set_iteration, planted("for x in a.keys() - b.keys(): f(x)")),
    ("a join", conduct_rules.set_iteration, planted("', '.join({str(x) for x in a})")),
    ("an unpacking", conduct_rules.set_iteration, planted("a = frozenset(b)\nf(*a)")),
    ("a pop", conduct_rules.set_iteration, planted("a = {1, 2}\nx = a.pop()")),
    ("a float sum", conduct_rules.set_iteration, planted("sum({0.1, 0.2})")),
    ("a module without words", docstring_rules.missing_docstrings, planted("x = 1")),
    ("a class without words", docstring_rules.missing_docstrings, planted('"""M."""\nclass A:\n    x = 1')),
    ("a function without words", docstring_rules.missing_docstrings, planted('"""M."""\ndef f(): return 1')),
    (
        "a Raises that is not raised",
        docstring_rules.untrue_raises,
        planted(
            'def f():\n    """Do.\n\n    Raises\n    ------\n    KeyError\n        Never.\n    """\n    return 1\n'
        ),
    ),
    (
        "a raise that is not told",
        docstring_rules.untrue_raises,
        planted('def f():\n    """Do."""\n    raise ValueError("x")\n'),
    ),
    ("a test without words", docstring_rules.silent_tests, planted("def test_a():\n    assert f()", TEST)),
    ("a test that shows nothing", docstring_rules.silent_tests, planted("def test_a():\n    'Say.'\n    f()", TEST)),
    ("a bare skip", docstring_rules.bare_skips, planted("@pytest.mark.skip\ndef test_a(): ...", TEST)),
    ("a bare xfail", docstring_rules.bare_skips, planted("@pytest.mark.xfail()\ndef test_a(): ...", TEST)),
]

HONEST: list[tuple[str, Rule, Source]] = [
    ("a module of 500 lines", shape_rules.long_modules, planted("x = 1\n" * 500)),
    ("a function of 70 lines", shape_rules.long_functions, planted("def f():\n" + lines(69))),
    ("a class of 12 verbs", shape_rules.large_classes, planted(methods(12))),
    (
        "a long elif chain",
        shape_rules.deep_nesting,
        planted("def f(a):\n if a:\n  g()\n elif b:\n  g()\n elif c:\n  g()\n elif d:\n  g()\n elif e:\n  g()\n"),
    ),
    (
        "a name with a weak part inside",
        shape_rules.weak_names,
        planted("class Baseline: ...", "src/bot4/market/news.py"),
    ),
    (
        "a licence after a shebang",
        shape_rules.missing_licence,
        planted(f"#!/usr/bin/env python3\n{shape_rules.SPDX}\n"),
    ),
    ("the command line's boundary", conduct_rules.broad_catches, planted(CATCHES_ALL, "src/bot4/apps/cli.py")),
    ("containment", conduct_rules.broad_catches, planted(CATCHES_ALL, "src/bot4/runtime/containment.py")),
    ("risk approves", conduct_rules.approvals, planted("a = Approved(order)", "src/bot4/risk/limits.py")),
    ("reading a verdict", conduct_rules.approvals, planted("isinstance(a, Approved)")),
    ("apps print", conduct_rules.prints, planted("print(1)", "src/bot4/apps/demo.py")),
    ("a protocol", conduct_rules.placeholders, planted("class P(Protocol):\n    def f(self) -> int: ...")),
    ("an abstract method", conduct_rules.placeholders, planted("@abstractmethod\ndef f(): ...")),
    ("nothing, and why", conduct_rules.placeholders, planted("def f():\n    'Nothing to close: all is in memory.'")),
    ("a sorted set", conduct_rules.set_iteration, planted("a = {1, 2}\nfor x in sorted(a): f(x)")),
    ("a sorted part of a set", conduct_rules.set_iteration, planted("x = sorted(f(y) for y in {1, 2})")),
    ("a question to a set", conduct_rules.set_iteration, planted("a = {1, 2}\nb = 1 in a and len(a) and max(a)")),
    ("a set made of a set", conduct_rules.set_iteration, planted("a = {f(x) for x in {1, 2}}")),
    ("a set in a door", conduct_rules.set_iteration, planted("for x in {1, 2}: f(x)", "src/bot4/apps/demo.py")),
    ("a private function", docstring_rules.missing_docstrings, planted('"""M."""\ndef _f(): return 1')),
    (
        "a true Raises",
        docstring_rules.untrue_raises,
        planted(DOCUMENTS_KEY_ERROR + "    raise KeyError(1)\n"),
    ),
    (
        "a raise told in prose",
        docstring_rules.untrue_raises,
        planted('def f():\n    """Raise ValueError."""\n    raise ValueError(1)'),
    ),
    ("a test", docstring_rules.silent_tests, planted("def test_a():\n    'Say.'\n    assert f()", TEST)),
    (
        "an expected error",
        docstring_rules.silent_tests,
        planted("def test_a():\n    'Say.'\n    with pytest.raises(E): f()", TEST),
    ),
    (
        "a shared assertion",
        docstring_rules.silent_tests,
        planted("def same(a): assert a\ndef test_a():\n    'Say.'\n    same(1)", TEST),
    ),
    ("a skip with a reason", docstring_rules.bare_skips, planted("pytest.skip('no Chromium')", TEST)),
]


@pytest.mark.requirement("CI_001")
@pytest.mark.parametrize(("rule", "source"), [case[1:] for case in BREACHES], ids=[case[0] for case in BREACHES])
def test_a_planted_breach_is_found(rule: Rule, source: Source) -> None:
    """The rule names the file and the line of the breach."""
    found = list(rule(source))
    assert found
    assert all(line.startswith(f"{source.path}:") for line in found)


@pytest.mark.parametrize(("rule", "source"), [case[1:] for case in HONEST], ids=[case[0] for case in HONEST])
def test_honest_code_is_let_through(rule: Rule, source: Source) -> None:
    """The neighbour of the breach is no breach."""
    assert list(rule(source)) == []


@pytest.mark.parametrize(
    "text",
    ["# TO" + "DO: later", "see pypi" + ".org/simple", "open('/ro" + "ot/x')", "cd /wo" + "rk/x", "/ho" + "me/me/x"],
)
def test_a_planted_address_or_leftover_is_found(text: str) -> None:
    """Notes to later, registries and machine paths are found in any text."""
    assert len(list(text_rules.findings("docs/page.md", text))) == 1


@pytest.mark.parametrize("text", ["a method", "the work/root ratio", "$HOME/root/x", "docs/home/page.md", "../work/x"])
def test_plain_words_are_no_addresses(text: str) -> None:
    """Relative paths and ordinary words pass."""
    assert list(text_rules.findings("docs/page.md", text)) == []


def test_every_rule_of_the_tree_has_a_planted_breach() -> None:
    """No rule is run over the tree without a case here that it catches."""
    modules = (shape_rules, conduct_rules, docstring_rules)
    rules = {
        value
        for module in modules
        for value in vars(module).values()
        if getattr(value, "__annotations__", {}).get("return") == "Iterator[str]"
        or str(getattr(value, "__annotations__", {}).get("return")).endswith("Iterator[str]")
    }
    assert len(rules) >= 15
    assert rules == {case[1] for case in BREACHES}
