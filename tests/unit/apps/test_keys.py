# SPDX-License-Identifier: Apache-2.0
"""The encrypted file of keys, worked on by its commands, and read by what signs for an account."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot4.adapters.venues.kit.secret import Secret
from bot4.adapters.venues.kit.signing import HmacSigner
from bot4.apps.cli import main
from bot4.apps.live.request import signer_of
from bot4.runtime.venue_settings import VenueSettings

CANARY = "cAnArY9fQ7zK3vW8xP2mL5tR"
PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----\n"
OPEN = "correct horse battery"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the file of keys will be, its passphrase in another file."""
    (tmp_path / "passphrase").write_text(OPEN + "\n", encoding="utf-8")
    monkeypatch.setenv("BOT4_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config" / "bot4" / "keys"


def piped(monkeypatch: pytest.MonkeyPatch, secret: str, *words: str) -> int:
    """Run a command with a secret on stdin."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(secret.encode())))
    return main(["keys", *words])


@pytest.mark.requirement("P-24", "I-12")
def test_keys_are_kept_listed_and_taken_out(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names and kinds are told, a secret never is; the file is its owner's alone."""
    assert piped(monkeypatch, CANARY + "\n", "add", "binance-secret") == 0
    assert piped(monkeypatch, PEM, "add", "binance-pem") == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert main(["keys", "list", "--json"]) == 0
    out = capsys.readouterr()
    listed = json.loads(out.out.splitlines()[-1])
    assert listed["keys"] == {"binance-pem": "private key", "binance-secret": "text"}
    assert main(["keys", "remove", "binance-pem"]) == 0
    assert main(["keys", "remove", "binance-pem"]) == 2
    assert CANARY not in "".join(capsys.readouterr())
    assert main(["keys", "list"]) == 0
    out = capsys.readouterr()
    assert "binance-secret: text" in out.out
    assert "binance-pem" not in out.out
    assert CANARY not in out.out + out.err


@pytest.mark.requirement("P-24")
def test_what_was_kept_signs(file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The place that the command prints is one that a run reads, and the passphrase is asked for once."""
    for name, value in (("key", "name-of-key"), ("secret", CANARY)):
        assert piped(monkeypatch, value, "add", name) == 0
    assert f"file:{file}#secret" in capsys.readouterr().out
    asked: list[Path] = []

    def opens(path: Path) -> Secret:
        asked.append(path)
        return Secret(OPEN.encode())

    venue = VenueSettings(symbols=("BTCUSDT",), interval="1m", key=f"file:{file}#key", secret=f"file:{file}#secret")
    signer = signer_of(venue, {}, ["live", "live.toml"], opens)
    same = HmacSigner("name-of-key", Secret(CANARY.encode()))
    assert signer.sign(b"a=1") == same.sign(b"a=1")
    assert asked == [file]


def test_a_name_that_is_taken_stays(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unless it is to be replaced."""
    assert piped(monkeypatch, "first-of-two", "add", "a") == 0
    assert piped(monkeypatch, "second-of-two", "add", "a") == 2
    assert "--replace" in capsys.readouterr().err
    assert piped(monkeypatch, "second-of-two", "add", "a", "--replace") == 0


def test_what_cannot_be_kept_is_refused(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing, a key in the place of its name, a key that stands in the command; no file is made of it."""
    assert piped(monkeypatch, "\n", "add", "a") == 2
    assert piped(monkeypatch, CANARY, "add", CANARY + "/=") == 2
    monkeypatch.setattr(sys, "argv", ["bot4", "keys", "add", CANARY])
    assert piped(monkeypatch, CANARY, "add", CANARY) == 2
    assert CANARY not in capsys.readouterr().err
    assert not file.exists()
    assert main(["keys", "list"]) == 2
    assert "bot4 keys add NAME" in capsys.readouterr().err


def test_without_a_passphrase_nothing_hangs(file: Path) -> None:
    """A process that has no terminal is told which variable to set."""
    environment = {key: value for key, value in os.environ.items() if key != "BOT4_PASSPHRASE_FILE"}
    told = subprocess.run(
        [sys.executable, "-m", "bot4", "keys", "add", "a"],
        input=CANARY, text=True, capture_output=True, env=environment, start_new_session=True, check=False,
    )  # fmt: skip
    assert told.returncode == 2
    assert "BOT4_PASSPHRASE_FILE" in told.stderr
    assert CANARY not in told.stderr
