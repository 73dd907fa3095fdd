# SPDX-License-Identifier: Apache-2.0
"""Resident memory of a run: the same for half a year and for two, for what is held is a window and not the past.

The command runs as it is, in a process of its own. The C library is told to give
memory back at once, so that what is resident is what is held, and coverage is left
out. The windows of reading are made small where the history is: half a year must
fill them several times, or the longer run would only fill them for the first time.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pytest

from bot4.domain.values import MINUTE_NS
from bot4.kernels.synthetic import SyntheticConfig, generate

pytestmark = [pytest.mark.slow, pytest.mark.requirement("MEM_001")]

FIRST_MS: Final = 1_700_006_400_000
HALF_A_YEAR_MINUTES: Final = 262_800
SMALL_WINDOW: Final = 16_384

FULL: Final = os.environ.get("BOT4_FULL") == "1"
SYMBOLS, MINUTES, WINDOW = (20, 1, 122_880) if FULL else (1, 5, SMALL_WINDOW)
LENGTHS: Final = {"half": HALF_A_YEAR_MINUTES // MINUTES, "two": 4 * HALF_A_YEAR_MINUTES // MINUTES}

LIMIT_S: Final = 3_600
"""In the full count a case carries 26 million bars through plain Python, at 65 to 84 thousand a second for four symbols
beside other work; with 20 symbols, a report and other work, 18 minutes were not enough. Fewer bars would not be
half a year and two of 20 symbols."""

GROWTH_MAX: Final = 0.10
"""Of the peak: room for pages the system counts differently, and for a line a day in the report."""

CHILD: Final = """
import json, sys
from pathlib import Path
from bot4.adapters.stores import parquet
from bot4.apps.cli import main
parquet.RANGE_ROWS = int(sys.argv[1])
code = main(sys.argv[2:])
told = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(json.dumps({name: int(told[name].split()[0]) / 1024 for name in ("VmHWM", "RssAnon")}))
sys.exit(code)
"""
"""Prints the outcome, then the peak of resident memory and what is left of its own pages at the end, in MB."""


def write_history(folder: Path, symbols: int, bars: int, minutes: int) -> list[str]:
    """Write generated bars of some symbols, and return the words that name them on the command line."""
    folder.mkdir()
    words: list[str] = []
    stamps = FIRST_MS + np.arange(bars, dtype=np.int64) * (minutes * MINUTE_NS // 1_000_000)
    for number in range(symbols):
        config = SyntheticConfig(interval_s=60.0 * minutes, first_price=1_000.0)
        columns = generate(bars, number, config)._asdict()
        shown = {"ts": stamps} | {
            f"{name[:-1]}": columns[name] for name in ("opens", "highs", "lows", "closes", "volumes")
        }
        path = folder / f"S{number}USDT.parquet"
        with duckdb.connect() as connection:
            connection.register("shown", shown)
            connection.execute(f"COPY shown TO ? (FORMAT parquet, ROW_GROUP_SIZE {SMALL_WINDOW})", [str(path)])
        words += ["--bars", f"S{number}USDT={path}"]
    return words


def run_measured(words: list[str], out: Path, window: int) -> tuple[dict[str, Any], dict[str, float]]:
    """Run a backtest in a process of its own; return its outcome and its memory in MB."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    environment |= {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072", "MALLOC_ARENA_MAX": "1"}
    command = ["backtest", "--gate", "observe", "--json", "--out", str(out), *words]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(window), *command], capture_output=True, check=True, env=environment
    )
    outcome, memory = (json.loads(line) for line in done.stdout.splitlines()[-2:])
    return outcome, memory


@pytest.fixture(scope="module")
def histories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Half a year and two, and a short one for the kernels: written once for all cases, as words of the command."""
    folder = tmp_path_factory.mktemp("histories")
    words = {"kernels": write_history(folder / "kernels", 1, 1_000, MINUTES)}
    return words | {name: write_history(folder / name, SYMBOLS, bars, MINUTES) for name, bars in LENGTHS.items()}


@pytest.mark.timeout(LIMIT_S)
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("report", [pytest.param(True, id="with a report"), pytest.param(False, id="without")])
def test_memory_is_the_same_for_half_a_year_and_for_two(
    histories: dict[str, list[str]], tmp_path: Path, report: bool
) -> None:
    """Four times the bars, the same peak: 20 symbols of minutes in the full count, one of five minutes here."""
    if report and not FULL:
        pytest.skip("with a report only in the full count: BOT4_FULL=1")
    flags = [] if report else ["--no-report"]
    peaks: list[float] = []
    orders: list[int] = []
    run_measured([*histories["kernels"], *flags], tmp_path, WINDOW)  # whoever compiles them is a hundred MB larger
    for name, length in LENGTHS.items():
        outcome, memory = run_measured([*histories[name], *flags], tmp_path, WINDOW)
        assert outcome["bars"] == SYMBOLS * length
        peaks.append(memory["VmHWM"])
        orders.append(outcome["orders"])
        print(f"{name}: {outcome['bars']:,} bars, {outcome['orders']:,} orders, {memory}")
    assert orders[1] > 2 * orders[0] > 0
    assert peaks[1] <= peaks[0] * (1 + GROWTH_MAX), f"peak of {peaks[0]:.0f} MB became {peaks[1]:.0f} MB"
