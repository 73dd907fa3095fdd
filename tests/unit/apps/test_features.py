# SPDX-License-Identifier: Apache-2.0
"""``bot4 features compute``: recorded bars in, a whole Parquet file out, or nothing and a way out."""

import json
import math
from pathlib import Path

import duckdb
import numpy as np
import pytest

from bot4.adapters.stores.feature_table import FeatureTable
from bot4.apps.cli import main
from bot4.apps.features import compute
from bot4.apps.progress import Progress, StopFlag
from bot4.apps.session import RunRequest
from bot4.domain.errors import OutsideFault
from bot4.kernels.crossasset import KnownClose, known_closes
from bot4.kernels.features import DEFAULT_FEATURES, compile_features, parse

pytestmark = pytest.mark.requirement("ML_017")

HOUR_MS = 3_600_000
BEGIN_MS = 1_600_000_000_000 // (24 * HOUR_MS) * 24 * HOUR_MS
BARS = 400
FEATURES = ("sma_3", "rsi_5@4h", "beta_20~BBBUSDT", "weekday", "sma_500")


def written(path: Path, *, seed: int, begin: int = 0, bars: int = BARS) -> list[tuple[float, ...]]:
    """Hourly bars of a walk as CSV; returns the rows."""
    chance = np.random.Generator(np.random.PCG64(seed))
    closes = (100.0 * np.exp(np.cumsum(chance.normal(0, 0.01, bars)))).round(2).tolist()
    opens = [100.0, *closes[:-1]]
    rows = [
        (BEGIN_MS + (begin + i) * HOUR_MS, open_, max(open_, close) + 0.5, min(open_, close) - 0.5, close, 5000.0)
        for i, (open_, close) in enumerate(zip(opens, closes, strict=True))
    ]
    text = "".join(",".join(f"{value:g}" if i else f"{value}" for i, value in enumerate(row)) + "\n" for row in rows)
    path.write_text("ts,open,high,low,close,volume\n" + text, encoding="utf-8")
    return [tuple(float(f"{value:g}") if i else value for i, value in enumerate(row)) for row in rows]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two symbols' bars; the second begins thirty hours later and ends earlier."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    written(tmp_path / "AAAUSDT-1h.csv", seed=1)
    written(tmp_path / "BBBUSDT-1h.csv", seed=2, begin=30, bars=BARS - 60)
    return tmp_path


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, object]]:
    """Run the command with --json; return exit code and the object."""
    code = main(["features", "compute", *words, "--json"])
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert isinstance(told, dict)
    return code, told


def error_of(told: dict[str, object]) -> dict[str, str]:
    """The error of an answer."""
    error = told["error"]
    assert isinstance(error, dict)
    return error


def test_the_file_holds_what_the_kernel_says_of_the_bars(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each symbol after the other, the reference joined by what was known, NULL until warm, nothing left beside it."""
    files = [str(here / f"{symbol}-1h.csv") for symbol in ("AAAUSDT", "BBBUSDT")]
    code, told = answer(capsys, "--bars", *files, "--features", *FEATURES, "--out", "deep/f.parquet")
    assert code == 0
    assert (told["count"], told["rows"], told["refused"]) == (len(FEATURES), 2 * BARS - 60, 0)
    assert told["not_ready"] == ["sma_500"]
    assert told["out"] == "deep/f.parquet"
    assert isinstance(told["elapsed_s"], float)
    assert [path.name for path in (here / "deep").iterdir()] == ["f.parquet"]
    table = duckdb.execute("SELECT * FROM 'deep/f.parquet'")
    assert [column[0] for column in table.description or ()] == ["ts", "symbol", *FEATURES]
    rows = table.fetchall()
    theirs = written(here / "again.csv", seed=2, begin=30, bars=BARS - 60)
    program = compile_features(FEATURES)
    for symbol, bars in (("AAAUSDT", written(here / "again.csv", seed=1)), ("BBBUSDT", theirs)):
        stream = program.stream(program.new_state(HOUR_MS * 1_000_000))
        of_symbol = [row for row in rows if row[1] == symbol]
        assert [row[0] for row in of_symbol] == [bar[0] for bar in bars]
        for row, bar in zip(of_symbol, bars, strict=True):
            stream.references[0] = next((one[4] for one in reversed(theirs) if one[0] <= bar[0]), math.nan)
            stream.step(int(bar[0]) * 1_000_000, *bar[1:6])
            ours = [math.nan if value is None else value for value in row[2:]]
            assert not any(value is not None and math.isnan(value) for value in row[2:])
            np.testing.assert_allclose(ours, stream.values, rtol=1e-9, atol=1e-12)


def test_one_symbol_needs_no_column_of_symbols_and_no_names_mean_the_default_set(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is there is replaced; words for a person tell rows and place."""
    (here / "f.parquet").write_text("old", encoding="utf-8")
    assert main(["features", "compute", "--bars", "AAAUSDT-1h.csv", "--interval", "2h", "--out", "f.parquet"]) == 0
    assert "200 rows" in capsys.readouterr().out
    table = duckdb.execute("SELECT * FROM 'f.parquet'")
    assert [column[0] for column in table.description or ()] == ["ts", *DEFAULT_FEATURES]
    assert len(table.fetchall()) == BARS // 2


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (["--features", "rsj_14"], "feature_unknown", "did you mean rsi_14"),
        (["--features", "vpinn_50"], "feature_unknown", "or vpin_50_100 (of ticks)?"),
        (["--features", "sma_3", "sma_3"], "feature_unknown", "named twice"),
        (["--features", "rsi_14@90m"], "timeframe", "rsi_14@90m"),
        (["--features", "rsi_14@1w"], "feature_unknown", "1w"),
        (["--features", "beta_20"], "feature_unknown", "beta_20~BTCUSDT"),
        (["--features", "beta_20~CCCUSDT"], "reference_missing", "CCCUSDT"),
        (["--interval", "45m"], "interval_wrong", "45m"),
    ],
)
def test_what_cannot_be_computed_is_refused_and_leaves_no_file(
    here: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: str, part: str
) -> None:
    """Exit code 2, what was found and how to mend it, before anything is written."""
    exit_code, told = answer(capsys, "--bars", "AAAUSDT-1h.csv", *words, "--out", "f.parquet")
    error = error_of(told)
    assert (exit_code, error["code"]) == (2, code)
    assert part in error["value"]
    assert all(error.values())
    assert not list(here.glob("f.parquet*"))


