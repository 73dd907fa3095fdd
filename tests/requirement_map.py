# SPDX-License-Identifier: Apache-2.0
"""A pytest plugin and a command that map each requirement id to the tests that show it.

The ids live in ``tests/requirements.toml``; a test names what it shows with ``@pytest.mark.requirement("RISK_001")``.
``--requirements-record PATH`` writes the outcomes of one run as JSON, ``--requirements-page PATH`` the page of that
run; ``python -m tests.requirement_map PAGE RECORD...`` merges the records of several runs into one page.
An id without a passing test is shown as missing; an id that the list does not hold stops the run.
"""

import json
import sys
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest

LIST = Path(__file__).with_name("requirements.toml")
PLUGIN = "bot4-requirements"
PROPERTY = "requirement"
WORST_FIRST = ("failed", "skipped", "passed")


@dataclass(frozen=True)
class Section:
    """One group of requirements: its heading and its ids with their titles, in the order of the list."""

    heading: str
    titles: dict[str, str]


def read_list(path: Path = LIST) -> list[Section]:
    """Read the list of requirement ids, refusing an id that stands in two sections.

    Raises
    ------
    ValueError
        If an id occurs twice.
    """
    sections = [
        Section(entry["heading"], dict(entry["ids"]))
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["section"]
    ]
    seen: set[str] = set()
    for section in sections:
        twice = sorted(seen & section.titles.keys())
        if twice:
            raise ValueError(f"{path.name}: listed twice: {', '.join(twice)}")
        seen |= section.titles.keys()
    return sections


def known_ids(sections: Iterable[Section]) -> set[str]:
    """Return every id of the list."""
    return {name for section in sections for name in section.titles}


