# SPDX-License-Identifier: Apache-2.0
"""Build larger bars from smaller ones, and bars from trades, aligned to UTC.

A bucket without a row gives no bar. A bucket in which rows are missing gives
one. The last bucket of a series gives one only if the rows reach its end.
"""

from collections.abc import Sequence
from typing import Final, final

import numpy as np

from bot4.domain.errors import BadInput
from bot4.domain.marketdata import Trade
from bot4.market.bars import CLOSE, HIGH, LOW, OPEN, ROW_WIDTH, SOURCE, STAMP, VOLUME, Ints, empty_rows, join_rows
from bot4.market.faults import PARTIAL_BAR, UNFINISHED_BAR, FaultLog
from bot4.market.intervals import check_interval

VOLUME_MAX: Final = (1 << 53) - 1


def fold(rows: Ints, interval_ns: int) -> tuple[Ints, Ints]:
    """Fold ordered rows into one row a bucket.

    Parameters
    ----------
    rows : array of int64, shape (7, n), n > 0
        Ordered by stamp.
    interval_ns : int
        The length of a bucket; buckets begin at its multiples since 1970 in UTC.

    Returns
    -------
    bars : array of int64, shape (7, m)
        Stamp is the bucket's begin, source that of its first row; the volume is cut at 2**53 - 1.
    counts : array of int64, shape (m,)
        Rows in each bucket.
    """
    buckets = rows[STAMP] // interval_ns
    begins = np.concatenate([np.zeros(1, dtype=np.int64), np.flatnonzero(np.diff(buckets)) + 1])
    ends = np.concatenate([begins[1:], np.array([len(buckets)])]) - 1
    bars = np.empty((ROW_WIDTH, len(begins)), dtype=np.int64)
    bars[STAMP] = buckets[begins] * interval_ns
    bars[OPEN] = rows[OPEN, begins]
    bars[HIGH] = np.maximum.reduceat(rows[HIGH], begins)
    bars[LOW] = np.minimum.reduceat(rows[LOW], begins)
    bars[CLOSE] = rows[CLOSE, ends]
    # A sum of int64 could wrap; the float sum tells where it would have, and there the cut applies anyway.
    rough = np.add.reduceat(rows[VOLUME].astype(np.float64), begins)
    exact = np.add.reduceat(rows[VOLUME], begins)
    bars[VOLUME] = np.where(rough > VOLUME_MAX, VOLUME_MAX, np.minimum(exact, VOLUME_MAX))
    bars[SOURCE] = rows[SOURCE, begins]
    return bars, ends - begins + 1


@final
class BarAggregator:
    """Build bars of one interval from ordered bars of a smaller one, in a stream.

    Parameters
    ----------
    source_ns, interval_ns : int
        The length of the bars given and of those wanted, a multiple of it.
    log : FaultLog
        Takes ``partial_bar`` for buckets with rows missing and ``unfinished_bar``
        for a last bucket that the series does not reach the end of.

    Raises
    ------
    BadInput
        With code ``interval_wrong``, if the interval is no multiple.
    """

    __slots__ = ("_source_ns", "_interval_ns", "_log", "_waiting")

    def __init__(self, source_ns: int, interval_ns: int, log: FaultLog) -> None:
        check_interval(source_ns, interval_ns, "aggregation")
        self._source_ns = source_ns
        self._interval_ns = interval_ns
        self._log = log
        self._waiting: list[Ints] = []

    def push(self, rows: Ints) -> Ints:
        """Take the next rows; return the bars that they complete."""
        if rows.shape[1] == 0:
            return rows
        last = int(rows[STAMP, -1]) // self._interval_ns * self._interval_ns
        cut = int(np.searchsorted(rows[STAMP], last))
        if cut == 0 and (not self._waiting or int(self._waiting[0][STAMP, 0]) >= last):
            self._waiting.append(rows)
            return empty_rows()
        done = join_rows([*self._waiting, rows[:, :cut]])
        self._waiting = [rows[:, cut:]]
        return self._bars(done)

    def finish(self) -> Ints:
        """Return the last bar, if the rows reach its end; otherwise count it as unfinished."""
        if not self._waiting:
            return empty_rows()
        rows = join_rows(self._waiting)
        self._waiting = []
        begin = int(rows[STAMP, 0]) // self._interval_ns * self._interval_ns
        if int(rows[STAMP, -1]) + self._source_ns >= begin + self._interval_ns:
            return self._bars(rows)
        told = f"{rows.shape[1]} of {self._interval_ns // self._source_ns} rows, none at the end of the bar"
        self._log.add(UNFINISHED_BAR, rows[SOURCE, :1], np.array([begin]), lambda _: told)
        return empty_rows()

    def _bars(self, rows: Ints) -> Ints:
        """Return the bars of whole buckets, counting those with rows missing."""
        bars, counts = fold(rows, self._interval_ns)
        full = self._interval_ns // self._source_ns
        partial = np.flatnonzero(counts < full)
        self._log.add(
            PARTIAL_BAR,
            bars[SOURCE, partial],
            bars[STAMP, partial],
            lambda i: f"{counts[partial[i]]} of {full} rows",
        )
        return bars


