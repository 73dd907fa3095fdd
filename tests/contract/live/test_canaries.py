# SPDX-License-Identifier: Apache-2.0
"""A whole live run with canaries for keys: traded through faults, killed, crashed, stopped; none is anywhere."""

import json
import random
import subprocess
import sys
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from bot4.adapters.observability.run_log import LOG
from bot4.apps.venue_server.faults.schedule import parse_rules
from bot4.apps.venue_server.serve import MEMBER
from tests.contract.live.canaries import files_in, leaks
from tests.contract.live.trading_process import Ended, Keys, TradingProcess
from tests.contract.live.wave import STRATEGY, wave
from tests.contract.venue_server.running import running

KEY = "cAnArYkEy9f+Q7zK3vW8xP2mL5tRh6/Jd0"
SECRET = "cAnArYsEcReT/4bN8+yU1qGw=Zs6eXo5iVk3"
WRONG = "cAnArYwRoNg/7hT2+kM9rBd=Lx4uPj1nQy8"
FAULTS = "N05:0.02,N06:0.02,N08:0.02,R01:0.01,R06:0.02,R07:0.02,R08:0.02,R15:0.01,W17:0.01"
"""Resets, half a reply, a code that nobody knows, 5xx with and without effect, a refused time stamp, a lost stream."""

BUG = 70
OUTSIDE = 3
TRIES = 12
BREAKING = """
from pathlib import Path

import bot4.apps.live.telling
"""
BREAKS = """        if Path("break").exists():
            bot4.apps.live.telling.Telling.show = None  # a bug of bot4, as far as anybody can tell
        place ="""


def ed25519() -> tuple[str, bytes, str]:
    """Return a private key in PEM, its 32 bytes, and its public half as the venue wants it."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(random.Random(5).randrange(256) for _ in range(32)))
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    seed = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return pem, seed, b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def bot4(process: TradingProcess, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run another command in the same folder, and keep what it said."""
    environment = {"PATH": "", "XDG_STATE_HOME": str(process.folder / "state"), "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-m", "bot4", *words],
        cwd=process.folder, env=environment | variables, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    process.said += [done.stdout, done.stderr]
    return done


def trading(process: TradingProcess, *more: str, **variables: str) -> int:
    """Begin, or go on, until it has traded, and return its process; a fault at the start may end it, in plain words."""
    for _ in range(TRIES):
        number = process.begin(*more, **variables)
        try:
            process.trade(1)
        except Ended as ended:
            if ended.code != OUTSIDE:
                raise
            continue
        return number
    raise AssertionError("it never traded")


def live_through(folder: Path, keys: Keys, public: str = "") -> TradingProcess:
    """Trade through faults, be killed, be taken up, break by a bug, be taken up, be stopped; return what is left."""
    secret = "" if public else keys.secret
    request = replace(
        wave(), api_key=keys.key, api_secret=secret, public_key=public, faults=tuple(parse_rules(FAULTS)), seed=3
    )
    with running(request) as venue:
        process = TradingProcess(
            folder,
            venue,
            lambda: venue.within(lambda: venue.server.exchange.ledger(MEMBER)),
            keys=keys,
            strategy=BREAKING + STRATEGY.replace("        place =", BREAKS),
        )
        number = trading(process)
        process.said.append(Path(f"/proc/{number}/cmdline").read_text(encoding="utf-8"))
        told = json.loads(bot4(process, "status", "--json").stdout)
        assert (told["state"], told["process"]) == ("running", number)
        process.kill("any", random.Random(1))
        trading(process, BOT4_TRACEBACK="1")
        (folder / "break").touch()
        assert process.ended() == BUG
        assert "Traceback" in process.said[-1]
        (folder / "break").unlink()
        trading(process, "--report")
        process.stop()
        refused = bot4(process, "live", "live.toml", "--json", LIVE_KEY=keys.key, LIVE_SECRET=WRONG, BOT4_TRACEBACK="1")
        assert refused.returncode in (2, 3)
    return process


def looked_at(process: TradingProcess) -> set[str]:
    """Return the names of what is looked at."""
    return {path.name for path in files_in(process.folder)}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.requirement("I-12", "P-24")
@pytest.mark.parametrize("signature", ["hmac", "ed25519"])
def test_no_piece_of_a_key_is_left_anywhere(tmp_path: Path, signature: str) -> None:
    """Journal, log, report, summary, state, details of a bug, stdout, stderr, command line: no piece in any form."""
    pem, seed, public = ed25519()
    if signature == "hmac":
        keys, canaries = Keys(KEY, SECRET), [SECRET.encode()]
        public = ""
    else:
        keys, canaries = Keys(KEY, pem, signature), [seed, "".join(pem.splitlines()[1:-1]).encode()]
    process = live_through(tmp_path, keys, public)
    names = looked_at(process)
    assert {"journal", "journal.head", "market.data", "summary.json", "report.html", "manifest.json", LOG} <= names
    assert any(name.startswith("bug-") for name in names)
    log = [json.loads(line) for line in (process.run / LOG).read_text(encoding="utf-8").splitlines()]
    assert {"start", "account", "market", "vitals", "end"} <= {one["event"] for one in log}
    assert leaks([*canaries, KEY.encode(), WRONG.encode()], tmp_path, process.said) == []


@pytest.mark.parametrize(
    "form",
    [
        str,
        lambda text: text.encode().hex(),
        lambda text: b64encode(text.encode()).decode(),
        lambda text: b64encode(b"x" + text.encode()).decode(),
        lambda text: quote(text, safe=""),
        lambda text: text[5:20],
    ],
)
def test_a_leak_is_found_in_any_form_and_place(tmp_path: Path, form: Any) -> None:
    """The check bites: a line among others in a file of a folder below, a file's name, and what was printed."""
    leak = form(SECRET)
    below = tmp_path / "runs" / "live-1"
    below.mkdir(parents=True)
    (below / "journal").write_bytes(b"\x00" * 1_000 + f"...{leak}...".encode() + b"\xff" * 1_000)
    (below / "clean").write_bytes(bytes(range(256)) * 100)
    assert leaks([SECRET.encode()], tmp_path) == [str(below / "journal")]
    (below / "journal").unlink()
    assert leaks([SECRET.encode()], tmp_path, ["nothing", f"error: {leak}"]) == ["text 1"]
    (below / f"bug-{SECRET[:12]}.txt").touch()
    assert len(leaks([SECRET.encode()], tmp_path)) == 1
