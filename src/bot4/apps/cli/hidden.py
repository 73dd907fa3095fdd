# SPDX-License-Identifier: Apache-2.0
"""What a person types unseen, or a pipe or file gives: never a word of the command line."""

import os
import sys
from collections.abc import Mapping
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot4.domain.errors import BadInput

if TYPE_CHECKING:
    from bot4.adapters.venues.kit.secret import Secret

PASSPHRASE: Final = "BOT4_PASSPHRASE_FILE"  # noqa: S105 - the name of a variable
"""Names a file that holds the passphrase of an encrypted file of secrets."""


def has_terminal() -> bool:
    """Say whether a person can be asked, whatever the standard streams are."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def secret_given(name: str) -> "Secret":
    """Return a secret that is piped in, or typed unseen."""
    from bot4.adapters.venues.kit.secret import Secret

    if sys.stdin.isatty():
        return Secret(getpass(f"{name} (not shown): ").encode())
    return Secret(sys.stdin.buffer.read())


def passphrase(path: Path, environment: Mapping[str, str]) -> "Secret":
    """Return what opens a file of secrets, from the file that the environment names or typed unseen; twice if new.

    Raises
    ------
    BadInput
        If it is empty, cannot be read, or nobody is there to be asked.
    """
    from bot4.adapters.venues.kit.secret import Secret

    found = _from_file(environment.get(PASSPHRASE, ""))
    if found is None:
        if not has_terminal():
            raise BadInput(
                f"passphrase of {path}",
                "not given, and no terminal to ask at",
                f"a file that {PASSPHRASE} names",
                f"Set {PASSPHRASE} to a file with the passphrase, mode 600.",
                "no_passphrase",
            )
        found = Secret(getpass(f"passphrase of {path} (not shown): ").encode())
        if not path.exists() and getpass("the same again: ").encode() != found.reveal():
            raise BadInput(f"passphrase of {path}", "two different ones", "the same twice", "Try again.")
    if not found.reveal():
        raise BadInput(f"passphrase of {path}", "empty", "at least one character", "Choose one that is hard to guess.")
    return found


def _from_file(path: str) -> "Secret | None":
    """Return the passphrase that a file holds; None where no file is named. Its content is never repeated."""
    from bot4.adapters.venues.kit.secret import Secret

    if not path:
        return None
    try:
        return Secret(Path(path).read_bytes().strip())
    except OSError as error:
        raise BadInput(
            "passphrase file", f"{path}: {error.strerror}", "a readable file", "Correct the path.", "file_missing"
        ) from None
