# SPDX-License-Identifier: Apache-2.0
"""A sweep from end to end: equal bytes twice, resumed and in processes; every trial counted once; the engine agrees."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bot4.apps.cli.search import show_sweep
from bot4.apps.progress import Progress, Silent, StopFlag
from bot4.apps.session import RunRequest
from bot4.apps.sweep import run as sweep_run
from bot4.apps.sweep.outcome import SweepOutcome
from bot4.apps.sweep.run import SweepRequest
from bot4.apps.sweep.space import Axis, Space, space_of
from bot4.domain.errors import BadInput
from bot4.runtime.settings import Settings
from tests.replay.runs import REPOSITORY, SYMBOL, environment, write_bars
from tests.simulation.engine_run import walk

SMA = Space("sma_cross", (Axis("fast", (3, 5, 8, 30)), Axis("slow", (12, 20, 30))))
"""Twelve sets, three of which are none: the fast mean is not the faster one."""

USER = """
from bot4.decision.strategies import Strategy, View
from bot4.domain.signal import Signal

class Nth(Strategy):
    def __init__(self, every: int) -> None:
        self.name = "nth"
        self.features = ("roc_5",)
        self.every = every
        self.bars = 0
    def on_bar(self, view: View) -> Signal | None:
        self.bars += 1
        if self.bars % self.every:
            return None
        return Signal(0.0 if view.position else 1.0, "its turn", view.after(1000))
"""


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    """Forty days of hours."""
    return write_bars(tmp_path / f"{SYMBOL}-1h.csv", walk(11, 960))


def asked(bars: Path, out: Path, **changes: Any) -> SweepRequest:
    """A sweep over the twelve sets, in this process."""
    base: Mapping[str, Any] = {"command": "sweep", "config": Settings(), "bars": (str(bars),), "out": out}
    given = {key: changes.pop(key) for key in list(changes) if key in RunRequest.__slots__}
    fields: dict[str, Any] = {"space": SMA, "top": 3, "workers": 1, "say": lambda _text: None} | changes
    return SweepRequest(base=RunRequest(**{**base, "report": False, **given}), **fields)


def carried_out(request: SweepRequest, progress: Progress | None = None) -> SweepOutcome:
    """Carry out a sweep."""
    return sweep_run.run(request, progress or Silent())


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def shown(outcome: SweepOutcome) -> str:
    """What a person reads of it."""
    paper = Console(record=True, width=300, file=StringIO())
    show_sweep(outcome, paper)
    return paper.export_text()


class StopsAt(Progress):
    """Asks to stop at the so many'th question of one part of the work."""

    def __init__(self, part: str, questions: int) -> None:
        super().__init__(StopFlag())
        self.part = part
        self.left = questions
        self.is_armed = False

    def begin(self, total: int | None, what: str) -> None:
        """Wait for the part."""
        self.is_armed = self.is_armed or what == self.part

    def advance(self, done: int) -> None:
        """Draw nothing."""

    def end(self) -> None:
        """Draw nothing."""

    def should_stop(self) -> bool:
        """Count the question."""
        self.left -= self.is_armed
        return self.left < 0


def test_a_sweep_tells_every_trial_and_the_engine_agrees_with_the_best(bars: Path, tmp_path: Path) -> None:
    """Nine trials in results and ledger, three sets left out with the reason, the best confirmed and deflated."""
    outcome = carried_out(asked(bars, tmp_path / "out", report=True))
    told = outcome.summary()
    assert told["trials"] == told["counted"] == 9
    assert list(outcome.left_out.values()) == [3]
    assert "not less than" in next(iter(outcome.left_out))
    rows = (outcome.folder / "results.csv").read_text().splitlines()
    heads = rows[0].split(",")
    sharpes = [float(row.split(",")[heads.index("sharpe")]) for row in rows[1:]]
    assert len(sharpes) == 9
    assert [one.screen_sharpe for one in outcome.findings] == sorted(sharpes, reverse=True)[:3]
    assert told["confirmed"] == 3
    assert all(one.confirmed.fills > 0 for one in outcome.findings)
    best = outcome.findings[0]
    assert best.evidence.deflated < best.evidence.probabilistic
    assert best.survives == (best.evidence.deflated >= 0.95)
    lines = [json.loads(line) for line in outcome.ledger.read_text().splitlines()]
    assert [line["trial"] for line in lines] == [row.split(",")[1] for row in rows[1:]]
    page = (outcome.folder / "report.html").read_text()
    assert "Content-Security-Policy" in page
    assert ("survives" if best.survives else "does not survive") in page


@pytest.mark.requirement("BENCH_001")
def test_the_same_sweep_twice_has_the_same_bytes_and_counts_nothing_again(bars: Path, tmp_path: Path) -> None:
    """Same inputs, same name, same files; the ledger has not grown."""
    first = carried_out(asked(bars, tmp_path / "out", report=True))
    before, ledger = contents(first.folder), first.ledger.read_bytes()
    again = carried_out(asked(bars, tmp_path / "out", report=True))
    assert again.folder == first.folder
    assert contents(again.folder) == before
    assert again.ledger.read_bytes() == ledger


