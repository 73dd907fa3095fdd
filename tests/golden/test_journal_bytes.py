# SPDX-License-Identifier: Apache-2.0
"""The bytes of one tiny journal, written down: whoever changes them changes the format and must say so."""

import struct
import zlib
from hashlib import sha256

from bot4.domain.order import accepted
from bot4.domain.values import Nanos
from bot4.record.header import JournalHeader, header_record
from bot4.record.journal import JournalWriter
from tests.unit.record.events import MemorySink

HEADER = (
    b'{"format":"bot4 journal","schema":1,"engine_format":1,"run":"ab","command":"backtest","config":{"a":1},'
    b'"data":[],"seed":7,"nonce":"","trials_sha256":"","signed":false}'
)


def framed(kind: int, event_ns: int, known_ns: int, payload: bytes) -> bytes:
    """Frame a payload by hand."""
    body = struct.pack("<HHIqq", kind, 1, len(payload), event_ns, known_ns) + payload
    return body + struct.pack("<I", zlib.crc32(body))


def test_a_tiny_journal_is_these_bytes() -> None:
    """A header, a watermark, one report, the end and the group that closes them, byte for byte."""
    sink = MemorySink()
    header = JournalHeader(engine_format=1, run="ab", command="backtest", config={"a": 1}, seed=7)
    writer = JournalWriter(sink, header_record(header))
    writer.consumed(41)
    writer.append(accepted(Nanos(1_000), Nanos(2_000), 5, 3))
    writer.close(42, bytes(32))

    first = framed(40, 0, 0, HEADER)
    watermark = framed(41, 2000, 2000, struct.pack("<q", 41))
    report = framed(16, 1000, 2000, struct.pack("<qqh", 5, 3, 0))
    end = framed(43, 2000, 2000, struct.pack("<qqq", 42, 3, 0) + bytes(32))
    head = sha256(sha256(first).digest() + watermark + report + end).digest()
    group = framed(42, 2000, 2000, struct.pack("<qq", 1, 3) + head)
    assert sink.data == first + watermark + report + end + group
    assert sha256(sink.data).hexdigest() == "0add7b184881d0c02637960434d9d8f05599f661387060b1c0057c1b5975e45b"
