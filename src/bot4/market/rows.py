# SPDX-License-Identifier: Apache-2.0
"""Recorded rows as they came, and the port through which they come.

A reader turns a file into :class:`RawRows` and judges nothing but the file
itself: prices may be NaN, stamps may run backwards. What a row is worth is
decided in :mod:`bot4.market.validation`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from bot4.domain.errors import BadInput
from bot4.market.bars import BLOCK_ROWS, Ints

COLUMNS: Final = ("ts", "open", "high", "low", "close", "volume")
"""The column contract; ``ts`` is the open of the bar in UTC milliseconds."""

STAMP_MISSING: Final = -(1 << 63)

MILLI_NS: Final = 1_000_000
MICRO_NS: Final = 1_000
MILLI_RANGE: Final = (100_000_000_000, 9_000_000_000_000)
"""A stamp in ms lies between the years 1973 and 2255; a thousand times that is us.

In nanoseconds that leaves seven years up to the end of int64: for an interval, a latency, an expiry.
"""

MICRO_RANGE: Final = (MILLI_RANGE[0] * 1000, MILLI_RANGE[1] * 1000 - 1)


@final
class RawRows:
    """Hold some rows of a file.

    Parameters
    ----------
    stamps_ns : array of int64, shape (n,)
        Opens in UTC nanoseconds; ``STAMP_MISSING`` where a row has none.
    values : array of float64, shape (5, n)
        Open, high, low, close, volume in quote and base units, NaN where a row has none.
    numbers : array of int64, shape (n,)
        Where each row stands in its file, from 1; in text the line, the header counted.
    """

    __slots__ = ("stamps_ns", "values", "numbers")

    def __init__(self, stamps_ns: Ints, values: NDArray[np.float64], numbers: Ints) -> None:
        self.stamps_ns = stamps_ns
        self.values = values
        self.numbers = numbers

    def __len__(self) -> int:
        return len(self.stamps_ns)

    def cut(self, begin: int, end: int) -> "RawRows":
        """Return the rows from ``begin`` up to ``end``, as views."""
        return RawRows(self.stamps_ns[begin:end], self.values[:, begin:end], self.numbers[begin:end])


class RowReader(ABC):
    """Read one file of bars, in its own order, as often as asked.

    Attributes
    ----------
    name : str
        The file as the user wrote it: the place in every message.
    format : str
        ``"parquet"``, ``"csv"`` or ``"binance_csv"``.
    ignored : tuple of str
        Columns that are there and are not read.
    """

    name: str
    format: str
    ignored: tuple[str, ...]

    @abstractmethod
    def rows_hint(self) -> int:
        """Return about how many rows there are: exact from metadata, else an estimate by size."""

    @abstractmethod
    def head(self, rows: int) -> RawRows:
        """Return the first rows, at most ``rows``."""

    @abstractmethod
    def chunks(self) -> Iterator[RawRows]:
        """Read the file from its begin, in bounded pieces of any size."""


def cut_rows(chunks: Iterable[RawRows], rows: int = BLOCK_ROWS) -> Iterator[RawRows]:
    """Cut chunks of any size into pieces of exactly ``rows`` rows but for the last.

    This makes all that follows independent of how a reader cuts its file.
    """
    waiting: list[RawRows] = []
    count = 0
    for chunk in chunks:
        waiting.append(chunk)
        count += len(chunk)
        if count < rows:
            continue
        joined = _join(waiting)
        full = count - count % rows
        for begin in range(0, full, rows):
            yield joined.cut(begin, begin + rows)
        waiting = [joined.cut(full, count)]
        count -= full
    if count:
        yield _join(waiting)


def _join(parts: list[RawRows]) -> RawRows:
    """Return pieces put one after the other."""
    if len(parts) == 1:
        return parts[0]
    return RawRows(
        np.concatenate([part.stamps_ns for part in parts]),
        np.concatenate([part.values for part in parts], axis=1),
        np.concatenate([part.numbers for part in parts]),
    )


def stamps_to_ns(stamps: Ints, numbers: Ints, name: str, *, micro_allowed: bool) -> Ints:
    """Return stamps in nanoseconds; milliseconds, or by magnitude microseconds where a format has both.

    Raises
    ------
    BadInput
        With code ``stamp_unit``, if a stamp is outside the years 1973 to 2255 in that unit.
    """
    known = stamps != STAMP_MISSING
    milli = (stamps >= MILLI_RANGE[0]) & (stamps < MILLI_RANGE[1])
    micro = (stamps >= MICRO_RANGE[0]) & (stamps <= MICRO_RANGE[1]) if micro_allowed else np.zeros_like(milli)
    wrong = known & ~milli & ~micro
    if wrong.any():
        at = int(np.argmax(wrong))
        raise BadInput(
            f"{name}:{numbers[at]}",
            f"stamp {stamps[at]}",
            f"UTC milliseconds{' or microseconds' if micro_allowed else ''} of the bar's open, years 1973 to 2255",
            "Convert the stamps to milliseconds since 1970 in UTC.",
            "stamp_unit",
        )
    out = np.full(len(stamps), STAMP_MISSING, dtype=np.int64)
    out[milli] = stamps[milli] * MILLI_NS
    out[micro] = stamps[micro] * MICRO_NS
    return out
