# SPDX-License-Identifier: Apache-2.0
"""The encrypted file of keys as its owner works on it: what is in it, one more, one less.

Secrets come in as :class:`Secret` and leave for the cipher alone; what is told of the file is names and kinds.
"""

import re
from pathlib import Path
from typing import Final

from bot4.adapters.venues.kit.secret import Secret
from bot4.adapters.venues.kit.secret_file import read_secrets, write_secrets
from bot4.domain.errors import BadInput

NAMES: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
PRIVATE_KEY: Final = "private key"
TEXT: Final = "text"
BYTES_MAX: Final = 16 << 10
"""Far above any key; what is longer is another file."""


def kinds(path: Path, passphrase: Secret) -> dict[str, str]:
    """Return what kind of secret stands under each name of a file.

    Raises
    ------
    BadInput
        If there is no such file, or the passphrase does not open it.
    OutsideFault
        If the machine would not read it.
    """
    entries = _existing(path, passphrase)
    return {name: PRIVATE_KEY if "PRIVATE KEY" in entries[name] else TEXT for name in sorted(entries)}


def add(path: Path, name: str, secret: Secret, passphrase: Secret, *, replaces: bool = False) -> None:
    """Keep a secret under a name, in a file that is made where there is none.

    Raises
    ------
    BadInput
        If the secret is empty or too long, or the name is taken and nothing is to be replaced.
    OutsideFault
        If the machine would not read or write the file.
    """
    check_name(name)
    if not 0 < len(secret.reveal().strip()) <= BYTES_MAX:
        raise BadInput("the secret", "empty, or longer than any key", f"1 to {BYTES_MAX} bytes", "Give the key itself.")
    entries = read_secrets(path, passphrase) if path.exists() else {}
    if name in entries and not replaces:
        raise BadInput(
            f"key {name}", f"is in {path} already", "a new name", "Choose another, or add --replace.", "key_exists"
        )
    try:
        entries[name] = secret.reveal().strip().decode()
    except UnicodeDecodeError:
        raise BadInput("the secret", "not a text", "UTF-8, or a private key as PEM", "Give the key as text.") from None
    write_secrets(path, entries, passphrase)


def remove(path: Path, name: str, passphrase: Secret) -> None:
    """Take a name and its secret out of a file.

    Raises
    ------
    BadInput
        If it is not there.
    OutsideFault
        If the machine would not read or write the file.
    """
    check_name(name)
    entries = _existing(path, passphrase)
    if name not in entries:
        known = ", ".join(sorted(entries)) or "none: it is empty"
        raise BadInput(f"key {name}", f"is not in {path}", known, "Name one that is.", "no_key")
    del entries[name]
    write_secrets(path, entries, passphrase)


def check_name(name: str) -> None:
    """Refuse a name that a configuration could not repeat; it is not shown, for it may be the secret.

    Raises
    ------
    BadInput
        If it is none.
    """
    if not NAMES.fullmatch(name):
        raise BadInput(
            "NAME",
            "not a name",
            "1 to 64 letters, digits, points, dashes",
            "Name the key, such as binance-secret; what it is, is asked for.",
        )


def _existing(path: Path, passphrase: Secret) -> dict[str, str]:
    """Return the entries of a file that must be there."""
    if not path.exists():
        raise BadInput(
            str(path), "no such file", "a file of keys", f"Make it: bot4 keys add NAME --file {path}", "no_key_file"
        )
    return read_secrets(path, passphrase)
