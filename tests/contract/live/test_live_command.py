# SPDX-License-Identifier: Apache-2.0
"""``bot4 live`` and ``bot4 paper`` as commands: what is refused before anything is traded, and how it is said."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.venue_server.running import KEY, SECRET, asked, running

TABLE = """[venue]
symbols = ["{symbol}"]
interval = "1m"
warm_up_bars = 5
key = "env:LIVE_KEY"
secret = "env:LIVE_SECRET"
{doors}"""
NOWHERE = 'rest = "http://127.0.0.1:9"\nws = "ws://127.0.0.1:9"\nws_api = "ws://127.0.0.1:9/ws-api/v3"\n'


def bot4(folder: Path, *words: str, key: str = KEY, secret: str = SECRET) -> tuple[int, dict[str, str]]:
    """Run a command; return its exit code and its last line of JSON, the error's fields where it is one."""
    environment = {**os.environ, "LIVE_KEY": key, "LIVE_SECRET": secret, "XDG_STATE_HOME": str(folder / "state")}
    done = subprocess.run(
        [sys.executable, "-m", "bot4", *words, "--json"],
        cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert SECRET not in done.stdout + done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    return done.returncode, told.get("error", told)


def written(folder: Path, doors: str, symbol: str = "BTCUSDT") -> str:
    """Write a configuration and return its name."""
    (folder / "live.toml").write_text(TABLE.format(symbol=symbol, doors=doors))
    return "live.toml"


@pytest.mark.requirement("P2-5")
def test_a_real_venue_is_refused_and_every_missing_condition_is_named(tmp_path: Path) -> None:
    """Real money waits for what does not exist yet, too."""
    code, error = bot4(tmp_path, "live", written(tmp_path, ""))
    assert (code, error["code"]) == (2, "not_armed")
    for word in ("paper trading", "release battery", "kill drill", "dead man", "second person", "1 % of equity"):
        assert word in error["value"]


def test_what_cannot_be_used_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    """No table, an unknown key of it, a gate that looks on, no secret, a host that is not the venue's."""
    (tmp_path / "bare.toml").write_text("seed = 1\n")
    assert bot4(tmp_path, "live", "bare.toml")[1]["code"] == "venue_missing"
    name = written(tmp_path, NOWHERE + "intervall = 3\n")
    code, error = bot4(tmp_path, "live", name)
    assert (code, error["code"], error["place"]) == (2, "unknown_key", "live.toml:10")
    name = written(tmp_path, NOWHERE)
    assert bot4(tmp_path, "paper", name, "--set", "gate=observe")[1]["code"] == "gate_observes"
    assert bot4(tmp_path, "paper", name, "--resume", "paper-1a2b3c4d")[1]["code"] == "not_resumable"
    assert bot4(tmp_path, "live", name, secret="")[1]["code"] == "no_secret"
    assert bot4(tmp_path, "live", written(tmp_path, 'rest = "https://elsewhere.example"\n'))[0] == 2


def test_a_venue_that_is_not_there_is_a_fault_outside(tmp_path: Path) -> None:
    """Exit 3, with the address and what to do."""
    code, error = bot4(tmp_path, "live", written(tmp_path, NOWHERE))
    assert (code, error["place"]) == (3, "http://127.0.0.1:9")
    assert "network" in error["mend"]


def test_a_wrong_key_and_an_unknown_symbol_are_told_plainly(tmp_path: Path) -> None:
    """The venue's words with ours about what to do; a near name is offered."""
    with running(asked("BTCUSDT")) as venue:
        doors = "".join(f'{name} = "{getattr(venue, name)}"\n' for name in ("rest", "ws", "ws_api"))
        code, error = bot4(tmp_path, "live", written(tmp_path, doors), secret="another-one-of-a-test")
        assert (code, error["code"]) == (2, "signature")
        code, error = bot4(tmp_path, "live", written(tmp_path, doors), key="another-key-of-a-test")
        assert (code, error["code"]) == (2, "key_refused")
        code, error = bot4(tmp_path, "paper", written(tmp_path, doors, "BTCUSTD"))
        assert (code, error["code"]) == (2, "symbol_unknown")
        assert "BTCUSDT" in error["mend"]
