# SPDX-License-Identifier: Apache-2.0
"""Live market data as records: what a run was fed, in the journal's own frame, in a file beside it.

The first record names the run; each later one is a row, and its number is its
place. What the journal says of rows it says by these numbers, and by the SHA-256
of batches of them.
"""

from struct import Struct
from typing import Final

from bot4.domain.errors import Corrupt, OurFault
from bot4.domain.event import BAR, BOOK_DELTA, BOOK_SNAPSHOT, QUOTE, TRADE, Event
from bot4.domain.marketdata import Bar, BookDelta, BookLevels, BookSnapshot, Quote, Trade
from bot4.domain.values import Lots, Nanos, Ticks
from bot4.record.format import MARKET_DATA, PAYLOAD_BYTES_MAX, Record, frame_record

BATCH_ROWS: Final = 4096
"""So many rows are sealed at once; by count, so that the journal's bytes depend on no timer."""

ROW_KINDS: Final = (BAR, TRADE, QUOTE, BOOK_SNAPSHOT, BOOK_DELTA)

BARS: Final = Struct("<7q")
TRADES: Final = Struct("<5q")
QUOTES: Final = Struct("<5q")
BOOKS: Final = Struct("<4q")
LEVEL_BYTES: Final = 24
LEVELS_MAX: Final = (PAYLOAD_BYTES_MAX - BOOKS.size) // LEVEL_BYTES


def begin_record(run: str) -> bytes:
    """Return the first record of the file: whose data it is. ``run`` has 64 hex characters."""
    return frame_record(MARKET_DATA, bytes.fromhex(run), 0, 0)


def row_record(event: Event) -> bytes:
    """Return one piece of market data as a record.

    Raises
    ------
    OurFault
        If the event is none that a run is fed, or a book of more than ``LEVELS_MAX`` levels.
    """
    if isinstance(event, Bar):
        payload = BARS.pack(
            event.instrument, event.open_ns, event.open, event.high, event.low, event.close, event.volume
        )
    elif isinstance(event, Trade):
        payload = TRADES.pack(event.instrument, event.trade_id, event.side, event.price, event.lots)
    elif isinstance(event, Quote):
        payload = QUOTES.pack(event.instrument, event.bid, event.bid_lots, event.ask, event.ask_lots)
    elif isinstance(event, BookLevels):
        payload = _book_payload(event)
    else:
        raise OurFault(f"event kind {int(event.kind)} is no market data that a run is fed")
    return frame_record(int(event.kind), payload, int(event.ts_event_ns), int(event.ts_known_ns))


def _book_payload(book: BookLevels) -> bytes:
    """Return a book's numbers and its levels: side, price and lots of one after those of the other."""
    count = int(book.end - book.begin)
    if count > LEVELS_MAX:
        raise OurFault(f"a book of {count} levels; a record holds {LEVELS_MAX}")
    columns = Struct(f"<{count}q")
    levels = [0] * (3 * count)
    for place, column in enumerate((book.sides, book.prices, book.lots)):
        levels[place::3] = columns.unpack_from(column, 8 * int(book.begin))
    return BOOKS.pack(book.instrument, book.first_id, book.last_id, count) + Struct(f"<{3 * count}q").pack(*levels)


def row_event(record: Record, place: str) -> Event:
    """Return a row as the event it was.

    Raises
    ------
    Corrupt
        If the record is no row, or its bytes do not fit its kind.
    """
    payload = record.payload
    event_ns = Nanos(record.ts_event_ns)
    known_ns = Nanos(record.ts_known_ns)
    if record.kind == BAR and len(payload) == BARS.size and event_ns == known_ns:
        instrument, open_ns, open_, high, low, close, volume = BARS.unpack(payload)
        prices = (Ticks(open_), Ticks(high), Ticks(low), Ticks(close))
        return Bar(known_ns, instrument, Nanos(open_ns), *prices, Lots(volume))
    if record.kind == TRADE and len(payload) == TRADES.size:
        instrument, trade_id, side, price, lots = TRADES.unpack(payload)
        return Trade(event_ns, known_ns, instrument, trade_id, side, Ticks(price), Lots(lots))
    if record.kind == QUOTE and len(payload) == QUOTES.size:
        instrument, bid, bid_lots, ask, ask_lots = QUOTES.unpack(payload)
        return Quote(event_ns, known_ns, instrument, Ticks(bid), Lots(bid_lots), Ticks(ask), Lots(ask_lots))
    if record.kind in (BOOK_SNAPSHOT, BOOK_DELTA) and len(payload) >= BOOKS.size:
        instrument, first_id, last_id, count = BOOKS.unpack_from(payload)
        if len(payload) == BOOKS.size + LEVEL_BYTES * count:
            levels = Struct(f"<{3 * count}q").unpack_from(payload, BOOKS.size)
            column = Struct(f"<{count}q")
            sides, prices_, lots_ = (column.pack(*levels[place::3]) for place in range(3))
            make = BookSnapshot if record.kind == BOOK_SNAPSHOT else BookDelta
            return make(event_ns, known_ns, instrument, first_id, last_id, 0, count, sides, prices_, lots_)
    raise Corrupt(
        place,
        record.offset,
        f"a record of kind {record.kind} with {len(payload)} bytes that is no row of market data",
        "bars, trades, quotes and books as schema/journal.json tells",
        "Read it with the bot4 that wrote it.",
    )
