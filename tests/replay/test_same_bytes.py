# SPDX-License-Identifier: Apache-2.0
"""The same run is the same bytes: in any process, by replay, and never over other data."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from bot4.apps import replay
from bot4.apps.progress import Silent
from bot4.domain.errors import BadInput
from tests.replay.runs import SYMBOL, carry_out, in_a_process, request_for


@pytest.mark.slow
@pytest.mark.requirement("I-10", "prod_005", "P-01")
def test_three_processes_with_three_hash_seeds_write_the_same_bytes(market: Path, tmp_path: Path) -> None:
    """Journal and state hash do not depend on how Python orders what it hashes; more than 1,000 fills."""
    ran: list[dict[str, Any]] = []
    for seed in (0, 1, 4242):
        folder = tmp_path / str(seed)
        folder.mkdir()
        ran.append(in_a_process("backtest", market, folder, hash_seed=seed))
    journals = [Path(one["journal"]).read_bytes() for one in ran]
    assert journals[0] == journals[1] == journals[2]
    assert len({one["state_hash"] for one in ran}) == 1
    assert len({one["run"] for one in ran}) == 1
    assert ran[0]["fills"] >= 1_000


def test_a_run_repeated_in_one_process_is_the_same_too(small_market: Path, tmp_path: Path) -> None:
    """Nothing is left in the process that a second run could see; the second replaces the first."""
    first = carry_out(request_for("backtest", small_market, tmp_path))
    data = first.journal.read_bytes()
    second = carry_out(request_for("backtest", small_market, tmp_path))
    assert second.journal == first.journal
    assert second.journal.read_bytes() == data
    assert second.state_hash == first.state_hash


def test_another_seed_or_setting_is_another_run(small_market: Path, tmp_path: Path) -> None:
    """The identity follows the inputs: gate, seed and data each change it."""
    base = request_for("backtest", small_market, tmp_path)
    others = [
        request_for("backtest:enforce", small_market, tmp_path),
        replace(base, config=structs.replace(base.config, seed=1)),
        replace(base, interval="2h"),
    ]
    runs = [carry_out(request).run for request in (base, *others)]
    assert len(set(runs)) == len(runs)


def test_the_report_of_a_run_over_bars_tells_what_its_venue_assumes(small_market: Path, tmp_path: Path) -> None:
    """In either build, and of the venue that was imagined: no order went to a real one."""
    ran = carry_out(request_for("backtest", small_market, tmp_path, report=True))
    assert ran.report is not None
    page = ran.report.read_text(encoding="utf-8")
    assert "What the simulated venue assumes" in page
    assert "next existing bar" in page
    assert "Orders went to a venue" not in page


@pytest.mark.requirement("I-10", "prod_005", "U-5")
@pytest.mark.parametrize("command", ["backtest", "backtest:enforce", "paper"])
def test_a_replay_gives_every_byte_again(small_market: Path, tmp_path: Path, command: str) -> None:
    """Its own data are found by the manifest; the outcome counts what was compared."""
    ran = carry_out(request_for(command, small_market, tmp_path))
    again = replay.run(ran.journal, (), Silent())
    assert again.equal
    assert again.first_difference == ""
    assert again.state_hash == ran.state_hash
    assert again.rows == ran.bars
    assert again.records > 100


@pytest.mark.requirement("I-10", "DATA_001")
def test_a_replay_over_data_with_one_byte_changed_is_refused(small_market: Path, tmp_path: Path) -> None:
    """One digit of one price: the data are named as different before anything is compared."""
    ran = carry_out(request_for("backtest", small_market, tmp_path))
    copy = tmp_path / small_market.name
    text = small_market.read_bytes()
    place = text.rindex(b",", 0, text.rindex(b",")) - 1
    digit = b"1" if text[place : place + 1] != b"1" else b"2"
    copy.write_bytes(text[:place] + digit + text[place + 1 :])
    with pytest.raises(BadInput) as refused:
        replay.run(ran.journal, (f"{SYMBOL}={copy}",), Silent())
    assert refused.value.code == "data_differs"


def test_a_replay_over_the_same_bars_in_another_file_is_equal(small_market: Path, tmp_path: Path) -> None:
    """Data are known by what they hold: more digits and another name change nothing."""
    ran = carry_out(request_for("backtest", small_market, tmp_path))
    head, *lines = small_market.read_text().splitlines()
    copy = tmp_path / "elsewhere.csv"
    copy.write_text("\n".join([head, *(line + "0" for line in lines)]) + "\n")
    assert replay.run(ran.journal, (f"{SYMBOL}={copy}",), Silent()).equal


@pytest.mark.requirement("I-14")
def test_a_replay_of_a_run_that_was_cut_asks_to_finish_it_first(small_market: Path, tmp_path: Path) -> None:
    """Half a journal is not compared as if it were whole."""
    ran = carry_out(request_for("backtest", small_market, tmp_path))
    data = ran.journal.read_bytes()
    ran.journal.write_bytes(data[: len(data) // 2])
    with pytest.raises(BadInput) as refused:
        replay.run(ran.journal, (), Silent())
    assert refused.value.code == "unfinished"
