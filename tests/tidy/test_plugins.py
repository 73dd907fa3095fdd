# SPDX-License-Identifier: Apache-2.0
"""The plugins and fixtures of the suite itself, each run over a small suite of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.requirement_map import Outcomes, Section, known_ids, main, read_list, render
from tests.tidy.source import REPOSITORY

SUITE = """
import pytest

@pytest.mark.requirement("RISK_001", "P-28")
@pytest.mark.parametrize("x", [1, 2])
def test_good(x):
    assert x

@pytest.mark.requirement("ORDER_001")
@pytest.mark.parametrize("x", [1, 0])
def test_bad_in_one_case(x):
    assert x

@pytest.mark.requirement("WS_001")
def test_left_out():
    pytest.skip("no socket")
"""


def run_suite(folder: Path, text: str, *options: str, **environment: str) -> tuple[int, str]:
    """Run pytest over one file under the repository's own configuration and conftest."""
    (folder / "conftest.py").write_text((REPOSITORY / "tests/conftest.py").read_text(encoding="utf-8"), "utf-8")
    (folder / "test_suite.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", str(folder), "-c"]
    command += [str(REPOSITORY / "pyproject.toml"), "-o", f"pythonpath={REPOSITORY}", str(folder), *options]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("BOT4_", "PYTEST_"))}
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={**clean, **environment}
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.requirement("CI_001")
@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_page_shows_what_passed_what_failed_and_what_is_missing(tmp_path: Path, workers: str) -> None:
    """In one process or in several, an id is as good as the worst of its tests, and a skip shows nothing."""
    status, said = run_suite(tmp_path, SUITE, "--requirements-page", "page.md", "-n", workers)
    assert status == 1, said
    rows = {line.split(" | ")[0].strip("| "): line for line in (tmp_path / "page.md").read_text("utf-8").splitlines()}
    assert "| shown | `test_suite.py`: test_good |" in rows["RISK_001"]
    assert "| shown | `test_suite.py`: test_good |" in rows["P-28"]
    assert "| failing | `test_suite.py`: test_bad_in_one_case |" in rows["ORDER_001"]
    assert "| missing |  |" in rows["WS_001"]
    assert "| missing |  |" in rows["MON_001"]


@pytest.mark.requirement("CI_001")
@pytest.mark.parametrize("marker", ['"RISK_01"', '"RISK_001", "risk_002"', ""])
def test_an_unknown_requirement_stops_the_run(tmp_path: Path, marker: str) -> None:
    """A marker with an id that the list does not hold, or with none, is an error and not a remark."""
    text = f"import pytest\n\n@pytest.mark.requirement({marker})\ndef test_it():\n    assert True\n"
    status, said = run_suite(tmp_path, text)
    assert status == 4, said
    assert "unknown requirement" in said


def test_records_of_several_runs_make_one_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Merged records count every case once, and the worse outcome of a test wins."""
    for number, outcome in (("1", "passed"), ("2", "failed")):
        outcomes = Outcomes()
        outcomes.note("tests/a.py::test_a[1]", "passed", ["RISK_001"])
        outcomes.note("tests/a.py::test_b", outcome, ["P-28"])
        (tmp_path / f"{number}.json").write_text(outcomes.dump(), encoding="utf-8")
    assert main([str(tmp_path / "page.md"), str(tmp_path / "1.json"), str(tmp_path / "2.json")]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "3 passed, 1 failed, 0 skipped"
    page = (tmp_path / "page.md").read_text("utf-8")
    assert "| shown | `tests/a.py`: test_a |" in page
    assert "| failing | `tests/a.py`: test_b |" in page


def test_the_list_holds_every_group_once(tmp_path: Path) -> None:
    """The counts are those of the specification's own count; an id in two sections is refused."""
    sections = read_list()
    counts = [len(section.titles) for section in sections]
    assert counts[:9] == [25, 13, 8, 6, 19, 12, 30, 15, 14]
    assert sum(counts[9:]) == 62
    assert len(known_ids(sections)) == sum(counts)
    twice = tmp_path / "twice.toml"
    twice.write_text('[[section]]\nheading = "A"\n[section.ids]\nx = "1"\n' * 2, encoding="utf-8")
    with pytest.raises(ValueError, match="listed twice: x"):
        read_list(twice)


