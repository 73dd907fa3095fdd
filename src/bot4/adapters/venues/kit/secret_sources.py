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


def read_secret(source: str, *, environment: Mapping[str, str], passphrase: Secret | None = None) -> Secret:
    """Return the secret that a configuration names.

    Parameters
    ----------
    source : str
        ``keyring:SERVICE/NAME``, ``file:PATH#NAME`` or ``env:VARIABLE``.
    environment : mapping
        The process's environment, handed in by the door that may look at it.
    passphrase : Secret, optional
        What opens the encrypted file.

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
        path, _, name = rest.partition("#")
        found = _from_file(Path(path), name, passphrase)
    elif kind == "keyring" and all(rest.partition("/")):
        service, _, name = rest.partition("/")
        found = _from_keyring(service, name)
    else:
        # The text is not repeated: someone may have put the secret itself here.
        raise BadInput(
            "secret source", "a text of another form", SOURCES, "Name the place of the secret, not the secret."
        )
    if not found.strip():
        raise BadInput(f"secret {source}", "nothing", "a text", "Store the secret there first.", "no_secret")
    return Secret(found.strip().encode())


def _from_file(path: Path, name: str, passphrase: Secret | None) -> str:
    """Return one entry of an encrypted file, empty where it has none."""
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
    """Refuse to run where a secret stands in the command line, which any process may read.

    Raises
    ------
    BadInput
        If one does; the message does not repeat it.
    """
    for number, argument in enumerate(arguments, 1):
        if any(secret.reveal().decode(errors="replace") in argument for secret in secrets):
            raise BadInput(
                f"argument {number}",
                "a secret",
                SOURCES,
                "Take it out of the command, and make a new key.",
                "secret_shown",
            )
