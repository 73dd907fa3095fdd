# SPDX-License-Identifier: Apache-2.0
"""bot4's own files of ticks: one row of Parquet a trade, side of a quote, or level of a book.

Columns, all integers: ``message`` (the number of the message, from 0), ``kind`` (an
event kind: 1 trade, 2 quote, 3 snapshot, 4 change of the book), ``ts_event`` and
``ts_known`` (UTC nanoseconds), ``first_id``, ``last_id``, ``side`` (+1 bid or bought,
-1 ask or sold, 0 not told), ``price`` (ticks), ``lots``. Symbol, tick and lot stand
in the file's metadata. A snapshot of nothing (the book is not known) is one row of
side, price and lots 0. What is written was validated; what is read back is checked
for what can be seen from its columns, and refused whole where it is wrong.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, final

import numpy as np

from bot4.adapters.stores.parquet import connected
from bot4.domain.errors import BadInput
from bot4.domain.event import BOOK_DELTA, BOOK_SNAPSHOT, QUOTE, TRADE
from bot4.domain.instrument import Instrument
from bot4.domain.tick_block import KIND_NAMES
from bot4.domain.values import TICKS_MAX
from bot4.market.bars import Ints
from bot4.market.faults import FaultLog
from bot4.market.quality import APPLIED, Fates
from bot4.market.tick_reader import TickReader
from bot4.market.tick_tables import END, EVENT_NS, KIND, TickTable
from bot4.market.tick_validation import LOTS_MAX

FORMAT: Final = "bot4 ticks 1"
COLUMNS: Final = ("message", "kind", "ts_event", "ts_known", "first_id", "last_id", "side", "price", "lots")
RANGE_ROWS: Final = 262_144
WORDS: Final = {TRADE: "trade", QUOTE: "quote", BOOK_SNAPSHOT: "snapshot", BOOK_DELTA: "delta"}


def write_ticks(path: Path, instrument: Instrument, tables: Iterable[TickTable]) -> int:
    """Write one instrument's ticks, and return how many messages they are; the file appears when it is whole.

    The pieces are gathered in a database beside the file, so that memory does not grow with them.
    """
    import duckdb

    beside = path.with_name(path.name + ".part")
    scratch = path.with_name(path.name + ".duckdb")
    for left in (beside, scratch):
        left.unlink(missing_ok=True)
    count = 0
    connection = duckdb.connect(str(scratch), config={"threads": 1, "preserve_insertion_order": True})
    try:
        connection.execute("CREATE TABLE ticks (" + ", ".join(f"{name} BIGINT" for name in COLUMNS) + ")")
        for table in tables:
            connection.register("piece", flat(table, count))
            connection.execute("INSERT INTO ticks FROM piece")
            connection.unregister("piece")
            count += len(table)
        noted = {
            "format": FORMAT,
            "symbol": instrument.symbol,
            "tick_size": f"{instrument.tick_size:f}",
            "lot_size": f"{instrument.lot_size:f}",
        }
        metadata = ", ".join(f"{key}: '{value}'" for key, value in noted.items())
        connection.execute(
            f"COPY ticks TO ? (FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{metadata}}})", [str(beside)]
        )
    finally:
        connection.close()
        scratch.unlink(missing_ok=True)
    beside.replace(path)
    return count


def flat(table: TickTable, first: int) -> dict[str, Ints]:
    """Return a table as columns of one row a level, its messages numbered from ``first``."""
    sizes = np.diff(table.messages[END], prepend=0)
    shown = np.maximum(sizes, 1)  # a snapshot of nothing is a row too
    which = np.repeat(np.arange(len(table), dtype=np.int64), shown)
    rows = np.zeros((3, len(which)), dtype=np.int64)
    rows[:, np.repeat(sizes > 0, shown)] = table.rows
    messages = table.messages[:, which]
    columns = (which + first, messages[0], messages[2], messages[3], messages[4], messages[5], *rows)
    return {name: np.ascontiguousarray(column) for name, column in zip(COLUMNS, columns, strict=True)}


def own_metadata(name: str) -> dict[str, str]:
    """Return the metadata of a Parquet file if it holds bot4's ticks, else nothing."""
    with connected(name) as connection:
        rows = connection.execute("SELECT key, value FROM parquet_kv_metadata(?)", [name]).fetchall()
    noted = {bytes(key).decode(): bytes(value).decode() for key, value in ((_raw(k), _raw(v)) for k, v in rows)}
    return noted if noted.get("format") == FORMAT else {}


def _raw(value: object) -> bytes:
    """Return a key or value of metadata as bytes."""
    return value if isinstance(value, bytes) else str(value).encode()


