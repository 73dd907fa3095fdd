# SPDX-License-Identifier: Apache-2.0
"""The comparison with other systems: what it calls equal, what a loss, and that nobody is left out in silence."""

import json
from pathlib import Path

import pytest
from benchmarks.guard.verdict import Verdict
from benchmarks.indicators import NAMES
from benchmarks.peers import environments
from benchmarks.peers.page import BEGIN, END, put_into_page
from benchmarks.peers.sitting import Measured, Trial
from benchmarks.peers.verdicts import Row, losses, rows_of, table
from benchmarks.peers.works import WORKS, Contender, Work
from benchmarks.ticks import ASK, BID, DEPTH, TRADE, make_ticks
from benchmarks.workload import TICK_SIZE, make_bars

from bot4.kernels.features import DEFAULT_FEATURES, parse

OURS = Contender(label="bot4", environment="bot4", module="on_bot4", work="w")
PEER = Contender(label="peer", environment="peer", module="on_peer", work="w")


def work(**changed: object) -> Work:
    """Return a work of two sides over a thousand units, whose orders must be equal."""
    told: dict[str, object] = {"key": "w", "title": "W", "unit": "bars", "size": 1_000, "sides": (OURS, PEER)}
    return Work(**(told | {"tolerance": {"orders": 0.0, "equity": 1e-6}} | changed))  # type: ignore[arg-type]


def measured(side: Contender, cpu_s: list[float], **answer: float) -> Measured:
    """Return a side with runs that all give one answer."""
    return Measured(side, "1.0", trials=[Trial(one, one, 10.0, answer) for one in cpu_s])


def test_a_ratio_is_of_the_medians_of_cpu_time() -> None:
    """Rates and ratios are of the median run."""
    rows = rows_of(work(), [measured(OURS, [1.0, 9.0, 2.0], orders=3.0), measured(PEER, [4.0], orders=3.0)])
    assert [row.rate for row in rows] == [500.0, 250.0]
    assert rows[1].ratio == 2.0
    assert losses(rows) == ["nowhere in these rows"]


def test_a_side_that_is_faster_or_an_aim_that_is_missed_is_a_loss() -> None:
    """Slower than a peer is a loss, and so is faster by less than was aimed at."""
    slow, fast = [4.0], [2.0]
    assert "0.5 x peer" in losses(rows_of(work(), [measured(OURS, slow), measured(PEER, fast)]))[0]
    aimed = work(aims={"peer": 3.0})
    assert "the aim is 3" in losses(rows_of(aimed, [measured(OURS, fast), measured(PEER, slow)]))[0]


@pytest.mark.parametrize(("equity", "agrees"), [(100.00001, True), (100.001, False)])
def test_answers_are_compared_within_their_tolerance(equity: float, agrees: bool) -> None:
    """An answer farther from bot4's than its tolerance is told."""
    rows = rows_of(work(), [measured(OURS, [1.0], equity=100.0), measured(PEER, [1.0], equity=equity)])
    assert (rows[1].agrees == "") == agrees


def test_another_number_of_orders_differs_and_so_do_runs_of_one_side_that_disagree() -> None:
    """Orders are counted exactly, and a side must answer the same each time."""
    rows = rows_of(work(), [measured(OURS, [1.0], orders=3.0), measured(PEER, [1.0], orders=4.0)])
    assert "orders 4" in rows[1].agrees
    unsteady = measured(PEER, [1.0], orders=3.0)
    unsteady.trials.append(Trial(1.0, 1.0, 10.0, {"orders": 5.0}))
    assert "its own runs differ" in rows_of(work(), [measured(OURS, [1.0], orders=3.0), unsteady])[1].agrees


def test_a_peer_that_is_missing_is_a_line_of_the_table() -> None:
    """What could not be measured stands in the table with its reason, and is no victory."""
    rows = rows_of(work(), [measured(OURS, [1.0]), Measured(PEER, missing="no such wheel")])
    assert "missing" in table(rows).splitlines()[-1]
    assert "no such wheel" in table(rows)
    assert losses(rows) == ["nothing was compared"]


