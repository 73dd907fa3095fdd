# SPDX-License-Identifier: Apache-2.0
"""What becomes of each message: applied, or set aside under a name; and what follows from a broken book."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.domain.errors import BadInput
from bot4.domain.event import BOOK_DELTA, BOOK_SNAPSHOT, QUOTE, TRADE
from bot4.domain.values import SECOND_NS
from bot4.market.books.rules import FUTURES_RULE, PLAIN_RULE, SPOT_RULE, Change, JoinRule
from bot4.market.books.sync import HELD_MAX
from bot4.market.faults import FaultLog
from bot4.market.quality import Fates
from bot4.market.tick_tables import END, EVENT_NS, KIND, KNOWN_NS, LAST_ID, TickTable, join_tables
from bot4.market.tick_validation import TickCheck

START = 1_700_000_000 * SECOND_NS
MS = 1_000_000

pytestmark = pytest.mark.requirement("DATA_001/validation")


class Bench:
    """A check with its log and fates, and short words for messages."""

    def __init__(self, rule: JoinRule = PLAIN_RULE, *, strict: bool = False) -> None:
        self.log = FaultLog(["made up"], strict=strict)
        self.fates = Fates()
        self.check = TickCheck(0, rule, self.log, self.fates)
        self.given = 0

    def trade(self, ms: float, trade_id: int = -1, *, price: int = 100, lots: int = 1) -> None:
        """Give a trade."""
        self.given += 1
        at = START + int(ms * MS)
        self.check.trade(self.given, at, at + MS, trade_id=trade_id, side=1, price=price, lots=lots)

    def quote(self, ms: float, bid: int, ask: int) -> None:
        """Give a quote."""
        self.given += 1
        at = START + int(ms * MS)
        self.check.quote(self.given, at, at, last_id=self.given, bid=(bid, 1), ask=(ask, 1))

    def book(
        self,
        ms: float,
        ids: tuple[int, int, int],
        bids: Sequence[tuple[int, int]] = (),
        asks: Sequence[tuple[int, int]] = (),
        *,
        is_snapshot: bool = False,
    ) -> None:
        """Give a snapshot or a change of the book: first, last and previous id, and levels."""
        self.given += 1
        levels = [*bids, *asks]
        sides = [1] * len(bids) + [-1] * len(asks)
        at = START + int(ms * MS)
        change = Change(self.given, (at, at), ids, (sides, [p for p, _ in levels], [q for _, q in levels]))
        (self.check.snapshot if is_snapshot else self.check.delta)(change)

    def rest(self) -> TickTable:
        """Return everything given so far."""
        return join_tables([self.check.ready(), self.check.finish()])

    def counts(self) -> dict[str, int]:
        """Return the faults."""
        return self.log.report().counts


BOOK = {"bids": [(99, 5), (98, 5)], "asks": [(101, 5), (102, 5)]}


def kinds(table: TickTable) -> list[int]:
    """The kinds of a table's messages."""
    return [int(kind) for kind in table.messages[KIND]]


def is_empty(table: TickTable, k: int) -> bool:
    """Say whether message ``k`` has no rows."""
    return int(table.messages[END, k]) == int(table.begins()[k])


