# SPDX-License-Identifier: Apache-2.0
"""Where a secret is kept: a desktop's keyring, an encrypted file, an environment variable.

A secret is named in the configuration, never written there: ``keyring:SERVICE/NAME``,
``file:PATH#NAME``, or ``env:VARIABLE``. No command-line argument may hold one, since every
process of the machine can read those. What could not be read is told without a piece of it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bot4.adapters.venues.kit.secret import Secret
from bot4.adapters.venues.kit.secret_file import read_secrets
from bot4.domain.errors import BadInput, OutsideFault

SOURCES: Final = "keyring:SERVICE/NAME, file:PATH#NAME or env:VARIABLE"


SHOWN_MIN: Final = 8
"""Fewer characters are a word that stands in commands by chance, and no secret worth the name."""


def sealed_file(source: str) -> Path | None:
    """Return the encrypted file that a source names, None where it names another place."""
    kind, _, rest = source.partition(":")
    return Path(rest.partition("#")[0]) if kind == "file" and rest else None


def read_secret(
    source: str, *, environment: Mapping[str, str], passphrase: Secret | None = None, name: str = "secret"
) -> Secret:
    """Return the secret that a configuration names.

    Parameters
    ----------
    source : str
        ``keyring:SERVICE/NAME``, ``file:PATH#NAME`` or ``env:VARIABLE``.
    environment : mapping
        The process's environment, handed in by the door that may look at it.
    passphrase : Secret, optional
        What opens the encrypted file.
    name : str
        What is lacking where it is not there, such as ``venue.key``.

    Raises
    ------
    BadInput
        If the source is none of the three, or nothing is kept there.
    OutsideFault
        If the machine has no keyring, or would not read the file.
    """
    kind, _, rest = source.partition(":")
    if kind == "env" and rest:
        found = environment.get(rest, "")
    elif kind == "file" and rest:
        path, _, entry = rest.partition("#")
        found = _from_file(Path(path), entry, passphrase)
    elif kind == "keyring" and all(rest.partition("/")):
        service, _, entry = rest.partition("/")
        found = _from_keyring(service, entry)
    else:
        # The text is not repeated: someone may have put the secret itself here.
        raise BadInput(
            f"place of {name}", "a text of another form", SOURCES, "Name the place of the secret, not the secret."
        )
    if not found.strip():
        raise BadInput(f"{name} in {source}", "nothing", "a text", _adding(kind, rest), "no_secret")
    return Secret(found.strip().encode())


def _adding(kind: str, rest: str) -> str:
    """Return how a secret is put where it is lacking."""
    if kind == "env":
        return f"Set {rest}, or keep it encrypted: bot4 keys add NAME, and name what that prints."
    if kind == "keyring":
        return f"Store it: keyring set {rest.replace('/', ' ', 1)}"
    path, _, entry = rest.partition("#")
    return f"Keep it: bot4 keys add {entry or 'NAME'} --file {path}"


def _from_file(path: Path, name: str, passphrase: Secret | None) -> str:
    """Return one entry of an encrypted file, empty where it has none."""
    if not path.exists():
        raise BadInput(
            f"secret file {path}", "not there", "a file of keys", _adding("file", f"{path}#{name}"), "no_secret"
        )
    if passphrase is None:
        raise BadInput(
            f"secret file {path}", "no passphrase", "its passphrase", "Give the file's passphrase.", "no_secret"
        )
    return read_secrets(path, passphrase).get(name, "")


def _from_keyring(service: str, name: str) -> str:
    """Return an entry of the desktop's keyring, empty where it has none."""
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(service, name) or ""
    except KeyringError as error:
        raise OutsideFault(
            f"keyring {service}/{name}",
            type(error).__name__,
            "a keyring that can be opened",
            "Unlock the keyring, or use an encrypted file: file:PATH#NAME.",
            "no_keyring",
        ) from None


def refuse_secrets_in_arguments(arguments: list[str], secrets: list[Secret]) -> None:
    """Refuse to run where a secret stands in the command line, which any process may read: as a word or a value.

    Raises
    ------
    BadInput
        If one does; the message does not repeat it.
    """
    for number, argument in enumerate(arguments, 1):
        if any(_shows(argument, secret) for secret in secrets):
            raise BadInput(
                f"argument {number}",
                "a secret",
                SOURCES,
                "Take it out of the command, and make a new key.",
                "secret_shown",
            )


def _shows(argument: str, secret: Secret) -> bool:
    """Say whether an argument is a secret, or gives one as its value: behind any ``=``, in quotes or not."""
    if len(secret.reveal()) < SHOWN_MIN:
        return False
    parts = argument.split("=")
    values = ("=".join(parts[first:]) for first in range(len(parts)))
    return any(value.strip(" \t\r\n'\"").encode(errors="replace") == secret.reveal().strip() for value in values)
