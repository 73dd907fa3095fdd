# SPDX-License-Identifier: Apache-2.0
"""Looking for a secret wherever a process may have left it, in every form in which it could lie there."""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote_from_bytes

PIECE = 12
"""A piece of so many characters gives a secret away, and is in no file by chance."""


def forms_of(secret: bytes) -> list[bytes]:
    """Return a secret as it is, in hex, in base64 at each offset, and percent-encoded."""
    forms = [secret, secret.hex().encode(), secret.hex().upper().encode(), quote_from_bytes(secret, safe="").encode()]
    for offset in range(3):
        tail = secret[offset : offset + (len(secret) - offset) // 3 * 3]
        forms += [b64encode(tail), urlsafe_b64encode(tail)]
    return forms


def pieces_of(secrets: Iterable[bytes]) -> list[bytes]:
    """Return every piece of every form, each once, in order."""
    found = {
        form[at : at + PIECE] for secret in secrets for form in forms_of(secret) for at in range(len(form) - PIECE + 1)
    }
    return sorted(found)


def leaks(secrets: Iterable[bytes], folder: Path, texts: Iterable[str] = ()) -> list[str]:
    """Return where a piece of a secret is: files below a folder by path, their names included, texts by number."""
    pieces = pieces_of(secrets)
    places = [(str(path), path.name.encode() + b"\n" + path.read_bytes()) for path in files_in(folder)]
    places += [(f"text {number}", text.encode()) for number, text in enumerate(texts)]
    return [place for place, data in places if any(piece in data for piece in pieces)]


def files_in(folder: Path) -> list[Path]:
    """Return every file below a folder."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]
