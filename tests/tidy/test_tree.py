# SPDX-License-Identifier: Apache-2.0
"""The tidy rules over the whole tree. Each rule is proved to bite in test_rules_bite.py."""

import ast
import tomllib

import pytest

from tests.tidy import conduct_rules, docstring_rules, shape_rules, text_rules
from tests.tidy.source import CODE_FOLDERS, REPOSITORY, Rule, files, sources

SHIPPED = ("src", "examples", "benchmarks")
SHIPPED_RULES: list[Rule] = [
    shape_rules.long_modules,
    shape_rules.long_functions,
    shape_rules.large_classes,
    shape_rules.deep_nesting,
    shape_rules.weak_names,
    shape_rules.stray_modules,
    docstring_rules.missing_docstrings,
    docstring_rules.untrue_raises,
    conduct_rules.placeholders,
]
CORE_RULES: list[Rule] = [
    conduct_rules.broad_catches,
    conduct_rules.approvals,
    conduct_rules.prints,
    conduct_rules.set_iteration,
]
TEST_RULES: list[Rule] = [docstring_rules.silent_tests, docstring_rules.bare_skips]
DOORS = {"apps", "runtime", "adapters"}


def check(rule: Rule, *folders: str) -> None:
    """Fail with every finding of a rule below the folders; finding no source at all is a failure too."""
    read = sources(*folders)
    assert read, f"no Python source below {folders}"
    found = [line for source in read for line in rule(source)]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.requirement("CI_001")
@pytest.mark.parametrize("rule", SHIPPED_RULES, ids=lambda rule: rule.__name__)
def test_shipped_code_keeps_its_shape(rule: Rule) -> None:
    """Sources, examples and benchmarks stay small, named, documented and whole."""
    check(rule, *SHIPPED)


@pytest.mark.requirement("CI_001")
@pytest.mark.parametrize("rule", CORE_RULES, ids=lambda rule: rule.__name__)
def test_the_package_conducts_itself(rule: Rule) -> None:
    """The package catches narrowly, prints only in apps, approves only in risk, and never shows the order of a set."""
    check(rule, "src")


@pytest.mark.requirement("CI_001")
@pytest.mark.parametrize("rule", TEST_RULES, ids=lambda rule: rule.__name__)
def test_tests_say_and_show_something(rule: Rule) -> None:
    """Each test has a docstring and can fail, and a skip has a reason."""
    check(rule, "tests")


def test_every_source_opens_with_its_licence() -> None:
    """The first line of each Python file is the SPDX line."""
    check(shape_rules.missing_licence, *CODE_FOLDERS)


@pytest.mark.requirement("prod_008", "I-12")
def test_no_text_holds_a_note_to_later_or_an_address_of_one_machine() -> None:
    """No leftover, no registry's host and no machine's own path stands anywhere in the repository."""
    texts = [(path.relative_to(REPOSITORY).as_posix(), text_rules.read_text(path)) for path in files()]
    names = {name for name, _ in texts}
    assert {"pyproject.toml", "Makefile", ".ci/run"} <= names
    unwatched = {"uv.lock"}
    found = [line for name, text in texts if text and name not in unwatched for line in text_rules.findings(name, text)]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.requirement("CI_001")
def test_every_core_folder_is_held_to_do_no_io() -> None:
    """Every folder but the doors stands in the import contract, and its own __init__ imports from bot4 alone."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {contract["name"]: contract for contract in project["tool"]["importlinter"]["contracts"]}
    listed = contracts["The core does no I/O"]["source_modules"]
    core = sorted(p.parent for p in (REPOSITORY / "src" / "bot4").glob("*/__init__.py") if p.parent.name not in DOORS)
    assert core
    for folder in core:
        # The contract names the children (x.*), which may be missing; the folder's own file is looked at here.
        assert f"bot4.{folder.name}.*" in listed
        for node in ast.walk(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.Import), f"{folder.name}/__init__.py imports a module by name"
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").startswith("bot4."), f"{folder.name}/__init__.py imports {node.module}"


def test_every_lock_pins_every_package_by_hash() -> None:
    """Each requirement of each lock is an exact version followed by at least one hash."""
    for name in ("boot", "base", "all", "torch"):
        lines = (REPOSITORY / "locks" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        pins = [number for number, line in enumerate(lines) if line and line[0] not in " #"]
        assert pins, f"locks/{name}.txt pins nothing"
        for number in pins:
            assert "==" in lines[number], lines[number]
            assert lines[number + 1].startswith("    --hash=sha256:"), lines[number]
