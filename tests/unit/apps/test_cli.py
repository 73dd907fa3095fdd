# SPDX-License-Identifier: Apache-2.0
"""The command line: words in; an answer, an exit code and never a traceback out."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

import bot4
from bot4.apps import doctor
from bot4.apps.cli import main
from bot4.apps.cli.application import build
from bot4.apps.cli.reply import plain
from bot4.domain.errors import Corrupt, OurFault, OutsideFault
from bot4.record.compare import Difference, Differs
from bot4.runtime.build import build_info

BARS = 400
LEAVES = ("demo", "backtest", "paper", "replay", "explain", "why", "doctor", "bench")
COMMANDS = (*LEAVES, "features", "data", "audit", "config", "keys", "venue")

BROKEN = """
from bot4.decision.strategies import Strategy

class Broken(Strategy):
    name = "broken"
    features = ("roc_2",)

    def on_bar(self, view):
        raise ValueError("out of ideas [3]")
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, with state kept inside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PYTHONPATH", str(Path(bot4.__file__).parents[1]))
    monkeypatch.delenv("BOT4_TRACEBACK", raising=False)
    return tmp_path


@pytest.fixture
def bars(here: Path) -> Path:
    """A file of hourly bars that walk up and down."""
    return write_bars(here / "AUSDT-1h.csv", BARS)


def write_bars(path: Path, count: int) -> Path:
    """Write a file of hourly bars that walk up and down."""
    generator = np.random.Generator(np.random.PCG64(3))
    closes = 100.0 * np.exp(np.cumsum(generator.normal(0, 0.01, count)))
    lines = ["ts,open,high,low,close,volume"]
    for i, close in enumerate(closes.round(2)):
        before = closes[i - 1].round(2) if i else 100.0
        high, low = max(before, close) + 0.5, min(before, close) - 0.5
        lines.append(f"{1_600_000_000_000 // 3_600_000 * 3_600_000 + i * 3_600_000},{before},{high},{low},{close},5000")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, object], str]:
    """Run a command with --json; return exit code, the JSON of the last line of stdout, and stderr."""
    code = main([*words, "--json"])
    out, err = capsys.readouterr()
    last = out.splitlines()[-1]
    assert out == last + "\n", "with --json the object is all there is on stdout"
    return code, json.loads(last), err


def error_of(answered: dict[str, object]) -> dict[str, str]:
    """Return the error of an answer, all its parts there."""
    error = answered["error"]
    assert isinstance(error, dict)
    assert set(error) == {"code", "place", "value", "allowed", "mend"}
    assert all(error.values())
    return error


