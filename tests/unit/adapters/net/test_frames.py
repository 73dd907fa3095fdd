# SPDX-License-Identifier: Apache-2.0
"""Frames become messages: any cut of any messages, compressed or not, gives the messages back."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.adapters.net.frames import Assembler, BrokenFrame, accepted


@given(
    messages=st.lists(st.tuples(st.binary(max_size=200), st.booleans()), max_size=8),
    cuts=st.lists(st.integers(0, 220), max_size=12),
    keep=st.booleans(),
)
def test_any_cut_gives_the_messages_back(messages: list[tuple[bytes, bool]], cuts: list[int], keep: bool) -> None:
    """Whole or in pieces, plain or compressed with one context or many."""
    assembler = Assembler(1_000, compressed=True, keeps_context=keep)
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    got = []
    for message, packed in messages:
        if not keep:
            packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        data = message
        if packed:
            data = (packer.compress(message) + packer.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\0\0\xff\xff")
        at = sorted({cut for cut in cuts if 0 < cut < len(data)})
        whole: bytes | None = None
        pieces = [data[begin:end] for begin, end in zip([0, *at], [*at, len(data)], strict=True)]
        for number, piece in enumerate(pieces):
            final = number == len(pieces) - 1
            whole = assembler.take(piece, is_continuation=number > 0, is_final=final, rsv1=packed and number == 0)
            assert (whole is not None) == final
            assert assembler.is_between == (not final)
        got.append(whole)
    assert got == [message for message, _ in messages]


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        ("", (False, False)),
        ("permessage-deflate", (True, True)),
        ("Permessage-Deflate; server_no_context_takeover; client_no_context_takeover", (True, False)),
    ],
)
def test_the_answer_to_the_offer_is_understood(answer: str, meaning: tuple[bool, bool]) -> None:
    """Taken or not, with context or without."""
    assert accepted(answer) == meaning


@pytest.mark.parametrize(
    "answer", ["x-other", "permessage-deflate; server_max_window_bits=10", "permessage-deflate, a"]
)
def test_what_was_not_offered_is_refused(answer: str) -> None:
    """A parameter of which nothing was said would change how bytes are read."""
    with pytest.raises(BrokenFrame, match="not offered"):
        accepted(answer)
