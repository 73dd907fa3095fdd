# SPDX-License-Identifier: Apache-2.0
"""The bench: what it measures is what it says, and its figures hang together. No time is asserted."""

import gc
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.workload import SWEEP_FAST, SWEEP_SLOW

from bot4.apps.bench import ON_REQUEST, chosen, every, measure, orders, pure
from bot4.apps.bench.features import columns, everything, generated, hundred, one_bar
from bot4.apps.bench.harness import BATCHES, WARM_UP, Bench, Case, Row, Several, Subject, Whole, timer_floor_us
from bot4.apps.bench.live import BUSY, Live, blocks_left
from bot4.apps.bench.orders import Desks
from bot4.apps.bench.paths import cases
from bot4.apps.bench.runs import (
    PAIRS,
    UNSHARED,
    parquet_rates,
    reading_rates,
    run_rates,
    sweep_rates,
    sweep_row,
    tick_rates,
)
from bot4.apps.bench.sides import PURE, other_rows, rows_of, running_build
from bot4.apps.bench.table import print_rows
from bot4.apps.cli import main
from bot4.apps.cli.reply import console
from bot4.apps.collector import quiet_collector
from bot4.apps.progress import Silent, StopFlag
from bot4.domain.errors import BadInput
from bot4.domain.order import WORKING
from bot4.kernels.features import DEFAULT_FEATURES
from bot4.kernels.sweep import plan_of
from bot4.runtime.settings import Settings

pytestmark = pytest.mark.requirement("BENCH_001")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """The least that a measurement may be given."""
    return Bench(folder=tmp_path, samples=1_000, floor_us=0.05)


