# SPDX-License-Identifier: Apache-2.0
"""``bot4 features compute --ticks``: ticks in, and in the file what strategies are told in a run over them."""

import json
from math import nan
from pathlib import Path

import duckdb
import numpy as np
import pytest

from bot4.apps import backtest
from bot4.apps.cli import main
from bot4.apps.progress import Progress, Silent, StopFlag
from bot4.apps.session import RunRequest
from bot4.apps.tick_features import compute
from bot4.runtime.settings import Settings, StrategySettings, TickSettings
from tests.simulation.engine_run import coin
from tests.unit.adapters.stores.ticks_written import SYMBOL, line, trade_line, write_lines, write_tape

pytestmark = pytest.mark.requirement("ML_017")

TICKS = 2_000
OTHER = "BBBUSDT"
NAMES = (
    "ofi_50",
    "sma_3",
    "vpin_5_0.5",
    "rsi_5@4s",
    "microprice",
    "trade_imbalance_100",
    "corr_10~AAAUSDT",
    "hour_sin",
)

LISTENER = '''
from pathlib import Path

from bot4.decision.strategies import Strategy


class Listener(Strategy):
    """Write down what is told, and hold nothing."""

    name = "listener"
    features = {names}

    def on_bar(self, view):
        """Append a line."""
        line = [view.bar.instrument, view.bar.open_ns, *(view[name] for name in self.features)]
        with Path({place!r}).open("a", encoding="ascii") as file:
            file.write(" ".join(map(repr, line)) + "\\n")
        return None
'''


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the made-up ticks of two symbols."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    write_tape(tmp_path / "a.parquet", TICKS, seed=1)
    write_tape(tmp_path / "b.parquet", TICKS, seed=2, instrument=coin(1, symbol=OTHER))
    return tmp_path


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, object]]:
    """Run the command with --json; return exit code and the object."""
    code = main(["features", "compute", *words, "--json"])
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert isinstance(told, dict)
    return code, told


def heard(folder: Path, ticks: TickSettings) -> list[list[float]]:
    """What a strategy is told by a run over both: instrument, open of the bar, features."""
    place = folder / "heard.txt"
    place.unlink(missing_ok=True)
    (folder / "listener.py").write_text(LISTENER.format(names=NAMES, place=str(place)), encoding="utf-8")
    settings = Settings(gate="observe", strategies=(StrategySettings(kind="listener.py:Listener"),), ticks=ticks)
    request = RunRequest(
        command="backtest",
        config=settings,
        ticks=("a.parquet", "b.parquet"),
        out=folder / "runs",
        report=False,
        config_folder=folder,
    )
    backtest.run(request, Silent())
    return [[float(word) for word in line.split()] for line in place.read_text(encoding="ascii").splitlines()]