def test_an_empty_run_shows_everything_as_missing() -> None:
    """Without outcomes no id is shown."""
    assert "0 of 2 shown, 0 failing, 2 missing." in render([Section("A", {"x": "1", "y": "2"})], Outcomes())


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    """What passed is left out the next time, what failed runs again, and an edit starts from nothing."""
    options = ("--resume", "done.json")
    first = run_suite(tmp_path, SUITE, *options)
    assert first[0] == 1
    assert len(json.loads((tmp_path / "done.json").read_text("utf-8"))["passed"]) == 3
    again = run_suite(tmp_path, SUITE, *options)
    assert "resumed: 3 tests had passed before" in again[1]
    assert "1 failed" in again[1]
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "edited.py").touch()
    assert "resumed" not in run_suite(tmp_path, SUITE, *options)[1]


RECORDINGS = "def test_it(shared_data):\n    assert (shared_data / 'bars').exists()\n"


def test_real_data_is_found_skipped_or_demanded(tmp_path: Path) -> None:
    """The recordings come from BOT4_SHARED; without them a test skips on one line, or fails where they are required."""
    (tmp_path / "there" / "data" / "bars").mkdir(parents=True)
    suite = tmp_path / "suite"
    suite.mkdir()
    status, said = run_suite(suite, RECORDINGS, BOT4_SHARED=str(tmp_path / "there"))
    assert (status, "1 passed" in said) == (0, True), said
    status, said = run_suite(suite, RECORDINGS, BOT4_SHARED=str(tmp_path / "gone"))
    assert (status, "1 skipped" in said) == (0, True), said
    assert sum("no real recordings" in line for line in said.splitlines()) == 1
    status, said = run_suite(suite, RECORDINGS, BOT4_SHARED=str(tmp_path / "gone"), BOT4_REQUIRE_DATA="1")
    assert status == 1, said
    assert "no real recordings" in said


def test_the_fast_selection_leaves_real_data_out(tmp_path: Path) -> None:
    """A test that asks for the recordings is marked data without saying so."""
    status, said = run_suite(tmp_path, RECORDINGS, "-m", "not data")
    assert status == 5, said
    assert "1 deselected" in said


def test_rounds_are_many_only_when_asked(tmp_path: Path) -> None:
    """``rounds`` gives the small count in an ordinary run, the large one under BOT4_FULL=1."""
    text = "def test_it(rounds):\n    assert rounds(20, full=200) == 200\n"
    assert run_suite(tmp_path, text)[0] == 1
    assert run_suite(tmp_path, text, BOT4_FULL="1")[0] == 0


def test_continuous_integration_calls_make_test_and_demands_the_data(tmp_path: Path) -> None:
    """``.ci/run`` sets BOT4_REQUIRE_DATA=1 exactly when the recordings are there, and hands on make's status."""
    make = tmp_path / "bin" / "make"
    make.parent.mkdir()
    make.write_text('#!/bin/sh\necho "make $* require=${BOT4_REQUIRE_DATA:-unset}"\nexit 7\n', encoding="utf-8")
    make.chmod(0o755)
    (tmp_path / "there" / "data").mkdir(parents=True)
    for shared, required in (("there", "1"), ("gone", "unset")):
        environment = {"PATH": f"{make.parent}:{os.environ['PATH']}", "BOT4_SHARED": str(tmp_path / shared)}
        done = subprocess.run(
            [str(REPOSITORY / ".ci/run")], capture_output=True, text=True, check=False, env=environment
        )
        assert done.returncode == 7, done.stderr
        assert done.stdout == f"make test require={required}\n"
