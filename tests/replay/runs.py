# SPDX-License-Identifier: Apache-2.0
"""Runs on disk, here or in a process of their own: generated bars as CSV, lively settings, and what came of it.

As a program it carries out one run, as the command line would, and prints its summary as one line of JSON:
``python -m tests.replay.runs COMMAND DATA OUT [--resume]``; COMMAND may end in ``:enforce``, and is ``ticks`` for a
backtest over ticks.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot4.apps import backtest, paper
from bot4.apps.outcome import Outcome
from bot4.apps.progress import Progress, Silent, StopFlag, stop_on_signals
from bot4.apps.session import RunRequest
from bot4.record.reader import read_records
from bot4.runtime.settings import Settings, StrategySettings, TickSettings
from tests.simulation.engine_run import Table, Word, lively, walk, words_of

REPOSITORY = Path(__file__).resolve().parents[2]
NONCE = "00c0ffee00c0ffee"
SYMBOL = "AAAUSDT"


def write_bars(path: Path, table: Table) -> Path:
    """Write bars as the column contract wants them: milliseconds, and prices of two decimals."""
    lines = ["ts,open,high,low,close,volume"]
    for ts, open_, high, low, close, volume in zip(*(column.tolist() for column in table), strict=True):
        prices = ",".join(f"{price // 100}.{price % 100:02d}" for price in (open_, high, low, close))
        lines.append(f"{ts // 1_000_000},{prices},{volume / 10_000:.4f}")
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    return path


def generated(folder: Path, bars: int, *, seed: int = 1) -> Path:
    """Write a generated market under a name that tells its symbol and interval."""
    return write_bars(folder / f"{SYMBOL}-1h.csv", walk(seed, bars))


def request_for(command: str, bars: Path, out: Path, **changes: Any) -> RunRequest:
    """Ask for a run without a page; the gate looks on unless the command says otherwise."""
    name, _, gate = command.partition(":")
    fields: dict[str, Any] = {
        "command": name,
        "config": lively(gate=gate or "observe"),
        "bars": (str(bars),),
        "out": out,
        "report": False,
        "nonce": NONCE if name == "paper" else "",
    }
    if name == "ticks":
        fields |= {"command": "backtest", "config": hasty(), "bars": (), "ticks": (str(bars),)}
    return RunRequest(**(fields | changes))


def hasty() -> Settings:
    """Settings under which a few thousand ticks have more than a thousand fills, with every model but the plainest."""
    crossing = StrategySettings(kind="tick_ema", parameters={"fast": 2, "slow": 5})
    models = TickSettings(latency="lognormal", mu=2.5, queue="power", fill="poisson_beta")
    return Settings(gate="observe", strategies=(crossing,), ticks=models)


def carry_out(request: RunRequest, progress: Progress | None = None) -> Outcome:
    """Carry out a request here."""
    run = paper.run if request.command == "paper" else backtest.run
    return run(request, progress or Silent())


def arguments(command: str, bars: Path, out: Path, *, resume: bool = False) -> list[str]:
    """Return the command line of a process that carries out a run."""
    line = [sys.executable, "-m", "tests.replay.runs", command, str(bars), str(out)]
    return [*line, "--resume"] if resume else line


def environment(state: Path, changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of such a process: the sources of this repository, and keys in a folder of the test's."""
    paths = os.pathsep.join([str(REPOSITORY / "src"), str(REPOSITORY)])
    return {**os.environ, "PYTHONPATH": paths, "XDG_STATE_HOME": str(state), **(changes or {})}


def in_a_process(command: str, bars: Path, out: Path, *, hash_seed: int) -> dict[str, Any]:
    """Carry out a run in a process of its own and return its summary."""
    done = subprocess.run(
        arguments(command, bars, out),
        env=environment(out, {"PYTHONHASHSEED": str(hash_seed)}),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary


def words_in(journal: Path) -> list[Word]:
    """Return a journal's records in words."""
    return words_of(read_records([journal.read_bytes()], str(journal)))


def main(given: list[str]) -> None:
    """Carry out one run, ending cleanly on the first interrupt."""
    command, bars, out, *rest = given
    stop = StopFlag()
    with stop_on_signals(stop):
        outcome = carry_out(request_for(command, Path(bars), Path(out), resume="" if rest else None), Silent(stop))
    print(json.dumps(outcome.summary()))


if __name__ == "__main__":
    main(sys.argv[1:])
