# SPDX-License-Identifier: Apache-2.0
"""``bot4 audit verify``: a journal held against its own chain, its sidecar, and what was noted elsewhere.

What each proves. The *chain*: no record was changed, dropped, added or moved,
unless all that follows was forged too. The *sidecar*: how far the journal went.
The *signature*: who says so. An *anchor*: a head noted where a forger cannot
reach, before which nothing can have changed.
"""

from pathlib import Path
from typing import final

from bot4.adapters.stores.journal_head import Head, head_path, read_head
from bot4.adapters.stores.journal_reader import no_journal, read_chunks, standing_records
from bot4.adapters.stores.live_data import check_seals, live_data_path
from bot4.domain.errors import BadInput, Corrupt
from bot4.record.chain import ChainCheck
from bot4.record.decode import decode
from bot4.record.format import HEADER
from bot4.record.header import JournalHeader, decode_header, looks_like_journal
from bot4.record.reader import read_records


@final
class AuditResult:
    """Hold what an audit found.

    ``ok`` is the answer; ``reason`` is empty or the first contradiction, and
    ``first_bad`` the offset of the first byte that cannot be trusted (None where
    the fault is not in the journal's bytes). ``records`` and ``head`` count and
    hash what was found whole; ``closed`` says that the run's end is among it;
    ``signed_by`` is the public key of a signature that holds, else empty.
    ``notes`` say what this audit could not know.
    """

    __slots__ = ("records", "ok", "first_bad", "reason", "head", "size", "closed", "run", "signed_by", "notes")

    def __init__(self) -> None:
        self.records = 0
        self.ok = True
        self.first_bad: int | None = None
        self.reason = ""
        self.head = ""
        self.size = 0
        self.closed = False
        self.run = ""
        self.signed_by = ""
        self.notes: list[str] = []

    def fail(self, reason: str, first_bad: int | None = None) -> None:
        """Note a contradiction; the first one stands."""
        if self.ok:
            self.ok = False
            self.reason = reason
            self.first_bad = first_bad

    def fields(self) -> dict[str, object]:
        """Return every finding by name, for ``--json``."""
        return {name: getattr(self, name) for name in self.__slots__}


