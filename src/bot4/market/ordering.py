# SPDX-License-Identifier: Apache-2.0
"""Put rows in the order of their stamps, once each: within a file by a bounded window, between files by merging.

Of rows with the same stamp the later arrival wins: in the recordings the first
of a pair is an unfinished bar. Of two files the one that begins later (or, if
they begin together, the later named) arrives later.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final, final

import numpy as np

from bot4.domain.errors import BadInput
from bot4.market.bars import ROW_WIDTH, SOURCE, STAMP, Ints, join_rows
from bot4.market.faults import BACKWARD, DUPLICATE, FaultLog

WINDOW_ROWS: Final = 65_536
"""A row may arrive this many rows late; what is older is sealed."""

BEFORE_ALL: Final = -(1 << 62)


def unsorted(place: str, stamp_ns: int, newest_ns: int) -> BadInput:
    """Return the error for a row that arrives too late to be put in its place."""
    return BadInput(
        place,
        f"stamp {stamp_ns // 1_000_000} ms, after {newest_ns // 1_000_000} ms",
        f"rows in the order of their stamps, or at most {WINDOW_ROWS:,} rows late",
        "Sort the file by ts.",
        "unsorted",
    )


def keep_later(rows: Ints, log: FaultLog) -> Ints:
    """Sort rows by stamp and keep the last given of each, counting the others as duplicates.

    ``rows`` are given in the order of their arrival.
    """
    rows = rows[:, np.argsort(rows[STAMP], kind="stable")]
    again = np.flatnonzero(rows[STAMP, :-1] == rows[STAMP, 1:])
    if len(again) == 0:
        return rows
    earlier, later = rows[:, again], rows[:, again + 1]

    def tell(i: int) -> str:
        same = bool((earlier[STAMP:SOURCE, i] == later[STAMP:SOURCE, i]).all())
        return f"same stamp as {log.place(int(earlier[SOURCE, i]))}, {'same' if same else 'other'} values"

    log.add(DUPLICATE, later[SOURCE], later[STAMP], tell)
    return np.delete(rows, again, axis=1)


@final
class FileOrder:
    """Put the rows of one file in order, holding back the latest ``WINDOW_ROWS`` of them.

    Whether a row comes too late depends on the rows before it alone, never on
    how they were cut: it must be newer than all rows but the ``WINDOW_ROWS``
    right before it.
    """

    __slots__ = ("_log", "_held", "_newest", "_arrived", "_last")

    def __init__(self, log: FaultLog) -> None:
        self._log = log
        self._held: deque[Ints] = deque()
        self._newest: deque[Ints] = deque()  # for each of the latest arrivals, the newest stamp so far
        self._arrived = 0  # rows in _newest
        self._last = BEFORE_ALL  # stamp of the last arrival

    def push(self, rows: Ints) -> Ints:
        """Take rows as they arrive; return those whose place is final, in order.

        Raises
        ------
        BadInput
            With code ``unsorted``, if a row comes more than ``WINDOW_ROWS`` rows late.
        """
        count = rows.shape[1]
        if count == 0:
            return rows
        stamps = rows[STAMP]
        before = int(self._newest[-1][-1]) if self._newest else BEFORE_ALL
        newest = np.maximum.accumulate(np.concatenate([np.array([before], dtype=np.int64), stamps]))
        late = stamps <= newest[:-1]
        if late.any():
            self._reorder(rows, newest, late)
        else:
            self._held.append(rows)
        self._last = int(stamps[-1])
        self._newest.append(newest[1:])
        self._arrived += count
        return self._sealed()

    def finish(self) -> Ints:
        """Return the rows held back, in order; the file has ended."""
        held = join_rows(list(self._held))
        self._held.clear()
        return held

    def _reorder(self, rows: Ints, newest: Ints, late: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> None:
        """Put late rows in their place among those held."""
        stamps = rows[STAMP]
        history = np.concatenate([*self._newest, newest[1:]])
        seal_at = np.arange(len(stamps)) + self._arrived - WINDOW_ROWS - 1
        seal = np.where(seal_at >= 0, history[np.maximum(seal_at, 0)], BEFORE_ALL)
        lost = late & (stamps <= seal)
        if lost.any():
            at = int(np.argmax(lost))
            raise unsorted(self._log.place(int(rows[SOURCE, at])), int(stamps[at]), int(newest[at]))
        previous = np.concatenate([np.array([self._last], dtype=np.int64), stamps[:-1]])
        back = np.flatnonzero(stamps < previous)
        self._log.add(
            BACKWARD,
            rows[SOURCE, back],
            stamps[back],
            lambda i: f"stamp {stamps[back[i]] // 1_000_000} ms after {previous[back[i]] // 1_000_000} ms",
        )
        merged = keep_later(join_rows([*self._held, rows]), self._log)
        self._held.clear()
        self._held.append(merged)

    def _sealed(self) -> Ints:
        """Return what no later row can precede, and forget it."""
        while self._arrived - len(self._newest[0]) > WINDOW_ROWS:
            self._arrived -= len(self._newest[0])
            self._newest.popleft()
        # The next arrival may have a whole window of newer rows before it; what was the newest before those is sealed.
        at = self._arrived - WINDOW_ROWS - 1
        if at < 0:
            return np.empty((ROW_WIDTH, 0), dtype=np.int64)
        seal = int(self._newest[0][at])
        done: list[Ints] = []
        while self._held and self._held[0][STAMP, 0] <= seal:
            rows = self._held.popleft()
            cut = int(np.searchsorted(rows[STAMP], seal, side="right"))
            done.append(rows[:, :cut])
            if cut < rows.shape[1]:
                self._held.appendleft(rows[:, cut:])
        return join_rows(done)


@final
class FileMerge:
    """Merge ordered files into one ordered stream; where they overlap, the later file's row is kept.

    Parameters
    ----------
    streams : sequence of iterators of tables
        Each in order and without repeats; opened only when its turn comes.
    begins_ns : sequence of int
        The first stamp of each, ascending.
    log : FaultLog
        Takes the overlaps as duplicates.
    """

    __slots__ = ("_streams", "_begins", "_log", "_open", "_next")

    def __init__(self, streams: Sequence[Iterator[Ints]], begins_ns: Sequence[int], log: FaultLog) -> None:
        self._streams = streams
        self._begins = begins_ns
        self._log = log
        self._open: dict[int, Ints] = {}  # file -> rows read and not yet passed on, in the order of files
        self._next = 0

    def tables(self) -> Iterator[Ints]:
        """Yield the merged rows.

        Raises
        ------
        BadInput
            With code ``unsorted``, if a file goes back behind what another has already given.
        """
        newest = BEFORE_ALL
        while self._fill():
            horizon = min(int(rows[STAMP, -1]) for rows in self._open.values())
            taken: list[Ints] = []
            for file, rows in self._open.items():
                cut = int(np.searchsorted(rows[STAMP], horizon, side="right"))
                if cut:
                    taken.append(rows[:, :cut])
                    self._open[file] = rows[:, cut:]
            table = taken[0] if len(taken) == 1 else keep_later(join_rows(taken), self._log)
            if int(table[STAMP, 0]) <= newest:
                raise unsorted(self._log.place(int(table[SOURCE, 0])), int(table[STAMP, 0]), newest)
            newest = int(table[STAMP, -1])
            yield table

    def _fill(self) -> bool:
        """Read until each open file has rows and no unopened one begins before their horizon."""
        while True:
            for file in list(self._open):
                if not self._refill(file):
                    del self._open[file]
            if self._next == len(self._streams):
                return bool(self._open)
            horizon = min((int(rows[STAMP, -1]) for rows in self._open.values()), default=None)
            if horizon is not None and self._begins[self._next] > horizon:
                return True
            self._open[self._next] = np.empty((ROW_WIDTH, 0), dtype=np.int64)
            self._next += 1

    def _refill(self, file: int) -> bool:
        """Make sure that an open file has rows waiting; return False where it has ended."""
        while self._open[file].shape[1] == 0:
            rows = next(self._streams[file], None)
            if rows is None:
                return False
            self._open[file] = rows
        return True
