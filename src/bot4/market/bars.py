# SPDX-License-Identifier: Apache-2.0
"""Validated bars as integer columns, and the working array they are cut from.

Inside the validation a table of bars is one int64 array of shape (7, n): the
columns of :class:`BarBlock` and, last, where each row came from. What leaves it
is a :class:`BarBlock`.
"""

from collections.abc import Iterable, Iterator
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from bot4.domain.errors import OurFault

BLOCK_ROWS: Final = 16_384
"""No block holds more rows; all but the last of a series hold exactly as many."""

STAMP: Final = 0
OPEN: Final = 1
HIGH: Final = 2
LOW: Final = 3
CLOSE: Final = 4
VOLUME: Final = 5
SOURCE: Final = 6
ROW_WIDTH: Final = 7

Ints = NDArray[np.int64]

SOURCE_SHIFT: Final = 40
"""A source is ``file << SOURCE_SHIFT | row number``."""


@final
class BarBlock:
    """Hold up to ``BLOCK_ROWS`` bars of one instrument: int64 columns of equal length, read-only.

    Parameters
    ----------
    instrument : int
        The instrument's index in the run.
    interval_ns : int
        The length of each bar.
    columns : array of int64, shape (6 or 7, n)
        Open time in UTC nanoseconds, ascending without repeats; open, high, low,
        close in ticks; volume in lots. A seventh row is ignored.
    """

    __slots__ = ("instrument", "interval_ns", "rows", "open_ns", "open", "high", "low", "close", "volume")

    def __init__(self, instrument: int, interval_ns: int, columns: Ints) -> None:
        if columns.shape[1] > BLOCK_ROWS:
            raise OurFault(f"a block of {columns.shape[1]} bars, at most {BLOCK_ROWS}")
        frozen = np.array(columns[:SOURCE], dtype=np.int64, order="C")
        frozen.flags.writeable = False
        self.instrument = instrument
        self.interval_ns = interval_ns
        self.rows = frozen
        self.open_ns: Ints = frozen[STAMP]
        self.open: Ints = frozen[OPEN]
        self.high: Ints = frozen[HIGH]
        self.low: Ints = frozen[LOW]
        self.close: Ints = frozen[CLOSE]
        self.volume: Ints = frozen[VOLUME]

    def __len__(self) -> int:
        return len(self.open_ns)

    def columns(self) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints]:
        """Return open time, open, high, low, close and volume, in this order."""
        return self.open_ns, self.open, self.high, self.low, self.close, self.volume

    def tobytes(self) -> bytes:
        """Return the six columns one after the other, little-endian: what compiled code reads a bar from."""
        return self.rows.astype("<i8", copy=False).tobytes()


def empty_rows() -> Ints:
    """Return a table of no rows."""
    return np.empty((ROW_WIDTH, 0), dtype=np.int64)


def join_rows(parts: list[Ints]) -> Ints:
    """Return tables put one after the other."""
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts, axis=1) if parts else empty_rows()


def cut_blocks(tables: Iterable[Ints], rows: int = BLOCK_ROWS) -> Iterator[Ints]:
    """Cut a stream of tables anew, each of exactly ``rows`` rows but for the last."""
    waiting: list[Ints] = []
    count = 0
    for table in tables:
        waiting.append(table)
        count += table.shape[1]
        if count < rows:
            continue
        joined = join_rows(waiting)
        full = count - count % rows
        for begin in range(0, full, rows):
            yield joined[:, begin : begin + rows]
        waiting = [joined[:, full:]]
        count -= full
    if count:
        yield join_rows(waiting)
