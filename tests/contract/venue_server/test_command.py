# SPDX-License-Identifier: Apache-2.0
"""``bot4 venue serve`` as a process: the ready line, the end by a signal, and what it refuses."""

import json
import signal
import socket
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from bot4.apps.cli import main

WORDS = [sys.executable, "-m", "bot4", "venue", "serve"]


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, str]]:
    """Return the exit code and the error of a command that does not begin to serve."""
    code = main(["venue", "serve", *words, "--json"])
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    error: dict[str, str] = json.loads(told.out.splitlines()[-1])["error"]
    return code, error


@pytest.mark.requirement("U-10")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_serves_and_ends_politely(number: signal.Signals) -> None:
    """First one JSON line with the addresses, then a venue, then exit code 0 with what faults did."""
    words = [
        *WORDS,
        "--port",
        "0",
        "--balance",
        "USDT=5",
        "BNB=1.5",
        "--symbols",
        "BNBUSDT",
        "--faults",
        "R15@2",
        "--json",
    ]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["ready"] is True
        assert ready["ws"].startswith("ws://127.0.0.1:") and ready["ws_api"].endswith("/ws-api/v3")
        told = httpx.get(ready["rest"] + "/api/v3/exchangeInfo", timeout=20).json()
        assert [one["symbol"] for one in told["symbols"]] == ["BNBUSDT"]
        assert httpx.get(ready["rest"] + "/api/v3/time", timeout=20).json()["code"] == -1021
        process.send_signal(number)
        assert process.wait(30) == 0
        assert json.loads(process.stdout.read().splitlines()[-1])["faults"] == {"R15": 1}


def test_a_port_in_use_is_told_plainly(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 3, the port and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        if port > 65_533:
            pytest.skip("the system chose a port so high that two more cannot follow it")
        code, error = refused(capsys, "--port", str(port))
    assert (code, error["code"]) == (3, "port_in_use")
    assert str(port) in error["value"] and "--port 0" in error["mend"]


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (("--host", "0.0.0.0"), "--host"),
        (("--host", "example.com"), "--host"),
        (("--symbols", "BTC"), "--symbols"),
        (("--symbols", ","), "--symbols"),
        (("--balance", "USDT"), "--balance"),
        (("--faults", "Z99"), "--faults"),
        (("--permissions", "everything"), "--permissions"),
        (("--speed", "0"), "--speed"),
        (("--port", "70000"), "--port"),
        (("--feed", "nofile"), "--feed"),
        (("--api-key", ""), "--api-key"),
        (("--api-secret", " "), "--api-secret"),
    ],
)
def test_what_cannot_be_served_is_refused(
    words: tuple[str, ...], place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 with the flag, what is allowed and how to mend it."""
    code, error = refused(capsys, *words)
    assert (code, error["place"]) == (2, place)
    assert error["mend"]


def test_a_recording_is_the_market(shared_data: Path) -> None:
    """The trades of a real recording come as they were, by time."""
    from bot4.apps.venue_server.feed import open_feed
    from bot4.apps.venue_server.listing import listed

    path = shared_data / "l2" / "binance_spot_btcusdt_20240808.jsonl.gz"
    prints = open_feed(str(path), [listed("BTCUSDT")])
    rows = [next(prints) for _ in range(1000)]
    assert rows[0].at_ms == 0
    assert all(before.at_ms <= later.at_ms for before, later in pairwise(rows))
    assert all(row.price % 1_000_000 == 0 and row.quantity % 1000 == 0 for row in rows)
    assert {row.is_sale for row in rows} == {True, False}
