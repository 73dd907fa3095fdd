# SPDX-License-Identifier: Apache-2.0
"""Judge each row by itself: set aside what cannot be a bar, turn the rest into ticks and lots.

Nothing here looks at a neighbour: order is kept by :mod:`bot4.market.ordering`,
continuity by :mod:`bot4.market.continuity`. A row has at most one fault that
sets it aside, the first of: a value that is no finite number, a price of zero or
below, a price outside [low, high], a negative volume.
"""

from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from bot4.domain.errors import BadInput
from bot4.domain.instrument import Instrument
from bot4.domain.values import TICKS_MAX
from bot4.market.bars import CLOSE, OPEN, ROW_WIDTH, SOURCE, SOURCE_SHIFT, STAMP, VOLUME, Ints
from bot4.market.faults import (
    INCOHERENT,
    NEGATIVE_VOLUME,
    NOT_FINITE,
    NOT_POSITIVE,
    OFF_GRID,
    OFF_LOT,
    OFF_TICK,
    VOLUME_CLAMPED,
    ZERO_VOLUME,
    FaultKind,
    FaultLog,
)
from bot4.market.rows import COLUMNS, STAMP_MISSING, RawRows

LOTS_MAX: Final = (1 << 53) - 1
OFF_STEP: Final = 1e-3
"""A value this fraction of a step away from a whole step is off it: binary prices are exact to 2**-12 ticks."""

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@final
class RowCheck:
    """Turn raw rows of one file into integers, in their order, without those set aside.

    Parameters
    ----------
    instrument : Instrument
        Whose tick and lot prices and volumes are rounded to, half to even.
    interval_ns : int
        The file's own interval: a stamp that is no multiple of it is off the grid.
    file : int
        The file's number, for sources.
    log : FaultLog
        Takes every fault.
    """

    __slots__ = ("_instrument", "_interval_ns", "_file", "_log")

    def __init__(self, instrument: Instrument, interval_ns: int, file: int, log: FaultLog) -> None:
        self._instrument = instrument
        self._interval_ns = interval_ns
        self._file = file
        self._log = log

    def check(self, raw: RawRows) -> Ints:
        """Return the rows that can be bars, shape (7, m), as they came.

        Raises
        ------
        BadInput
            With code ``price_bounds``, if a price is below one tick or not below 2**40 of them.
        """
        sources = raw.numbers + (self._file << SOURCE_SHIFT)
        good = self._set_aside(raw, sources)
        stamps, values = raw.stamps_ns, raw.values
        if not good.all():
            stamps, values, sources = stamps[good], values[:, good], sources[good]
        rows = np.empty((ROW_WIDTH, len(stamps)), dtype=np.int64)
        rows[STAMP] = stamps
        rows[SOURCE] = sources
        rows[OPEN : CLOSE + 1] = self._ticks(values[:4], stamps, sources)
        rows[VOLUME] = self._lots(values[4], stamps, sources)
        off = stamps % self._interval_ns != 0
        self._log.add(OFF_GRID, sources[off], stamps[off], lambda i: f"stamp {stamps[off][i] // 1_000_000} ms")
        return rows

    def _set_aside(self, raw: RawRows, sources: Ints) -> Mask:
        """Count the rows that cannot be bars; return a mask of the others."""
        prices, volume = raw.values[:4], raw.values[4]
        finite = np.isfinite(raw.values).all(axis=0) & (raw.stamps_ns != STAMP_MISSING)
        positive = (prices > 0).all(axis=0)
        top, bottom = np.maximum(prices[0], prices[3]), np.minimum(prices[0], prices[3])
        coherent = (prices[1] >= top) & (prices[2] <= bottom)
        good: Mask = finite & positive & coherent & (volume >= 0)
        if good.all():
            return good
        left = ~good
        self._aside(NOT_FINITE, raw, sources, left & ~finite)
        left &= finite
        self._aside(NOT_POSITIVE, raw, sources, left & ~positive)
        left &= positive
        self._aside(INCOHERENT, raw, sources, left & ~coherent)
        self._aside(NEGATIVE_VOLUME, raw, sources, left & coherent)
        return good

    def _aside(self, kind: FaultKind, raw: RawRows, sources: Ints, where: Mask) -> None:
        """Count the rows set aside for one reason, the whole row as its value."""
        stamps, values = raw.stamps_ns[where], raw.values[:, where]

        def tell(i: int) -> str:
            stamp = "" if stamps[i] != STAMP_MISSING else "no stamp, "
            return stamp + ", ".join(f"{name} {values[j, i]:.12g}" for j, name in enumerate(COLUMNS[1:]))

        self._log.add(kind, sources[where], stamps, tell)

    def _ticks(self, prices: Floats, stamps: Ints, sources: Ints) -> Ints:
        """Return prices in ticks, shape (4, n), having counted the rows off the tick."""
        scaled = prices / self._instrument.tick
        whole = np.rint(scaled)
        outside = ((whole < 1) | (whole >= TICKS_MAX)).any(axis=0)
        if outside.any():
            at = int(np.argmax(outside))
            shown = ", ".join(f"{name} {prices[j, at]:.12g}" for j, name in enumerate(COLUMNS[1:5]))
            tick = self._instrument.tick_size
            raise BadInput(
                self._log.place(int(sources[at])),
                shown,
                f"prices of {self._instrument.symbol} from {tick} to below {tick * TICKS_MAX} (2**40 ticks)",
                "Set another tick_size for this instrument in the configuration, or correct the row.",
                "price_bounds",
            )
        off = (np.abs(scaled - whole) > OFF_STEP).any(axis=0)
        if off.any():
            shown_prices = prices[:, off]
            self._log.add(
                OFF_TICK,
                sources[off],
                stamps[off],
                lambda i: ", ".join(f"{name} {shown_prices[j, i]:.12g}" for j, name in enumerate(COLUMNS[1:5])),
            )
        return whole.astype(np.int64)

    def _lots(self, volume: Floats, stamps: Ints, sources: Ints) -> Ints:
        """Return volumes in lots, shape (n,), having counted those rounded, cut or zero."""
        with np.errstate(over="ignore"):  # a volume beyond float64 becomes infinite here and is cut just below
            scaled = volume / self._instrument.lot
        clamped = scaled > LOTS_MAX
        scaled = np.minimum(scaled, LOTS_MAX)
        whole = np.rint(scaled)
        off = np.abs(scaled - whole) > np.maximum(OFF_STEP, scaled * 2.0**-50)
        for kind, where in ((VOLUME_CLAMPED, clamped), (OFF_LOT, off), (ZERO_VOLUME, volume == 0)):
            if where.any():
                self._add_volumes(kind, where, volume, (stamps, sources))
        return whole.astype(np.int64)

    def _add_volumes(self, kind: FaultKind, where: Mask, volume: Floats, origin: tuple[Ints, Ints]) -> None:
        """Count one kind of fault of volumes."""
        shown = volume[where]
        self._log.add(kind, origin[1][where], origin[0][where], lambda i: f"volume {shown[i]:.12g}")
