# SPDX-License-Identifier: Apache-2.0
"""Two feeds of one instrument: which is believed, and that nothing is lost or told twice when that changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.domain.event import BOOK_SNAPSHOT, Event
from bot4.domain.marketdata import BookSnapshot, Quote, Trade
from bot4.domain.values import SECOND_NS
from bot4.market.books.rules import SPOT_RULE, Change
from bot4.market.live.check import LiveCheck
from bot4.market.live.failover import CALM_NS, FeedChoice, FeedPair
from bot4.market.quality import FeedQuality
from tests.unit.market.live_feeds import MS, START, columns
from tests.unit.market.recorded import bitcoin

pytestmark = pytest.mark.requirement("DATA_001/failover")

LEVELS = ([1, -1], [9_999, 10_001], [5, 5])


class Pair:
    """Two checks of one instrument and what comes out of both."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.pair = FeedPair(self.events.append, SECOND_NS)
        self.checks = [
            LiveCheck(bitcoin(), SPOT_RULE, FeedQuality("BTCUSDT", name), receiver)
            for name, receiver in (("a", self.pair.first), ("b", self.pair.second))
        ]
        self.pair.join(self.checks[0], self.checks[1])

    def book(self, feed: int, ms: int, last_id: int = 10) -> None:
        """Give one feed a snapshot."""
        at = START + ms * MS
        self.checks[feed].snapshot(Change(0, (at, at + MS), (last_id, last_id, -1), LEVELS))

    def change(self, feed: int, ms: int, last_id: int, price: int = 9_990) -> None:
        """Give one feed a change."""
        at = START + ms * MS
        self.checks[feed].delta(Change(0, (at, at + MS), (last_id, last_id, -1), ([1], [price], [1])))

    def trade(self, feed: int, ms: int, trade_id: int, price: int = 10_000) -> None:
        """Give one feed a trade."""
        at = START + ms * MS
        self.checks[feed].trade(0, at, at + MS, trade_id=trade_id, side=1, price=price, lots=1)

    def review(self, ms: int) -> bool:
        """Look at both feeds at a moment."""
        return self.pair.review(START + ms * MS)

    def ids(self) -> list[int]:
        """The numbers of the trades that came out."""
        return [int(one.trade_id) for one in self.events if isinstance(one, Trade)]


def both(first_id: int = 10) -> Pair:
    """Both feeds with a whole book, the first believed."""
    made = Pair()
    made.book(0, 0, first_id)
    made.book(1, 0, first_id)
    assert not made.review(1)
    assert made.pair.choice.believed == 0 and not made.pair.choice.is_blind
    return made


def test_one_feed_is_told_while_both_are_well() -> None:
    """The other's messages are counted, not told again."""
    made = both()
    for n in range(5):
        made.trade(0, 10 + n, n)
        made.trade(1, 10 + n, n)
    assert made.ids() == [0, 1, 2, 3, 4]
    assert made.checks[1].quality.faults["other_feed"] >= 5


def test_a_feed_that_falls_silent_is_left_and_what_it_missed_is_told() -> None:
    """The second told trades that the first never did: they come out, once, and then the second's book."""
    made = both()
    made.trade(0, 10, 1)
    for n in range(1, 6):
        made.trade(1, 500 * n, n)
    assert made.ids() == [1]
    assert made.review(2_600)
    assert made.ids() == [1, 2, 3, 4, 5]
    shown = made.events[-1]
    assert isinstance(shown, BookSnapshot) and columns(shown) == LEVELS
    made.trade(0, 2_700, 5)
    made.trade(1, 2_700, 6)
    assert made.ids() == [1, 2, 3, 4, 5, 6]


def test_a_book_that_breaks_is_replaced_by_the_other_feeds_at_once() -> None:
    """No look at the clock is needed, and the receiver never sees the hole."""
    made = both()
    made.change(1, 10, 11)
    before = len(made.events)
    made.change(0, 11, 15)
    assert made.pair.choice.believed == 1
    shown = made.events[before:]
    assert [int(event.kind) for event in shown] == [BOOK_SNAPSHOT]
    assert isinstance(shown[0], BookSnapshot) and shown[0].end == 3


def test_where_neither_feed_is_well_the_loss_is_told() -> None:
    """Blind, until one of them has a book again, whichever it is."""
    made = both()
    made.change(1, 10, 20)
    made.change(0, 11, 20)
    last = made.events[-1]
    assert isinstance(last, BookSnapshot) and columns(last) == ([], [], [])
    made.review(12)
    choice = made.pair.choice
    assert (choice.believed, choice.is_blind) == (0, True)
    made.book(1, 20, 25)
    assert (choice.believed, choice.is_blind) == (1, False)
    told = made.events[-1]
    assert isinstance(told, BookSnapshot) and columns(told) == LEVELS


def test_the_first_feed_gets_its_place_back_after_calm() -> None:
    """Not before it was well for so long without a break."""
    choice = FeedChoice()
    assert choice.judge((False, True), 0)
    assert not choice.judge((True, True), 1)
    assert not choice.judge((True, True), CALM_NS)
    assert not choice.judge((False, True), CALM_NS + 1)
    assert not choice.judge((True, True), CALM_NS + 2)
    assert not choice.judge((True, True), 2 * CALM_NS + 1)
    assert choice.judge((True, True), 2 * CALM_NS + 2)
    assert choice.believed == 0


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 4 * CALM_NS)), max_size=40))
def test_a_usable_feed_is_believed_whenever_there_is_one(steps: list[tuple[bool, bool, int]]) -> None:
    """Whatever happens; and no feed is left for another while it is well, but for the first's return."""
    choice = FeedChoice()
    now = 0
    for first, second, wait in steps:
        now += wait
        before = choice.believed
        changed = choice.judge((first, second), now)
        assert changed == (choice.believed != before)
        assert choice.is_blind == (not first and not second)
        if first or second:
            assert (first, second)[choice.believed]
        if changed and (first, second)[before]:
            assert choice.believed == 0


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(1, 900), st.booleans()), max_size=80),
    st.integers(0, 2**16),
)
def test_trades_come_out_once_and_in_order(steps: list[tuple[int, int, bool]], losses: int) -> None:
    """Each feed tells the same trades at its own pace and misses some; reviews come at any time."""
    made = both()
    told = [0, 0]
    ms = 1
    for n, (feed, wait, looks) in enumerate(steps):
        ms += wait
        told[feed] += 1
        if not losses >> (n % 16) & 1:
            made.trade(feed, ms, told[feed])
        if looks:
            made.review(ms + 1)
    ids = made.ids()
    assert ids == sorted(set(ids))


def test_quotes_of_the_other_feed_are_not_told() -> None:
    """Only those of the one that is believed."""
    made = both()
    for feed, bid in ((0, 9_998), (1, 9_997)):
        at = START + 10 * MS
        made.checks[feed].quote(0, at, at, last_id=1, bid=(bid, 1), ask=(10_001, 1))
    assert [int(one.bid) for one in made.events if isinstance(one, Quote)] == [9_998]


def test_the_other_feed_confirms_what_one_doubts() -> None:
    """A crash that both feeds tell stands at its first print."""
    made = both()
    for feed in (0, 1):
        made.trade(feed, 10, 1)
    made.trade(0, 20, 2, price=7_000)
    assert made.ids() == [1]
    made.trade(1, 21, 2, price=7_000)
    made.trade(1, 22, 3, price=7_000)
    made.trade(1, 23, 4, price=7_000)
    assert made.ids() == [1, 2]
