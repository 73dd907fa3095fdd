# SPDX-License-Identifier: Apache-2.0
"""Killed at any instant, a run is taken up where its journal stands and ends as if nothing had happened."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bot4.adapters.stores.journal_audit import verify
from bot4.adapters.stores.journal_recovery import recover
from bot4.apps import replay
from bot4.apps.outcome import Outcome
from bot4.apps.progress import Progress, Silent, StopFlag
from bot4.domain.errors import BadInput
from tests.replay.runs import REPOSITORY, arguments, carry_out, environment, request_for
from tests.unit.adapters.stores.ticks_written import write_tape

STARTED_S = 120.0
"""How long a process may take to its first group of records."""


def part_of(whole: Outcome, out: Path) -> Path:
    """Where the journal of the same run stands while it is written."""
    return out / f"{whole.journal.parent.name}.part" / "journal"


def killed_at(process: subprocess.Popen[bytes], journal: Path, size: int, delay_s: float) -> int:
    """Kill a process once its journal has grown beyond a size, a little later; return its exit status."""
    deadline = time.monotonic() + STARTED_S
    while process.poll() is None and time.monotonic() < deadline:
        if journal.exists() and journal.stat().st_size > size:
            time.sleep(delay_s)
            break
        time.sleep(0.0005)
    os.kill(process.pid, signal.SIGKILL)
    return process.wait()


def taken_up(command: str, bars: Path, out: Path) -> Outcome:
    """Go on with a run that was cut; where it had ended already, or had not begun, run it again."""
    try:
        return carry_out(request_for(command, bars, out, resume=""))
    except BadInput as refused:
        if refused.code not in ("complete", "no_run"):
            raise
        return carry_out(request_for(command, bars, out))


def kill_and_take_up(command: str, bars: Path, out: Path, *, times: int, seed: int) -> list[float]:
    """Kill one run again and again, take it up each time; return how much of the journal stood, as fractions."""
    whole = carry_out(request_for(command, bars, out / "whole"))
    wanted = whole.journal.read_bytes()
    assert whole.fills >= 1_000
    chance = np.random.Generator(np.random.PCG64(seed))
    stood: list[float] = []
    for number in range(times):
        folder = out / str(number)
        folder.mkdir()
        size = int(chance.integers(0, int(0.97 * len(wanted))))
        with subprocess.Popen(arguments(command, bars, folder), cwd=REPOSITORY, env=environment(out)) as process:
            status = killed_at(process, part_of(whole, folder), size, float(chance.uniform(0, 0.01)))
        part = part_of(whole, folder)
        if part.exists():
            assert status == -signal.SIGKILL
            left = part.read_bytes()
            assert wanted[: recover(part).prefix_bytes] == left[: recover(part).prefix_bytes]
            stood.append(len(left) / len(wanted))
        ended = taken_up(command, bars, folder)
        assert ended.journal.read_bytes() == wanted, f"killed behind byte {size}"
        assert ended.state_hash == whole.state_hash
        assert verify(ended.journal).ok
    return stood


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.requirement("P-06", "I-1", "I-10", "I-14", "U-4")
def test_a_backtest_killed_at_random_instants_ends_in_the_same_bytes(
    market: Path, tmp_path: Path, rounds: Callable[..., int]
) -> None:
    """Kill -9 while the journal grows: recovery, an unbroken chain, and the state of an uninterrupted run."""
    times = rounds(16, full=160)
    stood = kill_and_take_up("backtest", market, tmp_path, times=times, seed=2024)
    assert len(stood) >= 0.8 * times
    assert min(stood) < 0.4 < 0.6 < max(stood)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.requirement("P-06", "I-1", "I-2", "I-10", "I-14")
def test_a_paper_run_killed_at_random_instants_ends_in_the_same_bytes(
    market: Path, tmp_path: Path, rounds: Callable[..., int]
) -> None:
    """The same where every command waits for the disk and the head is signed."""
    times = rounds(4, full=40)
    stood = kill_and_take_up("paper", market, tmp_path, times=times, seed=7)
    assert len(stood) >= 0.5 * times


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.requirement("P-06", "I-1", "I-10", "I-14", "U-4")
def test_a_run_over_ticks_killed_at_random_instants_ends_in_the_same_bytes(
    tmp_path: Path, rounds: Callable[..., int]
) -> None:
    """The same where commands, reports and messages are under way between the exchange's clock and ours."""
    times = rounds(4, full=40)
    tape = write_tape(tmp_path / "tape.parquet", 3_000)
    stood = kill_and_take_up("ticks", tape, tmp_path, times=times, seed=99)
    assert len(stood) >= 0.5 * times