def test_the_file_holds_what_a_run_tells_whatever_its_latency(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Bit for bit, each symbol's bars in order, columns in the order asked for."""
    code, told = answer(capsys, "--ticks", "a.parquet", "b.parquet", "--features", *NAMES, "--out", "f.parquet")
    assert code == 0
    table = duckdb.execute("SELECT * FROM 'f.parquet'")
    assert [column[0] for column in table.description or ()] == ["ts", "symbol", *NAMES]
    rows = table.fetchall()
    assert told["rows"] == len(rows) > 300
    assert told["not_ready"] == []
    assert told["ticks_refused"] == 0
    for ticks in (TickSettings(), TickSettings(latency="lognormal", mu=2.5), TickSettings(feed="recorded")):
        run = heard(here, ticks)
        for instrument, symbol in enumerate((SYMBOL, OTHER)):
            ours = [
                (row[0] * 1e6, *(nan if one is None else one for one in row[2:])) for row in rows if row[1] == symbol
            ]
            np.testing.assert_array_equal(ours, [line[1:] for line in run if line[0] == instrument])


def test_longer_bars_and_the_default_set(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Words for a person tell rows, messages and what never was ready."""
    assert main(["features", "compute", "--ticks", "a.parquet", "--interval", "10s", "--out", "f.parquet"]) == 0
    shown = capsys.readouterr().out
    assert "messages/s" in shown
    code, told = answer(
        capsys, "--ticks", "a.parquet", "--interval", "10s", "--features", "vpin_50_1000000", "--out", "f.parquet"
    )
    assert (code, told["not_ready"]) == (0, ["vpin_50_1000000"])
    [count] = duckdb.execute("SELECT count(*) FROM 'f.parquet'").fetchall()[0]
    assert 10 < count < 40


def test_a_missing_reference_is_asked_for_by_the_option_of_ticks(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its trades make the bars that are compared with: they come by --ticks."""
    _, told = answer(capsys, "--ticks", "a.parquet", "--features", "beta_5~CCCUSDT", "--out", "f.parquet")
    error = told["error"]
    assert isinstance(error, dict)
    assert "--ticks CCCUSDT=PATH" in error["mend"]


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (["--features", "vpin_50"], "feature_unknown", "vpin_{buckets}_{volume}"),
        (["--features", "ofy_5"], "feature_unknown", "did you mean ofi_"),
        (["--features", "ofi_5", "ofi_5"], "feature_unknown", "named twice"),
        (["--features", "sma_5", "sma_5"], "feature_unknown", "named twice"),
        (["--features", "rsi_5@1500ms"], "feature_unknown", "1500ms"),
        (["--features", "sma_3@3s", "--interval", "2s"], "timeframe", "sma_3@3s"),
        (["--features", "beta_5~CCCUSDT"], "reference_missing", "CCCUSDT"),
        (["--interval", "1d"], "no_bars", "no bar of 1d"),
        (["--bars", "a.csv"], "bad_input", "bars are given too"),
    ],
)
def test_what_cannot_be_computed_is_refused_and_leaves_no_file(
    here: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: str, part: str
) -> None:
    """Exit code 2, what was found and how to mend it; nothing is written."""
    exit_code, told = answer(capsys, "--ticks", "a.parquet", *words, "--out", "f.parquet")
    error = told["error"]
    assert isinstance(error, dict)
    assert (exit_code, error["code"]) == (2, code)
    assert part in error["value"]
    assert all(error.values())
    assert not list(here.glob("f.parquet*"))


def test_features_of_ticks_are_refused_for_bars(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They need what bars do not hold; the mend says what does."""
    exit_code, told = answer(capsys, "--bars", "AAAUSDT-1h.csv", "--features", "sma_3", "ofi_5", "--out", "f.parquet")
    error = told["error"]
    assert isinstance(error, dict)
    assert (exit_code, error["code"]) == (2, "feature_needs_ticks")
    assert "--ticks" in error["mend"]


def test_one_trade_makes_no_bar(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody could say that its second is over."""
    begin_ms = 1_700_000_000_000
    change = {"e": "depthUpdate", "E": begin_ms, "s": SYMBOL, "U": 1, "u": 2, "pu": 0, "b": [["9", "1"]], "a": []}
    change_line = line(begin_ms, "x@depth@0ms", T=begin_ms, **change)
    write_lines(here / "one.jsonl.gz", [change_line, trade_line(begin_ms + 1, 1, "1000.00", "1")])
    code, told = answer(capsys, "--ticks", f"{SYMBOL}=one.jsonl.gz", "--features", "logret", "--out", "f.parquet")
    error = told["error"]
    assert isinstance(error, dict)
    assert (code, error["code"]) == (2, "no_bars")


def test_stopped_by_the_user_nothing_is_left(here: Path) -> None:
    """As with any fault on the way."""
    stop = StopFlag()

    class Late(Progress):
        """Asks to stop once computing has begun."""

        def begin(self, total: int | None, what: str) -> None:
            stop.is_set = what == "computing"

        def advance(self, done: int) -> None:
            """Hear nothing."""

        def end(self) -> None:
            """Hear nothing."""

    with pytest.raises(KeyboardInterrupt):
        compute(RunRequest(command="features", ticks=("a.parquet",)), ["ofi_5"], here / "f.parquet", Late(stop))
    assert not list(here.glob("f.parquet*"))
