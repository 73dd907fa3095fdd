# SPDX-License-Identifier: Apache-2.0
"""When an instrument is stale, and why: unheard, silent, late, a bar missing, a bar overdue."""

import pytest

from bot4.domain.values import SECOND_NS
from bot4.market.live.freshness import FRESH, LATE, MISSING, OVERDUE, UNHEARD, Freshness

pytestmark = pytest.mark.requirement("DATA_001", "I-11")

LATE_NS = SECOND_NS // 2
OVERDUE_NS = 5 * SECOND_NS
NOW = 1_000 * SECOND_NS


def judged(one: Freshness, *, due_ns: int = NOW, is_missing: bool = False) -> str:
    """Why it is stale now."""
    one.judge(NOW, due_ns, is_missing=is_missing)
    return one.why


def heard(feeds: int = 1) -> Freshness:
    """One that is fresh."""
    one = Freshness(feeds, LATE_NS, OVERDUE_NS)
    assert judged(one) == UNHEARD
    one.hear(0)
    assert judged(one) == FRESH
    return one


def test_it_begins_stale_and_a_quote_makes_it_fresh() -> None:
    """The change is told once."""
    one = Freshness(1, LATE_NS, OVERDUE_NS)
    assert not one.judge(NOW, NOW, is_missing=False)
    one.hear(0)
    assert one.judge(NOW, NOW, is_missing=False)
    assert not one.judge(NOW, NOW, is_missing=False)


def test_a_feed_that_falls_silent_makes_it_stale_until_it_speaks() -> None:
    """With the reason that was given."""
    one = heard()
    one.hush(0, "silent")
    assert judged(one) == "silent"
    one.hear(0)
    assert judged(one) == FRESH


def test_a_stamp_more_than_half_a_second_old_makes_it_stale_until_one_comes_in_time() -> None:
    """A quote alone, which has no stamp, does not."""
    one = heard()
    one.stamp(0, NOW - LATE_NS, NOW)
    assert judged(one) == FRESH
    one.stamp(0, NOW - LATE_NS - 1, NOW)
    one.hear(0)
    assert judged(one) == LATE
    one.stamp(0, NOW, NOW)
    assert judged(one) == FRESH


def test_a_bar_that_is_missing_or_overdue_makes_it_stale() -> None:
    """However well the quotes come."""
    one = heard()
    assert judged(one, is_missing=True) == MISSING
    assert judged(one, due_ns=NOW - OVERDUE_NS) == FRESH
    assert judged(one, due_ns=NOW - OVERDUE_NS - 1) == OVERDUE


def test_one_of_two_feeds_is_enough() -> None:
    """It must be heard and in time by itself: one that is late and one that is silent are none."""
    one = heard(2)
    one.hear(1)
    one.hush(0, "silent")
    assert judged(one) == FRESH and not one.is_heard(0) and one.is_heard(1)
    one.stamp(1, NOW - SECOND_NS, NOW)
    assert judged(one) == "silent"
