# SPDX-License-Identifier: Apache-2.0
"""The bench: what it measures is what it says, and its figures hang together. No time is asserted."""

import gc
import json
from pathlib import Path

import pytest

from bot4.apps.bench import measure
from bot4.apps.bench.harness import BATCHES, WARM_UP, Case, run_case, timer_floor_us
from bot4.apps.bench.paths import cases
from bot4.apps.bench.whole import backtest_rate
from bot4.apps.cli import main
from bot4.apps.collector import quiet_collector
from bot4.apps.progress import Silent, StopFlag
from bot4.domain.errors import BadInput

pytestmark = pytest.mark.requirement("BENCH_001")


@pytest.mark.requirement("prod_006")
def test_every_call_is_measured_after_warm_up() -> None:
    """Warm-up and samples are all called, and percentiles and maximum are in order."""
    called = {"prepare": 0, "call": 0}

    def count(name: str) -> None:
        called[name] += 1

    case = Case("counted", lambda: (lambda: count("prepare"), lambda: count("call")), p99_us=1e9, rate=1e-9)
    row = run_case(case, 1_000, 0.05)
    assert called == {"prepare": 1_000 + 1_000 // BATCHES, "call": 1_000 + 1_000 // BATCHES}
    assert WARM_UP >= 1_000
    assert row.p50_us is not None
    assert row.p99_us is not None
    assert row.p999_us is not None
    assert row.max_us is not None
    assert 0 <= row.p50_us <= row.p99_us <= row.p999_us <= row.max_us
    assert row.rate > 0
    assert (row.met, row.budget, row.floor_us) == (True, "p99 1e+09 us, 0/s", 0.05)


@pytest.mark.parametrize(("p99_us", "rate", "met"), [(0.0, None, False), (None, 1e18, False), (None, None, None)])
def test_a_budget_is_met_missed_or_absent(p99_us: float | None, rate: float | None, met: bool | None) -> None:
    """An impossible budget is missed, and a path without one says neither."""
    row = run_case(Case("any", lambda: (None, lambda: sum(range(50))), p99_us, rate), 1_000, 0.05)
    assert row.met is met


def test_the_collector_is_off_while_measuring_and_on_again() -> None:
    """Production runs without the collector, so the bench does; an error does not leave it off."""

    def fail() -> None:
        with quiet_collector():
            assert not gc.isenabled()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert gc.isenabled()
    assert timer_floor_us(1_000) > 0


def test_each_path_does_the_work_it_is_named_for(tmp_path: Path) -> None:
    """Every case can be made and called again and again; two of them check their own outcome when made."""
    for case in cases(tmp_path):
        prepare, call = case.make()
        for _ in range(3):
            if prepare is not None:
                prepare()
            call()
    assert (tmp_path / "journal").stat().st_size > 0


def test_the_rows_have_the_published_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The JSON has mode, machine and rows with every key of the contract; the table shows the same path."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")  # a narrow terminal breaks names
    assert main(["bench", "journal append", "--samples", "1000", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["mode"] in {"pure", "compiled"}
    assert told["machine"]
    (row,) = told["rows"]
    assert {"name", "p50_us", "p99_us", "rate", "floor_us", "budget", "met"} <= set(row)
    assert main(["bench", "journal append", "--samples", "1000"]) == 0
    assert row["name"] in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_a_bench_stops_between_two_paths() -> None:
    """Asked to stop, it answers with what it has."""
    stop = StopFlag()
    stop.is_set = True
    assert measure("", 1_000, Silent(stop)).rows == ()
    with pytest.raises(BadInput, match="part of one of"):
        measure("no such path", 1_000, Silent())


def test_the_whole_way_is_measured_on_a_real_run(tmp_path: Path) -> None:
    """Generated bars go through a backtest with its journal on disk."""
    assert backtest_rate(tmp_path, 2_000) > 0
    (folder,) = tmp_path.glob("bench-*")
    assert (folder / "journal").stat().st_size > 0
