# SPDX-License-Identifier: Apache-2.0
"""Reading records back, from chunks of bytes, in bounded memory; and telling a torn tail from damage.

A *bad record* is one whose length is not to be believed, whose CRC does not
hold, or that the bytes end within. It is the **torn tail** of an interrupted
write if no whole record stands anywhere behind its first byte; it is
**corruption** if one does. "Whole" means: a known kind, the known schema, a
length that fits, and a CRC that holds.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from bot4.domain.errors import Corrupt
from bot4.domain.event import BAR, KINDS
from bot4.record.counts import count_text
from bot4.record.format import FRAME_BYTES, HEADER, MARKET_DATA, SCHEMA, Record, crc_holds, record_bytes
from bot4.record.header import JournalHeader

CHUNK_BYTES: Final = 1 << 18

SEARCH_BYTES_MAX: Final = 1 << 26
"""How many bytes may be put through CRC-32 in the search for a whole record before it is given up as damage."""

BEGIN: Final = re.compile(
    rb"[\x%02x-\x%02x\x%02x-\x%02x]\x00\x%02x\x00..[\x00-\x10]\x00" % (BAR, KINDS - 1, HEADER, MARKET_DATA, SCHEMA),
    re.DOTALL,
)
"""The first eight bytes of every record that may be: kind, schema, length."""

MEND: Final = "Restore the file from a copy, or repeat the run."


class JournalSource(Protocol):
    """Give a journal's records in order, from the first one, as often as asked."""

    @property
    def header(self) -> JournalHeader:
        """Return what the run is."""

    def __iter__(self) -> Iterator[Record]:
        """Yield every whole record."""


def read_records(chunks: Iterable[bytes], place: str, *, offset: int = 0) -> Iterator[Record]:
    """Yield record after record.

    Parameters
    ----------
    chunks : iterable of bytes
        The journal's bytes in pieces of any size; at most one piece and one
        record are held.
    place : str
        What to call the journal in an error.
    offset : int
        Where in the journal the first piece begins.

    Raises
    ------
    Corrupt
        At the first bad record; its ``offset`` is that record's first byte.
    """
    rest = b""
    for chunk in chunks:
        data = rest + chunk
        at = 0
        while len(data) - at >= 8:
            size = record_bytes(data, at)
            if size and len(data) - at < size:
                break
            raw = data[at : at + size]
            if not size or not crc_holds(raw):
                raise Corrupt(place, offset + at, "a damaged record", "a record whose CRC holds", MEND)
            yield Record(raw, offset + at)
            at += size
        rest = data[at:]
        offset += at
    if rest:
        raise Corrupt(place, offset, f"a record cut after {count_text(len(rest), 'byte')}", "whole records", MEND)


def holds_record(chunks: Iterable[bytes]) -> bool:
    """Say whether a whole record stands anywhere in these bytes: then what is before it is damage, no torn tail.

    Where an answer would take more than ``SEARCH_BYTES_MAX`` bytes of CRC, the
    answer is yes: what cannot be told apart is not cut off.
    """
    left = SEARCH_BYTES_MAX
    data = b""
    for chunk in chunks:
        data += chunk
        keep = len(data) - FRAME_BYTES
        at = 0
        while (found := BEGIN.search(data, at)) is not None:
            begin = found.start()
            size = record_bytes(data, begin)
            at = begin + 1
            if not size:
                continue
            if len(data) - begin < size:
                keep = min(keep, begin)
                continue
            left -= size
            if left < 0 or crc_holds(data[begin : begin + size]):
                return True
        data = data[max(0, keep) :]
    return False
