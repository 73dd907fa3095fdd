# SPDX-License-Identifier: Apache-2.0
"""The key that signs journals' heads: Ed25519, made on first use, readable by its owner alone.

It proves who wrote a journal, not that the machine was honest while it wrote.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, final

from bot4.adapters.stores.journal_file import disk_fault, sync_folder
from bot4.domain.errors import BadInput

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_FILE = "journal.key"
SEED_BYTES = 32


@final
class JournalKey:
    """Sign bytes, and say under which public key.

    Parameters
    ----------
    key : Ed25519PrivateKey
        The private half; it leaves this object only as signatures.
    """

    __slots__ = ("public_key", "_key")

    def __init__(self, key: "Ed25519PrivateKey") -> None:
        self._key = key
        self.public_key = key.public_key().public_bytes_raw().hex()

    def sign(self, data: bytes) -> str:
        """Return the signature as 128 hex characters."""
        return self._key.sign(data).hex()

    def __repr__(self) -> str:
        return f"JournalKey({self.public_key})"


def load_or_create_key(folder: Path) -> JournalKey:
    """Return the key kept in a folder, made there on first use.

    Raises
    ------
    BadInput
        If the file is no key, or others may read it.
    OutsideFault
        If the folder cannot be made, read or written.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path = folder / KEY_FILE
    try:
        if not path.exists():
            create_key(path, Ed25519PrivateKey.generate().private_bytes_raw())
        seed = read_seed(path)
    except OSError as error:
        raise disk_fault(path, "reading or making the key", error) from error
    return JournalKey(Ed25519PrivateKey.from_private_bytes(seed))


def create_key(path: Path, seed: bytes) -> None:
    """Write a new key whole or not at all; if another process was faster, its key stands."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(file, 0o600)
        os.write(file, seed.hex().encode() + b"\n")
        os.fsync(file)
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        os.close(file)
        draft.unlink()
    sync_folder(path.parent)


def read_seed(path: Path) -> bytes:
    """Return the private bytes of a key file.

    Raises
    ------
    BadInput
        If the file is no key, or others may read it.
    """
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise BadInput(str(path), f"mode {mode:o}", "mode 600", f"Run: chmod 600 {path}", "key_readable")
    try:
        seed = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        seed = b""
    if len(seed) != SEED_BYTES:
        raise BadInput(
            str(path),
            "not a key",
            f"{2 * SEED_BYTES} hex characters",
            "Move the file away: a new key is made.",
            "no_key",
        )
    return seed


def signature_holds(public_key: str, signature: str, data: bytes) -> bool:
    """Say whether a signature over bytes was made with the private half of a public key, both in hex."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(bytes.fromhex(signature), data)
    except (InvalidSignature, ValueError):
        return False
    return True
