# SPDX-License-Identifier: Apache-2.0
"""The same work as a user types it: the whole command, from the interpreter's start to the written report."""

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Final

CONFIG: Final = Path(__file__).with_name("sma_cross.toml")


def whole_command(data: Path) -> str:
    """Run ``bot4 backtest`` over the bars; return what the second time took, or what it died of.

    The first time on a machine compiles the kernels and keeps them.
    """
    told = _once(data)
    return told if told.startswith("exit") else _once(data)


def _once(data: Path) -> str:
    """Run the command once."""
    bars = f"BTCUSDT={data / 'bars.parquet'}"
    with tempfile.TemporaryDirectory(prefix="bot4-bench-") as out:
        command = [sys.executable, "-m", "bot4", "backtest", str(CONFIG), "--bars", bars, "--out", out, "--json"]
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        wall, after = perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if done.returncode != 0:
        return f"exit code {done.returncode}: {done.stderr.strip()[-200:]}"
    told = json.loads(done.stdout.splitlines()[-1])
    return f"{cpu:.3g} s of CPU, {wall:.3g} s of wall, {told['bars'] / cpu / 1e3:.0f} k bars a CPU second"
