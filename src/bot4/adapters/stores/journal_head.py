# SPDX-License-Identifier: Apache-2.0
"""The sidecar ``journal.head``: how far a journal goes and the chain's head there, signed for paper and live.

It stands beside the journal and outside its bytes: the same run gives the same
journal, whoever signs it. Without a sidecar, or an anchor noted elsewhere, a
journal cut at its end cannot be told from a crash.
"""

import os
from pathlib import Path

import msgspec

from bot4.adapters.stores.journal_file import disk_fault, sync_folder
from bot4.adapters.stores.journal_key import JournalKey, signature_holds
from bot4.domain.errors import BadInput
from bot4.record.chain import Mark

FORMAT = "bot4 journal head"


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hold what the sidecar says: a :class:`bot4.record.chain.Mark` of one run, and who says so."""

    format: str = FORMAT
    schema: int = 1
    run: str
    records: int
    size: int
    head: str
    closed: bool
    public_key: str = ""
    signature: str = ""

    def signed_bytes(self) -> bytes:
        """Return what the signature covers: every field but the signature."""
        return msgspec.json.encode(msgspec.structs.replace(self, signature=""))

    def is_signed(self) -> bool:
        """Say whether the signature is that of the key named inside."""
        return bool(self.signature) and signature_holds(self.public_key, self.signature, self.signed_bytes())


def head_path(journal: Path) -> Path:
    """Return where a journal's sidecar stands."""
    return journal.with_name(journal.name + ".head")


def make_head(run: str, mark: Mark, key: JournalKey | None = None) -> Head:
    """Return the sidecar's content for a journal written up to a mark, signed if a key is given."""
    public_key = key.public_key if key is not None else ""
    head = Head(
        run=run, records=mark.records, size=mark.size, head=mark.head.hex(), closed=mark.closed, public_key=public_key
    )
    if key is None:
        return head
    return msgspec.structs.replace(head, signature=key.sign(head.signed_bytes()))


def write_head(journal: Path, head: Head) -> Path:
    """Write the sidecar of a journal, whole or not at all, and return its path.

    Raises
    ------
    OutsideFault
        If the system refuses.
    """
    path = head_path(journal)
    draft = path.with_name(path.name + ".new")
    try:
        with draft.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(head), indent=2) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise disk_fault(path, "writing", error) from error
    return path


def read_head(path: Path) -> Head:
    """Read a sidecar.

    Raises
    ------
    BadInput
        If the file is missing or no sidecar.
    OutsideFault
        If it cannot be read.
    """
    try:
        head = msgspec.json.decode(path.read_bytes(), type=Head)
    except (msgspec.DecodeError, FileNotFoundError, IsADirectoryError) as error:
        raise no_head(path, str(error)) from None
    except OSError as error:
        raise disk_fault(path, "reading", error) from error
    if head.format != FORMAT or head.schema != 1:
        raise no_head(path, f"a {head.format} of schema {head.schema}")
    return head


def no_head(path: Path, found: str) -> BadInput:
    """Say that a file is no sidecar."""
    return BadInput(str(path), found, f"a {FORMAT} of schema 1", "Name the file runs/<run>/journal.head.", "no_head")
