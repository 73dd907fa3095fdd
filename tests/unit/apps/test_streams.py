# SPDX-License-Identifier: Apache-2.0
"""Standard streams that are full, closed or have no reader: exit codes and words, never a traceback."""

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

import bot4
from bot4.apps.cli.streams import say


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, with bot4 in reach of a shell."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PYTHONPATH", str(Path(bot4.__file__).parents[1]))
    monkeypatch.setenv("BOT4", f"{sys.executable} -m bot4")
    return tmp_path


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """Carry out one line of a shell; $BOT4 starts bot4."""
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("words", ["features list", "features list --json", "--help", "--version"])
def test_a_full_disk_behind_stdout_is_told_on_stderr(here: Path, words: str) -> None:
    """Whatever the answer is, it ends with 3 and words; nothing comes of the last flush of the interpreter."""
    done = shell(f"$BOT4 {words} >/dev/full")
    assert done.returncode == 3
    assert done.stderr.startswith("error: the system\n")
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("$BOT4 features list >&-", 0),
        ("$BOT4 features list --json 2>&-", 0),
        ("$BOT4 backtest --bars none.csv 2>&-", 2),
        ("$BOT4 backtest --bars none.csv --json 2>/dev/full >/dev/full", 2),
        ("$BOT4 features list <&- >&- 2>&-", 0),
    ],
)
def test_a_missing_stream_changes_no_exit_code(here: Path, line: str, code: int) -> None:
    """Closed streams take what is said in silence."""
    done = shell(line)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_no_file_gets_the_number_of_a_missing_stream(here: Path) -> None:
    """A journal opened later must not take what is meant for a terminal."""
    script = (
        "import os, sys; from bot4.apps.cli.streams import fill_missing; fill_missing(); print(file=sys.stderr);"
        " sys.exit(os.open('x', os.O_CREAT))"
    )
    done = subprocess.run(
        ["sh", "-c", '"$0" -c "$1" <&- >&- 2>&-', sys.executable, script], capture_output=True, check=False
    )
    assert done.returncode > 2


@pytest.mark.parametrize("words", ["--help", "features list --json"])
def test_a_reader_that_goes_away_ends_every_answer_with_3(here: Path, words: str) -> None:
    """The help page, which another library prints, ends as every other answer does, in silence."""
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "bot4", *words.split()]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (3, "")


def test_a_stream_that_fails_is_silenced() -> None:
    """Saying something to a closed stream, or on a full disk, is answered with no and raises nothing, then or later."""
    closed = StringIO()
    closed.close()
    assert not say(closed, "lost")
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        assert not say(full, "lost")
        assert say(full, "to the null device")
    heard = StringIO()
    assert say(heard, "heard")
    assert heard.getvalue() == "heard"