@dataclass
class Outcomes:
    """What became of each test, parametrised cases counted one by one, and which ids each test claims."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(WORST_FIRST, 0))
    worst: dict[str, str] = field(default_factory=dict)
    claims: dict[str, list[str]] = field(default_factory=dict)

    def note(self, nodeid: str, outcome: str, ids: Iterable[str]) -> None:
        """Count one case; the test it belongs to is as good as its worst case."""
        self.counts[outcome] += 1
        self._settle(nodeid.partition("[")[0], outcome, ids)

    def _settle(self, test: str, outcome: str, ids: Iterable[str]) -> None:
        self.claims[test] = sorted({*self.claims.get(test, ()), *ids})
        self.worst[test] = min(self.worst.get(test, outcome), outcome, key=WORST_FIRST.index)

    def merge(self, other: Self) -> None:
        """Add the outcomes of another run; a test that ran in both is as good as the worse of the two."""
        for outcome, count in other.counts.items():
            self.counts[outcome] += count
        for test, outcome in other.worst.items():
            self._settle(test, outcome, other.claims[test])

    def dump(self) -> str:
        """Return the JSON text of a record."""
        return json.dumps({"counts": self.counts, "worst": self.worst, "claims": self.claims}, indent=1)

    @classmethod
    def load(cls, text: str) -> Self:
        """Return the outcomes that a record holds."""
        held: dict[str, Any] = json.loads(text)
        return cls(counts=held["counts"], worst=held["worst"], claims=held["claims"])


def status(requirement: str, outcomes: Outcomes) -> tuple[str, list[str]]:
    """Return how an id stands (shown, failing, missing) and the tests behind that word."""
    by_outcome: dict[str, list[str]] = {outcome: [] for outcome in WORST_FIRST}
    for test in sorted(outcomes.claims):
        if requirement in outcomes.claims[test]:
            by_outcome[outcomes.worst[test]].append(test)
    if by_outcome["failed"]:
        return "failing", by_outcome["failed"]
    if by_outcome["passed"]:
        return "shown", by_outcome["passed"]
    return "missing", []


def table_row(requirement: str, title: str, outcomes: Outcomes) -> str:
    """Return one line of the page: id, title, status, and the tests grouped by file."""
    word, tests = status(requirement, outcomes)
    by_file: dict[str, list[str]] = {}
    for test in tests:
        path, _, name = test.partition("::")
        by_file.setdefault(path, []).append(name.replace("::", "."))
    cell = "<br>".join(f"`{path}`: {', '.join(names)}" for path, names in by_file.items())
    return f"| {requirement} | {title} | {word} | {cell} |"


def render(sections: Sequence[Section], outcomes: Outcomes) -> str:
    """Return the whole page as Markdown."""
    states = {name: status(name, outcomes)[0] for name in sorted(known_ids(sections))}
    shown = sum(state == "shown" for state in states.values())
    failing = sum(state == "failing" for state in states.values())
    lines = [
        "# Requirements and the tests that show them",
        "",
        "Generated by `make requirements-page`; edits are lost. An id is *shown* when every test that names it and ran",
        "has passed, *failing* when one of them failed, *missing* when no test that names it has passed.",
        "",
        f"{shown} of {len(states)} shown, {failing} failing, {len(states) - shown - failing} missing.",
    ]
    for section in sections:
        lines += ["", f"## {section.heading}", "", "| id | what | status | tests |", "|---|---|---|---|"]
        lines += [table_row(name, title, outcomes) for name, title in section.titles.items()]
    return "\n".join(lines) + "\n"


class RequirementMap:
    """Collects markers and outcomes of one run."""

    def __init__(self, config: pytest.Config) -> None:
        self.record: str | None = config.getoption("--requirements-record")
        self.page: str | None = config.getoption("--requirements-page")
        self.sections = read_list()
        self.outcomes = Outcomes()
        self.ended: dict[str, str] = {}
        self.controls = not hasattr(config, "workerinput")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Hand the ids of each test on to its reports, which cross the border between processes.

        Raises
        ------
        pytest.UsageError
            If a marker names an id that the list does not hold.
        """
        known = known_ids(self.sections)
        for item in items:
            for mark in item.iter_markers("requirement"):
                unknown = sorted(name for name in mark.args if name not in known)
                if unknown or not mark.args:
                    raise pytest.UsageError(
                        f"{item.nodeid}: unknown requirement {', '.join(unknown) or '(none given)'}: "
                        f"the ids are listed in tests/{LIST.name}"
                    )
                item.user_properties += [(PROPERTY, name) for name in mark.args]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the worst of a test's three phases; count it when the last is over."""
        worst = min(self.ended.get(report.nodeid, "passed"), report.outcome, key=WORST_FIRST.index)
        self.ended[report.nodeid] = worst
        if report.when == "teardown":
            ids = [str(value) for name, value in report.user_properties if name == PROPERTY]
            self.outcomes.note(report.nodeid, worst, ids)

    def pytest_sessionfinish(self) -> None:
        """Write what was asked for; the workers of a parallel run leave it to their controller."""
        if not self.controls:
            return
        for path, text in ((self.record, self.outcomes.dump()), (self.page, render(self.sections, self.outcomes))):
            if path is not None:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                Path(path).write_text(text, encoding="utf-8")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the two options."""
    group = parser.getgroup("bot4")
    group.addoption("--requirements-record", metavar="PATH", default=None, help="write the outcomes by id as JSON")
    group.addoption("--requirements-page", metavar="PATH", default=None, help="write the page of ids and tests")


def pytest_configure(config: pytest.Config) -> None:
    """Check markers in every run, whether or not anything is written."""
    config.pluginmanager.register(RequirementMap(config), PLUGIN)


def main(arguments: Sequence[str]) -> int:
    """Merge records into one page, say whether the committed page differs, and close with the totals."""
    page, *records = map(Path, arguments)
    outcomes = Outcomes()
    for record in records:
        outcomes.merge(Outcomes.load(record.read_text(encoding="utf-8")))
    text = render(read_list(), outcomes)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text, encoding="utf-8")
    committed = LIST.parents[1] / "docs" / "requirements.md"
    if not committed.exists() or committed.read_text(encoding="utf-8") != text:
        print(f"docs/requirements.md is not the page of this run: cp {page} docs/requirements.md")
    passed, failed, skipped = (outcomes.counts[outcome] for outcome in ("passed", "failed", "skipped"))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
