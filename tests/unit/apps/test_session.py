# SPDX-License-Identifier: Apache-2.0
"""What a request becomes before anything runs: instruments as configured, an identity that file names do not touch."""

from pathlib import Path
from types import ModuleType

import pytest

from bot4.apps import backtest, paper
from bot4.apps.progress import Silent
from bot4.apps.session import Prepared, RunRequest, prepare
from bot4.domain.errors import BadInput
from bot4.domain.instrument import LINEAR_PERPETUAL, SPOT
from bot4.runtime.settings import InstrumentSettings, Settings, StrategySettings

HOUR_MS = 3_600_000
FIRST_MS = 1_600_000_000_000 // HOUR_MS * HOUR_MS


def bars(path: Path) -> Path:
    """Write a hundred quiet hours."""
    rows = [f"{FIRST_MS + hour * HOUR_MS},10,11,9,10,5" for hour in range(100)]
    path.write_text("\n".join(["ts,open,high,low,close,volume", *rows]) + "\n", encoding="ascii")
    return path


def prepared(path: Path, *instruments: InstrumentSettings) -> Prepared:
    """Prepare a backtest of one symbol."""
    return prepare(
        RunRequest(command="backtest", config=Settings(instruments=instruments), bars=(f"XYZUSDT={path}",)), Silent()
    )


@pytest.mark.parametrize(("word", "kind"), [("spot", SPOT), ("linear_perpetual", LINEAR_PERPETUAL)])
def test_the_configuration_says_what_an_instrument_is(tmp_path: Path, word: str, kind: int) -> None:
    """Type, steps and currencies from the configuration reach the run."""
    settings = InstrumentSettings(symbol="XYZUSDT", type=word, tick_size="0.5", base="XYZ", quote="USDT")
    [instrument] = prepared(bars(tmp_path / "a.csv"), settings).instruments
    assert instrument.instrument_type == kind
    assert str(instrument.tick_size) == "0.5"


@pytest.mark.requirement("I-10")
def test_equal_data_under_another_name_is_the_same_run(tmp_path: Path) -> None:
    """Neither the run's identity nor its journal's header knows the file's name."""
    one = prepared(bars(tmp_path / "one.csv"))
    other = prepared(bars(tmp_path / "other.csv"))
    assert one.run == other.run
    assert one.header == other.header


READER = """
from bot4.decision.strategies import Strategy


class Reader(Strategy):
    name = "reader"
    features = ("FEATURE",)

    def on_bar(self, view):
        return None
"""


@pytest.mark.parametrize("command", [backtest, paper])
@pytest.mark.parametrize(
    ("kind", "feature", "code"),
    [
        ("reader.py:Reader", "beta_60~ABCUSDT", "reference_missing"),
        ("reader.py:Reader", "rsi_14@90m", "timeframe"),
        ("reader.py:Reader", "rsj_14", "feature_unknown"),
        ("reader.py:Reader", "vpin_50_100", "feature_needs_ticks"),
        ("tick_ema", "", "strategy_needs_ticks"),
    ],
)
def test_a_run_that_cannot_feed_its_strategies_is_refused_and_leaves_nothing(
    tmp_path: Path, command: ModuleType, kind: str, feature: str, code: str
) -> None:
    """Before its folder is made; the mend is told."""
    (tmp_path / "reader.py").write_text(READER.replace("FEATURE", feature), encoding="utf-8")
    request = RunRequest(
        command=command.__name__.rpartition(".")[2],
        config=Settings(strategies=(StrategySettings(kind=kind),)),
        bars=(f"XYZUSDT={bars(tmp_path / 'a.csv')}",),
        out=tmp_path / "runs",
        config_folder=tmp_path,
    )
    with pytest.raises(BadInput) as caught:
        command.run(request, Silent())
    assert caught.value.code == code
    assert all(caught.value.fields().values())
    assert not (tmp_path / "runs").exists()