@pytest.mark.requirement("prod_006")
@pytest.mark.parametrize(("every_", "prepared"), [(1, 1_200), (50, 24), (300, 6)])
def test_every_call_is_measured_after_warm_up(bench: Bench, every_: int, prepared: int) -> None:
    """Warm-up and samples are all called and prepared as often as said; percentiles and maximum are in order."""
    called = {"prepare": 0, "call": 0}

    def count(name: str) -> None:
        called[name] += 1

    subject = Subject(lambda: count("call"), lambda: count("prepare"), every_)
    (row,) = Case(suite="any", name="counted", make=lambda _: subject, p99_us=1e9, rate=1e-9).measure(bench)
    assert called == {"prepare": prepared, "call": 1_000 + 1_000 // BATCHES}
    assert WARM_UP >= 1_000
    assert row.p50_us is not None
    assert row.p99_us is not None
    assert row.p999_us is not None
    assert row.max_us is not None
    assert row.rate is not None
    assert 0 <= row.p50_us <= row.p99_us <= row.p999_us <= row.max_us
    assert row.rate > 0
    assert (row.met, row.budget, row.floor_us) == (True, "p99 1e+09 us, 0/s", 0.05)


@pytest.mark.parametrize(("p99_us", "rate", "met"), [(0.0, None, False), (None, 1e18, False), (None, None, None)])
def test_a_budget_is_met_missed_or_absent(
    bench: Bench, p99_us: float | None, rate: float | None, met: bool | None
) -> None:
    """An impossible budget is missed, and a path without one says neither."""
    case = Case(suite="any", name="any", make=lambda _: Subject(lambda: sum(range(50))), p99_us=p99_us, rate=rate)
    assert case.measure(bench)[0].met is met
    whole = Whole(suite="any", name="any", rate_of=lambda _: [1.0, 3.0, 2.0], floor=rate)
    assert whole.measure(bench)[0].rate == 3.0
    assert whole.measure(bench)[0].met is (None if rate is None else False)


def test_the_collector_is_off_while_measuring_and_on_again(bench: Bench) -> None:
    """Production runs without the collector, so the bench does, but where a row asks; an error leaves it on."""

    def fail() -> None:
        with quiet_collector():
            assert not gc.isenabled()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert gc.isenabled()
    assert timer_floor_us(1_000) > 0
    seen: list[bool] = []
    subject = Subject(lambda: seen.append(gc.isenabled()))
    Case(suite="any", name="any", make=lambda _: subject).measure(bench)
    assert not any(seen)
    seen.clear()
    Case(suite="any", name="any", make=lambda _: subject, collector=True).measure(bench)
    assert all(seen)


def test_each_short_path_does_the_work_it_is_named_for(bench: Bench) -> None:
    """Every case can be made and called again and again; several of them check their own outcome when made."""
    for case in [*cases(), one_bar(DEFAULT_FEATURES)]:
        assert isinstance(case, Case)
        (row,) = replace(case, samples_max=200).measure(bench)
        assert row.rate is not None
        assert row.rate > 0
    assert (bench.folder / "journal").stat().st_size > 0


def test_orders_are_measured_beside_as_many_open_ones_as_said(bench: Bench) -> None:
    """Each order sent works; a round is canceled before the next, so that the number open does not creep."""
    desks = Desks(bench, 30)
    assert len(desks.trading.open_orders()) == 30
    for _ in range(3):
        for _ in range(20):
            desks.send()
        assert [order.state for order in desks.trading.open_orders()] == [WORKING] * 50
        assert len(desks.venue.statement().open_orders) == 50
        desks.clear()
        assert len(desks.trading.open_orders()) == 30
    assert desks.trading.contradictions == 0


def test_an_order_that_grows_dear_is_said_to_be_hopeless(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row of many open orders is there in either case: measured, or missed with the reason."""
    monkeypatch.setattr(orders, "FEW", 3)
    monkeypatch.setattr(orders, "SOME", 5)
    monkeypatch.setattr(orders, "MANY", 8)
    monkeypatch.setattr(orders, "SAMPLES_MAX", 100)
    for hopeless, measured in ((1e9, True), (0.0, False)):
        monkeypatch.setattr(orders, "HOPELESS", hopeless)
        rows = orders.measure(bench)
        assert len(rows) == 4
        assert (rows[2].rate is not None) is measured
        assert rows[2].met is False or measured
        assert bool(rows[2].note) is not measured
        assert rows[3].figure is not None
        assert rows[3].figure > 0


def test_a_live_bar_goes_the_whole_way(bench: Bench) -> None:
    """The bars that are measured cause orders, fills and a journal, as in a run."""
    live = Live(bench, BUSY)
    for _ in range(400):
        live.trade()
        live.show()
    live.wired.engine.journal.commit()
    assert live.venue.ledger.executions > 20
    assert live.row == 400
    assert (bench.folder / "journal").stat().st_size > 10_000


@pytest.mark.slow
@pytest.mark.requirement("MEM_001")
def test_the_count_of_blocks_that_live_on_is_a_row(bench: Bench) -> None:
    """Its figure is the difference of two counts, and the row says what it is held against."""
    (row,) = blocks_left(bench, 8_192, 8_192)
    assert row.figure is not None
    assert (row.unit, row.met) == ("blocks a 1,000 bars", row.figure <= float(row.budget))


def test_columns_give_the_cost_of_a_bar_and_indicator(bench: Bench) -> None:
    """The figure is nanoseconds for each bar and indicator, its rate the inverse."""
    row = columns(DEFAULT_FEATURES[:3]).measure(bench)[0]
    assert row.figure is not None
    assert row.rate == pytest.approx(1e9 / row.figure, rel=0.01)
    assert len({bar[0] for bar in generated(100)}) == 100
    assert len(set(hundred())) == 100
    assert set(hundred()) <= set(everything())


def test_whole_runs_and_readings_are_real(bench: Bench) -> None:
    """Generated bars go through a backtest with its journal on disk; rates are of rows read."""
    assert min(run_rates(bench, Settings(gate="observe"), bars=2_000)) > 0
    assert (bench.folder / "journal").stat().st_size > 0
    assert min(parquet_rates(bench)) > 0
    assert min(sweep_rates(PAIRS[:3], bars=2_000)) > 0
    with pytest.raises(BadInput):
        reading_rates(bench.folder / "absent.csv")


def test_a_tick_backtest_is_real(bench: Bench) -> None:
    """A made-up tape with its book goes through file, venue and engine; the rate is of messages."""
    assert min(tick_rates(bench, ticks=500)) > 0
    assert (bench.folder / "S0USDT-ticks.parquet").stat().st_size > 0


def test_a_word_selects_a_suite_or_a_part_of_a_name() -> None:
    """No word selects every budget; a suite's word that suite alone; an unknown one is refused with the list."""
    there = every()
    suites = {one.suite for one in there}
    assert {"risk", "orders", "journal", "features", "events", "market", "runs", "sweep"} <= suites
    assert {one.suite for one in chosen("", there)} == suites - set(ON_REQUEST)
    assert {one.suite for one in chosen("orders", there)} == {"orders"}
    assert [one.name for one in chosen("risk check", there)] == ["risk check, 20 open positions"]
    assert len({one.name for one in there}) == len(there)
    with pytest.raises(BadInput, match="risk, orders, journal"):
        chosen("no such path", there)


def test_the_rows_have_the_published_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The JSON has build, machine and rows with every key of the contract; the table shows the same path."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")  # a narrow terminal breaks names
    assert main(["bench", "journal append", "--samples", "1000", "--alone", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["build"] == told["mode"] == running_build()
    assert told["machine"]
    (row,) = told["rows"]
    assert {"name", "p50_us", "p99_us", "rate", "floor_us", "budget", "met"} <= set(row)
    assert main(["bench", "journal append", "--samples", "1000", "--alone"]) == 0
    assert row["name"] in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_a_bench_stops_between_two_paths() -> None:
    """Asked to stop, it answers with what it has; too few samples for a percentile are refused."""
    stop = StopFlag()
    stop.is_set = True
    assert measure("", 1_000, Silent(stop)).rows == ()
    with pytest.raises(BadInput, match="1,000 or more"):
        measure("", 999, Silent())


def test_plain_python_runs_beside_the_compiled_build() -> None:
    """The other side loads no compiled file of ours, whatever lies there, and answers the same command."""
    words = ["bench", "safety mode", "--samples", "1000", "--alone", "--json"]
    command = [sys.executable, "-P", str(Path(pure.__file__)), *words]
    done = subprocess.run(command, capture_output=True, check=True)
    assert json.loads(done.stdout)["build"] == PURE
    rows = rows_of(b"progress\n" + done.stdout)
    assert rows is not None
    assert rows[0]["name"].startswith("safety mode")
    assert rows_of(b"") is None
    assert rows_of(b"cut off {") is None
    with pytest.raises(ImportError):
        pure.source_finder(str(Path(json.__file__).parent))


def test_the_two_builds_stand_side_by_side(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain build has nothing beside it; rows of another build are put beside those of the same name."""
    monkeypatch.setenv("COLUMNS", "240")
    measured = measure("safety mode", 1_000, Silent())
    if running_build() == PURE:
        assert other_rows("safety mode", 1_000) is None
    beside = [{"name": measured.rows[0].name, "p50_us": 123.25, "p99_us": 456.5, "rate": 789.0, "figure": None}]
    print_rows(console(), measured, beside)
    told = capsys.readouterr().out
    assert "123.25" in told
    assert "456.50" in told
    row = Row(suite="any", name="only here", figure=1.5, unit="times", floor_us=0.1, note="")
    noted = replace(row, name="said", figure=None, note="not taken")
    print_rows(console(), replace(measured, rows=(row, noted)), beside)
    told = capsys.readouterr().out
    assert "1.5 times" in told
    assert "not taken" in told


def test_what_measures_itself_gives_its_own_rows(bench: Bench) -> None:
    """A measurement may give any number of rows."""
    assert Several(suite="any", name="none", rows_of=lambda _: []).measure(bench) == []


def test_a_sweep_s_row_is_of_the_work_its_name_tells() -> None:
    """The budget's row screens the grid that the peers are measured with; the name tells how many averages it has."""
    assert [dict(pair) for pair in PAIRS] == [{"fast": a, "slow": b} for a in SWEEP_FAST for b in SWEEP_SLOW]
    rows = [sweep_row(pairs) for pairs in (PAIRS, UNSHARED)]
    assert [row.name for row in rows] == [
        "sweep, 100 SMA crosses of 20 averages, bar-combinations",
        "sweep, 100 SMA crosses of 110 averages, bar-combinations",
    ]
    for pairs, averages in ((PAIRS, 20), (UNSHARED, 110)):
        assert plan_of("sma_cross", pairs).column_count == averages + 1  # and the close
