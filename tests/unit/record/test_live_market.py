# SPDX-License-Identifier: Apache-2.0
"""Live market data as records: every number comes back, in the published layout, and nothing else is a row."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.domain.errors import Corrupt, OurFault
from bot4.domain.event import BOOK_DELTA, BOOK_SNAPSHOT, TRADE, Event
from bot4.domain.marketdata import Bar, BookDelta, BookLevels, BookSnapshot, Quote, Trade
from bot4.domain.order import accepted
from bot4.domain.values import Lots, Nanos, Ticks
from bot4.record.decode import decode
from bot4.record.format import Record, frame_record
from bot4.record.live_market import LEVELS_MAX, begin_record, row_event, row_record
from bot4.record.reader import holds_record, read_records

WHOLE = st.integers(-(1 << 63), (1 << 63) - 1)


@st.composite
def rows(draw: st.DrawFn) -> Event:
    """Draw a piece of market data; a book is a range of columns that hold more."""
    a, b, c, d, e, f, g, h = (draw(WHOLE) for _ in range(8))
    kind = draw(st.integers(0, 4))
    if kind == 0:
        return Bar(Nanos(a), b, Nanos(c), Ticks(d), Ticks(e), Ticks(f), Ticks(g), Lots(h))
    if kind == 1:
        return Trade(Nanos(a), Nanos(b), c, d, e, Ticks(f), Lots(g))
    if kind == 2:
        return Quote(Nanos(a), Nanos(b), c, Ticks(d), Lots(e), Ticks(f), Lots(g))
    levels = draw(st.lists(st.tuples(WHOLE, WHOLE, WHOLE), max_size=6))
    begin = draw(st.integers(0, len(levels)))
    end = draw(st.integers(begin, len(levels)))
    columns = [b"".join(struct.pack("<q", level[place]) for level in levels) for place in range(3)]
    make = BookSnapshot if kind == BOOK_SNAPSHOT else BookDelta
    return make(Nanos(a), Nanos(b), c, d, e, begin, end, *columns)


@pytest.mark.requirement("I-10")
@given(rows())
def test_a_row_comes_back_as_the_event_it_was(event: Event) -> None:
    """The class, every number of it, and the same bytes when it is written again."""
    raw = row_record(event)
    [record] = read_records([raw], "rows")
    again = row_event(record, "rows")
    assert type(again) is type(event)
    assert row_record(again) == raw
    told = decode(record)
    if isinstance(event, BookLevels):
        levels = told.pop("levels")
        assert isinstance(levels, list)
        assert len(levels) == event.end - event.begin
        for number, level in enumerate(levels, int(event.begin)):
            columns = (event.sides, event.prices, event.lots)
            wanted = [struct.unpack_from("<q", column, 8 * number)[0] for column in columns]
            assert list(level.values()) == wanted
    for name, value in told.items():
        assert getattr(event, name) == getattr(again, name) == value


def test_what_is_no_row_is_refused() -> None:
    """Another kind, another length, a bar known at another moment than its end, a book of too many levels."""
    book = struct.pack("<4q", 0, 1, 1, 2) + bytes(24)
    for kind, payload in ((TRADE, bytes(41)), (TRADE, bytes(39)), (BOOK_DELTA, book), (7, bytes(40)), (0, bytes(56))):
        with pytest.raises(Corrupt, match="no row of market data"):
            row_event(Record(frame_record(kind, payload, 1, 2), 0), "rows")
    with pytest.raises(OurFault, match="no market data"):
        row_record(accepted(Nanos(1), Nanos(1), 1, 0))
    column = bytes(8 * (LEVELS_MAX + 1))
    with pytest.raises(OurFault, match="levels"):
        row_record(BookDelta(Nanos(1), Nanos(1), 0, 1, 1, 0, LEVELS_MAX + 1, column, column, column))


@given(rows())
def test_a_whole_row_behind_damage_is_seen(event: Event) -> None:
    """So that what stands before it is damage and no torn tail; and the record that names the run is one too."""
    assert holds_record([b"\xff" * 9 + row_record(event)])
    assert holds_record([b"\xff" * 9 + begin_record("ab" * 32)])
