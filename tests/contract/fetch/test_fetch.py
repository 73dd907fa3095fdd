# SPDX-License-Identifier: Apache-2.0
"""``bot4 data fetch`` at the simulated venue: what it writes is what the venue tells, also after a kill."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from bot4.apps.cli import main

KILLED = """
import os, signal, sys
from pathlib import Path
from bot4.apps.cli import main
from bot4.apps.progress import Silent
count = 0
def advance(self, done):
    global count
    count += 1
    if count == 3:
        os.kill(os.getpid(), signal.Signals[sys.argv[1]])
Silent.advance = advance
sys.exit(main(sys.argv[2:]))
"""
MANY = 3_500
DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def venue() -> Iterator[tuple[str, int]]:
    """Run a venue whose time is quick, until it has bars; return its address and where its day began."""
    words = [sys.executable, "-m", "bot4", "venue", "serve", "--symbols", "BTCUSDT", "--speed", "600", "--seed", "3"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        rest = json.loads(process.stdout.readline())["rest"]
        begin = int(time.time() * 1000) // DAY_MS * DAY_MS - DAY_MS
        deadline = time.monotonic() + 60
        while len(klines(rest, "1s", begin, MANY)) < MANY and time.monotonic() < deadline:
            time.sleep(0.2)
        yield rest, begin
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def klines(rest: str, interval: str, begin: int, most: int) -> list[list[Any]]:
    """Return the venue's klines, by a client that shares nothing with bot4."""
    found: list[list[Any]] = []
    while len(found) < most:
        start = found[-1][0] + 1 if found else begin
        asked = f"symbol=BTCUSDT&interval={interval}&limit=1000&startTime={start}"
        page = httpx.get(f"{rest}/api/v3/klines?{asked}", timeout=20).json()
        found += page
        if len(page) < 1000:
            break
    return found


def words(rest: str, begin: int, out: Path, *more: str) -> list[str]:
    """Return a command that fetches seconds."""
    first = time.strftime("%Y-%m-%d", time.gmtime(begin // 1000))
    last = time.strftime("%Y-%m-%d", time.gmtime(begin // 1000 + 3 * 86_400))
    span = ["--from", first, "--to", last, "--out", str(out), "--rest", rest, "--json"]
    return ["data", "fetch", "--symbol", "BTCUSDT", *span, *more]


def told(capsys: pytest.CaptureFixture[str], command: list[str]) -> tuple[int, dict[str, Any]]:
    """Carry out a command and return its exit code and answer."""
    code = main(command)
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    answer: dict[str, Any] = json.loads(said.out.splitlines()[-1])
    return code, answer


def rows(path: Path) -> list[tuple[Any, ...]]:
    """Return the rows of a file."""
    return duckdb.execute("SELECT ts, open, high, low, close, volume FROM read_parquet(?)", [str(path)]).fetchall()


def as_rows(bars: list[list[Any]]) -> list[tuple[Any, ...]]:
    """Return klines as rows of the file."""
    return [(one[0], *(float(value) for value in one[1:6])) for one in bars]


@pytest.mark.requirement("DATA_001/backfill")
@pytest.mark.parametrize("struck", ["SIGKILL", "SIGINT"])
def test_cut_and_gone_on_it_is_what_the_venue_tells_and_can_be_used_at_once(
    venue: tuple[str, int], struck: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cut behind the second page there is no file; repeated there is one with every bar; check and backtest take it."""
    rest, begin = venue
    out = tmp_path / "new" / "BTCUSDT-1s.parquet"
    command = words(rest, begin, out, "--interval", "1s")
    cut = subprocess.run([sys.executable, "-c", KILLED, struck, *command], capture_output=True, text=True, check=False)
    assert cut.returncode == (-9 if struck == "SIGKILL" else 130), cut.stderr
    assert not out.exists()
    other = told(capsys, words(rest, begin, out, "--interval", "1m"))
    assert (other[0], other[1]["error"]["code"]) == (2, "parts_differ")
    code, answer = told(capsys, command)
    assert code == 0, answer
    assert (answer["resumed_rows"], answer["missing"]) == (2_000, 0)
    assert answer["left_out_from"] is not None
    found = rows(out)
    assert len(found) == answer["rows"] >= MANY - 10
    assert found == as_rows(klines(rest, "1s", begin, len(found)))[: len(found)]
    assert [one.name for one in out.parent.iterdir()] == [out.name]
    assert told(capsys, command)[1]["error"]["code"] == "out_exists"
    code, checked = told(capsys, ["data", "check", "--bars", str(out), "--json"])
    assert (code, checked["symbols"][0]["bars"]) == (0, len(found))
    code, run = told(capsys, ["backtest", "--bars", str(out), "--out", str(tmp_path / "runs"), "--json"])
    assert (code, run["bars"]) == (0, len(found))


def test_trades_are_those_of_the_venue_and_are_read_as_ticks(
    venue: tuple[str, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every aggregated trade once, its price and quantity to the last digit."""
    rest, begin = venue
    out = tmp_path / "trades.parquet"
    code, answer = told(capsys, words(rest, begin, out, "--what", "trades"))
    assert (code, answer["missing"]) == (0, 0)
    query = "SELECT agg_id, ts, price::VARCHAR, quantity::VARCHAR, buyer_maker FROM read_parquet(?)"
    found = duckdb.execute(query, [str(out)]).fetchall()
    asked = {"symbol": "BTCUSDT", "fromId": "0", "limit": "1000"}
    page = httpx.get(rest + "/api/v3/aggTrades", params=asked, timeout=20).json()
    assert len(page) > 100
    least = min(len(page), len(found))
    assert found[:least] == [(one["a"], one["T"], one["p"], one["q"], one["m"]) for one in page][:least]
    code, checked = told(capsys, ["data", "check", "--ticks", f"BTCUSDT={out}", "--json"])
    assert (code, checked["symbols"][0]["messages"]) == (0, len(found))


@pytest.mark.parametrize(
    ("more", "code", "word"),
    [
        (("--symbol", "NOPEUSDT"), 2, "symbol_unknown"),
        (("--symbol", "btc/usdt"), 2, "symbol"),
        (("--from", "2099-01-01"), 2, "span"),
        (("--from", "yesterday"), 2, "moment"),
        (("--from", "2010-01-01", "--to", "2010-01-02"), 2, "empty"),
        (("--interval", "7m"), 2, "interval_text"),
        (("--rest", "http://127.0.0.1:9"), 3, "venue_unreachable"),
        (("--rest", "https://example.com"), 2, "bad_input"),
        (("--out", "x.csv"), 2, "out_name"),
        (("--out", "/dev/null/x.parquet"), 3, "outside"),
    ],
)
def test_what_cannot_be_fetched_is_told_plainly(
    venue: tuple[str, int],
    more: tuple[str, ...],
    code: int,
    word: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit code 2 or 3 with what to do, and nothing is left behind."""
    command = words(*venue, tmp_path / "x.parquet")
    for name, value in zip(more[::2], more[1::2], strict=True):
        if name in command:
            command[command.index(name) + 1] = value
        else:
            command += [name, value]
    got, answer = told(capsys, command)
    assert (got, answer["error"]["code"]) == (code, word)
    assert answer["error"]["mend"]
    assert not list(tmp_path.iterdir())
