# SPDX-License-Identifier: Apache-2.0
"""The command line of a sweep: what it refuses, with its place, and that it says what to do instead."""

import json
from pathlib import Path

import pytest

from bot4.apps.cli import main

CONFIG = '[sweep]\nkind = "sma_cross"\n[sweep.parameters]\nfast = [3]\nslow = [9]\n'


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """The error that a command line earns, from its JSON."""
    assert main([*words, "--json"]) == 2
    error: dict[str, str] = json.loads(capsys.readouterr().out.splitlines()[-1])["error"]
    return error


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
