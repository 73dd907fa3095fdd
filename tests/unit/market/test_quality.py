# SPDX-License-Identifier: Apache-2.0
"""The counters of a feed: every message once, every fault, how late it runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.market.faults import COVERED, FAULT_KINDS, STALE
from bot4.market.live.numbers import REPEATS_MAX, RisingNumbers
from bot4.market.quality import LAG_EDGES_NS, FeedQuality, QualityBoard

pytestmark = pytest.mark.requirement("DATA_001/validation", "FLOW_001")


def test_a_message_is_counted_once_and_its_faults_beside_it() -> None:
    """One that is used in spite of a fault is used."""
    quality = FeedQuality("BTCUSDT", "a")
    quality.applied["trade"] += 2
    quality.fault(STALE)
    quality.aside("delta", COVERED)
    figures = quality.figures()
    assert figures["fates"] == {"delta": {"covered": 1}, "trade": {"applied": 2}}
    assert figures["faults"] == {"covered": 1, "stale": 1}
    assert figures["messages"] == 3


@given(st.lists(st.integers(-(10**9), 10**11), min_size=1, max_size=60), st.floats(0.01, 1.0))
def test_lateness_is_bounded_by_what_is_told(lags: list[int], fraction: float) -> None:
    """At least that fraction of the messages was no later; and not twice as late as the one at that place."""
    quality = FeedQuality("BTCUSDT", "a")
    for lag in lags:
        quality.lag(lag)
    bound = quality.lag_ns(fraction)
    assert sum(lag <= bound for lag in lags) >= fraction * len(lags) - 1e-9
    assert quality.lag_ns_max == max(0, *lags)
    if max(lags) < LAG_EDGES_NS[0]:
        assert bound == LAG_EDGES_NS[0]
    assert FeedQuality("BTCUSDT", "a").lag_ns(fraction) == 0


def test_a_loss_lasts_from_its_first_sign_to_the_whole_book() -> None:
    """A book that is lost again before it was whole was lost once."""
    quality = FeedQuality("BTCUSDT", "a")
    quality.whole(5)
    quality.lost(10)
    quality.lost(20)
    quality.whole(50)
    quality.lost(60)
    quality.whole(70)
    assert (quality.gaps, quality.resyncs, quality.resync_ns_max) == (2, 2, 40)


def test_a_board_has_one_place_for_each_instrument_and_feed() -> None:
    """In the order of their names."""
    board = QualityBoard()
    board.of("ETHUSDT", "b").applied["trade"] += 1
    board.of("BTCUSDT", "b")
    board.of("BTCUSDT", "a")
    assert board.of("ETHUSDT", "b").applied["trade"] == 1
    places = [(one["symbol"], one["feed"]) for one in board.figures()]
    assert places == [("BTCUSDT", "a"), ("BTCUSDT", "b"), ("ETHUSDT", "b")]


def test_every_fault_has_a_name_of_its_own() -> None:
    """Reports and metrics are keyed by it."""
    names = [kind.name for kind in FAULT_KINDS]
    assert len(names) == len(set(names))


@given(st.lists(st.integers(0, 200), max_size=100))
def test_numbers_only_rise(numbers: list[int]) -> None:
    """What is new is above all before it, and what is missing is what lies between."""
    rising = RisingNumbers()
    seen: list[int] = []
    for number in numbers:
        missing = rising.missing_before(number)
        assert (missing >= 0) == (not seen or number > max(seen))
        if missing > 0:
            assert missing == number - max(seen) - 1
        if missing >= 0:
            seen.append(number)
    assert seen == sorted(set(seen))


def test_numbers_begin_anew_after_old_ones_without_end() -> None:
    """A restarted venue is heard again."""
    rising = RisingNumbers()
    assert rising.missing_before(10**9) == 0
    assert [rising.missing_before(5) for _ in range(REPEATS_MAX)] == [-1] * REPEATS_MAX
    assert rising.missing_before(6) == 0
    assert rising.missing_before(7) == 0