def test_a_peer_that_cannot_be_installed_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed install is an environment without an interpreter that tells why."""
    (tmp_path / "peer.txt").write_text("nothing==0\n", encoding="utf-8")
    monkeypatch.setattr(environments, "REQUIREMENTS", tmp_path)
    monkeypatch.setattr(environments, "_run", lambda command: "ERROR: no such wheel" if "pip" in command else "")
    found = environments.environment("peer", tmp_path / "build")
    assert found.python is None
    assert found.missing == "ERROR: no such wheel"


def test_every_side_has_its_locked_list_and_its_module() -> None:
    """Each side can be run, and each peer's wheels are pinned with their hashes."""
    sides = Path(environments.__file__).parent / "sides"
    for contender in (one for every in WORKS for one in every.sides):
        assert (sides / f"{contender.module}.py").is_file()
        if contender.environment != environments.BOT4:
            text = (environments.REQUIREMENTS / f"{contender.environment}.txt").read_text(encoding="utf-8")
            pinned = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
            assert all("==" in line for line in pinned)
            assert text.count("--hash=sha256:") >= len(pinned)


def test_the_page_keeps_what_stands_around_its_marks(tmp_path: Path) -> None:
    """Only the part between the marks is replaced; a page without marks is refused."""
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    rows: list[Row] = rows_of(work(), [measured(OURS, [1.0]), measured(PEER, [2.0])])
    put_into_page(page, {"date": "2030-01-01", "machine": "m", "command": None}, rows, [work()])
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "2 x" in text
    page.write_text("no marks\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no part"):
        put_into_page(page, {}, rows, [])


@pytest.mark.parametrize(
    ("figure", "at_least", "holds"),
    [(2.0, True, True), (1.9, True, False), (2.0, False, True), (2.1, False, False), (float("nan"), True, False)],
)
def test_a_guard_holds_at_its_bound_and_never_for_no_number(figure: float, at_least: bool, holds: bool) -> None:
    """The bound itself holds, beyond it nothing does, and what was not measured does not."""
    assert Verdict("guard", figure, 2.0, at_least, "why").holds == holds


def test_bars_open_at_the_last_close_on_the_tick() -> None:
    """The properties that make fills comparable hold for every bar."""
    bars = make_bars(500, 3)
    assert (bars["open"][1:] == bars["close"][:-1]).all()
    for name in ("open", "high", "low", "close"):
        assert (bars[name] % TICK_SIZE == 0).all()
    assert (bars["high"] >= bars["close"]).all()
    assert (bars["low"] <= bars["open"]).all()


def test_the_book_of_the_ticks_is_never_crossed_and_trades_are_at_its_best_prices() -> None:
    """Rows build a book of five levels a side, one tick apart, and trades meet it."""
    rows = make_ticks(3_000, 5)
    book: dict[int, dict[int, int]] = {BID: {}, ASK: {}}
    columns = (rows[name].tolist() for name in ("what", "aggressor", "price", "lots"))
    trades = 0
    for what, aggressor, price, lots in zip(*columns, strict=True):
        if what != TRADE:
            if lots:
                book[what][price] = lots
            else:
                del book[what][price]
            continue
        trades += 1
        bid, ask = max(book[BID]), min(book[ASK])
        assert ask == bid + 1
        assert price == (ask if aggressor > 0 else bid)
        assert len(book[BID]) == len(book[ASK]) == DEPTH
    assert trades == 3_000


def test_a_side_answers_one_line_of_json_a_run(tmp_path: Path) -> None:
    """A run is told as times, memory and answer."""
    from benchmarks.peers.sides.serve import Side
    from benchmarks.peers.sides.serve import measured as once

    class Double(Side):
        done = 0

        def run(self) -> None:
            self.done += 1

        def answer(self) -> dict[str, float]:
            return {"done": float(self.done)}

    told = json.loads(json.dumps(once(Double())))
    assert told["answer"] == {"done": 1.0}
    assert set(told) == {"cpu_s", "wall_s", "peak_mib", "answer"}


def test_the_indicators_are_the_default_features_that_talib_has() -> None:
    """A feature that becomes a default joins the comparison."""
    assert tuple(name for name in DEFAULT_FEATURES if parse(name).info.talib) == NAMES
