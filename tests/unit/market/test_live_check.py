# SPDX-License-Identifier: Apache-2.0
"""Messages of a feed as they come: handed on at once or set aside, each counted once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.domain.event import BAR, BOOK_DELTA, BOOK_SNAPSHOT, QUOTE, TRADE
from bot4.domain.marketdata import Bar, BookSnapshot, Quote, Trade
from bot4.domain.values import SECOND_NS
from bot4.market.books.rules import SPOT_RULE, Change
from bot4.market.faults import BOOK_OFF_TICK
from bot4.market.live.arrivals import STALE_NS
from bot4.market.live.numbers import REPEATS_MAX
from bot4.market.live.outliers import HOLD_NS
from tests.unit.market.live_feeds import MS, START, Watched, columns, ints

pytestmark = pytest.mark.requirement("DATA_001/validation", "FLOW_001")


class Feed(Watched):
    """Short words for messages; times in ms after the start."""

    def trade(self, ms: float, trade_id: int = -1, *, price: int = 10_000, lots: int = 1, lag: float = 1.0) -> None:
        """Give a trade, received ``lag`` ms after it happened."""
        at = START + int(ms * MS)
        self.check.trade(0, at, at + int(lag * MS), trade_id=trade_id, side=1, price=price, lots=lots)

    def quote(self, ms: float, bid: int = 9_999, ask: int = 10_001, *, last_id: int = -1, lag: float = 0.0) -> None:
        """Give a quote."""
        at = START + int(ms * MS)
        self.check.quote(0, at, at + int(lag * MS), last_id=last_id, bid=(bid, 1), ask=(ask, 1))

    def prices(self) -> list[int]:
        """The prices of the trades that came out."""
        return [int(one.price) for one in self.events if isinstance(one, Trade)]


def change(ms: float, ids: tuple[int, int, int], levels: tuple[list[int], list[int], list[int]]) -> Change:
    """A message about a book."""
    at = START + int(ms * MS)
    return Change(0, (at, at + MS), ids, levels)


BOOK = ([1, -1], [9_999, 10_001], [5, 5])


def test_good_messages_come_out_at_once_and_whole() -> None:
    """A trade, a quote, a bar, a book and its change, with both clocks, in ticks and lots."""
    feed = Feed()
    feed.trade(1, 7, price=10_000, lots=3)
    feed.quote(2, 9_998, 10_002)
    feed.check.bar(0, START, START + 60 * SECOND_NS, prices=(10, 12, 9, 11), lots=4)
    feed.check.snapshot(change(61_000, (10, 10, -1), BOOK))
    feed.check.delta(change(61_001, (11, 12, -1), ([1], [9_998], [2])))
    assert [int(event.kind) for event in feed.events] == [TRADE, QUOTE, BAR, BOOK_SNAPSHOT, BOOK_DELTA]
    trade, quote, bar, snapshot, delta = feed.events
    assert isinstance(trade, Trade) and isinstance(quote, Quote) and isinstance(bar, Bar)
    assert ints(trade.trade_id, trade.side, trade.price, trade.lots) == (7, 1, 10_000, 3)
    assert ints(trade.ts_event_ns, trade.ts_known_ns) == (START + MS, START + 2 * MS)
    assert ints(quote.bid, quote.ask) == (9_998, 10_002)
    assert ints(bar.open_ns, bar.open, bar.high, bar.low, bar.close, bar.volume) == (START, 10, 12, 9, 11, 4)
    assert columns(snapshot) == BOOK  # type: ignore[arg-type]
    assert columns(delta) == ([1], [9_998], [2])  # type: ignore[arg-type]
    assert feed.fates() == {kind: {"applied": 1} for kind in ("bar", "delta", "quote", "snapshot", "trade")}


def test_what_cannot_be_is_set_aside_under_its_name() -> None:
    """Nothing of it comes out."""
    feed = Feed()
    feed.trade(1, price=0)
    feed.trade(2, lots=0)
    feed.trade(3, price=1 << 40)
    feed.quote(4, 0, 5)
    feed.quote(5, 10_001, 10_001)
    feed.check.bar(0, START, START, prices=(10, 9, 8, 10), lots=1)
    feed.check.snapshot(change(7, (1, 1, -1), ([1], [0], [1])))
    feed.check.delta(change(8, (1, 1, -1), ([1], [5], [-1])))
    feed.check.broken("delta", BOOK_OFF_TICK, change(9, (1, 1, -1), ([], [], [])), "")
    assert feed.events == []
    assert feed.fates() == {
        "bar": {"not_positive": 1},
        "delta": {"bad_level": 1, "book_off_tick": 1},
        "quote": {"crossed_quote": 1, "not_positive": 1},
        "snapshot": {"bad_level": 1},
        "trade": {"not_positive": 3},
    }


def test_repetitions_are_dropped_and_missing_numbers_told() -> None:
    """As two connections that overlap give them."""
    feed = Feed()
    for trade_id in (5, 6, 6, 5, 9):
        feed.trade(trade_id, trade_id)
    for last_id in (5, 7, 7, 6, 8):
        feed.quote(10 + last_id, last_id=last_id)
    assert feed.fates() == {
        "quote": {"applied": 3, "repeated_quote": 2},
        "trade": {"applied": 3, "repeated_trade": 2},
    }
    assert feed.quality.faults["trades_missing"] == 1


def test_a_venue_that_counts_anew_is_heard_again() -> None:
    """After so many old numbers in a row that no overlap explains them."""
    feed = Feed()
    feed.trade(0, 10_000_000)
    for n in range(1, REPEATS_MAX + 3):
        feed.trade(n, n)
    assert feed.fates()["trade"] == {"applied": 3, "repeated_trade": REPEATS_MAX}


def test_what_comes_late_is_used_but_the_feed_is_not_fresh() -> None:
    """Half a second is the bound; a late quote is no longer so and is not used."""
    feed = Feed()
    bound_ms = STALE_NS / MS
    feed.check.snapshot(change(0, (10, 10, -1), BOOK))
    feed.trade(1, lag=bound_ms)
    assert feed.check.is_usable(START + int((1 + bound_ms) * MS), SECOND_NS)
    feed.trade(2, lag=bound_ms + 0.001)
    feed.quote(3, lag=bound_ms + 0.001)
    assert not feed.check.is_usable(START + int((3 + bound_ms) * MS), SECOND_NS)
    assert feed.fates()["trade"] == {"applied": 2}
    assert feed.fates()["quote"] == {"stale_quote": 1}
    assert feed.quality.faults["stale"] == 2
    feed.trade(510, lag=1)
    assert feed.check.is_usable(START + 512 * MS, SECOND_NS)


def test_silence_makes_a_feed_unusable() -> None:
    """For as long as the caller allows an instrument to be silent."""
    feed = Feed()
    feed.check.snapshot(change(0, (10, 10, -1), BOOK))
    assert feed.check.is_usable(START + MS + SECOND_NS, SECOND_NS)
    assert not feed.check.is_usable(START + MS + SECOND_NS + 1, SECOND_NS)
    assert not Feed().check.is_usable(START, SECOND_NS)


@given(st.lists(st.tuples(st.sampled_from(["trade", "quote"]), st.integers(-900, 900), st.integers(-300, 900))))
def test_clocks_that_step_back_never_come_out(steps: list[tuple[str, int, int]]) -> None:
    """Of each kind, event and known time only rise, and nothing is known before it happened."""
    feed = Feed()
    ms = 5_000
    for kind, step, lag in steps:
        ms += step
        (feed.trade if kind == "trade" else feed.quote)(ms, lag=lag)
    for number in (TRADE, QUOTE):
        stamps = [(int(one.ts_event_ns), int(one.ts_known_ns)) for one in feed.events if one.kind == number]
        assert [at for at, _ in stamps] == sorted(at for at, _ in stamps)
        assert all(at <= known for at, known in stamps)
    assert feed.quality.fates().total() + feed.check.waiting == len(steps)


def test_a_stamp_far_ahead_holds_back_no_honest_one() -> None:
    """An hour ahead is no clock's: such a message happened when it came."""
    feed = Feed()
    feed.trade(10, 1, lag=-3_600_000)
    for n in range(2, 5):
        feed.trade(3_700_000 + n, n)
    stamps = [(int(one.ts_event_ns) - START) // MS for one in feed.events]
    assert stamps == [10 - 3_600_000, 3_700_002, 3_700_003, 3_700_004]
    assert feed.quality.faults == {"stamp_ahead": 1}


def test_quantities_and_prices_beyond_every_bound_are_set_aside() -> None:
    """They would not fit the events."""
    feed = Feed()
    feed.check.quote(0, START, START, last_id=1, bid=(1, 1 << 70), ask=(2, 1))
    feed.check.quote(0, START, START, last_id=2, bid=(1, 1), ask=(1 << 70, 1))
    feed.check.trade(0, START, START, trade_id=1, side=1, price=1, lots=1 << 70)
    assert feed.fates() == {"quote": {"not_positive": 2}, "trade": {"not_positive": 1}}


def test_a_book_that_breaks_is_said_to_be_lost_until_it_is_whole() -> None:
    """Crossed, with a level that cannot be, or off the tick: an empty snapshot each time, and once."""
    feed = Feed()
    for last_id, broken in ((10, "crossed"), (20, "level"), (30, "tick")):
        feed.check.snapshot(change(last_id, (last_id, last_id, -1), BOOK))
        ids = (last_id + 1, last_id + 1, -1)
        if broken == "crossed":
            feed.check.delta(change(last_id + 1, ids, ([1], [10_001], [1])))
        elif broken == "level":
            feed.check.delta(change(last_id + 1, ids, ([1], [0], [1])))
        else:
            feed.check.broken("delta", BOOK_OFF_TICK, change(last_id + 1, ids, ([], [], [])), "")
        last = feed.events[-1]
        assert isinstance(last, BookSnapshot) and columns(last) == ([], [], [])
        assert not feed.check.book.sync.is_known
    assert [int(event.kind) for event in feed.events] == [BOOK_SNAPSHOT] * 6
    assert (feed.quality.gaps, feed.quality.resyncs) == (3, 2)


def test_how_long_a_book_was_lost_is_measured() -> None:
    """From the moment it broke to the moment it was whole."""
    feed = Feed()
    feed.check.snapshot(change(0, (10, 10, -1), BOOK))
    feed.check.delta(change(1_000, (20, 20, -1), ([1], [9_990], [1])))
    feed.check.snapshot(change(3_500, (20, 20, -1), BOOK))
    assert feed.quality.resync_ns_max == 2_500 * MS
    assert feed.quality.figures()["resyncs"] == 1


def test_a_spike_that_nobody_else_saw_is_set_aside() -> None:
    """A print far away, then the old price again."""
    feed = Feed()
    for ms in range(5):
        feed.trade(ms)
    feed.trade(10, price=7_000)
    feed.trade(11)
    assert feed.prices() == [10_000] * 6
    assert feed.fates()["trade"] == {"applied": 6, "spike": 1}


def test_a_crash_told_by_several_prints_stands_whole() -> None:
    """Every print of it comes out, none is lost, those that were held are known when they came out."""
    feed = Feed()
    feed.trade(0)
    for n, price in enumerate((7_000, 7_010, 6_990, 6_950)):
        feed.trade(10 + n, price=price)
    assert feed.prices() == [10_000, 7_000, 7_010, 6_990, 6_950]
    assert feed.fates()["trade"] == {"applied": 5}
    known = [int(one.ts_known_ns) for one in feed.events]
    assert known == sorted(known)


def test_a_crash_told_by_quote_and_print_stands() -> None:
    """Two witnesses are enough, in either order."""
    for first in ("trade", "quote"):
        feed = Feed()
        feed.trade(0)
        feed.quote(0)
        if first == "trade":
            feed.trade(10, price=7_000)
            feed.quote(11, 6_999, 7_001)
        else:
            feed.quote(10, 6_999, 7_001)
            feed.trade(11, price=7_000)
        assert feed.prices() == [10_000, 7_000]
        assert feed.fates() == {"quote": {"applied": 2}, "trade": {"applied": 2}}


def test_a_crash_that_nothing_refutes_stands_after_a_while() -> None:
    """A quiet market may print once and no more; whoever watches the time gets it."""
    feed = Feed()
    feed.trade(0)
    feed.trade(10, price=7_000)
    feed.check.settle(START + 11 * MS + HOLD_NS - 1)
    assert feed.prices() == [10_000]
    feed.check.settle(START + 11 * MS + HOLD_NS)
    assert feed.prices() == [10_000, 7_000]
    assert feed.quality.faults["confirmed"] == 1


def test_a_quote_that_comes_later_tells_that_time_has_passed() -> None:
    """Even one at the old price, which refutes no print: after a second the print stands."""
    feed = Feed()
    feed.trade(0)
    feed.trade(10, price=7_000)
    feed.quote(900)
    assert feed.prices() == [10_000]
    feed.quote(11 + HOLD_NS / MS)
    assert feed.prices() == [10_000, 7_000]


def test_the_other_feed_confirms_a_crash() -> None:
    """Its price is enough, if it is near."""
    feed = Feed()
    feed.trade(0)
    feed.trade(10, price=7_000)
    feed.check.witness(9_900, START + 12 * MS)
    assert feed.prices() == [10_000]
    feed.check.witness(7_050, START + 12 * MS)
    assert feed.prices() == [10_000, 7_000]


@given(
    st.lists(
        st.tuples(st.sampled_from(["trade", "quote"]), st.integers(5_000, 20_000), st.integers(0, 400)), max_size=60
    )
)
def test_every_message_has_one_fate_and_prints_keep_their_order(told: list[tuple[str, int, int]]) -> None:
    """Whatever the prices do, what comes out came in, in its order, and the rest is counted as spikes."""
    feed = Feed(SPOT_RULE)
    ms = 0
    for n, (kind, price, step) in enumerate(told):
        ms += step
        if kind == "trade":
            feed.trade(ms, n, price=price)
        else:
            feed.quote(ms, price, price + 2, last_id=n)
    feed.check.settle(START + ms * MS + 2 * HOLD_NS)
    assert feed.check.waiting == 0
    assert feed.quality.fates().total() == len(told)
    numbers = [int(one.trade_id) for one in feed.events if isinstance(one, Trade)]
    assert numbers == sorted(set(numbers))
    spikes = feed.fates().get("trade", {}).get("spike", 0)
    assert len(numbers) + spikes == sum(kind == "trade" for kind, _, _ in told)
