# SPDX-License-Identifier: Apache-2.0
"""From frames to messages: fragments joined, compressed ones inflated (RFC 6455 section 5.4, RFC 7692), all bounded.

A whole, uncompressed frame, which is nearly every one, never comes here: the
socket hands its bytes on where they lie.
"""

import zlib
from typing import Final, final

PROTOCOL_ERROR: Final = 1002
TOO_BIG: Final = 1009

OFFER: Final = "permessage-deflate; client_no_context_takeover"
"""The extension as it is offered: we send next to nothing, so nothing of ours needs compressing."""

_TAIL: Final = b"\x00\x00\xff\xff"


class BrokenFrame(Exception):
    """Report frames that cannot follow each other, or a message beyond the bound; ends the connection.

    Parameters
    ----------
    code : int
        The WebSocket close code to say goodbye with.
    words : str
        What was wrong.
    """

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


@final
class Assembler:
    """Make messages of one connection's data frames.

    Parameters
    ----------
    bytes_max : int
        The largest message, inflated.
    compressed : bool
        The other side has taken the offer to compress.
    keeps_context : bool
        It compresses each message with what it remembers of those before.
    """

    __slots__ = ("_bytes_max", "_compressed", "_keeps_context", "_inflater", "_parts", "_size", "_is_deflated")

    def __init__(self, bytes_max: int, *, compressed: bool = False, keeps_context: bool = True) -> None:
        self._bytes_max = bytes_max
        self._compressed = compressed
        self._keeps_context = keeps_context
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self._parts: list[bytes] = []
        self._size = 0
        self._is_deflated = False

    @property
    def is_between(self) -> bool:
        """Tell whether a message has begun and not ended."""
        return bool(self._parts)

    def take(self, payload: bytes, *, is_continuation: bool, is_final: bool, rsv1: bool) -> bytes | None:
        """Take one data frame; return the message that it completes, else None.

        Raises
        ------
        BrokenFrame
            If the frame cannot come here, or the message is too large or no valid compressed data.
        """
        if is_continuation != bool(self._parts):
            raise BrokenFrame(PROTOCOL_ERROR, "a fragment out of place")
        if rsv1 and (is_continuation or not self._compressed):
            raise BrokenFrame(PROTOCOL_ERROR, "compression that was not agreed on")
        if not is_continuation:
            self._is_deflated = rsv1
            self._size = 0
        self._parts.append(payload)
        self._size += len(payload)
        if self._size > self._bytes_max:
            raise BrokenFrame(TOO_BIG, f"a message of more than {self._bytes_max} bytes")
        if not is_final:
            return None
        message = b"".join(self._parts)
        self._parts.clear()
        return self._inflated(message) if self._is_deflated else message

    def _inflated(self, message: bytes) -> bytes:
        """Return a message inflated, without ever holding more than the bound of it."""
        try:
            plain = self._inflater.decompress(message + _TAIL, self._bytes_max + 1)
        except zlib.error as error:
            raise BrokenFrame(PROTOCOL_ERROR, f"no compressed data: {error}") from None
        if len(plain) > self._bytes_max or self._inflater.unconsumed_tail:
            raise BrokenFrame(TOO_BIG, f"a message of more than {self._bytes_max} bytes")
        if not self._keeps_context or self._inflater.eof:
            self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        return plain


def accepted(extensions: str) -> tuple[bool, bool]:
    """Return what the other side's answer to the offer means: compressed, and with context kept.

    Raises
    ------
    BrokenFrame
        If it answers with something that was not offered.
    """
    words = [word.strip().lower() for word in extensions.split(";") if word.strip()]
    if not words:
        return False, False
    known = {"client_no_context_takeover", "server_no_context_takeover"}
    if words[0] != "permessage-deflate" or not set(words[1:]) <= known:
        raise BrokenFrame(PROTOCOL_ERROR, f"an extension that was not offered: {extensions[:80]}")
    return True, "server_no_context_takeover" not in words
