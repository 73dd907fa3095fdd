# SPDX-License-Identifier: Apache-2.0
"""Validated ticks as bytes: messages of every kind, and the rows of prices and quantities they hold.

One block is a piece of the run's merged tick stream, in the order of the exchange's
clock. A *message* is one trade, quote, snapshot or change of the book; its *rows* are
consecutive: one for a trade, bid then ask for a quote, one for each level of a book.
Columns are little-endian int64 in bytes, so that compiled code reads them at the cost
of a load and events of books share them without a copy.
"""

from typing import Final, final

from librt.strings import read_i64_le
from mypy_extensions import i64

from bot4.domain.errors import OurFault
from bot4.domain.event import BOOK_DELTA, BOOK_SNAPSHOT, QUOTE, TRADE, Event
from bot4.domain.marketdata import BookDelta, BookSnapshot, Quote, Trade
from bot4.domain.values import Lots, Nanos, Ticks

MESSAGES_MAX: Final = 16_384
"""No block holds more messages."""

ROWS_MAX: Final = 262_144
"""No block holds more rows, unless one message alone does."""

MESSAGE_COLUMNS: Final = ("kind", "instrument", "ts_event", "ts_known", "first_id", "last_id", "end")
ROW_COLUMNS: Final = ("side", "price", "lots")

KIND_NAMES: Final = {TRADE: "trade", QUOTE: "quote", BOOK_SNAPSHOT: "book_snapshot", BOOK_DELTA: "book_delta"}


@final
class TickBlock:
    """Hold up to ``MESSAGES_MAX`` messages of a tick stream.

    Parameters
    ----------
    kinds, instruments : bytes
        One int64 a message: an event kind, an index into the run's instruments.
    event_ns, known_ns : bytes
        The exchange's clock, never stepping back within a stream; and when the
        recorder had the message, not before it happened.
    first_ids, last_ids : bytes
        The venue's numbers a message covers; a trade's id is its ``last_id``.
    ends : bytes
        The row after each message's last; a message begins where the one before ended.
    sides, prices, lots : bytes
        One int64 a row: +1 bid or bought, -1 ask or sold, 0 not told; ticks; lots.
    """

    __slots__ = (
        "size",
        "kinds",
        "instruments",
        "event_ns",
        "known_ns",
        "first_ids",
        "last_ids",
        "ends",
        "sides",
        "prices",
        "lots",
    )

    def __init__(
        self,
        *,
        kinds: bytes,
        instruments: bytes,
        event_ns: bytes,
        known_ns: bytes,
        first_ids: bytes,
        last_ids: bytes,
        ends: bytes,
        sides: bytes,
        prices: bytes,
        lots: bytes,
    ) -> None:
        self.size: i64 = len(kinds) // 8
        self.kinds = kinds
        self.instruments = instruments
        self.event_ns = event_ns
        self.known_ns = known_ns
        self.first_ids = first_ids
        self.last_ids = last_ids
        self.ends = ends
        self.sides = sides
        self.prices = prices
        self.lots = lots

    def __len__(self) -> int:
        return int(self.size)

    def at_ns(self, k: i64) -> Nanos:
        """Return the exchange's stamp of message ``k``."""
        return Nanos(read_i64_le(self.event_ns, 8 * k))

    def recorded_ns(self, k: i64) -> Nanos:
        """Return when the recorder had message ``k``."""
        return Nanos(read_i64_le(self.known_ns, 8 * k))

    def event(self, k: i64, known_ns: Nanos) -> Event:
        """Return message ``k`` as the event that is known to us at ``known_ns``.

        Raises
        ------
        OurFault
            If its kind is none of market data.
        """
        at = 8 * k
        kind = read_i64_le(self.kinds, at)
        instrument = read_i64_le(self.instruments, at)
        ts = Nanos(read_i64_le(self.event_ns, at))
        begin: i64 = read_i64_le(self.ends, at - 8) if k > 0 else 0
        row = 8 * begin
        if kind == TRADE:
            return Trade(
                ts,
                known_ns,
                instrument,
                read_i64_le(self.last_ids, at),
                read_i64_le(self.sides, row),
                Ticks(read_i64_le(self.prices, row)),
                Lots(read_i64_le(self.lots, row)),
            )
        if kind == QUOTE:
            return Quote(
                ts,
                known_ns,
                instrument,
                Ticks(read_i64_le(self.prices, row)),
                Lots(read_i64_le(self.lots, row)),
                Ticks(read_i64_le(self.prices, row + 8)),
                Lots(read_i64_le(self.lots, row + 8)),
            )
        first = read_i64_le(self.first_ids, at)
        last = read_i64_le(self.last_ids, at)
        end = read_i64_le(self.ends, at)
        if kind == BOOK_DELTA:
            return BookDelta(ts, known_ns, instrument, first, last, begin, end, self.sides, self.prices, self.lots)
        if kind == BOOK_SNAPSHOT:
            return BookSnapshot(ts, known_ns, instrument, first, last, begin, end, self.sides, self.prices, self.lots)
        raise OurFault(f"event kind {int(kind)} is no market data")