@pytest.mark.parametrize(("part", "questions"), [("screening", 0), ("screening", 2), ("the engine's word", 1)])
def test_a_sweep_that_was_stopped_goes_on_to_the_same_bytes(
    bars: Path, tmp_path: Path, part: str, questions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped in the screen or between engine runs, it says so, and --resume ends where an uncut one does."""
    monkeypatch.setattr("bot4.apps.sweep.budget.UNIT_SETS_MAX", 4)
    whole = carried_out(asked(bars, tmp_path / "whole", report=True))
    stopped = carried_out(asked(bars, tmp_path / "cut", report=True), StopsAt(part, questions))
    assert stopped.interrupted
    assert not stopped.findings
    told, said = stopped.summary(), shown(stopped)
    if part == "screening":
        assert stopped.done == 4 * questions < stopped.trials
        assert stopped.confirmed == 0
    else:
        assert (told["done"], told["engine_runs_done"], told["engine_runs"]) == (9, 1, 3)
    assert f"{stopped.done} of 9 trials screened, {stopped.confirmed} of 3 engine runs done" in said
    assert "the same command with --resume goes on" in said
    ended = carried_out(asked(bars, tmp_path / "cut", report=True, resume=""))
    assert not ended.interrupted
    pages = contents(ended.folder), contents(whole.folder)
    for page in pages:  # the page names the ledger, which lies elsewhere
        page["report.html"] = page["report.html"].replace(b"/cut/", b"/whole/")
    assert pages[0] == pages[1]
    assert ended.ledger.read_bytes() == whole.ledger.read_bytes()
    with pytest.raises(BadInput, match="ended"):
        carried_out(asked(bars, tmp_path / "cut", report=True, resume=""))


@pytest.mark.slow
def test_processes_give_the_bytes_of_one(bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Screened and confirmed in two processes, the same files come of it."""
    monkeypatch.setattr("bot4.apps.sweep.budget.UNIT_SETS_MAX", 3)
    monkeypatch.setattr(sweep_run, "PROCESSES_PAY_S", 0.0)
    alone = carried_out(asked(bars, tmp_path / "alone"))
    two = carried_out(asked(bars, tmp_path / "two", workers=2))
    assert contents(two.folder) == contents(alone.folder)
    assert two.ledger.read_bytes() == alone.ledger.read_bytes()


@pytest.mark.slow
def test_a_sweep_that_was_killed_leaves_no_process_and_goes_on_to_the_same_bytes(bars: Path, tmp_path: Path) -> None:
    """SIGKILL between engine runs: the processes end with their leader, and --resume ends where an uncut sweep does."""
    (tmp_path / "nth.py").write_text(USER)
    space = '[sweep]\nkind = "nth.py:Nth"\n\n[sweep.parameters]\nevery = { from = 2, to = 40, step = 2 }\n'
    (tmp_path / "sweep.toml").write_text(space)
    line = [sys.executable, "-m", "bot4", "sweep", str(tmp_path / "sweep.toml"), "--bars", str(bars)]
    line += ["--workers", "2", "--no-report", "--out"]
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    with subprocess.Popen(
        [*line, str(cut)], env=environment(tmp_path), cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as leader:
        deadline = time.monotonic() + 120.0
        while not list(cut.glob("*.part/confirmed*")) and leader.poll() is None and time.monotonic() < deadline:
            time.sleep(0.001)
        os.kill(leader.pid, signal.SIGKILL)
        leader.communicate(timeout=60.0)  # the pipe ends with the last process that holds it
    assert leader.returncode == -signal.SIGKILL, "killed too late: it had ended"
    assert list(cut.glob("*.part"))
    for more in ([str(cut), "--resume"], [str(whole)]):
        subprocess.run([*line, *more], env=environment(tmp_path), cwd=REPOSITORY, capture_output=True, check=True)
    [ended], [uncut] = cut.glob("sweep-*"), whole.glob("sweep-*")
    assert contents(ended) == contents(uncut)
    assert (cut / "trials.jsonl").read_bytes() == (whole / "trials.jsonl").read_bytes()


def test_a_strategy_of_one_s_own_is_run_by_the_engine_only(bars: Path, tmp_path: Path) -> None:
    """It has no kernel: the forecast says so, every trial is an engine run, and all are counted and ranked."""
    (tmp_path / "nth.py").write_text(USER)
    table = {"kind": "nth.py:Nth", "parameters": {"every": [5, 9, 40]}}
    said: list[str] = []
    space = space_of(table, ".".join)
    outcome = carried_out(asked(bars, tmp_path / "out", space=space, say=said.append, config_folder=tmp_path, top=2))
    assert "no screening kernel" in said[0]
    assert outcome.trials == outcome.counted == 3
    assert outcome.screened_per_s is None
    assert [one.rank for one in outcome.findings] == [1, 2]
    assert outcome.findings[0].screen_sharpe >= outcome.findings[1].screen_sharpe
    assert all(one.agrees for one in outcome.findings)


def test_a_grid_that_no_memory_holds_is_refused_before_anything_is_written(bars: Path, tmp_path: Path) -> None:
    """A thousand billion sets are refused at once, with what they would need and how to need less."""
    axes = tuple(Axis(name, tuple(range(2, 1002))) for name in ("lookback", "hold_bars_max", "enter", "leave"))
    with pytest.raises(BadInput) as caught:
        carried_out(asked(bars, tmp_path / "out", space=Space("momentum", axes)))
    assert caught.value.code == "memory"
    assert "--random" in caught.value.mend
    assert not (tmp_path / "out").exists()