@final
class TradeAggregator:
    """Build bars from trades given in the order of their time.

    Parameters
    ----------
    interval_ns : int
        The length of the bars.

    Notes
    -----
    Trades with the same stamp keep the order in which they were given: the first
    of a bucket is its open, the last its close. The bucket in which the trades
    end is left out unless :meth:`finish` is told a time at or after its end.
    """

    __slots__ = ("_interval_ns", "_waiting", "_newest")

    def __init__(self, interval_ns: int) -> None:
        self._interval_ns = interval_ns
        self._waiting = empty_rows()
        self._newest = -(1 << 62)

    def push(self, stamps_ns: Ints, prices: Ints, lots: Ints) -> Ints:
        """Take the next trades; return the bars that they complete, shape (7, m).

        Parameters
        ----------
        stamps_ns, prices, lots : arrays of int64, shape (n,)
            Time in nanoseconds, price in ticks, quantity in lots.

        Raises
        ------
        BadInput
            With code ``unsorted``, if a trade is older than the one before it.
        """
        if len(stamps_ns) == 0:
            return empty_rows()
        before = np.concatenate([np.array([self._newest], dtype=np.int64), stamps_ns[:-1]])
        back = np.flatnonzero(stamps_ns < before)
        if len(back):
            at = int(back[0])
            raise BadInput(
                f"trade {at} of those given",
                f"time {stamps_ns[at]} ns after {before[at]} ns",
                "trades in the order of their time",
                "Sort the trades by their time.",
                "unsorted",
            )
        self._newest = int(stamps_ns[-1])
        rows = np.stack([stamps_ns, prices, prices, prices, prices, lots, np.zeros_like(stamps_ns)])
        last = self._newest // self._interval_ns * self._interval_ns
        cut = int(np.searchsorted(stamps_ns, last))
        joined = join_rows([self._waiting, rows])
        done = joined[:, : self._waiting.shape[1] + cut]
        if cut == 0 and (self._waiting.shape[1] == 0 or int(self._waiting[STAMP, 0]) >= last):
            self._waiting = self._fold_open(joined)
            return empty_rows()
        self._waiting = self._fold_open(joined[:, done.shape[1] :])
        return fold(done, self._interval_ns)[0]

    def push_trades(self, trades: Sequence[Trade]) -> Ints:
        """Take trade events of one instrument; see :meth:`push`."""
        table = np.array([[t.ts_event_ns, t.price, t.lots] for t in trades], dtype=np.int64).reshape(-1, 3)
        return self.push(table[:, 0], table[:, 1], table[:, 2])

    def finish(self, until_ns: int) -> Ints:
        """Return the last bar if its interval had ended by ``until_ns``."""
        rows, self._waiting = self._waiting, empty_rows()
        if rows.shape[1] and int(rows[STAMP, 0]) + self._interval_ns <= until_ns:
            return rows
        return empty_rows()

    def _fold_open(self, rows: Ints) -> Ints:
        """Fold the open bucket into one row, so that a busy bucket takes no more memory than a quiet one."""
        return fold(rows, self._interval_ns)[0]
