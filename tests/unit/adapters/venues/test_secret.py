# SPDX-License-Identifier: Apache-2.0
"""Secrets: a canary in every path, and not a piece of it in anything that can be seen."""

import copy
import dataclasses
import io
import json
import logging
import pickle
import re
import traceback
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import keyring
import msgspec
import pytest
import structlog
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked
from rich.console import Console
from rich.traceback import Traceback

from bot4.adapters.venues.kit.secret import Secret
from bot4.adapters.venues.kit.secret_file import Sealing, read_secrets, write_secrets
from bot4.adapters.venues.kit.secret_sources import read_secret, refuse_secrets_in_arguments
from bot4.adapters.venues.kit.signing import Ed25519Signer, HmacSigner, signed_params, signed_query
from bot4.domain.errors import BadInput, Corrupt, OutsideFault

CANARY = "cAnArY/9f+Q7=zK3-vW8xP2mL5tR"
PIECE = 6
OPEN = Secret(b"open")


def clean(text: str) -> bool:
    """Say whether a text shows no piece of the canary: whole, six characters, base64 at any offset, or URL-encoded."""
    forms = [CANARY, quote(CANARY, safe=""), CANARY.encode().hex()]
    for offset in range(3):
        data = CANARY.encode()[offset:]
        forms += [
            b64encode(data[: len(data) // 3 * 3]).decode(),
            urlsafe_b64encode(data[: len(data) // 3 * 3]).decode(),
        ]
    pieces = {form[i : i + PIECE] for form in forms for i in range(len(form) - PIECE + 1)}
    return not any(piece in text for piece in sorted(pieces))


@dataclasses.dataclass
class Holder:
    """Hold a secret among other fields, as a configuration might."""

    name: str
    secret: Secret


def printed(secret: Secret) -> list[str]:
    """Return every text that Python and the libraries in use make of an object."""
    holder = Holder("venue", secret)
    handler = io.StringIO()
    logger = logging.getLogger("bot4.test.secret")
    logger.addHandler(logging.StreamHandler(handler))
    logger.propagate = False
    logger.error("%s %r %s", secret, secret, holder)
    out = io.StringIO()
    structlog.wrap_logger(structlog.PrintLogger(out), processors=[structlog.processors.JSONRenderer()]).info(
        "event", secret=secret, holder=str(holder)
    )
    return [
        str(secret), repr(secret), f"{secret}", f"{secret:>40}", f"{secret:s}", str((secret,)),
        str([secret]), str(holder), json.dumps({"secret": secret}), json.dumps(dataclasses.asdict(holder)),
        secret + "", secret.lower(), msgspec.json.encode({"secret": secret}, enc_hook=str).decode(),
        str(pickle.dumps(secret)), str(pickle.dumps(holder)), pickle.loads(pickle.dumps(secret)),
        str(secret.encode()), str(dir(secret)), handler.getvalue(), out.getvalue(), repr(HmacSigner("key", secret)),
    ]  # fmt: skip


@pytest.mark.requirement("P-24", "I-12")
def test_no_printer_shows_a_secret() -> None:
    """Text, format, JSON, pickle, logs, containers: three stars; the bytes come out of reveal alone."""
    secret = Secret(CANARY.encode())
    texts = printed(secret)
    assert all(clean(text) for text in texts)
    assert texts[:3] == ["***"] * 3
    assert secret.reveal() == CANARY.encode()
    assert not clean(f"x{CANARY[3:9]}y") and not clean(b64encode(b"x" + CANARY.encode()).decode())


def test_a_secret_is_itself_and_no_other() -> None:
    """A copy is the same object, so that a copied configuration still signs; stars are no secret."""
    secret = Secret(CANARY.encode())
    assert copy.copy(secret) is copy.deepcopy(secret) is secret
    assert secret != Secret(CANARY.encode())
    assert secret != "***"
    assert len({secret, Secret(b"other")}) == 2


WAYS = (
    "literal",
    "no keyring form",
    "passphrase",
    "no passphrase",
    "no entry",
    "ed25519",
    "argument",
    "signed",
    "socket",
)
RAW = ("literal", "no keyring form", "no passphrase", "argument")
"""Ways in which a person has put the secret itself where none belongs, so that it reaches us as a plain text."""


def ways_to_fail(folder: Path) -> dict[str, Callable[[], object]]:
    """Return calls that fail while they hold the canary."""
    secret = Secret(CANARY.encode())
    file = folder / "secrets"
    write_secrets(file, {"a": CANARY}, OPEN)
    return {
        "literal": lambda: read_secret(CANARY, environment={}),
        "no keyring form": lambda: read_secret("keyring:" + CANARY.replace("/", ""), environment={}),
        "passphrase": lambda: read_secret(f"file:{file}#a", environment={}, passphrase=secret),
        "no passphrase": lambda: read_secret(f"file:{file}#a", environment={"X": CANARY}),
        "no entry": lambda: read_secret(f"file:{file}#b", environment={}, passphrase=OPEN),
        "ed25519": lambda: Ed25519Signer("key", secret),
        "argument": lambda: refuse_secrets_in_arguments(["bot4", f"--key={CANARY}"], [secret]),
        "signed": lambda: signed_query([("a", "\ud800")], HmacSigner("key", secret)),
        "socket": lambda: signed_params({"a": "\ud800"}, HmacSigner("key", secret)),
    }


@pytest.mark.requirement("P-24", "I-12")
@pytest.mark.parametrize("way", WAYS)
def test_no_failure_shows_a_secret(way: str, tmp_path: Path) -> None:
    """Errors and their traces hold no piece of it; nor do the locals of bot4's frames once it is a Secret."""
    with pytest.raises((BadInput, UnicodeError)) as failure:
        ways_to_fail(tmp_path)[way]()
    assert clean("".join(traceback.format_exception(failure.value)))
    if isinstance(failure.value, BadInput):
        assert clean(json.dumps(failure.value.fields()))
    frames = [frame for frame, _ in traceback.walk_tb(failure.value.__traceback__)]
    ours = [frame.f_locals for frame in frames if "/bot4/adapters/" in frame.f_code.co_filename]
    assert ours
    assert way in RAW or clean(repr(ours))


def test_a_trace_with_locals_shows_stars() -> None:
    """A frame that holds a secret may be printed whole."""

    def fail(secret: Secret) -> None:
        raise ValueError("no")

    out = io.StringIO()
    try:
        fail(Secret(CANARY.encode()))
    except ValueError as error:
        Console(file=out, width=200).print(
            Traceback.from_exception(ValueError, error, error.__traceback__, show_locals=True, max_frames=1)
        )
    assert "***" in out.getvalue()


class Desktop(KeyringBackend):
    """A keyring in memory, locked or open."""

    priority = 1

    def __init__(self, entries: dict[tuple[str, str], str], *, locked: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.entries = entries
        self.locked = locked

    def get_password(self, service: str, username: str) -> str | None:
        """Return an entry."""
        if self.locked:
            raise KeyringLocked(CANARY)
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep an entry."""
        self.entries[service, username] = password


@pytest.fixture
def desktop() -> Iterator[Callable[..., None]]:
    """A function that puts a keyring of ours in the place of the machine's."""
    before = keyring.get_keyring()
    yield lambda *, locked=False: keyring.set_keyring(Desktop({("bot4", "binance"): CANARY}, locked=locked))
    keyring.set_keyring(before)


def test_a_secret_is_read_from_each_of_its_three_places(tmp_path: Path, desktop: Callable[..., None]) -> None:
    """Keyring, encrypted file, environment; the text around it is trimmed."""
    desktop()
    file = tmp_path / "in" / "secrets"
    write_secrets(file, {"binance": CANARY, "other": "x"}, OPEN)
    sources = ["keyring:bot4/binance", f"file:{file}#binance", "env:BINANCE_SECRET"]
    environment = {"BINANCE_SECRET": f" {CANARY}\n"}
    read = [read_secret(source, environment=environment, passphrase=OPEN) for source in sources]
    assert [secret.reveal().decode() for secret in read] == [CANARY] * 3
    desktop(locked=True)
    with pytest.raises(OutsideFault, match="KeyringLocked") as failure:
        read_secret("keyring:bot4/binance", environment={})
    assert clean("".join(traceback.format_exception(failure.value)))
    with pytest.raises(BadInput, match="nothing"):
        read_secret("env:MISSING", environment={})


@pytest.mark.requirement("P-24")
def test_the_file_is_sealed_and_its_owners_alone(tmp_path: Path) -> None:
    """Mode 600, no piece of the entries in its bytes, and any changed byte is found."""
    file = tmp_path / "secrets"
    write_secrets(file, {"a": CANARY}, OPEN)
    data = file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    assert clean(data.decode())
    assert [path.name for path in tmp_path.iterdir()] == ["secrets"]
    for at in (5, len(data) // 3, len(data) - 20):
        file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises((BadInput, Corrupt)):
            read_secrets(file, OPEN)
    file.write_bytes(data)
    file.chmod(0o640)
    with pytest.raises(BadInput, match="chmod 600"):
        read_secrets(file, OPEN)
    with pytest.raises(OutsideFault):
        read_secrets(tmp_path / "missing", OPEN)


def test_a_file_cannot_ask_for_the_machines_whole_memory(tmp_path: Path) -> None:
    """The cost of the passphrase's hash is bounded before it is paid."""
    head = msgspec.to_builtins(Sealing(salt=bytes(16), nonce=bytes(12)))
    file = tmp_path / "secrets"
    for changed in ({"memory_kib": 1 << 30}, {"passes": 10**9}, {"format": "other"}, {"salt": "AA=="}):
        file.write_bytes(json.dumps(head | changed).encode() + b"\nAAAA\n")
        file.chmod(0o600)
        with pytest.raises(Corrupt):
            read_secrets(file, OPEN)


def test_an_argument_that_holds_a_secret_stops_the_start() -> None:
    """As a word or as a value; other arguments pass, and so does a short word that other words hold."""
    secret = Secret(CANARY.encode())
    refuse_secrets_in_arguments(["bot4", "live", "config.toml"], [secret])
    for shown in (f"--secret={CANARY}", CANARY, f"--set=venue.secret='{CANARY}'", f"{CANARY}\n"):
        with pytest.raises(BadInput, match="argument 2"):
            refuse_secrets_in_arguments(["bot4", shown], [secret])
    refuse_secrets_in_arguments(["live", "monkey.toml", "--out=secret", "key"], [Secret(b"key"), Secret(b"secret")])
    refuse_secrets_in_arguments(["live", "binance-live.toml"], [Secret(b"binance-")])


def test_a_missing_key_is_named_with_the_way_to_add_it(tmp_path: Path, desktop: Callable[..., None]) -> None:
    """Which of them is lacking, and the command for its place."""
    desktop()
    file = tmp_path / "keys"
    write_secrets(file, {"a": CANARY}, OPEN)
    for source, way in (
        ("env:BINANCE_KEY", "Set BINANCE_KEY"),
        ("keyring:bot4/other", "keyring set bot4 other"),
        (f"file:{file}#b", f"bot4 keys add b --file {file}"),
    ):
        with pytest.raises(BadInput, match=re.escape(way)) as failure:
            read_secret(source, environment={}, passphrase=OPEN, name="venue.key")
        assert failure.value.place == f"venue.key in {source}"
    with pytest.raises(BadInput, match=r"not there.*bot4 keys add a"):
        read_secret(f"file:{tmp_path / 'none'}#a", environment={}, passphrase=OPEN)