@pytest.mark.parametrize("name", ["rsi_14,sma_20", "rsi_14,", "vpin_50_100,ofi_100", "nothing,else"])
def test_names_between_commas_are_refused_with_the_way_to_write_them(
    here: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Spaces separate them."""
    code, told = answer(capsys, "--bars", "AAAUSDT-1h.csv", "--features", name, "--out", "f.parquet")
    error = error_of(told)
    assert (code, error["code"], error["mend"]) == (2, "feature_unknown", "Separate the names by spaces.")
    assert error["value"] == f"{name!r}, a comma within a name"


@pytest.mark.parametrize("name", ["vpinn_50", "trade_imbalence_100", "quote_ofi_9", "spred_5", "volatilty_20"])
def test_what_may_have_been_meant_among_bars_is_first_a_feature_of_bars(name: str) -> None:
    """One that ticks alone have comes second, is nearer than the first, and says so."""
    with pytest.raises(ValueError, match="did you mean") as caught:
        parse(name)
    first, *second = str(caught.value).partition("did you mean ")[2].rstrip("?").split(" or ")
    if not first.endswith("(of ticks)"):
        assert parse(first).name == first
    assert all(one.endswith("(of ticks)") for one in second)


def test_a_misspelt_feature_of_ticks_is_not_forgotten() -> None:
    """Both are told where bars have something like it, the one of ticks alone where they have not."""
    with pytest.raises(ValueError, match=r"or vpin_50_100 \(of ticks\)\?$"):
        parse("vpinn_50_100")


def test_one_of_something_is_told_as_one(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No `1 features`."""
    assert main(["features", "compute", "--bars", "AAAUSDT-1h.csv", "--features", "sma_3", "--out", "f.parquet"]) == 0
    assert f"{BARS} rows of 1 feature in" in capsys.readouterr().out


def test_an_output_that_is_a_folder_or_not_given_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder is never replaced."""
    code, told = answer(capsys, "--bars", "AAAUSDT-1h.csv", "--features", "sma_3", "--out", str(here))
    assert (code, error_of(told)["code"]) == (2, "out_folder")
    code, told = answer(capsys, "--bars", "AAAUSDT-1h.csv")
    assert (code, error_of(told)["code"]) == (2, "missing")
    code, told = answer(capsys, "--out", "f.parquet")
    assert (code, error_of(told)["code"]) == (2, "path_empty")


def test_a_name_of_another_format_is_refused_before_anything_is_read(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Parquet under the name of a CSV would be found out by the next reader only."""
    code, told = answer(capsys, "--bars", "AAAUSDT-1h.csv", "--features", "sma_3", "--out", "f.csv")
    error = error_of(told)
    assert (code, error["code"], error["mend"]) == (2, "out_format", "Write --out f.parquet.")
    assert not list(here.glob("f.*"))


def test_stopped_by_the_user_nothing_new_is_left_and_the_old_file_stays(here: Path) -> None:
    """As with any fault on the way."""
    (here / "f.parquet").write_text("old", encoding="utf-8")
    stop = StopFlag()

    class Late(Progress):
        """Asks to stop once computing has begun."""

        def begin(self, total: int | None, what: str) -> None:
            stop.is_set = what.startswith("computing")

        def advance(self, done: int) -> None:
            """Hear nothing."""

        def end(self) -> None:
            """Hear nothing."""

    request = RunRequest(command="features", bars=("AAAUSDT-1h.csv",))
    with pytest.raises(KeyboardInterrupt):
        compute(request, ["sma_3"], here / "f.parquet", Late(stop))
    assert [path.name for path in here.glob("f.parquet*")] == ["f.parquet"]
    assert (here / "f.parquet").read_text(encoding="utf-8") == "old"


def test_a_disk_that_refuses_is_a_fault_outside(tmp_path: Path) -> None:
    """The folder of pieces vanishes under the writer."""
    with FeatureTable(tmp_path / "f.parquet", ["a"], with_symbol=False) as table:
        (tmp_path / "f.parquet.part").rmdir()
        with pytest.raises(OutsideFault) as caught:
            table.append(np.zeros(3, dtype=np.int64), np.zeros((3, 1)))
    assert caught.value.code == "not_written"
    assert not list(tmp_path.iterdir())


def test_names_of_columns_and_symbols_cannot_break_out(tmp_path: Path) -> None:
    """Quotes within are doubled; values and the order of blocks are kept."""
    with FeatureTable(tmp_path / "f.parquet", ['a"b'], with_symbol=True) as table:
        table.append(np.array([1_000_000], dtype=np.int64), np.array([[1.5]]), "X'Y")
        table.append(np.array([], dtype=np.int64), np.empty((0, 1)), "X'Y")
        table.append(np.array([500_000, 2_000_000], dtype=np.int64), np.array([[math.nan], [math.inf]]), "Z")
        table.finish()
    rows = duckdb.execute(f"SELECT * FROM '{tmp_path / 'f.parquet'}'")
    assert [column[0] for column in rows.description or ()] == ["ts", "symbol", 'a"b']
    assert rows.fetchall() == [(1, "X'Y", 1.5), (0, "Z", None), (2, "Z", math.inf)]


@pytest.mark.parametrize("seed", range(20))
def test_the_stream_of_known_closes_is_the_plain_lookup(seed: int) -> None:
    """Pieces of any size: at each moment the last close known by then, one known at that very moment included."""
    chance = np.random.Generator(np.random.PCG64(seed))
    known_ns = np.cumsum(chance.integers(1, 5, 60))
    closes = chance.random(60)
    now_ns = np.cumsum(chance.integers(0, 6, 50))
    expected = [
        next((c for k, c in zip(known_ns[::-1], closes[::-1], strict=True) if k <= now), math.nan) for now in now_ns
    ]
    np.testing.assert_array_equal(known_closes(now_ns, known_ns, closes), expected)
    stream, given, told = KnownClose(), 0, []
    for first in range(0, 50, 7):
        moments = now_ns[first : first + 7]
        while stream.wants(int(moments[-1])) and given < 60:
            stream.push(known_ns[given : given + 4], closes[given : given + 4])
            given += 4
        told.append(stream.at(moments))
    np.testing.assert_array_equal(np.concatenate(told), expected)


@pytest.mark.slow
def test_daily_features_on_hourly_recordings_are_those_of_the_daily_recording(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Years of BTCUSDT: where the venue's own daily bar is there, its mean of closes stands at the day's last hour."""
    hours, days = (shared_data / "ohlcv" / f"binance_BTCUSDT_{frame}.parquet" for frame in ("1h", "1d"))
    for bars, name, out in ((hours, "sma_5@1d", "h.parquet"), (days, "sma_5", "d.parquet")):
        code, told = answer(capsys, "--bars", str(bars), "--features", name, "--out", str(tmp_path / out))
        assert code == 0, told
    query = (
        f"SELECT h.\"sma_5@1d\", d.sma_5 FROM '{tmp_path}/h.parquet' h JOIN '{tmp_path}/d.parquet' d "
        "ON h.ts = d.ts + 23 * 3600000 WHERE d.sma_5 IS NOT NULL"
    )
    ours, theirs = np.array(duckdb.execute(query).fetchall()).T
    assert len(ours) > 2_000
    agree = np.isclose(ours, theirs, rtol=1e-9)
    assert agree.mean() > 0.99, f"{(~agree).sum()} of {len(ours)} days differ"
