# SPDX-License-Identifier: Apache-2.0
"""The decoder that reads known streams in one pass says the same as the one that has seen nothing yet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.adapters.venues.binance.market.streams import StreamDecoder
from bot4.apps.bench.traffic import CHANGES, MIXED, generated

pytestmark = pytest.mark.requirement("DATA_001")

FRAMES = [*generated(MIXED, 200), *generated(CHANGES, 5)]
WARM = StreamDecoder()
for _frame in FRAMES:
    WARM.decode(_frame)

TWISTS = (
    (b'"data":{', b'"more":1,"data":{'),
    (b'"e":"trade"', b'"e":"aggTrade"'),
    (b'"data":{', b'"data":{"e":"depthUpdate",'),
    (b'"p":"', b'"p":1,"q":"'),
    (b'"s":"S0USDT"', b'"s":1'),
    (b'"data":', b'"other":'),
    (b'"stream":"', b'"stream":"x'),
    (b"}}", b"}"),
    (b"S0USDT", b"\xff"),
    (b'{"stream"', b' {"stream"'),
    (b'"u":', b'"unused":'),
)


@given(st.sampled_from(FRAMES), st.lists(st.sampled_from(TWISTS), max_size=3), st.integers(0, 400))
def test_one_pass_and_many_say_the_same(frame: bytes, twists: list[tuple[bytes, bytes]], cut: int) -> None:
    """Whole frames and spoiled ones: the same message, or the same reason for none."""
    for before, after in twists:
        frame = frame.replace(before, after, 1)
    frame = frame[: max(cut, len(frame) if cut > 200 else 0)]
    assert WARM.decode(frame) == StreamDecoder().decode(frame)


def test_streams_without_end_fill_no_memory() -> None:
    """Names are the other side's to choose: a bounded number of them is remembered."""
    decoder = StreamDecoder()
    for number in range(6_000):
        decoder.decode(FRAMES[0].replace(b"s0usdt", f"s{number}".encode(), 1))
    assert len(decoder._by_head) == 4_096