class StopsAfter(Progress):
    """Asks to stop at the first opportunity after so many rows."""

    def __init__(self, rows: int) -> None:
        super().__init__(StopFlag())
        self.rows = rows
        self.part = ""

    def begin(self, total: int | None, what: str) -> None:
        """Note which part begins."""
        self.part = what

    def advance(self, done: int) -> None:
        """Ask to stop once the run, not the check of its data, is far enough."""
        self._stop.is_set = self.part in ("backtest", "paper") and done >= self.rows

    def end(self) -> None:
        """Nothing is drawn."""


@pytest.mark.slow
@pytest.mark.requirement("P-06", "I-10")
def test_ctrl_c_closes_the_journal_and_the_run_can_be_taken_up(long_market: Path, tmp_path: Path) -> None:
    """SIGINT in the midst: a whole journal that replays, marked interrupted; resumed, the bytes of an unbroken run."""
    whole = carry_out(request_for("backtest", long_market, tmp_path / "whole"))
    wanted = whole.journal.read_bytes()
    folder = tmp_path / "stopped"
    folder.mkdir()
    part = part_of(whole, folder)
    with subprocess.Popen(
        arguments("backtest", long_market, folder),
        cwd=REPOSITORY,
        env=environment(tmp_path),
        stderr=subprocess.PIPE,
    ) as process:
        while process.poll() is None and not (part.exists() and part.stat().st_size > len(wanted) // 3):
            time.sleep(0.002)
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0
    stopped = folder / whole.journal.parent.name / "journal"
    assert not part.exists()
    stands = recover(stopped)
    assert stands.end is not None
    assert stands.end.interrupted
    assert 0 < stands.end.rows < whole.bars
    assert verify(stopped).ok
    assert replay.run(stopped, (), Silent()).equal
    again = carry_out(request_for("backtest", long_market, folder, resume=""))
    assert again.journal.read_bytes() == wanted
    assert again.state_hash == whole.state_hash
    assert not again.interrupted


@pytest.mark.slow
@pytest.mark.requirement("P-06", "I-10")
@pytest.mark.parametrize("rows", [8_192, 16_384])
def test_a_run_stopped_on_the_edge_of_a_block_is_taken_up_and_stopped_again(
    long_market: Path, tmp_path: Path, rows: int
) -> None:
    """Stopped at a row that ends a block of features; resumed, stopped while it still compares, resumed to the end."""
    whole = carry_out(request_for("backtest", long_market, tmp_path / "whole"))
    request = request_for("backtest", long_market, tmp_path)
    first = carry_out(request, StopsAfter(rows))
    assert first.interrupted
    assert first.bars == rows
    assert replay.run(first.journal, (), Silent()).equal
    resumed = request_for("backtest", long_market, tmp_path, resume="")
    second = carry_out(resumed, StopsAfter(0))
    assert second.interrupted
    assert second.bars >= rows
    third = carry_out(resumed)
    assert third.journal.read_bytes() == whole.journal.read_bytes()
    assert third.state_hash == whole.state_hash


@pytest.mark.requirement("I-5", "P-06")
def test_a_run_cut_between_its_journal_s_end_and_its_name_is_finished(small_market: Path, tmp_path: Path) -> None:
    """The journal was closed, the folder not yet renamed: resuming compares all of it and publishes the run."""
    whole = carry_out(request_for("backtest", small_market, tmp_path))
    journal = whole.journal.read_bytes()
    folder = whole.journal.parent
    folder.rename(folder.with_name(folder.name + ".part"))
    resumed = carry_out(request_for("backtest", small_market, tmp_path, resume=folder.name))
    assert resumed.journal.read_bytes() == journal
    assert resumed.state_hash == whole.state_hash
