# SPDX-License-Identifier: Apache-2.0
"""The main job on the real recordings, through the command line, each in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.requirement("P-15", "P-16", "P-01")]

MEASURED = """
import resource, sys
from bot4.apps.cli import main
code = main(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)
sys.exit(code)
"""
STEPPED = ("AAVE", "EOS", "ETC", "LTC", "MATIC", "TRX", "XLM", "XMR")


def backtest(out: Path, *words: str) -> tuple[dict[str, object], int]:
    """Run one backtest; return its summary and its peak memory in MiB."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "backtest", *words, "--out", str(out), "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_STATE_HOME": str(out)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    summary: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return summary, int(done.stderr.split()[-1])


def test_seven_years_of_minutes_run_in_one_go(shared_data: Path, tmp_path: Path) -> None:
    """3.3 million bars: every bar consumed, over a thousand fills, under 1 GB, the report written."""
    bars = str(shared_data / "ohlcv" / "binance_BTCUSDT_1m_20*.parquet")
    summary, peak = backtest(tmp_path, "--bars", bars, "--gate", "observe")
    assert summary["bars"] == 3_343_448
    assert int(str(summary["fills"])) >= 1000
    assert Path(str(summary["report"])).stat().st_size > 1_000_000
    assert peak < 1000


def test_memory_does_not_grow_with_the_length_of_the_series(shared_data: Path, tmp_path: Path) -> None:
    """Seven years take no more memory than one, but for a sixth that covers noise and daily records."""
    folder = shared_data / "ohlcv"
    words = ("--gate", "enforce", "--no-report")
    _, one = backtest(tmp_path / "one", "--bars", str(folder / "binance_BTCUSDT_1m_2021.parquet"), *words)
    _, seven = backtest(tmp_path / "seven", "--bars", str(folder / "binance_BTCUSDT_1m_20*.parquet"), *words)
    assert seven < 1.15 * one + 20


def test_every_hourly_symbol_at_once_is_a_portfolio(shared_data: Path, tmp_path: Path) -> None:
    """All hourly files of one venue and currency, with their different lengths, gaps and stepped stamps."""
    bars = str(shared_data / "ohlcv" / "binance_*USDT_1h.parquet")
    summary, peak = backtest(tmp_path, "--bars", bars, "--gate", "observe")
    files = sorted((shared_data / "ohlcv").glob("binance_*USDT_1h.parquet"))
    header = json.loads((Path(str(summary["journal"])).parent / "manifest.json").read_bytes())
    assert len(header["data"]) == len(files) > 25
    assert int(str(summary["fills"])) >= 1000
    assert peak < 1000


def test_missing_minutes_and_stepped_hours_run_through(shared_data: Path, tmp_path: Path) -> None:
    """A venue that leaves out minutes without trades, and the eight files that step back and repeat."""
    folder = shared_data / "ohlcv"
    summary, _ = backtest(tmp_path, "--bars", f"ETHUSD={folder / 'bitfinex_ETHUSD_1m.parquet'}", "--gate", "observe")
    assert summary["bars"] == 508_048
    words = [word for name in STEPPED for word in ("--bars", str(folder / f"binance_{name}USDT_1h.parquet"))]
    summary, _ = backtest(tmp_path, *words, "--gate", "observe", "--no-report")
    assert int(str(summary["fills"])) >= 1000
