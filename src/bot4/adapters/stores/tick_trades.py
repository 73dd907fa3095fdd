# SPDX-License-Identifier: Apache-2.0
"""Read trades, and best bids and asks by the minute, from tables: Parquet or CSV, by the names of their columns.

Text is read exactly. A binary number of a Parquet file is taken as the decimal of 12
digits that it stands for. These files tell one clock: known when it happened. A row
of quotes is a summary of its minute; what it closed with is the quote at its end.
"""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, final

from bot4.adapters.stores.parquet import connected
from bot4.domain.errors import BadInput
from bot4.domain.instrument import Instrument
from bot4.domain.values import SECOND_NS
from bot4.market.bars import SOURCE_SHIFT
from bot4.market.books.rules import PLAIN_RULE
from bot4.market.faults import FaultLog
from bot4.market.quality import Fates
from bot4.market.rows import MICRO_NS, MILLI_NS, STAMP_MISSING
from bot4.market.tick_reader import PIECE_MESSAGES, TextTicks, TickReader
from bot4.market.tick_tables import TickTable
from bot4.market.tick_validation import TickCheck

NAMES: Final = {
    "stamp": ("ts", "timestamp", "time", "transact_time"),
    "price": ("price",),
    "quantity": ("qty", "quantity", "amount", "volume"),
    "id": ("trade_id", "id", "agg_id", "agg_trade_id"),
    "maker": ("buyer_maker", "buyer_is_maker", "is_buyer_maker"),
    "side": ("side",),
}
"""What the columns of trades are called; of ``id``, ``maker`` and ``side`` any may be missing."""

QUOTE_NAMES: Final = {
    "stamp": ("ts",),
    "bid": ("bid_close",),
    "bid_quantity": ("bid_size",),
    "ask": ("ask_close",),
    "ask_quantity": ("ask_size",),
}

NO_HEADER: Final = {"stamp": "column0", "price": "column1", "quantity": "column2"}
"""Kraken's export: unix seconds, price, volume."""

SIDES: Final = {"buy": 1, "b": 1, "sell": -1, "s": -1, "true": -1, "false": 1}
"""The aggressor by its word, or by whether the buyer was the maker."""

COLUMNS_SHOWN: Final = 120
"""A file that is no table at all may have its first line taken for the names of its columns."""


