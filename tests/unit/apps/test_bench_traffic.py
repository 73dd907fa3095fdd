# SPDX-License-Identifier: Apache-2.0
"""The rows of a live feed: what is measured is taken, message by message, and looks like the venue's."""

from pathlib import Path

import pytest

from bot4.adapters.venues.binance.market.messages import DepthMessage, QuoteMessage, SnapshotMessage, TradeMessage
from bot4.adapters.venues.binance.market.streams import StreamDecoder
from bot4.apps.bench.harness import Bench
from bot4.apps.bench.paths import NOW
from bot4.apps.bench.traffic import CHANGES, MIXED, Shares, cases, fresh, generated, row, whole_book

pytestmark = pytest.mark.requirement("BENCH_001", "FLOW_001")


@pytest.mark.parametrize("shares", [MIXED, CHANGES])
def test_every_generated_frame_is_applied(shares: Shares) -> None:
    """None is set aside: the row measures the whole way."""
    feed, quality = fresh()
    for n, frame in enumerate(generated(shares, 600)):
        feed.take(frame, int(NOW) + n * 100_000, n)
    fates = quality.fates().table()
    assert {fate for kinds in fates.values() for fate in kinds} == {"applied"}
    assert quality.fates().total() == 601


def test_the_frames_are_of_the_kinds_and_sizes_that_are_said() -> None:
    """In the shares of the row, and the same each time."""
    frames = generated(MIXED, 2_000)
    assert frames == generated(MIXED, 2_000)
    kinds = [type(StreamDecoder().decode(frame)[0]) for frame in frames]
    assert 0.66 < kinds.count(QuoteMessage) / len(kinds) < 0.74
    assert 0.18 < kinds.count(TradeMessage) / len(kinds) < 0.26
    assert set(kinds) == {QuoteMessage, TradeMessage, DepthMessage}
    for frame in generated(CHANGES, 20):
        told, _ = StreamDecoder().decode(frame)
        assert isinstance(told, DepthMessage)
        assert len(told.bids) + len(told.asks) == CHANGES.levels
    assert isinstance(StreamDecoder().decode(whole_book())[0], SnapshotMessage)


def test_a_row_says_what_it_measured(tmp_path: Path) -> None:
    """Its rate, its budget, how many levels a message had."""
    bench = Bench(folder=tmp_path, samples=1_000, floor_us=0.05)
    told = row(bench, "deep", CHANGES, 200, None)
    assert told.rate is not None and told.rate > 0
    assert (told.suite, told.budget, told.met, told.note) == ("traffic", "-", None, "generated; 40.00 levels a message")
    assert row(bench, "any", MIXED, 200, 1e18).met is False
    assert [one.suite for one in cases()] == ["traffic", "traffic"]