@final
class Audit:
    """Follow one journal from its first byte, with what it is to be held against.

    Parameters
    ----------
    path : Path
        The journal.
    head : Head, optional
        Its sidecar.
    anchor : str, optional
        A head of the chain that was noted elsewhere, in hex.
    """

    def __init__(self, path: Path, head: Head | None, anchor: str | None) -> None:
        self.path = path
        self.head = head
        self.anchor = anchor
        self.header: JournalHeader | None = None
        self.result = AuditResult()
        self._check = ChainCheck()
        self._head_met = False
        self._anchor_met = False

    def follow(self) -> None:
        """Read every record and hold it against frame, layout and chain."""
        result = self.result
        check = self._check
        try:
            for record in read_records(read_chunks(self.path), str(self.path)):
                decode(record)
                if record.kind == HEADER:
                    self.header = decode_header(record, str(self.path))
                wrong = check.take(record)
                if wrong:
                    result.fail(wrong, record.offset if check.mark.closed else check.group_offset)
                    break
                if check.mark.size == record.end:
                    self._meet()
        except Corrupt as bad:
            result.fail(bad.value, bad.offset)
        except BadInput as bad:
            result.fail(bad.value, 0)
        result.records = check.records
        result.head = check.mark.head.hex()
        result.size = check.last.end if check.last is not None else 0
        result.closed = check.mark.closed
        result.run = self.header.run if self.header is not None else ""

    def _meet(self) -> None:
        """Compare the end of a group with the sidecar's and the anchor."""
        mark = self._check.mark
        if mark.head.hex() == self.anchor:
            self._anchor_met = True
        head = self.head
        if head is not None and head.size == mark.size:
            same = (mark.records, mark.head.hex(), mark.closed) == (head.records, head.head, head.closed)
            self._head_met = same
            if not same:
                self.result.fail("the chain differs from what the sidecar says", self._check.group_offset)

    def conclude(self, public_key: str | None) -> None:
        """Hold what was read against sidecar, signature and anchor."""
        result = self.result
        if self.head is not None:
            self._hold_against(self.head, public_key)
        else:
            self._miss_head(public_key)
        if self.anchor is not None and not self._anchor_met:
            result.fail("the anchor is no head of this journal: cut off, or written anew", result.size)
        if not result.closed:
            result.notes.append("The run's end is missing: it still runs, was killed, or was cut off.")

    def _hold_against(self, head: Head, public_key: str | None) -> None:
        """Hold the journal against its sidecar, and the sidecar against its signature."""
        result = self.result
        if not self._head_met:
            result.fail(f"the sidecar tells of {head.records} records in {head.size} bytes: cut off", result.size)
        if head.run != result.run:
            result.fail("the sidecar is another run's")
        if head.signature or head.public_key:
            if head.is_signed():
                result.signed_by = head.public_key
            else:
                result.fail("the sidecar's signature does not hold")
        must_be_signed = public_key is not None or (self.header is not None and self.header.signed)
        if must_be_signed and not result.signed_by:
            result.fail("the sidecar is not signed")
        if public_key is not None and result.signed_by != public_key.lower():
            result.fail("the sidecar is signed with another key")
        if result.signed_by and public_key is None:
            result.notes.append("Signed with the key named in the sidecar; compare it with the one you know.")

    def _miss_head(self, public_key: str | None) -> None:
        """Say what a missing sidecar leaves open."""
        if public_key is not None or (self.header is not None and self.header.signed and self.result.closed):
            self.result.fail("there is no sidecar, so nothing is signed")
        if self.anchor is None:
            self.result.notes.append("No sidecar and no anchor: a cut at the end cannot be told from a crash.")


def verify(
    path: Path, head: Path | None = None, *, anchor: str | None = None, public_key: str | None = None
) -> AuditResult:
    """Audit a journal. Reads only.

    Parameters
    ----------
    path : Path
        The journal.
    head : Path, optional
        Its sidecar; ``journal.head`` beside it is taken where there is one.
    anchor : str, optional
        A head of the chain noted elsewhere, 64 hex characters.
    public_key : str, optional
        The key that must have signed, 64 hex characters.

    Returns
    -------
    AuditResult
        ``ok`` only if nothing contradicts.

    Raises
    ------
    BadInput
        If the file is missing or no journal, the sidecar that was named is none,
        or an anchor or key is no 64 hex characters.
    OutsideFault
        If a file cannot be read.
    """
    for name, text in (("anchor", anchor), ("public key", public_key)):
        if text is not None and not is_hex(text):
            raise BadInput(name, repr(text), "64 hex characters", "Copy it as it was noted.", "no_hash")
    first = next(read_chunks(path), b"")
    if not first or not looks_like_journal(first):
        raise no_journal(path, first)
    beside = head_path(path)
    said = None
    broken = ""
    try:
        said = read_head(head or beside) if head is not None or beside.exists() else None
    except BadInput as error:
        if head is not None:
            raise
        broken = error.value
    audit = Audit(path, said, anchor.lower() if anchor is not None else None)
    audit.follow()
    if audit.result.ok and audit.header is not None and audit.header.is_live:
        audit_data(path, audit.result)
    if broken:
        audit.result.fail(f"the sidecar is damaged: {broken}")
    audit.conclude(public_key)
    return audit.result


def audit_data(path: Path, result: AuditResult) -> None:
    """Hold the market data beside a live journal against the hashes that the journal notes of it."""
    try:
        check_seals(standing_records(path), live_data_path(path))
    except BadInput as bad:
        result.fail(f"{bad.place}: {bad.value}")


def is_hex(text: str) -> bool:
    """Say whether a text is a SHA-256 or a key in hex."""
    return len(text) == 64 and all(letter in "0123456789abcdefABCDEF" for letter in text)