def test_a_backtest_answers_with_the_published_keys(bars: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every key of the contract is in the answer, the paths exist, and the same run gives the same state."""
    words = ("backtest", "--bars", str(bars), "--gate", "observe", "--no-report")
    code, told, _ = answer(capsys, *words)
    assert code == 0
    keys = "bars orders fills refused final_equity state_hash journal report elapsed_s bars_per_s gate interrupted run"
    assert set(keys.split()) <= set(told)
    assert (told["bars"], told["gate"], told["interrupted"]) == (BARS, "observe", False)
    assert Path(str(told["journal"])).is_file()
    assert Path(str(told["journal"])).parent.parent == Path("runs")
    again, repeated, _ = answer(capsys, *words)
    assert again == 0
    assert (repeated["state_hash"], repeated["run"]) == (told["state_hash"], told["run"])
    assert [path.name for path in Path("runs").iterdir()] == [Path(str(told["journal"])).parent.name]


PROMISING = """
import numpy as np
from bot4.decision.strategies import Columns, Strategy
from bot4.domain.signal import Signal

HOUR_NS = 3_600 * 1_000_000_000

class Promising(Strategy):
    name = "promising"
    features = ("roc_2",)

    def on_bar(self, view):
        if view.now_ns // HOUR_NS % 24 == 7 and view["roc_2"] > 0.0 and view.position == 0.0:
            return Signal(1.0, "a morning that rose", view.after(5))
"""

PROMISE = """
    def may_speak(self, columns: Columns, position):
        return (columns.now_ns // HOUR_NS % 24 == 7) & (columns["roc_2"] > 0.0) & (position == 0.0)
"""


def test_a_strategy_without_a_promise_has_every_bar_carried(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The run says so and by whom; with a promise, or with --every-bar, orders and fills are the same."""
    count = 12_000  # more than the curve has samples, each of which wants its bar
    bars = write_bars(here / "AUSDT-1h.csv", count)
    (here / "run.toml").write_text('[[strategies]]\nkind = "mine.py:Promising"\n', encoding="utf-8")
    told: list[dict[str, object]] = []
    for text, words in ((PROMISING, ()), (PROMISING + PROMISE, ()), (PROMISING + PROMISE, ("--every-bar",))):
        (here / "mine.py").write_text(text, encoding="utf-8")
        run = ("backtest", "run.toml", "--bars", str(bars), "--gate", "observe", "--no-report", *words)
        assert main([*run]) == 0
        shown = capsys.readouterr().out
        assert ("every bar was carried: promising" in shown) == (text == PROMISING)
        told.append(answer(capsys, *run)[1])
    assert [one["carried"] == count for one in told] == [True, False, True]
    assert [one["unforeseen"] for one in told] == [["promising"], [], []]
    assert len({(str(one["orders"]), str(one["fills"]), str(one["final_equity"])) for one in told}) == 1
    assert told[1]["state_hash"] == told[2]["state_hash"]
    assert told[0]["fills"] != 0


def test_a_journal_is_replayed_verified_and_questioned(
    bars: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Replay is equal, the chain holds, an order is explained and why is answered, all from the newest run."""
    _, told, _ = answer(capsys, "backtest", "--bars", str(bars), "--gate", "observe", "--no-report")
    journal = str(told["journal"])
    code, replayed, _ = answer(capsys, "replay", journal)
    assert (code, replayed["equal"], replayed["state_hash"]) == (0, True, told["state_hash"])
    code, verified, _ = answer(capsys, "audit", "verify", str(Path(journal).parent))
    assert (code, verified["ok"], verified["first_bad"]) == (0, True, None)
    code, explained, _ = answer(capsys, "explain", "1")
    assert (code, explained["order_id"], explained["journal"]) == (0, 1, journal)
    code, reasons, _ = answer(capsys, "why", "--journal", journal)
    assert (code, reasons["orders"]) == (0, told["orders"])
    for words in (("explain", "1"), ("why",), ("replay", journal), ("audit", "verify", journal)):
        assert main(list(words)) == 0
    assert "Safety mode: normal" in capsys.readouterr().out


def test_a_changed_byte_makes_the_answer_no(bars: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A journal that was tampered with ends with exit code 1 and says where."""
    _, told, _ = answer(capsys, "backtest", "--bars", str(bars), "--gate", "observe", "--no-report")
    journal = Path(str(told["journal"]))
    data = bytearray(journal.read_bytes())
    data[len(data) // 2] ^= 1
    journal.write_bytes(data)
    code, verified, _ = answer(capsys, "audit", "verify", str(journal))
    assert (code, verified["ok"]) == (1, False)
    first_bad = verified["first_bad"]
    assert isinstance(first_bad, int)
    assert 0 < first_bad <= len(data) // 2
    assert main(["audit", "verify", str(journal)]) == 1
    assert "not ok at byte" in capsys.readouterr().out
    code, refused, _ = answer(capsys, "replay", str(journal))
    assert (code, error_of(refused)["code"]) == (1, "corrupt")


@pytest.mark.requirement("P-21")
@pytest.mark.parametrize(
    ("words", "code", "place", "mend"),
    [
        (("backtest",), "file_missing", "--bars", "Add --bars PATH."),
        (("paper",), "file_missing", "--replay", "Add --replay PATH."),
        (("backtest", "none.toml", "--bars", "x"), "no_file", "none.toml", "the defaults run"),
        (("backtest", "--bars", "AUSDT=none.csv"), None, "none.csv", ""),
        (("backtest", "--set", "risk.position_mille=30", "--bars", "x"), "config_value", "--set: risk", "Correct"),
        (("backtest", "--resume", "zz", "--bars", "x"), "no_run", "zz", "Name the run's folder."),
        (("bactest",), "unknown_command", "bot4", "backtest"),
        (("backtest", "--brs", "x"), "unknown_flag", "bot4 backtest", "Did you mean --bars?"),
        (("sweep", "s.toml", "--ticks", "x"), "unknown_flag", "bot4 sweep", "Correct it."),
        (("sweep", "none.toml", "--bars", "x"), "no_file", "none.toml", "Check the path."),
        (("backtest", "--gate", "maybe"), "flag_value", "bot4 backtest", "Correct it."),
        (("demo", "--seed", "x"), "flag_value", "bot4 demo", "Correct it."),
        (("demo", "--for", "x"), None, "--for", "Correct the duration."),
        (("demo", "--for", "2h"), None, "--for", "Leave it out for 15 s."),
        (("demo", "--seed", "-1"), None, "--seed", "Leave it out for 0."),
        (("config", "show", "a", "b"), "unknown_word", "bot4 config show", "Correct it."),
        (("replay",), "missing", "bot4 replay", "Correct it."),
        (("replay", "none"), "no_file", "none", "runs/<run>/journal"),
        (("why",), "no_run", "runs", "bot4 demo"),
        (("bench", "--samples", "9"), "flag_value", "--samples", "Leave it out"),
        (("bench", "nothing like it"), "flag_value", "SUITE", "Leave it out"),
        (("data", "check"), None, "--bars", ""),
    ],
)
def test_bad_input_ends_with_2_and_says_how_to_mend_it(
    here: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: str | None, place: str, mend: str
) -> None:
    """A mistake on the command line names place, value, what is allowed and the mend, in words and in JSON."""
    exit_code, told, err = answer(capsys, *words)
    error = error_of(told)
    assert exit_code == 2
    assert code is None or error["code"] == code
    assert place in error["place"]
    assert mend in error["mend"]
    assert err.startswith(f"error: {error['place']}\n")
    assert "Traceback" not in err
    assert not list(here.glob("runs/*"))


@pytest.mark.requirement("P-21")
def test_a_mistake_in_the_configuration_names_file_and_line(
    bars: Path, here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file's line is told, and a variable is looked at as well."""
    (here / "my.toml").write_text("seed = 1\n[risk]\npositon_mille = 10\n", encoding="utf-8")
    code, told, _ = answer(capsys, "backtest", "my.toml", "--bars", str(bars))
    assert (code, error_of(told)["place"], error_of(told)["mend"]) == (2, "my.toml:3", "Did you mean position_mille?")
    (here / "my.toml").write_text("seed = 1\n", encoding="utf-8")
    monkeypatch.setenv("BOT4_RISK__POSITION_MILLE", "10")
    code, told, _ = answer(capsys, "config", "show", "my.toml", "--set", "gate=observe")
    assert code == 0
    settings, sources = told["settings"], told["sources"]
    assert isinstance(settings, dict)
    assert isinstance(sources, dict)
    assert (settings["risk.position_mille"], settings["gate"], settings["seed"]) == (10, "observe", 1)
    assert (sources["risk.position_mille"], sources["gate"]) == ("BOT4_RISK__POSITION_MILLE", "--set")
    assert (sources["seed"], sources["costs.taker"]) == ("my.toml:1", "default")
    assert main(["config", "show", "my.toml"]) == 0
    assert "BOT4_RISK__POSITION_MILLE" in capsys.readouterr().out


def test_the_schema_is_printed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An editor can be given what config schema prints, with --json or without."""
    code, schema, _ = answer(capsys, "config", "schema")
    assert main(["config", "schema"]) == 0
    assert json.loads(capsys.readouterr().out) == schema
    assert (code, schema["$ref"]) == (0, "#/$defs/Settings")


def test_the_indicators_are_listed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each indicator has name, inputs, warm-up and source; there are at least 25."""
    code, told, _ = answer(capsys, "features", "list")
    features = told["features"]
    assert isinstance(features, list)
    assert (code, told["count"]) == (0, len(features))
    assert len(features) >= 25
    for row in features:
        assert all(row[key] for key in ("inputs", "warm_up", "source", "meaning", "nan", "cost"))
    assert main(["features", "list"]) == 0
    assert "rsi_{window}" in capsys.readouterr().out


def test_all_that_the_catalogue_knows_of_a_feature_is_told_to_who_asks_for_it(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Inputs, range, when there is no value, cost with its reason, source: in words as in JSON."""
    _, told, _ = answer(capsys, "features", "list", "fracdiff", "vwma", "beta")
    assert main(["features", "list", "fracdiff", "vwma", "beta"]) == 0
    page = " ".join(capsys.readouterr().out.split())  # lines end where the screen does
    rows = told["features"]
    assert isinstance(rows, list)
    assert [row["name"] for row in rows] == ["vwma_{window}", "fracdiff_{order}_{window}", "beta_{window}~{symbol}"]
    for row in rows:
        for key in ("name", "nan", "cost", "source", "warm_up"):
            assert row[key] in page
    assert "usually 0.4" in page
    assert rows[0]["nan"].endswith("while the window traded nothing")
    assert rows[1]["cost"].startswith("O(window): ")
    assert "while the reference is not known" in rows[2]["nan"]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["vpin"], {"bulk_vpin_{buckets}_{volume}_{window}", "vpin_{buckets}_{volume}"}),
        (["rsi_14@1h"], {"rsi_{window}", "stochrsi_k_{window}_{range}", "stochrsi_d_{window}_{range}_{smoothing}"}),
        (["beta_60~BTCUSDT"], {"beta_{window}~{symbol}"}),
    ],
)
def test_the_indicators_that_words_name_are_listed(
    here: Path, capsys: pytest.CaptureFixture[str], words: list[str], names: set[str]
) -> None:
    """By a part of the name, numbers and timeframe aside."""
    code, told, _ = answer(capsys, "features", "list", *words)
    assert code == 0
    assert told["count"] == len(names)
    assert {row["name"] for row in told["features"]} == names  # type: ignore[attr-defined]


def test_a_family_or_source_is_listed_and_a_word_that_names_none_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what may have been meant."""
    _, told, _ = answer(capsys, "features", "list", "quotes", "calendar")
    assert {(row["of"], row["family"]) for row in told["features"]} >= {("bars", "calendar")}  # type: ignore[attr-defined]
    assert {row["of"] for row in told["features"]} == {"bars", "quotes"}  # type: ignore[attr-defined]
    code, told, _ = answer(capsys, "features", "list", "rsi", "vpni")
    error = told["error"]
    assert isinstance(error, dict)
    assert (code, error["value"], error["mend"]) == (2, "vpni", "Did you mean vpin?")
    assert main(["--help"]) == 0
    assert "recorded bars or ticks" in " ".join(capsys.readouterr().out.replace("│", " ").split())


@pytest.mark.requirement("DATA_001")
def test_faults_of_data_are_counted_and_shown(bars: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A planted NaN, a repeated stamp and a gap each appear with count, row and what is done; strict refuses."""
    lines = bars.read_text(encoding="utf-8").splitlines()
    lines[9] = ",".join([lines[9].split(",")[0], "nan", *lines[9].split(",")[2:]])
    lines.insert(30, lines[29])
    del lines[50:53]
    bars.write_text("\n".join(lines) + "\n", encoding="utf-8")
    code, told, _ = answer(capsys, "data", "check", "--bars", str(bars))
    assert code == 0
    symbols = told["symbols"]
    assert isinstance(symbols, list)
    faults = symbols[0]["faults"]
    assert {kind: faults[kind]["count"] for kind in ("not_finite", "duplicate")} == {"not_finite": 1, "duplicate": 1}
    assert symbols[0]["missing_bars"] == 4
    assert faults["duplicate"]["done"] == "later arrival kept"
    assert main(["data", "check", "--bars", str(bars)]) == 0
    shown = capsys.readouterr().out
    assert "not_finite" in shown
    assert "4 bars missing" in shown
    code, told, _ = answer(capsys, "data", "check", "--bars", str(bars), "--strict")
    assert (code, error_of(told)["code"]) == (2, "strict_fault")


def test_the_doctor_says_how_the_machine_is(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every check has a verdict, and one that is not ok says how to mend it."""
    code, told, _ = answer(capsys, "doctor")
    checks = told["checks"]
    assert isinstance(checks, list)
    verdicts = {check["name"]: check["verdict"] for check in checks}
    assert {"python", "build", "runs folder", "disk sync", "clock", "libraries", "kernels"} <= set(verdicts)
    info = build_info()
    assert told["build"] == {**asdict(info), "changed": list(info.changed)}
    assert [info.text() in check["found"] for check in checks if check["name"] == "build"] == [True]
    assert all(check["mend"] for check in checks if check["verdict"] != "ok")
    assert told["ok"] is ("fail" not in verdicts.values())
    assert code == (0 if told["ok"] else 1)
    assert list(here.glob("runs*")) == []


def test_the_doctor_fails_where_runs_cannot_be_written(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that refuses is a failed check, exit code 1."""

    def refuse(folder: Path) -> float:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(doctor, "sync_time_ms", refuse)
    code, told, _ = answer(capsys, "doctor", "--out", str(here / "deep" / "runs"))
    checks = told["checks"]
    assert isinstance(checks, list)
    assert (code, told["ok"]) == (1, False)
    assert [(c["found"], c["mend"]) for c in checks if c["verdict"] == "fail"] == [
        (f"{here}: Permission denied", "Choose one you may write: --out DIR.")
    ]


def test_the_doctor_knows_the_dependencies_of_the_package() -> None:
    """The libraries and extras looked for are those of pyproject.toml, no more and no fewer."""
    import re
    import tomllib

    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [re.split(r"[^A-Za-z0-9_-]", line)[0] for line in project["dependencies"]]
    assert sorted(doctor.BASE, key=str.lower) == sorted(names, key=str.lower)
    assert set(doctor.EXTRAS) == set(project["optional-dependencies"])


@pytest.mark.parametrize(
    ("raised", "exit_code", "code"),
    [
        (OutsideFault("disk", "full", "room", "Free space.", "disk_full"), 3, "disk_full"),
        (OSError(28, "No space left on device", "runs/x"), 3, "disk_full"),
        (PermissionError(13, "Permission denied", "runs/x"), 3, "not_allowed"),
        (MemoryError(), 3, "memory"),
        (Corrupt("journal", 7, "bad", "good", "Restore it."), 1, "corrupt"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (ZeroDivisionError("division by zero"), 70, "bug"),
        (AssertionError("an invariant"), 70, "bug"),
        (OurFault("an invariant"), 70, "bug"),
        (SystemExit(0), 70, "bug"),
        (SystemExit("enough"), 70, "bug"),
        (Differs("journal", Difference(7, None, None)), 1, "differs"),
    ],
)
def test_whatever_is_raised_becomes_an_exit_code(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    raised: BaseException,
    exit_code: int,
    code: str,
) -> None:
    """Faults outside end with 3, damage with 1, an interruption with 130, a bug with 70; no traceback shown."""

    def fail(runs: Path) -> list[doctor.Finding]:
        raise raised

    monkeypatch.setattr(doctor, "examine", fail)
    found, told, err = answer(capsys, "doctor")
    assert (found, error_of(told)["code"]) == (exit_code, code)
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("recorded", "repeated", "brief"),
    [
        (
            {"kind": "fill", "lots": 3, "price": 7},
            {"kind": "fill", "lots": 4, "price": 8},
            "fill lots: 3 in the journal",
        ),
        ({"kind": "fill"}, {"kind": "signal"}, "fill in the journal, signal in the repeated run"),
        ({"kind": "fill"}, None, "fill in the journal, nothing in the repeated run"),
        ({"kind": "fill"}, {"kind": "fill"}, "fill in other bytes"),
    ],
)
def test_a_resumed_run_that_differs_is_told_in_short(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    recorded: dict[str, object],
    repeated: dict[str, object] | None,
    brief: str,
) -> None:
    """The answer is no: the journal, the first difference and what to do are named; nothing is called a bug."""

    def fail(runs: Path) -> list[doctor.Finding]:
        raise Differs("runs/x/journal", Difference(90, recorded, repeated))

    monkeypatch.setattr(doctor, "examine", fail)
    code, told, err = answer(capsys, "doctor")
    error = error_of(told)
    assert (code, error["place"], error["allowed"]) == (1, "runs/x/journal", "the same bytes as before")
    assert error["value"].startswith(f"byte 90: {brief}")
    assert "without --resume" in error["mend"]
    assert "bug" not in err


def test_faults_of_data_and_halted_strategies_are_in_the_summary(
    bars: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was changed in the data is counted by kind, and a strategy that failed is named with its reason."""
    lines = bars.read_text(encoding="utf-8").splitlines()
    lines[9] = ",".join([lines[9].split(",")[0], "nan", *lines[9].split(",")[2:]])
    lines.insert(30, lines[29])
    lines.insert(40, lines[39])
    bars.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (here / "broken.py").write_text(BROKEN, encoding="utf-8")
    (here / "my.toml").write_text('[[strategies]]\nkind = "broken.py:Broken"\n', encoding="utf-8")
    words = ("backtest", "my.toml", "--bars", str(bars), "--no-report")
    code, told, _ = answer(capsys, *words)
    assert (code, told["faults"]) == (0, {"not_finite": 1, "duplicate": 2})
    halted = told["halted"]
    assert isinstance(halted, dict)
    assert list(halted) == ["broken"]
    assert "out of ideas [3]" in halted["broken"]
    assert main(list(words)) == 0
    shown = capsys.readouterr().out
    assert "data: 1 not_finite, 2 duplicate; see bot4 data check\n" in shown
    assert f"halted: broken: {halted['broken']}\n" in shown


def test_a_clean_run_tells_of_no_trouble(bars: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without faults and failures both are empty, and no line speaks of them."""
    words = ("backtest", "--bars", str(bars), "--no-report")
    _, told, _ = answer(capsys, *words)
    assert (told["faults"], told["halted"]) == ({}, {})
    main(list(words))
    shown = capsys.readouterr().out
    assert "data check" not in shown
    assert "halted" not in shown


@pytest.mark.parametrize("words", [("backtest", "--bars", "AUSDT-1h.csv"), ("demo", "--for", "1s")])
@pytest.mark.parametrize("out", ["a_file", "a_file/deep/runs"])
def test_a_file_where_runs_shall_go_is_bad_input(
    bars: Path, here: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], out: str
) -> None:
    """--out with a file, or with a folder below one, names the file and stays a mistake of the user."""
    (here / "a_file").write_text("x")
    code, told, _ = answer(capsys, *words, "--out", out)
    error = error_of(told)
    assert (code, error["place"], error["value"]) == (2, "--out", "a_file is a file")
    assert error["mend"] == "Name another folder with --out."
    assert (here / "a_file").read_text() == "x"


def test_a_bug_leaves_its_details_in_a_file(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file that is named holds the traceback; the variable shows it on stderr as well."""

    def fail(runs: Path) -> list[doctor.Finding]:
        raise ZeroDivisionError

    monkeypatch.setattr(doctor, "examine", fail)
    assert main(["doctor"]) == 70
    err = capsys.readouterr().err
    assert "this is a bug of bot4" in err
    (saved,) = (here / "state" / "bot4").iterdir()
    assert str(saved) in err
    assert "ZeroDivisionError" in saved.read_text(encoding="utf-8")
    assert "Traceback" in saved.read_text(encoding="utf-8")
    monkeypatch.setenv("BOT4_TRACEBACK", "1")
    main(["doctor"])
    assert "Traceback" in capsys.readouterr().err


def test_help_and_version_answer_without_a_command(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Help names every command and the exit codes; the version is one line."""
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for name in COMMANDS:
        assert f" {name} " in out
    assert "130 interrupted" in " ".join(out.split())
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip()


def test_every_command_has_help_of_its_own(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command says what it does and what each of its flags means."""
    within = ("features list", "data check", "audit verify", "config show", "config schema", "keys add", "keys list")
    for words in (*LEAVES, *within):
        assert main([*words.split(), "--help"]) == 0
        out = capsys.readouterr().out
        assert "--json" in out
        assert len(out.splitlines()[2]) > 20
    assert build().name == ("bot4",)


def test_json_holds_nothing_that_json_cannot() -> None:
    """NaN and infinities become null, paths texts, tuples lists, keys texts."""
    assert plain({"a": (math.nan, math.inf, 1.5), Path("b"): Path("c"), "d": None}) == {
        "a": [None, None, 1.5],
        "b": "c",
        "d": None,
    }


def process(*words: str, flags: tuple[str, ...] = ()) -> list[str]:
    """Return the command that runs bot4 in a process of its own."""
    return [sys.executable, *flags, "-m", "bot4", *words]


def test_assertions_cannot_be_switched_off(here: Path) -> None:
    """Under python -O nothing runs: exit code 2 and the reason."""
    done = subprocess.run(process("--version", flags=("-O",)), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "assertions are off" in done.stderr


def test_a_full_disk_behind_stdout_is_told(here: Path) -> None:
    """An answer that could not be written is no success."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(process("features", "list"), stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 3
    assert "No space left" in done.stderr


def test_a_reader_that_goes_away_is_no_traceback(here: Path) -> None:
    """bot4 ... | head says nothing on stderr."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(process("features", "list"), stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (3, "")


def test_no_colour_and_no_bar_where_no_terminal_is(bars: Path, here: Path) -> None:
    """Piped output is plain text, and progress is drawn only when it is asked for."""
    words = ("data", "check", "--bars", str(bars))
    done = subprocess.run(process(*words), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    drawn = subprocess.run(process(*words, "--progress"), capture_output=True, text=True, check=False)
    assert "checking" in drawn.stderr
    assert drawn.stdout == done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_cleanly_and_it_goes_on_later(here: Path, number: signal.Signals) -> None:
    """One signal: exit code 130, the journal closed and whole; --resume ends where an undisturbed run ends."""
    generator = np.random.Generator(np.random.PCG64(5))
    closes = (100.0 * np.exp(np.cumsum(generator.normal(0, 0.002, 200_000)))).round(2).tolist()
    path = here / "AUSDT-1m.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("ts,open,high,low,close,volume\n")
        before = 100.0
        for i, close in enumerate(closes):
            low, high = min(before, close) - 0.05, max(before, close) + 0.05
            file.write(f"{1_600_000_020_000 // 60_000 * 60_000 + i * 60_000},{before},{high:.2f},{low:.2f},{close},9\n")
            before = close
    words = ("backtest", "--bars", str(path), "--gate", "observe", "--no-report", "--json")
    running = subprocess.Popen(process(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not any(folder.stat().st_size > 100_000 for folder in here.glob("runs/*.part/journal")):
        assert running.poll() is None, running.communicate()
        time.sleep(0.01)
    running.send_signal(number)
    out, err = running.communicate()
    told = json.loads(out.splitlines()[-1])
    assert running.returncode == 130
    assert told["interrupted"] is True
    assert 0 < told["bars"] < 200_000
    assert "Stopping cleanly" in err
    verified = subprocess.run(process("audit", "verify", told["journal"]), capture_output=True, check=False)
    assert verified.returncode == 0
    resumed = subprocess.run(process(*words, "--resume", told["run"]), capture_output=True, text=True, check=False)
    undisturbed = subprocess.run(process(*words, "--out", "other"), capture_output=True, text=True, check=False)
    first, second = (json.loads(done.stdout.splitlines()[-1]) for done in (resumed, undisturbed))
    assert first["state_hash"] == second["state_hash"]
    assert Path(first["journal"]).read_bytes() == Path(second["journal"]).read_bytes()