@final
class TableTicks(TickReader):
    """Read one table of trades, or of quotes by the minute.

    Raises
    ------
    BadInput
        If the file is neither.
    """

    def __init__(self, path: Path, *, is_parquet: bool) -> None:
        self.name = str(path)
        self._source = "read_parquet(?)" if is_parquet else "read_csv(?, all_varchar = true)"
        with connected(self.name) as connection:
            query = f"SELECT column_name, column_type FROM (DESCRIBE FROM {self._source})"  # noqa: S608
            described = connection.execute(query, [self.name]).fetchall()
            types: dict[str, str] = dict(described)
            self._columns, self._is_quotes = self._roles(types)
            self._fields = tuple(self._columns)
            if not is_parquet and self._columns == NO_HEADER:
                self._source = "read_csv(?, all_varchar = true, header = false)"
            self._select = ", ".join(_column(name, types.get(name, "")) for name in self._columns.values())
            counted = connection.execute(f"SELECT count(*) FROM {self._source}", [self.name]).fetchone()  # noqa: S608
            self._rows = int(counted[0])
            self._step_ns = self._step(connection) if self._is_quotes else 0
        kind = "quotes" if self._is_quotes else "trades"
        self.format = f"{kind}_{'parquet' if is_parquet else 'csv'}"

    def rows_hint(self) -> int:
        """Return the number of rows."""
        return self._rows

    def steps(self) -> tuple[Decimal, Decimal] | None:
        """Return None: such tables do not tell their steps."""
        return None

    def first_price(self) -> Decimal:
        """Return the first price of the file.

        Raises
        ------
        BadInput
            If there is none.
        """
        for row in self._records():
            try:
                price = Decimal(_text(row["bid" if self._is_quotes else "price"]))
            except InvalidOperation:
                continue
            if price.is_finite() and price > 0:
                return price
        raise BadInput(self.name, "no price", "rows with prices", "Give a file that holds ticks.", "empty")

    def tables(self, instrument: Instrument, file: int, log: FaultLog, fates: Fates) -> Iterator[TickTable]:
        """Read the file from its begin."""
        check = TickCheck(int(instrument.index), PLAIN_RULE, log, fates)
        ticks = TextTicks(instrument, check)
        for number, row in enumerate(self._records(), start=1):
            source = file << SOURCE_SHIFT | number
            what = "quote" if self._is_quotes else "trade"
            try:
                at_ns = stamp_ns(row["stamp"]) + self._step_ns
            except (ValueError, ArithmeticError):
                ticks.unreadable(what, source, STAMP_MISSING, f"stamp {row['stamp']!r}")
                continue
            if self._is_quotes:
                bid, ask = (
                    (_text(row["bid"]), _text(row["bid_quantity"])),
                    (_text(row["ask"]), _text(row["ask_quantity"])),
                )
                ticks.quote(source, (at_ns, at_ns), number, bid, ask)
            else:
                self._trade(ticks, source, at_ns, row)
            if number % PIECE_MESSAGES == 0:
                log.settle()
                yield check.ready()
        log.settle()
        yield check.finish()

    def _trade(self, ticks: TextTicks, source: int, at_ns: int, row: dict[str, Any]) -> None:
        """Hand one trade to its check."""
        word = row.get("side") if row.get("side") is not None else row.get("maker")
        side = SIDES.get(str(word).lower(), 0)
        try:
            trade_id = int(row["id"]) if row.get("id") is not None else -1
        except ValueError:
            ticks.unreadable("trade", source, at_ns, f"id {row['id']!r}")
            return
        ticks.trade(source, (at_ns, at_ns), trade_id, side, _text(row["price"]), _text(row["quantity"]))

    def _records(self) -> Iterator[dict[str, Any]]:
        """Yield the rows, a bounded number of them in memory."""
        with connected(self.name) as connection:
            # Names of our own table of columns only; the path is a parameter.
            cursor = connection.execute(f"SELECT {self._select} FROM {self._source}", [self.name])  # noqa: S608
            while rows := cursor.fetchmany(PIECE_MESSAGES):
                for row in rows:
                    yield dict(zip(self._fields, row, strict=True))

    def _step(self, connection: Any) -> int:
        """Return the length of a row of quotes, from the first two."""
        rows = connection.execute(f"SELECT {self._select} FROM {self._source} LIMIT 2", [self.name]).fetchall()  # noqa: S608
        return stamp_ns(rows[1][0]) - stamp_ns(rows[0][0]) if len(rows) == 2 else 60 * SECOND_NS

    def _roles(self, types: dict[str, str]) -> tuple[dict[str, str], bool]:
        """Return which column plays which role, and whether the rows are quotes."""
        for names, is_quotes in ((QUOTE_NAMES, True), (NAMES, False)):
            found = {role: name for role, all_ in names.items() if (name := next((n for n in all_ if n in types), ""))}
            if {"stamp", "bid", "ask", "bid_quantity", "ask_quantity"} <= set(found):
                return found, is_quotes
            if {"stamp", "price", "quantity"} <= set(found):
                return found, is_quotes
        if len(types) == 3 and all(_is_number(name) or name.startswith("column") for name in types):
            return dict(NO_HEADER), False
        shown = ", ".join(types)
        raise BadInput(
            self.name,
            f"columns {shown if len(shown) <= COLUMNS_SHOWN else shown[:COLUMNS_SHOWN] + '...'}",
            "trades (ts or timestamp, price, quantity; id, side), quotes (ts, bid_close, ask_close, sizes), "
            "bot4's own ticks, or a raw recording",
            "Rename the columns, or give another file.",
            "column_missing",
        )


def _column(name: str, kind: str) -> str:
    """Return the expression that reads a column."""
    quoted = '"' + name.replace('"', '""') + '"'
    return f"epoch_ns(CAST({quoted} AS TIMESTAMP_NS))" if kind.startswith("TIMESTAMP") else quoted


def _is_number(text: str) -> bool:
    """Say whether a text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _text(value: object) -> str:
    """Return a number as its decimal; a binary one to 12 digits, more than any venue writes."""
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def stamp_ns(value: object) -> int:
    """Return a stamp in nanoseconds: seconds, milli-, micro- or nanoseconds by its size.

    Raises
    ------
    ValueError
        If it is no number, or not positive.
    """
    try:
        stamp = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{value!r} is no stamp") from None
    if not stamp.is_finite() or stamp <= 0:
        raise ValueError(f"{value!r} is no stamp")
    for above, unit in ((10**17, 1), (10**14, MICRO_NS), (10**11, MILLI_NS)):
        if stamp >= above:
            return int(stamp * unit)
    return int(stamp * SECOND_NS)
