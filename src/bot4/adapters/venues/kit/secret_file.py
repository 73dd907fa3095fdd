# SPDX-License-Identifier: Apache-2.0
"""The encrypted file of secrets: Argon2id makes a key of the passphrase, ChaCha20-Poly1305 keeps the entries.

One JSON object of plain parameters on the first line, which the cipher authenticates, then base64 of the
sealed entries. The file belongs to its owner alone (mode 600). The cost of Argon2id stands in the file
so that it can be raised later; a file that asks for more than a bounded cost is refused, not obeyed.
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from bot4.adapters.venues.kit.secret import Secret
from bot4.domain.errors import BadInput, Corrupt, OutsideFault

FORMAT: Final = "bot4-secrets-1"
SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12
KEY_BYTES: Final = 32
FILE_BYTES_MAX: Final = 1 << 20


class Sealing(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Hold how a file was sealed: the cost of Argon2id, its salt, and the cipher's nonce."""

    format: str = FORMAT
    memory_kib: Annotated[int, Meta(ge=8 * 1024, le=1 << 20)] = 64 * 1024
    passes: Annotated[int, Meta(ge=1, le=16)] = 3
    lanes: Annotated[int, Meta(ge=1, le=16)] = 4
    salt: Annotated[bytes, Meta(min_length=SALT_BYTES, max_length=SALT_BYTES)]
    nonce: Annotated[bytes, Meta(min_length=NONCE_BYTES, max_length=NONCE_BYTES)]


def read_secrets(path: Path, passphrase: Secret) -> dict[str, str]:
    """Return the entries of an encrypted file.

    Raises
    ------
    BadInput
        If others may read it, or the passphrase does not open it.
    Corrupt
        If it is no such file.
    OutsideFault
        If the machine would not read it.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    head, sealed = _parts(path)
    sealing = _sealing(path, head)
    try:
        plain = ChaCha20Poly1305(_key(passphrase, sealing)).decrypt(sealing.nonce, sealed, head)
    except InvalidTag:
        raise BadInput(
            str(path), "a passphrase that does not open it", "the file's own", "Try again.", "wrong_passphrase"
        ) from None
    return msgspec.json.decode(plain, type=dict[str, str])


def write_secrets(path: Path, entries: Mapping[str, str], passphrase: Secret) -> None:
    """Seal entries into a file of mode 600, whole or not at all.

    Raises
    ------
    OutsideFault
        If the machine would not write it.
    """
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    drawn = ChaCha20Poly1305.generate_key()  # 32 bytes of the system's chance: the salt and the nonce
    sealing = Sealing(salt=drawn[:SALT_BYTES], nonce=drawn[SALT_BYTES : SALT_BYTES + NONCE_BYTES])
    head = msgspec.json.encode(sealing)
    sealed = ChaCha20Poly1305(_key(passphrase, sealing)).encrypt(
        sealing.nonce, msgspec.json.encode(dict(entries), order="sorted"), head
    )
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "wb") as out:
            os.fchmod(file, 0o600)
            out.write(head + b"\n" + b64encode(sealed) + b"\n")
            out.flush()
            os.fsync(file)
        draft.replace(path)
    except OSError as error:
        raise _disk(path, error) from error


def _parts(path: Path) -> tuple[bytes, bytes]:
    """Return the head's bytes as they stand in the file, and the sealed entries."""
    try:
        mode = path.stat().st_mode & 0o777
        data = _bounded(path)
    except OSError as error:
        raise _disk(path, error) from error
    if mode & 0o077:
        raise BadInput(str(path), f"mode {mode:o}", "mode 600", f"Run: chmod 600 {path}", "secrets_readable")
    head, _, rest = data.partition(b"\n")
    try:
        return head, b64decode(rest.strip(), validate=True)
    except ValueError:
        raise Corrupt(str(path), len(head) + 1, "not base64", "sealed entries", "Write the file anew.") from None


def _bounded(path: Path) -> bytes:
    """Return a file's bytes, at most so many as a file of secrets may have."""
    with path.open("rb") as file:
        return file.read(FILE_BYTES_MAX)


def _sealing(path: Path, head: bytes) -> Sealing:
    """Return how the file was sealed."""
    try:
        sealing = msgspec.json.decode(head, type=Sealing)
    except msgspec.MsgspecError as error:
        raise Corrupt(str(path), 0, str(error), f"a file of format {FORMAT}", "Write the file anew.") from None
    if sealing.format != FORMAT:
        raise Corrupt(str(path), 0, "another format", f"a file of format {FORMAT}", "Write the file anew.")
    return sealing


def _key(passphrase: Secret, sealing: Sealing) -> bytes:
    """Return the cipher's key."""
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    return Argon2id(
        salt=sealing.salt,
        length=KEY_BYTES,
        iterations=sealing.passes,
        lanes=sealing.lanes,
        memory_cost=sealing.memory_kib,
    ).derive(passphrase.reveal())


def _disk(path: Path, error: OSError) -> OutsideFault:
    """Say what the machine refused."""
    return OutsideFault(
        str(path), error.strerror or type(error).__name__, "a file that can be read and written", "Check it.", "disk"
    )
