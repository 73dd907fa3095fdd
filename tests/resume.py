# SPDX-License-Identifier: Apache-2.0
"""A pytest plugin that takes up a long run where it stopped.

With ``--resume PATH`` each passed test is noted in PATH together with a hash of the sources; a later run with the same
sources leaves out what has passed and says how many. Any edit of a source or a test starts from nothing.
"""

import hashlib
import json
from pathlib import Path

import pytest

FOLDERS = ("src", "tests", "examples")
PLUGIN = "bot4-resume"


def fingerprint(root: Path) -> str:
    """Return the SHA-256 over the paths and contents of every Python file of the sources and tests."""
    digest = hashlib.sha256()
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


class Resume:
    """The passed tests of one state of the sources, on disk after every test."""

    def __init__(self, path: Path, sources: str) -> None:
        self.path = path
        self.sources = sources
        self.passed = self._read()
        self.left_out = 0

    def _read(self) -> set[str]:
        if not self.path.exists():
            return set()
        noted = json.loads(self.path.read_text(encoding="utf-8"))
        return set(noted["passed"]) if noted["sources"] == self.sources else set()

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out what has passed already."""
        done = [item for item in items if item.nodeid in self.passed]
        if done:
            self.left_out = len(done)
            items[:] = [item for item in items if item.nodeid not in self.passed]
            config.hook.pytest_deselected(items=done)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a passed test at once: the next line may be the power cut."""
        if report.when == "call" and report.passed:
            self.passed.add(report.nodeid)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            beside = self.path.with_suffix(".tmp")
            beside.write_text(json.dumps({"sources": self.sources, "passed": sorted(self.passed)}), encoding="utf-8")
            beside.replace(self.path)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say how much was left out, and what to delete to start again."""
        if self.left_out:
            terminalreporter.write_line(f"resumed: {self.left_out} tests had passed before ({self.path})")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--resume``."""
    parser.addoption("--resume", metavar="PATH", default=None, help="leave out what passed in PATH, note what passes")


def pytest_configure(config: pytest.Config) -> None:
    """Start the plugin where it was asked for."""
    path = config.getoption("--resume")
    if path is not None:
        config.pluginmanager.register(Resume(Path(path), fingerprint(config.rootpath)), PLUGIN)
