# SPDX-License-Identifier: Apache-2.0
"""One source, two builds: random events leave the same journal and the same state in plain Python and in C."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot4.runtime.build import build_info

REPOSITORY = Path(__file__).resolve().parents[2]
FIRST = 20_261_122
HASH_SEEDS = ("0", "1", "4242")


def told_by(build: str, count: int, hash_seed: str) -> list[dict[str, Any]]:
    """What a process of one build says about the same cases."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("one_build.py")), build, str(FIRST), str(count)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": f"{REPOSITORY / 'src'}{os.pathsep}{REPOSITORY}", "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.requirement("P-01", "U-3")
def test_random_events_leave_the_same_journal_and_state_in_both_builds(rounds: Callable[..., int]) -> None:
    """Random bars, settings, strategies, storms and a venue without manners; three hash seeds; to the last byte."""
    if build_info().mode != "compiled":
        pytest.skip("one build only: make compiled, or make test, which comes here once more after compiling")
    count = rounds(8, full=400)
    plain = told_by("pure", count, HASH_SEEDS[0])
    assert plain[0]["build"] == ["pure"] * 3
    cases = plain[1:]
    assert len(cases) == 2 * count
    trading = sum(int(bytes.fromhex(case["pieces"][-1])) > 0 for case in cases if not case["fault"])
    assert trading > count, "most cases must trade, or this shows nothing"
    for hash_seed in HASH_SEEDS:
        compiled = told_by("compiled", count, hash_seed)
        assert compiled[0]["build"] == ["compiled"] * 3
        assert compiled[1:] == cases
    assert told_by("pure", count, HASH_SEEDS[-1])[1:] == cases
