# SPDX-License-Identifier: Apache-2.0
"""The commands over ticks: what `data check` tells of them, and what `backtest --ticks` refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot4.apps.cli import main
from tests.unit.adapters.stores.ticks_written import SYMBOL, line, trade_line, write_lines, write_tape

T0 = 1_700_000_000_000


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, with state kept inside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    """Return the exit code and the object printed."""
    code = main([*words, "--json"])
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert isinstance(told, dict)
    return code, told


def recording(path: Path, symbol: str = SYMBOL) -> Path:
    """A change of a book without its snapshot, two trades of which one is repeated, and another symbol's."""
    change = {"e": "depthUpdate", "E": T0, "T": T0, "s": symbol, "U": 1, "u": 2, "pu": 0, "b": [["9", "1"]], "a": []}
    lines = [
        line(T0, "x@depth@0ms", **change),
        trade_line(T0 + 1, 5, "1000.00", "1", symbol=symbol),
        trade_line(T0 + 2, 5, "1000.00", "1", symbol=symbol),
        trade_line(T0 + 3, 6, "1000.00", "1", symbol="OTHERUSDT"),
    ]
    return write_lines(path, lines)


def test_check_tells_what_became_of_every_message(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By kind and fate, with the faults' places, and what was done to the clock."""
    path = recording(here / f"{SYMBOL}.jsonl.gz")
    code, told = answer(capsys, "data", "check", "--ticks", str(path))
    assert code == 0
    (one,) = told["symbols"]
    assert one["fates"] == {
        "delta": {"no_book": 1},
        "trade": {"applied": 1, "repeated_trade": 1, "unknown_symbol": 1},
    }
    assert (one["messages"], one["rows"]) == (1, 4)
    assert one["faults"]["repeated_trade"]["examples"][0]["place"].endswith(".gz:3")
    assert "+1270.000 ms" in one["clocks"][0]
    assert main(["data", "check", "--ticks", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "1 message of ticks from 4" in shown
    assert "repeated_trade" in shown
    assert "receive clock moved by" in shown


def test_a_receive_clock_that_runs_backward_does_not_move_the_file(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One stamp ten seconds back is told, and the clock is moved by what the other lines say."""
    change = {"e": "depthUpdate", "E": T0, "T": T0, "s": SYMBOL, "U": 1, "u": 2, "pu": 0, "b": [["9", "1"]], "a": []}
    whole = [line(T0, "x@depth@0ms", **change)]
    whole += [trade_line(T0 + 100 * n, n, "1000.00", "1", symbol=SYMBOL) for n in range(1, 9)]
    stamp, _, text = whole[5].partition(b" ")
    whole[5] = b"%d %s" % (int(stamp) - 10_000_000_000, text)
    path = write_lines(here / f"{SYMBOL}.jsonl.gz", whole)
    code, told = answer(capsys, "data", "check", "--ticks", str(path))
    assert code == 0
    note = told["symbols"][0]["clocks"][0]
    assert "+1270.000 ms" in note
    assert "1 lines whose receive clock runs backward" in note


def test_bot4s_own_file_names_its_symbol(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No SYMBOL= is needed, whatever the file is called."""
    path = write_tape(here / "generated.parquet", 50)
    code, told = answer(capsys, "data", "check", "--ticks", str(path))
    assert code == 0
    (one,) = told["symbols"]
    assert (one["symbol"], one["messages"], one["faults"]) == (SYMBOL, 151, {})


def test_a_run_whose_ticks_make_no_bar_says_so(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing was wrong, and nothing could happen."""
    path = recording(here / f"{SYMBOL}.jsonl.gz")
    assert main(["backtest", "--ticks", str(path), "--gate", "observe", "--no-report"]) == 0
    assert "no bar was built" in capsys.readouterr().out


def test_a_latency_that_was_set_for_bars_is_told_to_be_none_over_ticks(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody shall believe in half a second that is not there."""
    path = recording(here / f"{SYMBOL}.jsonl.gz")
    asked = ["backtest", "--ticks", str(path), "--gate", "observe", "--no-report", "--set", "costs.latency_ms=500"]
    _, told = answer(capsys, *asked)
    assert told["unread"] == ["costs.latency_ms"]
    assert main(asked) == 0
    assert "costs.latency_ms" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "place"),
    [
        (("--ticks", "nowhere.parquet"), "symbol_unknown", "--ticks nowhere.parquet"),
        (("--ticks", "AAAUSDT=nowhere.parquet"), "file_missing", "nowhere.parquet"),
        (("--ticks", "AAAUSDT=words.csv"), "column_missing", "words.csv"),
        (("--ticks", "AAAUSDT=empty.csv"), "empty", "empty.csv"),
        (("--ticks", "BTCUSD_PERP=coin.jsonl.gz"), "inverse_contract", "BTCUSD_PERP"),
        (("--ticks", "AAAUSDT=good.jsonl.gz", "--set", "ticks.queue=fair"), "config_value", "--set: ticks.queue"),
        ((), "file_missing", "--bars"),
    ],
)
def test_what_cannot_be_run_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: str, place: str
) -> None:
    """With its place, and exit 2."""
    recording(here / "good.jsonl.gz")
    recording(here / "coin.jsonl.gz", "BTCUSD_PERP")
    (here / "words.csv").write_text("word,meaning\na,b\n", encoding="ascii")
    (here / "empty.csv").touch()
    exit_code, told = answer(capsys, "backtest", *words)
    assert exit_code == 2
    error = told["error"]
    assert isinstance(error, dict)
    assert (error["code"], error["place"]) == (code, place)
