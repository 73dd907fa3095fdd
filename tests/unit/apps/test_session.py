# SPDX-License-Identifier: Apache-2.0
"""What a request becomes before anything runs: instruments as configured, an identity that file names do not touch."""

from pathlib import Path

import pytest

from bot4.apps.progress import Silent
from bot4.apps.session import Prepared, RunRequest, prepare
from bot4.domain.instrument import LINEAR_PERPETUAL, SPOT
from bot4.runtime.settings import InstrumentSettings, Settings

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
