# SPDX-License-Identifier: Apache-2.0
"""The trial ledger: every trial once, whoever appends and whatever a cut left behind."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.apps.session import read_trials
from bot4.apps.sweep.ledger import append_trials, trial_id, trial_line


def line(number: int, *, data: str = "aa", cost: float = 0.001) -> str:
    """The line of a trial that differs by one number."""
    return trial_line("sma_cross", {"fast": number, "slow": 99}, [data], cost)


def test_an_id_is_a_function_of_kind_parameters_data_and_cost() -> None:
    """The line is JSON that tells all of them; the same inputs have the same id, others another."""
    told = json.loads(line(5))
    assert told["parameters"] == {"fast": 5, "slow": 99}
    assert told["trial"] == trial_id(line(5))
    ids = {trial_id(one) for one in (line(5), line(6), line(5, data="bb"), line(5, cost=0.002))}
    assert len(ids) == 4


@given(batches=st.lists(st.lists(st.integers(0, 30), max_size=12), max_size=8))
def test_a_trial_is_counted_once_however_often_it_is_appended(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[int]]
) -> None:
    """Batches that overlap leave each trial one line, in the order of its first coming; the gate counts the same."""
    folder = tmp_path_factory.mktemp("ledger")
    ledger = folder / "below" / "trials.jsonl"
    seen: dict[int, None] = {}
    for batch in batches:
        seen |= dict.fromkeys(batch)
        assert append_trials(ledger, map(line, batch)) == len(seen)
    if batches:
        assert ledger.read_text().splitlines() == [line(number) for number in seen]
        assert read_trials("below/trials.jsonl", folder)[0] == len(seen)


@given(cut=st.integers(0, 200))
def test_a_torn_last_line_is_mended_when_it_is_written_again(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    """Wherever a power cut tore what was being appended, appending it again leaves the bytes of an uncut ledger."""
    ledger = tmp_path_factory.mktemp("ledger") / "trials.jsonl"
    append_trials(ledger, [line(1), line(2), line(3)])
    whole = ledger.read_bytes()
    keep = max(len(whole) - cut, 0)
    ledger.write_bytes(whole[:keep])
    assert append_trials(ledger, [line(1), line(2), line(3)]) == 3
    assert ledger.read_bytes() == whole


def test_lines_of_others_are_kept_and_counted(tmp_path: Path) -> None:
    """A ledger kept by hand, its last line without an end: nothing of it is lost, each line is a trial."""
    ledger = tmp_path / "mine"
    ledger.write_text("tried ten windows\n\nand then an eleventh")
    assert append_trials(ledger, [line(1)]) == 3
    assert ledger.read_text() == f"tried ten windows\n\nand then an eleventh\n{line(1)}\n"
