# SPDX-License-Identifier: Apache-2.0
"""From arrays to blocks of ticks: joined, cut to bounded size, and merged by the exchange's clock.

A :class:`TickTable` is what readers, generators and stores hand about: the columns of
:class:`bot4.market.ticks.TickBlock` as int64 arrays.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, final

import numpy as np

from bot4.domain.errors import OurFault
from bot4.domain.tick_block import MESSAGES_MAX, ROWS_MAX, TickBlock
from bot4.market.bars import Ints

KIND: Final = 0
INSTRUMENT: Final = 1
EVENT_NS: Final = 2
KNOWN_NS: Final = 3
FIRST_ID: Final = 4
LAST_ID: Final = 5
END: Final = 6
MESSAGE_WIDTH: Final = 7
ROW_WIDTH: Final = 3


@final
class TickTable:
    """Hold messages, int64 of shape (7, n), and their rows, int64 of shape (3, m); ``m`` is the last ``END``.

    The order of columns is that of ``MESSAGE_COLUMNS`` and ``ROW_COLUMNS``.
    """

    __slots__ = ("messages", "rows")

    def __init__(self, messages: Ints, rows: Ints) -> None:
        self.messages = messages
        self.rows = rows

    def __len__(self) -> int:
        return int(self.messages.shape[1])

    def begins(self) -> Ints:
        """Return each message's first row."""
        begins = np.zeros(len(self), dtype=np.int64)
        begins[1:] = self.messages[END, :-1]
        return begins

    def cut(self, begin: int, end: int) -> "TickTable":
        """Return the messages from ``begin`` up to ``end``, with their rows counted anew from 0."""
        first = int(self.messages[END, begin - 1]) if begin else 0
        last = int(self.messages[END, end - 1]) if end else 0
        messages = self.messages[:, begin:end].copy()
        messages[END] -= first
        return TickTable(messages, self.rows[:, first:last])

    def take(self, order: Ints) -> "TickTable":
        """Return the messages in another order, each with its rows."""
        begins = self.begins()[order]
        messages = self.messages[:, order].copy()
        sizes = messages[END] - begins
        messages[END] = np.cumsum(sizes)
        within = np.arange(int(sizes.sum()), dtype=np.int64) - np.repeat(messages[END] - sizes, sizes)
        return TickTable(messages, self.rows[:, np.repeat(begins, sizes) + within])

    def block(self) -> TickBlock:
        """Return the table as a block."""
        kinds, instruments, event_ns, known_ns, first, last, ends = (_bytes(column) for column in self.messages)
        sides, prices, lots = (_bytes(column) for column in self.rows)
        return TickBlock(
            kinds=kinds,
            instruments=instruments,
            event_ns=event_ns,
            known_ns=known_ns,
            first_ids=first,
            last_ids=last,
            ends=ends,
            sides=sides,
            prices=prices,
            lots=lots,
        )


def _bytes(column: Ints) -> bytes:
    """Return a column as little-endian bytes."""
    return np.ascontiguousarray(column, dtype="<i8").tobytes()


def empty_table() -> TickTable:
    """Return a table without messages."""
    return TickTable(np.empty((MESSAGE_WIDTH, 0), dtype=np.int64), np.empty((ROW_WIDTH, 0), dtype=np.int64))


def join_tables(parts: Sequence[TickTable]) -> TickTable:
    """Return tables put one after the other."""
    parts = [part for part in parts if len(part)]
    if len(parts) < 2:
        return parts[0] if parts else empty_table()
    messages = np.concatenate([part.messages for part in parts], axis=1)
    at, rows = 0, 0
    for part in parts:
        messages[END, at : at + len(part)] += rows
        at += len(part)
        rows += part.rows.shape[1]
    return TickTable(messages, np.concatenate([part.rows for part in parts], axis=1))


def cut_tables(tables: Iterable[TickTable], messages_max: int = MESSAGES_MAX) -> Iterator[TickTable]:
    """Cut a stream of tables anew, so that where a reader cut its file leaves no trace.

    Each holds as many messages as fit ``messages_max`` and ``ROWS_MAX``, and at least one.
    """
    waiting = empty_table()
    for table in tables:
        waiting = join_tables([waiting, table])
        while len(waiting) >= messages_max or waiting.rows.shape[1] >= ROWS_MAX:
            at = _fitting(waiting, messages_max)
            yield waiting.cut(0, at)
            waiting = waiting.cut(at, len(waiting))
    if len(waiting):
        yield waiting


def _fitting(table: TickTable, messages_max: int) -> int:
    """Return how many messages of a table make one block."""
    within = int(np.searchsorted(table.messages[END], ROWS_MAX, side="right"))
    return max(1, min(within, messages_max))


def merge_tables(streams: Sequence[Iterable[TickTable]]) -> Iterator[TickTable]:
    """Merge streams, each in the order of the exchange's clock; equal stamps in the order of the streams.

    Raises
    ------
    OurFault
        If a stream steps back.
    """
    if len(streams) == 1:
        yield from streams[0]
        return
    sources = [iter(stream) for stream in streams]
    held: dict[int, TickTable] = {}
    for i, source in enumerate(sources):
        if (table := next(source, None)) is not None:
            held[i] = table
    while held:
        # Up to the earliest end of any piece every stream is known: that much can be put in order at once.
        horizon, slowest = min((int(table.messages[EVENT_NS, -1]), i) for i, table in held.items())
        taken: list[TickTable] = []
        for i in sorted(held):
            table = held[i]
            # What the slowest stream may still give at the horizon comes before what later streams have there.
            before = horizon + 1 if i <= slowest else horizon
            cut = int(np.searchsorted(table.messages[EVENT_NS], before))
            if cut:
                taken.append(table.cut(0, cut))
                held[i] = table.cut(cut, len(table))
        joined = join_tables(taken)
        order = np.argsort(joined.messages[EVENT_NS], kind="stable")
        yield joined.take(order)
        for i in [i for i, table in held.items() if len(table) == 0]:
            following = next(sources[i], None)
            if following is None:
                del held[i]
                continue
            if int(following.messages[EVENT_NS, 0]) < horizon:
                raise OurFault(f"tick stream {i} steps back to {following.messages[EVENT_NS, 0]} after {horizon}")
            held[i] = following
