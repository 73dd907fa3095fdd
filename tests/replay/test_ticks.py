# SPDX-License-Identifier: Apache-2.0
"""Whole runs over ticks: the same bytes each time, by replay and taken up after a stop, with every model."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from bot4.apps import replay
from bot4.apps.outcome import Outcome
from bot4.apps.progress import Silent
from bot4.apps.session import RunRequest
from bot4.domain.errors import BadInput
from bot4.runtime.settings import Settings, StrategySettings, TickSettings
from tests.replay.runs import carry_out
from tests.replay.test_kill import StopsAfter
from tests.unit.adapters.stores.ticks_written import SYMBOL, write_tape

BOTH = (
    StrategySettings(kind="tick_ema", parameters={"fast": 10, "slow": 40}),
    StrategySettings(kind="momentum", parameters={"lookback": 6, "enter": 0.8, "hold_bars_max": 12}),
)
"""One strategy that is asked about trades, one that is asked about the bars built of them."""

TICKS = 4_000

REALISTIC = TickSettings(latency="lognormal", mu=2.5, queue="power", fill="poisson_beta")


@pytest.fixture(scope="session")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some thousand ticks with a book."""
    return write_tape(tmp_path_factory.mktemp("tape") / "tape.parquet", TICKS)


def request_for(tape: Path, out: Path, *, ticks: TickSettings | None = None, **changes: Any) -> RunRequest:
    """Ask for a run over ticks; the gate looks on."""
    settings = Settings(gate="observe", strategies=BOTH, ticks=ticks or TickSettings())
    fields: dict[str, Any] = {
        "command": "backtest",
        "config": settings,
        "ticks": (str(tape),),
        "out": out,
        "report": False,
    }
    return RunRequest(**(fields | changes))


def replayed(ran: Outcome) -> replay.ReplayOutcome:
    """Replay a run's journal."""
    return replay.run(ran.journal, (), Silent())


@pytest.mark.requirement("I-10", "prod_005")
@pytest.mark.parametrize(
    "ticks",
    [
        REALISTIC,
        pytest.param(TickSettings(), marks=pytest.mark.slow),
        pytest.param(TickSettings(feed="recorded", queue="log", entry_ms=30.0), marks=pytest.mark.slow),
    ],
)
def test_a_run_over_ticks_replays_byte_for_byte(tape: Path, tmp_path: Path, ticks: TickSettings) -> None:
    """Run twice it is the same; replayed, equal; orders were filled, and bars were built of the trades."""
    ran = carry_out(request_for(tape, tmp_path, ticks=ticks))
    data = ran.journal.read_bytes()
    again = replayed(ran)
    assert again.equal, again.first_difference
    assert again.rows == ran.ticks == 3 * TICKS + 1
    assert again.state_hash == ran.state_hash
    assert ran.fills > 10
    assert 330 < ran.bars < 420
    assert carry_out(request_for(tape, tmp_path, ticks=ticks)).journal.read_bytes() == data
    assert ran.summary()["ticks"] == ran.ticks
    assert ran.faults == {}


@pytest.mark.slow
@pytest.mark.requirement("I-10", "P-06")
def test_a_run_that_was_stopped_is_taken_up(tape: Path, tmp_path: Path) -> None:
    """Stopped in the midst its journal is whole and replays; resumed, it ends in the bytes of an unbroken run."""
    whole = carry_out(request_for(tape, tmp_path / "whole", ticks=REALISTIC))
    request = request_for(tape, tmp_path / "cut", ticks=REALISTIC)
    cut = carry_out(request, StopsAfter(8_000))
    assert cut.interrupted
    assert 8_000 <= (cut.ticks or 0) < (whole.ticks or 0)
    assert replayed(cut).equal
    ended = carry_out(replace(request, resume=""))
    assert ended.journal.read_bytes() == whole.journal.read_bytes()
    assert ended.state_hash == whole.state_hash


@pytest.mark.slow
def test_each_model_and_bar_length_is_another_run(tape: Path, tmp_path: Path) -> None:
    """Latency, queue, seed and the length of the bars are inputs."""
    base = request_for(tape, tmp_path)
    others = [
        request_for(tape, tmp_path, ticks=TickSettings(entry_ms=5.0)),
        request_for(tape, tmp_path, ticks=TickSettings(queue="log")),
        replace(base, config=structs.replace(base.config, seed=1)),
        replace(base, interval="5s"),
    ]
    runs = [carry_out(one) for one in (base, *others)]
    assert len({one.run for one in runs}) == len(runs)
    assert runs[-1].bars < runs[0].bars // 4


def test_bars_and_ticks_together_are_refused(tape: Path, tmp_path: Path) -> None:
    """And a symbol that is not in the files."""
    with pytest.raises(BadInput, match="bars are given too"):
        carry_out(request_for(tape, tmp_path, bars=("AAAUSDT-1h.csv",)))
    with pytest.raises(BadInput, match="BBBUSDT") as told:
        carry_out(request_for(tape, tmp_path, symbols=("BBBUSDT",)))
    assert "--ticks" in told.value.place


def test_the_report_of_a_run_over_ticks(tape: Path, tmp_path: Path) -> None:
    """It renders, and tells the assumptions of the venue that was imagined."""
    ran = carry_out(request_for(tape, tmp_path, report=True))
    assert ran.report is not None
    page = ran.report.read_text(encoding="utf-8")
    assert "ticks 1s" in page
    assert "joins the queue" in page
    assert SYMBOL in page


FLOW = """
from bot4.decision.strategies import Strategy, TickStrategy
from bot4.domain.signal import Signal


def opinion(view):
    lean = view["ofi_20"] * view["trade_imbalance_30"]
    if view.position == 0.0 and lean > 0.0 and view["vpin_5_0.5"] < 0.9:
        return Signal(1.0, "bought", view.now_ns + 20_000_000_000)
    if view.position > 0.0 and lean < 0.0:
        return Signal(0.0, "sold", view.now_ns + 20_000_000_000)
    return None


class OfBars(Strategy):
    name = "of_bars"
    features = ("vpin_5_0.5", "ofi_20", "trade_imbalance_30", "rsi_5")

    def on_bar(self, view):
        return opinion(view)


class OfTrades(TickStrategy):
    name = "of_trades"
    features = ("trade_imbalance_30", "ofi_20", "vpin_5_0.5")

    def on_tick(self, view):
        return opinion(view)
"""


@pytest.mark.requirement("ML_017", "I-10")
def test_strategies_may_read_order_flow(tape: Path, tmp_path: Path) -> None:
    """Both kinds of strategy trade on it; the run replays, and taken up after a stop it ends in the same bytes."""
    (tmp_path / "flow.py").write_text(FLOW, encoding="utf-8")
    readers = tuple(StrategySettings(kind=f"flow.py:{name}") for name in ("OfBars", "OfTrades"))
    settings = Settings(gate="observe", strategies=readers, ticks=REALISTIC)
    request = request_for(tape, tmp_path / "whole", config=settings, config_folder=tmp_path)
    ran = carry_out(request)
    assert ran.halted == {}
    assert ran.fills > 10
    assert replay.run(ran.journal, (), Silent()).equal
    cut = replace(request, out=tmp_path / "cut")
    assert carry_out(cut, StopsAfter(8_000)).interrupted
    ended = carry_out(replace(cut, resume=""))
    assert ended.journal.read_bytes() == ran.journal.read_bytes()
    assert ended.state_hash == ran.state_hash
