# SPDX-License-Identifier: Apache-2.0
"""Tables of ticks against plain lists: cut, joined, reordered, merged, and read back as events."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.domain.errors import OurFault
from bot4.domain.event import BOOK_DELTA, BOOK_SNAPSHOT, QUOTE, TRADE, Event
from bot4.domain.marketdata import BookLevels, Quote, Trade
from bot4.domain.tick_block import TickBlock
from bot4.domain.values import Nanos
from bot4.market import tick_tables
from bot4.market.tick_tables import TickTable, cut_tables, empty_table, join_tables, merge_tables
from bot4.market.tick_validation import as_table

Plain = tuple[int, int, tuple[tuple[int, int, int], ...]]
"""A message: stamp, number, rows."""

ROWS = st.lists(st.tuples(st.sampled_from([1, -1]), st.integers(1, 99), st.integers(0, 9)), max_size=4)


@st.composite
def messages(draw: st.DrawFn, begin: int = 0) -> list[Plain]:
    """Draw messages in the order of their stamps; equal stamps are common."""
    steps = draw(st.lists(st.integers(0, 3), max_size=12))
    stamps = np.cumsum([0, *steps])[1:].tolist()
    return [(stamp, begin + i, tuple(draw(ROWS))) for i, stamp in enumerate(stamps)]


def table_of(plain: Sequence[Plain], instrument: int = 0) -> TickTable:
    """Make a table of changes of a book."""
    if not plain:
        return empty_table()
    waiting = [
        (
            at,
            0,
            BOOK_DELTA,
            at,
            number,
            number,
            *(list(column) for column in (zip(*rows, strict=True) if rows else ([], [], []))),
        )
        for at, number, rows in plain
    ]
    return as_table(instrument, waiting)  # type: ignore[arg-type]  # the star hides three lists


def plain_of(tables: Sequence[TickTable]) -> list[Plain]:
    """Read tables back."""
    out: list[Plain] = []
    for table in tables:
        for k, begin in enumerate(table.begins().tolist()):
            rows = table.rows[:, begin : int(table.messages[tick_tables.END, k])]
            at, number = int(table.messages[tick_tables.EVENT_NS, k]), int(table.messages[tick_tables.LAST_ID, k])
            out.append((at, number, tuple((int(s), int(p), int(q)) for s, p, q in rows.T)))
    return out


@given(messages(), st.data())
def test_a_table_cut_and_joined_is_the_same(plain: list[Plain], data: st.DataObject) -> None:
    """Wherever it is cut, and in whatever order its messages are taken."""
    table = table_of(plain)
    at = data.draw(st.integers(0, len(plain)))
    parts = [table.cut(0, at), table.cut(at, len(table))]
    assert plain_of(parts) == plain
    assert plain_of([join_tables(parts)]) == plain
    order = data.draw(st.permutations(range(len(plain))))
    assert plain_of([table.take(np.array(order, dtype=np.int64))]) == [plain[i] for i in order]


@given(messages(), st.data())
def test_blocks_do_not_depend_on_how_a_stream_was_cut(plain: list[Plain], data: st.DataObject) -> None:
    """Full blocks but for the last, the same messages in the same order."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(plain)), max_size=4)))
    pieces = [table_of(plain[a:b]) for a, b in pairwise([0, *cuts, len(plain)])]
    blocks = list(cut_tables(pieces, 4))
    assert plain_of(blocks) == plain
    assert [len(one) for one in blocks[:-1]] == [4] * (len(blocks) - 1)


@given(st.lists(messages(), min_size=1, max_size=3), st.data())
def test_streams_are_merged_by_stamp_then_by_stream(streams: list[list[Plain]], data: st.DataObject) -> None:
    """Against sorting everything at once."""
    named = [[(at, 100 * i + n, rows) for at, n, rows in plain] for i, plain in enumerate(streams)]
    pieces: list[list[TickTable]] = []
    for plain in named:
        at = data.draw(st.integers(0, len(plain)))
        pieces.append([table for table in (table_of(plain[:at]), table_of(plain[at:])) if len(table)])
    wanted = sorted((one for plain in named for one in plain), key=lambda one: (one[0], one[1] // 100))
    assert plain_of(list(merge_tables(pieces))) == wanted


def test_a_stream_that_steps_back_is_our_fault() -> None:
    """Readers put their files in order; merging relies on it."""
    streams = [[table_of([(5, 0, ())]), table_of([(3, 1, ())])], [table_of([(9, 2, ())])]]
    with pytest.raises(OurFault, match="steps back"):
        list(merge_tables(streams))


def test_messages_become_events_of_their_kind() -> None:
    """A trade, a quote, a snapshot and a change of the book, with both clocks and the known time asked for."""
    waiting = [
        (10, 0, TRADE, 12, 7, 7, [-1], [500], [3]),
        (11, 1, QUOTE, 12, 8, 8, [1, -1], [499, 501], [20, 30]),
        (12, 2, BOOK_SNAPSHOT, 12, 9, 9, [1, -1], [498, 502], [4, 5]),
        (13, 3, BOOK_DELTA, 20, 10, 12, [1], [498], [0]),
        (14, 4, BOOK_SNAPSHOT, 20, 13, 13, [], [], []),
    ]
    block: TickBlock = as_table(2, waiting).block()
    events: list[Event] = [block.event(k, Nanos(100 + k)) for k in range(len(block))]
    assert [int(one.kind) for one in events] == [TRADE, QUOTE, BOOK_SNAPSHOT, BOOK_DELTA, BOOK_SNAPSHOT]
    assert [(int(one.ts_event_ns), int(one.ts_known_ns)) for one in events] == [(10 + k, 100 + k) for k in range(5)]
    trade, quote = events[0], events[1]
    assert isinstance(trade, Trade) and isinstance(quote, Quote)
    told = [trade.trade_id, trade.side, trade.price, trade.lots, trade.instrument]
    assert list(map(int, told)) == [7, -1, 500, 3, 2]
    assert list(map(int, [quote.bid, quote.bid_lots, quote.ask, quote.ask_lots])) == [499, 20, 501, 30]
    books = [one for one in events if isinstance(one, BookLevels)]
    assert [(int(one.first_id), int(one.last_id)) for one in books] == [(9, 9), (10, 12), (13, 13)]
    levels = [
        [int.from_bytes(one.prices[8 * k : 8 * k + 8], "little") for k in range(one.begin, one.end)] for one in books
    ]
    assert levels == [[498, 502], [498], []]
    assert [int(block.recorded_ns(k)) for k in range(5)] == [12, 12, 12, 20, 20]