def test_messages_come_back_in_the_exchanges_order() -> None:
    """Overtaken by some milliseconds they are put in order, and counted."""
    bench = Bench()
    for ms in (10, 12, 11, 11, 40, 13):
        bench.trade(ms)
    table = bench.rest()
    assert [(int(at) - START) // MS for at in table.messages[EVENT_NS]] == [10, 11, 11, 12, 13, 40]
    assert bench.counts() == {"out_of_order": 3}
    assert (table.messages[KNOWN_NS] >= table.messages[EVENT_NS]).all()
    assert bench.fates.table() == {"trade": {"applied": 6}}


def test_a_message_behind_the_window_is_set_aside() -> None:
    """A second is the bound; nothing given away is contradicted later."""
    bench = Bench()
    bench.trade(5_000)
    bench.trade(4_000.5)
    bench.trade(4_000)
    bench.trade(3_000)
    assert bench.fates.table() == {"trade": {"applied": 2, "late": 2}}
    assert bench.counts()["late"] == 2
    assert len(bench.rest()) == 2


def test_what_cannot_be_a_trade_or_quote_is_set_aside() -> None:
    """Zero or negative prices and quantities, repeated ids, crossed quotes: each under its name."""
    bench = Bench()
    bench.trade(1, 7)
    bench.trade(2, 7)
    bench.trade(3, 6)
    bench.trade(4, 9)
    bench.trade(5, 10, price=0)
    bench.trade(6, 11, price=-5)
    bench.trade(7, 12, lots=0)
    bench.quote(8, 100, 101)
    bench.quote(9, 101, 101)
    bench.quote(10, 102, 101)
    bench.quote(11, 0, 101)
    assert bench.fates.table() == {
        "quote": {"applied": 1, "crossed_quote": 2, "not_positive": 1},
        "trade": {"applied": 2, "not_positive": 3, "repeated_trade": 2},
    }
    assert bench.counts()["trades_missing"] == 1
    assert kinds(bench.rest()) == [TRADE, TRADE, QUOTE]


def test_a_crossed_book_is_not_known_until_the_next_snapshot() -> None:
    """The change that crosses it is set aside, an empty snapshot says so, later changes wait; a snapshot ends it."""
    bench = Bench()
    bench.book(1, (10, 10, -1), **BOOK, is_snapshot=True)
    bench.book(2, (11, 11, -1), [(100, 1)])
    bench.book(3, (12, 12, -1), [(101, 1)])  # crosses: the ask at 101 still stands
    bench.book(4, (13, 13, -1), asks=[(103, 2)])
    bench.book(5, (13, 13, -1), **BOOK, is_snapshot=True)
    bench.book(6, (14, 14, -1), [(97, 3)])
    table = bench.rest()
    assert kinds(table) == [BOOK_SNAPSHOT, BOOK_DELTA, BOOK_SNAPSHOT, BOOK_SNAPSHOT, BOOK_DELTA]
    assert [is_empty(table, k) for k in range(5)] == [False, False, True, False, False]
    assert bench.fates.table() == {
        "delta": {"applied": 2, "covered": 1, "crossed_book": 1},
        "snapshot": {"applied": 2},
    }


def test_a_crossed_snapshot_is_no_book() -> None:
    """Nor is one with a price of zero."""
    bench = Bench()
    bench.book(1, (10, 10, -1), [(101, 1)], [(100, 1)], is_snapshot=True)
    bench.book(2, (11, 11, -1), [(0, 1)], [(100, 1)], is_snapshot=True)
    table = bench.rest()
    assert kinds(table) == [BOOK_SNAPSHOT] * 2
    assert all(is_empty(table, k) for k in range(2))
    assert bench.fates.table() == {"snapshot": {"bad_level": 1, "crossed_book": 1}}


def test_a_gap_waits_for_a_snapshot_and_takes_up_what_it_held() -> None:
    """The change after the gap and those that follow are held; the snapshot covers some and the rest continue it."""
    bench = Bench(SPOT_RULE)
    bench.book(1, (1, 10, -1), **BOOK, is_snapshot=True)
    bench.book(2, (9, 12, -1), [(97, 1)])
    bench.book(3, (15, 16, -1), [(96, 1)])  # 13 and 14 are missing
    bench.book(4, (17, 18, -1), [(95, 1)])
    bench.book(5, (19, 20, -1), [(94, 1)])
    bench.book(6, (17, 17, -1), **BOOK, is_snapshot=True)
    bench.book(7, (21, 22, -1), [(93, 1)])
    table = bench.rest()
    assert [int(one) for one in table.messages[LAST_ID]] == [10, 12, 16, 17, 18, 20, 22]
    assert [is_empty(table, k) for k in range(7)] == [False, False, True, False, False, False, False]
    assert bench.fates.table() == {"delta": {"applied": 4, "covered": 1}, "snapshot": {"applied": 2}}
    assert bench.counts()["sequence_gap"] == 1
    assert (table.messages[EVENT_NS][1:] >= table.messages[EVENT_NS][:-1]).all()


def test_without_a_snapshot_nothing_is_known_to_the_end() -> None:
    """Every change is counted as one of a book that is not known; only so many are held."""
    bench = Bench(FUTURES_RULE)
    for n in range(HELD_MAX + 10):
        bench.book(n / 10, (n, n, n - 1), [(99, 1)])
    assert len(bench.rest()) == 0
    assert bench.fates.table() == {"delta": {"no_book": HELD_MAX + 10}}


@pytest.mark.parametrize(
    ("rule", "changes", "applied"),
    [
        (SPOT_RULE, [(5, 9, -1), (10, 12, -1), (13, 13, -1)], 2),
        (SPOT_RULE, [(10, 10, -1), (11, 12, -1)], 1),
        (SPOT_RULE, [(12, 13, -1)], 0),
        (FUTURES_RULE, [(5, 9, 4), (9, 11, 9), (30, 31, 11), (40, 41, 31)], 3),
        (FUTURES_RULE, [(11, 12, 10)], 0),
        (FUTURES_RULE, [(10, 12, 9), (13, 14, 13)], 1),
        (PLAIN_RULE, [(11, 11, -1), (12, 12, -1), (14, 14, -1)], 2),
    ],
)
def test_the_venues_rules_of_joining(rule: JoinRule, changes: list[tuple[int, int, int]], applied: int) -> None:
    """After a snapshot numbered 10: which changes are covered, continue it, or show a gap."""
    bench = Bench(rule)
    bench.book(1, (10, 10, -1), **BOOK, is_snapshot=True)
    for n, ids in enumerate(changes):
        bench.book(2 + n, ids, [(97, 1)])
    bench.rest()
    assert bench.fates.counts["delta", "applied"] == applied


def test_a_strict_reading_ends_at_the_first_fault() -> None:
    """Faults that set something aside stop it; those that are normal in a recording do not."""
    bench = Bench(strict=True)
    bench.trade(10, 1)
    bench.trade(9, 2)
    bench.log.settle()
    bench.trade(11, 2)
    with pytest.raises(BadInput, match="repeated_trade"):
        bench.log.settle()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["trade", "quote", "delta", "snapshot"]),
            st.integers(-2_500, 400),
            st.integers(0, 6),
            st.integers(-1, 104),
            st.integers(-1, 3),
        ),
        max_size=60,
    ),
    st.sampled_from([SPOT_RULE, FUTURES_RULE, PLAIN_RULE]),
)
def test_every_message_has_one_fate_and_the_book_is_never_crossed(
    given_: list[tuple[str, int, int, int, int]], rule: JoinRule
) -> None:
    """Whatever comes in whatever order: all counted, stamps in order, and the levels given make no crossed book."""
    bench = Bench(rule)
    ms, number = 5_000, 0
    tables: list[TickTable] = []
    for kind, step, jump, price, lots in given_:
        ms += step
        number += jump
        if kind == "trade":
            bench.trade(ms, number, price=price, lots=lots)
        elif kind == "quote":
            bench.quote(ms, price, price + lots)
        else:
            levels = {"bids": [(price, lots)], "asks": [(price + 1, 1)]}
            bench.book(ms, (number, number, number - 1), **levels, is_snapshot=kind == "snapshot")
        if lots == 3:
            tables.append(bench.check.ready())
    table = join_tables([*tables, bench.rest()])
    assert sum(bench.fates.counts.values()) == bench.given
    assert (table.messages[EVENT_NS][1:] >= table.messages[EVENT_NS][:-1]).all()
    held: dict[int, dict[int, int]] = {1: {}, -1: {}}
    for k, begin in enumerate(table.begins().tolist()):
        if int(table.messages[KIND, k]) == BOOK_SNAPSHOT:
            held = {1: {}, -1: {}}
        if int(table.messages[KIND, k]) in (BOOK_SNAPSHOT, BOOK_DELTA):
            for side, level, count in table.rows[:, begin : int(table.messages[END, k])].T.tolist():
                held[side][level] = count
            bids, asks = ([p for p, q in held[side].items() if q] for side in (1, -1))
            assert not bids or not asks or max(bids) < min(asks)


def test_a_change_that_is_told_twice_is_no_gap() -> None:
    """The book has it: it is passed over and counted."""
    bench = Bench(SPOT_RULE)
    bench.book(1, (10, 10, -1), **BOOK, is_snapshot=True)
    for ms, ids in ((2, (11, 12, -1)), (3, (11, 12, -1)), (4, (13, 13, -1))):
        bench.book(ms, ids, [(97, 1)])
    assert bench.fates.table() == {"delta": {"applied": 2, "repeated_change": 1}, "snapshot": {"applied": 1}}
    assert "sequence_gap" not in bench.counts()


def test_a_snapshot_older_than_the_changes_held_is_set_aside() -> None:
    """There is a hole between them, so nothing is known; nor does an old one replace a book that is known."""
    bench = Bench(SPOT_RULE)
    bench.book(1, (20, 22, -1), [(97, 1)])
    bench.book(2, (10, 10, -1), **BOOK, is_snapshot=True)
    bench.book(3, (21, 21, -1), **BOOK, is_snapshot=True)
    bench.book(4, (15, 15, -1), **BOOK, is_snapshot=True)
    assert bench.fates.table() == {"delta": {"applied": 1}, "snapshot": {"applied": 1, "stale_snapshot": 2}}
