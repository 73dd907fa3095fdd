# SPDX-License-Identifier: Apache-2.0
"""The command line of a sweep: what it refuses, with its place, and that it says what to do instead."""

import json
from pathlib import Path

import pytest

from bot4.apps.cli import main
from tests.replay.runs import write_bars
from tests.simulation.engine_run import walk

CONFIG = '[sweep]\nkind = "sma_cross"\n[sweep.parameters]\nfast = [3]\nslow = [9]\n'


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """The error that a command line earns, from its JSON."""
    assert main([*words, "--json"]) == 2
    error: dict[str, str] = json.loads(capsys.readouterr().out.splitlines()[-1])["error"]
    return error


@pytest.mark.parametrize(
    ("words", "place", "value", "allowed"),
    [
        (["sweep", "s.toml", "--random", "abc"], "bot4 sweep", 'unable to convert "abc"', "a whole number"),
        (["bench", "risk", "sweep"], "bot4 bench", "more words than it takes: sweep", "bot4 bench --help"),
    ],
)
def test_words_that_a_command_does_not_take_are_told_in_words(
    words: list[str], place: str, value: str, allowed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was found, and of which kind it should be."""
    error = refused(words, capsys)
    assert error["place"] == place
    assert value in error["value"]
    assert allowed in error["allowed"]


def test_the_reason_of_a_strategy_is_told_in_its_own_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No name of an exception stands before it."""
    monkeypatch.chdir(tmp_path)
    bars = write_bars(tmp_path / "AAAUSDT-1h.csv", walk(11, 48))
    (tmp_path / "s.toml").write_text(CONFIG.replace("[3]", "[30]"))
    error = refused(["sweep", "s.toml", "--bars", str(bars)], capsys)
    assert error["value"] == "fast n is not less than slow n"


def test_a_strategy_of_ticks_is_refused_since_bars_tell_it_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would never be asked, and every set would stand at nothing."""
    monkeypatch.chdir(tmp_path)
    bars = write_bars(tmp_path / "AAAUSDT-1h.csv", walk(11, 48))
    (tmp_path / "s.toml").write_text('[sweep]\nkind = "tick_ema"\n[sweep.parameters]\nfast = [50, 100]\n')
    error = refused(["sweep", "s.toml", "--bars", str(bars)], capsys)
    assert (error["code"], error["place"]) == ("strategy_needs_ticks", "sweep.kind")


@pytest.mark.parametrize(
    ("text", "flags", "place", "mend"),
    [
        (CONFIG, [], "--bars", "--bars"),
        (CONFIG, ["--bars", "x.csv", "--grid", "--random", "5"], "--grid", "Leave one out."),
        (CONFIG, ["--bars", "x.csv", "--top", "0"], "--top", "Correct it."),
        (CONFIG, ["--bars", "x.csv", "--workers", "-1"], "--workers", "Correct it."),
        ("seed = 1", ["--bars", "x.csv"], "CONFIG", "examples"),
        (CONFIG.replace("fast", "fsat"), ["--bars", "x.csv"], "search.toml:4", "Did you mean fast?"),
        (CONFIG + "[[strategies]]\nkind = 'momentum'", ["--bars", "x.csv"], "search.toml:7", "[[strategies]]"),
        (CONFIG + "[cost]\ntaker = 0.1", ["--bars", "x.csv"], "search.toml:7", "Did you mean costs?"),
    ],
)
def test_a_command_that_cannot_be_carried_out_is_refused_with_its_place(
    text: str, flags: list[str], place: str, mend: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Flags that contradict each other, a missing table, a misspelt key: the line of the file, and the way out."""
    config = tmp_path / "search.toml"
    config.write_text(text)
    error = refused(["sweep", str(config), *flags], capsys)
    assert place in error["place"]
    assert mend in error["mend"]