@final
class OwnTicks(TickReader):
    """Read a file that :func:`write_ticks` wrote.

    Raises
    ------
    BadInput
        If its metadata cannot be, or a column is missing.
    """

    def __init__(self, path: Path, noted: dict[str, str]) -> None:
        self.name = str(path)
        self.format = "bot4_ticks"
        self.symbol = noted.get("symbol", "")
        try:
            self._steps = (Decimal(noted["tick_size"]), Decimal(noted["lot_size"]))
        except (KeyError, InvalidOperation):
            raise self._wrong(f"metadata {noted}", "its tick and lot size") from None
        with connected(self.name) as connection:
            counted = connection.execute("SELECT sum(num_rows) FROM parquet_file_metadata(?)", [self.name]).fetchone()
        self._rows = int(counted[0] or 0)

    def rows_hint(self) -> int:
        """Return the number of rows."""
        return self._rows

    def steps(self) -> tuple[Decimal, Decimal] | None:
        """Return the tick and lot noted in the file."""
        return self._steps

    def first_price(self) -> Decimal:
        """Return the first price of the file."""
        with connected(self.name) as connection:
            query = "SELECT price FROM read_parquet(?) WHERE price > 0 LIMIT 1"
            row = connection.execute(query, [self.name]).fetchone()
        if row is None:
            raise self._wrong("no price", "ticks")
        return int(row[0]) * self._steps[0]

    def tables(self, instrument: Instrument, file: int, log: FaultLog, fates: Fates) -> Iterator[TickTable]:
        """Read the file from its begin.

        Raises
        ------
        BadInput
            If the instrument's steps are others than the file's, or a row contradicts the format.
        """
        if (instrument.tick_size, instrument.lot_size) != self._steps:
            raise self._wrong(
                f"tick and lot {self._steps[0]} and {self._steps[1]}",
                f"those of the run, {instrument.tick_size} and {instrument.lot_size}",
            )
        rest: dict[str, Ints] | None = None
        newest = 0
        with connected(self.name) as connection:
            for begin in range(0, self._rows, RANGE_ROWS):
                piece = self._range(connection, begin)
                if rest is not None:
                    piece = {name: np.concatenate([rest[name], piece[name]]) for name in COLUMNS}
                is_last = begin + RANGE_ROWS >= self._rows
                whole = (
                    len(piece["message"]) if is_last else int(np.searchsorted(piece["message"], piece["message"][-1]))
                )
                rest = {name: column[whole:] for name, column in piece.items()}
                if whole:
                    table = self._table(instrument, {name: column[:whole] for name, column in piece.items()}, newest)
                    newest = int(table.messages[EVENT_NS, -1])
                    for kind, count in zip(*np.unique(table.messages[KIND], return_counts=True), strict=True):
                        fates.counts[WORDS[int(kind)], APPLIED] += int(count)
                    yield table

    def _range(self, connection: Any, begin: int) -> dict[str, Ints]:
        """Return the rows from ``begin`` on."""
        query = (
            f"SELECT {', '.join(COLUMNS)} FROM read_parquet(?, file_row_number = true) "  # noqa: S608
            f"WHERE file_row_number >= {begin:d} AND file_row_number < {begin + RANGE_ROWS:d}"
        )
        columns: dict[str, Any] = connection.execute(query, [self.name]).fetchnumpy()
        return {name: np.ma.filled(columns[name], -1).astype(np.int64, copy=False) for name in COLUMNS}

    def _table(self, instrument: Instrument, piece: dict[str, Ints], newest: int) -> TickTable:
        """Return whole messages as a table, having looked at them."""
        numbers = piece["message"]
        starts = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))
        is_empty = (piece["side"] == 0) & (piece["price"] == 0)
        rows = np.stack([piece["side"], piece["price"], piece["lots"]])[:, ~is_empty]
        messages = np.empty((7, len(starts)), dtype=np.int64)
        for place, name in ((0, "kind"), (2, "ts_event"), (3, "ts_known"), (4, "first_id"), (5, "last_id")):
            messages[place] = piece[name][starts]
        messages[1] = int(instrument.index)
        messages[END] = np.cumsum(np.add.reduceat(~is_empty, starts))
        self._look(messages, rows, numbers, newest)
        return TickTable(messages, rows)

    def _look(self, messages: Ints, rows: Ints, numbers: Ints, newest: int) -> None:
        """Refuse what this format cannot hold."""
        sizes = np.diff(messages[END], prepend=0)
        kinds = messages[KIND]
        stamps = messages[EVENT_NS]
        sides, prices, lots = rows
        trades, quotes = kinds == TRADE, kinds == QUOTE
        begins = messages[END] - sizes
        wrong = {
            "a message that does not follow the one before": bool(
                (np.diff(numbers) < 0).any() | (np.diff(numbers) > 1).any()
            ),
            "a kind that is no tick": bool((~np.isin(kinds, list(KIND_NAMES))).any()),
            "a stamp that steps back": bool((np.diff(stamps, prepend=newest) < 0).any()),
            "known before it happened": bool((messages[3] < stamps).any()),
            "a price or quantity out of range": bool(
                ((prices <= 0) | (prices >= TICKS_MAX) | (lots < 0) | (lots >= LOTS_MAX)).any()
            ),
            "a side that is none": bool((np.abs(sides) > 1).any()),
            "a trade or quote of the wrong size": bool((sizes[trades] != 1).any() or (sizes[quotes] != 2).any()),
        }
        found = [what for what, is_so in wrong.items() if is_so]
        if not found and quotes.any():
            at = begins[quotes]
            if (prices[at] >= prices[at + 1]).any():
                found = ["a crossed quote"]
        if found:
            raise self._wrong(found[0], f"rows as `{FORMAT}` has them")

    def _wrong(self, value: str, allowed: str) -> BadInput:
        """Return the error for a file that is not as it was written."""
        return BadInput(self.name, value, allowed, "Write it again from its source.", "ticks_damaged")
